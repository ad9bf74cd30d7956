"""Alarms: risk sensors that are up, on an account, a segment or everything, until what raised them is over."""

from typing import Any

from sqlalchemy import Connection, bindparam, select

from cxagent import clock
from cxagent.domain.alarm import Alarm
from cxagent.ledger.store import TABLES

ALARM = TABLES["alarm"]

_UP = select(ALARM).where(ALARM.c.closed_at.is_(None)).order_by(ALARM.c.opened_at, ALARM.c.id)
_LAST = select(ALARM).order_by(ALARM.c.opened_at.desc(), ALARM.c.id.desc()).limit(bindparam("most"))
_CLOSE = (
    ALARM.update()
    .where(ALARM.c.id == bindparam("of"), ALARM.c.closed_at.is_(None))
    .values(closed_at=bindparam("at"), closed_why=bindparam("said"))
)


def up(connection: Connection) -> list[Any]:
    """Return the alarms that are up, the oldest first."""
    return list(connection.execute(_UP).mappings())


def in_force(connection: Connection) -> list[Alarm]:
    """Return the alarms that are up as a ruling needs them, the oldest first."""
    return [
        Alarm(metric=row["metric"], scope=row["scope"], key=row["key"], why=row["why"], since=row["opened_at"])
        for row in up(connection)
    ]


def latest(connection: Connection, most: int = 100) -> list[Any]:
    """Return the alarms that were raised last, over or not."""
    return list(connection.execute(_LAST, {"most": most}).mappings())


def raise_(connection: Connection, metric: str, scope: str, key: str, why: str) -> str:
    """Raise an alarm; return its id. Whoever calls made sure that it is not up already."""
    row = {"id": clock.new_id("alm"), "metric": metric, "scope": scope, "key": key, "why": why}
    connection.execute(ALARM.insert(), {**row, "opened_at": clock.now().isoformat()})
    return row["id"]


def close(connection: Connection, alarm_id: str, why: str) -> None:
    """Note that what raised an alarm is over, and why."""
    connection.execute(_CLOSE, {"of": alarm_id, "at": clock.now().isoformat(), "said": why})
