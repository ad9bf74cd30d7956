"""What an auditor sees: the message and the account first; what the machine made of it once their own word stands."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from cxagent import brief
from cxagent.context import ContextAudit
from cxagent.domain.ruling import Ruling
from cxagent.domain.ticket import Ticket
from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import Autonomy, SourceName
from cxagent.errors import Refused
from cxagent.ledger import audits, personal, rulings
from cxagent.ledger.store import Connection

ERASED = "the text behind this decision was erased, and nobody can judge it any more"


class Wanted(Value):
    """What an auditor would have wanted before they saw the machine's answer: a route, and it in their words."""

    route: Autonomy
    words: Text | None = None


class Machine(NamedTuple):
    """What the machine proposed and did: nobody sees it before they said what they would have wanted."""

    would: str
    went: str
    reply: str | None
    actions: tuple[Mapping[str, Any], ...]
    why: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """One audit as its auditor sees it: the message and the account first, the machine's answer once theirs stands."""

    row: Mapping[str, Any]
    who: Mapping[str, Any]
    message: Ticket
    stake: Mapping[str, Any]
    facts: tuple[Mapping[str, Any], ...]
    goals_of: str
    wanted: Wanted | None = None
    machine: Machine | None = None
    finding: Mapping[str, Any] | None = None

    @property
    def goals(self) -> list[Mapping[str, Any]]:
        """What the account said it wants to reach, each with who said it and when."""
        return list(self.stake["goals"])


def sheet_of(connection: Connection, row: Mapping[str, Any]) -> Sheet:
    """Return an audit as its auditor sees it: the machine's part is there once theirs stands; `Refused` if erased."""
    found = rulings.with_ticket(connection, row["decision_id"])
    if found is None:
        raise Refused(ERASED)
    seen, ticket = found[0]["personal"], Ticket.model_validate(found[1]["ticket"])
    context = ContextAudit.model_validate(seen["audit"])
    ruled = Ruling.model_validate(
        {name: seen["ruling"][name] for name in Ruling.model_fields if name in seen["ruling"]}
    )
    crm = context.section(SourceName.CRM)
    told = Sheet(
        row=row,
        who=brief.who(ticket, context),
        message=ticket,
        stake=brief.at_stake(context, ruled),
        facts=tuple(fact.model_dump(mode="json") for fact in (*context.facts, *brief.beside(context)) if fact.value),
        goals_of=f"CRM, as of {crm.as_of:%Y-%m-%d}" if crm and crm.as_of else "CRM",
    )
    if row["status"] not in ("seen", "done"):
        return told
    return _revealed(connection, told, seen, ruled)


def _revealed(connection: Connection, told: Sheet, seen: Mapping[str, Any], ruled: Ruling) -> Sheet:
    """Return a sheet with what the machine did, for an auditor whose own opinion is on record."""
    row, proposal = told.row, seen["proposal"] or {"reply": None, "parts": []}
    said = personal.get(connection, row["wanted_personal_id"]) if row["wanted_personal_id"] else None
    machine = Machine(
        would=row["would"],
        went=row["went"],
        reply=proposal["reply"],
        actions=tuple(action for part in proposal["parts"] for action in part["actions"]),
        why=tuple(dict.fromkeys(cap.why for cap in ruled.binding)),
    )
    wanted = Wanted(route=Autonomy(row["wanted"]), words=(said or {}).get("words"))
    finding = audits.finding(connection, row["decision_id"], row["auditor"]) if row["status"] == "done" else None
    return replace(told, wanted=wanted, machine=machine, finding=finding)
