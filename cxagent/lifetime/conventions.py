"""What textbooks call CLV when every renewal has one and the same chance: three conventions, to be named when quoted.

With margin m a year, a constant renewal rate r and a discount d a year (Fader and Hardie 2012). The product's own value
is `account.py`; these reproduce the published figures that it is compared with, and `what_if` tells the elasticity.
"""

from enum import StrEnum

from cxagent.errors import BadInput


class Convention(StrEnum):
    """When the first money is counted."""

    FIRST_PAYMENT_NOW = "first payment now"
    WITHOUT_FIRST_PAYMENT = "without the first payment"
    END_OF_PERIOD = "paid at the end of each period"


def constant_value(margin: float, rate: float, discount: float, convention: Convention) -> float:
    """Return the value of an account whose renewal rate never changes, in the money of `margin`."""
    spread = _spread(rate, discount)
    match convention:
        case Convention.FIRST_PAYMENT_NOW:
            return margin * (1 + discount) / spread
        case Convention.WITHOUT_FIRST_PAYMENT:
            return margin * rate / spread
        case Convention.END_OF_PERIOD:
            return margin / spread


def margin_multiple(rate: float, discount: float) -> float:
    """Return r / (1 + d - r), the years of margin that an account is worth without the first payment."""
    return constant_value(1.0, rate, discount, Convention.WITHOUT_FIRST_PAYMENT)


def elasticity(rate: float, discount: float) -> float:
    """Return (1 + d) / (1 + d - r): how many per cent the value moves with one per cent of the rate."""
    return (1 + discount) / _spread(rate, discount)


def _spread(rate: float, discount: float) -> float:
    """Return 1 + d - r, which has to be positive for the sums to end."""
    if not (0 <= rate <= 1 and discount > 0):
        raise BadInput(
            f"a renewal rate of {rate} with a discount of {discount} a year has no value: 0 to 1, and above 0"
        )
    return 1 + discount - rate
