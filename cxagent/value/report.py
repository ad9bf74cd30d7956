"""The report on worth: four keys side by side as trends, money where it is honest, and beside it what has no price."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from cxagent.domain.value import Instant, Text, Value
from cxagent.ledger import account_months, alarms, month_events, people_months, renewals
from cxagent.ledger.account_months import Measured
from cxagent.ledger.store import Connection
from cxagent.metrics.measures import KeyName
from cxagent.metrics.metric import Metric
from cxagent.metrics.registry import Registry
from cxagent.playbook import Playbook
from cxagent.trends.forecast import forecast
from cxagent.trends.series import Series, months_from
from cxagent.trends.slope import Verdict
from cxagent.value import money, people, valuing, warnings
from cxagent.value.measuring import FROM_LEDGER, of_ledger, unclosed
from cxagent.value.money import BeforeAfter, Money
from cxagent.value.months import bounds, later, month_of
from cxagent.value.portfolio import Portfolio, counts, portfolio
from cxagent.value.staying import RetentionOf, health, retention

AHEAD = 3
YEAR = 12
INSTANT = timedelta(microseconds=1)
MOST_MONTHS = 60
"""The months that a report looks back on."""


class Point(Value):
    """A month of a series; `partial` where the month is not over, which no trend counts."""

    month: Text
    value: float | None
    partial: bool = False


class Band(Value):
    """What a month ahead will be if things go on as they have, with its 80 % interval."""

    month: Text
    value: float
    low: float
    high: float


class TrendOf(Value):
    """The slope a month with its interval and what it says; None where there are too few months."""

    slope: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    n: int
    method: Text


class MetricReport(Value):
    """A metric as it stands: who owns it, how it is computed, its months, where it goes, and its money or none."""

    name: Text
    title: Text
    unit: Text
    owner: Text
    formula: Text
    definition: Text
    source: Text
    key: KeyName
    direction: Text
    headline: bool
    beside: Text | None
    series: tuple[Point, ...]
    trend: TrendOf
    forecast: tuple[Band, ...]
    money: Money | Literal["unpriced"]

    @property
    def latest(self) -> Point | None:
        """The last whole month of which anything is known; else the running one."""
        told = [point for point in self.series if point.value is not None]
        whole = [point for point in told if not point.partial]
        return next(reversed(whole or told), None)


class Report(Value):
    """Everything that `cxagent value` says; all four keys are always there."""

    as_of: Instant
    month: Text
    currency: Text
    segment: Text | None
    keys: dict[KeyName, tuple[MetricReport, ...]]
    said: tuple[Text, ...]
    money: tuple[Money, ...]
    before_after: BeforeAfter
    unpriced: tuple[Text, ...]
    portfolio: Portfolio
    retention: tuple[RetentionOf, ...]
    health: dict[str, Any]
    fading: tuple[warnings.Fading, ...]
    quiet: tuple[warnings.Fading, ...]
    backtest: warnings.Backtest | None
    alarms: tuple[dict[str, Any], ...]
    trust: people.TrustMap
    colleagues: tuple[people.Colleague, ...]


def report(
    connection: Connection,
    playbook: Playbook,
    registry: Registry,
    now: datetime,
    segment: str | None = None,
    ended: str | None = None,
) -> Report:
    """Return what it is all worth, over all segments or one; nothing is written.

    `ended` names a month that is over: it is told as a whole one, from nothing that came after it but the alarms.
    """
    month = ended or month_of(now)
    running, until = (later(month, 1), later(month, 1)) if ended else (month, renewals.EVER)
    measured = together(connection, playbook, datetime.fromisoformat(bounds(month)[1]) - INSTANT if ended else now)
    last = max((one for one in account_months.months(connection) if one < until), default=month)
    known = valuing.latest(connection, playbook.value, until)
    rows = list(account_months.holdings(connection, last))
    whole = portfolio(
        connection, known, rows, measured, last, _hours(connection, month), playbook.latitude.minute_costs
    )
    began = month_events.first_ticket(connection)
    priced = as_money(connection, playbook, measured, rows, month)
    keys = _keys(registry, arranged(measured, month, segment), running, priced)
    return Report(
        as_of=now,
        month=month,
        currency=playbook.currency,
        segment=segment,
        keys=keys,
        said=(*whole.said, *_disagreeing(keys)),
        money=tuple(priced.values()),
        before_after=money.before_after(connection, began[:7] if began else None, month),
        unpriced=_unpriced(keys),
        portfolio=whole,
        retention=tuple(retention(connection, known, later(month, 1))),
        health=health(known),
        fading=warnings.fading(rows, playbook),
        quiet=warnings.quiet(rows),
        backtest=warnings.kept(connection, until),
        alarms=tuple(dict(row) for row in alarms.up(connection)),
        trust=people.trust_map(rows),
        colleagues=people.colleagues(connection, month),
    )


def _hours(connection: Connection, month: str) -> Mapping[str, float]:
    """Return the hours of review that each account cost in the year up to a month."""
    return people_months.review_hours(connection, bounds(later(month, 1 - YEAR))[0])


def _unpriced(keys: Mapping[KeyName, Sequence[MetricReport]]) -> tuple[str, ...]:
    flat = (one for of in keys.values() for one in of)
    return tuple(one.name for one in flat if one.money == money.UNPRICED and one.unit != "money")


def together(connection: Connection, playbook: Playbook, now: datetime) -> list[Measured]:
    """Return the sums of all months; what the ledger knows of months that were not closed is read from it now."""
    month = month_of(now)
    live = list(unclosed(connection, now.isoformat(), account_months.months(connection)))
    kept = [
        one
        for one in account_months.measured(connection)
        if one.month <= month and not (one.month in live and one.measure in FROM_LEDGER)
    ]
    return kept + [one for late in live for one in of_ledger(connection, playbook, late)]


def arranged(measured: Iterable[Measured], month: str, segment: str | None) -> tuple[list[str], dict[str, Any]]:
    """Arrange the sums as columns of months, over all segments or one; a month without a sum is not known."""
    sums: dict[str, dict[str, float]] = defaultdict(dict)
    for one in measured:
        if segment is None or one.segment == segment:
            sums[one.measure][one.month] = sums[one.measure].get(one.month, 0.0) + one.value
    first = min((months for of in sums.values() for months in of), default=month)
    months = list(months_from(max(first, later(month, -MOST_MONTHS)), month))
    columns: dict[str, Any] = {name: [of.get(one) for one in months] for name, of in sums.items()}
    columns["arr_before"] = [sums["arr"].get(later(one, -1)) for one in months]
    return months, columns


def _keys(
    registry: Registry, columns: tuple[list[str], dict[str, Any]], month: str, priced: Mapping[str, Money]
) -> dict[KeyName, tuple[MetricReport, ...]]:
    months, values = columns
    return {
        key: tuple(metric_report(one, one.series(months, values), month, priced) for one in metrics)
        for key, metrics in registry.keys.items()
    }


def metric_report(metric: Metric, series: Series, month: str, priced: Mapping[str, Money]) -> MetricReport:
    """Return a metric as it stands; the running month is shown and counts in no trend."""
    whole = series.until(later(month, -1))
    trend = metric.trend(whole)
    bands = forecast(whole.values, AHEAD).bands if metric.parsed.reach == 1 else ()
    end, within = whole.months[-1] if whole.months else month, _possible(metric.unit, whole)
    return MetricReport(
        **metric.model_dump(include={"name", "title", "unit", "owner", "formula", "definition", "source", "key"}),
        direction=metric.direction,
        headline=metric.headline,
        beside=metric.beside,
        series=tuple(
            Point(month=one, value=value, partial=one == month)
            for one, value in zip(series.months, series.values, strict=True)
        ),
        trend=TrendOf(**trend._asdict()),
        forecast=tuple(
            Band(month=later(end, b.ahead), value=within(b.value), low=within(b.low), high=within(b.high))
            for b in bands
        ),
        money=priced.get(metric.price, money.UNPRICED),  # type: ignore[arg-type]
    )


def _possible(unit: str, of: Series) -> Callable[[float], float]:
    """Return how a forecast is kept to what can be: what was never negative, and a share that was never beyond 1."""
    told = [value for value in of.values if value is not None]
    least = 0.0 if min(told, default=0.0) >= 0 else -math.inf
    most = 1.0 if unit == "share" and max(told, default=0.0) <= 1 else math.inf
    return lambda value: min(most, max(least, value))


def as_money(
    connection: Connection, playbook: Playbook, measured: Sequence[Measured], rows: Sequence[Any], month: str
) -> dict[str, Money]:
    """Return the last year in money, by the rule that it follows; `rows` are the accounts of the latest month."""
    sums, currency, terms = counts(measured), playbook.currency, playbook.latitude
    segments = sorted({one.segment for one in measured})
    due: dict[str, float] = defaultdict(float)
    for row in rows:
        if row.future_value is not None and row.months_left is not None and row.months_left <= YEAR:
            due[row.segment] += row.future_value
    return {
        "retention": money.retention(connection, due, currency, month),
        "efficiency": money.efficiency(sums, segments, month, terms, currency),
        "risk": money.avoided(sums, segments, month, terms, currency),
    }


def _disagreeing(keys: Mapping[KeyName, Sequence[MetricReport]]) -> Iterable[str]:
    """Say where one key gains while another loses, so that no reader takes the one for the whole."""
    by: dict[Verdict, list[str]] = defaultdict(list)
    for key, metrics in keys.items():
        for one in metrics:
            if one.headline:
                by[one.trend.verdict].append(f"{key} ({one.title.lower()})")
    gains, losses = by[Verdict.COMPOUNDING], by[Verdict.ERODING]
    if gains and losses:
        yield f"the keys disagree: {' and '.join(gains)} compounding, {' and '.join(losses)} eroding"
