"""Student's t for degrees of freedom that are no whole number.

The tail is half the regularised incomplete beta function I_x(v / 2, 1 / 2) at x = v / (v + t^2), by the continued
fraction of Lentz; the quantile by Newton's method on the logarithms, which are almost straight far out.
"""

import math
from functools import lru_cache
from statistics import NormalDist

SMALL = 1e-300
CLOSE = 1e-14
MOST_TAIL = 0.25
STEPS = 400


def tail(t: float, degrees: float) -> float:
    """Return P(T > t) of Student's t, t >= 0."""
    return _incomplete_beta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2


@lru_cache(maxsize=4096)
def quantile(above: float, degrees: float) -> float:
    """Return the t that a share `above` of at most a quarter lies beyond; `degrees` may be any number from 1."""
    if not (0 < above <= MOST_TAIL and degrees >= 1):
        raise ValueError(f"no quantile for a tail of {above} at {degrees} degrees of freedom")
    t = _start(above, degrees)
    for _ in range(50):
        beyond = tail(t, degrees)
        step = math.log(beyond / above) * beyond / (t * _density(t, degrees))
        t *= math.exp(step)
        if abs(step) < 1e-7:  # the error that is left is about its square
            break
    return t


def _start(above: float, degrees: float) -> float:
    """Return a first guess: between the closed forms of one and two degrees, and beyond them by an expansion."""
    one = math.tan(math.pi * (0.5 - above))
    two = (1 - 2 * above) / math.sqrt(2 * above * (1 - above))
    if degrees < 2:
        share = 2 * (1 / degrees - 0.5)
        return math.exp((1 - share) * math.log(two) + share * math.log(one))
    z = NormalDist().inv_cdf(1 - above)
    # The expansion of Fisher and Cornish around the normal quantile; too small for few degrees, hence the floor.
    first = (z**3 + z) / (4 * degrees)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
    return min(two, z + first + second)


def _density(t: float, degrees: float) -> float:
    log = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2) - 0.5 * math.log(degrees * math.pi)
    return math.exp(log - (degrees + 1) / 2 * math.log1p(t * t / degrees))


def _incomplete_beta(x: float, a: float, b: float) -> float:
    if x <= 0 or x >= 1:
        return min(1.0, max(0.0, x))
    log = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1) / (a + b + 2):
        return math.exp(log) * _fraction(x, a, b) / a
    return 1 - math.exp(log) * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of the incomplete beta function, two terms a round."""
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / _away(1 + even * d), _away(1 + even / c)
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / _away(1 + odd * d), _away(1 + odd / c)
        value *= d * c
        if abs(d * c - 1) < CLOSE:
            break
    return value


def _away(value: float) -> float:
    return value if abs(value) > SMALL else SMALL
