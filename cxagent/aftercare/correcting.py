"""What turned out wrong after it was sent goes to a person: an owner, a deadline, and a drafted apology."""

from datetime import datetime, timedelta
from typing import Any

from cxagent import brief, clock
from cxagent.aftercare.past import Past
from cxagent.agent import Agent
from cxagent.domain.ruling import Ruling
from cxagent.domain.ticket import Ticket
from cxagent.domain.vocabulary import Tier
from cxagent.ledger import journal, reports, tickets
from cxagent.ledger.store import Connection


def owned(connection: Connection, found: Past) -> str | None:
    """Return the handoff by which a person owns the ticket of an effect already, if there is one."""
    known = reports.brief(connection, found.row["ticket_id"])
    return str(known["id"]) if known else None


def correct(connection: Connection, agent: Agent, found: Past, what: str, reason: str) -> None:
    """Open the ticket of an effect again for a person; one that a person owns already stays theirs."""
    # Open it first: on a closed ticket there is nothing to hand over.
    tickets.set_status(connection, found.row["ticket_id"], "handed_off", "handed_off")
    if owned(connection, found) is not None:
        return
    owner, due, told = _brief(agent, found, what, reason)
    journal.hand_off(
        connection,
        ticket_id=found.row["ticket_id"],
        account_id=found.row["account_id"],
        decision_id=found.entry["id"],
        owner=owner,
        deadline=due,
        brief=told,
    )


def apology(ticket: Ticket, done_at: datetime, owner: str, due: datetime) -> str:
    """Draft what the owner may write to the customer: it admits that the answer did not hold, and promises no more."""
    name = f" {ticket.sender.name}" if ticket.sender.name else ""
    about = f" about \u201c{ticket.subject}\u201d" if ticket.subject else ""
    return (
        f"Hello{name},\n\n"
        f"on {done_at:%d %B} we answered your message{about}. What we did then did not hold as we told you. I am sorry "
        f"about that. I am looking after it myself now, and you will hear from me by {due:%A, %d %B, %H:%M} UTC.\n\n"
        f"{owner}"
    )


def _brief(agent: Agent, found: Past, what: str, reason: str) -> tuple[str, datetime, dict[str, Any]]:
    """Return who takes over, by when, and what they are told: what was done, when, and what came of it."""
    book, now = agent.project.steps.judge.playbook, clock.now()
    if found.given is None:
        hours = timedelta(hours=book.deadline_hours[Tier.HIGH])
        due = brief.business_time(now, hours, book.business_hours)
        about = {"who": {"email": "erased", "account_id": found.row["account_id"]}, "request": {}, "tried": [what]}
        told = {**about, "deadline": due.isoformat(), "acknowledgement": book.acknowledgement.strip()}
        return brief.signer(book, book.sign_off[0].role), due, {**told, "why": [what]}
    card, ticket = found.entry["personal"]["ruling"], found.given.ticket
    ruling = Ruling.model_validate({name: value for name, value in card.items() if name in Ruling.model_fields})
    due = brief.deadline(book, found.given.audit, now)
    told = brief.handoff_brief(ticket, found.given.audit, found.given.proposal, ruling, book, [what], due)
    owner = brief.owner(book, found.given.audit, ruling.sign_off)
    words = apology(ticket, datetime.fromisoformat(found.row["done_at"]), owner, due)
    return owner, due, {**told, "why": [what], "reasons": [reason], "suggestion": words}
