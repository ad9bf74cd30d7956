"""Who looks after an account at our side, and what is due when that changes: a handover, with a plan."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from cxagent.domain.account import Account
from cxagent.domain.value import Instant, Text, Value
from cxagent.domain.vocabulary import Tier
from cxagent.playbook import Playbook

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Step(Value):
    """One thing to do in a handover."""

    what: Text
    who: Text
    until: date


class Plan(Value):
    """What is to be done for an account, by its name, and on whose word it rests that this is enough."""

    account: Text
    steps: tuple[Step, ...]
    basis: Text


class Handover(Value):
    """An account that goes from one of us to another; without an id it was seen just now and is not on record yet.

    `above` is the name of the parent that it is about, where it is not the account's own.
    """

    account_id: Text
    from_owner: Text
    to_owner: Text | None = None
    stake: Text
    why: Text
    opened_at: Instant
    leaves_on: date | None = None
    plan: Plan
    id: Text | None = None
    above: Text | None = None

    @property
    def said(self) -> str:
        """The sentence that a card shows."""
        day = self.leaves_on or self.opened_at.date()
        if self.to_owner is None:
            what = f"{self.from_owner} leaves on {day} and nobody is named to take over"
        else:
            what = f"{self.to_owner} took over from {self.from_owner} on {day} and has not made contact yet"
            if day > self.opened_at.date():
                what = f"{self.to_owner} takes over from {self.from_owner} by {day} and has not made contact yet"
        return f"at the parent {self.above}: {what}" if self.above else what


class Owner(Value):
    """Whom the CRM names as our contact for an account."""

    account_id: Text
    name: Text


class OnRecord(NamedTuple):
    """What the ledger knows of an account's owners: the one named last, and all handovers, the oldest first."""

    owner: str | None = None
    open: Sequence[Handover] = ()
    in_touch: tuple[str, str] | None = None
    """From whom to whom the latest handover went, where it ended with a contact."""


class Due(NamedTuple):
    """A kind of step: what, by whom, within how many business days."""

    what: str
    who: Literal["leaver", "successor"]
    days: int


PLANS: Mapping[Tier, tuple[Due, ...]] = {
    Tier.HIGH: (
        Due("write down who decides there, what they want to reach, and what we still owe them", "leaver", 2),
        Due("call the sponsor and the daily contacts together with {leaver}", "successor", 5),
        Due("go through open requests, promises and the renewal date with them", "successor", 5),
        Due("record the contact: when and how", "successor", 5),
    ),
    Tier.MID: (
        Due("write down what is open and what was promised", "leaver", 3),
        Due("send a personal mail that names {leaver} and offers a call", "successor", 5),
        Due("record the contact: when and how", "successor", 10),
    ),
    Tier.LOW: (
        Due("send a short mail that says who looks after them now", "successor", 10),
        Due("record the contact: when and how", "successor", 10),
    ),
}
"""The plan of each tier. An assumption of the product: the owner of the playbook confirms it, or changes it here."""


def same_person(one: str | None, other: str | None) -> bool:
    """Say whether two names are one person's; spaces and capitals do not make another one."""
    return one is not None and other is not None and one.lower().split() == other.lower().split()


def somebody(name: str | None, playbook: Playbook) -> bool:
    """Whether a name is a person's, and not that of a pool or a queue."""
    return name is not None and bool(plain := " ".join(name.lower().split())) and plain not in playbook.not_a_person


def owner_of(account: Account, playbook: Playbook) -> Owner | None:
    """Return whom the CRM names for an account, also where they have left and the seat is vacant; no pool or queue."""
    held = account.crm.owner if account.crm else None
    if held is None or not somebody(held.name, playbook):
        return None
    return Owner(account_id=account.id, name=held.name)


def plan_of(account: str, tier: Tier, leaver: str, successor: str | None, start: date, playbook: Playbook) -> Plan:
    """Return the plan of a tier with names and days; steps of a successor whom nobody named are the successor's."""
    names = {"leaver": leaver, "successor": successor or "the successor"}
    steps = tuple(
        Step(what=due.what.format(**names), who=names[due.who], until=business_day(start, due.days, playbook))
        for due in PLANS[tier]
    )
    return Plan(
        account=account, steps=steps, basis=f"assumed by the product; {playbook.owner} confirms it or changes it"
    )


def business_day(start: date, days: int, playbook: Playbook) -> date:
    """Return the day on which so many business days after `start` are over."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        days -= DAYS[day.weekday()] in playbook.business_hours.days
    return day


def handovers_of(
    lines: Sequence[Account],
    known: Mapping[str, OnRecord],
    playbook: Playbook,
    at: datetime,
    tier: Tier,
    stakes: Sequence[str],
) -> Iterator[Handover]:
    """Yield what is open on an account and above it: on record, and where the CRM names another person than before.

    `lines` is the account and its ancestors, `stakes` what each of them is worth.
    """
    for one, stake in zip(lines, stakes, strict=True):
        above = None if one.id == lines[0].id else one.name
        held = known.get(one.id) or OnRecord()
        found = list(held.open)
        if news := _news(one, held, playbook):
            before, now = news
            same = next(iter(found), None)
            found = [
                Handover(
                    account_id=one.id,
                    from_owner=same.from_owner if same else before,
                    to_owner=now,
                    stake=stake,
                    why=f"the CRM names {now} in place of {before}",
                    opened_at=same.opened_at if same else at,
                    plan=plan_of(one.name, tier, same.from_owner if same else before, now, at.date(), playbook),
                )
            ]
        yield from (each.model_copy(update={"above": above}) for each in found)


def _news(account: Account, held: OnRecord, playbook: Playbook) -> tuple[str, str] | None:
    """Return who was named before and who is now, where no handover says so yet; a vacant seat is no successor."""
    named = owner_of(account, playbook)
    if named is None or held.owner is None or same_person(named.name, held.owner):
        return None
    if account.crm and account.crm.owner and account.crm.owner.vacant_since:
        return None
    if any(same_person(one.to_owner, named.name) for one in held.open):
        return None
    if held.in_touch and same_person(held.in_touch[0], held.owner) and same_person(held.in_touch[1], named.name):
        return None
    return held.owner, named.name
