"""A desk for the API: the reference deployment over accounts of its own, drafts that wait, keys, and a client."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from cxagent.inbox import Inbox
from cxagent.ledger import api_keys
from cxagent.ledger.api_keys import SCOPES
from cxagent.review.app import make_app
from cxagent.review.settings import Rates, Settings
from cxagent.testing import World, call, proposal

ROOT = Path(__file__).resolve().parents[2]
REVIEWER, VIEWER, ADMIN = "Lena Hartmann", "Piet Aalders", "Hedda Brandt"
HARMLESS = proposal("howto_question", call("share_public_doc", url="x"), reply="It is on this page.", stance="inform")
TICKET: dict[str, Any] = {
    "ticket": {
        "id": "T-1",
        "received_at": "2026-11-21T09:30:00Z",
        "sender": {"email": "maud@norvane.example", "verified": True},
        "body": "How do I share a report?",
    },
    "account_id": "ACC-301",
}
OFTEN = Rates(sign_in="9999999 per minute", api="9999999 per minute", calls="9999999 per minute")


@dataclass
class Desk:
    """One world behind the API; its clock stands still, and `key` makes keys for it."""

    world: World
    inbox: Inbox
    app: Any

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request inside the world: with its clock, its facts and its ledger."""
        with self.world.inside():
            await self.app(scope, receive, send)

    def key(self, *scopes: str, person: str | None = REVIEWER, days: int = 30) -> str:
        """Return a new key with some scopes, with all of them where none is named."""
        with self.world.inside(), self.world.store.write() as connection:
            until = self.world.now + timedelta(days=days)
            named = frozenset(scopes or SCOPES)
            return api_keys.make(connection, "a test", named, person, until, ADMIN)[1]

    def client(self, key: str | None = None) -> TestClient:
        """Return a client that sends a key, or none."""
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        return TestClient(self, base_url="http://127.0.0.1:8080", headers=headers)

    def waiting(self, ticket_id: str = "T-1", account: str = "ACC-301", sender: str = "maud@norvane.example") -> str:
        """Let a harmless draft wait; return its id."""
        self.world.says(ticket_id, HARMLESS)
        result = self.world.run(self.world.ticket(ticket_id, sender, "How do I share a report?", account))
        assert result["status"] == "waiting"
        return str(result["draft_id"])

    def card(self, draft_id: str) -> str:
        """Return the digest of a draft's card."""
        return str(self.world.rows("draft", id=draft_id)[0]["card_digest"])


def opened(home: Path, url: str | None = None) -> Desk:
    """Return a desk over an empty ledger."""
    world = World(ROOT, home, url=url)
    with world.inside():
        inbox = Inbox(world.agent)
        settings = Settings.read("127.0.0.1", 8080, {}).model_copy(update={"rates": OFTEN})
        return Desk(world, inbox, make_app(inbox, settings))
