"""Rules about money: per action, over time and group, undecidable amounts, and who must sign."""

from collections.abc import Iterator
from decimal import Decimal

from cxagent.domain.money import Money
from cxagent.domain.ruling import Cap
from cxagent.domain.vocabulary import DRAFT, EffectClass, Reason
from cxagent.reading.reply import Binding
from cxagent.rules.submission import PartView, Submission, Weighed, cap, spoken

BINDS = frozenset({EffectClass.FINANCIAL, EffectClass.COMMITMENT, EffectClass.LEGAL_SECURITY})
"""Classes in which money or terms are decided, so that a high stake needs an executive."""


def given_in_all(sub: Submission) -> Decimal:
    """Return what the whole proposal gives away, as far as it can be known."""
    return sum((call.gives or Decimal(0) for call in sub.calls), Decimal(0))


def amount_decidable(sub: Submission, view: PartView) -> Iterator[Cap]:
    """An amount that is missing, negative, not a number or in an unknown currency is never guessed."""
    for call in view.calls:
        if said := call.assessment.undecidable:
            reason = Reason.CURRENCY_UNDECIDABLE if "currency" in said else Reason.AMOUNT_UNDECIDABLE
            yield from cap(DRAFT, reason, f"{spoken(call.action.tool)}: {said}", "the amount were clear", part=view)
        elif call.gives is None:
            why = f"{spoken(call.action.tool)}: no rate from {_currency(call)} to {sub.playbook.currency}"
            yield from cap(DRAFT, Reason.CURRENCY_UNDECIDABLE, why, "a dated rate were known", part=view)


def per_action(sub: Submission, view: PartView) -> Iterator[Cap]:
    """What one call gives away stays within the limit of the account's column."""
    limit = sub.playbook.money.per_action.limit(sub.tier, sub.at_risk)
    for call in view.calls:
        amount = call.gives
        if amount is not None and amount > limit:
            why = f"{spoken(call.action.tool)} gives {_money(amount, sub)}, the limit alone is {_money(limit, sub)}"
            unless = f"it gave at most {_money(limit, sub)}"
            yield from cap(DRAFT, Reason.MONEY_PER_ACTION, why, unless, part=view, amount=amount, limit=limit)
            role, _ = signer(sub)
            why = f"{_money(amount, sub)} is signed by the {spoken(role)}"
            yield from cap(DRAFT, Reason.SIGN_OFF_LEVEL, why, unless, part=view, amount=amount, role=role)


def rolling(sub: Submission) -> Iterator[Cap]:
    """What is given away adds up over contacts, sister accounts and time, the new amount included."""
    standing, money = sub.audit.standing, sub.playbook.money
    new = given_in_all(sub)
    if standing is None or new == 0:
        return
    if standing.exposure.given is None:
        yield from cap(DRAFT, Reason.CURRENCY_UNDECIDABLE, standing.exposure.why, "a dated rate were known")
        return
    if standing.credits_unknown is not None:
        why = f"what was credited to {standing.credits_unknown} so far is not known"
        yield from cap(DRAFT, Reason.FACT_MISSING, why, "earlier credits were known", fact="billing.credits")
    limit = money.rolling.limit(sub.tier, sub.at_risk)
    sum_ = standing.exposure.given.amount + new
    if sum_ > limit > 0:
        why = (
            f"{_money(new, sub)} on top of {standing.exposure.given} in {money.rolling_days} days "
            f"exceeds {_money(limit, sub)} for the whole group"
        )
        unless = f"no more than {_money(limit, sub)} had been given in {money.rolling_days} days"
        yield from cap(DRAFT, Reason.MONEY_ROLLING, why, unless, sum=sum_, limit=limit)


def signer(sub: Submission) -> tuple[str, bool]:
    """Return the role that must sign this proposal, and whether two people must.

    What the reply says in words counts like what the tools do: a figure that no record holds is signed as if it were
    given, words that bind us bind, and money of an unknown amount is for the last step of the ladder.
    """
    if any(call.assessment.undecidable and call.tool and call.tool.moves == "money" for call in sub.calls):
        return sub.playbook.top_role, False
    amount = max(given_in_all(sub), promised_in_words(sub))
    stake = sub.audit.standing.stake if sub.audit.standing else Decimal(0)
    binds = (
        any(call.effect in BINDS for call in sub.calls)
        or any(view.declines for view in sub.parts)
        or any(phrase.kind != Binding.REFUSAL for phrase in sub.phrases)
    )
    return sub.playbook.role_for(amount, stake, binds), amount >= sub.playbook.four_eyes_from


def promised_in_words(sub: Submission) -> Decimal:
    """Return the largest figure of the reply that neither a record nor a proposed action holds."""
    return max((abs(figure.amount) for figure in sub.ungrounded), default=Decimal(0))


def _currency(call: Weighed) -> str:
    return call.assessment.gives.currency if call.assessment.gives else "unknown"


def _money(amount: Decimal, sub: Submission) -> str:
    return str(Money(amount=amount, currency=sub.playbook.currency))
