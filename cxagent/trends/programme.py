"""The verdict on an investment: does what it was made for gain value or lose it, how surely, and how much in money."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from cxagent.trends.slope import Direction, Trend, trend

MONTHS = 12


class Yearly(NamedTuple):
    """What a slope amounts to over a year in the playbook's currency, with the ends of its interval."""

    amount: float
    low: float
    high: float
    label: str


class Standing(NamedTuple):
    """A programme or an account with its trend, and what the trend is worth where it has a price."""

    name: str
    trend: Trend
    money: Yearly | Literal["unpriced"]


def standing(
    name: str, values: Sequence[float | None], direction: Direction = "up", price: float | None = None, overlap: int = 1
) -> Standing:
    """Return the verdict of a programme from the monthly figure that it is to move.

    `price` is what one unit of the figure is worth; money is slope * 12 * price, what the figure will have moved by in
    a year if it goes on so, positive where that is good. It is before against after and no proof of a cause. Without
    an interval there is no money either.
    """
    found = trend(values, direction, overlap)
    if price is None or found.slope is None or found.low is None or found.high is None:
        return Standing(name, found, "unpriced")
    sign = -1 if direction == "down" else 1
    amount, one, other = (sign * MONTHS * price * figure for figure in (found.slope, found.low, found.high))
    label = "a year, if it goes on so; before against after, not a proven cause"
    return Standing(name, found, Yearly(amount, min(one, other), max(one, other), label))
