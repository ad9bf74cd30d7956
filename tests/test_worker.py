"""Workers: one account's tickets in order, accounts side by side; drained when told to stop, revived when killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from proofs import carry_proofs
from typer.testing import CliRunner

from cxagent import clock, recovery, worker
from cxagent.agent import Agent
from cxagent.cli import app
from cxagent.ledger.store import TABLES
from cxagent.scaffold import copy_to
from cxagent.testing import TODAY

ROOT = Path(__file__).resolve().parents[1]

WORKER = """
import os, sys, time
from datetime import timedelta
from cxagent import clock, worker
from cxagent.agent import Agent
from cxagent.cli import main

epoch, log, slow, more = float(sys.argv[1]), sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
real, invoke = clock.now, Agent._invoke
clock.now = lambda: real() + timedelta(seconds=epoch)
worker.HEARTBEAT, worker.STALLED = 0.3, 1.0

def say(what, ticket_id):
    with open(log, "a") as out:
        out.write(f"{what} {ticket_id} {time.monotonic()} {os.getpid()}\\n")

def noted(self, what, ticket_id):
    say("start", ticket_id)
    time.sleep(slow)
    invoke(self, what, ticket_id)
    say("end", ticket_id)

Agent._invoke = noted
sys.argv = ["cxagent", "worker", *sys.argv[5:]]
children = []
for _ in range(more):
    children.append(os.fork())
    if children[-1] == 0:
        main()
        os._exit(0)
try:
    main()
finally:
    failed = [child for child in children if os.waitpid(child, 0)[1]]
    if failed:
        os._exit(9)
"""
"""The worker as the command line starts it, with its work noted, on the day of the sample accounts.

Further ones are forked before anything is open: importing everything anew for each would take longer than their work.
"""


class Shop:
    """A project of its own over a database, with workers that are real processes."""

    def __init__(self, home: Path, url: str) -> None:
        self.home, self.url, self.log = home, url, home / "work.log"
        copy_to(home)
        carry_proofs(home)
        self.off = TODAY - datetime.now(UTC)
        self.agent = Agent.open(home)
        self.workers: list[subprocess.Popen[str]] = []

    def tickets(self, count: int) -> list[dict[str, Any]]:
        """Return tickets of the sample world, under new names where there are more than it has."""
        lines = (self.home / "tools" / "world" / "tickets.jsonl").read_text(encoding="utf-8").splitlines()
        found = []
        for number in range(count):
            line = json.loads(lines[number % len(lines)])
            line["ticket"]["id"] = f"W-{number:02}"
            found.append(line)
        return found

    def enqueue(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Put tickets into the queue by the command line; return what it printed."""
        file = self.home / "in.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        with clock.shifted(self.off):
            ran = CliRunner().invoke(app, ["run", "--enqueue", str(file), "--project", str(self.home), "--json"])
        assert ran.exit_code == 0, ran.output
        return [json.loads(line) for line in ran.stdout.splitlines()]

    def start(self, *, slow: float = 0.0, once: bool = True, more: int = 0) -> subprocess.Popen[str]:
        """Start a worker, and some more; `slow` is how long each ticket takes at least."""
        how = [str(self.off.total_seconds()), str(self.log), str(slow), str(more)]
        arguments = [*how, "--project", str(self.home)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", WORKER, *arguments, *(["--once"] if once else [])]
        with (self.home / "said.txt").open("w") as said:
            self.workers.append(subprocess.Popen(command, env=environment, text=True, stderr=said))
        return self.workers[-1]

    def ended(self, one: subprocess.Popen[str]) -> None:
        """Wait until a worker has ended well."""
        assert one.wait(timeout=60) == 0, (self.home / "said.txt").read_text()

    def noted(self, what: str) -> list[tuple[str, float, str]]:
        """Return what the workers noted of one kind: ticket, moment and process."""
        lines = [line.split() for line in self.log.read_text().splitlines()] if self.log.exists() else []
        return [(ticket_id, float(at), pid) for kind, ticket_id, at, pid in lines if kind == what]

    def until(self, holds: Callable[[], Any]) -> None:
        """Wait until something holds."""
        end = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < end, "it took too long"
            time.sleep(0.02)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return all rows of a ledger table."""
        with self.agent.store.read() as connection:
            return [dict(row) for row in connection.execute(TABLES[table].select()).mappings()]

    def jobs(self) -> int:
        """Return how many tickets are in the queue."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'ticket'").fetchone()
        assert row is not None
        return int(row[0])

    def results(self) -> dict[str, tuple[Any, ...]]:
        """Return what became of every ticket."""
        lines = [self.agent.result(row["id"]) for row in self.rows("ticket")]
        names = ("account_id", "intent", "autonomy", "reasons", "status")
        return {line["ticket_id"]: tuple(str(line[name]) for name in names) for line in lines}


@pytest.fixture
def shop(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a project on PostgreSQL whose workers are gone after the test."""
    monkeypatch.setenv("CXAGENT_DATABASE_URL", postgres_url)
    made = Shop(tmp_path / "shop", postgres_url)
    yield made
    for one in made.workers:
        one.kill()
        one.wait()
    made.agent.close()


def of_one_account(shop: Shop, count: int) -> list[dict[str, Any]]:
    """Return some tickets of one sender."""
    line = shop.tickets(1)[0]
    return [{**line, "ticket": {**line["ticket"], "id": f"W-{number:02}"}} for number in range(count)]


def test_three_workers_do_what_one_does(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R65: three workers give forty tickets the same routes as one; one parent's stay in order, parents run abreast."""
    lines = shop.tickets(40)
    told = shop.enqueue(lines)
    assert [(one["ticket_id"], one["account_id"], one["status"], one["autonomy"]) for one in told[:2]] == [
        ("W-00", lines[0]["account_id"], "received", None),
        ("W-01", lines[1]["account_id"], "received", None),
    ]
    shop.ended(shop.start(slow=0.05, more=2))
    together = shop.results()
    starts, ends = ({name: at for name, at, _ in shop.noted(kind)} for kind in ("start", "end"))
    assert (len(starts), shop.jobs(), len({pid for _, _, pid in shop.noted("start")})) == (40, 0, 3)
    locks: dict[str, list[str]] = {}
    for line in lines:
        incoming = worker.Incoming.model_validate(line)
        locks.setdefault(worker.lock_of(shop.agent, incoming.ticket, incoming.account_id), []).append(
            incoming.ticket.id
        )
    assert all(ends[one] <= starts[other] for names in locks.values() for one, other in pairwise(names))
    spans = sorted((starts[name], ends[name]) for name in starts)
    assert any(one[1] > other[0] for one, other in pairwise(spans)), "nothing ran side by side"
    monkeypatch.delenv("CXAGENT_DATABASE_URL")
    alone = Shop(tmp_path / "alone", "")
    alone.enqueue(lines)
    with clock.shifted(alone.off):
        assert worker.work_alone(alone.agent, worker.Stopping(), once=True) == 40
    assert alone.results() == together
    alone.agent.close()


def test_told_to_stop(shop: Shop) -> None:
    """SIGTERM lets the ticket at hand end, leaves the rest in the queue, and ends with 0."""
    shop.enqueue(of_one_account(shop, 4))
    one = shop.start(slow=0.8, once=False)
    shop.until(lambda: shop.noted("start"))
    one.send_signal(signal.SIGTERM)
    shop.ended(one)
    assert ([name for name, _, _ in shop.noted("end")], shop.jobs()) == (["W-00"], 3)
    assert [row["status"] for row in shop.rows("ticket")].count("received") == 3


def test_killed_in_the_middle(shop: Shop) -> None:
    """The job of a worker that was killed goes to another one, which finishes its ticket once and before the next."""
    shop.enqueue(of_one_account(shop, 2))
    one = shop.start(slow=30.0, once=False)
    shop.until(lambda: shop.noted("start"))
    one.kill()
    one.wait()
    time.sleep(1.5)
    shop.ended(shop.start())
    assert [name for name, _, _ in shop.noted("end")] == ["W-00", "W-01"]
    assert ({row["status"] for row in shop.rows("ticket")} & {"received", "working"}, shop.jobs()) == (set(), 0)
    rulings = [row["ticket_id"] for row in shop.rows("decision_log") if row["kind"] == "ruling"]
    assert sorted(rulings) == ["W-00", "W-01"]


def test_enqueued_twice(shop: Shop) -> None:
    """The same tickets enqueued twice are queued once, and a finished one not at all."""
    lines = of_one_account(shop, 2)
    shop.enqueue(lines)
    assert (shop.jobs(), len(shop.enqueue(lines)), shop.jobs()) == (2, 2, 2)
    with clock.shifted(shop.off), worker.Queue(shop.agent).opened() as queue:
        queue.work(once=True)
    assert shop.jobs() == 0
    again = shop.enqueue(lines)
    assert shop.jobs() == sum(one["status"] == "waiting" for one in again)


def effects(shop: Shop) -> int:
    """Return how many effects there are; that somebody looked at one again is none."""
    return sum(row["kind"] == "effect" for row in shop.rows("execution"))


def test_nobody_answers(shop: Shop) -> None:
    """R29: a draft whose deadline passes moves up the ladder, at every deadline, and is never sent."""
    shop.enqueue(shop.tickets(8))
    with clock.shifted(shop.off), worker.Queue(shop.agent).opened() as queue:
        queue.work(once=True)
    before = {row["id"]: row for row in shop.rows("draft") if row["status"] == "pending"}
    sent, done = len(shop.rows("outbox")), effects(shop)
    assert before
    for days in (10, 20):
        with clock.shifted(shop.off + timedelta(days=days)), worker.Queue(shop.agent).opened() as queue:
            queue.sweep()
    after = {row["id"]: row for row in shop.rows("draft") if row["status"] == "pending"}
    assert (after.keys(), len(shop.rows("outbox")), effects(shop)) == (before.keys(), sent, done)
    assert all(after[one]["deadline"] > before[one]["deadline"] for one in before)
    playbook = shop.agent.project.playbook
    ranks = {one.name: playbook.rank_of(one.role) for one in playbook.people}
    assert all(ranks[after[one]["assignee"]] >= ranks.get(before[one]["assignee"], -1) for one in before)
    passed = [row for row in shop.rows("decision_log") if row["kind"] == "escalation"]
    assert len(passed) == 2 * len(before)
    with clock.shifted(shop.off + timedelta(days=20)):
        assert recovery.escalate(shop.agent) == []
