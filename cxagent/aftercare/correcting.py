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
from cxagent.playbook import Playbook
from cxagent.steps.held import Held


def owned(connection: Connection, found: Past) -> str | None:
    """Return the handoff by which a person owns the ticket of an effect already, if there is one."""
    known = reports.brief(connection, found.row["ticket_id"])
    return str(known["id"]) if known else None


def correct(connection: Connection, agent: Agent, found: Past, what: str, reason: str) -> None:
    """Open the ticket of an effect again for a person; one that a person owns already stays theirs."""
    book, now, words = agent.project.steps.judge.playbook, clock.now(), None
    owner = owner_of(book, found.entry, found.given)
    if found.given is None:
        due = brief.business_time(now, timedelta(hours=book.deadline_hours[Tier.HIGH]), book.business_hours)
    else:
        due = brief.deadline(book, found.given.audit, now)
        words = apology(found.given.ticket, datetime.fromisoformat(found.row["done_at"]), owner, due)
    told = brief_of(book, found.entry, found.given, due, what, reason, words)
    hand_over(connection, found.entry, owner, due, told)


def hand_over(
    connection: Connection, entry: dict[str, Any], owner: str, due: datetime, told: dict[str, Any]
) -> str | None:
    """Open the ticket of a ruling again for a person; return the handoff, None where a person owns it already."""
    # Open it first: on a closed ticket there is nothing to hand over.
    tickets.set_status(connection, entry["ticket_id"], "handed_off", "handed_off")
    if reports.brief(connection, entry["ticket_id"]) is not None:
        return None
    return journal.hand_off(
        connection,
        ticket_id=entry["ticket_id"],
        account_id=entry["account_id"],
        decision_id=entry["id"],
        owner=owner,
        deadline=due,
        brief=told,
    )


def apology(ticket: Ticket, done_at: datetime, owner: str, due: datetime) -> str:
    """Draft what the owner may write to the customer: it admits that the answer did not hold, and promises no more."""
    said = (
        "What we did then did not hold as we told you. I am sorry about that. I am looking after it myself now, and "
        f"you will hear from me by {due:%A, %d %B, %H:%M} UTC."
    )
    return letter(ticket, done_at, owner, said)


def letter(ticket: Ticket | None, at: datetime, owner: str, said: str) -> str:
    """Draft a letter about an answer of ours; it names nobody and nothing where the ticket was erased."""
    name = f" {ticket.sender.name}" if ticket and ticket.sender.name else ""
    about = f" about \u201c{ticket.subject}\u201d" if ticket and ticket.subject else ""
    return f"Hello{name},\n\non {at:%d %B} we answered your message{about}. {said}\n\n{owner}"


def owner_of(book: Playbook, entry: dict[str, Any], given: Held | None) -> str:
    """Name who puts a ruling right: the account's owner, or who may sign what was decided."""
    if given is None:
        return brief.signer(book, book.sign_off[0].role)
    return brief.owner(book, given.audit, entry["personal"]["ruling"]["sign_off"])


def brief_of(
    book: Playbook,
    entry: dict[str, Any],
    given: Held | None,
    due: datetime,
    what: str,
    reason: str,
    words: str | None,
) -> dict[str, Any]:
    """Return what the owner is told: what was done, when, what came of it, and what they may write."""
    if given is None:
        about = {"who": {"email": "erased", "account_id": entry["account_id"]}, "request": {}, "tried": [what]}
        told: dict[str, Any] = {**about, "deadline": due.isoformat(), "acknowledgement": book.acknowledgement.strip()}
    else:
        card = entry["personal"]["ruling"]
        ruling = Ruling.model_validate({name: value for name, value in card.items() if name in Ruling.model_fields})
        told = brief.handoff_brief(given.ticket, given.audit, given.proposal, ruling, book, [what], due)
        told = {**told, "reasons": [reason], "suggestion": words}
    return {**told, "why": [what]}
