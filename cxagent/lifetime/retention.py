"""How long accounts of a segment stay: the shifted beta-geometric model of contracts that renew or do not.

Each account has a chance of its own to leave at every renewal, Beta(a, b) over the segment (Fader and Hardie 2007). The
renewal rate of those who are left rises with each renewal, because the weak have gone: r_n = (b + n - 1) / (a + b + n -
1). It says nothing of one account getting safer.
"""

import functools
import math

from cxagent.domain.value import Value

SMALLEST = 1e-10
"""A term of a sum that is smaller than this ends it."""

LEAST_RATE = 0.001
"""A what-if that lowers retention leaves at least this rate, so that the odds stay finite."""


class Retention(Value):
    """The parameters of a segment's retention; both are positive."""

    a: float
    b: float


def renewal_rate(of: Retention, n: int, lift: float = 0.0) -> float:
    """Return r_n, the chance that an account which came to its n-th renewal renews; n begins with 1.

    `lift` raises or lowers every rate by so many points (0.05 is five), never beyond certain: for "what if".
    """
    rate = (of.b + n - 1) / (of.a + of.b + n - 1)
    return rate if lift == 0 else min(1.0, max(min(rate, LEAST_RATE), rate + lift))


def survival(of: Retention, n: int) -> float:
    """Return S(n) = B(a, b + n) / B(a, b), the share that is left after n renewals."""
    return math.exp(_log_beta(of.a, of.b + n) - _log_beta(of.a, of.b))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


@functools.lru_cache(maxsize=16384)
def expected_renewals(of: Retention, n: int, discount: float, lift: float = 0.0) -> float:
    """Return DERL_n: the value, at the n-th renewal before it is known, of 1 for each renewal from then on.

    DERL_n = sum over t >= n of (1 + d)^-(t - n) * r_n ... r_t (Fader and Hardie 2010); `discount` d is a year's.
    """
    total, term, place = 0.0, 1.0, n
    while True:
        term *= renewal_rate(of, place, lift)
        total += term
        term, place = term / (1 + discount), place + 1
        if term < SMALLEST:
            return total
