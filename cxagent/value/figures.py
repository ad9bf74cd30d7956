"""Figures in words: how a value, a slope with its interval and an amount are written wherever a report tells them."""

import math
from typing import Literal

from cxagent.lifetime.spread import Spread
from cxagent.value.money import Money
from cxagent.value.report import TrendOf

TELLING = 2
"""So many digits of the widest end of an interval are told; more would claim what nobody knows."""


def figure(value: float | None, unit: str, currency: str) -> str:
    """Return a value in its unit."""
    if value is None:
        return "not known"
    match unit:
        case "share":
            return f"{value:.1%}"
        case "money":
            return f"{currency} {value:,.0f}"
        case "hours":
            return f"{value:,.1f} h"
        case "days" | "months":
            return f"{value:,.1f} {unit}"
        case "count" if value == int(value):
            return f"{value:,.0f}"
        case _:
            return f"{value:.3g}" if 0 < abs(value) < 1 else f"{value:,.2f}"


def slope(trend: TrendOf, unit: str, currency: str) -> str:
    """Return how much a figure moves in a month, with the interval in which that lies; where nothing says, why."""
    if trend.slope is None:
        return trend.method
    times = 100.0 if unit == "share" else 1.0
    told = [None if one is None else one * times for one in (trend.slope, trend.low, trend.high)]
    places = _places(max(abs(one) for one in told if one is not None))
    middle, low, high = ("" if one is None else _signed(one, places) for one in told)
    name = {"share": " points", "money": f" {currency}", "hours": " h"}.get(unit, "")
    return f"{middle}{name} a month" + (f" [{low}, {high}]" if low and high else "")


def _places(widest: float) -> int:
    return min(6, max(0, TELLING - 1 - math.floor(math.log10(widest)))) if widest else 0


def _signed(value: float, places: int) -> str:
    return f"{round(value, places) + 0.0:+,.{places}f}"  # + 0.0: nothing is below zero by nothing


def priced(money: Money | Literal["unpriced"]) -> str:
    """Return what a figure is as money: its amount, `not proven`, or `unpriced`."""
    if isinstance(money, str):
        return money
    return "not proven" if money.amount is None else f"{money.currency} {money.amount:,.0f}"


def ranged(money: Money) -> str:
    """Return an outcome in money with its range."""
    ends = "" if money.low is None or money.high is None else f" [{money.low:,.0f}, {money.high:,.0f}]"
    return priced(money) + ends


def spread(one: Spread) -> str:
    """Return a figure with its 90 % interval."""
    return f"{one.median:,.0f} [{one.low:,.0f}, {one.high:,.0f}]"


def share(value: float | None) -> str:
    """Return a share in whole percent."""
    return "not known" if value is None else f"{value:.0%}"


def spoken(name: str) -> str:
    """Return a name of the code as a reader says it."""
    return name.replace("_", " ")
