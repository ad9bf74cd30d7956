"""A room with an inbox: drafts are made here, and people decide them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from cxagent.inbox import Given, Inbox, Person
from cxagent.testing import World
from requirements.world import DAY, ROOT, Scene, account, credit

LENA, OSKAR, PRIYA, SAMUEL = "Lena Hartmann", "Oskar Lindqvist", "Priya Nair", "Samuel Costa"
MIRIAM, RUTH, JONAS, PIET = "Miriam Okafor", "Ruth Adeyemi", "Jonas Falk", "Piet Aalders"


class Room(World):
    """A world with an inbox, at which drafts are made and decided."""

    def __init__(self, url: str, home: Path) -> None:
        super().__init__(ROOT, home, url=url)
        self.now = DAY
        self.inbox = Inbox(self.agent)

    def drafted(self, number: int = 1, kind: str = "mid", says: Any = None, **changes: Any) -> str:
        """Let a ticket of an account of its own become a draft; return the draft's id."""
        one = account(kind, changes, id=f"A-{number}")
        self.accounts[one.id] = one
        incoming = Scene(one).incoming(f"T-{number}")
        self.says(incoming.ticket.id, says or credit("40.00", account_id=one.id))
        result = self.run(incoming)
        assert result["status"] == "waiting", result
        return str(result["draft_id"])

    def who(self, name: str) -> Person:
        """Return a person as they stand."""
        return self.inbox.person(name)

    def given(self, draft_id: str, choice: str = "approve", **said: Any) -> Given:
        """Return a verdict on the card as it is on record."""
        return Given.model_validate({"choice": choice, "card": self.inbox.draft(draft_id)["card_digest"], **said})

    def sign(self, draft_id: str, name: str = LENA, choice: str = "approve", **said: Any) -> None:
        """Put a verdict on record."""
        self.inbox.sign(self.who(name), draft_id, self.given(draft_id, choice, **said))

    def row(self, draft_id: str) -> dict[str, Any]:
        """Return a draft as it is on record."""
        with self.inside():
            return self.inbox.draft(draft_id)

    def later(self, seconds: float = 11) -> list[str]:
        """Let time pass, and carry out what is due."""
        self.now += timedelta(seconds=seconds)
        with self.inside():
            return self.inbox.release()

    @property
    def ran(self) -> list[str]:
        """The tools that reached the customer."""
        return [one.tool for one in self.effects if self.tools[one.tool].effect not in ("internal", "internal_read")]
