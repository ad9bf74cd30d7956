"""What the ledger takes in while a ticket is worked on: tickets, rulings, authorizations, drafts, handoffs, outcomes.

Each function needs a writing transaction that the caller opened, so that what belongs together is stored together.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from cxagent import clock
from cxagent.domain.money import Money
from cxagent.domain.ruling import Ruling
from cxagent.domain.ticket import Ticket
from cxagent.domain.value import digest
from cxagent.errors import Refused
from cxagent.ledger import chain, personal
from cxagent.ledger.store import TABLES

ACCOUNT, TICKET, AUTHORIZATION = TABLES["account"], TABLES["ticket"], TABLES["authorization"]
BUDGET, DRAFT, HANDOFF, OUTBOX = TABLES["budget"], TABLES["draft"], TABLES["handoff"], TABLES["outbox"]
REVIEW = TABLES["review"]

# Prepared once: building a statement costs more than running it.
_KNOWN_ACCOUNT = select(ACCOUNT.c.id).where(ACCOUNT.c.id == bindparam("id"))
_KNOWN_TICKET = select(TICKET.c.digest, TICKET.c.status).where(TICKET.c.id == bindparam("id"))
_ADD_ACCOUNT, _ADD_TICKET, _ADD_AUTHORIZATION, _ADD_BUDGET, _ADD_DRAFT, _ADD_HANDOFF, _ADD_OUTBOX = (
    table.insert() for table in (ACCOUNT, TICKET, AUTHORIZATION, BUDGET, DRAFT, HANDOFF, OUTBOX)
)
_SET_STATUS = (
    TICKET.update()
    .where(TICKET.c.id == bindparam("ticket"))
    .values(status=bindparam("now"), updated_at=bindparam("moment"))
)
_CLOSE_TICKET = _SET_STATUS.values(disposition=bindparam("ended"))
_RESERVED = select(BUDGET.c.amount, BUDGET.c.execution_id).where(
    BUDGET.c.root_id == bindparam("root"), BUDGET.c.status != "released", BUDGET.c.at >= bindparam("since")
)
_SENT = select(OUTBOX.c.id).where(OUTBOX.c.id == bindparam("id"))
_AUTHORIZED = select(AUTHORIZATION).where(AUTHORIZATION.c.id == bindparam("id"))
_MINTED = select(AUTHORIZATION.c.id, AUTHORIZATION.c.spent_at).where(AUTHORIZATION.c.ticket_id == bindparam("ticket"))
_VOID = (
    AUTHORIZATION.update()
    .where(AUTHORIZATION.c.id == bindparam("which"), AUTHORIZATION.c.spent_at.is_(None))
    .values(expires_at=AUTHORIZATION.c.minted_at)
)
_REJECTED = (
    select(REVIEW.c.by)
    .join(DRAFT, DRAFT.c.id == REVIEW.c.draft_id)
    .where(DRAFT.c.ticket_id == bindparam("ticket"), REVIEW.c.verdict == "reject")
    .limit(1)
)
CLOSED = ("done", "handed_off")


class Grant(NamedTuple):
    """What an authorization sets aside under one ultimate parent, by the position of the call that gives it."""

    root_id: str
    amounts: tuple[tuple[int, Money], ...]
    limit: Decimal | None
    shown: Decimal
    shown_refs: frozenset[str]
    since: datetime


class NoRoom(Exception):
    """Another ticket took the room in the meantime: the limits add up over parallel tickets too."""


def know_account(connection: Connection, account_id: str, root_id: str) -> None:
    """Make sure that the account has a row; decisions refer to it."""
    if connection.execute(_KNOWN_ACCOUNT, {"id": account_id}).one_or_none() is None:
        row = {"id": account_id, "root_id": root_id, "first_seen": clock.now().isoformat()}
        connection.execute(_ADD_ACCOUNT, row)


def open_ticket(connection: Connection, ticket: Ticket, account_id: str, root_id: str) -> None:
    """Store a ticket with the account it belongs to; one that is stored already is ruled on anew, if it may be."""
    know_account(connection, account_id, root_id)
    known = connection.execute(_KNOWN_TICKET, {"id": ticket.id}).one_or_none()
    if known is not None:
        _reopen(connection, ticket, known)
        return
    pointer = personal.put(connection, "ticket", account_id, ticket.id, ticket)
    row = {
        "id": ticket.id,
        "account_id": account_id,
        "sender": digest(ticket.sender.email.lower()),
        "digest": digest(ticket),
        "received_at": ticket.received_at.isoformat(),
        "personal_id": pointer.id,
        "status": "working",
        "updated_at": clock.now().isoformat(),
    }
    connection.execute(_ADD_TICKET, row)


def _reopen(connection: Connection, ticket: Ticket, known: Any) -> None:
    """Let a ticket be ruled on anew; `Refused` where it was answered, rejected or handed over, or reads otherwise.

    What was minted before and not spent is void: of two workers on one ticket, only the later ruling counts.
    """
    if known.digest != digest(ticket):
        raise Refused(f"the ticket {ticket.id} is on record with another content")
    if known.status in CLOSED or _void(connection, ticket.id):
        raise Refused(f"the ticket {ticket.id} is settled; nothing is decided on it again")
    if by := connection.execute(_REJECTED, {"ticket": ticket.id}).scalar_one_or_none():
        raise Refused(f"{by} rejected what was drafted for {ticket.id}; nothing is decided on it again")
    set_status(connection, ticket.id, "working")


def _void(connection: Connection, ticket_id: str) -> bool:
    """Void what was minted for a ticket and not spent; return whether anything was spent."""
    minted = connection.execute(_MINTED, {"ticket": ticket_id}).all()
    for row in minted:
        if row.spent_at is None:
            withdraw(connection, row.id)
    return any(row.spent_at is not None for row in minted)


def set_status(connection: Connection, ticket_id: str, status: str, disposition: str | None = None) -> None:
    """Note where a ticket is, and how it ended."""
    values = {"ticket": ticket_id, "now": status, "moment": clock.now().isoformat()}
    if disposition is None:
        connection.execute(_SET_STATUS, values)
    else:
        connection.execute(_CLOSE_TICKET, {**values, "ended": disposition})


def record_ruling(
    connection: Connection, ticket: Ticket, account_id: str, ruling: Ruling, intents: list[str], seen: dict[str, Any]
) -> str:
    """Write a ruling into the log, with all that it rested on behind a pointer; return the decision's id."""
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
    }
    return chain.append(connection, "ruling", account_id, ticket.id, body, pointer)


def mint(
    connection: Connection,
    *,
    decision_id: str,
    draft_id: str | None,
    ticket_id: str,
    account_id: str,
    proposal_digest: str,
    context_digest: str,
    playbook_digest: str,
    minutes: int,
    grant: Grant,
) -> str:
    """Mint a single-use authorization and reserve its money in the same transaction; `NoRoom` where it does not fit."""
    now = clock.now()
    if grant.limit is not None and grant.amounts:
        taken = grant.shown + reserved(connection, grant)
        if taken + sum((abs(money.amount) for _, money in grant.amounts), Decimal(0)) > grant.limit:
            raise NoRoom
    authorization_id = clock.new_id("aut")
    connection.execute(
        _ADD_AUTHORIZATION,
        {
            "id": authorization_id,
            "decision_id": decision_id,
            "draft_id": draft_id,
            "ticket_id": ticket_id,
            "account_id": account_id,
            "proposal_digest": proposal_digest,
            "context_digest": context_digest,
            "playbook_digest": playbook_digest,
            "minted_at": now.isoformat(),
            "expires_at": (now + timedelta(minutes=minutes)).isoformat(),
        },
    )
    for position, money in grant.amounts:
        row = {
            "id": clock.new_id("bud"),
            "root_id": grant.root_id,
            "account_id": account_id,
            "authorization_id": authorization_id,
            "position": position,
            "amount": str(abs(money.amount)),
            "currency": money.currency,
            "at": now.isoformat(),
            "status": "reserved",
        }
        connection.execute(_ADD_BUDGET, row)
    return authorization_id


def reserved(connection: Connection, grant: Grant) -> Decimal:
    """Return what this ledger reserved or gave under a parent that billing does not show yet."""
    rows = connection.execute(_RESERVED, {"root": grant.root_id, "since": grant.since.isoformat()}).all()
    return sum((Decimal(row.amount) for row in rows if row.execution_id not in grant.shown_refs), Decimal(0))


def release(connection: Connection, authorization_id: str) -> None:
    """Give back what an authorization reserved and never spent."""
    connection.execute(
        update(BUDGET)
        .where(BUDGET.c.authorization_id == authorization_id, BUDGET.c.status == "reserved")
        .values(status="released")
    )


def withdraw(connection: Connection, authorization_id: str) -> None:
    """Void an authorization that was never spent, and give back what it reserved."""
    connection.execute(_VOID, {"which": authorization_id})
    release(connection, authorization_id)


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
) -> str:
    """Put a draft before a person; return its id."""
    draft_id = clock.new_id("drf")
    card = {**card, "draft_id": draft_id}
    pointer = personal.put(connection, "card", account_id, ticket_id, card)
    connection.execute(
        _ADD_DRAFT,
        {
            "id": draft_id,
            "ticket_id": ticket_id,
            "account_id": account_id,
            "decision_id": decision_id,
            "status": "open",
            "card_digest": digest(card),
            "required_role": required_role,
            "four_eyes": four_eyes,
            "stake": stake,
            "assignee": assignee,
            "deadline": deadline.isoformat(),
            "created_at": clock.now().isoformat(),
            "personal_id": pointer.id,
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

    From then on the ticket is theirs: whatever was minted for it and not spent is void.
    """
    _void(connection, ticket_id)
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


def authorized(connection: Connection, authorization_id: str) -> dict[str, Any] | None:
    """Return an authorization, or None where there is none; a spent one has its effects finished, not judged again."""
    row = connection.execute(_AUTHORIZED, {"id": authorization_id}).mappings().one_or_none()
    return dict(row) if row else None


def authorization_of(connection: Connection, draft_id: str) -> str | None:
    """Return the authorization that an approval of a draft minted, if there is one."""
    found = connection.execute(select(AUTHORIZATION.c.id).where(AUTHORIZATION.c.draft_id == draft_id).limit(1))
    return found.scalar_one_or_none()
