"""One metric from closer: its months over all and in each segment, and the accounts behind its latest month."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from cxagent.ledger import account_months, behind
from cxagent.ledger.behind import CARRIED
from cxagent.ledger.store import Connection
from cxagent.metrics.metric import Metric
from cxagent.metrics.registry import Registry
from cxagent.playbook import Playbook
from cxagent.value.months import month_of
from cxagent.value.report import MetricReport, arranged, as_money, metric_report, together


class Behind(NamedTuple):
    """The accounts behind a figure in a month; `said` is what they have in common, `unit` that of what they carry."""

    month: str
    said: str
    unit: str
    rows: tuple[Mapping[str, Any], ...]


class Drilled(NamedTuple):
    """A metric, the one that is shown beside it, the metric in each segment that knows it, and what is behind it."""

    metric: MetricReport
    beside: MetricReport | None
    segments: tuple[tuple[str, MetricReport], ...]
    behind: Behind | None


def drill(
    connection: Connection, playbook: Playbook, registry: Registry, name: str, now: datetime, segment: str | None = None
) -> Drilled:
    """Return a metric from closer, over all segments or one. `BadInput` where it is not registered."""
    metric, month = registry.metric(name), month_of(now)
    measured = together(connection, playbook, now)
    last = max(account_months.months(connection), default=month)
    rows = list(account_months.holdings(connection, last)) if metric.price == "retention" else []
    priced = as_money(connection, playbook, measured, rows, month)

    def of(one: Metric, where: str | None) -> MetricReport:
        months, values = arranged(measured, month, where)
        return metric_report(one, one.series(months, values), month, priced)

    whole = of(metric, segment)
    parts = [(where, of(metric, where)) for where in sorted({one.segment for one in measured})]
    return Drilled(
        metric=whole,
        beside=of(registry.metric(metric.beside), segment) if metric.beside else None,
        segments=tuple((where, part) for where, part in parts if part.latest is not None),
        behind=_behind(connection, metric, whole, segment),
    )


def _behind(connection: Connection, metric: Metric, found: MetricReport, segment: str | None) -> Behind | None:
    """Return who carried the latest month that is known; None for what no account carries."""
    if found.latest is None:
        return None
    month, measures = found.latest.month, metric.parsed.measures
    if measures & {"renewed", "renewals_due"}:
        rows = behind.renewals(connection, month, segment)
        return Behind(month, "came to their renewal, those that did not renew first", "count", tuple(rows))
    measure = behind.measure_behind(measures)
    if measure is None:
        return None
    how = CARRIED[measure]
    return Behind(month, how.said, how.unit, tuple(behind.accounts(connection, measure, month, segment)))
