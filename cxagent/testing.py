"""Build a world for a test: a deployment's graph, playbook and tools over accounts, tickets and a ledger of your own.

```python
world = World(deployment=Path("."), home=tmp_path)
world.says("T-1", proposal("goodwill_credit", call("issue_credit", amount="40.00", ...), reply="Done."))
assert world.run(world.ticket("T-1", "noel@brindlecote.example", "May we have a credit?"))["autonomy"] == "act"
```

Nothing here has authority: a world runs the same nodes, gate, ledger and executor as production.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cxagent import checkpoints, clock
from cxagent.actions import Call, Toolbox
from cxagent.agent import Agent
from cxagent.domain.account import Account, Fault
from cxagent.domain.proposal import Action, Part, Proposal
from cxagent.domain.review import Verdict
from cxagent.domain.ruling import Ruling
from cxagent.domain.ticket import Incoming
from cxagent.domain.tool import Tool
from cxagent.domain.vocabulary import Stance
from cxagent.judge import Judge
from cxagent.latitude.similar import Vectors
from cxagent.ledger import chain, reports
from cxagent.ledger.store import TABLES, MemoryStore, Store
from cxagent.project import Project, load_graph_file
from cxagent.proposers import CannotPropose, Known, Proposer
from cxagent.sources import Gather, HeldSource, Source
from cxagent.sources.files import FilesSource
from cxagent.steps import Bench

TODAY = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
"""The day on which the reference deployment's sample accounts were read."""
IN_MEMORY = "sqlite://"
"""The address of a ledger that lies in memory: quick, of this process alone, emptied by `World.reset`."""


class Effect(NamedTuple):
    """One call that a tool really carried out."""

    tool: str
    account_id: str
    args: dict[str, Any]
    key: str


def call(tool: str, **args: Any) -> Action:
    """Return one proposed tool call."""
    return Action(tool=tool, args=args)


def proposal(
    intent: str,
    *actions: Action,
    reply: str = "Thank you for your message.",
    stance: str = "fulfil",
    **more: Any,
) -> Proposal:
    """Return a proposal of one part; `more` may give `signals` and `confidence`."""
    return Proposal(parts=(Part(intent=intent, stance=Stance(stance), actions=actions),), reply=reply, **more)


def changed(account: Account, changes: Mapping[str, Any]) -> Account:
    """Return an account with some places replaced, such as `crm.health`; the result is checked anew."""
    return Account.model_validate(put(account.model_dump(mode="json"), changes))


def put(document: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Set some dotted places of a document and return it; a whole section may be set to None."""
    for path, value in changes.items():
        place, (*above, last) = document, path.split(".")
        for name in above:
            place = place[name]
        place[last] = value
    return document


class ScriptedProposer:
    """Says what a test scripted, by ticket; it counts as a reader, and it cannot propose what nobody scripted."""

    name, reads = "the script", True

    def __init__(self) -> None:
        self.lines: dict[str, Proposal] = {}
        self.always: Callable[[Known], Proposal] | None = None
        self.asked: list[Known] = []

    def propose(self, known: Known) -> Proposal:
        """Note what was shown, and return the proposal for the ticket at hand."""
        self.asked.append(known)
        if (line := self.lines.get(known.ticket.id)) is not None:
            return line
        if self.always is None:
            raise CannotPropose(f"nothing is scripted for {known.ticket.id}")
        return self.always(known)


class World:
    """One deployment over a world of its own: facts that can change, a clock that stands still, tools that are watched.

    The ledger and the threads lie in the database at `url`, by default in one SQLite file under `home`. `twin()` is
    another process's view of them.
    """

    def __init__(
        self, deployment: Path, home: Path, *, tools: Iterable[Callable[..., Any]] = (), url: str | None = None
    ) -> None:
        module = load_graph_file(deployment)
        self.deployment, self.home = deployment, home
        self._twins: list[World] = []
        self.project: Project = module.project
        self.graph: Any = module.graph
        self.url = url or f"sqlite:///{home / 'world.sqlite'}"
        self.store = MemoryStore() if self.url == IN_MEMORY else Store.open(self.url, durable=False)
        self.tools = Toolbox()
        for tool in (*self.project.tools.values(), *(one.tool for one in tools)):  # type: ignore[attr-defined]
            self.tools.add(self._watched(tool))
        self.agent = Agent(self.project, self.graph, checkpoints.open_saver(self.url, durable=False))
        self._begin()

    def _begin(self) -> None:
        self.playbook = self.project.playbook
        self.now = TODAY
        self.shadow = False
        self.vectors = Vectors()
        self.accounts = {one.id: one for source in _files(self.project) for one in source.accounts()}
        self.faults: tuple[Fault, ...] = ()
        self.sources: tuple[Source, ...] | None = None
        self.fx = self.project.fx
        self.script = ScriptedProposer()
        self.proposers: tuple[Proposer, ...] = (self.script,)
        self.effects: list[Effect] = []
        self.on_effect: Callable[[Call], None] | None = None

    def reset(self) -> None:
        """Start over: the sample accounts, an empty script, and an empty ledger, which must lie in memory."""
        assert isinstance(self.store, MemoryStore), "only a ledger in memory can be emptied"
        for ticket in self.rows("ticket"):
            self.agent.app.checkpointer.delete_thread(ticket["id"])
        self.store.empty()
        self._begin()

    def twin(self) -> "World":
        """Return a second world over the same ledger and facts, with connections and an agent of its own."""
        assert self.url != IN_MEMORY, "another process sees nothing of a ledger in memory"
        other = World(self.deployment, self.home, url=self.url)
        shared = ("playbook", "now", "shadow", "vectors", "accounts", "faults", "sources", "fx", "script", "proposers")
        for name in (*shared, "effects", "on_effect", "tools"):
            setattr(other, name, getattr(self, name))
        self._twins.append(other)
        return other

    # ---- what there is ----------------------------------------------------------------------------------------------

    def says(self, ticket_id: str, line: Proposal) -> None:
        """Script what the proposer says to a ticket."""
        self.script.lines[ticket_id] = line

    def ticket(
        self, ticket_id: str, sender: str | Mapping[str, Any], body: str, account_id: str | None = None, **more: Any
    ) -> Incoming:
        """Return an incoming ticket; an address alone is a verified sender, `more` replaces fields of the ticket."""
        ticket = {
            "id": ticket_id,
            "received_at": self.now.isoformat(),
            "sender": {"email": sender, "verified": True} if isinstance(sender, str) else dict(sender),
            "body": body,
            "language": "en",
            **more,
        }
        return Incoming.model_validate({"ticket": ticket, "account_id": account_id})

    def change(self, account_id: str, path: str, value: Any) -> None:
        """Let a fact about an account change, such as `crm.health`; the sources answer with it from now on."""
        self.accounts[account_id] = changed(self.accounts[account_id], {path: value})

    # ---- what happens -----------------------------------------------------------------------------------------------

    def run(self, incoming: Incoming) -> dict[str, Any]:
        """Take a ticket through the graph and return its result line."""
        with self.inside():
            return self.agent.run(incoming)

    def review(self, draft_id: str, verdict: Verdict, by: str, **more: Any) -> dict[str, Any]:
        """Decide a draft for a person of the playbook."""
        with self.inside():
            return self.agent.review(draft_id, verdict, by, **more)

    def judge(self, incoming: Incoming, line: Proposal | None, **more: Any) -> Ruling:
        """Rule on a proposal without recording anything; `more` goes into the submission."""
        with self.inside() as bench:
            found = bench.judge.look(incoming.ticket, incoming.account_id)
            reading = bench.judge.read(incoming.ticket, found)
            more = {"read_by_proposer": True, **more}
            return bench.judge.rule(bench.judge.submit(incoming.ticket, found, reading, line, **more))

    def invoke(self, what: Any, ticket_id: str, *, before: str | None = None, **config: Any) -> Any:
        """Drive the compiled graph directly, past the agent, as somebody with the raw thread API would.

        `before` stops ahead of a node, as a crash at that moment would; `config` may name a `checkpoint_id`.
        """
        thread = {"configurable": {"thread_id": ticket_id, **config}}
        with self.inside():
            return self.agent.app.invoke(what, thread, durability="sync", interrupt_before=[before] if before else None)

    def begin(self, incoming: Incoming, *, before: str) -> dict[str, Any]:
        """Run a ticket up to a node and return the thread's state: the process ends there."""
        start = {"ticket": incoming.ticket.model_dump(mode="json"), "account_id": incoming.account_id}
        self.invoke(start, incoming.ticket.id, before=before)
        return self.state(incoming.ticket.id)

    def state(self, ticket_id: str) -> dict[str, Any]:
        """Return the latest state of a ticket's thread."""
        return dict(self.agent.app.get_state({"configurable": {"thread_id": ticket_id}}).values)

    def rows(self, table: str, **wanted: Any) -> list[Mapping[str, Any]]:
        """Return the rows of a ledger table that hold some values."""
        with self.store.read() as connection:
            found = connection.execute(TABLES[table].select()).mappings().all()
        return [dict(row) for row in found if all(row[name] == value for name, value in wanted.items())]

    def decision(self, decision_id: str) -> dict[str, Any]:
        """Return a decision with all that it rested on."""
        with self.store.read() as connection:
            found = chain.entry(connection, decision_id)
        assert found is not None, f"no decision {decision_id}"
        return found

    def entries(self, ticket_id: str, kind: str) -> list[dict[str, Any]]:
        """Return the entries of one kind that the log holds on a ticket, in order."""
        rows = self.rows("decision_log", ticket_id=ticket_id, kind=kind)
        return [self.decision(row["id"]) for row in sorted(rows, key=lambda row: int(row["seq"]))]

    def draft(self, draft_id: str) -> dict[str, Any]:
        """Return a draft that waits, with its card."""
        with self.store.read() as connection:
            return next(row for row in reports.drafts(connection) if row["id"] == draft_id)

    def handoff(self, ticket_id: str) -> dict[str, Any]:
        """Return the handoff of a ticket, with its brief."""
        with self.store.read() as connection:
            found = reports.brief(connection, ticket_id)
        assert found is not None, f"{ticket_id} was not handed over"
        return found

    @contextlib.contextmanager
    def inside(self) -> Iterator[Bench]:
        """Let everything inside use this world's clock, facts, tools and ledger."""
        bench = self.bench()
        with clock.frozen(self.now), self.project.working_with(bench):
            yield bench

    def bench(self) -> Bench:
        """Return what the nodes work with in this world as it stands now."""
        sources = self.sources or (_Facts(self),)
        judge = Judge(
            playbook=self.playbook,
            tools=self.tools,
            gather=Gather(sources, deadline_seconds=self.project.config.deadline_seconds, fx=self.fx),
            store=self.store,
            shadow=self.shadow,
            earns=True,
            vectors=self.vectors,
        )
        return self.project.equip(judge, self.proposers, {"sandbox": str(self.home / "sandbox.sqlite")})

    def close(self) -> None:
        """Give the connections of the ledger and of the threads back, those of its twins too."""
        for twin in self._twins:
            twin.close()
        self.store.close()
        checkpoints.close(self.agent.app.checkpointer)

    def _watched(self, tool: Tool) -> Tool:
        """Return a tool that notes what it carried out; `on_effect` is told right after, before the ledger is."""

        def run(given: Call, **args: Any) -> Any:
            result = tool.run(given, **args)
            self.effects.append(Effect(tool.name, given.account_id, args, given.key))
            if self.on_effect is not None:
                self.on_effect(given)
            return result

        return replace(tool, run=run)


class _Facts(HeldSource):
    """A world's accounts as they are at the moment of asking."""

    def __init__(self, world: World) -> None:
        super().__init__(world.accounts.values(), world.faults)
        self._world = world

    def account(self, account_id: str) -> Account | None:
        """Return the document as it is now."""
        return HeldSource(self._world.accounts.values(), self._world.faults).account(account_id)


def _files(project: Project) -> Iterator[FilesSource]:
    yield from (source for source in project.sources if isinstance(source, FilesSource))
