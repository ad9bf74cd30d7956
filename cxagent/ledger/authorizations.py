"""Authorizations: single-use permission to run exact actions, with the money that they may give set aside."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from cxagent import clock
from cxagent.domain.money import Money
from cxagent.ledger import losses
from cxagent.ledger.store import TABLES, lock

AUTHORIZATION, BUDGET, EXECUTION = TABLES["authorization"], TABLES["budget"], TABLES["execution"]

# Prepared once: building a statement costs more than running it.
_ADD, _RESERVE = AUTHORIZATION.insert(), BUDGET.insert()
_RESERVED = select(BUDGET.c.amount, BUDGET.c.execution_id).where(
    BUDGET.c.root_id == bindparam("root"), BUDGET.c.status != "released", BUDGET.c.at >= bindparam("since")
)
_ONE = select(AUTHORIZATION).where(AUTHORIZATION.c.id == bindparam("id"))
_OF_TICKET = select(AUTHORIZATION.c.id).where(AUTHORIZATION.c.ticket_id == bindparam("ticket"))
_OF_DRAFT = select(AUTHORIZATION.c.id).where(AUTHORIZATION.c.draft_id == bindparam("draft")).limit(1)
_OF_DECISION = select(AUTHORIZATION.c.id).where(AUTHORIZATION.c.decision_id == bindparam("decision")).limit(1)
_EXPIRED = select(AUTHORIZATION.c.id).where(
    AUTHORIZATION.c.spent_at.is_(None),
    AUTHORIZATION.c.expires_at <= bindparam("now"),
    AUTHORIZATION.c.id.in_(select(BUDGET.c.authorization_id).where(BUDGET.c.status == "reserved")),
)
_VOID = (
    AUTHORIZATION.update()
    .where(AUTHORIZATION.c.id == bindparam("which"), AUTHORIZATION.c.spent_at.is_(None))
    .values(expires_at=AUTHORIZATION.c.minted_at)
)
_NOT_BEGUN = select(EXECUTION.c.position).where(
    EXECUTION.c.authorization_id == bindparam("which"), EXECUTION.c.status.in_(("started", "done", "in_doubt"))
)
_RELEASE = (
    BUDGET.update()
    .where(
        BUDGET.c.authorization_id == bindparam("which"),
        BUDGET.c.status == "reserved",
        BUDGET.c.position.not_in(_NOT_BEGUN),
    )
    .values(status="released")
)


class Grant(NamedTuple):
    """What an authorization sets aside under one ultimate parent, by the position of the call that gives it.

    `most_lost` is how much expected loss may go out alone under the parent since the `day` began, None for no limit.
    """

    root_id: str
    amounts: tuple[tuple[int, Money], ...]
    limit: Decimal | None
    shown: Decimal
    shown_refs: frozenset[str]
    since: datetime
    day: datetime | None = None
    most_lost: Decimal | None = None


class NoRoom(Exception):
    """Another ticket took the room in the meantime: the limits add up over parallel tickets too."""


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
    if grant.amounts or grant.most_lost is not None:
        lock(connection, f"parent {grant.root_id}")
    day, most = grant.day, grant.most_lost
    if day is not None and most is not None and losses.over(connection, grant.root_id, day, decision_id, most):
        raise NoRoom
    if grant.limit is not None and grant.amounts:
        taken = grant.shown + reserved(connection, grant)
        if taken + sum((abs(money.amount) for _, money in grant.amounts), Decimal(0)) > grant.limit:
            raise NoRoom
    authorization_id = clock.new_id("aut")
    connection.execute(
        _ADD,
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
        connection.execute(_RESERVE, row)
    return authorization_id


def reserved(connection: Connection, grant: Grant) -> Decimal:
    """Return what this ledger reserved or gave under a parent that billing does not show yet."""
    rows = connection.execute(_RESERVED, {"root": grant.root_id, "since": grant.since.isoformat()}).all()
    return sum((Decimal(row.amount) for row in rows if row.execution_id not in grant.shown_refs), Decimal(0))


def release(connection: Connection, authorization_id: str) -> int:
    """Give back what an authorization reserved for effects that never began; return for how many."""
    return connection.execute(_RELEASE, {"which": authorization_id}).rowcount


def withdraw(connection: Connection, authorization_id: str) -> bool:
    """Void an authorization and give back what it reserved; False where it was spent already."""
    if connection.execute(_VOID, {"which": authorization_id}).rowcount != 1:
        return False
    release(connection, authorization_id)
    return True


def withdraw_all(connection: Connection, ticket_id: str) -> bool:
    """Void what was minted for a ticket and not spent; return whether anything was spent."""
    minted = connection.execute(_OF_TICKET, {"ticket": ticket_id}).all()
    voided = [withdraw(connection, row.id) for row in minted]
    return not all(voided)


def withdraw_expired(connection: Connection) -> int:
    """Void what expired and give back what it still holds; return how many there were.

    Void by the ledger's word: a machine whose clock is slow cannot spend what was given back.
    """
    expired = connection.execute(_EXPIRED, {"now": clock.now().isoformat()}).scalars().all()
    return sum(withdraw(connection, authorization_id) for authorization_id in expired)


def get(connection: Connection, authorization_id: str) -> dict[str, Any] | None:
    """Return an authorization, or None where there is none; a spent one has its effects finished, not judged again."""
    row = connection.execute(_ONE, {"id": authorization_id}).mappings().one_or_none()
    return dict(row) if row else None


def of_draft(connection: Connection, draft_id: str) -> str | None:
    """Return the authorization that the verdict on a draft minted, if there is one."""
    return connection.execute(_OF_DRAFT, {"draft": draft_id}).scalar_one_or_none()


def of_decision(connection: Connection, decision_id: str) -> str | None:
    """Return the authorization that a decision minted, if there is one."""
    return connection.execute(_OF_DECISION, {"decision": decision_id}).scalar_one_or_none()
