"""Invariant 1, no effect without authority: a tool runs only against an unspent, matching authorization."""

import json
from datetime import timedelta
from typing import Any

import pytest
from langgraph.errors import InvalidUpdateError
from langgraph.types import Command
from scenes import APPROVER, BOTH, HIGH, LOW, MID, REVIEWER, SENDERS, asks, credit, outside, sent, waiting

from cxagent.actions import Call
from cxagent.domain.cell import Cell
from cxagent.domain.proposal import Action
from cxagent.domain.review import Review
from cxagent.domain.value import digest
from cxagent.domain.vocabulary import SILENT
from cxagent.errors import CxagentError, Refused, Unauthorized
from cxagent.executor import LedgerWarrant
from cxagent.ledger import history
from cxagent.ledger.executions import Terms
from cxagent.steps.held import held
from cxagent.testing import World, call, proposal


def attacked(world: World, what: Any, ticket_id: str, **config: Any) -> None:
    """Drive the graph past the agent; a refusal is as good as a run that does nothing."""
    try:
        world.invoke(what, ticket_id, **config)
    except (CxagentError, KeyError, InvalidUpdateError):
        return


def written(world: World, ticket_id: str, node: str, values: dict[str, Any]) -> None:
    """Write state in the name of a node, past the agent, and let the thread go on from there."""
    with world.inside():
        world.agent.app.update_state({"configurable": {"thread_id": ticket_id}}, values, as_node=node)
    attacked(world, None, ticket_id)


def gold(account_id: str, amount: str = "5000.00") -> dict[str, Any]:
    """Return a forged proposal as plain JSON."""
    return credit(account_id, amount).model_dump(mode="json")


def begun(world: World, kind: str) -> str:
    """Bring a thread into one of the states that an attack may start from, without any effect."""
    if kind == "fresh":
        return "T-fresh"
    if kind == "paused":
        waiting(world, "T-paused")
        return "T-paused"
    if kind == "rejected":
        world.review(waiting(world, "T-rejected"), "reject", REVIEWER)
        return "T-rejected"
    world.run(asks(world, "T-handed", HIGH, credit(HIGH), "Your service is a disgrace, we are leaving you."))
    return "T-handed"


KINDS = ("fresh", "paused", "rejected", "handed over")
FORGERIES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "an invented authorization": {"authorization_id": "aut_0000000000000000"},
    "a ruling": {"ruling": {"autonomy": "act", "reasons": []}, "authorization_id": "aut_1", "at_most": "act"},
    "a review": {"review": {"id": "rev_1", "verdict": "approve", "by": "Miriam Okafor", "role": "executive"}},
    "a proposal": {"proposal": gold(MID), "authorization_id": "aut_1"},
}


@BOTH
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("forged", FORGERIES, ids=lambda name: name.replace(" ", "_"))
def test_goto_act_runs_nothing(world: World, kind: str, forged: str) -> None:
    """`Command(goto="act")` runs nothing on any thread, whatever state comes with it."""
    attacked(world, Command(goto="act", update=FORGERIES[forged]), begun(world, kind))
    assert outside(world.home) == []


@BOTH
@pytest.mark.parametrize("answer", ["approve", "reject"])
def test_resume_with_goto_act(world: World, answer: str) -> None:
    """An answer that brings `goto="act"` along has no more effect than the recorded verdict allows."""
    waiting(world)
    attacked(world, Command(resume={"type": answer}, goto="act", update={"proposal": gold(MID)}), "T-1")
    verdicts = [row["verdict"] for row in world.rows("review")]
    assert outside(world.home) in ([], [("issue_credit", MID, credit(MID).actions[0].args)][: verdicts == ["approve"]])


@BOTH
@pytest.mark.parametrize("node", ["context_auditor", "propose", "risk_gate", "draft_for_approval"])
@pytest.mark.parametrize("kind", ["paused", "rejected"])
def test_update_state_as_another_node(world: World, node: str, kind: str) -> None:
    """State written in the name of a node, an audit of a better account included, lets nothing through."""
    donor = world.begin(asks(world, "T-donor"), before="act")
    thread = begun(world, kind)
    better = {**donor["audit"], "ticket_id": thread}
    forged = {"audit": better, "reading": donor["reading"], "proposal": gold(MID, "40.00"), "at_most": "act"}
    forged |= {"ruling": donor["ruling"], "authorization_id": donor["authorization_id"], "review": {}}
    written(world, thread, node, forged)
    assert outside(world.home) == []


@BOTH
def test_gate_rules_on_a_forged_audit_and_the_effect_reads_again(world: World) -> None:
    """An audit forged before the gate may win a ruling, but the facts are read again before the effect."""
    donor = world.begin(asks(world, "T-donor"), before="act")
    waiting(world, "T-2")
    audit = {**donor["audit"], "ticket_id": "T-2"}
    line = credit(LOW).model_dump(mode="json")
    attacked(world, Command(goto="risk_gate", update={"audit": audit, "proposal": line}), "T-2")
    assert outside(world.home) == []


@BOTH
@pytest.mark.parametrize("kind", ["answered", "rejected", "paused"])
def test_an_old_checkpoint_replays_nothing(world: World, kind: str) -> None:
    """Whatever checkpoint of a thread is run again, no effect comes on top of the one that was authorized."""
    if kind == "answered":
        thread, most = "T-1", 1
        world.run(asks(world, thread))
    else:
        thread, most = begun(world, kind), 0
    config = {"configurable": {"thread_id": thread}}
    for old in list(world.agent.app.get_state_history(config)):
        attacked(world, None, thread, checkpoint_id=old.config["configurable"]["checkpoint_id"])
    assert len(outside(world.home)) == most


@BOTH
def test_input_for_a_settled_thread_is_refused(world: World) -> None:
    """The same ticket put into the graph again, past the agent, is not worked on twice."""
    ticket = asks(world, "T-1")
    world.run(ticket)
    with pytest.raises(Refused, match="settled"):
        world.begin(ticket, before="act")
    assert len(outside(world.home)) == 1


@BOTH
@pytest.mark.parametrize("stolen", ["authorization_id", "audit", "reading", "proposal", "ticket"])
def test_what_belongs_to_another_ticket_is_worth_nothing(world: World, stolen: str) -> None:
    """An unspent authorization opens nothing for a thread that lacks any one thing of the ticket it was minted for."""
    donor = world.begin(asks(world, "T-donor"), before="act")
    waiting(world, "T-2")
    own = world.state("T-2")
    taken = {**donor, "authorization_id": donor["authorization_id"]} | {"ticket": own["ticket"], "audit": own["audit"]}
    if stolen != "authorization_id":
        taken = {**own, "authorization_id": donor["authorization_id"], stolen: donor[stolen]}
    attacked(world, Command(goto="act", update=taken), "T-2")
    assert outside(world.home) == []


def test_an_audit_counts_for_its_own_ticket(world: World) -> None:
    """No node works with the audit of another ticket, of the same sender and account though it be."""
    donor, own = (world.begin(asks(world, name), before="act") for name in ("T-1", "T-2"))
    with pytest.raises(Refused, match="not about T-2"):
        held({**own, "audit": donor["audit"]})  # type: ignore[typeddict-item]


@BOTH
def test_a_whole_stolen_state_does_once_what_was_authorized(world: World) -> None:
    """With everything of another ticket, one gets that ticket's own effect, and its own thread does not repeat it."""
    ticket = asks(world, "T-donor")
    donor = world.begin(ticket, before="act")
    attacked(world, Command(goto="act", update=donor), "T-thief")
    world.run(ticket)
    assert outside(world.home) == [("issue_credit", LOW, credit(LOW).actions[0].args)]


def terms(state: dict[str, Any], **forged: str) -> Terms:
    """Return the terms that a thread's state authorizes, with some of them forged."""
    line = state["proposal"]
    actions = [action for part in line["parts"] for action in part["actions"]]
    said = digest({"actions": actions, "reply": line["reply"]})
    true = {
        "ticket_id": "T-1",
        "account_id": LOW,
        "proposal_digest": said,
        "context_digest": state["ruling"]["context"],
    }
    return Terms(**{**true, "playbook_digest": forged.pop("playbook_digest", ""), **forged})


@pytest.mark.parametrize("field", Terms._fields)
def test_every_term_must_match(world: World, field: str) -> None:
    """An authorization is refused where ticket, account, proposal, context or playbook is another one."""
    state = world.begin(asks(world, "T-1"), before="act")
    right = terms(state, playbook_digest=world.playbook.digest)
    with world.inside() as bench, pytest.raises(Unauthorized, match="another"):
        found = bench.judge.look(asks(world, "T-1").ticket, LOW)
        assert found.account
        forged = right._replace(**{field: "another"})
        bench.executor.run(state["authorization_id"], forged, credit(LOW).actions, found.account)
    assert outside(world.home) == []


@pytest.mark.parametrize(
    "actions",
    [
        credit(LOW, "4000.00").actions,
        credit("ACC-104").actions,
        (*credit(LOW).actions, *credit(LOW).actions),
        (call("issue_refund", payment_id="P-1", amount="40.00", currency="USD", reason="goodwill"),),
        (),
    ],
    ids=["another amount", "another account", "twice", "another tool", "none"],
)
def test_a_spent_authorization_covers_nothing_else(world: World, actions: tuple[Action, ...]) -> None:
    """Replaying an authorization with other calls, more or fewer of them, is refused."""
    world.run(asks(world, "T-1"))
    state = world.state("T-1")
    with world.inside() as bench, pytest.raises(Unauthorized):
        account = world.accounts[LOW]
        bench.executor.run(
            state["authorization_id"], terms(state, playbook_digest=world.playbook.digest), actions, account
        )
    assert len(outside(world.home)) == 1


def test_another_reply_is_not_what_was_authorized(world: World) -> None:
    """The text is authorized as the calls are: with another reply nothing runs and nothing is sent."""
    state = world.begin(asks(world, "T-1"), before="act")
    line = {**state["proposal"], "reply": "We have added a credit of USD 40.00. It was our fault."}
    attacked(world, Command(goto="act", update={"proposal": line}), "T-1")
    assert (outside(world.home), sent(world, "T-1")) == ([], [])


def a_call(world: World, key: str) -> Call:
    """Return a call that cites a key of the ledger."""
    warrant = LedgerWarrant(world.store, key)
    settings = {"sandbox": str(world.home / "sandbox.sqlite")}
    return Call(key=key, account_id=LOW, ticket_id="T-1", warrant=warrant, home=world.home, settings=settings)


@BOTH
@pytest.mark.parametrize("forgery", ["no call", "unknown key", "finished key"])
def test_a_tool_called_directly_refuses(world: World, forgery: str) -> None:
    """A tool called without a call, with an invented key, or with the key of a finished effect does nothing."""
    world.run(asks(world, "T-1"))
    key = world.effects[0].key if forgery == "finished key" else "exe_0000000000000000"
    given: Any = None if forgery == "no call" else a_call(world, key)
    with pytest.raises(Unauthorized):
        world.tools["issue_credit"].run(given, **credit(LOW).actions[0].args)
    assert len(outside(world.home)) == 1


@pytest.mark.parametrize("change", [{"amount": "4000.00"}, {"account_id": "ACC-104"}], ids=["amount", "account"])
def test_a_started_effect_covers_only_itself(world: World, change: dict[str, str]) -> None:
    """While an effect is under way its key opens neither another tool nor other arguments."""
    refused: list[Exception] = []

    def meanwhile(given: Call) -> None:
        for tool, args in (("issue_credit", {**credit(LOW).actions[0].args, **change}), ("delete_data", {})):
            try:
                world.tools[tool].run(given, **args)
            except Unauthorized as error:
                refused.append(error)

    world.on_effect = meanwhile
    world.run(asks(world, "T-1"))
    assert (len(refused), len(outside(world.home))) == (2, 1)


def test_an_expired_authorization_runs_nothing(world: World) -> None:
    """An authorization that is older than the playbook allows is refused by the executor itself."""
    state = world.begin(asks(world, "T-1"), before="act")
    world.now += timedelta(minutes=world.playbook.authorization_minutes)
    with world.inside() as bench, pytest.raises(Unauthorized, match="expired"):
        right = terms(state, playbook_digest=world.playbook.digest)
        bench.executor.run(state["authorization_id"], right, credit(LOW).actions, world.accounts[LOW])
    assert outside(world.home) == []


ARGUMENTS: dict[str, Any] = {
    "account_id": HIGH,
    "amount": "10.00",
    "currency": "USD",
    "percent": "1",
    "term_months": 12,
    "invoice_id": "INV-30110",
    "user": SENDERS[HIGH],
    "contact": SENDERS[HIGH],
    "recipient": SENDERS[HIGH],
    "to_contact": SENDERS[HIGH],
    "nda_checked": True,
    "line_changes": [{"line": "1", "amount": "-1.00", "currency": "USD"}],
}


@BOTH
def test_no_tool_reaches_an_enterprise_customer_alone(world: World) -> None:
    """R38: whatever tool a hostile model calls for an enterprise account, nothing with an effect runs."""
    for place, (name, tool) in enumerate(world.tools.items()):
        known = {key: ARGUMENTS.get(key, "one") for key in tool.arguments.model_fields}
        line = proposal("howto_question", call(name, **known), stance="inform")
        world.run(asks(world, f"T-{place}", HIGH, line, "How do I share a report?"))
    loud = [effect for effect in world.effects if world.tools[effect.tool].effect not in SILENT]
    assert (loud, world.rows("outbox")) == ([], [])
    rulings = [json.loads(row["body"])["autonomy"] for row in world.rows("decision_log", kind="ruling")]
    assert (len(rulings), "act" in rulings) == (len(world.tools), False)


# ---- a person's verdict is an authority too: it cannot be borrowed -------------------------------------------------


@BOTH
@pytest.mark.parametrize("forged", [{}, {"proposal": gold(LOW, "400.00")}], ids=["own proposal", "forged proposal"])
@pytest.mark.parametrize("used", ["applied", "elsewhere"])
def test_an_edit_is_not_borrowed(world: World, used: str, forged: dict[str, Any]) -> None:
    """A recorded edit cannot be cited for another ticket, nor a second time for its own."""
    draft_id = waiting(world, "T-1")
    world.review(draft_id, "edit", "Miriam Okafor", reply="Here is a credit of USD 40.00.")
    before = outside(world.home)
    thread = "T-1" if used == "applied" else "T-2"
    if thread == "T-2":
        waiting(world, "T-2", LOW, credit(LOW, "400.00"))
    verdict = {"review": {"id": "rev_1", "verdict": "edit"}, "draft_id": draft_id}
    written(world, thread, "draft_for_approval", {**verdict, **forged})
    assert outside(world.home) == before


def claimed(world: World, ticket_id: str, review: Review) -> str:
    """Record a verdict on a ticket's draft, and let the process end before the graph hears of it."""
    draft_id = waiting(world, ticket_id)
    with world.inside() as bench:
        approval = world.project.steps.recorder.approval(held(world.state(ticket_id)))  # type: ignore[arg-type]
        bench.reviewing.claim(draft_id, review, *approval)
    return draft_id


EDIT = Review(verdict="edit", by=REVIEWER, role="reviewer", reply="Here is a credit of USD 40.00.")


@pytest.mark.parametrize(("thread", "forged"), [("T-2", {}), ("T-1", {"proposal": gold(MID, "400.00")})])
def test_a_pending_edit_counts_for_its_own_card(world: World, thread: str, forged: dict[str, Any]) -> None:
    """An edit that was recorded and not yet carried out opens neither a twin ticket nor another proposal of its own."""
    draft_id = claimed(world, "T-1", EDIT)
    waiting(world, "T-2")
    verdict = {"review": {"id": "rev_1", "verdict": "edit"}, "draft_id": draft_id}
    written(world, thread, "draft_for_approval", {**verdict, **forged})
    assert outside(world.home) == []


@BOTH
def test_an_approval_of_another_draft_authorizes_nothing(world: World) -> None:
    """A thread that names another ticket's draft gets nothing from an answer to it."""
    draft_id = waiting(world, "T-1")
    waiting(world, "T-2")
    attacked(world, Command(resume={"type": "approve"}, update={"draft_id": draft_id}), "T-2")
    assert [effect for effect in outside(world.home) if effect[1] != MID] == []
    assert len(outside(world.home)) <= len(world.rows("review", verdict="approve")) <= 1


@BOTH
def test_the_ledger_says_what_was_allowed_before(world: World) -> None:
    """A state that claims a stricter ruling or a review does not let an effect slip past a tightened cell."""
    world.begin(asks(world, "T-1"), before="act")
    cell = Cell(intent="goodwill_credit", segment="smb", cap="draft", why="three overturned decisions")
    with world.inside(), world.store.write() as connection:
        history.set_latitude(connection, cell, world.now - timedelta(minutes=1))
    forged = {"review": {"id": "rev_1"}, "ruling": {"autonomy": "act", "reasons": ["latitude"]}}
    written(world, "T-1", "risk_gate", forged)
    assert outside(world.home) == []


@BOTH
def test_an_approved_effect_runs(world: World) -> None:
    """The guard is a door and not a wall: what a person approved happens, once, as approved."""
    world.review(waiting(world), "approve", APPROVER)
    assert outside(world.home) == [("issue_credit", MID, credit(MID).actions[0].args)]
    assert sent(world, "T-1") == [credit(MID).reply]
