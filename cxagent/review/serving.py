"""The server process: pages and API over one inbox, and beside them what must be done while nobody asks.

Nothing is kept in the process. What it had not done when it ended, the next one finds in the ledger and does.
"""

import contextvars
import logging
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from cxagent import clock, recovery
from cxagent.agent import Agent
from cxagent.errors import Unreachable
from cxagent.inbox import Inbox
from cxagent.quality import auditing, ladder, repairs

RELEASE_SECONDS, DELIVER_SECONDS, SWEEP_SECONDS, DRAW_SECONDS = 0.25, 3.0, 60.0, 300.0
"""How often verdicts are carried out, webhooks delivered, late drafts passed on and cells moved, and audits drawn."""
LONGEST_PAUSE = 30.0
"""The longest pause before a chore that failed is tried again."""
GRACE_SECONDS = 3
"""How long requests under way may take when the server is told to stop; a stream of events never ends by itself."""
log = logging.getLogger("cxagent.review")


class Chore(NamedTuple):
    """Something to be done every so often, in a thread of its own, so that a slow one keeps no other waiting."""

    name: str
    every: float
    do: Callable[[], object]


def bound(host: str, port: int) -> socket.socket:
    """Return a socket that listens; `Unreachable` says why there can be none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        if error.errno == 98 or "in use" in str(error):
            said = f"port {port} on {host} is taken; stop what listens there, or choose another with --port"
        else:
            said = f"cannot listen on {host} port {port}: {error.strerror or error}"
        raise Unreachable(said) from None
    return listening


def serve(app: Any, listening: socket.socket, chores: Sequence[Chore]) -> None:
    """Answer requests until SIGTERM or SIGINT, with the chores beside; what runs then ends first."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: Any) -> None:
            app.state.site.stopping.set()
            super().handle_exit(sig, frame)

    with _told_to_stop_is_no_failure(), beside(chores):
        Server(config).run(sockets=[listening])


@contextmanager
def beside(chores: Sequence[Chore]) -> Iterator[None]:
    """Do the chores while the block runs; at its end each finishes what it has in hand."""
    stopping = threading.Event()
    # A thread begins with an empty context: the clock of this one must hold in it, too.
    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(_keep_doing, one, stopping), name=one.name)
        for one in chores
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def _keep_doing(chore: Chore, stopping: threading.Event) -> None:
    """Do a chore again and again; whatever fails gets a line in the log and is tried again, later each time."""
    failed = 0
    while not stopping.is_set():
        try:
            chore.do()
            if failed:
                log.warning("%s: goes on again", chore.name)
            failed = 0
        except Unreachable as error:
            failed += 1
            if failed == 1:  # an outage is told when it begins and when it is over
                log.warning("%s: %s; waiting for it", chore.name, error)
        except Exception:
            failed += 1
            log.exception("%s: failed and is tried again", chore.name)
        stopping.wait(min(chore.every * 2 ** min(failed, 10), max(LONGEST_PAUSE, chore.every)))


@contextmanager
def _told_to_stop_is_no_failure() -> Iterator[None]:
    """Let a signal that ended the server gracefully count as done: uvicorn raises it once more when it is through."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(one, lambda *_: None) for one in ours]
    try:
        yield
    finally:
        for one, handler in zip(ours, before, strict=True):
            signal.signal(one, handler)


class Sweeping:
    """Passes on what is late; with `finishing` it also goes on with what a crash left, as a worker would."""

    def __init__(self, agent: Agent, finishing: bool) -> None:
        self.agent, self.finishing = agent, finishing
        self._attempts: Counter[str] = Counter()

    def __call__(self) -> None:
        """Sweep once."""
        left = recovery.sweep(self.agent)
        for ticket_id in left if self.finishing else ():
            if recovery.finish(self.agent, ticket_id, self._attempts[ticket_id]):
                self._attempts[ticket_id] += 1


def chores(
    inbox: Inbox, *, finishing: bool = True, deliver: Callable[[], object] | None = None, more: Sequence[Chore] = ()
) -> list[Chore]:
    """Return what a server does beside answering."""
    found = [
        Chore("verdicts", RELEASE_SECONDS, inbox.release),
        Chore("what is late", SWEEP_SECONDS, Sweeping(inbox.agent, finishing)),
        Chore("audits", DRAW_SECONDS, lambda: auditing.draw(inbox.agent, clock.now())),
        Chore("latitude", SWEEP_SECONDS, lambda: ladder.sweep(inbox.agent, clock.now())),
        Chore("repairs", DRAW_SECONDS, lambda: repairs.sweep(inbox.agent, clock.now())),
        *more,
    ]
    return [*found, Chore("webhooks", DELIVER_SECONDS, deliver)] if deliver else found
