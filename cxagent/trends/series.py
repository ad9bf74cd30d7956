"""Series: the months of one figure without a gap in time; what is not known in a month is None, never zero."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

YEAR = 12


def month_number(month: str) -> int:
    """Return a month such as `2026-11` as a number that grows by one from month to month."""
    year, dash, rest = month.partition("-")
    whole = dash and len(year) == 4 and len(rest) == 2 and (year + rest).isascii() and (year + rest).isdigit()
    if not whole or not 1 <= int(rest) <= YEAR:
        raise ValueError(f"{month!r} is no month; write it as 2026-11")
    return int(year) * YEAR + int(rest) - 1


def month_name(number: int) -> str:
    """Return the month that a number stands for."""
    return f"{number // YEAR:04d}-{number % YEAR + 1:02d}"


def months_from(first: str, last: str) -> tuple[str, ...]:
    """Return every month from the first to the last, both included."""
    return tuple(month_name(number) for number in range(month_number(first), month_number(last) + 1))


def known(value: float | None) -> float | None:
    """Return a figure, or None for one that is not known or is no number."""
    return value if value is not None and math.isfinite(value) else None


@dataclass(frozen=True)
class Series:
    """One figure over months that follow each other; built from what is known with `series`."""

    months: tuple[str, ...]
    values: tuple[float | None, ...]

    def __post_init__(self) -> None:
        """Refuse months that do not follow each other, and a value too many or too few."""
        if len(self.months) != len(self.values):
            raise ValueError(f"{len(self.months)} months hold {len(self.values)} values")
        numbers = [month_number(month) for month in self.months]
        if any(after - before != 1 for before, after in pairwise(numbers)):
            raise ValueError(f"the months from {self.months[0]} to {self.months[-1]} do not follow each other")

    @property
    def points(self) -> int:
        """Return in how many months the figure is known."""
        return sum(known(value) is not None for value in self.values)

    def last(self, count: int) -> "Series":
        """Return the last so many months."""
        start = max(0, len(self.months) - count)
        return Series(self.months[start:], self.values[start:])

    def until(self, month: str) -> "Series":
        """Return the months up to this one: what was known then."""
        end = sum(one <= month for one in self.months)
        return Series(self.months[:end], self.values[:end])


def series(by_month: Mapping[str, float | None], first: str | None = None, last: str | None = None) -> Series:
    """Return the series of a mapping from its first month to its last; a month that is missing is not known."""
    if not by_month and (first is None or last is None):
        return Series((), ())
    months = months_from(first or min(by_month), last or max(by_month))
    return Series(months, tuple(known(by_month.get(month)) for month in months))


def windows(values: Sequence[float | None], length: int) -> list[list[float] | None]:
    """Return, for each month, the last so many values; None while one of them is not known."""
    found: list[list[float] | None] = []
    for end in range(1, len(values) + 1):
        part = [one for value in values[max(0, end - length) : end] if (one := known(value)) is not None]
        found.append(part if len(part) == length else None)
    return found
