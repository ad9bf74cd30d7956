"""Weighing a part: what it would cost if it were wrong, on this account, beside what asking a person costs."""

from decimal import Decimal
from typing import TYPE_CHECKING

from cxagent.domain.ruling import Weighing
from cxagent.domain.vocabulary import SILENT, EffectClass
from cxagent.economics import Chance, rate_of, weigh

if TYPE_CHECKING:
    from cxagent.rules.submission import PartView, Submission

CLASSES = {effect.value: effect for effect in EffectClass if effect not in SILENT}


def weighings(sub: "Submission") -> tuple[Weighing | None, ...]:
    """Return the weighing of each part; None where nothing of it reaches the customer, or no account is known."""
    stake = sub.audit.standing.at_stake if sub.audit.standing else None
    if stake is None:
        return (None,) * len(sub.parts)
    future, hazard = float(future_value(sub)), stake.hazard_ratio
    return tuple(_worst(sub, view, future, hazard) for view in sub.parts)


def future_value(sub: "Submission") -> Decimal:
    """Return what goes if the account leaves: its own stake, or what its group is worth where that is more."""
    standing = sub.audit.standing
    if standing is None or standing.at_stake is None:
        return Decimal(0)
    return max(standing.at_stake.weighed, standing.stake)


def _worst(sub: "Submission", view: "PartView", future: float, hazard: float) -> Weighing | None:
    """Return the weighing of the class that pays least: a call's, a refusal's, the intent's where it counts."""
    terms, found = sub.playbook.latitude, list[Weighing]()
    for effect in _classes(sub, view):
        assumed = terms.damage.get(effect) or terms.damage.get(EffectClass.COMMITMENT)
        if assumed is not None:
            wrong = _chance(sub, view, effect)
            found.append(weigh(assumed, terms.minute_costs, effect, future, hazard, wrong))
    if not found:
        return None
    worst = max(found, key=lambda one: (one.wrong / one.break_even if one.break_even else 1.0, one.damage))
    return worst.model_copy(update={"part": view.index}) if view.index else worst


def _classes(sub: "Submission", view: "PartView") -> tuple[EffectClass, ...]:
    """Return the classes of what a part does, each once and in order; a refusal counts as a commitment."""
    names = {name for name, _ in sub.rows(view)}
    found = {call.effect for call in view.loud} | {CLASSES[name] for name in names if name in CLASSES}
    if "refusal" in names:
        found.add(EffectClass.COMMITMENT)
    return tuple(effect for effect in CLASSES.values() if effect in found)


def _chance(sub: "Submission", view: "PartView", effect: EffectClass) -> Chance:
    """Return how often such a part is wrong: as the playbook assumes, and as audits of its kind of case found.

    The bound that a won level certifies is no estimate: it was worked out for a typical account, and taken for the
    chance itself it would leave a kind of case that earned its level less than one that was merely granted it.
    """
    terms, crm = sub.playbook.value, sub.audit.account.crm if sub.audit.account else None
    segment = crm.segment.value if crm and crm.segment else None
    cells = [one for one in sub.cells if (one.intent, one.segment) == (view.part.intent, segment)]
    audits, lost = max(((one.audits, one.lost) for one in cells), default=(0, 0.0))
    prior, weight = terms.wrong[effect], terms.wrong_weight
    if not audits:
        return Chance(prior, f"assumed by {terms.owner}: no audit of its kind of case says otherwise")
    said = f"{audits} audits of its kind of case lost {lost:g}, beside the {prior:.2%} that {terms.owner} assumes"
    return Chance(rate_of(prior, weight, audits, lost), f"{said} for {weight:.0f} audits")
