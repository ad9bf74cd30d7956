"""A verdict that was given and may still be taken back: until its time is over, nothing of it has happened.

The verdict lies signed on a draft that still counts as pending, so that a message of the customer's in between
withdraws it like any other. Whoever finds it due decides the draft with it; the claim of `reviews` stays the one place
where a draft gets its verdict.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from cxagent import clock
from cxagent.context.handover import same_person
from cxagent.domain.review import Review
from cxagent.errors import Conflict
from cxagent.ledger import chain, personal, reviews
from cxagent.ledger.store import TABLES

DRAFT = TABLES["draft"]
_DUE = (
    select(DRAFT.c.id)
    .where(DRAFT.c.signed_until <= bindparam("now"), DRAFT.c.status == "pending")
    .order_by(DRAFT.c.signed_until)
)


def sign(connection: Connection, draft_id: str, review: Review, until: datetime) -> None:
    """Lay a verdict on a pending draft; `Conflict` where somebody else decided, looks at it, or signed before."""
    row = reviews.locked(connection, draft_id)
    reviews.free_for(row, review.by)
    if row["signed_by"]:
        raise Conflict(f"you have decided {draft_id} already; take that back first")
    if row["four_eyes"] and review.verdict == "approve":
        reviews.second_pair(row, review)
    pointer = personal.put(connection, "verdict", row["account_id"], row["ticket_id"], review)
    signed = {"signed_by": review.by, "signed_until": until.isoformat(), "signed_personal_id": pointer.id}
    statement = update(DRAFT).where(DRAFT.c.id == draft_id, *reviews.WAITS)
    if connection.execute(statement.values(**signed, held_by=None, held_until=None, came_back=None)).rowcount != 1:
        raise Conflict(reviews.winner(connection, draft_id))


def take_back(connection: Connection, draft_id: str, by: str) -> Review | None:
    """Take a signed verdict back and return it; None where there is none of theirs any more, or its time is over.

    A line in the log remembers that there was one.
    """
    row = reviews.locked(connection, draft_id)
    if not row["signed_by"] or not same_person(row["signed_by"], by):
        return None
    theirs = (DRAFT.c.id == draft_id, DRAFT.c.status == "pending", DRAFT.c.signed_until > clock.now().isoformat())
    if connection.execute(update(DRAFT).where(*theirs).values(**reviews.UNSIGNED)).rowcount != 1:
        return None
    found = signed(connection, row)
    told = {"draft": draft_id, "verdict": found.verdict if found else None, "why": "taken back"}
    chain.append(connection, "unsigned", row["account_id"], row["ticket_id"], told)
    return found


def signed(connection: Connection, row: dict[str, Any]) -> Review | None:
    """Return the verdict that lies on a draft; None where there is none, or its text was erased."""
    stored = personal.get(connection, row["signed_personal_id"]) if row["signed_personal_id"] else None
    return Review.model_validate(stored) if stored else None


def due(connection: Connection) -> list[str]:
    """Return the drafts whose signed verdict can no longer be taken back."""
    return list(connection.execute(_DUE, {"now": clock.now().isoformat()}).scalars())


def give_back(connection: Connection, draft_id: str, why: str) -> None:
    """Let a draft wait again whose signed verdict could not be carried out, and say why."""
    row = reviews.draft(connection, draft_id)
    statement = update(DRAFT).where(DRAFT.c.id == draft_id, DRAFT.c.status == "pending", DRAFT.c.signed_by.is_not(None))
    if connection.execute(statement.values(**reviews.UNSIGNED, came_back=why)).rowcount == 1:
        told = {"draft": draft_id, "why": why}
        chain.append(connection, "unsigned", row["account_id"], row["ticket_id"], told)
