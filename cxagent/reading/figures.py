"""The money figures of a text, and which of them no record knows."""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

from cxagent.domain.money import Currency, Number
from cxagent.domain.value import Text, Value
from cxagent.reading.grammar import NUMBERS, word_set


class Figure(Value):
    """An amount of money as written; `currency` is None where the text names none."""

    amount: Number
    currency: Currency | None
    words: Text


def figures(text: str) -> tuple[Figure, ...]:
    """Return every money figure of a text in the order in which it is written."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    plain = _LINK.sub(" ", plain.translate(_PLAIN))
    found = [(match.start(), figure) for match in _NUMBER.finditer(plain) if (figure := _written(plain, match))]
    if _CURRENCY_WORD.search(plain):
        found += [(match.start(), figure) for match in _SPOKEN.finditer(plain) if (figure := _spoken(match))]
    return tuple(figure for _, figure in sorted(found, key=lambda item: item[0]))


def ungrounded(reply: str, known: Iterable[tuple[Decimal, str | None]]) -> tuple[Figure, ...]:
    """Return the figures of a reply that equal no known amount in their currency.

    A point before exactly three digits reads as 25 here and as 25,000 there, so such a figure is never known.
    """
    return unknown(figures(reply), known)


def unknown(found: Iterable[Figure], known: Iterable[tuple[Decimal, str | None]]) -> tuple[Figure, ...]:
    """Return those of some figures that equal no known amount in their currency."""
    amounts: dict[Decimal, set[str | None]] = {}
    for amount, currency in known:
        amounts.setdefault(abs(amount), set()).add(currency)
    return tuple(figure for figure in found if _AMBIGUOUS.search(figure.words) or not _known(figure, amounts))


def _known(figure: Figure, amounts: dict[Decimal, set[str | None]]) -> bool:
    currencies = amounts.get(abs(figure.amount))
    return currencies is not None and (figure.currency is None or not currencies.isdisjoint({figure.currency, None}))


_PLAIN = str.maketrans({"−": "-", "’": "'", "\u202f": " ", "\u2009": " ", "\u200b": "", "\u2060": "", "*": "", "`": ""})
_LINK = re.compile(r"\b(?:https?://|www\.)\S+|(?<![\w.+-])[\w.+-]{1,64}@[\w.-]{1,255}")
_NUMBER = re.compile(
    r"(?:(?<![\w.,:/#])|(?<=\b[A-Za-z]{3}))(?<![A-Za-z\d]-)"
    r"\d(?:[\d.,']{0,40}\d)?(?:[ ]\d{3}(?![\d:/]))*(?:[.,]\d{1,2}(?!\d))?(?![\d:/]|-\d)"
)
_AMBIGUOUS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}\.\d{3}(?![\d.,])")
_SYMBOLS = {
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₩": "KRW",
    "₺": "TRY",
    "₽": "RUB",
    "₪": "ILS",
    "zł": "PLN",
}
_DOLLARS = {"US": "USD", "A": "AUD", "AU": "AUD", "C": "CAD", "CA": "CAD", "NZ": "NZD", "HK": "HKD", "S": "SGD"}
_CODES = word_set(
    "USD EUR GBP CHF JPY CAD AUD NZD SEK NOK DKK PLN CZK HUF CNY RMB INR SGD HKD KRW BRL MXN ZAR ILS AED SAR THB "
    "IDR MYR PHP TWD TRY RON "
    "BGN ISK RUB UAH CLP COP ARS EGP NGN KES VND PKR QAR KWD BHD OMR JOD MAD"
)
_ALSO_WORDS = frozenset({"TRY", "RON", "MAD"})
"""Codes that are names or words too: they count in capitals only."""
_WORDS_FOR = {
    "dollar": "USD",
    "buck": "USD",
    "euro": "EUR",
    "pound": "GBP",
    "quid": "GBP",
    "franc": "CHF",
    "yen": "JPY",
    "rupee": "INR",
    "krona": "SEK",
    "zloty": "PLN",
}
_CURRENCY_WORD = re.compile(
    r"\b(?:dollar|buck|euro|pound|quid|franc|yen|rupee|krona|zloty|cent|penny|pence|usd|eur|gbp|chf)s?\b",
    re.I,
)
_BEFORE = re.compile(
    r"(?:(?:(?<![A-Za-z])(US|AU?|CA?|NZ|HK|S))?(\$)|([^\w\s.,;:!?()'\"/+-])|(?<![A-Za-z])([A-Za-z]{3}))\s?[-+(]?\s?$"
)
_AFTER = re.compile(
    r"\s?(?:(?P<mult>k|m|mn|mio|bn|thousand|million|billion)(?![A-Za-z\d]))?\s?(?:\.-|,-|-)?\s?"
    r"(?:(?P<sign>[$€£¥₹₩₺₽₪]|zł)(?:\s?(?P<late>[A-Z]{3})\b)?|(?P<code>[A-Za-z]{3})(?![\w-])|"
    r"(?:US |Australian |Canadian |Swiss )?(?P<word>dollar|buck|euro|pound|quid|franc|yen|rupee|krona|zloty|"
    r"cent)s?\b)?",
    re.I,
)
_TIMES = {"k": 3, "thousand": 3, "m": 6, "mn": 6, "mio": 6, "million": 6, "bn": 9, "billion": 9}
_UNMONEY = re.compile(
    r"\s*(?:%|percent|per cent|uptime|availability|x\b|am\b|pm\b|o'clock|°|points?\b|stars?\b|[kmgt]i?b\b|ms\b|s\b|"
    r"sec|min|h\b|hours?|days?|"
    r"weeks?|months?|years?|times|calls|users|rows|records|requests|seats|files|people|pages|events|items|contacts|"
    r"licen[cs]es|projects|"
    r"reports|tickets|versions?|minutes|seconds|percentage)",
    re.I,
)
_LABEL = re.compile(
    r"(?:\b(?:clause|section|version|v|release|step|page|chapter|article|paragraph|sla|uptime|availability|tls|"
    r"python|node|chrome|firefox|"
    r"safari|ios|android|windows|macos|api|java|php|http|build|port|line|ticket|table|figure|level|rated|score|of)|"
    r"§)\s?$",
    re.I,
)
_PRICED = re.compile(
    r"\s*(?:each|apiece|a piece|(?:per|a|an|/) ?(?:seat|user|month|year|licen[cs]e|head)\b|too (?:high|low|much)|"
    r"higher\b|lower\b)",
    re.I,
)
_OWED = re.compile(
    r"\b(?:credit(?:ed)?|refund(?:ed)?|charged?|fee|price|paid|pay|costs?|totals?|amount|comes? to|worth|balance|"
    r"overage|invoiced|"
    r"waived?|deduct(?:ed)?|owe)(?: you| us| is| was| of| at| for)?:? $",
    re.I,
)
_ENDS = re.compile(r"\s*(?:$|[.,;!?)]|and\b|or\b|to your|from\b|on your|is\b|was\b|has\b|in credit|for\b|back\b)")


def _written(text: str, match: re.Match[str]) -> Figure | None:
    """Read a number written in digits as money, or not at all."""
    number, end = match[0], match.end()
    before, after = text[max(0, match.start() - 24) : match.start()], text[end : end + 32]
    suffix = _AFTER.match(after)
    assert suffix is not None  # every part of the pattern is optional
    lead, currency = _currency(before, number, suffix)
    if currency is None and " " in number:
        number = number.split(" ")[0]
        end, after = match.start() + len(number), text[match.start() + len(number) :][:32]
        suffix = _AFTER.match(after) or suffix
    multiplier = suffix["mult"]
    if currency is None and (
        _UNMONEY.match(after)
        or not _bare_money(number, before, after[suffix.end("mult") if multiplier else 0 :], multiplier)
    ):
        return None
    if currency and suffix.end() == 0 and re.match(r"\s*(?:%|percent)", after):
        return None
    amount = _amount(number).scaleb(_TIMES[multiplier.lower()] if multiplier else 0)
    if (suffix["word"] or "").lower() == "cent":
        amount, currency = amount.scaleb(-2), None
    words = text[match.start() - lead : end + len(after[: suffix.end()].rstrip()) if currency or multiplier else end]
    # The parts were read by patterns: checking them again would cost more than reading them.
    return Figure.model_construct(amount=_plain(amount), currency=currency, words=words.strip())


def _currency(before: str, number: str, suffix: re.Match[str]) -> tuple[int, str | None]:
    """Return how many characters before the number belong to it, and its currency."""
    ahead = _BEFORE.search(before)
    for code in (suffix["late"], suffix["code"]):
        if code and _is_code(code, number):
            return (len(ahead[0]) if ahead and ahead[2] else 0), code.upper()
    if ahead and ahead[2]:
        return len(ahead[0]), _DOLLARS.get(ahead[1] or "US", "USD")
    if ahead and (sign := ahead[3]) and unicodedata.category(sign) == "Sc":
        return len(ahead[0]), _SYMBOLS.get(sign, "XXX")
    if ahead and (code := ahead[4]) and _is_code(code, number):
        return len(ahead[0]), code.upper()
    if suffix["sign"]:
        return 0, _SYMBOLS[suffix["sign"].lower()]
    return 0, _WORDS_FOR.get((suffix["word"] or "").lower(), "XXX" if suffix["word"] else None)


def _is_code(word: str, number: str) -> bool:
    """Say whether three letters beside a number are a currency; unknown capitals beside cents are one nobody "
    "knows."""
    if word.upper() in _CODES:
        return word.isupper() or word.upper() not in _ALSO_WORDS
    return word.isupper() and bool(_CENTS.search(number)) and word not in _NO_CURRENCY


_CENTS = re.compile(r"\d[.,]\d\d$")
_NO_CURRENCY = word_set("SLA API INV VAT TLS SSO PDF CSV ERP CRM TAX NET SUM FEE ALL THE AND FOR WAS NOT DUE")


def _bare_money(number: str, before: str, after: str, multiplier: str | None) -> bool:
    """Say whether a number without a currency is money: cents, a price word beside it, or thousands as `k`."""
    if _LABEL.search(before):
        return bool(_PRICED.match(after))
    if multiplier:
        return not _UNMONEY.match(after)
    if _STRICT_CENTS.match(number):
        return not (number.startswith("99.") and re.search(r"\b(?:below|above|sla|target)\b[^.]*$", before, re.I))
    decimals = re.fullmatch(r"\d+[.,]\d+", number) and not re.search(r"[A-Z][a-z]+ $", before)
    priced = _PRICED.match(after) or (_OWED.search(before) and _ENDS.match(after))
    return bool(priced or (decimals and "," not in number and _ENDS.match(after)))


_STRICT_CENTS = re.compile(r"(?:\d+|\d{1,3}(?:[,']\d{3})+)\.\d\d$|(?:\d+|\d{1,3}(?:\.\d{3})+),\d\d$")
_GROUPED = re.compile(r"(?P<whole>\d{1,3}(?:(?P<mark>[,.' ])\d{3})(?:(?P=mark)\d{3})*)(?:[.,](?P<cents>\d{1,2}))?$")


def _amount(number: str) -> Decimal:
    """Read digits with points and commas; what follows no known way of writing becomes one run of digits."""
    if re.fullmatch(r"\d+(?:\.\d+)?", number):
        return Decimal(number)
    if re.fullmatch(r"\d+,\d{1,2}", number):
        return Decimal(number.replace(",", "."))
    if grouped := _GROUPED.match(number):
        return Decimal(re.sub(r"\D", "", grouped["whole"]) + "." + (grouped["cents"] or "0"))
    return Decimal(re.sub(r"\D", "", number))


def _plain(amount: Decimal) -> Decimal:
    return Decimal(format(amount, "f"))


_SMALL = {word: Decimal(value) for word, value in NUMBERS.items() if word.isalpha() and word != "another"} | {
    "seventy": Decimal(70),
    "eighty": Decimal(80),
}
_LARGE = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "grand": 1000}
_SPOKEN = re.compile(
    rf"(?<!\d )(?<!\d)\b(?P<number>(?:half an? )?(?:(?:{'|'.join((*_SMALL, *_LARGE))})(?:[\s-]+(?:and[\s-]+)?|"
    rf"\b))+?)\s*"
    r"(?:US |Australian |Canadian |Swiss )?(?P<word>dollar|buck|euro|pound|quid|franc|yen|rupee|krona|zloty|cent|"
    r"usd|eur|gbp|chf)s?\b",
    re.I,
)


def _spoken(match: re.Match[str]) -> Figure | None:
    """Read an amount written in words."""
    whole, part = Decimal(0), Decimal(0)
    tokens = re.findall(r"[a-z]+", match["number"].lower())
    for token in tokens:
        if token in ("thousand", "million", "grand"):
            whole, part = whole + (part or Decimal(1)) * _LARGE[token], Decimal(0)
        elif token == "hundred":
            part = (part or Decimal(1)) * 100
        else:
            part += Decimal(0) if token == "half" else _SMALL.get(token, Decimal(0))
    amount = (whole + part) * (Decimal("0.5") if tokens[0] == "half" else Decimal(1))
    word = match["word"].lower()
    if word == "cent":
        return Figure(amount=_plain(amount / 100), currency=None, words=match[0])
    currency = _WORDS_FOR.get(word) or word.upper()
    return Figure(amount=_plain(amount), currency=currency, words=match[0])
