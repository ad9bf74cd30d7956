"""How good chances of leaving turned out to be: told in advance, compared with what came, in rates and in dollars."""

import math
from collections.abc import Sequence
from itertools import groupby

from cxagent.domain.value import Value
from cxagent.errors import BadInput
from cxagent.lifetime.hazard import logistic
from cxagent.lifetime.health import logit
from cxagent.lifetime.newton import climb

DECILE = 0.1
SUREST = 1e-6
"""A chance nearer to 0 or 1 than this counts as this near, so that its odds are finite."""


class Calibration(Value):
    """What became of a set of chances; nothing stands where there were no lost or no kept renewals to tell it from.

    `brier` is the mean squared error. `slope` is 1 where the chances are as far apart as they should be, and below 1
    where they are too bold; `intercept` is 0 where they are right on average, in log odds (with slope 1). `auc` is the
    chance that a lost account had been told a higher one than a kept account. `top_decile` is the share of all lost
    dollars that lay in the tenth of the accounts with the highest chances.
    """

    renewals: int
    lost: int
    brier: float
    slope: float | None
    intercept: float | None
    auc: float | None
    top_decile: float | None


def evaluate(predictions: Sequence[float], outcomes: Sequence[bool], dollars: Sequence[float]) -> Calibration:
    """Return how the chances told in advance compare with who left (true) and what each account brought."""
    if not predictions or not len(predictions) == len(outcomes) == len(dollars):
        raise BadInput("chances, outcomes and dollars have to be as many as each other, and at least one")
    lost = sum(outcomes)
    told = 0 < lost < len(outcomes)
    slope, intercept = _line(predictions, outcomes) if told else (None, None)
    squares = ((chance - out) ** 2 for chance, out in zip(predictions, outcomes, strict=True))
    return Calibration(
        renewals=len(outcomes),
        lost=lost,
        brier=math.fsum(squares) / len(outcomes),
        slope=slope,
        intercept=intercept,
        auc=_auc(predictions, outcomes) if told else None,
        top_decile=_top_decile(predictions, outcomes, dollars),
    )


def _line(predictions: Sequence[float], outcomes: Sequence[bool]) -> tuple[float | None, float | None]:
    """Return the slope of the outcomes over the log odds, and their intercept where the slope is held at 1."""
    odds = [logit(min(1 - SUREST, max(SUREST, chance))) for chance in predictions]
    out, ones = [float(one) for one in outcomes], [1.0] * len(odds)
    both = climb(lambda at: logistic([0.0] * len(odds), [ones, odds], out, ones, at, [0.0, 0.0]), 2)
    level = climb(lambda at: logistic(odds, [ones], out, ones, at, [0.0]), 1)
    return both.at[1] if both else None, level.at[0] if level else None


def _auc(predictions: Sequence[float], outcomes: Sequence[bool]) -> float:
    """Return the area under the receiver's curve by ranks, a tie counted as half."""
    ordered = sorted(zip(predictions, outcomes, strict=True))
    below = pairs = 0.0
    for _, same in groupby(ordered, key=lambda one: one[0]):
        outs = [out for _, out in same]
        left = sum(outs)
        pairs += left * (below + (len(outs) - left) / 2)
        below += len(outs) - left
    return pairs / (sum(outcomes) * below)


def _top_decile(predictions: Sequence[float], outcomes: Sequence[bool], dollars: Sequence[float]) -> float | None:
    """Return the share of the lost dollars among the highest tenth; of accounts told alike an equal part is taken."""
    gone = [amount if out else 0.0 for amount, out in zip(dollars, outcomes, strict=True)]
    everything = math.fsum(gone)
    if everything <= 0:
        return None
    room, found = DECILE * len(gone), 0.0
    for _, same in groupby(sorted(zip(predictions, gone, strict=True), reverse=True), key=lambda one: one[0]):
        amounts = [amount for _, amount in same]
        found += sum(amounts) * min(1.0, room / len(amounts))
        room = max(0.0, room - len(amounts))
    return found / everything
