"""The accounts behind a figure: which of them carried it in a month, those that carry most of it first."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Float, Select, bindparam, case, cast, select

from cxagent.ledger.account_months import MONTH
from cxagent.ledger.store import TABLES

DUE = TABLES["renewal"]
MOST = 50

_ACTIVE = MONTH.c.active == 1
_CONTRIBUTION = MONTH.c.arr * MONTH.c.margin - MONTH.c.cost_to_serve
_RATING = MONTH.c.csat_sum / MONTH.c.csat_count


class Carried(NamedTuple):
    """How accounts carry a measure: who does, by what they stand in order, and how the list is called."""

    said: str
    unit: str
    where: Any
    by: Any
    rising: bool = False


def _most(column: Any, said: str, unit: str = "money") -> Carried:
    return Carried(said, unit, _ACTIVE & (column > 0), column)


def _least(column: Any, said: str, unit: str) -> Carried:
    return Carried(said, unit, _ACTIVE & column.is_not(None), column, rising=True)


def _flag(column: Any, said: str) -> Carried:
    return Carried(said, "money", _ACTIVE & (column == 1), MONTH.c.clv)


CARRIED: dict[str, Carried] = {
    "left": Carried("left in the month", "money", MONTH.c.active == 0, MONTH.c.arr),
    "churned_arr": Carried("left and took their revenue along", "money", MONTH.c.active == 0, MONTH.c.arr),
    "contraction": _most(MONTH.c.contraction, "gave up revenue and stayed"),
    "expansion": _most(MONTH.c.expansion, "grew"),
    "started": Carried("began in the month", "money", _ACTIVE & (MONTH.c.started == 1), MONTH.c.arr),
    "complaints": _most(MONTH.c.complaints, "complained", "count"),
    "quiet": _flag(MONTH.c.quiet, "have gone quiet"),
    "disagreeing": _flag(MONTH.c.disagreeing, "want opposite things"),
    "unprofitable": Carried(
        "cost more to serve than they bring", "money", _ACTIVE & (_CONTRIBUTION < 0), _CONTRIBUTION, rising=True
    ),
    "misaligned": _flag(MONTH.c.misaligned, "want what we do not offer"),
    "at_risk": _most(MONTH.c.at_risk, "have most at risk"),
    "health_sum": _least(MONTH.c.health, "have the lowest health", "score"),
    "clv": _most(MONTH.c.clv, "are worth most"),
    "referrals": _most(MONTH.c.referrals, "referred somebody", "count"),
    "onboarding_sum": _least(MONTH.c.onboarding, "are least far in their onboarding", "score"),
    "onboarding_squares": _least(MONTH.c.onboarding, "are least far in their onboarding", "score"),
    "outages": _most(MONTH.c.recovery_hours, "waited longest for the end of an outage", "hours"),
    "sla_breaches": _most(MONTH.c.sla_breaches, "had a service level breached", "count"),
    "promises_late": _most(MONTH.c.promises_late, "had promises that were not kept in time", "count"),
    "promises_kept": Carried(
        "had a promise due that was not kept by its date",
        "count",
        _ACTIVE & (MONTH.c.promises_due > MONTH.c.promises_kept),
        MONTH.c.promises_due - MONTH.c.promises_kept,
    ),
    "promises_due": _most(MONTH.c.promises_due, "had a promise due", "count"),
    "promises_made": _most(MONTH.c.promises_made, "were promised something", "count"),
    "consents_given": Carried(
        "have contacts whose consent does not stand",
        "count",
        _ACTIVE & (MONTH.c.consents_asked > MONTH.c.consents_given),
        MONTH.c.consents_asked - MONTH.c.consents_given,
    ),
    "csat_sum": Carried("answered, the lowest first", "score", _ACTIVE & (MONTH.c.csat_count > 0), _RATING, True),
    "csat_count": Carried(
        "were asked and did not answer",
        "money",
        _ACTIVE & (MONTH.c.csat_asked > MONTH.c.csat_count),
        MONTH.c.clv,
    ),
    "owner_changed": _flag(MONTH.c.owner_changed, "got another contact on our side"),
    "sponsor_changed": _flag(MONTH.c.sponsor_changed, "have a new sponsor"),
    "trust_sum": _least(MONTH.c.trust, "have the lowest stock of trust", "score"),
    "won": _most(MONTH.c.won, "had an opportunity won", "count"),
    "opportunities": _most(MONTH.c.opportunities, "had an opportunity closed", "count"),
    "margin_year": _least(_CONTRIBUTION, "bring least after the cost to serve", "money"),
    "cost_to_serve_year": _most(MONTH.c.cost_to_serve, "cost most to serve a year"),
    "tickets": _most(MONTH.c.tickets, "sent most tickets", "count"),
    "future_value": _most(MONTH.c.future_value, "would lose most future value"),
    "arr": _most(MONTH.c.arr, "pay most a year"),
}
"""How accounts carry each measure that is a sum over them, the measures that say most about a figure first."""

_SHOWN = (MONTH.c.account_id, MONTH.c.segment, MONTH.c.owner, MONTH.c.arr, MONTH.c.clv, MONTH.c.at_risk)
_RENEWED = (
    select(
        *(DUE.c.account_id, DUE.c.segment, DUE.c.renewed, MONTH.c.owner, MONTH.c.clv, MONTH.c.at_risk),
        *(DUE.c.arr.label("arr"), DUE.c.number.label("carries")),
    )
    .join(MONTH, (MONTH.c.account_id == DUE.c.account_id) & (MONTH.c.month == DUE.c.month), isouter=True)
    .where(DUE.c.month == bindparam("month"))
)


def measure_behind(measures: Iterable[str]) -> str | None:
    """Return the measure, of those of a formula, whose accounts say most; None where no account carries any."""
    wanted = set(measures)
    return next((name for name in CARRIED if name in wanted), None)


def accounts(connection: Connection, measure: str, month: str, segment: str | None = None) -> list[Any]:
    """Return the accounts that carried a measure in a month, at most 50; `carries` is by how much."""
    how = CARRIED[measure]
    carries = cast(how.by, Float)
    order = carries.asc() if how.rising else case((carries.is_(None), 1), else_=0)
    found = select(*_SHOWN, carries.label("carries")).where(MONTH.c.month == month, how.where)
    ordered = (order,) if how.rising else (order, carries.desc())
    return _few(connection, found.order_by(*ordered, MONTH.c.account_id), MONTH.c.segment, segment)


def renewals(connection: Connection, month: str, segment: str | None = None) -> list[Any]:
    """Return the accounts whose renewal came in a month, at most 50, those that did not renew first."""
    ordered = _RENEWED.order_by(DUE.c.renewed, DUE.c.arr.desc(), DUE.c.account_id).params(month=month)
    return _few(connection, ordered, DUE.c.segment, segment)


def _few(connection: Connection, found: Select[Any], column: Any, segment: str | None) -> list[Any]:
    wanted = found if segment is None else found.where(column == segment)
    return list(connection.execute(wanted.limit(MOST)).mappings())
