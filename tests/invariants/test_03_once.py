"""Invariant 3, at most once: crashes, replays, second resumes and two workers give one effect or an open doubt."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scenes import BOTH, LOW, MID, REVIEWER, ROOT, asks, credit, outside, sent, waiting

from cxagent.actions import Call, action
from cxagent.domain.ticket import Incoming
from cxagent.errors import Conflict, CxagentError
from cxagent.ledger.store import TABLES, Connection, Store
from cxagent.testing import World, call, proposal


class Crash(BaseException):
    """The process ended here; nothing in the product may catch it."""


def broke_off(monkeypatch: pytest.MonkeyPatch, at: int, when: str, world: World, ticket: Incoming) -> bool:
    """Work on a ticket until its n-th writing transaction, before or after it is stored; False where it ran through."""
    real, count = Store.write, [0]

    @contextlib.contextmanager
    def write(self: Store, about: str | None = None) -> Iterator[Connection]:
        count[0] += 1
        mine = count[0]
        with real(self, about) as connection:
            yield connection
            if mine == at and when == "before":
                raise Crash
        if mine == at and when == "after":
            raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", write)
        try:
            work(world, ticket)
        except Crash:
            return True
    return False


def work(world: World, ticket: Incoming) -> dict[str, Any]:
    """Deliver a ticket, approve what waits for approval, and deliver it once more."""
    world.run(ticket)
    for row in world.rows("draft", status="pending", ticket_id=ticket.ticket.id):
        world.review(row["id"], "approve", REVIEWER)
    return world.run(ticket)


@BOTH
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("account_id", [LOW, MID], ids=["alone", "after approval"])
def test_a_crash_at_any_write(world: World, monkeypatch: pytest.MonkeyPatch, account_id: str, when: str) -> None:
    """Wherever the process ends around a write, the next one brings it to one effect, one reply and a closed ticket."""
    for at in range(1, 20):
        ticket = asks(world, f"T-{at}", account_id, credit(account_id, "1.00"))
        fired = broke_off(monkeypatch, at, when, world, ticket)
        again = world.twin()
        assert work(again, ticket)["status"] == "done"
        again.close()
        assert (len(outside(world.home)), len(sent(world, f"T-{at}"))) == (at, 1)
        if not fired:
            break
    assert 3 < at < 19


@BOTH
@pytest.mark.parametrize("account_id", [LOW, MID], ids=["alone", "after approval"])
def test_a_crash_at_any_checkpoint(world: World, monkeypatch: pytest.MonkeyPatch, account_id: str) -> None:
    """Wherever a checkpoint is lost, the next process brings the ticket to one effect, one reply and its end."""
    for at in range(1, 30):
        ticket = asks(world, f"T-{at}", account_id, credit(account_id, "1.00"))
        saver, count = world.agent.app.checkpointer, [0]
        real = type(saver).put

        def put(self: Any, *args: Any, real: Any = real, count: list[int] = count, at: int = at) -> Any:
            count[0] += 1
            if count[0] == at:
                raise Crash
            return real(self, *args)

        with monkeypatch.context() as patched, contextlib.suppress(Crash):
            patched.setattr(type(saver), "put", put)
            work(world, ticket)
        again = world.twin()
        assert work(again, ticket)["status"] == "done"
        again.close()
        assert (len(outside(world.home)), len(sent(world, f"T-{at}"))) == (at, 1)
        if count[0] < at:
            break
    assert 1 < at < 29


@BOTH
def test_a_crash_right_after_an_effect(world: World) -> None:
    """An effect that happened and was never noted is asked for again under its key, and happens once."""

    def crash(given: Call) -> None:
        raise Crash

    ticket = asks(world, "T-1")
    world.on_effect = crash
    with pytest.raises(Crash):
        world.run(ticket)
    world.on_effect = None
    assert world.twin().run(ticket)["status"] == "done"
    assert (len({effect.key for effect in world.effects}), len(outside(world.home))) == (1, 1)


RUNS: list[str] = []


@action(effect="public_info", reversible="yes")
def ring_a_bell(call: Call, times: str) -> dict[str, str]:
    """Do something that nobody can recognise when it is done again."""
    RUNS.append(call.key)
    return {"rung": times}


def test_what_cannot_be_recognised_is_in_doubt_and_never_repeated(tmp_path: Path) -> None:
    """After a crash in a tool without a key, the effect is in doubt, a person owns it, and no reply goes out."""
    RUNS.clear()
    world = World(ROOT, tmp_path, tools=[ring_a_bell])

    def crash(given: Call) -> None:
        raise Crash

    line = proposal(
        "howto_question", call("ring_a_bell", times="one"), call("share_public_doc", url="x"), stance="inform"
    )
    ticket = asks(world, "T-1", line=line, body="How do I share a report?")
    world.on_effect = crash
    with pytest.raises(Crash):
        world.run(ticket)
    world.on_effect = None
    for _ in range(2):
        assert world.run(ticket)["status"] == "handed_off"
    states = [row["status"] for row in world.rows("execution")]
    assert (RUNS, states, sent(world, "T-1")) == ([world.effects[0].key], ["in_doubt", "planned"], [])
    assert "in doubt" in str(world.state("T-1")["outcome"]["brief"])
    world.close()


def test_a_tool_that_fails_in_an_unknown_way_is_in_doubt(world: World) -> None:
    """An error from a tool says nothing about the effect: it is not repeated, and a person takes over."""

    def lost(given: Call) -> None:
        raise TimeoutError("no answer from billing")

    world.on_effect = lost
    ticket = asks(world, "T-1")
    assert world.run(ticket)["status"] == world.run(ticket)["status"] == "handed_off"
    assert ([row["status"] for row in world.rows("execution")], len(outside(world.home))) == (["in_doubt"], 1)


@BOTH
def test_the_same_ticket_again_is_not_worked_on_twice(world: World) -> None:
    """A ticket that is delivered three times has one effect and one result."""
    ticket = asks(world, "T-1")
    results = [world.run(ticket) for _ in range(3)]
    assert (results[0] == results[1] == results[2], len(outside(world.home))) == (True, 1)


@BOTH
def test_a_second_verdict_runs_nothing(world: World) -> None:
    """The second approval of one draft is told who was first, also after a restart, and nothing runs again."""
    draft_id = waiting(world)
    world.review(draft_id, "approve", REVIEWER)
    for one in (world, world.twin()):
        with pytest.raises(Conflict, match=f"{REVIEWER} was first: approve"):
            one.review(draft_id, "approve", "Priya Nair")
    assert len(outside(world.home)) == 1


def together(*jobs: Any) -> list[Any]:
    """Run jobs at the same moment, each in a thread of its own, and return what each returned or raised."""
    barrier, results = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(place: int) -> None:
        barrier.wait()
        try:
            results[place] = jobs[place]()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@BOTH
def test_two_workers_on_one_ticket(world: World) -> None:
    """A ticket that two workers take at the same moment has one effect; the slower one is refused or told."""
    other = world.twin()
    for number in range(8):
        ticket = asks(world, f"T-{number}", line=credit(LOW, "1.00"))
        results = together(lambda ticket=ticket: world.run(ticket), lambda ticket=ticket: other.run(ticket))
        assert all(isinstance(one, CxagentError) or one["status"] for one in results), results
        assert world.run(ticket)["status"] == "done"
        assert len(outside(world.home)) == len(world.rows("outbox")) == number + 1
    other.close()


@BOTH
@pytest.mark.parametrize("number", [1, 2])
def test_a_worker_that_was_overtaken_between_gate_and_effect(world: World, number: int) -> None:
    """Of two rulings on one ticket only the later one can still be acted on, and only once."""
    ticket = asks(world, "T-1")
    first = world.begin(ticket, before="act")
    second = world.begin(ticket, before="act")
    stale, fresh = first["authorization_id"], second["authorization_id"]
    assert stale != fresh
    chosen = first if number == 1 else second
    with contextlib.suppress(CxagentError):
        world.agent.app.update_state({"configurable": {"thread_id": "T-1"}}, chosen, as_node="risk_gate")
        world.invoke(None, "T-1")
    world.run(ticket)
    assert (len(outside(world.home)), len(sent(world, "T-1"))) == (1, 1)


def test_another_worker_at_the_second_effect(tmp_path: Path) -> None:
    """A planned effect that another worker has started meanwhile is left to it where the tool knows no key."""
    world = World(ROOT, tmp_path, tools=[ring_a_bell])

    def race(_: Call) -> None:
        """Let another worker note the second effect as started while the first one happens."""
        with world.store.write() as connection:
            rows = TABLES["execution"]
            connection.execute(rows.update().where(rows.c.position == 1).values(status="started"))

    world.on_effect = race
    actions = (call("share_public_doc", url="https://docs.vendor.example/a"), call("ring_a_bell", times="one"))
    line = proposal("howto_question", *actions, stance="inform")
    ticket = asks(world, "T-1", line=line, body="How do I share a report?")
    with pytest.raises(Conflict, match="another run has started ring_a_bell"):
        world.run(ticket)
    assert world.run(ticket)["status"] == "handed_off"
    assert [effect.tool for effect in world.effects] == ["share_public_doc"]
    world.close()


# ---- a process that is killed has no chance to tidy up ---------------------------------------------------------------

KILLED = """
import contextlib, os, signal, sys
from pathlib import Path
from scenes import LOW, MID, REVIEWER, ROOT, asks
from cxagent.ledger.store import Store
from cxagent.testing import World

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def live(home, where, account):
    world = World(ROOT, home)
    ticket = asks(world, "T-1", account)
    if where == "in the tool":
        world.on_effect = die
    else:
        real, count = Store.write, [0]
        nth = {"after the gate": 1, "after the claim": 2, "after the spending": 3}[where]
        @contextlib.contextmanager
        def write(self, about=None):
            with real(self, about) as connection:
                yield connection
            count[0] += 1
            if count[0] == nth:
                die()
        Store.write = write
    result = world.run(ticket)
    if result["draft_id"]:
        world.review(result["draft_id"], "approve", REVIEWER)

for place, kill in enumerate(sys.argv[2:]):
    child = os.fork()
    if child == 0:
        live(Path(sys.argv[1]) / str(place), *kill.split(":"))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

KILLS = [
    ("after the gate", LOW),
    ("in the tool", LOW),
    ("after the claim", MID),
    ("after the spending", MID),
    ("in the tool", MID),
]


def test_a_killed_process(tmp_path: Path) -> None:
    """After SIGKILL at any of these places the same file is opened again: one effect, one reply, a closed ticket."""
    homes = [tmp_path / str(place) for place in range(len(KILLS))]
    for home in homes:
        home.mkdir()
    # One process forks the victims: importing everything anew for each would take longer than all else.
    path = os.pathsep.join([str(Path(__file__).parent), str(ROOT)])
    victims = [sys.executable, "-c", KILLED, str(tmp_path), *map(":".join, KILLS)]
    ended = subprocess.run(
        victims, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True, timeout=120
    )
    assert ended.stdout.split() == [str(-int(signal.SIGKILL))] * len(KILLS), ended.stderr
    for home, (where, account_id) in zip(homes, KILLS, strict=True):
        world = World(ROOT, home)
        assert len(outside(home)) == (where == "in the tool")
        assert work(world, asks(world, "T-1", account_id))["status"] == "done", where
        assert (len(outside(home)), len(sent(world, "T-1"))) == (1, 1), where
        world.close()
