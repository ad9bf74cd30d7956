"""Who looked at which personal data, and since when a card is open before somebody."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal, select, tuple_

from cxagent import clock
from cxagent.ledger.store import TABLES

ACCESS = TABLES["access"]
_ADD = ACCESS.insert()
_OPENED = select(func.max(ACCESS.c.at)).where(
    ACCESS.c.subject == bindparam("subject"), ACCESS.c.person == bindparam("person"), ACCESS.c.what == "card"
)
_LATEST = select(ACCESS).order_by(ACCESS.c.at.desc(), ACCESS.c.id.desc())


def note(connection: Connection, person: str, via: str, what: str, subject: str, account_id: str) -> None:
    """Note that a person looked at something."""
    row = {"id": clock.new_id("acc"), "person": person, "via": via, "what": what, "subject": subject}
    connection.execute(_ADD, {**row, "account_id": account_id, "at": clock.now().isoformat()})


def seconds_open(connection: Connection, person: str, draft_id: str) -> int | None:
    """Return for how many seconds a person has had a card open, from its last opening; None where they never had."""
    opened = connection.execute(_OPENED, {"subject": draft_id, "person": person}).scalar_one()
    return max(0, int((clock.now() - datetime.fromisoformat(opened)).total_seconds())) if opened else None


def views(
    connection: Connection,
    account_id: str | None = None,
    limit: int = 200,
    *,
    person: str | None = None,
    before: str | None = None,
) -> list[dict[str, Any]]:
    """Return who looked at what, the latest first; of one account, by one person, before the `place` of another row."""
    wanted = _LATEST
    if account_id is not None:
        wanted = wanted.where(ACCESS.c.account_id == account_id)
    if person is not None:
        wanted = wanted.where(ACCESS.c.person == person)
    if before is not None:
        at, _, id_ = before.partition(" ")
        wanted = wanted.where(tuple_(ACCESS.c.at, ACCESS.c.id) < tuple_(literal(at), literal(id_)))
    found = connection.execute(wanted.limit(limit)).mappings()
    return [{**row, "place": f"{row['at']} {row['id']}"} for row in found]
