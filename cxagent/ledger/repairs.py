"""Repairs on record: what was found wrong after it had been sent, who puts it right until when, and how that ended."""

import json
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Select, bindparam, case, exists, func, literal, select

from cxagent import clock
from cxagent.domain.finding import Finding
from cxagent.domain.review import Severity
from cxagent.domain.value import digest
from cxagent.ledger import chain, findings, personal
from cxagent.ledger.personal import Pointer
from cxagent.ledger.store import TABLES

REPAIR, FINDING, OUTBOX = TABLES["repair"], TABLES["finding"], TABLES["outbox"]
AUTHORIZATION, EXECUTION = TABLES["authorization"], TABLES["execution"]
How = Literal["corrected", "not_needed"]
SHOWN = 50
"""How many ended repairs a list holds."""


def _weight(severity: Any) -> Any:
    return case((severity == "critical", 2), (severity == "major", 1), else_=0)


# Prepared once: building a statement costs more than running it.
_ADD = REPAIR.insert()
_ONE = select(REPAIR).where(REPAIR.c.id == bindparam("id"))
_OF = select(REPAIR).where(REPAIR.c.decision_id == bindparam("decision"))
_OPEN = select(REPAIR).where(REPAIR.c.status == "open").order_by(REPAIR.c.due, REPAIR.c.id)
_ENDED = (
    select(REPAIR)
    .where(REPAIR.c.status != "open")
    .order_by(REPAIR.c.done_at.desc(), REPAIR.c.id)
    .limit(bindparam("most"))
)
_WAITING = select(func.count()).where(REPAIR.c.status == "open", REPAIR.c.owner.in_(bindparam("names", expanding=True)))
_RAISE = (
    REPAIR.update()
    .where(REPAIR.c.id == bindparam("which"))
    .values(severity=bindparam("weight"), due=bindparam("by"), status="open")
)
_END = (
    REPAIR.update()
    .where(REPAIR.c.id == bindparam("which"), REPAIR.c.status == "open")
    .values(
        status=bindparam("how"),
        done_by=bindparam("person"),
        done_at=bindparam("moment"),
        done_personal_id=bindparam("pointer"),
    )
)
_REPLIES = (
    select(OUTBOX.c.at, OUTBOX.c.personal_id)
    .join(AUTHORIZATION, OUTBOX.c.id == literal("out_").concat(AUTHORIZATION.c.id))
    .where(AUTHORIZATION.c.decision_id == bindparam("decision"))
    .order_by(OUTBOX.c.at)
)
_UNDO = EXECUTION.alias()
_EFFECTS = (
    select(EXECUTION, _UNDO.c.status.label("undo_status"), _UNDO.c.done_at.label("undone_at"))
    .join(AUTHORIZATION, AUTHORIZATION.c.id == EXECUTION.c.authorization_id)
    .outerjoin(_UNDO, (_UNDO.c.of == EXECUTION.c.id) & (_UNDO.c.kind == "undo"))
    .where(AUTHORIZATION.c.decision_id == bindparam("decision"), EXECUTION.c.kind == "effect")
    .where(EXECUTION.c.status == "done")
    .order_by(EXECUTION.c.done_at, EXECUTION.c.position)
)
_AGAINST = (
    select(FINDING)
    .where(FINDING.c.decision_id == bindparam("decision"), FINDING.c.agrees.is_(False))
    .order_by(FINDING.c.at, FINDING.c.id)
)
_UNREPAIRED = (
    select(FINDING)
    .where(FINDING.c.at >= bindparam("since"), FINDING.c.agrees.is_(False), FINDING.c.origin == "audit")
    .where(
        ~exists().where(
            REPAIR.c.decision_id == FINDING.c.decision_id, _weight(REPAIR.c.severity) >= _weight(FINDING.c.severity)
        )
    )
    .order_by(FINDING.c.at)
)
_LINES = select(chain.LOG.c.body).where(chain.LOG.c.ticket_id == bindparam("ticket"), chain.LOG.c.kind == "repair")


def unrepaired(connection: Connection, since: str) -> list[Finding]:
    """Return the disagreements since a moment whose decision has no repair, or a lighter one; not all need one."""
    return [findings.read(dict(row)) for row in connection.execute(_UNREPAIRED, {"since": since}).mappings()]


class Sent(NamedTuple):
    """What went out because of one decision: the replies (`at`, `personal_id`), and the effects that were done."""

    replies: tuple[dict[str, Any], ...]
    effects: tuple[dict[str, Any], ...]

    @property
    def at(self) -> str | None:
        """When the first of it went out; None where nothing did."""
        return min((*(row["at"] for row in self.replies), *(row["done_at"] for row in self.effects)), default=None)


def sent(connection: Connection, decision_id: str) -> Sent:
    """Return what went out because of a decision, each effect with what became of its undo.

    What a person wrote in the draft's stead went out because of the ruling on their words, which is another decision.
    """
    about = {"decision": decision_id}
    replies, effects = (_rows(connection, one, about) for one in (_REPLIES, _EFFECTS))
    return Sent(tuple(replies), tuple(effects))


def of(connection: Connection, decision_id: str) -> dict[str, Any] | None:
    """Return the repair of a decision, or None where there is none."""
    return next(iter(_rows(connection, _OF, {"decision": decision_id})), None)


def one(connection: Connection, repair_id: str) -> dict[str, Any] | None:
    """Return a repair, or None where there is none."""
    return next(iter(_rows(connection, _ONE, {"id": repair_id})), None)


def open_ones(connection: Connection) -> list[dict[str, Any]]:
    """Return what is still to be put right, the earliest date first."""
    return _rows(connection, _OPEN, {})


def ended(connection: Connection, most: int = SHOWN) -> list[dict[str, Any]]:
    """Return what was put right or needed nothing, the latest first."""
    return _rows(connection, _ENDED, {"most": most})


def waiting(connection: Connection, names: tuple[str, ...]) -> int:
    """Return how many open repairs some people own."""
    return int(connection.execute(_WAITING, {"names": names}).scalar_one())


def against(connection: Connection, decision_id: str) -> list[dict[str, Any]]:
    """Return the findings on a decision that disagree, the earliest first."""
    return _rows(connection, _AGAINST, {"decision": decision_id})


def begin(connection: Connection, row: dict[str, Any], draft: dict[str, Any]) -> str:
    """Open a repair with its drafted correction, and note it in the account's log; return its id."""
    pointer = personal.put(connection, "repair", row["account_id"], row["ticket_id"], draft)
    whole = {**row, "id": clock.new_id("rep"), "status": "open", "personal_id": pointer.id}
    connection.execute(_ADD, whole)
    more = {"severity": row["severity"], "owner": digest(row["owner"]), "finder": digest(row["found_by"])}
    _log(connection, whole, "opened", more, pointer)
    return str(whole["id"])


def again(connection: Connection, row: dict[str, Any], finder: str, severity: Severity, due: str | None) -> None:
    """Note that somebody else found the same decision wrong; with a date (`due`) it weighs more now, and is open."""
    if due is not None:
        connection.execute(_RAISE, {"which": row["id"], "weight": severity, "by": due})
    more = {"severity": severity, "finder": digest(finder)}
    _log(connection, row, "found again" if due is None else "raised", more)


def noted(connection: Connection, row: dict[str, Any], finder: str, severity: Severity) -> bool:
    """Whether the log says of a repair already that somebody found the decision wrong with this weight."""
    lines = connection.execute(_LINES, {"ticket": row["ticket_id"]}).scalars()
    said = {
        (body.get("finder"), body.get("severity")) for body in map(json.loads, lines) if body["repair"] == row["id"]
    }
    return (digest(finder), severity) in said


def end(connection: Connection, row: dict[str, Any], how: How, by: str, text: str) -> bool:
    """Close a repair with what the owner wrote, or why nothing was to be written; False where it was closed before."""
    pointer = personal.put(connection, "repair", row["account_id"], row["ticket_id"], {"text": text})
    about = {"which": row["id"], "how": how, "person": by, "moment": clock.now().isoformat(), "pointer": pointer.id}
    if connection.execute(_END, about).rowcount != 1:
        return False
    _log(connection, row, how, {"by": digest(by)}, pointer)
    return True


def _rows(connection: Connection, statement: Select[Any], about: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(statement, about).mappings()]


def _log(connection: Connection, row: Any, step: str, more: dict[str, Any], pointer: Pointer | None = None) -> None:
    """Write a line into the account's log; names and texts stay out of it, as everywhere."""
    body = {"repair": row["id"], "decision": row["decision_id"], "step": step, **more}
    chain.append(connection, "repair", row["account_id"], row["ticket_id"], body, pointer)
