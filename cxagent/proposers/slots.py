"""Slots: the named values that an answer's placeholders take from the message and the audited account.

A slot that neither holds is None; nothing is filled in by guessing.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from cxagent.domain.account import HistoryItem, Invoice
from cxagent.proposers import invoices
from cxagent.proposers.dates import NUMBER, count, date_in, days_in, first_of_next_month, last_such_day
from cxagent.proposers.message import Message

_SEAT = r"seats?|licen[cs]es?|users?|people|accounts|logins|colleagues|staff"
_ROLES = ("billing admin", "admin", "administrator", "editor", "viewer", "member", "owner", "read-only", "guest")
_PURPOSES = (
    ("ai_training", r"train|machine learning|\bmodels?\b|\bai\b"),
    ("newsletter", r"newsletter|mailing list|news ?mail|digest"),
    ("surveys", r"survey|questionnaires|nps|feedback form"),
    ("events", r"webinar|event|invitation"),
    ("marketing", r"marketing|promo|advert|sales mail|offers|product news|product update"),
)


def fill(name: str, message: Message) -> Any:
    """Return the value of a slot, or None where neither message nor account holds it."""
    if ahead := re.fullmatch(r"today\+(\d{1,3})", name):
        return (message.known.today + timedelta(days=int(ahead[1]))).isoformat()
    return SLOTS[name](message)


def is_slot(name: str) -> bool:
    """Say whether a placeholder names a slot."""
    return name in SLOTS or re.fullmatch(r"today\+\d{1,3}", name) is not None


def seats_free(message: Message) -> bool | None:
    """Say whether a contracted seat is free, as far as a note of the CRM counts them."""
    crm = message.known.account.crm if message.known.account else None
    for note in (crm.notes if crm else None) or ():
        if used := re.search(r"(\d+) of (\d+)(?: seats)?(?: are)? in use", note):
            return int(used[1]) < int(used[2])
    return None


def _sender(message: Message) -> str | None:
    """Only a registered address is a place to send something to."""
    address = message.known.ticket.sender.email.lower()
    return next((contact.email for contact in message.contacts if contact.email.lower() == address), None)


def _user(message: Message) -> str | None:
    if address := re.search(r"[\w.+-]+@[\w-]+\.[\w.-]*\w", message.text):
        return address[0].lower()
    if begun := re.search(r"([\w.+-]+)@(?![\w-]+\.)", message.text):
        return _completed(f"{begun[1].lower()}@", message)
    people = [contact for contact in message.contacts if contact.name and _mentions(message.text, contact.name)]
    if people:
        return people[0].email if len(people) == 1 else None
    own = re.search(r"\b(my|i|i'm|i've|me|myself)\b", message.lower)
    others = re.search(r"\b(his|her|their|he|she|they|colleagues?|everyone|everybody|team|all)\b", message.lower)
    return _sender(message) if own and not others else None


def _completed(begun: str, message: Message) -> str | None:
    """Complete `name@` with the domain of the sender, whose own address must be registered."""
    own = _sender(message)
    return begun + own.rsplit("@", 1)[-1].lower() if own else None


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name.split(maxsplit=1)[0])}\b", text, re.I) is not None


def _recipient(message: Message) -> str | None:
    own = message.known.ticket.sender.email.lower()
    found = [address.lower() for address in re.findall(r"[\w.+-]+@[\w-]+\.[\w.-]*\w", message.text)]
    return next((address for address in found if address != own), None)


def _first(pattern: str) -> Callable[[Message], str | None]:
    def read(message: Message) -> str | None:
        found = re.search(pattern, message.lower)
        return found[1] if found else None

    return read


def _amount(message: Message) -> str | None:
    return f"{message.figures[0]:.2f}" if message.figures else None


def _money_currency(message: Message) -> str | None:
    if message.amounts and message.amounts[0][1]:
        return message.amounts[0][1]
    billing = message.known.account.billing if message.known.account else None
    return billing.currency if billing else None


def _seats(message: Message) -> int | None:
    found = re.search(rf"\b({NUMBER})\s+(?:\w+\s+)?(?:{_SEAT})\b", message.lower)
    return count(found[1]) if found else None


def _delta(message: Message) -> int | None:
    """Read by how many seats a plan changes; `to N` is measured against what billing has."""
    text = message.lower
    shrinks = re.search(
        r"\b(remov|reduc|drop|fewer|less|cut|lower|cancel|down|decreas|shrink|give back|take .*off)", text
    )
    billing = message.known.account.billing if message.known.account else None
    if target := re.search(rf"\bto\s+(?:just\s+|only\s+)?({NUMBER})\b(?!\s*(?:%|percent))", text):
        started = re.search(rf"\bfrom\s+({NUMBER})\b", text)
        before = count(started[1]) if started else (billing.seats if billing else None)
        return None if before is None or count(target[1]) == before else count(target[1]) - before
    number = re.search(rf"\b({NUMBER})\s+(?:(?:\w+\s+){{0,2}}?(?:{_SEAT})|more|fewer|extra)\b", text)
    return None if not number else -count(number[1]) if shrinks else count(number[1])


def _role(message: Message) -> str | None:
    return next((role for role in _ROLES if re.search(rf"\b{role}\b", message.lower)), None)


def _limit(message: Message) -> str | None:
    text = message.lower
    if times := re.search(r"\b(\d{1,3})\s?x\b", text):
        return f"{times[1]}x"
    if words := re.search(r"\b(doubl|twice|tripl|quadrupl)", text):
        return {"doubl": "2x", "twice": "2x", "tripl": "3x", "quadrupl": "4x"}[words[1]]
    if rate := re.search(r"\b([\d,]{2,9})\s*(?:requests|calls|rpm|req)", text):
        return rate[1].replace(",", "")
    return "unlimited" if re.search(r"\bunlimited|no limit\b", text) else None


def _purpose(message: Message) -> str | None:
    return next((purpose for purpose, pattern in _PURPOSES if re.search(pattern, message.lower)), None)


def _region(message: Message) -> str | None:
    found = re.search(r"\b(EU|US|UK|APAC|CH|CA|AU)\b", message.text)
    return found[1] if found else None


def _summary(message: Message) -> str:
    """Return the request in one line without addresses of web pages, for a colleague or a log."""
    plain = re.sub(r"\S*(?:://|www\.)\S*", "", message.text)
    return re.sub(r"\s+", " ", plain).strip()[:160] or "no text"


def _invoice(message: Message) -> Invoice | None:
    return invoices.meant(message.lower, message.known.account, message.figures)


def _latest(message: Message) -> Invoice | None:
    found = [i for i in invoices.invoices_of(message.known.account) if i.status != "draft"]
    newest = [i for i in found if i.status == "open"] or found
    return newest[0] if newest else None


def _number(invoice: Invoice | None) -> str | None:
    return invoice.number if invoice else None


def _lines(message: Message) -> str | None:
    invoice = _invoice(message) or _latest(message)
    return invoices.lines_in_words(invoice) if invoice else None


def _fee(message: Message) -> invoices.Fee | None:
    return invoices.fee(message.lower, message.known.account, message.figures)


def _fee_part(part: str) -> Callable[[Message], str | None]:
    def read(message: Message) -> str | None:
        found = _fee(message)
        if not found or not found.line.amount:
            return None
        money = found.line.amount
        return {"ref": found.ref, "amount": f"{money.amount:.2f}", "currency": money.currency}[part]

    return read


def _correction(message: Message) -> invoices.Correction | None:
    return invoices.correction(message.lower, message.known.account)


def _outage(message: Message) -> HistoryItem | None:
    """Find the outage of the named day; an outage lies behind us, whichever month is nearer."""
    today = message.known.today
    day = date_in(message.lower, today)
    return invoices.outage(message.known.account, last_such_day(day, today) if day else None)


def _sla(message: Message) -> str | None:
    percent = invoices.sla_percent(message.known.account, _outage(message))
    return str(percent) if percent is not None else None


def _date(message: Message) -> str | None:
    day = date_in(message.lower, message.known.today)
    return day.isoformat() if day else None


def _renewal(message: Message) -> str | None:
    contract = message.known.account.contract if message.known.account else None
    return contract.renewal_date.isoformat() if contract and contract.renewal_date else None


def _next_cycle(message: Message) -> str | None:
    billing = message.known.account.billing if message.known.account else None
    if not billing or not billing.terms:
        return None
    monthly = "month" in billing.terms.lower()
    return first_of_next_month(message.known.today).isoformat() if monthly else _renewal(message)


SLOTS: Mapping[str, Callable[[Message], Any]] = {
    "sender": _sender,
    "account_id": lambda m: m.known.account.id if m.known.account else None,
    "ticket": lambda m: m.known.ticket.id,
    "today": lambda m: m.known.today.isoformat(),
    "summary": _summary,
    "user": _user,
    "recipient": _recipient,
    "role": _role,
    "amount": _amount,
    "currency": _money_currency,
    "percent": _first(r"\b(\d{1,3}(?:\.\d+)?)\s?(?:%|percent)"),
    "seats": _seats,
    "delta": _delta,
    "days": lambda m: days_in(m.lower),
    "date": _date,
    "next_cycle": _next_cycle,
    "renewal_date": _renewal,
    "limit": _limit,
    "purpose": _purpose,
    "region": _region,
    "clause": _first(r"\b(?:clause|section|article|paragraph|§|under)\s*(\d+(?:\.\d+)*)"),
    "invoice": lambda m: _number(_invoice(m)),
    "invoices": lambda m: invoices.several(m.lower, m.known.account),
    "latest_invoice": lambda m: _number(_latest(m)),
    "open_invoice": lambda m: _number(invoices.open_invoice(m.lower, m.known.account)),
    "invoice_lines": _lines,
    "fee": _fee_part("ref"),
    "fee_amount": _fee_part("amount"),
    "fee_currency": _fee_part("currency"),
    "corrected_invoice": lambda m: _number(found.invoice if (found := _correction(m)) else None),
    "correction": lambda m: found.line_changes if (found := _correction(m)) else None,
    "incident": lambda m: invoices.incident_ref(found) if (found := _outage(m)) else None,
    "incident_date": lambda m: str(invoices.day_of(found)) if (found := _outage(m)) else None,
    "sla_percent": _sla,
}
"""Every slot by name; guidance may use these and `today+N`."""
