"""How much a figure swings, and whether that is more than it should: level and variance are two things.

The test is fixed in advance. Swings are distances from the straight line of the series to their own median; two sets of
them are compared by their means, one-sided at 1 %, with Welch's t and as many degrees as the months are worth (Brown
and Forsythe 1974, who show that such a test holds for figures that are not normal, where the F test does not). Churn
is held against chance instead: the index of dispersion of Cochran (1954), one-sided at 1 %.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, median, stdev
from typing import NamedTuple

from cxagent.trends.series import known
from cxagent.trends.slope import ENOUGH, detrended, worth
from cxagent.trends.student import quantile

RISK = 0.01
"""The chance of an alert where nothing differs."""
LEAST_EXPECTED = 1.0
"""Fewer accounts that leave by chance in a month, on average, and the comparison with chance says nothing."""


class Volatility(NamedTuple):
    """How a series swings beside another: the spread of each, whether the first is beyond doubt wider, and why."""

    spread: float | None
    usual: float | None
    alert: bool
    why: str


class _Swings(NamedTuple):
    spread: float
    mean: float
    error: float
    worth: float


def more_volatile(values: Sequence[float | None], than: Sequence[float | None]) -> Volatility:
    """Compare the swings of a series with those of another, which may have any level and any trend."""
    one, other = _swings(values), _swings(than)
    if one is None or other is None:
        return Volatility(None, None, False, f"not enough history: both need {ENOUGH} months")
    usual = other.spread
    error = math.hypot(one.error, other.error)
    if error == 0:
        return Volatility(one.spread, usual, one.mean > other.mean, "neither swings in more than one way")
    squares = (one.error**4 / (one.worth - 1), other.error**4 / (other.worth - 1))
    degrees = max(1.0, error**4 / sum(squares))
    score, limit = (one.mean - other.mean) / error, quantile(RISK, degrees)
    return Volatility(one.spread, usual, score > limit, f"t {score:.2f} against {limit:.2f}, one-sided 1 %")


def unsettled(values: Sequence[float | None], recent: int = ENOUGH) -> Volatility:
    """Compare the recent months of a series with all months before them."""
    return more_volatile(values[-recent:], values[:-recent])


def _swings(values: Sequence[float | None]) -> _Swings | None:
    away = detrended(values)
    if len(away) < ENOUGH:
        return None
    middle = median(away)
    swings = [abs(one - middle) for one in away]
    mean = fmean(swings)
    n_e = worth([one - mean for one in swings])
    spread = stdev(swings)
    return _Swings(stdev(away), mean, spread / math.sqrt(n_e), n_e)


class ChurnVariance(NamedTuple):
    """The variance of a churn rate between months, and the part of it that chance alone would make."""

    variance: float | None
    by_chance: float | None
    alert: bool
    why: str


def churn_variance(left: Sequence[float | None], of: Sequence[float | None]) -> ChurnVariance:
    """Return how a churn rate varies from month to month, `left` accounts out of `of`, beside what chance makes."""
    pairs = [
        (gone, base) for x, n in zip(left, of, strict=True) if (gone := known(x)) is not None and (base := known(n))
    ]
    if len(pairs) < ENOUGH:
        return ChurnVariance(None, None, False, f"not enough history: {len(pairs)} of {ENOUGH} months")
    rate = sum(gone for gone, _ in pairs) / sum(base for _, base in pairs)
    expected = rate * sum(base for _, base in pairs) / len(pairs)
    shares = [gone / base for gone, base in pairs]
    variance = stdev(shares) ** 2
    by_chance = fmean(rate * (1 - rate) / base for _, base in pairs)
    if expected < LEAST_EXPECTED or rate >= 1:
        return ChurnVariance(variance, by_chance, False, f"too few leave to tell chance apart: {expected:.2g} a month")
    index = sum((gone - base * rate) ** 2 / (base * rate * (1 - rate)) for gone, base in pairs)
    limit = _chi_square(RISK, len(pairs) - 1)
    return ChurnVariance(variance, by_chance, index > limit, f"dispersion {index:.1f} against {limit:.1f}, 1 %")


def _chi_square(above: float, degrees: int) -> float:
    """Return the chi-square quantile of Wilson and Hilferty (1931), right to 0.1 % from 11 degrees."""
    part = 2 / (9 * degrees)
    return degrees * (1 - part + NormalDist().inv_cdf(1 - above) * math.sqrt(part)) ** 3
