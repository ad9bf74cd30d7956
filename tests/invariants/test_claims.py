"""Invariant 4 among many: a hundred people at once, somebody who looks, a process that ends after the claim."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from scenes import APPROVER, BOTH, EXECUTIVE, FINANCE, MID, REVIEWER, credit, outside, sent, waiting

from cxagent import recovery
from cxagent.agent import Agent
from cxagent.domain.value import digest
from cxagent.errors import BadInput, Conflict
from cxagent.ledger import chain, reports
from cxagent.testing import World

pytestmark = BOTH
PAIRS = 100
SEATS = 3
"""How many processes' views of the ledger the pairs share: connections and agents of their own."""


def at_once(jobs: list[Callable[[], Any]]) -> list[Any]:
    """Start all jobs at the same moment, each in a thread of its own; return what each returned or raised."""
    barrier, told = threading.Barrier(len(jobs)), [None] * len(jobs)

    def work(place: int) -> None:
        barrier.wait()
        try:
            told[place] = jobs[place]()
        except Exception as error:
            told[place] = error

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_a_hundred_pairs_on_one_draft(world: World) -> None:
    """R39: of 100 approvals and 100 rejections at once one counts, and 199 people are told its author and verdict."""
    draft_id = waiting(world)
    seats = [world, *(world.twin() for _ in range(SEATS - 1))]
    wishes = [("approve", REVIEWER), ("reject", APPROVER)] * PAIRS
    told = at_once(
        [
            lambda seat=seat, wish=wish: seat.review(draft_id, *wish)
            for seat, wish in zip(itertools.cycle(seats), wishes)
        ]
    )
    (review,) = world.rows("review")
    said = Counter(str(one).split(" at ")[0] for one in told if isinstance(one, Exception))
    assert said == {f"{review['by']} was first: {review['verdict']}": 2 * PAIRS - 1}, told
    approved = review["verdict"] == "approve"
    assert (len(outside(world.home)), len(sent(world, "T-1")), len(world.rows("handoff"))) == (
        (1, 1, 0) if approved else (0, 0, 1)
    )
    assert (world.rows("draft")[0]["status"], chain.verify(world.store)[1]) == ("applied", ())


# ---- somebody looks at it -------------------------------------------------------------------------------------------


def held(world: World, draft_id: str, by: str, **more: Any) -> Any:
    """Let a person hold a draft in this world's time."""
    with world.inside():
        return world.agent.hold(draft_id, by, **more)


def test_a_verdict_while_a_colleague_looks(world: World) -> None:
    """Who decides what a colleague holds is told the colleague's name and until when; the holder may decide."""
    draft_id = waiting(world)
    until = held(world, draft_id, REVIEWER, minutes=20)
    assert until == world.now + timedelta(minutes=20)
    with pytest.raises(Conflict, match=f"{REVIEWER} is looking at {draft_id} until {until.isoformat()[:16]}Z"):
        world.review(draft_id, "reject", APPROVER)
    with pytest.raises(Conflict, match=REVIEWER):
        held(world, draft_id, APPROVER)
    assert world.review(draft_id, "approve", REVIEWER)["status"] == "done"
    assert [row["by"] for row in world.rows("review")] == [REVIEWER]


@pytest.mark.parametrize("freed", ["expired", "given back", "taken over"])
def test_a_hold_ends(world: World, freed: str) -> None:
    """A hold that ran out, was given back or was taken over keeps nobody from deciding."""
    draft_id = waiting(world)
    held(world, draft_id, REVIEWER)
    match freed:
        case "expired":
            world.now += timedelta(minutes=15)
        case "given back":
            with world.inside():
                assert (world.agent.let_go(draft_id, APPROVER), world.agent.let_go(draft_id, REVIEWER)) == (False, True)
        case _:
            held(world, draft_id, APPROVER, over=True)
            with pytest.raises(Conflict, match=f"{APPROVER} is looking"):
                world.review(draft_id, "approve", REVIEWER)
    assert world.review(draft_id, "reject", APPROVER)["status"] == "handed_off"


def test_two_people_hold_at_once(world: World) -> None:
    """Of people who take the same draft at the same moment one holds it, and the others are told who."""
    draft_id, names = waiting(world), [REVIEWER, APPROVER, FINANCE, EXECUTIVE]
    seats = [world.twin() for _ in names]
    told = at_once(
        [lambda seat=seat, name=name: held(seat, draft_id, name) for seat, name in zip(seats, names, strict=True)]
    )
    (row,) = world.rows("draft")
    assert [name for name, one in zip(names, told, strict=True) if not isinstance(one, Exception)] == [row["held_by"]]
    assert all(row["held_by"] in str(one) for one in told if isinstance(one, Conflict))


def test_strangers_and_decided_drafts_are_not_held(world: World) -> None:
    """Nobody unknown holds a draft, and nobody holds one that is decided."""
    draft_id = waiting(world)
    with pytest.raises(BadInput, match="nobody the playbook knows"):
        held(world, draft_id, "Mallory")
    world.review(draft_id, "reject", REVIEWER)
    with pytest.raises(Conflict, match=f"{REVIEWER} was first: reject"):
        held(world, draft_id, APPROVER)


def test_four_eyes_among_many(world: World) -> None:
    """R39: where two must sign, four approvals of one person are one signature, and the second person decides."""
    draft_id = waiting(world, line=credit(MID, "5000.00"))
    assert bool(world.rows("draft")[0]["four_eyes"])
    seats = [world, *(world.twin() for _ in range(3))]
    told = at_once([lambda seat=seat: seat.review(draft_id, "approve", EXECUTIVE) for seat in seats])
    assert (world.rows("review"), outside(world.home)) == ([], [])
    assert sum(f"{EXECUTIVE} has approved already" in str(one) for one in told) == 3, told
    assert world.review(draft_id, "approve", "Ruth Adeyemi")["status"] == "done"
    assert (len(outside(world.home)), [row["by"] for row in world.rows("review")]) == (1, ["Ruth Adeyemi"])
    (entry,) = world.entries("T-1", "review")
    assert entry["body"]["first"] == digest(EXECUTIVE)


# ---- the claim, and then ---------------------------------------------------------------------------------------------


class Crash(BaseException):
    """The process ended here; nothing in the product may catch it."""


def test_a_draft_passes_through_its_states(world: World) -> None:
    """A draft is pending, decided, applying while its effect happens, and applied."""
    draft_id = waiting(world)
    seen = [world.rows("draft")[0]["status"]]
    world.on_effect = lambda given: seen.append(world.rows("draft")[0]["status"])
    go_on = Agent._go_on

    def noted(agent: Agent, ticket_id: str) -> None:
        seen.append(world.rows("draft")[0]["status"])
        go_on(agent, ticket_id)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Agent, "_go_on", noted)
        world.review(draft_id, "approve", REVIEWER)
    seen.append(world.rows("draft")[0]["status"])
    assert seen == ["pending", "decided", "applying", "applied"]


def broke_off_after_the_claim(world: World, verdict: Any = "approve") -> str:
    """Let a person decide in a process that ends before the graph hears of it; return the draft's id."""
    draft_id = waiting(world)

    def crash(agent: Agent, ticket_id: str) -> None:
        raise Crash

    with pytest.MonkeyPatch.context() as patched, pytest.raises(Crash):
        patched.setattr(Agent, "_go_on", crash)
        world.review(draft_id, verdict, REVIEWER)
    assert (outside(world.home), world.rows("draft")[0]["status"]) == ([], "decided")
    return draft_id


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_a_claim_whose_process_ended_is_carried_out(world: World, verdict: str) -> None:
    """A verdict that was recorded and never carried out is carried out once by whoever recovers."""
    draft_id = broke_off_after_the_claim(world, verdict)
    with pytest.raises(Conflict, match=f"{REVIEWER} was first: {verdict}"):
        world.review(draft_id, "reject", APPROVER)
    for _ in range(2):
        with world.inside():
            recovery.recover(world.agent)
    (ticket,) = world.rows("ticket")
    effects = 1 if verdict == "approve" else 0
    assert (ticket["status"], len(outside(world.home))) == ("done" if effects else "handed_off", effects)
    assert (world.rows("draft")[0]["status"], len(sent(world, "T-1"))) == ("applied", effects)


def test_two_recoveries_at_once(world: World) -> None:
    """However many recover the same verdict at the same moment, its effect happens once."""
    broke_off_after_the_claim(world)

    def recover(seat: World) -> Any:
        with seat.inside():
            return recovery.recover(seat.agent)

    told = at_once([lambda seat=seat: recover(seat) for seat in [world.twin() for _ in range(4)]])
    assert not [one for one in told if isinstance(one, Exception) or one.stuck], told
    assert (len(outside(world.home)), len(sent(world, "T-1")), world.rows("ticket")[0]["status"]) == (1, 1, "done")


def test_an_edit_is_kept_as_a_difference(world: World) -> None:
    """R39: what a person changed reads as places with what the card showed and what went out in its stead."""
    draft_id, said = waiting(world), "Here is a credit of USD 30.00."
    args = [{**one.model_dump(mode="json"), "args": {**one.args, "amount": "30.00"}} for one in credit(MID).actions]
    world.review(draft_id, "edit", APPROVER, reply=said, args=args)
    with world.store.read() as connection:
        assert reports.changes(connection, draft_id) == [
            {"place": "reply", "shown": credit(MID).reply, "sent": said},
            {"place": "issue_credit.amount", "shown": "40.00", "sent": "30.00"},
        ]
    assert [args["amount"] for _, _, args in outside(world.home)] == ["30.00"]
