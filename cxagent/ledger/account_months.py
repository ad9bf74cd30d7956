"""Months of accounts: what was known of each at the end of a month, added up by segment into measures."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Float, Integer, Table, bindparam, case, cast, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite

from cxagent.ledger.store import TABLES

MONTH, PERSON, MEASURE = TABLES["account_month"], TABLES["person_month"], TABLES["measure_month"]
COLUMNS = tuple(column.name for column in MONTH.c)
BATCH = 2000
OTHERS = "unknown"
"""The segment of accounts that nobody filed."""

_ACTIVE = MONTH.c.active == 1
_CONTRIBUTION = MONTH.c.arr * MONTH.c.margin - MONTH.c.cost_to_serve
_PLAIN = (
    *("clv", "at_risk", "future_value", "expansion", "contraction", "tickets", "complaints", "csat_sum", "csat_count"),
    *("csat_asked", "sla_breaches", "outages", "recovery_hours", "referrals", "opportunities", "won"),
    *("promises_made", "promises_due", "promises_kept", "promises_late", "consents_asked", "consents_given"),
    *("owner_changed", "sponsor_changed", "quiet", "disagreeing", "misaligned"),
)
"""Columns that are simply added up over the accounts that are there."""


def _of_active(value: Any) -> Any:
    return func.sum(case((_ACTIVE, cast(value, Float))))


def _known(column: Any) -> Any:
    return func.sum(case((_ACTIVE & column.is_not(None), 1.0), else_=0.0))


_SUMS: dict[str, Any] = {
    "accounts": func.sum(cast(MONTH.c.active, Float)),
    "started": func.sum(cast(MONTH.c.started, Float)),
    "left": func.sum(1.0 - MONTH.c.active),
    "arr": _of_active(MONTH.c.arr),
    "churned_arr": func.sum(case((MONTH.c.active == 0, MONTH.c.arr), else_=0.0)),
    "margin_year": _of_active(MONTH.c.arr * MONTH.c.margin),
    "cost_to_serve_year": _of_active(MONTH.c.cost_to_serve),
    "unprofitable": _of_active(case((_CONTRIBUTION < 0, 1.0), (_CONTRIBUTION >= 0, 0.0))),
    "health_sum": _of_active(MONTH.c.health),
    "health_known": _known(MONTH.c.health),
    "onboarding_sum": _of_active(MONTH.c.onboarding),
    "onboarding_squares": _of_active(MONTH.c.onboarding * MONTH.c.onboarding),
    "onboarding_known": _known(MONTH.c.onboarding),
    "clv_known": _known(MONTH.c.clv),
    "trust_sum": _of_active(MONTH.c.trust),
    "trust_known": _known(MONTH.c.trust),
    **{name: _of_active(MONTH.c[name]) for name in _PLAIN},
}
"""Every measure that is a sum over the accounts of a month; nothing known of any of them stays unknown, not zero."""

_BY_SEGMENT = (
    select(MONTH.c.segment, *(total.label(name) for name, total in _SUMS.items()))
    .where(MONTH.c.month == bindparam("month"))
    .group_by(MONTH.c.segment)
)
_OF_PEOPLE = select(
    func.count().label("people"),
    func.sum(PERSON.c.hours).label("hours"),
    func.sum(PERSON.c.hours).label("load_sum"),
    func.sum(PERSON.c.hours * PERSON.c.hours).label("load_squares"),
    func.sum(PERSON.c.pulse * PERSON.c.pulse_answered).label("pulse_sum"),
    func.sum(cast(PERSON.c.pulse_asked, Float)).label("pulse_asked"),
    func.sum(cast(PERSON.c.pulse_answered, Float)).label("pulse_answered"),
    func.sum(cast(PERSON.c.recognised, Float)).label("recognised"),
    func.sum(cast(PERSON.c.learning_cases, Float)).label("learning_cases"),
).where(PERSON.c.month == bindparam("month"))
_IN_MONTH = select(MONTH).where(MONTH.c.month == bindparam("month")).order_by(MONTH.c.account_id)
_OF_ACCOUNT = select(MONTH).where(MONTH.c.account_id == bindparam("account")).order_by(MONTH.c.month)
_LEFT = MONTH.alias("left_behind")
_HOLDINGS = select(
    *(MONTH.c.account_id, MONTH.c.root_id, MONTH.c.segment, MONTH.c.owner, MONTH.c.active),
    *(MONTH.c.arr, MONTH.c.margin, MONTH.c.cost_to_serve, MONTH.c.months_left, MONTH.c.next_renewal),
    *(MONTH.c.hazard_ratio, MONTH.c.p_next, MONTH.c.future_value, MONTH.c.clv, MONTH.c.at_risk),
    *(MONTH.c.health, MONTH.c.usage, MONTH.c.quiet, MONTH.c.misaligned, MONTH.c.csat_sum, MONTH.c.csat_count),
    *(MONTH.c.complaints, MONTH.c.sponsor_changed, MONTH.c.owner_changed),
).where(MONTH.c.month == bindparam("month"), MONTH.c.active == 1)
_GONE = (
    select(MONTH.c.account_id, MONTH.c.segment, MONTH.c.month, _LEFT.c.arr, _LEFT.c.clv)
    .join(_LEFT, (_LEFT.c.account_id == MONTH.c.account_id) & (_LEFT.c.month == bindparam("before")), isouter=True)
    # A literal, for only then the planner takes the index of those that are gone.
    .where(MONTH.c.month == bindparam("month"), MONTH.c.active == literal_column("0"))
)
_COMPLAINING = select(MONTH.c.account_id).where(MONTH.c.month == bindparam("month"), MONTH.c.complaints > 0)
_DUE = TABLES["renewal"]
_FALLING = (
    select(MONTH.c.account_id, func.min(MONTH.c.month).label("first"))
    .join(_DUE, (_DUE.c.account_id == MONTH.c.account_id) & (_DUE.c.month == bindparam("due")))
    .where(MONTH.c.month >= bindparam("since"), MONTH.c.month <= bindparam("until"))
    .where((MONTH.c.quiet == 1) | (MONTH.c.usage <= bindparam("drop")))
    .where(func.coalesce(MONTH.c.csat_sum, 5.0) >= bindparam("content") * func.coalesce(MONTH.c.csat_count, 1))
    .group_by(MONTH.c.account_id)
)
_OTHER = MONTH.alias("other")
_LAST_KNOWN = select(MONTH).where(
    MONTH.c.month
    == select(func.max(_OTHER.c.month))
    .where(_OTHER.c.account_id == MONTH.c.account_id, _OTHER.c.month < bindparam("month"))
    .scalar_subquery(),
    MONTH.c.month >= bindparam("since"),
    MONTH.c.active == 1,
)
_COUNTS = ("tickets", "complaints")
_MORE = (
    MONTH.update()
    .where(MONTH.c.account_id == bindparam("of"), MONTH.c.month == bindparam("in_month"))
    .values(
        {
            MONTH.c[n]: case((MONTH.c[n] > bindparam(f"new_{n}"), MONTH.c[n]), else_=bindparam(f"new_{n}"))
            for n in _COUNTS
        }
    )
)
_MONTHS = select(MEASURE.c.month).where(MEASURE.c.measure == "accounts").distinct().order_by(MEASURE.c.month)
_WORTH = ("hazard_ratio", "p_next", "future_value", "clv", "at_risk")
_VALUE = (
    MONTH.update()
    .where(MONTH.c.account_id == bindparam("of"), MONTH.c.month == bindparam("in_month"))
    .values({MONTH.c[name]: bindparam(f"new_{name}") for name in _WORTH})
)
_TAKE_BACK = MEASURE.delete().where(MEASURE.c.month == bindparam("month"))
_MEASURED = select(MEASURE.c.measure, MEASURE.c.segment, MEASURE.c.month, MEASURE.c.value)


def upsert(table: Any, keys: Sequence[str]) -> dict[str, Any]:
    """Return the statement that writes a row or writes it anew, by the name of the database."""

    def made(dialect: Any) -> Any:
        insert = dialect.insert(table)
        changed = {column.name: insert.excluded[column.name] for column in table.c if column.name not in keys}
        return insert.on_conflict_do_update(index_elements=list(keys), set_=changed)

    return {"sqlite": made(sqlite), "postgresql": made(postgresql)}


_PUT, _PUT_PERSON = upsert(MONTH, ("account_id", "month")), upsert(PERSON, ("person", "month"))


class Worth(NamedTuple):
    """What an account was worth at the end of a month, with what was known then."""

    account_id: str
    hazard_ratio: float
    p_next: float
    future_value: float
    clv: float
    at_risk: float


class Measured(NamedTuple):
    """One sum: of one measure, in one segment, in one month."""

    measure: str
    segment: str
    month: str
    value: float


def kinds(table: Table) -> dict[str, type]:
    """Return what each column of a table holds: text, whole numbers or numbers."""
    return {
        column.name: int if isinstance(column.type, Integer) else float if isinstance(column.type, Float) else str
        for column in table.c
    }


def put(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write months of accounts; one that is there already is written anew."""
    if rows:
        full = [{name: row.get(name) for name in COLUMNS} for row in rows]
        connection.execute(_PUT[connection.dialect.name], full)


def put_people(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write months of colleagues; one that is there already is written anew."""
    if rows:
        names = [column.name for column in PERSON.c]
        connection.execute(_PUT_PERSON[connection.dialect.name], [{n: row.get(n) for n in names} for row in rows])


def values(connection: Connection, month: str, found: Sequence[Worth]) -> None:
    """Write what accounts are worth into their month."""
    if found:
        connection.execute(
            _VALUE,
            [
                {"in_month": month, "of": one.account_id, **{f"new_{name}": getattr(one, name) for name in _WORTH}}
                for one in found
            ],
        )


def in_month(connection: Connection, month: str) -> Iterator[Any]:
    """Yield the accounts of a month, in the order of their names."""
    return iter(connection.execute(_IN_MONTH, {"month": month}, execution_options={"yield_per": BATCH}).mappings())


def count_more(connection: Connection, month: str, found: Mapping[str, tuple[int, int]]) -> None:
    """Note tickets and complaints of a month by account, where there were more than is on record."""
    if found:
        rows = [
            {"of": account, "in_month": month, **dict(zip(("new_tickets", "new_complaints"), counts, strict=True))}
            for account, counts in found.items()
        ]
        connection.execute(_MORE, rows)


def told(connection: Connection, month: str, column: str) -> dict[str, Any]:
    """Return one thing that is known of the accounts of a month, by account."""
    rows = connection.execute(select(MONTH.c.account_id, MONTH.c[column]).where(MONTH.c.month == month))
    return {row[0]: row[1] for row in rows}


def holdings(connection: Connection, month: str) -> Iterator[Any]:
    """Yield what the value of each account of a month rests on, and the value itself."""
    return iter(connection.execute(_HOLDINGS, {"month": month}, execution_options={"yield_per": BATCH}))


def gone(connection: Connection, months: Sequence[tuple[str, str]]) -> list[Any]:
    """Return the accounts that left in some months, each month with the one before it, the dearest account first."""
    found = [row for month, before in months for row in connection.execute(_GONE, {"month": month, "before": before})]
    return sorted(found, key=lambda row: -(row.clv or 0.0))


def complaining(connection: Connection, month: str) -> list[str]:
    """Return the accounts that complained in a month."""
    return list(connection.execute(_COMPLAINING, {"month": month}).scalars())


def first_falling(
    connection: Connection, due: str, since: str, until: str, drop: float, content: float
) -> dict[str, str]:
    """Return the first month, of some before a renewal, in which an account rated well while its signals fell."""
    about = {"due": due, "since": since, "until": until, "drop": drop, "content": content}
    return {row.account_id: row.first for row in connection.execute(_FALLING, about)}


def of_account(connection: Connection, account_id: str) -> list[Any]:
    """Return the months of one account, the earliest first."""
    return list(connection.execute(_OF_ACCOUNT, {"account": account_id}))


def last_known(connection: Connection, month: str, since: str) -> dict[str, Any]:
    """Return the latest row before a month, and not before `since`, of every account that had not left then."""
    about = {"month": month, "since": since}
    return {row["account_id"]: row for row in connection.execute(_LAST_KNOWN, about).mappings()}


def months(connection: Connection) -> list[str]:
    """Return the months that were added up, the earliest first."""
    return list(connection.execute(_MONTHS).scalars())


def sum_up(connection: Connection, month: str, more: Iterable[Measured] = ()) -> None:
    """Add the accounts and people of a month up, segment by segment, and note it with measures from elsewhere."""
    found = list(more)
    for row in connection.execute(_BY_SEGMENT, {"month": month}).mappings():
        found += [Measured(name, row["segment"], month, float(row[name])) for name in _SUMS if row[name] is not None]
    people = connection.execute(_OF_PEOPLE, {"month": month}).mappings().one()
    if people["people"]:
        found += [Measured(n, OTHERS, month, float(value)) for n, value in people.items() if value is not None]
    connection.execute(_TAKE_BACK, {"month": month})
    if found:
        connection.execute(MEASURE.insert(), [one._asdict() for one in found])


def measured(connection: Connection) -> list[Measured]:
    """Return every sum of every month; there are as many as months, segments and measures, whatever the accounts."""
    return [Measured(*row) for row in connection.execute(_MEASURED)]
