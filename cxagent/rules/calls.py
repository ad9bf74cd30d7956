"""Rules about the proposed calls: known tools, valid arguments, clear targets, invoices in dispute, open debts."""

import re
from collections.abc import Iterator

from cxagent.domain.account import Invoice
from cxagent.domain.ruling import Cap
from cxagent.domain.vocabulary import DRAFT, HANDOFF, EffectClass, Reason
from cxagent.rules.submission import PartView, Submission, cap, spoken

MANY = re.compile(
    r"\b(every(?:one|body|thing)?|all|any(?:one|body)?|several|list|multiple|various|whole|entire|unknown|they|them"
    r"|people|users|staff|colleagues|team)\b",
    re.I,
)
"""Words that leave open whom or what a call is about."""


def tool_known(sub: Submission, view: PartView) -> Iterator[Cap]:
    """A tool that nobody declared is never run and never guessed."""
    for call in view.calls:
        if call.tool is None:
            why = f"no tool is called {call.action.tool!r}"
            yield from cap(HANDOFF, Reason.TOOL_UNKNOWN, why, "only declared tools were used", part=view)


def arguments_valid(sub: Submission, view: PartView) -> Iterator[Cap]:
    """Arguments that do not fit the tool go to a person, not to the tool."""
    for call in view.calls:
        if call.problem:
            why = f"{spoken(call.action.tool)}: {spoken(call.problem)}"
            yield from cap(HANDOFF, Reason.ARGUMENTS_INVALID, why, "the arguments had fitted", part=view)


def conditions_met(sub: Submission, view: PartView) -> Iterator[Cap]:
    """A tool's own conditions, such as a checked agreement, hold or a person looks."""
    for call in view.calls:
        for name, wanted in (call.tool.needs if call.tool else {}).items():
            if call.argument(name) != wanted:
                condition = f"{spoken(name)} to be {str(wanted).lower()}"
                why = f"{spoken(call.action.tool)} needs {condition}"
                unless = f"we knew {condition}"
                yield from cap(DRAFT, Reason.CONSENT_MISSING, why, unless, part=view)


def target_clear(sub: Submission, view: PartView) -> Iterator[Cap]:
    """A call whose target is open is shown to a person; doubly so where it cannot be taken back."""
    for call in view.calls:
        tool = call.tool
        if tool is None or tool.target is None:
            continue
        value = call.argument(tool.target)
        text = str(value).strip() if value is not None else ""
        named = "@" in text and not re.search(r"[\s,;]", text)
        if not text or (not named and MANY.search(text)):
            why = f"{spoken(tool.name)}: it is not clear which {spoken(tool.target)} is meant"
            yield from cap(DRAFT, Reason.TARGET_AMBIGUOUS, why, "the target were clear", part=view)
            if tool.reversible == "no":
                why = f"{spoken(tool.name)} cannot be taken back"
                yield from cap(DRAFT, Reason.IRREVERSIBLE, why, "it could be undone", part=view)


def invoice_known(sub: Submission, view: PartView) -> Iterator[Cap]:
    """A call may only concern an invoice that billing lists for this account."""
    numbers = {invoice.number.lower() for invoice in _invoices(sub)}
    for call in view.calls:
        value = call.argument(call.tool.invoice if call.tool else None)
        if value is not None and str(value).partition("/")[0].strip().lower() not in numbers:
            why = f"billing lists no invoice {value} for this account"
            yield from cap(DRAFT, Reason.TARGET_AMBIGUOUS, why, "the invoice were on record", part=view)


def disputed_invoice(sub: Submission, view: PartView) -> Iterator[Cap]:
    """What touches an invoice in dispute is read by a person: sending it again reads as a demand."""
    for invoice in _invoices(sub):
        if invoice.status != "disputed":
            continue
        said = " ".join(str(value) for call in view.calls for value in call.action.args.values())
        money = any(call.effect == EffectClass.FINANCIAL for call in view.calls)
        if money or _names(f"{said} {sub.ticket.text}", invoice.number):
            why = f"{invoice.number} is in dispute"
            yield from cap(DRAFT, Reason.DISPUTED_INVOICE, why, "no invoice were in dispute", part=view)


def overdue(sub: Submission, view: PartView) -> Iterator[Cap]:
    """While anything is overdue, every financial part is a decision of accounts receivable."""
    billing = sub.audit.account.billing if sub.audit.account else None
    moves = any(call.effect == EffectClass.FINANCIAL for call in view.calls)
    if moves and billing and billing.overdue and billing.overdue.amount > 0:
        days = f" since {billing.overdue_days} days" if billing.overdue_days else ""
        why = f"{billing.overdue} is overdue{days}"
        yield from cap(DRAFT, Reason.OVERDUE, why, "nothing were overdue", part=view, overdue=billing.overdue)


def _invoices(sub: Submission) -> tuple[Invoice, ...]:
    account = sub.audit.account
    return (account.billing.invoices if account and account.billing else None) or ()


def _names(text: str, number: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(number)}(?![\w-])", text, re.I) is not None
