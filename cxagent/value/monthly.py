"""The monthly report: what a leader is told of one whole month, all four keys together and nothing priced that is not.

It names accounts by their ids alone and says nothing of any person on the customer's side.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from cxagent.domain.value import Text, Value
from cxagent.errors import BadInput
from cxagent.ledger import account_months, alarms, month_events
from cxagent.ledger.store import Connection
from cxagent.metrics.measures import KeyName
from cxagent.metrics.registry import Registry
from cxagent.playbook import Playbook
from cxagent.value.figures import Figures, spoken, verdict
from cxagent.value.months import MONTH, bounds, later, month_of
from cxagent.value.portfolio import OfSegment
from cxagent.value.report import INSTANT, MetricReport, Point, Report, report

MOST_ALARMS = 1000
ACCOUNTS_SHOWN = 5
NEVER_ADDED = "never added up: some are the same dollars"
NO_LESS_TRUE = "What has no price stands here with the same right as what has one."
BRACKETS = (
    "Brackets hold the interval of a slope (95 %, and 99 % under 24 months) or 90 % of a value; "
    "what is modelled or assumed says so."
)


class OfKey(Value):
    """One of the four keys: its headline metrics first, then the others of which anything is known, then the rest."""

    key: KeyName
    headlines: tuple[MetricReport, ...]
    others: tuple[MetricReport, ...]
    unknown: tuple[MetricReport, ...]


class Monthly(Value):
    """A whole month as a leader is told of it; `worth` is the report on worth with that month as its last one."""

    month: Text
    made: datetime
    keys: tuple[OfKey, ...]
    not_to_miss: tuple[Text, ...]
    worth: Report

    @property
    def title(self) -> str:
        """The month as it is said."""
        return f"{datetime.fromisoformat(f'{self.month}-01'):%B %Y}"

    @property
    def say(self) -> Figures:
        """How its figures are written."""
        return Figures(self.worth.currency)


def monthly(
    connection: Connection, playbook: Playbook, registry: Registry, now: datetime, month: str | None = None
) -> Monthly:
    """Return what is told of a month, the last whole one where none is named; nothing is written.

    `BadInput` where the month is not over, or nothing at all is on record of it or before.
    """
    running = month_of(now.astimezone(UTC))
    told = month or later(running, -1)
    if not MONTH.fullmatch(told) or told >= running:
        raise BadInput(f"{told!r} is no month that is over; the last one is {later(running, -1)}", where="--month")
    _anything(connection, told)
    worth = report(connection, playbook, registry, now, ended=told)
    up = tuple(dict(row) for row in _alarms(connection, told, now))
    worth = worth.model_copy(update={"alarms": up})
    return Monthly(
        month=told,
        made=now,
        keys=tuple(_of_key(key, metrics) for key, metrics in worth.keys.items()),
        not_to_miss=tuple(_not_to_miss(worth)),
        worth=worth,
    )


def _anything(connection: Connection, month: str) -> None:
    first = month_events.first_ticket(connection)
    known = [*account_months.months(connection), *([first[:7]] if first else [])]
    if not known or min(known) > month:
        since = f"the first month on record is {min(known)}" if known else "nothing is on record yet"
        raise BadInput(f"{since}; `cxagent value observe` looks at all accounts", where=month)


def _alarms(connection: Connection, month: str, now: datetime) -> Iterator[Mapping[str, Any]]:
    """Yield the alarms that were up when a month ended, the oldest first; of the last month, those that are up now."""
    last = later(month, 1) == month_of(now.astimezone(UTC))
    at = (now if last else datetime.fromisoformat(bounds(month)[1]) - INSTANT).isoformat()
    for row in reversed(alarms.latest(connection, MOST_ALARMS)):
        if row["opened_at"] <= at and (row["closed_at"] is None or row["closed_at"] > at):
            yield row


def _of_key(key: KeyName, metrics: Iterable[MetricReport]) -> OfKey:
    held = list(metrics)
    rest = [one for one in held if not one.headline]
    return OfKey(
        key=key,
        headlines=tuple(one for one in held if one.headline),
        others=tuple(one for one in rest if one.latest is not None),
        unknown=tuple(one for one in rest if one.latest is None),
    )


def _not_to_miss(worth: Report) -> Iterator[str]:
    """Say what nobody should miss: where keys or segments disagree, alarms, and accounts that fade unheard."""
    yield from worth.said
    for row in worth.alarms:
        what = f"{spoken(row['metric'])} of {spoken(row['key'])}"
        yield f"alarm since {row['opened_at'][:10]}, {what}: {row['why']}"
    for one in worth.fading[:ACCOUNTS_SHOWN]:
        at_stake = f", {Figures(worth.currency).money(one.at_risk)} at risk" if one.at_risk is not None else ""
        yield f"{one.account_id} ({spoken(one.segment)}) looks content and fades underneath{at_stake}"
    if (more := len(worth.fading) - ACCOUNTS_SHOWN) > 0:
        yield f"{more:,} more accounts look content and fade underneath"


# ---- figures of one metric, the same in every form ------------------------------------------------------------------


def latest(one: MetricReport, told: Monthly) -> str:
    """Return the figure of the month that is told; of an earlier one, which it is; nothing known is said as that."""
    point: Point | None = one.latest
    if point is None:
        return "not known yet"
    when = "" if point.month == told.month else f" in {point.month}"
    return told.say.figure(point.value, one.unit) + when


def trend(one: MetricReport, say: Figures) -> str:
    """Return slope, interval and verdict of a metric in words."""
    word = verdict(one.trend, one.direction)
    return word if one.trend.slope is None else f"{say.slope(one.trend, one.unit)}, {word}"


def ahead(one: MetricReport, say: Figures) -> str | None:
    """Return where a metric goes if things go on as they have, with its 80 % interval; None where nothing says."""
    if not one.forecast:
        return None
    last = one.forecast[-1]
    value, low, high = (say.figure(end, one.unit) for end in (last.value, last.low, last.high))
    return f"if things go on as they have, {last.month} brings {value} ({low} to {high})"


def change(one: OfSegment) -> str:
    """Return how the lifetime value of a segment changed within a year."""
    return f"{one.clv.median / one.clv_before - 1:+.0%} in a year" if one.clv_before else "no year on record"


def before_after(worth: Report) -> str | None:
    """Return renewal rates before and after the machine began, under that name alone."""
    told = worth.before_after
    if told.before is None or told.after is None:
        return None
    rates = f"renewed {told.before:.0%} of {told.came_before}, then {told.after:.0%} of {told.came_after}"
    return f"{rates} ({told.label})"


def unpriced(worth: Report) -> list[str]:
    """Return the titles of the metrics that have no price, in their order."""
    without = set(worth.unpriced)
    return [one.title for metrics in worth.keys.values() for one in metrics if one.name in without]


# ---- as text --------------------------------------------------------------------------------------------------------


def plain(told: Monthly) -> str:
    """Return a month as plain text: the four keys, what must not be missed, the money, and the accounts."""
    lines = [f"What it is worth: {told.title}", "", "THE FOUR KEYS"]
    for of in told.keys:
        lines += [_line(one, told, f"{of.key.capitalize()}: ") for one in of.headlines]
    lines += ["", "NOT TO BE MISSED", *(f"- {one}" for one in told.not_to_miss or ("nothing that a sensor saw",))]
    lines += ["", f"AS MONEY, OVER TWELVE MONTHS ({NEVER_ADDED})", *_money(told)]
    lines += ["", "WHAT ACCOUNTS ARE WORTH, BESIDE NET REVENUE RETENTION", *_segments(told)]
    for of in told.keys:
        lines += [
            "",
            f"{of.key.upper()}, ALL METRICS",
            *(_line(one, told, "- ") for one in (*of.headlines, *of.others)),
        ]
        if of.unknown:
            lines.append(
                f"- nothing known yet: {', '.join(f'{one.title} ({told.say.priced(one.money)})' for one in of.unknown)}"
            )
    return "\n".join([*lines, "", BRACKETS, ""])


def _line(one: MetricReport, told: Monthly, before: str) -> str:
    return f"{before}{one.title} {latest(one, told)}; {trend(one, told.say)}; {told.say.priced(one.money, brief=True)}"


def _money(told: Monthly) -> Iterator[str]:
    for one in told.worth.money:
        yield f"- {one.rule}: {told.say.priced(one)}; {one.label}"
    if rates := before_after(told.worth):
        yield f"- before and after: {rates}"
    yield f"- unpriced, and no less true: {', '.join(unpriced(told.worth))}"


def _segments(told: Monthly) -> Iterator[str]:
    whole, say = told.worth.portfolio, told.say
    if not whole.accounts:
        yield "- no month of any account is on record"
        return
    kept = f"net {say.figure(whole.nrr, 'share')}"
    yield f"- all: {kept}; lifetime value {say.spread(whole.clv)}; at risk {say.spread(whole.at_risk)}"
    for one in whole.segments:
        kept = f"net {say.figure(one.nrr, 'share')}, gross {say.figure(one.grr, 'share')}"
        yield f"- {spoken(one.segment)}: {kept}; lifetime value {say.spread(one.clv)}, {change(one)}; {gone(one, say)}"
    yield f"  {whole.convention}"


def gone(one: OfSegment, say: Figures) -> str:
    """Return how many accounts of a segment left within a year, and what they were worth."""
    return f"{one.left:,} left, worth {say.bare(one.clv_lost)}" if one.left else "none left"
