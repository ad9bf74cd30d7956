"""The wire forms of an answer, through the graph: an accepted form decides, all else leaves the draft open."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langgraph.types import Command

from cxagent.answers import ACTION_NAME, VERDICTS
from cxagent.testing import World, call, proposal

ROOT = Path(__file__).resolve().parents[1]
LINE = proposal("howto_question", call("share_public_doc", url="x"), reply="It is on this page.", stance="inform")
EDITED = {"reply": "Here is the page.", "actions": [{"tool": "share_public_doc", "args": {"url": "y"}}]}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    """Return a world in which one harmless draft of an enterprise account waits."""
    world = World(ROOT, tmp_path)
    world.says("T-1", LINE)
    ticket = world.ticket("T-1", "maud@norvane.example", "How do I share a report?", "ACC-301")
    assert world.run(ticket)["status"] == "waiting"
    yield world
    world.close()


def pending(world: World) -> Any:
    """Return the interrupt that waits."""
    (one,) = world.agent.app.get_state({"configurable": {"thread_id": "T-1"}}).interrupts
    return one


def answered(world: World, answer: Any) -> None:
    """Answer the interrupt by its id, as a front end does."""
    world.invoke(Command(resume={pending(world).id: answer}), "T-1")


def came_of_it(world: World) -> tuple[list[str], list[str], str]:
    """Return the recorded verdicts, the pages that were shared, and the ticket's status."""
    file = world.home / "sandbox.sqlite"
    shared = sqlite3.connect(file).execute("SELECT args FROM effects").fetchall() if file.exists() else []
    verdicts = [row["verdict"] for row in world.rows("review")]
    return verdicts, [args for (args,) in shared], world.rows("ticket")[0]["status"]


DECISIONS: dict[str, tuple[Any, tuple[list[str], list[str], str]]] = {
    "approve": ({"type": "approve"}, (["approve"], ['{"url":"x"}'], "done")),
    "edit": (
        {"type": "edit", "edited_action": {"name": ACTION_NAME, "args": EDITED}},
        (["edit"], ['{"url":"y"}'], "done"),
    ),
    "reject": ({"type": "reject", "message": "no"}, (["reject"], [], "handed_off")),
    "reject without a word": ({"type": "reject"}, (["reject"], [], "handed_off")),
    "respond": ({"type": "respond", "message": "We call you."}, (["respond"], [], "done")),
}
LEGACY: dict[str, tuple[Any, tuple[list[str], list[str], str]]] = {
    "accept": ({"type": "accept", "args": None}, DECISIONS["approve"][1]),
    "edit": ({"type": "edit", "args": {"action": ACTION_NAME, "args": EDITED}}, DECISIONS["edit"][1]),
    "ignore": ({"type": "ignore", "args": None}, DECISIONS["reject"][1]),
    "response": ({"type": "response", "args": "We call you."}, DECISIONS["respond"][1]),
}
FORMS = {
    **{f"bare {name}": pair for name, pair in DECISIONS.items()},
    **{f"decisions {name}": ({"decisions": [answer]}, came) for name, (answer, came) in DECISIONS.items()},
    **{f"legacy {name}": pair for name, pair in LEGACY.items()},
    **{f"legacy list {name}": ([answer], came) for name, (answer, came) in LEGACY.items()},
}


@pytest.mark.parametrize(("answer", "came"), FORMS.values(), ids=FORMS)
def test_every_form_decides(desk: World, answer: Any, came: tuple[list[str], list[str], str]) -> None:
    """Each form of each front end becomes one recorded verdict, and the effect that follows from it."""
    answered(desk, answer)
    assert came_of_it(desk) == came


REFUSED: dict[str, Any] = {
    "an unknown type": {"type": "yes"},
    "a word": "approve",
    "true": True,
    "a number": 1,
    "an empty list": [],
    "two answers": {"decisions": [{"type": "approve"}, {"type": "approve"}]},
    "no answer": {"decisions": []},
    "another key": {"type": "approve", "args_": {}},
    "an approval with an edit": {"type": "approve", "edited_action": {"name": ACTION_NAME, "args": EDITED}},
    "an edit of another tool": {"type": "edit", "edited_action": {"name": "delete_data", "args": {}}},
    "an edit without a name": {"type": "edit", "edited_action": {"args": EDITED}},
    "an edit with more": {
        "type": "edit",
        "edited_action": {"name": ACTION_NAME, "args": {**EDITED, "account_id": "A"}},
    },
    "an edit of nothing readable": {"type": "edit", "edited_action": {"name": ACTION_NAME, "args": {"actions": "all"}}},
    "a response without words": {"type": "respond", "message": " "},
    "a response with a NUL": {"type": "respond", "message": "a\x00b"},
    "a nested type": {"type": {"type": "approve"}},
    "capitals": {"type": "APPROVE"},
}


@pytest.mark.parametrize("answer", REFUSED.values(), ids=REFUSED)
def test_everything_else_leaves_the_draft_open(desk: World, answer: Any) -> None:
    """What does not fit is refused with a sentence on the card; the draft waits on, and a good answer still decides."""
    answered(desk, answer)
    assert came_of_it(desk) == ([], [], "waiting")
    assert "Not accepted" in pending(desk).value["action_requests"][0]["description"]
    answered(desk, {"type": "approve"})
    assert came_of_it(desk) == DECISIONS["approve"][1]


def test_the_request_is_what_front_ends_render(desk: World) -> None:
    """The interrupt carries one action request and its review config under one name, JSON through and through."""
    value = pending(desk).value
    (asked,), (config,) = value["action_requests"], value["review_configs"]
    assert asked["name"] == config["action_name"] == ACTION_NAME
    assert asked["args"] == {"reply": LINE.reply, "actions": [LINE.actions[0].model_dump()]}
    assert (config["allowed_decisions"], json.loads(json.dumps(value))) == (list(VERDICTS), value)


def test_an_edit_beyond_the_anonymous_reviewer_goes_to_a_person(desk: World) -> None:
    """Who answers past the agent has the lowest rank: an edit beyond it runs nothing and is handed over."""
    big = {
        "tool": "issue_credit",
        "args": {"account_id": "ACC-301", "amount": "900.00", "currency": "USD", "reason": "r"},
    }
    answered(
        desk, {"type": "edit", "edited_action": {"name": ACTION_NAME, "args": {"reply": "Done.", "actions": [big]}}}
    )
    assert came_of_it(desk) == (["edit"], [], "handed_off")


def test_a_second_answer_changes_nothing(desk: World) -> None:
    """An answer to a thread that is done, by the old id or by none, neither runs nor records anything."""
    old = pending(desk).id
    answered(desk, {"type": "approve"})
    for answer in ({old: {"type": "reject"}}, {"type": "approve"}):
        desk.invoke(Command(resume=answer), "T-1")
    assert came_of_it(desk) == DECISIONS["approve"][1]
