"""From facts to a standing: what an account is worth, how shaky it is, how near its renewal, how old its facts.

The gate knows value, risk and renewal by the standing alone. Here the real audit computes it over every cell of the
facts, both sides of every threshold, and each step towards more value, worse health or a nearer renewal must lower or
keep it. With the gate monotone over standings, the way from the facts to the ruling is monotone.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from cxagent.context.knowledge import sections
from cxagent.context.standing import TrustEvent, risks_of, stand, tier_of, trust_balance, window_of
from cxagent.domain.account import Account, Contact, Escalation, OpenTicket, Person
from cxagent.domain.money import Money
from cxagent.domain.vocabulary import Segment, SourceName, Tier
from cxagent.playbook import Playbook
from cxagent.proof.climb import Axis, Ledger, Rise, climb
from cxagent.proof.findings import error, warning
from cxagent.proof.scene import AT, calm_account

CENT = Decimal("0.01")
TODAY = AT.date()


def accounts(playbook: Playbook, ledger: Ledger) -> None:
    """Enumerate the cells of value, group, health, people, renewal and age."""
    base = calm_account(playbook.currency)
    _value(playbook, ledger, base)
    _group(playbook, ledger, base)
    _health(playbook, ledger, base)
    _trust(playbook, ledger)
    _renewal(playbook, ledger, base)
    _family_renewal(playbook, ledger, base)
    _ages(playbook, ledger, base)


def _climb(
    ledger: Ledger,
    axes: Sequence[Axis],
    judge: Callable[[tuple[Any, ...]], int],
    where: Callable[[Rise], str],
    what: str,
) -> None:
    """Climb with a caution that may only grow, and report each step on which it falls."""

    def counted(at: tuple[Any, ...]) -> int:
        ledger.cells += 1
        return judge(at)

    for rise in climb(axes, counted, lambda caution: -caution):
        ledger.add(
            error(
                where(rise),
                f"more {rise.axis} makes {what} less strict: {_said(rise.better)}, then {_said(rise.worse)}",
            )
        )


def _said(at: tuple[Any, ...]) -> str:
    return " / ".join("none" if one is None else str(one) for one in at)


def _worth(account: Account, playbook: Playbook, **update: Any) -> Account:
    assert account.crm is not None
    if isinstance(clv := update.get("clv"), Decimal):
        update["clv"] = Money(amount=clv, currency=playbook.currency)
    return account.model_copy(update={"crm": account.crm.model_copy(update=update)})


def _values(playbook: Playbook) -> tuple[Decimal, ...]:
    low, mid = playbook.tiers.low_clv_up_to, playbook.tiers.mid_up_to
    return tuple(sorted({Decimal(0), low, low + CENT, mid, mid + CENT, mid * 10 + 1}))


def _value(playbook: Playbook, ledger: Ledger, base: Account) -> None:
    """A higher value, a larger segment, a flag that always counts as high."""
    segments = Axis("segment", tuple(Segment))
    seen: set[Tier] = set()

    def known(at: tuple[Any, ...]) -> int:
        tier, _, _ = tier_of(_worth(base, playbook, clv=at[0], segment=at[1], flags=at[2]), playbook, None)
        seen.add(tier)
        return tier.rank

    def line(rise: Rise) -> str:
        match rise.axis:
            case "segment" if rise.better[0] is None:
                return f"tiers.unknown_clv.{rise.worse[1]}"
            case "segment":
                return "tiers.always_high_segments"
            case "value":
                return "tiers.mid_up_to"
            case _:
                return "tiers.always_high_flags"

    for flag in sorted(playbook.tiers.always_high_flags) or [""]:
        flags = Axis("flags", ((), (flag,)) if flag else ((),))
        _climb(ledger, (Axis("value", _values(playbook)), segments, flags), known, line, "the tier")
        _climb(ledger, (Axis("value", (None,)), segments, flags), known, line, "the tier of an unknown value")
    for tier in Tier:
        if tier not in seen:
            ledger.add(warning("tiers", f"no account can ever be {tier}, so its columns are never read"))


def _group(playbook: Playbook, ledger: Ledger, base: Account) -> None:
    """The sum of the group, and a parent's own value, never lower the tier; the account's own is the least."""

    def judge(at: tuple[Any, ...]) -> int:
        own, sister, parent = at
        top = _worth(base, playbook, clv=parent, contacts=()).model_copy(update={"id": "PARENT"})
        child = _worth(base, playbook, clv=own).model_copy(update={"parent_id": "PARENT"})
        other = _worth(base, playbook, clv=sister, contacts=()).model_copy(
            update={"id": "SISTER", "parent_id": "PARENT"}
        )
        found = stand(child, {one.id: one for one in (top, child, other)}, playbook, AT)
        if found.tier.rank < found.own_tier.rank:
            ledger.add(
                error("tiers", f"the group of {_said(at)} counts as {found.tier}, its member as {found.own_tier}")
            )
        return found.tier.rank

    values, low = _values(playbook), playbook.tiers.low_clv_up_to
    sisters = tuple(sorted({Decimal(0), *(value - low for value in values if value > low)}))
    axes = (
        Axis("value", values),
        Axis("value in the group", sisters),
        Axis("value of the parent", (Decimal(0), *values[1::2])),
    )
    _climb(ledger, axes, judge, lambda _: "tiers", "the tier")


def _health(playbook: Playbook, ledger: Ledger, base: Account) -> None:
    """Health, usage, owner, sponsor, champion, incidents, escalations, breaches: every combination."""
    limits = playbook.at_risk
    drop, days, unseen = limits.usage_drop, limits.sponsor_change_days, limits.champion_unseen_days

    def ago(days: int) -> date:
        return TODAY - timedelta(days=days)

    def person(**facts: Any) -> Person:
        return Person(name="somebody", **facts)

    def champion(**facts: Any) -> tuple[Contact, ...]:
        return (Contact(email="champion@account.example", role="champion", **facts),)

    health = sorted({100, limits.health_below, max(limits.health_below - 1, 0), 0}, reverse=True)
    crm = {
        "health": health,
        "usage_change_90d": (None, Decimal("0.01") - drop, -drop, Decimal(-1)),
        "owner": (person(), person(vacant_since=TODAY)),
        "exec_sponsor": (person(), *(person(since=ago(n)) for n in (days + 1, days, 0)), person(vacant_since=TODAY)),
        "contacts": (
            champion(last_seen_on=TODAY),
            champion(last_seen_on=ago(unseen - 1)),
            champion(last_seen_on=ago(unseen)),
            champion(left_on=ago(days)),
            champion(left_on=TODAY),
        ),
    }
    support = {
        "open_tickets": ((), (OpenTicket(ref="1", priority="p3"),), (OpenTicket(ref="1", priority="p1"),)),
        "open_escalations": ((), (Escalation(ref="1"),)),
        "sla_breaches_30d": (0, 1),
    }
    assert base.crm is not None and base.support is not None
    held, desk = base.crm, base.support

    def judge(names: Sequence[str], section: str) -> Callable[[tuple[Any, ...]], int]:
        source = held if section == "crm" else desk

        def one(at: tuple[Any, ...]) -> int:
            facts = source.model_copy(update=dict(zip(names, at, strict=True)))
            return sum(1 for _ in risks_of(base.model_copy(update={section: facts}), playbook, AT)) > 0

        return one

    # Risks of the CRM and of the helpdesk are listed one after the other, so each side is a product of its own.
    for section, facts in (("crm", crm), ("support", support)):
        axes = [Axis(f"trouble in {name}", steps) for name, steps in facts.items()]
        _climb(ledger, axes, judge(tuple(facts), section), lambda _: "at_risk", "the risk")
    worst = base.model_copy(update={"crm": held.model_copy(update={"health": 0})})
    if limits.health_below == 0:
        ledger.add(warning("at_risk.health_below", "no health lies below 0, so health never counts"))
    elif not list(risks_of(worst, playbook, AT)):
        ledger.add(error("at_risk.health_below", "a health of 0 is no risk"))


def _trust(playbook: Playbook, ledger: Ledger) -> None:
    """A heavier breach weighs more, an older one never more than a younger one."""
    half = playbook.at_risk.trust_half_life_days
    weights, ages = (Decimal(0), Decimal("-0.5"), Decimal(-1)), (4 * half, half, 1, 0)

    def judge(at: tuple[Any, ...]) -> int:
        events = [TrustEvent(at=AT - timedelta(days=at[1]), weight=at[0], what="a breach")]
        return round(-trust_balance(events, playbook, AT) * 10_000)

    axes = (Axis("weight", weights), Axis("recency", ages))
    _climb(ledger, axes, judge, lambda _: "at_risk.trust_half_life_days", "trust")


def _renewal(playbook: Playbook, ledger: Ledger, base: Account) -> None:
    """Every day on which the window could open, the notice could end, or the renewal could pass."""
    assert base.contract is not None
    for segment in Segment:
        ahead = playbook.renewal_window_days[segment]
        account = _worth(base, playbook, segment=segment)
        for notice in (0, 1, 30):
            days = sorted({ahead + 1, ahead, ahead - 1, 1, 0, -1, -notice, -notice - 1}, reverse=True)

            def judge(at: tuple[Any, ...], account: Account = account, notice: int = notice) -> int:
                assert account.contract is not None
                renewal = TODAY + timedelta(days=at[0] + notice)
                contract = account.contract.model_copy(update={"renewal_date": renewal, "notice_days": notice})
                found = window_of(account.model_copy(update={"contract": contract}), playbook, TODAY)
                return found.status in ("open", "lapsed", "unknown")

            axis = Axis("days gone towards the notice deadline", days)
            _climb(ledger, (axis,), judge, lambda _, s=segment: f"renewal_window_days.{s}", "the window")  # type: ignore[misc]


def _family_renewal(playbook: Playbook, ledger: Ledger, base: Account) -> None:
    """The window and the risk of a parent count for the child, whatever the child's own."""
    assert base.contract is not None and base.crm is not None
    far = TODAY + timedelta(days=400 + max(playbook.renewal_window_days.values()))

    def one(near: bool, shaky: bool, **update: Any) -> Account:
        assert base.contract is not None
        contract = base.contract.model_copy(update={"renewal_date": TODAY if near else far, "notice_days": 0})
        account = _worth(base, playbook, usage_change_90d=Decimal(-1) if shaky else None)
        return account.model_copy(update={"contract": contract, **update})

    def judge(at: tuple[Any, ...]) -> int:
        child, parent = one(at[0], at[1], parent_id="PARENT"), one(at[2], at[3], id="PARENT")
        found = stand(child, {child.id: child, parent.id: parent}, playbook, AT)
        if (found.in_window, found.at_risk) != (at[0] or at[2], at[1] or at[3]):
            ledger.add(error("renewal_window_days", f"a parent's window or risk is not counted: {_said(at)}"))
        return found.in_window + found.at_risk

    names = ("renewal", "risk", "renewal at the parent", "risk at the parent")
    _climb(
        ledger, [Axis(name, (False, True)) for name in names], judge, lambda _: "renewal_window_days", "the standing"
    )


def _ages(playbook: Playbook, ledger: Ledger, base: Account) -> None:
    """An older section is never in a better state; a day past `error` it is stale."""
    for source in SourceName:
        limit = playbook.freshness[source]
        second = timedelta(seconds=1)
        steps = [timedelta(0)]
        for days in (limit.warn, limit.error):
            steps += [timedelta(days=days), timedelta(days=days) + second]

        def judge(at: tuple[Any, ...], source: SourceName = source) -> int:
            held = base.section(source)
            assert held is not None
            aged = held.model_copy(update={"as_of": AT - at[0]})
            found = next(
                one
                for one in sections(base.model_copy(update={source.value: aged}), (), playbook, AT)
                if one.source == source
            )
            return 2 if found.status == "stale" else int(found.aging)

        _climb(ledger, (Axis("age", sorted(set(steps))),), judge, lambda _, s=source: f"freshness.{s}", "the state")  # type: ignore[misc]
