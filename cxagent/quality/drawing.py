"""The draw: which decisions are audited, by chance alone, and by whom.

Whether a decision is drawn follows from a seed that was fixed before it and from its id, with the chance that its line
in the log has held since it was made. Any number of processes may draw side by side, and again: it comes out the same.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cxagent import clock
from cxagent.agent import Agent
from cxagent.context.handover import same_person
from cxagent.domain.cell import UNREAD
from cxagent.domain.finding import Chosen
from cxagent.domain.review import amount_of
from cxagent.inbox.people import QA
from cxagent.ledger import absences, audits, personal
from cxagent.ledger.store import Connection
from cxagent.playbook import Playbook

OVERLAP = timedelta(minutes=5)
"""How far back tickets are looked at again: one that ended earlier may have come on record later."""
UNSAMPLED_DAYS = 30
"""After how many days without an audit the next decision of a cell is drawn whatever chance says."""


class Drawn(NamedTuple):
    """How many ended tickets were looked through, and the audits that came of it."""

    looked: int
    audits: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Decision:
    """The ruling that stands behind how a ticket ended, with what its line in the log says of it."""

    id: str
    ticket_id: str
    account_id: str
    root_id: str
    at: str
    personal_id: str
    intent: str
    segment: str
    version: str
    level: int
    would: str
    went: str
    stake: str
    chance: float

    @property
    def cell(self) -> tuple[str, str]:
        """The cell, whatever the version."""
        return self.intent, self.segment


class Pick(NamedTuple):
    """A decision that was drawn: why, with which chance, and whether as a second opinion."""

    decision: Decision
    chosen: Chosen
    chance: float
    round: int = 1


def draw(agent: Agent, now: datetime) -> Drawn:
    """Look through the tickets that ended since the last time, and draw; one question where nothing is new."""
    with agent.store.read() as connection:
        seed, drawn_to = audits.state(connection)
        gone = audits.erased(connection)
        at, count = audits.latest(connection, _since(drawn_to))
        nothing_new = at is None or _marked(at, count) == drawn_to
    if gone:
        with agent.store.write("audits") as connection:
            audits.void(connection, gone)
    if nothing_new:
        return Drawn(0, ())
    moments, found, since, after = list[str](), list[dict[str, Any]](), _since(drawn_to), ""
    while True:
        with agent.store.write("audits") as connection:
            rows = audits.ended(connection, since, after)
            found += (made := _drawn(connection, agent.project.in_force, seed, rows, now))
            audits.add(connection, made)
            moments += [row.updated_at for row in rows]
            audits.move(connection, _mark(moments))
        if len(rows) < audits.BATCH:
            return Drawn(len(moments), tuple(found))
        since, after = rows[-1].updated_at, rows[-1].id


def _since(drawn_to: str) -> str:
    """Return from where on tickets are looked at, given up to where they were."""
    at = drawn_to.partition("|")[0]
    return (datetime.fromisoformat(at) - OVERLAP).isoformat() if at else ""


def _mark(moments: Sequence[str]) -> str:
    """Return up to where tickets were looked at, and how many of late: the same again means that nothing is new.

    They are counted as they were read: one that comes on record meanwhile makes the count another one.
    """
    if not moments:
        return ""
    since = _since(moments[-1])
    return _marked(moments[-1], sum(one >= since for one in moments))


def _marked(at: str, count: int) -> str:
    return f"{at}|{count:09d}"


def _drawn(
    connection: Connection, book: Playbook, seed: str, rows: Sequence[Any], now: datetime
) -> list[dict[str, Any]]:
    """Return the audits that are drawn from some ended tickets, each with who does it."""
    decisions = _standing(connection, rows)
    known = audits.known(connection, [one.id for one in decisions])
    fresh = [one for one in decisions if one.id not in known]
    picks = [pick for one in fresh if (pick := chosen(seed, one, book)) is not None]
    seen = personal.get_all(connection, [pick.decision.personal_id for pick in picks])
    picks = [pick for pick in picks if pick.decision.personal_id in seen]  # what was erased cannot be judged
    touched = {pick.decision.cell for pick in picks}
    extra = list(_unsampled(connection, seed, [one for one in fresh if one.cell not in touched], now))
    seen |= personal.get_all(connection, [pick.decision.personal_id for pick in extra])
    picks += extra
    second = book.latitude.audited.second
    picks += [
        Pick(pick.decision, "second", second, round=2)
        for pick in picks
        if share_of(seed, pick.decision.id, "second") < second
    ]
    if not picks:
        return []
    rota = Rota(book, audits.load(connection), {row["person"] for row in absences.today(connection, now.date())})
    barred = audits.involved(connection, [pick.decision.ticket_id for pick in picks])
    return list(_assigned(picks, seen, rota, barred, book, now))


def chosen(seed: str, one: Decision, book: Playbook) -> Pick | None:
    """Return why a decision is drawn, None where it is not: by its recorded chance, else by what is at stake."""
    if one.chance >= 1:
        return Pick(one, "all", 1.0)
    if share_of(seed, one.id, "uniform") < one.chance:
        return Pick(one, "uniform", one.chance)
    extra = by_stake(one.stake, book)
    return Pick(one, "stake", extra) if share_of(seed, one.id, "stake") < extra else None


def by_stake(stake: str, book: Playbook) -> float:
    """Return the chance of an extra draw: in proportion to the stake, up to the terms' bound for a large account."""
    part = min(1.0, float(amount_of(stake)) / max(1.0, float(book.tiers.mid_up_to)))
    return book.latitude.audited.by_stake * part


def share_of(seed: str, decision_id: str, what: str) -> float:
    """Return a number from 0 up to 1 that a seed and a decision fix for one purpose."""
    drawn = hashlib.sha256(f"{seed} {decision_id} {what}".encode()).hexdigest()
    return int(drawn[:13], 16) / 16**13


def _unsampled(connection: Connection, seed: str, rest: Sequence[Decision], now: datetime) -> Iterator[Pick]:
    """Yield one decision of every cell that has had no audit for a while, each as likely as the others of its cell."""
    since = (now - timedelta(days=UNSAMPLED_DAYS)).isoformat()
    cells: dict[tuple[str, str], list[Decision]] = {}
    for one in rest:
        if one.at >= since:
            cells.setdefault(one.cell, []).append(one)
    if not cells:
        return
    there = personal.get_all(connection, [one.personal_id for found in cells.values() for one in found])
    for cell, found in cells.items():
        able = [one for one in found if one.personal_id in there]
        if able and not audits.sampled(connection, *cell, since):
            yield Pick(min(able, key=lambda one: share_of(seed, one.id, "stratum")), "stratum", 1 / len(able))


def _standing(connection: Connection, rows: Sequence[Any]) -> list[Decision]:
    """Return the rulings that stand behind how some tickets ended; lines from before there were marks are passed."""
    ids = [row.id for row in rows]
    if not ids:
        return []
    rulings, answered = audits.rulings(connection, ids), audits.answered_by(connection, ids)
    rewritten, found = audits.rewritten(connection, ids), list[Decision]()
    for row in rows:
        ruled = rulings.get(row.id, [])
        wanted = answered.get(row.id) if row.disposition != "handed_off" else None
        line = next((one for one in ruled if one.id == wanted), None) if wanted else audits.last_own(ruled, rewritten)
        if line is not None and line.personal_id and "chance" in (body := json.loads(line.body)):
            found.append(_decision(row, line, body))
    return found


def _decision(row: Any, line: Any, body: Mapping[str, Any]) -> Decision:
    return Decision(
        id=line.id,
        ticket_id=row.id,
        account_id=row.account_id,
        root_id=row.root_id,
        at=line.at,
        personal_id=line.personal_id,
        intent=next(iter(body["intents"]), UNREAD),
        segment=body["segment"],
        version=body["version"],
        level=body["level"],
        would=body["would"],
        went=body["autonomy"],
        stake=body["stake"],
        chance=float(body["chance"]),
    )


# ---- who does it ----------------------------------------------------------------------------------------------------


class Rota:
    """Who gets the next audit: whoever has the fewest to do, of those who are there."""

    def __init__(self, book: Playbook, load: Mapping[str, int], away: Collection[str]) -> None:
        self._load, self._away = dict(load), away
        self._qa = [one.name for one in book.people if one.role == QA]
        self._ladder = [one.name for one in book.people if book.rank_of(one.role) >= 0]

    def next(self, barred: Collection[str], *, second: bool = False) -> str | None:
        """Return who does an audit, None where nobody may: QA first, second opinions also the ladder of signatures."""

        def able(names: Sequence[str]) -> list[str]:
            return [name for name in names if not any(same_person(name, one) for one in barred)]

        found = able([*self._qa, *self._ladder]) if second else able(self._qa) or able(self._ladder)
        if not found:
            return None
        name = min(found, key=lambda one: (one in self._away, self._load.get(one, 0), found.index(one)))
        self._load[name] = self._load.get(name, 0) + 1
        return name


def _assigned(
    picks: Sequence[Pick],
    seen: Mapping[str, Any],
    rota: Rota,
    involved: Mapping[str, set[str]],
    book: Playbook,
    now: datetime,
) -> Iterator[dict[str, Any]]:
    first: dict[str, str | None] = {}
    terms = book.latitude
    for pick in picks:
        one, text = pick.decision, seen[pick.decision.personal_id]
        author = (text.get("proposer") or {}).get("name")
        barred = {*involved.get(one.ticket_id, ()), *filter(None, (author, first.get(one.id)))}
        auditor = first[one.id] = rota.next(barred, second=pick.round == 2)
        yield {
            "id": clock.new_id("aud"),
            "decision_id": one.id,
            "ticket_id": one.ticket_id,
            "account_id": one.account_id,
            "account_name": ((text.get("audit") or {}).get("account") or {}).get("name"),
            "root_id": one.root_id,
            "intent": one.intent,
            "segment": one.segment,
            "version": one.version,
            "level": one.level,
            "would": one.would,
            "went": one.went,
            "stake": one.stake,
            "chosen": pick.chosen,
            "chance": pick.chance,
            "round": pick.round,
            "decided_at": one.at,
            "drawn_at": now.isoformat(),
            "due": (now + timedelta(days=terms.due_days)).isoformat(),
            "matures_at": (datetime.fromisoformat(one.at) + timedelta(days=terms.mature_days)).isoformat(),
            "auditor": auditor,
            "status": "open",
        }
