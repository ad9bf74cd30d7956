"""Accounts from SQL databases: the same mapping on SQLite and on PostgreSQL, read only, with limits."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from cxagent.domain.vocabulary import SourceName
from cxagent.errors import Denied, Transient, Unreachable
from cxagent.sources import Gather
from cxagent.sources.sql import SqlSource

SCHEMA = """
create table customers (id integer primary key, name varchar(40), parent integer, arr numeric(12,2), active boolean, signed date, seen timestamp);
create table people (customer integer, mail varchar(80), gone boolean);
create table plans (customer integer, plan varchar(20), ended date);
insert into customers values (1, 'Acme', null, 12.50, true, '2024-01-31', '2026-11-20 07:30:00');
insert into customers values (2, 'Bolt', 1, null, false, null, null);
insert into customers values (3, 'Cold', 1, 7, true, '2024-02-01', null);
insert into customers values (4, 'Deep', 2, 7, true, '2024-02-01', null);
insert into customers values (5, 'Else', null, 7, true, '2024-02-01', null);
insert into people values (1, ' Ann@acme.example', false), (2, 'ann@acme.example', false), (3, 'ann@acme.example', true);
insert into plans values (1, 'pro', null), (1, 'basic', null), (2, 'pro', '2025-01-01'), (2, 'basic', null)
"""  # noqa: E501
MAPPING = """
tables:
  customers:
    table: customers
    key: id
    timezone: UTC
    columns: {id: integer, parent: integer, arr: number, active: boolean, signed: date, seen: datetime}
  people:
    select: select customer, mail, gone from people where mail like '%:%' or mail like '%@%';
    key: customer
    columns: {gone: boolean}
  plans: {table: plans, key: customer, columns: {ended: date}}
account:
  table: customers
  name: {column: name}
  parent_id: {column: parent}
  crm.arr: {column: arr, money: USD}
  crm.contacts: {table: people, where: {gone: false}, item: {email: {column: mail}}}
  contract.start_date: {column: signed}
as_of: {crm: {column: seen}}
checks:
  - name: several plans
    left: {table: plans, where: {ended: null}, field: plan}
    right: {table: plans, where: {ended: null}, field: plan}
    compare: differs
"""


def execute(url: str, *statements: str) -> None:
    """Run statements in a connection of their own."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement.replace(":", "\\:")))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database with the tables, once of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/facts.db"
    else:
        url = request.getfixturevalue("postgres").replace("postgresql://", "postgresql+psycopg://", 1)
    execute(url, *(f"drop table if exists {table}" for table in ("customers", "people", "plans")))
    execute(url, *SCHEMA.split(";\n"))
    return str(url)


@pytest.fixture
def source(database: str, tmp_path: Path) -> Iterator[SqlSource]:
    """The mapped database."""
    (tmp_path / "crm.yaml").write_text(MAPPING)
    with_pool = SqlSource(database, tmp_path / "crm.yaml", pool_size=2)
    yield with_pool
    with_pool.close()


def test_rows_become_a_document(source: SqlSource) -> None:
    """Numbers, dates, times and joined rows of a database arrive as the document has them."""
    account = source.account("1")
    assert account is not None
    assert account.model_dump(mode="json", exclude_none=True) == {
        "id": "1",
        "name": "Acme",
        "crm": {
            "as_of": "2026-11-20T07:30:00Z",
            "arr": {"amount": account.crm and account.crm.arr and str(account.crm.arr.amount), "currency": "USD"},
            "contacts": [{"email": "Ann@acme.example"}],
        },
        "contract": {"start_date": "2024-01-31"},
    }
    assert account.crm is not None and account.crm.arr is not None and str(account.crm.arr) == "USD 12.50"
    assert source.sections == {SourceName.CRM, SourceName.CONTRACT}


def test_unknown_stays_unknown(source: SqlSource) -> None:
    """A null is absent, and an id that is not there, or no id of this database, is no account."""
    account = source.account("2")
    assert account is not None and account.crm is not None
    assert (account.crm.as_of, account.crm.arr, account.parent_id) == (None, None, "1")
    assert (source.account("99"), source.account("x' or 1=1 --")) == (None, None)


def test_the_sender_is_found_by_address(source: SqlSource) -> None:
    """The address is found in any case among the rows that the mapping admits."""
    assert source.accounts_of("ANN@acme.example") == ("1", "2")
    assert source.accounts_of("nobody@acme.example") == ()


@pytest.mark.parametrize(("one", "others"), [("1", "234"), ("4", "123"), ("3", "124"), ("5", ""), ("99", "")])
def test_the_family_is_everyone_under_the_ultimate_parent(source: SqlSource, one: str, others: str) -> None:
    """Ancestors, sisters and children are found from any member."""
    assert sorted(source.family(one)) == sorted(others)


def test_a_circle_of_parents_ends(source: SqlSource, database: str) -> None:
    """Accounts that are each other's parents are one family, and the search ends."""
    execute(database, "update customers set parent = 4 where id = 1")
    assert [sorted(source.family(one)) for one in ("1", "3")] == [["2", "3", "4"], ["1", "2", "4"]]


def test_checks_run_on_a_database(source: SqlSource) -> None:
    """The same checks count over the whole database and name the two values for one account."""
    assert source.totals() == {"several plans": 1}
    (found,) = source.mismatches("1")
    assert (found.left, found.right) == (
        "plans.plan: pro (first of 2, at crm.plans, row 1 of 1)",
        "plans.plan: basic (at crm.plans, row 2 of 1)",
    )
    assert source.mismatches("2") == ()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_row_that_cannot_be_read_takes_its_section_along(source: SqlSource, database: str) -> None:
    """One unreadable row leaves the section unknown and is listed; the other sections are there."""
    execute(database, "insert into people values (1, 'a@x.example', 'maybe')")
    account = source.account("1")
    assert account is not None and (account.crm, account.contract is None) == (None, False)
    assert source.rejected == ("crm.people, row 2 of 1: gone: 'maybe' is neither of the words for true and false",)
    assert source.accounts_of("a@x.example") == ("1",)


def test_a_database_is_only_read(source: SqlSource) -> None:
    """The connection of a source refuses to write, whatever the mapping's select says."""
    with pytest.raises(sa.exc.DBAPIError), source._engine.begin() as connection:
        connection.execute(sa.text("delete from people"))
    assert source.accounts_of("ann@acme.example") == ("1", "2")


def test_a_whole_question_over_a_database(source: SqlSource) -> None:
    """The sender's accounts, their family, and the contradictions come back through the threads."""
    answers = Gather([source], deadline_seconds=20).ask("ann@acme.example", None)
    assert sorted(account.id for account in answers.accounts) == ["1", "2", "3", "4"]
    assert [found.account_id for found in answers.mismatches] == ["1"]
    assert answers.faults == ()


@pytest.mark.parametrize("change", ["drop table plans", "alter table people rename column mail to address"])
def test_a_mapping_that_does_not_fit_is_unreachable(source: SqlSource, database: str, change: str) -> None:
    """A table or column that the database lacks is said by `health` before a ticket meets it."""
    assert "answers" in source.health()
    execute(database, change)
    with pytest.raises(Unreachable, match=r"plans|mail"):
        source.health()


def test_a_denied_table_is_denied(postgres: str, tmp_path: Path) -> None:
    """A role without the right to read a table gives a refusal, not an error that is retried."""
    url = sa.make_url(postgres.replace("postgresql://", "postgresql+psycopg://", 1))
    clear = ("drop table if exists secrets", "drop role if exists outsider")
    plain = url.render_as_string(hide_password=False)
    execute(plain, *clear, "create table secrets (id text)", "create role outsider login password 'hush'")
    (tmp_path / "m.yaml").write_text(
        "tables: {s: {table: secrets, key: id}}\naccount: {table: s, crm.segment: {const: smb}}\n"
    )
    source = SqlSource(
        url.set(username="outsider", password="hush").render_as_string(hide_password=False), tmp_path / "m.yaml"
    )
    with pytest.raises(Denied, match="permission denied"):
        source.account("1")
    with pytest.raises(Unreachable, match="permission denied"):
        source.health()
    source.close()
    execute(plain, *clear)


@pytest.mark.parametrize("url", ["postgresql+psycopg://u:hush@127.0.0.1:1/x", "sqlite:///{folder}/absent.db"])
def test_a_database_that_is_away_is_transient_and_keeps_its_password(tmp_path: Path, url: str) -> None:
    """No connection may pass, so it is retried; the message holds no password, and no file is created."""
    (tmp_path / "m.yaml").write_text(MAPPING)
    source = SqlSource(url.format(folder=tmp_path), tmp_path / "m.yaml")
    with pytest.raises(Transient) as caught:
        source.account("1")
    assert "hush" not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert not (tmp_path / "absent.db").exists()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_a_statement_that_runs_too_long_is_stopped(database: str, tmp_path: Path) -> None:
    """The limit on a statement ends it in the database; it counts as a timeout and is not tried again."""
    endless = "with recursive n(id) as (select 1 union all select id + 1 from n) select count(*) as id from n"
    (tmp_path / "m.yaml").write_text(
        f"tables: {{s: {{select: '{endless}', key: id, columns: {{id: integer}}}}}}\n"
        "account: {table: s, crm.segment: {const: smb}}\n"
    )
    source = SqlSource(database, tmp_path / "m.yaml", statement_seconds=0.2)
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        source.account("1")
    assert time.monotonic() - started < 2
    source.close()
