"""A desk with a few drafts, a server for it, and the Chromium of this machine."""

import contextlib
import contextvars
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from browsing import watched
from requirements.world import DAY, HELLO, ROOT, Scene, account, credit, doc
from starlette.testclient import TestClient

from cxagent import clock
from cxagent.domain.account import Account
from cxagent.domain.proposal import Proposal
from cxagent.inbox import Inbox
from cxagent.review.app import make_app
from cxagent.review.settings import Settings
from cxagent.testing import World

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LAPTOP = {"width": 1400, "height": 900}
OURS = {"sec-fetch-site": "same-origin"}
"""What a browser says of a request that one of our own pages made."""
MID = account(
    "mid",
    {
        "crm.stated_goals": [{"goal": "second plant by summer", "said_by": "Ola Brandt", "said_on": "2026-09-04"}],
        "crm.health_change_60d": -3,
        "support.promises": [{"what": "a call each quarter", "due": "2027-01-15", "kept": True}],
    },
    id="A-2",
)


@dataclass
class Desk:
    """A world in which drafts wait: two small credits, one of a mid account, one of a large one, and a handoff."""

    world: World
    inbox: Inbox
    drafts: dict[str, str] = field(default_factory=dict)

    def take(self, name: str, at: Account, line: Proposal, message: str) -> None:
        """Work a ticket and remember its draft under a name."""
        incoming = Scene(at, message=message).incoming(f"T-{name}")
        self.world.says(incoming.ticket.id, line)
        result = self.world.run(incoming)
        if result["draft_id"]:
            self.drafts[name] = result["draft_id"]

    @contextlib.contextmanager
    def client(self, who: str | None = "Lena Hartmann") -> Iterator[TestClient]:
        """Give a browser without a script, signed in as somebody, on the day of the scenes."""
        with self.world.inside():
            app = make_app(self.inbox, Settings.read("127.0.0.1", 8080, {}))
            with TestClient(app, base_url="http://127.0.0.1:8080", headers=OURS) as client:
                if who is not None:
                    client.post("/sign-in", data={"person": who})
                yield client

    def row(self, name: str) -> dict[str, Any]:
        """Return a draft as it is on record."""
        with self.world.inside():
            return self.inbox.draft(self.drafts[name])

    def form(self, name: str, choice: str, **more: str) -> dict[str, str]:
        """Return what the form of a card says that was left as it stood, and whatever is typed on top."""
        row = self.row(name)
        said = {"card": row["card_digest"], "choice": choice, "reply": row["card"]["reply"]}
        for index, action in enumerate(action for part in row["card"]["parts"] for action in part["actions"]):
            said |= {f"a{index}.tool": action["tool"], f"a{index}.run": "on"}
            said |= {f"a{index}.{name}": str(value) for name, value in action["args"].items()}
        return said | more


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Set up a desk on which four drafts and a handoff wait, and one ticket was handled alone."""
    world = World(ROOT, tmp_path)
    world.now = DAY
    large = account("global", id="A-3")
    world.accounts = {one.id: one for one in (account(id="A-1"), MID, large, account(id="A-4"))}
    made = Desk(world, Inbox(world.agent))
    lost = "We lost a day. May we have a credit of USD 300?"
    made.take("small", world.accounts["A-1"], credit("300.00", account_id="A-1"), lost)
    made.take("twin", world.accounts["A-4"], credit("300.00", account_id="A-4"), lost)
    kind = credit("40.00", account_id="A-2").model_copy(update={"reply": "We have added a credit of USD 40.00."})
    made.take("mid", MID, kind, "Could you credit us USD 40?")
    made.take("large", large, doc(), HELLO)
    made.take("handoff", world.accounts["A-1"], doc(), "I want to speak to a human being about our plan.")
    made.take("alone", world.accounts["A-1"], doc(), HELLO)
    yield made
    world.close()


@contextlib.contextmanager
def serving(desk: Desk, undo: timedelta) -> Iterator[str]:
    """Serve a desk on loopback, on the day of its scenes and with time going on; verdicts are carried out."""
    inbox = desk.inbox = Inbox(desk.world.agent, undo=undo)
    with clock.shifted(DAY - datetime.now(UTC)), desk.world.project.working_with(desk.world.bench()):
        inside, beside = contextvars.copy_context(), contextvars.copy_context()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        app = make_app(inbox, Settings.read("127.0.0.1", port, {}))
        config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
        server, over = uvicorn.Server(config), threading.Event()
        threads = (
            threading.Thread(target=inside.run, args=(lambda: server.run(sockets=[listening]),)),
            threading.Thread(target=beside.run, args=(lambda: _release(inbox, over),)),
        )
        for one in threads:
            one.start()
        try:
            until(lambda: server.started)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            over.set()
            for one in threads:
                one.join(timeout=10)


def _release(inbox: Inbox, over: threading.Event) -> None:
    while not over.wait(0.2):
        inbox.release()


def until(happened: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for something to happen; fail where it does not."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


@dataclass
class Seat:
    """Somebody at a browser: the page, and what went wrong on it."""

    page: "Page"
    base: str
    said: list[str]

    def open(self, path: str) -> "Page":
        """Go to a page of the desk."""
        self.page.goto(self.base + path)
        return self.page

    def calm(self) -> None:
        """Assert that the console said nothing and that the policy was kept."""
        assert self.said == []
        assert self.page.evaluate("window.violations") == []


@pytest.fixture
def sits(chromium: "Browser") -> "Iterator[Callable[..., Seat]]":
    """Return a function that seats somebody at a browser of their own, signed in through the page."""
    contexts = []

    def seat(base: str, who: str = "Lena Hartmann", **more: Any) -> Seat:
        context = chromium.new_context(**({"viewport": LAPTOP} | more))
        contexts.append(context)
        page, said = watched(context)
        made = Seat(page, base, said)
        made.open("/sign-in")
        page.get_by_label("Who are you?").select_option(who)
        page.get_by_role("main").get_by_role("button").click()
        page.wait_for_url(base + "/")
        return made

    yield seat
    for one in contexts:
        one.close()


@pytest.fixture
def served(desk: Desk) -> Iterator[str]:
    """Serve the desk with an undo of ten seconds, as in earnest."""
    with serving(desk, timedelta(seconds=10)) as base:
        yield base


@pytest.fixture
def hasty(desk: Desk) -> Iterator[str]:
    """Serve the desk with an undo of one second, for what comes after it."""
    with serving(desk, timedelta(seconds=1)) as base:
        yield base
