"""What a wrong act would cost, and how sure the machine must be before acting beats asking.

One wrong action of full severity does D = direct + delta * FV, with delta the added chance that the account leaves and
FV the value of what follows if it stays. Not asking saves b = minutes * cost of a minute. Acting is right while
p * D < (1 - p) * b, that is while p < p* = b / (b + D), with p the bound on the chance of being wrong.
"""

import functools
import math
from typing import NamedTuple

from cxagent.domain.ruling import Weighing
from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import EffectClass, Segment
from cxagent.latitude.promotion import clean_reviews_needed
from cxagent.latitude.terms import Damage, LatitudeTerms

MOST_LEAVES = 0.5
"""The most that one wrong action may be taken to add to the chance of leaving."""
STEPS = 4000
"""In how many steps a distribution is summed up."""


class Threshold(Value):
    """The loss that a cell may have when it acts alone, with the arithmetic behind it.

    `clean` is the fewest clean audits that could certify it; a cell that sees fewer in a year stays where it is.
    """

    theta: float
    break_even: float
    damage: float
    saved: float
    future_value: float
    clean: int
    said: Text


class Parameters(NamedTuple):
    """Parameters of a Beta distribution."""

    a: float
    b: float


class Chance(NamedTuple):
    """The chance of being wrong, and in words what it rests on."""

    p: float
    said: str


def damage_of(terms: Damage, future_value: float, hazard_ratio: float = 1.0) -> float:
    """Return D, what one wrong action does in money; a shaky account (hazard ratio above 1) feels it more."""
    leaves = min(MOST_LEAVES, terms.leaves * max(1.0, hazard_ratio))
    return terms.direct + leaves * future_value


def break_even(saved: float, damage: float) -> float:
    """Return p* = b / (b + D): above this chance of being wrong a person is cheaper."""
    return saved / (saved + damage)


def beta_of(mean: float, sd: float) -> Parameters:
    """Return the Beta distribution with a mean and a standard deviation: k = mean (1 - mean) / sd^2 - 1."""
    k = mean * (1 - mean) / sd**2 - 1
    return Parameters(mean * k, (1 - mean) * k)


def conservative(
    assumed: Damage, minute_costs: float, future_value: float, hazard_ratio: float = 1.0, sure: float = 0.95
) -> float:
    """Return p* with the 95th percentile of D in the place of its mean: what holds if the assumption was too mild."""
    leaves = _leaves_at(assumed.leaves, assumed.leaves_sd, sure)
    damage = assumed.direct + min(MOST_LEAVES, leaves * max(1.0, hazard_ratio)) * future_value
    return break_even(assumed.minutes * minute_costs, damage)


@functools.lru_cache(maxsize=256)
def _leaves_at(mean: float, sd: float, sure: float) -> float:
    return percentile_of(beta_of(mean, sd), sure)


def percentile_of(beta: Parameters, share: float) -> float:
    """Return the value below which a share of a Beta distribution lies, by summing it up over ln(x / (1 - x)).

    On that scale the density x^a (1 - x)^b has one summit and no pole, whatever a and b are.
    """
    summit, wide = math.log(beta.a / beta.b), 12 * math.sqrt(1 / beta.a + 1 / beta.b)
    low, high = summit - wide - 40 / beta.a, summit + wide + 40 / beta.b
    points = [low + (high - low) * (place + 0.5) / STEPS for place in range(STEPS)]
    most = max(logs := [-beta.a * _softplus(-point) - beta.b * _softplus(point) for point in points])
    weights = [math.exp(log - most) for log in logs]
    left = share * math.fsum(weights)
    for point, weight in zip(points, weights, strict=True):
        left -= weight
        if left <= 0:
            return math.exp(-_softplus(-point))
    return 1.0


def _softplus(value: float) -> float:
    """Return ln(1 + e^value) without overflow."""
    return max(0.0, value) + math.log1p(math.exp(-abs(value)))


def rate_of(prior: float, weight: float, audits: int, lost: float) -> float:
    """Return the chance of being wrong: what was believed, as if seen in `weight` audits, with the audits there are.

    p = (prior * weight + lost) / (weight + audits), the mean of a Beta posterior; `lost` is a sum of losses in [0, 1].
    """
    return min(1.0, (prior * weight + lost) / (weight + audits))


def weigh(
    assumed: Damage, minute_costs: float, effect: EffectClass, future_value: float, hazard_ratio: float, wrong: Chance
) -> Weighing:
    """Put what acting wrongly costs beside what asking costs, for one class of action on one account."""
    damage, saved = damage_of(assumed, future_value, hazard_ratio), assumed.minutes * minute_costs
    return Weighing.model_construct(
        effect=effect.value,
        wrong=wrong.p,
        damage=damage,
        saved=saved,
        minutes=assumed.minutes,
        break_even=break_even(saved, damage),
        careful=conservative(assumed, minute_costs, future_value, hazard_ratio),
        future_value=future_value,
        hazard_ratio=hazard_ratio,
        known=wrong.said,
        part=0,
    )


def certifiable(theta: float, risk: float, audits_a_year: float) -> bool:
    """Whether a cell sees enough audits in a year that any valid test could certify it; below that it stays a draft."""
    return clean_reviews_needed(theta, risk) <= audits_a_year


def threshold(
    terms: LatitudeTerms, effect: EffectClass, segment: Segment, future_value: float | None = None
) -> Threshold:
    """Return the threshold of a cell: min(p*, the most that is ever allowed), never lifted to what can be certified.

    `future_value` stands in for the segment's, in the playbook's currency.
    """
    assumed = terms.damage[effect]
    value = terms.future_value[segment] if future_value is None else future_value
    damage, saved = damage_of(assumed, value), assumed.minutes * terms.minute_costs
    star = break_even(saved, damage)
    theta = min(star, terms.loss_at_most)
    clean = clean_reviews_needed(theta, terms.risk)
    said = (
        f"a wrong one costs about {damage:,.0f} (assumed by {terms.owner}: {assumed.direct:,.0f} at once, and "
        f"{assumed.leaves:.1%} of {value:,.0f} that stays with the account), asking costs {saved:,.2f}, so the "
        f"loss may be {theta:.2%} at most, which nothing can show with fewer than {clean:,} clean audits"
    )
    return Threshold(
        theta=theta, break_even=star, damage=damage, saved=saved, future_value=value, clean=clean, said=said
    )
