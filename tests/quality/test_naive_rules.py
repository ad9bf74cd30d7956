"""Rules that are in use elsewhere and fail, at the rates that are published, and that the ladder does not do so."""

import math
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from cxagent.domain.cell import Level
from cxagent.domain.finding import Finding
from cxagent.domain.vocabulary import ACT
from cxagent.intervals import at_most, upper_bound
from cxagent.latitude import promotion
from cxagent.quality.simulate import Cell, Naive, Setting, lives
from cxagent.quality.simulated import simulated
from quality.published import table
from quality.walks import last_twenty, passed, reviews_until, stops_of

OURS = stops_of(0.05, 0.025, 6000)
"""Where the first try of a step succeeds: half of the 5 % that all tries share."""
NOW = datetime(2027, 3, 9, 10, tzinfo=UTC)


def finding(**changes: Any) -> Finding:
    """Return an audit's finding that would certify."""
    names = ("decision_id", "ticket_id", "account_id", "root_id", "intent", "segment", "version", "by")
    given = {**dict.fromkeys(names, "x"), "origin": "audit", "chosen": "uniform", "chance": 0.5}
    said = {"would": ACT, "went": ACT, "wanted": ACT, "agrees": True, "decided_at": NOW, "at": NOW}
    return Finding.model_validate({**given, **said, **changes})


@pytest.mark.parametrize(
    ("rate", "at_once", "by_100", "by_500"),
    [(0.05, 0.73, 1.0, 1.0), (0.10, 0.39, 0.991, 1.0), (0.20, 0.07, 0.62, 0.996)],
)
def test_the_last_twenty(rate: float, at_once: float, by_100: float, by_500: float) -> None:
    """ "95 % of the last 20" promotes nearly every bad agent; ours promotes at most 2.5 % of them in 6,000 reviews."""
    naive = last_twenty(rate, 500)
    assert [naive[n - 1] for n in (20, 100, 500)] == pytest.approx([at_once, by_100, by_500], abs=0.01)
    assert passed(OURS, rate, 6000)[-1] < 0.025


def test_the_last_twenty_flips() -> None:
    """At 5 % true error the last twenty change their mind 36 times in 1,000 reviews; the simulated rule is that."""
    chance, flips, up = random.Random(9), 0, 0
    for _ in range(150):
        naive = Naive()
        said = [naive.take(chance.random() < 0.05) for _ in range(1000)]
        flips, up = flips + sum(said), up + any(said[:20])
    assert flips / 150 == pytest.approx(36, abs=2)
    assert up / 150 == pytest.approx(0.736, abs=0.12)


@pytest.mark.parametrize(
    ("rate", "streak", "expected"),
    [(0.05, 20, 36), (0.05, 30, 73), (0.05, 50, 240), (0.10, 20, 72), (0.10, 30, 226), (0.10, 50, 1930)],
)
def test_a_streak(rate: float, streak: int, expected: int) -> None:
    """A streak of clean reviews comes to every bad agent, on average after so many; ours in 2.5 % of them at most."""
    assert ((1 - rate) ** -streak - 1) / rate == pytest.approx(expected, rel=0.02)
    assert passed(OURS, rate, 6000)[-1] < 0.025


def test_an_exact_bound_looked_at_after_every_review() -> None:
    """Clopper-Pearson is for one look: looked at every time, it promotes 27 % of bad cells by 2,000 reviews."""
    stops, count = [], 1
    while count <= 2000:
        while at_most(len(stops), count, 0.05) > 0.05:
            count += 1
        stops.append(count)
    assert stops[:7] == [59, 93, 124, 153, 181, 208, 234]
    peeking = passed(stops, 0.05, 2000)
    assert [peeking[n - 1] for n in (200, 500, 2000)] == pytest.approx([0.12, 0.18, 0.27], abs=0.006)
    assert passed(OURS, 0.05, 2000)[-1] < 0.025


def test_the_fixed_plan_is_the_published_one() -> None:
    """The sample sizes of one look are those of the reference table."""
    sizes = table("aicpa_attribute_table_A1")["reproduced"]
    assert all(at_most(k, n, 0.05) <= 0.05 < at_most(k, n - 1, 0.05) for k, n in enumerate(sizes))


def on_arrival(chance: random.Random, reviews: int) -> bool:
    """Whether a bad cell is promoted where verdicts count as they come, right ones after 10 decisions, errors 120."""
    coming = []
    for made in range(reviews):
        wrong = chance.random() < 0.05
        coming.append((made + chance.expovariate(1 / (120 if wrong else 10)), float(wrong)))
    capital = promotion.FRESH
    for at, loss in sorted(coming):
        if at > reviews:
            return False
        capital = promotion.bet(capital, loss, 0.05)
        if promotion.earned(capital, 0.10, 1):
            return True
    return False


def test_labels_counted_on_arrival() -> None:
    """Counted as they come while errors come slower, 44 % of bad cells are promoted; mature and in order, 5 %."""
    chance = random.Random(31)
    assert sum(on_arrival(chance, 1000) for _ in range(120)) / 120 == pytest.approx(0.44, abs=0.13)
    ours = Setting(true_error=0.05, cells=40, reviews=1600, delay=10, error_delay=120)
    assert simulated(ours, lives(ours)).promoted_share <= 0.05


def test_the_oldest_decision_holds_up_the_rest() -> None:
    """Verdicts that came early wait for the window of their decision: nothing certifies before it is over."""
    cell = Cell(Setting(true_error=0.0, delay=10), 0)
    for _ in range(cell.window):
        cell.decide()
    assert (cell.window, cell.track.certified) == (70, 0)
    assert cell.track.detected > 30
    cell.decide()
    assert cell.track.certified == 1


def test_no_complaint_is_no_evidence() -> None:
    """ "Right, as nobody complained within 10 decisions" promotes every bad agent; with us silence counts as wrong."""
    for rate in (0.05, 0.10):
        heard = rate * (1 - math.exp(-10 / 120))
        assert passed(stops_of(0.05, 0.05, 1000), heard, 1000)[-1] > 0.99
    cell = Cell(Setting(true_error=0.0, reviews=1000, delay=120), 0)
    cell.window = 10
    while cell.reviews < 1000:
        cell.decide()
    assert (cell.life().promoted, cell.track.level) == (None, Level.DRAFT)


def test_reviewers_who_miss_errors() -> None:
    """Reviewers who miss 30 % promote most bad cells; tested against what they are known to catch, 2 % at most."""
    trusted = stops_of(0.05, 0.05, 4000)
    chances = passed(trusted, 0.05 * 0.7, 4000)
    assert chances[2999] == pytest.approx(0.88, abs=0.03)
    corrected = stops_of(0.05 * 0.6, 0.05, 6000)
    assert passed(corrected, 0.05 * 0.7, 6000)[-1] <= 0.016
    for rate, cost in ((0.01, 220), (0.02, 532)):
        assert reviews_until(passed(corrected, rate * 0.7, 800), 0.5) == pytest.approx(cost, abs=10)


def test_the_ladder_counts_with_what_reviewers_are_known_to_catch() -> None:
    """Simulated reviewers who miss 30 % promote a bad cell in 5 % at most; of whom nothing is known, no cell ever."""
    assert 1 - upper_bound(0, 40) == pytest.approx(0.928, abs=0.0005)
    poor = Setting(true_error=0.05, cells=40, reviews=1000, sensitivity=0.7)
    unknown = Setting(true_error=0.0, cells=2, reviews=1500, sensitivity=0.9, planted=0)
    assert simulated(poor, lives(poor)).promoted_share <= 0.05
    assert simulated(unknown, lives(unknown)).promoted_share == 0
    assert Cell(poor, 3).track.theta < 0.05 * 0.85


def test_targeted_audits_without_weights() -> None:
    """Errors in a thin stratum that targeted audits miss promote a bad agent; only uniform draws certify."""
    thin, wrong_there, audited_there = 0.1, 0.5, 0.01
    assert thin * wrong_there == pytest.approx(0.05)
    assert passed(stops_of(0.05, 0.05, 1000), audited_there * wrong_there, 1000)[-1] > 0.999
    assert finding().certifies
    assert not any(finding(chosen=chosen).certifies for chosen in ("stake", "stratum", "second", "surfaced"))
    assert not any(finding(chosen=chosen).detects for chosen in ("stake", "stratum", "second", "surfaced"))


@pytest.mark.parametrize(
    "changes", [{"wanted": None}, {"origin": "review"}, {"origin": "surfaced"}, {"would": "draft"}]
)
def test_what_is_no_evidence(changes: dict[str, Any]) -> None:
    """Approvals of a shown draft, errors that came to light, and what would not have gone out alone certify nothing."""
    assert not finding(**changes).certifies


def test_a_drift_inside_the_window() -> None:
    """Worse after 60 reviews, some cells still pass the test: hence a watched rung, from which they fall."""

    def drifts(count: int) -> float:
        return 0.01 if count <= 60 else 0.08

    assert 0.09 < passed(stops_of(0.05, 0.05, 1500), drifts, 1500)[-1] < 0.18
    assert passed(OURS, drifts, 1500)[-1] < 0.05
    setting = Setting(true_error=0.01, shift_to=0.08, shift_after=60, cells=80, reviews=500)
    found = list(lives(setting))
    risen = [life for life in found if life.promoted is not None]
    assert 0 < len(risen) < 9
    assert all(life.level == Level.DRAFT for life in risen)


def test_minor_errors_count_as_minor() -> None:
    """At a mean loss of 1.25 % weights promote after some 110 reviews; minor counted as major, after some 1,200."""

    def reviews(chance: random.Random, minor: float) -> int:
        capital, count = promotion.FRESH, 0
        while not promotion.earned(capital, 0.10, 1) and count < 4000:
            drawn, count = chance.random(), count + 1
            loss = 1.0 if drawn < 0.005 else minor if drawn < 0.035 else 0.0
            capital = promotion.bet(capital, loss, 0.05)
        return count

    chance = random.Random(2)
    weighted, raw = (sorted(reviews(chance, minor) for _ in range(81))[40] for minor in (0.25, 1.0))
    assert weighted == pytest.approx(111, abs=12)
    assert raw == pytest.approx(1224, rel=0.35)


def test_minor_errors_do_not_break_the_promise() -> None:
    """At a mean loss of exactly 5 % made of minor errors, no more than 5 % of cells are ever promoted."""
    chance, promoted = random.Random(8), 0
    for _ in range(150):
        capital = promotion.FRESH
        for _ in range(1500):
            capital = promotion.bet(capital, 0.25 if chance.random() < 0.2 else 0.0, 0.05)
            if promotion.earned(capital, 0.10, 1):
                promoted += 1
                break
    assert promoted / 150 <= 0.08
