"""The report in the forms that other programs read: JSON as `cxagent value --json` prints it, and rows for CSV."""

from collections.abc import Iterator
from typing import Any

from cxagent.value.report import Report

HEADER = ("key", "metric", "title", "unit", "month", "value", "partial", "verdict", "owner")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def as_contract(found: Report) -> dict[str, Any]:
    """Return the report as one JSON object: `as_of`, `keys` with their metrics, and what stands beside them."""
    return found.model_dump(mode="json")


def rows(found: Report) -> Iterator[tuple[Any, ...]]:
    """Yield one row for each metric and month; what is not known is an empty cell."""
    for key, metrics in found.keys.items():
        for one in metrics:
            for point in one.series:
                value = "" if point.value is None else point.value
                about = (key, one.name, one.title, one.unit)
                row = (*about, point.month, value, int(point.partial), one.trend.verdict.value, one.owner)
                yield tuple(_harmless(cell) for cell in row)


def _harmless(cell: Any) -> Any:
    """Return a cell that a spreadsheet takes for text where it is text, and never for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
