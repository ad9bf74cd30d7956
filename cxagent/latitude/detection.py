"""The detector: does the loss of a cell lie above what is accepted, now?

It is the mixture Shiryaev-Roberts statistic (Shiryaev 1963, Roberts 1966): for rates q_i above an accepted rate p0,
with lam_i = (q_i - p0) / (p0 (1 - p0)), each item X in [0, 1] moves M_i to (M_i + 1)(1 + lam_i (X - p0)); it alarms
when the mean of M_i reaches c. While the true loss is at most p0, the mean number of items between false alarms is at
least c.

The mean also grows while all is well, to about 0.66 / p0, and one error lifts it to at most about 1.66 / p0. A fixed c
would therefore alarm at one error, or at none, in cells whose accepted rate is small; so c grows as p0 falls, which
keeps the same number of accepted errors between two false alarms.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

MULTIPLES = (1.5, 2.0, 3.0, 5.0, 8.0, 12.0)
FRESH: tuple[float, ...] = (0.0,) * len(MULTIPLES)
ACCEPTED_RATE = 0.03
"""The accepted rate for which an alarm line is given; see `line`."""
ALARM_AT = 200.0
ACCEPTED_SHARE = 0.6
"""The accepted rate as a share of the threshold of the level."""
MOST = 1e12
"""Where a statistic is kept from growing on: far above any alarm, and far below what a float can hold."""


def step(parts: Sequence[float], loss: float, p0: float = ACCEPTED_RATE) -> tuple[float, ...]:
    """Return the parts of the detector after one more item; O(1)."""
    found = tuple([(part + 1) * factor for part, factor in zip(parts, _factors(loss, p0), strict=True)])
    return found if max(found) < MOST else tuple(min(MOST, part) for part in found)


@lru_cache(maxsize=1024)
def _factors(loss: float, p0: float) -> tuple[float, ...]:
    """Return by what one item multiplies each part; few losses and accepted rates are ever in use."""
    if not (0 <= loss <= 1 and 0 < p0 < 0.5):
        raise ValueError(f"a loss of {loss} is no share, or an accepted rate of {p0} not between 0 and one half")
    bets = ((min(0.95, p0 * multiple) - p0) / (p0 * (1 - p0)) for multiple in MULTIPLES)
    return tuple(1 + bet * (loss - p0) for bet in bets)


def mean(parts: Sequence[float]) -> float:
    """Return what is compared with the alarm."""
    return sum(parts) / len(parts)


def line(alarm_at: float, p0: float) -> float:
    """Return where the mean alarms: what is wanted at the usual accepted rate, and in proportion more below it."""
    return alarm_at * max(1.0, ACCEPTED_RATE / p0)


def statistic(
    evidence: Iterable[float], p0: float = ACCEPTED_RATE, start: Sequence[float] = FRESH
) -> tuple[float, tuple[float, ...]]:
    """Return the detector's mean after some evidence, and its parts, from which it can go on."""
    parts = tuple(start)
    for loss in evidence:
        parts = step(parts, loss, p0)
    return mean(parts), parts
