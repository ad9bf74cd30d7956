"""Spend an authorization once, and note every effect before and after it happens."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, and_, bindparam, exists, or_, select
from sqlalchemy.exc import IntegrityError

from cxagent import clock, presence
from cxagent.domain.value import digest
from cxagent.errors import Conflict, Unauthorized
from cxagent.ledger import authorizations, chain, tickets
from cxagent.ledger.store import TABLES

AUTHORIZATION, EXECUTION, BUDGET = TABLES["authorization"], TABLES["execution"], TABLES["budget"]
HANDOFF = TABLES["handoff"]
_AUTHORIZATION = select(AUTHORIZATION).where(AUTHORIZATION.c.id == bindparam("id"))
_TAKE = (
    AUTHORIZATION.update()
    .where(AUTHORIZATION.c.id == bindparam("which"), AUTHORIZATION.c.spent_at.is_(None))
    .values(spent_at=bindparam("moment"))
)
_PLAN = EXECUTION.insert()
_STEPS = select(EXECUTION).where(EXECUTION.c.authorization_id == bindparam("id")).order_by(EXECUTION.c.position)
_START = (
    EXECUTION.update()
    .where(EXECUTION.c.id == bindparam("which"), EXECUTION.c.status == "planned")
    .values(status="started", started_at=bindparam("moment"), worker=bindparam("by"))
)
_AGAIN = (
    EXECUTION.update()
    .where(EXECUTION.c.id == bindparam("which"), EXECUTION.c.status == "started")
    .where(EXECUTION.c.worker.is_not_distinct_from(bindparam("from_")))
    .values(started_at=bindparam("moment"), worker=bindparam("by"))
)
_FINISH = (
    EXECUTION.update()
    .where(EXECUTION.c.id == bindparam("which"), EXECUTION.c.status.in_(("planned", "started")))
    .values(status=bindparam("as"), result=bindparam("with"), done_at=bindparam("moment"))
)
_SETTLE = (
    BUDGET.update()
    .where(
        BUDGET.c.authorization_id == bindparam("which"),
        BUDGET.c.position == bindparam("place"),
        BUDGET.c.status == "reserved",
    )
    .values(status="spent", execution_id=bindparam("key"))
)
_IN_DOUBT = (
    select(EXECUTION, HANDOFF.c.owner)
    .outerjoin(HANDOFF, HANDOFF.c.ticket_id == EXECUTION.c.ticket_id)
    .where(EXECUTION.c.status == "in_doubt")
    .order_by(EXECUTION.c.started_at, EXECUTION.c.id)
)
_SETTLE_DOUBT = (
    EXECUTION.update()
    .where(EXECUTION.c.id == bindparam("which"), EXECUTION.c.status == "in_doubt")
    .values(status=bindparam("as"), done_at=bindparam("moment"))
)
_ONE = select(EXECUTION).where(EXECUTION.c.id == bindparam("id"))
_OF = select(EXECUTION).where(EXECUTION.c.of == bindparam("id"))
_BROKEN_OFF = (
    select(EXECUTION)
    .where(EXECUTION.c.kind != "effect", EXECUTION.c.status.in_(("planned", "started")))
    .order_by(EXECUTION.c.started_at, EXECUTION.c.id)
)
_FOLLOWED = EXECUTION.alias()
_TAKEN_BACK = and_(_FOLLOWED.c.of == EXECUTION.c.id, _FOLLOWED.c.kind == "undo")
_LATER = (
    select(EXECUTION)
    .where(
        EXECUTION.c.account_id == bindparam("account"),
        EXECUTION.c.kind == "effect",
        EXECUTION.c.status.in_(("started", "done", "in_doubt")),
        EXECUTION.c.started_at > bindparam("after"),
        ~exists().where(_TAKEN_BACK, _FOLLOWED.c.status == "done"),
    )
    .order_by(EXECUTION.c.started_at.desc())
)
_UNLOOKED = (
    select(EXECUTION.c.id)
    .join(tickets.TICKET, tickets.TICKET.c.id == EXECUTION.c.ticket_id)
    .where(
        EXECUTION.c.kind == "effect",
        EXECUTION.c.status == "done",
        tickets.TICKET.c.status.in_(tickets.CLOSED),
        ~exists().where(_FOLLOWED.c.of == EXECUTION.c.id, _FOLLOWED.c.kind == "check"),
        ~exists().where(_TAKEN_BACK, _FOLLOWED.c.status != "failed"),
    )
    .order_by(EXECUTION.c.done_at, EXECUTION.c.id)
)
_GIVE_BACK = BUDGET.update().where(BUDGET.c.execution_id == bindparam("key")).values(status="released")
Status = Literal["planned", "started", "done", "failed", "in_doubt"]
Kind = Literal["effect", "undo", "check"]
OVERDUE = timedelta(days=30)
"""How long after its time a check that no worker made is still made up for."""


class Step(NamedTuple):
    """One planned effect: its idempotency key, place, tool and arguments."""

    key: str
    position: int
    tool: str
    args: dict[str, Any]
    status: Status
    result: str | None = None
    worker: str | None = None
    started_at: str | None = None
    kind: Kind = "effect"


class Terms(NamedTuple):
    """What an authorization must match, or nothing runs."""

    ticket_id: str
    account_id: str
    proposal_digest: str
    context_digest: str
    playbook_digest: str


def spend(
    connection: Connection,
    authorization_id: str,
    terms: Terms,
    calls: list[tuple[str, dict[str, Any]]],
    kind: Kind = "effect",
    of: str | None = None,
) -> list[Step]:
    """Spend an authorization and plan its effects; a spent one gives back the effects that were planned.

    `Unauthorized` where it is unknown, expired, or for another ticket, account, proposal, context or playbook.
    An undo and a check are `of` another execution; `Conflict` where that has one of the kind already.
    """
    row = connection.execute(_AUTHORIZATION, {"id": authorization_id}).one_or_none()
    if row is None:
        raise Unauthorized("there is no such authorization")
    for name, wanted in terms._asdict().items():
        if getattr(row, name) != wanted:
            raise Unauthorized(f"the authorization is for another {name.removesuffix('_digest').removesuffix('_id')}")
    if row.spent_at is not None:
        return steps(connection, authorization_id, calls)
    now = clock.now().isoformat()
    if row.expires_at <= now:
        raise Unauthorized("the authorization has expired")
    taken = connection.execute(_TAKE, {"which": authorization_id, "moment": now})
    if taken.rowcount != 1:
        return steps(connection, authorization_id, calls)
    planned = []
    for position, (tool, args) in enumerate(calls):
        # The first effect is started by the very transaction that spends the authorization.
        status: Status = "planned" if position else "started"
        planned.append(Step(clock.new_id("exe"), position, tool, args, "planned", kind=kind))
        row_ = {
            "id": planned[-1].key,
            "authorization_id": authorization_id,
            "position": position,
            "ticket_id": terms.ticket_id,
            "account_id": terms.account_id,
            "tool": tool,
            "args_digest": digest(args),
            "status": status,
            "started_at": None if position else now,
            "worker": None if position else presence.me(),
            "kind": kind,
            "of": of,
        }
        _plan(connection, row_)
    return planned


def _plan(connection: Connection, row: dict[str, Any]) -> None:
    try:
        connection.execute(_PLAN, row)
    except IntegrityError as error:
        if row["of"] is None:
            raise
        raise Conflict(f"the {row['kind']} of {row['of']} is on record already") from error


def steps(connection: Connection, authorization_id: str, calls: list[tuple[str, dict[str, Any]]]) -> list[Step]:
    """Return the planned effects of an authorization with their arguments, in order."""
    rows = connection.execute(_STEPS, {"id": authorization_id}).all()
    if len(rows) != len(calls):
        raise Unauthorized("the authorization covers another number of calls")
    found = []
    for row, (tool, args) in zip(rows, calls, strict=True):
        if row.tool != tool or row.args_digest != digest(args):
            raise Unauthorized(f"the authorization covers {row.tool} with other arguments")
        noted = (row.status, row.result, row.worker, row.started_at, row.kind)
        found.append(Step(row.id, row.position, tool, args, *noted))
    return found


def start(connection: Connection, key: str) -> bool:
    """Note that an effect is about to happen; False where it was started before."""
    about = {"which": key, "moment": clock.now().isoformat(), "by": presence.me()}
    return connection.execute(_START, about).rowcount == 1


def take_over(connection: Connection, step: Step) -> bool:
    """Note that this run goes on with an effect that a run which is gone had started; False where another did."""
    about = {"which": step.key, "moment": clock.now().isoformat(), "by": presence.me(), "from_": step.worker}
    return connection.execute(_AGAIN, about).rowcount == 1


def finish(connection: Connection, key: str, status: Status, result: str | None) -> bool:
    """Note how an effect ended; False where that was noted before, by another run."""
    about = {"which": key, "as": status, "with": result, "moment": clock.now().isoformat()}
    return connection.execute(_FINISH, about).rowcount == 1


def settle(connection: Connection, authorization_id: str, step: Step) -> None:
    """Turn what was reserved for an effect into a given amount, under the key by which billing will show it."""
    connection.execute(_SETTLE, {"which": authorization_id, "place": step.position, "key": step.key})


def covers(connection: Connection, key: str, tool: str, args: dict[str, Any]) -> bool:
    """Whether an effect was recorded as started for exactly this tool and these arguments, and is not over."""
    row = connection.execute(_ONE, {"id": key}).one_or_none()
    return row is not None and row.status == "started" and row.tool == tool and row.args_digest == digest(args)


def one(connection: Connection, key: str) -> dict[str, Any] | None:
    """Return an execution, or None where there is none."""
    row = connection.execute(_ONE, {"id": key}).mappings().one_or_none()
    return dict(row) if row else None


def followed(connection: Connection, key: str) -> dict[str, dict[str, Any]]:
    """Return the undo and the check of an execution, by kind, as far as there are any."""
    return {row["kind"]: dict(row) for row in connection.execute(_OF, {"id": key}).mappings()}


def broken_off(connection: Connection) -> list[dict[str, Any]]:
    """Return the undos and checks that are under way or that a crash left, oldest first."""
    return [dict(row) for row in connection.execute(_BROKEN_OFF).mappings()]


def later(connection: Connection, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the effects on the same account that came after this one and stand, the newest first."""
    about = {"account": row["account_id"], "after": row["started_at"]}
    return [dict(one) for one in connection.execute(_LATER, about).mappings()]


def unlooked(
    connection: Connection, waits: Mapping[str, timedelta], now: datetime, key: str | None = None
) -> list[str]:
    """Return the keys of done effects that nobody looked at again though their time has come, oldest first.

    `waits` says per tool how long after an effect one looks; `key` asks about one effect alone. What was taken back,
    and what a ticket that is still worked on did, is left out; so is what was due more than `OVERDUE` ago, so that a
    round costs what is due and not what was ever done.
    """
    if not waits:
        return []
    rows = EXECUTION.c
    ripe = [
        and_(rows.tool == tool, rows.done_at.between((now - after - OVERDUE).isoformat(), (now - after).isoformat()))
        for tool, after in waits.items()
    ]
    asked = _UNLOOKED.where(or_(*ripe))
    return list(connection.execute(asked if key is None else asked.where(rows.id == key)).scalars())


def give_back(connection: Connection, key: str) -> None:
    """Free the money of an effect that was taken back; what billing shows of it stays the billing's business."""
    connection.execute(_GIVE_BACK, {"key": key})


def in_doubt(connection: Connection) -> list[dict[str, Any]]:
    """Return the effects of which nobody knows whether they happened, oldest first, with the ticket's owner."""
    rows = connection.execute(_IN_DOUBT).mappings().all()
    told = ("id", "ticket_id", "account_id", "tool", "started_at", "owner")
    return [{**{name: row[name] for name in told}, "said": row["result"]} for row in rows]


def settle_doubt(connection: Connection, row: dict[str, Any], happened: bool, by: str, role: str) -> bool:
    """Record a person's word on an effect in doubt; False where it is not in doubt any more.

    Money of an effect that happened counts as given, of one that did not it is free again.
    """
    status: Status = "done" if happened else "failed"
    about = {"which": row["id"], "as": status, "moment": clock.now().isoformat()}
    if connection.execute(_SETTLE_DOUBT, about).rowcount != 1:
        return False
    if happened:
        step = Step(row["id"], row["position"], row["tool"], {}, status)
        settle(connection, row["authorization_id"], step)
        if row["kind"] == "undo":
            give_back(connection, row["of"])
    else:
        authorizations.release(connection, row["authorization_id"])
    body = {"execution": row["id"], "happened": happened, "by": digest(by), "role": role}
    chain.append(connection, "settled", row["account_id"], row["ticket_id"], body)
    return True
