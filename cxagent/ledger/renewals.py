"""Renewal dates that came: who renewed, after how many, and what was known a fixed time before."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Float, bindparam, case, cast, func, select

from cxagent import clock
from cxagent.ledger.account_months import MONTH, upsert
from cxagent.ledger.store import TABLES

RENEWAL = TABLES["renewal"]
COLUMNS = tuple(column.name for column in RENEWAL.c)
EVER = "9999-12"
"""A month after all others."""
ESTIMATE = TABLES["estimate"]
_PUT, _NOTE = upsert(RENEWAL, ("account_id", "month")), upsert(ESTIMATE, ("kind", "segment", "month"))

_COUNTED = (
    select(
        RENEWAL.c.segment, RENEWAL.c.number, func.count().label("came"), func.sum(RENEWAL.c.renewed).label("renewed")
    )
    .where(RENEWAL.c.month < bindparam("before"))
    .group_by(RENEWAL.c.segment, RENEWAL.c.number)
    .order_by(RENEWAL.c.segment, RENEWAL.c.number)
)
_BY_MONTH = (
    select(RENEWAL.c.month, RENEWAL.c.segment, func.count().label("came"), func.sum(RENEWAL.c.renewed).label("renewed"))
    .where(RENEWAL.c.month.in_(bindparam("months", expanding=True)))
    .group_by(RENEWAL.c.month, RENEWAL.c.segment)
)
_HEALTH = cast(func.round(RENEWAL.c.health_before / 5) * 5, Float)
_USAGE = cast(func.round(RENEWAL.c.usage_before * 10) / 10, Float)
_SEEN = (
    *(RENEWAL.c.segment, RENEWAL.c.number, _HEALTH.label("health"), _USAGE.label("usage")),
    *(RENEWAL.c.sponsor_changed, RENEWAL.c.owner_changed, RENEWAL.c.complaints),
)
_KINDS = (
    select(*_SEEN, func.count().label("came"), func.sum(RENEWAL.c.renewed).label("renewed"))
    .where(RENEWAL.c.month < bindparam("before"))
    .group_by(*_SEEN)
)
_ARMS = (
    select(
        *(RENEWAL.c.segment, RENEWAL.c.held_out, func.count().label("came")),
        func.sum(RENEWAL.c.renewed).label("renewed"),
    )
    .where(RENEWAL.c.held_out.is_not(None), RENEWAL.c.month <= bindparam("until"))
    .group_by(RENEWAL.c.segment, RENEWAL.c.held_out)
)
_AHEAD = (
    select(
        RENEWAL.c.account_id.label("of"),
        func.max(case((MONTH.c.month == bindparam("lead"), MONTH.c.health))).label("health_before"),
        func.max(case((MONTH.c.month == bindparam("lead"), MONTH.c.usage))).label("usage_before"),
        func.max(MONTH.c.sponsor_changed).label("sponsor_changed"),
        func.max(MONTH.c.owner_changed).label("owner_changed"),
        func.sum(MONTH.c.complaints).label("complaints"),
    )
    .join(MONTH, MONTH.c.account_id == RENEWAL.c.account_id)
    .where(RENEWAL.c.month == bindparam("in_month"))
    .where(MONTH.c.month >= bindparam("since"), MONTH.c.month <= bindparam("lead"))
    .group_by(RENEWAL.c.account_id)
)
_KNOWN = ("health_before", "usage_before", "sponsor_changed", "owner_changed", "complaints")
_KNOW = (
    RENEWAL.update()
    .where(RENEWAL.c.account_id == bindparam("of"), RENEWAL.c.month == bindparam("in_month"))
    .values({name: bindparam(f"new_{name}") for name in _KNOWN})
)
_TAKE_BACK = RENEWAL.delete().where(
    RENEWAL.c.account_id == bindparam("of"), RENEWAL.c.month == bindparam("in_month"), RENEWAL.c.renewed == 0
)
_TOLD = (
    select(MONTH.c.p_next, MONTH.c.future_value, RENEWAL.c.renewed)
    .join(MONTH, MONTH.c.account_id == RENEWAL.c.account_id)
    .where(RENEWAL.c.month == bindparam("in_month"), MONTH.c.month == bindparam("lead"), MONTH.c.p_next.is_not(None))
    .order_by(RENEWAL.c.account_id)
)
_CAME = select(RENEWAL).where(RENEWAL.c.month == bindparam("month")).order_by(RENEWAL.c.account_id)


_LATEST = (
    select(ESTIMATE.c.segment, ESTIMATE.c.payload)
    .where(ESTIMATE.c.kind == bindparam("kind"), ESTIMATE.c.month <= bindparam("until"))
    .order_by(ESTIMATE.c.month)
)


class Counted(NamedTuple):
    """How many accounts of a segment came to their n-th renewal, and how many of them renewed."""

    segment: str
    number: int
    came: int
    renewed: int


class Arm(NamedTuple):
    """Renewals of a segment with the machine, or of the hold-out that it was kept away from."""

    segment: str
    held_out: bool
    came: int
    renewed: int


def put(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write renewals; one that is there already is written anew."""
    if rows:
        full = [{name: row.get(name) for name in COLUMNS} for row in rows]
        connection.execute(_PUT[connection.dialect.name], full)


def take_back(connection: Connection, month: str, account_ids: Sequence[str]) -> None:
    """Write a month anew without the losses of accounts that are there after all."""
    if account_ids:
        connection.execute(_TAKE_BACK, [{"of": one, "in_month": month} for one in account_ids])


def know_ahead(connection: Connection, month: str, lead: str, since: str) -> None:
    """Note at the renewals of a month what was known in an earlier one: `lead`; events count from `since` on."""
    about = {"in_month": month, "lead": lead, "since": since}
    rows = connection.execute(_AHEAD, about).mappings().all()
    if rows:
        known = [{"of": row["of"], "in_month": month, **{f"new_{n}": row[n] for n in _KNOWN}} for row in rows]
        connection.execute(_KNOW, known)


def counted(connection: Connection, before: str) -> list[Counted]:
    """Return what came before a month, by segment and number of the renewal: all that retention is fitted to."""
    return [Counted(*row) for row in connection.execute(_COUNTED, {"before": before})]


def by_month(connection: Connection, months: Sequence[str]) -> list[Any]:
    """Return how many renewals came in some months, and how many were renewed, by segment."""
    return list(connection.execute(_BY_MONTH, {"months": list(months)}))


def kinds(connection: Connection, before: str) -> list[Any]:
    """Return the renewals before a month by what was known ahead of them, health by fives and usage by tenths."""
    return list(connection.execute(_KINDS, {"before": before}))


def arms(connection: Connection, until: str = EVER) -> list[Arm]:
    """Return the renewals, up to a month, of accounts for which chance decided whether the machine serves them."""
    rows = connection.execute(_ARMS, {"until": until})
    return [Arm(row.segment, bool(row.held_out), row.came, int(row.renewed)) for row in rows]


def of_month(connection: Connection, month: str) -> list[Any]:
    """Return the renewals whose date came in a month."""
    return list(connection.execute(_CAME, {"month": month}))


def told(connection: Connection, month: str, lead: str) -> list[Any]:
    """Return the renewals of a month with the chance of losing each, and its value, as an earlier month told them."""
    return list(connection.execute(_TOLD, {"in_month": month, "lead": lead}))


def estimate(connection: Connection, kind: str, segment: str, month: str, payload: str) -> None:
    """Note what was estimated with what was known before a month; the latest of a month counts."""
    row = {"kind": kind, "segment": segment, "month": month, "payload": payload, "at": clock.now().isoformat()}
    connection.execute(_NOTE[connection.dialect.name], row)


def estimates(connection: Connection, kind: str, until: str = EVER) -> dict[str, str]:
    """Return the latest estimate of a kind up to a month, by segment."""
    return {row.segment: row.payload for row in connection.execute(_LATEST, {"kind": kind, "until": until})}
