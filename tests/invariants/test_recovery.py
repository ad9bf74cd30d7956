"""What a crash leaves is finished in order and once; what nobody can know is named, and no money stays set aside."""

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from scenes import BOTH, LOW, MID, PLEA, REVIEWER, ROOT, SENDERS, asks, credit, outside, sent, waiting

from cxagent import recovery
from cxagent.actions import Call, action
from cxagent.domain.ticket import Incoming
from cxagent.errors import Conflict, Refused
from cxagent.ledger import chain
from cxagent.ledger.store import TABLES, Connection, Store
from cxagent.testing import World, call, proposal


class Crash(BaseException):
    """The process ended here; nothing in the product may catch it."""


def recovered(world: World) -> recovery.Recovery:
    """Recover in another process's view."""
    other = world.twin()
    with other.inside():
        return recovery.recover(other.agent)


def leaked(world: World) -> list[Any]:
    """Return what is set aside for nothing: neither for a permission that still holds nor for an effect in doubt."""
    permissions = {row["id"]: row for row in world.rows("authorization")}
    places = {(row["authorization_id"], row["position"]): row["status"] for row in world.rows("execution")}
    found = []
    for row in world.rows("budget", status="reserved"):
        permission = permissions[row["authorization_id"]]
        holds = permission["spent_at"] is None and permission["expires_at"] > world.now.isoformat()
        if not holds and places.get((row["authorization_id"], row["position"])) != "in_doubt":
            found.append(row)
    return found


@contextlib.contextmanager
def breaking(at: int, when: str) -> Iterator[list[int]]:
    """Let the process end at the n-th writing transaction, before or after it is stored; yield the count so far."""
    real, count = Store.write, [0]

    @contextlib.contextmanager
    def write(self: Store, about: str | None = None) -> Iterator[Connection]:
        count[0] += 1
        mine = count[0]
        with real(self, about) as connection:
            yield connection
            if mine == at and when == "before":
                raise Crash
        if mine == at and when == "after":
            raise Crash

    with pytest.MonkeyPatch.context() as patched, contextlib.suppress(Crash):
        patched.setattr(Store, "write", write)
        yield count


def an_act(world: World, name: str) -> Callable[[], Any]:
    """Return the work on a ticket that is answered alone."""
    ticket = asks(world, name, LOW, credit(LOW, "1.00"))
    return lambda: world.run(ticket)


def an_approval(world: World, name: str) -> Callable[[], Any]:
    """Return the work on a ticket that a person approves."""
    ticket = asks(world, name, MID, credit(MID, "1.00"))
    return lambda: world.review(world.run(ticket)["draft_id"], "approve", REVIEWER)


def an_overtaken_approval(world: World, name: str) -> Callable[[], Any]:
    """Return the work on a ticket whose approval meets other facts than the card showed."""
    ticket = asks(world, name, MID, credit(MID, "1.00"))

    def work() -> Any:
        draft_id = world.run(ticket)["draft_id"]
        crm = world.accounts[MID].crm
        assert crm is not None and crm.health is not None
        world.change(MID, "crm.health", crm.health - 1)
        return world.review(draft_id, "approve", REVIEWER)

    return work


def a_handoff(world: World, name: str) -> Callable[[], Any]:
    """Return the work on a ticket that goes to a person, and tells a colleague on the way."""
    tells, hands_over = (
        call("notify_owner", role="csm", brief="please call"),
        call("change_admin", new_admin="somebody"),
    )
    line = proposal("goodwill_credit", *credit(LOW, "5.00").actions, tells, hands_over, reply="We are sorry.")
    ticket = asks(world, name, LOW, line)
    return lambda: world.run(ticket)


KINDS = {"act": an_act, "approval": an_approval, "overtaken": an_overtaken_approval, "handoff": a_handoff}


@BOTH
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_crash_at_any_write_is_recovered(world: World, kind: str, when: str) -> None:
    """Wherever a process ended, `recover` brings its ticket to where it belongs: effects once, and nothing leaks."""
    for at in range(1, 30):
        name, before = f"T-{at}", len(outside(world.home))
        work = KINDS[kind](world, name)
        with breaking(at, when) as count:
            work()
        found = recovered(world)
        assert (found.stuck, found.under_way, found.in_doubt, leaked(world)) == ((), (), (), []), at
        if not world.rows("ticket", id=name):
            continue
        for row in world.rows("draft", status="pending"):
            world.review(row["id"], "approve" if kind == "approval" else "reject", REVIEWER)
        (ticket,) = world.rows("ticket", id=name)
        ends = "done" if kind in ("act", "approval") else "handed_off"
        assert (ticket["status"], leaked(world)) == (ends, []), at
        done = len(outside(world.home)) - before
        assert (done, len(sent(world, name))) == ((1, 1) if ends == "done" else (int(kind == "handoff"), 0)), at
        if count[0] < at:
            break
    assert 3 < at < 29
    assert chain.verify(world.store)[1] == ()


def test_in_order_of_arrival(world: World) -> None:
    """Tickets that were only received are finished oldest first, however they were put on record."""
    with world.inside():
        for minutes in (3, 1, 2):
            at = (world.now - timedelta(minutes=minutes)).isoformat()
            world.agent.receive(asks(world, f"T-{minutes}", LOW, credit(LOW, "1.00"), received_at=at))
    found = recovered(world)
    assert [row["ticket_id"] for row in found.finished] == ["T-3", "T-2", "T-1"]
    assert [(row["status"], row["autonomy"]) for row in found.finished] == [("done", "act")] * 3


# ---- in doubt -------------------------------------------------------------------------------------------------------


@action(effect="financial", reversible="no")
def pay_out(call: Call, account_id: str, amount: str, currency: str) -> dict[str, str]:
    """Give money in a way that nobody can recognise when it is done again."""
    return {"paid": amount}


def broken_off(world: World, actions: tuple[Any, ...], name: str = "T-1") -> None:
    """Let a process end inside the first effect of a ticket that is answered alone."""

    def crash(given: Any) -> None:
        raise Crash

    world.on_effect = crash
    line = proposal("goodwill_credit", *actions, reply=credit(LOW).reply)
    with contextlib.suppress(Crash):
        world.run(asks(world, name, LOW, line))
    world.on_effect = None


@pytest.mark.parametrize(("happened", "status", "money"), [(True, "done", "spent"), (False, "failed", "released")])
def test_a_person_settles_a_doubt(world: World, happened: bool, status: str, money: str) -> None:
    """What may have happened keeps its money until a named person says; their word moves it and runs nothing."""

    def lost(given: Any) -> None:
        raise TimeoutError("no answer from billing")

    world.on_effect = lost
    world.run(asks(world, "T-1"))
    world.on_effect = None
    (doubt,) = recovered(world).in_doubt
    assert (doubt["ticket_id"], doubt["tool"], doubt["owner"]) == ("T-1", "issue_credit", world.handoff("T-1")["owner"])
    assert [row["status"] for row in world.rows("budget")] == ["reserved"]
    with world.inside():
        assert recovery.settle(world.agent, doubt["id"], happened, REVIEWER)["status"] == status
        with pytest.raises(Conflict, match="not in doubt"):
            recovery.settle(world.agent, doubt["id"], not happened, REVIEWER)
    assert ([row["status"] for row in world.rows("budget")], recovered(world).in_doubt) == ([money], ())
    assert (len(outside(world.home)), sent(world, "T-1"), chain.verify(world.store)[1]) == (1, [], ())


def test_a_tool_without_a_key_is_named(tmp_path: Path) -> None:
    """After a crash in a tool that cannot recognise its key, `recover` names the effect and repeats nothing."""
    world = World(ROOT, tmp_path, tools=[ring])
    broken_off(world, (call("ring", times="one"),))
    found = recovered(world)
    assert [(row["tool"], row["said"]) for row in found.in_doubt] == [("ring", "the run broke off while it happened")]
    assert ([row["status"] for row in found.finished], len(world.effects)) == (["handed_off"], 1)
    world.close()


@action(effect="public_info", reversible="yes")
def ring(call: Call, times: str) -> dict[str, str]:
    """Do something that nobody can recognise when it is done again."""
    return {"rung": times}


@BOTH
def test_a_customer_who_wrote_again_after_a_crash(world: World) -> None:
    """An effect that broke off on a ticket that is over is in doubt; what would have followed gives its money back."""
    broken_off(world, credit(LOW).actions * 2)
    world.run(asks(world, "T-2", line=credit(LOW, "1.00")).model_copy(update={"follows": "T-1"}))
    (doubt,) = recovered(world).in_doubt
    assert (doubt["ticket_id"], leaked(world)) == ("T-1", [])
    assert sorted(row["status"] for row in world.rows("budget")) == ["released", "reserved"]
    assert [row["status"] for row in world.rows("ticket", id="T-1")] == ["continued"]


# ---- what time, erasure and loss do ---------------------------------------------------------------------------------


@BOTH
def test_an_expired_permission_gives_its_money_back(world: World) -> None:
    """R42: what was minted and never used frees its room when it expires, and can never be used after."""
    world.begin(asks(world, "T-1", line=credit(LOW, "100.00")), before="act")
    minted = timedelta(minutes=world.playbook.authorization_minutes)
    with world.inside() as bench:
        ticket = world.rows("ticket")[0]
        with world.store.write() as connection:  # a person took it over in the meantime
            connection.execute(TABLES["ticket"].update().values(status="handed_off"))
        assert (recovery.recover(world.agent).released, ticket["status"], bench.store) == (0, "working", world.store)
    world.now += minted
    with world.inside():
        assert recovery.recover(world.agent).released == 1
    assert ([row["status"] for row in world.rows("budget")], leaked(world), outside(world.home)) == (
        ["released"],
        [],
        [],
    )
    (row,) = world.rows("authorization")
    assert row["expires_at"] == row["minted_at"], "void, whatever another machine's clock says"


def test_an_erased_ticket_is_stuck_with_a_sentence(world: World) -> None:
    """A ticket whose texts were erased before it was finished is named with the reason, and stops no other."""
    with world.inside():
        world.agent.receive(asks(world, "T-1"))
        world.agent.erase(SENDERS[LOW])
        world.agent.receive(asks(world, "T-2", MID))
    found = recovered(world)
    assert found.stuck == ({"ticket_id": "T-1", "why": "the texts of T-1 were erased; it cannot go on by itself"},)
    assert [row["ticket_id"] for row in found.finished] == ["T-2"]


def test_what_keeps_failing_goes_to_a_person(world: World) -> None:
    """R29: a ticket that fails for a reason of its own is tried again, then a person gets it with words and reason."""
    with world.inside():
        world.agent.receive(asks(world, "T-1"))
    with pytest.MonkeyPatch.context() as patched, world.inside():

        def broken(*_: Any) -> None:
            raise RuntimeError("the reader fell over")

        patched.setattr(type(world.agent.project.steps), "context_auditor", broken)
        patched.setattr(type(world.agent), "_invoke", broken)
        again = [recovery.finish(world.agent, "T-1", attempt) for attempt in range(recovery.MOST_ATTEMPTS + 1)]
    assert again == [True] * recovery.MOST_ATTEMPTS + [False]
    handoff = world.handoff("T-1")
    assert (handoff["owner"], handoff["brief"]["request"]["body"]) == (REVIEWER, PLEA)
    assert handoff["brief"]["tried"] == ["3 times: RuntimeError: the reader fell over"]
    assert (recovered(world).finished, outside(world.home), sent(world, "T-1")) == ((), [], [])


def wiped(world: World) -> None:
    """Lose every thread."""
    for row in world.rows("ticket"):
        world.agent.app.checkpointer.delete_thread(row["id"])


@BOTH
@pytest.mark.parametrize("verdict", ["approve", "edit", "reject"])
def test_a_review_needs_no_thread(world: World, verdict: Any) -> None:
    """A draft whose thread was lost is decided from the ledger alone, and its effect happens once."""
    draft_id = waiting(world)
    wiped(world)
    more = {"reply": "Here is a credit of USD 40.00."} if verdict == "edit" else {}
    result = world.review(draft_id, verdict, REVIEWER, **more)
    assert result["status"] == ("handed_off" if verdict == "reject" else "done")
    assert len(outside(world.home)) == len(sent(world, "T-1")) == (verdict != "reject")
    wiped(world)
    assert (recovered(world).finished, world.run(asks(world, "T-1", MID))["status"]) == ((), result["status"])


def test_an_authorization_is_not_finished_twice(world: World) -> None:
    """A thread that was lost after its effect is not run again: the ledger knows that the ticket is over."""
    incoming: Incoming = asks(world, "T-1")
    world.run(incoming)
    wiped(world)
    assert (world.run(incoming)["status"], len(outside(world.home))) == ("done", 1)
    with pytest.raises(Refused):
        world.begin(incoming, before="act")
    bodies = [json.loads(row["body"]) for row in world.rows("decision_log", kind="outcome")]
    assert [body["disposition"] for body in bodies] == ["answered_alone"]
