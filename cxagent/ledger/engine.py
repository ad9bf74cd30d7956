"""The two databases behind one URL: SQLite in WAL mode beside the process, PostgreSQL for more than one machine."""

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from cxagent.errors import BadInput

BUSY_SECONDS = 30
"""How long a writer waits for another one before it gives up with a sentence."""
POOLED, MORE = 5, 20
"""Connections that a process keeps open to PostgreSQL, and how many more it may open for a moment."""
LOST_SECONDS = 60
"""After how long PostgreSQL itself ends the transaction of a client that went silent, and frees its locks."""

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")


def parsed(url: str) -> URL:
    """Read a database URL; `postgresql://` means psycopg 3, and what is neither database is refused."""
    try:
        found = make_url(url)
    except ArgumentError as error:
        raise BadInput(f"not a usable database address: {error}", where="CXAGENT_DATABASE_URL") from None
    match found.get_backend_name():
        case "sqlite":
            return found
        case "postgresql" | "postgres":
            return found.set(drivername="postgresql+psycopg")
        case other:
            raise BadInput(f"{other} is no database we know: sqlite or postgresql", where="CXAGENT_DATABASE_URL")


def in_memory(url: URL) -> bool:
    """Whether a URL names a database that ends with its connection."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def server_settings() -> dict[str, Any]:
    """Return what every connection to PostgreSQL is opened with, ours and the checkpointer's.

    A server that cannot be reached is noticed within seconds, and a client that vanished holds no lock for long.
    """
    limits = {"lock_timeout": BUSY_SECONDS, "idle_in_transaction_session_timeout": LOST_SECONDS}
    return {
        "connect_timeout": 10,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": BUSY_SECONDS * 1000,
        "options": " ".join(f"-c {name}={seconds}s" for name, seconds in limits.items()),
    }


def open_engine(url: URL, *, durable: bool) -> Engine:
    """Return the engine of a database; nothing is connected yet."""
    try:
        if url.get_backend_name() == "sqlite":
            if not in_memory(url) and url.database:
                Path(url.database).parent.mkdir(parents=True, exist_ok=True)
            arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
            return prepared(create_engine(url, connect_args=arguments), durable)
        return create_engine(
            url, connect_args=server_settings(), pool_size=POOLED, max_overflow=MORE, pool_pre_ping=True
        )
    except ModuleNotFoundError as error:
        said = f"PostgreSQL needs a package: pip install '.[postgres]' in your checkout ({error.name} is missing)"
        raise BadInput(said, where="CXAGENT_DATABASE_URL") from None
    except SQLAlchemyError as error:
        raise BadInput(f"not a usable database address: {error}", where="CXAGENT_DATABASE_URL") from None


def prepared(engine: Engine, durable: bool) -> Engine:
    """Let SQLite write ahead, keep its references, wait for its turn, and begin where we say."""

    # On the pool: an engine with listeners of its own asks them at every statement, which costs more than that.
    @event.listens_for(engine.pool, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        cursor.close()

    return _beginning(engine, "BEGIN")


def _beginning(engine: Engine, how: str) -> Engine:
    def begin(connection: Any) -> None:
        connection.execute(how)

    engine.dialect.do_begin = begin  # type: ignore[method-assign,assignment]
    return engine


def writers(engine: Engine) -> Engine:
    """Return the engine for transactions that write; in SQLite they begin with the lock of the whole file."""
    if engine.dialect.name != "sqlite":
        return engine
    return _beginning(create_engine(engine.url, pool=engine.pool), "BEGIN IMMEDIATE")


def readers(engine: Engine) -> Engine:
    """Return the engine for transactions that only read: one snapshot from the first question to the last."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def lock(connection: Connection, what: str) -> None:
    """Wait until no other transaction writes about the same thing, and keep it until this one ends.

    SQLite has one writer at a time anyway. Locks are taken in one order, ticket, chain, parent, so that none
    waits for a transaction that waits for it.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(_LOCK, {"what": what})
