"""What was reviewed in some days, and what still waits: the figures behind how reviewing goes."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from cxagent import clock
from cxagent.ledger.store import TABLES

DRAFT, REVIEW, TICKET, FINDING = TABLES["draft"], TABLES["review"], TABLES["ticket"], TABLES["finding"]
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
_OTHER = FINDING.alias("other")
_TWICE = (
    select(((FINDING.c.agrees == _OTHER.c.agrees) & (FINDING.c.wanted == _OTHER.c.wanted)).label("alike"))
    .join(_OTHER, and_(_OTHER.c.decision_id == FINDING.c.decision_id, _OTHER.c.by > FINDING.c.by))
    .where(FINDING.c.origin == "audit", _OTHER.c.origin == "audit")
    .where(or_(FINDING.c.at >= bindparam("since"), _OTHER.c.at >= bindparam("since")))
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


def audited_twice(connection: Connection, since: str) -> list[bool]:
    """Return for each decision that two people audited, the later of them since a moment, whether they said the same.

    They do where both wanted the same route, before they saw the machine's answer, and came to the same verdict on it.
    """
    return [bool(alike) for alike in connection.execute(_TWICE, {"since": since}).scalars()]
