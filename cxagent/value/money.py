"""Outcomes as money, each by one rule and each dollar once: retention, efficiency, avoided loss, never added up.

Retention is worth what a hold-out shows: accounts that chance kept from the machine, beside the rest. Without one it is
not proven, and a comparison of before and after is shown under that name alone. Efficiency is net of what reviewing
cost. Avoided loss is modelled, on the same dollars as retention, so the two are never summed. Trust has no price.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from cxagent.domain.value import Text, Value
from cxagent.latitude.terms import LatitudeTerms
from cxagent.ledger import renewals
from cxagent.ledger.store import Connection
from cxagent.value.months import later
from cxagent.value.portfolio import Counts

Rule = Literal["retention", "efficiency", "risk"]
FEWEST_IN_ARM = 30
"""A hold-out with fewer renewals than this on either side shows nothing."""
Z90 = 1.6448536269514722
ASSUMED_WITHIN = 0.5
"""Minutes that nobody timed may be wrong by half, either way: that is the range of what rests on them."""
YEAR = 12
UNPRICED = "unpriced"
NOTHING = "not proven: nothing of it is on record in these months"


class Money(Value):
    """An outcome in money over the last twelve months, with the formula, its inputs and its range.

    `amount` is None where nothing is proven, though the range may be known; `label` says whether it is measured,
    modelled or assumed, and by whom.
    """

    rule: Rule
    amount: float | None
    low: float | None
    high: float | None
    currency: Text
    label: Text
    formula: Text
    inputs: dict[str, float | None]


class BeforeAfter(Value):
    """Renewal rates before and after the machine began; that is all it says, for other things changed too."""

    before: float | None
    after: float | None
    came_before: int
    came_after: int
    label: Text = "before and after, not cause and effect"


def retention(
    connection: Connection, future_value: Mapping[str, float], currency: str, until: str = renewals.EVER
) -> Money:
    """Return what the machine is worth in renewals, by the hold-out: difference of rates times future value at stake.

    `future_value` is that of the accounts served by the machine whose renewal comes within a year, by segment.
    """
    arms: dict[str, dict[bool, tuple[int, int]]] = {}
    for one in renewals.arms(connection, until):
        arms.setdefault(one.segment, {})[one.held_out] = (one.came, one.renewed)
    formula = "sum over segments of (renewal rate with the machine - that of the hold-out) x future value at stake"
    told = [name for name, arm in arms.items() if min(arm.get(s, (0, 0))[0] for s in (False, True)) >= FEWEST_IN_ARM]
    inputs: dict[str, float | None] = {"segments with a hold-out": float(len(told))}
    if not told:
        label = f"not proven: no hold-out with at least {FEWEST_IN_ARM} renewals on either side"
        return _money("retention", None, None, currency, label, formula, inputs)
    amount = variance = 0.0
    for name in told:
        (served, kept), (held, held_kept) = arms[name][False], arms[name][True]
        gain, at_stake = kept / served - held_kept / held, future_value.get(name, 0.0)
        amount += gain * at_stake
        variance += (_spread(kept, served) + _spread(held_kept, held)) * at_stake**2
        inputs |= {f"{name}: gain in renewal rate": gain, f"{name}: future value at stake": at_stake}
    half = Z90 * math.sqrt(variance)
    ends = (amount - half, amount + half)
    if abs(amount) <= half:
        return _money("retention", None, ends, currency, "not proven: the interval holds 0", formula, inputs)
    label = "measured against a hold-out drawn by chance"
    return _money("retention", amount, ends, currency, label, formula, inputs)


def _spread(kept: int, of: int) -> float:
    """Return the variance of a rate with one success and one failure added (Agresti and Caffo 2000): never zero."""
    rate = (kept + 1) / (of + 2)
    return rate * (1 - rate) / (of + 2)


def efficiency(sums: Counts, segments: Iterable[str], month: str, terms: LatitudeTerms, currency: str) -> Money:
    """Return what a year of work done alone saved, less what reviewing and the model cost."""
    months, names = [later(month, -ago) for ago in range(YEAR)], list(segments)

    def over(measure: str) -> float:
        return sum(sums.over(measure, name, months) for name in names)

    saved, reviewed, model = over("minutes_saved"), over("review_minutes"), over("model_cost")
    gross, spent = saved * terms.minute_costs, reviewed * terms.minute_costs + model
    ends = (gross * (1 - ASSUMED_WITHIN) - spent, gross * (1 + ASSUMED_WITHIN) - spent)
    inputs: dict[str, float | None] = {
        "minutes saved": saved,
        "minutes of review": reviewed,
        "cost of a minute": terms.minute_costs,
        "cost of the model": model or None,
    }
    label = f"minutes of review measured; minutes saved assumed by {terms.owner}, within half of them either way"
    formula = "(minutes saved - minutes of review) x cost of a minute - cost of the model"
    if not _measured(sums, ("minutes_saved", "review_minutes"), names, months):
        unknown = {**inputs, "minutes saved": None, "minutes of review": None}
        return _money("efficiency", None, None, currency, NOTHING, formula, unknown)
    return _money("efficiency", gross - spent, ends, currency, label, formula, inputs)


def avoided(sums: Counts, segments: Iterable[str], month: str, terms: LatitudeTerms, currency: str) -> Money:
    """Return the loss that reviews averted in a year: what was wrong and did not go out, times its modelled damage."""
    months, names = [later(month, -ago) for ago in range(YEAR)], list(segments)
    loss = sum(sums.over("averted_loss", name, months) for name in names)
    caught = sum(sums.over("interceptions", name, months) for name in names)
    # The range is that of the added chance of leaving, which is nearly all of the damage: two deviations either way.
    off = max(2 * one.leaves_sd / one.leaves for one in terms.damage.values())
    label = f"modelled: the damage of a wrong act is assumed by {terms.owner}; the same dollars as retention"
    formula = "sum over decisions that people stopped of severity x (direct damage + added chance of leaving x value)"
    if not _measured(sums, ("averted_loss", "interceptions"), names, months):
        return _money("risk", None, None, currency, NOTHING, formula, {"decisions stopped": None})
    ends = (max(0.0, loss * (1 - off)), loss * (1 + off))
    return _money("risk", loss, ends, currency, label, formula, {"decisions stopped": caught})


def _measured(sums: Counts, measures: Iterable[str], segments: Iterable[str], months: Sequence[str]) -> bool:
    """Return whether any month is on record at all: no month is no saving, and not one of zero."""
    return any(sums.at(name, of, month) is not None for name in measures for of in segments for month in months)


def before_after(connection: Connection, began: str | None, month: str) -> BeforeAfter:
    """Return renewal rates of the year before the machine began and of the last year."""
    if began is None:
        return BeforeAfter(before=None, after=None, came_before=0, came_after=0)
    before = _rate(connection, [later(began, -ago) for ago in range(1, YEAR + 1)])
    after = _rate(connection, [one for ago in range(YEAR) if (one := later(month, -ago)) >= began])
    return BeforeAfter(before=before[0], after=after[0], came_before=before[1], came_after=after[1])


def _rate(connection: Connection, months: Sequence[str]) -> tuple[float | None, int]:
    rows = renewals.by_month(connection, months) if months else []
    came, renewed = sum(row.came for row in rows), sum(int(row.renewed) for row in rows)
    return (renewed / came if came else None), came


def _money(
    rule: Rule,
    amount: float | None,
    ends: tuple[float, float] | None,
    currency: str,
    label: str,
    formula: str,
    inputs: Mapping[str, float | None],
) -> Money:
    low, high = ends if ends else (None, None)
    return Money(
        rule=rule,
        amount=amount,
        low=low,
        high=high,
        currency=currency,
        label=label,
        formula=formula,
        inputs=dict(inputs),
    )
