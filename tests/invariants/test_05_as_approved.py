"""Invariant 5, what was approved is what is sent: card, authorization and execution share one digest."""

from datetime import timedelta
from typing import Any

import pytest
from langgraph.types import Command
from scenes import APPROVER, EXECUTIVE, FINANCE, HIGH, LOW, MID, REVIEWER, SENDERS, asks, credit, outside, sent, waiting

from cxagent.domain.proposal import Part, Proposal
from cxagent.domain.review import Review
from cxagent.domain.value import digest
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.ledger import reviews
from cxagent.playbook import Colleague
from cxagent.testing import World, call, proposal

SAM = Colleague(name="Sam", role="finance_lead")


def tamper(world: World, ticket_id: str, **values: Any) -> None:
    """Change a waiting thread's state behind everybody's back."""
    config = {"configurable": {"thread_id": ticket_id}}
    with world.inside():
        world.agent.app.update_state(config, values, as_node="risk_gate")
        world.agent.app.invoke(None, config)


TAMPERED: dict[str, Any] = {
    "a larger amount": credit(MID, "400.00", reply=credit(MID).reply),
    "another account": credit(HIGH, reply=credit(MID).reply),
    "another text": credit(MID, reply="We have added a credit of USD 40.00. It was our fault."),
    "another tool": proposal(
        "goodwill_credit", call("delete_data", scope="all", request_ref="1"), reply=credit(MID).reply
    ),
}


@pytest.mark.parametrize("line", TAMPERED.values(), ids=TAMPERED)
def test_what_changes_after_the_card_was_shown_does_not_count(world: World, line: Proposal) -> None:
    """An approval of a card does not carry over to a proposal that was swapped behind it: the card's own is sent."""
    draft_id = waiting(world)
    tamper(world, "T-1", proposal=line.model_dump(mode="json"))
    world.review(draft_id, "approve", REVIEWER)
    ((tool, account, args),) = outside(world.home)
    assert (tool, account, args, sent(world, "T-1")) == (
        *("issue_credit", MID, credit(MID).actions[0].args),
        [credit(MID).reply],
    )


@pytest.mark.parametrize("line", TAMPERED.values(), ids=TAMPERED)
def test_a_swapped_proposal_is_refused_where_the_graph_is_answered_directly(world: World, line: Proposal) -> None:
    """Past the agent, an approval of a thread whose proposal is not the card's is refused, and nothing runs."""
    waiting(world)
    tamper(world, "T-1", proposal=line.model_dump(mode="json"))
    (one,) = world.agent.app.get_state({"configurable": {"thread_id": "T-1"}}).interrupts
    world.invoke(Command(resume={one.id: {"type": "approve"}}), "T-1")
    assert "card" in world.state("T-1")["review"]["refused"]
    assert (outside(world.home), sent(world, "T-1")) == ([], [])


@pytest.mark.parametrize("line", TAMPERED.values(), ids=TAMPERED)
def test_what_changes_between_approval_and_effect_is_refused(world: World, line: Proposal) -> None:
    """A state swapped after the approval does not match the authorization, and nothing runs."""
    world.review(waiting(world), "approve", REVIEWER)
    before = outside(world.home)
    state = world.state("T-1")
    forged = {"authorization_id": state["authorization_id"], "proposal": line.model_dump(mode="json")}
    with pytest.raises(Refused):
        world.invoke(Command(goto="act", update=forged), "T-1")
    assert outside(world.home) == before


def test_card_authorization_and_execution_share_one_digest(world: World) -> None:
    """What the card showed, what was authorized and what ran are one digest over the calls and the reply."""
    draft_id = waiting(world)
    world.review(draft_id, "approve", REVIEWER)
    with world.store.read() as connection:
        shown = reviews.shown(reviews.draft(connection, draft_id))
    (authorization,), (execution,) = world.rows("authorization"), world.rows("execution")
    ((tool, _, args),) = outside(world.home)
    line = credit(MID)
    assert shown == authorization["proposal_digest"] == digest({"actions": line.actions, "reply": line.reply})
    assert (execution["tool"], execution["args_digest"]) == (tool, digest(args))


EDITS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "a larger amount than the role": (REVIEWER, [credit(MID, "501.00").actions[0].model_dump()]),
    "an amount for two people": (EXECUTIVE, [credit(MID, "5000.00").actions[0].model_dump()]),
    "another account": (EXECUTIVE, [credit(LOW).actions[0].model_dump()]),
    "a tool that only people use": (EXECUTIVE, [{"tool": "change_admin", "args": {"new_admin": SENDERS[MID]}}]),
    "an unknown tool": (EXECUTIVE, [{"tool": "print_money", "args": {}}]),
    "arguments that do not fit": (EXECUTIVE, [{"tool": "issue_credit", "args": {"sum": "1"}}]),
}


@pytest.mark.parametrize(("by", "args"), EDITS.values(), ids=EDITS)
def test_an_edit_beyond_the_authority_is_refused(world: World, by: str, args: list[dict[str, Any]]) -> None:
    """An edit is judged with the reviewer's authority; a refused one leaves the draft open for others."""
    draft_id = waiting(world)
    with pytest.raises(Refused):
        world.review(draft_id, "edit", by, args=args)
    (row,) = world.rows("draft", id=draft_id)
    assert (outside(world.home), row["status"], row["first_approver"]) == ([], "pending", None)
    assert world.review(draft_id, "approve", REVIEWER)["status"] == "done"


def test_an_edit_is_judged_again_and_sent_as_edited(world: World) -> None:
    """An edit within the authority runs as edited: its amount, its text, and a ruling of its own in the log."""
    draft_id = waiting(world)
    edit = credit(MID, "25.00")
    world.review(draft_id, "edit", REVIEWER, args=[edit.actions[0].model_dump()], reply=edit.reply)
    assert outside(world.home) == [("issue_credit", MID, edit.actions[0].args)]
    assert (sent(world, "T-1"), len(world.rows("decision_log", kind="ruling"))) == ([edit.reply], 2)


def test_a_response_sends_the_reviewers_text_and_runs_nothing(world: World) -> None:
    """`respond` sends the person's own words through the gate, and no proposed action runs."""
    world.review(waiting(world), "respond", REVIEWER, reply="Thank you, we have noted it.")
    assert (outside(world.home), sent(world, "T-1")) == ([], ["Thank you, we have noted it."])


@pytest.mark.parametrize(
    ("amount", "too_low", "enough"),
    [("501.00", REVIEWER, APPROVER), ("4999.00", REVIEWER, APPROVER)],
    ids=["above the first step", "below the second"],
)
def test_a_lower_role_cannot_sign(world: World, amount: str, too_low: str, enough: str) -> None:
    """An amount is signed by the role of the ladder; a lower one is refused and the draft stays open."""
    draft_id = waiting(world, line=credit(MID, amount))
    with pytest.raises(Refused, match="needs the approver"):
        world.review(draft_id, "approve", too_low)
    assert (outside(world.home), len(world.rows("review"))) == ([], 0)
    assert world.review(draft_id, "approve", enough)["status"] == "done"


def test_a_lower_role_may_still_reject(world: World) -> None:
    """Saying no needs no rank."""
    draft_id = waiting(world, line=credit(MID, "4999.00"))
    assert world.review(draft_id, "reject", REVIEWER)["status"] == "handed_off"


def four_eyes(world: World) -> str:
    """Return a draft that two people must approve; the playbook knows Sam beside the finance lead."""
    world.playbook = world.playbook.model_copy(update={"people": (*world.playbook.people, SAM)})
    draft_id = waiting(world, line=credit(MID, "6000.00"))
    assert world.rows("draft", id=draft_id)[0]["four_eyes"]
    return draft_id


@pytest.mark.parametrize("again", ["Sam", " sam ", "SAM", "\tsam"])
def test_one_person_is_not_two(world: World, again: str) -> None:
    """Four eyes: the same person under another spelling is refused, and nothing runs."""
    draft_id = four_eyes(world)
    assert world.review(draft_id, "approve", "Sam")["status"] == "waiting"
    with pytest.raises(Conflict, match="second person"):
        world.review(draft_id, "approve", again)
    assert (outside(world.home), world.rows("draft", id=draft_id)[0]["status"]) == ([], "pending")


def test_a_second_person_completes(world: World) -> None:
    """Four eyes: two distinct people of sufficient rank, hours apart and over a restart, let the effect happen once."""
    draft_id = four_eyes(world)
    world.review(draft_id, "approve", "Sam")
    later = world.twin()
    later.now += timedelta(hours=3)
    assert later.review(draft_id, "approve", FINANCE)["status"] == "done"
    assert len(outside(world.home)) == 1


def test_the_second_pair_of_eyes_needs_rank_too(world: World) -> None:
    """Four eyes: the second approval is checked like the first."""
    draft_id = four_eyes(world)
    world.review(draft_id, "approve", "Sam")
    with pytest.raises(Refused, match="needs the"):
        world.review(draft_id, "approve", REVIEWER)
    assert outside(world.home) == []


def test_an_edit_is_no_first_approval(world: World) -> None:
    """Four eyes: whoever wanted another text has not approved this one, so one more person is needed."""
    draft_id = four_eyes(world)
    with pytest.raises(Refused, match="two people"):
        world.review(draft_id, "edit", "Sam", reply="We have added a credit of USD 6000.00, as agreed.")
    assert world.review(draft_id, "approve", FINANCE)["status"] == "waiting"
    assert outside(world.home) == []


def test_an_edit_on_record_names_no_first_approver(world: World) -> None:
    """Four eyes: an edit that reached the ledger past the rehearsal is an edit, and never half an approval."""
    draft_id = four_eyes(world)
    with world.store.write() as connection:
        assert reviews.claim(connection, draft_id, Review(verdict="edit", by="Sam", role="finance_lead", reply="x"))
    (row,) = world.rows("draft", id=draft_id)
    assert (row["status"], row["first_approver"]) == ("decided", None)


@pytest.mark.parametrize("name", ["the script", "bot", "AI", "", "somebody at the API", "Nobody Known"])
def test_only_people_of_the_playbook_decide(world: World, name: str) -> None:
    """The proposer, a bot, an empty name and anyone the playbook does not know cannot approve."""
    draft_id = waiting(world)
    with pytest.raises(BadInput, match="nobody the playbook knows"):
        world.review(draft_id, "approve", name)
    assert (outside(world.home), world.rows("review")) == ([], [])


def test_nobody_approves_their_own_proposal(world: World) -> None:
    """A proposer that bears the name of a person on record cannot approve what it wrote."""
    world.script.name = REVIEWER
    draft_id = waiting(world)
    with pytest.raises(Refused, match="somebody else"):
        world.review(draft_id, "approve", REVIEWER)
    assert outside(world.home) == []


def test_an_approval_runs_all_parts(world: World) -> None:
    """Under a draft no part runs, the safe one included; the approval runs all of them in order."""
    safe = Part(intent="howto_question", stance="inform", actions=(call("share_public_doc", url="x"),))
    line = credit(MID).model_copy(update={"parts": (safe, *credit(MID).parts)})
    ticket = asks(world, "T-1", MID, line)
    draft_id = world.run(ticket)["draft_id"]
    assert outside(world.home) == []
    world.review(draft_id, "approve", REVIEWER)
    assert [tool for tool, _, _ in outside(world.home)] == ["share_public_doc", "issue_credit"]
