"""A worker: takes queued tickets and recoveries, one account's tickets in order, until it is told to stop.

On PostgreSQL the queue is Procrastinate's, in the same database, for any number of workers. On SQLite the ledger itself
is the queue, and one process works it off. A worker keeps no state of its own: kill it, and another one goes on.
"""

import contextlib
import logging
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cxagent import clock, notifying, presence, recovery
from cxagent.agent import Agent
from cxagent.domain.ticket import Incoming, Ticket
from cxagent.domain.value import digest
from cxagent.errors import BadInput, Unreachable
from cxagent.inbox import Inbox
from cxagent.ledger import engine, reports, tickets
from cxagent.quality import auditing, ladder, repairs

if TYPE_CHECKING:
    import asyncio

HEARTBEAT, STALLED = 2.0, 10.0
"""How often a worker says that it lives, and after how many silent seconds its jobs go to another one."""
LONGEST_WAIT = 300
"""The longest pause before a ticket is tried again, in seconds."""
SWEEP_SECONDS = 60
LOOK_SECONDS = 0.2
"""How soon a worker notices that its queue went away."""
log = logging.getLogger("cxagent.worker")


def queued(agent: Agent) -> bool:
    """Whether the agent's database has a queue for more than one process."""
    return engine.parsed(agent.project.database_url).get_backend_name() != "sqlite"


def lock_of(agent: Agent, ticket: Ticket, hint: str | None) -> str:
    """Return what keeps a ticket in order: its ultimate parent; where that is not known, its sender."""
    try:
        root_id = agent.project.steps.judge.look(ticket, hint).root_id
    except Exception:
        root_id = tickets.UNKNOWN
    return f"sender {digest(ticket.sender.email.lower())}" if root_id == tickets.UNKNOWN else f"parent {root_id}"


def pause(attempt: int) -> int:
    """Return how many seconds to wait before the next attempt: twice as long each time."""
    return int(min(2**attempt, LONGEST_WAIT))


class Queue:
    """The queue of one agent: Procrastinate's tables beside the ledger, and what its jobs do."""

    def __init__(self, agent: Agent) -> None:
        from procrastinate import App, SyncPsycopgConnector

        self.agent, self._lost = agent, threading.Event()
        url = engine.parsed(agent.project.database_url).set(drivername="postgresql")
        address = url.render_as_string(hide_password=False)
        settings = engine.server_settings()
        self._sync = SyncPsycopgConnector(conninfo=address, kwargs=settings, min_size=0, max_size=4)
        watched = _connector(self._lost, conninfo=address, kwargs=settings, min_size=1, max_size=8)
        self.app = App(connector=watched)
        self._ticket = self.app.task(name="ticket", queue="tickets")(self._work)
        sweep = self.app.task(name="sweep", queue="sweeps", queueing_lock="sweep", pass_context=False)(self.sweep)
        self.app.periodic(cron="* * * * *")(sweep)
        self._front = App(connector=self._sync)

    @contextmanager
    def opened(self) -> Iterator["Queue"]:
        """Open the connections from which jobs are put into the queue, and make its tables where there are none."""
        with unreachable(), self._front.open():
            self._prepare()
            yield self

    def _prepare(self) -> None:
        found = self._sync.execute_query_one("SELECT to_regclass('procrastinate_jobs') IS NOT NULL AS made")
        if found["made"]:
            return
        with self.agent.store.write("queue") as connection:
            made = connection.exec_driver_sql("SELECT to_regclass('procrastinate_jobs')").scalar_one()
            if made is None:
                schema = self._front.schema_manager.get_schema()
                connection.connection.driver_connection.execute(schema)

    def put(self, ticket_id: str, lock: str | None, attempt: int = 0) -> bool:
        """Queue a ticket; False where it is queued already. Only a first attempt keeps to its account's order."""
        from procrastinate.exceptions import AlreadyEnqueued

        more: dict[str, Any] = {"schedule_in": {"seconds": pause(attempt)}} if attempt else {"lock": lock}
        job = self._front.configure_task("ticket", queue="tickets", queueing_lock=f"ticket {ticket_id}", **more)
        try:
            with unreachable():
                job.defer(ticket_id=ticket_id, attempt=attempt)
        except AlreadyEnqueued:
            return False
        return True

    def _work(self, ticket_id: str, attempt: int = 0) -> None:
        if recovery.finish(self.agent, ticket_id, attempt):
            log.warning("the ticket %s is tried again in %s seconds", ticket_id, pause(attempt + 1))
            self.put(ticket_id, None, attempt + 1)

    def sweep(self, timestamp: int = 0) -> None:
        """Queue what a crash left, draw what is to be audited, and let cells move where it is time."""
        for ticket_id in recovery.sweep(self.agent):
            with self.agent.store.read() as connection:
                known = tickets.known(connection, ticket_id)
            if known is None or known.incoming is None:
                continue
            self.put(ticket_id, lock_of(self.agent, known.incoming.ticket, known.incoming.account_id))
        _quality(self.agent)

    async def _revive(self) -> None:
        """Give back what workers that no longer say they live had taken: it would block its account for ever."""
        from procrastinate.exceptions import UniqueViolation
        from procrastinate.jobs import Status

        for job in await self.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
            with _another_was_first():
                try:
                    await self.app.job_manager.retry_job(job)
                except UniqueViolation:  # the same ticket was queued again meanwhile: one job of the two is enough
                    await self.app.job_manager.finish_job(job, Status.FAILED, delete_job=True)

    def work(self, *, concurrency: int = 1, once: bool = False) -> None:
        """Work until told to stop, or `once` until nothing is left; SIGTERM lets what runs end first."""
        import asyncio

        asyncio.run(self._run(concurrency, once))

    async def _run(self, concurrency: int, once: bool) -> None:
        import asyncio

        async with self.app.open_async():
            await self._revive()
            working = asyncio.create_task(
                self.app.run_worker_async(
                    concurrency=concurrency,
                    wait=not once,
                    fetch_job_polling_interval=1.0,
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=STALLED,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                )
            )
            beside = asyncio.create_task(self._beside(working))
            try:
                with _asked_to_stop(working) as asked, contextlib.suppress(asyncio.CancelledError):
                    await working
            finally:
                beside.cancel()
        if self._lost.is_set() and not asked.is_set():
            raise Unreachable("the queue went away; what this worker had taken is given back")

    async def _beside(self, working: "asyncio.Task[None]") -> None:
        """Revive what dead workers had, and sign off where a statement got no answer: who signs off gives back.

        A job whose taking or whose end is in doubt would stay with a worker that lives and knows nothing of it.
        """
        import asyncio

        from procrastinate.exceptions import ConnectorException

        revived = time.monotonic()
        while not self._lost.is_set():
            await asyncio.sleep(LOOK_SECONDS)
            if time.monotonic() - revived >= STALLED / 2:
                revived = time.monotonic()
                with contextlib.suppress(ConnectorException):
                    await self._revive()
        working.cancel()


def _connector(lost: threading.Event, **how: Any) -> Any:
    """Return a connector that notes when a statement got no answer: Procrastinate goes on as if it had one."""
    from procrastinate import PsycopgConnector
    from procrastinate.exceptions import ConnectorException
    from psycopg import InterfaceError, OperationalError

    @contextmanager
    def noted() -> Iterator[None]:
        try:
            yield
        except ConnectorException as error:
            if isinstance(error.__cause__, (InterfaceError, OperationalError)):
                lost.set()
            raise

    class Watched(PsycopgConnector):
        async def execute_query_async(self, query: Any, **arguments: Any) -> None:
            with noted():
                await super().execute_query_async(query, **arguments)

        async def execute_query_all_async(self, query: Any, **arguments: Any) -> list[dict[str, Any]]:
            with noted():
                found: list[dict[str, Any]] = await super().execute_query_all_async(query, **arguments)
                return found

        async def listen_notify(self, on_notification: Any, channels: Any) -> None:
            with noted():
                await super().listen_notify(on_notification, channels)

    return Watched(**how)


@contextmanager
def _asked_to_stop(working: "asyncio.Task[None]") -> Iterator[threading.Event]:
    """Let SIGTERM and SIGINT end the work after what runs, once; they are left alone outside of the main thread."""
    import asyncio

    asked, loop = threading.Event(), asyncio.get_running_loop()

    def stop() -> None:
        if not asked.is_set():
            asked.set()
            working.cancel()

    ours = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
    for one in ours:
        loop.add_signal_handler(one, stop)
    try:
        yield asked
    finally:
        for one in ours:
            loop.remove_signal_handler(one)


@contextmanager
def _another_was_first() -> Iterator[None]:
    """Pass over a job that is no longer stalled: another worker gave it back."""
    from procrastinate.exceptions import ConnectorException
    from psycopg.errors import RaiseException

    try:
        yield
    except ConnectorException as error:
        if not isinstance(error.__cause__, RaiseException):
            raise


@contextmanager
def unreachable() -> Iterator[None]:
    """Say in one sentence that the queue's database did not answer."""
    import psycopg
    from procrastinate.exceptions import ConnectorException

    try:
        yield
    except (ConnectorException, psycopg.OperationalError) as error:
        raise Unreachable(f"the queue did not answer: {error.__cause__ or error}") from error


def enqueue(agent: Agent, incoming: Incoming, queue: Queue | None) -> dict[str, Any]:
    """Put a ticket on record, and into the queue where there is one; return its result line as it stands."""
    agent.receive(incoming)
    result = agent.result(incoming.ticket.id)
    if queue is not None and result["status"] not in tickets.CLOSED:
        queue.put(incoming.ticket.id, lock_of(agent, incoming.ticket, incoming.account_id))
    return result


def sweep(agent: Agent) -> list[str]:
    """Do what must not lie where one process works alone: signed verdicts, webhooks, draws, a crash's leftovers.

    Return the tickets that lie untouched. `cxagent serve` does the same, oftener; both together do nothing twice.
    """
    Inbox(agent).release()
    if notifying.endpoints(agent):
        notifying.deliver(agent, clock.now())
    left = recovery.sweep(agent)
    _quality(agent)
    return left


def _quality(agent: Agent) -> None:
    """Draw audits, move cells, and open the repairs that a crash kept from being opened."""
    now = clock.now()
    auditing.draw(agent, now)
    ladder.sweep(agent, now)
    repairs.sweep(agent, now)


class Stopping:
    """Whether somebody asked the process to stop: SIGTERM and SIGINT let the ticket at hand end first."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, lambda *_: self.asked.set())


def work_alone(agent: Agent, stopping: Stopping, *, once: bool = False, poll: float = 1.0) -> int:
    """Work off the ledger of an SQLite file in this process; return how many tickets were finished."""
    attempts: Counter[str] = Counter()
    later: dict[str, float] = {}
    done, swept = 0, 0.0
    while not stopping.asked.is_set():
        if time.monotonic() - swept >= SWEEP_SECONDS or not swept:
            sweep(agent)
            swept = time.monotonic()
        with agent.store.read() as connection:
            left = [one for one in tickets.unfinished(connection) if later.get(one, 0.0) <= time.monotonic()]
        for ticket_id in left:
            if stopping.asked.is_set():
                break
            if recovery.finish(agent, ticket_id, attempts[ticket_id]):
                attempts[ticket_id] += 1
                later[ticket_id] = time.monotonic() + pause(attempts[ticket_id])
            else:
                done += 1
        if not left:
            if once and not later.keys() - _over(agent, later):
                break
            stopping.asked.wait(poll)
    return done


def _over(agent: Agent, ids: dict[str, float]) -> set[str]:
    with agent.store.read() as connection:
        rows = {one: reports.ticket(connection, one) for one in ids}
    return {one for one, row in rows.items() if row is None or row["status"] in (*tickets.CLOSED, "waiting")}


def work(agent: Agent, *, concurrency: int = 1, once: bool = False) -> None:
    """Work on whatever is queued, over whichever database the agent has; a database that goes away is waited for."""
    if not queued(agent):
        if concurrency != 1:
            raise BadInput("SQLite has one writer; several workers need PostgreSQL", where="--concurrency")
        work_alone(agent, Stopping(), once=once)
        return
    failed = 0
    while True:
        queue = Queue(agent)
        try:
            with queue.opened():
                queue.sweep()
                failed = 0
                queue.work(concurrency=concurrency, once=once)
            return
        except Unreachable as error:
            if once:
                raise
            log.warning("%s; trying again in %s seconds", error, min(pause(failed), 30))
            time.sleep(min(pause(failed), 30))
            failed += 1


__all__ = ["Queue", "enqueue", "lock_of", "pause", "presence", "queued", "work"]
