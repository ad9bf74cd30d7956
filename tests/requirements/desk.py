"""The desk at which scenes are played through the whole graph: a world in memory, cleared for every test."""

import itertools
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cxagent.domain.account import Account
from cxagent.domain.proposal import Proposal
from cxagent.testing import IN_MEMORY, World
from requirements.world import DAY, ROOT, Scene


class Desk(World):
    """The world in which scenes are played one after the other, from the ticket to what is on record."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="cxagent-desk-")
        super().__init__(ROOT, Path(self._folder.name), url=IN_MEMORY)

    def seat(self, *accounts: Account) -> "Desk":
        """Start over with some accounts, on the day of the scenes."""
        self.reset()
        self.now, self.accounts = DAY, {one.id: one for one in accounts}
        self._numbers = itertools.count(1)
        return self

    def take(self, says: Proposal | None = None, scene: Scene | None = None, **changes: Any) -> dict[str, Any]:
        """Work one ticket, by default from the first account's admin, and return its result line."""
        scene = (scene or Scene(next(iter(self.accounts.values())))).but(**changes)
        incoming = scene.incoming(f"T-{next(self._numbers)}")
        if says is not None:
            self.says(incoming.ticket.id, says)
        self.now = scene.at
        return self.run(incoming)

    def turn(self, changes: Mapping[str, Any], account_id: str = "A-1") -> None:
        """Let several facts about an account change."""
        for path, value in changes.items():
            self.change(account_id, path, value)

    @property
    def loud(self) -> list[str]:
        """The tools that ran and are more than a note to a colleague."""
        return [one.tool for one in self.effects if self.tools[one.tool].effect not in ("internal", "internal_read")]

    @property
    def sent(self) -> int:
        """How many messages went out."""
        return len(self.rows("outbox"))


@cache
def _desk() -> Desk:
    return Desk()


def desk_for(*accounts: Account) -> Desk:
    """Return the one desk, cleared for some accounts: making its ledger anew costs more than most tests."""
    return _desk().seat(*accounts)
