"""Events on their way to outside systems: found in the ledger's own rows, told at least once, given up visibly."""

import re
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, Self, get_args
from urllib.parse import urlsplit

from pydantic import field_validator, model_validator
from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, func, literal, select, text

from cxagent import clock
from cxagent.domain.cell import Level
from cxagent.domain.value import Text, Value
from cxagent.ledger.reviews import WAITS
from cxagent.ledger.store import TABLES, lock

Kind = Literal[
    "io.cxagent.draft.waiting.v1",
    "io.cxagent.review.decided.v1",
    "io.cxagent.ticket.handed_off.v1",
    "io.cxagent.ticket.answered.v1",
    "io.cxagent.latitude.changed.v1",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
BEGAN = "io.cxagent.began"
"""The line that notes from when on an endpoint is told; it is never sent."""
OVERLAP = timedelta(minutes=15)
"""How far before the latest known event rows are looked for again: a transaction may end long after it began."""
PAUSES = tuple(timedelta(seconds=one) for one in (5, 60, 300, 1_800, 7_200, 18_000, 28_800, 36_000))
"""The pauses between the tries of one event; after the last of them, about a day, it is given up."""
LEASE = timedelta(minutes=2)
"""How long a process that takes an event has for it, before another one tries."""
BATCH = 200
"""How many rows of one kind are looked at in one go."""
AT_ONCE = 20
"""How many events one endpoint is sent in one go, so that none keeps the others waiting."""
NOBODY = "-"
"""Stands for the account of an event that is about none."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")

DRAFT, REVIEW, HANDOFF, OUTBOX = (TABLES[name] for name in ("draft", "review", "handoff", "outbox"))
TICKET, DELIVERY, NOTICE, MOVE = (TABLES[name] for name in ("ticket", "delivery", "notice", "move"))

_LATEST = select(func.max(DELIVERY.c.at)).where(DELIVERY.c.endpoint == bindparam("endpoint"))
_BEGAN = select(DELIVERY.c.at).where(DELIVERY.c.endpoint == bindparam("endpoint"), DELIVERY.c.event == BEGAN)
_ADD = DELIVERY.insert()
_DUE = (
    select(DELIVERY)
    .where(
        DELIVERY.c.status == "waiting",
        DELIVERY.c.endpoint == bindparam("endpoint"),
        DELIVERY.c.next_at <= bindparam("moment"),
    )
    .order_by(DELIVERY.c.next_at, DELIVERY.c.at, DELIVERY.c.id)
    .limit(AT_ONCE)
)
_TAKE = (
    DELIVERY.update()
    .where(
        DELIVERY.c.id == bindparam("delivery"),
        DELIVERY.c.status == "waiting",
        DELIVERY.c.next_at == bindparam("seen"),
    )
    .values(next_at=bindparam("lease"), attempts=DELIVERY.c.attempts + 1)
)
_CLAIM = text(
    "INSERT INTO notice (key, person, kind, at) VALUES (:key, :person, :kind, :at) ON CONFLICT (key) DO NOTHING"
)
_SETTLE = (
    DELIVERY.update()
    .where(DELIVERY.c.id == bindparam("delivery"))
    .values(status=bindparam("now"), next_at=bindparam("then"), said=bindparam("why"))
)


class Webhook(Value):
    """An outside system that is told what happens; the secret that signs lies in the environment under `secret_env`."""

    url: Text
    secret_env: Text
    kinds: tuple[Kind, ...] = KINDS

    @field_validator("secret_env")
    @classmethod
    def _a_name(cls, value: str) -> str:
        if value.startswith("whsec_") or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
            raise ValueError("name the environment variable that holds the secret, never the secret itself")
        return value

    @model_validator(mode="after")
    def _reachable_safely(self) -> Self:
        parts = urlsplit(self.url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        if not safe or not parts.hostname or parts.username or parts.password or parts.fragment:
            raise ValueError("the url must be an https address without a password (http only on this very machine)")
        return self


class Due(NamedTuple):
    """One event that is to be sent now, to one endpoint, for the how-manyth time."""

    id: str
    endpoint: str
    event: str
    kind: str
    subject: str
    account_id: str
    at: str
    attempts: int
    next_at: str


def news(connection: Connection, endpoint: Webhook, now: datetime) -> list[dict[str, Any]]:
    """Return what is to be put on record for an endpoint: every event that it wants and that is not there yet.

    An endpoint that is seen for the first time is told what happens from now on.
    """
    latest = connection.execute(_LATEST, {"endpoint": endpoint.url}).scalar_one_or_none()
    if latest is None:
        row = _row(endpoint.url, BEGAN, BEGAN, "-", "-", now.isoformat(), now)
        return [{**row, "status": "delivered", "said": "told from here on"}]
    # An event of a clock that goes ahead must not hide what happens until then.
    since = (min(datetime.fromisoformat(latest), now) - OVERLAP).isoformat()
    began = connection.execute(_BEGAN, {"endpoint": endpoint.url}).scalar_one()
    about = {"since": max(since, began), "endpoint": endpoint.url}
    return [
        _row(endpoint.url, row.event, kind, row.subject, row.account_id, row.at, now)
        for kind in endpoint.kinds
        for row in connection.execute(_NEW[kind], about)
    ]


def notice(connection: Connection, endpoint: Webhook, now: datetime) -> int:
    """Put what is new for an endpoint on record, each event once whoever looks at the same moment; return how many."""
    lock(connection, "deliveries")
    rows = news(connection, endpoint, now)
    if rows:
        connection.execute(_ADD, rows)
    return len(rows)


def _row(endpoint: str, event: str, kind: str, subject: str, account_id: str, at: str, now: datetime) -> dict[str, Any]:
    return {
        "id": clock.new_id("dlv"),
        "endpoint": endpoint,
        "event": event,
        "kind": kind,
        "subject": subject,
        "account_id": account_id,
        "at": at,
        "status": "waiting",
        "attempts": 0,
        "next_at": now.isoformat(),
        "said": None,
    }


def _new(event: ColumnElement[str], subject: ColumnElement[str], at: ColumnElement[str], source: Any) -> Select[Any]:
    """Select the rows of a table that are newer than a moment and not on record as events of an endpoint."""
    account = source.c.account_id if "account_id" in source.c else literal(NOBODY)
    told = exists().where(DELIVERY.c.endpoint == bindparam("endpoint"), DELIVERY.c.event == event)
    return (
        select(event.label("event"), subject.label("subject"), account.label("account_id"), at.label("at"))
        .where(at >= bindparam("since"), ~told)
        .order_by(at, event)
        .limit(BATCH)
    )


_NEW: dict[str, Select[Any]] = {
    "io.cxagent.draft.waiting.v1": _new(DRAFT.c.id, DRAFT.c.id, DRAFT.c.created_at, DRAFT),
    "io.cxagent.review.decided.v1": _new(REVIEW.c.id, REVIEW.c.draft_id, REVIEW.c.at, DRAFT).where(
        DRAFT.c.id == REVIEW.c.draft_id
    ),
    "io.cxagent.ticket.handed_off.v1": _new(HANDOFF.c.id, HANDOFF.c.ticket_id, HANDOFF.c.at, HANDOFF),
    "io.cxagent.ticket.answered.v1": _new(OUTBOX.c.id, OUTBOX.c.ticket_id, OUTBOX.c.at, OUTBOX),
    "io.cxagent.latitude.changed.v1": _new(MOVE.c.id, MOVE.c.id, MOVE.c.at, MOVE),
}


def due(connection: Connection, endpoint: str, now: datetime) -> list[Due]:
    """Return the events that an endpoint is to be sent now, the longest waiting first."""
    rows = connection.execute(_DUE, {"endpoint": endpoint, "moment": now.isoformat()}).mappings()
    return [Due(**{name: row[name] for name in Due._fields}) for row in rows]


def take(connection: Connection, one: Due, now: datetime) -> bool:
    """Take an event for sending; False where another process has it."""
    about = {"delivery": one.id, "seen": one.next_at, "lease": (now + LEASE).isoformat()}
    return connection.execute(_TAKE, about).rowcount == 1


def settle(connection: Connection, one: Due, now: datetime, trouble: str | None, *, last: bool = False) -> str:
    """Note how a try ended: `delivered`, `waiting` for the next try after a longer pause, or `given_up`."""
    status, then = "delivered", now
    if trouble is not None:
        over = last or one.attempts >= len(PAUSES)
        status = "given_up" if over else "waiting"
        then = now if over else now + PAUSES[one.attempts]
    about = {"delivery": one.id, "now": status, "then": then.isoformat(), "why": (trouble or "")[:300] or None}
    connection.execute(_SETTLE, about)
    return status


def about(connection: Connection, one: Due) -> dict[str, str | None]:
    """Return the ids that an event is about, its deadline and its verdict; nothing that says who the customer is."""
    columns: tuple[Any, ...]
    where: ColumnElement[bool]
    match one.kind:
        case "io.cxagent.ticket.handed_off.v1":
            columns, where = (HANDOFF.c.ticket_id, HANDOFF.c.deadline), HANDOFF.c.id == one.event
        case "io.cxagent.ticket.answered.v1":
            columns, where = (TICKET.c.id.label("ticket_id"), TICKET.c.disposition), TICKET.c.id == one.subject
        case "io.cxagent.review.decided.v1":
            columns = (DRAFT.c.ticket_id, REVIEW.c.verdict, DRAFT.c.id.label("draft_id"))
            where = and_(REVIEW.c.id == one.event, DRAFT.c.id == REVIEW.c.draft_id)
        case "io.cxagent.latitude.changed.v1":
            return _moved(connection, one.event)
        case _:  # without its ticket: one that is planted has none, and must look like any other
            columns = (DRAFT.c.deadline, DRAFT.c.required_role, DRAFT.c.id.label("draft_id"))
            where = DRAFT.c.id == one.event
    row = connection.execute(select(*columns).where(where)).mappings().one_or_none()
    return dict(row or {})


def _moved(connection: Connection, move_id: str) -> dict[str, str | None]:
    """Return what may be done alone now, and what before, in which kind of case."""
    row = connection.execute(select(MOVE).where(MOVE.c.id == move_id)).mappings().one_or_none()
    if row is None:
        return {}
    levels = {"from": Level(row["before"]).word, "to": Level(row["after"]).word}
    return {"intent": row["intent"], "segment": row["segment"], **levels, "kind": row["kind"], "date": row["at"][:10]}


# ---- digests --------------------------------------------------------------------------------------------------------


def waiting(connection: Connection, now: datetime) -> list[dict[str, Any]]:
    """Return the drafts that wait for a verdict and are not put off, in the queue's order."""
    asleep = func.coalesce(DRAFT.c.snoozed_until, "") > now.isoformat()
    statement = select(DRAFT).where(*WAITS, ~asleep).order_by(DRAFT.c.place, DRAFT.c.id)
    return [dict(row) for row in connection.execute(statement).mappings()]


def claim_notice(connection: Connection, key: str, person: str, now: datetime) -> bool:
    """Claim the right to send a person one digest; False where it was sent, or is being sent, by anybody."""
    row = {"key": key, "person": person, "kind": "digest", "at": now.isoformat()}
    if connection.execute(_CLAIM, row).rowcount == 1:
        return True
    again = NOTICE.update().where(NOTICE.c.key == key, NOTICE.c.kind == "failed")
    return connection.execute(again.values(kind="digest", at=now.isoformat())).rowcount == 1


def release_notice(connection: Connection, key: str) -> None:
    """Give a claim back after a try that failed, so that the next run may send it."""
    connection.execute(NOTICE.update().where(NOTICE.c.key == key).values(kind="failed"))
