"""Rules about what a wrong act would cost: act by act, day by day, and where the account is not steady enough for one.

They only cap. More value, a worse hazard ratio or a worse record never gives more; a day's budget is a share of the
account's value, so it is the same share of every account that may be used up.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from cxagent.domain.account import Contact
from cxagent.domain.money import Money
from cxagent.domain.ruling import Cap, Weighing
from cxagent.domain.vocabulary import DRAFT, EffectClass, Reason
from cxagent.rules.submission import PartView, Submission, cap, spoken

STANCE_DAYS = 180
"""For how long a stance that somebody took counts as theirs."""


def expected_loss(sub: Submission, view: PartView) -> Iterator[Cap]:
    """What would cost more if it were wrong than asking costs, a person looks at, however plain it is."""
    weighed = sub.weighings[view.index]
    if weighed is not None and not weighed.pays and _assumed(sub, weighed) >= weighed.break_even:
        yield from _too_dear(sub, view, weighed)


def recorded_loss(sub: Submission, view: PartView) -> Iterator[Cap]:
    """What paid by the playbook's assumption and does not by its own record, a person looks at."""
    weighed = sub.weighings[view.index]
    if weighed is not None and not weighed.pays and _assumed(sub, weighed) < weighed.break_even:
        yield from _too_dear(sub, view, weighed)


def _assumed(sub: Submission, weighed: Weighing) -> float:
    return sub.playbook.value.wrong[EffectClass(weighed.effect)]


def _too_dear(sub: Submission, view: PartView, of: Weighing) -> Iterator[Cap]:
    why = f"{said(of, sub.playbook.currency)}; {of.known}"
    numbers = {
        "p": f"{of.wrong:.6f}",
        "D": f"{of.damage:.2f}",
        "FV": f"{of.future_value:.2f}",
        "b": f"{of.saved:.2f}",
        "p_star": f"{of.break_even:.6f}",
        "p_star_careful": f"{of.careful:.6f}",
    }
    yield from cap(DRAFT, Reason.EXPECTED_LOSS, why, "acting had cost less than asking", part=view, **numbers)


def said(of: Weighing, currency: str) -> str:
    """Say the arithmetic of a weighing in money."""
    shaky = f" and {of.hazard_ratio:.1f} times the odds of leaving" if of.hazard_ratio > 1 else ""
    average, look = _money(of.expected_loss, currency), _money(of.saved, currency)
    return (
        f"{spoken(of.effect)} costs {_money(of.damage, currency)} if it is wrong, with "
        f"{_money(of.future_value, currency)} to lose{shaky}: {average} on average at {of.wrong:.2%}, a look costs "
        f"{look}, so {of.break_even:.2%} may be wrong at most ({of.careful:.2%} if that is too mild)"
    )


def _money(amount: float, currency: str) -> str:
    return str(Money.model_construct(amount=Decimal(f"{amount:.2f}"), currency=currency))


# ---- the day --------------------------------------------------------------------------------------------------------


def expected_in_all(sub: Submission) -> Decimal:
    """Return the expected loss of the whole proposal, p * D of its parts."""
    whole = sum(of.expected_loss for of in sub.weighings if of is not None)
    return Decimal(f"{min(whole, 1e15):.4f}")


def budget_of(sub: Submission) -> Decimal:
    """Return how much expected loss may go out alone in a day under the ultimate parent."""
    terms, standing = sub.playbook.value.loss_budget, sub.audit.standing
    stake = standing.at_stake if standing else None
    clv = max((stake.renewal.amount if stake else None) or Decimal(0), standing.stake if standing else Decimal(0))
    return max(clv * Decimal(repr(terms.share)), Decimal(repr(terms.at_least)))


def loss_budget(sub: Submission) -> Iterator[Cap]:
    """What goes out alone on one group in a day may together lose so much on average and no more."""
    if not any(sub.weighings):
        return
    new, limit = expected_in_all(sub), budget_of(sub)
    if new > 0 and sub.lost_today + new > limit:
        book = sub.playbook
        spent, more, whole = (_money(float(one), book.currency) for one in (sub.lost_today, new, limit))
        why = (
            f"what went out alone today may lose {spent} on average, with this {more} more; the day's limit is {whole}"
        )
        unless = "less had gone out alone today"
        yield from cap(DRAFT, Reason.LOSS_BUDGET, why, unless, spent=sub.lost_today, new=new, limit=limit)


# ---- an account that is not steady ---------------------------------------------------------------------------------


def alarms(sub: Submission) -> Iterator[Cap]:
    """While a risk sensor is up on the account, its segment or everything, a person looks."""
    if sub.audit.account is None:
        return
    crm = sub.audit.account.crm
    segment = crm.segment.value if crm and crm.segment else ""
    lines = frozenset({sub.audit.account_id, sub.audit.root_id, sub.audit.account.parent_id or sub.audit.account_id})
    for alarm in sub.alarms:
        if alarm.concerns(lines, segment):
            why = f"{spoken(alarm.metric)} is an alarm since {alarm.since[:10]}: {alarm.why}"
            yield from cap(
                DRAFT, Reason.AT_RISK, why, f"{spoken(alarm.metric)} had raised no alarm", metric=alarm.metric
            )


def onboarding(sub: Submission) -> Iterator[Cap]:
    """While the first months of an account go wrong, a person looks at all that it is told."""
    crm = sub.audit.account.crm if sub.audit.account else None
    held = crm.onboarding if crm else None
    if held is not None and held.state == "in_trouble":
        level = f", at {held.level:.0%}" if held.level is not None else ""
        why = f"its onboarding is in trouble{level}"
        yield from cap(DRAFT, Reason.AT_RISK, why, "its onboarding went as it should")


def stances_agree(sub: Submission) -> Iterator[Cap]:
    """Where people of the account are for us and others against us, every answer takes a side: a person gives it."""
    crm = sub.audit.account.crm if sub.audit.account else None
    held = [one for one in (crm.contacts if crm else None) or () if _counts(one, sub.today)]
    side = {stance: [one for one in held if one.stance == stance] for stance in ("for", "against")}
    if side["for"] and side["against"]:
        one, other = side["for"][0], side["against"][0]
        why = f"{_named(one)} is for us and {_named(other)} against"
        yield from cap(DRAFT, Reason.CONTACTS_DISAGREE, why, "its people had been of one mind")


def _counts(one: Contact, today: date) -> bool:
    """Whether a stance still counts; one of an unknown day does."""
    gone = one.left_on is not None and one.left_on <= today
    old = one.stance_on is not None and today - one.stance_on > timedelta(days=STANCE_DAYS)
    return one.stance in ("for", "against") and not gone and not old


def _named(one: Contact) -> str:
    where = f" ({one.department})" if one.department else ""
    since = f", since {one.stance_on}" if one.stance_on else ""
    return f"{one.name or one.email}{where}{since}"
