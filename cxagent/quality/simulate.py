"""The ladder against a simulated agent whose true error rate is known, beside the rule that most would use.

The real functions of `cxagent.latitude.ladder` are driven: what is printed is what the ladder would do. Invented are
the agent, its auditors and the moments at which their verdicts come. Proposed promotions are confirmed and stopped
cells released at once; how many are reviewed is the default of each level. The naive rule sees the same reviews.
"""

import heapq
import math
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from cxagent.domain.cell import Level
from cxagent.errors import BadInput
from cxagent.intervals import upper_bound
from cxagent.latitude import ladder
from cxagent.latitude.terms import Audited, LatitudeTerms

WINDOW = 7
"""How many mean delays an audit matures for: by then 99.9 % of the verdicts are in, and the rest count as wrong."""
NAIVE_REVIEWS, NAIVE_WRONG = 20, 1
"""The naive rule: of the last 20 reviews at least 95 % agree."""
MOST_REVIEWS, MOST_CELLS = 1_000_000, 100_000
AUDITED = Audited()


@dataclass(frozen=True)
class Setting:
    """What is simulated; rates are shares, delays mean numbers of decisions, `reviews` how many a cell gets in all.

    `error_delay` is the delay of verdicts that disagree. From decision `shift_after` on the true rate is `shift_to`.
    `sensitivity` is the share of errors that reviewers see; unless that is all, the ladder knows of it only what
    `planted` wrong drafts show.
    """

    true_error: float
    cells: int = 200
    seed: int = 1
    theta: float = 0.05
    alpha: float = 0.05
    reviews: int = 2000
    delay: float = 0.0
    error_delay: float | None = None
    sensitivity: float = 1.0
    planted: int = 40
    critical_share: float = 0.0
    shift_to: float | None = None
    shift_after: int | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        ranges: dict[str, tuple[float, float]] = {
            **{"true_error": (0, 1), "theta": (0.0001, 0.5), "alpha": (0.0001, 0.2)},
            **{"cells": (1, MOST_CELLS), "reviews": (1, MOST_REVIEWS), "planted": (0, 10_000)},
            **{"delay": (0, 100_000), "error_delay": (0, 100_000), "sensitivity": (0, 1), "critical_share": (0, 1)},
            **{"shift_to": (0, 1), "shift_after": (0, MOST_REVIEWS)},
        }
        for name, (least, most) in ranges.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                share = "; a share of 5 % is written 0.05" if most <= 1 else ""
                raise BadInput(f"{value:g} is not between {least:g} and {most:g}{share}", where=_option(name))
        if (self.shift_to is None) != (self.shift_after is None):
            given, missing = ("shift_after", "shift_to") if self.shift_to is None else ("shift_to", "shift_after")
            raise BadInput(f"says only half of a shift without {_option(missing)}", where=_option(given))

    @property
    def slowest(self) -> float:
        """The longer of the two mean delays."""
        return max(self.delay, self.delay if self.error_delay is None else self.error_delay)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


@dataclass(order=True)
class _Audit:
    """One audit on its way: when its verdict arrives, and what that will be."""

    arrives: float
    made: int
    loss: float = field(compare=False)
    critical: bool = field(compare=False)
    here: bool = field(default=False, compare=False)


class Naive:
    """The rule that promotes while at least 95 % of the last 20 reviews agree, and else takes it back."""

    def __init__(self) -> None:
        self.last: deque[bool] = deque(maxlen=NAIVE_REVIEWS)
        self.up = False

    def take(self, wrong: bool) -> bool:
        """Take one review in; whether the rule now says something else than before."""
        self.last.append(wrong)
        before = self.up
        self.up = len(self.last) == NAIVE_REVIEWS and sum(self.last) <= NAIVE_WRONG
        return self.up != before


class Life(NamedTuple):
    """What became of one cell, in reviews; None where it never came to that.

    `demoted_after` counts from the shift where there is one and the cell then stood above drafts, else from the first
    promotion; `stood` is whether it could have been demoted at all.
    """

    promoted: int | None
    demoted_after: int | None
    stood: bool
    promoted_naive: int | None
    demoted_naive_after: int | None
    stood_naive: bool
    stops: int
    level: Level


class Watch:
    """Notes when something first went up, and when it first went down after that mattered."""

    def __init__(self, from_shift: bool) -> None:
        self.from_shift = from_shift
        self.promoted: int | None = None
        self.start: int | None = None
        self.demoted_after: int | None = None

    def rose(self, reviews: int) -> None:
        """It went up."""
        if self.promoted is None:
            self.promoted = reviews
            if not self.from_shift:
                self.start = reviews

    def fell(self, reviews: int) -> None:
        """It went down."""
        if self.start is not None and self.demoted_after is None:
            self.demoted_after = reviews - self.start


class Cell:
    """One simulated cell; `decide` makes its next decision and lets the ladder have what is due by then."""

    def __init__(self, setting: Setting, number: int) -> None:
        self.setting = setting
        self.chance = random.Random(f"{setting.seed}:{number}")  # a cell's own, so that the number of cells is free
        self.terms = LatitudeTerms(risk=setting.alpha)
        caught = self._known_sensitivity()
        self.reviewers_known = caught > 0
        self.track = ladder.Track(level=Level.DRAFT, theta=setting.theta * (caught or 1.0))
        self.audited = AUDITED.share(self.track.level)
        self.rate, self.shift_at = setting.true_error, -1 if setting.shift_after is None else setting.shift_after + 1
        self.made = self.reviews = self.stops = self.began = 0
        self.waits = setting.slowest > 0
        self.window = math.ceil(WINDOW * setting.slowest)
        self.coming: list[_Audit] = []
        self.ripening: deque[_Audit] = deque()
        self.naive = Naive()
        shifts = setting.shift_to is not None
        self.ours, self.theirs = Watch(shifts), Watch(shifts)

    def _known_sensitivity(self) -> float:
        """Return what the ladder may assume that reviewers catch; 0 where nothing is known."""
        if self.setting.sensitivity >= 1:
            return 1.0
        planted = self.setting.planted
        caught = sum(self.chance.random() < self.setting.sensitivity for _ in range(planted))
        return 1 - upper_bound(planted - caught, planted) if caught else 0.0

    def decide(self) -> bool | None:
        """Make one decision; return whether its audit finds it right, or None where it is not drawn for one."""
        self.made += 1
        if self.waits:
            self._let_come()
        if self.made == self.shift_at:
            self._shift()
        if self.audited < 1 and self.chance.random() >= self.audited:
            return None
        return self._audit()

    def to_next_audit(self) -> None:
        """Make decisions up to the next one that is drawn; where no verdict is ever late, the rest are skipped over."""
        if self.waits:
            while self.decide() is None:
                pass
            return
        before = self.made
        self.made += 1
        if self.audited < 1:
            self.made += int(math.log(1 - self.chance.random()) / math.log(1 - self.audited))
        if before < self.shift_at <= self.made:
            self._shift()
        self._audit()

    def _audit(self) -> bool:
        setting, chance = self.setting, self.chance
        self.reviews += 1
        seen = chance.random() < self.rate and (setting.sensitivity >= 1 or chance.random() < setting.sensitivity)
        critical = seen and setting.critical_share > 0 and chance.random() < setting.critical_share
        if self.waits:
            self._send(float(seen), critical)
        else:
            self._found(float(seen), critical)
            if self.began < self.made:  # what ended a test does not count in the next one
                self._ripe(float(seen))
        return not seen

    def _shift(self) -> None:
        """Move to the new rate, and begin to count how long it takes until that is noticed."""
        if self.setting.shift_to is not None:
            self.rate = self.setting.shift_to
        if self.track.level > Level.DRAFT:
            self.ours.start = self.reviews
        if self.naive.up:
            self.theirs.start = self.reviews

    def _send(self, loss: float, critical: bool) -> None:
        setting = self.setting
        mean = setting.delay if not loss or setting.error_delay is None else setting.error_delay
        delay = self.chance.expovariate(1 / mean) if mean else 0.0
        audit = _Audit(self.made + delay, self.made, loss, critical)
        heapq.heappush(self.coming, audit)
        self.ripening.append(audit)

    def _let_come(self) -> None:
        """Let the detector have what has arrived, and the test what has matured, in the order of the decisions."""
        while self.coming and self.coming[0].arrives <= self.made:
            audit = heapq.heappop(self.coming)
            audit.here = True
            self._found(audit.loss, audit.critical)
        while self.ripening and self.ripening[0].made + self.window <= self.made:
            audit = self.ripening.popleft()
            if audit.made > self.began:
                self._ripe(audit.loss if audit.here else 1.0)

    def _found(self, loss: float, critical: bool) -> None:
        if self.naive.take(loss > 0):
            (self.theirs.rose if self.naive.up else self.theirs.fell)(self.reviews)
        self.track, move = ladder.detect(self.track, loss, critical, self.terms)
        if critical:
            self.stops += 1
            self.track, _ = ladder.release(self.track)
            self.began = self.made
        if move is not None and move.after < move.before:
            self._moved()
            self.ours.fell(self.reviews)

    def _ripe(self, loss: float) -> None:
        self.track = ladder.certify(self.track, loss)
        if ladder.ready(self.track, self.terms, reviewers_known=self.reviewers_known):
            self.track, _ = ladder.promote(self.track, "the test succeeded")
            self._moved()
            self.ours.rose(self.reviews)

    def _moved(self) -> None:
        """Audits of decisions up to here belong to the former level."""
        self.began, self.audited = self.made, AUDITED.share(self.track.level)

    def life(self) -> Life:
        """Return what became of it."""
        ours, theirs = self.ours, self.theirs
        return Life(
            *(ours.promoted, ours.demoted_after, ours.start is not None),
            *(theirs.promoted, theirs.demoted_after, theirs.start is not None),
            *(self.stops, self.track.level),
        )


def lives(setting: Setting) -> Iterator[Life]:
    """Simulate one cell after the other, each until it has had its reviews."""
    for number in range(setting.cells):
        cell = Cell(setting, number)
        while cell.reviews < setting.reviews:
            cell.to_next_audit()
        yield cell.life()
