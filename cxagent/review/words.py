"""How pages say things: times as people say them, names without underscores, money that lines up."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from cxagent import clock

MINUTE, HOUR, DAY = 60, 3600, 86400
SOON = 4 * HOUR
TIERS = {"high": "High value", "mid": "Mid value", "low_clv": "Small", None: "Unknown"}
VERDICTS = {
    "approve": "approved",
    "edit": "sent in another version",
    "respond": "answered in their own words",
    "reject": "rejected",
}
CODE = re.compile(r"[a-z]+(?:_[a-z]+)+")
"""A name of our own, such as a segment."""
WIDE, TALL = 72, 22


def moment(value: datetime | str, zone: str = "UTC") -> str:
    """Return a moment as `Mon 23 Nov 16:00` in a time zone."""
    return f"{_at(value).astimezone(ZoneInfo(zone)):%a %d %b %H:%M}"


def day(value: datetime | str | None) -> str:
    """Return a day as `23 Nov 2026`."""
    return f"{_at(value):%d %b %Y}".lstrip("0") if value else "on an unknown day"


def stamp(value: datetime | str, zone: str = "UTC") -> str:
    """Return a moment as a form's control for date and time takes it."""
    return f"{_at(value).astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"


def ago(value: datetime | str | None) -> str:
    """Return how long ago, or how far ahead, a moment is: `3 h ago`, `in 2 days`."""
    if value is None:
        return "at an unknown time"
    seconds = (clock.now() - _at(value)).total_seconds()
    told = _span(abs(seconds))
    return "just now" if abs(seconds) < MINUTE else f"{told} ago" if seconds > 0 else f"in {told}"


def _at(value: datetime | str) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _span(seconds: float) -> str:
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min"
    if seconds < 2 * DAY:
        return f"{int(seconds // HOUR)} h"
    return f"{int(seconds // DAY)} days"


def timer(deadline: str) -> str:
    """Return what is left until a deadline, in words: `due in 3 h`, `late by 2 days`."""
    seconds = _left(deadline)
    return f"late by {_span(-seconds)}" if seconds < 0 else f"due in {_span(seconds)}"


def urgency(deadline: str) -> str:
    """Return whether a deadline is `late`, `soon` or `calm`; words say the same beside it."""
    seconds = _left(deadline)
    return "late" if seconds < 0 else "soon" if seconds < SOON else "calm"


def _left(deadline: str) -> float:
    return (_at(deadline) - clock.now()).total_seconds()


def seconds_left(until: datetime | str) -> int:
    """Return how many whole seconds are left until a moment, 0 where it is over."""
    return max(0, int(_left(until.isoformat() if isinstance(until, datetime) else until) + 0.999))


def plain(value: Any) -> str:
    """Return a name as people read it: `wrong_facts` is wrong facts."""
    return str(value).replace("_", " ")


def heading(value: Any) -> str:
    """Return a name as a heading: `goodwill_credit` is Goodwill credit."""
    return sentence(plain(value))


def sentence(value: str) -> str:
    """Return some words with a capital at the start."""
    return value[:1].upper() + value[1:]


def tier(value: str | None) -> str:
    """Return a tier as people say it."""
    return TIERS.get(value, plain(value))


def fact(one: Mapping[str, Any]) -> str:
    """Return the value of a fact as people read it: our own names in words, the balance of trust as what it means."""
    match one["name"], one["value"]:
        case _, None | "" | "None":
            return "unknown"
        case "tier", str(value):
            return tier(value)
        case "trust balance", str(value):
            return _trust(Decimal(value))
        case _, value:
            return plain(value) if CODE.fullmatch(str(value)) else str(value)


def _trust(balance: Decimal) -> str:
    if balance < 0:
        return f"a breach of trust still counts {-balance:.2f} (a fresh major one is 1)"
    return "no breach of trust counts" if balance == 0 else f"{balance:.2f} in our favour"


def verdict(value: str) -> str:
    """Return what a person did with a draft, as others are told."""
    return VERDICTS[value]


def money(value: str | None) -> str:
    """Return an amount without cents that are none: `USD 40.00` is USD 40."""
    return (value or "unknown").removesuffix(".00")


def notice(days: int | str | None) -> str:
    """Return a notice deadline in words."""
    if days is None or not str(days).lstrip("-").isdigit():
        return "notice deadline unknown"
    left = int(days)
    if left < 0:
        return f"notice deadline {-left} {_days(left)} ago"
    return "notice deadline today" if left == 0 else f"notice in {left} {_days(left)}"


def _days(count: int) -> str:
    return "day" if abs(count) == 1 else "days"


def trend(change: int | None) -> str:
    """Return where a health score goes, in words."""
    if change is None:
        return "trend unknown"
    return "steady in 60 days" if change == 0 else f"{'up' if change > 0 else 'down'} {abs(change)} in 60 days"


def spark(points: Sequence[tuple[str, int]]) -> str:
    """Return the points of a small line of health scores, 0 below and 100 above."""
    step = (WIDE - 4) / max(1, len(points) - 1)
    return " ".join(
        f"{2 + index * step:.1f},{TALL - 2 - score * (TALL - 4) / 100:.1f}" for index, (_, score) in enumerate(points)
    )


FILTERS = {
    "moment": moment,
    "day": day,
    "stamp": stamp,
    "ago": ago,
    "timer": timer,
    "urgency": urgency,
    "seconds_left": seconds_left,
    "plain": plain,
    "heading": heading,
    "sentence": sentence,
    "tier": tier,
    "fact": fact,
    "verdict": verdict,
    "money": money,
    "notice": notice,
    "trend": trend,
    "spark": spark,
}
