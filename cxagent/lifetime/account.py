"""What one account is worth: what its signed term still brings, and what follows if it renews.

Conventions, to be told with every figure: annual renewals, margin and not revenue, money of a new term is counted on the
day of the renewal, what is left of the signed term is not discounted. Health moves the odds of the next renewal alone.
"""

from cxagent.domain.value import Value
from cxagent.lifetime.retention import Retention, expected_renewals, renewal_rate

CONVENTION = (
    "margin, not revenue; annual renewals; {discount:.0%} a year; a new term counts on its renewal date; health moves "
    "the next renewal alone; no expansion"
)


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


class AccountValue(Value):
    """What an account is worth: `clv` = rest + (1 - p_next) * future_value, `at_risk` = p_next * future_value.

    `future_value` is what follows, valued today, given that it renews: the stake if it leaves.
    """

    p_next: float
    future_value: float
    rest: float
    clv: float
    at_risk: float


def account_value(of: Holding, retention: Retention, discount: float) -> AccountValue:
    """Return the value of an account under its segment's retention."""
    base = 1 - renewal_rate(retention, of.next_renewal)
    odds = of.hazard_ratio * base / (1 - base)
    p_next = odds / (1 + odds)
    follows = expected_renewals(retention, of.next_renewal + 1, discount)
    today = (1 + discount) ** (-of.months_left / 12)
    future = today * of.contribution * (1 + follows / (1 + discount))
    rest = of.contribution * of.months_left / 12 - of.owed
    return AccountValue(
        p_next=p_next, future_value=future, rest=rest, clv=rest + (1 - p_next) * future, at_risk=p_next * future
    )
