"""One account: what it is worth and why, how that moved, who stands where, and what was promised to whom."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from cxagent.domain import account as documents
from cxagent.domain.value import Text, Value
from cxagent.errors import BadInput
from cxagent.ledger import account_months
from cxagent.ledger.store import Connection
from cxagent.lifetime.account import CONVENTION, Driver, Holding, sensitivity
from cxagent.lifetime.health import Chance
from cxagent.lifetime.ranges import Doubt, ValueRange, value_range
from cxagent.lifetime.retention import renewal_rate
from cxagent.trends.series import Series, months_from
from cxagent.trends.slope import Direction, trend
from cxagent.value.months import later, month_of
from cxagent.value.report import Point, TrendOf
from cxagent.value.valuing import Known, features_of, holding_of

FOLLOWED: tuple[tuple[str, str, str, Direction], ...] = (
    ("clv", "lifetime value", "money", "up"),
    ("health", "health", "score", "up"),
    ("at_risk", "value at risk", "money", "down"),
    ("arr", "yearly revenue", "money", "up"),
    ("usage", "change in usage", "share", "up"),
    ("complaints", "complaints", "count", "down"),
    ("trust", "trust", "score", "up"),
)
"""What is followed of one account: the column, its name, its unit, and which way is good."""
STANCE_DAYS = 180
"""After so many days nobody knows whether a stance still holds."""


class Followed(Value):
    """One figure of an account over its months, with its trend and verdict."""

    name: Text
    title: Text
    unit: Text
    direction: Direction
    series: tuple[Point, ...]
    trend: TrendOf


class Stakeholder(Value):
    """A person of the account: where they stand, since when that is known, and whether it may still hold."""

    name: Text
    role: Text | None
    department: Text | None
    stance: Text | None
    said_on: date | None
    fresh: bool


class PromiseTold(Value):
    """A promise on file: `kept`, `late` or `open`."""

    what: Text
    due: date | None
    state: Text


class AccountReport(Value):
    """What is known of an account and its worth; parts that cannot be told are None, and `unknown` says why."""

    account_id: Text
    segment: Text
    owner: Text | None
    month: Text
    active: bool
    worth: ValueRange | None
    chance: Chance | None
    drivers: tuple[Driver, ...]
    followed: tuple[Followed, ...]
    stakeholders: tuple[Stakeholder, ...]
    promises: tuple[PromiseTold, ...]
    unknown: tuple[Text, ...]
    basis: Text
    convention: Text


def account_report(
    connection: Connection, known: Known, account_id: str, today: date, document: documents.Account | None = None
) -> AccountReport:
    """Return what is known of an account; `document` is what the sources say of it now. `BadInput` where nothing is."""
    rows = account_months.of_account(connection, account_id)
    if not rows:
        raise BadInput(
            "no month of this account is on record; `cxagent value observe` looks at all accounts", where=account_id
        )
    last = rows[-1]
    held = holding_of(last) if last.active else None
    estimate, features = known.of(last.segment), features_of(last)
    base = 1 - renewal_rate(estimate.retention, last.next_renewal or 1)
    chance = known.health.chance(features, base) if last.active else None
    return AccountReport(
        account_id=account_id,
        segment=last.segment,
        owner=last.owner,
        month=last.month,
        active=bool(last.active),
        worth=_worth(last, held, known, chance) if held else None,
        chance=chance,
        drivers=sensitivity(held, estimate.retention, known.terms.discount) if held else (),
        followed=tuple(_followed(rows, month_of(today), *one) for one in FOLLOWED),
        stakeholders=_stakeholders(document, today),
        promises=_promises(document, today),
        unknown=tuple(_unknown(last)),
        basis=estimate.basis,
        convention=CONVENTION.format(discount=known.terms.discount),
    )


def _worth(row: Any, held: Holding, known: Known, chance: Chance | None) -> ValueRange:
    """Return what the account is worth as its month has it, with the interval around it."""
    found = value_range(held, known.of(row.segment), known.terms.discount, _doubt(chance))
    if row.clv is None:
        return found
    return ValueRange(
        clv=found.clv.around(row.clv),
        future_value=found.future_value.around(row.future_value),
        at_risk=found.at_risk.around(row.at_risk),
    )


def _doubt(chance: Chance | None) -> Doubt | None:
    return Doubt(hazard_ratio=(chance.hazard_ratio.low, chance.hazard_ratio.high)) if chance else None


def _followed(rows: Sequence[Any], running: str, column: str, title: str, unit: str, direction: Direction) -> Followed:
    by_month: Mapping[str, float | None] = {row.month: getattr(row, column) for row in rows}
    months = months_from(rows[0].month, rows[-1].month)
    series = Series(months, tuple(by_month.get(month) for month in months))
    return Followed(
        name=column,
        title=title,
        unit=unit,
        direction=direction,
        series=tuple(
            Point(month=m, value=v, partial=m == running) for m, v in zip(series.months, series.values, strict=True)
        ),
        trend=TrendOf(**trend(series.until(later(running, -1)).values, direction)._asdict()),
    )


def _stakeholders(document: documents.Account | None, today: date) -> tuple[Stakeholder, ...]:
    contacts = (document.crm.contacts if document and document.crm else None) or ()
    return tuple(
        Stakeholder(
            name=one.name or one.email,
            role=one.role,
            department=one.department,
            stance=one.stance,
            said_on=one.stance_on,
            fresh=bool(one.stance_on and (today - one.stance_on).days <= STANCE_DAYS),
        )
        for one in contacts
        if one.left_on is None
    )


def _promises(document: documents.Account | None, today: date) -> tuple[PromiseTold, ...]:
    promises = (document.support.promises if document and document.support else None) or ()
    return tuple(PromiseTold(what=one.what, due=one.due, state=_state(one, today)) for one in promises)


def _state(promise: documents.Promise, today: date) -> str:
    if promise.kept:
        return "kept"
    late = promise.kept is False or (promise.due is not None and promise.due < today)
    return "late" if late else "open"


def _unknown(row: Any) -> Sequence[str]:
    names = {"arr": "yearly revenue", "margin": "gross margin", "months_left": "renewal date", "health": "health"}
    said = [f"the {name} is not known" for column, name in names.items() if getattr(row, column) is None]
    if row.cost_to_serve is None:
        said.append("the cost to serve is not known and counted as nothing")
    return said
