"""Mapped checks: two places, one comparison, joined on the account; they find what contradicts itself."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from cxagent.domain.account import Mismatch
from cxagent.sources.mapping import Check, Side
from cxagent.sources.rows import AccountRows, Row


def mismatches(checks: Iterable[Check], account_id: str, rows: AccountRows) -> tuple[Mismatch, ...]:
    """Return one mismatch for every check that the account fails, with the first contradiction in words."""
    found = []
    for check in checks:
        flagged, others = compared(check, rows)
        if flagged:
            found.append(
                Mismatch(
                    check=check.name,
                    account_id=account_id,
                    left=_words(check.left, flagged),
                    right=_words(check.right, [row for row in others if _clash(check, flagged[0], row)]),
                    material=check.material,
                )
            )
    return tuple(found)


def totals(checks: Iterable[Check], accounts: Mapping[str, AccountRows]) -> dict[str, int]:
    """Return how many accounts, or rows of the left side, fail each check."""
    counts = {}
    for check in checks:
        flagged = [len(compared(check, rows)[0]) for rows in accounts.values()]
        counts[check.name] = sum(flagged) if check.count == "rows" else sum(bool(rows) for rows in flagged)
    return counts


def compared(check: Check, rows: AccountRows) -> tuple[list[Row], list[Row]]:
    """Return the rows of the left side that some row of the right side contradicts, and the right side.

    One pass over each side: a left row is compared with the one right value that could contradict it.
    """
    left, right = rows.select(check.left.table, check.left.where), rows.select(check.right.table, check.right.where)
    if check.compare == "exists":
        return (left if right else []), right
    values = [value for row in right if (value := _field(check.right, row)) is not None]
    if not values:
        return [], right
    match check.compare:
        case "differs":
            first = values[0]
            other = next((value for value in values if value != first), first)
            rivals: tuple[Any, ...] = (first, other)
        case "before":
            rivals = (max(values),)
        case "after":
            rivals = (min(values),)
    return [row for row in left if any(_contradicts(check, _field(check.left, row), rival) for rival in rivals)], right


def _clash(check: Check, left: Row, right: Row) -> bool:
    return check.compare == "exists" or _contradicts(check, _field(check.left, left), _field(check.right, right))


def _contradicts(check: Check, left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, dt.datetime) is not isinstance(right, dt.datetime):
        # A day and a moment compare by day: a ticket of the sign-up day is not from before sign-up.
        left, right = _day(left), _day(right)
    match check.compare:
        case "differs":
            return bool(left != right)
        case "before":
            return bool(left < right)
        case "after":
            return bool(left > right)
        case "exists":
            return True


def _day(value: Any) -> Any:
    return value.date() if isinstance(value, dt.datetime) else value


def _field(side: Side, row: Row) -> Any:
    return row.cells[side.field] if side.field else None


def _words(side: Side, rows: list[Row]) -> str:
    """Return one side in words, such as `subscriptions.plan: Pro (first of 4, at subscriptions.csv:12)`."""
    name = f"{side.table}.{side.field}: {_field(side, rows[0])}" if side.field else side.table
    many = f"first of {len(rows)}, " if len(rows) > 1 else ""
    return f"{name} ({many}at {rows[0].place})"
