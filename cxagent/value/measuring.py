"""The measures of one month that the ledger itself knows: what was decided, by whom, how well, and what it saved.

Minutes saved and loss averted rest on the playbook's assumptions about minutes and damage; whoever owns those owns
these. Nothing is counted as resolved that no person found right.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from cxagent.domain.vocabulary import EffectClass, Segment
from cxagent.economics import damage_of
from cxagent.latitude.terms import Damage
from cxagent.ledger import account_months, month_events
from cxagent.ledger.account_months import OTHERS, Measured
from cxagent.ledger.store import Connection
from cxagent.playbook import Playbook
from cxagent.trends.series import months_from
from cxagent.value.months import bounds

VALUABLE = ("high", "mid")
"""The tiers whose reviews count as work on valuable accounts."""
COUNTED = (
    *("decisions", "acted", "drafted", "handed_over", "resolved_verified", "reopened", "minutes_saved"),
    *("minutes_saved_high",),
    *("review_minutes", "review_minutes_high", "interceptions", "averted_loss", "overrides", "overrides_respected"),
    *("repairs", "reversals"),
)
"""Measures that are zero in a month in which the ledger saw anything and none of them."""
FROM_LEDGER = frozenset({*COUNTED, "audited", "agreed", "grave"})
"""Every measure that the ledger itself knows."""
_Sums = defaultdict[tuple[str, str], float]


def of_ledger(connection: Connection, playbook: Playbook, month: str) -> list[Measured]:
    """Return what the ledger saw in a month, by measure and segment; empty where it saw nothing."""
    since, until = bounds(month)
    segments = account_months.told(connection, month, "segment")
    sums: _Sums = defaultdict(float)
    _tickets(connection, playbook, month, sums)
    for account_id in month_events.came_again(connection, since, until):
        sums["reopened", segments.get(account_id, OTHERS)] += 1
    _verdicts(connection, since, until, segments, sums)
    _caught(connection, playbook, month, sums)
    _moved(sums)
    for account_id in month_events.repairs(connection, since, until):
        sums["repairs", segments.get(account_id, OTHERS)] += 1
    for account_id in month_events.taken_back(connection, since, until):
        sums["reversals", segments.get(account_id, OTHERS)] += 1
    for row in month_events.looked(connection, month):
        for name in ("audited", "agreed", "grave"):
            sums[name, row["segment"]] += float(row[name] or 0)
    if not sums:
        return []
    for segment in {segment for _, segment in sums}:
        for name in COUNTED:
            sums[name, segment] += 0.0
    return [Measured(name, segment, month, value) for (name, segment), value in sorted(sums.items())]


def _tickets(connection: Connection, playbook: Playbook, month: str, sums: _Sums) -> None:
    right = month_events.right(connection, month)
    for ticket in month_events.ended(connection, *bounds(month)):
        said = ticket.ruling
        segment = said.get("segment") or OTHERS
        sums["decisions", segment] += 1
        match ticket.disposition:
            case "answered_alone":
                sums["acted", segment] += 1
                sums["resolved_verified", segment] += ticket.id in right
                sums["minutes_saved", segment] += _minutes(playbook, said.get("intents") or ())
            case "answered_after_review":
                sums["drafted", segment] += 1
                sums["resolved_verified", segment] += 1
            case _:
                sums["handed_over", segment] += 1


def _verdicts(connection: Connection, since: str, until: str, segments: Mapping[str, str], sums: _Sums) -> None:
    for row in month_events.verdicts(connection, since, until):
        segment = segments.get(row["account_id"], OTHERS)
        minutes = (row["seconds"] or 0) / 60
        sums["review_minutes", segment] += minutes
        if row["tier"] in VALUABLE:
            sums["review_minutes_high", segment] += minutes
        if row["verdict"] != "approve":
            sums["overrides", segment] += 1
            sums["overrides_respected", segment] += row["came_back"] is None


def _moved(sums: _Sums) -> None:
    """Of the minutes that routine work no longer takes, count those as moved that went into valuable accounts."""
    saved = sum(value for (name, _), value in sums.items() if name == "minutes_saved")
    spent = {segment: value for (name, segment), value in sums.items() if name == "review_minutes_high"}
    share = min(1.0, saved / whole) if (whole := sum(spent.values())) else 0.0
    for segment, minutes in spent.items():
        sums["minutes_saved_high", segment] += minutes * share


def _caught(connection: Connection, playbook: Playbook, month: str, sums: _Sums) -> None:
    found = month_events.caught(connection, month)
    worth = account_months.told(connection, month, "future_value") if found else {}
    for row in found:
        sums["interceptions", row["segment"]] += 1
        value = worth.get(row["account_id"])
        sums["averted_loss", row["segment"]] += row["loss"] * _damage(playbook, row["intent"], row["segment"], value)


def _damage(playbook: Playbook, intent: str, segment: str, value: float | None) -> float:
    """Return what a wrong act would have cost in full; a value that is not known is the segment's assumed one."""
    terms = playbook.latitude
    if value is None:
        assumed = terms.future_value
        value = assumed[Segment(segment)] if segment in set(Segment) else min(assumed.values())
    return damage_of(_assumed(playbook, intent), value)


def _minutes(playbook: Playbook, intents: Any) -> float:
    """Return how long a person would have looked at a ticket: as long as at the gravest of its requests."""
    return max((_assumed(playbook, intent).minutes for intent in intents), default=0.0)


def _assumed(playbook: Playbook, intent: str) -> Damage:
    entry = playbook.intents.get(intent)
    return playbook.latitude.damage[entry.effect if entry else EffectClass.PUBLIC_INFO]


def unclosed(connection: Connection, now: str, closed: list[str]) -> Iterator[str]:
    """Yield the months since the first ticket that were not added up yet, and the running one."""
    first = month_events.first_ticket(connection)
    for month in months_from(first[:7], now[:7]) if first else ():
        if month not in closed or month == now[:7]:
            yield month
