"""The ladder: how one cell moves between its levels as findings arrive. Pure; the caller records what it returns.

Down is automatic: the detector alarms, a critical error stops the cell, errors surface, a lease runs out. Up needs the
test, and then two people. The ladder only ever lowers what the playbook and the gate allow.
"""

from typing import Literal, NamedTuple

from cxagent.domain.cell import Level
from cxagent.domain.finding import GRAVE
from cxagent.latitude import detection, promotion
from cxagent.latitude.terms import LatitudeTerms

SURFACED = 2
"""How many grave errors that came to light by themselves lower a cell, within the terms' number of decisions."""
HYSTERESIS = 1.2
"""By what a threshold must have risen before the next attempt bets against the higher one."""

MoveKind = Literal["detected", "surfaced", "incident", "lease", "version", "promoted", "released"]


class Track(NamedTuple):
    """Where a cell stands and what its tests hold; `attempts` counts the tries of the step up from each level.

    `theta` is the loss that the running test bets against: the cell's threshold times what reviewers are known to
    catch. `capital` are the logarithms of the bets, `parts` the detector. `decided` counts decisions that went out
    alone, `surfaced` at which of them errors came to light. `halted` is a stop until a named person releases it.
    """

    level: Level
    theta: float
    capital: tuple[float, ...] = promotion.FRESH
    parts: tuple[float, ...] = detection.FRESH
    certified: int = 0
    lost: float = 0.0
    detected: int = 0
    decided: int = 0
    surfaced: tuple[int, ...] = ()
    attempts: tuple[int, int, int] = (1, 1, 1)
    halted: bool = False

    @property
    def attempt(self) -> int:
        """Which try of the next step up this is."""
        return self.attempts[min(self.level, Level.WATCHED)]

    @property
    def accepted(self) -> float:
        """The loss that the detector accepts; where nothing is known of the reviewers it still watches."""
        return detection.ACCEPTED_SHARE * self.theta if self.theta > 0 else detection.ACCEPTED_RATE


class Move(NamedTuple):
    """A change of level, and why in one sentence."""

    kind: MoveKind
    before: Level
    after: Level
    why: str


def detect(track: Track, loss: float, critical: bool, terms: LatitudeTerms) -> tuple[Track, Move | None]:
    """Take a finding in the moment it arrives; errors only ever tighten here."""
    if critical:
        return halt(track)
    p0 = track.accepted
    track = track._replace(parts=detection.step(track.parts, loss, p0), detected=track.detected + 1)
    if track.level <= Level.DRAFT:
        return track, None  # at drafts a person sees every one before it leaves: there is nothing to take back
    stands, line = detection.mean(track.parts), detection.line(terms.alarm_at, p0)
    if stands < line:
        return track, None
    lower = Level(track.level - 1)
    why = f"people disagreed too often: the detector stands at {stands:,.0f} of {line:,.0f}"
    return reset(track, lower), Move("detected", track.level, lower, f"{why} after {track.detected} findings")


def halt(track: Track) -> tuple[Track, Move | None]:
    """Stop a cell for a critical error, until a named person releases it.

    Where the cell stays on its level, the test of the same step begins anew, and that is another try of it: a test that
    could be begun anew for nothing would succeed some day.
    """
    lower = min(track.level, Level.DRAFT)
    move = Move("incident", track.level, lower, "a critical error stops the cell until a named person releases it")
    if lower == track.level and track.certified:
        track = _tried(track)
    return reset(track, lower)._replace(halted=True), None if track.halted else move


def release(track: Track) -> tuple[Track, Move]:
    """Let a stopped cell go on from the level on which it was stopped; it has to earn every step anew."""
    return track._replace(halted=False), Move("released", track.level, track.level, "the incident was released")


def surface(track: Track, loss: float, critical: bool, terms: LatitudeTerms) -> tuple[Track, Move | None]:
    """Take in an error that came to light by itself or in a chosen sample: it may tighten, and certifies nothing."""
    if critical:
        return halt(track)
    if loss < GRAVE:
        return track, None
    recent = tuple(at for at in track.surfaced if at > track.decided - terms.surfaced_within)
    track = track._replace(surfaced=(*recent, track.decided)[-SURFACED:])
    if len(track.surfaced) < SURFACED or track.level <= Level.DRAFT:
        return track, None
    lower = Level(track.level - 1)
    why = f"{len(track.surfaced)} grave errors came to light within {terms.surfaced_within} decisions"
    return reset(track, lower), Move("surfaced", track.level, lower, why)


def certify(track: Track, loss: float) -> Track:
    """Take a matured audit into the test, in the order in which the decisions were made."""
    return track._replace(
        capital=promotion.bet(track.capital, loss, track.theta),
        certified=track.certified + 1,
        lost=track.lost + loss,
    )


def ready(track: Track, terms: LatitudeTerms, *, certifiable: bool = True, reviewers_known: bool = True) -> bool:
    """Whether the test says that the cell may go one level up; two people decide.

    Never while it is stopped, where no honest amount of audits could certify it (`economics.certifiable`), or while
    nothing is known of what its reviewers catch.
    """
    if track.halted or track.level >= Level.ALONE or not (certifiable and reviewers_known):
        return False
    return promotion.earned(track.capital, terms.risk, track.attempt)


def promote(track: Track, why: str) -> tuple[Track, Move]:
    """Go one level up; the next try of this step, after a fall, asks for more."""
    upper = Level(track.level + 1)
    return reset(_tried(track), upper), Move("promoted", track.level, upper, why)


def _tried(track: Track) -> Track:
    """Count one more try of the step up from the level on which the cell stands."""
    first, second, third = (count + (place == track.level) for place, count in enumerate(track.attempts))
    return track._replace(attempts=(first, second, third))


def expire(track: Track, why: str) -> tuple[Track, Move | None]:
    """Go one level down where no fresh audit renewed the lease; at drafts and below there is nothing to renew."""
    if track.level <= Level.DRAFT:
        return track, None
    lower = Level(track.level - 1)
    return reset(track, lower), Move("lease", track.level, lower, why)


def reset(track: Track, level: Level) -> Track:
    """Begin both tests anew on a level; attempts and a stop are kept."""
    return track._replace(
        level=level,
        capital=promotion.FRESH,
        parts=detection.FRESH,
        certified=0,
        lost=0.0,
        detected=0,
        surfaced=(),
    )


def retest(track: Track, theta: float, losses: tuple[float, ...]) -> Track:
    """Let a lower threshold count at once: the running test is worked out anew from the record of this attempt.

    A higher one counts for the next attempt only, before its first audit, and only where it is clearly higher.
    """
    if theta < track.theta:
        return track._replace(theta=theta, capital=promotion.capital_of(losses, theta))
    if theta > track.theta * HYSTERESIS and not track.certified:
        return track._replace(theta=theta)
    return track


def succeed(former: Track, granted: Level, theta: float) -> Track:
    """Begin a cell of a new version: never above drafts, except where the playbook grants more and nothing was lost."""
    level = min(former.level, Level.DRAFT)
    if former.level >= granted and not former.halted:
        level = max(level, granted)
    return Track(level=level, theta=theta, halted=former.halted)
