"""Tenants to break into: each a project with a database of its own and an application over it."""

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from starlette.testclient import TestClient

from cxagent.agent import Agent
from cxagent.inbox import Inbox
from cxagent.ledger import api_keys, sessions
from cxagent.ledger.store import TABLES
from cxagent.review.app import make_app
from cxagent.review.settings import Oidc, Rates, Settings

DAY = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
"""The day of the sample world, on which its facts are fresh."""
OURS = {"sec-fetch-site": "same-origin"}
"""What a browser says of a form that came from the site itself."""
LENA, PRIYA, RUTH, VERA, ADA, QUENTIN = (
    "Lena Hartmann",
    "Priya Nair",
    "Ruth Adeyemi",
    "Vera Sund",
    "Ada Quist",
    "Quentin Abe",
)
PEOPLE = """people:
  - {name: Lena Hartmann, role: reviewer, email: lena@desk.example}
  - {name: Oskar Lindqvist, role: reviewer}
  - {name: Priya Nair, role: approver}
  - {name: Samuel Costa, role: finance_lead}
  - {name: Miriam Okafor, role: executive}
  - {name: Ruth Adeyemi, role: executive}
  - {name: Vera Sund, role: viewer, email: vera@desk.example}
  - {name: Ada Quist, role: admin, email: Ada@desk.example}
  - {name: Quentin Abe, role: qa, email: quentin@desk.example}

"""


def peopled(home: Path) -> None:
    """Write people with addresses, and such beside the ladder, into the playbook of a project."""
    path = home / "graphs" / "playbook.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"^people:.*?(?=^\w)", PEOPLE, text, flags=re.S | re.M), encoding="utf-8")


class Tenant:
    """A project with its database and its application."""

    def __init__(
        self,
        home: Path,
        public_url: str = "http://127.0.0.1:8080",
        oidc: Oidc | None = None,
        rates: Rates | None = None,
    ) -> None:
        self.home, self.agent = home, Agent.open(home)
        self.inbox = Inbox(self.agent)
        settings = Settings(public_url=public_url, oidc=oidc, rates=rates or Rates())
        self.settings, self.app = settings, make_app(self.inbox, settings)

    @property
    def store(self) -> Any:
        """The ledger."""
        return self.agent.store

    def browser(self, person: str | None = None, **headers: str) -> TestClient:
        """Return a browser, signed in by name where one is given; it says with every form that it came from here."""
        found = TestClient(self.app, base_url=self.settings.public_url, headers={**OURS, **headers})
        found.follow_redirects = False
        if person is not None:
            with self.store.write() as connection:
                token = sessions.start(connection, person, "test")
            prefix = "__Host-" if self.settings.secure else ""
            found.cookies.set(f"{prefix}cxagent_session", token, domain=self.settings.public_host)
        return found

    def key(self, *scopes: str, person: str | None = None) -> str:
        """Return a fresh key of the API."""
        with self.store.write() as connection:
            until = DAY + timedelta(days=30)
            return api_keys.make(connection, "a system", frozenset(scopes), person, until, ADA)[1]

    def waiting(self) -> list[dict[str, Any]]:
        """Return the drafts that wait, with their digests."""
        me = self.inbox.person(RUTH)
        return [dict(row) for row in self.inbox.queue(me, "team").rows]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return everything in a table."""
        with self.store.read() as connection:
            return [dict(row) for row in connection.execute(TABLES[table].select()).mappings()]

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return what a forbidden request must leave as it was; who looked, and what opens, is no part of it."""
        left_out = {"access", "session", "api_key"}
        with self.store.read() as connection:
            return {
                name: sorted(map(repr, connection.execute(table.select()).all()))
                for name, table in TABLES.items()
                if name not in left_out
            }


def copied(template: Path, home: Path) -> Path:
    """Copy a project with its ledger."""
    shutil.copytree(template, home)
    return home


def provider_answers(address: str, who: str) -> str:
    """Sign in at the provider as somebody; return the address that the browser is sent back to."""
    with httpx.Client() as client:
        answer = client.post(address, data={"sub": who})
    return str(answer.headers["location"])
