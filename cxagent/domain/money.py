"""Money is a decimal and an ISO 4217 code; two currencies meet only through a dated rate."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PlainSerializer

from cxagent.domain.value import Value


def decimal(value: object) -> Decimal:
    """Read a decimal from a string or an integer; floats, exponents, NaN and infinity are refused."""
    if isinstance(value, bool | float) or not isinstance(value, str | int | Decimal):
        raise ValueError(f"write the number as a decimal string, not as {type(value).__name__}")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a decimal number") from None
    if not number.is_finite() or (isinstance(value, str) and not _PLAIN.issuperset(value.strip())):
        raise ValueError(f"{value!r} is not a plain decimal number")
    return number


_PLAIN = frozenset("0123456789.+-")

Number = Annotated[Decimal, BeforeValidator(decimal), PlainSerializer(str, return_type=str)]
"""A plain decimal, written as a string."""
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Money(Value):
    """An amount in one currency; sums across currencies need an `Fx` table."""

    amount: Number
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added without a rate")
        return Money(amount=self.amount + other.amount, currency=self.currency)

    def __str__(self) -> str:
        return f"{self.currency} {self.amount:,.2f}"


class Fx(Value):
    """Dated exchange rates: `EURUSD` is how many dollars one euro costs."""

    as_of: date
    rates: dict[Annotated[str, Field(pattern=r"^[A-Z]{6}$")], Annotated[Number, Field(gt=0)]]

    def convert(self, money: Money, currency: str) -> Money | None:
        """Return the money in another currency, or None where no rate (direct, inverse, through one) is known."""
        rate = self._rate(money.currency, currency)
        return None if rate is None else Money(amount=money.amount * rate, currency=currency)

    def _rate(self, source: str, target: str) -> Decimal | None:
        if direct := self._direct(source, target):
            return direct
        between = {code for pair in self.rates for code in (pair[:3], pair[3:])}
        for middle in sorted(between):
            first, second = self._direct(source, middle), self._direct(middle, target)
            if first and second:
                return first * second
        return None

    def _direct(self, source: str, target: str) -> Decimal | None:
        if source == target:
            return Decimal(1)
        if rate := self.rates.get(source + target):
            return rate
        inverse = self.rates.get(target + source)
        return Decimal(1) / inverse if inverse else None

    @classmethod
    def none(cls) -> Self:
        """Return a table without rates: only equal currencies convert."""
        return cls(as_of=date.min, rates={})


def total(amounts: Iterable[Money], currency: str, fx: Fx | None) -> Money | None:
    """Add amounts in one currency; None where a needed rate is missing."""
    table, result = fx or Fx.none(), Decimal(0)
    for money in amounts:
        converted = table.convert(money, currency)
        if converted is None:
            return None
        result += converted.amount
    return Money(amount=result, currency=currency)


def read_amount(value: Any) -> Decimal | None:
    """Read what a proposal calls an amount; None where it is missing, negative or not a plain number.

    A float is read here because model output is JSON; it becomes the decimal it prints as.
    """
    if isinstance(value, float):
        value = repr(value)
    try:
        number = decimal(value)
    except ValueError:
        return None
    return number if number >= 0 else None
