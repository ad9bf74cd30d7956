"""Tickets: what came in is on record before anything is done about it, and ruled on only while it is open."""

from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, bindparam, exists, select, text

from cxagent import clock, presence
from cxagent.domain.ticket import Earlier, Incoming, Ticket
from cxagent.domain.value import digest
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.ledger import authorizations, chain, personal, reviews
from cxagent.ledger.store import TABLES, lock

ACCOUNT, TICKET, DRAFT, REVIEW = TABLES["account"], TABLES["ticket"], TABLES["draft"], TABLES["review"]
OUTBOX, EXECUTION = TABLES["outbox"], TABLES["execution"]
UNKNOWN = "unknown"
"""The account of a sender whom nobody could resolve; it is an account like any other, so that nothing has none."""
CLOSED = ("done", "handed_off", "continued")
"""How a ticket ends: answered, owned by a person, or continued by a later message of the same conversation."""

# Prepared once: building a statement costs more than running it.
_KNOW = text(
    "INSERT INTO account (id, root_id, first_seen) VALUES (:id, :root_id, :first_seen) ON CONFLICT (id) DO NOTHING"
)
_KNOWN_ACCOUNT = select(ACCOUNT.c.id).where(ACCOUNT.c.id == bindparam("id"))
_ADD = TICKET.insert()
_ONE = select(TICKET).where(TICKET.c.id == bindparam("id"))
_TAKE = (
    TICKET.update()
    .where(TICKET.c.id == bindparam("ticket"))
    .values(worker=bindparam("by"), updated_at=bindparam("moment"))
)
_RESOLVE = TICKET.update().where(TICKET.c.id == bindparam("ticket")).values(account_id=bindparam("account"))
_OWN_TEXT = (
    personal.PERSONAL.update()
    .where(personal.PERSONAL.c.id == bindparam("pointer"))
    .values(account_id=bindparam("account"))
)
_SET_STATUS = (
    TICKET.update()
    .where(TICKET.c.id == bindparam("ticket"))
    .values(status=bindparam("now"), updated_at=bindparam("moment"))
)
_CLOSE = _SET_STATUS.values(disposition=bindparam("ended"))
_STATUS = select(TICKET.c.status).where(TICKET.c.id == bindparam("id"))
_CONTINUED_BY = select(TICKET.c.id).where(TICKET.c.follows == bindparam("id")).order_by(TICKET.c.received_at)
_REJECTED = (
    select(REVIEW.c.by)
    .join(DRAFT, DRAFT.c.id == REVIEW.c.draft_id)
    .where(DRAFT.c.ticket_id == bindparam("ticket"), REVIEW.c.verdict == "reject")
    .limit(1)
)
_REPLIES = select(OUTBOX.c.personal_id).where(OUTBOX.c.ticket_id == bindparam("ticket"))
_PENDING = exists().where(DRAFT.c.ticket_id == TICKET.c.id, DRAFT.c.status == "pending")
_UNFINISHED = (
    select(TICKET)
    .where(TICKET.c.status.in_(("received", "working", "waiting")), ~_PENDING)
    .order_by(TICKET.c.received_at, TICKET.c.id)
)


Received = Literal["new", "open", "closed"]
"""Whether a ticket came for the first time, is known and goes on, or is known and over."""


class Known(NamedTuple):
    """A ticket as it is on record: what came in, and where it stands."""

    incoming: Incoming | None
    account_id: str
    status: str
    worker: str | None
    updated_at: str


def know_account(connection: Connection, account_id: str, root_id: str) -> None:
    """Make sure that the account has a row; decisions refer to it."""
    if connection.execute(_KNOWN_ACCOUNT, {"id": account_id}).one_or_none() is None:
        row = {"id": account_id, "root_id": root_id, "first_seen": clock.now().isoformat()}
        connection.execute(_KNOW, row)


def known_accounts(connection: Connection) -> list[str]:
    """Return every account that anything was recorded for, but the unknown one."""
    known = select(ACCOUNT.c.id).where(ACCOUNT.c.id != UNKNOWN).order_by(ACCOUNT.c.id)
    return list(connection.execute(known).scalars())


def receive(connection: Connection, incoming: Incoming) -> Received:
    """Put a ticket on record, before anything is known about it; a run that is at work takes it in hand.

    `Conflict` where another run has it in hand. `BadInput` where the id was used before with another content.
    """
    row = connection.execute(_ONE, {"id": incoming.ticket.id}).one_or_none()
    if row is None:
        _record(connection, incoming, presence.named())
        return "new"
    if row.digest != digest(incoming.ticket):
        raise BadInput(f"the ticket id {incoming.ticket.id!r} was used before with another content", where="ticket.id")
    if row.status in CLOSED:
        return "closed"
    if presence.named() is not None:
        _take(connection, row)
    return "open"


def _record(connection: Connection, incoming: Incoming, worker: str | None) -> None:
    know_account(connection, UNKNOWN, UNKNOWN)
    ticket, follows, now = incoming.ticket, None, clock.now().isoformat()
    if incoming.follows is not None:
        ticket, follows = _continue(connection, incoming.ticket, incoming.follows, incoming.account_id)
    stored = incoming.model_copy(update={"ticket": ticket, "follows": follows})
    pointer = personal.put(connection, "ticket", UNKNOWN, ticket.id, stored)
    row = {
        "id": ticket.id,
        "account_id": UNKNOWN,
        "sender": digest(ticket.sender.email.lower()),
        "digest": digest(incoming.ticket),
        "whole": digest(ticket),
        "received_at": ticket.received_at.isoformat(),
        "personal_id": pointer.id,
        "hint": incoming.account_id,
        "follows": follows,
        "status": "received",
        "updated_at": now,
        "worker": worker,
    }
    connection.execute(_ADD, row)


def _continue(connection: Connection, ticket: Ticket, before: str, hint: str | None) -> tuple[Ticket, str | None]:
    """Withdraw what waits on the conversation that this message continues; return the message with all that was said.

    The second value is the ticket that it really goes on with: the latest one, where others went on before. An effect
    under way there is not called back: it stays on record, and what would follow it does not happen. A conversation
    that is not on record, or is another company's, is none of this message's.
    """
    lock(connection, before)
    row = connection.execute(_ONE, {"id": before}).one_or_none()
    known = incoming_of(connection, row) if row is not None else None
    if row is None or known is None or not _same_side(row, known.ticket, ticket, hint):
        return ticket, None
    while (later := continued_by(connection, before)) is not None:
        lock(connection, before := later)
        row = connection.execute(_ONE, {"id": before}).one()
    if (known := incoming_of(connection, row)) is None:
        return ticket, None
    said = [personal.get(connection, pointer) for pointer in connection.execute(_REPLIES, {"ticket": before}).scalars()]
    earlier = (
        *known.ticket.earlier,
        Earlier(by="customer", body=f"{known.ticket.subject}\n{known.ticket.body}".strip()),
        *(Earlier(by="us", body=one["reply"]) for one in said if one),
    )
    if row.status not in CLOSED:
        authorizations.withdraw_all(connection, before)
        reviews.withdraw(connection, before, decided=True)
        set_status(connection, before, "continued", "continued")
        chain.append(connection, "continued", row.account_id, before, {"by": ticket.id})
    return ticket.model_copy(update={"earlier": (*ticket.earlier, *earlier)}), before


def _same_side(row: Any, before: Ticket, ticket: Ticket, hint: str | None) -> bool:
    """Whether a message comes from who wrote before, or from a colleague of theirs on the same account."""
    one, other = (mail.sender.email.strip().lower() for mail in (before, ticket))
    resolved = hint is not None and hint == row.account_id != UNKNOWN
    return one == other or (resolved and one.partition("@")[2] == other.partition("@")[2])


def incoming_of(connection: Connection, row: Any) -> Incoming | None:
    """Return what came in, or None where its text was erased."""
    stored = personal.get(connection, row.personal_id)
    return Incoming.model_validate(stored) if stored is not None else None


def known(connection: Connection, ticket_id: str) -> Known | None:
    """Return a ticket as it is on record."""
    row = connection.execute(_ONE, {"id": ticket_id}).one_or_none()
    if row is None:
        return None
    return Known(incoming_of(connection, row), row.account_id, row.status, row.worker, row.updated_at)


def let_go(connection: Connection, ticket_id: str) -> None:
    """Note that this run has a ticket, its draft and its effects no longer in hand."""
    for table in (TICKET, DRAFT, EXECUTION):
        of_it = table.c.id == ticket_id if table is TICKET else table.c.ticket_id == ticket_id
        connection.execute(table.update().where(of_it, table.c.worker == presence.me()).values(worker=None))


def take_up(connection: Connection, ticket_id: str) -> bool:
    """Take a ticket on record in hand again; False where it is over, `BadInput` where there is none."""
    row = connection.execute(_ONE, {"id": ticket_id}).one_or_none()
    if row is None:
        raise BadInput(f"there is no ticket {ticket_id}", where="ticket.id")
    if row.status not in CLOSED:
        _take(connection, row)
    return row.status not in CLOSED


def _take(connection: Connection, row: Any) -> None:
    """Note that this run has a ticket in hand; `Conflict` where another run has. One that waits is in no run's."""
    if row.status != "waiting" and presence.other(row.worker, row.updated_at):
        raise Conflict(f"the ticket {row.id} is being worked on by {row.worker}")
    about = {"ticket": row.id, "by": presence.me(), "moment": clock.now().isoformat()}
    connection.execute(_TAKE, about)


def unfinished(connection: Connection, quiet_since: datetime | None = None) -> list[str]:
    """Return the tickets that no run has in hand and that wait for no person, oldest first: what a crash left.

    `quiet_since` leaves out those on which something was noted later.
    """
    rows = connection.execute(_UNFINISHED).all()
    latest = quiet_since.isoformat() if quiet_since else None
    return [
        row.id
        for row in rows
        if (latest is None or row.updated_at <= latest)
        and (row.status == "waiting" or presence.gone(row.worker, row.updated_at))
        and not _applied_now(connection, row)
    ]


def _applied_now(connection: Connection, row: Any) -> bool:
    """Whether a run carries out what a person decided on a ticket."""
    draft = reviews.active(connection, row.id) if row.status == "waiting" else None
    return draft is not None and not presence.gone(draft["worker"], draft["applying_at"])


def open_ticket(connection: Connection, ticket: Ticket, account_id: str, root_id: str) -> None:
    """Let a ticket be ruled on, for the account it belongs to.

    `Refused` where it was answered, rejected, handed over or continued, or reads otherwise. What was minted before and
    not spent is void: of two rulings on one ticket, only the later one counts.
    """
    know_account(connection, account_id, root_id)
    row = connection.execute(_ONE, {"id": ticket.id}).one_or_none()
    if row is None:
        _record(connection, Incoming(ticket=ticket), presence.me())
        row = connection.execute(_ONE, {"id": ticket.id}).one()
    if row.whole != digest(ticket):
        raise Refused(f"the ticket {ticket.id} is on record with another content")
    if row.status in CLOSED or authorizations.withdraw_all(connection, ticket.id):
        raise Refused(f"the ticket {ticket.id} is settled; nothing is decided on it again")
    if by := connection.execute(_REJECTED, {"ticket": ticket.id}).scalar_one_or_none():
        raise Refused(f"{by} rejected what was drafted for {ticket.id}; nothing is decided on it again")
    if row.account_id != account_id:
        connection.execute(_RESOLVE, {"ticket": ticket.id, "account": account_id})
        connection.execute(_OWN_TEXT, {"pointer": row.personal_id, "account": account_id})
    if row.status != "working":
        set_status(connection, ticket.id, "working")


def set_status(connection: Connection, ticket_id: str, status: str, disposition: str | None = None) -> None:
    """Note where a ticket is, and how it ended."""
    values = {"ticket": ticket_id, "now": status, "moment": clock.now().isoformat()}
    if disposition is None:
        connection.execute(_SET_STATUS, values)
    else:
        connection.execute(_CLOSE, {**values, "ended": disposition})


def status(connection: Connection, ticket_id: str) -> str | None:
    """Return where a ticket is, or None where it was never received."""
    return connection.execute(_STATUS, {"id": ticket_id}).scalar_one_or_none()


def continued_by(connection: Connection, ticket_id: str) -> str | None:
    """Return the ticket that continues this one, if there is one."""
    return connection.execute(_CONTINUED_BY, {"id": ticket_id}).scalars().first()
