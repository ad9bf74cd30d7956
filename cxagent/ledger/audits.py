"""Audits as they are on record: what the draw looks through, what was drawn for whom, and how far they got.

An audit is `open`, `seen` once its auditor said what they would have wanted, then `done`; or `void` where the text was
erased before anybody could judge it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, RowMapping, bindparam, func, or_, select, union_all

from cxagent.ledger.store import TABLES

AUDIT, DRAW, FINDING, TICKET = TABLES["audit"], TABLES["draw"], TABLES["finding"], TABLES["ticket"]
LOG, DRAFT, REVIEW, HANDOFF = TABLES["decision_log"], TABLES["draft"], TABLES["review"], TABLES["handoff"]
AUTHORIZATION, ACCOUNT, ACCESS = TABLES["authorization"], TABLES["account"], TABLES["access"]
PERSONAL = TABLES["personal"]
ENDED = ("answered_alone", "answered_after_review", "handed_off")
"""How a ticket ends on a decision of the machine's; one that the customer went on with has none that stands."""
UNDONE = ("open", "seen")
BATCH = 500
"""How many ended tickets one transaction looks through."""

# Prepared once: building a statement costs more than running it.
_OF_TICKETS: BindParameter[Any] = bindparam("tickets", expanding=True)
_THE_DRAW = select(DRAW)
_MOVE = DRAW.update().where(DRAW.c.drawn_to < bindparam("to")).values(drawn_to=bindparam("to"))
_LATEST = select(func.max(TICKET.c.updated_at), func.count()).where(
    TICKET.c.disposition.in_(ENDED), TICKET.c.updated_at >= bindparam("since")
)
_JUST_ENDED = (
    select(TICKET.c.id, TICKET.c.account_id, TICKET.c.disposition, TICKET.c.updated_at, ACCOUNT.c.root_id)
    .join(ACCOUNT, ACCOUNT.c.id == TICKET.c.account_id)
    .where(
        TICKET.c.disposition == bindparam("how"),
        TICKET.c.updated_at >= bindparam("since"),
        or_(TICKET.c.updated_at > bindparam("since"), TICKET.c.id > bindparam("after")),
    )
    .order_by(TICKET.c.updated_at, TICKET.c.id)
    .limit(BATCH)
)
_RULINGS = (
    select(LOG.c.id, LOG.c.ticket_id, LOG.c.at, LOG.c.body, LOG.c.personal_id)
    .where(LOG.c.ticket_id.in_(_OF_TICKETS), LOG.c.kind == "ruling")
    .order_by(LOG.c.at, LOG.c.seq)
)
_SPENT = (
    select(AUTHORIZATION.c.ticket_id, func.coalesce(DRAFT.c.decision_id, AUTHORIZATION.c.decision_id))
    .outerjoin(DRAFT, DRAFT.c.id == AUTHORIZATION.c.draft_id)
    .where(AUTHORIZATION.c.ticket_id.in_(_OF_TICKETS), AUTHORIZATION.c.spent_at.is_not(None))
)
_REWRITTEN = (
    select(DRAFT.c.decision_id)
    .join(REVIEW, REVIEW.c.draft_id == DRAFT.c.id)
    .where(DRAFT.c.ticket_id.in_(_OF_TICKETS), REVIEW.c.verdict.in_(("edit", "respond")))
)
_INVOLVED = union_all(
    select(DRAFT.c.ticket_id, REVIEW.c.by)
    .join(REVIEW, REVIEW.c.draft_id == DRAFT.c.id)
    .where(DRAFT.c.ticket_id.in_(_OF_TICKETS)),
    select(DRAFT.c.ticket_id, DRAFT.c.first_approver).where(DRAFT.c.ticket_id.in_(_OF_TICKETS)),
    select(HANDOFF.c.ticket_id, HANDOFF.c.owner).where(HANDOFF.c.ticket_id.in_(_OF_TICKETS)),
    select(HANDOFF.c.ticket_id, HANDOFF.c.answered_by).where(HANDOFF.c.ticket_id.in_(_OF_TICKETS)),
    *(
        select(table.c.ticket_id, ACCESS.c.person)
        .join(ACCESS, ACCESS.c.subject == table.c.id)
        .where(table.c.ticket_id.in_(_OF_TICKETS))
        for table in (DRAFT, HANDOFF, LOG)
    ),
    select(ACCESS.c.subject, ACCESS.c.person).where(ACCESS.c.subject.in_(_OF_TICKETS)),
)
_KNOWN = select(AUDIT.c.decision_id).where(AUDIT.c.decision_id.in_(bindparam("decisions", expanding=True)))
_SAMPLED = (
    select(AUDIT.c.id)
    .where(AUDIT.c.intent == bindparam("intent"), AUDIT.c.segment == bindparam("segment"))
    .where(AUDIT.c.decided_at >= bindparam("since"))
    .limit(1)
)
_LOAD = (
    select(AUDIT.c.auditor, func.count())
    .where(AUDIT.c.status.in_(UNDONE), AUDIT.c.auditor.is_not(None))
    .group_by(AUDIT.c.auditor)
)
_ERASED = (
    select(AUDIT.c.id)
    .join(LOG, LOG.c.id == AUDIT.c.decision_id)
    .join(PERSONAL, PERSONAL.c.id == LOG.c.personal_id)
    .where(AUDIT.c.status.in_(UNDONE), PERSONAL.c.payload.is_(None))
)
_VOID = AUDIT.update().where(AUDIT.c.id.in_(bindparam("ids", expanding=True)), AUDIT.c.status.in_(UNDONE))
_ONE = select(AUDIT).where(AUDIT.c.id == bindparam("id"))
_OTHERS = select(AUDIT.c.auditor).where(AUDIT.c.decision_id == bindparam("decision"), AUDIT.c.id != bindparam("id"))
_DUE = select(AUDIT).where(AUDIT.c.status.in_(UNDONE)).order_by(AUDIT.c.due, AUDIT.c.id)
_OPENED = select(func.min(ACCESS.c.at)).where(ACCESS.c.subject == bindparam("id"), ACCESS.c.person == bindparam("by"))
_FINDING = select(FINDING).where(
    FINDING.c.decision_id == bindparam("decision"), FINDING.c.by == bindparam("by"), FINDING.c.origin == "audit"
)


# ---- the draw -------------------------------------------------------------------------------------------------------


def state(connection: Connection) -> tuple[str, str]:
    """Return the seed of every draw, and up to where ended tickets were looked through."""
    row = connection.execute(_THE_DRAW).one()
    return row.seed, row.drawn_to


def move(connection: Connection, to: str) -> None:
    """Note up to where ended tickets were looked through; it never goes back."""
    connection.execute(_MOVE, {"to": to})


def latest(connection: Connection, since: str) -> tuple[str | None, int]:
    """Return when the last ticket ended, and how many ended since a moment."""
    at, count = connection.execute(_LATEST, {"since": since}).one()
    return at, int(count)


def ended(connection: Connection, since: str, after: str) -> list[Any]:
    """Return the next tickets that ended since a moment, in order; of that moment itself those after an id."""
    found = [
        row
        for how in ENDED  # one question each: the index is in the order of time for one way to end
        for row in connection.execute(_JUST_ENDED, {"how": how, "since": since, "after": after}).all()
    ]
    return sorted(found, key=lambda row: (row.updated_at, row.id))[:BATCH]


def rulings(connection: Connection, ticket_ids: Sequence[str]) -> dict[str, list[Any]]:
    """Return the rulings on some tickets, each ticket's in order."""
    found: dict[str, list[Any]] = {}
    for row in connection.execute(_RULINGS, {"tickets": ticket_ids}):
        found.setdefault(row.ticket_id, []).append(row)
    return found


def answered_by(connection: Connection, ticket_ids: Sequence[str]) -> dict[str, str]:
    """Return the ruling behind what went out on some tickets: that of the draft where a person let it go."""
    return dict(connection.execute(_SPENT, {"tickets": ticket_ids}).all())


def rewritten(connection: Connection, ticket_ids: Sequence[str]) -> set[str]:
    """Return the rulings whose drafts a person put into other words: what was ruled after them is that person's."""
    return set(connection.execute(_REWRITTEN, {"tickets": ticket_ids}).scalars())


def last_own(ruled: Sequence[Any], rewritten: Collection[str]) -> Any:
    """Return the last ruling on the machine's own words: after it may stand one on what a person made of them."""
    if len(ruled) > 1 and ruled[-2].id in rewritten:
        return ruled[-2]
    return ruled[-1] if ruled else None


def involved(connection: Connection, ticket_ids: Sequence[str]) -> dict[str, set[str]]:
    """Return who decided on some tickets, owns them, or has looked at what the machine made of them."""
    found: dict[str, set[str]] = {}
    for ticket_id, name in connection.execute(_INVOLVED, {"tickets": ticket_ids}):
        if name:
            found.setdefault(ticket_id, set()).add(name)
    return found


def known(connection: Connection, decision_ids: Sequence[str]) -> set[str]:
    """Return those decisions of some that were drawn before."""
    return set(connection.execute(_KNOWN, {"decisions": decision_ids}).scalars())


def sampled(connection: Connection, intent: str, segment: str, since: str) -> bool:
    """Whether a cell has an audit of a decision made since a moment."""
    about = {"intent": intent, "segment": segment, "since": since}
    return connection.execute(_SAMPLED, about).first() is not None


def let_go(connection: Connection, decision_id: str, auditor: str) -> None:
    """Give a person's open audit of a decision to whoever takes it."""
    mine = (AUDIT.c.decision_id == decision_id, AUDIT.c.auditor == auditor, AUDIT.c.status == "open")
    connection.execute(AUDIT.update().where(*mine).values(auditor=None))


def load(connection: Connection) -> dict[str, int]:
    """Return how many audits each person has still to do."""
    return dict(connection.execute(_LOAD).all())


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Put audits on record."""
    if rows:
        connection.execute(AUDIT.insert(), list(rows))


def erased(connection: Connection) -> list[str]:
    """Return the audits that nobody can do any more, because the text was erased."""
    return list(connection.execute(_ERASED).scalars())


def void(connection: Connection, audit_ids: Sequence[str]) -> None:
    """Close audits that nobody can do any more."""
    connection.execute(_VOID.values(status="void"), {"ids": audit_ids})


# ---- one audit, and the list ----------------------------------------------------------------------------------------


def one(connection: Connection, audit_id: str) -> dict[str, Any] | None:
    """Return an audit, or None where there is none."""
    row = connection.execute(_ONE, {"id": audit_id}).mappings().one_or_none()
    return dict(row) if row else None


def other_auditors(connection: Connection, row: Mapping[str, Any]) -> set[str]:
    """Return who else judges the same decision."""
    return set(connection.execute(_OTHERS, {"decision": row["decision_id"], "id": row["id"]}).scalars())


def due(connection: Connection) -> list[RowMapping]:
    """Return what is still to be done, the earliest date first."""
    return list(connection.execute(_DUE).mappings())


def want(connection: Connection, audit_id: str, by: str, route: str, pointer: str | None, at: str) -> bool:
    """Record what an auditor would have wanted, once; False where that was recorded before."""
    is_open = (AUDIT.c.id == audit_id, AUDIT.c.status == "open")
    said = {"auditor": by, "wanted": route, "wanted_personal_id": pointer, "seen_at": at, "status": "seen"}
    return connection.execute(AUDIT.update().where(*is_open).values(**said)).rowcount == 1


def close(connection: Connection, audit_id: str, by: str, seconds: int | None, at: str) -> bool:
    """Note that an audit is done; False where it is not its auditor's turn."""
    theirs = (AUDIT.c.id == audit_id, AUDIT.c.status == "seen", AUDIT.c.auditor == by)
    done = {"status": "done", "done_at": at, "seconds": seconds}
    return connection.execute(AUDIT.update().where(*theirs).values(**done)).rowcount == 1


def opened(connection: Connection, by: str, audit_id: str) -> str | None:
    """Return when a person first had an audit before them, or None where they never had."""
    found: str | None = connection.execute(_OPENED, {"id": audit_id, "by": by}).scalar_one()
    return found


def finding(connection: Connection, decision_id: str, by: str) -> dict[str, Any] | None:
    """Return what a person found in an audit of a decision, or None where that is not on record."""
    row = connection.execute(_FINDING, {"decision": decision_id, "by": by}).mappings().one_or_none()
    return dict(row) if row else None
