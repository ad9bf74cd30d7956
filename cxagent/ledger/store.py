"""One database, two kinds of transaction: readers see a snapshot, writers about one ticket queue."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from cxagent.errors import Unreachable
from cxagent.ledger import engine as engines
from cxagent.ledger.engine import lock
from cxagent.migrations import MIGRATIONS, applied, migrate

TABLES = SQLModel.metadata.tables
__all__ = ["TABLES", "Connection", "MemoryStore", "Store", "lock"]


class Store:
    """The database behind the ledger; SQLite in WAL mode by default, PostgreSQL where there is more than one machine.

    `durable` makes SQLite wait for the disk at every commit, so that even a power cut loses no started effect;
    evaluations on throw-away files switch it off.
    """

    def __init__(self, url: str, *, durable: bool = True) -> None:
        self._use(url, engines.open_engine(engines.parsed(url), durable=durable))

    def _use(self, url: str, engine: Engine) -> None:
        self.url, self.engine = url, engine
        self._writer, self._reader = engines.writers(engine), engines.readers(engine)
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
        with self.write("migrations") as connection:
            return migrate(connection)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads; inside another one of the same thread it is that one, one snapshot."""
        if (outer := getattr(self._reading, "connection", None)) is not None:
            yield outer
            return
        with _reachable(self.url), self._reader.connect() as connection:
            self._reading.connection = connection
            try:
                yield connection
            finally:
                self._reading.connection = None

    @contextlib.contextmanager
    def write(self, about: str | None = None) -> Iterator[Connection]:
        """Open a transaction that writes and ends whole or not at all.

        It begins with the write lock: of the whole file in SQLite, of the ticket that it is `about` in PostgreSQL.
        """
        with _reachable(self.url), self._writer.begin() as connection:
            if about is not None:
                lock(connection, about)
            yield connection

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


@contextlib.contextmanager
def _reachable(url: str) -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise _unreachable(url, error) from error
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise _unreachable(url, error) from error


def _unreachable(url: str, error: Exception) -> Unreachable:
    said = " ".join(str(getattr(error, "orig", None) or error).split())
    return Unreachable(f"{make_url(url).render_as_string()}: {said}")


class MemoryStore(Store):
    """A ledger that lives in memory and can be emptied at once: a replay gives every case one of its own."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        made = create_engine("sqlite://", creator=lambda: self._connection, poolclass=StaticPool)
        self._use("sqlite://", engines.prepared(made, durable=False))
        self.migrate()
        self._empty = self._connection.serialize()

    def empty(self) -> None:
        """Forget everything; loading an empty image keeps every compiled statement."""
        self._connection.deserialize(self._empty)
