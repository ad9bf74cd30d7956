"""Who is away when, and who stands in for them."""

from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from cxagent import clock
from cxagent.ledger.store import TABLES

ABSENCE = TABLES["absence"]
_OPEN = ABSENCE.c.ended_at.is_(None)
_NOW = select(ABSENCE).where(_OPEN, ABSENCE.c.first_day <= bindparam("day"), ABSENCE.c.last_day >= bindparam("day"))
_AHEAD = select(ABSENCE).where(_OPEN, ABSENCE.c.last_day >= bindparam("day")).order_by(ABSENCE.c.first_day)


def add(connection: Connection, person: str, first: date, last: date, delegate: str | None, by: str) -> str:
    """Note that somebody is away from one day to another, both included; return the absence's id."""
    row = {
        "id": clock.new_id("abs"),
        "person": person,
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "delegate": delegate,
        "at": clock.now().isoformat(),
        "by": by,
    }
    connection.execute(ABSENCE.insert(), row)
    return str(row["id"])


def end(connection: Connection, absence_id: str, person: str) -> bool:
    """End an absence of a person's early; False where it was not theirs or is over."""
    theirs = (ABSENCE.c.id == absence_id, ABSENCE.c.person == person, _OPEN)
    return connection.execute(update(ABSENCE).where(*theirs).values(ended_at=clock.now().isoformat())).rowcount == 1


def today(connection: Connection, day: date) -> list[dict[str, Any]]:
    """Return who is away on a day."""
    return [dict(row) for row in connection.execute(_NOW, {"day": day.isoformat()}).mappings()]


def ahead(connection: Connection, day: date) -> list[dict[str, Any]]:
    """Return the absences that are not over on a day, the earliest first."""
    return [dict(row) for row in connection.execute(_AHEAD, {"day": day.isoformat()}).mappings()]
