"""Finish what a crash left, in order; name what is in doubt; pass on what waits too long. Nothing is sent by the clock.

`recover` is what a person asks for, `sweep` what a worker does every minute.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cxagent import aftercare, brief, clock
from cxagent.agent import Agent
from cxagent.domain.vocabulary import Tier
from cxagent.errors import BadInput, Conflict, CxagentError, Unreachable
from cxagent.ledger import (
    absences,
    authorizations,
    executions,
    journal,
    loose_ends,
    personal,
    reports,
    reviews,
    tickets,
)

BROKE_OFF_AFTER = timedelta(minutes=1)
"""How long nothing must have happened on a ticket that no run has in hand before a sweep takes it up."""
MOST_ATTEMPTS = 3
"""How often a ticket that fails for a reason of its own is tried before a person gets it."""


@dataclass(frozen=True)
class Recovery:
    """What came of a recovery.

    `finished` are result lines; `under_way` tickets that another run has in hand; `stuck` tickets with the sentence why
    they cannot go on; `in_doubt` effects of which nobody knows whether they happened; `released` counts reservations
    that were given back.
    """

    finished: tuple[dict[str, Any], ...]
    under_way: tuple[str, ...]
    stuck: tuple[dict[str, str], ...]
    in_doubt: tuple[dict[str, Any], ...]
    released: int


def recover(agent: Agent) -> Recovery:
    """Finish every ticket that nobody works on, oldest first, then what follows done effects; release what expired."""
    with agent.store.write() as connection:
        released = authorizations.withdraw_expired(connection)
    with agent.store.read() as connection:
        left = tickets.unfinished(connection)
    finished, under_way, stuck = [], [], []
    for ticket_id in left:
        try:
            finished.append(agent.finish(ticket_id))
        except Unreachable:
            raise
        except Conflict:
            under_way.append(ticket_id)
        except Exception as error:
            stuck.append({"ticket_id": ticket_id, "why": sentence(error)})
    _tie(agent)
    after = aftercare.sweep(agent)
    finished += [agent.result(ticket_id) for ticket_id in after.moved]
    under_way += after.under_way
    return Recovery(tuple(finished), tuple(under_way), (*stuck, *after.stuck), in_doubt(agent), released)


def _tie(agent: Agent) -> None:
    """Settle what a crash left of effects on tickets that are over: in doubt, or not begun and given back."""
    with agent.store.read() as connection:
        left = loose_ends.loose(connection)
    for authorization_id, ticket_id in left:
        with agent.store.write(ticket_id) as connection:
            loose_ends.tie(connection, authorization_id, ticket_id)


def in_doubt(agent: Agent) -> tuple[dict[str, Any], ...]:
    """Return the effects in doubt, oldest first, each with the person who owns the ticket."""
    with agent.store.read() as connection:
        return tuple(executions.in_doubt(connection))


def settle(agent: Agent, key: str, happened: bool, by: str) -> dict[str, Any]:
    """Let a person say whether an effect in doubt happened; what did not gives its money back. Nothing runs."""
    name, role = agent.project.steps.reviewing.reviewer(by)
    with agent.store.read() as connection:
        row = executions.one(connection, key)
    if row is None:
        raise BadInput(f"there is no effect {key}", where="KEY")
    with agent.store.write(row["ticket_id"]) as connection:
        if not executions.settle_doubt(connection, row, happened, name, role):
            raise Conflict(f"the effect {key} is {row['status'].replace('_', ' ')}, not in doubt")
        settled = executions.one(connection, key)
    assert settled is not None
    return settled


def finish(agent: Agent, ticket_id: str, attempt: int) -> bool:
    """Go on with a ticket; return whether it should be tried again later.

    What keeps failing for a reason of its own goes to a person; a database that is away only costs time.
    """
    try:
        agent.finish(ticket_id)
    except (Unreachable, Conflict):
        return True
    except Exception as error:
        if attempt < MOST_ATTEMPTS:
            return True
        hand_over(agent, ticket_id, sentence(error))
    return False


def hand_over(agent: Agent, ticket_id: str, why: str) -> None:
    """Give a ticket that the machine cannot finish to a person, with what it says and what went wrong."""
    playbook = agent.project.in_force
    due = brief.business_time(clock.now(), _hours(agent, Tier.HIGH), playbook.business_hours)
    with agent.store.write(ticket_id) as connection:
        known = tickets.known(connection, ticket_id)
        if known is None or known.status in tickets.CLOSED:
            return
        ruled = reports.last_ruling(connection, ticket_id)
        ticket = known.incoming.ticket if known.incoming else None
        told = {
            "who": {"email": ticket.sender.email if ticket else "erased", "account_id": known.account_id},
            "request": {"subject": ticket.subject, "body": ticket.body, "intents": []} if ticket else {},
            "tried": [
                f"{MOST_ATTEMPTS} times: {why}",
                *(f"{tool} {args}: {status}" for tool, args, status in reports.begun(connection, ticket_id)),
            ],
            "why": ["the machine could not finish this ticket"],
            "deadline": due.isoformat(),
            "acknowledgement": playbook.acknowledgement.strip(),
        }
        reviews.withdraw(connection, ticket_id, decided=True)
        journal.hand_off(
            connection,
            ticket_id=ticket_id,
            account_id=known.account_id,
            decision_id=ruled["id"] if ruled else "-",
            owner=brief.signer(playbook, playbook.sign_off[0].role),
            deadline=due,
            brief=told,
        )


def escalate(agent: Agent) -> list[dict[str, str]]:
    """Pass every draft whose deadline has passed to the next person up the ladder, with a new deadline."""
    playbook, passed = agent.project.in_force, []
    with agent.store.read() as connection:
        late = reviews.late(connection)
        away = {row["person"] for row in absences.today(connection, clock.now().date())}
    for row in late:
        with agent.store.write(row["ticket_id"]) as connection:
            card = personal.get(connection, row["personal_id"]) or {}
            tier = Tier((card.get("at_stake") or {}).get("tier") or Tier.HIGH)
            due = brief.business_time(clock.now(), _hours(agent, tier), playbook.business_hours)
            to = brief.next_up(playbook, row["assignee"], row["required_role"], away)
            if reviews.escalate(connection, row, to, due):
                passed.append({"draft_id": row["id"], "from": row["assignee"], "to": to})
    return passed


def sweep(agent: Agent) -> list[str]:
    """Release what expired, pass on what is late, look whether effects held; return the tickets that lie untouched."""
    with agent.store.write() as connection:
        authorizations.withdraw_expired(connection)
    escalate(agent)
    _tie(agent)
    aftercare.sweep(agent)
    with agent.store.read() as connection:
        return tickets.unfinished(connection, quiet_since=clock.now() - BROKE_OFF_AFTER)


def sentence(error: Exception) -> str:
    """Return what an error says, and what it is where it is not one of ours."""
    return str(error) if isinstance(error, CxagentError) else f"{type(error).__name__}: {error}"


def _hours(agent: Agent, tier: Tier) -> timedelta:
    return timedelta(hours=agent.project.in_force.deadline_hours[tier])
