"""How often people agreed with the machine, added up in the database: one row for each slice, however many findings.

Each blind audit counts with one over the chance with which it was drawn (Hajek). Findings about one ultimate parent
depend on each other, so the sums that an interval needs are taken over parents first: for a rate R = Y / W its
variance is sum (y - R w)^2 / W^2 over parents, which needs only the sums of y, w, y^2, y w, w^2. An index of its own
answers each question without a look at the table.
"""

from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, case, func, literal, select

from cxagent.ledger.store import TABLES

FINDING = TABLES["finding"]
Dimension = Literal["all", "intent", "segment", "month"]


class Sums(NamedTuple):
    """The sums over one slice: findings, those that agreed and the grave ones, parents, and the weights' products."""

    name: str
    findings: int
    agreed: int
    grave: int
    parents: int
    y: float
    w: float
    yy: float
    yw: float
    ww: float


class OfCell(NamedTuple):
    """The blind audits of what the machine would do alone in one cell: all, those that agreed, and the grave ones."""

    intent: str
    segment: str
    version: str
    went: str
    blind: int
    agreed: int
    grave: int


_AGREED = case((FINDING.c.agrees, 1), else_=0)
_GRAVE = case((FINDING.c.loss >= 1.0, 1), else_=0)


def _by(dimension: Dimension) -> Any:
    named = () if dimension == "all" else (FINDING.c[dimension],)
    parents = (
        select(
            (literal("all") if dimension == "all" else FINDING.c[dimension]).label("name"),
            func.count().label("findings"),
            func.sum(_AGREED).label("agreed"),
            func.sum(_GRAVE).label("grave"),
            func.sum(_AGREED * FINDING.c.weight).label("y"),
            func.sum(FINDING.c.weight).label("w"),
        )
        .where(FINDING.c.weight > 0)
        .group_by(*named, FINDING.c.root_id)
        .subquery()
    )
    y, w = parents.c.y, parents.c.w
    counts = (func.sum(parents.c.findings), func.sum(parents.c.agreed), func.sum(parents.c.grave), func.count())
    products = (func.sum(y), func.sum(w), func.sum(y * y), func.sum(y * w), func.sum(w * w))
    return select(parents.c.name, *counts, *products).group_by(parents.c.name).order_by(parents.c.name)


_DIMENSIONS: tuple[Dimension, ...] = ("all", "intent", "segment", "month")
_STATEMENTS = {dimension: _by(dimension) for dimension in _DIMENSIONS}
_OF_DRAFTS = select(func.count(), func.sum(_AGREED)).where(FINDING.c.origin == "review", FINDING.c.went == "draft")
_CELL = (FINDING.c.intent, FINDING.c.segment, FINDING.c.version, FINDING.c.went)
_OF_CELLS = (
    select(*_CELL, func.count(), func.sum(_AGREED), func.sum(_GRAVE))
    .where(FINDING.c.weight > 0, FINDING.c.would == "act")
    .group_by(*_CELL)
)


def sums(connection: Connection, dimension: Dimension) -> list[Sums]:
    """Return the sums of every slice along one dimension, in the order of its name."""
    # PostgreSQL adds whole numbers up to decimals.
    rows = connection.execute(_STATEMENTS[dimension]).all()
    return [Sums(row[0], *(int(one) for one in row[1:5]), *row[5:]) for row in rows]


def of_drafts(connection: Connection) -> tuple[int, int]:
    """Return how many shown drafts people decided, and how many of them they sent as they were."""
    of, agreed = connection.execute(_OF_DRAFTS).one()
    return int(of), int(agreed or 0)


def of_cells(connection: Connection) -> list[OfCell]:
    """Return the blind audits by cell and by how the decision went."""
    return [OfCell(*row) for row in connection.execute(_OF_CELLS).all()]
