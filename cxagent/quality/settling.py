"""What time brings about: audits mature and count, tests succeed and are proposed to people, leases run out."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cxagent.domain.cell import Level
from cxagent.domain.vocabulary import ACT
from cxagent.latitude import ladder, promotion
from cxagent.ledger import cells, findings
from cxagent.ledger.cells import Standing
from cxagent.ledger.findings import BATCH, Key
from cxagent.ledger.store import Connection
from cxagent.playbook import Playbook
from cxagent.quality.moving import (
    Moved,
    lapse,
    limit_of,
    out_of_order,
    reworked,
    sensitivity,
    share_caught,
    stand,
    with_threshold,
)

if TYPE_CHECKING:
    from cxagent.agent import Agent


def sweep(agent: "Agent", now: datetime) -> list[Moved]:
    """Do for every cell what is due: count what matured, propose what is proven, end what ran out.

    Each kind of case has a transaction of its own; where nothing is new nothing is written.
    """
    judge = agent.project.steps.judge
    book, version = judge.playbook, judge.version
    with agent.store.read() as connection:
        kinds = due(connection, book, now, version)
    found: list[Moved] = []
    for kind in kinds:
        with agent.store.write(cells.queue(*kind)) as connection:
            found += _settle(connection, book, kind, now, version)
            found += _expire(connection, book, kind, now, version)
    return found


def due(connection: Connection, book: Playbook, now: datetime, version: str) -> list[cells.Kind]:
    """Return the kinds of case for which there is something to do, in order."""
    found = {(one.intent, one.segment) for one in findings.new_cells(connection)}
    caught = share_caught(connection, now)
    for one in cells.current(cells.all_of_them(connection), version).values():
        theta = limit_of(book, one.intent, one.segment).theta * caught
        if one.lapsed(now.isoformat()) or theta < one.track.theta * (1 - 1e-9) or _ripe(connection, one, now):
            found.add((one.intent, one.segment))
    return sorted(found)


def _ripe(connection: Connection, one: Standing, now: datetime) -> bool:
    """Whether the next audit in line has matured, or what was drawn late lies behind the line."""
    head = findings.following(connection, one.key, one.settled_to, most=1)
    return (bool(head) and head[0].matures_at <= now.isoformat()) or out_of_order(connection, one)


def _settle(connection: Connection, book: Playbook, kind: cells.Kind, now: datetime, version: str) -> list[Moved]:
    """Count the audits that matured, in the order of their decisions, and propose what the test has proven."""
    moves = _begun(connection, book, kind, now)
    one = cells.current(cells.of_kind(connection, *kind), version).get(kind)
    if one is None:
        return moves
    one = with_threshold(connection, book, one, now)
    if _ripe(connection, one, now):
        if out_of_order(connection, one):
            one = reworked(connection, one)
        one = _counted(connection, one, now)
    cells.put(connection, one)
    propose(connection, book, one, now)
    return moves


def _begun(connection: Connection, book: Playbook, kind: cells.Kind, now: datetime) -> list[Moved]:
    """Begin the cells of a kind that were drawn from for the first time, and the lease of what went out alone."""
    moves: list[Moved] = []
    for new in findings.new_cells(connection):
        if (new.intent, new.segment) != kind:
            continue
        first = datetime.fromisoformat(new.first)
        stood = stand(connection, book, Key(*kind, new.version), first, now)
        if stood is None:
            continue
        one, more = stood
        moves += more
        if new.went == ACT and one.track.level > Level.DRAFT and one.lease_until is None:
            lease = first + timedelta(days=book.latitude.lease_days)
            cells.put(connection, one._replace(lease_until=lease.isoformat()))
    return moves


def _counted(connection: Connection, one: Standing, now: datetime) -> Standing:
    """Take what matured into the running test, head of line: the first that has not matured holds up the rest."""
    track, place = one.track, one.settled_to
    while rows := findings.following(connection, one.key, place):
        for row in rows:
            if row.matures_at > now.isoformat():
                return one._replace(track=track, settled_to=place)
            track, place = ladder.certify(track, 1.0 if row.loss is None else row.loss), row.place
        if len(rows) < BATCH:
            break
    return one._replace(track=track, settled_to=place)


def propose(connection: Connection, book: Playbook, one: Standing, now: datetime) -> str | None:
    """Propose a step up where the test has succeeded; return the proposal's id, None where there is none to make."""
    terms, seen = book.latitude, sensitivity(connection, now)
    if seen.trouble is not None or not ladder.ready(one.track, terms):
        return None
    last = cells.last_promotion(connection, one.key)
    if last is not None and last["status"] == "open":
        return None
    recently = (now - timedelta(days=terms.lease_days)).isoformat()
    if last is not None and last["status"] == "refused" and last["second_at"] > max(one.began_at, recently):
        return None  # what somebody refused is asked again after a while, not every minute
    track, limit = one.track, limit_of(book, one.intent, one.segment)
    evidence = {
        "reviews": track.certified,
        "losses": round(track.lost, 4),
        "capital": round(promotion.wealth(track.capital), 4),
        "needed": round(promotion.needed(terms.risk, track.attempt), 4),
        "attempt": track.attempt,
        "theta": track.theta,
        "planted": seen.planted,
        "caught": seen.caught,
        "caught_at_least": seen.at_least,
        "threshold": limit.said,
    }
    return cells.propose(connection, one.key, track.level, evidence, now)


def _expire(connection: Connection, book: Playbook, kind: cells.Kind, now: datetime, version: str) -> list[Moved]:
    """Lower the cell of a kind at which nobody has looked for too long."""
    one = cells.current(cells.of_kind(connection, *kind), version).get(kind)
    return [] if one is None else lapse(connection, book, one, now)[1]
