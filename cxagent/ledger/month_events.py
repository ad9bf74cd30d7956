"""What the ledger saw in one month: tickets that ended, verdicts, findings, repairs, effects taken back."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, case, func, select

from cxagent.domain.finding import GRAVE
from cxagent.ledger.audits import ENDED
from cxagent.ledger.store import TABLES

TICKET, LOG, DRAFT, REVIEW = TABLES["ticket"], TABLES["decision_log"], TABLES["draft"], TABLES["review"]
FINDING, REPAIR, EXECUTION = TABLES["finding"], TABLES["repair"], TABLES["execution"]
BATCH = 1000


def _within(column: Any) -> tuple[Any, Any]:
    return column >= bindparam("since"), column < bindparam("until")


# On the index that begins with the disposition: the log itself is not searched, only asked for these tickets.
_ENDED = (
    select(TICKET.c.id, TICKET.c.account_id, TICKET.c.disposition, LOG.c.body)
    .join(LOG, LOG.c.ticket_id == TICKET.c.id)
    .where(TICKET.c.disposition.in_(ENDED), *_within(TICKET.c.updated_at), LOG.c.kind == "ruling")
    .order_by(TICKET.c.id, LOG.c.seq)
)
_AGAIN = select(TICKET.c.follows, TICKET.c.account_id).where(
    TICKET.c.follows.is_not(None), *_within(TICKET.c.received_at)
)
_VERDICTS = (
    select(
        *(REVIEW.c.by, REVIEW.c.verdict, REVIEW.c.severity, REVIEW.c.seconds, REVIEW.c.reason),
        *(DRAFT.c.account_id, DRAFT.c.tier, DRAFT.c.intent, DRAFT.c.stake, DRAFT.c.came_back, DRAFT.c.status),
    )
    .join(DRAFT, DRAFT.c.id == REVIEW.c.draft_id)
    .where(*_within(REVIEW.c.at))
)
_LOOKED: Select[Any] = (
    select(
        FINDING.c.segment,
        func.count().label("audited"),
        func.sum(case((FINDING.c.agrees, 1), else_=0)).label("agreed"),
        func.sum(case((FINDING.c.loss >= GRAVE, 1), else_=0)).label("grave"),
    )
    .where(FINDING.c.month == bindparam("month"), FINDING.c.chosen.in_(("all", "uniform")))
    .where(FINDING.c.origin == "audit")
    .group_by(FINDING.c.segment)
)
_RIGHT = select(FINDING.c.ticket_id).where(
    FINDING.c.month == bindparam("month"), FINDING.c.agrees, FINDING.c.went == "act"
)
_CAUGHT = select(
    FINDING.c.account_id, FINDING.c.segment, FINDING.c.intent, FINDING.c.loss, FINDING.c.decision_id
).where(
    FINDING.c.month == bindparam("month"), FINDING.c.origin == "review", FINDING.c.loss > 0, FINDING.c.went != "act"
)
_REPAIRS = select(REPAIR.c.account_id).where(*_within(REPAIR.c.opened_at))
_UNDONE = select(EXECUTION.c.account_id).where(
    EXECUTION.c.kind == "undo", EXECUTION.c.status == "done", *_within(EXECUTION.c.done_at)
)
_FIRST = select(func.min(TICKET.c.received_at))


class EndedTicket(NamedTuple):
    """A ticket that ended in the month, and what its last ruling said."""

    id: str
    account_id: str
    disposition: str
    ruling: dict[str, Any]


def ended(connection: Connection, since: str, until: str) -> Iterator[EndedTicket]:
    """Yield the tickets that ended between two moments, each with its last ruling."""
    rows = connection.execute(_ENDED, {"since": since, "until": until}, execution_options={"yield_per": BATCH})
    last: Any = None
    for row in rows:
        if last is not None and row.id != last.id:
            yield EndedTicket(last.id, last.account_id, last.disposition, json.loads(last.body))
        last = row
    if last is not None:
        yield EndedTicket(last.id, last.account_id, last.disposition, json.loads(last.body))


def came_again(connection: Connection, since: str, until: str) -> list[str]:
    """Return the accounts, once for every message that went on with a ticket that had been answered."""
    return [row.account_id for row in connection.execute(_AGAIN, {"since": since, "until": until})]


def verdicts(connection: Connection, since: str, until: str) -> list[Any]:
    """Return the verdicts on drafts between two moments, with the draft's account, tier and intent."""
    return list(connection.execute(_VERDICTS, {"since": since, "until": until}).mappings())


def looked(connection: Connection, month: str) -> list[Any]:
    """Return by segment how many decisions of a month were audited blind, and what was found."""
    return list(connection.execute(_LOOKED, {"month": month}).mappings())


def right(connection: Connection, month: str) -> set[str]:
    """Return the tickets of a month that went out alone and that a person found right."""
    return set(connection.execute(_RIGHT, {"month": month}).scalars())


def caught(connection: Connection, month: str) -> list[Any]:
    """Return what people kept from going out in a month because it was wrong."""
    return list(connection.execute(_CAUGHT, {"month": month}).mappings())


def repairs(connection: Connection, since: str, until: str) -> list[str]:
    """Return the accounts, once for every repair that was opened between two moments."""
    return list(connection.execute(_REPAIRS, {"since": since, "until": until}).scalars())


def taken_back(connection: Connection, since: str, until: str) -> list[str]:
    """Return the accounts, once for every effect that was taken back between two moments."""
    return list(connection.execute(_UNDONE, {"since": since, "until": until}).scalars())


def first_ticket(connection: Connection) -> str | None:
    """Return when the first ticket came in, or None where none did."""
    return connection.execute(_FIRST).scalar_one_or_none()
