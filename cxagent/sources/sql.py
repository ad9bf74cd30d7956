"""Accounts from any database that SQLAlchemy speaks, through the same mapping as CSV files; it only reads."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import URL, make_url

from cxagent.domain.account import Account, Mismatch
from cxagent.domain.vocabulary import SourceName
from cxagent.errors import BadInput, CxagentError, Denied, Transient, Unreachable
from cxagent.sources.checks import mismatches, totals
from cxagent.sources.mapping import load_mapping
from cxagent.sources.rows import AccountRows, Reader, Row, Table
from cxagent.sources.seam import normal_email
from cxagent.sources.shaping import shape

_GENERATIONS = 20
"""How deep a group may be nested before the walk stops."""

Fetch = Callable[..., list[Mapping[str, Any]]]


class SqlSource:
    """Asks a database per account, with limits on connecting and on every statement.

    SQLite and PostgreSQL are opened read only with these limits; other databases take theirs from the url's query.
    """

    def __init__(
        self,
        url: str,
        mapping: Path,
        *,
        name: str | None = None,
        connect_seconds: float = 0.5,
        statement_seconds: float = 1.5,
        pool_size: int = 8,
    ) -> None:
        self._mapping = load_mapping(mapping)
        self.name = name or mapping.stem
        self.sections: frozenset[SourceName] = self._mapping.sections
        self.rejected: tuple[str, ...] = ()
        for table_name, table in self._mapping.tables.items():
            if table.file is not None:
                raise BadInput(f"tables.{table_name}: a sql source reads `table` or `select`", where=str(mapping))
        self._engine = _engine(self.name, url, connect_seconds, statement_seconds, pool_size)
        self._base = self._mapping.account.table
        parents = self._mapping.account.rules.get("parent_id", ())
        self._parent_column = parents[0].column if parents else None

    def accounts_of(self, email: str) -> tuple[str, ...]:
        """Return the accounts that list the address as a contact."""
        found: dict[str, None] = {}
        with self._fetching() as fetch:
            for rule in self._mapping.account.rules.get("crm.contacts", ()):
                column = rule.item["email"].column if rule.item and "email" in rule.item else None
                if column is not None:
                    name = rule.table or self._base
                    same = sa.func.lower(sa.func.trim(sa.column(column))) == normal_email(email)
                    answered = fetch(name, self._mapping.columns()[name], same)
                    for account_id, rows in self._sorted(name, answered).items():
                        # An unreadable row counts: one candidate more can only make the sender less certain.
                        if rows.spoiled or rows.select(name, rule.where):
                            found[account_id] = None
        return tuple(found)

    def account_ids(self) -> tuple[str, ...]:
        """Return every account that the base table names."""
        key = self._mapping.tables[self._base].key
        with self._fetching() as fetch:
            return tuple(dict.fromkeys(str(row[key]) for row in fetch(self._base, {key}) if row[key] is not None))

    def account(self, account_id: str) -> Account | None:
        """Return the document, read now; what was refused on the way is in `rejected`."""
        rows, rejected = self._account_rows(account_id, self._mapping.document_columns())
        shaped = shape(self._mapping, account_id, rows)
        self.rejected = (*rejected, *shaped.rejected)
        return shaped.account

    def family(self, account_id: str) -> tuple[str, ...]:
        """Return everyone under the same ultimate parent, generation by generation."""
        if self._parent_column is None:
            return ()
        key, parent = self._mapping.tables[self._base].key, self._parent_column
        with self._fetching() as fetch:
            above = [account_id]
            while up := fetch(self._base, {key, parent}, self._is(self._base, key, above[-1:])):
                if up[0][parent] is None or str(up[0][parent]) in above:
                    break
                above.append(str(up[0][parent]))
            generation = above[-1:]
            found = dict.fromkeys(generation)
            for _ in range(_GENERATIONS):
                below = fetch(self._base, {key}, self._is(self._base, parent, generation))
                generation = [child for row in below if (child := str(row[key])) not in found]
                if not generation:
                    break
                found.update(dict.fromkeys(generation))
            found.update(dict.fromkeys(above))
        return tuple(member for member in found if member != account_id)

    def mismatches(self, account_id: str) -> tuple[Mismatch, ...]:
        """Return what the mapped checks find on one account."""
        if not self._mapping.checks:
            return ()
        rows, _ = self._account_rows(account_id, self._mapping.check_columns())
        return mismatches(self._mapping.checks, account_id, rows)

    def totals(self) -> dict[str, int]:
        """Return how many accounts or rows fail each mapped check, over the whole database."""
        accounts: dict[str, AccountRows] = {}
        with self._fetching() as fetch:
            for name, columns in self._mapping.check_columns().items():
                for account_id, rows in self._sorted(name, fetch(name, columns)).items():
                    accounts.setdefault(account_id, AccountRows()).tables.update(rows.tables)
        return totals(self._mapping.checks, accounts)

    def health(self) -> str:
        """Say that the database answers and has every mapped column, or raise `Unreachable`."""
        try:
            with self._fetching() as fetch:
                for name, columns in self._mapping.columns().items():
                    fetch(name, columns, sa.false())
        except (CxagentError, TimeoutError) as error:
            raise Unreachable(f"{self.name}: {error}") from error
        return f"{self.name}: {self._engine.url.render_as_string(hide_password=True)} answers"

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    def _account_rows(self, account_id: str, tables: Mapping[str, frozenset[str]]) -> tuple[AccountRows, list[str]]:
        gathered, rejected = AccountRows(), list[str]()
        with self._fetching() as fetch:
            for name, columns in tables.items():
                answered = fetch(name, columns, self._is(name, self._mapping.tables[name].key, [account_id]))
                rows = self._sorted(name, answered, rejected).get(account_id, AccountRows())
                gathered.tables.update(rows.tables)
                gathered.spoiled |= rows.spoiled
        return gathered, rejected

    def _sorted(
        self, name: str, answered: Iterable[Mapping[str, Any]], rejected: list[str] | None = None
    ) -> dict[str, AccountRows]:
        """Return the typed rows of one table by account; a row that cannot be read spoils its table."""
        found: dict[str, AccountRows] = {}
        reader: Reader | None = None
        for number, raw in enumerate(answered, 1):
            reader = reader or Reader(self._mapping.tables[name], raw)
            account_id = reader.account_of(raw)
            if account_id is None:
                continue
            rows = found.setdefault(account_id, AccountRows())
            place = f"{self.name}.{name}, row {number} of {account_id}"
            try:
                rows.tables.setdefault(name, []).append(Row(place, reader.cells(raw)))
            except ValueError as error:
                rows.spoiled.add(name)
                if rejected is not None:
                    rejected.append(f"{place}: {error}")
        return found

    def _is(self, name: str, column: str, wanted: list[str]) -> sa.ColumnElement[bool]:
        """Return a condition on ids; without a declared type the database reads the text as its own type.

        The type of the accounts' key goes for every column that names an account.
        """
        values: list[Any] = list(wanted)
        base = self._mapping.tables[self._base]
        if self._mapping.tables[name].columns.get(column, base.columns.get(base.key)) == "integer":
            values = [int(value) for value in wanted if value.isascii() and value.isdigit()]
        bound = [sa.bindparam(None, value, type_=sa.types.NullType()) for value in values]
        return sa.or_(sa.false(), *(sa.column(column) == one for one in bound))

    @contextmanager
    def _fetching(self) -> Iterator[Fetch]:
        """Open one connection; whatever the database says becomes one of our errors, without its parameters."""
        try:
            with self._engine.connect() as connection:

                def fetch(name: str, columns: Iterable[str], *where: Any) -> list[Mapping[str, Any]]:
                    statement = _select(self._mapping.tables[name], sorted(columns)).where(*where)
                    return [dict(row) for row in connection.execute(statement).mappings()]

                yield fetch
        except exc.TimeoutError:
            raise Transient("all connections are busy") from None
        except exc.SQLAlchemyError as error:
            raise _ours(error) from None


def _select(table: Table, columns: list[str]) -> sa.Select[Any]:
    named: list[sa.ColumnClause[Any]] = [sa.column(column) for column in columns]
    if table.select is not None:
        text = table.select.strip().rstrip(";").replace(":", "\\:")
        return sa.select(*named).select_from(sa.text(text).columns(*named).subquery("given"))
    schema, _, name = str(table.table).rpartition(".")
    return sa.select(*named).select_from(sa.table(name, *named, schema=schema or None))


def _ours(error: exc.SQLAlchemyError) -> Exception:
    """Return what a database error means for us; the text of the driver, never the parameters."""
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    said = (str(cause).strip().splitlines() or ["no word"])[0]
    code = getattr(cause, "sqlstate", None) or ""
    if code == "42501" or code.startswith("28") or "permission denied" in said or "authentication failed" in said:
        return Denied(said)
    if code == "57014" or said == "interrupted":
        return TimeoutError(said)
    if code.startswith("42") or said.startswith(("no such table", "no such column")):
        return Unreachable(said)
    if isinstance(error, exc.OperationalError | exc.InterfaceError) or getattr(error, "connection_invalidated", False):
        return Transient(said)
    return Unreachable(said)


def _engine(name: str, url: str, connect: float, statement: float, pool_size: int) -> sa.Engine:
    try:
        parsed = make_url(url)
        pool: dict[str, Any] = {
            "pool_size": pool_size,
            "max_overflow": 0,
            "pool_timeout": connect,
            "pool_pre_ping": True,
        }
        match parsed.get_backend_name():
            case "sqlite":
                engine = sa.create_engine(_read_only(parsed), connect_args={"timeout": connect}, **pool)
                _limit_sqlite(engine, statement)
                return engine
            case "postgresql":
                limits = f"-c statement_timeout={int(statement * 1000)} -c default_transaction_read_only=on"
                args = {"options": limits, "connect_timeout": math.ceil(connect)}
                args["tcp_user_timeout"] = int(statement * 1000)
                return sa.create_engine(parsed, connect_args=args, **pool)
            case _:
                return sa.create_engine(parsed, **pool)
    except (exc.ArgumentError, ImportError, TypeError, ValueError) as error:
        # The url holds a password: name the kind of error, not its text.
        raise BadInput(f"the url of the source {name!r} cannot be used ({type(error).__name__})") from None


def _read_only(url: URL) -> URL:
    """Return a SQLite url that neither writes nor creates the file."""
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise ValueError("name a file")
    path = quote(str(Path(url.database).absolute()))
    return url.set(database=f"file:{path}", query={**url.query, "mode": "ro", "uri": "true"})


def _limit_sqlite(engine: sa.Engine, seconds: float) -> None:
    """Stop a statement that runs too long; SQLite has no such setting of its own."""

    @sa.event.listens_for(engine, "before_cursor_execute")
    def start(connection: Any, cursor: Any, *_: Any) -> None:
        until = time.monotonic() + seconds
        cursor.connection.set_progress_handler(lambda: int(time.monotonic() > until), 10_000)
