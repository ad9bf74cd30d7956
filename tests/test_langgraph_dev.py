"""The graph as users of LangGraph know it: served by `langgraph dev`, driven by its client, answered in every form.

One server serves all tests; every answer is given on a thread of its own, and all of them at once.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cxagent.answers import ACTION_NAME
from cxagent.ledger.store import TABLES, Store
from cxagent.scaffold import copy_to

for needed in ("langgraph_cli", "langgraph_api", "langgraph_sdk"):
    pytest.importorskip(needed, reason="the development server is not installed: pip install 'langgraph-cli[inmem]'")

ROOT = Path(__file__).resolve().parents[1]
WORLD_DAY = date(2026, 11, 21)
DATED = re.compile(r"\d{4}-\d\d-\d\d(T.*)?")
GRAPH = "support"
ROUTINE, COSTLY = "T-010", "T-005"
"""Tickets of two global accounts: a question whose answer a reviewer signs, and a credit that an executive signs."""

WORDS = "Our guide has a chapter on sharing; the link is in your help menu."
ECHO = {"action": ACTION_NAME, "args": {"reply": WORDS}}
EDITED: dict[str, Any] = {"type": "edit", "edited_action": {"name": ACTION_NAME, "args": {"reply": WORDS}}}
DECISIONS = {
    "approve": {"type": "approve"},
    "edit": EDITED,
    "reject": {"type": "reject", "message": "I will call them."},
    "respond": {"type": "respond", "message": WORDS},
}
LEGACY = {
    "approve": {"type": "accept", "args": None},
    "edit": {"type": "edit", "args": ECHO},
    "reject": {"type": "ignore", "args": None},
    "respond": {"type": "response", "args": WORDS},
}
INBOX = {
    "approve": {"type": "approve", "args": ECHO},
    "edit": {"type": "edit", "args": ECHO},
    "reject": {"type": "ignore", "args": None},
}
"""What an inbox of the older protocol puts into `decisions`: the newer words, with `args` as it always had them."""
ACCEPTED = {
    **{f"decisions {verdict}": {"decisions": [one]} for verdict, one in DECISIONS.items()},
    **{f"bare {verdict}": one for verdict, one in DECISIONS.items()},
    **{f"list {verdict}": [one] for verdict, one in LEGACY.items()},
    **{f"legacy {verdict}": one for verdict, one in LEGACY.items()},
    **{f"inbox {verdict}": {"decisions": [one]} for verdict, one in INBOX.items()},
    **{f"keyed {verdict}": one for verdict, one in DECISIONS.items()},
}
"""Every form that decides; what is `keyed` goes out under the id of its interrupt, as answers to single calls do."""
REFUSED = {
    "two decisions": ({"decisions": [DECISIONS["approve"], DECISIONS["approve"]]}, "exactly one answer"),
    "unknown type": ({"type": "yes"}, "must be one of approve, edit, reject, respond, not 'yes'"),
    "another action": (
        {"type": "edit", "edited_action": {"name": "issue_credit", "args": {"reply": WORDS}}},
        "no edit may switch from answer_customer to 'issue_credit'",
    ),
    "missing arguments": ({"type": "edit", "edited_action": {"name": ACTION_NAME}}, "needs reply, actions or both"),
    "unknown key": ({"type": "approve", "by": "Miriam Okafor"}, "unknown key 'by'"),
    "empty message": ({"type": "respond", "message": "  "}, "must be a text that says something"),
    "two responses": ([LEGACY["approve"], LEGACY["approve"]], "exactly one answer"),
    "no decision": ({"decisions": []}, "exactly one answer"),
    "unknown word of an inbox": (
        {"decisions": [{"type": "response", "args": WORDS}]},
        "must be one of approve, ignore, reject, edit, not 'response'",
    ),
    "another action in an echo": (
        {"type": "accept", "args": {"action": "issue_credit", "args": {"reply": WORDS}}},
        "no edit may switch from answer_customer to 'issue_credit'",
    ),
    "unknown key in an edit": (
        {"type": "edit", "edited_action": {**EDITED["edited_action"], "account_id": "ACC-301"}},
        "unknown key 'account_id'",
    ),
    "unknown key in arguments": (
        {"type": "edit", "edited_action": {"name": ACTION_NAME, "args": {"reply": WORDS, "to": "all"}}},
        "unknown key 'to'",
    ),
    "keyed two decisions": ({"decisions": [DECISIONS["approve"]] * 2}, "exactly one answer"),
    "keyed unknown type": ({"type": "yes"}, "must be one of approve, edit, reject, respond, not 'yes'"),
}


# ---- the server -----------------------------------------------------------------------------------------------------


def moved(value: Any, days: timedelta, key: str = "") -> Any:
    """Move every date of a document; what was read is read an hour ago, because the server's clock runs."""
    match value:
        case dict():
            return {name: moved(one, days, name) for name, one in value.items()}
        case list():
            return [moved(one, days) for one in value]
        case str() if key == "as_of" and "T" in value:
            return (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        case str() if DATED.fullmatch(value):
            return f"{date.fromisoformat(value[:10]) + days}{value[10:]}"
        case _:
            return value


def deployed(home: Path) -> None:
    """Copy the reference deployment and let its sample world be of today."""
    copy_to(home)
    days = datetime.now(UTC).date() - WORLD_DAY
    for file in [*(home / "tools/world/accounts").glob("*.json"), home / "tools/world/fx.json"]:
        document = moved(json.loads(file.read_text(encoding="utf-8")), days)
        file.write_text(json.dumps(document), encoding="utf-8")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A running `langgraph dev` over a copy of the deployment."""

    home: Path
    ledger: str
    client: Any
    sessions: dict[str, "Session"] = field(default_factory=dict)

    def ticket(self, name: str, as_id: str) -> dict[str, Any]:
        """Return a ticket of the sample world under another id."""
        lines = (self.home / "tools/world/tickets.jsonl").read_text(encoding="utf-8").splitlines()
        (found,) = (one for one in map(json.loads, lines) if one["ticket"]["id"] == name)
        return {**found, "ticket": {**found["ticket"], "id": as_id}}

    def open(self, name: str, as_id: str) -> "Session":
        """Run a ticket on a thread of its own."""
        thread = self.client.threads.create()["thread_id"]
        values = self.client.runs.wait(thread, GRAPH, input=self.ticket(name, as_id))
        return Session(self, thread, as_id, values)

    def rows(self, table: str, **wanted: Any) -> list[dict[str, Any]]:
        """Return the rows of a ledger table that hold some values."""
        store = Store(self.ledger)
        with store.read() as connection:
            found = connection.execute(TABLES[table].select()).mappings().all()
        store.close()
        return [dict(row) for row in found if all(row[name] == value for name, value in wanted.items())]


class Session(NamedTuple):
    """One ticket on one thread of the server, and what the last run returned."""

    server: Server
    thread: str
    ticket: str
    values: dict[str, Any]

    def answer(self, answer: Any) -> "Session":
        """Resume the thread as most front ends do: with one value, not keyed by the interrupt."""
        values = self.server.client.runs.wait(self.thread, GRAPH, command={"resume": answer})
        return self._replace(values=values)

    def given(self, name: str, answer: Any) -> "Session":
        """Answer in a form by its name: under the id of the interrupt where it is keyed."""
        return self.answer({self.interrupt: answer} if name.startswith("keyed ") else answer)

    @property
    def interrupt(self) -> str:
        """The id of the one open interrupt."""
        (interrupt,) = self.values["__interrupt__"]
        return str(interrupt["id"])

    @property
    def request(self) -> dict[str, Any]:
        """What the one open interrupt asks."""
        (interrupt,) = self.values["__interrupt__"]
        return dict(interrupt["value"])

    @property
    def description(self) -> str:
        """The text that every front end shows."""
        return str(self.request["action_requests"][0]["description"])

    def state(self) -> dict[str, Any]:
        """Return the thread's state as the server has it."""
        return dict(self.server.client.threads.get_state(self.thread))

    def done(self) -> tuple[list[str], int]:
        """Return the tools that ran for this ticket, and how many replies went out, as the ledger has it."""
        tools = [row["tool"] for row in self.server.rows("execution", ticket_id=self.ticket)]
        return tools, len(self.server.rows("outbox", ticket_id=self.ticket))

    def draft(self) -> str:
        """Return where the ticket's draft stands."""
        (row,) = self.server.rows("draft", ticket_id=self.ticket)
        return str(row["status"])


def started(home: Path, ledger: str, port: int) -> subprocess.Popen[bytes]:
    """Start the development server in a process group of its own."""
    # The server looks for calls that block its event loop; our nodes are synchronous and run in threads, so that
    # no permission to block (--allow-blocking, BG_JOB_ISOLATED_LOOPS) is needed.
    flags = ["--no-browser", "--no-reload", "--host", "127.0.0.1", "--port", str(port), "--n-jobs-per-worker", "12"]
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "LANGSMITH_TRACING": "false",
        "LANGGRAPH_CLI_NO_ANALYTICS": "1",
        "CXAGENT_DATABASE_URL": ledger,
    }
    command = [sys.executable, "-m", "langgraph_cli", "dev", *flags]
    with (home.parent / "server.log").open("wb") as log:
        return subprocess.Popen(command, cwd=home, env=env, stdout=log, stderr=log, start_new_session=True)


def ended(process: subprocess.Popen[bytes]) -> None:
    """End the server that we started, with all its children."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, how)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                continue


def awaited(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the server answers; what it said instead is the failure."""
    import httpx

    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/ok", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text(encoding='utf-8')[-3000:]}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One development server with all drafts opened and none answered."""
    from langgraph_sdk import get_sync_client

    folder = tmp_path_factory.mktemp("served")
    home, port = folder / "project", free_port()
    deployed(home)
    ledger = f"sqlite:///{folder / 'ledger.sqlite'}"
    process = started(home, ledger, port)
    try:
        awaited(process, port, folder / "server.log")
        with get_sync_client(url=f"http://127.0.0.1:{port}") as client:
            one = Server(home, ledger, client)
            names = [*ACCEPTED, *REFUSED, "waiting", "second try", "stale id"]
            with ThreadPoolExecutor(12) as pool:
                opening = {name: pool.submit(one.open, ROUTINE, name) for name in names}
                opening["costly"] = pool.submit(one.open, COSTLY, "costly")
                one.sessions = {name: session.result() for name, session in opening.items()}
            yield one
    finally:
        ended(process)


@pytest.fixture(scope="module")
def answered(server: Server) -> dict[str, Session]:
    """All drafts but one answered, each in its own form, all at once."""
    answers = {**ACCEPTED, **{name: answer for name, (answer, _) in REFUSED.items()}, "costly": {"type": "approve"}}
    with ThreadPoolExecutor(12) as pool:
        given = {name: pool.submit(server.sessions[name].given, name, answer) for name, answer in answers.items()}
        return {name: session.result() for name, session in given.items()}


# ---- what waits -----------------------------------------------------------------------------------------------------


def test_a_draft_interrupts_with_the_request_that_front_ends_know(server: Server) -> None:
    """A ticket that needs a person stops with a `HITLRequest`: one action, one config, our card beside them."""
    request = server.sessions["waiting"].request
    assert set(request) == {"action_requests", "review_configs", "card"}
    (asked,), (config,) = request["action_requests"], request["review_configs"]
    assert set(asked) == {"name", "args", "description"}
    assert set(asked["args"]) == {"reply", "actions"}
    assert [set(one) for one in asked["args"]["actions"]] == [{"tool", "args"}]
    assert config == {"action_name": asked["name"], "allowed_decisions": ["approve", "edit", "reject", "respond"]}
    assert request["card"]["reply"] == asked["args"]["reply"]
    assert request["card"]["reply"] in asked["description"]


def test_a_search_for_interrupted_threads_finds_what_waits(server: Server) -> None:
    """An inbox that searches the threads finds a draft with its request."""
    waiting = server.sessions["waiting"]
    found = {one["thread_id"]: one for one in server.client.threads.search(status="interrupted", limit=100)}
    ((interrupt,),) = found[waiting.thread]["interrupts"].values()
    assert interrupt["value"] == waiting.request


def test_what_waits_has_done_nothing(server: Server) -> None:
    """An open draft stands in the ledger, and nothing ran and nothing went out for it."""
    waiting = server.sessions["waiting"]
    assert waiting.state()["next"] == ["draft_for_approval"]
    assert (waiting.draft(), waiting.done()) == ("pending", ([], 0))


# ---- what is answered -----------------------------------------------------------------------------------------------

OUTCOMES = {
    "approve": ("answered_after_review", ["share_public_doc"], 1, "applied"),
    "edit": ("answered_after_review", ["share_public_doc"], 1, "applied"),
    "respond": ("answered_after_review", [], 1, "applied"),
    "reject": ("handed_off", [], 0, "applied"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_every_accepted_form_decides_the_draft(answered: dict[str, Session], name: str) -> None:
    """Each form in which a front end answers is taken once, and the thread's state shows how the ticket ended."""
    session, verdict = answered[name], name.split()[1]
    disposition, tools, replies, draft = OUTCOMES[verdict]
    state = session.state()
    assert "__interrupt__" not in session.values and state["next"] == []
    assert state["values"]["outcome"]["disposition"] == disposition
    assert state["values"]["review"]["verdict"] == verdict
    assert (session.done(), session.draft()) == ((tools, replies), draft)


@pytest.mark.parametrize("name", [name for name in ACCEPTED if name.endswith(("edit", "respond"))])
def test_the_reviewer_s_words_are_what_goes_out(server: Server, answered: dict[str, Session], name: str) -> None:
    """After an edit or a response the customer gets the reviewer's text."""
    (sent,) = server.rows("outbox", ticket_id=answered[name].ticket)
    (text,) = server.rows("personal", id=sent["personal_id"])
    assert json.loads(text["payload"]) == {"reply": WORDS}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_form_leaves_the_draft_open(answered: dict[str, Session], name: str) -> None:
    """What is no answer executes nothing, and the next interrupt says in a sentence why it was not taken."""
    session = answered[name]
    assert "Not accepted: answer" in session.description.splitlines()[0]
    assert REFUSED[name][1] in session.description.splitlines()[0]
    assert session.state()["next"] == ["draft_for_approval"]
    assert (session.draft(), session.done()) == ("pending", ([], 0))


def test_after_a_refused_form_a_good_one_is_taken(server: Server) -> None:
    """A reviewer who was refused answers again on the same thread."""
    refused = server.sessions["second try"].answer({"type": "yes"})
    session = refused.answer({"decisions": [{"type": "approve"}]})
    assert session.values["outcome"]["disposition"] == "answered_after_review"
    assert session.done() == (["share_public_doc"], 1)


def test_an_answer_under_an_id_that_is_not_asked_decides_nothing(server: Server) -> None:
    """The server takes an answer under a stale id without a word; nothing runs, and the draft waits as it did."""
    session = server.sessions["stale id"].answer({"0" * 32: DECISIONS["approve"]})
    assert session.state()["next"] == ["draft_for_approval"]
    assert (session.draft(), session.done()) == ("pending", ([], 0))


def test_whoever_answers_by_the_protocol_has_the_lowest_role(answered: dict[str, Session]) -> None:
    """The protocol names nobody: a draft that a higher role must sign is refused with a sentence."""
    session = answered["costly"]
    assert "Not accepted: this needs the executive; a reviewer may reject it" in session.description
    assert (session.draft(), session.done()) == ("pending", ([], 0))
