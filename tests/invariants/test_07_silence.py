"""Invariant 7, silence never sends: nothing goes out because time passed."""

import ast
from datetime import timedelta

import pytest
from scenes import HIGH, MID, REVIEWER, ROOT, asks, outside, sent, waiting

from cxagent.testing import World, call, proposal

TIMERS = {"sched", "threading.Timer", "signal.alarm", "asyncio.sleep", "apscheduler", "croniter"}
WAITS = {"asyncio.sleep"}
WAITING = {"worker.py", "queue_pages.py"}
"""A worker waits for its queue, live counts for the next count; what is done goes through the same doors as ever."""
SENDING = {("journal", "send"), ("executions", "spend"), ("authorizations", "mint")}
SENDERS_OF_RECORD = {
    "cxagent/steps/nodes.py",
    "cxagent/steps/recording.py",
    "cxagent/executor.py",
    "cxagent/reviewing.py",
    "cxagent/aftercare/running.py",  # an undo that a person asked for, and a look, which sends nothing
}


def test_a_draft_outlives_its_deadline(world: World) -> None:
    """Thirty days after its deadline a draft is still open, undecided and unsent."""
    draft_id = waiting(world)
    world.now += timedelta(days=30)
    assert (
        world.run(asks(world, "T-1", MID, received_at=(world.now - timedelta(days=30)).isoformat()))["status"]
        == "waiting"
    )
    (row,) = world.rows("draft", id=draft_id)
    assert (row["status"], row["deadline"] < world.now.isoformat()) == ("pending", True)
    assert (outside(world.home), sent(world, "T-1"), world.rows("authorization")) == ([], [], [])


def test_a_late_approval_looks_again(world: World) -> None:
    """An approval after thirty days meets stale facts: the card is reopened with them, and nothing runs."""
    draft_id = waiting(world)
    world.now += timedelta(days=30)
    result = world.review(draft_id, "approve", REVIEWER)
    assert (result["status"], "fact_stale" in result["reasons"], outside(world.home)) == ("waiting", True, [])


@pytest.mark.parametrize("days", [0, 1, 30, 365])
def test_time_alone_changes_nothing(world: World, days: int) -> None:
    """However long nobody answers, delivering the ticket again sends nothing."""
    line = proposal("howto_question", call("share_public_doc", url="x"), stance="inform")
    ticket = asks(world, "T-1", HIGH, line, "How do I share a report?")
    world.run(ticket)
    world.now += timedelta(days=days)
    assert (world.run(ticket)["status"], outside(world.home), sent(world, "T-1")) == ("waiting", [], [])


def test_nothing_in_the_product_sends_by_the_clock() -> None:
    """No module imports a timer, and only the gate, the review and the executor mint, spend or send."""
    found, callers = set(), set()
    for file in sorted((ROOT / "cxagent").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names} & TIMERS
            if isinstance(node, ast.ImportFrom):
                found |= {f"{node.module}.{alias.name}" for alias in node.names} & TIMERS
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found |= {f"{node.value.id}.{node.attr}"} & TIMERS - (WAITS if file.name in WAITING else set())
                if (node.value.id, node.attr) in SENDING:
                    callers.add(file.relative_to(ROOT).as_posix())
    assert (found, callers) == (set(), SENDERS_OF_RECORD)
