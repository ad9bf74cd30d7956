"""The sandbox keeps every effect of the reference tools in one SQLite file, once per idempotency key."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from cxagent import clock
from cxagent.actions import Call
from cxagent.domain.value import canonical
from cxagent.errors import Conflict, Transient

_SCHEMA = """
CREATE TABLE IF NOT EXISTS effects (
    key TEXT PRIMARY KEY, tool TEXT NOT NULL, account_id TEXT NOT NULL, args TEXT NOT NULL, at TEXT NOT NULL
)"""


@dataclass(frozen=True)
class Effect:
    """One effect as the outside system remembers it."""

    key: str
    tool: str
    account_id: str
    args: Mapping[str, Any]
    at: str


class Sandbox:
    """Stands in for the billing system, the helpdesk and the CRM; replace it by your vendors' clients."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, call: Call) -> "Sandbox":
        """Return the sandbox of a call: the setting `sandbox`, or `.cxagent/sandbox.sqlite` in the project."""
        return cls(call.home / call.settings.get("sandbox", ".cxagent/sandbox.sqlite"))

    def store(self, call: Call, tool: str, args: Mapping[str, Any]) -> dict[str, str]:
        """Store an effect; a key that was seen before returns the first result and stores nothing."""
        row = (call.key, tool, call.account_id, canonical(args), clock.now().isoformat())
        with self._open() as database:
            database.execute("INSERT INTO effects VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING", row)
            first = database.execute("SELECT * FROM effects WHERE key = ?", (call.key,)).fetchone()
        if first[:4] != row[:4]:
            raise Conflict(f"the key {call.key!r} already stands for another call, of {first[1]}")
        return {"ref": call.key, "tool": tool, "at": first[4]}

    def effects(self, tool: str | None = None) -> tuple[Effect, ...]:
        """Return the stored effects, oldest first; of one tool, if it is named."""
        with self._open() as database:
            rows = database.execute("SELECT * FROM effects WHERE ? IN (tool, '') ORDER BY rowid", (tool or "",))
            return tuple(Effect(key, name, account, json.loads(args), at) for key, name, account, args, at in rows)

    def count(self) -> int:
        """Return how many effects are stored."""
        return len(self.effects())

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            lock, database = _opened(self.path)
            with lock, database:
                yield database
        except sqlite3.OperationalError as error:
            raise Transient(f"the sandbox {self.path.name} did not answer: {error}") from error


@lru_cache(maxsize=8)
def _opened(path: Path) -> tuple[Lock, sqlite3.Connection]:
    """Open a sandbox file once: closing the last connection would fold its log away after every single effect."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, timeout=10, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    # A stand-in survives the death of its process, not a power cut; the ledger survives both.
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(_SCHEMA)
    return Lock(), database


def done(call: Call, tool: str, **args: Any) -> dict[str, str]:
    """Do what a tool says: store it in the sandbox of the call."""
    return Sandbox.of(call).store(call, tool, args)
