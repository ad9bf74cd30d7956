"""Say how an account stood on the day of a ruling, by the limits of another playbook; no source is asked.

A ruling keeps the acting account in full, and of its group the sums. So all that follows from the account itself and
from the group's value is worked out anew. What a parent added stays as it was seen; `kept` names what cannot be worked
out from what a ruling keeps.
"""

from collections.abc import Iterator

from cxagent.context import ContextAudit
from cxagent.context.knowledge import missing_facts, sections
from cxagent.context.standing import Risk, Standing, Window, grown, risks_of, stake_on, tier_of, window_of
from cxagent.domain.account import Account
from cxagent.domain.vocabulary import Reason, Tier
from cxagent.playbook import Playbook

AT_THE_PARENT, THE_PARENT = "at the parent ", "the parent "
"""How a standing says that a risk or a window, or a tier, comes from above."""
_COUNTS = ("open", "lapsed", "unknown")


def restated(found: ContextAudit, playbook: Playbook) -> ContextAudit:
    """Return an audit as it would have been under a playbook; an unresolved sender has nothing to restate."""
    account, standing = found.account, found.standing
    if account is None or standing is None:
        return found
    update = {
        "standing": _standing(found, account, standing, playbook),
        "sections": sections(account, found.faults, playbook, found.at),
        "missing": missing_facts(account, playbook),
    }
    return found.model_copy(update=update)


def kept(old: Playbook, new: Playbook) -> Iterator[str]:
    """Name the changes that cannot be tried out on what a ruling keeps."""
    if old.money.rolling_days != new.money.rolling_days:
        yield "money given earlier is counted over the days that it was counted over then"
    if old.at_risk.trust_half_life_days != new.at_risk.trust_half_life_days:
        yield "breaches of trust fade as they did then"
    if old.checks != new.checks:
        yield "sources are compared as they were then"


def _standing(found: ContextAudit, account: Account, then: Standing, playbook: Playbook) -> Standing:
    at_stake = stake_on(account, playbook, found.at.date(), found.fx)
    own, why, clv = grown(account, at_stake, playbook, tier_of(account, playbook, found.fx))
    tier, tier_why = max(((own, why), *_above(then, playbook)), key=lambda one: one[0].rank)
    return then.model_copy(
        update={
            "at_stake": at_stake,
            "own_tier": own,
            "clv": clv,
            "tier": tier,
            "tier_why": tier_why,
            "risks": (*risks_of(account, playbook, found.at), *_other_risks(then, playbook)),
            "window": _window(account, then.window, playbook, found),
        }
    )


def _above(then: Standing, playbook: Playbook) -> Iterator[tuple[Tier, str]]:
    """Yield the tier of the group's value, and that of a parent where it was the parent's that counted."""
    limits = playbook.tiers
    by_value = Tier.LOW if then.stake <= limits.low_clv_up_to else Tier.MID if then.stake <= limits.mid_up_to else None
    yield by_value or Tier.HIGH, f"the group is worth {playbook.currency} {then.stake:,.2f}"
    if then.tier_why.startswith(THE_PARENT):
        yield then.tier, then.tier_why


def _other_risks(then: Standing, playbook: Playbook) -> Iterator[Risk]:
    yield from (risk for risk in then.risks if risk.why.startswith(AT_THE_PARENT))
    if -then.trust_balance > playbook.at_risk.trust_breach_above:
        why = f"a breach of trust has not yet faded (balance {then.trust_balance:.2f})"
        yield Risk(reason=Reason.TRUST_BREACH, why=why)


def _window(account: Account, then: Window, playbook: Playbook, found: ContextAudit) -> Window:
    own = window_of(account, playbook, found.at.date())
    return then if then.why.startswith(AT_THE_PARENT) and own.status not in _COUNTS else own
