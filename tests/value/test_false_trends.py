"""How often a test calls a trend in a series that has none: the usual ones up to 40 %, ours as often as it says."""

import math
import random

import pytest

from cxagent.trends.slope import Verdict, trend
from value.naive_trends import Z, autoregressive, block_bootstrap, hamed_rao, mann_kendall

JUDGED = (Verdict.COMPOUNDING, Verdict.ERODING)
ROUNDED = 0.006
"""The table gives whole percents."""


def ours(y: list[float], chance: random.Random) -> bool:
    """Whether the product calls it a trend."""
    return trend(y).verdict in JUDGED


def plain(y: list[float], chance: random.Random) -> bool:
    """Whether plain Mann-Kendall does, at 5 %."""
    return abs(mann_kendall(y)) > Z


def corrected(y: list[float], chance: random.Random) -> bool:
    """Whether Mann-Kendall with the correction of Hamed and Rao does, up to lag 3, at 5 %."""
    return abs(hamed_rao(y, 3)) > Z


def booted(y: list[float], chance: random.Random) -> bool:
    """Whether the band of a block bootstrap of the slope leaves zero out."""
    low, high = block_bootstrap(y, chance)
    return low > 0 or high < 0


@pytest.mark.parametrize(
    ("says", "n", "shares", "of", "seen"),
    [
        (ours, 12, (0.008, 0.025, 0.06), 1500, 8000),
        (ours, 18, (0.007, 0.025, 0.05), 1200, 8000),
        (ours, 24, (0.04, 0.07, 0.08), 1200, 8000),
        (ours, 52, (0.04, 0.06, 0.06), 600, 8000),
        (plain, 12, (0.05, 0.13, 0.25), 1000, 1500),
        (plain, 24, (0.04, 0.13, 0.27), 600, 1500),
        (plain, 52, (0.05, 0.14, 0.28), 250, 1500),
        (corrected, 12, (0.08, 0.12, 0.25), 500, 1500),
        (corrected, 24, (0.08, 0.14, 0.22), 300, 1500),
        (booted, 12, (0.20, 0.30, 0.40), 250, 600),
        (booted, 24, (0.09, 0.19, 0.30), 150, 600),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_false_trends(says, n: int, shares: tuple[float, ...], of: int, seen: int) -> None:
    """Each test calls a trend as often as the table says, within what chance leaves of both simulations."""
    chance = random.Random(n)
    for rho, share in zip((0.0, 0.3, 0.6), shares, strict=True):
        found = sum(says(autoregressive(chance, n, rho), chance) for _ in range(of)) / of
        error = math.sqrt(share * (1 - share) * (1 / of + 1 / seen))
        assert abs(found - share) <= 3.3 * error + ROUNDED, (rho, found)


@pytest.mark.parametrize(("n", "share"), [(12, 0.04), (18, 0.21), (24, 0.84)])
def test_the_power_of_a_short_series(n: int, share: float) -> None:
    """A slope of a tenth of a deviation a month is called in 4, 21 and 84 % of 12, 18 and 24 months."""
    chance, of = random.Random(n), 600
    found = [trend([0.1 * month + chance.gauss(0, 1) for month in range(n)]).verdict for _ in range(of)]
    error = math.sqrt(share * (1 - share) * (1 / of + 1 / 8000))
    assert abs(found.count(Verdict.COMPOUNDING) / of - share) <= 3.3 * error + ROUNDED
    assert found.count(Verdict.ERODING) <= 2


@pytest.mark.parametrize(("window", "mistaken"), [(3, 0.0), (6, 0.02), (12, 0.10)])
def test_overlapping_windows(window: int, mistaken: float) -> None:
    """Means over windows of noise make a trend in under 3 %; a year's would in over 10 % were it not told."""
    chance, of, n = random.Random(window), 300, 24 + window
    called = unaware = 0
    for _ in range(of):
        noise = [chance.gauss(0, 1) for _ in range(n)]
        smooth = [sum(noise[end - window : end]) / window for end in range(window, n + 1)]
        called += trend(smooth, overlap=window).verdict in JUDGED
        unaware += trend(smooth).verdict in JUDGED
    assert called / of < 0.03
    assert unaware / of >= mistaken
