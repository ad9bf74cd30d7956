"""What the benchmarks measure: one project whose facts, proposals and tools cost nothing, over a database of theirs.

Only the governance around them is left: audit, gate, ledger, checkpoints. A plain graph stands beside it.
"""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph

from cxagent import clock
from cxagent.actions import Toolbox
from cxagent.agent import Agent
from cxagent.checkpoints import open_saver
from cxagent.domain.account import Account, Mismatch
from cxagent.domain.proposal import Action, Part, Proposal
from cxagent.domain.ticket import Incoming, Sender, Ticket
from cxagent.domain.vocabulary import Stance
from cxagent.home import DATABASE
from cxagent.judge import Judge
from cxagent.ledger.store import Store
from cxagent.project import Project, load_graph_file
from cxagent.scaffold import deployment
from cxagent.sources import Gather
from cxagent.sources.seam import SECTIONS
from cxagent.testing import TODAY

REVIEWER = "Lena Hartmann"
"""A person of the reference playbook who may approve small drafts."""
BODY = "The export was slow today. Any chance of a small credit?"
PATTERN = "ACC-101"
"""The account of the reference world that all others look like: small, calm, far from its renewal."""


def numbered(number: int) -> str:
    """Return the id of a look-alike."""
    return f"{PATTERN}-{number}"


class Lookalikes:
    """A source of any number of accounts, made when they are asked for: facts cost neither time nor memory."""

    name, instant, sections = "look-alikes", True, SECTIONS

    def __init__(self) -> None:
        path = deployment() / "tools" / "world" / "accounts" / f"{PATTERN}.json"
        self.pattern = Account.model_validate_json(path.read_text(encoding="utf-8"))
        crm = self.pattern.crm
        assert crm is not None
        self.email = next(one.email for one in crm.contacts or () if one.left_on is None)
        self.account = lru_cache(maxsize=256)(self._account)

    def accounts_of(self, email: str) -> tuple[str, ...]:
        """Return the account that an address names."""
        place = email.partition("@")[2].partition(".")[0]
        return (numbered(int(place)),) if place.isdigit() else ()

    def _account(self, account_id: str) -> Account:
        number, crm = account_id.rpartition("-")[2], self.pattern.crm
        assert crm is not None
        contacts = [
            one.model_copy(update={"email": one.email.replace("@", f"@{number}.")}) for one in crm.contacts or ()
        ]
        changes = {"id": account_id, "crm": crm.model_copy(update={"contacts": tuple(contacts)})}
        return self.pattern.model_copy(update=changes)

    def family(self, account_id: str) -> tuple[str, ...]:
        """Return nobody: every look-alike stands alone."""
        return ()

    def mismatches(self, account_id: str) -> tuple[Mismatch, ...]:
        """Return no contradiction."""
        return ()

    def health(self) -> str:
        """Say that they are well."""
        return "look-alikes, as many as are asked for"


class Scripted:
    """A proposer whose answer costs nothing: a cent of credit, unsure where the ticket is to wait for a person.

    `work` is a number of hashes that it computes before, for a proposer that costs something.
    """

    name, reads = "scripted", True

    def __init__(self, work: int = 0) -> None:
        self.work = work

    def propose(self, known: Any) -> Proposal:
        """Return one small credit."""
        burn(self.work)
        args = {"account_id": known.account.id, "amount": "0.01", "currency": "USD", "reason": "benchmark"}
        part = Part(intent="goodwill_credit", stance=Stance.FULFIL, actions=(Action(tool="issue_credit", args=args),))
        sure = 0.1 if known.ticket.id.startswith("draft") else 0.9
        return Proposal(parts=(part,), reply="A credit of 0.01 USD is on your account.", confidence=sure)


def burn(work: int) -> None:
    """Spend CPU: a number of hashes of one block."""
    import hashlib

    block = b"x" * 65536
    for _ in range(work):
        hashlib.sha256(block).digest()


class Desk:
    """The reference project over one database; `inside` makes it the one that works."""

    def __init__(self, url: str, *, work: int = 0) -> None:
        module = load_graph_file(deployment())
        self.url, self.project, self.source = url, module.project, Lookalikes()
        assert isinstance(self.project, Project)
        tools = Toolbox()
        for tool in self.project.tools.values():
            tools.add(replace(tool, run=lambda call, **args: {"done": call.key}))
        self.store = Store.open(url)
        gather = Gather((self.source,), fx=self.project.fx)
        self.judge = Judge(playbook=self.project.playbook, tools=tools, gather=gather, store=self.store)
        self.bench = self.project.equip(self.judge, (Scripted(work),))
        self.agent = Agent(self.project, module.graph, open_saver(url))
        self._count = itertools.count()

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Let the project work with this database, on the day of the reference world."""
        import os

        os.environ[DATABASE] = self.url
        with clock.frozen(TODAY), self.project.working_with(self.bench):
            yield

    def incoming(self, ticket_id: str, account: int) -> Incoming:
        """Return a ticket from a look-alike."""
        email = self.source.email.replace("@", f"@{account}.")
        ticket = Ticket(id=ticket_id, received_at=TODAY, sender=Sender(email=email, verified=True), body=BODY)
        return Incoming(ticket=ticket, account_id=numbered(account))

    def alone(self, ticket_id: str, account: int) -> None:
        """Let a ticket be answered alone."""
        result = self.agent.run(self.incoming(ticket_id, account))
        assert (result["autonomy"], result["status"]) == ("act", "done"), result

    def reviewed(self, ticket_id: str, account: int) -> None:
        """Let a ticket wait for a person, and the person approve it."""
        waits = self.agent.run(self.incoming(f"draft-{ticket_id}", account))
        assert (waits["autonomy"], waits["status"]) == ("draft", "waiting"), waits
        result = self.agent.review(waits["draft_id"], "approve", REVIEWER)
        assert result["status"] == "done", result


class Blank(TypedDict, total=False):
    """The state of the plain graph: as much text as a ticket's."""

    ticket: dict[str, Any]
    seen: int


def plain_graph(nodes: int, saver: Any, *, work: int = 0) -> Any:
    """Compile a graph of nodes that do nothing, one after the other; the first may cost as much as a proposer."""
    graph = StateGraph(Blank)
    names = [f"node_{number}" for number in range(nodes)]

    def step(state: Blank) -> Blank:
        return {"seen": state.get("seen", 0) + 1}

    def first(state: Blank) -> Blank:
        burn(work)
        return step(state)

    for name in names:
        graph.add_node(name, first if name == names[0] else step)
    for before, after in zip([START, *names], [*names, END], strict=True):
        graph.add_edge(before, after)
    return graph.compile(checkpointer=saver)


def through(graph: Any, thread: str) -> None:
    """Take a message of 2,000 characters through a plain graph, a checkpoint after every step."""
    body = {"ticket": {"body": "x" * 2000}}
    graph.invoke(body, {"configurable": {"thread_id": thread}}, durability="sync")


def sqlite_url(folder: Path, name: str) -> str:
    """Return the URL of a file in a folder."""
    return f"sqlite:///{folder / name}.sqlite"
