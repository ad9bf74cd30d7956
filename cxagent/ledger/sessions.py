"""Sign-ins: opaque tokens whose digests lie in the database, so that each one can be ended before its time."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from cxagent import clock
from cxagent.ledger.store import TABLES

SESSION = TABLES["session"]
LASTS = timedelta(hours=10)
"""A working day: after that one signs in again."""
IDLE = timedelta(hours=2)
"""How long nobody may have used a session before it is over."""
SEEN_EVERY = timedelta(minutes=1)
"""How exactly the last use is kept; noting each one would write at every click."""
_ONE = select(SESSION).where(SESSION.c.id == bindparam("id"))
_OF = select(SESSION).where(
    SESSION.c.revoked_at.is_(None), SESSION.c.expires_at > bindparam("now"), SESSION.c.seen_at > bindparam("idle")
)


def digest_of(token: str) -> str:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def start(connection: Connection, person: str, browser: str | None) -> str:
    """Sign a person in and return the token for their cookie; it is nowhere else."""
    token, now = secrets.token_urlsafe(32), clock.now()
    row = {"id": digest_of(token), "person": person, "created_at": now.isoformat(), "seen_at": now.isoformat()}
    more = {"expires_at": (now + LASTS).isoformat(), "browser": (browser or "")[:200] or None}
    connection.execute(SESSION.insert(), {**row, **more})
    return token


def find(connection: Connection, token: str) -> dict[str, Any] | None:
    """Return the session of a token while it holds; None where it is unknown, ended, or idle for too long."""
    row = connection.execute(_ONE, {"id": digest_of(token)}).mappings().one_or_none()
    now = clock.now()
    if row is None or row["revoked_at"] or row["expires_at"] <= now.isoformat():
        return None
    return dict(row) if row["seen_at"] > (now - IDLE).isoformat() else None


def stale(row: dict[str, Any]) -> bool:
    """Whether the last use of a session is to be noted again."""
    return str(row["seen_at"]) < (clock.now() - SEEN_EVERY).isoformat()


def seen(connection: Connection, session_id: str) -> None:
    """Note that a session was used."""
    statement = update(SESSION).where(SESSION.c.id == session_id).values(seen_at=clock.now().isoformat())
    connection.execute(statement)


def end(connection: Connection, session_id: str, by: str) -> bool:
    """End a session; False where it is over already."""
    open_one = (SESSION.c.id == session_id, SESSION.c.revoked_at.is_(None))
    ended = update(SESSION).where(*open_one).values(revoked_at=clock.now().isoformat(), revoked_by=by)
    return connection.execute(ended).rowcount == 1


def open_ones(connection: Connection, person: str | None = None) -> list[dict[str, Any]]:
    """Return the sessions that hold, of one person or of all, the latest first."""
    statement = _OF if person is None else _OF.where(SESSION.c.person == person)
    now = clock.now()
    since = {"now": now.isoformat(), "idle": (now - IDLE).isoformat()}
    found = connection.execute(statement.order_by(SESSION.c.created_at.desc()), since)
    return [dict(row) for row in found.mappings()]
