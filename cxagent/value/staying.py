"""What is known of who stays: each segment's retention beside what was seen, and what moves the odds of a renewal."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from cxagent.domain.value import Text, Value
from cxagent.ledger import account_months, renewals
from cxagent.ledger.store import Connection
from cxagent.lifetime.curves import Step, observed_curve
from cxagent.lifetime.fitting import Renewals, renewal_range
from cxagent.lifetime.retention import survival
from cxagent.lifetime.spread import Spread
from cxagent.value.valuing import Known

TERMS = 8
"""Up to which renewal a retention curve is shown."""


class CurvePoint(Value):
    """The share of accounts that is left after n renewals, as estimated and as observed, each with its interval."""

    number: int
    rate: Spread
    left: float
    observed: float | None
    low: float | None
    high: float | None


class RetentionOf(Value):
    """The retention of a segment: the estimate, what it rests on, and the curve beside what was seen."""

    segment: Text
    a: float
    b: float
    observed: int
    basis: Text
    curve: tuple[CurvePoint, ...]


def retention(connection: Connection, known: Known, before: str) -> Iterator[RetentionOf]:
    """Yield the retention of each segment, from the renewals that came before a month."""
    counted: dict[str, list[Renewals]] = defaultdict(list)
    for one in renewals.counted(connection, before):
        counted[one.segment].append(Renewals(number=one.number, renewed=one.renewed, lost=one.came - one.renewed))
    for segment, estimate in known.retention.items():
        if segment == account_months.OTHERS and not counted[segment]:
            continue
        steps: dict[int, Step] = {round(step.time): step for step in observed_curve(counted[segment])}
        yield RetentionOf(
            segment=segment,
            a=estimate.retention.a,
            b=estimate.retention.b,
            observed=estimate.observed,
            basis=estimate.basis,
            curve=tuple(
                CurvePoint(
                    number=n,
                    rate=renewal_range(estimate, n),
                    left=survival(estimate.retention, n),
                    observed=steps[n].survival if n in steps else None,
                    low=steps[n].low if n in steps else None,
                    high=steps[n].high if n in steps else None,
                )
                for n in range(1, TERMS + 1)
            ),
        )


def health(known: Known) -> dict[str, Any]:
    """Return what a health model rests on, what moves renewals in it, and what was left out of it."""
    model = known.health
    return {
        "basis": model.basis,
        "lead_days": model.lead_days,
        "renewals": model.renewals,
        "lost": model.lost,
        "effects": [
            {"feature": one.feature.name, "weight": one.weight, "mean": one.mean, "per_deviation": one.weight * one.sd}
            for one in model.effects
        ],
        "left_out": model.left_out,
    }
