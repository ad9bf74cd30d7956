"""Repairs: what was found wrong after it was sent gets an owner, a date and a drafted correction, and stays on record.

A breach costs trust when it is found. An apology gives a part of that back, never more than is left of the breach.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from cxagent import aftercare, brief, clock
from cxagent.aftercare.correcting import brief_of, hand_over, owner_of
from cxagent.aftercare.past import judged
from cxagent.agent import Agent
from cxagent.context.handover import same_person
from cxagent.context.standing import TrustEvent, trust_balance
from cxagent.domain.finding import LOSS, Finding
from cxagent.domain.review import Severity
from cxagent.domain.vocabulary import SILENT, Tier
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.inbox.people import Person, decider
from cxagent.ledger import absences, accesses, audits, chain, findings, history, passing, personal, repairs, reports
from cxagent.ledger.repairs import How, Sent
from cxagent.ledger.store import Connection
from cxagent.ledger.tickets import UNKNOWN
from cxagent.playbook import Playbook
from cxagent.quality.apologies import drafted
from cxagent.steps.held import Held

MENDS: dict[Severity, Decimal] = {"minor": Decimal("0.1"), "major": Decimal("0.25"), "critical": Decimal("0.25")}
"""How much of the trust that an error cost an apology gives back."""
HOURS: dict[Severity, Tier] = {"minor": Tier.LOW, "major": Tier.MID, "critical": Tier.HIGH}
"""Whose time to answer a repair has."""
WEIGHT: dict[Severity, int] = {"minor": 0, "major": 1, "critical": 2}
RANK = 1
"""Who may close a repair of somebody else's: everybody above the first step of the ladder."""
LOOKED_BACK = timedelta(days=60)
"""How far back a sweep looks for findings whose repair was not opened."""
SHORTEST_REASON, LONGEST_TEXT = 10, 20_000


class Sheet(NamedTuple):
    """One repair as its owner sees it; the texts are None or left out where they were erased."""

    row: Mapping[str, Any]
    draft: str | None
    replies: tuple[str, ...]
    effects: tuple[Mapping[str, Any], ...]
    findings: tuple[Mapping[str, Any], ...]
    text: str | None
    handoff: Mapping[str, Any] | None


# ---- a disagreement comes in ----------------------------------------------------------------------------------------


def open_for(agent: Agent, finding: Finding) -> str | None:
    """Open a repair where a finding says that what went out was wrong; return its id, None where none is needed.

    There is one for each decision: a second finding is noted on it, and may make it weigh more. A finding that nobody
    minds, or that a person would have let more go, asks for no apology.
    """
    if finding.agrees or _only_bolder(finding):
        return None
    with agent.store.read() as connection:
        entry = chain.entry(connection, finding.decision_id)
    if entry is None or entry["kind"] != "ruling":
        raise BadInput(f"there is no decision {finding.decision_id}", where="decision_id")
    with agent.store.write(entry["ticket_id"]) as connection:
        known = repairs.of(connection, finding.decision_id)
        if known is not None:
            _again(connection, agent.project.in_force, known, finding)
            return str(known["id"])
        sent = _felt(agent, repairs.sent(connection, finding.decision_id))
        if sent.at is None or datetime.fromisoformat(sent.at) > finding.at:
            return None
        return _begin(connection, agent, entry, finding, sent)


def sweep(agent: Agent, now: datetime) -> list[str]:
    """Open what a crash kept from being opened, between a finding and its repair; return their ids."""
    with agent.store.read() as connection:
        left = repairs.unrepaired(connection, (now - LOOKED_BACK).isoformat())
    return [opened for finding in left if (opened := open_for(agent, finding))]


def _only_bolder(finding: Finding) -> bool:
    """Whether all that is wrong is that a person was asked: what went out was right as it was."""
    bolder = finding.wanted is not None and finding.wanted > finding.went
    return (
        bolder
        and set(finding.unmet) <= {"routing"}
        and finding.by_policy is not False
        and finding.by_goals is not False
    )


def _felt(agent: Agent, sent: Sent) -> Sent:
    """Leave out what the customer does not feel: a note to a colleague is no answer."""
    tools = agent.project.steps.executor.tools
    loud = tuple(one for one in sent.effects if one["tool"] not in tools or tools[one["tool"]].effect not in SILENT)
    return sent._replace(effects=loud)


def _begin(connection: Connection, agent: Agent, entry: dict[str, Any], finding: Finding, sent: Sent) -> str:
    book, now, severity = agent.project.in_force, clock.now(), finding.severity or "minor"
    given, tools = judged(connection, entry), agent.project.steps.executor.tools
    owner, due = _owner(connection, book, entry, given), _due(book, severity, now)
    assert sent.at is not None
    at = datetime.fromisoformat(sent.at)
    replies = [found["reply"] for one in sent.replies if (found := personal.get(connection, one["personal_id"]))]
    words = drafted(finding, given, at, owner, replies)
    account = given.audit.account if given else None
    row = {
        "decision_id": entry["id"],
        "finding_id": findings.known(connection, finding.decision_id, finding.origin, finding.by),
        "found_by": finding.by,
        "ticket_id": entry["ticket_id"],
        "account_id": entry["account_id"],
        "account_name": account.name if account else None,
        "root_id": given.audit.root_id if given else finding.root_id,
        "severity": severity,
        "owner": owner,
        "due": due.isoformat(),
        "opened_at": now.isoformat(),
        "undo": " ".join(
            str(one["id"])
            for one in sent.effects
            if one["tool"] in tools and tools[one["tool"]].undo and not _undone(one)
        ),
    }
    repair_id = repairs.begin(connection, row, {"draft": words})
    audits.let_go(connection, entry["id"], owner)  # who puts it right has seen it: somebody else judges it blind
    what = f"what went out on {at:%d %B %Y} was found wrong ({severity}) by {finding.by}"
    told = brief_of(book, entry, given, due, what, "found_wrong", words)
    hand_over(connection, entry, owner, due, told)
    _trust(connection, row, -Decimal(str(LOSS[severity])), f"an answer of {at:%Y-%m-%d} was found wrong ({severity})")
    return repair_id


def _again(connection: Connection, book: Playbook, row: Any, finding: Finding) -> None:
    """Note a further finding; one that weighs more shortens the time, costs what it costs more, and opens it anew."""
    severity, before, now = finding.severity or "minor", row["severity"], clock.now()
    if repairs.noted(connection, row, finding.by, severity):
        return
    graver = WEIGHT[severity] > WEIGHT[before]
    due = min(_due(book, severity, now).isoformat(), row["due"]) if row["status"] == "open" else None
    due = due or _due(book, severity, now).isoformat()
    repairs.again(connection, row, finding.by, severity, due if graver else None)
    more = Decimal(str(LOSS[severity])) - Decimal(str(LOSS[before]))
    if graver and more:
        _trust(connection, row, -more, f"an answer was found worse than was thought ({severity})")


def _owner(connection: Connection, book: Playbook, entry: dict[str, Any], given: Held | None) -> str:
    """Name who puts it right: the account's owner where they decide drafts, else who may sign; or who stands in."""
    role = entry["personal"]["ruling"]["sign_off"] if given else book.sign_off[0].role
    name = owner_of(book, entry, given)
    name = found.name if (found := decider(book, name)) else brief.signer(book, role)
    away = {row["person"]: row["delegate"] for row in absences.today(connection, _today(book))}
    if name not in away:
        return name
    stands_in = decider(book, away[name]) if away[name] else None
    if stands_in is not None and stands_in.name not in away:
        return stands_in.name
    return brief.next_up(book, name, role, away)


def _today(book: Playbook) -> date:
    return clock.now().astimezone(ZoneInfo(book.business_hours.timezone)).date()


def _due(book: Playbook, severity: Severity, now: datetime) -> datetime:
    return brief.business_time(now, timedelta(hours=book.deadline_hours[HOURS[severity]]), book.business_hours)


def _trust(connection: Connection, row: Mapping[str, Any], weight: Decimal, what: str) -> None:
    """Enter what an error cost or an apology gave back; who nobody could resolve has no trust to lose."""
    if row["account_id"] != UNKNOWN and weight:
        event = TrustEvent(at=clock.now(), weight=weight, what=what)
        history.add_trust_event(connection, row["account_id"], row["root_id"], event)


# ---- a person puts it right -----------------------------------------------------------------------------------------


def done(agent: Agent, person: Person, repair_id: str, how: How, text: str) -> None:
    """Close a repair, once: with what its owner wrote to the customer, or with the reason why nothing was needed.

    People write in their own channel and say so here, as with a handoff. `Conflict` names who was first.
    """
    said = text.strip()
    if how == "not_needed" and sum(letter.isalpha() for letter in said) < SHORTEST_REASON:
        raise BadInput(f"say in at least {SHORTEST_REASON} letters why nothing is to be put right", where="text")
    if not said:
        raise BadInput("give what you wrote to the customer", where="text")
    if len(said) > LONGEST_TEXT:
        raise BadInput(f"give at most {LONGEST_TEXT} characters", where="text")
    ticket_id = known(agent, repair_id)["ticket_id"]
    with agent.store.write(ticket_id) as connection:
        row = repairs.one(connection, repair_id)
        assert row is not None
        if trouble := objection(person, row):
            raise Refused(trouble)
        if row["status"] != "open" or not repairs.end(connection, row, how, person.name, said):
            raise Conflict(f"{row['done_by']} was first: it was closed on {row['done_at'][:10]}")
        if how != "corrected":
            return
        cost = TrustEvent(at=datetime.fromisoformat(row["opened_at"]), weight=MENDS[row["severity"]], what="-")
        # What is left of it, as of the breach itself: an apology that comes late must not outweigh a faded breach.
        left = trust_balance((cost,), agent.project.in_force, clock.now())
        _trust(connection, row, left, "an apology for an answer that was wrong")
        if (task := reports.brief(connection, ticket_id)) is not None:
            passing.answered(connection, task["id"], person.name)


def objection(person: Person, row: Mapping[str, Any]) -> str | None:
    """Return why somebody may not close a repair, or None where they may."""
    if owns(person, row) or person.rank >= RANK:
        return None
    return f"{row['owner']} puts this right, or somebody above the first step of the ladder"


def owns(person: Person, row: Mapping[str, Any]) -> bool:
    """Whether a repair is a person's, or that of somebody they stand in for."""
    return any(same_person(name, row["owner"]) for name in person.names)


def take_back(agent: Agent, person: Person, repair_id: str, key: str, why: str) -> dict[str, Any]:
    """Let a person take back an effect that a repair names, with their own authority; return what came of it."""
    if key not in known(agent, repair_id)["undo"].split():
        raise BadInput(f"{key} is nothing that this repair can take back", where="key")
    return aftercare.undo(agent, key, person.name, why)


# ---- what there is --------------------------------------------------------------------------------------------------


def known(agent: Agent, repair_id: str) -> Mapping[str, Any]:
    """Return a repair as it stands; `BadInput` where there is none."""
    with agent.store.read() as connection:
        row = repairs.one(connection, repair_id)
    if row is None:
        raise BadInput(f"there is no repair {repair_id}", where="REPAIR_ID")
    return row


def open_ones(agent: Agent) -> list[dict[str, Any]]:
    """Return what is still to be put right, the earliest date first, each with whether it is late."""
    now = clock.now().isoformat()
    with agent.store.read() as connection:
        return [{**row, "overdue": row["due"] < now} for row in repairs.open_ones(connection)]


def mine(agent: Agent, person: Person) -> list[dict[str, Any]]:
    """Return the open repairs of a person and of those they stand in for."""
    return [row for row in open_ones(agent) if owns(person, row)]


def waiting(agent: Agent, person: Person) -> int:
    """Return how many open repairs are a person's; one small question, as every page asks it."""
    with agent.store.read() as connection:
        return repairs.waiting(connection, person.names)


def overdue(agent: Agent) -> list[dict[str, Any]]:
    """Return the open repairs whose date is over."""
    return [row for row in open_ones(agent) if row["overdue"]]


def repaired(agent: Agent) -> list[dict[str, Any]]:
    """Return what was put right or needed nothing, the latest first."""
    with agent.store.read() as connection:
        return repairs.ended(connection)


def sheet(agent: Agent, person: Person, repair_id: str) -> Sheet:
    """Return a repair as a person sees it, and note that they looked at the decision behind it.

    Whoever has seen it judges that decision blind no more.
    """
    row = known(agent, repair_id)
    with agent.store.write() as connection:
        accesses.note(connection, person.name, "page", "repair", row["decision_id"], row["account_id"])
        sent = _felt(agent, repairs.sent(connection, row["decision_id"]))
        texts = [personal.get(connection, one["personal_id"]) for one in sent.replies]
        found = [{**one, "note": _note(connection, one)} for one in repairs.against(connection, row["decision_id"])]
        ended = personal.get(connection, row["done_personal_id"]) if row["done_personal_id"] else None
        draft = personal.get(connection, row["personal_id"])
        task = reports.brief(connection, row["ticket_id"])
    return Sheet(
        row={**row, "overdue": row["status"] == "open" and row["due"] < clock.now().isoformat()},
        draft=draft["draft"] if draft else None,
        replies=tuple(one["reply"] for one in texts if one),
        effects=tuple({**one, "can_undo": _can_undo(row, one)} for one in sent.effects),
        findings=tuple(found),
        text=ended["text"] if ended else None,
        handoff=task,
    )


def _note(connection: Connection, finding: Mapping[str, Any]) -> str | None:
    said = personal.get(connection, finding["note_personal_id"]) if finding["note_personal_id"] else None
    return said["note"] if said else None


def _undone(effect: Mapping[str, Any]) -> bool:
    return effect["undo_status"] is not None and effect["undo_status"] != "failed"


def _can_undo(row: Mapping[str, Any], effect: Mapping[str, Any]) -> bool:
    return effect["id"] in row["undo"].split() and effect["undo_status"] is None
