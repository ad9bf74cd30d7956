"""What was reviewed in some days, and what still waits: the figures behind how reviewing goes."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from cxagent import clock
from cxagent.ledger.store import TABLES

DRAFT, REVIEW, SECOND, TICKET = TABLES["draft"], TABLES["review"], TABLES["second_look"], TABLES["ticket"]
_REVIEWS = (
    select(REVIEW, DRAFT.c.created_at)
    .join(DRAFT, DRAFT.c.id == REVIEW.c.draft_id)
    .where(REVIEW.c.at >= bindparam("since"))
    .order_by(REVIEW.c.at)
)
_APPROVED = (
    select(DRAFT)
    .join(REVIEW, REVIEW.c.draft_id == DRAFT.c.id)
    .where(REVIEW.c.verdict == "approve", DRAFT.c.status == "applied", DRAFT.c.four_eyes.is_(False))
    .where(DRAFT.c.created_at >= bindparam("since"))
    .order_by(REVIEW.c.at.desc())
    .limit(200)
)
_WAITING = select(func.count(), func.min(DRAFT.c.created_at)).where(DRAFT.c.status == "pending")
_LATE = select(func.count()).where(DRAFT.c.status == "pending", DRAFT.c.deadline <= bindparam("now"))
_ALONE = select(func.count()).where(TICKET.c.disposition == "answered_alone", TICKET.c.updated_at >= bindparam("since"))
_AGAIN = (
    select(SECOND, REVIEW.c.verdict.label("first"))
    .join(REVIEW, REVIEW.c.draft_id == SECOND.c.draft_id)
    .where(SECOND.c.at.is_not(None), SECOND.c.at >= bindparam("since"))
)


class Waiting(NamedTuple):
    """How many drafts wait, since when the oldest does, and how many are past their deadline."""

    many: int
    oldest: str | None
    late: int


def reviews(connection: Connection, since: str) -> list[dict[str, Any]]:
    """Return the verdicts since a moment, each with when its draft was made, the earliest first."""
    return [dict(row) for row in connection.execute(_REVIEWS, {"since": since}).mappings()]


def approved(connection: Connection, since: str) -> list[dict[str, Any]]:
    """Return the drafts made since a moment that went out as they were, on one person's approval; the latest 200."""
    return [dict(row) for row in connection.execute(_APPROVED, {"since": since}).mappings()]


def waiting(connection: Connection) -> Waiting:
    """Return how the queue stands."""
    many, oldest = connection.execute(_WAITING).one()
    return Waiting(many, oldest, connection.execute(_LATE, {"now": clock.now().isoformat()}).scalar_one())


def alone(connection: Connection, since: str) -> int:
    """Return how many tickets were answered without a person since a moment."""
    return int(connection.execute(_ALONE, {"since": since}).scalar_one())


def second_opinions(connection: Connection, since: str) -> list[dict[str, Any]]:
    """Return the second opinions given since a moment, each with the first verdict."""
    return [dict(row) for row in connection.execute(_AGAIN, {"since": since}).mappings()]
