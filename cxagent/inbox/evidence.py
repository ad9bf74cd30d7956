"""What holds each figure of a reply: an action, a record, the guidance, the customer's own words, or nothing."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from cxagent.domain.account import Account
from cxagent.domain.money import read_amount
from cxagent.domain.proposal import Action
from cxagent.domain.value import Value
from cxagent.reading.dates import moments
from cxagent.reading.figures import Figure, figures, unknown
from cxagent.reading.grammar import expressions

Origin = Literal["action", "record", "guidance", "message"]
_LINK = re.compile(r"\b(?:https?://|www\.)\S+|[\w.+-]{1,64}@[\w.-]{1,255}")
_NUMBER = re.compile(r"(?<![\w])[\w-]*\d[\w.,:/%-]*")
_TRAILING = re.compile(r"(?<=\d)\s[a-z]{3}$")
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:$|[T ])")
LONG_AGO = date(1990, 1, 1)
YEAR = timedelta(days=364)
_NAMES = ("number", "ref", "description", "what", "goal", "name", "email", "purpose")
_UNTOLD = frozenset({"as_of", "id", "csat"})
"""Places of a record that say nothing a reply could repeat."""


class Held(Value):
    """The place that holds a figure, and what stands there."""

    origin: Origin
    where: str
    says: str


class Claim(Value):
    """A figure of the reply; `held` is None where nothing on record says it."""

    kind: Literal["amount", "date", "number"]
    words: str
    held: Held | None = None

    @property
    def sure(self) -> bool:
        """Whether something of ours holds it; what only the customer said is not known to be true."""
        return self.held is not None and self.held.origin != "message"


class Known(NamedTuple):
    """All that a reply may rest on."""

    account: Account | None
    facts: Sequence[Mapping[str, Any]]
    actions: Sequence[Action]
    guidance: Mapping[str, str]
    message: str
    today: date


class _Line(NamedTuple):
    origin: Origin
    where: str
    text: str
    money: tuple[Decimal, str | None] | None = None


def evidence(reply: str, known: Known) -> tuple[Claim, ...]:
    """Return every amount, date and number of a reply in the order in which it is written, with what holds it."""
    lines = list(_lines(known))
    dated: list[tuple[_Line, frozenset[date]]] | None = None
    masked, found = _LINK.sub(lambda link: " " * len(link[0]), reply), []
    for figure in figures(reply):
        words = _TRAILING.sub("", figure.words) if not figure.words[:1].isdigit() else figure.words
        at, masked = _taken(masked, words)
        found.append((at, Claim(kind="amount", words=words, held=_amount(figure, lines))))
    for words, days in _dates(masked, known.today):
        at, masked = _taken(masked, words)
        dated = _dated(lines, known.today) if dated is None else dated  # once, however many dates a reply names
        held = next((_held(line) for line, stands in dated if stands & days), None)
        found.append((at, Claim(kind="date", words=words, held=held)))
    for match in _NUMBER.finditer(masked):
        words = match[0].rstrip(".,:;/-")
        found.append((match.start(), Claim(kind="number", words=words, held=_number(words, lines))))
    seen = {claim: None for _, claim in sorted(found, key=lambda one: one[0])}
    return tuple(seen)


def _taken(text: str, words: str) -> tuple[int, str]:
    """Blank some words out, so that no other reader finds them again; return where they stood."""
    at = text.find(words)
    return (at, text[:at] + " " * len(words) + text[at + len(words) :]) if at >= 0 else (len(text), text)


def _dates(text: str, today: date) -> Iterator[tuple[str, frozenset[date]]]:
    """Yield the time expressions that name a day, past ones too: they are facts that can be wrong."""
    low = text.lower()
    for match in expressions(low if len(low) == len(text) else text):
        words = match[0].strip()
        days = _named(words, today)
        if days and words:
            start = match.start() + match[0].find(words)
            yield text[start : start + len(words)], days


def _named(words: str, today: date) -> frozenset[date]:
    """Return the days that an expression may name; a day and month may be those of this year or of the last.

    The reader of promises looks ahead only, so it is asked as of earlier days as well, where a figure names the day.
    """
    found = list(moments(words, today))
    days = frozenset(day for moment in found for day in moment.days)
    if any(moment.measure for moment in found) or not any(letter.isdigit() for letter in words):
        return days
    earlier = (moment for start in (today - YEAR, LONG_AGO) for moment in moments(words, start) if not moment.measure)
    return days | frozenset(day for moment in earlier for day in moment.days)


def _amount(figure: Figure, lines: Sequence[_Line]) -> Held | None:
    for line in lines:
        pairs = [line.money] if line.money else [(one.amount, one.currency) for one in figures(line.text)]
        if pairs and not unknown((figure,), pairs):
            return _held(line)
    return _number(figure.words, lines) if figure.currency is None else None


def _dated(lines: Iterable[_Line], today: date) -> list[tuple[_Line, frozenset[date]]]:
    """Return the lines that name days, with the days."""
    found = []
    for line in lines:
        if _DAY.match(line.text):
            day = _day(line.text)
            found.append((line, frozenset({day} if day else ())))
        elif any(letter.isdigit() for letter in line.text):
            found.append((line, frozenset(day for _, days in _dates(line.text, today) for day in days)))
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _number(words: str, lines: Iterable[_Line]) -> Held | None:
    whole = re.compile(rf"(?<![\w.,-]){re.escape(words)}(?![\w-]|[.,]\d)", re.I)
    return next((_held(line) for line in lines if whole.search(line.text)), None)


def _held(line: _Line) -> Held:
    return Held(origin=line.origin, where=line.where, says=line.text)


def _lines(known: Known) -> Iterator[_Line]:
    for action in known.actions:
        currency = action.args.get("currency")
        for name, value in action.args.items():
            amount = None if isinstance(value, bool | list | dict) else read_amount(value)
            money = (amount, currency if isinstance(currency, str) else None) if amount is not None else None
            yield _Line("action", f"{_plain(action.tool)}, {_plain(name)}", str(value), money)
    for fact in known.facts:
        if fact["value"]:
            yield _Line("record", f"{_plain(fact['name'])} ({fact['source']})", str(fact["value"]))
    if known.account is not None:
        yield from _of_record(known.account.model_dump(mode="json", exclude={"id", "name", "parent_id"}), "")
    for title, text in known.guidance.items():
        for line in filter(str.strip, text.splitlines()):
            yield _Line("guidance", f"guidance, {title}", line.strip())
    for line in filter(str.strip, known.message.splitlines()):
        yield _Line("message", "the customer's message", line.strip())


def _of_record(value: Any, where: str) -> Iterator[_Line]:
    match value:
        case {"amount": str(amount), "currency": str(currency)} if len(value) == 2:
            yield _Line("record", where, f"{currency} {Decimal(amount):,.2f}", (Decimal(amount), currency))
        case dict():
            named = next((value[name] for name in _NAMES if isinstance(value.get(name), str)), None)
            place = ", ".join(filter(None, (where, named)))
            for name, inner in value.items():
                if name not in _UNTOLD:
                    within = place if inner == named else ", ".join(filter(None, (place, _plain(name))))
                    yield from _of_record(inner, within)
        case list():
            for inner in value:
                yield from _of_record(inner, where)
        case None | bool():
            return
        case _:
            yield _Line("record", where, str(value))


def _plain(name: str) -> str:
    return name.replace("_", " ")
