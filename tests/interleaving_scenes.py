"""Orders of runs: each brings two or three of them to the one place where they get in each other's way."""

from collections.abc import Callable
from datetime import timedelta

from interleaving import Actor, Stage

from cxagent import recovery

Scene = Callable[[Stage], None]
Pair = Callable[[Stage], tuple[Actor, Callable[[], Actor]]]
LENA, PRIYA = "Lena Hartmann", "Priya Nair"
TICKET, MINTED = "SELECT 1 FROM ticket", 'SELECT 1 FROM "authorization"'
CREDIT_STARTED, BELL_STARTED = (
    f"SELECT 1 FROM execution WHERE tool = '{tool}' AND status = 'started'" for tool in ("issue_credit", "ring_a_bell")
)
CREDIT_DONE = "SELECT 1 FROM execution WHERE tool = 'issue_credit' AND status = 'done'"
HAPPENED, RANG = "SELECT 1 FROM outside WHERE tool = 'credit'", "SELECT 1 FROM outside WHERE tool = 'bell'"
REVIEWED = "SELECT 1 FROM review"


def before_spending(stage: Stage) -> Actor:
    """Bring a run to where it will spend its authorization next."""
    run = stage.asks("T-1", "sa")
    stage.until(run, MINTED, "_changed")
    stage.advance(run)
    return run


def customer_writes_again(stage: Stage, kind: str = "sa") -> None:
    """Let a second message continue the first ticket."""
    stage.finish(stage.asks("T-2", kind, follows="T-1"))


def drafted(stage: Stage) -> str:
    """Let a ticket wait for a person, and return its draft."""
    stage.finish(stage.asks("T-1", "ma", "40.00"))
    return stage.drafts()[0]


def spent_by_two(stage: Stage) -> None:
    """A run that is taken for gone stands before its effect; another one comes to spend the same authorization."""
    slow = stage.asks("T-1", "sb")
    stage.until(slow, BELL_STARTED, "_happens")
    stage.forget(slow)
    stage.finish(stage.delivers("T-1"))
    stage.finish(slow)


def started_by_two(stage: Stage) -> None:
    """Two runs come to start the second effect of one authorization."""
    slow = stage.asks("T-1", "sa")
    stage.until(slow, CREDIT_DONE, "_start")
    stage.forget(slow)
    other = stage.delivers("T-1")
    stage.until(other, BELL_STARTED, "_happens")
    stage.finish(slow)
    stage.finish(other)


def continued_before_the_second_effect(stage: Stage) -> None:
    """The customer writes again right before the second effect starts."""
    run = stage.asks("T-1", "sa")
    stage.until(run, CREDIT_DONE, "_begin")
    customer_writes_again(stage)
    stage.finish(run)


def crash_after_a_bell(stage: Stage) -> None:
    """A run dies after an effect that nobody can recognise; a recovery goes on."""
    run = stage.asks("T-1", "sb")
    stage.until(run, RANG)
    stage.kill(run)
    stage.finish(stage.recovers())


def finished_late(stage: Stage) -> None:
    """A run that was taken for gone notes the end of an effect that is in doubt by now."""
    slow = stage.asks("T-1", "sb")
    stage.until(slow, BELL_STARTED, "_happens")
    stage.forget(slow)
    stage.finish(stage.delivers("T-1"))
    stage.finish(slow)


def continued_before_spending(stage: Stage) -> None:
    """The customer writes again between the minting and the spending."""
    run = before_spending(stage)
    customer_writes_again(stage)
    stage.finish(run)


def given_up_before_spending(stage: Stage) -> None:
    """A worker gives a ticket to a person between the minting and the spending."""
    run = before_spending(stage)
    stage.finish(stage.enter("worker", lambda: recovery.hand_over(stage.agent, "T-1", "it failed")))
    stage.finish(run)


def expired_before_spending(stage: Stage) -> None:
    """An authorization expires right before it is spent."""
    run = before_spending(stage)
    stage.now += timedelta(minutes=61)
    stage.finish(run)


def ruled_by_two(stage: Stage) -> None:
    """Two runs rule on one ticket, and the first one's effect has happened."""
    slow = stage.asks("T-1", "sa")
    stage.until(slow, TICKET, "_store")
    stage.forget(slow)
    other = stage.delivers("T-1")
    stage.until(other, HAPPENED)
    stage.finish(slow)
    stage.finish(other)


def ruled_when_over(stage: Stage) -> None:
    """The customer writes again while the first message is being ruled on."""
    run = stage.asks("T-1", "sa")
    stage.until(run, TICKET, "_store")
    customer_writes_again(stage)
    stage.finish(run)


def two_into_the_last_room(stage: Stage) -> None:
    """Two tickets are ruled on side by side, and the budget has room for one."""
    stage.finish(stage.asks("T-1", "sa"))
    one, other = stage.asks("T-2", "sa"), stage.asks("T-3", "sa")
    for run in (one, other):
        stage.until(run, f"SELECT 1 FROM ticket WHERE id = '{run.name[4:]}'", "_store")
    stage.finish(one)
    stage.finish(other)


def two_people_at_once(stage: Stage) -> None:
    """Two people decide one draft at the same moment."""
    draft_id = drafted(stage)
    late = stage.decides(draft_id, "approve", PRIYA)
    stage.until(late, TICKET, "claim")
    stage.finish(stage.decides(draft_id, "reject", LENA))
    stage.finish(late)


def applied_by_two(stage: Stage) -> None:
    """A run that is taken for gone comes to carry out an edit that another one has carried out."""
    slow = stage.decides(drafted(stage), "edit", LENA)
    stage.until(slow, REVIEWED, "take")
    stage.advance(slow, 2)
    stage.forget(slow)
    stage.finish(stage.delivers("T-1"))
    stage.finish(slow)


def withdrawn_late(stage: Stage) -> None:
    """A run finds its authorization void after another one has carried out the same edit."""
    slow = stage.decides(drafted(stage), "edit", LENA)
    stage.until(slow, REVIEWED, "risk_gate")
    stage.forget(slow)
    other = stage.recovers()
    stage.until(other, MINTED, "_changed")
    stage.finish(slow)
    stage.finish(other)


def replied_by_two(stage: Stage) -> None:
    """Two runs come to the end of one ticket."""
    slow = stage.asks("T-1", "sb")
    stage.until(slow, HAPPENED)
    stage.advance(slow)
    stage.forget(slow)
    stage.finish(stage.delivers("T-1"))
    stage.finish(slow)


def continued_before_the_reply(stage: Stage) -> None:
    """The customer writes again between the last effect and the reply."""
    run = stage.asks("T-1", "sa")
    stage.until(run, RANG)
    stage.advance(run)
    customer_writes_again(stage)
    stage.finish(run)


def continued_before_the_handoff(stage: Stage) -> None:
    """The customer writes again right before a rejected ticket is handed over."""
    person = stage.decides(drafted(stage), "reject", LENA)
    stage.until(person, REVIEWED, "human_handoff")
    customer_writes_again(stage, "ma")
    stage.finish(person)


def continued_while_it_waits(stage: Stage) -> None:
    """The customer writes again while a draft waits."""
    drafted(stage)
    customer_writes_again(stage, "ma")


def answer_lost(stage: Stage) -> None:
    """An effect happens, and its answer is lost."""
    stage.moods.append("loses the answer")
    stage.finish(stage.asks("T-1", "sa"))


def settled_by_two(stage: Stage) -> None:
    """Two people say different things of one effect in doubt."""
    answer_lost(stage)
    key = stage.store.raw.execute("SELECT id FROM execution WHERE status = 'in_doubt'").fetchone()[0]
    late = stage.enter("Priya settles", lambda: recovery.settle(stage.agent, key, False, PRIYA))
    stage.advance(late, 2)
    stage.finish(stage.enter("Lena settles", lambda: recovery.settle(stage.agent, key, True, LENA)))
    stage.finish(late)


def taken_over_by_two(stage: Stage) -> None:
    """Two runs come to go on with an effect that a third one started."""
    run = stage.asks("T-1", "sa")
    stage.until(run, CREDIT_STARTED, "_happens")
    stage.kill(run)
    slow = stage.delivers("T-1")
    stage.until(slow, CREDIT_STARTED, "_begin")
    stage.forget(slow)
    stage.finish(stage.delivers("T-1"))
    stage.finish(slow)


def alone(kind: str) -> Pair:
    """Return a ticket that is delivered twice."""
    return lambda stage: (stage.asks("T-1", kind), lambda: stage.delivers("T-1"))


def continued(stage: Stage) -> tuple[Actor, Callable[[], Actor]]:
    """Return a ticket on which the customer writes again."""
    return stage.asks("T-1", "sa"), lambda: stage.asks("T-2", "sa", follows="T-1")


def full(stage: Stage) -> tuple[Actor, Callable[[], Actor]]:
    """Return two tickets for which the budget has room for one."""
    stage.finish(stage.asks("T-1", "sa"))
    return stage.asks("T-2", "sa"), lambda: stage.asks("T-3", "sa")


def decided(verdict: str, then: Callable[[Stage, str], Actor]) -> Pair:
    """Return a verdict, and what comes beside it."""

    def pair(stage: Stage) -> tuple[Actor, Callable[[], Actor]]:
        draft_id = drafted(stage)
        return stage.decides(draft_id, verdict, LENA), lambda: then(stage, draft_id)

    return pair


PAIRS: dict[str, Pair] = {
    "a ticket twice": alone("sa"),
    "a ticket twice, the bell first": alone("sb"),
    "a later message": continued,
    "two tickets, one room": full,
    "approved, a later message": decided("approve", lambda stage, _: stage.asks("T-2", "ma", follows="T-1")),
    "approved, a redelivery": decided("approve", lambda stage, _: stage.delivers("T-1")),
    "approved, a recovery": decided("approve", lambda stage, _: stage.recovers()),
    "approved, approved": decided("approve", lambda stage, draft_id: stage.decides(draft_id, "approve", PRIYA)),
    "approved, rejected": decided("approve", lambda stage, draft_id: stage.decides(draft_id, "reject", PRIYA)),
    "edited, approved": decided("edit", lambda stage, draft_id: stage.decides(draft_id, "approve", PRIYA)),
    "edited, a recovery": decided("edit", lambda stage, _: stage.recovers()),
    "rejected, a later message": decided("reject", lambda stage, _: stage.asks("T-2", "ma", follows="T-1")),
    "rejected, a redelivery": decided("reject", lambda stage, _: stage.delivers("T-1")),
}
"""Two runs that get in each other's way: the first one, and how to let the second one come."""
