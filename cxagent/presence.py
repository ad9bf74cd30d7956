"""Who is at work: a name for every run, and whether a run that left something unfinished is gone.

It spares two runs from working on the same thing, and tells a crash from work under way. Nothing rests on it: what
happens once is decided by the ledger's own statements.
"""

import contextlib
import contextvars
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

from cxagent import clock

QUIET = timedelta(minutes=5)
"""After how long a run of another process that noted nothing new counts as gone."""

_HOST = socket.gethostname()
_live: set[str] = set()
_guard = threading.Lock()
_name: contextvars.ContextVar[str | None] = contextvars.ContextVar("worker", default=None)


def me() -> str:
    """Return the name of this run: machine, process, and a word of its own; `-` where a graph runs by itself."""
    return _name.get() or f"{_HOST}/{os.getpid()}/-"


def named() -> str | None:
    """Return the name of this run, or None where nothing runs: who only puts a ticket on record has none in hand."""
    return _name.get()


@contextlib.contextmanager
def at_work() -> Iterator[str]:
    """Give a run its name for as long as it lasts; a run inside a run has the same."""
    if (known := _name.get()) is not None:
        yield known
        return
    name = f"{_HOST}/{os.getpid()}/{secrets.token_hex(4)}"
    token = _name.set(name)
    with _guard:
        _live.add(name)
    try:
        yield name
    finally:
        with _guard:
            _live.discard(name)
        _name.reset(token)


def gone(worker: str | None, since: str | None) -> bool:
    """Whether a run is over, as far as this process can see; one that noted nothing for long counts as over."""
    if worker is None:
        return True
    host, pid, _ = worker.rsplit("/", 2)
    if host == _HOST and int(pid) == os.getpid():
        return worker not in _live
    if since is None or datetime.fromisoformat(since) + QUIET < clock.now():
        return True
    if host != _HOST:
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def other(worker: str | None, since: str | None) -> bool:
    """Whether a run other than this one has something in hand."""
    return worker != me() and not gone(worker, since)
