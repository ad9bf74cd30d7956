"""Money: decimals that are written as strings, currencies that meet only through a dated rate."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cxagent.domain.money import Fx, Money, decimal, read_amount, total

RATES = Fx.model_validate({"as_of": "2027-03-08", "rates": {"EURUSD": "1.25", "GBPUSD": "1.50", "EURSEK": "10"}})


def usd(amount: str) -> Money:
    """Return dollars."""
    return Money(amount=Decimal(amount), currency="USD")


@pytest.mark.parametrize("value", [1.5, True, None, [], "1e3", "1E3", "NaN", "Infinity", "1,000", "0x10", "", "1_000"])
def test_what_is_not_a_plain_decimal_is_refused(value: Any) -> None:
    """Floats, exponents, NaN, infinity, separators and non-numbers are no amount."""
    with pytest.raises(ValueError):
        decimal(value)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        *(("40.00", "40.00"), (40, "40"), (40.5, "40.5"), ("-1", None), (-0.01, None), ("", None), (None, None)),
        *((True, None), ("forty", None), (float("nan"), None), (float("inf"), None), (1e30, None), ("1e2", None)),
    ],
)
def test_a_proposed_amount_is_read_or_unknown(value: Any, read: str | None) -> None:
    """What a model calls an amount is a plain number of zero or more, or it is unknown: never a guess."""
    assert read_amount(value) == (None if read is None else Decimal(read))


@pytest.mark.parametrize(
    ("money", "currency", "worth"),
    [
        (usd("10"), "USD", "10"),
        (Money(amount=Decimal("8"), currency="EUR"), "USD", "10.00"),
        (usd("10"), "EUR", "8"),
        (Money(amount=Decimal("10"), currency="GBP"), "EUR", "12"),
        (Money(amount=Decimal("100"), currency="SEK"), "USD", "12.5"),
        (usd("10"), "JPY", None),
        (Money(amount=Decimal("10"), currency="JPY"), "USD", None),
    ],
    ids=["same", "direct", "inverse", "through one", "inverse through one", "to unknown", "from unknown"],
)
def test_conversion(money: Money, currency: str, worth: str | None) -> None:
    """A rate is used directly, inverted, or through one other currency; without one there is no answer."""
    converted = RATES.convert(money, currency)
    assert (None if converted is None else converted.amount) == (None if worth is None else Decimal(worth))


@pytest.mark.parametrize("rates", [{"EURUSD": "0"}, {"EURUSD": "-1"}, {"EURUSD": 1.1}, {"EUR": "1"}, {"eurusd": "1"}])
def test_a_rate_is_a_positive_decimal_of_a_pair(rates: dict[str, object]) -> None:
    """Rates of zero, below it, as floats or under no pair of codes are refused."""
    with pytest.raises(ValidationError):
        Fx.model_validate({"as_of": "2027-03-08", "rates": rates})


def test_currencies_are_not_added_without_a_rate() -> None:
    """Two currencies do not add up by themselves, and a total without the needed rate is unknown."""
    euros = Money(amount=Decimal("4"), currency="EUR")
    with pytest.raises(ValueError, match="without a rate"):
        usd("1") + euros
    assert total([usd("1"), euros], "USD", RATES) == usd("6.00")
    assert total([usd("1"), euros], "USD", None) is None
    assert total([], "USD", None) == usd("0")


@given(st.lists(st.decimals(min_value=-(10**9), max_value=10**9, places=2), max_size=20))
def test_a_total_is_exact(amounts: list[Decimal]) -> None:
    """Cents add up to the cent, in any order."""
    moneys = [Money(amount=amount, currency="USD") for amount in amounts]
    assert total(moneys, "USD", None) == total(moneys[::-1], "USD", None)
    assert total(moneys, "USD", None) == Money(amount=sum(amounts, Decimal(0)), currency="USD")


@pytest.mark.parametrize("currency", ["usd", "US", "USDT", "", "€"])
def test_a_currency_is_a_code(currency: str) -> None:
    """A currency is three capital letters."""
    with pytest.raises(ValidationError):
        Money(amount=Decimal(1), currency=currency)


def test_money_reads_like_money() -> None:
    """Money prints with its code, thousands and cents, and travels as a string."""
    assert str(usd("1234567.5")) == "USD 1,234,567.50"
    assert usd("0.10").model_dump(mode="json") == {"amount": "0.10", "currency": "USD"}
