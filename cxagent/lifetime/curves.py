"""Observed survival, without any model of it: the curve of Kaplan and Meier, and whether two groups differ.

It is drawn beside a fitted retention, so that a reader sees where the two part. `kaplan_meier` and `log_rank` over
single accounts serve analyses of one's own and reproduce the published tables; no report shows them.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cxagent.domain.value import Value
from cxagent.errors import BadInput
from cxagent.lifetime.fitting import Renewals, pooled
from cxagent.lifetime.spread import NINETY


class Stay(NamedTuple):
    """How long one account was seen, and whether it had left then (or is still there, or was lost from sight)."""

    time: float
    left: bool


class Step(Value):
    """One time at which accounts left: how many were there before, and what share is left after it.

    `error` is Greenwood's standard error; `low` and `high` are the 90 % interval on the scale ln(-ln S), which stays
    between 0 and 1.
    """

    time: float
    there: int
    left: int
    survival: float
    error: float
    low: float
    high: float


class LogRank(Value):
    """Whether two groups leave alike: chi squared with one degree of freedom, its p-value, and leavers of the first."""

    chi_squared: float
    p_value: float
    observed: int
    expected: float


def kaplan_meier(stays: Iterable[Stay]) -> tuple[Step, ...]:
    """Return the survival curve of accounts, one step for each time at which some left (Kaplan and Meier 1958)."""
    return tuple(_steps(_leaving(tuple(stays))))


def observed_curve(renewals: Iterable[Renewals]) -> tuple[Step, ...]:
    """Return the survival curve over renewals, in which an account first seen in a later term counts from there on."""
    return tuple(_steps((float(one.number), one.renewed + one.lost, one.lost) for one in pooled(renewals)))


def log_rank(one: Iterable[Stay], other: Iterable[Stay]) -> LogRank:
    """Return whether two groups leave alike (Mantel 1966), with the hypergeometric variance at tied times."""
    first, second = tuple(one), tuple(other)
    mine = {time: (there, left) for time, there, left in _leaving(first, at=first + second)}
    expected = variance = 0.0
    observed = 0
    for time, there, left in _leaving(first + second):
        own, gone = mine[time]
        observed += gone
        expected += left * own / there
        if there > 1:
            variance += left * own * (there - own) * (there - left) / (there**2 * (there - 1))
    if variance == 0:
        raise BadInput("nobody left while both groups had accounts, so they cannot be compared")
    chi = (observed - expected) ** 2 / variance
    return LogRank(chi_squared=chi, p_value=math.erfc(math.sqrt(chi / 2)), observed=observed, expected=expected)


def _leaving(stays: tuple[Stay, ...], at: tuple[Stay, ...] | None = None) -> Iterator[tuple[float, int, int]]:
    """Yield each time at which an account of `at` left, with how many of `stays` were there and how many left."""
    times = sorted({stay.time for stay in (stays if at is None else at) if stay.left})
    left = Counter(stay.time for stay in stays if stay.left)
    lengths = sorted(stay.time for stay in stays)
    gone = 0
    for time in times:
        while gone < len(lengths) and lengths[gone] < time:
            gone += 1
        yield time, len(lengths) - gone, left[time]


def _steps(leaving: Iterable[tuple[float, int, int]]) -> Iterator[Step]:
    survival, variance = 1.0, 0.0
    for time, there, left in leaving:
        if not left:
            continue
        survival *= 1 - left / there
        variance += left / (there * (there - left)) if there > left else 0.0
        low, high = _band(survival, variance)
        error = survival * math.sqrt(variance)
        yield Step(time=time, there=there, left=left, survival=survival, error=error, low=low, high=high)


def _band(survival: float, variance: float) -> tuple[float, float]:
    if survival <= 0:
        return 0.0, 0.0
    reach = NINETY * math.sqrt(variance) / -math.log(survival)
    return survival ** math.exp(reach), survival ** math.exp(-reach)
