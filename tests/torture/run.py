"""One run while it happens: who sits where, who is killed when, what is delivered, and how far it is."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deployment import Deployment
from process import Mode, Orders
from proxy import FaultProxy

from cxagent.agent import Agent
from cxagent.domain.ticket import Incoming
from cxagent.ledger import tickets as ledger_tickets
from cxagent.ledger.store import TABLES, Store
from cxagent.project import DATABASE

HERE = Path(__file__).resolve().parent
SKEWS = (0, 0, 7, -7, 40, -40)
"""By how many minutes the clock of a process is wrong."""
DUPLICATED = 0.15
"""The share of tickets that is delivered more than once."""
PATIENT = 2.0
"""For how long a kill waits at most until something was finished since the last one."""


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
