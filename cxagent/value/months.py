"""Months as they are written: `2026-11` names November 2026, in UTC."""

import re
from datetime import UTC, date, datetime

from cxagent.trends.series import month_name, month_number

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def month_of(at: datetime | date) -> str:
    """Return the month of a moment or day."""
    return f"{at:%Y-%m}"


def later(month: str, by: int) -> str:
    """Return the month that lies so many months later, or earlier where `by` is negative."""
    return month_name(month_number(month) + by)


def bounds(month: str) -> tuple[str, str]:
    """Return the first moment of a month and that of the next one, as the ledger writes them."""
    begins, ends = (datetime(int(m[:4]), int(m[5:]), 1, tzinfo=UTC) for m in (month, later(month, 1)))
    return begins.isoformat(), ends.isoformat()
