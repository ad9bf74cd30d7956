"""The circuit breaker of a source: it leaves alone what fails, and tries again with one probe."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class BreakerSettings:
    """When a source is left alone: after so many failures, for so long; and how many calls it gets at once."""

    failures: int = 5
    seconds: float = 30.0
    calls: int = 8


class Breaker:
    """Remembers how a source has been doing: closed, open, or half open with one probe under way.

    A call that misses its deadline and does not come back opens it at once, so a source that hangs costs one
    deadline and not one a ticket; when the call does come back, only the count of failures decides.
    """

    def __init__(self, settings: BreakerSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock = settings, clock
        self._lock = threading.Lock()
        self._failures = self._running = self._lost = 0
        self._opened: float | None = None
        self._probing = False

    @property
    def state(self) -> Literal["closed", "open", "half_open"]:
        """The state at this moment."""
        if self._opened is None:
            return "closed"
        return "half_open" if self._clock() - self._opened >= self._settings.seconds else "open"

    def admits(self) -> bool:
        """Take a place for one call, or refuse it: open, probe under way, or too many calls at once."""
        with self._lock:
            state = self.state
            if state == "open" or (state == "half_open" and self._probing) or self._running >= self._settings.calls:
                return False
            self._probing = state == "half_open"
            self._running += 1
            return True

    def answered(self) -> None:
        """Record a call that came back in time: the source is well."""
        with self._lock:
            self._running -= 1
            self._failures, self._opened, self._probing = 0, None, False

    def failed(self) -> None:
        """Record a call that failed in time."""
        with self._lock:
            self._running -= 1
            self._count()
            if self._failures >= self._settings.failures:
                self._opened = self._clock()

    def lost(self) -> None:
        """Record a call that missed the deadline and still runs."""
        with self._lock:
            self._lost += 1
            self._count()
            self._opened = self._clock()

    def came_back(self) -> None:
        """Record that a lost call ended after all; nobody reads its answer."""
        with self._lock:
            self._running -= 1
            self._lost -= 1
            if not self._lost and self._failures < self._settings.failures:
                self._opened = None

    def _count(self) -> None:
        self._failures += 1
        self._probing = False
