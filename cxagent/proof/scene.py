"""The synthetic world of a proof: one calm account, one plain request, and every standing that an account can have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict

from cxagent.context.audit import ContextAudit, audit
from cxagent.context.standing import Risk, Standing, Window
from cxagent.domain.account import Account, Answers
from cxagent.domain.money import Fx
from cxagent.domain.proposal import Action, Part, Proposal
from cxagent.domain.ticket import Sender, Ticket
from cxagent.domain.tool import Assessment, Tool
from cxagent.domain.vocabulary import EffectClass, Reason, Signal, Stance, Tier
from cxagent.playbook import IntentEntry, Playbook
from cxagent.reading.message import Noticed, Reading
from cxagent.rules.submission import Submission

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
"""The moment of every cell; all ages and dates are counted from it, so any other would do."""
EMAIL = "sender@account.example"
ACCOUNT, INVOICE = "ACCOUNT", "INVOICE-1"
INTENT = "the request"
PLAIN = Assessment()
SILENCE = Reading(signals=(), readable=True, disputes_colleague=False, exit_topic=False)

Change = Callable[[Submission], Submission]


class Anything(BaseModel):
    """Arguments that are always valid, so that a call is judged by what its assessment says."""

    model_config = ConfigDict(extra="allow")

    @classmethod
    def model_validate(cls, obj: Any, **_: Any) -> Self:
        """Return the one value of this class, whatever is given."""
        return _ANY  # type: ignore[return-value]


_ANY = Anything()


class Spot(NamedTuple):
    """How an account stands, as far as a ceiling depends on it: tier of the group, own tier, risk, window."""

    tier: Tier
    at_risk: bool = False
    in_window: bool = False
    own: Tier | None = None

    def __str__(self) -> str:
        own = f" (by itself {self.own})" if self.own not in (None, self.tier) else ""
        risk, window = "at risk" if self.at_risk else "healthy", "inside" if self.in_window else "outside"
        return f"{self.tier}{own}, {risk}, {window} the renewal window"


@dataclass(frozen=True)
class Kind:
    """One kind of call, or None for no call at all, under an intent of a class and with a stance."""

    tool: Tool | None
    assessment: Assessment = PLAIN
    entry: IntentEntry | None = None
    stance: Stance = Stance.FULFIL

    def __str__(self) -> str:
        if self.tool is None:
            what = "no tool"
        else:
            case = self.assessment.matter or self.assessment.effect or self.tool.matter or self.tool.effect
            what = f"{self.tool.name} as {case}"
        return f"{what}, intent {_entry_words(self.entry)}, stance {self.stance}"

    @cached_property
    def proposal(self) -> Proposal:
        """The proposal of one such request, with a reply that says nothing."""
        actions = () if self.tool is None else (Action(tool=self.tool.name, args=_arguments(self.tool)),)
        part = Part.model_construct(intent=INTENT, stance=self.stance, actions=actions)
        return Proposal.model_construct(parts=(part,), reply="", confidence=None, signals=())

    @cached_property
    def tools(self) -> dict[str, Tool]:
        """The tool of the call, which amounts to what the kind says whatever its arguments are."""
        if self.tool is None:
            return {}
        told = self.assessment
        return {self.tool.name: replace(self.tool, arguments=Anything, assess=lambda args, account, today: told)}


def _entry_words(entry: IntentEntry | None) -> str:
    if entry is None:
        return "unknown"
    return "/".join(str(one) for one in (entry.effect, entry.matter, entry.signal) if one)


class _Known(ContextAudit):
    """An audit whose digest is not computed: no rule reads it."""

    @property
    def digest(self) -> str:
        return "cell"


def plain_tool(effect: EffectClass, **declared: Any) -> Tool:
    """Return a tool of a class about which nothing else is remarkable."""
    return Tool(name=f"a {effect} tool", effect=effect, summary="", arguments=Anything, run=print, **declared)


@dataclass(frozen=True)
class Scene:
    """Builds a submission for any kind of call at any standing under one playbook."""

    playbook: Playbook
    roles: tuple[str, ...]

    @classmethod
    def of(cls, playbook: Playbook, tools: Mapping[str, Tool]) -> "Scene":
        """Return the scene of a playbook, with a sender who has every role that a tool asks for."""
        roles = {role for tool in tools.values() for role in tool.roles} | set(playbook.roles)
        return cls(playbook, tuple(sorted(roles)))

    def under(self, playbook: Playbook) -> "Scene":
        """Return the same scene under another playbook."""
        return Scene(playbook, self.roles)

    @cached_property
    def calm(self) -> ContextAudit:
        """The audit of an account about which everything is known, fresh and harmless."""
        # Checks and required facts have cells of their own; here nothing may be missing or contradictory.
        bare = self.playbook.model_copy(update={"checks": (), "required_facts": ()})
        found = audit(_TICKET, ACCOUNT, Answers(accounts=(calm_account(self.playbook.currency),)), bare, AT)
        who = found.identity.model_copy(update={"roles": self.roles})
        fields = {name: getattr(found, name) for name in ContextAudit.model_fields}
        # What an act would cost has ladders of its own; here nothing is at stake.
        assert found.standing is not None
        fields["standing"] = found.standing.model_copy(update={"at_stake": None})
        return _Known.model_construct(**{**fields, "identity": who, "missing": (), "conflicts": (), "fx": Fx.none()})

    @cached_property
    def _audits(self) -> dict[Spot, ContextAudit]:
        return {}

    def audit_at(self, spot: Spot) -> ContextAudit:
        """Return the calm audit with the standing of a spot."""
        if spot not in self._audits:
            standing = self.calm.standing
            assert standing is not None
            self._audits[spot] = self.calm.model_copy(update={"standing": _stand(standing, spot)})
        return self._audits[spot]

    def submit(self, spot: Spot, kind: Kind, *changes: Change) -> Submission:
        """Return what the gate sees of a kind of call at a spot, with changes applied in order."""
        sub = Submission(
            ticket=_TICKET,
            audit=self.audit_at(spot),
            reading=SILENCE,
            playbook=self._book_with(kind.entry),
            tools=kind.tools,
            proposal=kind.proposal,
        )
        for change in changes:
            sub = change(sub)
        return sub

    @cached_property
    def _books(self) -> dict[IntentEntry | None, Playbook]:
        return {}

    def _book_with(self, entry: IntentEntry | None) -> Playbook:
        """Return the playbook with the one intent that is asked for: rules look at its entry, not at its name."""
        if entry not in self._books:
            intents = {} if entry is None else {INTENT: entry}
            self._books[entry] = self.playbook.model_copy(update={"intents": intents})
        return self._books[entry]


def spots() -> tuple[Spot, ...]:
    """Return every standing in which the account is worth by itself what its group is worth."""
    return tuple(Spot(tier, risk, window) for tier in Tier for risk in (False, True) for window in (False, True))


def _stand(calm: Standing, spot: Spot) -> Standing:
    risks = (Risk(reason=Reason.AT_RISK, why="any risk"),) if spot.at_risk else ()
    window = Window(status="open" if spot.in_window else "closed", why="")
    return calm.model_copy(
        update={"tier": spot.tier, "own_tier": spot.own or spot.tier, "risks": risks, "window": window}
    )


def _arguments(tool: Tool) -> dict[str, Any]:
    """Return arguments at which no rule takes offence: registered people, this account, a known invoice."""
    args: dict[str, Any] = {}
    for name, value in (
        (tool.target, "one thing"),
        (tool.invoice, INVOICE),
        (tool.account, ACCOUNT),
        (tool.own, EMAIL),
    ):
        if name is not None:
            args[name] = value
    return {**args, **dict.fromkeys(tool.recipients, EMAIL), **tool.needs}


_TICKET = Ticket(id="TICKET", received_at=AT, sender=Sender(email=EMAIL, verified=True), body="")


def calm_account(currency: str) -> Account:
    """Return a small account that is healthy, up to date and far from its renewal."""
    nothing = {"amount": "0", "currency": currency}
    return Account.model_validate(
        {
            "id": ACCOUNT,
            "name": ACCOUNT,
            "crm": {
                "as_of": AT,
                "segment": "smb",
                "clv": nothing,
                "health": 100,
                "contacts": [{"email": EMAIL}],
            },
            "billing": {
                "as_of": AT,
                "currency": currency,
                "overdue": nothing,
                "credits": [],
                "invoices": [{"number": INVOICE}],
            },
            "contract": {"as_of": AT, "on_file": True, "special_terms": []},
            "support": {"as_of": AT, "open_tickets": [], "open_escalations": [], "sla_breaches_30d": 0},
        }
    )


def section(sub: Submission, name: str, **update: Any) -> Submission:
    """Return the submission with fields of one section of the account changed."""
    account = sub.audit.account
    assert account is not None
    changed = getattr(account, name).model_copy(update=update)
    return audited(sub, account=account.model_copy(update={name: changed}))


def audited(sub: Submission, **update: Any) -> Submission:
    """Return the submission with fields of the audit changed."""
    return replace(sub, audit=sub.audit.model_copy(update=update))


def standing(sub: Submission, **update: Any) -> Submission:
    """Return the submission with fields of the standing changed."""
    held = sub.audit.standing
    assert held is not None
    return audited(sub, standing=held.model_copy(update=update))


def proposed(sub: Submission, **update: Any) -> Submission:
    """Return the submission with fields of the proposal changed."""
    assert sub.proposal is not None
    return replace(sub, proposal=sub.proposal.model_copy(update=update))


def declared(sub: Submission, args: Mapping[str, Any] | None = None, **update: Any) -> Submission:
    """Return the submission with the declaration of its tools changed, and arguments added to its calls."""
    tools = {name: replace(tool, **update) for name, tool in sub.tools.items()}
    assert sub.proposal is not None
    parts = tuple(
        part.model_copy(
            update={
                "actions": tuple(
                    action.model_copy(update={"args": {**action.args, **(args or {})}}) for action in part.actions
                )
            }
        )
        for part in sub.proposal.parts
    )
    return proposed(replace(sub, tools=tools), parts=parts)


def noticed(sub: Submission, signal: Signal) -> Submission:
    """Return the submission in which our own reader noticed a signal."""
    seen = sub.reading.model_copy(update={"signals": (*sub.reading.signals, Noticed(signal=signal, words=""))})
    return replace(sub, reading=seen)
