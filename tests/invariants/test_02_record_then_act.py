"""Invariant 2, record, then act: the ruling and the started effect are in the ledger before a tool is called."""

from typing import Any

import pytest
from scenes import MID, REVIEWER, ROOT, asks, outside, sent, waiting
from sqlalchemy.exc import SQLAlchemyError

from cxagent.actions import Call, action
from cxagent.errors import CxagentError
from cxagent.testing import World, call, proposal

SEEN: list[dict[str, Any]] = []


@action(effect="public_info", reversible="yes", idempotent=True)
def look_around(call: Call, what: str) -> dict[str, str]:
    """Look into the ledger while the effect happens."""
    store = call.warrant.store  # type: ignore[attr-defined]
    with store.read() as connection:
        rows = {
            table: [dict(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"').mappings()]
            for table in ("decision_log", "authorization", "execution", "outbox")
        }
    SEEN.append({**rows, "key": call.key})
    return {"seen": what}


@pytest.fixture
def watching(tmp_path: Any) -> Any:
    """Return a world with a tool that looks into the ledger while it runs."""
    SEEN.clear()
    world = World(ROOT, tmp_path, tools=[look_around])
    yield world
    world.close()


def test_a_tool_finds_its_own_ruling_and_execution(watching: World) -> None:
    """While a tool runs, the ledger holds its ruling, its spent authorization and its own row as started."""
    line = proposal("howto_question", call("look_around", what="the ledger"), stance="inform")
    assert watching.run(asks(watching, "T-1", line=line, body="How do I share a report?"))["status"] == "done"
    (seen,) = SEEN
    (ruling,), (authorization,), (execution,) = seen["decision_log"], seen["authorization"], seen["execution"]
    assert (ruling["kind"], ruling["ticket_id"]) == ("ruling", "T-1")
    assert (authorization["decision_id"], authorization["spent_at"] is None) == (ruling["id"], False)
    assert (execution["id"], execution["status"], execution["done_at"]) == (seen["key"], "started", None)
    assert seen["outbox"] == []


def test_each_of_several_effects_is_started_before_it_happens(watching: World) -> None:
    """The second effect is noted as started only when the first one is done, and before it is called."""
    calls = [call("look_around", what=what) for what in ("one", "two", "three")]
    line = proposal("howto_question", *calls, stance="inform")
    watching.run(asks(watching, "T-1", line=line, body="How do I share a report?"))
    assert [[row["status"] for row in seen["execution"]] for seen in SEEN] == [
        ["started", "planned", "planned"],
        ["done", "started", "planned"],
        ["done", "done", "started"],
    ]


REFUSALS = {
    "no ruling": "BEFORE INSERT ON decision_log",
    "no authorization": 'BEFORE INSERT ON "authorization"',
    "no spending": 'BEFORE UPDATE ON "authorization"',
    "no execution": "BEFORE INSERT ON execution",
    "no budget": "BEFORE INSERT ON budget",
}


def broken(world: World, when: str) -> None:
    """Let the database refuse one kind of write."""
    with world.store.write() as connection:
        connection.exec_driver_sql(f"CREATE TRIGGER broken {when} BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")


@pytest.mark.parametrize("when", REFUSALS.values(), ids=REFUSALS)
def test_a_ledger_that_cannot_write_lets_nothing_happen(world: World, when: str) -> None:
    """Where the database refuses a record, no tool is called and no reply goes out."""
    ticket = asks(world, "T-1")
    broken(world, when)
    with pytest.raises((SQLAlchemyError, CxagentError)):
        world.run(ticket)
    assert (outside(world.home), world.effects, world.rows("outbox")) == ([], [], [])


@pytest.mark.parametrize("when", ["BEFORE INSERT ON review", *REFUSALS.values()], ids=["no review", *REFUSALS])
def test_a_verdict_that_cannot_be_written_has_no_effect(world: World, when: str) -> None:
    """Where the database refuses the verdict or what it authorizes, nothing happens and the draft stays open."""
    draft_id = waiting(world)
    broken(world, when)
    with pytest.raises((SQLAlchemyError, CxagentError)):
        world.review(draft_id, "approve", REVIEWER)
    assert (outside(world.home), world.rows("outbox")) == ([], [])


def test_an_outcome_that_cannot_be_written_sends_nothing(world: World) -> None:
    """The reply goes out in the transaction that notes the last effect as done, or not at all."""
    ticket = asks(world, "T-1")
    broken(world, "BEFORE INSERT ON outbox")
    with pytest.raises((SQLAlchemyError, CxagentError)):
        world.run(ticket)
    assert ([row["status"] for row in world.rows("execution")], sent(world, "T-1")) == (["started"], [])


def test_a_handoff_is_recorded_with_its_owner(world: World) -> None:
    """A handoff moves ownership in the ledger; it is not a word in the state alone."""
    world.review(waiting(world), "reject", REVIEWER, reason="policy_violation")
    (row,) = world.rows("handoff", ticket_id="T-1")
    assert (row["account_id"], bool(row["owner"]), outside(world.home)) == (MID, True, [])
