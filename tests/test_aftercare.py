"""What follows a done effect happens once, with its own record: a person takes it back, and we look whether it held."""

import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cxagent import aftercare, recovery
from cxagent.actions import Call, action
from cxagent.domain.proposal import Action
from cxagent.domain.stop import Stop
from cxagent.errors import BadInput, Conflict, CxagentError, Refused
from cxagent.ledger import authorizations, chain, executions, history
from cxagent.ledger.authorizations import Grant
from cxagent.ledger.executions import Terms
from cxagent.ledger.store import TABLES
from cxagent.testing import World, call, proposal

ROOT = Path(__file__).resolve().parents[1]
LOW, ADMIN = "ACC-101", "joost@tallowmere.example"
REVIEWER, APPROVER = "Lena Hartmann", "Priya Nair"
USER, HOWTO = "wren@tallowmere.example", "How do I share a report?"
TOOK: list[str] = []
LOOKS: list[Any] = []


class Crash(BaseException):
    """The process ended here; nothing in the product may catch it."""


@action(
    effect="reversible_op",
    reversible="yes",
    idempotent=True,
    undo=lambda args, result: Action(tool="shut_gate", args={"gate": args["gate"]}),
    check=lambda args, result: Action(tool="try_gate", args={"gate": args["gate"]}),
    check_after=timedelta(hours=1),
    target="gate",
)
def open_gate(call: Call, gate: str) -> dict[str, str]:
    """Open a gate."""
    return {"gate": gate}


@action(effect="reversible_op", reversible="yes")
def shut_gate(call: Call, gate: str) -> dict[str, str]:
    """Shut a gate; nobody can recognise when it is done again."""
    TOOK.append(call.key)
    return {"gate": gate}


@action(effect="internal_read", confirms=True)
def try_gate(call: Call, gate: str) -> Any:
    """Say what the test lets it say."""
    said = LOOKS.pop(0)
    if isinstance(said, Exception):
        raise said
    return said


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[World]:
    """Return a world on each of the two databases, with a gate that can be opened and shut."""
    TOOK.clear()
    LOOKS.clear()
    made = World(ROOT, tmp_path, tools=[open_gate, shut_gate, try_gate], url=database_url)
    yield made
    made.close()


def opened(world: World, ticket_id: str = "T-1", gate: str = "north", intent: str = "howto_question") -> str:
    """Let the machine open a gate alone, and return the key of the effect."""
    return acted(world, ticket_id, call("open_gate", gate=gate), intent)


def granted(world: World, ticket_id: str = "T-1", role: str = "viewer") -> str:
    """Let the machine give a colleague access alone, and return the key of the effect."""
    body = f"Please add a new colleague, {USER}, as a {role}."
    return acted(world, ticket_id, call("grant_access", user=USER, role=role), "grant_user_access", body)


def acted(world: World, ticket_id: str, one: Action, intent: str = "howto_question", body: str = HOWTO) -> str:
    """Let the machine do one thing alone, and return the key of the effect."""
    world.says(ticket_id, proposal(intent, one, reply="That is done."))
    result = world.run(world.ticket(ticket_id, ADMIN, body, LOW))
    assert (result["autonomy"], result["status"]) == ("act", "done"), result
    world.now += timedelta(seconds=1)
    return str(world.rows("execution", ticket_id=ticket_id, kind="effect")[0]["id"])


def undo(world: World, key: str, by: str = REVIEWER, why: str = "it was the wrong one") -> dict[str, Any]:
    """Take an effect back."""
    with world.inside():
        return aftercare.undo(world.agent, key, by, why)


def sweep(world: World) -> list[str]:
    """Let a worker make its round."""
    with world.inside():
        return recovery.sweep(world.agent)


def recover(world: World) -> recovery.Recovery:
    """Let a person finish what was left."""
    with world.inside():
        return recovery.recover(world.agent)


def followed(world: World, kind: str) -> list[tuple[str, str]]:
    """Return tool and status of what followed effects."""
    return [(row["tool"], row["status"]) for row in world.rows("execution", kind=kind)]


def calls(world: World, tool: str) -> int:
    """Count how often a tool was really carried out, however often it was asked under one key."""
    return len({effect.key for effect in world.effects if effect.tool == tool})


def outside(world: World) -> list[str]:
    """Return the tools whose effects the sandbox holds."""
    connection = sqlite3.connect(world.home / "sandbox.sqlite")
    rows = connection.execute("SELECT tool FROM effects ORDER BY rowid").fetchall()
    connection.close()
    return [row[0] for row in rows]


# ---- undo -----------------------------------------------------------------------------------------------------------


def test_an_undo_happens_once_and_is_recorded(world: World) -> None:
    """It runs what the tool declares under an authorization and a line of its own, and the log stays whole."""
    key = granted(world)
    told = undo(world, key)
    assert (told["status"], told["tool"], told["of"]) == ("done", "revoke_access", key)
    assert outside(world) == ["grant_access", "revoke_access"]
    begun, ended = world.entries("T-1", "undo")
    assert (begun["body"]["execution"], begun["body"]["role"], "Lena" in str(begun["body"])) == (key, "reviewer", False)
    assert (begun["personal"]["by"], begun["personal"]["why"]) == (REVIEWER, "it was the wrong one")
    assert ended["body"] == {"execution": key, "undo": told["key"], "status": "done"}
    (row,) = world.rows("execution", kind="undo")
    assert world.rows("authorization", id=row["authorization_id"])[0]["decision_id"] == begun["id"]
    with pytest.raises(Conflict, match=f"{REVIEWER} was first"):
        undo(world, key, APPROVER)
    assert (len(outside(world)), chain.verify(world.store)[1]) == (2, ())


def test_what_was_taken_back_opens_a_correction(world: World) -> None:
    """R58: an overturned decision is a task with an owner, a deadline and a drafted apology, on record."""
    key = granted(world)
    undo(world, key)
    handoff = world.handoff("T-1")
    assert (world.rows("ticket")[0]["status"], handoff["brief"]["reasons"]) == ("handed_off", ["taken_back"])
    assert handoff["deadline"] > world.now.isoformat()
    assert "I am sorry" in handoff["brief"]["suggestion"] and handoff["owner"] in handoff["brief"]["suggestion"]


def test_two_people_at_once_take_it_back_once(world: World) -> None:
    """Of two who take the same effect back at the same moment one does, and the other is told."""
    other = world.twin()
    # Each of another kind: two of one kind that were taken back would lower it.
    for number, intent in enumerate(list(world.playbook.intents)[:6]):
        key = opened(world, f"T-{number}", gate=f"gate {number}", intent=intent)
        other.now = world.now
        barrier, results = threading.Barrier(2), []

        def run(one: World, by: str, key: str = key, barrier: Any = barrier, results: Any = results) -> None:
            barrier.wait()
            try:
                results.append(undo(one, key, by)["status"])
            except CxagentError as error:
                results.append(type(error).__name__)

        both = [threading.Thread(target=run, args=two) for two in ((world, REVIEWER), (other, APPROVER))]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert (sorted(results), len(TOOK)) == (["Conflict", "done"], number + 1)
    other.close()


def test_an_undo_needs_the_authority_of_the_decision(world: World) -> None:
    """Who could not have signed what was decided cannot take it back, and nobody unknown can."""
    world.says("T-1", proposal("add_seats", call("open_gate", gate="north"), reply="We will give you USD 900.00 back."))
    result = world.run(world.ticket("T-1", ADMIN, HOWTO, LOW))
    assert result["autonomy"] == "draft"
    world.review(result["draft_id"], "approve", "Samuel Costa")
    (row,) = world.rows("execution")
    required = world.decision(result["decision_id"])["personal"]["ruling"]["sign_off"]
    assert required == "approver"
    with pytest.raises(Refused, match="Lena Hartmann may not take open_gate back: this needs the approver"):
        undo(world, row["id"], REVIEWER)
    with pytest.raises(BadInput, match="nobody the playbook knows"):
        undo(world, row["id"], "Somebody Else")
    assert (followed(world, "undo"), world.entries("T-1", "undo")) == ([], [])
    assert undo(world, row["id"], APPROVER)["status"] == "done"


@pytest.mark.parametrize(
    "stop", [Stop(scope="all", by="me", why="odd"), Stop(scope="tool", key="shut_gate", by="me", why="odd")]
)
def test_a_stop_holds_for_an_undo(world: World, stop: Stop) -> None:
    """While a kill switch forbids the way back nothing is taken back, and afterwards it still can be."""
    key = opened(world)
    with world.inside(), world.store.write() as connection:
        history.stop(connection, stop)
    with pytest.raises(Refused, match=r"me stopped .*odd"):
        undo(world, key)
    with world.inside(), world.store.write() as connection:
        history.release_stop(connection, stop.scope, stop.key, "me")
    assert undo(world, key)["status"] == "done"


def gave(world: World, key: str) -> None:
    """Note money that an effect gave."""
    (row,) = world.rows("execution", id=key)
    budget = {"id": "bud_1", "root_id": LOW, "account_id": LOW, "position": 0, "amount": "40.00", "currency": "USD"}
    budget |= {"authorization_id": row["authorization_id"], "at": world.now.isoformat()}
    with world.store.write() as connection:
        connection.execute(TABLES["budget"].insert(), {**budget, "execution_id": key, "status": "spent"})


def crash(_: Call) -> None:
    """End the process in the middle of a tool."""
    raise Crash


def test_an_undo_that_broke_off_is_finished_once(world: World) -> None:
    """After a crash behind the effect, recovery asks for it again under its key: one undo, noted as done."""
    key = granted(world)
    world.on_effect = crash
    with pytest.raises(Crash):
        undo(world, key)
    world.on_effect = None
    assert followed(world, "undo") == [("revoke_access", "started")]
    with pytest.raises(Conflict, match="under way"):
        undo(world, key)
    again = world.twin()
    again.now = world.now
    assert [row["ticket_id"] for row in recover(again).finished] == ["T-1"]
    assert (recover(again).finished, followed(world, "undo")) == ((), [("revoke_access", "done")])
    assert outside(world) == ["grant_access", "revoke_access"]
    assert len(world.entries("T-1", "undo")) == 2
    again.close()


def test_an_undo_that_nobody_can_recognise_is_in_doubt(world: World) -> None:
    """Where the outside knows no key, a broken-off undo is never repeated: a person says whether it happened."""
    key = opened(world)
    gave(world, key)
    world.on_effect = crash
    with pytest.raises(Crash):
        undo(world, key)
    world.on_effect = None
    for _ in range(2):
        doubts = recover(world).in_doubt
    assert (len(TOOK), [one["tool"] for one in doubts], given(world, key)) == (1, ["shut_gate"], 1)
    with world.inside():
        assert recovery.settle(world.agent, doubts[0]["id"], True, REVIEWER)["status"] == "done"
    assert (recover(world).in_doubt, given(world, key)) == ((), 0)
    with pytest.raises(Conflict, match="was taken back"):
        undo(world, key)


def given(world: World, key: str) -> int:
    """Return how often an effect counts as money given."""
    with world.store.read() as connection:
        counted = history.given(connection, [LOW], world.now - timedelta(days=1)).get(LOW, [])
    return sum(one.ref == key for one in counted)


def test_money_that_was_taken_back_is_free_again(world: World) -> None:
    """What an effect gave counts no longer once it was taken back."""
    key = opened(world)
    gave(world, key)
    assert given(world, key) == 1
    undo(world, key)
    assert given(world, key) == 0


def test_the_database_itself_keeps_a_second_one_out(world: World) -> None:
    """Whoever gets past every question before it cannot note a second undo of one effect."""
    told = undo(world, opened(world))
    (row,) = world.rows("execution", kind="undo")
    terms = Terms("T-1", LOW, "a", "b", "c")
    grant = Grant(LOW, (), None, Decimal(0), frozenset(), world.now)
    decision_id = world.entries("T-1", "undo")[0]["id"]
    about = {"decision_id": decision_id, "draft_id": None, "minutes": 5, "grant": grant, **terms._asdict()}
    with pytest.raises(Conflict, match=f"the undo of {told['of']}"), world.store.write() as connection:
        second = authorizations.mint(connection, **about)
        executions.spend(connection, second, terms, [(row["tool"], {})], "undo", told["of"])
    assert len(world.rows("execution", kind="undo")) == 1


def test_a_newer_effect_is_not_undone_unasked(world: World) -> None:
    """What came later about the same thing must be taken back first; about another thing it does not matter."""
    first, second = granted(world, "T-1", "viewer"), granted(world, "T-2", "editor")
    opened(world, "T-3", gate="south")
    with pytest.raises(Refused, match=f"grant_access came after it.*take that back first: {second}"):
        undo(world, first)
    undo(world, second)
    world.now += timedelta(seconds=1)
    undo(world, first)
    assert outside(world) == ["grant_access", "grant_access", "grant_access", "revoke_access"]


def test_what_cannot_be_taken_back_is_refused_with_a_sentence(world: World) -> None:
    """Without a declared undo, for an unknown key, for an undo itself, and without a reason, nothing runs."""
    key = acted(world, "T-1", call("share_public_doc", url="https://docs.vendor.example/a"))
    other = undo(world, opened(world, "T-2"))["key"]
    for wanted, kind, said in (
        (key, Refused, "share_public_doc declares no undo"),
        ("exe_0", BadInput, "there is no effect exe_0"),
        (other, Refused, "only an effect itself"),
    ):
        with pytest.raises(kind, match=said):
            undo(world, wanted)
    with pytest.raises(BadInput, match="say why"):
        undo(world, key, why=" ")
    with world.inside():
        world.agent.erase(ADMIN)
    third = world.rows("execution", tool="open_gate")[0]["id"]
    with pytest.raises(Conflict, match="somebody was first"):
        undo(world, third)
    assert len(TOOK) == 1


# ---- check ----------------------------------------------------------------------------------------------------------


def test_a_check_that_holds_is_recorded_and_runs_once(world: World) -> None:
    """It runs when its time has come and not before, and any number of rounds later it has run once."""
    opened(world)
    sweep(world)
    assert followed(world, "check") == []
    LOOKS.append({"holds": True, "said": "the gate is open"})
    world.now += timedelta(hours=2)
    for _ in range(3):
        assert sweep(world) == []
    begun, ended = world.entries("T-1", "check")
    assert (followed(world, "check"), ended["body"]["holds"]) == ([("try_gate", "done")], True)
    (row,) = world.rows("execution", kind="check")
    assert world.rows("authorization", id=row["authorization_id"])[0]["decision_id"] == begun["id"]
    assert (world.rows("handoff"), world.rows("latitude"), world.rows("ticket")[0]["status"]) == ([], [], "done")


BAD_LOOKS = {
    "a no": {"holds": False, "said": "the gate is shut"},
    "no clear answer": {"open": "maybe"},
    "a refusal": Refused("the gate cannot be seen"),
    "an error": TimeoutError("no answer from the gate"),
}


@pytest.mark.parametrize("look", BAD_LOOKS.values(), ids=BAD_LOOKS)
def test_what_did_not_hold_goes_to_a_person_and_lowers_the_cell(world: World, look: Any) -> None:
    """The ticket is open again with an owner and a brief, and the next like ticket is a draft; both happen once."""
    key = opened(world)
    LOOKS.append(look)
    world.now += timedelta(hours=2)
    for _ in range(2):
        sweep(world)
    assert (world.rows("ticket")[0]["status"], LOOKS, recover(world).in_doubt) == ("handed_off", [], ())
    handoff = world.handoff("T-1")
    assert handoff["owner"]
    assert key in handoff["brief"]["why"][0] and "open_gate" in handoff["brief"]["why"][0]
    (cell,) = world.rows("latitude")
    assert (cell["intent"], cell["cap"]) == ("howto_question", "draft")
    assert world.entries("T-1", "check")[-1]["body"]["lowered"]["to"] == "draft"
    world.says("T-2", proposal("howto_question", call("open_gate", gate="south"), reply="That is done."))
    result = world.run(world.ticket("T-2", ADMIN, HOWTO, LOW))
    assert (result["autonomy"], "latitude" in result["reasons"]) == ("draft", True)
    assert chain.verify(world.store)[1] == ()


def test_what_did_not_hold_is_a_finding(world: World) -> None:
    """An effect that did not hold is an error that came to light: on record, and its cell falls with what was set."""
    opened(world)
    LOOKS.append({"holds": False, "said": "shut"})
    world.now += timedelta(hours=2)
    sweep(world)
    (row,) = world.rows("finding")
    assert (row["origin"], row["agrees"], row["severity"], row["by"]) == ("surfaced", False, "major", "the check")
    (cell,) = world.rows("cell")
    assert (cell["intent"], cell["level"], cell["why"]) == ("howto_question", 1, world.rows("latitude")[0]["why"])
    assert world.rows("lesson") == []


def test_what_was_taken_back_twice_lowers_its_cell(world: World) -> None:
    """Two decisions of one kind that people took back lower it; whoever takes back what did not hold says no more."""
    for number, after in enumerate(("act", "draft")):
        undo(world, opened(world, f"T-{number}", gate=f"gate {number}"))
        world.says(f"N-{number}", proposal("howto_question", call("open_gate", gate="new"), reply="That is done."))
        assert world.run(world.ticket(f"N-{number}", ADMIN, HOWTO, LOW))["autonomy"] == after
    assert [row["by"] for row in world.rows("finding")] == [REVIEWER] * 2


def test_a_change_behind_our_back_is_seen(world: World) -> None:
    """The reference tools look in the sandbox: what somebody removed there is handed to a person."""
    granted(world)
    connection = sqlite3.connect(world.home / "sandbox.sqlite")
    connection.execute("DELETE FROM effects")
    connection.commit()
    connection.close()
    found = recover(world)
    assert [(row["ticket_id"], row["status"]) for row in found.finished] == [("T-1", "handed_off")]
    assert "no effect" in str(world.handoff("T-1")["brief"]["why"])
    assert followed(world, "check") == [("confirm_effect", "done")]


def test_what_a_person_approved_and_did_not_hold_is_left_to_people(world: World) -> None:
    """A look of a person before it would not have helped: the cell is a handoff from then on."""
    opened(world, "T-0", gate="west")
    world.says("T-1", proposal("howto_question", call("open_gate", gate="north"), reply="We give USD 900.00 back."))
    result = world.run(world.ticket("T-1", ADMIN, HOWTO, LOW))
    world.review(result["draft_id"], "approve", "Samuel Costa")
    LOOKS.extend([{"holds": False, "said": "shut"}] * 2)
    world.now += timedelta(hours=2)
    sweep(world)
    assert sorted(row["cap"] for row in world.rows("latitude")) == ["draft", "handoff"]
    with world.store.read() as connection:
        assert "handoff" in {cell.cap for cell in history.cells(connection, world.now)}


def test_a_check_that_broke_off_is_repeated(world: World) -> None:
    """A look changes nothing, so one that was under way when the process died is taken again."""
    opened(world)
    LOOKS.extend([{"holds": True, "said": "open"}] * 2)
    world.now += timedelta(hours=2)
    world.on_effect = crash
    with pytest.raises(Crash):
        sweep(world)
    world.on_effect = None
    assert followed(world, "check") == [("try_gate", "started")]
    recover(world)
    assert (followed(world, "check"), LOOKS, recover(world).in_doubt) == ([("try_gate", "done")], [], ())


def test_one_that_is_stuck_does_not_stop_the_round(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that fails in a way of its own is named, and the others are looked at all the same."""
    opened(world, "T-1", gate="north")
    opened(world, "T-2", gate="south")
    LOOKS.append({"holds": True, "said": "open"})
    world.now += timedelta(hours=2)
    real = aftercare.rounds.check

    def check(agent: Any, key: str) -> dict[str, Any]:
        """Fail for the first ticket."""
        if key == world.rows("execution", ticket_id="T-1")[0]["id"]:
            raise ValueError("a fault of ours")
        return real(agent, key)

    monkeypatch.setattr(aftercare.rounds, "check", check)
    assert recover(world).stuck == ({"ticket_id": "T-1", "why": "ValueError: a fault of ours"},)
    assert [row["ticket_id"] for row in world.rows("execution", kind="check")] == ["T-2"]


def test_a_stop_only_puts_a_check_off(world: World) -> None:
    """While the machine is stopped nothing is looked at; once it goes on, it is."""
    opened(world)
    world.now += timedelta(hours=2)
    with world.inside(), world.store.write() as connection:
        history.stop(connection, Stop(scope="all", by="me", why="odd"))
    sweep(world)
    assert followed(world, "check") == []
    with world.inside(), world.store.write() as connection:
        history.release_stop(connection, "all", None, "me")
    LOOKS.append({"holds": True, "said": "open"})
    sweep(world)
    assert followed(world, "check") == [("try_gate", "done")]


def test_what_was_taken_back_is_not_looked_at(world: World) -> None:
    """An undone effect has nothing to hold."""
    undo(world, opened(world))
    world.now += timedelta(hours=2)
    sweep(world)
    assert followed(world, "check") == []


def test_a_ticket_that_a_person_owns_stays_theirs(world: World) -> None:
    """A second effect of one ticket that did not hold makes no second handoff, and says so in the log."""
    world.says("T-1", proposal("howto_question", *(call("open_gate", gate=one) for one in "ab"), reply="Done."))
    world.run(world.ticket("T-1", ADMIN, HOWTO, LOW))
    LOOKS.extend([{"holds": False, "said": "shut"}] * 2)
    world.now += timedelta(hours=2)
    sweep(world)
    ended = [line["body"] for line in world.entries("T-1", "check") if "holds" in line["body"]]
    assert ([one["handoff"] for one in ended], len(world.rows("latitude"))) == ([None, world.handoff("T-1")["id"]], 1)


def test_two_rounds_at_once_look_once(world: World) -> None:
    """Two workers that sweep at the same moment look at each effect once."""
    for number in range(4):
        opened(world, f"T-{number}", gate=f"gate {number}")
    LOOKS.extend([{"holds": True, "said": "open"}] * 8)
    world.now += timedelta(hours=2)
    other = world.twin()
    both = [threading.Thread(target=sweep, args=(one,)) for one in (world, other)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert (len(LOOKS), followed(world, "check")) == (4, [("try_gate", "done")] * 4)
    other.close()
