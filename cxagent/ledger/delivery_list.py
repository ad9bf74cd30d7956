"""What was told to outside systems, page by page, the latest first."""

from typing import Any

from sqlalchemy import Connection, or_, select

from cxagent.ledger.deliveries import BEGAN, DELIVERY


def page(connection: Connection, status: str, after: str, limit: int) -> tuple[list[dict[str, Any]], str]:
    """Return some events with how they stand, of one status or of all, and after what the next page goes on."""
    statement = select(DELIVERY).where(DELIVERY.c.event != BEGAN)
    if status:
        statement = statement.where(DELIVERY.c.status == status)
    if after:
        at, _, delivery_id = after.rpartition("|")
        later = or_(DELIVERY.c.at < at, DELIVERY.c.id > delivery_id)
        statement = statement.where(DELIVERY.c.at <= at, later)
    statement = statement.order_by(DELIVERY.c.at.desc(), DELIVERY.c.id).limit(limit + 1)
    found = [dict(row) for row in connection.execute(statement).mappings()]
    rows = found[:limit]
    return rows, f"{rows[-1]['at']}|{rows[-1]['id']}" if len(found) > limit else ""
