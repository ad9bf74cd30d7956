"""Colleagues over months: what they told of themselves, what they reviewed, and which accounts they kept."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select

from cxagent.ledger.store import TABLES

PERSON, MONTH, RENEWAL = TABLES["person_month"], TABLES["account_month"], TABLES["renewal"]
REVIEW, DRAFT = TABLES["review"], TABLES["draft"]

_LATEST = (
    select(PERSON)
    .where(
        PERSON.c.month == select(func.max(PERSON.c.month)).where(PERSON.c.month <= bindparam("month")).scalar_subquery()
    )
    .order_by(PERSON.c.person)
)
_AGAINST = REVIEW.c.verdict != "approve"
_WORKED = (
    select(
        REVIEW.c.by,
        func.sum(func.coalesce(REVIEW.c.seconds, 0)).label("seconds"),
        func.sum(case((_AGAINST, 1), else_=0)).label("overrides"),
        func.sum(case((_AGAINST & DRAFT.c.came_back.is_(None), 1), else_=0)).label("respected"),
    )
    .join(DRAFT, DRAFT.c.id == REVIEW.c.draft_id)
    .where(REVIEW.c.at >= bindparam("since"))
    .group_by(REVIEW.c.by)
)
_SAVED = (
    select(MONTH.c.owner, RENEWAL.c.account_id)
    .join(MONTH, (MONTH.c.account_id == RENEWAL.c.account_id) & (MONTH.c.month == RENEWAL.c.month))
    .where(RENEWAL.c.month >= bindparam("since"), RENEWAL.c.renewed == 1)
    .where(RENEWAL.c.health_before < bindparam("shaky"), MONTH.c.owner.is_not(None))
    .order_by(RENEWAL.c.account_id)
)
_HOURS = (
    select(DRAFT.c.account_id, func.sum(REVIEW.c.seconds).label("seconds"))
    .join(REVIEW, REVIEW.c.draft_id == DRAFT.c.id)
    .where(REVIEW.c.at >= bindparam("since"), REVIEW.c.seconds.is_not(None))
    .group_by(DRAFT.c.account_id)
)


def latest(connection: Connection, month: str) -> list[Any]:
    """Return what is on record of each colleague in the latest month up to this one."""
    return list(connection.execute(_LATEST, {"month": month}).mappings())


def worked(connection: Connection, since: str) -> dict[str, Mapping[str, Any]]:
    """Return seconds of review, verdicts against the machine, and how many of them took effect, by person."""
    return {row["by"]: dict(row) for row in connection.execute(_WORKED, {"since": since}).mappings()}


def saved(connection: Connection, since: str, shaky: float) -> list[Any]:
    """Return the accounts that renewed although they had been shaky before, each with who looked after it."""
    return list(connection.execute(_SAVED, {"since": since, "shaky": shaky}).mappings())


def review_hours(connection: Connection, since: str) -> dict[str, float]:
    """Return how many hours reviews took since a moment, by account."""
    return {row.account_id: row.seconds / 3600 for row in connection.execute(_HOURS, {"since": since})}
