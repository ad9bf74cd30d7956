"""One database, two kinds of transaction: readers see a snapshot, writers queue."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from cxagent.errors import BadInput, Unreachable
from cxagent.migrations import MIGRATIONS, applied, migrate

TABLES = SQLModel.metadata.tables
BUSY_SECONDS = 30
__all__ = ["TABLES", "Connection", "MemoryStore", "Store"]


class Store:
    """The database behind the ledger; SQLite in WAL mode by default.

    `durable` makes SQLite wait for the disk at every commit, so that even a power cut loses no started effect;
    evaluations on throw-away files switch it off.
    """

    def __init__(self, url: str, *, durable: bool = True) -> None:
        self.url = url
        try:
            parsed = make_url(url)
            self.engine: Engine = create_engine(parsed, connect_args=_arguments(parsed.get_backend_name()))
        except (ArgumentError, ModuleNotFoundError, SQLAlchemyError) as error:
            raise BadInput(f"not a usable database address: {error}", where="CXAGENT_DATABASE_URL") from None
        if self.engine.dialect.name == "sqlite":
            if parsed.database and parsed.database != ":memory:":
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            _prepare_sqlite(self.engine, durable)
        self._writer = self.engine.execution_options(immediate=True)
        self._reading = threading.local()

    @classmethod
    def open(cls, url: str, *, durable: bool = True) -> "Store":
        """Open a database and bring it up to date."""
        store = cls(url, durable=durable)
        store.migrate()
        return store

    def migrate(self) -> int:
        """Apply the migrations that are missing; return how many."""
        with self.read() as connection:
            if applied(connection) == len(MIGRATIONS):
                return 0
        with self.write() as connection:
            return migrate(connection)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads; inside another one of the same thread it is that one, one snapshot."""
        if (outer := getattr(self._reading, "connection", None)) is not None:
            yield outer
            return
        with _reachable(self.url), self.engine.connect() as connection:
            self._reading.connection = connection
            try:
                yield connection
            finally:
                self._reading.connection = None

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that writes: it starts by taking the write lock and ends whole or not at all."""
        with _reachable(self.url), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


@contextlib.contextmanager
def _reachable(url: str) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise Unreachable(f"{make_url(url).render_as_string()}: {error.orig}") from error


class MemoryStore(Store):
    """A ledger that lives in memory and can be emptied at once: a replay gives every case one of its own."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self.url = "sqlite://"
        self.engine = create_engine("sqlite://", creator=lambda: self._connection, poolclass=StaticPool)
        _prepare_sqlite(self.engine, durable=False)
        self._writer = self.engine.execution_options(immediate=True)
        self._reading = threading.local()
        self.migrate()
        self._empty = self._connection.serialize()

    def empty(self) -> None:
        """Forget everything; loading an empty image keeps every compiled statement."""
        self._connection.deserialize(self._empty)


def _arguments(backend: str) -> dict[str, Any]:
    return {"timeout": BUSY_SECONDS, "check_same_thread": False} if backend == "sqlite" else {}


def _prepare_sqlite(engine: Engine, durable: bool) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
