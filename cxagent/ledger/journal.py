"""What the ledger takes in while a ticket is worked on: rulings, drafts, handoffs, replies, outcomes.

Each function needs a writing transaction that the caller opened, so that what belongs together is stored together.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from cxagent import clock
from cxagent.domain.review import place
from cxagent.domain.ruling import Ruling
from cxagent.domain.ticket import Ticket
from cxagent.domain.value import digest
from cxagent.errors import Conflict
from cxagent.ledger import authorizations, chain, handovers, personal
from cxagent.ledger.store import TABLES
from cxagent.ledger.tickets import set_status, status

DRAFT, HANDOFF, OUTBOX = TABLES["draft"], TABLES["handoff"], TABLES["outbox"]

# Prepared once: building a statement costs more than running it.
_ADD_DRAFT, _ADD_HANDOFF, _ADD_OUTBOX = (table.insert() for table in (DRAFT, HANDOFF, OUTBOX))
_SENT = select(OUTBOX.c.id).where(OUTBOX.c.id == bindparam("id"))


def record_ruling(
    connection: Connection,
    ticket: Ticket,
    account_id: str,
    ruling: Ruling,
    intents: list[str],
    seen: dict[str, Any],
    marks: Mapping[str, Any] | None = None,
) -> str:
    """Write a ruling into the log, with all that it rested on behind a pointer; return the decision's id.

    What the audit saw of who looks after the account is noted first. `marks` say which cell it belongs to.
    """
    if (audit := seen.get("audit")) is not None:
        handovers.note(connection, audit, ticket.id)
    pointer = personal.put(connection, "ruling", account_id, ticket.id, {"ruling": ruling.card(), **seen})
    body = {
        "autonomy": ruling.autonomy.value,
        "reasons": list(ruling.reasons),
        "intents": intents,
        "playbook": ruling.playbook,
        "context": ruling.context,
        "proposal": digest(seen.get("proposal")),
        "stake": ruling.stake,
        "gives": ruling.gives,
        "deviations": list(ruling.deviations),
        **(marks or {}),
    }
    return chain.append(connection, "ruling", account_id, ticket.id, body, pointer)


def open_draft(
    connection: Connection,
    *,
    ticket_id: str,
    account_id: str,
    decision_id: str,
    card: dict[str, Any],
    required_role: str,
    four_eyes: bool,
    stake: str,
    assignee: str,
    deadline: datetime,
    intent: str | None = None,
    text_of: str | None = None,
) -> str:
    """Put a draft before a person; return its id. What the queue shows and sorts by is copied from the card.

    `text_of` is the ticket whose sender's words the card holds, where that is another one: erasing them must find it.
    """
    draft_id = clock.new_id("drf")
    card = {**card, "draft_id": draft_id}
    stands, who = card.get("at_stake") or {}, card.get("who") or {}
    pointer = personal.put(connection, "card", account_id, text_of or ticket_id, card)
    connection.execute(
        _ADD_DRAFT,
        {
            "id": draft_id,
            "ticket_id": ticket_id,
            "account_id": account_id,
            "decision_id": decision_id,
            "status": "pending",
            "card_digest": digest(card),
            "required_role": required_role,
            "four_eyes": four_eyes,
            "stake": stake,
            "assignee": assignee,
            "deadline": deadline.isoformat(),
            "created_at": clock.now().isoformat(),
            "personal_id": pointer.id,
            "place": place(deadline, stake, stands.get("days_to_notice")),
            "account_name": who.get("account"),
            "intent": intent,
            "tier": stands.get("tier"),
            "health": stands.get("health"),
            "days_to_notice": stands.get("days_to_notice"),
            "playbook": card.get("playbook"),
        },
    )
    set_status(connection, ticket_id, "waiting")
    return draft_id


def hand_off(
    connection: Connection,
    *,
    ticket_id: str,
    account_id: str,
    decision_id: str,
    owner: str,
    deadline: datetime,
    brief: dict[str, Any],
) -> str:
    """Move ownership to a named person with a brief, once per ticket; return the handoff's id.

    From then on the ticket is theirs: whatever was minted for it and not spent is void. `Conflict` where another run
    has answered it, or the customer wrote again: what this run saw of the ticket is out of date.
    """
    if (now := status(connection, ticket_id)) in ("done", "continued"):
        raise Conflict(f"the ticket {ticket_id} is {now} meanwhile; there is nothing to hand over")
    authorizations.withdraw_all(connection, ticket_id)
    known = connection.execute(select(HANDOFF.c.id).where(HANDOFF.c.ticket_id == ticket_id)).scalar_one_or_none()
    if known is not None:
        return str(known)
    handoff_id = clock.new_id("hnd")
    pointer = personal.put(connection, "brief", account_id, ticket_id, brief)
    body = {"handoff": handoff_id, "decision": decision_id, "owner": digest(owner)}
    chain.append(connection, "handoff", account_id, ticket_id, body, pointer)
    connection.execute(
        _ADD_HANDOFF,
        {
            "id": handoff_id,
            "ticket_id": ticket_id,
            "account_id": account_id,
            "decision_id": decision_id,
            "owner": owner,
            "deadline": deadline.isoformat(),
            "at": clock.now().isoformat(),
            "personal_id": pointer.id,
        },
    )
    set_status(connection, ticket_id, "handed_off", "handed_off")
    return handoff_id


def send(connection: Connection, ticket_id: str, account_id: str, authorization_id: str, reply: str) -> bool:
    """Let a reply go out to its channel, once per authorization; False where it had gone before."""
    key = f"out_{authorization_id}"
    if connection.execute(_SENT, {"id": key}).one_or_none() is not None:
        return False
    pointer = personal.put(connection, "reply", account_id, ticket_id, {"reply": reply})
    row = {
        "id": key,
        "ticket_id": ticket_id,
        "account_id": account_id,
        "kind": "reply",
        "at": clock.now().isoformat(),
        "personal_id": pointer.id,
    }
    connection.execute(_ADD_OUTBOX, row)
    return True


def record_outcome(
    connection: Connection, ticket_id: str, account_id: str, disposition: str, body: dict[str, Any]
) -> str:
    """Close a ticket in the log."""
    set_status(connection, ticket_id, "done", disposition)
    return chain.append(connection, "outcome", account_id, ticket_id, {"disposition": disposition, **body})
