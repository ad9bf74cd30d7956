"""Finds invoices, fees, corrections and outages in an audited account; what no record shows is not found."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cxagent.domain.account import Account, HistoryItem, Invoice, InvoiceLine
from cxagent.proposers.dates import month_of

_CENT = Decimal("0.01")


def invoices_of(account: Account | None) -> tuple[Invoice, ...]:
    """Return the invoices that billing knows, newest first."""
    found = (account.billing.invoices if account and account.billing else None) or ()
    return tuple(sorted(found, key=lambda invoice: invoice.issue_date or date.min, reverse=True))


def named(text: str, account: Account | None) -> Invoice | None:
    """Return the one invoice that a message names by number; a number no record shows finds nothing."""
    digits = set(re.findall(r"(?<![\w.,-])#?(?:inv[- ]?)?(\w*\d\w*)(?![\w,.]*\d)", text))
    found = [i for i in invoices_of(account) if i.number.lower() in text or _tail(i.number) in digits]
    return found[0] if len(found) == 1 else None


def _tail(number: str) -> str:
    return number.lower().rsplit("-", 1)[-1]


def meant(text: str, account: Account | None, amounts: Iterable[Decimal]) -> Invoice | None:
    """Return the invoice that a message names, dates, calls the last one, or gives an amount of."""
    if re.search(r"\binv[- ]?\w*\d", text):
        return named(text, account)
    if found := named(text, account):
        return found
    known = invoices_of(account)
    if by_amount := [i for i in known if set(amounts) & _amounts(i)]:
        return by_amount[0] if len(by_amount) == 1 else None
    if (month := month_of(text)) and (dated := [i for i in known if i.issue_date and i.issue_date.month == month]):
        return dated[0] if len(dated) == 1 else None
    if re.search(r"\b(last|latest|newest|most recent|current|this month'?s)\s+(?:\w+\s+)?(invoice|bill|receipt)", text):
        return known[0] if known else None
    return None


def _amounts(invoice: Invoice) -> set[Decimal]:
    lines = [line.amount for line in invoice.lines or ()]
    return {money.amount for money in (invoice.total, *lines) if money}


def several(text: str, account: Account | None) -> tuple[str, ...] | None:
    """Return the invoice numbers of a whole year (`all invoices of 2025`, `FY25`), or of all time."""
    if not re.search(
        r"\b(all|every|each)\b[^.?!]*\b(invoice|bill|receipt)|\b(invoices|bills|receipts) (for|of|from)", text
    ):
        return None
    year = re.search(r"\b(?:fy\s?|20)(\d{2})\b", text)
    known = invoices_of(account)
    if year:
        known = tuple(i for i in known if i.issue_date and i.issue_date.year == 2000 + int(year[1]))
    return tuple(sorted(i.number for i in known)) or None


def open_invoice(text: str, account: Account | None) -> Invoice | None:
    """Return the named invoice if it is unpaid; where none is named, the only unpaid one."""
    if re.search(r"\binv[- ]?\w*\d", text):
        found = named(text, account)
        return found if found and found.status == "open" else None
    unpaid = [invoice for invoice in invoices_of(account) if invoice.status == "open"]
    return unpaid[0] if len(unpaid) == 1 else None


def lines_in_words(invoice: Invoice) -> str | None:
    """Return the lines of an invoice as one sentence, every figure as billing has it."""
    lines = [f"{line.description}, {line.amount}" for line in invoice.lines or () if line.amount]
    return "; ".join(lines) or None


@dataclass(frozen=True)
class Fee:
    """A fee line that could be waived."""

    ref: str
    line: InvoiceLine


def fee(text: str, account: Account | None, amounts: Iterable[Decimal]) -> Fee | None:
    """Return the one fee line of an unpaid invoice that a message means, by amount or by name."""
    fees = [
        Fee(ref=f"{invoice.number}/{_slug(line.description)}", line=line)
        for invoice in invoices_of(account)
        if invoice.status == "open"
        for line in invoice.lines or ()
        if line.amount and re.search(r"fee|overage|surcharge|penalty|interest", line.description.lower())
    ]
    wanted = set(amounts)
    if wanted:
        fees = [found for found in fees if found.line.amount and found.line.amount.amount in wanted]
    kind = re.search(r"\b(late|overage|surcharge|penalty|interest|reminder)", text)
    if kind:
        fees = [found for found in fees if kind[1] in found.line.description.lower()]
    return fees[0] if len(fees) == 1 else None


def _slug(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower().split(":")[0]).strip("-")


@dataclass(frozen=True)
class Correction:
    """A seat count on an invoice that a checked note on the same invoice contradicts."""

    invoice: Invoice
    billed: int
    used: int
    amount: Decimal
    currency: str

    @property
    def line_changes(self) -> list[dict[str, str]]:
        """The change as the billing tool takes it."""
        change = {"line": "seats", "from": str(self.billed), "to": str(self.used)}
        return [change | {"amount": str(-self.amount), "currency": self.currency}]


def correction(text: str, account: Account | None) -> Correction | None:
    """Return the correction that the message asks for and our own record confirms; None without a record."""
    numbers = {int(number) for number in re.findall(r"\b\d{1,5}\b", text)}
    for invoice in invoices_of(account):
        used = re.search(r"\b(\d+) seats\b", invoice.note or "")
        for line in invoice.lines or ():
            billed = re.match(r"(\d+) seats\b", line.description)
            if used and billed and line.amount and {int(used[1]), int(billed[1])} <= numbers:
                per_seat = line.amount.amount / int(billed[1])
                surplus = ((int(billed[1]) - int(used[1])) * per_seat).quantize(_CENT)
                if surplus > 0:
                    return Correction(invoice, int(billed[1]), int(used[1]), surplus, line.amount.currency)
    return None


def outage(account: Account | None, day: date | None) -> HistoryItem | None:
    """Return the outage on record for one day."""
    history = (account.support.history if account and account.support else None) or ()
    found = [
        item
        for item in history
        if day and day_of(item) == day and re.search(r"outage|incident|downtime", item.what.lower())
    ]
    return found[0] if found else None


def day_of(item: HistoryItem) -> date | None:
    """Return the day of an entry in the history."""
    at = item.at
    return at.date() if at is not None and hasattr(at, "date") else at


def incident_ref(item: HistoryItem) -> str:
    """Return the reference of an outage: the number on record, or its day."""
    number = re.search(r"\bINC-\w+", item.what)
    return number[0] if number else f"outage-{day_of(item)}"


def sla_percent(account: Account | None, item: HistoryItem | None) -> Decimal | None:
    """Return the credit that the standard table in the contract's notes gives for the length on record."""
    length = re.search(r"\b(\d+)\s?h(?:\s?(\d{1,2}))?", item.what) if item else None
    notes = " ".join((account.contract.notes if account and account.contract else None) or ())
    table = re.findall(r"(\d+) percent[^,;]*? below (\d+(?:\.\d+)?)", notes)
    if not length or not table:
        return None
    down = Decimal(int(length[1]) * 60 + int(length[2] or 0))
    uptime = 100 - 100 * down / (30 * 24 * 60)
    due = [Decimal(percent) for percent, below in table if uptime < Decimal(below)]
    return max(due) if due else None
