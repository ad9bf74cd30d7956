"""Where a cell stands and how it comes to stand elsewhere: its beginning, its threshold, and every move on record."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from cxagent import clock
from cxagent.domain.cell import Level
from cxagent.domain.finding import Finding
from cxagent.domain.value import Text, Value, digest
from cxagent.domain.vocabulary import EffectClass, Segment
from cxagent.economics import Threshold, threshold
from cxagent.intervals import upper_bound
from cxagent.latitude import ladder, promotion
from cxagent.latitude.ladder import Move, Track
from cxagent.latitude.terms import START
from cxagent.ledger import cells, chain, findings, history, quality_rows
from cxagent.ledger.cells import Standing
from cxagent.ledger.findings import Key
from cxagent.ledger.store import Connection
from cxagent.ledger.tickets import UNKNOWN, know_account
from cxagent.playbook import Playbook
from cxagent.quality.lessons import learn

CATCH_DAYS = 92
"""For how long a planted draft says how well people look: a quarter."""
LEAST_CAUGHT = 0.5
"""The share of planted drafts that people must be known to catch before anything is promoted on their word."""
TICK = timedelta(microseconds=1)
LOWERED = ("detected", "surfaced", "incident")
"""The moves that are learned from: what people found was wrong."""
MOST_CASES = 5
"""The most decisions that one move is about."""


class Moved(NamedTuple):
    """A change of what the machine may do alone in one kind of case, and the decisions behind it."""

    intent: str
    segment: str
    version: str
    move: Move
    cases: tuple[str, ...]


class Sensitivity(Value):
    """How many planted drafts people caught in the last quarter, and the share that they are known to catch.

    `at_least` is the one-sided 95 % lower bound; None where none was planted.
    """

    planted: int
    caught: int
    at_least: float | None

    @property
    def trouble(self) -> Text | None:
        """Why nothing may be promoted on what people found, or None where it may."""
        if self.at_least is None:
            return "no planted draft was decided in the last quarter, so nobody knows how many errors people miss"
        if self.at_least < LEAST_CAUGHT:
            seen = f"people caught {self.caught} of {self.planted} planted drafts, which shows {self.at_least:.0%}"
            return f"{seen} at least; {LEAST_CAUGHT:.0%} are needed before anything rests on what they find"
        return None


def effect_of(book: Playbook, intent: str) -> EffectClass:
    """Return what an intent amounts to; one that the playbook does not know counts as a commitment."""
    entry = book.intents.get(intent)
    return entry.effect if entry is not None and entry.effect in book.latitude.damage else EffectClass.COMMITMENT


def segment_of(name: str) -> Segment:
    """Return a segment by its name; an account of an unknown one counts as the largest."""
    return Segment(name) if name in list(Segment) else Segment.STRATEGIC


def limit_of(book: Playbook, intent: str, segment: str) -> Threshold:
    """Return the loss that a cell may have, with the arithmetic behind it."""
    return threshold(book.latitude, effect_of(book, intent), segment_of(segment))


def sensitivity(connection: Connection, at: datetime) -> Sensitivity:
    """Return how well people look, by the planted drafts of the last quarter."""
    planted, caught = quality_rows.caught(connection, (at - timedelta(days=CATCH_DAYS)).isoformat())
    at_least = 1 - upper_bound(planted - caught, planted) if planted else None
    return Sensitivity(planted=planted, caught=caught, at_least=at_least)


def share_caught(connection: Connection, at: datetime) -> float:
    """Return the share of errors that people are known to catch, as thresholds are multiplied by it."""
    seen = sensitivity(connection, at)
    return 1.0 if seen.at_least is None else max(seen.at_least, LEAST_CAUGHT)


def theta_of(connection: Connection, book: Playbook, intent: str, segment: str, at: datetime) -> float:
    """Return what a running test bets against: the threshold times what people are known to catch."""
    return limit_of(book, intent, segment).theta * share_caught(connection, at)


# ---- where a cell stands --------------------------------------------------------------------------------------------


def stand(
    connection: Connection, book: Playbook, cell: Key, decided_at: datetime, at: datetime
) -> tuple[Standing, list[Moved]] | None:
    """Return where a cell stands when a decision of it is looked at; None where a later version has taken its place.

    A cell without a record begins: where the playbook lets it start, or after the cell of the version before.
    """
    others = cells.of_kind(connection, cell.intent, cell.segment)
    own = next((one for one in others if one.version == cell.version), None)
    others = [one for one in others if one.version != cell.version]
    latest = {one.id: findings.latest_decision(connection, one.key) for one in others}
    if any(latest[one.id] > decided_at.isoformat() for one in others):
        return None
    if own is not None:
        return _gone_back(connection, book, own, others, at)
    former = max(others, key=lambda one: (latest[one.id], one.began_at), default=None)
    return _begin(connection, book, cell, former, decided_at, at)


def _gone_back(
    connection: Connection, book: Playbook, own: Standing, others: Sequence[Standing], at: datetime
) -> tuple[Standing, list[Moved]]:
    """Return the cell of a version that was gone back to: what a later one lost since stays lost."""
    latest = max(others, key=lambda one: one.began_at, default=own)
    if latest.began_at <= own.began_at or latest.level_at(at) >= own.track.level:
        return own, []
    level = latest.level_at(at)
    move = Move("version", own.track.level, level, f"a later version of the agent lost it: {latest.why}")
    now, told = moved(connection, book, own, ladder.reset(own.track, level), move, at)
    return now, [told]


def lapse(connection: Connection, book: Playbook, one: Standing, at: datetime) -> tuple[Standing, list[Moved]]:
    """Lower a cell whose lease ran out, before anything else happens to it."""
    if not one.lapsed(at.isoformat()):
        return one, []
    assert one.lease_until is not None
    track, move = ladder.expire(one.track, f"nobody audited it in time: the lease ran out on {one.lease_until[:10]}")
    if move is None:
        return one, []
    now, told = moved(connection, book, one, track, move, at)
    return now, [told]


def _begin(
    connection: Connection, book: Playbook, cell: Key, former: Standing | None, decided_at: datetime, at: datetime
) -> tuple[Standing, list[Moved]]:
    now, start = at.isoformat(), START[book.latitude.start]
    theta = theta_of(connection, book, cell.intent, cell.segment, at)
    track, why = Track(level=start, theta=theta), "where the playbook lets it start"
    if former is not None:
        track = ladder.succeed(former.track._replace(level=former.level_at(at)), start, theta)
        why = former.why if track.halted else f"a new version of the agent began on {now[:10]}"
    if (held := history.setting(connection, cell.intent, cell.segment, at)) and held.cap < track.level.cap:
        track, why = track._replace(level=Level.under(held.cap)), held.why
    # Its record begins just before its first decision: what was decided before somebody looked counts as well.
    began = (min(decided_at, findings.first_decision(connection, cell) or decided_at) - TICK).isoformat()
    # A new version is no fresh look: the lease goes on from where it was.
    lease = former.lease_until if former is not None and track.level > Level.DRAFT else None
    made = Standing(clock.new_id("cel"), *cell, track, now, began, began, lease, why)
    cells.put(connection, made)
    cells.void_promotions(connection, cell.intent, cell.segment)
    if former is None or former.track.level == track.level:
        return made, []
    move = Move("version", former.track.level, track.level, why)
    return made, [entered(connection, made, move, at)]


def out_of_order(connection: Connection, one: Standing) -> bool:
    """Whether a ticket ended, and so was drawn, after later decisions were counted: then the order is put right."""
    return findings.counted(connection, one.key, one.began_at, one.settled_to) != one.track.certified


# ---- moves ----------------------------------------------------------------------------------------------------------


def moved(
    connection: Connection,
    book: Playbook,
    was: Standing,
    track: Track,
    move: Move,
    at: datetime,
    *,
    about: Finding | None = None,
    by: str = "",
    why: str | None = None,
) -> tuple[Standing, Moved]:
    """Put a change of level on record: the cell's tests begin anew, open proposals end, and what was wrong is learned.

    `why` is what the cell says of itself from now on; by default the sentence of the move.
    """
    cases = _behind(connection, was, move, about)
    now = restarted(connection, book, was, track, at)._replace(why=why or move.why)
    if move.after != move.before:
        now = now._replace(since=at.isoformat())
    cells.put(connection, now)
    cells.void_promotions(connection, was.intent, was.segment)
    if cases and (len(cases) > 1 or move.kind == "incident"):  # one ordinary error teaches nothing about its like
        learn(connection, was.key, cases, at, book.latitude.learning, move.why)
    return now, entered(connection, now, move, at, cases=cases, by=by, about=about)


def _behind(connection: Connection, was: Standing, move: Move, about: Finding | None) -> tuple[str, ...]:
    """Return the decisions that a move is about: the critical one, or the latest that people disagreed with."""
    if move.kind == "incident" and about is not None:
        return (about.decision_id,)
    return tuple(findings.wrong(connection, was.key, was.began_at, MOST_CASES)) if move.kind in LOWERED else ()


def restarted(connection: Connection, book: Playbook, was: Standing, track: Track, at: datetime) -> Standing:
    """Return a cell whose tests begin anew with the next decision, with the threshold and the lease of its level."""
    theta = theta_of(connection, book, was.intent, was.segment, at)
    if track.theta < theta <= ladder.HYSTERESIS * track.theta:
        theta = track.theta
    lease = was.lease_until
    if track.level <= Level.DRAFT:
        lease = None
    elif track.level > was.track.level or was.lapsed(at.isoformat()):
        lease = (at + timedelta(days=book.latitude.lease_days)).isoformat()
    now = at.isoformat()
    return was._replace(track=track._replace(theta=theta), began_at=now, settled_to=now, lease_until=lease)


def entered(
    connection: Connection,
    cell: Standing,
    move: Move,
    at: datetime,
    *,
    cases: Sequence[str] = (),
    by: str = "",
    about: Finding | None = None,
) -> Moved:
    """Put a move on record and into the log: the chain of the account that it came from, else that of no account."""
    move_id = cells.add_move(connection, cell.key, move, cases, by, at)
    account_id = about.account_id if about else UNKNOWN
    if about is None:
        know_account(connection, UNKNOWN, UNKNOWN)
    body = {
        "move": move_id,
        **cell.key._asdict(),
        "kind": move.kind,
        "before": int(move.before),
        "after": int(move.after),
        "why": digest(move.why),
        "cases": list(cases),
        "by": [digest(name) for name in by.split(", ") if name],
    }
    chain.append(connection, "latitude", account_id, "-", body)
    return Moved(cell.intent, cell.segment, cell.version, move, tuple(cases))


# ---- the running test -----------------------------------------------------------------------------------------------


def reworked(connection: Connection, one: Standing, theta: float | None = None) -> Standing:
    """Return a cell whose running test is worked out anew from the record, with a threshold of its own or its last."""
    losses = tuple(
        1.0 if loss is None else loss for loss in findings.record(connection, one.key, one.began_at, one.settled_to)
    )
    theta = one.track.theta if theta is None else theta
    track = one.track._replace(
        theta=theta, capital=promotion.capital_of(losses, theta), certified=len(losses), lost=sum(losses)
    )
    return one._replace(track=track)


def with_threshold(connection: Connection, book: Playbook, one: Standing, at: datetime) -> Standing:
    """Return a cell for which a threshold that fell counts at once; one that rose waits for the next attempt."""
    theta = theta_of(connection, book, one.intent, one.segment, at)
    return reworked(connection, one, theta) if theta < one.track.theta * (1 - 1e-9) else one
