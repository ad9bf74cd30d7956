"""What the machine did on an account, as it is on record: decisions, what went out, what people said, trust."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, RowMapping, Select, bindparam, or_, select

from cxagent.ledger.audits import UNDONE
from cxagent.ledger.store import TABLES

LOG, TICKET, PERSONAL, ACCOUNT = (TABLES[name] for name in ("decision_log", "ticket", "personal", "account"))
DRAFT, REVIEW, HANDOFF, OUTBOX = (TABLES[name] for name in ("draft", "review", "handoff", "outbox"))
EXECUTION, FINDING, REPAIR, AUDIT = (TABLES[name] for name in ("execution", "finding", "repair", "audit"))
TRUST = TABLES["trust_event"]
BATCH = 500
"""How many tickets one question is about, and how many old audits are held at once."""

_IN_ACCOUNTS: BindParameter[Any] = bindparam("accounts", expanding=True)
_IN_TICKETS: BindParameter[Any] = bindparam("tickets", expanding=True)
_FAMILY = (
    select(ACCOUNT.c.id)
    .where(or_(ACCOUNT.c.id == bindparam("account"), ACCOUNT.c.root_id == bindparam("account")))
    .order_by(ACCOUNT.c.id)
)
_TICKETS = (
    select(LOG.c.ticket_id, LOG.c.account_id, TICKET.c.status)
    .join(TICKET, TICKET.c.id == LOG.c.ticket_id)
    .where(LOG.c.account_id.in_(_IN_ACCOUNTS), LOG.c.kind == "ruling")
    .where(LOG.c.at >= bindparam("since"), LOG.c.at < bindparam("until"))
    .distinct()
    .order_by(LOG.c.ticket_id)
)
_RECORDED = (
    select(LOG.c.at, PERSONAL.c.payload)
    .join(PERSONAL, PERSONAL.c.id == LOG.c.personal_id)
    .where(LOG.c.account_id == bindparam("account"), LOG.c.kind == "ruling", LOG.c.at < bindparam("until"))
    .where(PERSONAL.c.payload.is_not(None))
    .order_by(LOG.c.seq)
)
_ERASED = select(PERSONAL.c.id).where(
    PERSONAL.c.id.in_(bindparam("pointers", expanding=True)), PERSONAL.c.payload.is_(None)
)
_OUTCOMES = (
    select(LOG.c.ticket_id, LOG.c.body)
    .where(LOG.c.ticket_id.in_(_IN_TICKETS), LOG.c.kind == "outcome")
    .order_by(LOG.c.ticket_id, LOG.c.seq.desc())
)
_UNDO = EXECUTION.alias()
_OF_TICKETS: dict[str, Select[Any]] = {
    "verdicts": select(DRAFT.c.ticket_id, DRAFT.c.first_approver, REVIEW)
    .join(REVIEW, REVIEW.c.draft_id == DRAFT.c.id)
    .where(DRAFT.c.ticket_id.in_(_IN_TICKETS))
    .order_by(REVIEW.c.at),
    "replies": select(OUTBOX.c.ticket_id, OUTBOX.c.at, PERSONAL.c.digest, PERSONAL.c.erased_at)
    .join(PERSONAL, PERSONAL.c.id == OUTBOX.c.personal_id)
    .where(OUTBOX.c.ticket_id.in_(_IN_TICKETS))
    .order_by(OUTBOX.c.at),
    "effects": select(EXECUTION, _UNDO.c.status.label("undo_status"))
    .outerjoin(_UNDO, (_UNDO.c.of == EXECUTION.c.id) & (_UNDO.c.kind == "undo"))
    .where(EXECUTION.c.ticket_id.in_(_IN_TICKETS), EXECUTION.c.kind == "effect")
    .where(EXECUTION.c.status.in_(("done", "in_doubt")))
    .order_by(EXECUTION.c.started_at, EXECUTION.c.position),
    "handoffs": select(HANDOFF).where(HANDOFF.c.ticket_id.in_(_IN_TICKETS)),
}
_OF_ACCOUNTS: dict[str, Select[Any]] = {
    "findings": select(FINDING).where(FINDING.c.account_id.in_(_IN_ACCOUNTS)).order_by(FINDING.c.at, FINDING.c.id),
    "repairs": select(REPAIR).where(REPAIR.c.account_id.in_(_IN_ACCOUNTS)),
    "audits": select(AUDIT).where(AUDIT.c.account_id.in_(_IN_ACCOUNTS), AUDIT.c.status.in_(UNDONE)),
}
_TRUST = (
    select(TRUST)
    .where(TRUST.c.account_id.in_(_IN_ACCOUNTS))
    .where(TRUST.c.at >= bindparam("since"), TRUST.c.at < bindparam("until"))
    .order_by(TRUST.c.at, TRUST.c.id)
)

ByTicket = dict[str, list[RowMapping]]


class Ruled(NamedTuple):
    """A ticket that was ruled on: on which account, and how it stands."""

    account_id: str
    status: str


class Recorded(NamedTuple):
    """What one audit of an account held: when it was made, the account's name, the contract, the renewal window."""

    at: str
    name: str | None
    contract: dict[str, Any]
    window: dict[str, Any]


def family(connection: Connection, account_id: str) -> list[str]:
    """Return an account and those below it, as they were first recorded; empty where nothing ever was."""
    return list(connection.execute(_FAMILY, {"account": account_id}).scalars())


def ruled_on(connection: Connection, accounts: Sequence[str], since: str, until: str) -> dict[str, Ruled]:
    """Return the tickets that were ruled on between two moments."""
    about = {"accounts": accounts, "since": since, "until": until}
    return {row.ticket_id: Ruled(row.account_id, row.status) for row in connection.execute(_TICKETS, about)}


def recorded(connection: Connection, account_id: str, until: str) -> Iterator[Recorded]:
    """Yield what each audit of an account held up to a moment, in order; what was erased is left out."""
    about = {"account": account_id, "until": until}
    for row in connection.execute(_RECORDED, about, execution_options={"yield_per": BATCH}):
        audit = json.loads(row.payload).get("audit") or {}
        account = audit.get("account") or {}
        window = (audit.get("standing") or {}).get("window") or {}
        yield Recorded(row.at, account.get("name"), account.get("contract") or {}, window)


def erased(connection: Connection, pointers: Sequence[str]) -> set[str]:
    """Return those of some pointers whose text was erased."""
    return set(connection.execute(_ERASED, {"pointers": pointers}).scalars())


def outcomes(connection: Connection, tickets: Sequence[str]) -> dict[str, str]:
    """Return how the machine's own part of some tickets ended, as the log first said it."""
    rows = connection.execute(_OUTCOMES, {"tickets": tickets}).all()
    return {row.ticket_id: json.loads(row.body)["disposition"] for row in rows}


def of_tickets(connection: Connection, tickets: Sequence[str]) -> dict[str, ByTicket]:
    """Return verdicts, replies, effects and handoffs of some tickets, each by ticket."""
    about = {"tickets": tickets}
    return {name: _by_ticket(connection, statement, about) for name, statement in _OF_TICKETS.items()}


def of_accounts(connection: Connection, accounts: Sequence[str]) -> dict[str, ByTicket]:
    """Return findings, repairs and audits still to be done of some accounts, each by ticket."""
    about = {"accounts": accounts}
    return {name: _by_ticket(connection, statement, about) for name, statement in _OF_ACCOUNTS.items()}


def trust(connection: Connection, accounts: Sequence[str], since: str, until: str) -> list[RowMapping]:
    """Return what cost or restored trust between two moments, the earliest first."""
    about = {"accounts": accounts, "since": since, "until": until}
    return list(connection.execute(_TRUST, about).mappings())


def _by_ticket(connection: Connection, statement: Select[Any], about: dict[str, Any]) -> ByTicket:
    found: ByTicket = {}
    for row in connection.execute(statement, about).mappings():
        found.setdefault(row["ticket_id"], []).append(row)
    return found
