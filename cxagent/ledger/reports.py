"""What the ledger tells afterwards: the result of a ticket, a decision in full, the drafts that wait."""

import json
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, select

from cxagent.domain.value import digest
from cxagent.ledger import chain, personal, reviews
from cxagent.ledger.store import TABLES

TICKET, LOG, DRAFT, HANDOFF = TABLES["ticket"], TABLES["decision_log"], TABLES["draft"], TABLES["handoff"]
EXECUTION, AUTHORIZATION = TABLES["execution"], TABLES["authorization"]

# Prepared once: building a statement costs more than running it.
_TICKET = select(TICKET).where(TICKET.c.id == bindparam("id"))
_DRAFT = (
    select(DRAFT.c.id)
    .where(DRAFT.c.ticket_id == bindparam("id"))
    .order_by((DRAFT.c.status == "pending").desc(), DRAFT.c.created_at.desc())
    .limit(1)
    .scalar_subquery()
)
_RESULT = (
    select(TICKET.c.account_id, TICKET.c.status, LOG.c.id, LOG.c.body, _DRAFT.label("draft_id"))
    .join(LOG, LOG.c.ticket_id == TICKET.c.id)
    .where(TICKET.c.id == bindparam("id"), LOG.c.kind == "ruling")
    .order_by(LOG.c.seq.desc())
    .limit(1)
)


def ticket(connection: Connection, ticket_id: str) -> dict[str, Any] | None:
    """Return the row of a ticket, or None where it was never recorded."""
    row = connection.execute(_TICKET, {"id": ticket_id}).mappings().one_or_none()
    return dict(row) if row else None


def tickets_of(connection: Connection, sender_digest: str) -> list[tuple[str, str]]:
    """Return the tickets of a sender with their accounts."""
    rows = connection.execute(select(TICKET.c.id, TICKET.c.account_id).where(TICKET.c.sender == sender_digest)).all()
    return [(row.id, row.account_id) for row in rows]


def result(connection: Connection, ticket_id: str) -> dict[str, Any]:
    """Return one result line: what became of a ticket; one that nothing was ruled on yet has no autonomy."""
    row = connection.execute(_RESULT, {"id": ticket_id}).mappings().one_or_none()
    if row is None:
        return _unruled(connection, ticket_id)
    body = json.loads(row["body"])
    return {
        "ticket_id": ticket_id,
        "account_id": row["account_id"],
        "intent": body["intents"][0] if body["intents"] else None,
        "autonomy": body["autonomy"],
        "reasons": body["reasons"],
        "decision_id": row["id"],
        "draft_id": row["draft_id"],
        "status": row["status"],
    }


def _unruled(connection: Connection, ticket_id: str) -> dict[str, Any]:
    row = connection.execute(_TICKET, {"id": ticket_id}).mappings().one()
    nothing = dict.fromkeys(("intent", "autonomy", "decision_id", "draft_id"))
    return {"ticket_id": ticket_id, "account_id": row["hint"], **nothing, "reasons": [], "status": row["status"]}


def drafts(connection: Connection) -> list[dict[str, Any]]:
    """Return what waits for a person: least time first, most at stake first where the time is the same."""
    rows = reviews.waiting(connection)
    rows.sort(key=lambda row: (row["deadline"][:16], -stake(row["stake"])))
    return rows


def stake(text: str) -> Decimal:
    """Read the amount of a stake such as `USD 3,900,000.00`; what is unknown sorts first."""
    number = text.rpartition(" ")[2].replace(",", "")
    return Decimal(number) if number.replace(".", "").lstrip("-").isdigit() else Decimal("Infinity")


def decision(connection: Connection, decision_id: str) -> dict[str, Any] | None:
    """Return a decision with everything it rested on."""
    return chain.entry(connection, decision_id)


def brief(connection: Connection, ticket_id: str) -> dict[str, Any] | None:
    """Return the handoff of a ticket with its brief, or None."""
    row = connection.execute(select(HANDOFF).where(HANDOFF.c.ticket_id == ticket_id)).mappings().one_or_none()
    return {**row, "brief": personal.get(connection, row["personal_id"])} if row else None


def first_ruling(connection: Connection, ticket_id: str) -> dict[str, Any]:
    """Return the first ruling on a ticket: the route it took, before any person decided."""
    found = _ruling(connection, ticket_id, LOG.c.seq)
    assert found is not None
    return found


def last_ruling(connection: Connection, ticket_id: str) -> dict[str, Any] | None:
    """Return the last ruling on a ticket with all that it rested on, or None where nothing was ruled yet."""
    return _ruling(connection, ticket_id, LOG.c.seq.desc())


def _ruling(connection: Connection, ticket_id: str, order: Any) -> dict[str, Any] | None:
    rulings = select(LOG.c.id).where(LOG.c.ticket_id == ticket_id, LOG.c.kind == "ruling")
    found = connection.execute(rulings.order_by(order).limit(1)).scalar_one_or_none()
    return chain.entry(connection, found) if found else None


def effects(connection: Connection, ticket_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the calls that were really done for a ticket, with the arguments that their decision holds."""
    rows = connection.execute(
        select(EXECUTION.c.tool, EXECUTION.c.args_digest, AUTHORIZATION.c.decision_id)
        .join(AUTHORIZATION, AUTHORIZATION.c.id == EXECUTION.c.authorization_id)
        .where(EXECUTION.c.ticket_id == ticket_id, EXECUTION.c.status == "done")
        .order_by(EXECUTION.c.started_at, EXECUTION.c.position)
    ).all()
    return [(row.tool, _args(connection, row.decision_id, row.tool, row.args_digest)) for row in rows]


def _args(connection: Connection, decision_id: str, tool: str, args_digest: str) -> dict[str, Any]:
    seen = (chain.entry(connection, decision_id) or {}).get("personal") or {}
    proposed = [action for part in (seen.get("proposal") or {"parts": []})["parts"] for action in part["actions"]]
    fitting = [one["args"] for one in proposed if one["tool"] == tool and digest(one["args"]) == args_digest]
    return dict(fitting[0]) if fitting else {}
