"""The trend of a monthly series: its slope, an interval that takes account of months resembling each other, a word.

The interval is ours: least squares over time, then Student's t with as many degrees as the residuals are worth if they
follow a first-order autoregression. rho = r1 + (1 + 4 r1) / n, kept within [0, 0.9], where r1 is the correlation of
neighbouring residuals (Kendall 1954 for its bias); n_e = max(3.5, n (1 - rho) / (1 + rho)); se^2 = SSR / (n_e - 2) /
Sxx; n_e - 2 degrees. 99 % for 12 to 23 points, 95 % from 24. The usual tests call a trend in 13 to 40 % of series that
have none; the price of not doing so is that short series seldom say anything.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from operator import mul
from typing import Literal, NamedTuple

from cxagent.trends.series import known
from cxagent.trends.student import quantile

SNAPSHOT_BELOW = 3
"""Fewer points than this have no slope: they are a snapshot."""
ENOUGH = 12
"""Fewer points than this get no verdict."""
LONG = 24
"""From so many points the interval is a 95 % one, below it 99 %."""
LEAST_WORTH, LEAST_DEGREES, MOST_ALIKE = 3.5, 1.2, 0.9
NOISE = 1e-12
"""A series whose values differ by less than this share of their size is constant: that is what floats leave over."""

Direction = Literal["up", "down", "level"]
"""Which way is good; `level` means neither, so such a figure is described and never judged."""


class Verdict(StrEnum):
    """What a trend says about value."""

    COMPOUNDING = "compounding"
    FLAT = "flat"
    ERODING = "eroding"
    NOT_ENOUGH = "not enough history"


class Trend(NamedTuple):
    """A slope a month with its interval and verdict; `n` months were known. Without 3 there is not even a slope."""

    slope: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    n: int
    method: str


class _Line(NamedTuple):
    """A fitted line over the months that are known, of values divided by `scale`."""

    slope: float
    times: list[int]
    residuals: list[float]
    spread: float
    scale: float


def trend(values: Sequence[float | None], direction: Direction = "up", overlap: int = 1) -> Trend:
    """Return the trend of monthly values; None marks a month that is not known, and time goes on across it.

    `overlap` is how many months one value looks back on: values that share months are worth no more than those that
    share none.
    """
    points = [(place, one) for place, value in enumerate(values) if (one := known(value)) is not None]
    n = len(points)
    if n < SNAPSHOT_BELOW:
        why = f"insufficient history: {n} of the {SNAPSHOT_BELOW} months that a slope needs"
        return Trend(None, None, None, Verdict.NOT_ENOUGH, n, why)
    line = _fitted(points)
    slope = line.slope * line.scale
    if n < ENOUGH:
        why = f"not enough history: {n} of the {ENOUGH} months that a verdict needs; the slope is a description"
        return Trend(slope, None, None, Verdict.NOT_ENOUGH, n, why)
    sure = 0.95 if n >= LONG else 0.99
    half = _half_width(line, sure, overlap) * line.scale
    low, high = slope - half, slope + half
    return Trend(slope, low, high, verdict(low, high, direction), n, f"{sure:.0%} interval, AR(1)-adjusted t")


def verdict(low: float, high: float, direction: Direction) -> Verdict:
    """Return the word for an interval of a slope: it must clear zero to say more than flat."""
    if direction == "level" or low <= 0 <= high:
        return Verdict.FLAT
    return Verdict.COMPOUNDING if (low > 0) == (direction == "up") else Verdict.ERODING


def detrended(values: Sequence[float | None]) -> list[float]:
    """Return how far each known value lies from the straight line through all of them; empty for under 3."""
    points = [(place, one) for place, value in enumerate(values) if (one := known(value)) is not None]
    if len(points) < SNAPSHOT_BELOW:
        return []
    line = _fitted(points)
    return [one * line.scale for one in line.residuals]


def worth(residuals: Sequence[float], times: Sequence[int] | None = None) -> float:
    """Return n_e, how many independent values residuals are worth whose neighbours resemble each other."""
    n = len(residuals)
    rho = _alike(residuals, range(n) if times is None else times)
    return max(LEAST_WORTH, n * (1 - rho) / (1 + rho))


def _fitted(points: Sequence[tuple[int, float]]) -> _Line:
    """Fit by least squares, on values of size 1, so that neither huge nor tiny ones overflow or vanish."""
    n = len(points)
    times = [place for place, _ in points]
    size = max(abs(value) for _, value in points) or 1.0
    first = points[0][1] / size
    scaled = [value / size - first for _, value in points]
    centre, middle = sum(times) / n, sum(scaled) / n
    away = [time - centre for time in times]
    spread = sum(map(mul, away, away))
    if max(scaled) - min(scaled) <= NOISE:
        return _Line(0.0, times, [0.0] * n, spread, size)
    slope = sum(map(mul, away, scaled)) / spread
    residuals = [one - middle - slope * far for far, one in zip(away, scaled, strict=True)]
    return _Line(slope, times, residuals, spread, size)


def _half_width(line: _Line, sure: float, overlap: int) -> float:
    squares: float = sum(map(mul, line.residuals, line.residuals))
    if squares == 0:
        return 0.0
    n_e = worth(line.residuals, line.times)
    if overlap > 1:
        n_e = max(LEAST_WORTH, min(n_e, len(line.times) / overlap))
    degrees = max(LEAST_DEGREES, n_e - 2)
    error = math.sqrt(squares / (n_e - 2) / line.spread)
    return error * quantile((1 - sure) / 2, degrees)


def _alike(residuals: Sequence[float], times: Sequence[int]) -> float:
    """Return rho, the bias-corrected correlation of neighbouring months, within [0, 0.9]."""
    n = len(residuals)
    squares: float = sum(map(mul, residuals, residuals))
    pairs: list[float] = list(map(mul, residuals, residuals[1:]))
    if times[-1] - times[0] >= n:
        pairs = [pair for pair, one, next_one in zip(pairs, times, times[1:], strict=False) if next_one - one == 1]
    if squares == 0 or not pairs:
        return 0.0
    # Across a gap there is no neighbour; without gaps the factor is 1 and this is the usual coefficient.
    first = sum(pairs) / squares * (n - 1) / len(pairs)
    return min(MOST_ALIKE, max(0.0, first + (1 + 4 * first) / n))
