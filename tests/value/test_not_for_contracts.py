"""A model for customers without contracts is reproduced here, to show what the product does not use and why.

BG/NBD (Fader, Hardie and Lee 2005) infers from silence whether somebody is still a customer. A contract says so by
itself: an account is there until the day on which it does not renew, so nothing of this is in the product.
"""

import csv
import importlib.util
import math
from collections.abc import Sequence
from pathlib import Path

import pytest

PUBLISHED = (0.243, 4.414, 0.793, 2.426)
"""r, alpha, a, b of 2,357 buyers of music."""
Buyer = tuple[float, float, float]
"""How many repeat purchases, when the last one was, and how long the buyer has been known, in weeks."""


def log_likelihood(buyers: Sequence[Buyer], r: float, alpha: float, a: float, b: float) -> float:
    """Return how likely the purchases are, as a logarithm (equation 6 of the paper)."""
    found = 0.0
    for x, last, known in buyers:
        common = math.lgamma(r + x) - math.lgamma(r) + r * math.log(alpha)
        common += math.lgamma(a + b) + math.lgamma(b + x) - math.lgamma(b) - math.lgamma(a + b + x)
        stays = -(r + x) * math.log(alpha + known)
        leaves = math.log(a) - math.log(b + x - 1) - (r + x) * math.log(alpha + last) if x else -math.inf
        most = max(stays, leaves)
        found += common + most + math.log(math.exp(stays - most) + math.exp(leaves - most))
    return found


@pytest.fixture(scope="module")
def buyers() -> list[Buyer]:
    """Return the published buyers."""
    spec = importlib.util.find_spec("lifetimes")
    if spec is None or spec.origin is None:
        pytest.skip("lifetimes, which ships the data, is not installed")
    with (Path(spec.origin).parent / "datasets" / "cdnow_customers_summary.csv").open(encoding="utf-8") as file:
        return [(float(row["frequency"]), float(row["recency"]), float(row["T"])) for row in csv.DictReader(file)]


def test_the_published_parameters_have_the_published_likelihood(buyers: Sequence[Buyer]) -> None:
    """The likelihood of 2,357 buyers at the published parameters is the published one."""
    assert len(buyers) == 2357
    assert log_likelihood(buyers, *PUBLISHED) == pytest.approx(-9582.4, abs=0.05)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("factor", [0.97, 1.03])
def test_the_published_parameters_are_the_most_likely(buyers: Sequence[Buyer], place: int, factor: float) -> None:
    """Whichever parameter is moved by three per cent, the purchases become less likely."""
    moved = [value * (factor if index == place else 1) for index, value in enumerate(PUBLISHED)]
    assert log_likelihood(buyers, *moved) < log_likelihood(buyers, *PUBLISHED)
