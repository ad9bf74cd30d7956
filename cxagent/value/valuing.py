"""Valuing the accounts of a month with nothing but what was known then: retention, health, and what follows."""

import functools
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from cxagent.domain.vocabulary import Segment
from cxagent.ledger import account_months, renewals
from cxagent.ledger.store import Connection
from cxagent.lifetime.account import Holding, account_value
from cxagent.lifetime.fitting import Estimate, Renewals, posterior
from cxagent.lifetime.hazard import Renewal, fit_health
from cxagent.lifetime.health import Feature, HealthModel, Lead
from cxagent.lifetime.retention import renewal_rate
from cxagent.lifetime.terms import Prior, ValueTerms

RETENTION, HEALTH = "retention", "health"
EVERY = (*(segment.value for segment in Segment), account_months.OTHERS)
FEATURES = (
    Feature(name="health", sign=-1, step=5),
    Feature(name="usage", sign=-1, step=0.1),
    Feature(name="sponsor changed", sign=1),
    Feature(name="complaints", sign=1),
    Feature(name="owner changed", sign=1),
)
"""What a chance of not renewing is told from, the most telling first: with few renewals only the first ones count."""
LEAD_DAYS: Lead = 90


class Known(NamedTuple):
    """What is estimated at the end of a month: the retention of each segment, and how health moves renewals."""

    retention: Mapping[str, Estimate]
    health: HealthModel
    terms: ValueTerms

    def of(self, segment: str) -> Estimate:
        """Return the retention of a segment; one that nobody filed has that of the unfiled."""
        return self.retention.get(segment) or self.retention[account_months.OTHERS]


def estimate(connection: Connection, terms: ValueTerms, month: str, health: HealthModel | None = None) -> Known:
    """Fit retention, and health where no model is given, to the renewals before a month, and note both."""
    counted: dict[str, list[Renewals]] = defaultdict(list)
    for one in renewals.counted(connection, month):
        counted[one.segment].append(Renewals(number=one.number, renewed=one.renewed, lost=one.came - one.renewed))
    found = {segment: _posterior(tuple(counted[segment]), terms.prior) for segment in EVERY}
    for segment, fitted in found.items():
        renewals.estimate(connection, RETENTION, segment, month, fitted.model_dump_json())
    if health is None:
        health = fit_health(_seen(connection, found, month), FEATURES, LEAD_DAYS)
        renewals.estimate(connection, HEALTH, "", month, health.model_dump_json())
    return Known(found, health, terms)


def latest(connection: Connection, terms: ValueTerms, until: str = renewals.EVER) -> Known:
    """Return the latest estimates on record up to a month; where there are none, the playbook's prior, as marked."""
    kept = renewals.estimates(connection, RETENTION, until)
    nothing = _posterior((), terms.prior)
    found = {name: Estimate.model_validate_json(kept[name]) if name in kept else nothing for name in EVERY}
    health = renewals.estimates(connection, HEALTH, until).get("")
    model = HealthModel.model_validate_json(health) if health else fit_health((), FEATURES, LEAD_DAYS)
    return Known(found, model, terms)


@functools.lru_cache(maxsize=64)
def _posterior(counted: tuple[Renewals, ...], prior: Prior) -> Estimate:
    """Return the estimate from some renewals; most months bring a segment none, and its estimate is that of before."""
    return posterior(counted, prior)


def _seen(connection: Connection, retention: Mapping[str, Estimate], month: str) -> list[Renewal]:
    """Return the renewals before a month, those that were known alike as one, each with its segment's base."""
    found = []
    for row in renewals.kinds(connection, month):
        base = 1 - renewal_rate(retention[row.segment].retention, row.number)
        known = (row.health, row.usage, row.sponsor_changed, row.complaints, row.owner_changed)
        found.append(Renewal(known, base, row.came - int(row.renewed), row.came))
    return found


def features_of(row: Any) -> dict[str, float | None]:
    """Return what is known of an account that tells its chance of not renewing."""
    return {
        "health": row.health,
        "usage": row.usage,
        "sponsor changed": row.sponsor_changed,
        "complaints": row.complaints,
        "owner changed": row.owner_changed,
    }


def value_month(connection: Connection, known: Known, month: str) -> int:
    """Write what every account of a month is worth; return of how many enough was known."""
    rows = list[account_months.Worth]()
    for row in account_months.holdings(connection, month):
        ratio = known.health.middle(features_of(row))
        held = holding_of(row, ratio)
        if held is None:
            continue
        worth = account_value(held, known.of(row.segment).retention, known.terms.discount)
        found = (worth.p_next, worth.future_value, worth.clv, worth.at_risk)
        rows.append(account_months.Worth(row.account_id, ratio, *found))
    account_months.values(connection, month, rows)
    return len(rows)


def holding_of(row: Any, hazard_ratio: float | None = None) -> Holding | None:
    """Return what a row knows of an account for its value; None where what it brings or its term is unknown."""
    if row.arr is None or row.margin is None or row.months_left is None:
        return None
    return Holding(
        arr=row.arr,
        margin=row.margin,
        cost_to_serve=row.cost_to_serve or 0.0,
        months_left=row.months_left,
        next_renewal=row.next_renewal or 1,
        hazard_ratio=hazard_ratio if hazard_ratio is not None else row.hazard_ratio or 1.0,
    )
