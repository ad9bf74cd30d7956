"""A draft put off or passed on: it waits for another day or another person, and nothing else changes."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from cxagent import clock
from cxagent.domain.value import digest
from cxagent.errors import Conflict
from cxagent.ledger import chain, personal, reviews
from cxagent.ledger.store import TABLES

DRAFT, HANDOFF = TABLES["draft"], TABLES["handoff"]


def snooze(connection: Connection, draft_id: str, by: str, until: datetime | None) -> None:
    """Put a draft off until a moment, or wake it (None); its deadline stays, and a late draft is passed on as ever."""
    row = reviews.locked(connection, draft_id)
    _change(connection, row, by, snoozed_by=by if until else None, snoozed_until=until.isoformat() if until else None)


def pass_on(connection: Connection, draft_id: str, by: str, to: str, why: str) -> None:
    """Give a draft to another person, with a line in the log; it is awake and unclaimed then."""
    row = reviews.locked(connection, draft_id)
    free = {"held_by": None, "held_until": None, "snoozed_by": None, "snoozed_until": None}
    said = {"by": by, "to": to, "why": why}
    pointer = personal.put(connection, "note", row["account_id"], row["ticket_id"], said)
    _change(connection, row, by, assignee=to, passed_personal_id=pointer.id, **free)
    body = {"draft": draft_id, "from": digest(row["assignee"]), "to": digest(to), "by": digest(by), "why": digest(why)}
    chain.append(connection, "passed_on", row["account_id"], row["ticket_id"], body)


def note_take_over(connection: Connection, before: dict[str, Any], by: str, why: str) -> None:
    """Add a line to the log: a person took the claim on a draft over from another, and why."""
    taken = digest(before["held_by"]) if before["held_by"] else None
    body = {"draft": before["id"], "from": taken, "to": digest(by), "by": digest(by), "why": digest(why)}
    chain.append(connection, "passed_on", before["account_id"], before["ticket_id"], body)


def passed(connection: Connection, row: dict[str, Any]) -> dict[str, str] | None:
    """Return who passed a draft on last, to whom, and why; None where nobody did, or the note was erased."""
    found = personal.get(connection, row["passed_personal_id"]) if row["passed_personal_id"] else None
    return dict(found) if found else None


def hand_on(connection: Connection, row: dict[str, Any], by: str, to: str, why: str) -> bool:
    """Give a handoff to another person, with a line in the log; False where the customer has heard meanwhile."""
    statement = update(HANDOFF).where(HANDOFF.c.id == row["id"], HANDOFF.c.answered_at.is_(None))
    if connection.execute(statement.values(owner=to)).rowcount != 1:
        return False
    body = {"handoff": row["id"], "from": digest(row["owner"]), "to": digest(to), "by": digest(by), "why": digest(why)}
    chain.append(connection, "passed_on", row["account_id"], row["ticket_id"], body)
    return True


def answered(connection: Connection, handoff_id: str, by: str) -> bool:
    """Note that the customer has heard from the person who took a ticket over; False where that was noted before."""
    statement = update(HANDOFF).where(HANDOFF.c.id == handoff_id, HANDOFF.c.answered_at.is_(None))
    return connection.execute(statement.values(answered_at=clock.now().isoformat(), answered_by=by)).rowcount == 1


def _change(connection: Connection, row: dict[str, Any], by: str, **values: str | None) -> None:
    reviews.free_for(row, by)
    statement = update(DRAFT).where(DRAFT.c.id == row["id"], *reviews.WAITS)
    if connection.execute(statement.values(**values)).rowcount != 1:
        raise Conflict(reviews.winner(connection, row["id"]))
