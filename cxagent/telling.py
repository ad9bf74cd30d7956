"""One decision as screens tell it: who asked, which account, what was ruled, and why, in words."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cxagent import brief
from cxagent.context import ContextAudit
from cxagent.domain.ruling import Ruling
from cxagent.errors import BadInput
from cxagent.ledger import chain, repairs, reports, reviews
from cxagent.ledger.store import TABLES, Store

_LAST = ("language_unread", "latitude", "money_per_action", "money_rolling", "sign_off_level", "proposer_unsure")
"""Reasons that are told after those that concern the account and the message; they mostly follow from these."""


@dataclass(frozen=True)
class Told:
    """A decision with what it rested on; after an erasure the personal part is gone and the codes remain."""

    entry: dict[str, Any]
    handoff: dict[str, Any] | None
    draft: dict[str, Any] | None
    repair: dict[str, Any] | None = None

    @property
    def autonomy(self) -> str:
        """The route that was ruled."""
        return str(self.entry["body"]["autonomy"])

    @property
    def erased(self) -> bool:
        """Whether the personal part was erased."""
        return self.entry["personal"] is None

    @cached_property
    def ruling(self) -> dict[str, Any]:
        """The ruling with its caps, or only its public part after an erasure."""
        return dict((self.entry["personal"] or {}).get("ruling") or {})

    @cached_property
    def audit(self) -> dict[str, Any]:
        """The context audit; empty after an erasure."""
        return dict((self.entry["personal"] or {}).get("audit") or {})

    @cached_property
    def proposal(self) -> dict[str, Any] | None:
        """The proposal that was ruled on, where there was one."""
        return (self.entry["personal"] or {}).get("proposal")

    @property
    def account(self) -> str:
        """The account's name, else its id."""
        account = self.audit.get("account") or {}
        return str(account.get("name") or self.entry["account_id"])

    @cached_property
    def caps(self) -> tuple[dict[str, Any], ...]:
        """Every cap once, the binding ones first, what concerns the account before what follows from it."""

        def order(cap: dict[str, Any]) -> tuple[bool, int]:
            return cap["autonomy"] != self.autonomy, _LAST.index(cap["reason"]) + 1 if cap["reason"] in _LAST else 0

        capping = [cap for cap in self.ruling.get("caps") or () if cap["autonomy"] != "act"]
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for cap in sorted(capping, key=order):
            found.setdefault((cap["reason"], cap["why"]), cap)
        return tuple(found.values())

    @property
    def because(self) -> tuple[str, ...]:
        """The binding reasons in words, each once, what concerns the account before what follows from it."""
        words = tuple(dict.fromkeys(cap["why"] for cap in self.caps if cap["autonomy"] == self.autonomy))
        if words:
            return words
        return tuple(code.replace("_", " ") for code in self.entry["body"]["reasons"])

    @property
    def main_reason(self) -> str:
        """The one reason a line has room for."""
        if self.autonomy == "act":
            return "nothing about the account or the message calls for a person"
        return self.because[0] if self.because else "a person must own it"

    @property
    def did(self) -> tuple[str, ...]:
        """The tools of the proposal, with their amounts where they name one."""
        parts = (self.proposal or {}).get("parts") or []
        return tuple(_call(action) for part in parts for action in part["actions"])

    @property
    def matters(self) -> tuple[str, ...]:
        """Why the account matters now: its value, its renewal window, its health and risks."""
        standing = self.audit.get("standing")
        if not standing:
            return ("the account is not known",)
        crm = (self.audit.get("account") or {}).get("crm") or {}
        worth = (
            f"{_money(crm.get('clv'))} ({standing['tier']})" if crm.get("clv") else f"{standing['tier']}, CLV unknown"
        )
        health = f"health {crm['health']}" if crm.get("health") is not None else "health unknown"
        risks = [risk["why"] for risk in standing["risks"] if not risk["why"].startswith("health")]
        more = f" and {len(risks) - 1} more" if len(risks) > 1 else ""
        return (worth, f"{health}, {_window(standing['window'])}", *(f"{risk}{more}" for risk in risks[:1]))

    @property
    def worth(self) -> dict[str, Any] | None:
        """What rode on the account in four parts, and what a look cost; None where it was not told or was erased."""
        if not self.ruling or not self.audit.get("standing"):
            return None
        fields = {name: value for name, value in self.ruling.items() if name in Ruling.model_fields}
        return brief.worth(ContextAudit.model_validate(self.audit), Ruling.model_validate(fields))

    @property
    def window(self) -> str:
        """The renewal window as the audit derived it."""
        return str((self.audit.get("standing") or {}).get("window", {}).get("why") or "unknown")

    @property
    def mended(self) -> str | None:
        """By whom it was found wrong after it had been sent, and what became of that; None where nobody did."""
        if (row := self.repair) is None:
            return None
        found = f"found wrong on {row['opened_at'][:10]} by {row['found_by']} ({row['severity']})"
        match row["status"]:
            case "corrected":
                return f"{found}, repaired on {row['done_at'][:10]} by {row['done_by']}"
            case "not_needed":
                return f"{found}, needed no correction, said {row['done_by']} on {row['done_at'][:10]}"
            case _:
                return f"{found}, {row['owner']} puts it right until {row['due'][:16].replace('T', ' ')} UTC"

    @property
    def person(self) -> str | None:
        """Who has it now, where a person has."""
        if self.handoff:
            return str(self.handoff["owner"])
        return str(self.draft["assignee"]) if self.draft else None


def tell(connection: Any, decision_id: str) -> Told:
    """Return a decision with its draft and its handoff."""
    entry = reports.decision(connection, decision_id)
    assert entry is not None
    draft = TABLES["draft"]
    row = connection.execute(draft.select().where(draft.c.decision_id == decision_id)).mappings().first()
    owned, mended = reports.brief(connection, entry["ticket_id"]), repairs.of(connection, decision_id)
    return Told(entry, owned, dict(row) if row else None, mended)


def find(connection: Any, name: str) -> str:
    """Return the decision that an id means: a decision's own, a draft's, a ticket's, or any line of its log."""
    line = chain.entry(connection, name)
    if line is not None and line["kind"] == "ruling":
        return name
    if line is None and name.startswith("drf_"):
        return str(reviews.draft(connection, name)["decision_id"])
    ticket_id = line["ticket_id"] if line else name
    if reports.ticket(connection, ticket_id) is None:
        raise BadInput("there is no such decision, draft or ticket", where=name)
    return str(reports.result(connection, ticket_id)["decision_id"])


def told(store: Store, decision_id: str) -> Told:
    """Return a decision, read in a transaction of its own."""
    with store.read() as connection:
        return tell(connection, decision_id)


def _call(action: dict[str, Any]) -> str:
    amount = action["args"].get("amount")
    currency = action["args"].get("currency") or ""
    return str(action["tool"]) + (f" ({currency} {amount})".replace("( ", "(") if isinstance(amount, str | int) else "")


def _money(value: dict[str, str] | None) -> str:
    return f"{value['currency']} {float(value['amount']):,.0f}" if value else "unknown"


def _window(window: dict[str, Any]) -> str:
    days = window.get("days_to_notice")
    match window["status"]:
        case "open" if days is not None and days >= 0:
            return f"notice deadline in {days} days"
        case "open":
            return "renewal window open, notice deadline passed"
        case "closed":
            return "renewal not near"
        case "signed":
            return "renewal signed"
        case "lapsed":
            return "renewal date passed unsigned"
        case _:
            return "renewal dates unknown"
