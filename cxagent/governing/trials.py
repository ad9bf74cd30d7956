"""Proofs and dry runs take seconds: each is made in the background, one after the other, and once for a playbook."""

import contextvars
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from cxagent import clock
from cxagent.governing import Governing
from cxagent.governing.dry_run import DryRun
from cxagent.playbook import Playbook
from cxagent.proof import Proof

PATIENCE = 20.0
"""How long a page waits for a trial, in seconds; it goes on by itself, and whoever looks again finds it."""
REMEMBERED = 20


class Trial(NamedTuple):
    """What the proof says of a playbook, and what it would have made of last month's tickets."""

    proof: Proof
    dry_run: DryRun


class Trials:
    """The trials of one process."""

    def __init__(self, governing: Governing) -> None:
        self._governing = governing
        self._worker = ThreadPoolExecutor(1, "playbook-trial")
        self._begun: dict[str, Future[Trial]] = {}
        self._lock = threading.Lock()

    def of(self, book: Playbook, patience: float = PATIENCE) -> Trial | None:
        """Return the trial of a playbook against the one in force; None where it is not done yet."""
        key = f"{book.digest} {self._governing.playbook.digest} {clock.now().date()}"
        with self._lock:
            if (begun := self._begun.get(key)) is None:
                # The thread sees the clock and the bench of whoever asked first.
                begun = self._begun[key] = self._worker.submit(contextvars.copy_context().run, self._made, book)
                for old in list(self._begun)[:-REMEMBERED]:
                    self._begun.pop(old).cancel()
        if not wait([begun], patience).done:
            return None
        if begun.cancelled() or begun.exception() is not None:
            with self._lock:
                self._begun.pop(key, None)
        return begun.result()

    def _made(self, book: Playbook) -> Trial:
        return Trial(self._governing.proof(book), self._governing.dry_run(book))
