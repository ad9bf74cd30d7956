"""A stage on which real runs take turns: every actor stops before each transaction and each effect until it is told on.

The agent, its graph, its executor and its ledger are the real ones. Only who goes on next, who dies and what time it
is are chosen from outside, so that an interleaving can be searched for, found again and told.
"""

import contextlib
import contextvars
import inspect
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from interleaving_laws import Laws
from interleaving_outside import LARGE, MIDDLE, PLEA, SENDERS, SMALL, Mood, bell, credit, gift
from langgraph.checkpoint.memory import InMemorySaver

from cxagent import clock, presence
from cxagent.agent import Agent
from cxagent.checkpoints import PLAIN
from cxagent.domain.ticket import Incoming
from cxagent.errors import CxagentError
from cxagent.ledger.store import Connection, MemoryStore
from cxagent.recovery import Recovery, recover
from cxagent.testing import IN_MEMORY, TODAY, World

ROOT = Path(__file__).resolve().parents[1]
_acting: contextvars.ContextVar["Actor | None"] = contextvars.ContextVar("acting", default=None)


class Killed(BaseException):
    """The process ended here; nothing in the product may catch it."""


class Actor:
    """One run in a thread of its own that moves only while it has the baton."""

    def __init__(self, name: str, stage: "Stage", work: Callable[[], Any]) -> None:
        self.name, self._stage, self._work = name, stage, work
        self.over = self.doomed = False
        self.said: CxagentError | None = None
        self.error: BaseException | None = None
        self.result: Any = None
        self.known_as: str | None = None
        self.stack: tuple[str, ...] = ()
        self.go = threading.Semaphore(0)
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Start the thread where it has not begun yet."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
            self._thread.start()

    def join(self) -> None:
        """Wait for the thread to end."""
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        _acting.set(self)
        self.go.acquire()
        try:
            if not self.doomed:
                with self._stage.world.project.working_with(self._stage.bench):
                    self.result = self._work()
        except Killed:
            pass
        except CxagentError as error:
            self.said = error
        except BaseException as error:
            self.error = error
        self.over = True
        self._stage.back.release()


class StagedStore(MemoryStore):
    """A ledger in memory whose every transaction waits for the baton and is looked at when it is stored."""

    def __init__(self, stage: "Stage") -> None:
        self._stage: Stage | None = None
        super().__init__()
        self._stage = stage

    @property
    def raw(self) -> Any:
        """The connection behind the engine, for looking past it."""
        return self._connection

    def keep(self) -> None:
        """Let what is there now be what an emptied ledger holds."""
        self._empty = self._connection.serialize()

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Wait for the baton, then read; a transaction inside another one is that one."""
        if self._stage is not None and getattr(self._reading, "connection", None) is None:
            self._stage.pause()
        with super().read() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self, about: str | None = None) -> Iterator[Connection]:
        """Wait for the baton, then write, then let the laws be checked."""
        if self._stage is not None:
            self._stage.pause()
        with super().write(about) as connection:
            yield connection
        if self._stage is not None:
            self._stage.look()


class StagedSaver(InMemorySaver):
    """Checkpoints in memory; a run that was killed stores none on its way out."""

    def put(self, config: Any, *args: Any) -> Any:
        """Store a checkpoint unless the run is dead."""
        return config if _dead() else super().put(config, *args)

    def put_writes(self, *args: Any, **more: Any) -> None:
        """Store pending writes unless the run is dead."""
        if not _dead():
            super().put_writes(*args, **more)


def _dead() -> bool:
    actor = _acting.get()
    return actor is not None and actor.doomed


class Stage:
    """A world with one ledger, several actors, and a fake outside."""

    def __init__(self, home: Path) -> None:
        self.back = threading.Semaphore(0)
        self.actors: list[Actor] = []
        self.broken: list[str] = []
        self.world = World(ROOT, home, url=IN_MEMORY, tools=[bell(self)])
        self.world.store = self.store = StagedStore(self)
        self.world.agent = self.agent = Agent(self.world.project, self.world.graph, StagedSaver(serde=PLAIN))
        real = self.world.tools["issue_credit"]
        # What comes after an effect, a look or taking it back, is another story.
        alone = replace(real, undo=None, check=None, check_after=timedelta(0))
        self.world.tools["issue_credit"] = replace(alone, run=credit(self).tool.run)  # type: ignore[attr-defined]
        self.laws = Laws(self.store.raw)
        self.laws.enact()
        self.store.keep()
        self.reset()

    def reset(self) -> None:
        """Start over with an empty ledger."""
        self.end()
        self.agent.app.checkpointer.storage.clear()
        self.agent.app.checkpointer.writes.clear()
        self.agent.app.checkpointer.blobs.clear()
        self.actors, self.broken, self.moods = [], [], list[Mood]()
        self.now: datetime = TODAY
        self.store.empty()
        self.bench = self.world.bench()
        self.incoming: dict[str, Incoming] = {}

    def end(self) -> None:
        """Let every thread end where it stands."""
        for actor in self.actors:
            if not actor.over:
                self.kill(actor)
            actor.join()

    @contextlib.contextmanager
    def open(self) -> Iterator["Stage"]:
        """Let the clock of the stage be the clock."""
        with mock.patch.object(clock, "now", lambda: self.now):
            try:
                yield self
            finally:
                self.end()

    # ---- taking turns -----------------------------------------------------------------------------------------------

    def enter(self, name: str, work: Callable[[], Any]) -> Actor:
        """Let an actor wait for its first turn."""
        self.actors.append(Actor(name, self, work))
        return self.actors[-1]

    def advance(self, actor: Actor, turns: int = 1) -> None:
        """Let an actor go on to its next stop, some times."""
        for _ in range(turns):
            if actor.over:
                return
            self.now += timedelta(milliseconds=1)
            actor.begin()
            actor.go.release()
            self.back.acquire()

    def finish(self, actor: Actor, most: int = 400) -> None:
        """Let an actor run to its end."""
        self.advance(actor, most)
        assert actor.over, f"{actor.name} does not end"

    def until(self, actor: Actor, question: str, place: str | None = None) -> None:
        """Let an actor go on until a question to the ledger has an answer, and it stops in a function of that name."""
        for _ in range(100):
            if self.store.raw.execute(question).fetchone() and (place is None or place in actor.stack):
                return
            assert not actor.over, f"{actor.name} never came to: {question} in {place}"
            self.advance(actor)
        raise AssertionError(f"{actor.name} does not come to: {question} in {place}")

    def kill(self, actor: Actor) -> None:
        """End a run where it stands: what it held in memory is lost."""
        actor.doomed = True
        self.advance(actor)

    def forget(self, actor: Actor) -> None:
        """Let everybody take a run for dead, as one on another machine that stood still; it may go on later."""
        presence._live.discard(actor.known_as or "")

    def pause(self) -> None:
        """Hand the baton back and wait for the next turn; outside an actor nothing waits."""
        actor = _acting.get()
        if actor is None:
            return
        actor.known_as = presence.me() or actor.known_as
        actor.stack = tuple(frame.f_code.co_name for frame, _ in traceback.walk_stack(inspect.currentframe()))
        if not actor.doomed:
            self.back.release()
            actor.go.acquire()
        if actor.doomed:
            raise Killed

    def loosen(self, table: str, *constraints: str) -> None:
        """Make a table anew, empty and without some constraints, until the next reset."""
        raw = self.store.raw
        made = raw.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone()[0]
        columns = raw.execute(f'PRAGMA table_info("{table}")').fetchall()
        assert any(one in made for one in constraints), made
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute(f'DROP TABLE "{table}"')
        raw.execute(f'CREATE TABLE "{table}" ({", ".join(column[1] for column in columns)})')
        raw.execute("PRAGMA foreign_keys = ON")
        self.laws.enact()

    def look(self) -> None:
        """Note which laws are broken at this moment."""
        self.broken += [law for law in self.laws.broken() if law not in self.broken]

    def errors(self) -> list[str]:
        """Return what no actor should have met: everything that is not a sentence of ours."""
        return [f"{actor.name}: {actor.error!r}" for actor in self.actors if actor.error is not None]

    # ---- who may act ------------------------------------------------------------------------------------------------

    def asks(self, ticket_id: str, kind: str, amount: str = "100.00", follows: str | None = None) -> Actor:
        """Deliver a ticket whose proposal is scripted; the kind names the account and the order of the calls."""
        account_id = {"m": MIDDLE, "l": LARGE}.get(kind[0], SMALL)
        self.world.says(ticket_id, gift(account_id, amount, bell_first=kind.endswith("b")))
        ticket = self.world.ticket(ticket_id, SENDERS[account_id], PLEA, account_id)
        self.incoming[ticket_id] = ticket.model_copy(update={"follows": follows})
        return self.delivers(ticket_id)

    def delivers(self, ticket_id: str) -> Actor:
        """Deliver a ticket, for the first time or again."""
        return self.enter(f"run {ticket_id}", lambda: self.agent.run(self.incoming[ticket_id]))

    def decides(self, draft_id: str, verdict: Any, by: str) -> Actor:
        """Let a person decide a draft."""
        more: dict[str, Any] = {"reply": "We have added the credit to your account."} if verdict == "edit" else {}
        return self.enter(f"{verdict} by {by}", lambda: self.agent.review(draft_id, verdict, by, **more))

    def recovers(self) -> Actor:
        """Let a recovery finish what a crash left."""
        return self.enter("recovery", lambda: recover(self.agent))

    def drafts(self) -> list[str]:
        """Return all drafts in the order in which they were opened."""
        return [row[0] for row in self.store.raw.execute("SELECT id FROM draft ORDER BY created_at, rowid")]

    def settled(self) -> list[str]:
        """Let all actors end, a day pass and a recovery run; return which laws of rest are broken."""
        for actor in self.actors:
            self.finish(actor)
        self.now += timedelta(days=1)
        stuck: list[str] = []
        for _ in range(2):
            actor = self.recovers()
            self.finish(actor)
            found = actor.result
            stuck = [one["why"] for one in found.stuck] if isinstance(found, Recovery) else [repr(actor.error)]
        return [*self.laws.unsettled(), *stuck]
