"""Forecasts with honest bands: what comes if the figure goes on as it has, and how far off that was before.

Two methods, 80 % each. A random walk with drift: y_n + h mean(diff) +- t(n - 2, 0.9) sd(diff) sqrt(h + h^2 / (n - 1)).
Rolling conformal: the last value +- the ceil(0.8 (m + 1))-th smallest of the m errors that the same forecast made from
earlier months (Vovk 2005 for the rank). A straight line with its residual spread covers 45 %, and is not offered.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from cxagent.trends.series import known
from cxagent.trends.slope import ENOUGH
from cxagent.trends.student import quantile

SURE = 0.8
FIRST_ORIGIN = 6
"""How many months the conformal method lets pass before it counts an error."""

Method = Literal["random walk with drift", "rolling conformal"]


class Band(NamedTuple):
    """What is expected so many months ahead, and the interval that holds four times out of five."""

    ahead: int
    value: float
    low: float
    high: float


class Forecast(NamedTuple):
    """The bands of the months ahead; none at all where there is not enough history, and then `method` says so."""

    bands: tuple[Band, ...]
    method: str


def forecast(values: Sequence[float | None], months: int = 3, method: Method = "random walk with drift") -> Forecast:
    """Return the bands of the next months after the last value of a monthly series."""
    points = [(place, one) for place, value in enumerate(values) if (one := known(value)) is not None]
    if len(points) < ENOUGH:
        return Forecast((), f"not enough history: {len(points)} of {ENOUGH} months")
    late = len(values) - 1 - points[-1][0]
    if method == "random walk with drift":
        return Forecast(tuple(_walked(points, ahead, late) for ahead in range(1, months + 1)), f"{SURE:.0%}, {method}")
    found = [_conformal(points, ahead, late) for ahead in range(1, months + 1)]
    bands = tuple(band for band in found if band is not None)
    return Forecast(bands, f"{SURE:.0%}, {method}" if bands else f"not enough history for {method}")


def _walked(points: Sequence[tuple[int, float]], ahead: int, late: int) -> Band:
    """Return a band of the random walk; a step across k unknown months counts as k, its variance too."""
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    span, last = points[-1][0] - points[0][0], points[-1][1]
    drift = (last - points[0][1]) / span
    variance = math.fsum((step - months * drift) ** 2 / months for months, step in steps) / (len(steps) - 1)
    away = ahead + late
    half = quantile((1 - SURE) / 2, len(steps) - 1) * math.sqrt(variance * (away + away * away / span))
    centre = last + away * drift
    return Band(ahead, centre, centre - half, centre + half)


def _conformal(points: Sequence[tuple[int, float]], ahead: int, late: int) -> Band | None:
    """Return a band as wide as most errors were that one made by saying: it stays as it is."""
    at, last, away = dict(points), points[-1][1], ahead + late
    origins = [place for place, _ in points[FIRST_ORIGIN - 1 :]]
    errors = sorted(abs(at[place + away] - at[place]) for place in origins if place + away in at)
    rank = math.ceil(SURE * (len(errors) + 1))
    if rank > len(errors):
        return None
    return Band(ahead, last, last - errors[rank - 1], last + errors[rank - 1])
