"""The guards of the ledger, each with the one order of runs that it is there for, and with the way to take it out.

Where several guards stand behind one another, the order is harmless while any one of them stands.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from interleaving import Actor, Stage
from sqlalchemy import false, literal, select

from cxagent import presence, recovery
from cxagent.executor import Executor
from cxagent.ledger import authorizations, executions, journal, reviews, tickets
from cxagent.steps import nodes

Scene = Callable[[Stage], None]
Removal = Callable[[pytest.MonkeyPatch, Stage], None]
LENA, PRIYA = "Lena Hartmann", "Priya Nair"
TICKET, MINTED = "SELECT 1 FROM ticket", 'SELECT 1 FROM "authorization"'
CREDIT_STARTED, BELL_STARTED = (
    f"SELECT 1 FROM execution WHERE tool = '{tool}' AND status = 'started'" for tool in ("issue_credit", "ring_a_bell")
)
CREDIT_DONE = "SELECT 1 FROM execution WHERE tool = 'issue_credit' AND status = 'done'"
HAPPENED, RANG = "SELECT 1 FROM outside WHERE tool = 'credit'", "SELECT 1 FROM outside WHERE tool = 'bell'"
REVIEWED = "SELECT 1 FROM review"


class Guard(NamedTuple):
    """What stands between an order of runs and a broken law: one guard, or several behind one another."""

    name: str
    scene: Scene
    removals: tuple[Removal, ...]
    law: str


# ---- the orders of runs ------------------------------------------------------------------------------------------------


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


def ruled_after_a_rejection(stage: Stage) -> None:
    """A slow run comes to rule while a rejection is being carried out."""
    slow = stage.asks("T-1", "ma", "40.00")
    stage.until(slow, TICKET, "_store")
    stage.forget(slow)
    stage.finish(stage.delivers("T-1"))
    person = stage.decides(stage.drafts()[0], "reject", LENA)
    stage.until(person, REVIEWED, "take")
    stage.finish(slow)
    stage.finish(person)


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


# ---- how a guard is taken out ------------------------------------------------------------------------------------------


def put(holder: Any, name: str, value: Any) -> Removal:
    """Take a guard out by putting something else in its place."""
    return lambda patch, stage: patch.setattr(holder, name, value)


def without(table: str, *constraints: str) -> Removal:
    """Take a constraint out of a table."""
    return lambda patch, stage: stage.loosen(table, *constraints)


def recognised(patch: pytest.MonkeyPatch, stage: Stage) -> None:
    """Let the bell pass for a tool that recognises its keys."""
    patch.setitem(stage.world.tools, "ring_a_bell", replace(stage.world.tools["ring_a_bell"], idempotent=True))


def untold(real: Callable[..., bool]) -> Callable[..., bool]:
    """Return a withdrawal that hides what was spent."""

    def withdraw_all(connection: Any, ticket_id: str) -> bool:
        real(connection, ticket_id)
        return False

    return withdraw_all


def set_anyway(connection: Any, draft_id: str, **values: Any) -> bool:
    """Change a draft whatever its status."""
    connection.execute(reviews.DRAFT.update().where(reviews.DRAFT.c.id == draft_id).values(**values))
    return True


AUT, EXE = executions.AUTHORIZATION, executions.EXECUTION
_EVERY = [column for column in AUT.c if column.name not in ("spent_at", "expires_at")]
UNSPENT = select(*_EVERY, literal(None).label("spent_at"), AUT.c.expires_at).where(AUT.c.id == executions.bindparam("id"))
UNENDING = select(*_EVERY, AUT.c.spent_at, literal("9999").label("expires_at")).where(
    AUT.c.id == executions.bindparam("id")
)
BY_ID = EXE.c.id == executions.bindparam("which")


def loose(statement: Any, *conditions: Any) -> Any:
    """Return an update with other conditions."""
    fresh = statement._generate()
    fresh._where_criteria = conditions
    return fresh


NO_LAST_LOOK = put(nodes, "tickets", SimpleNamespace(status=lambda *_: "working", CLOSED=tickets.CLOSED))
GUARDS = (
    Guard(
        "an authorization is spent once",
        spent_by_two,
        (
            put(executions, "_AUTHORIZATION", UNSPENT),
            put(executions, "_TAKE", loose(executions._TAKE, AUT.c.id == executions.bindparam("which"))),
            without("execution", "UNIQUE (authorization_id, position)"),
        ),
        "one place has two effects",
    ),
    Guard("an effect is started once", started_by_two, (put(executions, "_START", loose(executions._START, BY_ID)),),
          "a bell rings twice"),
    Guard(
        "no effect starts on a ticket that is over",
        continued_before_the_second_effect,
        (put(Executor, "_start", lambda self, run, step: _started(self, step)),),
        "an effect starts on a ticket that is over",
    ),
    Guard("what has no key is not repeated", crash_after_a_bell, (recognised,), "a bell rings twice"),
    Guard("an effect ends once", finished_late, (put(executions, "_FINISH", loose(executions._FINISH, BY_ID)),),
          "an effect that was over is not"),
    Guard(
        "a later message voids what was minted",
        continued_before_spending,
        (put(authorizations, "withdraw_all", lambda *_: False),),
        "an effect starts on a ticket that is over",
    ),
    Guard(
        "a handoff voids what was minted",
        given_up_before_spending,
        (put(authorizations, "withdraw_all", lambda *_: False),),
        "an effect starts on a ticket that is over",
    ),
    Guard(
        "what expired is not spent",
        expired_before_spending,
        (put(executions, "_AUTHORIZATION", UNENDING),),
        "an effect starts without a spent authorization",
    ),
    Guard(
        "what was spent is not ruled on again",
        ruled_by_two,
        (put(authorizations, "withdraw_all", untold(authorizations.withdraw_all)),),
        "two authorizations have effects on one ticket",
    ),
    Guard("what is over is not ruled on", ruled_when_over, (put(tickets, "CLOSED", ()),),
          "a ticket that was over is not"),
    Guard(
        "what was rejected is not ruled on again",
        ruled_after_a_rejection,
        (put(tickets, "_REJECTED", tickets._REJECTED.where(false())),),
        "a draft waits on a ticket that is over",
    ),
    Guard(
        "limits add up",
        two_into_the_last_room,
        (put(authorizations, "reserved", lambda *_: Decimal(0)),),
        "the machine alone has more than the limit set aside",
    ),
    Guard(
        "one draft, one verdict",
        two_people_at_once,
        (put(reviews, "_set", set_anyway), without("review", "UNIQUE (draft_id)", "unique")),
        "one draft has two verdicts",
    ),
    Guard(
        "a verdict is carried out once",
        applied_by_two,
        (put(reviews, "apply", lambda connection, draft_id: set_anyway(connection, draft_id, status="applying")),),
        "a draft that was over is not",
    ),
    Guard(
        "a reply goes out once",
        replied_by_two,
        (
            NO_LAST_LOOK,
            put(journal, "_SENT", journal._SENT.where(false())),
            without("outbox", "PRIMARY KEY (id)"),
        ),
        "two replies go out on one ticket",
    ),
    Guard("no reply after a later message", continued_before_the_reply, (NO_LAST_LOOK,),
          "a reply goes out on a ticket that is over"),
    Guard(
        "what is over is not handed over",
        continued_before_the_handoff,
        (put(journal, "status", lambda *_: None),),
        "a ticket that was over is not",
    ),
    Guard(
        "a later message withdraws the draft",
        continued_while_it_waits,
        (put(reviews, "withdraw", lambda *_, **__: None),),
        "a draft waits on a ticket that is over",
    ),
    Guard(
        "money of what may have happened stays set aside",
        answer_lost,
        (put(authorizations, "_RELEASE", loose(authorizations._RELEASE, *authorizations._RELEASE._where_criteria[:2])),),
        "money was given that nothing is set aside for",
    ),
    Guard(
        "a doubt is settled once",
        settled_by_two,
        (put(executions, "_SETTLE_DOUBT", loose(executions._SETTLE_DOUBT, BY_ID)),),
        "an effect that was over is not",
    ),
)


def _started(executor: Executor, step: Any) -> bool:
    with executor.store.write() as connection:
        return executions.start(connection, step.key)


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


def nobody_is_at_work(patch: pytest.MonkeyPatch) -> None:
    """Let every run take every other one for gone."""
    patch.setattr(presence, "gone", lambda worker, since: True)
    patch.setattr(presence, "other", lambda worker, since: False)
