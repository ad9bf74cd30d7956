"""Second looks at decided drafts: which are drawn for whom, and what the second person would have decided."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from cxagent import clock
from cxagent.errors import BadInput, Conflict
from cxagent.ledger import personal
from cxagent.ledger.store import TABLES

SECOND, REVIEW, DRAFT = TABLES["second_look"], TABLES["review"], TABLES["draft"]
_DECIDED = select(REVIEW.c.draft_id).where(REVIEW.c.at >= bindparam("since"), REVIEW.c.at < bindparam("until"))
_DUE = (
    select(SECOND, DRAFT.c.personal_id, DRAFT.c.account_name, DRAFT.c.account_id)
    .join(DRAFT, DRAFT.c.id == SECOND.c.draft_id)
    .where(SECOND.c.by == bindparam("by"), SECOND.c.at.is_(None))
    .order_by(SECOND.c.due, SECOND.c.draft_id)
)


def decided(connection: Connection, since: date, until: date) -> list[str]:
    """Return the drafts that were decided in some days, the last one excluded."""
    days = {"since": since.isoformat(), "until": until.isoformat()}
    return list(connection.execute(_DECIDED, days).scalars())


def assign(connection: Connection, by: str, drafts: Sequence[str], due: date) -> None:
    """Draw drafts for a person to read again; one that was drawn for them before is not drawn twice."""
    known = set(connection.execute(select(SECOND.c.draft_id).where(SECOND.c.by == by)).scalars())
    for draft_id in drafts:
        if draft_id not in known:
            row = {"id": clock.new_id("sec"), "draft_id": draft_id, "by": by}
            connection.execute(SECOND.insert(), {**row, "drawn_at": clock.now().isoformat(), "due": due.isoformat()})


def due(connection: Connection, by: str) -> list[dict[str, Any]]:
    """Return what a person has still to read again, with the card and without the first verdict."""
    rows = [dict(row) for row in connection.execute(_DUE, {"by": by}).mappings()]
    return [{**row, "card": personal.get(connection, row["personal_id"])} for row in rows]


def record(connection: Connection, by: str, look_id: str, said: dict[str, Any], note: str | None) -> None:
    """Record a second opinion; `BadInput` where it was not theirs to give, `Conflict` where it is on record."""
    row = connection.execute(select(SECOND).where(SECOND.c.id == look_id, SECOND.c.by == by)).one_or_none()
    if row is None:
        raise BadInput(f"there is no second look {look_id} of yours", where="DRAFT_ID")
    if note:
        about = connection.execute(select(DRAFT).where(DRAFT.c.id == row.draft_id)).one()
        pointer = personal.put(connection, "second look", about.account_id, about.ticket_id, note)
        said = {**said, "note_personal_id": pointer.id}
    open_one = update(SECOND).where(SECOND.c.id == look_id, SECOND.c.at.is_(None))
    if connection.execute(open_one.values(**said, at=clock.now().isoformat())).rowcount != 1:
        raise Conflict("your second opinion on this draft is on record")
