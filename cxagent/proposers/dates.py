"""Reads days and spans from a message; what is not written there is never assumed."""

import re
from collections.abc import Callable
from datetime import date, timedelta

NUMBERS = {
    word: value
    for value, words in enumerate(
        ("", "one a an another", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
         "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty")
    )
    for word in words.split()
}  # fmt: skip
NUMBER = r"\d{1,5}|" + "|".join(sorted(NUMBERS, key=len, reverse=True))
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS_IN = {"day": 1, "week": 7, "fortnight": 14, "month": 30, "quarter": 90}
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"


def count(word: str) -> int:
    """Return the number that a digit string or a small number word means."""
    return int(word) if word.isdigit() else NUMBERS[word]


def month_of(text: str) -> int | None:
    """Return the month that a message names, 1 to 12."""
    named = re.search(rf"\b{_MONTH}\b", text)
    return MONTHS.index(named[1]) + 1 if named and named[0] not in ("may", "march", "mar", "dec", "sept") else None


def last_such_day(day: date, today: date) -> date:
    """Return the same day of an earlier month where a day lies ahead: `the 3rd`, seen from behind."""
    while day > today:
        before = day.replace(day=1) - timedelta(days=1)
        day = before.replace(day=min(day.day, before.day))
    return day


def first_of_next_month(day: date) -> date:
    """Return the first day of the month after the given day."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def days_in(text: str) -> int | None:
    """Return a span in days: `two weeks`, `another week`, `60 more days`, `a fortnight`."""
    found = re.search(
        rf"\b(?:({NUMBER})\s+)?(?:more\s+|extra\s+|further\s+)?(day|week|fortnight|month|quarter)s?\b", text
    )
    if not found or (not found[1] and found[2] != "fortnight"):
        return None
    return count(found[1] or "1") * _DAYS_IN[found[2]]


def date_in(text: str, today: date) -> date | None:
    """Return the first day that a message names, seen from today, or None."""
    for read in _READERS:
        try:
            if day := read(text, today):
                return day
        except ValueError:
            continue
    return None


def _iso(text: str, today: date) -> date | None:
    found = re.search(r"\b(\d{4})-(\d{2})-(\d{2})\b", text)
    return date(int(found[1]), int(found[2]), int(found[3])) if found else None


def _month_and_day(text: str, today: date) -> date | None:
    day_first = re.search(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?:\s+(\d{{4}}))?\b", text)
    month_first = re.search(rf"\b{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(\d{{4}}))?\b", text)
    if day_first:
        day, month, year = day_first[1], day_first[2], day_first[3]
    elif month_first:
        month, day, year = month_first[1], month_first[2], month_first[3]
    else:
        return None
    return _near(int(year) if year else None, MONTHS.index(month) + 1, int(day), today)


def _near(year: int | None, month: int, day: int, today: date) -> date:
    """Take the year nearest to today where the message names none."""
    if year:
        return date(year, month, day)
    return min((date(today.year + step, month, day) for step in (-1, 0, 1)), key=lambda found: abs(found - today))


def _month_end(text: str, today: date) -> date | None:
    found = re.search(r"\b(?:end|close|last day) of\s+(?:the\s+|this\s+|our\s+)?(next\s+)?(month|quarter|year)\b", text)
    found = found or re.search(r"\b()(month|quarter|year)[- ](?:end|close)\b", text)
    if not found:
        return None
    unit = found[2]
    start = first_of_next_month(today) if found[1] and unit == "month" else today.replace(day=1)
    while unit != "month" and start.month % (3 if unit == "quarter" else 12):
        start = first_of_next_month(start)
    return first_of_next_month(start) - timedelta(days=1)


def _relative(text: str, today: date) -> date | None:
    if re.search(r"\b(today|immediately|right away|straight away|effective now|with immediate effect)\b", text):
        return today
    if re.search(r"\btomorrow\b", text):
        return today + timedelta(days=1)
    if re.search(r"\b(next (?:billing )?(?:cycle|period|month|renewal date)|from next month)\b", text):
        return first_of_next_month(today)
    if re.search(r"\bthis week\b", text):
        return today + timedelta(days=7)
    ahead = re.search(rf"\b(?:in|for|within)\s+(?:the next\s+)?({NUMBER})\s+(day|week|month)s?\b", text)
    return today + timedelta(days=count(ahead[1]) * _DAYS_IN[ahead[2]]) if ahead else None


def _weekday(text: str, today: date) -> date | None:
    found = re.search(r"\b(?:by|on|until|till|before|next|this|from|starting)\s+(" + "|".join(_WEEKDAYS) + r")\b", text)
    if not found:
        return None
    return today + timedelta(days=(_WEEKDAYS.index(found[1]) - today.weekday() - 1) % 7 + 1)


def _day_alone(text: str, today: date) -> date | None:
    """Read `the 11th`: the nearest such day; `by`, `until` and `from` look ahead."""
    found = re.search(r"\b(?:(by|until|till|before|from|to)\s+)?the\s+(\d{1,2})(?:st|nd|rd|th)\b", text)
    if not found:
        return None
    months = [today.replace(day=1), first_of_next_month(today)]
    months.insert(0, (months[0] - timedelta(days=1)).replace(day=1))
    days = [_on(month, int(found[2])) for month in months]
    known = [day for day in days if day and (day >= today or not found[1])]
    return min(known, key=lambda day: abs(day - today)) if known else None


def _on(month: date, day: int) -> date | None:
    try:
        return month.replace(day=day)
    except ValueError:
        return None


_READERS: tuple[Callable[[str, date], date | None], ...] = (
    _iso, _month_and_day, _month_end, _day_alone, _relative, _weekday,
)  # fmt: skip
