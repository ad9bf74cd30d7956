"""What the ledger remembers for the next ruling: trust, money given, latitude, stops, earlier orders."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, exists, or_, select, update

from cxagent import clock
from cxagent.context.standing import Given, TrustEvent
from cxagent.domain.cell import Cell, Level
from cxagent.domain.money import Money
from cxagent.domain.stop import Stop
from cxagent.domain.ticket import Incoming
from cxagent.domain.vocabulary import ACT, DRAFT, HANDOFF, Autonomy
from cxagent.latitude.ladder import succeed
from cxagent.ledger import chain, personal
from cxagent.ledger.cells import Standing, standing
from cxagent.ledger.store import TABLES
from cxagent.ledger.tickets import UNKNOWN, know_account

TRUST, BUDGET, LATITUDE, STOP = TABLES["trust_event"], TABLES["budget"], TABLES["latitude"], TABLES["stop"]
CELL, LESSON, ALARM = TABLES["cell"], TABLES["lesson"], TABLES["alarm"]
TICKET, EXECUTION, OWN_DRAFT, REVIEW = TABLES["ticket"], TABLES["execution"], TABLES["draft"], TABLES["review"]

# Prepared once: building a statement costs more than running it.
_TRUST = select(TRUST).where(TRUST.c.account_id.in_(bindparam("ids", expanding=True)))
_GIVEN = select(BUDGET).where(
    BUDGET.c.root_id.in_(bindparam("ids", expanding=True)),
    BUDGET.c.status != "released",
    BUDGET.c.at >= bindparam("since"),
)
_CELLS = select(LATITUDE).where(LATITUDE.c.since <= bindparam("at")).order_by(LATITUDE.c.since)
_RULINGS = select(chain.LOG.c.body).where(chain.LOG.c.ticket_id == bindparam("ticket"), chain.LOG.c.kind == "ruling")
_BEFORE = select(TICKET.c.id, TICKET.c.status).where(
    TICKET.c.id == select(TICKET.c.follows).where(TICKET.c.id == bindparam("ticket")).scalar_subquery()
)
_BEGUN = select(
    exists().where(
        EXECUTION.c.ticket_id == bindparam("ticket"), EXECUTION.c.status.in_(("started", "done", "in_doubt"))
    )
)
_REJECTED = select(
    exists().where(
        OWN_DRAFT.c.ticket_id == bindparam("ticket"),
        REVIEW.c.draft_id == OWN_DRAFT.c.id,
        REVIEW.c.verdict == "reject",
    )
)
_STOPS = select(STOP).where(STOP.c.released_at.is_(None))
_UNREST = select(
    or_(
        exists().where(STOP.c.released_at.is_(None)),
        exists().where(LATITUDE.c.id.is_not(None)),
        exists().where(LESSON.c.until > bindparam("at")),
        exists().where(ALARM.c.closed_at.is_(None)),
        exists().where(or_(CELL.c.level != bindparam("start"), CELL.c.lease_until < bindparam("at"))),
    )
)
_SETTING = (
    select(LATITUDE)
    .where(LATITUDE.c.intent == bindparam("intent"), LATITUDE.c.segment == bindparam("segment"))
    .where(LATITUDE.c.since <= bindparam("at"))
    .order_by(LATITUDE.c.since.desc(), LATITUDE.c.id.desc())
    .limit(1)
)
_STANDING = (
    select(CELL)
    .where(CELL.c.segment == bindparam("segment"), CELL.c.intent.in_(bindparam("intents", expanding=True)))
    .order_by(CELL.c.began_at, CELL.c.id)
)
_ORDERS = (
    select(TICKET.c.personal_id)
    .where(
        TICKET.c.account_id == bindparam("account"),
        TICKET.c.sender != bindparam("sender"),
        TICKET.c.received_at >= bindparam("since"),
    )
    .order_by(TICKET.c.received_at.desc())
    .limit(20)
)


def trust_events(connection: Connection, account_ids: Sequence[str]) -> dict[str, list[TrustEvent]]:
    """Return the trust events of some accounts, by account."""
    found: dict[str, list[TrustEvent]] = {}
    for row in connection.execute(_TRUST, {"ids": list(account_ids)}).all():
        event = TrustEvent(at=datetime.fromisoformat(row.at), weight=Decimal(row.weight), what=row.what)
        found.setdefault(row.account_id, []).append(event)
    return found


def add_trust_event(connection: Connection, account_id: str, root_id: str, event: TrustEvent) -> None:
    """Enter a trust event; a major breach weighs -1, a minor one -0.25, an apology or a kept promise is positive."""
    know_account(connection, account_id, root_id)
    row = {
        "id": clock.new_id("tru"),
        "account_id": account_id,
        "at": event.at.isoformat(),
        "weight": str(event.weight),
        "what": event.what,
    }
    connection.execute(TRUST.insert(), row)


def given(
    connection: Connection, root_ids: Sequence[str], since: datetime, but: str | None = None
) -> dict[str, list[Given]]:
    """Return what this ledger reserved or gave, by ultimate parent; `but` leaves one authorization out."""
    found: dict[str, list[Given]] = {}
    for row in connection.execute(_GIVEN, {"ids": list(root_ids), "since": since.isoformat()}).all():
        if row.authorization_id != but:
            money = Money(amount=Decimal(row.amount), currency=row.currency)
            one = Given(ref=row.execution_id or row.id, amount=money, at=datetime.fromisoformat(row.at))
            found.setdefault(row.root_id, []).append(one)
    return found


class Kinds(NamedTuple):
    """The kinds of case that a ruling asks about: some intents in one segment, for one version of the agent.

    `start` is the level on which a cell stands that has no record, or None where nothing holds of such a cell.
    """

    intents: tuple[str, ...]
    segment: str
    version: str
    start: Level | None


def quiet(connection: Connection, at: datetime, start: Level = Level.WATCHED) -> bool:
    """Whether there is no stop, latitude, lesson, alarm or cell off its start, as on most days: one question."""
    about = {"at": at.isoformat(), "start": int(start)}
    return start == Level.WATCHED and not connection.execute(_UNREST, about).scalar_one()


def cells(connection: Connection, at: datetime, kinds: Kinds | None = None) -> list[Cell]:
    """Return the latitude in force: the latest setting of each cell, and where some kinds of case stand by evidence.

    A kind may come back twice, as set and as earned: the lower one counts.
    """
    rows = connection.execute(_CELLS, {"at": at.isoformat()}).all()
    latest = {(row.intent, row.segment): _set(row) for row in rows}
    return [*latest.values(), *(_earned(connection, at, kinds) if kinds is not None and kinds.intents else ())]


def setting(connection: Connection, intent: str, segment: str, at: datetime) -> Cell | None:
    """Return what was last set for one kind of case, or None where nothing was."""
    about = {"intent": intent, "segment": segment, "at": at.isoformat()}
    row = connection.execute(_SETTING, about).one_or_none()
    return _set(row) if row is not None else None


def _set(row: Any) -> Cell:
    return Cell(intent=row.intent, segment=row.segment, cap=Autonomy(row.cap), why=row.why)


def earned(connection: Connection, at: datetime, kinds: Kinds) -> list[Cell]:
    """Return where some kinds of case stand by evidence, with their records."""
    return list(_earned(connection, at, kinds)) if kinds.intents else []


def _earned(connection: Connection, at: datetime, kinds: Kinds) -> Iterator[Cell]:
    """Yield where each kind of case stands for this version: on its own record, or after that of the version before."""
    about = {"segment": kinds.segment, "intents": list(kinds.intents)}
    held: dict[str, list[Standing]] = {}
    for row in connection.execute(_STANDING, about).mappings():
        held.setdefault(row["intent"], []).append(standing(row))
    for intent in kinds.intents:
        level, why = _stands(held.get(intent, []), at, kinds)
        if level is not None:
            record = _record(held.get(intent, []), kinds.version)
            yield Cell(intent=intent, segment=kinds.segment, cap=level.cap, why=why, level=level, **record)


def _record(versions: Sequence[Standing], version: str) -> dict[str, Any]:
    """Return what audits found of the running version since it stands on its level."""
    own = next((one.track for one in versions if one.version == version), None)
    return {} if own is None else {"audits": own.certified, "lost": own.lost}


def _stands(versions: Sequence[Standing], at: datetime, kinds: Kinds) -> tuple[Level | None, str]:
    """Return the level of one kind of case now, and why; not knowing lowers it, whether or not anybody noted that."""
    own = next((one for one in versions if one.version == kinds.version), None)
    one = own or (versions[-1] if versions else None)
    if one is None:
        return kinds.start, "this kind of case has not been earned yet"
    level, why = one.level_at(at), f"{one.why} (since {one.since[:10]})"
    if level < one.track.level:
        why = f"nobody audited it in time: the lease ran out on {(one.lease_until or '')[:10]}"
    if one.began_at < (latest := max(versions, key=lambda each: each.began_at)).began_at and latest.track.level < level:
        level, why = latest.level_at(at), f"a later version of the agent lost it: {latest.why}"
    if own is None:
        granted = Level.WATCHED if kinds.start is None else kinds.start
        after = succeed(one.track._replace(level=level), granted, one.track.theta).level
        why = why if after == level else "it stood elsewhere under the version before, and this one has no record yet"
        level = after
    if stop := next((other for other in versions if other.track.halted), None):
        level, why = min(level, Level.DRAFT), stop.why
    return level, why


def lowest(connection: Connection, ticket_id: str) -> Autonomy:
    """Return the least that any ruling on a ticket allowed so far; `act` where there was none.

    A message that goes on with a conversation is bound by what was left open there, too.
    """
    rulings = connection.execute(_RULINGS, {"ticket": ticket_id}).scalars().all()
    before = connection.execute(_BEFORE, {"ticket": ticket_id}).one_or_none()
    left_open = _left_open(connection, before.id, before.status) if before else ACT
    return min(left_open, *(Autonomy(json.loads(body)["autonomy"]) for body in rulings), ACT)


def _left_open(connection: Connection, before: str, status: str) -> Autonomy:
    """Return how far the machine may go on with a conversation: what a person owns or rejected stays with people.

    Where something was done already, a person looks before the same is done again for the same words.
    """
    about = {"ticket": before}
    if status == "handed_off" or connection.execute(_REJECTED, about).scalar_one():
        return HANDOFF
    if status != "continued":
        return ACT
    return min(DRAFT if connection.execute(_BEGUN, about).scalar_one() else ACT, lowest(connection, before))


def set_latitude(connection: Connection, cell: Cell, since: datetime) -> None:
    """Enter what a cell may do from now on."""
    row = {
        **cell.model_dump(mode="json", include={"intent", "segment", "cap", "why"}),
        "id": clock.new_id("lat"),
        "since": since.isoformat(),
    }
    connection.execute(LATITUDE.insert(), row)


def stops(connection: Connection) -> list[Stop]:
    """Return the kill switches that are on."""
    rows = connection.execute(_STOPS).all()
    return [Stop(scope=row.scope, key=row.key, by=row.by, why=row.why) for row in rows]


def stop(connection: Connection, new: Stop) -> str:
    """Turn a kill switch on; it holds before the very next action."""
    stop_id = clock.new_id("stp")
    row = {**new.model_dump(), "id": stop_id, "at": clock.now().isoformat()}
    connection.execute(STOP.insert(), row)
    _log_stop(connection, {"stop": stop_id, "scope": new.scope, "key": new.key, "on": True})
    return stop_id


def release_stop(connection: Connection, scope: str, key: str | None, by: str) -> int:
    """Turn kill switches off; return how many were on."""
    statement = update(STOP).where(STOP.c.scope == scope, STOP.c.released_at.is_(None))
    statement = statement.where(STOP.c.key == key if key else STOP.c.key.is_(None))
    changed = connection.execute(statement.values(released_at=clock.now().isoformat(), released_by=by)).rowcount
    if changed:
        _log_stop(connection, {"scope": scope, "key": key, "on": False})
    return changed


def _log_stop(connection: Connection, body: dict[str, Any]) -> None:
    know_account(connection, UNKNOWN, UNKNOWN)
    chain.append(connection, "stop", UNKNOWN, "-", body)


def orders_of_others(connection: Connection, account_id: str, sender_digest: str, since: datetime) -> list[str]:
    """Return the texts of recent tickets of the same account from other senders."""
    about = {"account": account_id, "sender": sender_digest, "since": since.isoformat()}
    rows = connection.execute(_ORDERS, about).scalars().all()
    texts = [personal.get(connection, pointer) for pointer in rows]
    return [Incoming.model_validate(one).ticket.text for one in texts if one]
