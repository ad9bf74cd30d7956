"""The nursery: it forks the processes that get killed, and kills them; each is the one agent of its own process.

It loads the code once, so that a killed process is back at once.
"""

import contextlib
import json
import logging
import os
import signal
import sys
import time
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from orders import Orders
from roles import ROLES, Desk

from cxagent import clock
from cxagent.errors import BadInput, Unreachable


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
            case {"ask": pid}:  # to end after what it has in hand
                if pid in self.alive:
                    os.kill(pid, signal.SIGTERM)
                return True
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
    form = "%(asctime)s %(process)d %(name)s: %(message)s"
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format=form)
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
            ROLES[orders.mode](_opened(orders))
        code = 0
    except BaseException as error:
        _last_words(orders, error)
    finally:
        os._exit(code)


def _opened(orders: Orders) -> Desk:
    """Open the agent; a database that is away just then is asked again, as whoever starts processes would."""
    for _ in range(4):
        with contextlib.suppress(Unreachable):
            return Desk(orders)
        time.sleep(0.2)
    return Desk(orders)


def _last_words(orders: Orders, error: BaseException) -> None:
    row = {"at": round(time.time(), 3), "what": "died", "life": orders.life, "said": f"{type(error).__name__}: {error}"}
    with (Path(orders.box) / "journal" / f"{orders.name}.jsonl").open("a", encoding="utf-8") as journal:
        journal.write(json.dumps({**row, "orders": asdict(orders)}) + "\n")


if __name__ == "__main__":
    main()
