"""The guards of the ledger: what each is there for, and the way to take it out.

Where several guards stand behind one another, the order of runs is harmless while any one of them stands.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, NamedTuple

import interleaving_scenes as scenes
import pytest
from interleaving import Stage
from interleaving_scenes import Scene
from sqlalchemy import bindparam, false, literal, select

from cxagent import presence
from cxagent.executor import Executor
from cxagent.ledger import authorizations, executions, journal, reviews, tickets
from cxagent.steps import nodes

Removal = Callable[[pytest.MonkeyPatch, Stage], None]


class Guard(NamedTuple):
    """What stands between an order of runs and a broken law: one guard, or several behind one another."""

    name: str
    scene: Scene
    removals: tuple[Removal, ...]
    law: str


def nobody_is_at_work(patch: pytest.MonkeyPatch) -> None:
    """Let every run take every other one for gone."""
    patch.setattr(presence, "gone", lambda worker, since: True)
    patch.setattr(presence, "other", lambda worker, since: False)


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


def close_anyway(connection: Any, draft_id: str, ticket_id: str, status: str) -> None:
    """Close a draft that may be over."""
    set_anyway(connection, draft_id, status=status)


def apply_anyway(connection: Any, draft_id: str) -> None:
    """Carry out a verdict that may be carried out."""
    set_anyway(connection, draft_id, status="applying")


def start_anyway(executor: Executor, run: Any, step: Any) -> bool:
    """Start an effect of a ticket that may be over."""
    with executor.store.write() as connection:
        return executions.start(connection, step.key)


AUT, EXE = executions.AUTHORIZATION, executions.EXECUTION
_EVERY = [column for column in AUT.c if column.name not in ("spent_at", "expires_at")]
UNSPENT = select(*_EVERY, literal(None).label("spent_at"), AUT.c.expires_at).where(AUT.c.id == bindparam("id"))
UNENDING = select(*_EVERY, AUT.c.spent_at, literal("9999").label("expires_at")).where(AUT.c.id == bindparam("id"))
BY_ID = EXE.c.id == bindparam("which")


def loose(statement: Any, *conditions: Any) -> Any:
    """Return an update with other conditions."""
    fresh = statement._generate()
    fresh._where_criteria = conditions
    return fresh


RELEASE_ALL = loose(authorizations._RELEASE, *authorizations._RELEASE._where_criteria[:2])
NO_LAST_LOOK = put(nodes, "tickets", SimpleNamespace(status=lambda *_: "working", CLOSED=tickets.CLOSED))
GUARDS = (
    Guard(
        "an authorization is spent once",
        scenes.spent_by_two,
        (
            put(executions, "_AUTHORIZATION", UNSPENT),
            put(executions, "_TAKE", loose(executions._TAKE, AUT.c.id == bindparam("which"))),
            without("execution", "UNIQUE (authorization_id, position)"),
        ),
        "one place has two effects",
    ),
    Guard(
        "an effect is started once",
        scenes.started_by_two,
        (put(executions, "_START", loose(executions._START, BY_ID)),),
        "a bell rings twice",
    ),
    Guard(
        "no effect starts on a ticket that is over",
        scenes.continued_before_the_second_effect,
        (put(Executor, "_start", start_anyway),),
        "an effect starts on a ticket that is over",
    ),
    Guard("what has no key is not repeated", scenes.crash_after_a_bell, (recognised,), "a bell rings twice"),
    Guard(
        "an effect ends once",
        scenes.finished_late,
        (put(executions, "_FINISH", loose(executions._FINISH, BY_ID)),),
        "an effect that was over is not",
    ),
    Guard(
        "a later message voids what was minted",
        scenes.continued_before_spending,
        (put(authorizations, "withdraw_all", lambda *_: False),),
        "an effect starts on a ticket that is over",
    ),
    Guard(
        "a handoff voids what was minted",
        scenes.given_up_before_spending,
        (put(authorizations, "withdraw_all", lambda *_: False),),
        "an effect starts on a ticket that is over",
    ),
    Guard(
        "what expired is not spent",
        scenes.expired_before_spending,
        (put(executions, "_AUTHORIZATION", UNENDING),),
        "an effect starts without a spent authorization",
    ),
    Guard(
        "what was spent is not ruled on again",
        scenes.ruled_by_two,
        (put(authorizations, "withdraw_all", untold(authorizations.withdraw_all)),),
        "two authorizations have effects on one ticket",
    ),
    Guard(
        "what is over is not ruled on",
        scenes.ruled_when_over,
        (put(tickets, "CLOSED", ()),),
        "a ticket that was over is not",
    ),
    Guard(
        "limits add up",
        scenes.two_into_the_last_room,
        (put(authorizations, "reserved", lambda *_: Decimal(0)),),
        "the machine alone has more than the limit set aside",
    ),
    Guard(
        "one draft, one verdict",
        scenes.two_people_at_once,
        (put(reviews, "_set", set_anyway), without("review", "UNIQUE (draft_id)", "unique")),
        "one draft has two verdicts",
    ),
    Guard(
        "a verdict is carried out once",
        scenes.applied_by_two,
        (put(reviews, "apply", apply_anyway),),
        "a draft that was over is not",
    ),
    Guard(
        "a draft that was carried out is not withdrawn",
        scenes.withdrawn_late,
        (put(reviews, "close", close_anyway),),
        "a draft that was over is not",
    ),
    Guard(
        "a reply goes out once",
        scenes.replied_by_two,
        (
            NO_LAST_LOOK,
            put(journal, "_SENT", journal._SENT.where(false())),
            without("outbox", "PRIMARY KEY (id)"),
        ),
        "two replies go out on one ticket",
    ),
    Guard(
        "no reply after a later message",
        scenes.continued_before_the_reply,
        (NO_LAST_LOOK,),
        "a reply goes out on a ticket that is over",
    ),
    Guard(
        "what is over is not handed over",
        scenes.continued_before_the_handoff,
        (put(journal, "status", lambda *_: None),),
        "a ticket that was over is not",
    ),
    Guard(
        "a later message withdraws the draft",
        scenes.continued_while_it_waits,
        (put(reviews, "withdraw", lambda *_, **__: None),),
        "a draft waits on a ticket that is over",
    ),
    Guard(
        "money of what may have happened stays set aside",
        scenes.answer_lost,
        (put(authorizations, "_RELEASE", RELEASE_ALL),),
        "money was given that nothing is set aside for",
    ),
    Guard(
        "a doubt is settled once",
        scenes.settled_by_two,
        (put(executions, "_SETTLE_DOUBT", loose(executions._SETTLE_DOUBT, BY_ID)),),
        "an effect that was over is not",
    ),
)
