"""Tables and their rows: how cells are read, which rows a condition selects, what belongs to one account."""

import contextlib
import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from cxagent.domain.money import decimal

T = TypeVar("T")
CellType = Literal["text", "date", "datetime", "integer", "number", "boolean"]
Word = Annotated[str, Field(strict=True)]
"""A cell as it is written; YAML turns an unquoted yes, true or 1 into something else, so those are refused."""


def _as_tuple(given: Any) -> Any:
    return (given,) if isinstance(given, str) else given


Formats = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
"""One or more forms of a date, tried in order; none is ISO 8601."""


class Part(BaseModel):
    """A piece of the mapping: frozen, closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Part):
    """Which cells mean yes and which mean no."""

    true: tuple[Word, ...]
    false: tuple[Word, ...]


class Table(Part):
    """Where rows come from and how their cells are read."""

    key: str
    file: str | None = None
    table: str | None = None
    select: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    nulls: tuple[Word, ...] = ("",)
    booleans: Words = Words(true=("true", "t", "yes", "y", "1"), false=("false", "f", "no", "n", "0"))
    dates: Formats = ()
    datetimes: Formats = ()
    timezone: str | None = None
    columns: dict[str, CellType] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if sum(origin is not None for origin in (self.file, self.table, self.select)) != 1:
            raise ValueError("give exactly one of file, table, select")
        try:
            ZoneInfo(self.timezone or "UTC")
        except (OSError, ValueError, LookupError):
            raise ValueError(f"timezone: {self.timezone!r} is not known") from None
        return self

    def kind_of(self, column: str, use: str | None) -> CellType | None:
        """Return the type of a column; a file's column must declare it to be ordered, a database brings its own."""
        kind = self.columns.get(column)
        if kind is None and self.file:
            if use:
                raise ValueError(f"{use}: declare the type of {column} under columns, so that its order is known")
            return "text"
        return kind


class Condition(Part):
    """A column equals one of some values, or, negated, none of them."""

    column: str
    values: tuple[Any, ...]
    negated: bool = False

    def admits(self, cells: Mapping[str, Any]) -> bool:
        """Whether a row passes."""
        cell = cells[self.column]
        return any(_equal(cell, value) for value in self.values) is not self.negated

    def check_against(self, table: Table) -> None:
        """Refuse a value that can never equal a cell of the column; a database may answer with any type."""
        kind = table.kind_of(self.column, None)
        for value in self.values:
            fits = value is None or kind is None or kind in _FITS.get(type(value), ())
            if not fits:
                raise ValueError(f"where: {self.column} is {kind}, never {value!r}: quote it or declare its type")


_FITS: dict[type, tuple[str, ...]] = {
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    str: ("text", "date", "datetime"),
    dt.date: ("date",),
}


def _conditions(given: Any) -> Any:
    if not isinstance(given, dict):
        raise ValueError("write where as column: value")
    found = []
    for column, wanted in given.items():
        negated = isinstance(wanted, dict)
        if negated and wanted.keys() != {"not"}:
            raise ValueError(f"{column}: write a value, a list of values, null or {{not: value}}")
        value = wanted["not"] if negated else wanted
        values = tuple(value) if isinstance(value, list) else (value,)
        found.append(Condition(column=str(column), values=values, negated=negated))
    return tuple(found)


Where = Annotated[tuple[Condition, ...], BeforeValidator(_conditions)]


def _equal(cell: Any, value: Any) -> bool:
    if isinstance(cell, bool) or isinstance(value, bool) or cell is None:
        return cell is value
    if isinstance(value, float):
        return bool(cell == Decimal(repr(value)))
    if isinstance(cell, dt.date) and isinstance(value, str):
        return cell.isoformat() == value
    return bool(cell == value)


class Row(NamedTuple):
    """A row with its place, such as `people.csv:12`."""

    place: str
    cells: Mapping[str, Any]


@dataclass
class AccountRows:
    """The rows of one account by table; a table is spoiled when one of the account's rows in it was refused."""

    tables: dict[str, list[Row]] = field(default_factory=dict)
    spoiled: set[str] = field(default_factory=set)

    def select(self, table: str, where: Iterable[Condition]) -> list[Row]:
        """Return the rows of a table that pass every condition."""
        conditions = tuple(where)
        return [row for row in self.tables.get(table, ()) if all(part.admits(row.cells) for part in conditions)]


class Reader:
    """Reads the raw cells of one table into typed cells; None is unknown."""

    def __init__(self, table: Table, columns: Iterable[str]) -> None:
        self.key = table.key
        self._table = table
        self._zone = ZoneInfo(table.timezone) if table.timezone else None
        self._columns = [(name, self._typed(table.columns.get(name, "text"))) for name in sorted(columns)]
        self._seen: dict[tuple[str, str], Any] = {}

    def cells(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the typed cells, or raise ValueError naming the column."""
        read = {}
        for name, typed in self._columns:
            value = raw[name]
            if isinstance(value, str):
                value = value.strip()
                known = (name, value)
                if known not in self._seen:
                    self._seen[known] = None if value in self._table.nulls else self._read(name, typed, value)
                read[name] = self._seen[known]
            else:
                read[name] = None if value is None else self._read(name, typed, value)
        return read

    def _read(self, name: str, typed: Callable[[Any], Any], value: Any) -> Any:
        try:
            if isinstance(value, str) and "\x00" in value:
                raise ValueError("holds a NUL byte")
            return typed(value)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{name}: {error}") from None

    def account_of(self, raw: Mapping[str, Any]) -> str | None:
        """Return the account id of a raw row, or None where the key cell says nothing."""
        value = raw.get(self.key)
        text = "" if value is None else str(value).strip()
        return None if not text or text in self._table.nulls else text

    def _typed(self, kind: CellType) -> Callable[[Any], Any]:
        match kind:
            case "text":
                return self._native
            case "integer":
                return _integer
            case "number":
                return _number
            case "boolean":
                return self._boolean
            case "date":
                return self._date
            case "datetime":
                return self._datetime

    def _native(self, value: Any) -> Any:
        return self._aware(value) if isinstance(value, dt.datetime) else value

    def _boolean(self, value: Any) -> bool:
        word = str(value).lower()
        if word in (known.lower() for known in self._table.booleans.true):
            return True
        if word in (known.lower() for known in self._table.booleans.false):
            return False
        raise ValueError(f"{value!r} is neither of the words for true and false")

    def _date(self, value: Any) -> dt.date:
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        return _parsed(str(value), self._table.dates, dt.date.fromisoformat, "a date like 2026-11-21", dt.datetime.date)

    def _datetime(self, value: Any) -> dt.datetime:
        if isinstance(value, dt.datetime):
            return self._aware(value)
        if isinstance(value, dt.date):
            return self._aware(dt.datetime(value.year, value.month, value.day))
        example = "a time like 2026-11-21T09:30:00Z"
        return self._aware(_parsed(str(value), self._table.datetimes, dt.datetime.fromisoformat, example, _same))

    def _aware(self, moment: dt.datetime) -> dt.datetime:
        if moment.tzinfo is not None:
            return moment
        if self._zone is None:
            raise ValueError(f"{moment.isoformat()} has no time zone; state `timezone` for the table")
        return moment.replace(tzinfo=self._zone)


def _same(moment: dt.datetime) -> dt.datetime:
    return moment


def _parsed(text: str, formats: Formats, iso: Callable[[str], T], example: str, made: Callable[[dt.datetime], T]) -> T:
    if not formats:
        with contextlib.suppress(ValueError):
            return iso(text)
    for form in formats:
        with contextlib.suppress(ValueError):
            return made(dt.datetime.strptime(text, form))
    raise ValueError(f"{text!r} is not {' or '.join(formats) or example}")


def _integer(value: Any) -> int:
    number = _number(value)
    if number != number.to_integral_value():
        raise ValueError(f"{value!r} is not a whole number")
    return int(number)


def _number(value: Any) -> Decimal:
    # A database without decimals answers with binary floats; the shortest text of one is the decimal that was stored.
    return decimal(repr(value) if isinstance(value, float) else value)
