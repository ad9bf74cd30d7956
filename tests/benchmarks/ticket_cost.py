"""What governance costs: an autonomous ticket against a plain LangGraph graph, side by side in one run.

Run it with `make bench`. It prints CPU milliseconds (medians) and ratios; nothing in it depends on one machine's speed.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph

from cxagent.checkpoints import PLAIN, open_saver
from cxagent.domain.account import Account
from cxagent.domain.proposal import Action, Part, Proposal
from cxagent.domain.ticket import Incoming, Sender, Ticket
from cxagent.domain.vocabulary import Stance
from cxagent.scaffold import deployment

ROUNDS, WARM_UP, COPIES, BATCH = 150, 15, 200, 10
TICKET, GATE = "autonomous ticket, SQLite", "pure gate"
LONG, SHORT = "plain graph, 6 nodes, SQLite", "plain graph, 4 nodes, SQLite"
MEMORY = "plain graph, 6 nodes, in memory"


class Scripted:
    """A proposer whose answer costs nothing: only the governance around it is measured."""

    name, reads = "scripted", True

    def propose(self, known: Any) -> Proposal:
        """Return one small credit."""
        args = {"account_id": known.account.id, "amount": "0.01", "currency": "USD", "reason": "benchmark"}
        part = Part(intent="goodwill_credit", stance=Stance.FULFIL, actions=(Action(tool="issue_credit", args=args),))
        return Proposal(parts=(part,), reply="A credit of 0.01 USD is on your account.", confidence=0.9)


class Blank(TypedDict, total=False):
    """The state of the plain graph: as much text as a ticket's."""

    ticket: dict[str, Any]
    seen: int


def plain_graph(nodes: int, saver: Any) -> Any:
    """Compile a graph of nodes that do nothing, one after the other."""
    graph = StateGraph(Blank)
    names = [f"node_{number}" for number in range(nodes)]
    for name in names:
        graph.add_node(name, lambda state: {"seen": state.get("seen", 0) + 1})
    for before, after in zip([START, *names], [*names, END], strict=True):
        graph.add_edge(before, after)
    return graph.compile(checkpointer=saver)


def account() -> Account:
    """Return a calm small account far from its renewal, as the reference world has it."""
    folder = deployment() / "tools" / "world" / "accounts"
    return next(
        found
        for path in sorted(folder.glob("*.json"))
        if (found := Account.model_validate_json(path.read_text())).id == "ACC-101"
    )


def copies(one: Account) -> Iterator[Account]:
    """Yield look-alikes of an account, so that every ticket comes from another one."""
    assert one.crm is not None
    for number in range(COPIES):
        contacts = tuple(
            contact.model_copy(update={"email": contact.email.replace("@", f"@{number}.")})
            for contact in one.crm.contacts or ()
        )
        crm = one.crm.model_copy(update={"contacts": contacts})
        yield one.model_copy(update={"id": f"{one.id}-{number}", "crm": crm})


def side_by_side(works: Mapping[str, Callable[[int], Any]]) -> dict[str, list[float]]:
    """Return the CPU milliseconds of every call, taken in turn, so that a slow moment slows all of them."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(-WARM_UP, ROUNDS):
        for name, work in works.items():
            started = time.process_time()
            work(number)
            if number >= 0:
                taken[name].append((time.process_time() - started) * 1000)
    return taken


def ratio(taken: Mapping[str, list[float]], one: str, other: str) -> float:
    """Return the median of the ratios, round by round."""
    return statistics.median(a / b for a, b in zip(taken[one], taken[other], strict=True))


def main() -> None:
    """Measure and print the table."""
    from datetime import UTC, datetime

    from cxagent import clock
    from cxagent.agent import Agent
    from cxagent.gate import rule
    from cxagent.project import Project, load_graph_file
    from cxagent.rules.submission import Submission
    from cxagent.sources import HeldSource
    from cxagent.steps.held import held

    known = account()
    contact = next(one for one in (known.crm.contacts if known.crm else None) or () if one.left_on is None)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.sqlite"
        module = load_graph_file(deployment())
        project: Project = module.project
        project.__dict__["sources"] = (HeldSource(tuple(copies(known))),)
        project.__dict__["proposers"] = (Scripted(),)
        project.config.settings["sandbox"] = f"{folder}/sandbox.sqlite"
        import os

        os.environ["CXAGENT_DATABASE_URL"] = url
        agent = Agent(project, module.graph)

        def ours(number: int) -> None:
            ticket = Ticket(
                id=f"T{number}",
                received_at=clock.now(),
                sender=Sender(email=contact.email.replace("@", f"@{number % COPIES}."), verified=True),
                body="The export was slow today. Any chance of a small credit?",
            )
            result = agent.run(Incoming(ticket=ticket, account_id=f"{known.id}-{number % COPIES}"))
            assert result["autonomy"] == "act", result

        plain = plain_graph(6, open_saver(f"sqlite:///{folder}/plain.sqlite"))
        short = plain_graph(4, open_saver(f"sqlite:///{folder}/short.sqlite"))
        memory = plain_graph(6, InMemorySaver(serde=PLAIN))
        body = {"ticket": {"body": "x" * 2000}}

        def through(graph: Any) -> Callable[[int], Any]:
            return lambda number: graph.invoke(body, {"configurable": {"thread_id": str(number)}}, durability="sync")

        with clock.frozen(datetime(2026, 11, 21, 9, 30, tzinfo=UTC)):
            ours(ROUNDS)
            state = held(agent.app.get_state({"configurable": {"thread_id": f"T{ROUNDS}"}}).values)
            judge = project.bench.judge

            def submit() -> Submission:
                return judge.submit(state.ticket, state.audit, state.reading, state.proposal, read_by_proposer=True)

            fresh = [[submit() for _ in range(BATCH)] for _ in range(ROUNDS + WARM_UP)]
            taken = side_by_side(
                {
                    TICKET: ours,
                    LONG: through(plain),
                    SHORT: through(short),
                    MEMORY: through(memory),
                    GATE: lambda number: [rule(sub) for sub in fresh[number + WARM_UP]],
                }
            )
    taken[GATE] = [value / BATCH for value in taken[GATE]]
    print(f"CPU milliseconds, medians of {ROUNDS} rounds in turn; ratios round by round")
    for name, values in taken.items():
        print(f"  {name:34} {statistics.median(values):8.2f}")
    print(f"  ticket / plain graph of 6 nodes    {ratio(taken, TICKET, LONG):8.2f}   (at most 2.5)")
    print(
        f"  ticket / plain graph of 4 nodes    {ratio(taken, TICKET, SHORT):8.2f}   (for comparison: it takes 4 steps)"
    )
    print(f"  gate / plain graph in memory       {ratio(taken, GATE, MEMORY):8.2f}   (at most 0.10)")


if __name__ == "__main__":
    main()
