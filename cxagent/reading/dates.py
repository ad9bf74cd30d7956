"""Time expressions in English prose: where they stand, how surely they lie ahead, and which day they name."""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from cxagent.reading.grammar import (
    AHEAD_OF,
    ALONE,
    BOUND,
    LONGER,
    MONTHS,
    NOT_LAST,
    NUMBERS,
    OF,
    PAST_AFTER,
    PAST_BEFORE,
    RANGE,
    TAIL,
    WEEKDAY,
    expressions,
    word_set,
)


class Ahead(Enum):
    """How surely an expression points to the future: whatever the tense, unless past, by tense, only with a verb."""

    CERTAIN = 4
    FIRM = 3
    OPEN = 2
    LOOSE = 1


@dataclass(frozen=True)
class Moment:
    """One time expression: its place, its pull to the future, the days it may name, the length it may name.

    `length` is set only where the words prolong something (`a week longer`, `for 14 days`), never for a deadline;
    `measure` tells lengths and clock times, which describe a product as often as they promise.
    """

    start: int
    end: int
    ahead: Ahead
    days: frozenset[date] = frozenset()
    length: int | None = None
    measure: bool = False


def moments(text: str, today: date) -> Iterator[Moment]:
    """Yield the time expressions of lower-case text that are not plainly past, in order."""
    text = RANGE.sub(lambda span: " " * len(span[0]), text)  # "Monday to Friday" are opening hours, not a day
    for match in expressions(text):
        name = match.lastgroup or ""
        before, after = text[max(0, match.start() - 24) : match.start()], text[match.end() : match.end() + 24]
        if (
            (before.endswith(PAST_BEFORE) and not before.endswith(NOT_LAST))
            or PAST_AFTER.match(after)
            or (name == "length" and AHEAD_OF.match(after) and not _COMING_TO.search(before))
        ):
            continue
        lead = match["lead"] or match["fill"].strip()
        found = _READERS.get(name, _vague)(match[name], lead, today)
        if found is None or (
            not match["lead"]
            and before.endswith("of ")
            and OF.search(before)
            and found.ahead.value < Ahead.CERTAIN.value
        ):
            continue
        tail = TAIL.match(text, match.end())
        end = tail.end() if tail else match.end()
        yield _settle(found, name, lead, text, match.start(), end)


@dataclass(frozen=True)
class _Found:
    ahead: Ahead
    days: frozenset[date] = frozenset()
    length: int | None = None


def _settle(found: _Found, name: str, lead: str, text: str, start: int, end: int) -> Moment:
    ahead, days, length = found.ahead, found.days, found.length
    if lead in ("before", "ahead of"):
        days = frozenset(day - timedelta(days=1) for day in days)
    if name == "length":
        more = LONGER.match(text, end)
        if not more and lead not in ("for", "by", "up to") and not _STRETCHES.search(text[max(0, start - 30) : start]):
            length = None
        if more:
            ahead = Ahead.FIRM
        elif ahead is Ahead.LOOSE and ALONE.search(text[max(0, start - 30) : start]):
            ahead = Ahead.OPEN
    return Moment(start, end, ahead, days, length, name in ("length", "clock", "hour", "prompt"))


_COMING_TO = re.compile(r"(?:\bwill|'ll|\btakes?|\bneeds?) (?:\w+ ){0,2}$")
_STRETCHES = re.compile(r"\b(?:another|extra|additional|lasts?|runs?|extended|has|now|you (?:have|get)) (?:\w+ ){0,2}$")


def _next(today: date, day: int, month: int | None) -> date | None:
    """Return the next day with this number (and month) from today on."""
    for ahead in range(13):
        at = today.month - 1 + ahead
        year, number = today.year + at // 12, at % 12 + 1
        if month in (None, number) and 1 <= day <= monthrange(year, number)[1]:
            found = date(year, number, day)
            if found >= today:
                return found
    return None


def _exact(day: int, month: int, year: int | None, lead: str, today: date) -> _Found | None:
    """Judge a calendar date: with a year by itself; without, the nearest one, or the next one where words bind it."""
    if year is not None:
        try:
            found = date(year + 2000 if year < 100 else year, month, day)
        except ValueError:
            return _Found(Ahead.FIRM)
        return _Found(Ahead.CERTAIN, frozenset({found})) if found >= today else None
    coming = _next(today, day, month)
    if coming is None:
        return _Found(Ahead.FIRM)
    if (coming - today).days <= 183 or (lead in BOUND and lead != "from"):
        return _Found(Ahead.CERTAIN, frozenset({coming}))
    return _Found(Ahead.LOOSE, frozenset({coming})) if lead != "from" else None


def _iso(text: str, lead: str, today: date) -> _Found | None:
    year, month, day = map(int, text.split("-"))
    return _exact(day, month, year, lead, today)


def _dated(text: str, lead: str, today: date) -> _Found | None:
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    word = next(word for word in reversed(re.findall(r"[a-z]+", text)) if word[:3] in MONTHS and len(word) > 2)
    return _exact(numbers[0], MONTHS.index(word[:3]) + 1, numbers[1] if len(numbers) > 1 else None, lead, today)


def _numeric(text: str, lead: str, today: date) -> _Found | None:
    first, second, *year = (int(number) for number in re.findall(r"\d+", text))
    if not (1 <= first <= 31 and 1 <= second <= 31) or ("/" in text and not year and not lead):
        return None
    if "/" in text and first <= 12 and second <= 12 and first != second:
        return _Found(Ahead.FIRM)  # two readings: no date can back it
    day, month = (second, first) if second > 12 else (first, second)
    return _exact(day, month, year[0] if year else None, lead, today) if month <= 12 else None


def _ordinal(text: str, lead: str, today: date) -> _Found:
    number = re.search(r"\d+", text)
    day = int(number[0]) if number else 15 if text.endswith("fifteenth") else 1
    coming = _next(today, day, None)
    days = frozenset({coming} if coming else ())
    return _Found(Ahead.FIRM if lead in BOUND else Ahead.OPEN, days)


def _month_end(today: date, months: int = 0) -> date:
    at = today.month - 1 + months
    year, month = today.year + at // 12, at % 12 + 1
    return date(year, month, monthrange(year, month)[1])


def _ending(text: str, lead: str, today: date) -> _Found:
    if not text.removeprefix("the ").startswith(
        ("end", "last day", "close", "month", "quarter", "year", "week-", "weekend", "week e", "eo", "co")
    ):
        return _Found(Ahead.FIRM)
    if text.endswith("weekend") and "of" not in text:
        return _Found(Ahead.OPEN)
    step, last = int("next" in text), text[-7:]
    friday = today + timedelta(days=4 - today.weekday())
    month = next((index for index, name in enumerate(MONTHS) if re.search(rf"\b{name}", text)), None)
    if month is not None:
        return _Found(Ahead.CERTAIN, frozenset({_month_end(today, (month + 1 - today.month) % 12)}))
    if re.search(r"week|eow", text):
        day = friday + timedelta(days=7 * step)
        return _Found(Ahead.FIRM, frozenset({day if day >= today else friday + timedelta(days=2)}))
    if "month" in text or last == "eom":
        return _Found(Ahead.FIRM, frozenset({_month_end(today, step)}))
    if "quarter" in text or last == "eoq":
        return _Found(Ahead.FIRM, frozenset({_month_end(today, -today.month % 3 + 3 * step)}))
    if "year" in text or last == "eoy":
        return _Found(Ahead.FIRM, frozenset({date(today.year + step, 12, 31)}))
    if re.search(r"day|business|play|eod|cob|cop", text):
        return _Found(Ahead.FIRM, frozenset({today}))
    return _Found(Ahead.FIRM)


def _near(text: str, lead: str, today: date) -> _Found:
    if "after tomorrow" in text:
        return _Found(Ahead.CERTAIN, frozenset({today + timedelta(days=2)}))
    if text.startswith("tom") or text.startswith("tm"):
        return _Found(Ahead.CERTAIN, frozenset({today + timedelta(days=1)}))
    bound = lead in BOUND
    if text in ("today", "tonight", "tonite"):
        days = frozenset({today})
        return _Found(Ahead.FIRM if bound else Ahead.LOOSE if text == "today" else Ahead.OPEN, days)
    return _Found(Ahead.OPEN)


def _coming(text: str, lead: str, today: date) -> _Found:
    if text.endswith(("cycle", "billing")):
        return _Found(Ahead.CERTAIN, frozenset({_month_end(today) + timedelta(days=1)}))
    if (weekday := _weekday_of(text)) is not None:
        first = _following(today, weekday)
        same = first.isocalendar()[:2] != today.isocalendar()[:2]  # else "next" may mean this week's or the next week's
        return _Found(Ahead.CERTAIN, frozenset({first} if same else ()))
    return _Found(Ahead.CERTAIN)


def _present(text: str, lead: str, today: date) -> _Found:
    if (weekday := _weekday_of(text)) is not None:
        return _Found(Ahead.OPEN, frozenset({_following(today, weekday)}))
    if text.endswith(("sprint", "release", "update", "patch", "cycle")):
        return _Found(Ahead.OPEN)
    sunday = today + timedelta(days=6 - today.weekday())
    days = (
        {sunday, today + timedelta(days=7)}
        if text.endswith("week")
        else {_month_end(today)}
        if text.endswith("month")
        else ()
    )
    return _Found(Ahead.FIRM if lead in BOUND else Ahead.LOOSE, frozenset(days))


def _weekday_of(text: str) -> int | None:
    word = text.rsplit(maxsplit=1)[-1]
    starts = ("mo", "tu", "we", "th", "fr", "sa", "su")
    if not re.fullmatch(WEEKDAY, word):
        return None
    return next((index for index, start in enumerate(starts) if word.startswith(start)), 4 if word[0] == "f" else 0)


def _following(today: date, weekday: int) -> date:
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _weekday(text: str, lead: str, today: date) -> _Found:
    weekday = _weekday_of(text)
    days = frozenset({_following(today, weekday)} if weekday is not None else ())
    ahead = (
        Ahead.CERTAIN
        if lead in ("for", "until", "till", "til", "'til", "to")
        else Ahead.FIRM
        if lead in BOUND
        else Ahead.OPEN
    )
    return _Found(ahead, days)


_DEADLINES = word_set("in within inside under for past beyond until over") | {
    *("longer than", "later than", "no later than", "up to", "for about"),
}


def _length(text: str, lead: str, today: date) -> _Found:
    """Judge a length of time: a deadline after `in` or `within`, a stretch after `for`, else a matter of its verb."""
    firm = lead in _DEADLINES
    number = re.match(r"(\d+|[a-z-]+)", text)
    count = int(number[1]) if number and number[1].isdigit() else NUMBERS.get(number[1]) if number else None
    factor = 7 if "week" in text else 14 if "fortnight" in text else 1
    plain = not re.search(
        r"business|working|half|couple|few|some|several|month|year|quarter|hour|min|sec|[ \d](?:to|or|-)[ \d]", text
    )
    if count is None or not plain or not re.search(r"d\b|day|week|wk|fortnight", text):
        return _Found(Ahead.FIRM if firm else Ahead.LOOSE)
    length = count * factor
    # far lengths cannot be added to a date; they bind all the same
    days = frozenset({today + timedelta(days=length)} if length < 36500 else ())
    return _Found(Ahead.FIRM if firm else Ahead.LOOSE, days, length)


def _month(text: str, lead: str, today: date) -> _Found | None:
    if not lead:
        return None
    year = re.search(r"20\d\d", text)
    number = next((index + 1 for index, name in enumerate(MONTHS) if text.startswith(name)), None)
    if year and (int(year[0]), number or 12) < (today.year, today.month):
        return None
    if lead in BOUND or (year and int(year[0]) > today.year):
        return _Found(Ahead.FIRM)
    near = number is None or (number - today.month) % 12 in range(1, 7)
    return _Found(Ahead.OPEN if near and lead != "for" else Ahead.LOOSE)


def _soon(text: str, lead: str, today: date) -> _Found:
    return _Found(Ahead.FIRM)


def _by_lead(text: str, lead: str, today: date) -> _Found | None:
    return _Found(Ahead.FIRM if lead in BOUND else Ahead.OPEN) if lead else None


def _loose(text: str, lead: str, today: date) -> _Found | None:
    if text.startswith("the time") and lead == "by":
        return _Found(Ahead.FIRM)
    return (
        _Found(Ahead.LOOSE)
        if lead in BOUND | {"within", "over", "at", "in", "in time for", "around", "about", "during", "for", "come"}
        else None
    )


def _vague(text: str, lead: str, today: date) -> _Found:
    return _Found(Ahead.LOOSE)


def _span(text: str, lead: str, today: date) -> _Found | None:
    return _Found(Ahead.OPEN if lead else Ahead.LOOSE)


def _release(text: str, lead: str, today: date) -> _Found | None:
    month = next((index + 1 for index, name in enumerate(MONTHS) if text.startswith(name)), None)
    return _Found(Ahead.OPEN if month is None or (month - today.month) % 12 <= 6 else Ahead.LOOSE)


def _clock(text: str, lead: str, today: date) -> _Found:
    return _Found(Ahead.FIRM if lead in BOUND else Ahead.OPEN)


_READERS: dict[str, Callable[[str, str, date], _Found | None]] = {
    "iso": _iso,
    "dated": _dated,
    "american": _dated,
    "numeric": _numeric,
    "ordinal": _ordinal,
    "ending": _ending,
    "near": _near,
    "coming": _coming,
    "present": _present,
    "weekday": _weekday,
    "span": _span,
    "length": _length,
    "clock": _clock,
    "hour": _loose,
    "spell": _by_lead,
    "month": _month,
    "event": _loose,
    "soon": _soon,
    "prompt": _vague,
    "release": _release,
    "return": _soon,
}
