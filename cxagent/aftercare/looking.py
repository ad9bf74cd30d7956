"""Look once whether a done effect held. What did not goes to a person, and the machine does less of its kind alone."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from cxagent import clock, presence
from cxagent.actions import check_of, checked
from cxagent.aftercare.correcting import correct, owned
from cxagent.aftercare.past import Past, past, ticket_of
from cxagent.aftercare.running import NotNow, begin, carry_out, end, stopped, submission
from cxagent.agent import Agent
from cxagent.domain.cell import UNREAD, Cell
from cxagent.domain.proposal import Action
from cxagent.domain.tool import Tool
from cxagent.domain.vocabulary import ACT, DRAFT, HANDOFF, Autonomy
from cxagent.errors import BadInput, Conflict
from cxagent.executor import Ended
from cxagent.ledger import chain, executions, history, personal, reviews
from cxagent.ledger.executions import Status, Step
from cxagent.ledger.store import Connection
from cxagent.quality import ladder, origins

CHECK = "the check"
"""Who found that an effect did not hold."""
NO_CALL = Action(tool="-")
"""Stands where a check cannot be told, or finds nothing to look at: it is recorded, and no tool runs."""


class Look(NamedTuple):
    """What a check came to; `holds` is None where there was nothing to look at."""

    holds: bool | None
    said: str


def checks_due(connection: Connection, tools: Mapping[str, Tool], now: datetime, key: str | None = None) -> list[str]:
    """Return the keys of the done effects whose check is due and has not run, oldest first."""
    waits = {name: tool.check_after for name, tool in tools.items() if tool.check is not None}
    return executions.unlooked(connection, waits, now, key)


def check(agent: Agent, key: str) -> dict[str, Any]:
    """Look once whether a done effect held; what did not hold, or cannot be told, goes to a person.

    `Conflict` where that has been done or is under way; `NotNow` where there is nothing to look at, or not yet.
    """
    tools, ticket_id = agent.project.steps.executor.tools, ticket_of(agent, key)
    with presence.at_work():
        with agent.store.write(ticket_id) as connection:
            if "check" in executions.followed(connection, key):
                raise Conflict(f"whether {key} held was looked at, or is being looked at")
            found = past(connection, agent, key)
            if not checks_due(connection, tools, clock.now(), key):
                raise NotNow(f"{found.row['tool']} of {ticket_id} has no check that is due")
            action, trouble = _look(found, tools)
            sub = submission(connection, agent, found, action) if found.given and action is not NO_CALL else None
            if sub is not None and (halted := stopped(sub)):
                raise NotNow(halted)
            _queue_for(connection, found)
            run = begin(connection, agent, found, "check", action, sub, {}, {})
            if sub is None:
                said = trouble or json.dumps(None)
                ended = end(connection, found, run.step, "failed" if trouble else "done", said, looked(agent, found))
        return with_verdict(ended if sub is None else carry_out(agent, run, looked(agent, found)))


def _look(found: Past, tools: Mapping[str, Tool]) -> tuple[Action, str | None]:
    """Return the action that looks; or none, with the sentence why it cannot be told, if there should be one."""
    assert found.tool is not None
    if found.given is None or found.args is None:
        return NO_CALL, f"the texts of {found.row['ticket_id']} were erased or cannot be read; nobody can look"
    try:
        return check_of(found.tool, tools, found.args, found.result) or NO_CALL, None
    except BadInput as error:
        return NO_CALL, str(error)


def verdict(tool: str, status: str, said: str) -> Look:
    """Read what a check came to; what is not plainly a yes is a no."""
    if status != "done":
        return Look(False, said)
    if tool == NO_CALL.tool:
        return Look(None, "there is nothing to look at")
    try:
        answer = checked(Action(tool=tool), json.loads(said))
    except BadInput as error:
        return Look(False, str(error))
    return Look(answer.holds, answer.said)


def with_verdict(told: dict[str, Any]) -> dict[str, Any]:
    """Return what came of a check, with what it found."""
    return {**told, **verdict(told["tool"], told["status"], told["said"])._asdict()}


# ---- what follows -------------------------------------------------------------------------------------------------


def looked(agent: Agent, found: Past) -> Ended:
    """Return what is recorded when a check ends, in the transaction that notes it."""

    def ended(connection: Connection, step: Step, status: Status, said: str) -> None:
        look = verdict(step.tool, status, said)
        body: dict[str, Any] = {"execution": found.key, "check": step.key, "holds": look.holds}
        taken_back = executions.followed(connection, found.key).get("undo", {"status": "failed"})["status"] != "failed"
        reopens = look.holds is False and not taken_back
        if reopens:
            body |= {"lowered": _lower(connection, found)}
            surfaced(connection, agent, found, CHECK, look.said)
            body |= {"handoff": owned(connection, found)}
        account_id, ticket_id = found.row["account_id"], found.row["ticket_id"]
        pointer = personal.put(connection, "check", account_id, ticket_id, {"said": look.said})
        chain.append(connection, "check", account_id, ticket_id, body, pointer)
        if reopens:
            what = f"{found.row['tool']} ({found.key}) was done at {found.row['done_at'][:16]}Z; {look.said}"
            correct(connection, agent, found, what, "check_failed")

    return ended


def surfaced(connection: Connection, agent: Agent, found: Past, by: str, said: str) -> None:
    """Let an effect that did not hold, or was taken back, count as an error that came to light.

    What a person put into other words is not the machine's any more.
    """
    draft_id = found.warrant["draft_id"]
    if draft_id is not None and reviews.draft(connection, draft_id)["decision_id"] != found.entry["id"]:
        return
    finding = origins.of_effect(connection, found.entry, by, said)
    if finding is not None:
        ladder.noted(connection, agent.project.steps.judge.playbook, finding)


def _queue_for(connection: Connection, found: Past) -> None:
    """Wait for the cell of an effect before anything goes into a chain: the check may lower it in this transaction."""
    body = found.entry["body"]
    if body.get("segment") is not None:
        ladder.queue_for(connection, next(iter(body["intents"]), UNREAD), body["segment"])


def _lower(connection: Connection, found: Past) -> dict[str, str] | None:
    """Lower the cell by one step from how this effect went out; return what was entered, or None.

    What the machine did alone and did not hold needs a person's look from now on. What did not hold though a person
    had approved it is beyond a look: a person does it. Several that went wrong on one day lower a cell no further.
    """
    crm = found.given.audit.account.crm if found.given and found.given.audit.account else None
    if found.intent is None or crm is None or crm.segment is None:
        return None
    at_most = HANDOFF if found.warrant["draft_id"] else DRAFT
    ladder.queue_for(connection, found.intent, crm.segment)
    if at_most >= _standing(connection, found.intent, crm.segment):
        return None
    why = f"{found.row['tool'].replace('_', ' ')} of {found.row['done_at'][:10]} did not hold"
    cell = Cell(intent=found.intent, segment=crm.segment, cap=at_most, why=why)
    history.set_latitude(connection, cell, clock.now())
    return {"intent": found.intent, "segment": crm.segment, "to": at_most.value}


def _standing(connection: Connection, intent: str, segment: str) -> Autonomy:
    known = history.cells(connection, clock.now())
    return min((cell.cap for cell in known if (cell.intent, cell.segment) == (intent, segment)), default=ACT)
