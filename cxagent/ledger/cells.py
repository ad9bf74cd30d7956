"""Cells as they are on record: where each stands, how it moved, what was proposed, and what stopped it."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from cxagent import clock
from cxagent.domain.cell import Level
from cxagent.latitude.ladder import Move, Track
from cxagent.ledger.findings import Key, of_cell
from cxagent.ledger.store import TABLES

CELL, MOVE, PROMOTION, INCIDENT = (TABLES[name] for name in ("cell", "move", "promotion", "incident"))

_OF_KIND = (
    select(CELL)
    .where(CELL.c.intent == bindparam("intent"), CELL.c.segment == bindparam("segment"))
    .order_by(CELL.c.began_at, CELL.c.id)
)
_ALL = select(CELL).order_by(CELL.c.intent, CELL.c.segment, CELL.c.began_at, CELL.c.id)
_STOPPED = select(INCIDENT.c.id).where(
    INCIDENT.c.intent == bindparam("intent"),
    INCIDENT.c.segment == bindparam("segment"),
    INCIDENT.c.released_at.is_(None),
)
_MOVES = select(MOVE).where(MOVE.c.at > bindparam("since")).order_by(MOVE.c.at, MOVE.c.id)
_LAST_PROMOTION = (
    select(PROMOTION).where(*of_cell(PROMOTION)).order_by(PROMOTION.c.at.desc(), PROMOTION.c.id.desc()).limit(1)
)


LONG_AGO = timedelta(days=30)
"""How long past its lease a cell has lost all that it earned, whether or not anybody noted its fall."""


Kind = tuple[str, str]
"""An intent and a segment."""


class Standing(NamedTuple):
    """Where a cell stands: its tests, since when it has its level, when its record began, and up to where it counts."""

    id: str
    intent: str
    segment: str
    version: str
    track: Track
    since: str
    began_at: str
    settled_to: str
    lease_until: str | None
    why: str

    @property
    def key(self) -> Key:
        """Which cell it is."""
        return Key(self.intent, self.segment, self.version)

    def level_at(self, at: datetime) -> Level:
        """Return the level that its lease leaves it: one lower past its end, drafts where it ended long ago."""
        if not self.lapsed(at.isoformat()):
            return self.track.level
        assert self.lease_until is not None
        long_ago = at - datetime.fromisoformat(self.lease_until) > LONG_AGO
        return Level.DRAFT if long_ago else Level(self.track.level - 1)

    def lapsed(self, at: str) -> bool:
        """Whether nobody has looked for so long that less is allowed, whether or not that was noted."""
        return self.track.level > Level.DRAFT and self.lease_until is not None and self.lease_until < at


def queue(intent: str, segment: str) -> str:
    """Return under which name whoever moves the cells of a kind waits for its turn."""
    return f"cell {intent} {segment}"


def of_kind(connection: Connection, intent: str, segment: str) -> list[Standing]:
    """Return the cells of one intent in one segment, one for each version, in the order in which they began."""
    return [standing(row) for row in connection.execute(_OF_KIND, {"intent": intent, "segment": segment}).mappings()]


def all_of_them(connection: Connection) -> list[Standing]:
    """Return every cell, those of one intent and segment in the order in which they began."""
    return [standing(row) for row in connection.execute(_ALL).mappings()]


def current(every: Iterable[Standing], version: str) -> dict[Kind, Standing]:
    """Return the cell of each kind that counts now: that of the running version, else the one that began last."""
    found: dict[Kind, Standing] = {}
    for one in every:
        if found.get((one.intent, one.segment), one).version != version or one.version == version:
            found[one.intent, one.segment] = one
    return found


def standing(row: RowMapping) -> Standing:
    """Read a row of the table."""
    held: dict[str, Any] = json.loads(row["track"])
    lists: dict[str, Any] = {name: tuple(value) for name, value in held.items() if isinstance(value, list)}
    track = Track(**{**held, **lists, "level": Level(held["level"])})
    return Standing(**{name: row[name] for name in Standing._fields if name != "track"}, track=track)


def put(connection: Connection, one: Standing) -> None:
    """Put a cell on record as it stands now."""
    row = {**one._asdict(), "level": int(one.track.level), "track": json.dumps(one.track._asdict())}
    changed = {name: value for name, value in row.items() if name != "id"}
    if connection.execute(update(CELL).where(CELL.c.id == one.id).values(**changed)).rowcount == 0:
        connection.execute(CELL.insert(), row)


# ---- moves ----------------------------------------------------------------------------------------------------------


def add_move(connection: Connection, cell: Key, move: Move, cases: Iterable[str], by: str, at: datetime) -> str:
    """Enter a change of level, with the decisions behind it and who confirmed it; return its id."""
    row = {
        "id": clock.new_id("mov"),
        **cell._asdict(),
        "kind": move.kind,
        "before": int(move.before),
        "after": int(move.after),
        "why": move.why,
        "cases": " ".join(cases),
        "by": by,
        "at": at.isoformat(),
    }
    connection.execute(MOVE.insert(), row)
    return str(row["id"])


def moves(connection: Connection, since: datetime) -> list[RowMapping]:
    """Return the changes of level after a moment, in order."""
    return list(connection.execute(_MOVES, {"since": since.isoformat()}).mappings())


# ---- promotions -----------------------------------------------------------------------------------------------------


def propose(connection: Connection, cell: Key, before: Level, evidence: dict[str, Any], at: datetime) -> str:
    """Propose a step up to people, with the evidence that it rests on; return its id."""
    row = {
        "id": clock.new_id("pro"),
        **cell._asdict(),
        "before": int(before),
        "after": int(before) + 1,
        "evidence": json.dumps(evidence),
        "status": "open",
        "at": at.isoformat(),
    }
    connection.execute(PROMOTION.insert(), row)
    return str(row["id"])


def promotion(connection: Connection, promotion_id: str) -> RowMapping | None:
    """Return a proposed step up, or None where there is none."""
    return connection.execute(select(PROMOTION).where(PROMOTION.c.id == promotion_id)).mappings().one_or_none()


def last_promotion(connection: Connection, cell: Key) -> RowMapping | None:
    """Return the latest step up that was proposed for a cell."""
    return connection.execute(_LAST_PROMOTION, cell._asdict()).mappings().one_or_none()


def answer(connection: Connection, promotion_id: str, **said: str) -> bool:
    """Enter what a person said to an open proposal; False where it is open no longer."""
    is_open = (PROMOTION.c.id == promotion_id, PROMOTION.c.status == "open")
    return connection.execute(update(PROMOTION).where(*is_open).values(**said)).rowcount == 1


def void_promotions(connection: Connection, intent: str, segment: str, but: str | None = None) -> None:
    """Close the open proposals of a kind, whatever version they were for; `but` stays as it is."""
    theirs = (PROMOTION.c.intent == intent, PROMOTION.c.segment == segment, PROMOTION.c.status == "open")
    connection.execute(update(PROMOTION).where(*theirs, PROMOTION.c.id != (but or "")).values(status="void"))


# ---- incidents ------------------------------------------------------------------------------------------------------


def add_incident(connection: Connection, cell: Key, decision_id: str, finding_id: str, by: str, at: datetime) -> str:
    """Enter a critical error that stops a cell; return its id."""
    row = {"id": clock.new_id("inc"), **cell._asdict(), "decision_id": decision_id, "finding_id": finding_id}
    row |= {"by": by, "at": at.isoformat()}
    connection.execute(INCIDENT.insert(), row)
    return str(row["id"])


def incident(connection: Connection, incident_id: str) -> RowMapping | None:
    """Return an incident, or None where there is none."""
    return connection.execute(select(INCIDENT).where(INCIDENT.c.id == incident_id)).mappings().one_or_none()


def release(connection: Connection, incident_id: str, by: str, why: str, at: datetime) -> bool:
    """Note who released an incident and why; False where somebody was first."""
    still = (INCIDENT.c.id == incident_id, INCIDENT.c.released_at.is_(None))
    values = {"released_by": by, "released_at": at.isoformat(), "release_why": why}
    return connection.execute(update(INCIDENT).where(*still).values(**values)).rowcount == 1


def stopped(connection: Connection, intent: str, segment: str) -> bool:
    """Whether an incident of a kind is not released yet."""
    return connection.execute(_STOPPED, {"intent": intent, "segment": segment}).first() is not None
