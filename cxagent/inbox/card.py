"""All that a person sees on a card: the draft, the account behind it, what holds the reply, what would happen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from cxagent import brief, clock
from cxagent.agent import Agent
from cxagent.context import ContextAudit
from cxagent.context.handover import same_person
from cxagent.domain.money import Fx, Money
from cxagent.domain.proposal import Action
from cxagent.domain.review import Review
from cxagent.domain.value import Value
from cxagent.domain.vocabulary import Tier
from cxagent.inbox import forms
from cxagent.inbox.desk import LONGEST_SNOOZE, high
from cxagent.inbox.evidence import Claim, Known, evidence
from cxagent.inbox.people import Person, signature
from cxagent.inbox.wording import Piece, diff
from cxagent.ledger import chain, passing, queue, reviews
from cxagent.ledger.store import Connection
from cxagent.playbook import Playbook
from cxagent.reading.reply import Phrase, read_reply

STRIP = (
    ("tier", "Tier"),
    ("arr", "ARR"),
    ("clv", "CLV"),
    ("days to notice deadline", "Notice deadline"),
    ("health", "Health"),
    ("owner", "Owner"),
    ("executive sponsor", "Sponsor"),
    ("open incidents", "Open incidents"),
    ("overdue", "Overdue"),
    ("given in the last days", "Given lately"),
)
"""The facts of the account strip, in its order, and what they are called there."""
UNDECLARED = "this tool is not declared here; it cannot run"
REVERSIBLE = {"yes": "can be undone", "partial": "can be undone in part", "no": "cannot be undone"}


class Seen(NamedTuple):
    """A fact as the strip shows it."""

    label: str
    fact: Mapping[str, Any]


class Effect(Value):
    """What one proposed call would do, were it run now; nothing is run to find out."""

    summary: str
    kind: str
    reversible: str
    gives: str | None
    beside: str | None
    trouble: str | None


@dataclass(frozen=True)
class Planned:
    """One proposed call: its form, and what it would do."""

    index: int
    tool: str
    part: str
    fields: tuple[forms.Field, ...]
    effect: Effect


@dataclass(frozen=True)
class Weighed:
    """A version of the reply and the calls: what changed, what holds its figures, what it would do."""

    pieces: tuple[Piece, ...]
    claims: tuple[Claim, ...]
    binds: tuple[Phrase, ...]
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class Sheet:
    """A draft with all that its card shows beside what is on record."""

    row: dict[str, Any]
    audit: ContextAudit | None
    strip: tuple[Seen, ...]
    rest: tuple[Mapping[str, Any], ...]
    trend: int | None
    health: tuple[tuple[str, int], ...]
    planned: tuple[Planned, ...]
    alike: tuple[dict[str, Any], ...]
    signed: Review | None
    holder: str | None
    high: bool
    missing: str | None
    naps: tuple[tuple[str, datetime], ...]
    passed: dict[str, str] | None = None


def sheet(agent: Agent, playbook: Playbook, me: Person, draft_id: str) -> Sheet:
    """Return a draft as a person sees it."""
    with agent.store.read() as connection:
        row = reviews.draft(connection, draft_id)
        audit = audit_of(connection, row)
        alike = tuple(queue.alike(connection, row))
        points = tuple(queue.health_of(connection, row["account_id"]))
        verdict, note = reviews.verdict(connection, draft_id), passing.passed(connection, row)
    facts = (row["card"] or {}).get("facts", [])
    named = {fact["name"]: fact for fact in facts}
    trend = named.get("health change in 60 days")
    shown = {name for name, _ in STRIP} | {"health change in 60 days", "stake"}
    return Sheet(
        row=row,
        audit=audit,
        strip=tuple(Seen(label, named[name]) for name, label in STRIP if name in named),
        rest=tuple(fact for fact in facts if fact["name"] not in shown),
        trend=int(trend["value"]) if trend and trend["value"] else None,
        health=points,
        planned=_planned(agent, playbook, row, audit),
        alike=alike,
        signed=verdict[1] if verdict else None,
        holder=reviews.holder(row),
        high=high(row),
        missing=_missing(agent, playbook, me, row),
        naps=naps(playbook, row["deadline"]),
        passed=note,
    )


def weigh(
    agent: Agent,
    playbook: Playbook,
    row: Mapping[str, Any],
    audit: ContextAudit | None,
    reply: str | None,
    actions: Sequence[Action] | None,
) -> Weighed:
    """Weigh a version of a draft that somebody is writing, with the readers that the gate will use.

    None stands for the draft's own reply, and for its own calls.
    """
    card = row["card"] or {}
    drafted = card.get("reply") or ""
    reply = drafted if reply is None else reply
    calls = proposed(row) if actions is None else tuple(actions)
    today = (audit.at if audit else clock.now()).date()
    known = Known(
        account=audit.account if audit else None,
        facts=card.get("facts", ()),
        actions=calls,
        guidance=_guidance(agent, card),
        message=(card.get("message") or {}).get("body", ""),
        today=today,
    )
    return Weighed(
        pieces=diff(drafted, reply),
        claims=evidence(reply, known),
        binds=read_reply(reply, today, [str(value) for call in calls for value in call.args.values()]),
        effects=tuple(_effect(agent, playbook, row, call, audit) for call in calls),
    )


def proposed(row: Mapping[str, Any]) -> tuple[Action, ...]:
    """Return the calls that the card of a draft shows."""
    parts = (row["card"] or {}).get("parts", [])
    return tuple(Action.model_validate(action) for part in parts for action in part["actions"])


def naps(playbook: Playbook, deadline: str) -> tuple[tuple[str, datetime], ...]:
    """Return a few sensible moments until which a draft may be put off, all before its deadline."""
    now, end = clock.now(), datetime.fromisoformat(deadline)
    hours = playbook.business_hours
    local = now.astimezone(ZoneInfo(hours.timezone))
    opens = {"hour": hours.opens.hour, "minute": hours.opens.minute, "second": 0, "microsecond": 0}
    morning = brief.business_time((local + timedelta(days=1)).replace(**opens), timedelta(0), hours)  # type: ignore[arg-type]
    found = (
        ("for an hour", now + timedelta(hours=1)),
        ("for three hours", now + timedelta(hours=3)),
        ("until the next working morning", morning.astimezone(now.tzinfo)),
        ("until an hour before it is due", end - timedelta(hours=1)),
    )
    last = min(end, now + LONGEST_SNOOZE)
    return tuple((words, at) for words, at in found if now < at <= last)


def audit_of(connection: Connection, row: Mapping[str, Any]) -> ContextAudit | None:
    """Return what was known of the account when a draft was made; None where that was erased."""
    ruled = chain.entry(connection, row["decision_id"]) or {}
    seen = ruled.get("personal")
    return ContextAudit.model_validate(seen["audit"]) if seen else None


def _guidance(agent: Agent, card: Mapping[str, Any]) -> dict[str, str]:
    known, found = agent.project.guidance.intents, {}
    for part in card.get("parts", ()):
        if (one := known.get(part["intent"])) is not None:
            found[one.title] = "\n".join((one.prose, *(answer.reply for answer in one.answers)))
    return found


def _planned(
    agent: Agent, playbook: Playbook, row: Mapping[str, Any], audit: ContextAudit | None
) -> tuple[Planned, ...]:
    parts = (row["card"] or {}).get("parts", [])
    pairs = [(part["intent"], Action.model_validate(action)) for part in parts for action in part["actions"]]
    tools = agent.project.steps.judge.tools
    return tuple(
        Planned(
            index=index,
            tool=action.tool,
            part=intent,
            fields=forms.fields(index, action, tools.get(action.tool)),
            effect=_effect(agent, playbook, row, action, audit),
        )
        for index, (intent, action) in enumerate(pairs)
    )


def _effect(
    agent: Agent, playbook: Playbook, row: Mapping[str, Any], action: Action, audit: ContextAudit | None
) -> Effect:
    tool = agent.project.steps.judge.tools.get(action.tool)
    if tool is None:
        return Effect(summary=action.tool, kind="unknown", reversible="", gives=None, beside=None, trouble=UNDECLARED)
    gives, trouble, kind = None, None, tool.effect.value
    if audit is not None and audit.account is not None:
        try:
            found = tool.assess(action.args, audit.account, audit.at.date())
            gives, trouble, kind = found.gives, found.undecidable, (found.effect or tool.effect).value
        except Exception as error:  # a project's own code: what it cannot judge is not told as harmless
            trouble = f"what it would do cannot be told: {type(error).__name__}"
    money = tool.moves == "money" or gives is not None
    return Effect(
        summary=tool.summary,
        kind=kind,
        reversible=REVERSIBLE[tool.reversible],
        gives=str(gives) if gives is not None else None,
        beside=_beside(playbook, row, gives, audit) if money and audit is not None else None,
        trouble=trouble,
    )


def _beside(playbook: Playbook, row: Mapping[str, Any], gives: Money | None, audit: ContextAudit) -> str:
    """Say what stands beside an amount: the limit alone, and what was given in the rolling days with its limit."""
    standing, currency = audit.standing, playbook.currency
    tier, risk = Tier(row["tier"] or Tier.HIGH), bool(standing and standing.at_risk)
    money = playbook.money
    alone = Money(amount=money.per_action.limit(tier, risk), currency=currency)
    whole = Money(amount=money.rolling.limit(tier, risk), currency=currency)
    given = standing.exposure.given if standing else None
    said = f"limit alone {alone}; given in {money.rolling_days} days {given or 'unknown'} of {whole}"
    if gives is None or given is None:
        return said
    converted = (audit.fx or Fx.none()).convert(gives, currency)
    after = Money(amount=given.amount + converted.amount, currency=currency) if converted else None
    return f"{said}, {after} with this" if after and after.amount != Decimal(0) else said


def _missing(agent: Agent, playbook: Playbook, me: Person, row: Mapping[str, Any]) -> str | None:
    """Say why a person may not approve a draft, or None where they may."""
    if not me.decides:
        return f"you may look, and decide no drafts ({me.role.replace('_', ' ')})"
    first = row["first_approver"]
    if row["four_eyes"] and first and same_person(first, me.name):
        return "you have approved already; a second person must approve as well"
    role, _ = signature(playbook, me, row["required_role"])
    return agent.project.steps.reviewing.may_sign(role, row["required_role"])
