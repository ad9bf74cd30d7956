"""Fit the retention of a segment to its own renewals, and say how far the figure can be trusted.

What is counted is how many accounts came to their n-th renewal and renewed or were lost. That suffices: an account
that was first seen in its third term, or has not come to its renewal yet, simply adds nothing to the renewals nobody
saw. The log-likelihood is sum over n of renewed_n ln r_n + lost_n ln(1 - r_n), which for whole cohorts equals sum of
(A_{t-1} - A_t) ln P(T = t) + A_T ln S(T) (Fader and Hardie 2007).

An estimate is the posterior under the playbook's prior (ln a and ln b normal), held as weighted points of a lattice: no
chance is drawn, so the same renewals give the same figure everywhere and for ever.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Annotated, NamedTuple

from pydantic import Field

from cxagent.domain.value import Value
from cxagent.errors import BadInput
from cxagent.lifetime.retention import Retention, renewal_rate
from cxagent.lifetime.spread import Spread, spread
from cxagent.lifetime.terms import Prior

Count = Annotated[int, Field(ge=0)]

FEWEST_RENEWALS = 2
"""With fewer outcomes than this a segment is told from its prior alone."""
FARTHEST = 12.0
"""The search for ln a and ln b stays within this distance of 0; at the edge the data do not bound the parameter."""
FINEST = 1e-6
"""The step at which the search ends, in ln a and ln b."""
REACH = 3.4
"""How far the lattice goes down from the top, in standard deviations; what lies beyond holds 0.3 % of the weight."""
MOST_POINTS = 150
"""How many points an estimate holds at most; a lattice with more is drawn again, coarser."""
MOST_TRIES = 8
"""How often the lattice is drawn again for the sake of that number."""
SHEAR = math.atan((math.sqrt(5) - 1) / 2)
"""The lattice is turned by this angle, so that no rate of interest runs along its rows and quantiles have no stairs."""


class Renewals(Value):
    """What came of the n-th renewal of a segment's accounts: `number` n, how many renewed, how many were lost."""

    number: Annotated[int, Field(ge=1)]
    renewed: Count
    lost: Count


class Fitted(Value):
    """The most likely retention; `bounded` is false where the renewals alone do not bound it (nobody lost, say)."""

    retention: Retention
    log_likelihood: float
    bounded: bool


class Basis(StrEnum):
    """What an estimate rests on."""

    OWN = "own renewals"
    PRIOR = "prior only: fewer than 2 observed renewals"


class Point(NamedTuple):
    """One retention that is possible, and how possible it is; the weights of an estimate add up to 1."""

    a: float
    b: float
    weight: float


class Estimate(Value):
    """The retention of a segment with its uncertainty; `observed` counts the renewals that came out either way."""

    points: tuple[Point, ...]
    retention: Retention
    observed: Count
    basis: Basis

    @cached_property
    def laws(self) -> tuple[tuple[Retention, float], ...]:
        """Return each possible retention with its weight."""
        return tuple((Retention(a=a, b=b), weight) for a, b, weight in self.points)


def of_cohort(active: Sequence[int]) -> tuple[Renewals, ...]:
    """Return the renewals of a cohort of which A_0, A_1, ... A_T accounts were active after each renewal."""
    if any(after > before for before, after in pairwise(active)):
        raise BadInput(f"a cohort cannot grow: {list(active)}")
    steps = enumerate(pairwise(active), start=1)
    return tuple(Renewals(number=n, renewed=after, lost=before - after) for n, (before, after) in steps)


def pooled(renewals: Iterable[Renewals]) -> tuple[Renewals, ...]:
    """Return one count for each renewal number, so that cohorts and months add up."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for one in renewals:
        sums[one.number][0] += one.renewed
        sums[one.number][1] += one.lost
    return tuple(Renewals(number=n, renewed=kept, lost=lost) for n, (kept, lost) in sorted(sums.items()))


def log_likelihood(renewals: Iterable[Renewals], retention: Retention) -> float:
    """Return how likely the renewals are under a retention, as a logarithm."""
    return _Counts(renewals).log_likelihood(retention.a, retention.b)


def fit(renewals: Iterable[Renewals]) -> Fitted:
    """Return the most likely retention, by a pattern search over (ln a, ln b) from (0, 0)."""
    counts = _Counts(renewals)
    if not counts.observed:
        raise BadInput("no renewal has come out yet, so no retention can be fitted")
    x, y = _top(lambda at: counts.log_likelihood(math.exp(at[0]), math.exp(at[1])))
    a, b = math.exp(x), math.exp(y)
    bounded = max(abs(x), abs(y)) < FARTHEST - 0.01
    return Fitted(retention=Retention(a=a, b=b), log_likelihood=counts.log_likelihood(a, b), bounded=bounded)


def posterior(renewals: Iterable[Renewals], prior: Prior) -> Estimate:
    """Return what may be believed of a segment's retention: after its renewals, or before them if too few."""
    counts = _Counts(renewals)
    observed = counts.observed
    basis = Basis.OWN if observed >= FEWEST_RENEWALS else Basis.PRIOR
    belief = _Belief(prior, counts if basis is Basis.OWN else _Counts(()))
    points = tuple(_points(belief))
    return Estimate(points=points, retention=_middle(points), observed=observed, basis=basis)


def renewal_range(estimate: Estimate, n: int) -> Spread:
    """Return the rate of the n-th renewal with its interval."""
    return spread((renewal_rate(law, n), weight) for law, weight in estimate.laws)


def _middle(points: Sequence[Point]) -> Retention:
    """Return the retention whose first loss and whose spread between accounts are both the median ones.

    Not the medians of a and of b: those two rise and fall together, and their medians may be a pair nobody believes.
    """
    loss = spread((a / (a + b), weight) for a, b, weight in points).median
    unlike = spread((1 / (1 + a + b), weight) for a, b, weight in points).median
    size = 1 / unlike - 1
    return Retention(a=_short(loss * size), b=_short((1 - loss) * size))


def _short(value: float) -> float:
    """Return a value with eight digits, which is all that is stored and more than is known."""
    return float(f"{value:.8g}")


class _Counts:
    """The renewals as sums, ready to be asked for their likelihood many times."""

    def __init__(self, renewals: Iterable[Renewals]) -> None:
        self.rows = [(n.number - 1, n.renewed, n.renewed + n.lost) for n in pooled(renewals) if n.renewed + n.lost]
        self.observed = sum(seen for _, _, seen in self.rows)
        self.lost = self.observed - sum(renewed for _, renewed, _ in self.rows)

    def log_likelihood(self, a: float, b: float) -> float:
        total = self.lost * math.log(a)
        for before, renewed, seen in self.rows:
            total += renewed * math.log(b + before) - seen * math.log(a + b + before)
        return total

    def curvature(self, a: float, b: float) -> tuple[float, float, float]:
        """Return the second derivatives by ln a, by ln a and ln b, and by ln b."""
        by_a, by_b = self.lost / a, 0.0
        aa, ab, bb = -self.lost / a**2, 0.0, 0.0
        for before, renewed, seen in self.rows:
            size, kept = a + b + before, b + before
            by_a, by_b = by_a - seen / size, by_b + renewed / kept - seen / size
            aa, ab, bb = aa + seen / size**2, ab + seen / size**2, bb + seen / size**2 - renewed / kept**2
        return a * a * aa + a * by_a, a * b * ab, b * b * bb + b * by_b


class _Belief:
    """The logarithm of the posterior over (ln a, ln b), up to a constant."""

    def __init__(self, prior: Prior, counts: _Counts) -> None:
        self.prior, self.counts = prior, counts

    def __call__(self, at: tuple[float, float]) -> float:
        prior, (x, y) = self.prior, at
        wide = ((x - prior.ln_a) / prior.ln_a_sd) ** 2 + ((y - prior.ln_b) / prior.ln_b_sd) ** 2
        return self.counts.log_likelihood(math.exp(x), math.exp(y)) - wide / 2

    def axes(self, at: tuple[float, float]) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the two main directions of what is possible around a point, each one standard deviation long."""
        xx, xy, yy = self.counts.curvature(math.exp(at[0]), math.exp(at[1]))
        xx, yy = xx - self.prior.ln_a_sd**-2, yy - self.prior.ln_b_sd**-2
        turn = 0.5 * math.atan2(2 * xy, xx - yy)
        least = (2 * max(self.prior.ln_a_sd, self.prior.ln_b_sd)) ** -2
        along = []
        for angle in (turn, turn + math.pi / 2):
            c, s = math.cos(angle), math.sin(angle)
            steep = -(xx * c * c + 2 * xy * c * s + yy * s * s)
            length = 1 / math.sqrt(max(steep, least))
            along.append((c * length, s * length))
        return along[0], along[1]


def _top(height: Callable[[tuple[float, float]], float]) -> tuple[float, float]:
    """Return where a function of two numbers is highest, looking in eight directions with an ever smaller step."""
    at, step = (0.0, 0.0), 1.0
    best = height(at)
    while step > FINEST:
        around = (
            (_within(at[0] + step * i), _within(at[1] + step * j)) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j
        )
        found, there = max((height(one), one) for one in around)
        if found > best:
            best, at, step = found, there, min(1.0, 2 * step)
        else:
            step /= 2
    return at


def _within(value: float) -> float:
    return max(-FARTHEST, min(FARTHEST, value))


def _points(belief: _Belief) -> Iterator[Point]:
    """Yield the posterior as weighted points, on a lattice as fine as the allowed number of points lets it be."""
    top = _top(belief)
    axes = belief.axes(top)
    step = REACH * math.sqrt(math.pi / MOST_POINTS)
    found = _flood(belief, top, axes, step)
    for _ in range(MOST_TRIES):
        if 0.6 * MOST_POINTS <= len(found) <= MOST_POINTS:
            break
        step *= math.sqrt(len(found) / (0.8 * MOST_POINTS))
        found = _flood(belief, top, axes, step)
    total = sum(found.values())
    for (x, y), weight in sorted(found.items()):
        yield Point(_short(math.exp(x)), _short(math.exp(y)), _short(weight / total))


def _flood(
    belief: _Belief, top: tuple[float, float], axes: tuple[tuple[float, float], tuple[float, float]], step: float
) -> Mapping[tuple[float, float], float]:
    """Return every lattice point that can be reached from the top without going below `REACH`, with its weight."""
    peak, floor = belief(top), -(REACH**2) / 2
    c, s = step * math.cos(SHEAR), step * math.sin(SHEAR)
    right = (c * axes[0][0] + s * axes[1][0], c * axes[0][1] + s * axes[1][1])
    up = (c * axes[1][0] - s * axes[0][0], c * axes[1][1] - s * axes[0][1])
    found: dict[tuple[float, float], float] = {}
    seen, waiting = {(0, 0)}, [(0, 0)]
    while waiting:
        i, j = waiting.pop()
        at = (top[0] + i * right[0] + j * up[0], top[1] + i * right[1] + j * up[1])
        depth = belief(at) - peak
        if depth < floor:
            continue
        found[at] = math.exp(depth)
        near = {(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)} - seen
        seen |= near
        waiting += sorted(near)
    return found
