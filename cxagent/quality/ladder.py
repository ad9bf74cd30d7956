"""The ladder over the ledger: what people found moves the cell it is about, in the same transaction.

Down goes a cell by itself. Up needs the test and then two people; see `promoting`.
"""

from datetime import timedelta
from typing import Any

from cxagent.domain.cell import Level
from cxagent.domain.finding import GRAVE, Finding
from cxagent.domain.value import digest
from cxagent.domain.vocabulary import ACT
from cxagent.errors import Conflict
from cxagent.latitude import ladder
from cxagent.latitude.ladder import Move, Track
from cxagent.ledger import cells, chain, findings, history, personal
from cxagent.ledger.cells import Standing
from cxagent.ledger.findings import Key
from cxagent.ledger.store import Connection, lock
from cxagent.playbook import Playbook
from cxagent.quality.lessons import learn
from cxagent.quality.moving import Moved, lapse, moved, restarted, reworked, stand, with_threshold
from cxagent.quality.settling import sweep

__all__ = ["Moved", "noted", "queue_for", "sweep"]

STOPPED_AGAIN = "a critical error in a cell that was stopped already"


def queue_for(connection: Connection, intent: str, segment: str) -> None:
    """Wait until nobody else moves the cells of a kind; whoever will, does so before anything goes into a chain."""
    lock(connection, cells.queue(intent, segment))


def noted(connection: Connection, book: Playbook, finding: Finding, *, text: str | None = None) -> list[Moved]:
    """Put a finding on record and let its cells move; return the moves.

    It belongs into the writing transaction of whatever the finding comes from. `text` is the note in the person's own
    words. `Conflict` where this person's finding about this decision is on record. An answer to several requests that
    was wrong is held against each of them: nobody says which part of it was.
    """
    others = [] if finding.agrees else _other_intents(connection, finding)
    for intent in sorted({finding.intent, *others}):
        queue_for(connection, intent, finding.segment)
    finding_id = _filed(connection, finding, text)
    if finding.would != ACT:  # what would never have gone out alone says nothing about going out alone
        return []
    moves = _weighed(connection, book, finding, finding_id)
    for intent in others:
        moves += _weighed(connection, book, finding.model_copy(update={"intent": intent}), finding_id)
    return moves


def _other_intents(connection: Connection, finding: Finding) -> list[str]:
    """Return what else the decision answered, beside what the finding is filed under."""
    entry = chain.entry(connection, finding.decision_id)
    return sorted({*entry["body"].get("intents", ())} - {finding.intent}) if entry else []


def _weighed(connection: Connection, book: Playbook, finding: Finding, finding_id: str) -> list[Moved]:
    cell = Key(finding.intent, finding.segment, finding.version)
    stood = stand(connection, book, cell, finding.decided_at, finding.at)
    if stood is None:
        return _overtaken(connection, book, finding, finding_id)
    one, moves = stood
    one, more = lapse(connection, book, one, finding.at)
    moves += more
    one = _renewed(connection, book, with_threshold(connection, book, one, finding.at), finding)
    track, move = _taken(connection, book, one, finding, findings.gravest(connection, finding.decision_id, finding_id))
    if finding.critical:
        cells.add_incident(connection, cell, finding.decision_id, finding_id, finding.by, finding.at)
    if move is not None:
        one, entered = _fallen(connection, book, one, track, move, finding)
        moves.append(entered)
    elif finding.critical:  # it was stopped before: its tests begin anew, and it is learned from all the same
        learn(connection, cell, (finding.decision_id,), finding.at, book.latitude.learning, STOPPED_AGAIN)
        one = restarted(connection, book, one, track, finding.at)
    else:
        one = _corrected(connection, one._replace(track=track), finding)
    one, more = _as_set(connection, book, one, finding)
    moves += more
    cells.put(connection, one)
    return moves


def _overtaken(connection: Connection, book: Playbook, finding: Finding, finding_id: str) -> list[Moved]:
    """Let an error of a version that is gone tighten the one that took its place: nobody knows that it was mended."""
    if finding.agrees or finding.loss < GRAVE:
        return []
    kin = cells.of_kind(connection, finding.intent, finding.segment)
    one = max(kin, key=lambda each: each.began_at)
    if finding.critical:
        gone = Key(finding.intent, finding.segment, finding.version)
        cells.add_incident(connection, gone, finding.decision_id, finding_id, finding.by, finding.at)
    track, move = ladder.surface(one.track, finding.loss, finding.critical, book.latitude)
    if move is not None:
        return [_fallen(connection, book, one, track, move, finding)[1]]
    cells.put(connection, one._replace(track=track))
    return []


def _filed(connection: Connection, finding: Finding, text: str | None) -> str:
    """Put a finding on record and into its account's chain, without anything personal in the line."""
    if findings.known(connection, finding.decision_id, finding.origin, finding.by):
        raise Conflict(f"{finding.by} has said what there is to say about {finding.decision_id}")
    note, pointer = text or finding.note, None
    if note:
        pointer = personal.put(connection, "finding", finding.account_id, finding.ticket_id, {"note": note})
    finding_id = findings.add(connection, finding, pointer.id if pointer else None)
    said = {"intent", "segment", "version", "origin", "chosen", "would", "went", "wanted", "agrees", "severity"}
    body: dict[str, Any] = {"finding": finding_id, "decision": finding.decision_id, "by": digest(finding.by)}
    body |= finding.model_dump(mode="json", include=said) | {"chance": str(finding.chance)}
    body |= {"reasons": list(finding.reasons), "by_policy": finding.by_policy, "by_goals": finding.by_goals}
    chain.append(connection, "finding", finding.account_id, finding.ticket_id, body, pointer)
    return finding_id


def _taken(
    connection: Connection, book: Playbook, one: Standing, finding: Finding, before: float | None
) -> tuple[Track, Move | None]:
    """Let a finding move the tests that tighten: the detector, or the count of errors that came to light.

    A decision counts once, however many look at it; a graver finding than those `before` counts all the same.
    """
    terms = book.latitude
    if before is not None and finding.loss <= before and not finding.critical:
        return one.track, None
    if finding.detects:
        return ladder.detect(one.track, finding.loss, finding.critical, terms)
    if finding.agrees:
        return one.track, None
    track = one.track._replace(decided=max(one.track.decided, findings.alone(connection, one.key)))
    return ladder.surface(track, finding.loss, finding.critical, terms)


def _fallen(
    connection: Connection, book: Playbook, one: Standing, track: Track, move: Move, finding: Finding
) -> tuple[Standing, Moved]:
    why = f"an incident of {finding.at:%Y-%m-%d} is not released" if move.kind == "incident" else None
    return moved(connection, book, one, track, move, finding.at, about=finding, why=why)


def _corrected(connection: Connection, one: Standing, finding: Finding) -> Standing:
    """Work the running test out anew where a decision that it counted already is judged once more."""
    about = (one.key, one.began_at, one.settled_to, finding.decision_id)
    return reworked(connection, one) if findings.was_counted(connection, *about) else one


def _as_set(connection: Connection, book: Playbook, one: Standing, finding: Finding) -> tuple[Standing, list[Moved]]:
    """Follow what was set for the kind because an effect did not hold: it is earned back like any other fall."""
    held = history.setting(connection, one.intent, one.segment, finding.at)
    if held is None or held.cap >= one.track.level.cap:
        return one, []
    lower = Level.under(held.cap)
    move = Move("surfaced", one.track.level, lower, held.why)
    now, entered = moved(connection, book, one, ladder.reset(one.track, lower), move, finding.at, about=finding)
    return now, [entered]


def _renewed(connection: Connection, book: Playbook, one: Standing, finding: Finding) -> Standing:
    """Begin the lease of a cell with its first decision alone, and renew it with every audit while there are enough."""
    if one.track.level <= Level.DRAFT:
        return one
    terms, lease = book.latitude, timedelta(days=book.latitude.lease_days)
    until = one.lease_until
    if until is None and finding.went == ACT:
        until = (finding.decided_at + lease).isoformat()
    since = finding.at - lease
    if finding.origin == "audit" and findings.audited(connection, one.key, since) >= terms.lease_audits:
        until = max(until or "", (finding.at + lease).isoformat())
    return one._replace(lease_until=until)
