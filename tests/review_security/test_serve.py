"""`cxagent serve` as a process: it answers, does what is due beside, stops when told, and the next one goes on."""

import logging
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server

import httpx
import pytest
from tenants import DAY, LENA, OURS, RUTH, Tenant, copied
from typer.testing import CliRunner

from cxagent import clock
from cxagent.agent import Agent
from cxagent.cli import app
from cxagent.cli.demo import tickets_of
from cxagent.cli.serve import taking
from cxagent.errors import BadInput, Unreachable
from cxagent.review.serving import Chore, Sweeping, beside
from cxagent.review.settings import Settings

MAIN = "import sys; sys.argv[0] = 'cxagent'; from cxagent.cli import main; main()"
PATIENCE = 60


class Served:
    """A server process, what it said when it started, and a browser for it."""

    def __init__(self, home: Path, *more: str) -> None:
        command = [sys.executable, "-c", MAIN, "serve", "--port", "0", "--project", str(home), *more]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.said: list[str] = []
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line.strip())
            if found := re.search(r"is at (http://\S+)", line):
                self.browser = httpx.Client(base_url=found[1], headers=OURS)
                return
        pytest.fail(f"it did not start: {self.said}")

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Stop it and return its exit code."""
        self.browser.close()
        self.process.send_signal(how)
        assert self.process.stderr is not None
        self.said += self.process.stderr.read().splitlines()
        return self.process.wait(PATIENCE)


@contextmanager
def served(home: Path, *more: str) -> Iterator[Served]:
    """Serve a project while the block runs."""
    made = Served(home, *more)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.process.kill()
            made.process.wait()
        made.browser.close()
        assert made.process.stderr is not None
        made.process.stderr.close()


@pytest.fixture
def home(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project whose ledger began with the demo."""
    for name in ("CXAGENT_DATABASE_URL", "CXAGENT_OIDC_ISSUER", "CXAGENT_PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)
    return copied(template, tmp_path / "home")


def ledger(home: Path) -> Tenant:
    """Return the tenant of a project, to look at what is on record."""
    return Tenant(home)


def test_a_verdict_signed_before_the_end_is_carried_out_by_the_next_process(home: Path) -> None:
    """Told to stop within the time to take it back: nothing is sent, nothing lost, and the next one sends it.

    The sample world's facts are of one day, so an approval goes through only where handlers, their threads and the
    threads beside all see its clock.
    """
    tenant = ledger(home)
    row = next(one for one in map(dict, tenant.waiting()) if not one["four_eyes"])
    note = {"note": "the facts on the card carry this reply"}
    with served(home) as first:
        assert first.browser.post("/sign-in", data={"person": RUTH}).status_code == 303
        assert row["id"] in first.browser.get("/?tab=team").text
        first.browser.get(f"/drafts/{row['id']}")
        form = {"choice": "approve", "card": row["card_digest"], **note, "approve_note": note["note"]}
        assert first.browser.post(f"/drafts/{row['id']}", data=form).status_code == 303
        assert first.stop() == 0
    assert any("sample world" in one for one in first.said) and not any("Traceback" in one for one in first.said)
    held = tenant.inbox.draft(row["id"])
    assert (held["status"], held["signed_by"]) == ("pending", RUTH) and len(tenant.rows("review")) == 0
    with served(home) as second:
        until = time.monotonic() + PATIENCE
        while tenant.inbox.draft(row["id"])["status"] != "applied" and time.monotonic() < until:
            time.sleep(0.25)
        assert second.stop(signal.SIGINT) == 0
    assert [one["verdict"] for one in tenant.rows("review")] == ["approve"]
    assert tenant.inbox.draft(row["id"])["status"] == "applied"
    assert all(one["at"] < "2026-11-21T09:40" for one in tenant.rows("review"))
    tenant.agent.close()


def test_a_stream_ends_when_the_server_stops(home: Path) -> None:
    """Whoever listens does not keep the server from stopping."""
    with served(home) as one:
        one.browser.post("/sign-in", data={"person": LENA})
        with one.browser.stream("GET", "/events", timeout=PATIENCE) as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith("event")
            began = time.monotonic()
            one.process.terminate()
            for _ in lines:
                pass
        assert one.process.wait(PATIENCE) == 0 and time.monotonic() - began < 8


def test_a_stream_ends_with_its_session(home: Path) -> None:
    """Whoever is signed out hears nothing more within seconds."""
    with served(home) as one:
        one.browser.post("/sign-in", data={"person": LENA})
        with one.browser.stream("GET", "/events", timeout=PATIENCE) as stream:
            lines = stream.iter_lines()
            next(lines)
            other = httpx.Client(base_url=one.browser.base_url, headers=OURS, cookies=one.browser.cookies)
            with other:
                other.post("/sign-out")
            began = time.monotonic()
            for _ in lines:
                pass
            assert time.monotonic() - began < 45
        assert one.stop() == 0


def test_an_empty_ledger_gets_the_demo_where_that_is_asked_for(home: Path) -> None:
    """With `--demo` the queue is not empty; without, nothing is made up."""
    shutil.rmtree(home / ".cxagent")
    with served(home) as without:
        without.browser.post("/sign-in", data={"person": LENA})
        assert "drf_" not in without.browser.get("/?tab=team").text
        without.stop()
    with served(home, "--demo") as one:
        one.browser.post("/sign-in", data={"person": LENA})
        assert "drf_" in one.browser.get("/?tab=team").text
        assert one.stop() == 0
    assert any("sample tickets" in line for line in one.said)


# ---- what keeps it from starting ------------------------------------------------------------------------------------


def started(home: Path, *more: str) -> tuple[int, str]:
    """Start it in this process where it is not to come up; return exit code and what it said."""
    done = CliRunner().invoke(app, ["serve", "--project", str(home), *more])
    return done.exit_code, done.output


def test_a_taken_port_is_said(home: Path) -> None:
    """Exit 3 and a sentence that names the port and the option."""
    with create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = started(home, "--port", port)
    assert code == 3 and port in said and "--port" in said


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "desk.example"])
def test_the_development_login_stays_on_this_machine(home: Path, host: str) -> None:
    """Bound beyond loopback without a provider it refuses to start: exit 2, and nothing listened."""
    code, said = started(home, "--host", host, "--port", "0")
    assert code == 2 and "development login" in said


def test_a_missing_extra_says_how_to_get_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 2 and the command for one's own checkout."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *_: None)
    code, said = started(home)
    assert code == 2 and "pip install '.[server]'" in " ".join(said.split()) and "uvicorn" in said


OIDC = {"CXAGENT_OIDC_ISSUER": "https://id.example", "CXAGENT_OIDC_CLIENT_ID": "c", "CXAGENT_OIDC_CLIENT_SECRET": "s"}


@pytest.mark.parametrize(
    ("environment", "where"),
    [
        ({"CXAGENT_PUBLIC_URL": "https://desk.example"}, "CXAGENT_PUBLIC_URL"),
        ({**OIDC, "CXAGENT_PUBLIC_URL": "http://desk.example"}, "CXAGENT_PUBLIC_URL"),
        ({**OIDC, "CXAGENT_PUBLIC_URL": "https://desk.example/inbox"}, "CXAGENT_PUBLIC_URL"),
        ({**OIDC, "CXAGENT_PUBLIC_URL": "desk.example"}, "CXAGENT_PUBLIC_URL"),
        ({**OIDC, "CXAGENT_OIDC_ISSUER": "http://id.example"}, "CXAGENT_OIDC_ISSUER"),
        ({"CXAGENT_OIDC_ISSUER": "https://id.example"}, "CXAGENT_OIDC_CLIENT_ID"),
    ],
)
def test_settings_that_leave_a_door_open_are_refused(environment: dict[str, str], where: str) -> None:
    """No public address without a provider, none in the clear, no half a provider."""
    with pytest.raises(BadInput) as refused:
        Settings.read("127.0.0.1", 8080, environment)
    assert refused.value.where == where


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_where_a_ticket_of_the_api_goes(home: Path, database: str, request: pytest.FixtureRequest) -> None:
    """On SQLite this process takes it; on PostgreSQL it is on record and waits for a worker."""
    if database == "postgresql":
        request.getfixturevalue("monkeypatch").setenv("CXAGENT_DATABASE_URL", request.getfixturevalue("postgres_url"))
    agent = Agent.open(home)
    incoming = tickets_of(agent.project)[2]
    fresh = incoming.model_copy(update={"ticket": incoming.ticket.model_copy(update={"id": "OVER-THE-API"})})
    with taking(agent) as submit:
        result = (submit or agent.run)(fresh)
    assert (submit is None) == (database == "sqlite") == (result["decision_id"] is not None)
    agent.close()


# ---- what is done beside --------------------------------------------------------------------------------------------


def test_a_chore_that_fails_is_told_and_done_again(caplog: pytest.LogCaptureFixture) -> None:
    """An outage is told at its beginning and its end, a fault each time; neither ends the thread or holds another."""
    fails = iter([Unreachable("the database is away")] * 3 + [RuntimeError("a fault")])
    done, slow = threading.Event(), threading.Event()
    moments = []

    def shaky() -> None:
        moments.append(clock.now())
        if error := next(fails, None):
            raise error
        done.set()

    with (
        caplog.at_level(logging.WARNING),
        beside([Chore("shaky", 0.01, shaky), Chore("slow", 0.01, lambda: slow.wait(PATIENCE))]),
    ):
        assert done.wait(PATIENCE)
        slow.set()
    assert caplog.text.count("waiting for it") == 1 and "goes on again" in caplog.text
    assert "RuntimeError: a fault" in caplog.text and set(moments) == {DAY}


def test_two_processes_pass_a_late_draft_on_once(tenant: Tenant) -> None:
    """Server and worker both look for what is late; each draft moves one step and has one line in the log."""
    late = [row["id"] for row in tenant.waiting()]
    both = threading.Barrier(2)

    def sweep() -> None:
        if not swept.is_set():
            both.wait(PATIENCE)
            Sweeping(tenant.agent, finishing=True)()
            swept.set()

    with clock.frozen(DAY.replace(month=12)):
        swept = threading.Event()
        with beside([Chore("server", PATIENCE, sweep), Chore("worker", PATIENCE, sweep)]):
            assert swept.wait(PATIENCE)
    lines = [row for row in tenant.rows("decision_log") if row["kind"] == "escalation"]
    assert len(lines) == len(late)
