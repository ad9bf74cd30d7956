"""Newton's method on a log-likelihood with few coefficients, and the small linear algebra that it needs."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

Vector = list[float]
Matrix = Sequence[Sequence[float]]

MOST_STEPS = 50
MOST_HALVINGS = 30
CLOSE = 1e-9
"""The search ends when the step promises less than this in log-likelihood."""


class Surface(NamedTuple):
    """A log-likelihood at one place: its height, its slope, and the information, which is minus its curvature."""

    height: float
    slope: Vector
    information: Matrix


class Summit(NamedTuple):
    """The top of a log-likelihood: where, how high, and the inverse of the information there."""

    at: Vector
    height: float
    covariance: Matrix


def climb(surface: Callable[[Vector], Surface], size: int) -> Summit | None:
    """Return the top of a concave log-likelihood from 0 on, or nothing where it has none."""
    at = [0.0] * size
    here = surface(at)
    for _ in range(MOST_STEPS):
        covariance = inverse(here.information)
        if covariance is None:
            return None
        step = times(covariance, here.slope)
        if sum(map(_product, step, here.slope)) < CLOSE:
            return Summit(at, here.height, covariance)
        for _ in range(MOST_HALVINGS):
            there = [x + dx for x, dx in zip(at, step, strict=True)]
            beyond = surface(there)
            if beyond.height > here.height:
                break
            step = [dx / 2 for dx in step]
        else:
            return Summit(at, here.height, covariance)
        at, here = there, beyond
    return None


def times(matrix: Matrix, vector: Sequence[float]) -> Vector:
    """Return a matrix times a vector."""
    return [sum(map(_product, row, vector)) for row in matrix]


def quadratic(matrix: Matrix, vector: Sequence[float]) -> float:
    """Return v' M v, the variance of a sum of coefficients times `vector` under their covariance."""
    return sum(map(_product, times(matrix, vector), vector))


def inverse(matrix: Matrix) -> Matrix | None:
    """Return the inverse by elimination with the largest pivot, or nothing where there is none."""
    size = len(matrix)
    rows = [[*row, *(1.0 if i == j else 0.0 for j in range(size))] for i, row in enumerate(matrix)]
    largest = max((abs(value) for row in matrix for value in row), default=0.0)
    for place in range(size):
        best = max(range(place, size), key=lambda i: abs(rows[i][place]))
        pivot = rows[best][place]
        if not math.isfinite(pivot) or abs(pivot) <= 1e-13 * largest:
            return None
        rows[place], rows[best] = rows[best], rows[place]
        rows[place] = [value / pivot for value in rows[place]]
        for i in range(size):
            if i != place and rows[i][place]:
                factor = rows[i][place]
                rows[i] = [value - factor * other for value, other in zip(rows[i], rows[place], strict=True)]
    return [row[size:] for row in rows]


def _product(one: float, other: float) -> float:
    return one * other
