"""The mapping: what it reads from tables, what it refuses, and what it does about cells that it cannot read."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from cxagent.domain.account import Account
from cxagent.errors import BadInput
from cxagent.sources.files import FilesSource
from cxagent.sources.mapping import load_mapping

CUSTOMERS = """\
\ufeffcustomer_id;customer_name;parent;size;arr;currency;active;since;seen
1;Acme;;S;1200.50;EUR;yes;31-01-2024;20-11-2026 07:30
2;Bolt;1;L;n/a;USD;no;01-02-2024;
"""
PEOPLE = """\
customer_id;mail;full_name;active;since
1;ann@acme.example;Ann;yes;02-01-2024
1;old@acme.example;Old;no;01-01-2023
"""
CREDITS = "customer_id;amount;currency;at\n1;10.00;EUR;03-03-2026\n1;5.50;EUR;01-03-2026\n"
COMMON: dict[str, Any] = {
    "key": "customer_id",
    "delimiter": ";",
    "nulls": ["", "n/a"],
    "booleans": {"true": ["yes"], "false": ["no"]},
    "dates": "%d-%m-%Y",
    "datetimes": ["%d-%m-%Y %H:%M", "%d-%m-%Y"],
    "timezone": "Europe/Berlin",
}
TABLES = {
    "customers": {
        **COMMON,
        "file": "customers.csv",
        "columns": {"arr": "number", "active": "boolean", "since": "date", "seen": "datetime"},
    },
    "people": {**COMMON, "file": "people.csv", "columns": {"active": "boolean", "since": "date"}},
    "credits": {**COMMON, "file": "credits.csv", "columns": {"amount": "number", "at": "datetime"}},
}
ACCOUNT: dict[str, Any] = {
    "table": "customers",
    "name": {"column": "customer_name"},
    "parent_id": {"column": "parent"},
    "crm.segment": {"column": "size", "values": {"S": "smb", "L": "enterprise"}},
    "crm.arr": {"column": "arr", "money": {"column": "currency"}},
    "crm.contacts": {
        "table": "people",
        "sort": "-since",
        "item": {"email": {"column": "mail"}, "name": {"column": "full_name"}},
    },
    "billing.currency": {"const": "EUR"},
    "billing.credits": {
        "table": "credits",
        "sort": "at",
        "item": {"amount": {"column": "amount", "money": {"column": "currency"}}, "granted_at": {"column": "at"}},
    },
}


class World:
    """A folder with the tables and a mapping, each of which a test may change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = {"customers": CUSTOMERS, "people": PEOPLE, "credits": CREDITS}
        self.mapping: dict[str, Any] = yaml.safe_load(yaml.safe_dump({"tables": TABLES, "account": ACCOUNT}))

    def source(self) -> FilesSource:
        """Write everything and read it."""
        for name, text in self.files.items():
            (self.folder / f"{name}.csv").write_text(text, encoding="utf-8")
        (self.folder / "map.yaml").write_text(yaml.safe_dump(self.mapping), encoding="utf-8")
        return FilesSource(mapping=self.folder / "map.yaml")

    def account(self, account_id: str = "1") -> Account:
        """Return one document."""
        account = self.source().account(account_id)
        assert account is not None
        return account

    def field(self, path: str, rule: Any, account_id: str = "1") -> Any:
        """Return what one rule gives, as plain JSON."""
        self.mapping["account"][path] = rule
        value: Any = self.account(account_id).model_dump(mode="json")
        for name in path.split("."):
            value = None if value is None else value[name]
        return value


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A fresh folder."""
    return World(tmp_path)


def test_tables_become_a_document(world: World) -> None:
    """Names, parents, looked-up segments, money and joined lists stand where the document wants them."""
    account = world.account("1").model_dump(mode="json", exclude_none=True)
    assert account == {
        "id": "1",
        "name": "Acme",
        "crm": {
            "segment": "smb",
            "arr": {"amount": "1200.50", "currency": "EUR"},
            "contacts": [{"email": "ann@acme.example", "name": "Ann"}, {"email": "old@acme.example", "name": "Old"}],
        },
        "billing": {
            "currency": "EUR",
            "credits": [
                {"amount": {"amount": "5.50", "currency": "EUR"}, "granted_at": "2026-03-01T00:00:00+01:00"},
                {"amount": {"amount": "10.00", "currency": "EUR"}, "granted_at": "2026-03-03T00:00:00+01:00"},
            ],
        },
    }


def test_a_null_word_is_unknown_and_the_parent_is_kept(world: World) -> None:
    """A cell that says n/a is absent, not zero."""
    account = world.account("2")
    assert account.parent_id == "1"
    assert account.crm is not None and account.crm.arr is None


@pytest.mark.parametrize(
    ("path", "rule", "value"),
    [
        (
            "crm.contacts",
            {"table": "people", "where": {"active": False}, "item": {"email": {"column": "mail"}}},
            "old@acme.example",
        ),
        (
            "crm.contacts",
            {"table": "people", "where": {"mail": {"not": "ann@acme.example"}}, "item": {"email": {"column": "mail"}}},
            "old@acme.example",
        ),
    ],
)
def test_conditions_choose_rows(world: World, path: str, rule: Any, value: str) -> None:
    """A condition picks the rows whose typed cell equals a value, or does not."""
    assert [contact["email"] for contact in world.field(path, rule)] == [value]


@pytest.mark.parametrize(
    ("path", "rule", "value"),
    [
        (
            "billing.overdue",
            {"table": "credits", "aggregate": "sum", "column": "amount", "money": "EUR"},
            {"amount": "15.50", "currency": "EUR"},
        ),
        ("billing.seats", {"table": "people", "aggregate": "count"}, 2),
        ("billing.overdue_days", {"table": "credits", "aggregate": "count", "where": {"currency": ["EUR", "USD"]}}, 2),
        ("contract.on_file", {"table": "people", "aggregate": "any", "where": {"mail": None}}, False),
        ("contract.start_date", {"table": "people", "aggregate": "min", "column": "since"}, "2023-01-01"),
        ("contract.signed_on", {"table": "people", "aggregate": "max", "column": "since"}, "2024-01-02"),
        (
            "crm.flags",
            [
                {"where": {"active": True}, "each": {"const": "live"}},
                {"where": {"size": "L"}, "each": {"const": "big"}},
            ],
            ["live"],
        ),
        ("crm.owner.name", {"const": "Olga"}, "Olga"),
        ("contract.auto_renew", {"column": "active"}, True),
        ("contract.kind", {"column": "active", "values": {True: "live", False: "gone"}}, "live"),
    ],
)
def test_rules_give_values(world: World, path: str, rule: Any, value: Any) -> None:
    """Every kind of rule gives the value that its words say."""
    assert world.field(path, rule) == value


def test_a_sum_over_an_unknown_cell_is_unknown(world: World) -> None:
    """Not knowing one amount is not knowing the sum; no row at all is zero."""
    rule = {"table": "credits", "aggregate": "sum", "column": "amount", "money": "EUR"}
    del world.mapping["account"]["billing.credits"]
    world.files["credits"] += "1;n/a;EUR;05-03-2026\n"
    assert world.field("billing.overdue", rule) is None
    assert world.field("billing.overdue", rule, "2") == {"amount": "0", "currency": "EUR"}


@pytest.mark.parametrize(
    ("rule", "at"),
    [
        (None, None),
        ({"column": "seen"}, "2026-11-20T07:30:00+01:00"),
        ({"const": "2026-11-21T06:00:00Z"}, "2026-11-21T06:00:00Z"),
    ],
)
def test_a_section_has_the_age_that_the_mapping_says(world: World, rule: Any, at: str | None) -> None:
    """The age comes from a column, from the mapping, or is unknown; it is never the time of reading."""
    world.mapping["as_of"] = {"crm": rule}
    crm = world.account().crm
    assert crm is not None and crm.model_dump(mode="json")["as_of"] == at


@pytest.mark.parametrize(
    ("table", "line", "sentence"),
    [
        ("customers", "3;Cold;;S;12,5;EUR;yes;;", "customers.csv:4: arr: '12,5' is not a decimal number"),
        (
            "customers",
            "3;Cold;;S;;EUR;maybe;;",
            "customers.csv:4: active: 'maybe' is neither of the words for true and false",
        ),
        ("customers", "3;Cold;;S;;EUR;yes;2024-01-31;", "customers.csv:4: since: '2024-01-31' is not %d-%m-%Y"),
        ("customers", "3;Cold", "customers.csv:4: row: has 2 cells, the header has 9"),
        ("customers", ";Cold;;S;;EUR;yes;;", "customers.csv:4: customer_id: names no account"),
        ("people", "9;x@y.example;X;yes;", "people.csv:4: customer_id: '9' is no account of customers.csv"),
        ("customers", "3;Cold;;XL;;EUR;yes;;", "customers.csv:4: crm.segment: 'XL' has no entry under values"),
        (
            "customers",
            "3;Cold;;S;5;EURO;yes;;",
            "customers.csv:4: crm.arr.currency: String should match pattern '^[A-Z]{3}$'",
        ),
        ("people", "1;;Nameless;yes;01-01-2022", "people.csv:4: crm.contacts.2.email: Input should be a valid string"),
    ],
)
def test_a_bad_row_is_listed_and_the_good_lines_go_on(world: World, table: str, line: str, sentence: str) -> None:
    """A refused line names file, line and field; the other accounts are there."""
    world.mapping["account"] |= {
        "contract.auto_renew": {"column": "active"},
        "contract.start_date": {"column": "since"},
    }
    world.files[table] += line + "\n"
    source = world.source()
    assert source.rejected == (sentence,)
    assert source.account("2") is not None


@pytest.mark.parametrize(("table", "line"), [("credits", "1;much;EUR;05-03-2026"), ("credits", "1;-;EUR;05-03-2026")])
def test_a_section_with_a_lost_row_is_missing(world: World, table: str, line: str) -> None:
    """A list that lost a bad row would look complete: the section is unknown instead, for that account only."""
    world.files[table] += line + "\n"
    source = world.source()
    one, two = source.account("1"), source.account("2")
    assert one is not None and two is not None
    assert (one.billing, one.crm is None, two.billing is None) == (None, False, False)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"tables": {"customers": {"delimeter": ","}}}, "tables.customers.delimeter: this key is not known"),
        ({"tables": {"customers": {"file": None}}}, "give exactly one of file, table, select"),
        ({"tables": {"customers": {"timezone": "Mars/Base"}}}, "timezone: 'Mars/Base' is not known"),
        ({"tables": {"customers": {"columns": {"arr": "float"}}}}, "tables.customers.columns.arr"),
        ({"tables": {"customers": {"nulls": [True]}}}, "tables.customers.nulls.0"),
        (
            {"account": {"crm.segmnet": {"column": "size"}}},
            "crm.segmnet: the account document has no such field to map",
        ),
        ({"account": {"crm.owner": {"column": "size"}}}, "crm.owner: map its fields one by one"),
        (
            {"account": {"crm.contacts.email": {"column": "size"}}},
            "crm.contacts.email: the account document has no such field",
        ),
        ({"account": {"crm.as_of": {"column": "size"}}}, "crm.as_of: the account document has no such field to map"),
        ({"account": {"id": {"column": "size"}}}, "the id of an account is the key column"),
        (
            {"account": {"crm.contacts": {"table": "people", "item": {"mail": {"column": "mail"}}}}},
            "an item has no field 'mail'",
        ),
        (
            {"account": {"crm.contacts": {"table": "persons", "item": {"email": {"column": "mail"}}}}},
            "the table 'persons' is not declared",
        ),
        ({"account": {"crm.segment": {"values": {}}}}, "say once where the value comes from"),
        ({"account": {"crm.segment": {"column": "size", "const": "smb"}}}, "say once where the value comes from"),
        ({"account": {"crm.segment": {"column": "size", "where": {"size": "S"}}}}, "need item, each or aggregate"),
        ({"account": {"crm.arr": {"aggregate": "sum"}}}, "sum needs a column"),
        ({"account": {"crm.arr": {"column": "arr", "money": "euro"}}}, "crm.arr.0.money.currency"),
        (
            {"account": {"crm.arr": {"aggregate": "count", "where": {"active": "yes"}}}},
            "active is boolean, never 'yes'",
        ),
        ({"account": {"crm.arr": {"aggregate": "count", "where": {"size": True}}}}, "size is text, never True"),
        (
            {
                "account": {
                    "crm.contacts": {"table": "people", "sort": "full_name", "item": {"email": {"column": "mail"}}}
                }
            },
            "sort: declare the type of full_name",
        ),
        ({"as_of": {"crm": {"const": "yesterday"}}}, "as_of: crm: 'yesterday' is not a time with a zone"),
        ({"as_of": {"cmr": None}}, "as_of.cmr"),
        ({"checkz": []}, "checkz: this key is not known"),
    ],
)
def test_a_wrong_mapping_is_refused_by_name(world: World, change: dict[str, Any], sentence: str) -> None:
    """Unknown keys, fields, tables and impossible comparisons stop the mapping with its file and key."""
    for part, given in change.items():
        if part == "tables":
            world.mapping[part]["customers"].update(given["customers"])
        elif isinstance(given, dict):
            world.mapping.setdefault(part, {}).update(given)
        else:
            world.mapping[part] = given
    with pytest.raises(BadInput, match=r"map\.yaml:\d+: ") as caught:
        world.source()
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tables:\n  a: {file: a.csv, key: k}\n  a: {file: b.csv, key: k}\n", "map.yaml:3: the key 'a' stands twice"),
        ("tables:\n  a: [1, 2\n", "map.yaml:3: is not YAML"),
        ("tables:\n  a:\n    file: a.csv\n    key: k\n    sort: x\naccount: {table: a}\n", "map.yaml:5: tables.a.sort"),
        ("- 1\n", "map.yaml:1: document: "),
        ("", "map.yaml:1: document: "),
    ],
)
def test_a_wrong_mapping_names_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    """The line of the faulty key is in the message, also for YAML that does not parse."""
    (tmp_path / "map.yaml").write_text(text)
    with pytest.raises(BadInput) as caught:
        load_mapping(tmp_path / "map.yaml")
    assert sentence in str(caught.value)


def side(table: str, field: str | None = None, **where: Any) -> dict[str, Any]:
    """Build one side of a check."""
    return {"table": table, "where": where} | ({"field": field} if field else {})


@pytest.mark.parametrize(
    ("check", "count"),
    [
        ({"left": side("people", "mail"), "right": side("people", "mail"), "compare": "differs", "count": "rows"}, 2),
        ({"left": side("people", "mail"), "right": side("people", "mail"), "compare": "differs"}, 1),
        (
            {
                "left": side("people", "since"),
                "right": side("customers", "since"),
                "compare": "before",
                "count": "rows",
            },
            2,
        ),
        ({"left": side("credits", "at"), "right": side("people", "since"), "compare": "before", "count": "rows"}, 0),
        ({"left": side("credits", "at"), "right": side("people", "since"), "compare": "after", "count": "rows"}, 2),
        ({"left": side("customers", active=False), "right": side("people"), "compare": "exists"}, 0),
        ({"left": side("customers", active=True), "right": side("people", active=False), "compare": "exists"}, 1),
        (
            {
                "left": side("customers", "arr", customer_id="2"),
                "right": side("customers", "arr"),
                "compare": "differs",
            },
            0,
        ),
    ],
)
def test_checks_count_contradictions(world: World, check: dict[str, Any], count: int) -> None:
    """A left row is flagged where some right row of its account contradicts it; unknown contradicts nothing."""
    world.mapping["checks"] = [{"name": "odd", **check}]
    source = world.source()
    assert source.totals() == {"odd": count}
    assert sum(bool(source.mismatches(account)) for account in "12") == min(count, 1)


@pytest.mark.parametrize("compare", ["differs", "after"])
def test_a_moment_of_a_day_does_not_contradict_the_day(world: World, compare: str) -> None:
    """A day and a moment are compared by day."""
    world.files["credits"] = "customer_id;amount;currency;at\n1;1;EUR;31-01-2024 08:30\n"
    world.mapping["checks"] = [
        {"name": "odd", "left": side("credits", "at"), "right": side("customers", "since"), "compare": compare}
    ]
    assert world.source().totals() == {"odd": 0}


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        (
            {"left": side("people", "mail"), "right": side("people"), "compare": "differs"},
            "needs a field on both sides",
        ),
        (
            {"left": side("people", "mail"), "right": side("people", "mail"), "compare": "before"},
            "declare the type of mail",
        ),
        (
            {"left": side("people", "since"), "right": side("customers", "arr"), "compare": "after"},
            "date and number cannot be compared",
        ),
        ({"left": side("nobody"), "right": side("people"), "compare": "exists"}, "the table 'nobody' is not declared"),
        ({"left": side("people"), "right": side("people"), "compare": "equals"}, "checks.0.compare"),
    ],
)
def test_a_check_that_cannot_be_decided_is_refused(world: World, check: dict[str, Any], sentence: str) -> None:
    """Text has no order, different types do not compare: the mapping says so before any row is read."""
    world.mapping["checks"] = [{"name": "odd", **check}]
    with pytest.raises(BadInput) as caught:
        world.source()
    assert sentence in str(caught.value)
