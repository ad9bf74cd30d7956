"""What a ticket costs as the ledger grows: decisions on record, accounts, both databases, and the memory of a worker.

Every size has a ledger of its own; in every round each of them gets one ticket, and the ratio to the smallest is taken
round by round. Run it with `make bench`; `--full` goes up to a million decisions and takes some minutes.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from databases import Served, database, server
from desk import Desk, sqlite_url
from filling import History, plans
from sqlalchemy import Engine, event
from timing import Taken, ratio, side_by_side

from cxagent import recovery
from cxagent.ledger import reports

ROUNDS, WARM_UP = 40, 8
SIZES = ((1_000, 1_000), (10_000, 10_000), (100_000, 1_000), (100_000, 100_000))
FULL = ((1_000, 1_000), (100_000, 100_000), (1_000_000, 100_000))
MEMORY = """
import re, tempfile
from pathlib import Path
def held(): return re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
bare = held()
from desk import Desk, sqlite_url
imported = held()
with tempfile.TemporaryDirectory() as folder:
    desk = Desk(sqlite_url(Path(folder), "memory"))
    with desk.inside():
        told = []
        for number in range({tickets} + 1):
            if number % ({tickets} // 4) == 0: told.append(held())
            desk.alone(f"T{{number}}", number % 500)
    print(bare, imported, *told)
"""


class Sized:
    """A ledger of one size, ready to work."""

    def __init__(self, url: str, decisions: int, accounts: int) -> None:
        self.decisions, self.accounts = decisions, accounts
        self.desk = Desk(url)
        began = time.monotonic()
        History(decisions, accounts).fill(self.desk.store)
        self.filled = time.monotonic() - began
        self.name = f"{decisions:>9,} {accounts:>9,}"

    def alone(self, number: int) -> None:
        """Let a ticket of an account with a history be answered alone."""
        with self.desk.inside():
            self.desk.alone(f"T{number}", number * 37 % self.accounts)

    def reviewed(self, number: int) -> None:
        """Let a ticket of an account with a history wait, and be approved."""
        with self.desk.inside():
            self.desk.reviewed(f"T{number}", (number * 37 + 11) % self.accounts)

    def screens(self) -> dict[str, float]:
        """Return the milliseconds of what looks over the whole ledger: the drafts, a recovery, one result."""
        store, agent = self.desk.store, self.desk.agent

        def drafts() -> None:
            with store.read() as connection:
                assert len(reports.drafts(connection)) >= 1

        def result() -> None:
            with store.read() as connection:
                assert reports.result(connection, "old-1")["status"] == "done"

        def sweep() -> None:
            recovery.sweep(agent)

        works: dict[str, Callable[[], None]] = {"drafts": drafts, "sweep": sweep, "result": result}
        with self.desk.inside():
            return {name: milliseconds(work) for name, work in works.items()}


def milliseconds(work: Callable[[], Any], times: int = 5) -> float:
    """Return the median wall time of a call."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def tell(kind: str, ledgers: list[Sized], served: Served | None) -> None:
    """Measure one database's ledgers in turn and print their rows."""
    found: dict[str, dict[str, Taken]] = {}
    for line in ("alone", "reviewed"):
        works = {one.name: getattr(one, line) for one in ledgers}
        found[line] = side_by_side(works, rounds=ROUNDS, warm_up=WARM_UP, served=served)
    smallest = ledgers[0].name
    for one in ledgers:
        row = ""
        for taken in found.values():
            mine, first = taken[one.name], taken[smallest]
            both, base = mine.all_cpu, first.all_cpu
            row += f"{statistics.median(both):9.1f}{statistics.median(mine.wall):8.1f}"
            row += f"{ratio(both, base):7.2f}{ratio(mine.wall, first.wall):7.2f}"
        screens = "".join(f"{value:8.1f}" for value in one.screens().values())
        print(f"  {kind:11}{one.name}{row}{screens}{one.filled:8.0f}", flush=True)


def whole_tables(one: Sized) -> list[str]:
    """Name every statement of a ticket, a draft, a recovery and the screens that reads a whole large table."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    one.alone(10_001)
    one.reviewed(10_001)
    one.screens()
    event.remove(Engine, "before_cursor_execute", note)
    small = ("stop", "latitude", "migration", "trust_event", "handoff")
    found = plans(one.desk.store, seen)
    return [f"{plan}: {' '.join(text.split())[:110]}" for text, plan in found if not any(t in plan for t in small)]


def memory(tickets: int) -> None:
    """Print the memory that a process holds while it takes many tickets, by quarters; Linux alone tells it."""
    if not Path("/proc/self/status").exists():
        return
    script = MEMORY.format(tickets=tickets)
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    )
    bare, imported, *told = (float(value) / 1024 for value in ran.stdout.split())
    quarters = ", ".join(f"{value:.0f}" for value in told)
    print(f"Memory of a worker, MiB: bare Python {bare:.0f}, imported {imported:.0f}; from the first ticket on,")
    print(f"  after each quarter of {tickets:,} tickets: {quarters}; the second half adds {told[-1] - told[2]:.1f}")


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="a thousand, a hundred thousand and a million decisions")
    parser.add_argument("--tickets", type=int, default=600, help="for the memory of a worker")
    parser.add_argument("--only", choices=("sqlite", "postgresql", "memory"))
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        sizes = FULL if given.full else SIZES
        if given.only != "memory":
            print(f"Cost by what is on record: milliseconds, medians of {ROUNDS} rounds in turn; CPU with the server's")
            part = f"{'CPU':>9}{'wall':>8}{'/ CPU':>7}{'/ wall':>7}"
            print(f"  {'':31}{'answered alone':>31}{'draft and approval':>31}")
            screens = "".join(f"{name:>8}" for name in ("drafts", "sweep", "result", "fill s"))
            print(f"  {'':11}decisions  accounts{part}{part}{screens}")
        scans: list[str] = []
        if given.only in (None, "sqlite"):
            files = [Sized(sqlite_url(Path(folder), f"{d}-{a}"), d, a) for d, a in sizes]
            tell("SQLite", files, None)
            scans += whole_tables(files[-1])
        if given.only in (None, "postgresql"):
            found = stack.enter_context(server())
            ledgers = [Sized(stack.enter_context(database(found)), d, a) for d, a in sizes]
            tell("PostgreSQL", ledgers, Served(found))
            scans += whole_tables(ledgers[-1])
        if given.only != "memory":
            print("Statements that read a whole large table: " + ("; ".join(scans) or "none"))
    if given.only in (None, "memory"):
        memory(2000 if given.full else given.tickets)
    print(f"  measured in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
