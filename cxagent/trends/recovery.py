"""Trust as a stock that events fill and drain, and how long a figure takes to recover from a shock.

The stock is our own definition, an assumption and no measurement. Each month S <- f * S + w(x), with f = 2^(-1 / half
life) and a delivery x from -1 (a full breach) to 1 (all that was promised); None is a month without a delivery.
w(x) = (1 - 2^-x) / ln 2 is strictly concave and a full breach weighs twice what a full success does, so that swings
cost trust even where the mean is the same. While S is below zero a breach weighs 1 + s / (1 + s) times as much, s = -S:
it hits harder after a bad history, at most twice as hard.
"""

import math
from collections.abc import Sequence
from statistics import fmean, median
from typing import NamedTuple

from cxagent.trends.series import known

HALF_LIFE = 6.0
"""Months after which half of what was felt is forgotten; the playbook's half life of trust goes before it."""
BEFORE = 6
"""How many months before a shock are its base line."""
PEAK_WITHIN = 3
"""Within how many months a shock reaches its worst."""
CLEAR = 2.0
"""A jump must be so many times the usual swing before it to be called a shock."""


def felt(delivery: float, stock: float = 0.0) -> float:
    """Return what one delivery adds to a stock of trust, a breach the more the lower the stock already is."""
    weight = (1 - math.exp2(-min(1.0, max(-1.0, delivery)))) / math.log(2)
    sore = max(0.0, -stock)
    return weight * (1 + sore / (1 + sore)) if weight < 0 else weight


def trust_stock(
    deliveries: Sequence[float | None], half_life: float = HALF_LIFE, start: float = 0.0
) -> tuple[float, ...]:
    """Return the stock of trust after each month; O(1) a month, so that it can go on from any stock."""
    stocks, stock, fades = [], start, math.exp2(-1 / half_life)
    for delivery in deliveries:
        one = known(delivery)
        stock = fades * stock + (felt(one, stock) if one is not None else 0.0)
        stocks.append(stock)
    return tuple(stocks)


class Recovery(NamedTuple):
    """How far a shock went and how many months half of it took to go; None while it has not, or where none was."""

    jump: float | None
    half_life: float | None
    why: str


def recovery(values: Sequence[float | None], shock: int) -> Recovery:
    """Return the half life of the shock that came in month number `shock` of the series, counted from its worst month.

    The base line is the median of the six months before. Between two months the path is taken as straight; where the
    series ends first, `why` says how long it has not recovered.
    """
    before = [one for value in values[max(0, shock - BEFORE) : shock] if (one := known(value)) is not None]
    path = [known(value) for value in values[shock:]]
    if len(before) < PEAK_WITHIN or not any(one is not None for one in path[:PEAK_WITHIN]):
        return Recovery(None, None, f"insufficient history: {len(before)} of {PEAK_WITHIN} months before the shock")
    base = median(before)
    away = [None if one is None else one - base for one in path]
    worst = max(
        (place for place, one in enumerate(away[:PEAK_WITHIN]) if one is not None),
        key=lambda place: abs(away[place] or 0),
    )
    jump = away[worst] or 0.0
    if abs(jump) <= CLEAR * fmean(abs(one - base) for one in before) or jump == 0:
        return Recovery(jump, None, "no shock: the jump is within the usual swing")
    left = [None if one is None else one / jump for one in away[worst:]]
    return _halved(left, jump)


def _halved(left: Sequence[float | None], jump: float) -> Recovery:
    """Find where the share of the jump that is left first comes down to a half."""
    at, share = 0, 1.0
    for place, one in enumerate(left[1:], 1):
        if one is None:
            continue
        if one <= 0.5:
            return Recovery(jump, at + (place - at) * (share - 0.5) / (share - one), "half of the jump is gone")
        at, share = place, one
    return Recovery(jump, None, f"not yet: {share:.0%} of the jump is left after {at} months")
