"""The sandbox keeps every effect of the reference tools in one SQLite file, once per idempotency key."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
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

from .terms import whole

_SCHEMA = """
CREATE TABLE IF NOT EXISTS effects (
    key TEXT PRIMARY KEY, tool TEXT NOT NULL, account_id TEXT NOT NULL, args TEXT NOT NULL, at TEXT NOT NULL
)"""

SETS: Mapping[str, tuple[str, ...]] = {
    "grant_access": ("access", "user"),
    "revoke_access": ("access", "user"),
    "change_admin": ("control",),
    "set_consent": ("consent", "contact", "purpose"),
    "assign_owner": ("owner", "role"),
    "change_plan": ("plan",),
    "raise_rate_limit": ("rate limit",),
    "suspend_account": ("workspace", "account_id"),
    "hold_suspension": ("workspace", "account_id"),
}
"""What a tool sets, and the arguments that tell one such thing from another: a later call about it replaces it."""
ADDS: Mapping[str, tuple[str, str]] = {"change_seats": ("delta", "effective_date")}
"""What a tool adds to, and when: a later call takes it back only if it adds the opposite at the same time."""


@dataclass(frozen=True)
class Effect:
    """One effect as the outside system remembers it."""

    key: str
    tool: str
    account_id: str
    args: Mapping[str, Any]
    at: str

    @property
    def about(self) -> tuple[str, ...] | None:
        """What the effect set, so that a later one about the same replaces it; None where it set nothing."""
        what, *names = SETS.get(self.tool, (None,))
        return None if what is None else (what, *(str(self.args.get(name)).strip().casefold() for name in names))

    @property
    def same_time(self) -> tuple[str, str] | None:
        """What the effect added to, and when; None where it added nothing."""
        added = ADDS.get(self.tool)
        return added and (self.tool, str(self.args.get(added[1])))

    @property
    def size(self) -> int:
        """How much the effect added."""
        return (whole(self.args.get(ADDS[self.tool][0])) if self.tool in ADDS else None) or 0


class Sandbox:
    """Stands in for the billing system, the helpdesk and the CRM; replace it by your vendors' clients."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, call: Call) -> "Sandbox":
        """Return the sandbox of a call: the setting `sandbox`, or `.cxagent/sandbox.sqlite` in the project."""
        return cls(call.home / call.settings.get("sandbox", ".cxagent/sandbox.sqlite"))

    def store(self, call: Call, tool: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Store an effect; a key that was seen before returns the first result and stores nothing.

        What the effect replaced stands in the result as `previous`, because nobody can tell it afterwards.
        """
        row = (call.key, tool, call.account_id, canonical(args), clock.now().isoformat())
        with self._open() as database:
            database.execute("INSERT INTO effects VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING", row)
            first = database.execute("SELECT * FROM effects WHERE key = ?", (call.key,)).fetchone()
        if first[:4] != row[:4]:
            raise Conflict(f"the key {call.key!r} already stands for another call, of {first[1]}")
        result = {"ref": call.key, "tool": tool, "at": first[4]}
        return {**result, "previous": self._replaced(call.account_id, call.key)} if tool in SETS else result

    def holds(self, account_id: str, key: str) -> tuple[bool, str]:
        """Tell whether an account's effect is on record and no later one took it back, and say so in a sentence."""
        mine = self._found("account_id = ?", account_id)
        index = next((index for index, one in enumerate(mine) if one.key == key), None)
        if index is None:
            return False, f"no effect {key} is on record for {account_id}"
        effect, later = mine[index], mine[index + 1 :]
        over = _replacement(effect, later) if effect.about else _opposite(effect, later)
        if over is not None:
            return False, f"{effect.tool} of {effect.at} no longer stands, since {over.tool} of {over.at}"
        return True, f"{effect.tool} of {effect.at} is on record, and nothing took it back"

    def _replaced(self, account_id: str, key: str) -> dict[str, Any] | None:
        mine = self._found("account_id = ?", account_id)
        index = next(index for index, one in enumerate(mine) if one.key == key)
        before = next((one for one in reversed(mine[:index]) if one.about == mine[index].about), None)
        return {"tool": before.tool, "args": before.args} if before else None

    def _found(self, where: str, value: str) -> tuple[Effect, ...]:
        with self._open() as database:
            rows = database.execute(f"SELECT * FROM effects WHERE {where} ORDER BY rowid", (value,))
            return tuple(Effect(key, name, account, json.loads(args), at) for key, name, account, args, at in rows)

    def effects(self, tool: str | None = None) -> tuple[Effect, ...]:
        """Return the stored effects, oldest first; of one tool, if it is named."""
        return self._found("? IN (tool, '')", tool or "")

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


def _replacement(effect: Effect, later: Sequence[Effect]) -> Effect | None:
    """Return the effect that now stands in the place of this one; None where that says the same."""
    last = next((one for one in reversed(later) if one.about == effect.about), effect)
    return None if (last.tool, last.args) == (effect.tool, effect.args) else last


def _opposite(effect: Effect, later: Sequence[Effect]) -> Effect | None:
    """Return the effect that cancelled this one out; None where what it added still counts."""
    left, over = 1, None
    for one in later:
        if effect.size and one.same_time == effect.same_time and abs(one.size) == abs(effect.size):
            left += 1 if one.size == effect.size else -1
            over = one if left <= 0 else None
    return over


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


def done(call: Call, tool: str, **args: Any) -> dict[str, Any]:
    """Do what a tool says: store it in the sandbox of the call."""
    return Sandbox.of(call).store(call, tool, args)
