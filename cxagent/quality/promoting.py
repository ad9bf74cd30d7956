"""What people decide about latitude: two of them confirm a step up, one refuses it, one releases a stop."""

from datetime import datetime

from cxagent import clock
from cxagent.context.handover import same_person
from cxagent.domain.cell import Cell, Level
from cxagent.domain.value import Text, Value
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.inbox.people import QA
from cxagent.latitude import detection, ladder, promotion
from cxagent.ledger import cells, history, lessons
from cxagent.ledger.cells import Standing
from cxagent.ledger.findings import Key
from cxagent.ledger.store import Connection, Store
from cxagent.playbook import Playbook
from cxagent.quality.moving import (
    Moved,
    entered,
    limit_of,
    moved,
    out_of_order,
    reworked,
    sensitivity,
    with_threshold,
)

RANK = 1
"""The step on the ladder of signatures from which people decide about latitude."""
SHORTEST_WHY = 10
"""How many letters a reason must have."""


class Outlook(Value):
    """Whether a cell may go one level up now, and what stands in the way."""

    ready: bool
    said: Text


def _outlook(connection: Connection, book: Playbook, one: Standing, at: datetime) -> Outlook:
    terms, track = book.latitude, one.track
    if track.halted:
        return Outlook(ready=False, said=one.why)
    if track.level >= Level.ALONE:
        return Outlook(ready=False, said="there is no level above")
    if trouble := sensitivity(connection, at).trouble:
        return Outlook(ready=False, said=trouble)
    if detection.mean(track.parts) >= detection.line(terms.alarm_at, track.accepted):
        return Outlook(ready=False, said="people disagree with it more often than is accepted just now")
    if not ladder.ready(track, terms):
        more = promotion.still_needed(track.capital, track.theta, terms.risk, track.attempt)
        needs = f"about {more:,} more" if more else "more than can honestly be asked for"
        said = f"{track.certified} audits count so far and it needs {needs} clean ones"
        return Outlook(ready=False, said=f"{said}; {limit_of(book, one.intent, one.segment).said}")
    return Outlook(ready=True, said="the test has succeeded; two people decide")


def confirm(store: Store, book: Playbook, name: str, role: str, promotion_id: str, why: str) -> Moved | None:
    """Say yes to a step up; the yes of a second person makes it count. Return the move, None after the first yes.

    `Refused` where the evidence no longer carries it, and the proposal ends there.
    """
    _may(book, name, role)
    why, at = _sentence(why), clock.now()
    key = _cell_of(store, promotion_id)
    with store.write(cells.queue(key.intent, key.segment)) as connection:
        row = cells.promotion(connection, promotion_id)
        assert row is not None
        if row["status"] != "open":
            raise Conflict(f"the proposal {promotion_id} is {row['status']}")
        if same_person(row["first_by"], name):
            raise Conflict(f"{row['first_by']} has said yes already; a second person must")
        kin = cells.of_kind(connection, key.intent, key.segment)
        one = next(one for one in kin if one.version == key.version)
        if out_of_order(connection, one):
            one = reworked(connection, one)
        one = with_threshold(connection, book, one, at)
        seen = _outlook(connection, book, one, at)
        if any(other.began_at > one.began_at for other in kin):
            seen = Outlook(ready=False, said="another version of the agent has taken its place")
        if seen.ready and row["first_by"] is None:
            cells.answer(connection, promotion_id, first_by=name, first_at=at.isoformat(), why=f"{name}: {why}")
            return None
        if seen.ready:
            said = f"{row['why']}; {name}: {why}"
            second = {"second_by": name, "second_at": at.isoformat(), "status": "confirmed", "why": said}
            cells.answer(connection, promotion_id, **second)
            return _promoted(connection, book, one, (row["first_by"], name), at)
        cells.answer(connection, promotion_id, status="void", why=seen.said)
    raise Refused(f"it may not go up any more: {seen.said}")


def _promoted(connection: Connection, book: Playbook, one: Standing, by: tuple[str, str], at: datetime) -> Moved:
    """Let a cell go one level up; what was set lower for its kind, and what was learned from it, ends with that."""
    said = f"{one.track.certified} audits show it, and {by[0]} and {by[1]} confirmed it"
    track, move = ladder.promote(one.track, said)
    now, step = moved(connection, book, one, track, move, at, by=", ".join(by))
    held = history.setting(connection, one.intent, one.segment, at)
    if held is not None and held.cap < now.track.level.cap:
        cell = Cell(intent=one.intent, segment=one.segment, cap=now.track.level.cap, why=said)
        history.set_latitude(connection, cell, at)
    lessons.forget(connection, one.intent, one.segment, at)
    return step


def refuse(store: Store, book: Playbook, name: str, role: str, promotion_id: str, why: str) -> None:
    """Say no to a step up; one person's no is enough, and it is proposed again only after a while."""
    _may(book, name, role)
    why, at = _sentence(why), clock.now()
    key = _cell_of(store, promotion_id)
    with store.write(cells.queue(key.intent, key.segment)) as connection:
        said = {"status": "refused", "second_by": name, "second_at": at.isoformat(), "why": f"{name}: {why}"}
        if not cells.answer(connection, promotion_id, **said):
            row = cells.promotion(connection, promotion_id)
            raise Conflict(f"the proposal {promotion_id} is {row['status'] if row else 'gone'}")


def release(store: Store, book: Playbook, name: str, role: str, incident_id: str, why: str) -> Moved | None:
    """Release an incident by name and with a reason; return the move, None while another one stops the cell."""
    if book.rank_of(role) < RANK:
        raise Refused(f"{name} may not release a stop: that takes the {_lowest(book)} or above")
    why, at = _sentence(why), clock.now()
    with store.read() as connection:
        row = cells.incident(connection, incident_id)
    if row is None:
        raise BadInput(f"there is no incident {incident_id}", where="incident")
    with store.write(cells.queue(row["intent"], row["segment"])) as connection:
        if not cells.release(connection, incident_id, name, why, at):
            raise Conflict(f"the incident {incident_id} was released before")
        if cells.stopped(connection, row["intent"], row["segment"]):
            return None
        return _let_go(connection, row["intent"], row["segment"], name, why, at)


def _let_go(connection: Connection, intent: str, segment: str, name: str, why: str, at: datetime) -> Moved | None:
    """Let the cells of a kind go on, whatever version was stopped; they stay on their level."""
    found = None
    for one in cells.of_kind(connection, intent, segment):
        if not one.track.halted:
            continue
        track, move = ladder.release(one.track)
        said = f"the incident was released on {at:%Y-%m-%d} by {name}: {why}"
        cells.put(connection, one._replace(track=track, why=said))
        found = entered(connection, one, move._replace(why=said), at, by=name)
    return found


def _cell_of(store: Store, promotion_id: str) -> Key:
    with store.read() as connection:
        row = cells.promotion(connection, promotion_id)
    if row is None:
        raise BadInput(f"there is no proposal {promotion_id}", where="promotion")
    return Key(row["intent"], row["segment"], row["version"])


def _may(book: Playbook, name: str, role: str) -> None:
    if not decides(book, role):
        raise Refused(f"{name} may not decide about latitude: that takes QA, or the {_lowest(book)} or above")


def decides(book: Playbook, role: str) -> bool:
    """Whether a role may say yes or no to a step up: QA, and whoever stands above the first step of the ladder."""
    return role == QA or book.rank_of(role) >= RANK


def _lowest(book: Playbook) -> str:
    """Name the lowest role that decides about latitude; where the ladder has one step, that."""
    return book.sign_off[min(RANK, len(book.sign_off) - 1)].role.replace("_", " ")


def _sentence(why: str) -> str:
    if sum(letter.isalpha() for letter in why) < SHORTEST_WHY:
        raise BadInput("say why in a sentence of your own", where="why")
    return why.strip()
