"""How often people agreed with the machine, added up as findings come in: what a report reads does not grow with them.

Each blind audit counts with one over the chance with which it was drawn (Hajek). Findings about one ultimate parent
depend on each other, so the sums that an interval needs are taken over whole parents, gathered into at most `BATCHES`
random groups (Wolter 2007): for a rate R = Y / W its variance is sum (y - R w)^2 / W^2 over the groups, which needs
only the sums of y, w, y^2, y w, w^2. Findings are never changed, so neither is what was added up.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Select, bindparam, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from cxagent.domain.finding import GRAVE, Finding
from cxagent.domain.vocabulary import ACT, DRAFT
from cxagent.ledger.store import TABLES

TALLY = TABLES["tally"]
Dimension = Literal["intent", "segment", "month", "cell", "kind", "draft"]
BATCHES = 256
"""Into how many groups ultimate parents fall at most: the variance between so many is known to some 9 %."""
BETWEEN = "\x1f"
"""What separates the parts of a name that has several; no intent, segment or version holds it."""
_COUNTS = ("findings", "agreed", "grave", "y", "w")
_OF = select(TALLY).where(TALLY.c.dimension == bindparam("dimension"))


def _products(rows: Any) -> Select[Any]:
    """Add up what an interval needs over groups of parents, one row a name."""
    y, w = rows.c.y, rows.c.w
    counts = (func.sum(rows.c.findings), func.sum(rows.c.agreed), func.sum(rows.c.grave), func.count())
    products = (func.sum(y), func.sum(w), func.sum(y * y), func.sum(y * w), func.sum(w * w))
    return select(rows.c.name, *counts, *products).group_by(rows.c.name).order_by(rows.c.name)


_SLICED = _products(TALLY).where(TALLY.c.dimension == bindparam("dimension"))
_WHOLE = _products(
    select(literal("all").label("name"), *(func.sum(TALLY.c[name]).label(name) for name in _COUNTS))
    .where(TALLY.c.dimension == "segment")
    .group_by(TALLY.c.batch)
    .subquery()
)
_SINCE = _OF.where(TALLY.c.name >= bindparam("since"))
_ONCE = select(func.sum(TALLY.c.findings), func.sum(TALLY.c.agreed)).where(TALLY.c.dimension == "draft")


def _adding(dialect: Any) -> Any:
    made = dialect.insert(TALLY)
    grown = {name: TALLY.c[name] + made.excluded[name] for name in _COUNTS}
    return made.on_conflict_do_update(index_elements=["dimension", "name", "batch"], set_=grown)


_ADD = {"sqlite": _adding(sqlite), "postgresql": _adding(postgresql)}


class Sums(NamedTuple):
    """The sums over one slice: findings, those that agreed, the grave ones, groups of parents, products of weights."""

    name: str
    findings: int
    agreed: int
    grave: int
    groups: int
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


class OfKind(NamedTuple):
    """How many findings there are of one kind of case, and how many of them disagree."""

    intent: str
    segment: str
    traits: frozenset[str]
    went: str
    seen: int
    against: int


def batch_of(root_id: str) -> int:
    """Return the group that an ultimate parent falls into, the same for all its findings."""
    return hashlib.sha256(root_id.encode()).digest()[0]


def add(connection: Connection, *findings: Finding) -> None:
    """Add findings to every slice that they belong to."""
    rows = [row for finding in findings for row in _rows(finding)]
    if rows:
        # In one order, so that no two transactions wait for each other's rows.
        rows.sort(key=lambda row: (row["dimension"], row["name"], row["batch"]))
        connection.execute(_ADD[connection.dialect.name], rows)


def _rows(finding: Finding) -> Iterator[dict[str, Any]]:
    right, weight = int(finding.agrees), finding.weight
    counts = {"findings": 1, "agreed": right, "grave": int(finding.loss >= GRAVE), "y": right * weight, "w": weight}
    for dimension, name, batch in _slices(finding):
        yield {"dimension": dimension, "name": name, "batch": batch, **counts}


def _slices(finding: Finding) -> Iterator[tuple[Dimension, str, int]]:
    """Yield the slices that a finding belongs to, each with the group of parents where the interval needs it."""
    if finding.weight:
        batch = batch_of(finding.root_id)
        yield "intent", finding.intent, batch
        yield "segment", finding.segment, batch
        yield "month", f"{finding.decided_at:%Y-%m}", batch
        if finding.would == ACT:
            yield "cell", BETWEEN.join((finding.intent, finding.segment, finding.version, finding.went)), 0
    if finding.origin in ("audit", "review"):
        traits = " ".join(sorted(finding.traits))
        kind = (f"{finding.at:%Y-%m}", finding.intent, finding.segment, traits, finding.went)
        yield "kind", BETWEEN.join(kind), 0
    if finding.origin == "review" and finding.went == DRAFT:
        yield "draft", "", 0


def sums(connection: Connection, dimension: Dimension) -> list[Sums]:
    """Return the sums of every slice along one dimension, in the order of its name."""
    return [_read(row) for row in connection.execute(_SLICED, {"dimension": dimension})]


def whole(connection: Connection) -> Sums | None:
    """Return the sums over everything; None where nothing was measured."""
    row = connection.execute(_WHOLE).one_or_none()
    return _read(row) if row is not None else None


def _read(row: Any) -> Sums:
    """PostgreSQL adds whole numbers up to decimals."""
    name, findings, agreed, grave, groups, *products = row
    return Sums(name, int(findings), int(agreed), int(grave), int(groups), *products)


def of_drafts(connection: Connection) -> tuple[int, int]:
    """Return how many shown drafts people decided, and how many of them they sent as they were."""
    of, agreed = connection.execute(_ONCE).one()
    return int(of or 0), int(agreed or 0)


def of_cells(connection: Connection) -> list[OfCell]:
    """Return the blind audits by cell and by how the decision went."""
    found = []
    for row in connection.execute(_OF, {"dimension": "cell"}):
        intent, segment, version, went = row.name.split(BETWEEN)
        found.append(OfCell(intent, segment, version, went, row.findings, row.agreed, row.grave))
    return found


def of_kinds(connection: Connection, since: str) -> list[OfKind]:
    """Return the counts of every kind of case since the month of a moment."""
    found: dict[tuple[str, ...], list[int]] = {}
    for row in connection.execute(_SINCE, {"dimension": "kind", "since": since[:7]}):
        kind = tuple(row.name.split(BETWEEN)[1:])
        counts = found.setdefault(kind, [0, 0])
        counts[0] += row.findings
        counts[1] += row.findings - row.agreed
    return [OfKind(k[0], k[1], frozenset(k[2].split()), k[3], *counts) for k, counts in sorted(found.items())]
