"""What one call of a tool gives away; what cannot be known is undecidable, never zero."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_UP, Decimal
from typing import Any, TypeGuard

from cxagent.domain.account import Account, Invoice
from cxagent.domain.money import Money, read_amount
from cxagent.domain.tool import Assessment

from .terms import signed, whole

MAX_TERM = 120
_NO_AMOUNT = Assessment(undecidable="the amount is missing, negative or not a plain number")
_NO_CURRENCY = Assessment(undecidable="the currency is missing, mixed or no ISO 4217 code")
_NO_PERCENT = Assessment(undecidable="the percentage is missing or not a plain number from 0 to 100")
_NO_FEE = Assessment(undecidable="the yearly fee of the account is not known")


def plain_amount(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Give away `amount` in `currency`."""
    figure, currency = read_amount(args.get("amount")), args.get("currency")
    if figure is None:
        return _NO_AMOUNT
    return Assessment(gives=Money(amount=figure, currency=currency)) if _iso(currency) else _NO_CURRENCY


def corrected_lines(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Give away the absolute sum of the changed lines."""
    lines = args.get("line_changes")
    if not isinstance(lines, list | tuple) or not lines or not all(isinstance(line, Mapping) for line in lines):
        return _NO_AMOUNT
    invoice = _invoice(account, args.get("invoice_id"))
    changes = [_change(line, invoice) for line in lines]
    known = [change for change in changes if change is not None]
    if len(known) < len(changes):
        return _NO_AMOUNT
    currencies = {line["currency"] for line in lines if _iso(line.get("currency"))} | set(_billed_in(account, invoice))
    if len(currencies) != 1 or any(line.get("currency") and not _iso(line["currency"]) for line in lines):
        return _NO_CURRENCY
    return Assessment(gives=Money(amount=abs(sum(known, Decimal(0))), currency=currencies.pop()))


def share_of_month(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Give away `percent` of the last monthly fee."""
    return _share(account, args.get("percent"), months=1)


def share_of_term(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Give away `percent` of the fee over `term_months`."""
    months = whole(args.get("term_months"))
    if months is None or not 0 < months <= MAX_TERM:
        return Assessment(undecidable=f"the term is missing or not a whole number of months up to {MAX_TERM}")
    return _share(account, args.get("percent"), months)


def _share(account: Account, percent: Any, months: int) -> Assessment:
    share = read_amount(percent)
    if share is None or share > 100:
        return _NO_PERCENT
    fee = account.crm.arr if account.crm else None
    if fee is None or not 0 <= fee.amount < 10**15:
        return _NO_FEE
    # Rounded up: an amount that we give is never understated.
    given = (fee.amount * share * months / 1200).quantize(Decimal("0.01"), rounding=ROUND_UP)
    return Assessment(gives=Money(amount=given, currency=fee.currency))


def _change(line: Mapping[str, Any], invoice: Invoice | None) -> Decimal | None:
    if "amount" in line:
        return signed(line["amount"])
    before, after = signed(line.get("from")), signed(line.get("to"))
    if before is None or after is None or not _is_money(before, after, invoice):
        return None
    return after - before


def _is_money(before: Decimal, after: Decimal, invoice: Invoice | None) -> bool:
    # "25" to "22" may be seats: figures are money when they carry cents, or when the invoice shows the first one.
    cents = all(number.as_tuple().exponent == -2 for number in (before, after))
    return cents or before in {money.amount for money in _figures(invoice)}


def _figures(invoice: Invoice | None) -> Iterable[Money]:
    if invoice is None:
        return ()
    return [money for money in (invoice.total, *(line.amount for line in invoice.lines or ())) if money]


def _billed_in(account: Account, invoice: Invoice | None) -> Iterable[str]:
    if invoice and invoice.total:
        return (invoice.total.currency,)
    return (account.billing.currency,) if account.billing and account.billing.currency else ()


def _invoice(account: Account, number: Any) -> Invoice | None:
    invoices = account.billing.invoices if account.billing else None
    return next((invoice for invoice in invoices or () if invoice.number == number), None)


def _iso(currency: Any) -> TypeGuard[str]:
    return isinstance(currency, str) and re.fullmatch("[A-Z]{3}", currency) is not None
