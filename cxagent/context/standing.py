"""How the account stands: tier, risk, renewal window, what was given and promised; each with its derivation."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from cxagent.context.handover import Handover, OnRecord, Owner, handovers_of, owner_of
from cxagent.context.identity import ancestors
from cxagent.domain.account import Account, Promise
from cxagent.domain.money import Fx, Money, Number, total
from cxagent.domain.value import Instant, Text, Value
from cxagent.domain.vocabulary import Reason, Segment, Tier
from cxagent.lifetime.stake import NO_ESTIMATES, Estimates, Stake, stake_of
from cxagent.playbook import Playbook


class TrustEvent(Value):
    """A kept or broken promise, an error, an apology: a major breach weighs -1, what restores trust is positive."""

    at: Instant
    weight: Number
    what: Text


class Given(Value):
    """Money that this system promised or gave, as the ledger knows it."""

    ref: Text
    amount: Money
    at: Instant


class Risk(Value):
    """One reason why the account is shaky."""

    reason: Reason
    why: Text


class Window(Value):
    """The renewal window of one account; `unknown` where the dates to compute it are missing."""

    status: Literal["open", "closed", "signed", "lapsed", "unknown"]
    opens_on: date | None = None
    notice_deadline: date | None = None
    renewal_date: date | None = None
    days_to_notice: int | None = None
    why: Text


class Exposure(Value):
    """What was given away over the rolling days to the whole group; the amounts are None where a rate is missing.

    `on_record` is the part that billing shows, under `refs`; the rest is known to the ledger alone so far.
    """

    given: Money | None
    on_record: Money | None
    refs: tuple[str, ...] = ()
    count: int
    why: Text


class Standing(Value):
    """Everything about an account that sets a ceiling."""

    root_id: Text
    family: tuple[str, ...]
    missing_parent: Text | None
    own_tier: Tier
    tier: Tier
    tier_why: Text
    clv: Money | None
    clv_known: bool
    stake: Number
    currency_gap: Text | None
    credits_unknown: Text | None = None
    risks: tuple[Risk, ...]
    window: Window
    exposure: Exposure
    trust_balance: Number
    unkept: tuple[Promise, ...]
    handovers: tuple[Handover, ...] = ()
    owners: tuple[Owner, ...] = ()
    at_stake: Stake | None = None

    @property
    def at_risk(self) -> bool:
        """Whether any risk is open, on the account or above it."""
        return bool(self.risks)

    @property
    def in_window(self) -> bool:
        """Whether everything counts more now; what cannot be computed counts as open."""
        return self.window.status in ("open", "unknown", "lapsed")


def stand(
    account: Account,
    tree: Mapping[str, Account],
    playbook: Playbook,
    at: datetime,
    *,
    fx: Fx | None = None,
    trust: Sequence[TrustEvent] = (),
    given: Sequence[Given] = (),
    owners: Mapping[str, OnRecord] | None = None,
    estimates: Estimates = NO_ESTIMATES,
) -> Standing:
    """Work out how an account stands at one moment.

    `owners` is what the ledger knows of who looks after whom, `estimates` what was estimated of retention and health.
    """
    above, missing = ancestors(account, tree)
    root = above[-1] if above else account
    family = tuple(sorted(one.id for one in tree.values() if _root(one, tree) == root.id))
    at_stake = stake_on(account, playbook, at.date(), fx, estimates)
    own, why, clv = grown(account, at_stake, playbook, tier_of(account, playbook, fx))
    group, group_why, stake = _group(account, above, [tree[key] for key in family], playbook, fx)
    lines = [account, *above]
    balance = trust_balance(trust, playbook, at)
    windows = [(one, window_of(one, playbook, at.date())) for one in lines]
    tier = max(own, group, key=lambda tier: tier.rank)
    return Standing(
        root_id=root.id,
        family=family,
        missing_parent=missing,
        own_tier=own,
        tier=tier,
        tier_why=group_why if group.rank > own.rank else why,
        clv=clv,
        clv_known=bool(account.crm and account.crm.clv),
        stake=stake,
        currency_gap=_currency_gap([*lines, *(tree[key] for key in family)], playbook, fx),
        credits_unknown=next((key for key in family if _credits_unknown(tree[key])), None),
        risks=(*_risks_of(lines, playbook, at), *_trust_risk(balance, playbook)),
        window=_tightest(account, windows),
        exposure=exposure_of([tree[key] for key in family], playbook, at, fx, given),
        trust_balance=balance,
        unkept=tuple(
            p for p in _promises(account) if p.kept is False or (p.kept is None and p.due and p.due < at.date())
        ),
        handovers=tuple(
            handovers_of(lines, owners or {}, playbook, at, tier, [worth(one, playbook, fx) for one in lines])
        ),
        owners=tuple(owner for one in lines if (owner := owner_of(one, playbook))),
        at_stake=at_stake,
    )


def stake_on(
    account: Account, playbook: Playbook, today: date, fx: Fx | None, estimates: Estimates = NO_ESTIMATES
) -> Stake:
    """Return what rides on an account by itself, under the playbook's terms of value."""
    terms, assumed = playbook.value, playbook.latitude.future_value
    return stake_of(account, terms, assumed, playbook.currency, today, fx=fx, estimates=estimates)


def grown(
    account: Account, stake: Stake, playbook: Playbook, by_clv: tuple[Tier, str, Money | None]
) -> tuple[Tier, str, Money | None]:
    """Return the tier with the growth that is expected of an account: value looks forward, and never lowers a tier."""
    tier, _, clv = by_clv
    if stake.expansion.amount is None:
        return by_clv
    ahead = _by_value(stake.future_value, playbook)
    if ahead.rank <= tier.rank:
        return by_clv
    others = "; ".join(f"{one.supposed}: {one.amount:,.0f}" for one in stake.sensitivity)
    worth = Money(amount=stake.future_value, currency=playbook.currency)
    return ahead, f"worth {worth} with its expected growth of {stake.expansion.said} ({others})", clv


def worth(account: Account, playbook: Playbook, fx: Fx | None) -> str:
    """Say what an account is worth by itself."""
    return str(_convert(account.crm.clv if account.crm else None, playbook, fx) or "unknown")


def tier_of(account: Account, playbook: Playbook, fx: Fx | None) -> tuple[Tier, str, Money | None]:
    """Return the tier of one account by itself, why, and its CLV in the playbook's currency."""
    crm, tiers = account.crm, playbook.tiers
    clv = _convert(crm.clv if crm else None, playbook, fx)
    flags = set((crm.flags if crm else None) or ())
    if crm and crm.segment in tiers.always_high_segments:
        return Tier.HIGH, f"segment {crm.segment}", clv
    if marked := sorted(flags & tiers.always_high_flags):
        return Tier.HIGH, f"marked {marked[0]}", clv
    if clv is not None:
        return _by_value(clv.amount, playbook), f"CLV {clv}", clv
    if crm and crm.segment:
        return tiers.unknown_clv[crm.segment], f"CLV unknown, by segment {crm.segment}", None
    return Tier.HIGH, "neither value nor segment is known", None


def _by_value(amount: Decimal, playbook: Playbook) -> Tier:
    if amount <= playbook.tiers.low_clv_up_to:
        return Tier.LOW
    return Tier.MID if amount <= playbook.tiers.mid_up_to else Tier.HIGH


def _group(
    account: Account, above: Sequence[Account], family: Sequence[Account], playbook: Playbook, fx: Fx | None
) -> tuple[Tier, str, Decimal]:
    """Return the strictest tier of the ancestors and of the summed value, why, and the sum (the group's stake)."""
    values = [_convert(one.crm.clv if one.crm else None, playbook, fx) for one in family]
    stake = sum((value.amount for value in values if value and value.amount > 0), Decimal(0))
    found = [(_by_value(stake, playbook), f"the group is worth {playbook.currency} {stake:,.2f}")]
    for one in above:
        tier, why, _ = tier_of(one, playbook, fx)
        found.append((tier, f"the parent {one.name}: {why}"))
    tier, why = max(found, key=lambda item: item[0].rank)
    return tier, why, stake


def _convert(money: Money | None, playbook: Playbook, fx: Fx | None) -> Money | None:
    return (fx or Fx.none()).convert(money, playbook.currency) if money else None


def _currency_gap(lines: Iterable[Account], playbook: Playbook, fx: Fx | None) -> str | None:
    for one in lines:
        worth = (one.crm.clv or one.crm.arr) if one.crm else None
        if worth and _convert(worth, playbook, fx) is None:
            return f"no rate from {worth.currency} to {playbook.currency} for the value of {one.name}"
    return None


def window_of(account: Account, playbook: Playbook, today: date) -> Window:
    """Compute the renewal window from the contract: its real clock is the notice deadline."""
    contract, crm = account.contract, account.crm
    if not (contract and crm and crm.segment and contract.renewal_date) or contract.notice_days is None:
        return Window(status="unknown", why="renewal date, notice period or segment are not known")
    renewal = contract.renewal_date
    notice = renewal - timedelta(days=contract.notice_days)
    opens = min(notice, renewal) - timedelta(days=playbook.renewal_window_days[crm.segment])
    signed = contract.signed_on if contract.signed_on and contract.signed_on <= today else None

    def window(status: Literal["open", "closed", "signed", "lapsed"], why: str) -> Window:
        return Window(
            status=status,
            opens_on=opens,
            notice_deadline=notice,
            renewal_date=renewal,
            days_to_notice=(notice - today).days,
            why=why,
        )

    if signed and signed >= opens:
        return window("signed", f"the renewal was signed on {signed}")
    if today < opens:
        return window("closed", f"opens on {opens}, {(opens - today).days} days from now")
    if today > renewal:
        return window("lapsed", f"the renewal date {renewal} has passed and no signature is on record")
    return window("open", f"open since {opens}; the notice deadline is {notice}, {_in_days((notice - today).days)}")


def _in_days(days: int) -> str:
    return f"in {days} days" if days >= 0 else f"{-days} days ago"


def _tightest(account: Account, windows: Sequence[tuple[Account, Window]]) -> Window:
    """An ancestor's window that is open, or that nobody can compute, counts for the child."""
    for one, window in windows:
        if window.status in ("open", "lapsed", "unknown") and one.id != account.id:
            if windows[0][1].status in ("open", "lapsed", "unknown"):
                break
            return window.model_copy(update={"why": f"at the parent {one.name}: {window.why}"})
    return windows[0][1]


def _risks_of(lines: Sequence[Account], playbook: Playbook, at: datetime) -> tuple[Risk, ...]:
    account = lines[0]
    found = list(risks_of(account, playbook, at))
    for one in lines[1:]:
        found += [Risk(reason=r.reason, why=f"at the parent {one.name}: {r.why}") for r in risks_of(one, playbook, at)]
    return tuple(found)


def risks_of(account: Account, playbook: Playbook, at: datetime) -> Iterable[Risk]:
    """Name everything that makes one account shaky by itself."""
    limits, today = playbook.at_risk, at.date()
    crm, support = account.crm, account.support
    if crm:
        if crm.health is not None and crm.health < limits.health_below:
            yield Risk(reason=Reason.AT_RISK, why=f"health {crm.health} is under {limits.health_below}")
        yield from _people_risks(account, limits.sponsor_change_days, limits.champion_unseen_days, today)
        if crm.usage_change_90d is not None and crm.usage_change_90d <= -limits.usage_drop:
            drop = -crm.usage_change_90d * 100
            yield Risk(reason=Reason.SILENT_CHURN, why=f"usage fell {drop:.0f} % in 90 days")
    if support:
        for ticket in support.open_tickets or ():
            if ticket.priority == "p1":
                yield Risk(
                    reason=Reason.OPEN_INCIDENT, why=f"P1 {ticket.ref} is open: {ticket.summary or 'no summary'}"
                )
        for escalation in support.open_escalations or ():
            yield Risk(reason=Reason.AT_RISK, why=f"escalation {escalation.ref} is open: {escalation.summary or ''}")
        if support.sla_breaches_30d:
            yield Risk(reason=Reason.AT_RISK, why=f"{support.sla_breaches_30d} SLA breaches in 30 days")


def _people_risks(account: Account, changed_days: int, unseen_days: int, today: date) -> Iterable[Risk]:
    crm = account.crm
    assert crm is not None
    if crm.owner and crm.owner.vacant_since:
        yield Risk(reason=Reason.AT_RISK, why=f"the account has had no owner since {crm.owner.vacant_since}")
    if sponsor := crm.exec_sponsor:
        if sponsor.vacant_since:
            yield Risk(reason=Reason.AT_RISK, why=f"no executive sponsor since {sponsor.vacant_since}")
        elif sponsor.since and 0 <= (today - sponsor.since).days <= changed_days:
            yield Risk(reason=Reason.AT_RISK, why=f"the executive sponsor changed on {sponsor.since}")
    for contact in crm.contacts or ():
        if "champion" not in (contact.role or "").lower():
            continue
        if contact.left_on is not None and (today - contact.left_on).days <= changed_days:
            yield Risk(
                reason=Reason.AT_RISK, why=f"the champion {contact.name or contact.email} left on {contact.left_on}"
            )
        elif contact.left_on is None and contact.last_seen_on and (today - contact.last_seen_on).days >= unseen_days:
            days = (today - contact.last_seen_on).days
            yield Risk(
                reason=Reason.SILENT_CHURN,
                why=f"the champion {contact.name or contact.email} was last seen {days} days ago",
            )


def trust_balance(events: Sequence[TrustEvent], playbook: Playbook, at: datetime) -> Decimal:
    """Return the trust balance: each event's weight halves every `trust_half_life_days`; 0 is neutral."""
    half_life = playbook.at_risk.trust_half_life_days
    balance = Decimal(0)
    for event in events:
        age_days = max(0.0, (at - event.at) / timedelta(days=1))
        balance += event.weight * Decimal(repr(0.5 ** (age_days / half_life)))
    return balance.quantize(Decimal("0.0001"))


def _trust_risk(balance: Decimal, playbook: Playbook) -> Iterable[Risk]:
    if -balance > playbook.at_risk.trust_breach_above:
        yield Risk(reason=Reason.TRUST_BREACH, why=f"a breach of trust has not yet faded (balance {balance:.2f})")


def exposure_of(
    family: Sequence[Account], playbook: Playbook, at: datetime, fx: Fx | None, given: Sequence[Given]
) -> Exposure:
    """Add up what the group got over the rolling days: billing's credits, and ours that billing does not show yet."""
    since = at - timedelta(days=playbook.money.rolling_days)
    credits = [c for one in family for c in ((one.billing.credits if one.billing else None) or ())]
    refs = tuple(sorted({credit.ref for credit in credits if credit.ref}))
    shown = [c.amount for c in credits if c.granted_at is None or c.granted_at >= since]
    own = [one.amount for one in given if one.ref not in refs and one.at >= since]
    on_record, rest = _sum(shown, playbook, fx), _sum(own, playbook, fx)
    count = len(shown) + len(own)
    if on_record is None or rest is None:
        why = f"a credit cannot be added without a rate to {playbook.currency}"
        return Exposure(given=None, on_record=None, refs=refs, count=count, why=why)
    result = on_record + rest
    why = f"{count} credits to {len(family)} accounts in {playbook.money.rolling_days} days: {result}"
    return Exposure(given=result, on_record=on_record, refs=refs, count=count, why=why)


def _credits_unknown(account: Account) -> bool:
    """Whether billing does not say what was credited: unknown is not zero, for a sister account neither."""
    return account.billing is None or account.billing.credits is None


def _sum(amounts: Iterable[Money], playbook: Playbook, fx: Fx | None) -> Money | None:
    """A credit counts whatever its sign: some systems book it as a negative amount."""
    return total((Money(amount=abs(m.amount), currency=m.currency) for m in amounts), playbook.currency, fx)


def _promises(account: Account) -> tuple[Promise, ...]:
    return (account.support.promises if account.support else None) or ()


def _root(account: Account, tree: Mapping[str, Account]) -> str:
    above, _ = ancestors(account, tree)
    return above[-1].id if above else account.id


def segment_of(account: Account) -> Segment | None:
    """Return the segment on record."""
    return account.crm.segment if account.crm else None
