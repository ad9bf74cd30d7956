"""Invariant 4, one draft, one verdict: one of all who decide wins, the others are told, the effect follows."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from langgraph.types import Command
from scenes import APPROVER, BOTH, HIGH, MID, REVIEWER, ROOT, asks, outside, waiting

from cxagent.domain.review import Review
from cxagent.errors import Conflict
from cxagent.ledger import reviews
from cxagent.steps.held import held
from cxagent.testing import World, call, proposal

pytestmark = BOTH

PAIRS = 20


def raced(worlds: tuple[World, World], draft_id: str) -> list[Any]:
    """Let one person approve and another reject a draft at the same moment; return what each was told."""
    barrier, told = threading.Barrier(2), [None, None]
    wishes = (("approve", REVIEWER), ("reject", APPROVER))

    def decide(place: int) -> None:
        verdict, by = wishes[place]
        barrier.wait()
        try:
            told[place] = worlds[place].review(draft_id, verdict, by)
        except Exception as error:
            told[place] = error

    threads = [threading.Thread(target=decide, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def agrees(world: World, draft_id: str, effects: list[Any]) -> str:
    """Return the recorded verdict after checking that it is the only one and that the effects follow it."""
    (review,) = world.rows("review", draft_id=draft_id)
    ticket_id = world.rows("draft", id=draft_id)[0]["ticket_id"]
    ran = [effect for effect in effects if effect[2]["url"] == ticket_id]
    assert len(ran) == (review["verdict"] == "approve")
    return str(review["verdict"])


def marked(world: World, ticket_id: str) -> str:
    """Return a draft whose effect can be told from all others and does not change the facts of the next one."""
    line = proposal("howto_question", call("share_public_doc", url=ticket_id), stance="inform")
    return waiting(world, ticket_id, HIGH, line)


def test_two_people_decide_at_the_same_moment(world: World) -> None:
    """Twenty drafts are approved and rejected at once: one verdict each, the loser learns who was first with what."""
    other = world.twin()
    drafts = [marked(world, f"T-{number}") for number in range(PAIRS)]
    for draft_id in drafts:
        told = raced((world, other), draft_id)
        verdict = agrees(world, draft_id, outside(world.home))
        winner, loser = (REVIEWER, told[1]) if verdict == "approve" else (APPROVER, told[0])
        assert isinstance(loser, Conflict), told
        assert f"{winner} was first: {verdict}" in str(loser)
    other.close()


DECIDE = """
import os, sys
from pathlib import Path
from scenes import APPROVER, REVIEWER, ROOT
from cxagent.errors import Conflict
from cxagent.testing import World

def decide(verdict, by, ready, go):
    world = World(ROOT, Path(sys.argv[1]), url=sys.argv[2])
    os.write(ready, b"x")
    os.read(go, 1)
    for draft_id in sys.argv[3:]:
        try:
            world.review(draft_id, verdict, by)
        except Conflict as error:
            print(error, flush=True)

(seen, ready), (go, start) = os.pipe(), os.pipe()
children = []
for wish in (("approve", REVIEWER), ("reject", APPROVER)):
    child = os.fork()
    if child == 0:
        decide(*wish, ready, go)
        os._exit(0)
    children.append(child)
for _ in children:
    os.read(seen, 1)
os.write(start, b"xx")
sys.exit(any(os.waitpid(child, 0)[1] for child in children))
"""


def test_two_processes_decide(world: World) -> None:
    """Two processes, one approving and one rejecting the same drafts: every recorded verdict is the executed one."""
    drafts = [marked(world, f"T-{number}") for number in range(8)]
    path = os.pathsep.join([str(Path(__file__).parent), str(ROOT)])
    ended = subprocess.run(
        [sys.executable, "-c", DECIDE, str(world.home), world.url, *drafts],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    conflicts = [line for line in ended.stdout.splitlines() if "was first" in line]
    verdicts = [agrees(world, draft_id, outside(world.home)) for draft_id in drafts]
    assert (ended.returncode, len(conflicts), len(verdicts)) == (0, 8, 8), ended.stderr


@pytest.mark.parametrize("verdict", ["approve", "reject", "respond"])
def test_the_graph_follows_the_ledger(world: World, verdict: Any) -> None:
    """A thread that is woken with another answer than the recorded verdict does what is recorded."""
    draft_id = waiting(world)
    review = Review(verdict=verdict, by=REVIEWER, role="reviewer", reply="Thank you, we look into it.")
    with world.inside() as bench:
        steps = world.project.steps
        bench.reviewing.claim(draft_id, review, *steps.recorder.approval(held(world.state("T-1"))))  # type: ignore[arg-type]
    world.invoke(Command(resume={"type": "reject" if verdict == "approve" else "approve"}), "T-1")
    assert agrees_without_mark(world, draft_id) == verdict


def agrees_without_mark(world: World, draft_id: str) -> str:
    """Return the recorded verdict after checking that an effect happened only where it is an approval."""
    (review,) = world.rows("review", draft_id=draft_id)
    assert len(outside(world.home)) == (review["verdict"] == "approve")
    return str(review["verdict"])


def test_a_claim_is_one_statement(world: World) -> None:
    """A second claim inside one open transaction finds the draft taken: nothing is read first and written later."""
    draft_id = waiting(world)
    with world.store.write() as connection:
        assert reviews.claim(connection, draft_id, Review(verdict="reject", by=REVIEWER, role="reviewer"))
        with pytest.raises(Conflict, match=f"{REVIEWER} was first"):
            reviews.claim(connection, draft_id, Review(verdict="approve", by=APPROVER, role="approver"))


def test_a_draft_that_was_withdrawn_waits_for_nobody(world: World) -> None:
    """A draft whose ticket was ruled on anew can no longer be decided."""
    ticket = asks(world, "T-1", MID)
    first = world.run(ticket)["draft_id"]
    world.begin(ticket, before="draft_for_approval")
    with pytest.raises(Conflict, match="withdrawn"):
        world.review(first, "approve", REVIEWER)
    assert outside(world.home) == []
