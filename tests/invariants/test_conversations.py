"""A customer who writes again: what waits is withdrawn, what is done stays done, and the whole is judged anew."""

from typing import Any

import pytest
from scenes import APPROVER, BOTH, LOW, MID, PLEA, REVIEWER, SENDERS, asks, credit, outside, sent, waiting

from cxagent.brief import describe
from cxagent.domain.proposal import Proposal
from cxagent.domain.review import Review
from cxagent.domain.ticket import Incoming
from cxagent.errors import BadInput, Conflict
from cxagent.steps.held import held
from cxagent.testing import World, call, proposal

MORE = "One more thing: it was the report of last Tuesday."
LEAVING = "We have decided to cancel our contract and move to a competitor."
COLLEAGUE = "dario@brindlecote.example"


def again(
    world: World,
    ticket_id: str = "T-2",
    before: str = "T-1",
    account_id: str = MID,
    line: Proposal | None = None,
    body: str = MORE,
    sender: str | None = None,
) -> Incoming:
    """Return a later message of a conversation."""
    ticket = asks(world, ticket_id, account_id, line, body)
    if sender is not None:
        ticket = world.ticket(ticket_id, sender, body, account_id)
    return ticket.model_copy(update={"follows": before})


@BOTH
def test_a_draft_that_waits_is_withdrawn(world: World) -> None:
    """The draft before is withdrawn, who decides it learns where it goes on, and the new card says what changed."""
    first = waiting(world)
    result = world.run(again(world, line=credit(MID, "30.00")))
    with pytest.raises(Conflict, match=f"{first} is withdrawn .* customer wrote again, and the ticket T-2 goes on"):
        world.review(first, "approve", REVIEWER)
    assert (world.rows("ticket", id="T-1")[0]["status"], outside(world.home)) == ("continued", [])
    card = world.draft(result["draft_id"])["card"]
    before = {"reply": credit(MID).reply, "actions": [one.model_dump(mode="json") for one in credit(MID).actions]}
    assert card["since"] == {"ticket": "T-1", "added": MORE, "proposed": before, "sent": [], "done": []}
    for told in ("goes on with T-1", credit(MID).reply, "issue_credit {"):
        assert told in describe(card)
    world.review(result["draft_id"], "approve", REVIEWER)
    assert [args["amount"] for _, _, args in outside(world.home)] == ["30.00"]


@BOTH
def test_while_an_effect_is_under_way(world: World) -> None:
    """What has begun stays on record, what would follow it does not happen, nothing is sent, and the card says so."""
    second = call("share_public_doc", url="https://docs.vendor.example/a")
    line = proposal("goodwill_credit", *credit(LOW).actions, second, reply=credit(LOW).reply)
    other, told = world.twin(), []

    def writes_again(given: Any) -> None:
        other.on_effect = world.on_effect = None
        told.append(other.run(again(other, account_id=LOW, line=credit(LOW))))

    world.on_effect = writes_again
    result = world.run(asks(world, "T-1", LOW, line))
    assert (result["status"], sent(world, "T-1"), len(outside(world.home))) == ("continued", [], 1)
    assert [row["status"] for row in world.rows("execution")] == ["done", "failed"]
    assert [row["status"] for row in world.rows("budget")] == ["spent"]
    assert (told[0]["autonomy"], told[0]["reasons"]) == ("draft", ["latitude"]), "the same credit must not go out again"
    card = world.draft(told[0]["draft_id"])["card"]
    assert [(one["tool"], one["status"]) for one in card["since"]["done"]] == [("issue_credit", "started")]
    assert "Under way: issue_credit" in describe(card)


def test_what_was_done_is_told_to_who_takes_over(world: World) -> None:
    """Where the later message goes to a person, their brief lists what was done before."""

    def writes_again(given: Any) -> None:
        world.agent.receive(again(world, account_id=LOW))

    second = call("share_public_doc", url="https://docs.vendor.example/a")
    world.on_effect = writes_again
    world.run(asks(world, "T-1", LOW, proposal("goodwill_credit", *credit(LOW).actions, second, reply="Done.")))
    world.on_effect = None
    world.change(LOW, "crm.flags", ["no_ai_contact"])
    assert world.run(again(world, account_id=LOW))["status"] == "handed_off"
    brief = world.handoff("T-2")["brief"]
    assert [(one["ticket"], one["tool"], one["status"]) for one in brief["since"]["done"]] == [
        ("T-1", "issue_credit", "done")
    ]
    assert any("Already done: issue_credit" in line for line in brief["tried"])


def test_the_verdict_on_what_is_under_way_stays(world: World) -> None:
    """An approved effect that had begun counts as applied; its draft waits for nobody, and no reply goes out."""
    draft_id = waiting(world)
    world.on_effect = lambda given: world.agent.receive(again(world)) and None
    assert world.review(draft_id, "approve", REVIEWER)["status"] == "continued"
    assert (world.rows("draft")[0]["status"], sent(world, "T-1"), len(outside(world.home))) == ("applied", [], 1)


@pytest.mark.parametrize("claimed", [False, True])
def test_a_verdict_that_has_begun_nothing_is_withdrawn(world: World, claimed: bool) -> None:
    """A verdict that was recorded and carried out nothing yet is overtaken by the customer's message."""
    draft_id = waiting(world)
    if claimed:
        with world.inside() as bench:
            approval = world.project.steps.recorder.approval(held(world.state("T-1")))  # type: ignore[arg-type]
            bench.reviewing.claim(draft_id, Review(verdict="approve", by=REVIEWER, role="reviewer"), *approval)
    world.run(again(world))
    with pytest.raises(Conflict, match="was first: approve .*T-2 goes on" if claimed else "withdrawn"):
        world.review(draft_id, "approve", APPROVER)
    assert (outside(world.home), [row["status"] for row in world.rows("budget")]) == ([], ["released"] * claimed)


@pytest.mark.parametrize(("first", "second"), [(LEAVING, MORE), (PLEA, LEAVING)], ids=["before", "now"])
def test_a_signal_counts_wherever_it_stands(world: World, first: str, second: str) -> None:
    """A wish to leave caps the ruling on the thread, whether it was in the message before or is in the one now."""
    world.run(asks(world, "T-1", LOW, body=first))
    result = world.run(again(world, account_id=LOW, body=second))
    assert (result["autonomy"], "signal_exit" in result["reasons"]) == ("draft", True)


def test_never_bolder_than_what_was_withdrawn(world: World) -> None:
    """R29: what a person had to see is not done alone because the customer wrote again, however often."""
    waiting(world, account_id=LOW, line=credit(LOW, "150.00"))
    for number in (2, 3):
        result = world.run(again(world, f"T-{number}", "T-1", LOW, credit(LOW, "1.00")))
        assert (result["autonomy"], "latitude" in result["reasons"]) == ("draft", True)
    assert [row["follows"] for row in world.rows("ticket")] == [None, "T-1", "T-2"], "the latest message goes on"
    assert [row["ticket_id"] for row in world.rows("draft", status="pending")] == ["T-3"]


def test_a_rejection_holds_for_the_conversation(world: World) -> None:
    """What a person rejected, or owns, stays with people when the customer writes again."""
    world.review(waiting(world, account_id=LOW, line=credit(LOW, "150.00")), "reject", REVIEWER)
    assert world.run(again(world, account_id=LOW, line=credit(LOW, "1.00")))["autonomy"] == "handoff"
    assert outside(world.home) == []


def test_after_an_answer_there_is_only_context(world: World) -> None:
    """A message after an answered one is ruled on as any other, with the conversation before it in view."""
    world.run(asks(world, "T-1", LOW, credit(LOW, "1.00")))
    assert world.run(again(world, account_id=LOW, line=credit(LOW, "2.00")))["autonomy"] == "act"
    earlier = world.script.asked[-1].ticket.earlier
    assert [(one.by, one.body) for one in earlier] == [("customer", PLEA), ("us", credit(LOW, "1.00").reply)]
    assert world.rows("ticket", id="T-1")[0]["status"] == "done"


@pytest.mark.parametrize(
    ("sender", "hint", "theirs"),
    [(COLLEAGUE, LOW, True), (COLLEAGUE, None, False), (SENDERS[MID], LOW, False), (SENDERS[MID], MID, False)],
)
def test_whose_conversation_it_is(world: World, sender: str, hint: str | None, theirs: bool) -> None:
    """R42: only who wrote before, or a colleague on the same account, goes on with a conversation."""
    waiting(world, account_id=LOW, line=credit(LOW, "150.00"))
    world.says("T-2", credit(LOW, "1.00"))
    ticket = world.ticket("T-2", sender, MORE, hint).model_copy(update={"follows": "T-1"})
    world.run(ticket)
    assert world.rows("draft", ticket_id="T-1")[0]["status"] == ("withdrawn" if theirs else "pending")
    (row,) = world.rows("ticket", id="T-2")
    stored = world.rows("personal", ticket_id="T-2", kind="ticket")[0]["payload"]
    assert (row["follows"], PLEA in stored) == (("T-1", True) if theirs else (None, False))


@BOTH
def test_the_same_message_twice(world: World) -> None:
    """A later message that is delivered twice is one ticket and one draft; with other words it is refused."""
    waiting(world)
    results = [world.run(again(world)) for _ in range(2)]
    assert (results[0], len(world.rows("draft", status="pending"))) == (results[1], 1)
    with pytest.raises(BadInput, match="used before with another content"):
        world.run(again(world, body="Something else"))


def test_a_conversation_that_nobody_knows(world: World) -> None:
    """A message that claims to go on with a ticket that is not on record, or with itself, stands alone."""
    for number, before in enumerate(("T-unheard", "T-1")):
        result = world.run(again(world, f"T-{number}", before, LOW, credit(LOW, "1.00"), PLEA))
        assert (result["status"], world.rows("ticket", id=f"T-{number}")[0]["follows"]) == ("done", None)


def test_erasing_one_sender_reaches_the_answers_of_others(world: World) -> None:
    """What a person wrote is erased where a colleague's later message carries it along, too."""
    waiting(world, account_id=LOW, line=credit(LOW, "150.00"))
    world.says("T-2", credit(LOW, "1.00"))
    world.run(world.ticket("T-2", COLLEAGUE, MORE, LOW).model_copy(update={"follows": "T-1"}))
    with world.inside():
        world.agent.erase(SENDERS[LOW])
    assert [row["id"] for row in world.rows("personal") if row["payload"] and PLEA in row["payload"]] == []
