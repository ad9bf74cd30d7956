"""The account document: the one form that every source must produce (`cxagent.case/1`).

Every field but `id`, `name` and a section's own `as_of` may be absent; absent means unknown, never zero.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from cxagent.domain.money import Currency, Fx, Money, Number
from cxagent.domain.value import Instant, Text, Value
from cxagent.domain.vocabulary import Segment, SourceName


class Person(Value):
    """Somebody who holds a relationship: our owner of the account, or their sponsor."""

    name: Text
    since: date | None = None
    vacant_since: date | None = None


class Contact(Value):
    """A registered person of the customer."""

    email: Text
    name: Text | None = None
    role: Text | None = None
    left_on: date | None = None
    last_seen_on: date | None = None
    department: Text | None = None
    stance: Literal["for", "neutral", "against"] | None = None
    stance_on: date | None = None


class Goal(Value):
    """What the account said it wants to reach."""

    goal: Text
    said_by: Text | None = None
    said_on: date | None = None


class Consent(Value):
    """What the account allows to be done with its data."""

    purpose: Text
    status: Literal["granted", "denied", "withdrawn", "unknown"] = "unknown"
    at: Instant | date | None = None


class Onboarding(Value):
    """How far an account has come in its first months, from 0 to 1, and whether that goes as it should."""

    level: Annotated[float, Field(ge=0, le=1)] | None = None
    state: Literal["on_track", "in_trouble", "done"] | None = None


class Crm(Value):
    """What the CRM knows."""

    as_of: Instant | None
    segment: Segment | None = None
    arr: Money | None = None
    clv: Money | None = None
    gross_margin: Number | None = None
    cost_to_serve: Money | None = None
    expected_growth: Number | None = None
    referrals_12m: Annotated[int, Field(ge=0)] | None = None
    onboarding: Onboarding | None = None
    health: Annotated[int, Field(ge=0, le=100)] | None = None
    health_change_60d: int | None = None
    usage_change_90d: Number | None = None
    owner: Person | None = None
    exec_sponsor: Person | None = None
    contacts: tuple[Contact, ...] | None = None
    stated_goals: tuple[Goal, ...] | None = None
    flags: tuple[Text, ...] | None = None
    consents: tuple[Consent, ...] | None = None
    notes: tuple[Text, ...] | None = None


class Credit(Value):
    """Money given back to the account."""

    amount: Money
    granted_at: Instant | None = None
    to: Text | None = None
    ref: Text | None = None


class InvoiceLine(Value):
    """One line of an invoice."""

    description: Text
    amount: Money | None = None


class Invoice(Value):
    """A bill and its state."""

    number: Text
    total: Money | None = None
    status: Literal["draft", "open", "paid", "void", "disputed"] | None = None
    issue_date: date | None = None
    due_date: date | None = None
    lines: tuple[InvoiceLine, ...] | None = None
    note: Text | None = None


class Billing(Value):
    """What the billing system knows."""

    as_of: Instant | None
    currency: Currency | None = None
    terms: Text | None = None
    seats: Annotated[int, Field(ge=0)] | None = None
    overdue: Money | None = None
    overdue_days: int | None = None
    credits: tuple[Credit, ...] | None = None
    invoices: tuple[Invoice, ...] | None = None


class Contract(Value):
    """What was signed."""

    as_of: Instant | None
    on_file: bool | None = None
    kind: Text | None = None
    start_date: date | None = None
    renewal_date: date | None = None
    notice_days: Annotated[int, Field(ge=0)] | None = None
    auto_renew: bool | None = None
    signed_on: date | None = None
    sla_uptime: Number | None = None
    special_terms: tuple[Text, ...] | None = None
    data_residency: Text | None = None
    currency: Currency | None = None
    notes: tuple[Text, ...] | None = None


class OpenTicket(Value):
    """A request that is still open at the helpdesk."""

    ref: Text
    priority: Literal["p1", "p2", "p3"] | None = None
    summary: Text | None = None
    opened_at: Instant | None = None


class Escalation(Value):
    """A case that was taken to management."""

    ref: Text
    summary: Text | None = None


class Promise(Value):
    """What we said we would do; `kept` is null while nobody knows."""

    what: Text
    due: date | None = None
    kept: bool | None = None


class HistoryItem(Value):
    """Something that happened on the account."""

    at: Instant | date | None = None
    what: Text


class Support(Value):
    """What the helpdesk knows."""

    as_of: Instant | None
    open_tickets: tuple[OpenTicket, ...] | None = None
    open_escalations: tuple[Escalation, ...] | None = None
    sla_breaches_30d: Annotated[int, Field(ge=0)] | None = None
    csat: tuple[int, ...] | None = None
    complaints_90d: Annotated[int, Field(ge=0)] | None = None
    promises: tuple[Promise, ...] | None = None
    history: tuple[HistoryItem, ...] | None = None


class Account(Value):
    """A customer company as four sources know it; a section that is null is missing."""

    id: Text
    name: Text
    parent_id: Text | None = None
    crm: Crm | None = None
    billing: Billing | None = None
    contract: Contract | None = None
    support: Support | None = None

    def section(self, source: SourceName) -> Crm | Billing | Contract | Support | None:
        """Return what one source knows, or None where it knows nothing."""
        match source:
            case SourceName.CRM:
                return self.crm
            case SourceName.BILLING:
                return self.billing
            case SourceName.CONTRACT:
                return self.contract
            case SourceName.SUPPORT:
                return self.support


class Fault(Value):
    """A source that did not answer: it timed out, failed, or refused."""

    source: SourceName
    error: Literal["timeout", "error", "denied"]


class Mismatch(Value):
    """Two places that contradict each other about one account, found by a mapped check."""

    check: Text
    account_id: Text
    left: Text
    right: Text
    material: bool = True


class Answers(Value):
    """All that the sources said about one sender and account: documents, rates, faults, contradictions.

    `accounts` holds the account itself, its ancestors and its sisters, as far as they are known.
    """

    accounts: tuple[Account, ...] = ()
    fx: Fx | None = None
    faults: tuple[Fault, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
