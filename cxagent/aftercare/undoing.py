"""A person takes a done effect back: within their authority, once, and never over the head of a newer effect."""

from typing import Any

from cxagent import presence
from cxagent.actions import undo_of
from cxagent.aftercare.correcting import correct
from cxagent.aftercare.looking import surfaced
from cxagent.aftercare.past import Past, line_of, past, ticket_of
from cxagent.aftercare.running import begin, carry_out, stopped, submission
from cxagent.agent import Agent
from cxagent.domain.proposal import Action
from cxagent.domain.value import digest
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.executor import Ended
from cxagent.ledger import chain, executions
from cxagent.ledger.executions import Status, Step
from cxagent.ledger.store import Connection
from cxagent.rules.money import signer
from cxagent.rules.submission import Submission


def undo(agent: Agent, key: str, by: str, why: str) -> dict[str, Any]:
    """Take a done effect back for a person of the playbook, once; return what came of it.

    `Conflict` where somebody took it back or is at it; `Refused` says why it cannot be, or not by this person.
    """
    if not why.strip():
        raise BadInput("say why it is taken back", where="--why")
    name, role = agent.project.steps.reviewing.reviewer(by)
    ticket_id = ticket_of(agent, key)
    with presence.at_work():
        with agent.store.write(ticket_id) as connection:
            found = past(connection, agent, key)
            _first(connection, found)
            action = _way_back(found, agent)
            _nothing_newer(connection, agent, found, action)
            sub = submission(connection, agent, found, action)
            _within_authority(agent, found, sub, name, role)
            if halted := stopped(sub):
                raise Refused(halted)
            body, text = {"by": digest(name), "role": role}, {"by": name, "why": why.strip()}
            run = begin(connection, agent, found, "undo", action, sub, body, text)
        return carry_out(agent, run, undone(agent, found))


def undone(agent: Agent, found: Past) -> Ended:
    """Return what is recorded when an undo ends: money is free, the cell hears of it, a person tells the customer."""

    def ended(connection: Connection, step: Step, status: Status, said: str) -> None:
        if status == "done":
            executions.give_back(connection, found.key)
            who = line_of(connection, executions.one(connection, step.key) or {})["personal"] or {}
            surfaced(connection, agent, found, who.get("by") or "somebody", f"taken back: {who.get('why', '')}")
        body = {"execution": found.key, "undo": step.key, "status": status}
        chain.append(connection, "undo", found.row["account_id"], found.row["ticket_id"], body)
        if status == "done":
            correct(connection, agent, found, f"{found.row['tool']} ({found.key}) was taken back", "taken_back")

    return ended


def _first(connection: Connection, found: Past) -> None:
    """Refuse a second undo and name who was first; a look that is under way comes first, so that it sees the truth."""
    what, known = found.row["tool"], executions.followed(connection, found.key)
    look = known.get("check")
    if look and look["status"] == "started" and presence.other(look["worker"], look["started_at"]):
        raise Conflict(f"somebody is looking at this very moment whether {what} held; try again")
    if (row := known.get("undo")) is None:
        return
    who, at = (line_of(connection, row)["personal"] or {}).get("by") or "somebody", f"{row['started_at'][:16]}Z"
    match row["status"]:
        case "done":
            raise Conflict(f"{who} was first: {what} was taken back at {at}")
        case "failed":
            raise Refused(f"{who} tried at {at}, and it failed: {row['result']}; it must be put right by hand")
        case "in_doubt":
            raise Conflict(
                f"{who} was first, at {at}, and nobody knows whether it happened: look, then cxagent recover"
            )
        case _:
            raise Conflict(f"{who} was first: it is under way since {at}; cxagent recover finishes what broke off")


def _way_back(found: Past, agent: Agent) -> Action:
    """Return the action that takes an effect back; `Refused` where there is none."""
    what, tool = found.row["tool"], found.tool
    if found.row["status"] != "done":
        raise Refused(f"{what} is {found.row['status'].replace('_', ' ')}; only what was done can be taken back")
    if tool is None or tool.undo is None:
        raise Refused(f"{what} declares no undo; it must be put right by hand")
    if found.given is None or found.args is None:
        raise Refused(f"the texts of {found.row['ticket_id']} were erased; nobody can tell any more what {what} did")
    try:
        action = undo_of(tool, agent.project.steps.executor.tools, found.args, found.result)
    except BadInput as error:
        raise Refused(str(error)) from None
    if action is None:
        raise Refused(f"{what} cannot be taken back: what was there before is not on record")
    return action


def _nothing_newer(connection: Connection, agent: Agent, found: Past, action: Action) -> None:
    """Refuse where a later effect concerns the same thing: to take back the older one would undo that one unasked."""
    tools, mine = agent.project.steps.executor.tools, found.tool
    assert mine is not None
    touching = {
        mine.name,
        action.tool,
        *mine.opposes,
        *(one.name for one in tools.values() if mine.name in one.opposes),
    }
    for row in executions.later(connection, found.row):
        if row["tool"] not in touching:
            continue
        newer = past(connection, agent, row["id"])
        if found.thing is None or newer.thing is None or found.thing == newer.thing:
            when = row["started_at"][:16]
            raise Refused(f"{row['tool']} came after it, at {when}Z; take that back first: {row['id']}")


def _within_authority(agent: Agent, found: Past, sub: Submission, name: str, role: str) -> None:
    """Refuse who could not have signed the decision, or the way back itself; a role unknown by now means the top."""
    book = sub.playbook
    asked = [found.entry["personal"]["ruling"]["sign_off"], signer(sub)[0]]
    known = [one if book.rank_of(one) >= 0 else book.top_role for one in asked]
    required = max((book.sign_off[0].role, *known), key=book.rank_of)
    if trouble := agent.project.steps.reviewing.may_sign(role, required):
        raise Refused(f"{name} may not take {found.row['tool']} back: {trouble}")
