"""Reading history that other systems keep: CSV files with a row for each account, or colleague, and month.

Everything is checked before anything is kept: one wrong cell is told with its file, line and column, and nothing of the
file is stored. A file may be loaded again; what it says of a month goes over what was there. Nothing may lie in a month
that has not begun: what is latest counts, and such a month would be the latest for ever.
"""

import csv
import difflib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cxagent import clock
from cxagent.domain.vocabulary import Segment
from cxagent.errors import BadInput
from cxagent.ledger import account_months, renewals
from cxagent.ledger.store import Connection
from cxagent.lifetime.supposing import MOST_TERM
from cxagent.metrics.measures import MEASURES
from cxagent.trends.series import month_number
from cxagent.value.months import MONTH, month_of

RENEWAL = ("renewal_number", "renewed", "held_out", "arr_after")
"""Columns of a month in which a renewal date came; they stand in the same file."""
FLAGS = ("active", "started", "owner_changed", "sponsor_changed", "quiet", "disagreeing", "misaligned", "held_out")
COMPUTED = frozenset({"hazard_ratio", "p_next", "future_value", "clv", "at_risk"})
"""Columns that no file has: what an account is worth is computed."""
SHARES = ("margin", "onboarding")
SIGNED = ("usage", "trust")
"""Numbers that may lie below zero; all others are amounts and counts."""
WITHIN: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(SHARES, (0, 1)),
    **dict.fromkeys(("next_renewal", "renewal_number"), (1, 200)),
    **{"health": (0, 100), "pulse": (1, 5), "months_left": (0, MOST_TERM)},
}
MOST, MOST_OF_ALL = 1e15, 1e9
"""No number and no count is larger: sums and squares of what is loaded stay finite, and every database holds them."""
FIRST = "1970-01"
"""No month lies before this one."""
BATCH = 5000
Told = Callable[[int], None]


def load(connection: Connection, path: Path, currency: str, told: Told = lambda rows: None) -> tuple[int, list[str]]:
    """Read months of accounts from a CSV file; return how many rows, and which months they are of.

    `told` hears how many rows were read. `BadInput` names file, line and column.
    """
    count, months, batch, came = 0, dict[str, None](), list[dict[str, Any]](), list[dict[str, Any]]()
    seen = dict[str, int]()
    kinds = {**_account_columns(), **dict.fromkeys(RENEWAL, float), "currency": str}
    for place, cells in _rows(path, kinds, ("account_id", "month", "segment")):
        row = _account(place, cells, currency)
        _once(place, row["account_id"], row["month"], seen)
        months[row["month"]] = None
        batch.append(row)
        if (renewal := _renewal(place, row, cells)) is not None:
            came.append(renewal)
        count += 1
        if len(batch) == BATCH:
            account_months.put(connection, batch)
            batch.clear()
            told(count)
    account_months.put(connection, batch)
    renewals.put(connection, came)
    told(count)
    if not count:
        raise BadInput("holds no rows", where=str(path))
    return count, sorted(months)


MEANINGS = {
    "account_id": "the account, as its sources name it",
    "month": "the month, as 2026-11",
    "segment": "smb, mid_market, enterprise, strategic or unknown",
    "root_id": "its ultimate parent; itself where this is left out",
    "owner": "who looks after it on our side",
    "active": "1, or 0 in the month in which it left",
    "started": "1 in its first month",
    "margin": "gross margin, a share of its revenue",
    "cost_to_serve": "what serving it costs a year",
    "health": "its health score, 0 to 100",
    "usage": "change in its usage over 90 days: -0.4 is 40 % less",
    "next_renewal": "the number of its next renewal, 1 in the first term",
    "months_left": "months to the end of its signed term",
    "onboarding": "how far it got in its onboarding, 0 to 1",
    "trust": "its stock of trust",
    "renewal_number": "the number of the renewal whose date came in this month",
    "renewed": "1 where that was renewed, 0 where it was lost",
    "held_out": "1 where chance kept the account from the machine, 0 where chance let it in",
    "arr_after": "its revenue a year after that renewal",
    "currency": "must be the playbook's",
}
"""What the columns mean that no measure tells."""


def columns() -> dict[str, str]:
    """Return every column that a file of accounts may have, with its meaning."""
    names = [*_account_columns(), *RENEWAL, "currency"]
    return {name: MEANINGS.get(name) or MEASURES[name].meaning for name in names}


def _account_columns() -> dict[str, type]:
    return {name: kind for name, kind in account_months.kinds(account_months.MONTH).items() if name not in COMPUTED}


def load_people(connection: Connection, path: Path) -> tuple[int, list[str]]:
    """Read months of colleagues from a CSV file; return how many rows, and which months they are of."""
    rows, seen = [], dict[str, int]()
    for place, cells in _rows(path, account_months.kinds(account_months.PERSON), ("person", "month")):
        _once(place, cells["person"], cells["month"], seen)
        rows.append(cells)
    account_months.put_people(connection, rows)
    return len(rows), sorted({row["month"] for row in rows})


def _rows(path: Path, kinds: Mapping[str, type], needed: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place and the typed cells of every row; an empty cell is unknown and left out."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(header, kinds, needed, f"{path}:1")
            for cells in reader:
                place = f"{path}:{reader.line_num}"
                if len(cells) != len(header):
                    raise BadInput(f"has {len(cells)} cells, the header has {len(header)}", where=place)
                yield place, _typed(place, header, cells, kinds, needed)
    except FileNotFoundError:
        raise BadInput("no such file", where=str(path)) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"cannot be read: {error}", where=str(path)) from None


def _check_header(header: Sequence[str], kinds: Mapping[str, type], needed: Sequence[str], where: str) -> None:
    for name in header:
        if name not in kinds:
            near = difflib.get_close_matches(name, kinds, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(kinds)}"
            raise BadInput(f"{name!r} is no column of these files{hint}", where=where)
        if header.count(name) > 1:
            raise BadInput(f"names the column {name} twice", where=where)
    for name in needed:
        if name not in header:
            raise BadInput(f"has no column {name}", where=where)


def _typed(
    place: str, header: Sequence[str], cells: Sequence[str], kinds: Mapping[str, type], needed: Sequence[str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=True):
        text = cell.strip()
        if not text:
            if name in needed:
                raise BadInput(f"{name}: is empty", where=place)
            continue
        found[name] = text if kinds[name] is str else _number(place, name, text, kinds[name])
    if not MONTH.fullmatch(found["month"]):
        raise BadInput(f"month: {found['month']!r} is no month; write 2026-11", where=place)
    running = month_of(clock.now())
    if not FIRST <= found["month"] <= running:
        raise BadInput(f"month: {found['month']} lies outside {FIRST} to {running}, the running month", where=place)
    return found


def _once(place: str, of: str, month: str, seen: dict[str, int]) -> None:
    """Refuse a second row of one account or colleague in one month; months are bits, so that many rows need little."""
    bit = 1 << (month_number(month) - month_number(FIRST))
    if seen.get(of, 0) & bit:
        raise BadInput(f"{of} has a row of {month} already", where=place)
    seen[of] = seen.get(of, 0) | bit


def _number(place: str, name: str, text: str, kind: type) -> float | int:
    try:
        value = float(text)
    except ValueError:
        raise BadInput(f"{name}: {text!r} is no number", where=place) from None
    if not math.isfinite(value) or (kind is int and value != int(value)):
        raise BadInput(f"{name}: {text} is no {'whole ' if kind is int else ''}number", where=place)
    if name in FLAGS and value not in (0, 1):
        raise BadInput(f"{name}: {text} is neither 0 nor 1", where=place)
    low, high = WITHIN.get(name, (-MOST if name in SIGNED else 0, MOST_OF_ALL if kind is int else MOST))
    if not low <= value <= high:
        raise BadInput(f"{name}: {text} lies outside {low:g} to {high:g}", where=place)
    return int(value) if kind is int else value


def _account(place: str, cells: Mapping[str, Any], currency: str) -> dict[str, Any]:
    row = {name: value for name, value in cells.items() if name not in RENEWAL and name != "currency"}
    if row["segment"] not in {*(one.value for one in Segment), account_months.OTHERS}:
        raise BadInput(f"segment: {row['segment']!r} is none of {', '.join(Segment)}", where=place)
    if cells.get("currency", currency) != currency:
        raise BadInput(
            f"currency: {cells['currency']} is not the playbook's, {currency}; convert it first", where=place
        )
    row.setdefault("root_id", row["account_id"])
    row.setdefault("active", 1)
    row.setdefault("started", 0)
    return row


def _renewal(place: str, row: Mapping[str, Any], cells: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the renewal date that came in this month, where the row tells of one."""
    renewed = cells.get("renewed")
    if renewed is None:
        return None
    number = cells.get("renewal_number")
    if number is None or number < 1 or number != int(number) or renewed not in (0, 1):
        raise BadInput("renewed needs 0 or 1, and renewal_number the number of that renewal, from 1", where=place)
    held_out = cells.get("held_out")
    return {
        **{name: row[name] for name in ("account_id", "month", "segment")},
        "number": int(number),
        "renewed": int(renewed),
        "arr": row.get("arr"),
        "arr_after": cells.get("arr_after"),
        "held_out": None if held_out is None else int(held_out),
    }
