"""A blind audit: somebody says what they would have wanted, and only then sees what the machine did, and judges it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from cxagent import clock
from cxagent.agent import Agent
from cxagent.context.handover import same_person
from cxagent.domain.finding import RUBRIC, Finding, traits_of
from cxagent.domain.review import REASONS, Severity, known_amount
from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import Autonomy
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.inbox.people import QA
from cxagent.ledger import accesses, audits, chain, personal, rulings
from cxagent.ledger import coverage as recorded
from cxagent.ledger.store import Connection
from cxagent.playbook import Playbook
from cxagent.quality import repairs
from cxagent.quality.drawing import UNSAMPLED_DAYS, Drawn, draw
from cxagent.quality.ladder import noted
from cxagent.quality.sheets import ERASED, Sheet, Wanted, sheet_of

__all__ = ["Coverage", "Drawn", "Opinion", "Sheet", "Wanted", "coverage", "draw", "due", "record", "sheet", "want"]

Mark = Literal["met", "not_met", "not_applicable"]
LONGEST_WORDS = 4000


class Opinion(Value):
    """What an auditor found once they saw the machine's answer.

    `by_goals` is None where no goal of the account is known.
    """

    agrees: bool
    rubric: dict[str, Mark]
    by_policy: bool
    by_goals: bool | None = None
    severity: Severity | None = None
    reasons: tuple[Text, ...] = ()
    note: Text | None = None


class Covered(Value):
    """How far one cell is audited: decisions of late, how many were drawn and audited, how many audits are late."""

    intent: Text
    segment: Text
    decisions: int
    drawn: int
    done: int
    overdue: int


class Coverage(Value):
    """How far decisions are audited, by cell; `overdue` is the alarm, over everything that is still to be done."""

    days: int
    cells: tuple[Covered, ...]
    overdue: int


def may_audit(book: Playbook, name: str) -> bool:
    """Whether a person audits at all: QA, and whoever decides drafts."""
    found = book.colleague(name)
    return found is not None and (found.role == QA or book.rank_of(found.role) >= 0)


def due(connection: Connection, now: datetime) -> list[dict[str, Any]]:
    """Return what is still to be done, the earliest date first, each with whether it is late."""
    return [{**row, "overdue": row["due"] < now.isoformat()} for row in audits.due(connection)]


def coverage(connection: Connection, now: datetime) -> Coverage:
    """Return how far the decisions of the last days are audited, the least covered cells first."""
    since = (now - timedelta(days=UNSAMPLED_DAYS)).isoformat()
    decided, drawn = recorded.decisions(connection, since), recorded.by_cell(connection, since, now.isoformat())
    nothing = recorded.Covered(0, 0, 0)
    cells = [
        Covered(intent=intent, segment=segment, decisions=many, **found._asdict())
        for intent, segment in sorted({*decided, *drawn})
        for many, found in ((decided.get((intent, segment), 0), drawn.get((intent, segment), nothing)),)
    ]
    cells.sort(key=lambda one: (one.drawn > 0 or one.decisions == 0, -one.overdue))
    return Coverage(days=UNSAMPLED_DAYS, cells=tuple(cells), overdue=recorded.overdue(connection, now.isoformat()))


# ---- the two steps --------------------------------------------------------------------------------------------------


def sheet(agent: Agent, by: str, audit_id: str, via: str = "page") -> Sheet:
    """Return an audit as a person sees it, and note that they did; `Refused` where it is not theirs to judge."""
    with agent.store.write() as connection:
        row = _theirs(connection, agent.project.in_force, by, audit_id)
        found = sheet_of(connection, row)
        accesses.note(connection, by, via, "audit", audit_id, row["account_id"])
    return found


def want(agent: Agent, by: str, audit_id: str, wanted: Wanted) -> None:
    """Record what an auditor would have wanted, once and for good: from here on they see what the machine did."""
    if wanted.words is not None and len(wanted.words) > LONGEST_WORDS:
        raise BadInput(f"write at most {LONGEST_WORDS} characters", where="words")
    with agent.store.write(f"audit {audit_id}") as connection:
        row = _theirs(connection, agent.project.in_force, by, audit_id)
        pointer = None
        if wanted.words:
            said = {"route": wanted.route.value, "words": wanted.words}
            pointer = personal.put(connection, "audit", row["account_id"], row["ticket_id"], said).id
        now = clock.now().isoformat()
        if not audits.want(connection, audit_id, by, wanted.route.value, pointer, now):
            raise Conflict("what was wanted here is on record, and stays as it was said")


def record(agent: Agent, by: str, audit_id: str, opinion: Opinion) -> Finding:
    """Record what an auditor found; the cell moves in the same moment, and what was sent wrongly is to be repaired."""
    book = agent.project.in_force
    with agent.store.read() as connection:
        ticket_id = _known(connection, audit_id)["ticket_id"]
    with agent.store.write(ticket_id) as connection:
        row = _theirs(connection, book, by, audit_id)
        if row["status"] == "open":
            raise BadInput(
                "say first what you would have wanted; the machine's answer is shown after that", where="wanted"
            )
        require_whole(opinion, row, sheet_of(connection, row).goals)
        now, opened = clock.now(), audits.opened(connection, by, audit_id)
        seconds = int((now - datetime.fromisoformat(opened)).total_seconds()) if opened else None
        if not audits.close(connection, audit_id, by, seconds, now.isoformat()):
            raise Conflict("your finding on this decision is on record")
        finding = _finding(connection, row, by, opinion, now)
        noted(connection, book, finding, text=opinion.note)
    repairs.open_for(agent, finding)
    return finding


def require_whole(opinion: Opinion, row: Mapping[str, Any], goals: list[Mapping[str, Any]]) -> None:
    """Refuse a finding that says too little, or contradicts itself, with the sentence that says which."""
    if missing := [one for one in RUBRIC if one not in opinion.rubric]:
        raise BadInput(f"say of {', '.join(missing)} whether it was met", where="rubric")
    if strange := [one for one in opinion.rubric if one not in RUBRIC]:
        raise BadInput(f"{strange[0]!r} is no part of the rubric; that is {', '.join(RUBRIC)}", where="rubric")
    if strange := [one for one in opinion.reasons if one not in REASONS]:
        raise BadInput(f"{strange[0]!r} is no reason; reasons are {', '.join(REASONS)}", where="reason")
    if opinion.by_goals is None and goals:
        raise BadInput("their goals are on record: say whether the answer is right by them", where="goals")
    if opinion.agrees:
        _require_agreement(opinion, row)
        return
    if not opinion.reasons:
        raise BadInput("choose at least one reason code; words alone are not enough", where="reason")
    if opinion.severity is None:
        raise BadInput("say how bad it was: minor, major or critical", where="severity")


def _require_agreement(opinion: Opinion, row: Mapping[str, Any]) -> None:
    """Refuse an agreement that what else was said contradicts."""
    wanted, would = Autonomy(row["wanted"]), Autonomy(row["would"])
    if opinion.by_goals is False:
        raise BadInput(
            "an answer that fails their goals is not agreed with, even where policy allows it", where="agrees"
        )
    if not opinion.by_policy:
        raise BadInput("an answer that is wrong by our own policy is not agreed with", where="agrees")
    if wanted < would:
        said = f"you wanted {wanted.value}, and the machine would {would.value}: that is stricter, and no agreement"
        raise BadInput(said, where="agrees")
    if unmet := _unmet(opinion):
        raise BadInput(f"{', '.join(unmet)} was not met: say that you do not agree, and how bad it was", where="agrees")
    if opinion.severity is not None or opinion.reasons:
        raise BadInput("who agrees names neither a severity nor a reason", where="agrees")


def _unmet(opinion: Opinion) -> tuple[str, ...]:
    return tuple(one for one in RUBRIC if opinion.rubric[one] == "not_met")


def _finding(connection: Connection, row: Mapping[str, Any], by: str, opinion: Opinion, now: datetime) -> Finding:
    judged = ("decision_id", "ticket_id", "account_id", "root_id", "intent", "segment", "version", "decided_at")
    drawn = ("chosen", "chance", "would", "went", "wanted")
    return Finding.model_validate(
        {
            **{name: row[name] for name in (*judged, *drawn)},
            "origin": "audit",
            "agrees": opinion.agrees,
            "severity": opinion.severity,
            "reasons": opinion.reasons,
            "unmet": _unmet(opinion),
            "traits": traits_of(chain.body(connection, row["decision_id"])),
            "by_policy": opinion.by_policy,
            "by_goals": opinion.by_goals,
            "by": by,
            "note": opinion.note,
            "stake": known_amount(row["stake"]),
            "at": now,
        }
    )


# ---- whose it is -----------------------------------------------------------------------------------------------------


def _known(connection: Connection, audit_id: str) -> dict[str, Any]:
    row = audits.one(connection, audit_id)
    if row is None:
        raise BadInput(f"there is no audit {audit_id}", where="AUDIT_ID")
    return row


def _theirs(connection: Connection, book: Playbook, by: str, audit_id: str) -> dict[str, Any]:
    """Return an audit that a person may judge: theirs, or one that nobody has begun and that they can be blind to."""
    row = _known(connection, audit_id)
    if row["status"] == "void":
        raise Refused(ERASED)
    if row["status"] != "open":
        if not same_person(row["auditor"], by):
            raise Refused(f"this audit is {row['auditor']}'s, and nobody else reads what they think before it counts")
        return row
    if not may_audit(book, by):
        raise Refused(f"{by} may look, and audits no decisions")
    if any(same_person(by, name) for name in audits.other_auditors(connection, row)):
        raise Refused("the other opinion on this decision is yours; this one is for somebody else")
    known = audits.involved(connection, [row["ticket_id"]]).get(row["ticket_id"], set())
    entry = rulings.with_ticket(connection, row["decision_id"])
    author = (entry[0]["personal"].get("proposer") or {}).get("name") if entry else None
    if any(same_person(by, name) for name in (*known, author)):
        raise Refused("you decided this, or saw what the machine made of it; somebody else must audit it")
    return row
