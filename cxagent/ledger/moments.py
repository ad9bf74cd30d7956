"""When a ledger began, and the latest moment that anything in it is from."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from cxagent.ledger.store import TABLES

_FIRST = select(func.min(TABLES["decision_log"].c.at))
_LATEST = tuple(
    select(func.max(TABLES[table].c[column]))
    for table, column in (
        *(("decision_log", "at"), ("ticket", "updated_at"), ("access", "at"), ("session", "seen_at")),
        *(("review", "at"), ("api_key", "created_at"), ("absence", "at")),
    )
)
_SIGNED = select(func.max(TABLES["draft"].c.signed_until))


def first(connection: Connection) -> datetime | None:
    """Return the moment of the first line of the log, or None where there is none."""
    return _read(connection.execute(_FIRST).scalar_one())


def latest(connection: Connection, undo: timedelta) -> datetime | None:
    """Return the latest moment on record; a verdict that can be taken back for a time was signed so much earlier."""
    found = [_read(connection.execute(one).scalar_one()) for one in _LATEST]
    if (until := _read(connection.execute(_SIGNED).scalar_one())) is not None:
        found.append(until - undo)
    return max((one for one in found if one), default=None)


def _read(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
