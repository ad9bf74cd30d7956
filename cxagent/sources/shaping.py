"""From the rows of one account to its document: what cannot be read is withheld and listed, never guessed."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from cxagent.domain.account import Account, Billing, Contract, Crm, Support
from cxagent.domain.vocabulary import SourceName
from cxagent.errors import BadInput
from cxagent.sources.document import one_sentence
from cxagent.sources.mapping import Mapping, Rule
from cxagent.sources.rows import AccountRows, Row

_MODELS: dict[SourceName, type[BaseModel]] = {
    SourceName.CRM: Crm,
    SourceName.BILLING: Billing,
    SourceName.CONTRACT: Contract,
    SourceName.SUPPORT: Support,
}


@dataclass(frozen=True)
class Shaped:
    """The document of one account, and a sentence for everything that was refused on the way."""

    account: Account | None
    rejected: tuple[str, ...] = ()


@dataclass
class _Section:
    """A section while it is filled."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)
    withheld: bool = False


def shape(mapping: Mapping, account_id: str, rows: AccountRows) -> Shaped:
    """Return the account document; a section is missing where one row or value behind it cannot be read.

    A list or sum from which one bad row was dropped would look complete and too small.
    """
    base = rows.tables.get(mapping.account.table, [])
    if not base:
        return Shaped(None)
    if len(base) > 1:
        raise BadInput(f"the account {account_id!r} stands twice, first at {base[0].place}", where=base[1].place)
    return _Shaping(mapping, account_id, base[0], rows).shaped()


class _Shaping:
    """One account on its way from rows to a document."""

    def __init__(self, mapping: Mapping, account_id: str, row: Row, rows: AccountRows) -> None:
        self.mapping, self.id, self.row, self.rows = mapping, account_id, row, rows
        self.rejected: list[str] = []

    def shaped(self) -> Shaped:
        """Return the document with every section that could be filled."""
        parts = {source: _Section() for source in self.mapping.sections}
        own = _Section()
        for path, rules in self.mapping.account.rules.items():
            head, _, rest = path.partition(".")
            self._fill(parts[SourceName(head)] if rest else own, path, rest or head, rules)
        document = {"name": self.id, **own.values, "id": self.id}
        document |= {source.value: self._validated(source, part) for source, part in parts.items()}
        if own.withheld:
            return Shaped(None, tuple(self.rejected))
        try:
            return Shaped(Account.model_validate(document), tuple(self.rejected))
        except ValidationError as error:
            return Shaped(None, (*self.rejected, f"{self.row.place}: {one_sentence(error)}"))

    def _fill(self, section: _Section, path: str, inner: str, rules: tuple[Rule, ...]) -> None:
        if any(table in self.rows.spoiled for rule in rules for table, _ in rule.columns(self.mapping.account.table)):
            section.withheld = True
            return
        try:
            value = self._value(path, rules, section)
        except ValueError as error:
            self.rejected.append(f"{self.row.place}: {path}: {error}")
            section.withheld = True
            return
        *above, last = inner.split(".")
        if value is None:
            return
        target = section.values
        for name in above:
            target = target.setdefault(name, {})
        target[last] = value

    def _value(self, path: str, rules: tuple[Rule, ...], section: _Section) -> Any:
        if not (rules[0].item or rules[0].each):
            return _single(rules[0], self._selected(rules[0]) if rules[0].many else [self.row])
        values, places = [], section.places.setdefault(path.partition(".")[2], [])
        for rule in rules:
            for row in self._selected(rule):
                places.append(row.place)
                values.append(_entry(rule, row))
        return values

    def _selected(self, rule: Rule) -> list[Row]:
        rows = self.rows.select(rule.table or self.mapping.account.table, rule.where)
        if not rule.sort:
            return rows
        name = rule.sort.removeprefix("-")
        known = [row for row in rows if row.cells[name] is not None]
        known.sort(key=lambda row: row.cells[name], reverse=rule.sort.startswith("-"))
        return known + [row for row in rows if row.cells[name] is None]

    def _validated(self, source: SourceName, section: _Section) -> BaseModel | None:
        rule = self.mapping.as_of.get(source)
        if rule is not None:
            self._fill(section, f"as_of.{source.value}", "as_of", (rule,))
        section.values.setdefault("as_of", None)
        if section.withheld:
            return None
        try:
            return _MODELS[source].model_validate(section.values)
        except ValidationError as error:
            name, *rest = error.errors()[0]["loc"]
            places = section.places.get(str(name), [])
            place = places[rest[0]] if rest and isinstance(rest[0], int) and rest[0] < len(places) else self.row.place
            self.rejected.append(f"{place}: {source.value}.{one_sentence(error)}")
            return None


def _entry(rule: Rule, row: Row) -> Any:
    if rule.each:
        return _single(rule.each, [row])
    return {name: _single(inner, [row]) for name, inner in (rule.item or {}).items()}


def _single(rule: Rule, rows: list[Row]) -> Any:
    if rule.aggregate:
        value = _AGGREGATES[rule.aggregate]([row.cells[rule.column] if rule.column else True for row in rows])
    elif rule.column:
        value = _plain(rows[0].cells[rule.column])
    else:
        value = rule.const
    if rule.values is not None:
        value = _looked_up(rule.values, value)
    if rule.money is None or value is None:
        return value
    return {"amount": value, "currency": rule.money.currency or _currency(str(rule.money.column), rows)}


def _plain(cell: Any) -> Any:
    # A database numbers what the document calls by text (ids, invoices); a number field reads the text of an integer.
    return str(cell) if isinstance(cell, UUID) or (isinstance(cell, int) and not isinstance(cell, bool)) else cell


def _currency(column: str, rows: list[Row]) -> Any:
    codes = {row.cells[column] for row in rows}
    if len(codes) != 1 or None in codes:
        raise ValueError(f"{column}: amounts without one common currency cannot be added")
    return codes.pop()


def _looked_up(values: dict[str | int | bool | None, Any], cell: Any) -> Any:
    for known, value in values.items():
        if (known is None) == (cell is None) and _word(known) == _word(cell):
            return value
    if cell is None:
        return None
    raise ValueError(f"{cell!r} has no entry under values")


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sum(cells: list[Any]) -> Any:
    if any(cell is None for cell in cells):
        return None
    if any(isinstance(cell, bool) or not isinstance(cell, int | Decimal) for cell in cells):
        raise ValueError("only columns declared as number or integer can be summed")
    return sum(cells, Decimal(0))


def _extreme(pick: Callable[..., Any]) -> Callable[[list[Any]], Any]:
    def extreme(cells: list[Any]) -> Any:
        known = [cell for cell in cells if cell is not None]
        if not all(isinstance(cell, int | Decimal | dt.date) for cell in known):
            raise ValueError("only columns declared as number, integer, date or datetime have a largest and a smallest")
        return pick(known, default=None)

    return extreme


_AGGREGATES: dict[str, Callable[[list[Any]], Any]] = {
    "sum": _sum,
    "count": len,
    "any": bool,
    "max": _extreme(max),
    "min": _extreme(min),
}
