"""The processes that get killed: a nursery that forks workers and reviewers, each the one agent of its own process.

A worker takes deliveries from a folder and runs them, and now and then finishes what a crash left. A reviewer decides
what waits, sometimes at the same moment as another one and against it, and resumes a thread twice. The nursery loads
the code once, so that a killed process is back at once. Every process writes what it was told into a journal.
"""

import contextlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from langgraph.types import Command

from cxagent import clock
from cxagent.agent import Agent
from cxagent.domain.review import Verdict
from cxagent.domain.ticket import Incoming
from cxagent.errors import BadInput, Conflict, CxagentError, Refused
from cxagent.ledger import reports, tickets

Mode = Literal["worker", "reviewer", "recover"]
PEOPLE = ("Miriam Okafor", "Ruth Adeyemi")
"""Whoever may sign everything; one for every second reviewer."""
WITHOUT_RANK = "Lena Hartmann"
BEAT = 0.5
"""The seconds between two moments at which rivals decide together."""
VERDICTS: tuple[Verdict, ...] = ("approve", "edit", "reject", "respond")
FEW = 5
"""How many drafts a reviewer takes from the top of the list at a time."""


@dataclass(frozen=True)
class Orders:
    """What one process is started with; `place` counts the processes of its mode, `life` its restarts."""

    mode: Mode
    place: int
    life: int
    home: str
    box: str
    database: str
    seed: int
    skew_minutes: int
    rivals: int = 2

    @property
    def name(self) -> str:
        """What the journal and the folder of this process are called."""
        return f"{self.mode}-{self.place}"


class Desk:
    """One process at work: its agent, its dice, its folder and its journal."""

    def __init__(self, orders: Orders) -> None:
        self.orders, self.box, self.parent = orders, Path(orders.box), os.getppid()
        self.dice = random.Random(f"{orders.seed}/{orders.name}/{orders.life}")
        self.agent = Agent.open(orders.home)
        self.journal = (self.box / "journal" / f"{orders.name}.jsonl").open("a", encoding="utf-8", buffering=1)
        self.note("ready", pid=os.getpid(), life=orders.life, skew=orders.skew_minutes)
        (self.box / "ready" / f"{orders.name}-{orders.life}").touch()

    def note(self, what: str, **about: Any) -> None:
        """Write one line into the journal."""
        self.journal.write(json.dumps({"at": round(time.time(), 3), "what": what, **about}, default=str) + "\n")

    def told(self, what: str, doing: Callable[[], Any], **about: Any) -> tuple[str, Any]:
        """Do something and note what came of it: `ok`, `conflict`, `refused`, or `trouble` with its name."""
        try:
            result = doing()
        except Conflict as error:
            outcome, result = "conflict", str(error)
        except (Refused, BadInput) as error:
            outcome, result = "refused", str(error)
        except CxagentError as error:
            outcome, result = "trouble", f"{type(error).__name__}: {error}"
        except Exception as error:  # what no error class of ours foresees is a finding, not an end
            outcome, result = "error", f"{type(error).__name__}: {error}"
        else:
            outcome = "ok"
        said = {"status": result.get("status")} if isinstance(result, dict) else {"said": str(result)[:300]}
        self.note(what, outcome=outcome, **about, **said)
        return outcome, result

    @property
    def over(self) -> bool:
        """Whether the conductor asked everybody to stop, or is gone with the nursery."""
        return (self.box / "stop").exists() or os.getppid() != self.parent

    # ---- worker -----------------------------------------------------------------------------------------------------

    def work(self) -> None:
        """Run deliveries until the end; one that met trouble goes back into the box, as a queue would have it."""
        while not self.over:
            taken = self._take()
            if taken is None:
                time.sleep(0.05)
            else:
                self._run(taken)
            if self.dice.random() < 0.05:
                self.recover()

    def _take(self) -> Path | None:
        hand = self.box / "hand" / self.orders.name
        waiting = sorted((self.box / "inbox").iterdir())[:FEW]
        for delivery in self.dice.sample(waiting, len(waiting)):
            with contextlib.suppress(FileNotFoundError):
                return delivery.rename(hand / delivery.name)
        return None

    def _run(self, taken: Path) -> None:
        incoming = Incoming.model_validate_json(taken.read_text(encoding="utf-8"))
        outcome, _ = self.told("run", lambda: self.agent.run(incoming), ticket=incoming.ticket.id, file=taken.name)
        if outcome == "ok":
            taken.rename(self.box / "done" / taken.name)
            return
        time.sleep(self.dice.uniform(0.05, 0.3))
        tries = int(taken.suffix.removeprefix(".") or 0) + (outcome in ("error", "refused"))
        folder = "given_up" if tries > 8 else "inbox"
        taken.rename(self.box / folder / f"{taken.stem}.{tries}")

    def recover(self) -> None:
        """Finish what crashes left."""
        self.told("recover", lambda: recover(self.agent))

    # ---- reviewer ---------------------------------------------------------------------------------------------------

    def review(self) -> None:
        """Decide what waits until the end."""
        while not self.over:
            outcome, waiting = self.told("list", self._waiting)
            for row in waiting if outcome == "ok" else ():
                self._decide(row)
            time.sleep(0.1)

    def _waiting(self) -> list[dict[str, Any]]:
        with self.agent.store.read() as connection:
            return reports.drafts(connection)[:FEW]

    def _decide(self, row: dict[str, Any]) -> None:
        ticket_id, place = row["ticket_id"], self.orders.place
        chance = random.Random(f"{self.orders.seed}/{ticket_id}")
        contested, mine = chance.random() < 0.4, chance.randrange(self.orders.rivals) == place
        verdict: Verdict = chance.choices(VERDICTS, (60, 15, 15, 10))[0]
        if contested:
            if place % 2:
                verdict = "approve" if verdict == "reject" else "reject"
            time.sleep(BEAT - time.time() % BEAT)
        elif not mine:
            return
        by = WITHOUT_RANK if chance.random() < 0.1 and self.dice.random() < 0.5 else PEOPLE[place % len(PEOPLE)]
        about = {"draft": row["id"], "ticket": ticket_id, "by": by, "verdict": verdict, "contested": contested}
        outcome, _ = self.told(
            "review", lambda: self.agent.review(row["id"], verdict, by, **_more(verdict, row)), **about
        )
        if outcome == "ok" and self.dice.random() < 0.3:
            self._again(row, by)

    def _again(self, row: dict[str, Any], by: str) -> None:
        """Decide a draft a second time by both ways in; neither may change anything."""
        thread: Any = {"configurable": {"thread_id": row["ticket_id"]}}
        answer = {"type": self.dice.choice(("approve", "reject"))}
        about = {"draft": row["id"], "ticket": row["ticket_id"]}
        self.told("resume_again", lambda: self.agent.app.invoke(Command(resume=answer), thread), **about)
        self.told("review_again", lambda: self.agent.review(row["id"], "reject", by), by=by, verdict="reject", **about)


def recover(agent: Agent) -> int:
    """Finish what crashes left; return how many tickets there were."""
    with agent.store.read() as connection:
        left = tickets.unfinished(connection)
    trouble: list[Exception] = []
    for ticket_id in left:
        try:
            agent.finish(ticket_id)
        except Conflict:
            continue
        except Exception as error:  # one ticket that cannot be finished keeps no other from it
            trouble.append(error)
    if trouble:
        raise trouble[0]
    return len(left)


def _more(verdict: str, row: dict[str, Any]) -> dict[str, Any]:
    match verdict:
        case "edit":
            calls = [action for part in row["card"]["parts"] for action in part["actions"]]
            return {"args": [_lowered(call) for call in calls], "reason": "wrong_action_or_amount"}
        case "respond":
            return {"reply": "Thank you for your message. I will look into this and come back to you."}
        case "reject":
            return {"reason": "other", "note": "not this time"}
        case _:
            return {}


def _lowered(call: dict[str, Any]) -> dict[str, Any]:
    args = dict(call["args"])
    if "amount" in args:
        args["amount"] = f"{max(1, int(float(args['amount'])) - 3)}.00"
    return {"tool": call["tool"], "args": args}


# ---- the nursery ----------------------------------------------------------------------------------------------------


class Nursery:
    """Forks and kills processes on orders, one line of JSON each; it knows exactly which of its children live."""

    def __init__(self) -> None:
        self.alive: set[int] = set()
        signal.signal(signal.SIGCHLD, self._bury)

    def _bury(self, *_: object) -> None:
        """Reap at once: a killed child that is a zombie would look alive."""
        with contextlib.suppress(ChildProcessError):
            while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                self.alive.discard(pid)

    def obey(self, order: dict[str, Any]) -> Any:
        """Carry out one order and return what the conductor wants to know."""
        match order:
            case {"fork": orders}:
                return self._fork(Orders(**orders))
            case {"kill": pid}:
                return self._kill(pid)
            case {"alive": _}:
                return sorted(self.alive)
        raise BadInput(f"no such order: {order}")

    def end(self) -> None:
        """Kill whoever is left."""
        for pid in sorted(self.alive):
            self._kill(pid)

    def _fork(self, orders: Orders) -> int:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        pid = os.fork()
        if pid == 0:
            _live(orders)
        self.alive.add(pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        return pid

    def _kill(self, pid: int) -> bool:
        if pid not in self.alive:
            return False
        os.kill(pid, signal.SIGKILL)
        while pid in self.alive:  # until it is buried
            time.sleep(0.001)
        return True


def main() -> None:
    """Serve the conductor until its input ends."""
    nursery = Nursery()
    print(json.dumps("ready"), flush=True)
    while line := sys.stdin.readline():
        print(json.dumps(nursery.obey(json.loads(line))), flush=True)
    nursery.end()


def _live(orders: Orders) -> None:
    """Be a process from birth to end; it never returns."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        os.environ["CXAGENT_DATABASE_URL"] = orders.database
        with clock.shifted(timedelta(minutes=orders.skew_minutes)):
            begin(orders)
        code = 0
    except BaseException as error:
        _last_words(orders, error)
    finally:
        os._exit(code)


def begin(orders: Orders) -> None:
    """Do what the mode says until it is over."""
    desk = Desk(orders)
    match orders.mode:
        case "worker":
            desk.work()
        case "reviewer":
            desk.review()
        case "recover":
            while not desk.over:
                desk.recover()
                time.sleep(0.3)


def _last_words(orders: Orders, error: BaseException) -> None:
    row = {"at": round(time.time(), 3), "what": "died", "life": orders.life, "said": f"{type(error).__name__}: {error}"}
    with (Path(orders.box) / "journal" / f"{orders.name}.jsonl").open("a", encoding="utf-8") as journal:
        journal.write(json.dumps({**row, "orders": asdict(orders)}) + "\n")


if __name__ == "__main__":
    main()
