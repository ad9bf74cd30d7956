"""Fit health to the tenant's own renewals: logistic regression with the segment's base as given, and three guards.

At most one feature for every ten lost renewals, in the order of the candidates; a normal prior on every effect, so that
little data say little; and a feature whose effect has the wrong sign gets none, so that no account looks safer for its
complaints. A feature that drops out makes no room for another: the renewals have been looked at once already.
"""

import math
from collections.abc import Iterable, Sequence
from operator import mul
from typing import NamedTuple

from cxagent.errors import BadInput
from cxagent.lifetime.health import PRIOR_SD, Effect, Feature, HealthBasis, HealthModel, Lead, chance_of, logit
from cxagent.lifetime.newton import Summit, Surface, Vector, climb

LOST_PER_FEATURE = 10
"""How many lost renewals each feature needs before it is looked at."""
KNOWN_AT_LEAST = 0.5
"""A feature that is known at a smaller share of the renewals is left out."""
BASE_STEP = 0.0025
"""Bases are told apart in these steps when renewals are counted together."""
LEVEL_SD = 1.0
"""How far the renewals at hand may lie from their bases as a whole, in log odds."""


class Renewal(NamedTuple):
    """What was known of an account at the lead, one value for each feature (None where unknown), and what came of it.

    Renewals of which the same was known may be given as one, with how many were `seen` and how many of them `lost`.
    """

    known: tuple[float | None, ...]
    base: float
    lost: int
    seen: int = 1


def gathered(renewals: Iterable[Renewal], features: Sequence[Feature]) -> tuple[Renewal, ...]:
    """Return renewals of which the same was known as one, every value rounded to its feature's step."""
    steps = tuple(feature.step for feature in features)
    sums: dict[tuple[int, tuple[int | None, ...]], list[int]] = {}
    for known, base, lost, seen in renewals:
        try:
            values = tuple(
                None if value is None else round(value / step) for value, step in zip(known, steps, strict=True)
            )
            key = round(base / BASE_STEP), values
        except (ValueError, OverflowError) as wrong:
            raise BadInput(f"what was known of a renewal is not {len(steps)} numbers: {known}, base {base}") from wrong
        if key in sums:
            sums[key][0] += lost
            sums[key][1] += seen
        else:
            sums[key] = [lost, seen]
    return tuple(
        Renewal(
            tuple(None if value is None else value * step for value, step in zip(values, steps, strict=True)),
            min(1 - BASE_STEP, max(BASE_STEP, base * BASE_STEP)),
            lost,
            seen,
        )
        for (base, values), (lost, seen) in sums.items()
    )


def fit_health(renewals: Iterable[Renewal], candidates: Sequence[Feature], lead_days: Lead) -> HealthModel:
    """Return the health model of renewals judged `lead_days` before; the first candidates are preferred."""
    cells = gathered(renewals, candidates)
    lost, seen = sum(cell.lost for cell in cells), sum(cell.seen for cell in cells)
    left_out: dict[str, str] = {}
    columns = list(_usable(cells, candidates, left_out))
    room = lost // LOST_PER_FEATURE
    for place, column in enumerate(columns[room:], start=room + 1):
        left_out[column.effect.feature.name] = f"needs {place * LOST_PER_FEATURE} non-renewals, there are {lost}"
    kept, top = _rightly_signed(cells, columns[:room], left_out)
    unexamined = (len(candidates) - len(columns) + max(0, len(columns) - room)) / max(1, len(candidates))
    basis = HealthBasis.OWN if kept else HealthBasis.SILENT if room else HealthBasis.TOO_FEW
    return HealthModel(
        lead_days=lead_days,
        renewals=seen,
        lost=lost,
        effects=_levelled(cells, kept, top.at[1:]),
        covariance=_covariance(kept, top) if kept else (),
        unexplained=PRIOR_SD * math.sqrt(unexamined if kept else 1.0),
        left_out=left_out,
        basis=basis,
    )


class _Column(NamedTuple):
    """A candidate with its values over the cells, in standard deviations from their mean, 0 where unknown."""

    effect: Effect
    values: list[float]
    known: list[bool]


def _usable(cells: Sequence[Renewal], candidates: Sequence[Feature], left_out: dict[str, str]) -> Iterable[_Column]:
    """Yield the candidates that vary and are known often enough."""
    seen = sum(cell.seen for cell in cells)
    for place, feature in enumerate(candidates):
        counted = [(value, cell.seen) for cell in cells if (value := cell.known[place]) is not None]
        known = sum(count for _, count in counted)
        if known < KNOWN_AT_LEAST * seen or not known:
            left_out[feature.name] = f"known at {known} of {seen} renewals"
            continue
        mean = math.fsum(value * count for value, count in counted) / known
        sd = math.sqrt(math.fsum(count * (value - mean) ** 2 for value, count in counted) / known)
        low, high = min(value for value, _ in counted), max(value for value, _ in counted)
        if low == high:
            left_out[feature.name] = "does not vary"
            continue
        effect = Effect(feature=feature, mean=mean, sd=sd, low=low, high=high, weight=0.0)
        values = [0.0 if (value := cell.known[place]) is None else (value - mean) / sd for cell in cells]
        yield _Column(effect, values, [cell.known[place] is not None for cell in cells])


def _rightly_signed(
    cells: Sequence[Renewal], columns: Sequence[_Column], left_out: dict[str, str]
) -> tuple[list[_Column], Summit]:
    """Return the columns whose effects have the right sign, the most wrong one dropped at a time, and their fit."""
    kept = list(columns)
    while True:
        top = _fit(cells, kept)
        right = {place: top.at[place + 1] * column.effect.feature.sign for place, column in enumerate(kept)}
        worst = min(right, key=lambda place: right[place], default=None)
        if worst is None or right[worst] > 0:
            return kept, top
        left_out[kept.pop(worst).effect.feature.name] = "its effect had the wrong sign"


def _fit(cells: Sequence[Renewal], columns: Sequence[_Column]) -> Summit:
    """Return the top of the penalised likelihood over a level and the columns, the base as an offset."""
    bases = [logit(cell.base) for cell in cells]
    lost, seen = [float(cell.lost) for cell in cells], [float(cell.seen) for cell in cells]
    design = [[1.0] * len(cells), *(column.values for column in columns)]
    penalties = [LEVEL_SD**-2, *(PRIOR_SD**-2 for _ in columns)]
    top = climb(lambda at: logistic(bases, design, lost, seen, at, penalties), len(design))
    if top is None:
        raise BadInput("the chance of not renewing could not be fitted to these renewals")
    return top


def logistic(
    offsets: Sequence[float],
    design: Sequence[Sequence[float]],
    lost: Sequence[float],
    seen: Sequence[float],
    at: Vector,
    penalties: Sequence[float],
) -> Surface:
    """Return the log-likelihood of `lost` of `seen` under offset + sum of coefficient * column, less penalties.

    By columns and not by rows: a quarter of a million renewals are added up in the interpreter's own loops.
    """
    odds = list(offsets)
    for weight, column in zip(at, design, strict=True):
        odds = [total + weight * value for total, value in zip(odds, column, strict=True)]
    chances = [chance_of(one) for one in odds]
    height = sum(map(mul, lost, odds)) - sum(map(mul, seen, (_softplus(one) for one in odds)))
    errors = [out - count * chance for out, count, chance in zip(lost, seen, chances, strict=True)]
    weights = [count * chance * (1 - chance) for count, chance in zip(seen, chances, strict=True)]
    slope = [sum(map(mul, errors, column)) for column in design]
    information = [[0.0] * len(design) for _ in design]
    for i, column in enumerate(design):
        weighted = list(map(mul, weights, column))
        for j in range(i + 1):
            information[i][j] = information[j][i] = sum(map(mul, weighted, design[j]))
    for i, (coefficient, penalty) in enumerate(zip(at, penalties, strict=True)):
        height -= penalty * coefficient**2 / 2
        slope[i] -= penalty * coefficient
        information[i][i] += penalty
    return Surface(height, slope, information)


def _softplus(odds: float) -> float:
    """Return ln(1 + e^odds) without overflow."""
    return max(odds, 0.0) + math.log1p(math.exp(-abs(odds)))


def _levelled(cells: Sequence[Renewal], columns: Sequence[_Column], weights: Vector) -> tuple[Effect, ...]:
    """Return the effects in the features' own units, with levels that let the chances average to their bases.

    Each feature carries its part of the level by the variance it explains, so that an account of which nothing is
    known keeps its base.
    """
    share = [weight**2 / max(sum(other**2 for other in weights), 1e-300) for weight in weights]
    scores = [logit(cell.base) for cell in cells]
    leverage = [0.0] * len(cells)
    for column, weight, part in zip(columns, weights, share, strict=True):
        scores = [score + weight * value for score, value in zip(scores, column.values, strict=True)]
        leverage = [total + part * known for total, known in zip(leverage, column.known, strict=True)]
    aim = math.fsum(cell.base * cell.seen for cell in cells)
    low, high = -10.0, 10.0
    for _ in range(40):
        level = (low + high) / 2
        reached = sum(
            cell.seen * chance_of(score + level * part)
            for cell, score, part in zip(cells, scores, leverage, strict=True)
        )
        low, high = (level, high) if reached < aim else (low, level)
    return tuple(
        column.effect.model_copy(update={"weight": weight / column.effect.sd, "level": level * part})
        for column, weight, part in zip(columns, weights, share, strict=True)
    )


def _covariance(columns: Sequence[_Column], top: Summit) -> tuple[tuple[float, ...], ...]:
    """Return the covariance of the level and the effects, these in the features' own units."""
    units = [1.0, *(column.effect.sd for column in columns)]
    return tuple(
        tuple(top.covariance[i][j] / (one * other) for j, other in enumerate(units)) for i, one in enumerate(units)
    )
