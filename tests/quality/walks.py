"""Exact chances for rules that look after every review, by dynamic programming over reviews and errors."""

from collections.abc import Callable, Sequence
from itertools import accumulate

from cxagent.latitude import promotion

NEGLIGIBLE = 1e-15


def stops_of(theta: float, alpha: float, reviews: int) -> list[int]:
    """Return for 0, 1, 2, ... errors after how many reviews the real test first succeeds, up to so many reviews."""
    stops, capital, count = [], promotion.FRESH, 0
    while True:
        while not promotion.earned(capital, 2 * alpha, 1):
            capital, count = promotion.bet(capital, 0.0, theta), count + 1
        if count > reviews:
            return stops
        stops.append(count)
        capital, count = promotion.bet(capital, 1.0, theta), count + 1


def passed(stops: Sequence[int], rate: float | Callable[[int], float], reviews: int) -> list[float]:
    """Return the chance that a rule has stopped by each review, where it stops at `stops[k]` reviews with k errors.

    With more errors than `stops` knows of it never does; `rate` may depend on the number of the review.
    """
    alive, fewest, chances = [1.0], 0, []
    for count in range(1, reviews + 1):
        wrong = rate(count) if callable(rate) else rate
        right = 1 - wrong
        alive = [stay * right + come * wrong for stay, come in zip([*alive, 0.0], [0.0, *alive], strict=True)]
        done = 0.0
        while alive and fewest < len(stops) and stops[fewest] <= count:
            done += alive.pop(0)
            fewest += 1
        while alive and alive[-1] < NEGLIGIBLE:
            alive.pop()
        chances.append(done)
    return list(accumulate(chances))


def reviews_until(chances: Sequence[float], share: float) -> int | None:
    """Return by which review a rule has stopped with a given chance."""
    return next((count for count, chance in enumerate(chances, start=1) if chance >= share), None)


def last_twenty(rate: float, reviews: int) -> list[float]:
    """Return the chance that by each review at most one of the last twenty was wrong at least once.

    The state is how long ago the last two errors were, 20 standing for longer ago.
    """
    alive, gone, chances = {(20, 20): 1.0}, 0.0, []
    for count in range(1, reviews + 1):
        after: dict[tuple[int, int], float] = {}
        for (last, before), chance in alive.items():
            right, wrong = (min(20, last + 1), min(20, before + 1)), (0, min(20, last + 1))
            after[right] = after.get(right, 0.0) + chance * (1 - rate)
            after[wrong] = after.get(wrong, 0.0) + chance * rate
        if count >= 20:
            gone += sum(chance for (_, before), chance in after.items() if before >= 20)
            after = {ages: chance for ages, chance in after.items() if ages[1] < 20}
        alive = after
        chances.append(gone)
    return chances
