"""Intervals: how sure a rate is, whether its cases are independent or share an account.

Sources: Wilson (1927), score interval; Clopper and Pearson (1934), exact binomial limits; Field and Welsh (2007), the
bootstrap of whole clusters with the percentile interval; Kish (1965), effective sample size of unequal weights.
"""

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cxagent.domain.value import Text, Value

Z95 = 1.959964
DRAWS = 2000
SEED = 20270309
FEW_CLUSTERS = 10
"""With fewer clusters a bootstrap of them is known to be too short, and the interval says so."""
USUAL_DESIGN_EFFECT = 2.6
"""The median that was measured over 27 public agents: used where a run itself cannot show how alike its cases are."""


class Rate(Value):
    """A share with its interval and how that was computed."""

    value: float
    low: float
    high: float
    method: Text


@dataclass(frozen=True)
class Seen:
    """One observation of a rate: the unit it depends on, whether it is a hit, and what it weighs."""

    cluster: str
    hit: float
    weight: float = 1.0


def wilson(right: float, of: float, z: float = Z95) -> Rate:
    """Return a rate with its 95 % Wilson interval; [0, 1] where nothing was measured."""
    if of == 0:
        return Rate(value=0.0, low=0.0, high=1.0, method="nothing measured")
    low, high = _score(right / of, of, z)
    return _rate(right / of, low, high, "Wilson 95 %, trials independent")


def _score(rate: float, of: float, z: float = Z95) -> tuple[float, float]:
    spread = z * z / of
    centre = (rate + spread / 2) / (1 + spread)
    half = z * math.sqrt(rate * (1 - rate) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


def _rate(value: float, low: float, high: float, method: str) -> Rate:
    return Rate(value=round(value, 4), low=round(low, 4), high=round(high, 4), method=method)


def at_most(count: int, of: int, p: float) -> float:
    """Return P(X <= count) of a binomial, summed in logarithms so that thousands of trials do not overflow."""
    if count >= of or p <= 0:
        return 1.0
    if p >= 1 or count < 0:
        return 0.0
    yes, no = math.log(p), math.log1p(-p)
    whole = math.lgamma(of + 1)
    return math.fsum(
        math.exp(whole - math.lgamma(k + 1) - math.lgamma(of - k + 1) + k * yes + (of - k) * no)
        for k in range(count + 1)
    )


def at_least(count: int, of: int, p: float) -> float:
    """Return P(X >= count) of a binomial with all its digits: summed from above the mean, where terms only fall."""
    if count <= of * p:
        return 1.0 - at_most(count - 1, of, p)
    if p <= 0 or count > of:
        return 0.0
    term = math.exp(
        math.lgamma(of + 1)
        - math.lgamma(count + 1)
        - math.lgamma(of - count + 1)
        + count * math.log(p)
        + (of - count) * math.log1p(-p)
    )
    total, k = term, count
    while k < of and term > total * 1e-16:
        term *= (of - k) / (k + 1) * p / (1 - p)
        total, k = total + term, k + 1
    return min(1.0, total)


def pass_k(right: int, of: int, k: int) -> float:
    """Return the chance that k of these trials, drawn without putting back, are all right."""
    return math.comb(right, k) / math.comb(of, k)


def upper_bound(count: int, of: int, alpha: float = 0.05) -> float:
    """Return the one-sided 95 % Clopper-Pearson upper bound: the p at which so few would be this rare."""
    return round(_upper(count, of, alpha), 4)


def _upper(count: int, of: int, alpha: float) -> float:
    if count >= of:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(count, of, middle) > alpha else (low, middle)
    return high


def clopper_pearson(count: int, of: int, alpha: float = 0.05) -> tuple[float, float]:
    """Return the two-sided exact interval of a binomial rate."""
    return round(1 - _upper(of - count, of, alpha / 2), 4), round(_upper(count, of, alpha / 2), 4)


def rate_of(seen: Iterable[Seen], draws: int = DRAWS, seed: int = SEED) -> Rate:
    """Return a rate: Wilson where all are independent and weigh the same, else a bootstrap of clusters.

    The bootstrap answers for the dependence, Wilson for the edges 0 and 1 that a bootstrap never leaves; the wider of
    the two limits counts.
    """
    held = [one for one in seen if one.weight > 0]
    totals = cluster_totals(held)
    weights = {one.weight for one in held}
    if not held or (len(totals) == len(held) and len(weights) == 1):
        return wilson(sum(one.hit for one in held), len(held))
    whole = math.fsum(one.weight for one in held)
    value = min(1.0, math.fsum(one.hit * one.weight for one in held) / whole)
    effective = whole**2 / math.fsum(one.weight**2 for one in held)
    noun = "cluster" if len(totals) == 1 else "clusters"
    few = f", {len(totals)} {noun}: too few to speak for others" if len(totals) < FEW_CLUSTERS else ""
    if value in (0.0, 1.0):
        # All alike: nothing shows how alike cases of one cluster are, so the usual design effect stands in.
        effective = max(min(effective, len(totals)), effective / USUAL_DESIGN_EFFECT)
        low, high = _score(value, effective)
        return _rate(value, low, high, f"Wilson 95 %, {effective:.0f} effective of {len(held)} trials{few}")
    low, high = _score(value, effective)
    drawn = resampled(totals, draws, seed)
    low, high = min(low, percentile(drawn, 0.025)), max(high, percentile(drawn, 0.975))
    return _rate(
        value, low, high, f"cluster bootstrap 95 %, {len(totals)} clusters, {draws} draws{few or ', not below Wilson'}"
    )


def cluster_totals(seen: Iterable[Seen]) -> list[complex]:
    """Sum hits and weights by cluster; real part the hits, imaginary part the weight.

    Complex numbers, because one C-level `sum` then adds up numerator and denominator of a resample together. Clusters
    are sorted by name, so that the order in which trials came back changes no figure.
    """
    found: dict[str, complex] = {}
    for one in seen:
        found[one.cluster] = found.get(one.cluster, 0j) + complex(one.hit * one.weight, one.weight)
    return [found[name] for name in sorted(found)]


def resampled(totals: Sequence[complex], draws: int = DRAWS, seed: int = SEED) -> list[float]:
    """Draw clusters with replacement and return the sorted ratios of sums; the seed makes it repeatable."""
    chance = random.Random(seed)
    count = len(totals)
    sums = (sum(chance.choices(totals, k=count)) for _ in range(draws))
    return sorted(one.real / one.imag for one in sums if one.imag)


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which a share of sorted values lies, interpolated between its neighbours."""
    place = share * (len(ordered) - 1)
    left = math.floor(place)
    right = min(left + 1, len(ordered) - 1)
    return ordered[left] + (ordered[right] - ordered[left]) * (place - left)
