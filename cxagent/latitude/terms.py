"""The playbook's terms of latitude: what is assumed about damage, who said so, and how strict the tests are.

Nobody has measured how much one wrong answer adds to the chance that an account leaves. The figures below are
assumptions with an owner and a date; every threshold that follows from them is shown as such.
"""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cxagent.domain.cell import Level
from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import EffectClass, Segment

Share = Annotated[float, Field(gt=0, le=1)]
START = {"granted": Level.WATCHED, "earned": Level.DRAFT, "observed": Level.OBSERVE}
"""The level on which a cell begins: as the playbook grants it, at drafts, or watching silently."""


class Damage(Value):
    """What one wrong action of full severity does: money at once, and an added chance that the account leaves.

    `leaves` and `leaves_sd` are mean and standard deviation of that added chance; `minutes` is what a review takes.
    """

    leaves: Annotated[float, Field(gt=0, lt=1)]
    leaves_sd: Annotated[float, Field(gt=0, lt=1)]
    direct: Annotated[float, Field(ge=0)]
    minutes: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _a_beta(self) -> Self:
        if self.leaves_sd**2 >= self.leaves * (1 - self.leaves):
            raise ValueError(f"leaves_sd {self.leaves_sd} is too wide for a mean of {self.leaves}")
        return self


_ACCOUNT = Damage(leaves=0.004, leaves_sd=0.002, direct=60, minutes=14)
_ADMIN = Damage(leaves=0.001, leaves_sd=0.0005, direct=20, minutes=9)
_CREDIT = Damage(leaves=0.010, leaves_sd=0.005, direct=400, minutes=18)
_COMMITMENT = Damage(leaves=0.030, leaves_sd=0.015, direct=2500, minutes=35)
_LEGAL = Damage(leaves=0.050, leaves_sd=0.020, direct=1000, minutes=40)


def _damage() -> dict[EffectClass, Damage]:
    return {
        EffectClass.PUBLIC_INFO: _ADMIN,
        EffectClass.ACCOUNT_INFO: _ACCOUNT,
        EffectClass.REVERSIBLE_OP: _ADMIN,
        EffectClass.FINANCIAL: _CREDIT,
        EffectClass.COMMITMENT: _COMMITMENT,
        EffectClass.LEGAL_SECURITY: _LEGAL,
    }


def _future_value() -> dict[Segment, float]:
    return {
        Segment.SMB: 20_000.0,
        Segment.MID_MARKET: 190_000.0,
        Segment.ENTERPRISE: 1_900_000.0,
        Segment.STRATEGIC: 4_000_000.0,
    }


class Audited(Value):
    """The share of decisions that is drawn for a blind audit, by level; `elsewhere`: of what people get anyway."""

    observe: Share = 1.0
    draft: Share = 1.0
    watched: Share = 0.5
    alone: Annotated[float, Field(ge=0.1, le=1)] = 0.1
    elsewhere: Share = 0.1
    by_stake: Annotated[float, Field(ge=0, le=1)] = 0.05
    second: Annotated[float, Field(ge=0, le=1)] = 0.1

    def share(self, level: Level) -> float:
        """Return the share on a level."""
        return (self.observe, self.draft, self.watched, self.alone)[level]


class Learning(Value):
    """How far a mishandled case reaches: how alike a message must be, and how soon that is forgotten."""

    half_life_days: Annotated[float, Field(gt=0)] = 30.0
    same_intent: Share = 0.35
    same_family: Share = 0.50
    any_intent: Share = 0.75


class LatitudeTerms(Value):
    """How latitude is earned and lost; see `graphs/playbook.yaml` for the meaning of each line.

    `risk` is the chance that a cell whose true loss is above its threshold is ever promoted by one level, in all its
    attempts together. `alarm_at` is the mean number of reviews between false alarms where a loss of 3 % is accepted;
    where less is, it grows in proportion. Below 60 a single error could set it off.
    """

    owner: Text = "nobody yet: these are the defaults of cxagent"
    said_on: date | None = None
    start: Literal["granted", "earned", "observed"] = "granted"
    risk: Annotated[float, Field(gt=0, le=0.2)] = 0.05
    loss_at_most: Annotated[float, Field(gt=0, le=0.2)] = 0.10
    alarm_at: Annotated[float, Field(ge=60)] = 200.0
    lease_days: Annotated[int, Field(ge=1)] = 30
    lease_audits: Annotated[int, Field(ge=1)] = 1
    mature_days: Annotated[int, Field(ge=0)] = 14
    due_days: Annotated[int, Field(ge=1)] = 7
    surfaced_within: Annotated[int, Field(ge=2)] = 100
    minute_costs: Annotated[float, Field(gt=0)] = 1.10
    audited: Audited = Audited()
    learning: Learning = Learning()
    damage: dict[EffectClass, Damage] = Field(default_factory=_damage)
    future_value: dict[Segment, Annotated[float, Field(gt=0)]] = Field(default_factory=_future_value)
