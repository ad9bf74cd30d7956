"""What one account is worth: what its signed term still brings, and what follows if it renews.

Conventions, to be told with every figure: annual renewals, margin and not revenue, money of a new term is counted on
the day of the renewal, what is left of the signed term is not discounted. Health moves the odds of the next renewal
alone.
"""

import math
from enum import StrEnum

from cxagent.domain.value import Value
from cxagent.lifetime.retention import Retention, expected_renewals, renewal_rate

CONVENTION = (
    "margin, not revenue; annual renewals; {discount:.0%} a year; a new term counts on its renewal date; health moves "
    "the next renewal alone; no expansion"
)

LEAST_DISCOUNT = 0.001
"""A what-if that lowers the discount leaves at least this, so that the sums end."""


class Holding(Value):
    """What is known of an account for its value: money a year in one currency, time in months.

    `next_renewal` is the number of the renewal that comes next, 1 in the first term. `hazard_ratio` is how far health
    moves the odds of leaving at it. `owed` are credits that are promised and not yet given.
    """

    arr: float
    margin: float
    cost_to_serve: float
    months_left: float
    next_renewal: int = 1
    hazard_ratio: float = 1.0
    owed: float = 0.0

    @property
    def contribution(self) -> float:
        """Return m, what a year brings after the cost of serving it."""
        return self.arr * self.margin - self.cost_to_serve

    @property
    def rest(self) -> float:
        """Return what the signed term still brings, less the credits that are owed."""
        return self.contribution * self.months_left / 12 - self.owed

    def yearly(self, discount: float) -> float:
        """Return v * m, the contribution of a year that begins at the next renewal, valued today."""
        return self.contribution * math.pow(1 + discount, -self.months_left / 12)


class AccountValue(Value):
    """What an account is worth: `clv` = rest + (1 - p_next) * future_value, `at_risk` = p_next * future_value.

    `future_value` is what follows, valued today, given that it renews: the stake if it leaves.
    """

    p_next: float
    future_value: float
    rest: float
    clv: float
    at_risk: float


def account_value(of: Holding, retention: Retention, discount: float, lift: float = 0.0) -> AccountValue:
    """Return the value of an account under its segment's retention, or with every renewal rate `lift` points higher."""
    rate = renewal_rate(retention, of.next_renewal, lift)
    odds = of.hazard_ratio * (1 - rate) / rate
    p_next = odds / (1 + odds)
    future = of.yearly(discount) * yearly_payments(retention, of.next_renewal, discount, lift)
    return AccountValue(
        p_next=p_next,
        future_value=future,
        rest=of.rest,
        clv=of.rest + (1 - p_next) * future,
        at_risk=p_next * future,
    )


def yearly_payments(retention: Retention, n: int, discount: float, lift: float = 0.0) -> float:
    """Return 1 + DERL_{n+1} / (1 + d): what 1 a year is worth on the day of the n-th renewal, given that it renews."""
    return 1 + expected_renewals(retention, n + 1, discount, lift) / (1 + discount)


class Lever(StrEnum):
    """What an account's value hangs on, and how far each is moved to see how much."""

    RETENTION = "every renewal rate 5 points lower and higher"
    MARGIN = "a margin a tenth lower and higher"
    HEALTH = "twice the odds of leaving at the next renewal, and as its segment"
    DISCOUNT = "a discount 2 points higher and lower"


class Driver(Value):
    """How far one lever moves the CLV: at its worse and at its better setting."""

    lever: Lever
    worse: float
    better: float

    @property
    def swing(self) -> float:
        """Return the distance between the two, in money."""
        return abs(self.better - self.worse)


def sensitivity(of: Holding, retention: Retention, discount: float) -> tuple[Driver, ...]:
    """Return what the account's CLV hangs on, the largest swing first."""

    def clv(rate: float = discount, lift: float = 0.0, **changed: float) -> float:
        return account_value(of.model_copy(update=changed), retention, rate, lift).clv

    drivers = (
        Driver(lever=Lever.RETENTION, worse=clv(lift=-0.05), better=clv(lift=0.05)),
        Driver(lever=Lever.MARGIN, worse=clv(margin=0.9 * of.margin), better=clv(margin=1.1 * of.margin)),
        Driver(lever=Lever.HEALTH, worse=clv(hazard_ratio=2.0), better=clv(hazard_ratio=1.0)),
        Driver(lever=Lever.DISCOUNT, worse=clv(discount + 0.02), better=clv(max(LEAST_DISCOUNT, discount - 0.02))),
    )
    return tuple(sorted(drivers, key=lambda one: -one.swing))
