"""Effects left under way on a ticket that is over meanwhile: no run will finish them, so a person looks into them."""

from sqlalchemy import Connection, bindparam, exists, select, union

from cxagent import presence
from cxagent.ledger import authorizations
from cxagent.ledger.store import TABLES
from cxagent.ledger.tickets import CLOSED

AUTHORIZATION, BUDGET, EXECUTION = TABLES["authorization"], TABLES["budget"], TABLES["execution"]
DRAFT, TICKET = TABLES["draft"], TABLES["ticket"]
_BEGUN = exists().where(
    EXECUTION.c.authorization_id == BUDGET.c.authorization_id,
    EXECUTION.c.position == BUDGET.c.position,
    EXECUTION.c.status.in_(("started", "done", "in_doubt")),
)
_STARTED = select(EXECUTION.c.authorization_id).where(EXECUTION.c.status == "started", EXECUTION.c.kind == "effect")
_RESERVED = select(BUDGET.c.authorization_id).where(BUDGET.c.status == "reserved", ~_BEGUN)
_LOOSE = (
    select(AUTHORIZATION.c.id, AUTHORIZATION.c.ticket_id)
    .join(TICKET, TICKET.c.id == AUTHORIZATION.c.ticket_id)
    .where(AUTHORIZATION.c.spent_at.is_not(None), TICKET.c.status.in_(CLOSED))
    # One list of the few that are meant: with two, a database reads every ticket that is over.
    .where(AUTHORIZATION.c.id.in_(union(_STARTED, _RESERVED)))
)
_UNDER_WAY = select(EXECUTION.c.id, EXECUTION.c.worker, EXECUTION.c.started_at).where(
    EXECUTION.c.authorization_id == bindparam("which"), EXECUTION.c.status == "started"
)
_DOUBT = (
    EXECUTION.update()
    .where(EXECUTION.c.id == bindparam("which"), EXECUTION.c.status == "started")
    .values(status="in_doubt", result="the run broke off while it happened")
)
_APPLIED = (
    DRAFT.update()
    .where(DRAFT.c.ticket_id == bindparam("ticket"), DRAFT.c.status.in_(("decided", "applying")))
    .values(status="applied")
)


def loose(connection: Connection) -> list[tuple[str, str]]:
    """Return the spent authorizations with something left to settle, each with its ticket, which is over."""
    return [(row.id, row.ticket_id) for row in connection.execute(_LOOSE).all()]


def tie(connection: Connection, authorization_id: str, ticket_id: str) -> bool:
    """Put what was under way in doubt and give back what never began; False where a run is still at it."""
    under_way = connection.execute(_UNDER_WAY, {"which": authorization_id}).all()
    if any(not presence.gone(row.worker, row.started_at) for row in under_way):
        return False
    for row in under_way:
        connection.execute(_DOUBT, {"which": row.id})
    connection.execute(_APPLIED, {"ticket": ticket_id})
    authorizations.release(connection, authorization_id)
    return True
