"""Tickets a second: a plain LangGraph graph and governed tickets, SQLite and PostgreSQL, one to eight processes.

Every process works on tickets of its own; the clock starts when all are ready and stops with the slowest. The ratios
are the result: what governance costs beside a graph that does nothing, and what more processes bring. Run it with
`make bench`. `--tickets N` says how many each process gets.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from databases import database, server
from desk import Desk, plain_graph, sqlite_url, through

from cxagent.checkpoints import open_saver
from cxagent.ledger.store import TABLES
from cxagent.worker import Queue

PROCESSES = (1, 2, 4, 8)
WARM_UP = 3
HASHES = 40
"""How much a proposer that is not free computes: hashes of 64 KiB, some milliseconds."""


class Job(NamedTuple):
    """What every process is to do: which kind of work, over which database, how many tickets."""

    kind: str
    url: str
    work: int
    tickets: int


class Setting(NamedTuple):
    """One block of the table: its title, the kind of work, its database, and what a proposer computes."""

    title: str
    kind: str
    url: str
    work: int = 0


class Measured(NamedTuple):
    """Wall seconds of the slowest process, and CPU seconds of all of them, without the database server's."""

    wall: float
    cpu: float


def worker(number: int, pipe: Connection) -> None:
    """Take jobs until there are none: prepare, say so, wait for the start, work, tell how long it took."""
    while (job := pipe.recv()) is not None:
        with prepared(job, number) as work:
            pipe.send("ready")
            pipe.recv()
            wall, cpu = time.monotonic(), time.process_time()
            ended = work()
            pipe.send(Measured(ended - wall, time.process_time() - cpu))


@contextmanager
def prepared(job: Job, number: int) -> Iterator[Callable[[], float]]:
    """Give the work of one process, warmed up; it returns when its last ticket was done."""
    if job.kind == "plain":
        graph = plain_graph(6, open_saver(job.url), work=job.work)
        yield repeated(job, number, lambda name, account: through(graph, name))
        return
    desk = Desk(job.url, work=job.work)
    with desk.inside():
        if job.kind == "ticket":
            yield repeated(job, number, desk.alone)
        else:
            desk.alone(f"warm-{number}-{os.urandom(4).hex()}", number * 1000)
            yield from_queue(desk)
    desk.store.close()


def repeated(job: Job, number: int, one: Callable[[str, int], Any]) -> Callable[[], float]:
    """Return work that does tickets of this process one after the other, each from another account."""
    mark = os.urandom(4).hex()
    for turn in range(WARM_UP):
        one(f"warm-{number}-{mark}-{turn}", number * 1000 + turn)

    def work() -> float:
        for turn in range(job.tickets):
            one(f"{number}-{mark}-{turn}", number * 1000 + turn)
        return time.monotonic()

    return work


def from_queue(desk: Desk) -> Callable[[], float]:
    """Return work that takes what the queue holds until it is empty; looking in vain at the end does not count."""
    ended, finish = [time.monotonic()], desk.agent.finish

    def noted(ticket_id: str) -> Any:
        result = finish(ticket_id)
        ended.append(time.monotonic())
        return result

    def work() -> float:
        ended.append(time.monotonic())
        with Queue(desk.agent).opened() as queue:
            queue.work(once=True)
        return ended[-1]

    desk.agent.finish = noted  # type: ignore[method-assign]
    return work


def fill_queue(url: str, tickets: int) -> None:
    """Put tickets on record and into the queue."""
    desk = Desk(url)
    mark = os.urandom(4).hex()
    with desk.inside(), Queue(desk.agent).opened() as queue:
        for number in range(tickets):
            incoming = desk.incoming(f"queued-{mark}-{number}", number)
            desk.agent.receive(incoming)
            queue.put(incoming.ticket.id, f"parent {incoming.account_id}")
        # This process lives on and has none of them in hand.
        with desk.store.write() as connection:
            connection.execute(TABLES["ticket"].update().values(worker=None))
    desk.store.close()


class Crew:
    """Processes that are started once and measured many times."""

    def __init__(self, size: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipes: list[Connection] = []
        self.processes = []
        for number in range(size):
            ours, theirs = context.Pipe()
            self.processes.append(context.Process(target=worker, args=(number, theirs), daemon=True))
            self.pipes.append(ours)
        for process in self.processes:
            process.start()

    def measure(self, job: Job, count: int) -> Measured:
        """Let some of the processes do a job; they begin together when all of them are ready."""
        pipes = self.pipes[:count]
        for pipe in pipes:
            pipe.send(job)
            pipe.recv()
        for pipe in pipes:
            pipe.send("go")
        told = [pipe.recv() for pipe in pipes]
        return Measured(max(one.wall for one in told), sum(one.cpu for one in told))

    def end(self) -> None:
        """Send everybody home."""
        for pipe in self.pipes:
            pipe.send(None)
        for process in self.processes:
            process.join()


def measured(crew: Crew, setting: Setting, tickets: int, rounds: int) -> dict[int, Measured]:
    """Return the medians over some rounds, in each of which every number of processes has its turn."""
    found: dict[int, list[Measured]] = {count: [] for count in PROCESSES}
    for _ in range(rounds):
        for count in PROCESSES:
            if setting.kind == "queue":
                fill_queue(setting.url, tickets * count)
            found[count].append(crew.measure(Job(setting.kind, setting.url, setting.work, tickets), count))
    return {
        count: Measured(statistics.median(one.wall for one in some), statistics.median(one.cpu for one in some))
        for count, some in found.items()
    }


def tell(setting: Setting, found: dict[int, Measured], tickets: int) -> None:
    """Print a row: tickets a second by the number of processes, and what more processes bring."""
    speed = {count: count * tickets / one.wall for count, one in found.items()}
    cpu = found[1].cpu / tickets * 1000
    rows = "".join(f"{speed[count]:8.1f}" for count in PROCESSES)
    more = "".join(f"{speed[count] / speed[1]:8.2f}" for count in PROCESSES[1:])
    print(f"  {setting.title:36}{cpu:8.1f}{rows}   {more}", flush=True)


def settings(stack: ExitStack, folder: Path) -> list[Setting]:
    """Return the rows of the table, each with a database of its own."""
    found = stack.enter_context(server())

    def postgres(*, waits: bool = True) -> str:
        return stack.enter_context(database(found, waits=waits))

    queue = postgres()
    fill_queue(queue, 1)
    return [
        Setting("plain graph, SQLite", "plain", sqlite_url(folder, "plain")),
        Setting("ticket, SQLite", "ticket", sqlite_url(folder, "ours")),
        Setting("plain graph, PostgreSQL", "plain", postgres()),
        Setting("ticket, PostgreSQL", "ticket", postgres()),
        Setting("ticket from the queue, PostgreSQL", "queue", queue),
        Setting("plain graph, no wait for the disk", "plain", postgres(waits=False)),
        Setting("ticket, no wait for the disk", "ticket", postgres(waits=False)),
        Setting("ticket with a proposer of some ms", "ticket", postgres(), HASHES),
    ]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=25, help="how many each process gets")
    parser.add_argument("--rounds", type=int, default=1, help="how often everything is measured; medians are told")
    given = parser.parse_args()
    began, crew = time.monotonic(), Crew(PROCESSES[-1])
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        rows = settings(stack, Path(folder))
        print(f"Tickets a second, {given.tickets} a process, {os.cpu_count()} cores; CPU: milliseconds a ticket")
        columns = "".join(f"{count:8}" for count in PROCESSES)
        times = "".join(f"{f'x{count}':>8}" for count in PROCESSES[1:])
        print(f"  {'':36}{'CPU':>8}{columns}   {times}   (processes; times one process)")
        for setting in rows:
            tell(setting, measured(crew, setting, given.tickets, given.rounds), given.tickets)
        crew.end()
    print(f"  measured in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
