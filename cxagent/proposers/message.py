"""One request of a ticket, and the sums of money that stand in it."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from cxagent.domain.account import Contact
from cxagent.proposers import Known

_SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_CODES = "USD|EUR|GBP|CHF|JPY|SEK|NOK|DKK|PLN|CZK|CAD|AUD|INR|BRL|SGD"
_WORDS = {"dollar": "USD", "buck": "USD", "euro": "EUR", "pound": "GBP", "franc": "CHF", "yen": "JPY"}
_FIGURE = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?"
_AFTER = rf"(?P<after>{_CODES}|dollars?|bucks?|euros?|pounds?|francs?|yen|[$€£¥])"
_MONEY = re.compile(
    rf"(?P<before>[$€£¥]|\b(?:{_CODES}))?\s?(?<![\w.,-])(?P<figure>{_FIGURE})(?![\w-])(?:\s?{_AFTER})?", re.I
)
_COUNTED = re.compile(
    r"\s*(?:%|percent|more\b|fewer\b|extra\b|additional\b|seats?|licen[cs]es?|users?|people|persons?|days?|weeks?|months?"
    r"|hours?|hrs?|minutes?|years?|x\b|times|st\b|nd\b|rd\b|th\b|invoices?|rows?|calls?|requests?)",
    re.I,
)


@dataclass(frozen=True)
class Message:
    """One request of a ticket, beside everything that is known about the ticket."""

    text: str
    known: Known

    @cached_property
    def lower(self) -> str:
        """The request in small letters, with plain apostrophes."""
        return self.text.lower().replace("’", "'")

    @cached_property
    def amounts(self) -> tuple[tuple[Decimal, str | None], ...]:
        """Every figure that can be money, with its currency where the message names one."""
        found = []
        for match in _MONEY.finditer(self.text):
            mark = match["before"] or match["after"]
            if mark or not _COUNTED.match(self.text, match.end()):
                found.append((Decimal(match["figure"].replace(",", "")), _currency(mark)))
        return tuple(sorted(found, key=lambda pair: pair[1] is None))

    @property
    def figures(self) -> tuple[Decimal, ...]:
        """The amounts alone."""
        return tuple(figure for figure, _ in self.amounts)

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """The registered people who are still there."""
        crm = self.known.account.crm if self.known.account else None
        return tuple(contact for contact in (crm.contacts if crm else None) or () if contact.left_on is None)


def _currency(mark: str | None) -> str | None:
    if mark is None:
        return None
    return _SYMBOLS.get(mark) or _WORDS.get(mark.lower().rstrip("s")) or mark.upper()
