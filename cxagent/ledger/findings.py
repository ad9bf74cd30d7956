"""Findings on record, and what audits of a cell add up to: what matured, in the order in which it was decided."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, exists, false, func, or_, select

from cxagent import clock
from cxagent.domain.finding import BY_CHANCE, Finding
from cxagent.ledger import match_rates
from cxagent.ledger.store import TABLES

FINDING, AUDIT, CELL, ACCOUNT = (TABLES[name] for name in ("finding", "audit", "cell", "account"))
_LISTS = ("reasons", "unmet", "traits")
BATCH = 500
"""How many audits are taken into a running test in one go."""


class Key(NamedTuple):
    """What one cell is: an intent, a segment, and a version of the agent."""

    intent: str
    segment: str
    version: str


def of_cell(table: Table) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a row of a table is about one cell; what is bound are the parts of its key."""
    return tuple(table.c[name] == bindparam(name) for name in Key._fields)


_OF_CELL, _FOUND_IN = of_cell(AUDIT), of_cell(FINDING)
_BY_CHANCE = (AUDIT.c.chosen.in_(BY_CHANCE), AUDIT.c.round == 1)
_COUNTS = (*_OF_CELL, *_BY_CHANCE, AUDIT.c.would == "act", AUDIT.c.status != "void")
# A disagreement counts however it came about; an agreement only of the blind auditor whom chance drew, and in time.
_RIGHT = (
    FINDING.c.wanted.is_not(None),
    FINDING.c.origin == "audit",
    FINDING.c.chosen.in_(BY_CHANCE),
    FINDING.c.at <= AUDIT.c.matures_at,
)
_LOSS = (
    select(func.max(FINDING.c.loss))
    .where(FINDING.c.decision_id == AUDIT.c.decision_id, or_(FINDING.c.agrees.is_(False), and_(*_RIGHT)))
    .scalar_subquery()
)
_AFTER = or_(
    AUDIT.c.decided_at > bindparam("after"),
    and_(AUDIT.c.decided_at == bindparam("after"), AUDIT.c.decision_id > bindparam("after_id")),
)
_UP_TO = or_(
    AUDIT.c.decided_at < bindparam("to"),
    and_(AUDIT.c.decided_at == bindparam("to"), AUDIT.c.decision_id <= bindparam("to_id")),
)
_IN_ORDER = (AUDIT.c.decided_at, AUDIT.c.decision_id)
_NEXT = (
    select(AUDIT.c.decision_id, AUDIT.c.decided_at, AUDIT.c.matures_at, _LOSS.label("loss"))
    .where(*_COUNTS, _AFTER)
    .order_by(*_IN_ORDER)
    .limit(bindparam("most"))
)
_RECORD = select(_LOSS.label("loss")).where(*_COUNTS, AUDIT.c.decided_at > bindparam("since"), _UP_TO)
_COUNT = select(func.count()).where(*_COUNTS, AUDIT.c.decided_at > bindparam("since"), _UP_TO)
_IS_IN = select(AUDIT.c.id).where(
    *_COUNTS, AUDIT.c.decision_id == bindparam("decision"), AUDIT.c.decided_at > bindparam("since"), _UP_TO
)
_ALONE = select(func.sum(1.0 / AUDIT.c.chance)).where(*_OF_CELL, *_BY_CHANCE, AUDIT.c.went == "act")
_LATEST = tuple(
    select(func.max(table.c.decided_at)).where(*where) for table, where in ((AUDIT, _OF_CELL), (FINDING, _FOUND_IN))
)
_FIRST = select(func.min(AUDIT.c.decided_at)).where(*_OF_CELL)
_WRONG = (
    select(FINDING.c.decision_id)
    .where(*_FOUND_IN, FINDING.c.would == "act", FINDING.c.agrees == false(), FINDING.c.at >= bindparam("since"))
    .order_by(FINDING.c.at.desc(), FINDING.c.id.desc())
    .limit(bindparam("most"))
)
_LOOKED_AT = select(func.count()).where(
    *(*_FOUND_IN, FINDING.c.origin == "audit", FINDING.c.chosen.in_(BY_CHANCE)),
    *(FINDING.c.would == "act", FINDING.c.at >= bindparam("since")),
)
_GRAVEST = select(func.max(FINDING.c.loss)).where(
    FINDING.c.decision_id == bindparam("decision"), FINDING.c.id != bindparam("but")
)
_ROOT = select(ACCOUNT.c.root_id).where(ACCOUNT.c.id == bindparam("account"))
_KNOWN = select(FINDING.c.id).where(
    FINDING.c.decision_id == bindparam("decision"),
    FINDING.c.origin == bindparam("origin"),
    FINDING.c.by == bindparam("by"),
)
_NEW_CELLS = (
    select(AUDIT.c.intent, AUDIT.c.segment, AUDIT.c.version, AUDIT.c.went, func.min(AUDIT.c.decided_at).label("first"))
    .where(AUDIT.c.status == "open", AUDIT.c.would == "act")
    .where(
        ~exists().where(
            CELL.c.intent == AUDIT.c.intent,
            CELL.c.segment == AUDIT.c.segment,
            CELL.c.version == AUDIT.c.version,
            or_(CELL.c.lease_until.is_not(None), CELL.c.level < 2, AUDIT.c.went != "act"),
        )
    )
    .group_by(AUDIT.c.intent, AUDIT.c.segment, AUDIT.c.version, AUDIT.c.went)
    .order_by("first")
)


class Matured(NamedTuple):
    """An audit that counts for a running test; `loss` is None while nobody has found anything."""

    decision_id: str
    decided_at: str
    matures_at: str
    loss: float | None

    @property
    def place(self) -> str:
        """Where its decision stands in the order of decisions."""
        return f"{self.decided_at} {self.decision_id}"


class Begun(NamedTuple):
    """A cell that has open audits and no record yet, with when its first one was decided, and how that went."""

    intent: str
    segment: str
    version: str
    went: str
    first: str


def add(connection: Connection, finding: Finding, note: str | None) -> str:
    """Put a finding on record, its note behind a pointer; return its id."""
    (finding_id,) = add_many(connection, [finding], note)
    return finding_id


def add_many(connection: Connection, many: Sequence[Finding], note: str | None = None) -> list[str]:
    """Put findings on record and add them to every rate; return their ids."""
    rows = [_row(finding, note) for finding in many]
    connection.execute(FINDING.insert(), rows)
    match_rates.add(connection, *many)
    return [row["id"] for row in rows]


def _row(finding: Finding, note: str | None) -> dict[str, Any]:
    row = finding.model_dump(mode="json", exclude={"note", *_LISTS})
    return row | {
        "id": clock.new_id("fnd"),
        **{name: " ".join(getattr(finding, name)) for name in _LISTS},
        "loss": finding.loss,
        "note_personal_id": note,
        "month": row["decided_at"][:7],
        "decided_at": finding.decided_at.isoformat(),
        "at": finding.at.isoformat(),
    }


def read(row: Mapping[str, Any]) -> Finding:
    """Return a finding as it was put on record, without its note."""
    names = [name for name in Finding.model_fields if name not in ("note", *_LISTS)]
    lists = {name: tuple(row[name].split()) for name in _LISTS}
    return Finding.model_validate({**{name: row[name] for name in names}, **lists})


def known(connection: Connection, decision_id: str, origin: str, by: str) -> str | None:
    """Return the id of a person's finding of one origin about a decision, None where none is on record."""
    about = {"decision": decision_id, "origin": origin, "by": by}
    return connection.execute(_KNOWN, about).scalar_one_or_none()


def gravest(connection: Connection, decision_id: str, but: str = "") -> float | None:
    """Return the gravest loss that was found of a decision, `but` for one finding; None where nobody found anything."""
    about = {"decision": decision_id, "but": but}
    return connection.execute(_GRAVEST, about).scalar_one()  # type: ignore[no-any-return]


def root_of(connection: Connection, account_id: str) -> str:
    """Return the ultimate parent of an account; where nobody knows it, the account itself."""
    return str(connection.execute(_ROOT, {"account": account_id}).scalar_one_or_none() or account_id)


def following(connection: Connection, cell: Key, place: str, most: int = BATCH) -> list[Matured]:
    """Return the next audits of a cell after a place in the order of decisions, matured or not."""
    after, _, after_id = place.partition(" ")
    about = {**cell._asdict(), "after": after, "after_id": after_id, "most": most}
    return [Matured(*row) for row in connection.execute(_NEXT, about)]


def record(connection: Connection, cell: Key, since: str, to: str) -> list[float | None]:
    """Return the losses of the audits of a cell decided since a moment up to a place, in the order of decisions."""
    return list(connection.execute(_RECORD.order_by(*_IN_ORDER), _between(cell, since, to)).scalars())


def counted(connection: Connection, cell: Key, since: str, to: str) -> int:
    """Return how many audits of a cell were decided since a moment up to a place."""
    return int(connection.execute(_COUNT, _between(cell, since, to)).scalar_one())


def was_counted(connection: Connection, cell: Key, since: str, to: str, decision_id: str) -> bool:
    """Whether a decision's audit lies between a moment and a place."""
    about = {**_between(cell, since, to), "decision": decision_id}
    return connection.execute(_IS_IN, about).first() is not None


def _between(cell: Key, since: str, to: str) -> dict[str, str]:
    at, _, decision_id = to.partition(" ")
    return {**cell._asdict(), "since": since, "to": at, "to_id": decision_id}


def alone(connection: Connection, cell: Key) -> int:
    """Return about how many decisions of a cell went out alone: each audit stands for one over its chance."""
    return round(connection.execute(_ALONE, cell._asdict()).scalar_one() or 0)


def first_decision(connection: Connection, cell: Key) -> datetime | None:
    """Return when the first decision of a cell was made that was drawn for an audit."""
    at = connection.execute(_FIRST, cell._asdict()).scalar_one()
    return datetime.fromisoformat(at) if at else None


def latest_decision(connection: Connection, cell: Key) -> str:
    """Return when the latest decision of a cell was made that anybody looked at or will; empty for none."""
    found = [connection.execute(one, cell._asdict()).scalar_one() for one in _LATEST]
    return max((at for at in found if at), default="")


def wrong(connection: Connection, cell: Key, since: str, most: int) -> list[str]:
    """Return the latest decisions of a cell that people disagreed with since a moment."""
    rows = connection.execute(_WRONG, {**cell._asdict(), "since": since, "most": most * 2}).scalars()
    return list(dict.fromkeys(rows))[:most]


def audited(connection: Connection, cell: Key, since: datetime) -> int:
    """Return how many findings audits of a cell brought since a moment."""
    return int(connection.execute(_LOOKED_AT, {**cell._asdict(), "since": since.isoformat()}).scalar_one())


def new_cells(connection: Connection) -> list[Begun]:
    """Return the cells that have open audits and no record, or went out alone and have no lease yet."""
    return [Begun(*row) for row in connection.execute(_NEW_CELLS)]
