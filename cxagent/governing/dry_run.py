"""What another playbook would have made of last month's tickets: routes, money given alone, hours of review.

Every ticket is ruled on twice with the real gate, under the playbook in force and under the other one, on what was on
record when it was first ruled on: no source and no model is asked. The two are compared with each other, not with what
happened then, so that an earlier change of the playbook is not counted as this one's.
"""

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from pydantic import ValidationError

from cxagent import clock
from cxagent.context import ContextAudit
from cxagent.domain.money import Money
from cxagent.domain.proposal import Proposal
from cxagent.domain.ruling import Ruling
from cxagent.domain.ticket import Incoming
from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import ACT, DRAFT, HANDOFF, Autonomy
from cxagent.gate import hands_off_already
from cxagent.governing.restating import kept, restated
from cxagent.judge import Judge
from cxagent.ledger import rulings
from cxagent.ledger.store import Connection, Store
from cxagent.playbook import Playbook
from cxagent.reading.message import Reading
from cxagent.rules.money import given_in_all

DAYS = 30
MOST = 500
"""At most so many tickets are ruled on again; of more, every n-th in the order in which they came."""
NAMED = 50
ASSUMED_MINUTES = Decimal(6)
"""How long a review takes where none was timed; the playbook's owner answers for it until there are figures."""
FEW = 5
"""Under so many timed reviews there is no median worth the name."""


class Routes(Value):
    """How many tickets take which route."""

    act: int
    draft: int
    handoff: int


class Move(Value):
    """How many tickets go from one route to another."""

    old: Autonomy
    new: Autonomy
    count: int


class Moved(Value):
    """One ticket that would take another route, and what binds or no longer binds."""

    ticket_id: Text
    decision_id: Text
    account_id: Text
    account: Text
    intent: str | None
    old: Autonomy
    new: Autonomy
    why: Text
    gives: Text


class DryRun(Value):
    """Two playbooks on the same tickets; hours and money are those of the tickets that were looked at."""

    since: Text
    until: Text
    tickets: int
    looked_at: int
    unread: int
    before: Routes
    after: Routes
    moves: tuple[Move, ...]
    money_before: Money
    money_after: Money
    minutes: Text
    minutes_from: Text
    hours_before: Text
    hours_after: Text
    moved: tuple[Moved, ...]
    moved_in_all: int
    asked_anew: int
    held_otherwise: int
    notes: tuple[str, ...]


class _Seen(NamedTuple):
    """What was on record of one ticket when it was first ruled on."""

    entry: dict[str, Any]
    incoming: Incoming
    audit: ContextAudit
    reading: Reading
    proposal: Proposal | None


@dataclass(frozen=True)
class _Ruled:
    """One ticket under one playbook."""

    ruling: Ruling
    gives: Decimal
    hopeless: bool

    @property
    def alone(self) -> Decimal:
        """What it gives away without a person."""
        return self.gives if self.ruling.autonomy == ACT else Decimal(0)


@dataclass(frozen=True)
class _Pair:
    """One ticket under both playbooks."""

    seen: _Seen
    old: _Ruled
    new: _Ruled
    held: bool


def dry_run(judge: Judge, store: Store, new: Playbook, *, days: int = DAYS, most: int = MOST) -> DryRun:
    """Rule on the tickets of the last `days` under the judge's playbook and under another, and compare."""
    until = clock.now()
    since, old = until - timedelta(days=days), judge.playbook
    with store.read() as connection:
        all_ = rulings.first_rulings(connection, since)
        chosen = _every_nth(all_, most)
        seen = [one for decision_id in chosen if (one := _seen(connection, decision_id))]
        seconds = rulings.review_seconds(connection, since)
    other = replace(judge, playbook=new)
    pairs = [_pair(judge, other, one) for one in seen]
    minutes, source = _minutes(seconds, old)
    return _told(pairs, old, new, since, until, minutes, source, tickets=len(all_), unread=len(chosen) - len(seen))


def _every_nth(ids: Sequence[str], most: int) -> list[str]:
    step = -(-len(ids) // most) or 1
    return list(ids[::step])


def _seen(connection: Connection, decision_id: str) -> _Seen | None:
    """Read what a ruling rested on; None where it was erased, or written in a form of former days."""
    found = rulings.with_ticket(connection, decision_id)
    if found is None:
        return None
    entry, incoming = found
    personal = entry["personal"]
    try:
        return _Seen(
            entry=entry,
            incoming=Incoming.model_validate(incoming),
            audit=ContextAudit.model_validate(personal["audit"]),
            reading=Reading.model_validate(personal["reading"]),
            proposal=Proposal.model_validate(personal["proposal"]) if personal["proposal"] else None,
        )
    except (KeyError, TypeError, ValidationError):
        return None


def _pair(judge: Judge, other: Judge, seen: _Seen) -> _Pair:
    then = Autonomy(seen.entry["body"]["autonomy"])
    old = _ruled(judge, seen, ACT)
    # What the log does not keep beside a ticket, such as a stop or another contact's order, held it under either.
    held = seen.entry["body"]["playbook"] == judge.playbook.version and then < old.ruling.autonomy
    if held:
        old = _ruled(judge, seen, then)
    return _Pair(seen, old, _ruled(other, seen, then if held else ACT), held)


def _ruled(judge: Judge, seen: _Seen, at_most: Autonomy) -> _Ruled:
    proposer = (seen.entry["personal"] or {}).get("proposer") or {}
    sub = judge.submit(
        seen.incoming.ticket,
        restated(seen.audit, judge.playbook),
        seen.reading,
        seen.proposal,
        read_by_proposer=bool(proposer.get("reads")),
        trouble=proposer.get("trouble"),
        at_most=at_most,
        remember=False,
    )
    return _Ruled(judge.rule(sub), given_in_all(sub), sub.proposal is None and hands_off_already(sub))


def _minutes(seconds: Sequence[int], playbook: Playbook) -> tuple[Decimal, str]:
    if len(seconds) < FEW:
        return ASSUMED_MINUTES, f"assumed, since fewer than {FEW} reviews were timed; {playbook.owner} answers for it"
    median = Decimal(repr(statistics.median(seconds))) / 60
    return median.quantize(Decimal("0.1")), f"the median of {len(seconds)} reviews that were timed in these days"


def _told(
    pairs: Sequence[_Pair],
    old: Playbook,
    new: Playbook,
    since: datetime,
    until: datetime,
    minutes: Decimal,
    source: str,
    *,
    tickets: int,
    unread: int,
) -> DryRun:
    before, after = (Counter(getattr(pair, side).ruling.autonomy for pair in pairs) for side in ("old", "new"))
    moving = _moving(pairs)
    moves = Counter((pair.old.ruling.autonomy, pair.new.ruling.autonomy) for pair in moving)
    asked = sum(one.seen.proposal is None and one.old.hopeless and not one.new.hopeless for one in pairs)
    return DryRun(
        since=since.date().isoformat(),
        until=until.date().isoformat(),
        tickets=tickets,
        looked_at=len(pairs),
        unread=unread,
        before=_routes(before),
        after=_routes(after),
        moves=tuple(Move(old=one, new=other, count=count) for (one, other), count in sorted(moves.items())),
        money_before=_alone((one.old for one in pairs), old),
        money_after=_alone((one.new for one in pairs), new),
        minutes=str(minutes),
        minutes_from=source,
        hours_before=_hours(before[DRAFT], minutes),
        hours_after=_hours(after[DRAFT], minutes),
        moved=tuple(_moved(one, new) for one in moving[:NAMED]),
        moved_in_all=len(moving),
        asked_anew=asked,
        held_otherwise=sum(one.held for one in pairs),
        notes=tuple(_notes(old, new, pairs)),
    )


def _moving(pairs: Sequence[_Pair]) -> list[_Pair]:
    """Return what takes another route: looser first, there the most money, since somebody must defend that."""
    moving = [pair for pair in pairs if pair.old.ruling.autonomy != pair.new.ruling.autonomy]
    return sorted(moving, key=lambda one: (one.new.ruling.autonomy < one.old.ruling.autonomy, -one.new.gives))


def _alone(ruled: Iterable[_Ruled], playbook: Playbook) -> Money:
    return Money(amount=sum((one.alone for one in ruled), Decimal(0)), currency=playbook.currency)


def _routes(count: Counter[Autonomy]) -> Routes:
    return Routes(act=count[ACT], draft=count[DRAFT], handoff=count[HANDOFF])


def _hours(drafts: int, minutes: Decimal) -> str:
    return str((drafts * minutes / 60).quantize(Decimal("0.1")))


def _moved(pair: _Pair, new: Playbook) -> Moved:
    seen, old, now = pair.seen, pair.old.ruling, pair.new.ruling
    tighter = now.autonomy < old.autonomy
    binding = (now if tighter else old).binding
    words = binding[0].why if binding else "the request"
    account = seen.audit.account
    return Moved(
        ticket_id=seen.incoming.ticket.id,
        decision_id=str(seen.entry["id"]),
        account_id=seen.audit.account_id,
        account=account.name if account else "unknown",
        intent=next(iter(seen.entry["body"]["intents"]), None),
        old=old.autonomy,
        new=now.autonomy,
        why=words if tighter else f"no longer: {words}",
        gives=str(Money(amount=pair.new.gives, currency=new.currency)),
    )


def _notes(old: Playbook, new: Playbook, pairs: Sequence[_Pair]) -> Iterator[str]:
    yield from kept(old, new)
    if any(pair.seen.audit.standing and len(pair.seen.audit.standing.family) > 1 for pair in pairs):
        yield "of a group, the value is weighed anew; what its parent company added stays as it was seen"
