"""Handovers on record: opened when the CRM names another owner or a person says who leaves, ended by a contact.

At most one is open for an account; where the successor changes before the contact, the open one names the new one.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from cxagent import clock
from cxagent.context import ContextAudit
from cxagent.context.handover import Handover, OnRecord, Owner, Plan, same_person
from cxagent.domain.review import amount_of
from cxagent.domain.value import canonical, digest
from cxagent.errors import BadInput, Conflict
from cxagent.ledger import chain
from cxagent.ledger.store import TABLES, lock
from cxagent.ledger.tickets import know_account

ACCOUNT, HANDOVER = TABLES["account"], TABLES["handover"]
BY_CRM = "the CRM"
LOCK = "handovers"
"""The lock of all handovers, taken before any chain: who notes two accounts never waits for one who holds a chain."""

# Prepared once: building a statement costs more than running it.
_ON_RECORD = (
    select(ACCOUNT.c.id.label("of"), ACCOUNT.c.owner, HANDOVER)
    .outerjoin(HANDOVER, HANDOVER.c.account_id == ACCOUNT.c.id)
    .where(ACCOUNT.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(HANDOVER.c.opened_at, HANDOVER.c.id)
)
_OWNERS = select(ACCOUNT.c.id, ACCOUNT.c.owner).where(ACCOUNT.c.id.in_(bindparam("ids", expanding=True)))
_NAME = ACCOUNT.update().where(ACCOUNT.c.id == bindparam("account")).values(owner=bindparam("name"))
_ADD = HANDOVER.insert()
_OPEN = select(HANDOVER).where(HANDOVER.c.account_id == bindparam("account"), HANDOVER.c.contact_at.is_(None))
_ONE = select(HANDOVER).where(HANDOVER.c.id == bindparam("id"))
_SUCCEED = (
    HANDOVER.update()
    .where(HANDOVER.c.id == bindparam("handover"))
    .values(to_owner=bindparam("to"), why=bindparam("because"), plan=bindparam("steps"))
)
_CONTACT = (
    HANDOVER.update()
    .where(HANDOVER.c.id == bindparam("handover"), HANDOVER.c.contact_at.is_(None))
    .values(contact_at=bindparam("moment"), contact_by=bindparam("person"), contact_note=bindparam("said"))
)
_OWNED = select(ACCOUNT.c.id, ACCOUNT.c.owner).where(ACCOUNT.c.owner.is_not(None)).order_by(ACCOUNT.c.id)


def on_record(connection: Connection, account_ids: Sequence[str]) -> dict[str, OnRecord]:
    """Return who looked after some accounts last, and their handovers, by account."""
    found: dict[str, OnRecord] = {}
    for row in connection.execute(_ON_RECORD, {"ids": list(account_ids)}).mappings():
        held = found.setdefault(row["of"], OnRecord(row["owner"]))
        if row["id"] is None:
            continue
        if row["contact_at"] is None:
            found[row["of"]] = held._replace(open=(*held.open, _read(row)))
        elif row["to_owner"]:
            found[row["of"]] = held._replace(in_touch=(row["from_owner"], row["to_owner"]))
    return found


def note(connection: Connection, audit: ContextAudit, ticket_id: str) -> None:
    """Note whom the CRM names, for an account and those above it, and open the handovers that an audit saw first.

    Only what changed is written. What another ticket noted meanwhile is not noted again.
    """
    if audit.standing is None or not (named := audit.standing.owners):
        return
    owners = _owners(connection, named)
    if all(same_person(owners.get(one.account_id), one.name) for one in named):
        return
    lock(connection, LOCK)
    owners, seen = _owners(connection, named), _unrecorded(audit)
    for one in named:
        before = owners.get(one.account_id)
        if same_person(before, one.name):
            continue
        if before is None:
            know_account(connection, one.account_id, audit.root_id)
            connection.execute(_NAME, {"account": one.account_id, "name": one.name})
        elif (change := seen.get(one.account_id)) is not None and same_person(change.to_owner, one.name):
            begin(connection, change, audit.root_id, BY_CRM, ticket_id)
            connection.execute(_NAME, {"account": one.account_id, "name": one.name})
        elif _told(on_record(connection, [one.account_id])[one.account_id], before, one.name):
            connection.execute(_NAME, {"account": one.account_id, "name": one.name})


def _owners(connection: Connection, named: Sequence[Owner]) -> dict[str, str | None]:
    ids = [one.account_id for one in named]
    return {row.id: row.owner for row in connection.execute(_OWNERS, {"ids": ids})}


def _unrecorded(audit: ContextAudit) -> dict[str, Handover]:
    assert audit.standing is not None
    return {one.account_id: one for one in audit.standing.handovers if one.id is None}


def _told(held: OnRecord, before: str, now: str) -> bool:
    """Whether a handover on record says already that an account goes from one person to another."""
    touched = held.in_touch is not None and all(map(same_person, held.in_touch, (before, now)))
    return touched or any(same_person(one.to_owner, now) for one in held.open)


def open_of(connection: Connection, account_id: str) -> dict[str, Any] | None:
    """Return the open handover of an account, or None."""
    row = connection.execute(_OPEN, {"account": account_id}).mappings().first()
    return dict(row) if row else None


def begin(connection: Connection, one: Handover, root_id: str, by: str, ticket_id: str = "-") -> tuple[str, bool]:
    """Open a handover, or name the successor on the one that is open; return its id, and whether anything changed."""
    lock(connection, LOCK)
    know_account(connection, one.account_id, root_id)
    steps = canonical(one.plan)
    known = connection.execute(_OPEN, {"account": one.account_id}).mappings().first()
    if known is not None:
        if one.to_owner is None or same_person(known["to_owner"], one.to_owner):
            return str(known["id"]), False
        new = {"handover": known["id"], "to": one.to_owner, "because": one.why, "steps": steps}
        connection.execute(_SUCCEED, new)
        _log(connection, "succeeded", {**known, "to_owner": one.to_owner}, ticket_id)
        return str(known["id"]), True
    row = {
        **one.model_dump(include={"account_id", "from_owner", "to_owner", "stake", "why"}),
        "id": clock.new_id("hov"),
        "opened_at": clock.now().isoformat(),
        "opened_by": by,
        "leaves_on": one.leaves_on.isoformat() if one.leaves_on else None,
        "plan": steps,
    }
    connection.execute(_ADD, row)
    if _owners(connection, [Owner(account_id=one.account_id, name="")])[one.account_id] is None:
        connection.execute(_NAME, {"account": one.account_id, "name": one.from_owner})
    _log(connection, "opened", row, ticket_id)
    return str(row["id"]), True


def contact(connection: Connection, handover_id: str, by: str, note: str) -> dict[str, Any]:
    """Record that the successor has spoken with the account, which ends the handover; `Conflict` where it had ended."""
    lock(connection, LOCK)
    row = one_of(connection, handover_id)
    about = {"handover": handover_id, "moment": clock.now().isoformat(), "person": by, "said": note}
    if connection.execute(_CONTACT, about).rowcount != 1:
        raise Conflict(f"{row['contact_by']} recorded the contact on {row['contact_at'][:10]} already")
    _log(connection, "contact", row, "-")
    return one_of(connection, handover_id)


def one_of(connection: Connection, handover_id: str) -> dict[str, Any]:
    """Return one handover with its plan; `BadInput` where there is none."""
    row = connection.execute(_ONE, {"id": handover_id}).mappings().one_or_none()
    if row is None:
        raise BadInput(f"there is no handover {handover_id}", where="HANDOVER_ID")
    return _whole(row)


def listing(connection: Connection, *, ended: bool = False) -> list[dict[str, Any]]:
    """Return the open handovers, or those that ended, with their plans; the largest stake first, then the oldest."""
    which = HANDOVER.c.contact_at.is_not(None) if ended else HANDOVER.c.contact_at.is_(None)
    statement = select(HANDOVER).where(which).order_by(HANDOVER.c.opened_at, HANDOVER.c.id)
    rows = connection.execute(statement).mappings()
    return sorted(map(_whole, rows), key=lambda row: amount_of(row["stake"]), reverse=True)


def owned_by(connection: Connection, person: str) -> list[str]:
    """Return the accounts on record whose owner is a person."""
    return [row.id for row in connection.execute(_OWNED) if same_person(row.owner, person)]


def _read(row: Mapping[Any, Any]) -> Handover:
    names = ("account_id", "from_owner", "to_owner", "stake", "why", "leaves_on", "id")
    told = {name: row[name] for name in names}
    opened = datetime.fromisoformat(row["opened_at"])
    return Handover.model_validate({**told, "opened_at": opened, "plan": Plan.model_validate_json(row["plan"])})


def _whole(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {**row, "plan": json.loads(row["plan"])}


def _log(connection: Connection, step: str, row: Mapping[str, Any], ticket_id: str) -> None:
    """Write a line into the account's log; names stay out of it, as everywhere."""
    people = {name: digest(row[name]) for name in ("from_owner", "to_owner") if row[name]}
    chain.append(connection, "handover", row["account_id"], ticket_id, {"handover": row["id"], "step": step, **people})
