"""Reliability is followed month by month, and shows whether automation helps or hurts."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from quality.streams import NOW, finding, kept
from quality.test_report import wrong

from cxagent.ledger.store import TABLES, Store
from cxagent.playbook import Playbook
from cxagent.quality.report import Month, report
from requirements.world import playbook

MONTHS, AUDITS = 12, 200
FALLING = [0.20 - 0.016 * month for month in range(MONTHS)]
"""The true share of wrong decisions where automation helps, by month: from 20 % to 2.4 %."""
RISING = FALLING[::-1]


@pytest.fixture
def store(tmp_path: Path, database_url: str) -> Iterator[Store]:
    """An empty ledger, on both databases."""
    opened = Store.open(database_url)
    yield opened
    opened.close()


def lived(store: Store, rates: list[float], seed: int = 1) -> None:
    """Put a year of audits on record whose share of errors goes as told; every grave one is repaired."""
    chance, repairs = random.Random(seed), list[dict[str, Any]]()
    for month, rate in enumerate(rates):
        middle = datetime(2026 + (month + 2) // 12, (month + 2) % 12 + 1, 10, tzinfo=NOW.tzinfo)
        many = []
        for number in range(AUDITS):
            decided = middle + timedelta(hours=number)
            bad = chance.random() < rate
            more = wrong(severity="major" if chance.random() < 0.5 else "minor") if bad else {}
            one = finding(
                decided_at=decided, at=decided + timedelta(days=2), root_id=f"P-{month}-{number % 100}", **more
            )
            many.append(one)
            if one.loss >= 1:
                repairs.append(_repair(one, decided + timedelta(days=2)))
        kept(store, *many)
    with store.write("repairs") as connection:
        connection.execute(TABLES["repair"].insert(), repairs)


def _repair(one: Any, at: datetime) -> dict[str, Any]:
    names = ("decision_id", "ticket_id", "account_id", "root_id", "severity")
    told = {"id": f"rep_{one.decision_id}", "found_by": one.by, "owner": "Lena Hartmann", "due": at.isoformat()}
    ends = {"opened_at": at.isoformat(), "status": "open", "undo": "", "personal_id": "per_1"}
    return {**{name: getattr(one, name) for name in names}, **told, **ends}


def months(store: Store, book: Playbook) -> tuple[Month, ...]:
    """Return the months of the report."""
    with store.read() as connection:
        return report(connection, book, "v1", NOW).months


def slope(values: list[float]) -> float:
    """Return how much a series gains a month, by least squares."""
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    return sum((at - middle) * (value - mean) for at, value in enumerate(values)) / sum(
        (at - middle) ** 2 for at in range(len(values))
    )


# ---- R62 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rates", "sign"), [(FALLING, 1), (RISING, -1)], ids=["helps", "hurts"])
def test_a_year_shows_whether_automation_helps(store: Store, rates: list[float], sign: int) -> None:
    """R62: over 12 months match rate and pass^3 rise where errors fall, grave errors and repairs fall; or inversely."""
    lived(store, rates)
    found = months(store, playbook())
    assert (len(found), [one.month for one in found]) == (MONTHS, sorted(one.month for one in found))
    series = {
        "value": [one.value for one in found],
        "all_of_three": [one.all_of_three or 0.0 for one in found],
        "grave": [-one.grave / one.blind for one in found],
        "repairs": [-one.repairs / one.blind for one in found],
    }
    print({name: [round(value, 3) for value in values] for name, values in series.items()})
    assert {name: slope(values) * sign > 0 for name, values in series.items()} == dict.fromkeys(series, True)
    first, last = (found[0], found[-1]) if sign > 0 else (found[-1], found[0])
    assert first.high < last.low, "the first month and the last one must be apart beyond chance"
    assert (last.all_of_three or 0) - (first.all_of_three or 0) > 0.25


def test_every_month_is_measured_as_it_was(store: Store) -> None:
    """R62: each month's interval holds its true rate (11 of 12 at least), and pass^3 is near the cube of the rate."""
    lived(store, FALLING)
    found = months(store, playbook())
    assert sum(one.low <= 1 - rate <= one.high for one, rate in zip(found, FALLING, strict=True)) >= 11
    assert all(one.blind == AUDITS and one.low <= one.value <= one.high for one in found)
    assert all(one.all_of_three == pytest.approx(one.value**3, abs=0.01) for one in found)


def test_a_level_stream_shows_no_trend(store: Store) -> None:
    """R62: where errors stay what they are, no month stands apart from the one before it."""
    lived(store, [0.10] * MONTHS, seed=3)
    found = months(store, playbook())
    assert abs(slope([one.value for one in found])) < 0.004
    assert all(max(a.low, b.low) <= min(a.high, b.high) for a, b in pairwise(found))


def test_too_few_audits_say_so(store: Store) -> None:
    """R62: of two audits nobody says how often three in a row are right, and the interval stays wide."""
    kept(store, finding(), finding(**wrong()))
    (one,) = months(store, playbook())
    assert (one.blind, one.all_of_three) == (2, None)
    assert one.high - one.low > 0.6
