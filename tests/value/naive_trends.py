"""Trend tests that are in use elsewhere, written plainly: what the product does not rely on, to show why."""

import math
import random
from collections.abc import Sequence
from statistics import NormalDist, fmean, median, stdev

Z = NormalDist().inv_cdf(0.975)


def autoregressive(chance: random.Random, n: int, rho: float) -> list[float]:
    """Return a stationary series of mean 0 and variance 1 in which neighbours correlate by rho, without a trend."""
    noise, value = math.sqrt(1 - rho * rho), chance.gauss(0, 1)
    found = []
    for _ in range(n):
        found.append(value)
        value = rho * value + noise * chance.gauss(0, 1)
    return found


def random_walk(chance: random.Random, n: int) -> list[float]:
    """Return a random walk with steps of variance 1."""
    value, found = 0.0, []
    for _ in range(n):
        value += chance.gauss(0, 1)
        found.append(value)
    return found


def slopes(x: Sequence[float], y: Sequence[float]) -> list[float]:
    """Return the slopes between all pairs of points, sorted."""
    n = len(x)
    return sorted((y[j] - y[i]) / (x[j] - x[i]) for i in range(n) for j in range(i + 1, n) if x[i] != x[j])


def theil_sen(x: Sequence[float], y: Sequence[float], alpha: float) -> tuple[float, float, float, float]:
    """Return slope, intercept and the ends of the interval of Sen (1968)."""
    found, n = slopes(x, y), len(x)
    slope = median(found)
    spread = NormalDist().inv_cdf(1 - alpha / 2) * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = found[max(0, round((len(found) - spread) / 2) - 1)]
    high = found[min(len(found) - 1, round((len(found) + spread) / 2))]
    return slope, median(y) - slope * median(x), low, high


def signs(y: Sequence[float]) -> int:
    """Return the statistic S of Mann and Kendall."""
    return sum((b > a) - (b < a) for place, a in enumerate(y) for b in y[place + 1 :])


def variance_of_signs(n: int, y: Sequence[float] = ()) -> float:
    """Return the variance of S without a trend, less what ties take from it."""
    ties = [y.count(value) for value in set(y)]
    return (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18


def z_of(s: float, variance: float) -> float:
    """Return the normal score of S with the correction for continuity."""
    return (s - (s > 0) + (s < 0)) / math.sqrt(variance) if variance > 0 else 0.0


def mann_kendall(y: Sequence[float]) -> float:
    """Return the score of the plain test, which takes months for independent."""
    return z_of(signs(y), variance_of_signs(len(y), y))


def hamed_rao(y: Sequence[float], lags: int | None = None) -> float:
    """Return the score with the variance that Hamed and Rao (1998) correct by the correlations of detrended ranks."""
    n = len(y)
    slope = median(slopes(range(n), y))
    ranks = _ranks([value - slope * place for place, value in enumerate(y)])
    away = [rank - fmean(ranks) for rank in ranks]
    whole, added = sum(one * one for one in away), 0.0
    for lag in range(1, n if lags is None else lags + 1):
        alike = sum(away[i] * away[i + lag] for i in range(n - lag)) / whole
        if abs(alike) > Z / math.sqrt(n):
            added += (n - lag) * (n - lag - 1) * (n - lag - 2) * alike
    factor = 1 + 2 / (n * (n - 1) * (n - 2)) * added
    return z_of(signs(y), variance_of_signs(n, y) * factor)


def _ranks(y: Sequence[float]) -> list[float]:
    ordered = sorted(y)
    return [ordered.index(value) + (ordered.count(value) + 1) / 2 for value in y]


def block_bootstrap(y: Sequence[float], chance: random.Random, draws: int = 150) -> tuple[float, float]:
    """Return the 95 % percentile interval of the slope from residuals drawn in moving blocks of n^(1/3)."""
    n, size = len(y), math.ceil(len(y) ** (1 / 3))
    times = [place - (n - 1) / 2 for place in range(n)]
    spread = sum(time * time for time in times)
    slope = sum(time * one for time, one in zip(times, y, strict=True)) / spread
    away = [one - fmean(y) - slope * time for time, one in zip(times, y, strict=True)]
    drawn = []
    for _ in range(draws):
        part: list[float] = []
        while len(part) < n:
            start = chance.randrange(n - size + 1)
            part += away[start : start + size]
        drawn.append(slope + sum(time * one for time, one in zip(times, part[:n], strict=True)) / spread)
    drawn.sort()
    return drawn[round(0.025 * draws)], drawn[round(0.975 * draws) - 1]


def line_band(y: Sequence[float], ahead: int) -> tuple[float, float]:
    """Return the 80 % band that a Theil-Sen line with the deviation of its residuals draws."""
    n = len(y)
    slope = median(slopes(range(n), y))
    start = median(value - slope * place for place, value in enumerate(y))
    half = NormalDist().inv_cdf(0.9) * stdev(value - start - slope * place for place, value in enumerate(y))
    centre = start + slope * (n - 1 + ahead)
    return centre - half, centre + half


def change_point(y: Sequence[float]) -> int:
    """Return after how many values one change of the mean leaves the least squares (Cobb 1978 on the Nile)."""

    def squares(part: Sequence[float]) -> float:
        mean = fmean(part)
        return sum((one - mean) ** 2 for one in part)

    return min(range(1, len(y)), key=lambda at: squares(y[:at]) + squares(y[at:]))


def pettitt(y: Sequence[float]) -> tuple[int, int]:
    """Return after how many values the rank statistic of Pettitt (1979) is largest, and how large."""
    found = [abs(sum((b > a) - (b < a) for a in y[:at] for b in y[at:])) for at in range(1, len(y))]
    return found.index(max(found)) + 1, max(found)
