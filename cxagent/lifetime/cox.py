"""Cox's proportional hazards: how much sooner accounts leave with more of a covariate, whatever the course of time is.

The partial likelihood of Cox (1972), with the treatments of tied times by Breslow (1974) and by Efron (1977). For
analyses of one's own and the published tables; the product's health is `hazard.py`, which tells a chance per renewal.
"""

import math
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from cxagent.domain.value import Value
from cxagent.errors import BadInput
from cxagent.lifetime.newton import Surface, Vector, climb

FARTHEST = 15.0
"""Log hazards farther apart than this mean that a covariate tells all leavers apart, and has no most likely effect."""


class Ties(StrEnum):
    """How accounts that left at the same time are counted."""

    BRESLOW = "breslow"
    EFRON = "efron"


class Course(NamedTuple):
    """One account: how long it was seen, whether it had left then, and its covariates in a fixed order."""

    time: float
    left: bool
    covariates: tuple[float, ...]


class Proportional(Value):
    """The fitted hazards: a log hazard ratio and its standard error for each covariate, beside no covariate at all."""

    coefficients: tuple[float, ...]
    errors: tuple[float, ...]
    log_likelihood: float
    without: float

    @property
    def likelihood_ratio(self) -> float:
        """Return twice the gain in log-likelihood, chi squared with one degree of freedom for each covariate."""
        return 2 * (self.log_likelihood - self.without)


def proportional(courses: Iterable[Course], ties: Ties = Ties.EFRON) -> Proportional:
    """Return the most likely hazard ratios by Newton's method."""
    ordered = sorted(courses, key=lambda course: -course.time)
    size = len(ordered[0].covariates) if ordered else 0
    if not size or any(len(course.covariates) != size for course in ordered):
        raise BadInput("hazards need at least one account and one covariate, and the same ones for every account")
    centred = _centred(ordered, size)
    top = climb(lambda at: _surface(centred, at, ties), size)
    if top is None or _farthest(centred, top.at) > FARTHEST:
        raise BadInput("the hazards have no most likely value: nobody left, or a covariate tells all leavers apart")
    return Proportional(
        coefficients=tuple(top.at),
        errors=tuple(math.sqrt(top.covariance[i][i]) for i in range(size)),
        log_likelihood=top.height,
        without=_surface(centred, [0.0] * size, ties).height,
    )


def _centred(courses: Sequence[Course], size: int) -> list[Course]:
    """Return the accounts with covariates around 0, which changes no ratio and keeps the exponentials small."""
    means = [math.fsum(course.covariates[i] for course in courses) / len(courses) for i in range(size)]
    return [
        course._replace(covariates=tuple(x - mean for x, mean in zip(course.covariates, means, strict=True)))
        for course in courses
    ]


def _farthest(courses: Iterable[Course], at: Vector) -> float:
    scores = [sum(b * x for b, x in zip(at, course.covariates, strict=True)) for course in courses]
    return max(scores) - min(scores)


class _Sums:
    """Sums over accounts of their weight exp(b'x), of weight times x, and of weight times x x'."""

    def __init__(self, size: int) -> None:
        self.weight = 0.0
        self.first = [0.0] * size
        self.second = [[0.0] * size for _ in range(size)]

    def add(self, covariates: tuple[float, ...], weight: float) -> None:
        self.weight += weight
        for i, x in enumerate(covariates):
            self.first[i] += weight * x
            row = self.second[i]
            for j in range(i + 1):
                row[j] += weight * x * covariates[j]


def _surface(courses: Iterable[Course], at: Vector, ties: Ties) -> Surface:
    """Return the partial likelihood at some coefficients, going from the last time back as accounts come under risk."""
    size = len(at)
    height, slope, information = 0.0, [0.0] * size, [[0.0] * size for _ in range(size)]
    risk = _Sums(size)
    for _, same in groupby(courses, key=lambda course: course.time):
        tied, count = _Sums(size), 0
        for course in same:
            score = sum(b * x for b, x in zip(at, course.covariates, strict=True))
            weight = math.exp(min(score, 500.0))
            risk.add(course.covariates, weight)
            if course.left:
                tied.add(course.covariates, weight)
                count, height = count + 1, height + score
                slope = [total + x for total, x in zip(slope, course.covariates, strict=True)]
        for place in range(count):
            share = place / count if ties is Ties.EFRON else 0.0
            height -= _one_leaves(risk, tied, share, slope, information)
    return Surface(height, slope, information)


def _one_leaves(risk: _Sums, tied: _Sums, share: float, slope: Vector, information: list[Vector]) -> float:
    """Take one leaver from those at risk into slope and information; return the logarithm of the weight at risk.

    Efron counts `share` of those who leave at the same time as gone already; Breslow none.
    """
    weight = risk.weight - share * tied.weight
    means = [(all_of - share * of_tied) / weight for all_of, of_tied in zip(risk.first, tied.first, strict=True)]
    for i, mean in enumerate(means):
        slope[i] -= mean
        for j in range(i + 1):
            squared = (risk.second[i][j] - share * tied.second[i][j]) / weight - mean * means[j]
            information[i][j] += squared
            if i != j:
                information[j][i] += squared
    return math.log(weight)
