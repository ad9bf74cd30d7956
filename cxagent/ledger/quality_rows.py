"""What the report on decision quality reads: cells, moves, promotions, incidents, and what people caught."""

from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, and_, bindparam, case, func, select

from cxagent.ledger.store import TABLES

FINDING = TABLES["finding"]
INCIDENT, MOVE, PLANTED, PROMOTION = TABLES["incident"], TABLES["move"], TABLES["planted"], TABLES["promotion"]
REPAIR = TABLES["repair"]

_MOVES = select(MOVE).order_by(MOVE.c.at.desc(), MOVE.c.id.desc()).limit(bindparam("most"))
_OPEN_PROMOTIONS = select(PROMOTION).where(PROMOTION.c.status == "open").order_by(PROMOTION.c.at)
_OPEN_INCIDENTS = select(INCIDENT).where(INCIDENT.c.released_at.is_(None)).order_by(INCIDENT.c.at)
_PLANTED = select(func.count(), func.sum(case((PLANTED.c.caught, 1), else_=0))).where(
    PLANTED.c.answered_at >= bindparam("since")
)
_FIRST, _SECOND = FINDING.alias("first"), FINDING.alias("second")
_TWICE = (
    select(_FIRST.c.wanted, _SECOND.c.wanted, func.count())
    .select_from(_SECOND)
    .join(
        _FIRST,
        and_(_FIRST.c.decision_id == _SECOND.c.decision_id, _FIRST.c.origin == "audit", _FIRST.c.chosen != "second"),
    )
    .where(_SECOND.c.chosen == "second", _SECOND.c.at >= bindparam("since"))
    .where(_FIRST.c.wanted.is_not(None), _SECOND.c.wanted.is_not(None))
    .group_by(_FIRST.c.wanted, _SECOND.c.wanted)
)
_OPENED = func.substr(REPAIR.c.opened_at, 1, 7)
_REPAIRED = select(_OPENED, func.count()).group_by(_OPENED)


class Twice(NamedTuple):
    """How often two people wanted two routes for one decision, without knowing of each other."""

    first: str
    second: str
    often: int


def moves(connection: Connection, most: int = 200) -> list[RowMapping]:
    """Return what tightened or loosened, the latest first."""
    return list(connection.execute(_MOVES, {"most": most}).mappings())


def open_promotions(connection: Connection) -> list[RowMapping]:
    """Return the steps up that wait for people."""
    return list(connection.execute(_OPEN_PROMOTIONS).mappings())


def open_incidents(connection: Connection) -> list[RowMapping]:
    """Return the stops that nobody has released."""
    return list(connection.execute(_OPEN_INCIDENTS).mappings())


def caught(connection: Connection, since: str) -> tuple[int, int]:
    """Return how many planted drafts were decided since a moment, and how many of them were caught."""
    of, count = connection.execute(_PLANTED, {"since": since}).one()
    return int(of), int(count or 0)


def twice(connection: Connection, since: str) -> list[Twice]:
    """Return the pairs of blind opinions on one decision since a moment, counted by route."""
    return [Twice(*row) for row in connection.execute(_TWICE, {"since": since}).all()]


def repaired(connection: Connection) -> dict[str, int]:
    """Return how many repairs were opened, by month."""
    return {row[0]: row[1] for row in connection.execute(_REPAIRED)}
