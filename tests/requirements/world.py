"""A small invented world: accounts of four kinds, the proposals a model might make, and a desk that works tickets."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from cxagent import clock, gate
from cxagent.context import ContextAudit, audit
from cxagent.context.standing import Given, TrustEvent
from cxagent.domain.account import Account, Answers, Fault, Mismatch
from cxagent.domain.money import Fx
from cxagent.domain.proposal import Action, Part, Proposal
from cxagent.domain.ruling import Ruling
from cxagent.domain.ticket import Incoming, Ticket
from cxagent.domain.tool import Tool
from cxagent.domain.vocabulary import Autonomy, Signal, SourceName, Stance
from cxagent.evaluation import Replay
from cxagent.judge import Judge
from cxagent.ledger import chain, reports
from cxagent.ledger.store import TABLES, MemoryStore
from cxagent.playbook import Playbook
from cxagent.proposers import Known
from cxagent.reading.message import read_message
from cxagent.rules.submission import Cell, Stop, Submission
from cxagent.sources import Gather, HeldSource, Source

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT.parent / "shared" / "data" / "scenarios.jsonl"
DAY = datetime(2027, 3, 9, 10, 0, tzinfo=UTC)
"""A Tuesday on which the small and the calm accounts are far from their renewal."""
KINDS = ("small", "mid", "global", "shaky")
HELLO = "How do I schedule a report for every Monday?"


@cache
def replay() -> Replay:
    """Return the replay of the reference deployment, opened once."""
    return Replay(ROOT)


def tools() -> Mapping[str, Tool]:
    """Return the tools of the reference deployment."""
    return replay().project.tools


def playbook(changes: Mapping[str, Any] | None = None) -> Playbook:
    """Return the reference playbook, with some dotted places changed."""
    book = replay().project.playbook
    return Playbook.model_validate(_changed(book.model_dump(mode="json"), changes)) if changes else book


def money(amount: str, currency: str = "USD") -> dict[str, str]:
    """Return an amount as documents write it."""
    return {"amount": amount, "currency": currency}


SHAPES: dict[str, dict[str, Any]] = {
    "small": {},
    "mid": {
        "crm.segment": "mid_market",
        "crm.arr": money("52000.00"),
        "crm.clv": money("210000.00"),
        "crm.health": 66,
        "crm.owner": {"name": "Greta Solano", "since": "2025-02-01"},
        "billing.terms": "annual, net 30",
        "contract.kind": "order form, annual",
        "contract.renewal_date": "2027-05-10",
        "contract.signed_on": "2026-05-02",
    },
    "calm mid": {
        "crm.segment": "mid_market",
        "crm.arr": money("52000.00"),
        "crm.clv": money("210000.00"),
        "crm.owner": {"name": "Greta Solano", "since": "2025-02-01"},
        "billing.terms": "annual, net 30",
        "contract.kind": "order form, annual",
        "contract.renewal_date": "2027-12-20",
        "contract.signed_on": "2026-12-02",
    },
    "global": {
        "crm.segment": "enterprise",
        "crm.arr": money("700000.00"),
        "crm.clv": money("4100000.00"),
        "crm.owner": {"name": "Idris Vale", "since": "2024-02-01"},
        "billing.terms": "annual, net 60",
        "contract.kind": "master agreement, annual",
        "contract.renewal_date": "2028-02-20",
        "contract.signed_on": "2026-12-02",
        "contract.notice_days": 90,
    },
    "shaky": {
        "crm.segment": "mid_market",
        "crm.arr": money("88000.00"),
        "crm.clv": money("330000.00"),
        "crm.health": 31,
        "crm.health_change_60d": -22,
        "crm.owner": {"name": "Greta Solano", "since": "2025-02-01"},
        "billing.terms": "annual, net 30",
        "contract.kind": "order form, annual",
        "contract.renewal_date": "2027-12-20",
        "contract.signed_on": "2026-12-02",
        "support.open_escalations": [{"ref": "ESC-4", "summary": "imports lose rows"}],
    },
}


def account(kind: str = "small", changes: Mapping[str, Any] | None = None, *, id: str = "A-1") -> Account:
    """Return an account of a kind; `changes` set dotted places, a whole section may be set to None."""
    document = _changed(_document(id), SHAPES[kind])
    return Account.model_validate(_changed(document, changes))


def changed(one: Account, changes: Mapping[str, Any]) -> Account:
    """Return an account with some dotted places changed."""
    return Account.model_validate(_changed(one.model_dump(mode="json"), changes))


def _document(id: str) -> dict[str, Any]:
    host, fresh = f"{id.lower()}.example", "2027-03-09T05:00:00Z"
    people = {"ada": "admin", "ben": "billing", "mo": "member", "ola": "owner"}
    return {
        "id": id,
        "name": f"Company {id}",
        "parent_id": None,
        "crm": {
            "as_of": fresh,
            "segment": "smb",
            "arr": money("6000.00"),
            "clv": money("13000.00"),
            "health": 81,
            "health_change_60d": 0,
            "usage_change_90d": "0.02",
            "owner": {"name": "pooled", "since": "2025-01-01"},
            "exec_sponsor": {"name": "Ola Brandt", "since": "2024-01-01"},
            "contacts": [
                {"email": f"{name}@{host}", "name": name.title(), "role": role, "last_seen_on": "2027-03-05"}
                for name, role in people.items()
            ],
            "stated_goals": [],
            "flags": [],
            "consents": [],
            "notes": ["9 of 12 seats in use"],
        },
        "billing": {
            "as_of": fresh,
            "currency": "USD",
            "terms": "card monthly",
            "seats": 12,
            "overdue": money("0.00"),
            "overdue_days": 0,
            "credits": [],
            "invoices": [
                {
                    "number": "INV-7",
                    "total": money("500.00"),
                    "status": "paid",
                    "lines": [{"description": "12 seats", "amount": money("500.00")}],
                }
            ],
        },
        "contract": {
            "as_of": fresh,
            "on_file": True,
            "kind": "click-through, monthly",
            "start_date": "2024-10-25",
            "renewal_date": "2027-10-25",
            "notice_days": 30,
            "signed_on": "2026-10-20",
            "special_terms": [],
            "currency": "USD",
            "notes": [],
        },
        "support": {
            "as_of": fresh,
            "open_tickets": [],
            "open_escalations": [],
            "sla_breaches_30d": 0,
            "complaints_90d": 0,
            "promises": [],
            "history": [],
        },
    }


def _changed(document: dict[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    for path, value in (changes or {}).items():
        *way, last = path.split(".")
        place = document
        for step in way:
            place = place[step]
        place[last] = value
    return document


def call(tool: str, **args: Any) -> Action:
    """Return a proposed call."""
    return Action(tool=tool, args=args)


def part(intent: str, *actions: Action, stance: Stance = Stance.FULFIL) -> Part:
    """Return one part of a proposal."""
    return Part(intent=intent, stance=stance, actions=actions)


def proposal(*parts: Part, reply: str = "Gladly, see below.", signals: Sequence[Signal] = ()) -> Proposal:
    """Return a proposal of some parts."""
    return Proposal(parts=parts, reply=reply, signals=tuple(signals))


def doc(reply: str = "Open the report and choose Schedule.", intent: str = "howto_question") -> Proposal:
    """Return the most harmless proposal there is: a public page."""
    shown = call("share_public_doc", url="https://docs.vendor.example/reports")
    return proposal(part(intent, shown, stance=Stance.INFORM), reply=reply)


def credit(amount: object = "40.00", currency: str = "USD", account_id: str = "A-1") -> Proposal:
    """Return a proposed goodwill credit."""
    given = call("issue_credit", account_id=account_id, amount=amount, currency=currency, reason="goodwill")
    return proposal(part("goodwill_credit", given), reply="We have noted your credit.")


def refusal() -> Proposal:
    """Return a kind, policy-correct no."""
    no = call("decline_request", policy_ref="retention", rationale="the backup is gone", alternatives="export monthly")
    return proposal(
        part("out_of_policy_request", no, stance=Stance.DECLINE),
        reply="Backups are kept for 30 days, so this one is gone. A monthly export keeps such things for you.",
    )


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
    playbook: Playbook | None = None
    language: str | None = "en"
    channel: str = "email"
    told: Mapping[str, Any] = field(default_factory=dict)

    def but(self, **changes: Any) -> "Scene":
        """Return the scene with something else in it."""
        return dataclasses.replace(self, **changes)

    @property
    def book(self) -> Playbook:
        """The playbook in force."""
        return self.playbook or playbook()

    @property
    def ticket(self) -> Ticket:
        """The ticket."""
        email = self.sender or f"{self.who}@{self.account.id.lower()}.example"
        return Ticket.model_validate(
            {
                "id": "T-1",
                "channel": self.channel,
                "received_at": self.at,
                "sender": {"email": email, "verified": self.verified},
                "body": self.message,
                "language": self.language,
            }
        )

    @property
    def hinted(self) -> str | None:
        """The account that the helpdesk names."""
        return self.account.id if self.hint == "own" else self.hint

    def audit(self) -> ContextAudit:
        """Audit the context as the first node does."""
        blind = {fault.source.value: None for fault in self.faults}
        accounts = tuple(one.model_copy(update=blind) for one in (self.account, *self.others))
        answers = Answers(accounts=accounts, fx=self.fx, faults=self.faults, mismatches=self.mismatches)
        ids = [one.id for one in accounts]
        return audit(
            self.ticket,
            self.hinted,
            answers,
            self.book,
            self.at,
            trust=dict.fromkeys(ids, self.trust),
            given=dict.fromkeys(ids, self.given),
        )

    def submission(self) -> Submission:
        """Put the scene before the gate."""
        found = self.audit()
        crm = found.account.crm if found.account else None
        goals = [goal.goal for goal in (crm.stated_goals if crm else None) or ()]
        unkept = [promise.what for promise in found.standing.unkept] if found.standing else []
        reading = read_message(self.message, language=self.language, goals=goals, promises=unkept)
        return Submission(
            ticket=self.ticket,
            audit=found,
            reading=reading,
            playbook=self.book,
            proposal=self.proposal,
            **{"tools": tools(), **self.told},
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


class Desk:
    """A working agent on an empty ledger; its tools are spies, its model says what the test scripts."""

    name, reads = "scripted", True
    _numbers = itertools.count(1)

    def __init__(self, *accounts: Account, book: Playbook | None = None) -> None:
        self.accounts = list(accounts)
        self.book = book or playbook()
        self.store = MemoryStore()
        self.ran: list[tuple[str, dict[str, Any]]] = []
        self.asked: list[Known] = []
        self.says: Proposal | None = None
        self.sources: tuple[Source, ...] | None = None
        self.offline = False
        self.meanwhile: Any = None

    def propose(self, known: Known) -> Proposal:
        """Be the model: note what it was shown, and say what the test wants."""
        self.asked.append(known)
        if self.meanwhile is not None:
            self.meanwhile()
        assert self.says is not None
        return self.says

    def take(self, says: Proposal | None = None, scene: Scene | None = None, **changes: Any) -> dict[str, Any]:
        """Work one ticket, by default from the first account's admin, and return its result line."""
        scene = (scene or Scene(self.accounts[0])).but(**changes)
        self.says = says
        ticket = scene.ticket.model_copy(update={"id": f"T-{next(self._numbers)}"})
        return self._inside(scene.at, lambda: replay().agent.run(Incoming(ticket=ticket, account_id=scene.hinted)))

    def again(self, ticket_id: str, at: datetime) -> dict[str, Any]:
        """Hand in the first account's ticket once more, later, as a worker does that finds it unfinished."""
        ticket = Scene(self.accounts[0]).ticket.model_copy(update={"id": ticket_id})
        return self._inside(at, lambda: replay().agent.run(Incoming(ticket=ticket, account_id=self.accounts[0].id)))

    def review(self, draft_id: str, verdict: Any, by: str, at: datetime = DAY, **said: Any) -> dict[str, Any]:
        """Decide a draft."""
        return self._inside(at, lambda: replay().agent.review(draft_id, verdict, by, **said))

    def _inside(self, at: datetime, work: Any) -> Any:
        project = replay().project
        proposers = project.proposers if self.offline else (self,)
        with clock.frozen(at), project.working_with(project.equip(self._judge(), proposers)):
            return work()

    def _judge(self) -> Judge:
        spied = {name: dataclasses.replace(tool, run=self._spy(name)) for name, tool in tools().items()}
        sources = self.sources or (_Live(self),)
        return Judge(playbook=self.book, tools=spied, gather=Gather(sources, deadline_seconds=2), store=self.store)

    def _spy(self, name: str) -> Any:
        def run(call: Any, **args: Any) -> dict[str, str]:
            self.ran.append((name, args))
            return {"ref": call.key}

        return run

    @property
    def loud(self) -> list[str]:
        """The tools that ran and are more than a note to a colleague."""
        return [name for name, _ in self.ran if tools()[name].effect not in ("internal", "internal_read")]

    @property
    def sent(self) -> int:
        """How many messages went out."""
        with self.store.read() as connection:
            return int(connection.execute(select(func.count()).select_from(TABLES["outbox"])).scalar_one())

    def decision(self, decision_id: str) -> dict[str, Any]:
        """Return a decision with all that it rested on."""
        with self.store.read() as connection:
            found = chain.entry(connection, decision_id)
        assert found is not None
        return found

    def log(self, ticket_id: str, kind: str) -> list[dict[str, Any]]:
        """Return the entries of one kind that the log holds on a ticket, in order."""
        table = TABLES["decision_log"]
        wanted = select(table.c.id).where(table.c.ticket_id == ticket_id, table.c.kind == kind).order_by(table.c.seq)
        with self.store.read() as connection:
            ids = connection.execute(wanted).scalars().all()
        return [self.decision(one) for one in ids]

    def keys(self) -> list[str]:
        """Return the keys under which effects were handed to the outside systems."""
        table = TABLES["execution"]
        with self.store.read() as connection:
            return list(connection.execute(select(table.c.id).order_by(table.c.started_at)).scalars())

    def draft(self, draft_id: str) -> dict[str, Any]:
        """Return a draft that waits, with its card."""
        with self.store.read() as connection:
            return next(row for row in reports.drafts(connection) if row["id"] == draft_id)

    def handoff(self, ticket_id: str) -> dict[str, Any]:
        """Return the handoff of a ticket, with its brief."""
        with self.store.read() as connection:
            found = reports.brief(connection, ticket_id)
        assert found is not None
        return found


class _Live(HeldSource):
    """The desk's accounts as they are at the moment of asking."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.accounts)
        self._desk = desk

    def account(self, account_id: str) -> Account | None:
        """Return the account as it is now."""
        return next((one for one in self._desk.accounts if one.id == account_id), None)


def only(one: Account, *kept: SourceName) -> Account:
    """Return an account as a source sees it that knows only some sections."""
    return one.model_copy(update={name.value: None for name in SourceName if name not in kept})


__all__ = [name for name in dir() if not name.startswith("_")]
