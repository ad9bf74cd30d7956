"""Every version of the playbook, who proposed and approved it, and which one is in force; nothing of it is lost.

Each function needs a transaction that the caller opened, a writing one about `PLAYBOOK` where it writes. Who may do
what is decided in `cxagent.governing`; here stands what can never be: one person for both, two answers to one proposal,
a change made on something that is no longer in force.
"""

import json
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from cxagent import clock
from cxagent.context.handover import same_person
from cxagent.domain.value import Text, Value, canonical, digest
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.ledger import chain
from cxagent.ledger.store import TABLES
from cxagent.ledger.tickets import UNKNOWN, know_account

VERSION, ACTIVATION = TABLES["playbook_version"], TABLES["activation"]
PLAYBOOK = "playbook"
"""What a transaction that writes here is about: changes of the playbook queue."""
NO_TICKET = "-"

Status = Literal["proposed", "approved", "refused"]
Origin = Literal["file", "page"]

# Prepared once: building a statement costs more than running it, and `newest` is asked before every ticket.
_NEWEST = select(ACTIVATION.c.number).order_by(ACTIVATION.c.number.desc()).limit(1)
_ACTIVE = (
    select(VERSION, ACTIVATION.c.number.label("activation"))
    .join(ACTIVATION, ACTIVATION.c.version_id == VERSION.c.id)
    .order_by(ACTIVATION.c.number.desc())
    .limit(1)
)
_ONE = select(VERSION).where(VERSION.c.id == bindparam("id"))
_ALL = select(VERSION).order_by(VERSION.c.number.desc())
_KNOWN = select(VERSION.c.id).where(VERSION.c.digest == bindparam("digest"), VERSION.c.status == "approved").limit(1)
_UNTIL = (
    select(VERSION)
    .join(ACTIVATION, ACTIVATION.c.version_id == VERSION.c.id)
    .where(ACTIVATION.c.at <= bindparam("at"))
    .order_by(ACTIVATION.c.number.desc())
)
_ACTIVATIONS = select(ACTIVATION).order_by(ACTIVATION.c.number.desc())
_LAST_NUMBER = select(func.max(VERSION.c.number))
_ADD, _ACTIVATE = VERSION.insert(), ACTIVATION.insert()
_ANSWER = VERSION.update().where(VERSION.c.id == bindparam("version"), VERSION.c.status == "proposed")
_LINES = select(chain.LOG.c.body).where(chain.LOG.c.ticket_id == NO_TICKET, chain.LOG.c.kind == "playbook")


class Version(Value):
    """One text of the playbook, and what became of it; `proof` is what the proof said when it was proposed."""

    id: Text
    number: int
    digest: Text
    text: str
    origin: Origin
    author: Text
    note: str | None
    based_on: str | None
    proof: dict[str, Any] | None
    at: Text
    status: Status
    approver: str | None
    answered_at: str | None
    why: str | None


class Activation(Value):
    """From when on a version was in force, and who saw to it."""

    number: int
    version_id: Text
    by: Text
    why: str
    at: Text


class InForce(NamedTuple):
    """The version that rules now, and the number of the activation that put it in force."""

    activation: int
    version: Version


def newest(connection: Connection) -> int:
    """Return the number of the last activation, 0 where there is none; asked before every ticket."""
    return connection.execute(_NEWEST).scalar_one_or_none() or 0


def active(connection: Connection) -> InForce | None:
    """Return what is in force; None in a ledger that no project has opened yet."""
    row = connection.execute(_ACTIVE).mappings().one_or_none()
    return InForce(row["activation"], _version(row)) if row else None


def get(connection: Connection, version_id: str) -> Version:
    """Return one version; `BadInput` where there is none."""
    row = connection.execute(_ONE, {"id": version_id}).mappings().one_or_none()
    if row is None:
        raise BadInput(f"there is no version {version_id} of the playbook", where="version")
    return _version(row)


def until(connection: Connection, at: str) -> list[Version]:
    """Return what had come into force up to a moment, the latest first."""
    return [_version(row) for row in connection.execute(_UNTIL, {"at": at}).mappings()]


def every(connection: Connection) -> list[Version]:
    """Return all versions, the latest first: proposed, approved and refused ones."""
    return [_version(row) for row in connection.execute(_ALL).mappings()]


def activations(connection: Connection) -> list[Activation]:
    """Return when which version came into force, the latest first."""
    return [Activation.model_validate(dict(row)) for row in connection.execute(_ACTIVATIONS).mappings()]


def known(connection: Connection, playbook_digest: str) -> bool:
    """Whether a playbook with this content was in force or may be."""
    return connection.execute(_KNOWN, {"digest": playbook_digest}).one_or_none() is not None


def vouched(connection: Connection, found: InForce) -> bool:
    """Whether the decision log says that this content came into force by this activation.

    The very first one changed nothing and has no line; whoever writes a later row past this module has none either.
    """
    if found.activation == 1 and found.version.origin == "file":
        return True
    bodies = [json.loads(text) for text in connection.execute(_LINES).scalars()]
    wanted = (found.activation, found.version.digest, digest(found.version.text))
    return any((one.get("activation"), one["digest"], one["text"]) == wanted for one in bodies)


def deploy(connection: Connection, text: str, playbook_digest: str, author: str, approver: str) -> bool:
    """Register the text of a project's file and put it in force; False where this content is known already.

    An engineer deployed it, and its own lines name who wrote and who approved it.
    """
    if known(connection, playbook_digest):
        return False
    first = newest(connection) == 0
    row = {"digest": playbook_digest, "text": text, "origin": "file", "author": author, "status": "approved"}
    version = _add(connection, {**row, "approver": approver, "answered_at": _now()})
    number = _put_in_force(connection, version.id, author, "deployed with the project")
    if not first:
        _log(connection, "deployed", version, author, number)
    return True


def propose(
    connection: Connection, *, text: str, playbook_digest: str, author: str, note: str, based_on: str, proof: Any
) -> str:
    """Put a changed text before a second person; return its id. `Conflict` where it was made on something older."""
    _still(connection, based_on)
    row = {"digest": playbook_digest, "text": text, "origin": "page", "author": author, "status": "proposed"}
    version = _add(connection, {**row, "note": note, "based_on": based_on, "proof": canonical(proof)})
    _log(connection, "proposed", version, author)
    return version.id


def approve(connection: Connection, version_id: str, by: str, text: str, playbook_digest: str) -> int:
    """Approve a proposal and put it in force; return the number of its activation.

    `text` is the proposed one with the approver filled in. `Refused` for its author, `Conflict` where somebody answered
    before, or something else came into force since it was proposed.
    """
    version = _answerable(connection, version_id)
    if same_person(version.author, by):
        raise Refused(f"{version.author} proposed it; a second person must approve")
    _still(connection, version.based_on or "")
    _answer(connection, version_id, status="approved", approver=by, text=text, digest=playbook_digest)
    number = _put_in_force(connection, version_id, by, version.note or "")
    _log(connection, "approved", get(connection, version_id), by, number)
    return number


def refuse(connection: Connection, version_id: str, by: str, why: str) -> None:
    """Refuse a proposal with a reason; its author may take it back that way, too."""
    _answerable(connection, version_id)
    _answer(connection, version_id, status="refused", approver=by, why=why)
    _log(connection, "refused", get(connection, version_id), by)


def roll_back(connection: Connection, version_id: str, by: str, why: str) -> int:
    """Put an older approved version in force again; return the number of the new activation."""
    version = get(connection, version_id)
    if version.status != "approved":
        raise Conflict(f"version {version.number} was never in force: it is {version.status}")
    found = active(connection)
    if found is not None and found.version.id == version_id:
        raise Conflict(f"version {version.number} is in force already")
    number = _put_in_force(connection, version_id, by, why)
    _log(connection, "rolled back", version, by, number)
    return number


def _version(row: Any) -> Version:
    told = {name: row[name] for name in Version.model_fields}
    return Version.model_validate({**told, "proof": json.loads(row["proof"]) if row["proof"] else None})


def _add(connection: Connection, row: dict[str, Any]) -> Version:
    number = (connection.execute(_LAST_NUMBER).scalar_one() or 0) + 1
    empty = dict.fromkeys(VERSION.c.keys())
    version_id = clock.new_id("plb")
    connection.execute(_ADD, {**empty, **row, "id": version_id, "number": number, "at": _now()})
    return get(connection, version_id)


def _answerable(connection: Connection, version_id: str) -> Version:
    version = get(connection, version_id)
    if version.status != "proposed":
        raise Conflict(_answered(version))
    return version


def _answer(connection: Connection, version_id: str, **values: Any) -> None:
    changed = connection.execute(_ANSWER.values(**values, answered_at=_now()), {"version": version_id}).rowcount
    if not changed:  # somebody was first, between the look and the write
        raise Conflict(_answered(get(connection, version_id)))


def _answered(version: Version) -> str:
    if version.origin == "file":
        return f"version {version.number} came with the project; there is nothing to answer"
    return f"{version.approver} was first: version {version.number} is {version.status} since {version.answered_at}"


def _still(connection: Connection, based_on: str) -> None:
    """Refuse a change that was made on a playbook which is no longer in force: it would undo what came since."""
    found = active(connection)
    if found is None or found.version.digest != based_on:
        now = f"version {found.version.number}" if found else "none"
        raise Conflict(f"this change was made on a playbook that is no longer in force; in force is {now}")


def _put_in_force(connection: Connection, version_id: str, by: str, why: str) -> int:
    number = newest(connection) + 1
    row = {"number": number, "version_id": version_id, "by": by, "why": why, "at": _now()}
    connection.execute(_ACTIVATE, row)
    return number


def _log(connection: Connection, did: str, version: Version, by: str, activation: int | None = None) -> None:
    know_account(connection, UNKNOWN, UNKNOWN)
    body = {
        "did": did,
        "version": version.id,
        "digest": version.digest,
        "text": digest(version.text),
        "by": digest(by),
        "activation": activation,
    }
    chain.append(connection, "playbook", UNKNOWN, NO_TICKET, body)


def _now() -> str:
    return clock.now().isoformat()
