"""What an account, or a whole portfolio, is worth with its interval: the values under every retention that is possible.

The interval is that of the expected value: it tells how well the segment's retention is known, not how one account's
luck may turn. What is known of an account only as a range is no chance and has none; its ends are combined, so that the
interval holds wherever in the range the truth lies.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import product
from typing import NamedTuple

from cxagent.domain.value import Value
from cxagent.lifetime.account import AccountValue, Holding, account_value, yearly_payments
from cxagent.lifetime.fitting import Estimate
from cxagent.lifetime.retention import Retention, renewal_rate
from cxagent.lifetime.spread import Spread, spread

FINENESS = 50
"""Hazard ratios of a portfolio are told apart in steps of 1/50 of their logarithm, which is two per cent."""

Range = tuple[float, float]


class Doubt(Value):
    """What is known of an account only as a range from low to high; nothing where the holding's own figure is known."""

    margin: Range | None = None
    cost_to_serve: Range | None = None
    hazard_ratio: Range | None = None


class ValueRange(Value):
    """What an account or a portfolio is worth, each figure with its interval."""

    clv: Spread
    future_value: Spread
    at_risk: Spread


class Group(NamedTuple):
    """The accounts of a segment that share the next renewal's number and, within two per cent, the hazard ratio."""

    next_renewal: int
    hazard_ratio: float
    accounts: int
    rest: float
    yearly: float


def value_range(of: Holding, estimate: Estimate, discount: float, doubt: Doubt | None = None) -> ValueRange:
    """Return what an account is worth with its 90 % interval, the wider the less is known of it."""
    corners = tuple(_corners(of, doubt)) if doubt else ()
    itself = _account_range(of, estimate, discount)
    others = [_account_range(corner, estimate, discount) for corner in corners]
    return ValueRange(
        clv=_around(itself.clv, [one.clv for one in others]),
        future_value=_around(itself.future_value, [one.future_value for one in others]),
        at_risk=_around(itself.at_risk, [one.at_risk for one in others]),
    )


def _corners(of: Holding, doubt: Doubt) -> Iterable[Holding]:
    """Yield the account at every combination of the ends of what is in doubt."""
    unsure = {name: ends for name, ends in doubt if ends is not None}
    for corner in product(*unsure.values()):
        yield of.model_copy(update=dict(zip(unsure, corner, strict=True)))


def _account_range(of: Holding, estimate: Estimate, discount: float) -> ValueRange:
    values = [(account_value(of, law, discount), weight) for law, weight in estimate.laws]

    def over(figure: Callable[[AccountValue], float]) -> Spread:
        return spread((figure(value), weight) for value, weight in values)

    return ValueRange(
        clv=over(lambda value: value.clv),
        future_value=over(lambda value: value.future_value),
        at_risk=over(lambda value: value.at_risk),
    )


def _around(itself: Spread, others: Iterable[Spread]) -> Spread:
    """Return a figure with an interval that covers those of all corners."""
    all_of_them = (itself, *others)
    return Spread(
        low=min(one.low for one in all_of_them),
        median=itself.median,
        high=max(one.high for one in all_of_them),
    )


def grouped(holdings: Iterable[Holding], discount: float) -> tuple[Group, ...]:
    """Return a segment's accounts as groups, few enough that a portfolio of any size costs the same."""
    sums: dict[tuple[int, float], list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    for one in holdings:
        ratio = one.hazard_ratio
        group = sums[one.next_renewal, round(math.log(ratio) * FINENESS) / FINENESS if ratio > 0 else -math.inf]
        group[0] += 1
        group[1] += one.rest
        group[2] += one.yearly(discount)
    ordered = sorted(sums.items())
    return tuple(Group(n, math.exp(ratio), int(count), rest, yearly) for (n, ratio), (count, rest, yearly) in ordered)


def portfolio_range(groups: Iterable[Group], estimate: Estimate, discount: float) -> ValueRange:
    """Return what a segment's accounts are worth together; for several segments see `spread.total`."""
    of_them = tuple(groups)
    values = [(_together(of_them, law, discount), weight) for law, weight in estimate.laws]
    clv, future, risk = (spread((value[place], weight) for value, weight in values) for place in range(3))
    return ValueRange(clv=clv, future_value=future, at_risk=risk)


def lifted(groups: Iterable[Group], estimate: Estimate, discount: float, lift: float) -> Spread:
    """Return what a segment's CLV gains if every renewal rate rose by `lift` (0.01 is a point): a what-if, no claim."""
    of_them = tuple(groups)
    return spread(
        (_together(of_them, law, discount, lift)[0] - _together(of_them, law, discount)[0], weight)
        for law, weight in estimate.laws
    )


def _together(
    groups: Iterable[Group], law: Retention, discount: float, lift: float = 0.0
) -> tuple[float, float, float]:
    """Return CLV, future value and value at risk of groups under one retention."""
    laws: dict[int, tuple[float, float]] = {}
    rest = future = risk = 0.0
    for group in groups:
        n = group.next_renewal
        if n not in laws:
            rate = renewal_rate(law, n, lift)
            laws[n] = (1 - rate) / rate, yearly_payments(law, n, discount, lift)
        base, payments = laws[n]
        odds = group.hazard_ratio * base
        follows = group.yearly * payments
        rest, future, risk = rest + group.rest, future + follows, risk + follows * odds / (1 + odds)
    return rest + future - risk, future, risk
