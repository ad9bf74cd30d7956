"""Invariant 6, frozen and only tightened: between ruling and effect the facts are read again, and never loosen."""

import contextlib
import json
from datetime import timedelta
from typing import Any

import pytest
from scenes import HIGH, LOW, MID, REVIEWER, asks, credit, outside, sent, waiting

from cxagent.domain.account import Fault
from cxagent.domain.cell import Cell
from cxagent.domain.review import Review
from cxagent.domain.stop import Stop
from cxagent.domain.vocabulary import SourceName
from cxagent.errors import CxagentError, Refused
from cxagent.ledger import history, reviews
from cxagent.testing import World, call, proposal

ESCALATION = [{"ref": "ESC-1", "summary": "the plant stands still"}]
WORSE: dict[str, tuple[str, Any]] = {
    "health turns red": ("crm.health", 20),
    "an escalation opens": ("support.open_escalations", ESCALATION),
    "an invoice falls overdue": ("billing.overdue", {"amount": "120.00", "currency": "USD"}),
    "the sender leaves": ("crm.contacts", []),
    "the owner leaves": ("crm.owner", {"name": "Customer desk", "since": None, "vacant_since": "2026-11-20"}),
    "the billing data are gone": ("billing", None),
    "AI is refused": ("crm.flags", ["no_ai_contact"]),
}


@pytest.mark.parametrize(("path", "value"), WORSE.values(), ids=WORSE)
def test_facts_turn_worse_before_an_autonomous_effect(world: World, path: str, value: Any) -> None:
    """R35: what changes between the ruling and the effect caps it: a person sees it first, and nothing runs."""
    ticket = asks(world, "T-1")
    world.begin(ticket, before="act")
    world.change(LOW, path, value)
    assert world.run(ticket)["status"] in ("waiting", "handed_off")
    assert (outside(world.home), sent(world, "T-1")) == ([], [])


@pytest.mark.parametrize(("path", "value"), WORSE.values(), ids=WORSE)
def test_facts_turn_worse_while_a_draft_waits(world: World, path: str, value: Any) -> None:
    """R35: an approval of a card whose facts turned worse reopens the card or hands over; nothing runs on it."""
    draft_id = waiting(world)
    world.change(MID, path, value)
    result = world.review(draft_id, "approve", REVIEWER)
    assert result["status"] in ("waiting", "handed_off")
    assert (outside(world.home), sent(world, "T-1"), result["draft_id"] == draft_id) == (
        [],
        [],
        result["status"] == "handed_off",
    )


def test_a_reopened_card_can_be_approved(world: World) -> None:
    """The reopened card shows the new facts, and its approval is carried out."""
    draft_id = waiting(world)
    world.change(MID, "billing.overdue", {"amount": "120.00", "currency": "USD"})
    second = world.review(draft_id, "approve", REVIEWER)["draft_id"]
    assert (second != draft_id, outside(world.home)) == (True, [])
    assert (world.review(second, "approve", REVIEWER)["status"], len(outside(world.home))) == ("done", 1)


def red(world: World) -> str:
    """Return the draft of a small account that is in the red, whose credit would else be given alone."""
    world.change(LOW, "billing.overdue", {"amount": "120.00", "currency": "USD"})
    draft_id = waiting(world, "T-1", LOW)
    world.change(LOW, "billing.overdue", {"amount": "0.00", "currency": "USD"})
    return draft_id


def test_facts_turn_better_while_a_draft_waits(world: World) -> None:
    """Better facts loosen nothing: a draft stays a draft, whoever runs the ticket again and however."""
    draft_id = red(world)
    ticket = asks(world, "T-1", LOW)
    assert world.run(ticket)["status"] == "waiting"
    world.begin(ticket, before="nowhere")
    assert ([row["status"] for row in world.rows("draft", id=draft_id)], outside(world.home)) == (["withdrawn"], [])
    assert world.run(ticket)["status"] == "waiting"
    assert outside(world.home) == []


def test_a_rejection_stays_when_facts_turn_better(world: World) -> None:
    """A person's no is final: better facts, a second delivery and a run past the agent change nothing."""
    draft_id = red(world)
    world.review(draft_id, "reject", REVIEWER)
    ticket = asks(world, "T-1", LOW)
    assert world.run(ticket)["status"] == "handed_off"
    with pytest.raises(Refused, match="settled"):
        world.begin(ticket, before="nowhere")
    assert outside(world.home) == []


def test_a_rejection_that_the_graph_never_heard_of_stays(world: World) -> None:
    """Where the process ended between a recorded rejection and the graph, a fresh run of the ticket hands it over."""
    draft_id = red(world)
    with world.inside(), world.store.write() as connection:
        reviews.claim(connection, draft_id, Review(verdict="reject", by=REVIEWER, role="reviewer"))
    ticket = asks(world, "T-1", LOW)
    with pytest.raises(Refused, match="rejected"):
        world.begin(ticket, before="nowhere")
    assert outside(world.home) == []


STOPS = [
    Stop(scope="all", by=REVIEWER, why="an incident"),
    Stop(scope="account", key=LOW, by=REVIEWER, why="an incident"),
    Stop(scope="tool", key="issue_credit", by=REVIEWER, why="an incident"),
    Stop(scope="channel", key="email", by=REVIEWER, why="an incident"),
]


def stop(world: World, which: Stop) -> None:
    """Turn a kill switch on."""
    with world.inside(), world.store.write() as connection:
        history.stop(connection, which)


@pytest.mark.parametrize("which", STOPS, ids=lambda one: one.scope)
def test_a_kill_switch_before_the_effect(world: World, which: Stop) -> None:
    """A kill switch that is turned on after the ruling stops the effect, and a person takes over."""
    ticket = asks(world, "T-1")
    world.begin(ticket, before="act")
    stop(world, which)
    assert (world.run(ticket)["status"], outside(world.home)) == ("handed_off", [])


def test_a_kill_switch_stops_an_approved_draft(world: World) -> None:
    """A kill switch goes before a person's approval as well."""
    draft_id = waiting(world)
    stop(world, STOPS[0])
    assert (world.review(draft_id, "approve", REVIEWER)["status"], outside(world.home)) == ("handed_off", [])


def test_a_kill_switch_between_two_effects(world: World) -> None:
    """A kill switch that is turned on while one effect runs stops the next one of the same authorization."""
    world.on_effect = lambda given: stop(world, STOPS[0]) if len(world.effects) == 1 else None
    links = [call("share_public_doc", url=url) for url in ("one", "two", "three")]
    line = proposal("howto_question", *links, stance="inform")
    result = world.run(asks(world, "T-1", line=line, body="How do I share a report?"))
    states = [row["status"] for row in world.rows("execution")]
    assert (result["status"], states, sent(world, "T-1")) == ("handed_off", ["done", "failed", "planned"], [])
    assert len(outside(world.home)) == 1


def test_the_playbook_changes_before_the_effect(world: World) -> None:
    """An authorization belongs to one playbook: under another one it is judged again, here to a draft."""
    ticket = asks(world, "T-1")
    world.begin(ticket, before="act")
    limits = world.playbook.money.per_action.model_copy(update={"low_clv": 10})
    world.playbook = world.playbook.model_copy(
        update={"version": "next", "money": world.playbook.money.model_copy(update={"per_action": limits})}
    )
    world.playbook.__dict__.pop("digest", None)
    assert (world.run(ticket)["status"], outside(world.home)) == ("waiting", [])


def test_a_new_edition_of_the_playbook_costs_a_second_look_and_no_more(world: World) -> None:
    """Where the new playbook says the same, the ticket is ruled on again and its effect happens once."""
    ticket = asks(world, "T-1")
    world.begin(ticket, before="act")
    world.playbook = world.playbook.model_copy(update={"version": "next"})
    world.playbook.__dict__.pop("digest", None)
    assert (world.run(ticket)["status"], len(outside(world.home))) == ("done", 1)
    assert len(world.rows("decision_log", kind="ruling")) == 2


@pytest.mark.parametrize("cap", ["draft", "handoff"])
def test_latitude_shrinks_before_the_effect(world: World, cap: str) -> None:
    """R53: a cell that was tightened meanwhile holds the effect back."""
    ticket = asks(world, "T-1")
    world.begin(ticket, before="act")
    cell = Cell(intent="goodwill_credit", segment="smb", cap=cap, why="overturned")
    with world.inside(), world.store.write() as connection:
        history.set_latitude(connection, cell, world.now)
    assert world.run(ticket)["status"] == {"draft": "waiting", "handoff": "handed_off"}[cap]
    assert outside(world.home) == []


def test_a_source_fails_before_the_effect(world: World) -> None:
    """A source that no longer answers leaves the effect to a person."""
    ticket = asks(world, "T-1")
    world.begin(ticket, before="act")
    world.faults = (Fault(source=SourceName.BILLING, error="timeout"),)
    assert (world.run(ticket)["status"], outside(world.home)) == ("waiting", [])


def test_shadow_mode_before_the_effect(world: World) -> None:
    """Shadow mode holds for what was ruled before it was turned on."""
    ticket = asks(world, "T-1")
    world.begin(ticket, before="act")
    world.shadow = True
    assert (world.run(ticket)["status"], outside(world.home)) == ("handed_off", [])


def test_a_withdrawn_authorization_is_void(world: World) -> None:
    """What was withdrawn because the facts moved cannot be spent when they move back."""
    ticket = asks(world, "T-1")
    stale = world.begin(ticket, before="act")
    world.change(LOW, "billing.overdue", {"amount": "120.00", "currency": "USD"})
    world.run(ticket)
    world.change(LOW, "billing.overdue", {"amount": "0.00", "currency": "USD"})
    with world.inside():
        world.agent.app.update_state({"configurable": {"thread_id": "T-1"}}, stale, as_node="risk_gate")
    with contextlib.suppress(CxagentError):
        world.invoke(None, "T-1")
    assert outside(world.home) == []


def test_an_expired_authorization_is_judged_again(world: World) -> None:
    """A permission that was left lying is not used: the ticket is audited and ruled on anew."""
    ticket = asks(world, "T-1")
    first = world.begin(ticket, before="act")["authorization_id"]
    world.now += timedelta(minutes=world.playbook.authorization_minutes + 1)
    assert world.run(ticket)["status"] == "done"
    (spent,) = [row for row in world.rows("authorization") if row["spent_at"]]
    assert (spent["id"] != first, len(outside(world.home))) == (True, 1)


def test_facts_are_frozen_in_the_record(world: World) -> None:
    """A draft on an enterprise account cites the digest of the facts it was ruled on."""
    line = proposal("howto_question", call("share_public_doc", url="x"), stance="inform")
    waiting(world, "T-1", HIGH, line)
    (row,) = world.rows("decision_log", kind="ruling")
    before = json.loads(row["body"])["context"]
    world.change(HIGH, "crm.health", 51)
    with world.inside() as bench:
        assert bench.judge.look(asks(world, "T-1", HIGH).ticket, HIGH).digest != before


def test_the_amount_of_the_credit_is_the_one_ruled_on(world: World) -> None:
    """A fact that does not decide may change: the authorized effect happens as it was ruled."""
    ticket = asks(world, "T-1")
    world.begin(ticket, before="act")
    world.now += timedelta(minutes=5)
    assert (world.run(ticket)["status"], outside(world.home)[0][2]) == ("done", credit(LOW).actions[0].args)
