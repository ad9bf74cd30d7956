"""Money figures: every amount in a reply is found, and only what a record knows passes."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxagent.reading.figures import figures, ungrounded


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("USD 212.00", "212", "USD"),
        ("$1,180", "1180", "USD"),
        ("-$60", "60", "USD"),
        ("USD -60.00", "60", "USD"),
        ("1.180,00 EUR", "1180", "EUR"),
        ("1 180,00 EUR", "1180", "EUR"),
        ("CHF 1'200.50", "1200.5", "CHF"),
        ("42 USD", "42", "USD"),
        ("€20", "20", "EUR"),
        ("20€", "20", "EUR"),
        ("EUR60.00", "60", "EUR"),
        ("A$ 20", "20", "AUD"),
        ("$20 CAD", "20", "CAD"),
        ("XYZ 212.00", "212", "XYZ"),
        ("₫20.00", "20", "XXX"),
        ("12k", "12000", None),
        ("$1.2m", "1200000", "USD"),
        ("1.2 million USD", "1200000", "USD"),
        ("at 0.10 each", "0.10", None),
        ("60.00 too high", "60", None),
        ("usd 5", "5", "USD"),
        ("fifty dollars", "50", "USD"),
        ("a hundred euros", "100", "EUR"),
        ("two thousand five hundred USD", "2500", "USD"),
        ("half a million dollars", "500000", "USD"),
        ("50 cents", "0.50", None),
    ],
)
def test_money_is_found(text: str, amount: str, currency: str | None) -> None:
    """An amount is read in every usual way of writing it, alone and inside a sentence."""
    for reply in (text, f"That was {text}, as you saw.", f"({text})"):
        assert [(figure.amount, figure.currency) for figure in figures(reply)] == [(Decimal(amount), currency)]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "10 percent",
            "2,120 calls",
            "30 days",
            "INV-2203",
            "2026-11-21",
            "17:00",
            "version 2.4.1",
            "clause 7.2",
            "3h05",
        ),
        *(
            "99.95%",
            "99.95 percent",
            "99.95 uptime",
            "+49 30 1234567",
            "2x",
            "https://vendor.example/10.00",
            "30.11.2026",
        ),
        *("TLS 1.2", "10.0.0.1", "30 November", "ALL 12 invoices", "Chrome 141", "15 people", "4.5 stars", "429s"),
        *("on the 14th", "11/12/2026", "try 5 times", "12k calls", "5 MB", "SOC 2"),
    ],
)
def test_other_numbers_are_not_money(text: str) -> None:
    """Counts, percentages, dates, times, versions, identifiers and addresses are no money."""
    assert figures(f"It says {text} here.") == ()


def test_a_known_figure_is_grounded_whatever_its_sign() -> None:
    """R12: amounts are compared without sign; a currency on either side must agree, none matches any."""
    known = [(Decimal("-60.00"), "USD"), (Decimal("0.10"), None)]
    assert ungrounded("60.00 USD, 60.00, 0.10 each, EUR 0.10", known) == ()
    assert [figure.words for figure in ungrounded("60.00 EUR", known)] == ["60.00 EUR"]


FORMS = st.sampled_from(["USD {}", "{} USD", "${}", "usd {}", "US${}"])
CENTS = st.integers(min_value=1, max_value=99_999_999)


@given(CENTS, FORMS, st.data())
def test_any_changed_digit_is_reported(cents: int, form: str, data: st.DataObject) -> None:
    """R12: a reply whose figures are all known is silent; with one digit changed it is reported."""
    number = f"{Decimal(cents) / 100:,.2f}"
    at = data.draw(st.sampled_from([index for index, letter in enumerate(number) if letter.isdigit()]))
    digit = data.draw(st.sampled_from([other for other in "0123456789" if other != number[at]]))
    known = [(Decimal(cents) / 100, "USD")]
    assert ungrounded(f"We have credited {form.format(number)} to you.", known) == ()
    assert ungrounded(f"We have credited {form.format(number[:at] + digit + number[at + 1 :])} to you.", known)


@given(CENTS, st.sampled_from(["EUR {}", "{} GBP", "€{}", "{} €", "CHF {}", "C${}", "{} pounds", "XYZ {}", "₫{}"]))
def test_any_changed_currency_is_reported(cents: int, form: str) -> None:
    """R12: the right amount in another currency, known or not, is reported."""
    number = f"{Decimal(cents) / 100:.2f}"
    assert ungrounded(f"The fee of {form.format(number)} is waived.", [(Decimal(cents) / 100, "USD")])


@given(CENTS, FORMS, st.data())
def test_any_moved_point_is_reported(cents: int, form: str, data: st.DataObject) -> None:
    """R12: a point added, removed or moved changes the amount and is reported."""
    known, plain = Decimal(cents) / 100, f"{cents:03d}"
    at = data.draw(st.integers(min_value=1, max_value=len(plain)).filter(lambda place: place != len(plain) - 2))
    number = f"{plain[:at]}.{plain[at:]}" if at < len(plain) else plain
    assert ungrounded(f"The line of {form.format(number)} is overage.", [(known, "USD")])


@given(st.integers(min_value=1, max_value=999_999), FORMS, st.data())
def test_a_point_put_into_whole_money_is_reported(amount: int, form: str, data: st.DataObject) -> None:
    """R12: a point inside a whole amount is reported, also where some countries read it as thousands."""
    plain = f"{amount}0"
    at = data.draw(st.integers(min_value=1, max_value=len(plain) - 1))
    number = f"{plain[:at]}.{plain[at:]}"
    assert ungrounded(f"You pay {form.format(number)} a month.", [(Decimal(plain), "USD")])


@given(CENTS)
def test_a_bare_amount_with_a_wrong_digit_is_reported(cents: int) -> None:
    """R12: without a currency the amount itself must still be known."""
    known = [(Decimal(cents) / 100, "USD")]
    assert ungrounded(f"It was {Decimal(cents) / 100:.2f} too high.", known) == ()
    assert ungrounded(f"It was {Decimal(cents + 1) / 100:.2f} too high.", known)
    assert ungrounded(f"It was {cents} too high.", known)


@pytest.mark.parametrize("unit", ["1,", "$1 ", "(", "a", "a hundred ", "1 000 ", "9", "a@"])
def test_huge_text_is_read_in_linear_time(unit: str) -> None:
    """A hundred thousand characters of anything end in well under the patience of pytest."""
    assert isinstance(figures((unit * 100_000)[:100_000]), tuple)
