"""Drafts that are wrong on purpose: they look like any other, nothing can execute them, and the verdict is the test."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from cxagent import clock
from cxagent.domain.review import Review
from cxagent.errors import Conflict
from cxagent.ledger.store import TABLES

PLANTED, DRAFT = TABLES["planted"], TABLES["draft"]
_ONE = select(PLANTED).where(PLANTED.c.draft_id == bindparam("draft"))
_ALL = select(PLANTED).order_by(PLANTED.c.at.desc())


def add(connection: Connection, draft_id: str, mistake: str, wrong: str, told: str, by: str) -> None:
    """Note that a draft is planted, with which words wrong; the sentence `told` is for the reviewer, afterwards."""
    row = {"draft_id": draft_id, "mistake": mistake, "wrong": wrong, "told": told}
    row |= {"by": by, "at": clock.now().isoformat()}
    connection.execute(PLANTED.insert(), row)


def of(connection: Connection, draft_id: str) -> dict[str, Any] | None:
    """Return what is known of a draft as planted; None for a real one."""
    row = connection.execute(_ONE, {"draft": draft_id}).mappings().one_or_none()
    return dict(row) if row else None


def caught(known: dict[str, Any], review: Review) -> bool:
    """Whether a verdict keeps the mistake from the customer: a text of one's own does only without the wrong words."""
    if review.verdict in ("edit", "respond"):
        return review.reply is not None and known["wrong"] not in review.reply
    return review.verdict == "reject"


def answer(connection: Connection, known: dict[str, Any], review: Review) -> None:
    """Record the verdict on a planted draft, which ends with it; `Conflict` where somebody was first."""
    draft_id = known["draft_id"]
    open_one = (DRAFT.c.id == draft_id, DRAFT.c.status == "pending")
    ended = update(DRAFT).where(*open_one).values(status="withdrawn", signed_by=None, signed_until=None)
    if connection.execute(ended).rowcount != 1:
        raise Conflict(f"the draft {draft_id} is over")
    told = {"reviewer": review.by, "verdict": review.verdict, "seconds": review.seconds}
    told["caught"] = caught(known, review)
    statement = update(PLANTED).where(PLANTED.c.draft_id == draft_id)
    connection.execute(statement.values(**told, answered_at=clock.now().isoformat()))


def answered_by(connection: Connection, reviewer: str, since: datetime) -> list[dict[str, Any]]:
    """Return the planted drafts that a person has decided since a moment, the latest first."""
    mine = (PLANTED.c.reviewer == reviewer, PLANTED.c.answered_at >= since.isoformat())
    statement = select(PLANTED).where(*mine).order_by(PLANTED.c.answered_at.desc())
    return [dict(row) for row in connection.execute(statement).mappings()]


def all_of_them(connection: Connection) -> list[dict[str, Any]]:
    """Return every planted draft, the latest first."""
    return [dict(row) for row in connection.execute(_ALL).mappings()]
