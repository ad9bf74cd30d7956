"""The conductor's end of the nursery: fork, kill, ask to end, and who lives."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from orders import Orders

HERE = Path(__file__).resolve().parent


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

    def wait(self) -> None:
        """Wait until the code is loaded."""
        self._answer()

    def fork(self, orders: Orders) -> int:
        """Start a process; return its pid."""
        return int(self._ask({"fork": asdict(orders)}))

    def kill(self, pid: int) -> bool:
        """Kill a process as `kill -9` does; False where it was over already."""
        return bool(self._ask({"kill": pid}))

    def ask(self, pid: int) -> None:
        """Ask a process to end after what it has in hand."""
        self._ask({"ask": pid})

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
