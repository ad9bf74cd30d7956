"""Rulings of some days as they were: the first on each ticket, with what it rested on; and how long people took."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from cxagent.ledger import chain, personal
from cxagent.ledger.store import TABLES

TICKET, LOG, REVIEW = TABLES["ticket"], TABLES["decision_log"], TABLES["review"]

_RULINGS = (
    select(LOG.c.id, LOG.c.ticket_id)
    .where(LOG.c.kind == "ruling", LOG.c.at >= bindparam("since"))
    .order_by(LOG.c.at, LOG.c.seq)
)
_SECONDS = select(REVIEW.c.seconds).where(REVIEW.c.at >= bindparam("since"), REVIEW.c.seconds.is_not(None))
_TEXT = select(TICKET.c.personal_id).where(TICKET.c.id == bindparam("ticket"))


def first_rulings(connection: Connection, since: datetime) -> list[str]:
    """Return the first ruling of every ticket that was ruled on since then, in order: its route before any person."""
    first: dict[str, str] = {}
    for row in connection.execute(_RULINGS, {"since": since.isoformat()}):
        first.setdefault(row.ticket_id, row.id)
    return list(first.values())


def with_ticket(connection: Connection, decision_id: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return a ruling with its personal part, and what came in; None where either was erased."""
    entry = chain.entry(connection, decision_id)
    if entry is None or entry["personal"] is None:
        return None
    pointer = connection.execute(_TEXT, {"ticket": entry["ticket_id"]}).scalar_one_or_none()
    incoming = personal.get(connection, pointer) if pointer else None
    return None if incoming is None else (entry, incoming)


def review_seconds(connection: Connection, since: datetime) -> list[int]:
    """Return for how long people had the cards open on which they decided."""
    return list(connection.execute(_SECONDS, {"since": since.isoformat()}).scalars())
