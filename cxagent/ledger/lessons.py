"""Lessons on record: mishandled cases that like messages are measured against, until they are forgotten."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from cxagent import clock
from cxagent.domain.ticket import Incoming
from cxagent.latitude.similar import Lesson
from cxagent.ledger import personal
from cxagent.ledger.store import TABLES

LESSON, LOG, TICKET, PERSONAL = TABLES["lesson"], TABLES["decision_log"], TABLES["ticket"], TABLES["personal"]
INCIDENT = TABLES["incident"]

_IN_FORCE = (
    select(LESSON.c.id, LESSON.c.decision_id, LESSON.c.intent, LESSON.c.segment, LESSON.c.at)
    .join(TICKET, TICKET.c.id == LESSON.c.ticket_id)
    .join(PERSONAL, PERSONAL.c.id == TICKET.c.personal_id)
    .where(LESSON.c.until > bindparam("at"), PERSONAL.c.payload.is_not(None))
    .order_by(LESSON.c.at, LESSON.c.id)
)
_TEXTS = (
    select(LESSON.c.id, TICKET.c.personal_id)
    .join(TICKET, TICKET.c.id == LESSON.c.ticket_id)
    .where(LESSON.c.id.in_(bindparam("ids", expanding=True)))
)
_TICKETS = select(LOG.c.id, LOG.c.ticket_id).where(LOG.c.id.in_(bindparam("ids", expanding=True)))
_KNOWN = select(LESSON.c.decision_id, LESSON.c.until).where(LESSON.c.decision_id.in_(bindparam("ids", expanding=True)))
_AGAIN = LESSON.update().where(LESSON.c.decision_id == bindparam("which"))


def in_force(connection: Connection, at: datetime) -> list[Lesson]:
    """Return the lessons that are not forgotten and whose texts are not erased, the oldest first."""
    rows = connection.execute(_IN_FORCE, {"at": at.isoformat()}).all()
    return [Lesson(row.id, row.decision_id, row.intent, row.segment, datetime.fromisoformat(row.at)) for row in rows]


def texts(connection: Connection, lesson_ids: Sequence[str]) -> dict[str, str]:
    """Return the messages behind some lessons; those that were erased are left out."""
    pointers = {row.id: row.personal_id for row in connection.execute(_TEXTS, {"ids": list(lesson_ids)})}
    held = personal.get_all(connection, pointers.values())
    read = {name: held[pointer] for name, pointer in pointers.items() if pointer in held}
    return {name: Incoming.model_validate(stored).ticket.text for name, stored in read.items()}


def learn(
    connection: Connection, intent: str, segment: str, decisions: Iterable[str], at: datetime, until: datetime, why: str
) -> int:
    """Enter some decisions as lessons until a moment, each once; return how many are new."""
    wanted = list(dict.fromkeys(decisions))
    known = {row.decision_id: row.until for row in connection.execute(_KNOWN, {"ids": wanted})}
    for one in (one for one in wanted if known.get(one, "9") <= at.isoformat()):  # forgotten, and wrong once more
        connection.execute(_AGAIN.values(at=at.isoformat(), until=until.isoformat(), why=why), {"which": one})
    ticket_of = {row.id: row.ticket_id for row in connection.execute(_TICKETS, {"ids": wanted})}
    rows = [
        {
            "id": clock.new_id("les"),
            "decision_id": one,
            "ticket_id": ticket_of[one],
            "intent": intent,
            "segment": segment,
            "at": at.isoformat(),
            "until": until.isoformat(),
            "why": why,
        }
        for one in wanted
        if one in ticket_of and one not in known
    ]
    if rows:
        connection.execute(LESSON.insert(), rows)
    return len(rows)


def forget(connection: Connection, intent: str, segment: str, at: datetime) -> None:
    """End the lessons that were learned from one kind of case: it has earned its level anew."""
    theirs = (LESSON.c.intent == intent, LESSON.c.segment == segment, LESSON.c.until > at.isoformat())
    connection.execute(update(LESSON).where(*theirs).values(until=at.isoformat()))
