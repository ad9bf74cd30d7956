"""The risk gate: ask every rule, and take the lowest cap. Pure; the caller records what it returns."""

from collections.abc import Callable, Iterator

from cxagent.domain.money import Money
from cxagent.domain.ruling import Cap, Ruling
from cxagent.domain.vocabulary import ACT, HANDOFF, Autonomy, Reason
from cxagent.rules import calls, knowledge, loss, money, people, stakes, words
from cxagent.rules.submission import PartView, Submission

TicketRule = Callable[[Submission], Iterator[Cap]]
PartRule = Callable[[Submission, PartView], Iterator[Cap]]

TICKET_RULES: tuple[TicketRule, ...] = (
    people.identity,
    people.verification,
    people.contacts_agree,
    stakes.kill_switch,
    stakes.shadow_mode,
    stakes.kept_away,
    stakes.only_tightened,
    stakes.flags,
    stakes.consent,
    stakes.promises_kept,
    stakes.owner_in_touch,
    loss.onboarding,
    loss.stances_agree,
    loss.alarms,
    knowledge.sections_known,
    knowledge.facts_known,
    knowledge.sources_agree,
    knowledge.parent_known,
    knowledge.risks_above_known,
    knowledge.value_in_one_currency,
    knowledge.message_read,
    knowledge.message_plain,
    knowledge.proposal_there,
    knowledge.proposer_sure,
    words.signals,
    words.nothing_dropped,
    words.owner_named,
    words.commitments,
    words.grounded,
    money.rolling,
    loss.loss_budget,
)
"""Rules on the whole message, in the order in which a person would ask them."""

PART_RULES: tuple[PartRule, ...] = (
    calls.tool_known,
    calls.arguments_valid,
    people.same_account,
    people.recipient,
    people.addressee_named,
    people.role,
    people.own_scope,
    stakes.tier_ceiling,
    stakes.risk_ceiling,
    stakes.renewal_window,
    stakes.reads_as_exit,
    stakes.special_terms,
    stakes.engagement,
    stakes.terms_on_file,
    stakes.open_opportunity,
    stakes.legal_hold,
    stakes.residency,
    stakes.latitude,
    stakes.resembles,
    calls.conditions_met,
    calls.target_clear,
    calls.invoice_known,
    calls.disputed_invoice,
    calls.overdue,
    money.amount_decidable,
    money.per_action,
    loss.expected_loss,
    loss.recorded_loss,
    words.named_signals,
    words.injected,
    words.repeated,
    words.seats,
    words.our_error,
)
"""Rules on one part; the strictest part rules the whole message."""


TRACK_RECORD = frozenset({"latitude", "resembles", "recorded_loss", "shadow_mode"})
"""Rules that speak of how well the machine decided so far, not of this account."""


def rule(
    sub: Submission,
    ticket_rules: tuple[TicketRule, ...] = TICKET_RULES,
    part_rules: tuple[PartRule, ...] = PART_RULES,
) -> Ruling:
    """Return the ruling on a submission: the lowest cap of all rules, `act` where none caps.

    Without a proposal only the rules on the ticket speak, and the best that can come of it is a handoff.
    """
    caps: list[Cap] = []
    for one in ticket_rules:
        caps += _ask(one, sub)
    parts: list[Autonomy] = []
    for view in sub.parts:
        own: list[Cap] = []
        for part_rule in part_rules:
            own += _ask(part_rule, sub, view)
        parts.append(min((cap.autonomy for cap in own), default=ACT))
        caps += own
    lowest = min((cap.autonomy for cap in caps), default=ACT)
    role, four_eyes = money.signer(sub)
    standing, weighed = sub.audit.standing, [one for one in sub.weighings if one is not None]
    return Ruling(
        autonomy=lowest if sub.proposal is not None else HANDOFF,
        caps=tuple(caps),
        parts=tuple(parts),
        sign_off=role,
        four_eyes=four_eyes,
        stake=str(Money(amount=standing.stake, currency=sub.playbook.currency)) if standing else "unknown",
        gives=str(Money(amount=money.given_in_all(sub), currency=sub.playbook.currency)),
        playbook=sub.playbook.version,
        context=sub.audit.digest,
        deviations=deviations(sub),
        would=_without(caps) if sub.proposal is not None else HANDOFF,
        weighing=max(weighed, key=lambda one: one.expected_loss, default=None),
        expected_loss=str(loss.expected_in_all(sub)) if weighed else None,
    )


def _without(caps: list[Cap]) -> Autonomy:
    """Return what would be allowed had the machine no track record at all."""
    return min((cap.autonomy for cap in caps if cap.rule not in TRACK_RECORD), default=ACT)


def _ask(one: Callable[..., Iterator[Cap]], *about: Submission | PartView) -> list[Cap]:
    """Ask one rule; a rule that fails is not skipped: what could not be judged goes to a person."""
    try:
        found = list(one(*about))
        return [cap.model_copy(update={"rule": one.__name__}) for cap in found] if found else found
    except (Exception, SystemExit) as error:
        name = one.__name__
        why = f"the rule {name} failed: {type(error).__name__}: {error}"
        return [
            Cap(autonomy=HANDOFF, reason=Reason.SOURCE_FAILED, why=why, unless=f"the rule {name} had worked", rule=name)
        ]


def deviations(sub: Submission) -> tuple[str, ...]:
    """Name every place where this ruling leaves the strict reading of the playbook."""
    if sub.playbook.public_fact_exemption and any(
        stakes.exempt(sub, name) for view in sub.parts for name, _ in sub.rows(view)
    ):
        return ("public_fact_exemption: a public fact to a calm high account without a person",)
    return ()


def hands_off_already(sub: Submission) -> bool:
    """Whether the audit and the message alone call for a person, so that no model needs to be asked.

    In shadow mode the model is asked all the same: what it would have done is what is measured.
    """
    rules = (one for one in TICKET_RULES if one is not stakes.shadow_mode)
    return any(cap.autonomy == HANDOFF for one in rules for cap in _ask(one, sub))
