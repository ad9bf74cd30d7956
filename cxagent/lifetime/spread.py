"""A figure with its uncertainty: the median and the interval in which it lies with a chance of 90 %."""

import math
from collections.abc import Iterable, Sequence

from cxagent.domain.value import Value

NINETY = 1.6448536269514722
"""How many standard deviations a 90 % interval reaches to either side."""


class Spread(Value):
    """A figure with its uncertainty: the median, and the 5 % and the 95 % quantile around it."""

    low: float
    median: float
    high: float

    def around(self, value: float) -> "Spread":
        """Return the interval around a value that was told before, under the middle of what is possible."""
        return Spread(low=min(self.low, value), median=value, high=max(self.high, value))


def spread(weighted: Iterable[tuple[float, float]]) -> Spread:
    """Return median and 90 % interval of values with weights."""
    values = sorted(weighted)
    low, median, high = (_quantile(values, share) for share in (0.05, 0.5, 0.95))
    return Spread(low=low, median=median, high=high)


def total(spreads: Iterable[Spread]) -> Spread:
    """Return the sum of figures that are independent of each other, as the estimates of two segments are.

    Medians add up, and the distances to either end add up as squares: an approximation that is close for a sum of many.
    """
    parts = tuple(spreads)
    median = sum(part.median for part in parts)
    below = math.hypot(*(part.median - part.low for part in parts))
    above = math.hypot(*(part.high - part.median for part in parts))
    return Spread(low=median - below, median=median, high=median + above)


def _quantile(ordered: Sequence[tuple[float, float]], share: float) -> float:
    """Return a quantile, by a straight line between the middles of the weights on either side of it."""
    aim = share * sum(weight for _, weight in ordered)
    last, middle_before, before = ordered[0][0], 0.0, 0.0
    for value, weight in ordered:
        middle = before + weight / 2
        if middle >= aim:
            part = (aim - middle_before) / (middle - middle_before)
            return last + part * (value - last)
        last, middle_before, before = value, middle, before + weight
    return last
