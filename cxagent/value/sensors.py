"""Live risk sensors: complaint rate, churn variance, time to recover from outages. What is up tightens autonomy.

Each is a test that was fixed in advance (`trends.warning`, `trends.volatility`), over whole segments and, for
complaints, over single accounts. An alarm goes up once and is closed when its test no longer says so, which a month
that is not over cannot say: in its first days nobody has complained yet.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cxagent import clock
from cxagent.ledger import account_months, alarms
from cxagent.ledger.store import Connection
from cxagent.trends.forecast import forecast
from cxagent.trends.series import months_from
from cxagent.trends.volatility import churn_variance
from cxagent.trends.warning import warning
from cxagent.value.months import later, month_of
from cxagent.value.portfolio import Counts, counts

MONTHS = 36
"""How far back a sensor looks."""
COMPLAINTS, CHURN, RECOVERY = "complaint_rate", "churn_variance", "outage_recovery"


class Raised(NamedTuple):
    """What a sensor says: which metric, where, and why."""

    metric: str
    scope: str
    key: str
    why: str


def sweep(connection: Connection, month: str) -> list[Raised]:
    """Run every sensor over the months up to this one; raise and close alarms; return what is newly up."""
    sums = counts(account_months.measured(connection))
    looked = [later(month, -1), month] if month == month_of(clock.now()) else [month]
    found = {(one.metric, one.scope, one.key): one for at in looked for one in _all(connection, sums, at)}
    known = {(row["metric"], row["scope"], row["key"]): row["id"] for row in alarms.up(connection)}
    new = [one for place, one in found.items() if place not in known]
    for one in new:
        alarms.raise_(connection, *one)
    for place, alarm_id in known.items():
        if place not in found:
            alarms.close(connection, alarm_id, f"in {month} the sensor no longer says so")
    return new


def _all(connection: Connection, sums: Counts, month: str) -> Iterator[Raised]:
    months = months_from(later(month, 1 - MONTHS), month)
    for segment in sorted({segment for _, segment in sums.of}):
        yield from _of_segment(sums, segment, months)
    yield from _of_accounts(connection, months)


def _of_segment(sums: Counts, segment: str, months: Sequence[str]) -> Iterator[Raised]:
    def series(measure: str) -> list[float | None]:
        return [sums.at(measure, segment, month) for month in months]

    complaints = warning(*_since_known(series("complaints"), series("accounts")))
    if complaints.up:
        yield Raised(COMPLAINTS, "segment", segment, f"complaints come more often: {complaints.why}")
    swings = churn_variance(series("left"), series("accounts"))
    if swings.alert:
        yield Raised(CHURN, "segment", segment, f"churn swings more than chance makes it: {swings.why}")
    hours, outages = series("recovery_hours"), series("outages")
    each = [h / n if h is not None and n else None for h, n in zip(hours, outages, strict=True)]
    yield from _slow(each, segment)


def _slow(hours: Sequence[float | None], segment: str) -> Iterator[Raised]:
    """An outage from which recovery took longer than the band of earlier ones says, in the last month."""
    if not hours or hours[-1] is None:
        return
    bands = forecast(hours[:-1], 1, "rolling conformal").bands
    if bands and hours[-1] > bands[0].high:
        why = f"recovery took {hours[-1]:.1f} hours an outage, and at most {bands[0].high:.1f} was to be expected"
        yield Raised(RECOVERY, "segment", segment, why)


def _of_accounts(connection: Connection, months: Sequence[str]) -> Iterator[Raised]:
    """Watch the accounts that complained in the last month, each against its own earlier months."""
    for account_id in account_months.complaining(connection, months[-1]):
        rows = {row.month: row for row in account_months.of_account(connection, account_id)}
        events = [rows[m].complaints if m in rows else None for m in months]
        exposure = [1.0 if m in rows else None for m in months]
        seen = warning(*_since_known([None if one is None else float(one > 0) for one in events], exposure))
        if seen.up:
            yield Raised(COMPLAINTS, "account", account_id, f"months with complaints come more often: {seen.why}")


def _since_known(
    events: Iterable[float | None], exposure: Iterable[float | None]
) -> tuple[list[float | None], list[float | None]]:
    """Leave out the months before anything was known, so that the first that count set the accepted rate."""
    pairs = list(zip(events, exposure, strict=True))
    start = next((place for place, (x, n) in enumerate(pairs) if x is not None and n), len(pairs))
    return [x for x, _ in pairs[start:]], [n for _, n in pairs[start:]]
