"""The tools of the billing system: invoices, credits, fees, terms of payment, suspension."""

from datetime import timedelta
from typing import Any

from cxagent.actions import Call, action

from .afterwards import as_before, confirmed
from .amounts import corrected_lines, plain_amount, share_of_month
from .sandbox import done
from .terms import Day, Figure, payment_days, payment_hold

PAYERS = ("admin", "owner", "billing", "finance")
# Billing posts over night: a credit that is on record at once may still be thrown out.
POSTED = timedelta(days=1)


@action(
    effect="account_info",
    reversible="yes",
    idempotent=True,
    roles=PAYERS,
    role_cap="draft",
    invoice="invoice_id",
    target="invoice_id",
    states_money=True,
)
def read_invoice(call: Call, invoice_id: str) -> dict[str, str]:
    """Read an invoice, to explain what it says."""
    return done(call, "read_invoice", invoice_id=invoice_id)


@action(
    effect="account_info",
    idempotent=True,
    roles=PAYERS,
    role_cap="draft",
    invoice="invoice_id",
    target="invoice_id",
    recipients={"to_contact": "registered"},
    moves="data",
)
def resend_invoice(call: Call, invoice_id: str, to_contact: str) -> dict[str, str]:
    """Send a copy of an invoice to a registered contact's mail address."""
    return done(call, "resend_invoice", invoice_id=invoice_id, to_contact=to_contact)


@action(
    effect="financial",
    reversible="partial",
    idempotent=True,
    assess=corrected_lines,
    roles=PAYERS,
    role_cap="draft",
    invoice="invoice_id",
    target="invoice_id",
    moves="money",
    kind=("invoice", "correct"),
)
def correct_invoice(
    call: Call, invoice_id: str, reason: str, line_changes: list[dict[str, Any]] | None = None
) -> dict[str, str]:
    """Correct lines of an invoice; each change has line, from, to, amount (signed) and currency."""
    return done(call, "correct_invoice", invoice_id=invoice_id, line_changes=line_changes, reason=reason)


@action(
    effect="financial",
    reversible="partial",
    idempotent=True,
    assess=plain_amount,
    account="account_id",
    moves="money",
    kind=("credit",),
    check=confirmed,
    check_after=POSTED,
)
def issue_credit(
    call: Call, account_id: str, reason: str, amount: Figure = None, currency: str | None = None
) -> dict[str, str]:
    """Give the account a credit: amount such as 40.00, currency such as USD; billing shows it under the same ref."""
    return done(call, "issue_credit", account_id=account_id, amount=amount, currency=currency, reason=reason)


@action(
    effect="financial",
    idempotent=True,
    assess=plain_amount,
    roles=PAYERS,
    role_cap="draft",
    moves="money",
    kind=("refund",),
)
def issue_refund(
    call: Call, payment_id: str, reason: str, amount: Figure = None, currency: str | None = None
) -> dict[str, str]:
    """Pay a payment back to where it came from: amount such as 40.00, currency such as USD."""
    return done(call, "issue_refund", payment_id=payment_id, amount=amount, currency=currency, reason=reason)


@action(
    effect="financial",
    reversible="partial",
    idempotent=True,
    assess=share_of_month,
    roles=PAYERS,
    role_cap="draft",
    moves="money",
    kind=("sla", "credit"),
)
def apply_sla_credit(call: Call, incident_id: str, percent: Figure = None) -> dict[str, str]:
    """Credit a percentage of the monthly fee for an incident that broke the service level."""
    return done(call, "apply_sla_credit", incident_id=incident_id, percent=percent)


@action(
    effect="financial",
    reversible="partial",
    idempotent=True,
    assess=plain_amount,
    roles=PAYERS,
    role_cap="draft",
    invoice="fee_id",
    moves="money",
    kind=("waive",),
)
def waive_fee(call: Call, fee_id: str, amount: Figure = None, currency: str | None = None) -> dict[str, str]:
    """Drop a fee of an invoice; the fee is named INV-1/late-fee."""
    return done(call, "waive_fee", fee_id=fee_id, amount=amount, currency=currency)


@action(
    effect="financial",
    reversible="partial",
    idempotent=True,
    assess=payment_days,
    roles=PAYERS,
    role_cap="draft",
    invoice="invoice_id",
    target="invoice_id",
    moves="money",
    dates=("extra_days",),
    kind=("exten", "pay"),
)
def extend_payment_terms(call: Call, invoice_id: str, extra_days: Figure = None) -> dict[str, str]:
    """Move the due date of one invoice by some days."""
    return done(call, "extend_payment_terms", invoice_id=invoice_id, extra_days=extra_days)


@action(
    effect="legal_security",
    reversible="partial",
    idempotent=True,
    roles=PAYERS,
    role_cap="draft",
    account="account_id",
    moves="access",
    matter="suspension",
    opposes=("hold_suspension",),
    dates=("effective_at",),
    undo=as_before,
    check=confirmed,
)
def suspend_account(call: Call, account_id: str, effective_at: Day = None) -> dict[str, Any]:
    """Close the workspace of an account that does not pay."""
    return done(call, "suspend_account", account_id=account_id, effective_at=effective_at)


@action(
    effect="reversible_op",
    reversible="yes",
    idempotent=True,
    assess=payment_hold,
    roles=PAYERS,
    role_cap="draft",
    account="account_id",
    opposes=("suspend_account",),
    dates=("until",),
    kind=("suspension", "hold"),
    restores=True,
    undo=as_before,
    check=confirmed,
)
def hold_suspension(call: Call, account_id: str, until: Day = None) -> dict[str, Any]:
    """Keep a workspace open, or open it again, until a day."""
    return done(call, "hold_suspension", account_id=account_id, until=until)


TOOLS = (
    read_invoice,
    resend_invoice,
    correct_invoice,
    issue_credit,
    issue_refund,
    apply_sla_credit,
    waive_fee,
    extend_payment_terms,
    suspend_account,
    hold_suspension,
)
