"""One run while it happens: who sits where, who is killed when, what is delivered, and how far it is."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployment import Deployment
from nursery import Nursery
from orders import Mode, Orders
from proxy import FaultProxy
from sqlalchemy import Select, func, select

from cxagent.domain.ticket import Incoming
from cxagent.ledger import tickets as ledger_tickets
from cxagent.ledger.store import TABLES, Store

TICKET, DRAFT, EXECUTION = TABLES["ticket"], TABLES["draft"], TABLES["execution"]
_BY_STATUS = select(TICKET.c.status, func.count()).group_by(TICKET.c.status)
_PENDING = select(func.count()).where(DRAFT.c.status == "pending")
AIMS: dict[str, Select[Any] | None] = {
    "anybody": None,
    "effect": select(EXECUTION.c.worker).where(EXECUTION.c.status == "started"),
    "verdict": select(DRAFT.c.worker).where(DRAFT.c.status.in_(("decided", "applying"))),
    "ticket": select(TICKET.c.worker).where(TICKET.c.status == "working"),
}
"""Whom a kill looks for: anybody, or whoever is, by the ledger, in the middle of an effect, a verdict, a ticket."""
ODDS = (4, 4, 2, 1)
LONGEST_AIM = 3.0
"""After how many seconds of aiming a kill hits anybody."""
SKEWS = (0, 0, 7, -7, 40, -40)
"""By how many minutes the clock of a process is wrong."""
DUPLICATED = 0.15
"""The share of tickets that is delivered more than once."""
STRUCK_BY = 0.9
"""By what share of the tickets the last kill has happened."""
AHEAD, PILE = 12, 40
"""How many tickets per worker may be on their way at once, and how many may wait for reviewers beside those."""


@dataclass(frozen=True)
class Wanted:
    """What a run is asked for."""

    store: str
    tickets: int
    kills: int
    faults: int
    intakes: int
    workers: int
    reviewers: int
    seed: int
    server: str | None
    keep: bool


@dataclass
class Seat:
    """A place that is always taken: by the next process as soon as one is gone."""

    mode: Mode
    place: int
    pid: int = 0
    life: int = 0

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
    shares: tuple[int, ...]
    nursery: Nursery
    dice: random.Random = field(init=False)
    incoming: Iterator[Incoming] = field(init=False)
    store: Store = field(init=False)
    given: list[str] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    lives: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    crashes: int = 0
    watching: bool = False
    hits: Counter[str] = field(default_factory=Counter)
    took: dict[str, float] = field(default_factory=dict)
    deliveries: int = 0

    def __post_init__(self) -> None:
        """Lay out the folders."""
        self.dice = random.Random(f"conductor/{self.wanted.seed}")
        self.incoming = self.deployment.tickets(self.wanted.seed)
        self._look_ahead()
        for name in ("inbox", "hand", "done", "given_up", "journal", "stage", "ready"):
            (self.box / name).mkdir(parents=True)

    @property
    def box(self) -> Path:
        """Where deliveries lie."""
        return self.work / "box"

    @property
    def faults(self) -> int:
        """How many faults the proxies injected."""
        return sum(proxy.faults for proxy in self.proxies)

    # ---- processes --------------------------------------------------------------------------------------------------

    def crowd(self) -> None:
        """Take the places of the storm; they open an empty database all at once."""
        self.seat("intake", self.wanted.intakes)
        self.seat("worker", self.wanted.workers)
        self.seat("reviewer", self.wanted.reviewers)

    def seat(self, mode: Mode, count: int) -> None:
        """Take `count` places."""
        for place in range(count):
            seat = Seat(mode, place)
            (self.box / "hand" / seat.name).mkdir(exist_ok=True)
            self.seats.append(seat)
            self._birth(seat)

    def _birth(self, seat: Seat) -> None:
        self.lives[seat.name] += 1
        seat.life = self.lives[seat.name]
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
        self._redeliver(seat)
        self._birth(seat)

    def _redeliver(self, seat: Seat) -> None:
        for delivery in (self.box / "hand" / seat.name).iterdir():
            delivery.rename(self.box / "inbox" / delivery.name)

    def dismiss(self, patience: float = 15.0) -> None:
        """Ask everybody to end after what they have in hand; whoever does not is killed."""
        (self.box / "stop").touch()
        for seat in self.seats:
            if seat.mode == "worker":
                self.nursery.ask(seat.pid)
        begun = time.monotonic()
        while self.nursery.alive() and time.monotonic() - begun < patience:
            time.sleep(0.05)
        for pid in self.nursery.alive():
            self.nursery.kill(pid)
        for seat in self.seats:
            self._redeliver(seat)
        self.seats.clear()
        (self.box / "stop").unlink()

    def strike(self) -> None:
        """Kill somebody, if it is time; moment, aim and victim are the seed's, one in ten dies while it is born.

        So many kills for so many tickets: on a slow machine processes would else only ever die while they are born.
        """
        if self.kills >= self.wanted.kills or sum(self.ended()) < self.next_kill:
            return
        self.aiming = self.aiming or time.monotonic()
        aimed = self._aimed()
        if aimed and self.nursery.kill((seat := self.dice.choice(aimed)).pid):
            self.kills += 1
            self.hits[self.aim] += 1
            self._look_ahead()
            self._replace(seat)

    def _aimed(self) -> list[Seat]:
        """Return those whom the next kill may hit at this very moment."""
        ready = [seat for seat in self.seats if (self.box / "ready" / f"{seat.name}-{seat.life}").exists()]
        if (wanted := AIMS[self.aim]) is None:
            time.sleep(self.dice.uniform(0, 0.2))
            return self.seats if self.dice.random() < 0.1 else ready
        with self.store.read() as connection:
            busy = {int(worker.split("/")[1]) for worker in connection.execute(wanted).scalars() if worker}
        if found := [seat for seat in ready if seat.pid in busy]:
            return found
        if time.monotonic() - self.aiming > LONGEST_AIM:
            self.aim = "anybody"
        return []

    def _look_ahead(self) -> None:
        """Draw after how many tickets the next kill comes, and whom it looks for."""
        each = STRUCK_BY * self.wanted.tickets / max(1, self.wanted.kills)
        self.next_kill = (self.kills + self.dice.random()) * each
        self.aim, self.aiming = self.dice.choices(list(AIMS), ODDS)[0], 0.0

    # ---- deliveries -------------------------------------------------------------------------------------------------

    def feed(self) -> None:
        """Deliver the next tickets, some of them twice or thrice, and let so many faults happen for so many tickets.

        More tickets than were asked for where kills and faults are still to come: they need something to hit.
        """
        closed, waiting = self.ended()
        most = closed + min(waiting, PILE) + AHEAD * self.wanted.workers
        share = min(1.0, most / self.wanted.tickets)
        for proxy, faults in zip(self.proxies, self.shares, strict=True):
            proxy.most = int(share * faults) if share < 1.0 else faults
        while self.fed < most and not self.over:
            if self.fed >= self.wanted.tickets and self._waiting():
                return
            incoming = next(self.incoming)
            times = 1 + (self.dice.random() < DUPLICATED) * self.dice.randint(1, 2)
            for _ in range(times):
                self._deliver(incoming)
            self.given.append(incoming.ticket.id)

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
        return self.fed >= self.wanted.tickets and self._struck

    @property
    def fed(self) -> int:
        """How many tickets were delivered."""
        return len(self.given)

    @property
    def _struck(self) -> bool:
        return self.kills >= self.wanted.kills and self.faults >= self.wanted.faults

    def opened(self) -> bool:
        """Whether somebody has made the tables: it is not the conductor who makes them."""
        return any((self.box / "ready").iterdir())

    def begin(self) -> None:
        """Look into the ledger from now on."""
        self.store, self.watching = Store.open(self.direct), True

    def moved(self) -> tuple[object, ...]:
        """Return what changes as long as anything happens."""
        files = sum(1 for _ in (self.box / "done").iterdir()), sum(1 for _ in (self.box / "ready").iterdir())
        return (*files, *sorted(self.state().items())) if self.watching else files

    def ended(self) -> tuple[int, int]:
        """Return how many tickets are over, and how many are a person's."""
        with self.store.read() as connection:
            found = {str(status): int(count) for status, count in connection.execute(_BY_STATUS)}
        return sum(found.get(status, 0) for status in ledger_tickets.CLOSED), found.get("waiting", 0)

    def state(self) -> Counter[str]:
        """Count the tickets by status, the drafts that wait, and what is left of crashes."""
        with self.store.read() as connection:
            found = Counter({str(status): int(count) for status, count in connection.execute(_BY_STATUS)})
            found["drafts"] = connection.execute(_PENDING).scalar_one()
            found["left"] = len(ledger_tickets.unfinished(connection))
        return found

    def quiet(self) -> bool:
        """Whether nothing is on its way, nobody waits for a reviewer, and nothing is left of a crash."""
        if self._waiting() or self._in_hand():
            return False
        state = self.state()
        return not (state["drafts"] or state["left"] or state["received"] or state["working"] or state["waiting"])
