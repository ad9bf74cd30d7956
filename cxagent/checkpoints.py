"""The LangGraph checkpointer, in the same database as the ledger; it rebuilds plain JSON and nothing else."""

import sqlite3
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy.engine import make_url

from cxagent.errors import BadInput

PLAIN = JsonPlusSerializer(allowed_msgpack_modules=())
"""Strict msgpack: a thread that names a Python type is not rebuilt."""


def open_saver(url: str, *, durable: bool = True) -> BaseCheckpointSaver[Any]:
    """Open the checkpointer for a database URL."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise BadInput("the checkpointer needs SQLite in this version", where="CXAGENT_DATABASE_URL")
    if not parsed.database or parsed.database == ":memory:":
        return InMemorySaver(serde=PLAIN)
    Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(parsed.database, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
    saver = SqliteSaver(connection, serde=PLAIN)
    saver.setup()
    return saver
