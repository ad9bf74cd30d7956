"""A match rate with its interval, from sums over ultimate parents."""

import math

from cxagent.domain.value import Text, Value
from cxagent.intervals import FEW_CLUSTERS, USUAL_DESIGN_EFFECT, wilson
from cxagent.ledger.match_rates import Sums


class Matched(Value):
    """How often people agreed with the machine in one slice; `value` is None where nothing was measured.

    `n` counts findings, `agreed` those that agreed, both unweighted; `of_groups` into how many groups the
    ultimate parents that they are about fall, 256 at most.
    """

    name: Text
    value: float | None
    low: float
    high: float
    n: int
    agreed: int
    of_groups: int
    method: Text


NOTHING = "no blind audit of a decision drawn by chance yet; verdicts on drafts that were shown do not count"


def matched(one: Sums | None) -> Matched:
    """Return the rate of a slice: the weighted share, and a 95 % interval that knows that a parent's cases are alike.

    The interval is Wilson's at the effective number of findings, R (1 - R) / variance, never more than there are; the
    variance is the linearised one of a ratio over clusters, which is where the bootstrap of whole clusters goes to as
    they grow many (Field and Welsh 2007), at a cost that grows with the findings alone.
    """
    if one is None or not one.findings:
        return Matched(name="all", value=None, low=0.0, high=1.0, n=0, agreed=0, of_groups=0, method=NOTHING)
    rate = min(1.0, one.y / one.w)
    effective = _effective(one, rate)
    found = wilson(rate * effective, effective)
    few = f", {one.groups} groups of parents: too few to speak for others" if one.groups < FEW_CLUSTERS else ""
    return Matched(
        name=one.name,
        value=round(rate, 4),
        low=found.low,
        high=found.high,
        n=one.findings,
        agreed=one.agreed,
        of_groups=one.groups,
        method=f"Wilson 95 %, weighted by the chance of the draw, {effective:.0f} effective of {one.findings}{few}",
    )


def _effective(one: Sums, rate: float) -> float:
    """Return how many independent findings would say as much; at 0 and 1 the usual design effect stands in."""
    if 0 < rate < 1 and one.groups > 1:
        spread = (one.yy - 2 * rate * one.yw + rate * rate * one.ww) / one.w**2 * one.groups / (one.groups - 1)
        if spread > 0:
            return max(1.0, min(float(one.findings), rate * (1 - rate) / spread))
    most = min(float(one.findings), one.w**2 / one.ww * max(1.0, math.sqrt(one.findings / one.groups)))
    return max(1.0, min(most, float(one.groups)), most / USUAL_DESIGN_EFFECT)
