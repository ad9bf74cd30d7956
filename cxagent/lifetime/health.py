"""Health: the calibrated chance that an account does not renew, told a fixed time before from what was known then.

A discrete-time hazard: at a renewal, the log odds of leaving are those of the segment's base (1 - r_n) plus, for each
feature, weight * (value - mean). The base says how many leave, health says which: over the renewals that it was fitted
to, the chances average to their bases. So a hazard ratio of 1 is an account whose health says no more than its segment
does.

What is not known of an account adds nothing to its chance, and widens its interval by all that it could have said.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from cxagent.domain.value import Text, Value
from cxagent.errors import BadInput
from cxagent.lifetime.newton import quadratic
from cxagent.lifetime.spread import NINETY, Spread

PRIOR_SD = 0.5
"""How far one standard deviation of a feature, or of all that was not looked at, may move the log odds: the prior."""

Lead = Literal[90, 180]
"""How many days before a renewal its chance is judged."""


class Feature(Value):
    """Something known of an account: `sign` is +1 where more of it cannot mean a smaller chance of leaving, else -1.

    `step` is how finely it is read when renewals are counted together, in the feature's own unit.
    """

    name: Text
    sign: Literal[1, -1]
    step: Annotated[float, Field(gt=0)] = 1.0


class HealthBasis(StrEnum):
    """What a health model rests on."""

    OWN = "own renewals"
    TOO_FEW = "no model: too few non-renewals"
    SILENT = "no model: no feature tells who leaves"


class Effect(Value):
    """What one feature does: `weight` log odds for each unit away from `mean`, judged between `low` and `high`.

    `level` is added where the feature is known: unequal chances average to more than the chance of the average does.
    """

    feature: Feature
    mean: float
    sd: float
    low: float
    high: float
    weight: float
    level: float = 0.0

    def away(self, value: float) -> float:
        """Return how far a value lies from the mean; beyond what was ever seen it counts as the farthest that was."""
        return min(self.high, max(self.low, value)) - self.mean


class Contribution(Value):
    """What one feature adds to an account's chance: in log odds, and in points of the chance (0.02 is two points)."""

    feature: str
    value: float | None
    log_odds: float
    points: float


class Chance(Value):
    """The chance that an account does not renew, its odds against those of its base, why, and what was not known."""

    chance: Spread
    hazard_ratio: Spread
    contributions: tuple[Contribution, ...]
    missing: tuple[str, ...]
    basis: HealthBasis

    @property
    def score(self) -> float:
        """Return the chance as a score for people: 100 (1 - p)."""
        return 100 * (1 - self.chance.median)


class _Sum(NamedTuple):
    """The log odds of an account against its base, how far their interval reaches, and the parts they are made of."""

    middle: float
    reach: float
    parts: dict[str, float]
    missing: tuple[str, ...]

    def spread(self, at: float = 0.0) -> tuple[float, float, float]:
        return at + self.middle - self.reach, at + self.middle, at + self.middle + self.reach


class HealthModel(Value):
    """A fitted health model; `left_out` names every candidate that has no effect in it, with the reason.

    `unexplained` is how far the candidates that could not be looked at may move the log odds, as a standard deviation.
    `covariance` is that of the level, first, and of the effects' weights.
    """

    lead_days: Lead
    renewals: int
    lost: int
    effects: tuple[Effect, ...] = ()
    covariance: tuple[tuple[float, ...], ...] = ()
    unexplained: float
    left_out: dict[str, str]
    basis: HealthBasis

    def hazard_ratio(self, features: Mapping[str, float | None]) -> Spread:
        """Return the odds of leaving against those of the segment's base: 1 where nothing is known."""
        low, median, high = map(math.exp, self._log_odds(features).spread())
        return Spread(low=low, median=median, high=high)

    def middle(self, features: Mapping[str, float | None]) -> float:
        """Return the median of `hazard_ratio` alone, at a fraction of its cost: for whole portfolios."""
        known = ((effect, features.get(effect.feature.name)) for effect in self.effects)
        return math.exp(
            math.fsum(one.weight * one.away(value) + one.level for one, value in known if value is not None)
        )

    def chance(self, features: Mapping[str, float | None], base: float) -> Chance:
        """Return the chance of not renewing where the segment's base is `base`, with its interval and its causes."""
        odds = self._log_odds(features)
        low, median, high = map(chance_of, odds.spread(logit(base)))
        parts = (
            Contribution(
                feature=name,
                value=features.get(name),
                log_odds=part,
                points=median - chance_of(logit(median) - part),
            )
            for name, part in odds.parts.items()
        )
        return Chance(
            chance=Spread(low=low, median=median, high=high),
            hazard_ratio=self.hazard_ratio(features),
            contributions=tuple(sorted(parts, key=lambda part: -abs(part.log_odds))),
            missing=odds.missing,
            basis=self.basis,
        )

    def _log_odds(self, features: Mapping[str, float | None]) -> _Sum:
        away, parts, missing, unknown = [1.0], {}, [], self.unexplained**2
        for effect in self.effects:
            name = effect.feature.name
            value = features.get(name)
            if value is None:
                missing.append(name)
                away.append(0.0)
                unknown += (effect.weight * effect.sd) ** 2
            elif math.isfinite(value):
                away.append(effect.away(value))
                parts[name] = effect.weight * away[-1] + effect.level
            else:
                raise BadInput(f"{value} is no number", where=name)
        reach = NINETY * math.sqrt(unknown + quadratic(self.covariance, away))
        return _Sum(math.fsum(parts.values()), reach, parts, tuple(missing))


def known_at(history: Iterable[tuple[date, float]], renewal: date, lead_days: Lead) -> float | None:
    """Return the latest value that was known `lead_days` before a renewal, and nothing of what came after."""
    until = renewal - timedelta(days=lead_days)
    known = [(day, value) for day, value in history if day <= until]
    return max(known, key=lambda entry: entry[0])[1] if known else None


def logit(chance: float) -> float:
    """Return the log odds of a chance."""
    if not 0 < chance < 1:
        raise BadInput(f"a chance of {chance} has no odds: it lies not between 0 and 1")
    return math.log(chance / (1 - chance))


def chance_of(log_odds: float) -> float:
    """Return the chance that has these log odds."""
    return 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0
