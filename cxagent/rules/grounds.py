"""The figures a reply may use: those on record, and those of the proposed actions."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from cxagent.domain.account import Account
from cxagent.domain.money import read_amount
from cxagent.domain.tool import Assessment
from cxagent.reading.figures import figures

DIGITS = frozenset("0123456789+-.")


def recorded_figures(account: Account) -> list[tuple[Decimal, str | None]]:
    """Collect the figures on record that a reply may use: billing, contract, and list prices in the CRM."""
    known: list[tuple[Decimal, str | None]] = []
    texts: list[str] = []
    if billing := account.billing:
        known += [(m.amount, m.currency) for m in (billing.overdue,) if m]
        known += [(c.amount.amount, c.amount.currency) for c in billing.credits or ()]
        for invoice in billing.invoices or ():
            known += [(invoice.total.amount, invoice.total.currency)] if invoice.total else []
            texts.append(invoice.note or "")
            for line in invoice.lines or ():
                known += [(line.amount.amount, line.amount.currency)] if line.amount else []
                texts.append(line.description)
    if contract := account.contract:
        texts += [*(contract.notes or ()), *(contract.special_terms or ())]
    texts += [note for note in ((account.crm.notes if account.crm else None) or ()) if "list price" in note.lower()]
    for text in texts:
        known += [(figure.amount, figure.currency) for figure in figures(text)]
        known += [(Decimal(n), None) for n in re.findall(r"(?<![\w.,-])\d{1,9}\.\d{2}(?![\w.,])", text)]
    return known


def proposed_figures(args: Mapping[str, Any], assessment: Assessment) -> Iterator[tuple[Decimal, str | None]]:
    """Yield the figures of one proposed call: what it gives, and every argument that is a number."""
    if gives := assessment.gives:
        yield gives.amount, gives.currency
    currency = args.get("currency")
    for value in args.values():
        # Most arguments are words: what does not start like a number is not tried as one.
        numeric = isinstance(value, int) or (isinstance(value, str) and value[:1] in DIGITS and value != "")
        number = read_amount(value) if numeric and not isinstance(value, bool) else None
        if number is not None:
            yield number, currency if isinstance(currency, str) else None
