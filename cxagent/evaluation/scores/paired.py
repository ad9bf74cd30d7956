"""Paired figures: by how much the same cases moved between two runs, how sure that is, and what could not be seen.

Sources: McNemar (1947), the exact binomial form; Agresti and Min (2005), the interval of a paired difference with half
a case added to each cell; Field and Welsh (2007), the bootstrap of clusters; Connor (1987), the least difference that a
paired design can see; Holm (1979), many slices at once.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import comb
from statistics import NormalDist

from cxagent.domain.value import Text, Value
from cxagent.evaluation.frame import cluster_of
from cxagent.evaluation.scores.baseline import Pair
from cxagent.intervals import (
    FEW_CLUSTERS,
    USUAL_DESIGN_EFFECT,
    Z95,
    Seen,
    cluster_totals,
    percentile,
    resampled,
)

USUAL_DISCORDANCE = 0.15
"""The share of cases that change between two versions, where the run itself shows fewer."""
POWER = 0.80


class Difference(Value):
    """A paired difference, now minus then, with its interval."""

    value: float
    low: float
    high: float
    method: Text


class LeastDifference(Value):
    """The smallest true difference in decision quality that so many pairs would have shown, with 80 % power."""

    value: float
    discordant_share: float
    design_effect: float
    power: float = POWER


def mcnemar(newly_wrong: int, newly_right: int) -> float:
    """Return the exact two-sided p-value that as many cases broke as were mended."""
    total = newly_wrong + newly_right
    tail = sum(comb(total, k) for k in range(min(newly_wrong, newly_right) + 1))
    return min(1.0, float(2 * tail / 2**total))


def holm(values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values corrected for their number, step by step from the smallest."""
    found, least = {}, 0.0
    for passed, (name, value) in enumerate(sorted(values.items(), key=lambda item: (item[1], item[0]))):
        least = max(least, min(1.0, value * (len(values) - passed)))
        found[name] = least
    return found


def design_effect(pairs: Sequence[Pair]) -> float:
    """Return by how much clusters lengthen the variance of the mean shift: at least 1, and the usual where unknown."""
    clusters: defaultdict[str, list[float]] = defaultdict(list)
    for pair in pairs:
        clusters[cluster_of(pair.case)].append(pair.shift)
    if len(clusters) == len(pairs):
        return 1.0
    mean = sum(pair.shift for pair in pairs) / len(pairs)
    alone = sum((pair.shift - mean) ** 2 for pair in pairs) / (len(pairs) - 1)
    if len(clusters) < FEW_CLUSTERS or alone == 0:
        return USUAL_DESIGN_EFFECT
    together = sum(sum(shift - mean for shift in held) ** 2 for held in clusters.values())
    return max(1.0, together * len(clusters) / (len(clusters) - 1) / (alone * len(pairs)))


def least_difference(pairs: int, discordant: int, effect: float = 1.0) -> LeastDifference:
    """Return the least difference that would have been seen: (z of 5 % + z of 80 % power) sqrt(discordant / pairs)."""
    share = max(USUAL_DISCORDANCE, discordant / pairs if pairs else 1.0)
    both = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(POWER)
    value = min(1.0, both * math.sqrt(share * effect / pairs)) if pairs else 1.0
    return LeastDifference(value=round(value, 4), discordant_share=round(share, 4), design_effect=round(effect, 2))


def quality_shift(pairs: Sequence[Pair], effect: float) -> Difference:
    """Return the shift with the wider of the cluster bootstrap and Agresti and Min's interval.

    A bootstrap of a handful of changed cases is too short, and of none it is a point.
    """
    if not whole(pairs):
        return Difference(value=0.0, low=-1.0, high=1.0, method="nothing to compare")
    value, low, high = _resampled(pairs, lambda pair: pair.shift)
    count = len(pairs) + 2
    lost, won = (sum(max(0.0, sign * pair.shift) for pair in pairs) + 0.5 for sign in (-1, 1))
    centre = (won - lost) / count
    half = Z95 * math.sqrt(effect * (lost + won - (won - lost) ** 2 / count)) / count
    return Difference(
        value=round(value, 4),
        low=round(max(-1.0, min(low, centre - half)), 4),
        high=round(min(1.0, max(high, centre + half)), 4),
        method="paired 95 %, wider of cluster bootstrap and Agresti-Min",
    )


def cost_shift(pairs: Sequence[Pair]) -> Difference:
    """Return how much more a ticket costs than then, with the interval of the cluster bootstrap."""
    if not whole(pairs):
        return Difference(value=0.0, low=0.0, high=0.0, method="nothing to compare")
    value, low, high = _resampled(pairs, lambda pair: pair.cost_now - pair.cost_then)
    alike = all(pair.cost_now == pair.cost_then for pair in pairs)
    method = (
        "no case costs more or less than before"
        if alike
        else "paired cluster bootstrap 95 %, needless reviews a ticket"
    )
    return Difference(value=round(value, 4), low=round(low, 4), high=round(high, 4), method=method)


def whole(pairs: Iterable[Pair]) -> float:
    """Return what pairs weigh together."""
    return sum(pair.case.weight for pair in pairs)


def _resampled(pairs: Sequence[Pair], measure: Callable[[Pair], float]) -> tuple[float, float, float]:
    seen = [Seen(cluster_of(pair.case), measure(pair), pair.case.weight) for pair in pairs if pair.case.weight]
    value = math.fsum(one.hit * one.weight for one in seen) / math.fsum(one.weight for one in seen)
    drawn = resampled(cluster_totals(seen))
    return value, percentile(drawn, 0.025), percentile(drawn, 0.975)
