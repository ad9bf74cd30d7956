"""The mapping: one YAML file that turns the tables of a company into account documents and checks them.

```yaml
tables:                                     # each with `file:` (CSV), `table:` or `select:` (SQL)
  customers:
    file: customers.csv                     # beside this mapping file
    key: customer_id                        # the column with the account's id, in every table
    delimiter: ";"                          # default ","
    nulls: ["", "n/a"]                      # words for "unknown"; default: the empty cell
    booleans: {"true": ["yes"], "false": ["no"]}
    dates: "%d-%m-%Y"                       # one form or a list of forms; default ISO 8601
    datetimes: ["%d-%m-%Y %H:%M", "%d-%m-%Y"]
    timezone: Europe/Berlin                 # of times that carry no zone; without it they are refused
    columns: {signed: date, active: boolean, arr: number}   # others are text
  people: {file: people.csv, key: customer_id, columns: {seen: date}}
account:                                    # paths of the account document
  table: customers                          # one row an account
  name: {column: customer_name}             # the id is the key column
  parent_id: {column: parent}
  crm.segment: {column: size, values: {S: smb, M: mid_market, L: enterprise}}
  crm.arr: {column: arr, money: EUR}        # or money: {column: currency}
  crm.contacts:                             # one to many: a list over a joined table
    table: people
    where: {active: true}                   # a value, a list of values, null, or {not: value}
    sort: -seen                             # "-" sorts downwards; rows without a value come last
    item: {email: {column: mail}, name: {column: full_name}}
  support.csat: {table: surveys, sort: -sent, each: {column: score}}    # a list of plain values
  billing.currency: {const: EUR}
  billing.overdue_days: {table: invoices, where: {state: late}, aggregate: max, column: days_late}
as_of: {crm: {column: updated_at}, billing: {const: "2026-11-21T06:00:00Z"}, contract: null}
checks:
  - name: churned with an open subscription
    left: {table: customers, where: {active: false}}
    right: {table: subscriptions, where: {end_date: null}}
    compare: exists                         # differs | before | after need a `field` on both sides
    count: accounts                         # or rows: what the total counts
    material: true
```
An aggregate is `sum`, `count`, `max`, `min` or `any`; a sum over an unknown cell is unknown. Unknown keys are errors.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from cxagent.domain.money import Currency
from cxagent.domain.value import Instant
from cxagent.domain.vocabulary import SourceName
from cxagent.errors import BadInput
from cxagent.sources.document import check_path, one_sentence, read_yaml
from cxagent.sources.rows import Part, Table, Where


class Coin(Part):
    """Which currency an amount is in: one for all, or the one in a column."""

    currency: Currency | None = None
    column: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.currency is None) == (self.column is None):
            raise ValueError("write a currency code or {column: name}")
        return self


def _coin(given: Any) -> Any:
    return {"currency": given} if isinstance(given, str) else given


class Rule(Part):
    """Where one field of the document comes from."""

    column: str | None = None
    const: Any = None
    table: str | None = None
    where: Where = ()
    sort: str | None = None
    item: Annotated[dict[str, "Rule"], Field(min_length=1)] | None = None
    each: "Rule | None" = None
    aggregate: Literal["sum", "count", "max", "min", "any"] | None = None
    values: dict[str | int | bool | None, Any] | None = None
    money: Annotated[Coin | None, BeforeValidator(_coin)] = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        given = self.model_fields_set
        origins = given & {"const", "item", "each", "aggregate"} or given & {"column"}
        if len(origins) != 1 or ("column" in given and origins & {"const", "item", "each"}):
            raise ValueError("say once where the value comes from: column, const, item, each or aggregate")
        if self.aggregate in ("sum", "max", "min") and self.column is None:
            raise ValueError(f"{self.aggregate} needs a column")
        if not self.many and given & {"where", "sort", "table"}:
            raise ValueError("table, where and sort need item, each or aggregate: one account, many rows")
        return self

    @property
    def many(self) -> bool:
        """Whether the rule looks at many rows."""
        return bool(self.item or self.each or self.aggregate)

    def columns(self, base: str) -> Iterator[tuple[str, str]]:
        """Yield every table and column that the rule reads."""
        table = self.table or base
        names = [self.column, self.sort and self.sort.removeprefix("-"), self.money and self.money.column]
        yield from ((table, name) for name in (*names, *(part.column for part in self.where)) if name)
        for inner in (*(self.item or {}).values(), *([self.each] if self.each else [])):
            yield from inner.columns(table)


def _as_list(given: Any) -> Any:
    return given if isinstance(given, list) else [given]


class Paths(Part):
    """The table with one row an account, and the rules of every mapped path; several rules make one list."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Annotated[tuple[Rule, ...], BeforeValidator(_as_list)]]

    table: str

    @property
    def rules(self) -> dict[str, tuple[Rule, ...]]:
        """The rules by path."""
        return self.__pydantic_extra__

    @model_validator(mode="after")
    def _paths_exist(self) -> Self:
        for path, rules in self.rules.items():
            check_path(path, [set(rule.item) for rule in rules if rule.item])
            if len(rules) != 1 and not all(rule.item or rule.each for rule in rules):
                raise ValueError(f"{path}: several rules make one list, so each needs item or each")
        return self


class Side(Part):
    """One side of a comparison."""

    table: str
    where: Where = ()
    field: str | None = None


class Check(Part):
    """Two sources, one comparison, joined on the account."""

    name: str
    left: Side
    right: Side
    compare: Literal["differs", "before", "after", "exists"]
    count: Literal["accounts", "rows"] = "accounts"
    material: bool = True

    @model_validator(mode="after")
    def _fields(self) -> Self:
        if self.compare != "exists" and not (self.left.field and self.right.field):
            raise ValueError(f"compare: {self.compare} needs a field on both sides")
        return self

    def check_against(self, tables: dict[str, Table]) -> None:
        """Refuse to compare columns whose types do not compare: text dates have no order."""
        if self.compare == "exists":
            return
        left, right = (
            tables[side.table].kind_of(str(side.field), None if self.compare == "differs" else self.compare)
            for side in (self.left, self.right)
        )
        alike = any({left, right} <= family for family in ({"date", "datetime"}, {"integer", "number"}))
        if left and right and left != right and not alike:
            raise ValueError(f"checks: {self.name}: {left} and {right} cannot be compared")

    def columns(self) -> Iterator[tuple[str, str]]:
        """Yield every table and column that the check reads."""
        for side in (self.left, self.right):
            yield side.table, side.field or ""
            yield from ((side.table, part.column) for part in side.where)


class Mapping(Part):
    """The whole mapping file."""

    tables: Annotated[dict[str, Table], Field(min_length=1)]
    account: Paths
    as_of: dict[SourceName, Rule | None] = Field(default_factory=dict)
    checks: tuple[Check, ...] = ()

    @property
    def sections(self) -> frozenset[SourceName]:
        """The sections that some path fills."""
        return frozenset(SourceName(path.split(".")[0]) for path in self.account.rules if "." in path)

    def document_columns(self) -> dict[str, frozenset[str]]:
        """Return the columns of every table that the account document reads."""
        base = self.account.table
        return self._with_keys([(base, ""), *(pair for rule in self._rules() for pair in rule.columns(base))])

    def check_columns(self) -> dict[str, frozenset[str]]:
        """Return the columns of every table that the checks read."""
        return self._with_keys([pair for check in self.checks for pair in check.columns()])

    def columns(self) -> dict[str, frozenset[str]]:
        """Return the columns of every table that anything reads."""
        document, checks = self.document_columns(), self.check_columns()
        return {name: document.get(name, frozenset()) | checks.get(name, frozenset()) for name in document | checks}

    def _rules(self) -> Iterator[Rule]:
        for rules in self.account.rules.values():
            yield from rules
        yield from (rule for rule in self.as_of.values() if rule)

    def _with_keys(self, used: list[tuple[str, str]]) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for table, column in used:
            if table not in self.tables:
                raise ValueError(f"the table {table!r} is not declared under tables")
            found.setdefault(table, {self.tables[table].key}).update([column] if column else [])
        return {table: frozenset(columns) for table, columns in found.items()}

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        self.columns()
        wheres = [(rule.table or self.account.table, rule.where) for rule in self._rules()]
        wheres += [(side.table, side.where) for check in self.checks for side in (check.left, check.right)]
        for table, where in wheres:
            for condition in where:
                condition.check_against(self.tables[table])
        for rule in self._rules():
            if rule.sort:
                self.tables[rule.table or self.account.table].kind_of(rule.sort.removeprefix("-"), "sort")
        for check in self.checks:
            check.check_against(self.tables)
        for source, moment in self.as_of.items():
            if moment is not None and moment.const is not None:
                _check_moment(source, moment.const)
        names = [check.name for check in self.checks]
        if len(names) != len(set(names)):
            raise ValueError("checks: two checks have one name")
        return self


def _check_moment(source: SourceName, moment: Any) -> None:
    try:
        TypeAdapter(Instant).validate_python(moment)
    except ValidationError:
        raise ValueError(f"as_of: {source.value}: {moment!r} is not a time with a zone") from None


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file, or say which file, line and key is wrong."""
    written = read_yaml(path)
    try:
        return Mapping.model_validate(written.data)
    except ValidationError as error:
        raise BadInput(one_sentence(error), where=written.place(error)) from None
