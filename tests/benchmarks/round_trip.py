"""Interrupt and resume: our draft and its approval, against LangChain's agent with its approval middleware.

Both propose one tool call, wait for a person, take an approval, run the call and answer; both on the same kind of
saver, in turn. Run it with `make bench`; it needs the extra `models`. What ours does on top: the audit, two rulings,
a log of every decision, a card for the reviewer, an authorization that covers one exact call, one effect at most.
"""

import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from databases import database, server
from desk import BODY, Desk, sqlite_url
from timing import Taken, ratio, side_by_side

from cxagent.checkpoints import open_saver

ROUNDS, WARM_UP = 60, 10
OURS, THEIRS, EVERY_STEP = "our draft, approved", "middleware, approved", "middleware, durability=sync"


def scripted_model() -> Any:
    """Return a chat model that calls a tool, and answers when it has run: it costs nothing."""
    from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
    from langchain_core.messages import AIMessage

    class Scripted(GenericFakeChatModel):
        """A fake model that accepts tools."""

        def bind_tools(self, tools: Any, **more: Any) -> "Scripted":
            return self

    def lines() -> Iterator[AIMessage]:
        args = {"account_id": "ACC-101", "amount": "0.01", "currency": "USD", "reason": "benchmark"}
        for number in itertools.count():
            call = {"name": "issue_credit", "args": args, "id": f"call_{number}"}
            yield AIMessage(content="", tool_calls=[call])
            yield AIMessage(content="A credit of 0.01 USD is on your account.")

    return Scripted(messages=lines())


def middleware_agent(saver: Any, durability: str) -> Callable[[int], None]:
    """Return the round trip of LangChain's agent with a tool that a person must approve."""
    from langchain.agents import create_agent
    from langchain.agents.middleware import HumanInTheLoopMiddleware
    from langgraph.types import Command

    def issue_credit(account_id: str, amount: str, currency: str, reason: str) -> str:
        """Give the account a credit."""
        return "done"

    approval = HumanInTheLoopMiddleware(interrupt_on={"issue_credit": True})
    agent = create_agent(scripted_model(), [issue_credit], middleware=[approval], checkpointer=saver)

    def trip(number: int) -> None:
        thread = {"configurable": {"thread_id": f"{durability} {number}"}}
        asked = {"messages": [{"role": "user", "content": BODY}]}
        waits = agent.invoke(asked, thread, durability=durability)
        assert waits["__interrupt__"]
        answer = Command(resume={"decisions": [{"type": "approve"}]})
        done = agent.invoke(answer, thread, durability=durability)
        assert done["messages"][-2].content == "done", done["messages"]

    return trip


def measured(ours_url: str, theirs_url: str, every_step_url: str) -> dict[str, Taken]:
    """Return what the round trips take, in turn, each in a database of its own."""
    desk = Desk(ours_url)
    works = {
        OURS: lambda number: desk.reviewed(str(number), number % 50),
        THEIRS: middleware_agent(open_saver(theirs_url), "async"),
        EVERY_STEP: middleware_agent(open_saver(every_step_url), "sync"),
    }
    with desk.inside():
        return side_by_side(works, rounds=ROUNDS, warm_up=WARM_UP)


def tell(where: str, taken: dict[str, Taken]) -> None:
    """Print the rows of one database."""
    for name, one in taken.items():
        cpu, wall = statistics.median(one.cpu), statistics.median(one.wall)
        of_cpu, of_wall = ratio(taken[OURS].cpu, one.cpu), ratio(taken[OURS].wall, one.wall)
        told = "" if name == OURS else f"{of_cpu:12.2f}{of_wall:8.2f}"
        print(f"  {where:11}{name:30}{cpu:9.1f}{wall:9.1f}{told}")


def main() -> None:
    """Measure and print the table."""
    try:
        import langchain.agents  # noqa: F401
    except ModuleNotFoundError:
        print("LangChain's agent is not installed: pip install '.[models]'", file=sys.stderr)
        return
    began = time.monotonic()
    print(f"Round trip with an approval: milliseconds, medians of {ROUNDS} rounds in turn; ratios round by round")
    print(f"  {'':41}{'CPU':>9}{'wall':>9}{'ours / CPU':>12}{'/ wall':>8}   (wanted: at most 1.00)")
    with tempfile.TemporaryDirectory() as folder:
        tell("SQLite", measured(*(sqlite_url(Path(folder), name) for name in ("ours", "theirs", "every_step"))))
    with ExitStack() as stack:
        found = stack.enter_context(server())
        tell("PostgreSQL", measured(*(stack.enter_context(database(found)) for _ in range(3))))
    print(f"  measured in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
