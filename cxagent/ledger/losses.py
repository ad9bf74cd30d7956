"""What went out alone on a group in a day may lose on average, as each ruling noted it when it was made."""

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from cxagent.ledger.store import TABLES

ACCOUNT, LOG = TABLES["account"], TABLES["decision_log"]
ALONE = '"autonomy":"act"'
"""How the body of a ruling says that it went out alone; the body is canonical JSON."""

# The lines of a day are the last ones of each chain: both ends of the range lie in the index of the chain.
_BEFORE = (
    select(LOG.c.seq)
    .where(LOG.c.account_id == ACCOUNT.c.id, LOG.c.at < bindparam("since"))
    .order_by(LOG.c.seq.desc())
    .limit(1)
    .correlate(ACCOUNT)
    .scalar_subquery()
)
_TODAY = (
    select(LOG.c.id, LOG.c.ticket_id, LOG.c.body)
    .join_from(ACCOUNT, LOG, LOG.c.account_id == ACCOUNT.c.id)
    .where(
        ACCOUNT.c.root_id == bindparam("root"),
        LOG.c.seq > func.coalesce(_BEFORE, 0),
        LOG.c.kind == "ruling",
        LOG.c.body.contains(ALONE, autoescape=True),
    )
)


def lost_since(connection: Connection, root_id: str, since: datetime, but: str) -> Decimal:
    """Return the expected loss of what went out alone under a parent since then; one ticket is left out."""
    return _sum(row for row in _since(connection, root_id, since) if row.ticket_id != but)


def over(connection: Connection, root_id: str, since: datetime, decision_id: str, limit: Decimal) -> bool:
    """Whether a decision that goes out alone brings its group over a limit; one that does not never does."""
    rows = _since(connection, root_id, since)
    own = next((row for row in rows if row.id == decision_id), None)
    if own is None:
        return False
    return _sum(row for row in rows if row.id == decision_id or row.ticket_id != own.ticket_id) > limit


def _since(connection: Connection, root_id: str, since: datetime) -> list[Any]:
    return list(connection.execute(_TODAY, {"root": root_id, "since": since.isoformat()}).all())


def _sum(rows: Iterable[Any]) -> Decimal:
    noted = (json.loads(row.body).get("expected_loss") for row in rows)
    return sum((Decimal(one) for one in noted if one), Decimal(0))
