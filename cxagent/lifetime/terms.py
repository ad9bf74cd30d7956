"""The playbook's terms of value: the discount, what nobody could measure yet, who said so, and how much may be lost.

Whatever stands here is an assumption of its owner and is shown as one. There is no default retention: a segment's rate
comes from its own renewals, and where there are too few from `prior`, which is marked wherever it is used.
"""

from datetime import date
from typing import Annotated

from pydantic import Field

from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import EffectClass, Segment

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Money = Annotated[float, Field(ge=0)]


class Prior(Value):
    """What is believed of a segment before its own renewals are counted: ln a and ln b are normal, and wide."""

    ln_a: float = 0.0
    ln_a_sd: Positive = 1.5
    ln_b: float = 1.5
    ln_b_sd: Positive = 1.5


class LossBudget(Value):
    """How much expected loss the machine may take on alone per account and day: a share of CLV, and at least something.

    At least more than the dearest review costs: so the first act of a day that pays is never stopped by the budget.
    """

    share: Annotated[float, Field(gt=0, le=0.1)] = 0.001
    at_least: Money = 50.0


def _wrong() -> dict[EffectClass, float]:
    return {
        EffectClass.PUBLIC_INFO: 0.0005,
        EffectClass.ACCOUNT_INFO: 0.0003,
        EffectClass.REVERSIBLE_OP: 0.0005,
        EffectClass.FINANCIAL: 0.001,
        EffectClass.COMMITMENT: 0.001,
        EffectClass.LEGAL_SECURITY: 0.001,
    }


def _replacement() -> dict[Segment, float]:
    return {
        Segment.SMB: 3_600.0,
        Segment.MID_MARKET: 43_000.0,
        Segment.ENTERPRISE: 350_000.0,
        Segment.STRATEGIC: 1_800_000.0,
    }


class ValueTerms(Value):
    """How value is counted and how much of it may be risked; see `graphs/playbook.yaml` for the meaning of each line.

    `wrong` is how often an act of a class is taken to be wrong where no record says otherwise, counted as if seen in
    `wrong_weight` audits. `replacement` is what winning such an account anew costs, `referral` what one referral of a
    segment is worth. Chance keeps a share of all groups, the `hold_out`, away from the machine, so that what it is
    worth can be measured.
    """

    owner: Text = "nobody yet: these are the defaults of cxagent"
    said_on: date | None = None
    discount: Annotated[float, Field(gt=0, lt=1)] = 0.10
    prior: Prior = Prior()
    wrong: dict[EffectClass, Share] = Field(default_factory=_wrong)
    wrong_weight: Positive = 500.0
    loss_budget: LossBudget = LossBudget()
    replacement: dict[Segment, Money] = Field(default_factory=_replacement)
    referral: dict[Segment, Money] = Field(default_factory=dict)
    growth_years: Annotated[int, Field(ge=1, le=10)] = 5
    hold_out: Annotated[float, Field(ge=0, le=0.5)] = 0.0
