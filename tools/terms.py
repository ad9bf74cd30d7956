"""Dates, plans and limits of a call: what is past, lasting, more than the terms allow, or cannot be read."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cxagent.domain.account import Account
from cxagent.domain.money import decimal
from cxagent.domain.tool import Assessment
from cxagent.domain.vocabulary import EffectClass

# A missing or broken figure or day is no invalid argument: it validates, and the assessment says what is wrong with it.
Figure = Any
Day = str | date | None

PLANS = ("starter", "team", "business", "enterprise")
TEMPORARY_DAYS = 90
EXTENSION_DAYS = 14
TRIAL_DAYS = 14

_MONTHLY = re.compile(r"\bmonth", re.IGNORECASE)
_COMMITTED = re.compile(r"annual|year|commit|quarter|fixed|minimum|\d+[\s-]*months?\b", re.IGNORECASE)
_EXTENDED = re.compile(r"\bexten", re.IGNORECASE)
_PAYMENT = re.compile(r"\b(?:pay|invoice|terms?\b|due\b)", re.IGNORECASE)


def monthly(account: Account) -> bool:
    """Tell whether the plan is plainly monthly: both papers are known, one says so, neither commits to more."""
    terms = account.billing.terms if account.billing else None
    kind = account.contract.kind if account.contract else None
    if terms is None or kind is None or account.contract is None or account.contract.special_terms != ():
        return False
    papers = f"{terms}; {kind}"
    return bool(_MONTHLY.search(papers)) and not _COMMITTED.search(papers)


def seat_change(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Judge more seats as a sale, a few less on a monthly plan as reversible, everything else as a contraction."""
    delta, problem = whole(args.get("delta")), _unready(args.get("effective_date"), today)
    if not delta:
        return Assessment(undecidable="the change is missing or not a whole number of seats")
    if delta > 0:
        return Assessment(undecidable=problem)
    seats = account.billing.seats if account.billing else None
    # 20 % as whole numbers: five times the decrease is at most what there is.
    if not monthly(account) or seats is None or -delta * 5 > seats:
        return Assessment(undecidable=problem, matter="contraction")
    return Assessment(undecidable=problem) if problem else Assessment(effect=EffectClass.REVERSIBLE_OP)


def plan_change(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Judge a move to the top plan as a sale; no record shows today's plan, so any other may be a contraction."""
    plan = str(args.get("plan")).strip().lower()
    return Assessment(
        undecidable=_unready(args.get("effective_date"), today), matter=None if plan == PLANS[-1] else "contraction"
    )


def cancellation(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Tell the cancellation of a plainly monthly plan from every other one."""
    plain = monthly(account) and _unready(args.get("effective_date"), today) is None
    return Assessment(matter="plain_monthly_cancel" if plain else None)


def trial_days(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Judge a trial that grows by more than two weeks as over the limit."""
    days = whole(args.get("days"))
    if days is None or days <= 0:
        return Assessment(undecidable="the extension is missing or not a whole number of days")
    return Assessment(matter="over_limit" if days > TRIAL_DAYS else None)


def payment_days(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Judge a later due date: up to two weeks, once for an invoice, gives nothing away."""
    days, number = whole(args.get("extra_days")), str(args.get("invoice_id"))
    if days is None or days <= 0:
        return Assessment(undecidable="the extension is missing or not a whole number of days")
    if days > EXTENSION_DAYS:
        return Assessment(undecidable=f"the extension is more than {EXTENSION_DAYS} days")
    if _extended(account, number):
        return Assessment(undecidable=f"the terms of {number} were extended before")
    return Assessment()


def payment_hold(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Judge a stopped suspension: reversible for a while, a concession of money while something is overdue."""
    overdue, until = account.billing.overdue if account.billing else None, args.get("until")
    problem = _unready(until, today)
    if problem is None and _lasting(until, today):
        problem = f"the hold lasts more than {TEMPORARY_DAYS} days"
    owes = overdue is None or overdue.amount != 0
    return Assessment(effect=EffectClass.FINANCIAL if owes else None, undecidable=problem)


def rate_limit(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Judge a raised limit as permanent where it has no number, no end, or an end far away."""
    limit, until = args.get("limit"), args.get("until")
    if not re.search(r"\d", str(limit)) or _lasting(until, today):
        return Assessment(matter="permanent")
    return Assessment(undecidable=_unready(until, today))


def day(value: Any) -> date | None:
    """Read an ISO 8601 day, or the day of an ISO 8601 moment; None where it is neither."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(value).date() if isinstance(value, str) else None
    except ValueError:
        return None


def whole(value: Any) -> int | None:
    """Read a whole number; None where it is missing or broken."""
    number = signed(value)
    return int(number) if number is not None and number == number.to_integral_value() else None


def signed(value: Any) -> Decimal | None:
    """Read a plain number with its sign; None where it is missing or no such number."""
    try:
        return decimal(repr(value) if isinstance(value, float) else value)
    except ValueError:
        return None


def _unready(value: Any, today: date) -> str | None:
    on = day(value)
    if on is None:
        return "the date is missing or not written as YYYY-MM-DD"
    return "the date lies in the past" if on < today else None


def _lasting(value: Any, today: date) -> bool:
    until = day(value)
    return until is None or (until - today).days > TEMPORARY_DAYS


def _extended(account: Account, number: str) -> bool:
    invoices = (account.billing.invoices if account.billing else None) or ()
    history = (account.support.history if account.support else None) or ()
    others = [invoice.number for invoice in invoices if invoice.number != number]
    notes = [invoice.note for invoice in invoices if invoice.number == number and invoice.note]
    # What names no other invoice may mean this one.
    told = [item.what for item in history if number in item.what or not any(other in item.what for other in others)]
    return any(_EXTENDED.search(text) for text in [*notes, *filter(_PAYMENT.search, told)])
