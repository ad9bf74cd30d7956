"""Forecast bands hold as often as they say, where a straight line holds half as often as it should."""

import math
import random

import pytest

from cxagent.trends.forecast import Forecast, forecast
from value.naive_trends import line_band, random_walk

AHEAD, MONTHS, WALKS, SEEN = 3, 24, 400, 1500


def held(band, of: int = WALKS) -> float:
    """Return how often a band of 24 months of a random walk holds the value three months later."""
    chance, hits = random.Random(7), 0
    for _ in range(of):
        walk = random_walk(chance, MONTHS + AHEAD)
        low, high = band(walk[:MONTHS])
        hits += low <= walk[-1] <= high
    return hits / of


def ours(method):
    """Return the band of one of our methods."""
    return lambda walk: forecast(walk, AHEAD, method).bands[-1][2:]


@pytest.mark.parametrize(
    ("band", "share"),
    [
        (ours("random walk with drift"), 0.82),
        (ours("rolling conformal"), 0.81),
        (lambda walk: line_band(walk, AHEAD), 0.45),
    ],
    ids=["random walk with drift", "rolling conformal", "straight line"],
)
def test_coverage_on_a_random_walk(band, share: float) -> None:
    """Of bands that say 80 %, ours hold 82 and 81 % of the time and that of a Theil-Sen line 45 %."""
    error = math.sqrt(share * (1 - share) * (1 / WALKS + 1 / SEEN))
    assert abs(held(band) - share) <= 3.3 * error


@pytest.mark.parametrize("method", ["random walk with drift", "rolling conformal"])
def test_too_little_history(method) -> None:
    """Eleven months are not enough for a band, and the forecast says so instead of drawing one."""
    assert forecast([1.0, 2.0] * 5 + [1.0, None, None], 3, method) == Forecast(
        (), "not enough history: 11 of 12 months"
    )


def test_bands_widen() -> None:
    """A band further ahead, or after months that are not known, is wider."""
    walk = random_walk(random.Random(1), 24)
    one, two, three = forecast(walk).bands
    assert one.high - one.low < two.high - two.low < three.high - three.low
    late = forecast([*walk, None, None]).bands[0]
    assert late[1:] == pytest.approx(three[1:])


def test_a_random_walk_by_hand() -> None:
    """Steps of 0 and 2 in turn have a drift of 1 and a deviation of 1.045; a month ahead lies 1 further +- 1.415."""
    values = [0.0]
    for month in range(12):
        values.append(values[-1] + (0.0 if month % 2 else 2.0))
    (band,) = forecast(values, 1).bands
    half = 1.363430 * math.sqrt(12 / 11) * math.sqrt(1 + 1 / 12)
    assert (band.value, band.low, band.high) == pytest.approx((13, 13 - half, 13 + half), abs=1e-5)


def test_a_conformal_band_by_hand() -> None:
    """Sixteen errors of 1 to 16 give a half width of the fourteenth."""
    values = [0.0] * 6
    for error in range(1, 17):
        values.append(values[-1] + error * (-1) ** error)
    (band,) = forecast(values, 1, "rolling conformal").bands
    assert (band.value - band.low, band.high - band.value) == (14, 14)
