"""A worker: takes queued tickets and recoveries, one account's tickets in order, until it is told to stop.

On PostgreSQL the queue is Procrastinate's, in the same database, for any number of workers. On SQLite the ledger itself
is the queue, and one process works it off. A worker keeps no state of its own: kill it, and another one goes on.
"""

import logging
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cxagent import presence, recovery
from cxagent.agent import Agent
from cxagent.domain.ticket import Incoming, Ticket
from cxagent.domain.value import digest
from cxagent.errors import BadInput, Unreachable
from cxagent.ledger import engine, reports, tickets

HEARTBEAT, STALLED = 2.0, 10.0
"""How often a worker says that it lives, and after how many silent seconds its jobs go to another one."""
LONGEST_WAIT = 300
"""The longest pause before a ticket is tried again, in seconds."""
SWEEP_SECONDS = 60
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
        from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

        self.agent = agent
        url = engine.parsed(agent.project.database_url).set(drivername="postgresql")
        address = url.render_as_string(hide_password=False)
        settings = engine.server_settings()
        self._sync = SyncPsycopgConnector(conninfo=address, kwargs=settings, min_size=0, max_size=4)
        self.app = App(connector=PsycopgConnector(conninfo=address, kwargs=settings, min_size=1, max_size=8))
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
            job.defer(ticket_id=ticket_id, attempt=attempt)
        except AlreadyEnqueued:
            return False
        return True

    def _work(self, ticket_id: str, attempt: int = 0) -> None:
        if recovery.finish(self.agent, ticket_id, attempt):
            log.warning("the ticket %s is tried again in %s seconds", ticket_id, pause(attempt + 1))
            self.put(ticket_id, None, attempt + 1)

    def sweep(self, timestamp: int = 0) -> None:
        """Queue what a crash left, and give the jobs of dead workers to living ones."""
        for ticket_id in recovery.sweep(self.agent):
            with self.agent.store.read() as connection:
                known = tickets.known(connection, ticket_id)
            if known is None or known.incoming is None:
                continue
            self.put(ticket_id, lock_of(self.agent, known.incoming.ticket, known.incoming.account_id))

    async def _revive(self) -> None:
        """Give back what workers that no longer say they live had taken: it would block its account for ever."""
        for job in await self.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
            await self.app.job_manager.retry_job(job)

    def work(self, *, concurrency: int = 1, once: bool = False) -> None:
        """Work until told to stop, or `once` until nothing is left; SIGTERM lets what runs end first."""
        import asyncio

        asyncio.run(self._run(concurrency, once))

    async def _run(self, concurrency: int, once: bool) -> None:
        import asyncio

        async with self.app.open_async():
            reviving = asyncio.create_task(self._keep_reviving())
            await self._revive()
            try:
                await self.app.run_worker_async(
                    concurrency=concurrency,
                    wait=not once,
                    fetch_job_polling_interval=1.0,
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=STALLED,
                    delete_jobs="successful",
                    install_signal_handlers=True,
                )
            finally:
                reviving.cancel()

    async def _keep_reviving(self) -> None:
        import asyncio

        from procrastinate.exceptions import ConnectorException

        while True:
            await asyncio.sleep(STALLED / 2)
            try:
                await self._revive()
            except ConnectorException as error:
                log.warning("the queue did not answer: %s", error)


@contextmanager
def unreachable() -> Iterator[None]:
    """Say in one sentence that the queue's database did not answer."""
    from procrastinate.exceptions import ConnectorException

    try:
        yield
    except ConnectorException as error:
        raise Unreachable(f"the queue did not answer: {error.__cause__ or error}") from error


def enqueue(agent: Agent, incoming: Incoming, queue: Queue | None) -> dict[str, Any]:
    """Put a ticket on record, and into the queue where there is one; return its result line as it stands."""
    agent.receive(incoming)
    result = agent.result(incoming.ticket.id)
    if queue is not None and result["status"] not in tickets.CLOSED:
        queue.put(incoming.ticket.id, lock_of(agent, incoming.ticket, incoming.account_id))
    return result


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
            recovery.sweep(agent)
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
                queue.work(concurrency=concurrency, once=once)
            return
        except Unreachable as error:
            if once:
                raise
            failed += 1
            log.warning("%s; trying again in %s seconds", error, min(pause(failed), 30))
            time.sleep(min(pause(failed), 30))


__all__ = ["Queue", "enqueue", "lock_of", "pause", "presence", "queued", "work"]
