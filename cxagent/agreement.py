"""Agreement: how far two judges, or many, say the same, with and without what chance would give.

Sources: Cohen (1960, 1968), kappa and weighted kappa; Gwet (2008, 2014), AC1 for two raters and for many with gaps;
Krippendorff (2011), alpha by coincidences. Kappa never stands alone: where errors are rare it falls to 0
although nearly all agree (118, 5, 2, 0 of 125: 94 % agree, kappa -0.02).
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

from cxagent.domain.value import Value

Table = Sequence[Sequence[float]]


class Agreement(Value):
    """Raw agreement and what remains beyond chance; None where the data cannot say."""

    of: int
    raw: float | None
    ac1: float | None
    kappa: float | None
    kappa_linear: float | None
    kappa_quadratic: float | None


def agreement(table: Table) -> Agreement:
    """Compare two judges from their square table of counts, categories in order."""
    size, total = range(len(table)), sum(map(sum, table))
    if not total:
        return Agreement(of=0, raw=None, ac1=None, kappa=None, kappa_linear=None, kappa_quadratic=None)
    raw = sum(table[k][k] for k in size) / total
    shares = [(sum(table[k]) + sum(row[k] for row in table)) / (2 * total) for k in size]
    return Agreement(
        of=int(total),
        raw=round(raw, 4),
        ac1=rounded(beyond(raw, sum(p * (1 - p) for p in shares) / (len(table) - 1))),
        kappa=rounded(kappa(table, 0)),
        kappa_linear=rounded(kappa(table, 1)),
        kappa_quadratic=rounded(kappa(table, 2)),
    )


def kappa(table: Table, power: int) -> float | None:
    """Return Cohen's kappa (power 0), or weighted by 1 - (|i-j|/(q-1))^power: 1 linear, 2 quadratic."""
    size, total = range(len(table)), sum(map(sum, table))
    rows = [sum(row) / total for row in table]
    columns = [sum(row[k] for row in table) / total for k in size]

    def weight(i: int, j: int) -> float:
        return float(i == j) if power == 0 else 1 - (abs(i - j) / (len(table) - 1)) ** power

    seen = sum(weight(i, j) * table[i][j] / total for i in size for j in size)
    return beyond(seen, sum(weight(i, j) * rows[i] * columns[j] for i in size for j in size))


def beyond(seen: float, chance: float) -> float | None:
    """Return the share of what chance leaves open that was reached; None where chance leaves nothing open."""
    return None if chance > 1 - 1e-12 else (seen - chance) / (1 - chance)


def pairwise(units: Iterable[Sequence[int]]) -> float | None:
    """Return the mean share of agreeing pairs over units with at least two judgements."""
    shares = [sum(a == b for a, b in combinations(unit, 2)) / _pairs(len(unit)) for unit in units if len(unit) > 1]
    return sum(shares) / len(shares) if shares else None


def _pairs(count: int) -> float:
    return count * (count - 1) / 2


def ac1_of_many(units: Sequence[Sequence[int]], categories: Sequence[int]) -> float | None:
    """Return Gwet's AC1 for any number of judges; a unit judged once still tells how often a category is used."""
    raw, judged = pairwise(units), [unit for unit in units if unit]
    if raw is None or len(categories) < 2:
        return None
    shares = [sum(unit.count(k) / len(unit) for unit in map(list, judged)) / len(judged) for k in categories]
    return beyond(raw, sum(p * (1 - p) for p in shares) / (len(categories) - 1))


def alpha(units: Iterable[Sequence[int]], distance: Callable[[dict[int, float], int, int], float]) -> float | None:
    """Return Krippendorff's alpha: 1 minus the disagreement seen over the disagreement of chance."""
    paired = [unit for unit in units if len(unit) > 1]
    often: dict[int, float] = {}
    for value in (value for unit in paired for value in unit):
        often[value] = often.get(value, 0) + 1
    total = sum(often.values())
    expected = sum(often[a] * often[b] * distance(often, a, b) for a in often for b in often)
    if not expected:
        return None
    seen = sum(2 * distance(often, a, b) / (len(unit) - 1) for unit in paired for a, b in combinations(unit, 2))
    return 1 - (total - 1) * seen / expected


def nominal(_often: dict[int, float], a: int, b: int) -> float:
    """Any two different categories are equally far apart."""
    return float(a != b)


def ordinal(often: dict[int, float], a: int, b: int) -> float:
    """Categories are as far apart as there are judgements between them."""
    low, high = min(a, b), max(a, b)
    between = sum(count for value, count in often.items() if low <= value <= high)
    return (between - (often[a] + often[b]) / 2) ** 2


def interval(_often: dict[int, float], a: int, b: int) -> float:
    """Categories are numbers, and the square of their difference counts."""
    return float((a - b) ** 2)


def rounded(value: float | None) -> float | None:
    """Return a figure with the four digits that are shown; None stays None."""
    return None if value is None else round(value, 4)
