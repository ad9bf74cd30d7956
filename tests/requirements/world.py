"""Scenes for the requirements: accounts of four kinds, and what a model might propose for their tickets."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cxagent import gate
from cxagent.context import ContextAudit, audit
from cxagent.context.handover import OnRecord
from cxagent.context.standing import Given, TrustEvent
from cxagent.domain.account import Account, Answers, Fault, Mismatch
from cxagent.domain.cell import Cell
from cxagent.domain.money import Fx
from cxagent.domain.proposal import Proposal
from cxagent.domain.ruling import Ruling
from cxagent.domain.stop import Stop
from cxagent.domain.ticket import Incoming, Ticket
from cxagent.domain.vocabulary import Autonomy, Stance
from cxagent.lifetime.stake import NO_ESTIMATES, Estimates
from cxagent.playbook import Playbook
from cxagent.project import Project, load_graph_file
from cxagent.reading.message import read_message
from cxagent.rules.submission import Submission
from cxagent.testing import call, proposal, put

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT.parent / "shared" / "data" / "scenarios.jsonl"
ACCOUNTS = yaml.safe_load((ROOT / "tests" / "data" / "accounts.yaml").read_text(encoding="utf-8"))
CALM = json.dumps(ACCOUNTS["calm"])
DAY = datetime(2027, 3, 9, 10, 0, tzinfo=UTC)
"""A Tuesday on which the small and the calm accounts are far from their renewal."""
KINDS = ("small", "mid", "global", "shaky")
HELLO = "How do I schedule a report for every Monday?"


@cache
def deployment() -> Project:
    """Return the reference deployment."""
    project: Project = load_graph_file(ROOT).project
    return project


def playbook(changes: Mapping[str, Any] | None = None) -> Playbook:
    """Return the reference playbook, with some dotted places changed."""
    book = deployment().playbook
    return Playbook.model_validate(put(book.model_dump(mode="json"), changes)) if changes else book


def money(amount: str, currency: str = "USD") -> dict[str, str]:
    """Return an amount as documents write it."""
    return {"amount": amount, "currency": currency}


def account(kind: str = "small", changes: Mapping[str, Any] | None = None, *, id: str = "A-1") -> Account:
    """Return an account of a kind; `changes` set dotted places, a whole section may be set to None."""
    document = json.loads(CALM.replace("{id}", id).replace("{host}", f"{id.lower()}.example"))
    return Account.model_validate(put(document, {**ACCOUNTS["kinds"][kind], **(changes or {})}))


def doc(reply: str = "Open the report and choose Schedule.", intent: str = "howto_question") -> Proposal:
    """Return the most harmless proposal there is: a public page."""
    shown = call("share_public_doc", url="https://docs.vendor.example/reports")
    return proposal(intent, shown, stance="inform", reply=reply)


def credit(amount: object = "40.00", currency: str = "USD", account_id: str = "A-1") -> Proposal:
    """Return a proposed goodwill credit."""
    given = call("issue_credit", account_id=account_id, amount=amount, currency=currency, reason="goodwill")
    return proposal("goodwill_credit", given, reply="We have noted your credit.")


def refusal() -> Proposal:
    """Return a kind, policy-correct no."""
    no = call("decline_request", policy_ref="retention", rationale="the backup is gone", alternatives="export monthly")
    said = "Backups are kept for 30 days, so this one is gone. A monthly export keeps such things for you."
    return proposal("out_of_policy_request", no, stance=Stance.DECLINE, reply=said)


@dataclass(frozen=True)
class Scene:
    """One ticket, the accounts around it, and what a model proposes; `account` is the one the helpdesk names."""

    account: Account
    proposal: Proposal | None = field(default_factory=doc)
    message: str = HELLO
    who: str = "ada"
    sender: str | None = None
    verified: bool = True
    hint: str | None = "own"
    others: tuple[Account, ...] = ()
    at: datetime = DAY
    fx: Fx | None = None
    faults: tuple[Fault, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    trust: tuple[TrustEvent, ...] = ()
    given: tuple[Given, ...] = ()
    owners: Mapping[str, OnRecord] = field(default_factory=dict)
    estimates: Estimates = NO_ESTIMATES
    playbook: Playbook = field(default_factory=playbook)
    language: str | None = "en"
    channel: str = "email"
    told: Mapping[str, Any] = field(default_factory=dict)

    def but(self, **changes: Any) -> "Scene":
        """Return the scene with something else in it."""
        return dataclasses.replace(self, **changes)

    def incoming(self, ticket_id: str = "T-1") -> Incoming:
        """Return the ticket, with the account that the helpdesk names."""
        sender = {"email": self.sender or f"{self.who}@{self.account.id.lower()}.example", "verified": self.verified}
        said = {"channel": self.channel, "received_at": self.at, "body": self.message, "language": self.language}
        ticket = Ticket.model_validate({"id": ticket_id, "sender": sender, **said})
        return Incoming(ticket=ticket, account_id=self.account.id if self.hint == "own" else self.hint)

    @property
    def ticket(self) -> Ticket:
        """The ticket alone."""
        return self.incoming().ticket

    def audit(self) -> ContextAudit:
        """Audit the context as the first node does."""
        blind = {fault.source.value: None for fault in self.faults}
        accounts = tuple(one.model_copy(update=blind) for one in (self.account, *self.others))
        answers = Answers(accounts=accounts, fx=self.fx, faults=self.faults, mismatches=self.mismatches)
        known = {name: {one.id: getattr(self, name) for one in accounts} for name in ("trust", "given")}
        incoming = self.incoming()
        rest = {"owners": self.owners, "estimates": self.estimates, **known}
        return audit(incoming.ticket, incoming.account_id, answers, self.playbook, self.at, **rest)

    def submission(self) -> Submission:
        """Put the scene before the gate."""
        found = self.audit()
        crm = found.account.crm if found.account else None
        goals = [goal.goal for goal in (crm.stated_goals if crm else None) or ()]
        unkept = [promise.what for promise in found.standing.unkept] if found.standing else []
        return Submission(
            ticket=self.ticket,
            audit=found,
            reading=read_message(self.message, language=self.language, goals=goals, promises=unkept),
            playbook=self.playbook,
            proposal=self.proposal,
            **{"tools": deployment().tools, **self.told},
        )

    def ruling(self) -> Ruling:
        """Ask the gate."""
        return gate.rule(self.submission())

    @property
    def autonomy(self) -> Autonomy:
        """What the gate allows."""
        return self.ruling().autonomy


def cell(intent: str, segment: str, cap: Autonomy) -> Cell:
    """Return a cell that was tightened."""
    return Cell(intent=intent, segment=segment, cap=cap, why="set by hand")


def stop(scope: str, key: str | None = None) -> Stop:
    """Return a kill switch that is on."""
    return Stop(scope=scope, key=key, by="Priya Nair", why="a test")
