"""The tools of the subscription: seats, plan, trial, limits, offers, the end."""

from typing import Any

from cxagent.actions import Call, action

from .afterwards import as_before, confirmed, plan_as_before, seats_as_before
from .amounts import share_of_term
from .billing import PAYERS
from .sandbox import done
from .terms import Day, Figure, cancellation, plan_change, rate_limit, seat_change, trial_days

ADMINS = ("admin", "owner")


@action(
    effect="financial",
    reversible="partial",
    idempotent=True,
    assess=seat_change,
    roles=ADMINS,
    role_cap="draft",
    moves="money",
    opposes=("cancel_subscription",),
    dates=("effective_date",),
    undo=seats_as_before,
    check=confirmed,
)
def change_seats(call: Call, delta: Figure = None, effective_date: Day = None) -> dict[str, str]:
    """Add seats (delta above zero) or give some back (below zero)."""
    return done(call, "change_seats", delta=delta, effective_date=effective_date)


@action(
    effect="financial",
    reversible="partial",
    idempotent=True,
    assess=plan_change,
    roles=ADMINS,
    role_cap="draft",
    moves="money",
    opposes=("cancel_subscription",),
    dates=("effective_date",),
    undo=plan_as_before,
    check=confirmed,
)
def change_plan(call: Call, plan: str, effective_date: Day = None) -> dict[str, Any]:
    """Move the account to another plan: starter, team, business or enterprise."""
    return done(call, "change_plan", plan=plan, effective_date=effective_date)


@action(
    effect="legal_security",
    idempotent=True,
    assess=cancellation,
    roles=ADMINS,
    moves="access",
    opposes=("change_seats", "change_plan", "extend_trial"),
    dates=("effective_date",),
)
def cancel_subscription(call: Call, reason: str, effective_date: Day = None) -> dict[str, str]:
    """End the subscription on a day."""
    return done(call, "cancel_subscription", effective_date=effective_date, reason=reason)


@action(
    effect="reversible_op",
    reversible="yes",
    idempotent=True,
    assess=trial_days,
    roles=ADMINS,
    role_cap="draft",
    opposes=("cancel_subscription",),
    dates=("days",),
    kind=("exten",),
)
def extend_trial(call: Call, days: Figure = None) -> dict[str, str]:
    """Let a trial run for some more days."""
    return done(call, "extend_trial", days=days)


@action(
    effect="reversible_op",
    reversible="yes",
    idempotent=True,
    assess=rate_limit,
    roles=ADMINS,
    dates=("until",),
    undo=as_before,
    check=confirmed,
    kind=("rate limit",),
)
def raise_rate_limit(call: Call, limit: str, until: Day = None) -> dict[str, Any]:
    """Raise the API limit, such as 2x, until a day."""
    return done(call, "raise_rate_limit", limit=limit, until=until)


@action(effect="financial", idempotent=True, assess=share_of_term, roles=PAYERS, role_cap="draft", moves="money")
def offer_discount(
    call: Call, conditions: str | list[str], percent: Figure = None, term_months: Figure = None
) -> dict[str, str]:
    """Offer a percentage off the fee over some months, on conditions."""
    return done(call, "offer_discount", percent=percent, term_months=term_months, conditions=conditions)


@action(effect="commitment", reversible="partial", idempotent=True)
def send_quote(call: Call, items: str | list[Any], valid_until: Day = None, discount: Figure = None) -> dict[str, str]:
    """Send a quote that stands until a day."""
    return done(call, "send_quote", items=items, discount=discount, valid_until=valid_until)


@action(effect="commitment", idempotent=True)
def state_contract_terms(call: Call, clause_ref: str) -> dict[str, str]:
    """Tell the customer what a clause of their contract says."""
    return done(call, "state_contract_terms", clause_ref=clause_ref)


TOOLS = (
    change_seats,
    change_plan,
    cancel_subscription,
    extend_trial,
    raise_rate_limit,
    offer_discount,
    send_quote,
    state_contract_terms,
)
