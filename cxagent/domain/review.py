"""A review: one person's verdict on one draft, in our form; the wire forms are read in `cxagent.answers`."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from cxagent.domain.proposal import Action
from cxagent.domain.value import Text, Value

Verdict = Literal["approve", "edit", "reject", "respond"]
Severity = Literal["minor", "major", "critical"]
Via = Literal["page", "api", "terminal", "graph"]

REASONS = (
    "wrong_facts",
    "missing_context",
    "stale_data",
    "wrong_account",
    "policy_violation",
    "unauthorised_commitment",
    "wrong_action_or_amount",
    "risk_misjudged",
    "tone_or_brand",
    "language",
    "privacy",
    "legal_or_contract",
    "customer_relationship",
    "duplicate",
    "other",
)
"""Why a reviewer rejected or edited: the closed list."""


class Review(Value):
    """What a person decided; `by` is their name on record, `role` what they may sign as.

    `severity` and `failed_goal` judge a draft that was not good enough, the latter by one of the account's own stated
    goals. `to` is the colleague who takes over after a rejection. `acting_for` lent their authority for some days.
    `seconds` is how long the card was open, `via` the door that the verdict came through.
    """

    verdict: Verdict
    by: Text
    role: Text
    reason: Text | None = None
    note: Text | None = None
    reply: Text | None = None
    actions: tuple[Action, ...] | None = None
    severity: Severity | None = None
    failed_goal: Text | None = None
    to: Text | None = None
    acting_for: Text | None = None
    seconds: Annotated[int, Field(ge=0)] | None = None
    via: Via | None = None


UNKNOWN_NOTICE = 99_999
"""Where a draft stands whose account has no known notice deadline: after those that have one."""


def amount_of(stake: str) -> Decimal:
    """Read the amount of a stake such as `USD 3,900,000.00`; what is unknown is infinite."""
    number = stake.rpartition(" ")[2].replace(",", "")
    return Decimal(number) if number.replace(".", "").lstrip("-").isdigit() else Decimal("Infinity")


def known_amount(stake: str | None) -> Decimal | None:
    """Read the amount of a stake; None where it is unknown, or there is none."""
    amount = amount_of(stake or "")
    return amount if amount.is_finite() else None


def place(deadline: datetime | str, stake: str, days_to_notice: int | None) -> str:
    """Return where a draft stands in the queue, as a text that compares: deadline, money at stake, notice deadline.

    Least time first, to the minute; of those the most at stake, what is unknown before all; then the least notice.
    """
    minute = (deadline if isinstance(deadline, str) else deadline.isoformat())[:16]
    most = 10**15
    amount = amount_of(stake)
    below = 0 if amount.is_infinite() else most - min(int(amount * 100), most - 1)
    notice = UNKNOWN_NOTICE if days_to_notice is None else max(0, min(days_to_notice + 10_000, UNKNOWN_NOTICE))
    return f"{minute} {below:016d} {notice:05d}"
