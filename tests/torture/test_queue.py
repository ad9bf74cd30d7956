"""The queue of a worker where workers die and connections break: no job is stuck, and no account is blocked."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from cxagent import worker
from cxagent.ledger.store import Store

OTHERS = "pid <> pg_backend_pid() AND datname = current_database()"
CUT = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OTHERS}"
JOBS = "SELECT id, status, worker_id, args FROM procrastinate_jobs WHERE queue_name = 'tickets'"


def asked(url: str, statement: str) -> list[Any]:
    """Run one statement on a connection of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def soon(happened: Callable[[], Any], seconds: float = 15.0) -> bool:
    """Whether something happens in time."""
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def agent(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return what a queue needs of an agent; it notes which tickets it was to finish."""
    monkeypatch.setattr(worker, "STALLED", 1.0)
    monkeypatch.setattr(worker, "HEARTBEAT", 0.2)
    store = Store.open(postgres_url)
    done: list[str] = []
    yield SimpleNamespace(
        project=SimpleNamespace(database_url=postgres_url), store=store, done=done, finish=done.append
    )
    store.close()


def test_a_dead_workers_job_is_given_back_beside_its_twin(
    agent: Any, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a dead worker had taken is done, also where the same ticket was queued again, and the next one after it."""
    with worker.Queue(agent).opened() as queue:
        queue.put("T-0", "parent A")
        asked(postgres_url, "UPDATE procrastinate_jobs SET status = 'doing'")
        assert (queue.put("T-0", "parent A"), queue.put("T-1", "parent A")) == (True, True)
        queue.work(once=True)
    assert agent.done == ["T-0", "T-1"]
    assert asked(postgres_url, JOBS) == []


def _broken_while_it_works(agent: Any, url: str, rest: list[Any]) -> None:
    """Cut every connection while the first ticket is worked on; ask the worker to stop when the queue is empty."""

    def finish(ticket_id: str) -> None:
        agent.done.append(ticket_id)
        for _ in range(8 if len(agent.done) == 1 else 0):
            asked(url, CUT)
            time.sleep(0.1)

    def stop() -> None:
        soon(lambda: "T-1" in agent.done and not asked(url, JOBS))
        rest.extend(asked(url, JOBS))
        os.kill(os.getpid(), signal.SIGTERM)

    agent.finish = finish
    threading.Thread(target=stop).start()


def test_a_worker_outlives_its_connections(agent: Any, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker whose connections break at work signs off, comes back, gives back what it had, and heeds SIGTERM."""
    monkeypatch.setattr(worker.Queue, "sweep", lambda self, timestamp=0: None)
    with worker.Queue(agent).opened() as queue:
        queue.put("T-0", "parent A")
        queue.put("T-1", "parent A")
    rest: list[Any] = []
    late = signal.signal(signal.SIGTERM, lambda *_: rest.append("the worker had ended by itself"))
    try:
        _broken_while_it_works(agent, postgres_url, rest)
        worker.work(agent)
    finally:
        signal.signal(signal.SIGTERM, late)
    assert (agent.done[0], agent.done[-1], rest) == ("T-0", "T-1", [])
