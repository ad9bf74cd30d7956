"""Filters of the queue that a person gave a name."""

from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from cxagent import clock
from cxagent.errors import BadInput
from cxagent.ledger.store import TABLES

VIEW = TABLES["saved_view"]
MOST = 20
"""How many views a person may keep: more would be another list to search."""
LONGEST_NAME = 40
_KEPT = (VIEW.c.person == bindparam("person"), VIEW.c.removed_at.is_(None))
_OF = select(VIEW).where(*_KEPT).order_by(VIEW.c.name)
_MANY = select(func.count()).select_from(VIEW).where(*_KEPT)


def add(connection: Connection, person: str, name: str, query: str) -> str:
    """Keep a filter under a name and return its id; one of the same name is replaced."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise BadInput(f"give the view a name of at most {LONGEST_NAME} letters", where="name")
    same = (VIEW.c.person == person, VIEW.c.name == name, VIEW.c.removed_at.is_(None))
    connection.execute(update(VIEW).where(*same).values(removed_at=clock.now().isoformat()))
    if connection.execute(_MANY, {"person": person}).scalar_one() >= MOST:
        raise BadInput(f"you have {MOST} views; remove one first", where="name")
    row = {"id": clock.new_id("viw"), "person": person, "name": name, "query": query, "at": clock.now().isoformat()}
    connection.execute(VIEW.insert(), row)
    return str(row["id"])


def of(connection: Connection, person: str) -> list[dict[str, Any]]:
    """Return the views of a person by name."""
    return [dict(row) for row in connection.execute(_OF, {"person": person}).mappings()]


def remove(connection: Connection, view_id: str, person: str) -> bool:
    """Remove a view; False where it is not theirs or gone already."""
    theirs = (VIEW.c.id == view_id, VIEW.c.person == person, VIEW.c.removed_at.is_(None))
    return connection.execute(update(VIEW).where(*theirs).values(removed_at=clock.now().isoformat())).rowcount == 1
