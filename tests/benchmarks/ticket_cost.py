"""What governance costs: an autonomous ticket against a plain LangGraph graph, side by side in one run.

Run it with `make bench`. It prints CPU milliseconds (medians) and ratios; nothing in it depends on one machine's speed.
"""

import statistics
import tempfile
from collections.abc import Iterator
from typing import Any

from desk import plain_graph, through
from langgraph.checkpoint.memory import InMemorySaver
from timing import ratio, side_by_side

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
        with clock.frozen(datetime(2026, 11, 21, 9, 30, tzinfo=UTC)):
            ours(ROUNDS)
            state = held(agent.app.get_state({"configurable": {"thread_id": f"T{ROUNDS}"}}).values)
            judge = project.bench.judge

            def submit() -> Submission:
                return judge.submit(state.ticket, state.audit, state.reading, state.proposal, read_by_proposer=True)

            fresh = [[submit() for _ in range(BATCH)] for _ in range(ROUNDS + WARM_UP)]
            measured = side_by_side(
                {
                    TICKET: ours,
                    LONG: lambda number: through(plain, str(number)),
                    SHORT: lambda number: through(short, str(number)),
                    MEMORY: lambda number: through(memory, str(number)),
                    GATE: lambda number: [rule(sub) for sub in fresh[number + WARM_UP]],
                },
                rounds=ROUNDS,
                warm_up=WARM_UP,
            )
    taken = {name: one.cpu for name, one in measured.items()}
    taken[GATE] = [value / BATCH for value in taken[GATE]]
    print(f"CPU milliseconds, medians of {ROUNDS} rounds in turn; ratios round by round")
    for name, values in taken.items():
        print(f"  {name:34} {statistics.median(values):8.2f}")
    print(f"  ticket / plain graph of 6 nodes    {ratio(taken[TICKET], taken[LONG]):8.2f}   (at most 2.5)")
    print(f"  ticket / plain graph of 4 nodes    {ratio(taken[TICKET], taken[SHORT]):8.2f}   (it takes 4 steps)")
    print(f"  rulings a second                   {1000 / statistics.median(taken[GATE]):8.0f}   (of the pure gate)")
    print(f"  gate / plain graph in memory       {ratio(taken[GATE], taken[MEMORY]):8.2f}   (at most 0.10)")


if __name__ == "__main__":
    main()
