"""The LangGraph checkpointer, in the same database as the ledger; it rebuilds plain JSON and nothing else."""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy import URL
from sqlalchemy.engine import make_url

from cxagent.errors import Unreachable
from cxagent.ledger import engine

PLAIN = JsonPlusSerializer(allowed_msgpack_modules=())
"""Strict msgpack: a thread that names a Python type is not rebuilt."""


def open_saver(url: str, *, durable: bool = True) -> BaseCheckpointSaver[Any]:
    """Open the checkpointer for a database URL."""
    parsed = engine.parsed(url)
    if parsed.get_backend_name() != "sqlite":
        return _postgres(parsed)
    if engine.in_memory(parsed) or not parsed.database:
        return InMemorySaver(serde=PLAIN)
    Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(parsed.database, check_same_thread=False, timeout=engine.BUSY_SECONDS)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
    saver = SqliteSaver(connection, serde=PLAIN)
    saver.setup()
    return saver


def _postgres(url: URL) -> BaseCheckpointSaver[Any]:
    """Open the checkpointer over a pool; its tables are made by one process at a time."""
    from langgraph.checkpoint.postgres import PostgresSaver
    from psycopg import Connection
    from psycopg.rows import DictRow, dict_row
    from psycopg_pool import ConnectionPool

    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    settings = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row, **engine.server_settings()}
    with reachable(address), Connection.connect(address, **settings) as connection:
        pool: ConnectionPool[Connection[DictRow]] = ConnectionPool(
            address,
            min_size=0,
            max_size=engine.POOLED + engine.MORE,
            kwargs=settings,
            check=ConnectionPool.check_connection,
            timeout=engine.BUSY_SECONDS,
            name="checkpoints",
            open=True,
        )
        saver = PostgresSaver(pool, serde=PLAIN)
        done = connection.execute("SELECT to_regclass('checkpoint_migrations') AS made").fetchone()
        if done is None or done["made"] is None or _behind(connection, len(saver.MIGRATIONS)):
            _one_at_a_time(connection, saver.setup)
    return saver


def _one_at_a_time(connection: Any, work: Callable[[], None]) -> None:
    """Let one process make the tables; asking again instead of waiting, since its indexes wait for who waits."""
    ours = "SELECT pg_try_advisory_lock(hashtextextended('checkpoints', 0)) AS ours"
    while not connection.execute(ours).fetchone()["ours"]:
        time.sleep(0.1)
    try:
        work()
    finally:
        connection.execute("SELECT pg_advisory_unlock(hashtextextended('checkpoints', 0))")


def _behind(connection: Any, wanted: int) -> bool:
    found = connection.execute("SELECT max(v) AS v FROM checkpoint_migrations").fetchone()
    return found is None or found["v"] is None or found["v"] + 1 < wanted


def close(saver: BaseCheckpointSaver[Any]) -> None:
    """Give the connections of a checkpointer back."""
    if (connection := getattr(saver, "conn", None)) is not None:
        connection.close()


@contextlib.contextmanager
def reachable(url: str) -> Iterator[None]:
    """Say in one sentence that the checkpointer's database did not answer, whatever its driver calls that."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Unreachable(f"{make_url(url).render_as_string()}: {error}") from error
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("psycopg", "psycopg_pool"):
            raise
        said = " ".join(str(error).split())
        raise Unreachable(f"{make_url(url).render_as_string()}: {said}") from error
