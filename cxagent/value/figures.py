"""How figures on worth are written, wherever they are told: in their unit, large money short, slopes with intervals."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from cxagent.lifetime.spread import Spread
from cxagent.trends.programme import Yearly
from cxagent.trends.slope import ENOUGH, SNAPSHOT_BELOW
from cxagent.value.money import Money
from cxagent.value.report import MetricReport, TrendOf

LARGE = ((1e9, "B"), (1e6, "M"), (1e3, "k"))
MARKS = {"compounding": "▲", "eroding": "▼", "flat": "▬", "described": "◆"}
"""What stands beside a verdict's word, so that it does not rest on colour."""


def short(value: float) -> str:
    """Return a large number in three figures: 12.3M."""
    size, letter = next(((size, letter) for size, letter in LARGE if abs(value) >= size * 0.9995), (1.0, ""))
    scaled = value / size
    places = 0 if abs(scaled) >= 99.95 or not letter else 1 if abs(scaled) >= 9.995 else 2
    return f"{scaled:,.{places}f}{letter}"


def tick(value: float, step: float, unit: str) -> str:
    """Return a value of a scale with as many places as its steps need, exactly."""
    if unit == "share":
        return f"{value * 100:,.{_places(step * 100)}f} %"
    size, letter = next(((size, letter) for size, letter in LARGE if step >= size / 10 and abs(value) >= size), (1, ""))
    return f"{value / size:,.{_places(step / size)}f}{letter}"


def _places(step: float) -> int:
    return max(0, -math.floor(math.log10(step) + 1e-9))


def _signed(value: float, said: str) -> str:
    """Return a number with its sign; what is written as zero has none."""
    return said if not said.strip("0.,") else f"{'-' if value < 0 else '+'}{said}"


class Figures(NamedTuple):
    """How figures are written; `currency` is the playbook's."""

    currency: str

    def figure(self, value: float | None, unit: str) -> str:
        """Return a figure in its unit, in a few digits."""
        if unit == "money" and value is not None and abs(value) >= 1e5:
            return f"{self.currency} {short(value)}"
        return self.exact(value, unit)

    def exact(self, value: float | None, unit: str) -> str:
        """Return a figure in its unit, as exact as anybody needs it: what the tables show."""
        if value is None:
            return "unknown"
        match unit:
            case "share":
                return f"{value * 100:,.{2 if 0 < abs(value) < 0.01 else 1}f} %"
            case "money":
                return f"{self.currency} {value:,.0f}"
            case "hours" | "days":
                return f"{value:,.1f} {unit[0]}"
            case "count" if value == int(value):
                return f"{value:,.0f}"
            case _:
                return f"{value:,.{3 if 0 < abs(value) < 1 else 2}f}"

    def money(self, value: float | None) -> str:
        """Return an amount in a few digits."""
        return self.figure(value, "money")

    def changes(self, values: Sequence[float], unit: str) -> list[str]:
        """Return by how much a figure moves, with signs and the same places throughout; shares move by points."""
        factor = 100 if unit == "share" else 1
        scaled = [value * factor for value in values]
        most = max(map(abs, scaled), default=0.0)
        if most >= (10 if unit == "money" else 1e5):
            return [_signed(one, short(abs(one)) if most >= 1e4 else f"{abs(one):,.0f}") for one in scaled]
        places = 2 if most >= 0.1 else min(6, 1 - math.floor(math.log10(most))) if most > 1e-6 else 0
        return [_signed(one, f"{abs(one):,.{places}f}") for one in scaled]

    def slope(self, trend: TrendOf, unit: str) -> str:
        """Return the slope a month with its interval; where there is none, why."""
        if trend.slope is None:
            snapshot = f"a snapshot: {trend.n} of" if trend.n else "no whole month yet of"
            return f"{snapshot} the {SNAPSHOT_BELOW} that a slope needs"
        ends = [one for one in (trend.low, trend.high) if one is not None]
        slope, *told = self.changes([trend.slope, *ends], unit)
        said = f"{slope}{' points' if unit == 'share' else ''} a month"
        return f"{said} [{', '.join(told)}]" if told else f"{said}; {trend.n} of {ENOUGH} months that a verdict needs"

    def year(self, money: Yearly) -> str:
        """Return what a trend of money amounts to in a year, with its interval."""
        amount, low, high = self.changes([money.amount, money.low, money.high], "money")
        return f"{self.currency} {amount} [{low}, {high}]"

    def spread(self, one: Spread | None) -> str:
        """Return a figure of money with its interval."""
        if one is None:
            return "unknown"
        return f"{self.money(one.median)} ({self.bare(one.low)} to {self.bare(one.high)})"

    def bare(self, value: float) -> str:
        """Return an amount without its currency, beside one that has it."""
        return short(value) if abs(value) >= 1e5 else f"{value:,.0f}"

    def chance(self, one: Spread | None) -> str:
        """Return a chance with its interval."""
        if one is None:
            return "unknown"
        return f"{one.median * 100:.1f} % ({one.low * 100:.1f} to {one.high * 100:.1f} %)"

    def priced(self, money: Money | str, brief: bool = False) -> str:
        """Return what a metric is worth: its amount with the range, that it is not proven, or that it has no price."""
        if isinstance(money, str):
            return money
        if money.amount is None or money.low is None or money.high is None:
            return "not proven"
        if brief:
            return self.money(money.amount)
        return f"{self.money(money.amount)} ({self.bare(money.low)} to {self.bare(money.high)})"


def verdict(trend: TrendOf, direction: str = "up") -> str:
    """Return the word for a trend: a figure of which neither way is good is described, a snapshot is called one."""
    if trend.slope is None:
        return "insufficient history"
    if direction == "level" and trend.low is not None:
        return "described"
    return trend.verdict.value


def told_as_money(one: MetricReport) -> str:
    """Return under which word a metric stands in the column of money: its rule, "is money", or unpriced."""
    if isinstance(one.money, str):
        return "is money" if one.unit == "money" else one.money
    return one.money.rule


def spoken(name: str) -> str:
    """Return a name of the code as a reader says it."""
    return name.replace("_", " ")
