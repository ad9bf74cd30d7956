"""The context audit: all that is known for one ticket, frozen and digested; the decision cites it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

from cxagent.context.handover import Handover, OnRecord
from cxagent.context.identity import Identity, ancestors, family_tree, resolve
from cxagent.context.knowledge import (
    Fact,
    Section,
    mismatches,
    missing_facts,
    monthly,
    seats_free,
    sections,
    unknown_above,
)
from cxagent.context.standing import Given, Standing, TrustEvent, stand
from cxagent.domain.account import Account, Answers, Fault, Mismatch
from cxagent.domain.money import Fx
from cxagent.domain.ticket import Ticket
from cxagent.domain.value import Instant, Text, Value, digest
from cxagent.domain.vocabulary import SourceName
from cxagent.lifetime.stake import NO_ESTIMATES, Estimates
from cxagent.playbook import Playbook

UNKNOWN_ACCOUNT = "unknown"
"""The account that decisions about unresolved senders are stored against."""


READ_WHEN: dict[str, set[str]] = {source.value: {"as_of"} for source in SourceName}
"""Where an account document says when each source was read."""


class ContextAudit(Value):
    """What is known of the account behind one ticket, and in what state; `account` is None for unresolved senders."""

    ticket_id: Text
    at: Instant
    identity: Identity
    account: Account | None
    sections: tuple[Section, ...] = ()
    missing: tuple[str, ...] = ()
    unknown_above: tuple[str, ...] = ()
    conflicts: tuple[Mismatch, ...] = ()
    faults: tuple[Fault, ...] = ()
    standing: Standing | None = None
    monthly_plan: bool = False
    seats_free: int | None = None
    registered: tuple[str, ...] = ()
    fx: Fx | None = None
    facts: tuple[Fact, ...] = ()

    @property
    def account_id(self) -> str:
        """The account that every record of this ticket belongs to."""
        return self.account.id if self.account else UNKNOWN_ACCOUNT

    @property
    def root_id(self) -> str:
        """The ultimate parent, over which limits add up."""
        return self.standing.root_id if self.standing else UNKNOWN_ACCOUNT

    @cached_property
    def digest(self) -> str:
        """Identify the deciding facts: two audits of the same state at different moments share it.

        Ages in days move the clock's hand without a fact having changed, so only the states enter; nor does it change
        a fact that a source was read again.
        """
        return digest(
            {
                "identity": self.identity,
                "account": self.account.model_dump(mode="json", exclude=READ_WHEN) if self.account else None,
                "sections": [(one.source, one.status) for one in self.sections],
                "missing": (*self.missing, *self.unknown_above),
                "conflicts": self.conflicts,
                "standing": _deciding(self.standing),
            }
        )

    def section(self, source: SourceName) -> Section | None:
        """Return the state of one source."""
        return next((one for one in self.sections if one.source == source), None)


def _deciding(standing: Standing | None) -> object:
    """Keep of a standing what a ruling rests on; sentences that count days are left out.

    So are handovers: a new one shows as a reason, and one that ends must not send an approved draft back.
    """
    if standing is None:
        return None
    return {
        "tier": standing.tier,
        "risks": sorted({risk.reason for risk in standing.risks}),
        "window": standing.window.status,
        "given": standing.exposure.given,
        "root": standing.root_id,
        "unkept": standing.unkept,
    }


def audit(
    ticket: Ticket,
    hint: str | None,
    answers: Answers,
    playbook: Playbook,
    at: datetime,
    *,
    trust: Mapping[str, Sequence[TrustEvent]] | None = None,
    given: Mapping[str, Sequence[Given]] | None = None,
    owners: Mapping[str, OnRecord] | None = None,
    estimates: Estimates = NO_ESTIMATES,
) -> ContextAudit:
    """Audit what the sources answered for one ticket.

    `trust`, `given` and `owners` come from the ledger, by account, by ultimate parent, by account; so do the
    `estimates` of retention and health. An unresolved, departed or foreign sender gets an audit without any fact.
    """
    tree = family_tree(answers.accounts)
    identity = resolve(ticket, hint, tree, playbook)
    if not identity.known or identity.account_id is None:
        return ContextAudit(ticket_id=ticket.id, at=at, identity=identity, account=None, faults=answers.faults)
    account = tree[identity.account_id]
    standing = stand(
        account,
        tree,
        playbook,
        at,
        fx=answers.fx,
        trust=(trust or {}).get(account.id, ()),
        given=(given or {}).get(_root_of(account, tree), ()),
        owners=owners,
        estimates=estimates,
    )
    states = sections(account, answers.faults, playbook, at)
    conflicts = mismatches(account, answers, playbook)
    above, _ = ancestors(account, tree)
    return ContextAudit(
        ticket_id=ticket.id,
        at=at,
        identity=identity,
        account=account,
        sections=states,
        missing=missing_facts(account, playbook),
        unknown_above=unknown_above(above, playbook, at),
        conflicts=conflicts,
        faults=answers.faults,
        standing=standing,
        monthly_plan=monthly(account),
        seats_free=seats_free(account),
        registered=_registered(account),
        fx=answers.fx,
        facts=facts_of(account, standing, states, conflicts),
    )


def _root_of(account: Account, tree: Mapping[str, Account]) -> str:
    above, _ = ancestors(account, tree)
    return above[-1].id if above else account.id


def _registered(account: Account) -> tuple[str, ...]:
    contacts = (account.crm.contacts if account.crm else None) or ()
    return tuple(sorted(contact.email.strip().lower() for contact in contacts if contact.left_on is None))


def _steps(one: Handover) -> str:
    return "; ".join(f"{step.who} until {step.until}: {step.what}" for step in one.plan.steps)


def facts_of(
    account: Account, standing: Standing, states: Sequence[Section], conflicts: Sequence[Mismatch]
) -> tuple[Fact, ...]:
    """List what a person wants to see first, each with source, age, state and derivation."""
    state = {one.source: one for one in states}
    disputed = {side.partition(":")[0].partition(".")[2] for one in conflicts for side in (one.left, one.right)}

    def fact(source: SourceName, name: str, value: object) -> Fact:
        section = state[source]
        status = section.status if section.status != "present" or value is not None else "missing"
        if name in disputed:
            status = "conflicting"
        said = None if value is None else str(value)
        return Fact(name=name, value=said, source=source, as_of=section.as_of, status=status)

    def derived(name: str, value: object, how: str) -> Fact:
        return Fact(name=name, value=str(value), source="derived", derivation=how)

    crm, billing, contract, support = account.crm, account.billing, account.contract, account.support
    window = standing.window
    return (
        fact(SourceName.CRM, "segment", crm and crm.segment),
        fact(SourceName.CRM, "arr", crm and crm.arr),
        fact(SourceName.CRM, "clv", crm and crm.clv),
        fact(SourceName.CRM, "health", crm.health if crm else None),
        fact(SourceName.CRM, "owner", crm.owner.name if crm and crm.owner else None),
        fact(SourceName.CRM, "executive sponsor", crm.exec_sponsor.name if crm and crm.exec_sponsor else None),
        fact(SourceName.CRM, "goals", "; ".join(g.goal for g in (crm.stated_goals if crm else None) or ()) or None),
        fact(SourceName.BILLING, "terms", billing and billing.terms),
        fact(SourceName.BILLING, "overdue", billing and billing.overdue),
        fact(SourceName.CONTRACT, "kind", contract and contract.kind),
        fact(SourceName.CONTRACT, "renewal_date", contract and contract.renewal_date),
        fact(SourceName.SUPPORT, "open_tickets", len(support.open_tickets or ()) if support else None),
        fact(SourceName.SUPPORT, "complaints_90d", support.complaints_90d if support else None),
        derived("tier", standing.tier, standing.tier_why),
        derived("days to notice deadline", window.days_to_notice, f"renewal date minus notice period; {window.why}"),
        derived("renewal window", window.status, window.why),
        derived("at risk", "yes" if standing.at_risk else "no", "; ".join(r.why for r in standing.risks) or "no risk"),
        derived("given in the last days", standing.exposure.given, standing.exposure.why),
        *(derived("handover", one.said, f"{one.why}; {_steps(one)}") for one in standing.handovers),
        derived("trust balance", standing.trust_balance, "trust events, halving with age"),
        derived("stake", f"{standing.stake:,.2f}", "CLV of all accounts under the ultimate parent"),
    )
