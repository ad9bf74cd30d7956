"""How far decisions are audited: for each cell what was decided, drawn and done, and what is late."""

from typing import Any, NamedTuple

from sqlalchemy import JSON, Connection, bindparam, case, cast, func, or_, select

from cxagent.domain.cell import UNREAD
from cxagent.ledger.audits import ENDED, UNDONE
from cxagent.ledger.store import TABLES

AUDIT, TICKET, LOG = TABLES["audit"], TABLES["ticket"], TABLES["decision_log"]
_BY_CELL = (
    select(
        AUDIT.c.intent,
        AUDIT.c.segment,
        func.sum(case((AUDIT.c.decided_at >= bindparam("since"), 1), else_=0)).label("drawn"),
        func.sum(case(((AUDIT.c.decided_at >= bindparam("since")) & (AUDIT.c.status == "done"), 1), else_=0)).label(
            "done"
        ),
        func.sum(case((AUDIT.c.status.in_(UNDONE) & (AUDIT.c.due < bindparam("now")), 1), else_=0)).label("overdue"),
    )
    .where(AUDIT.c.round == 1, AUDIT.c.status != "void")
    .where(or_(AUDIT.c.decided_at >= bindparam("since"), AUDIT.c.status.in_(UNDONE)))
    .group_by(AUDIT.c.intent, AUDIT.c.segment)
)
_OVERDUE = select(func.count()).where(AUDIT.c.status.in_(UNDONE), AUDIT.c.due < bindparam("now"))


class Covered(NamedTuple):
    """What was drawn of one cell, and how far that got."""

    drawn: int
    done: int
    overdue: int


def overdue(connection: Connection, now: str) -> int:
    """Return how many audits are past their date."""
    return int(connection.execute(_OVERDUE, {"now": now}).scalar_one())


def by_cell(connection: Connection, since: str, now: str) -> dict[tuple[str, str], Covered]:
    """Return for each cell how many decisions made since a moment were drawn and audited, and how many are late."""
    rows = connection.execute(_BY_CELL, {"since": since, "now": now}).all()
    return {(row.intent, row.segment): Covered(int(row.drawn), int(row.done), int(row.overdue)) for row in rows}


def decisions(connection: Connection, since: str) -> dict[tuple[str, str], int]:
    """Return how many tickets ended on a ruling made since a moment, by the cell of their last ruling."""
    name = connection.dialect.name
    rows = connection.execute(_DECISIONS[name], {"since": since}).all()
    return {(row.intent or UNREAD, row.segment): int(row.many) for row in rows}


def _decisions(intent: Any, segment: Any) -> Any:
    """Count by what the log's lines say, in the database: reading a month of lines takes Python seconds."""
    later = LOG.alias("later")
    last = ~(
        select(later.c.id)
        .where(later.c.ticket_id == LOG.c.ticket_id, later.c.kind == "ruling", later.c.seq > LOG.c.seq)
        .exists()
    )
    return (
        select(intent.label("intent"), segment.label("segment"), func.count().label("many"))
        .select_from(TICKET)
        .join(LOG, LOG.c.ticket_id == TICKET.c.id)
        .where(TICKET.c.disposition.in_(ENDED), TICKET.c.updated_at >= bindparam("since"))
        .where(LOG.c.kind == "ruling", LOG.c.at >= bindparam("since"), segment.is_not(None), last)
        .group_by("intent", "segment")
    )


_DECISIONS = {
    "sqlite": _decisions(func.json_extract(LOG.c.body, "$.intents[0]"), func.json_extract(LOG.c.body, "$.segment")),
    "postgresql": _decisions(
        func.json_extract_path_text(cast(LOG.c.body, JSON), "intents", "0"),
        func.json_extract_path_text(cast(LOG.c.body, JSON), "segment"),
    ),
}
