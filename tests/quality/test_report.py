"""The report: rates weighted by the chance of the draw, honest intervals, and every figure with what it rests on."""

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cxagent.intervals import upper_bound
from cxagent.ledger import match_rates
from cxagent.ledger.store import Store
from cxagent.playbook import Playbook, load_playbook
from cxagent.quality.report import Quality, as_contract, report
from quality.streams import NOW, finding, kept


@pytest.fixture(scope="module")
def book() -> Playbook:
    """The reference playbook."""
    return load_playbook(Path(__file__).resolve().parents[2] / "graphs" / "playbook.yaml")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty ledger, on both databases."""
    opened = Store.open(database_url)
    yield opened
    opened.close()


def told(store: Store, book: Playbook) -> Quality:
    """Return the report on what is on record."""
    with store.read() as connection:
        return report(connection, book, "v1", NOW)


def wrong(**more) -> dict:
    """Say that people disagreed gravely."""
    return {"agrees": False, "severity": "major", "wanted": "draft", "reasons": ("wrong_facts",), **more}


def test_nothing_measured_is_said(store: Store, book: Playbook) -> None:
    """Without a blind audit of a random draw no rate is shown, whatever reviewers said of drafts they saw."""
    kept(store, *(finding(origin="review", chosen="all", chance=1, wanted=None, went="draft") for _ in range(20)))
    found = told(store, book)
    assert (found.match_rate.value, found.match_rate.n) == (None, 0)
    assert (found.drafts_as_they_were.value, found.drafts_as_they_were.n) == (1.0, 20)
    assert found.unsafe.upper == 1.0 and found.reviewers.agreement is None


def test_draws_are_weighted(store: Store, book: Playbook) -> None:
    """R46: ten of twenty wrong where all are drawn, none of twenty where one in ten is: 210 of 220, not 30 of 40."""
    kept(store, *(finding(chance=1, chosen="all", **(wrong() if n < 10 else {})) for n in range(20)))
    kept(store, *(finding(chance=0.1) for _ in range(20)))
    found = told(store, book).match_rate
    assert found.value == pytest.approx(210 / 220, abs=1e-4) and (found.agreed, found.n) == (30, 40)
    assert found.low < found.value < found.high < 1


def test_chosen_samples_do_not_count(store: Store, book: Playbook) -> None:
    """Draws by stake, second opinions and what surfaced leave the rate alone."""
    kept(store, *(finding() for _ in range(30)))
    kept(store, *(finding(chosen=how, **wrong()) for how in ("stake", "stratum", "second", "surfaced")))
    assert told(store, book).match_rate.value == 1.0


def test_parents_are_clusters(store: Store, book: Playbook) -> None:
    """Four hundred findings about twenty parents say less than four hundred about as many."""
    kept(store, *(finding(root_id=f"P{n % 20}", intent="a", **(wrong() if n % 20 < 2 else {})) for n in range(400)))
    kept(store, *(finding(intent="b", **(wrong() if n % 20 < 2 else {})) for n in range(400)))
    alike, apart = told(store, book).intents
    assert alike.value == apart.value == 0.9
    assert alike.high - alike.low > 3 * (apart.high - apart.low)
    assert (apart.low, apart.high) == pytest.approx((0.8667, 0.9258), abs=0.006)


def test_all_right_is_never_certain(store: Store, book: Playbook) -> None:
    """Forty of forty is no interval from 1 to 1."""
    kept(store, *(finding(root_id=f"P{n % 10}") for n in range(40)))
    found = told(store, book).match_rate
    assert found.value == 1.0 and found.low < 0.92


def test_grave_errors_have_a_bound(store: Store, book: Playbook) -> None:
    """One grave error among 131 that went alone is at most 3.57 %; minor ones are none, drafts are not asked."""
    kept(store, finding(**wrong()), *(finding() for _ in range(129)))
    kept(store, finding(agrees=False, severity="minor"), finding(went="draft", **wrong()))
    found = told(store, book).unsafe
    assert (found.count, found.of) == (1, 131) and found.upper == upper_bound(1, 131)


def test_two_people_about_one_decision(store: Store, book: Playbook) -> None:
    """Pairs count whoever came first, and agreement is by the route that each wanted blind."""
    for number in range(10):
        second = "draft" if number == 0 else "act"
        kept(store, finding(decision_id=f"twice_{number}"))
        kept(store, finding(decision_id=f"twice_{number}", by="Priya Nair", chosen="second", wanted=second))
    found = told(store, book).reviewers
    assert (found.pairs, found.agreement) == (10, 0.9) and found.ac1 is not None


def test_months_tell_reliability(store: Store, book: Playbook) -> None:
    """A month says how often three decisions in a row would all have been right: C(c,3)/C(n,3), not the rate cubed."""
    for n in range(4):
        kept(store, finding(decided_at=NOW - timedelta(days=40), **(wrong() if n == 0 else {})))
    month = told(store, book).months[0]
    assert (month.month, month.blind, month.grave, month.all_of_three) == ("2027-01", 4, 1, 0.25)


def test_the_contract(store: Store, book: Playbook) -> None:
    """The JSON has the keys that others rely on, and is JSON."""
    kept(store, finding(stake=Decimal("12.5")))
    said = json.loads(json.dumps(as_contract(told(store, book))))
    assert set(said["match_rate"]) >= {"value", "low", "high", "n"}
    assert set(said) >= {"match_rate", "cells", "changes", "unsafe", "reviewers"}


def test_what_is_added_up_is_what_is_on_record(store: Store, book: Playbook) -> None:
    """The sums that grew with each finding are those of the findings themselves, by segment and over everything."""
    chance = random.Random(2)
    many = [
        finding(
            segment=chance.choice(("smb", "mid_market")),
            root_id=f"P{chance.randrange(30)}",
            chance=chance.choice((0.1, 0.5)),
            chosen=chance.choice(("uniform", "stake")),
            **(wrong() if chance.random() < 0.2 else {}),
        )
        for _ in range(200)
    ]
    kept(store, *many)
    with store.read() as connection:
        by_segment, every = match_rates.sums(connection, "segment"), match_rates.whole(connection)
    for one in (*by_segment, every):
        assert one is not None
        counted = [each for each in many if each.weight and one.name in ("all", each.segment)]
        groups: dict[int, list[float]] = {}
        for each in counted:
            y, w = groups.setdefault(match_rates.batch_of(each.root_id), [0.0, 0.0])
            groups[match_rates.batch_of(each.root_id)] = [y + each.agrees * each.weight, w + each.weight]
        assert (one.findings, one.agreed, one.groups) == (len(counted), sum(e.agrees for e in counted), len(groups))
        expected = (sum(y * y for y, _ in groups.values()), sum(y * w for y, w in groups.values()))
        assert (one.yy, one.yw) == pytest.approx(expected)
