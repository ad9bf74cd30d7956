"""What was estimated last, as a ruling needs it: a few rows by their keys."""

import json
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import Connection, bindparam, func, select

from cxagent.ledger.store import TABLES
from cxagent.lifetime.retention import Retention
from cxagent.lifetime.stake import Estimates

ESTIMATE, MONTH = TABLES["estimate"], TABLES["account_month"]
RETENTION = "retention"

_OTHER, _LATER = ESTIMATE.alias(), MONTH.alias()
_RETENTION = select(ESTIMATE.c.segment, ESTIMATE.c.payload).where(
    ESTIMATE.c.kind == RETENTION,
    ESTIMATE.c.segment.in_(bindparam("segments", expanding=True)),
    ESTIMATE.c.month
    == select(func.max(_OTHER.c.month))
    .where(_OTHER.c.kind == RETENTION, _OTHER.c.segment == ESTIMATE.c.segment)
    .scalar_subquery(),
)
_HAZARD = select(MONTH.c.account_id, MONTH.c.hazard_ratio).where(
    MONTH.c.account_id.in_(bindparam("ids", expanding=True)),
    # The latest month that knows one: a month in which nothing was known of the account says nothing of its health.
    MONTH.c.month
    == select(func.max(_LATER.c.month))
    .where(_LATER.c.account_id == MONTH.c.account_id, _LATER.c.hazard_ratio.is_not(None))
    .scalar_subquery(),
)


def latest(connection: Connection, account_ids: Sequence[str], segments: Sequence[str]) -> Estimates:
    """Return the latest retention of some segments, and the latest hazard ratio of some accounts."""
    fitted = connection.execute(_RETENTION, {"segments": list(segments)}).all() if segments else []
    ratios = connection.execute(_HAZARD, {"ids": list(account_ids)}).all() if account_ids else []
    return Estimates(
        retention={row.segment: _retention(row.payload) for row in fitted},
        hazards={row.account_id: float(row.hazard_ratio) for row in ratios},
    )


@lru_cache(maxsize=64)
def _retention(payload: str) -> Retention:
    """Read an estimate's middle; beside it the payload holds every retention that is possible."""
    return Retention.model_validate(json.loads(payload)["retention"])
