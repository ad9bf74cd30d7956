"""The test by which a cell earns a level: betting against the claim that its loss is still too high.

The claim is E[X | past] >= theta at every review, X in [0, 1]. Eleven bets start with equal capital; bet j stakes
lam_j = (theta - q_j) / (theta (1 - theta)) with q_j = theta * SHARES[j], and each item multiplies its capital by
1 + lam_j (theta - X), never below 0. Under the claim the mean capital is a non-negative supermartingale, so by Ville's
inequality the chance that it ever reaches 1 / alpha is at most alpha, however often one looks and whenever one stops
(Waudby-Smith and Ramdas 2024). Attempt k of a step gets alpha / (k (k + 1)), which adds up to alpha over all attempts.
"""

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import add

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
FRESH: tuple[float, ...] = (0.0,) * len(SHARES)
"""The logarithms of the capital of each bet before the first item."""


def bet(capital: Sequence[float], loss: float, theta: float) -> tuple[float, ...]:
    """Return the logarithms of the capital after one more item; O(1)."""
    return tuple(map(add, capital, _gains(loss, theta)))


@lru_cache(maxsize=1024)
def _gains(loss: float, theta: float) -> tuple[float, ...]:
    """Return what one item adds to the logarithm of each bet; few losses and thresholds are ever in use."""
    if not (0 <= loss <= 1 and 0 <= theta < 1):
        raise ValueError(f"a loss of {loss} or a threshold of {theta} is no share")
    beyond = (loss - theta) / (1 - theta)  # exactly 1 for a full loss, so that the boldest bet loses exactly all
    factors = (1 - (1 - share) * beyond for share in SHARES)
    return tuple(math.log(factor) if factor > 0 else -math.inf for factor in factors)


def wealth(capital: Sequence[float]) -> float:
    """Return the logarithm of the mean capital."""
    most = max(capital)
    if most == -math.inf:
        return most
    return most + math.log(sum(math.exp(log - most) for log in capital) / len(capital))


def needed(risk: float, attempt: int) -> float:
    """Return the logarithm of the mean capital at which attempt 1, 2, ... of a step succeeds."""
    return math.log(attempt * (attempt + 1) / risk)


def earned(capital: Sequence[float], risk: float, attempt: int) -> bool:
    """Whether the test has succeeded."""
    aim = needed(risk, attempt)
    return max(capital) >= aim and wealth(capital) >= aim  # a mean is never above the largest


def capital_of(losses: Iterable[float], theta: float) -> tuple[float, ...]:
    """Return the capital after a whole record, for a threshold that changed."""
    capital = FRESH
    for loss in losses:
        capital = bet(capital, loss, theta)
    return capital


def clean_reviews_needed(theta: float, alpha: float) -> int:
    """Return the fewest clean reviews with which any valid test can certify a loss below theta.

    n = ceil(ln(1 / alpha) / -ln(1 - theta)): fewer would come about by chance too often.
    """
    return math.ceil(math.log(1 / alpha) / -math.log1p(-theta) - 1e-12)


def still_needed(capital: Sequence[float], theta: float, risk: float, attempt: int, most: int = 100_000) -> int | None:
    """Return how many more clean reviews the test needs; None where it would take more than `most`."""
    if earned(capital, risk, attempt):
        return 0
    aim = needed(risk, attempt)
    if wealth(_after_clean(capital, theta, most)) < aim:
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if wealth(_after_clean(capital, theta, middle)) >= aim else (middle, high)
    return high


def _after_clean(capital: Sequence[float], theta: float, count: int) -> tuple[float, ...]:
    return tuple(log + count * gain for log, gain in zip(capital, _gains(0.0, theta), strict=True))
