"""What a person gets: the card of a draft and the brief of a handoff, in words that can be read in half a minute."""

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from cxagent.context import ContextAudit
from cxagent.context.knowledge import Fact
from cxagent.domain.account import Promise
from cxagent.domain.money import Money
from cxagent.domain.proposal import Proposal
from cxagent.domain.ruling import Ruling
from cxagent.domain.ticket import Ticket
from cxagent.domain.vocabulary import Autonomy, Reason, SourceName, Tier
from cxagent.playbook import Hours, Playbook
from cxagent.reading.message import Reading
from cxagent.rules.loss import said

DOUBTFUL = frozenset(
    {
        *(Reason.COMMITMENT, Reason.UNGROUNDED_FIGURE, Reason.AMOUNT_UNDECIDABLE, Reason.TARGET_AMBIGUOUS),
        *(Reason.PROPOSER_UNSURE, Reason.LANGUAGE_UNREAD),
    }
)
"""Reasons that lie in the proposal itself: changing it is a better next step than signing it."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def deadline(playbook: Playbook, audit: ContextAudit, start: datetime) -> datetime:
    """Return when a person must have answered: the tier's hours, counted in business hours."""
    tier = audit.standing.tier if audit.standing else Tier.HIGH
    return business_time(start, timedelta(hours=playbook.deadline_hours[tier]), playbook.business_hours)


def business_time(start: datetime, work: timedelta, hours: Hours) -> datetime:
    """Add working time to a moment, skipping nights and days off; the result is in the zone of `start`."""
    zone = ZoneInfo(hours.timezone)
    at = start.astimezone(zone)
    while True:
        opens = at.replace(hour=hours.opens.hour, minute=hours.opens.minute, second=0, microsecond=0)
        closes = at.replace(hour=hours.closes.hour, minute=hours.closes.minute, second=0, microsecond=0)
        at = max(at, opens)
        if DAYS[at.weekday()] in hours.days and at < closes:
            if at + work <= closes:
                return (at + work).astimezone(start.tzinfo)
            work -= closes - at
        at = opens + timedelta(days=1)


def owner(playbook: Playbook, audit: ContextAudit, role: str) -> str:
    """Name the person who takes over: the account's owner, else somebody of the needed role, else up the ladder."""
    crm = audit.account.crm if audit.account else None
    held = crm.owner if crm else None
    if held and not held.vacant_since and held.name.strip().lower() not in playbook.not_a_person:
        return held.name
    return signer(playbook, role)


def signer(playbook: Playbook, role: str) -> str:
    """Name the first person who may sign as `role` or above."""
    wanted = max(playbook.rank_of(role), 0)
    able = [one for one in playbook.people if playbook.rank_of(one.role) >= wanted]
    return min(able, key=lambda one: playbook.rank_of(one.role)).name if able else role


def next_up(playbook: Playbook, assignee: str, role: str, away: Collection[str] = ()) -> str:
    """Name who gets a draft that its assignee left too long: the next person above them who may sign as `role`.

    At the top of the ladder it goes to another person of the same rank, and stays where there is none. Whoever is
    `away` is passed over, as long as somebody else is there.
    """
    known = playbook.colleague(assignee)
    rank = playbook.rank_of(known.role) if known else playbook.rank_of(role) - 1
    able = [one for one in playbook.people if playbook.rank_of(one.role) >= max(playbook.rank_of(role), 0)]
    others = [one for one in able if known is None or one.name != known.name]
    others = [one for one in others if one.name not in away] or others
    above = [one for one in others if playbook.rank_of(one.role) > rank]
    level = [one for one in others if playbook.rank_of(one.role) == rank]
    return min(above or level, key=lambda one: playbook.rank_of(one.role)).name if above or level else assignee


def who(ticket: Ticket, audit: ContextAudit) -> dict[str, Any]:
    """Say who wrote and for whom, as far as the record knows."""
    account = audit.account
    return {
        "sender": audit.identity.name or ticket.sender.name or ticket.sender.email,
        "email": ticket.sender.email,
        "role": audit.identity.title,
        "verified": audit.identity.verified,
        "account": account.name if account else None,
        "account_id": audit.account_id,
        "identity": audit.identity.why,
    }


def at_stake(audit: ContextAudit, ruling: Ruling) -> dict[str, Any]:
    """Say what rides on the account, not on the ticket."""
    standing, crm = audit.standing, audit.account.crm if audit.account else None
    return {
        "tier": standing.tier.value if standing else None,
        "why": standing.tier_why if standing else "the account is not known",
        "stake": ruling.stake,
        "arr": str(crm.arr) if crm and crm.arr else "unknown",
        "clv": str(crm.clv) if crm and crm.clv else "unknown",
        "health": crm.health if crm else None,
        "renewal_window": standing.window.why if standing else None,
        "days_to_notice": standing.window.days_to_notice if standing else None,
        "risks": [risk.why for risk in standing.risks] if standing else [],
        "goals": [goal.model_dump(mode="json") for goal in (crm.stated_goals if crm else None) or ()],
        "promises": [promise.model_dump(mode="json") for promise in _promises(audit)],
        "unkept_promises": [promise.what for promise in standing.unkept] if standing else [],
    }


def worth(audit: ContextAudit, ruling: Ruling) -> dict[str, Any] | None:
    """Say what rides on an account in four parts, and beside it what a look costs; None for an unknown account."""
    stake = audit.standing.at_stake if audit.standing else None
    if stake is None:
        return None
    told, weighed = stake.told(), ruling.weighing
    told |= {"behind": f"{ruling.gives} on the ticket, {told['total']} behind it"}
    told |= dict.fromkeys(("checking", "loss", "arithmetic"))
    if weighed is not None:
        price = Money(amount=Decimal(f"{weighed.saved:.2f}"), currency=stake.currency)
        loss = Money(amount=Decimal(ruling.expected_loss or 0), currency=stake.currency)
        told["checking"] = f"a look costs {price} ({weighed.minutes:.0f} minutes)"
        told["loss"] = f"without one {loss} would be lost on average"
        told["arithmetic"] = f"{said(weighed, stake.currency)}; {weighed.known}"
    return told


def beside(audit: ContextAudit) -> tuple[Fact, ...]:
    """Return what a person sees beside the facts that a proposer is told: where health goes, what is on fire."""
    account = audit.account
    if account is None:
        return ()
    crm, support = account.crm, account.support
    hot = None
    if support is not None and support.open_tickets is not None:
        hot = [f"{one.ref} {one.summary or ''}".strip() for one in support.open_tickets if one.priority == "p1"]
        hot += [f"{one.ref} {one.summary or ''}".strip() for one in support.open_escalations or ()]
    told = (
        (SourceName.CRM, "health change in 60 days", crm.health_change_60d if crm else None),
        (SourceName.SUPPORT, "open incidents", None if hot is None else "; ".join(hot) or "none"),
        (SourceName.SUPPORT, "sla_breaches_30d", support.sla_breaches_30d if support else None),
    )
    return tuple(_beside(audit, source, name, value) for source, name, value in told)


def _beside(audit: ContextAudit, source: SourceName, name: str, value: object) -> Fact:
    section = audit.section(source)
    status = section.status if section else "missing"
    known = None if value is None else str(value)
    state = "missing" if known is None and status == "present" else status
    return Fact(name=name, value=known, source=source, as_of=section.as_of if section else None, status=state)


def _promises(audit: ContextAudit) -> tuple[Promise, ...]:
    support = audit.account.support if audit.account else None
    return (support.promises if support else None) or ()


def card(
    ticket: Ticket,
    audit: ContextAudit,
    reading: Reading,
    proposal: Proposal,
    ruling: Ruling,
    due: datetime,
    since: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return everything a reviewer sees; its digest is what an approval refers to.

    `since` says what changed where the customer wrote again.
    """
    choices = options(ruling)
    return {
        "who": who(ticket, audit),
        "at_stake": at_stake(audit, ruling),
        "worth": worth(audit, ruling),
        "why": [cap.why for cap in ruling.binding],
        "reasons": list(ruling.reasons),
        "would_have_acted": list(ruling.would_have_acted),
        "signals": [one.model_dump(mode="json") for one in reading.signals],
        "facts": [fact.model_dump(mode="json") for fact in (*audit.facts, *beside(audit))],
        "message": {"subject": ticket.subject, "body": ticket.body},
        **({"since": since} if since else {}),
        "reply": proposal.reply,
        "parts": [part.model_dump(mode="json") for part in proposal.parts],
        "gives": ruling.gives,
        "sign_off": ruling.sign_off,
        "four_eyes": ruling.four_eyes,
        "options": choices,
        "recommendation": choices[0]["do"],
        "deadline": due.isoformat(),
        "playbook": ruling.playbook,
        "deviations": list(ruling.deviations),
    }


def options(ruling: Ruling) -> list[dict[str, str]]:
    """Offer what the person can do, each with its consequence; the first one is the recommendation."""
    if ruling.autonomy == Autonomy.HANDOFF:
        return [
            {"do": "call or write yourself", "then": "the account hears from the person it knows"},
            {
                "do": "check the facts first",
                "then": "nothing goes out until you answer; the acknowledgement is neutral",
            },
            {"do": "pass it on", "then": "name the colleague; the deadline stays"},
        ]
    approve = {"do": "approve", "then": f"the reply goes out and the actions run ({ruling.gives} given)"}
    edit = {"do": "edit", "then": "your wording and amounts are judged again with your authority, then go out"}
    return [
        *((edit, approve) if DOUBTFUL & {cap.reason for cap in ruling.caps} else (approve, edit)),
        {"do": "respond", "then": "your own text goes out, no action runs"},
        {"do": "reject", "then": "nothing goes out; a named person takes over"},
    ]


def describe(shown: dict[str, Any]) -> str:
    """Return the card as text for front ends that show nothing else."""
    people, stake = shown["who"], shown["at_stake"]
    lines = [
        f"{people['sender']} ({people['role'] or 'role unknown'}) of {people['account'] or 'nobody we know'} wrote:",
        f"  {shown['message']['body'].strip()[:600]}",
        *so_far(shown.get("since")),
        f"At stake: {stake['stake']} ({stake['tier'] or 'tier unknown'}); {stake['renewal_window'] or 'no dates'}",
        *([f"  {in_a_line(told)}"] if (told := shown.get("worth")) else []),
        *(f"Risk: {risk}" for risk in stake["risks"]),
        *(f"Their goal: {goal['goal']}" for goal in stake["goals"]),
        "Why you see this:",
        *(f"  - {why}" for why in shown["why"]),
        f"Proposed reply: {shown['reply']}",
        *(f"Proposed action: {a['tool']} {a['args']}" for part in shown["parts"] for a in part["actions"]),
        f"To be signed by: {shown['sign_off']}" + (" and a second person" if shown["four_eyes"] else ""),
    ]
    return "\n".join(lines)


def in_a_line(told: dict[str, Any]) -> str:
    """Say in one line what is behind a ticket and what a look costs."""
    return "; ".join(filter(None, (told["behind"], told["checking"], told["loss"])))


def so_far(since: dict[str, Any] | None) -> list[str]:
    """Say what came before a message that continues a conversation: what was proposed, sent, and done already."""
    if since is None:
        return []
    lines = [f"They wrote again: this goes on with {since['ticket']}."]
    if reply := since["proposed"]["reply"]:
        lines.append(f"  Proposed before: {reply}")
    lines += [f"  Proposed before: {one['tool']} {one['args']}" for one in since["proposed"]["actions"]]
    lines += [f"  Already sent: {reply}" for reply in since["sent"]]
    for one in since["done"]:
        stands = {"done": "Already done", "started": "Under way"}.get(one["status"], "Perhaps done, in doubt")
        lines.append(f"  {stands}: {one['tool']} {one['args']} ({one['ticket']})")
    return lines


def handoff_brief(
    ticket: Ticket,
    audit: ContextAudit,
    proposal: Proposal | None,
    ruling: Ruling,
    playbook: Playbook,
    tried: list[str],
    due: datetime,
    since: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the brief of a handoff: the customer repeats nothing, and the owner knows why it is theirs."""
    parts = proposal.parts if proposal else ()
    return {
        "who": who(ticket, audit),
        "at_stake": at_stake(audit, ruling),
        "worth": worth(audit, ruling),
        "request": {"subject": ticket.subject, "body": ticket.body, "intents": [part.intent for part in parts]},
        **({"since": since} if since else {}),
        "found": [
            f"{fact.name}: {fact.value} ({fact.source}{f', {fact.status}' if fact.status != 'present' else ''})"
            for fact in audit.facts
            if fact.value
        ],
        "tried": [line.strip() for line in so_far(since)] + tried,
        "why": [cap.why for cap in ruling.binding],
        "reasons": list(ruling.reasons),
        "suggestion": proposal.reply if proposal else None,
        "options": options(ruling.model_copy(update={"autonomy": Autonomy.HANDOFF})),
        "deadline": due.isoformat(),
        "acknowledgement": playbook.acknowledgement.strip(),
    }
