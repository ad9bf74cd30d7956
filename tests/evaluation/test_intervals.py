"""Intervals: published values, coverage, dependence between the cases of an account, and time."""

import random
import time

import pytest

from cxagent.intervals import Seen, at_least, at_most, clopper_pearson, rate_of, upper_bound, wilson
from evaluation.marks import tables


def clustered(chance: random.Random, clusters: int, size: int, rate: float, alike: float) -> list[Seen]:
    """Draw clusters whose own rates differ: a beta of the given mean and intra-cluster correlation."""
    spread = 1 / alike - 1
    found = []
    for number in range(clusters):
        own = chance.betavariate(rate * spread, (1 - rate) * spread)
        found += [Seen(str(number), float(chance.random() < own)) for _ in range(size)]
    return found


def probability(count: int, of: int, p: float) -> float:
    """Return P(X = count)."""
    return at_most(count, of, p) - (at_most(count - 1, of, p) if count else 0.0)


def test_exact_binomial_reproduces_the_audit_table() -> None:
    """The least sample for 0 to 6 errors at 5 % tolerable and 5 % risk is the published one."""
    table = tables()["aicpa_attribute_table_A1"]
    limit, risk = table["inputs"]["tolerable"], table["inputs"]["risk"]
    found = [next(n for n in range(1, 400) if at_most(errors, n, limit) <= risk) for errors in range(7)]
    assert found == table["published"]


def test_no_error_bounds_have_the_closed_form() -> None:
    """Without an error the bound is 1 - alpha^(1/n), and the floors of certification follow from it."""
    for limit, floor in tables()["min_reviews_zero_errors"]["reproduced"].items():
        assert at_most(0, floor, float(limit)) <= 0.05 < at_most(0, floor - 1, float(limit))
    assert [upper_bound(0, n) for n in (33, 40, 59)] == [round(1 - 0.05 ** (1 / n), 4) for n in (33, 40, 59)]


@pytest.mark.parametrize(
    ("count", "of", "wanted"), [(0, 10, (0.0, 0.3085)), (10, 10, (0.6915, 1.0)), (3, 20, (0.0321, 0.3789))]
)
def test_two_sided_exact_interval(count: int, of: int, wanted: tuple[float, float]) -> None:
    """Clopper and Pearson's interval has its tabled values, and mirrors itself."""
    assert clopper_pearson(count, of) == pytest.approx(wanted, abs=0.0001)
    assert clopper_pearson(of - count, of) == pytest.approx((1 - wanted[1], 1 - wanted[0]), abs=0.0001)


def test_thousands_of_trials_do_not_overflow() -> None:
    """The binomial is summed in logarithms: half of 4,000 is one half."""
    assert at_most(2000, 4000, 0.5) == pytest.approx(0.5 + probability(2000, 4000, 0.5) / 2, abs=1e-9)
    assert 0.51 < upper_bound(2000, 4000) < 0.52


@pytest.mark.parametrize("p", [0.02, 0.1, 0.5, 0.9, 0.97])
def test_binomial_coverage_by_enumeration(p: float) -> None:
    """Over all outcomes of 60 trials Wilson covers about 95 %, and the upper bound never less than 95 %."""
    chances = [probability(k, 60, p) for k in range(61)]
    within = sum(c for k, c in enumerate(chances) if wilson(k, 60).low <= p <= wilson(k, 60).high)
    below = sum(c for k, c in enumerate(chances) if p <= upper_bound(k, 60) + 0.00005)
    assert within > 0.915
    assert below >= 0.9499


def test_cluster_coverage_by_simulation() -> None:
    """Where cases of an account are alike, the cluster bootstrap covers 90 % and more; Wilson would cover far less."""
    chance, rate, rounds = random.Random(4), 0.85, 150
    covered = naive = 0
    for _ in range(rounds):
        seen = clustered(chance, clusters=30, size=8, rate=rate, alike=0.4)
        found, plain = rate_of(seen, draws=300), wilson(sum(one.hit for one in seen), len(seen))
        covered += found.low <= rate <= found.high
        naive += plain.low <= rate <= plain.high
    assert covered / rounds >= 0.90
    assert naive / rounds < 0.85


def test_independent_cases_get_wilson() -> None:
    """Every case on its own account and of the same weight needs no bootstrap."""
    assert rate_of([Seen(str(n), float(n < 91)) for n in range(100)]) == wilson(91, 100)


def test_the_seed_makes_it_repeatable_and_the_order_does_not_matter() -> None:
    """The same observations in another order give the same interval to the last digit."""
    seen = clustered(random.Random(2), 25, 5, 0.8, 0.3)
    assert rate_of(seen) == rate_of(seen[::-1])
    assert rate_of(seen) != rate_of(seen, seed=1)


@pytest.mark.parametrize("hit", [0.0, 1.0])
def test_all_alike_is_not_certain(hit: float) -> None:
    """When all cases of all clusters agree, the interval is wider than if they were independent, and never a point."""
    found = rate_of([Seen(str(n % 20), hit) for n in range(100)])
    assert found.high - found.low > wilson(100, 100).high - wilson(100, 100).low
    assert found.value == hit


def test_few_clusters_are_said_to_be_few() -> None:
    """Four accounts speak for four accounts, and the method says so."""
    assert "4 clusters: too few" in rate_of([Seen(str(n % 4), float(n % 5 > 0)) for n in range(200)]).method


def test_weights_move_the_rate() -> None:
    """A case that stands for nine tenths of the traffic counts so; a case of no weight does not count at all."""
    found = rate_of([Seen("a", 1.0, 9), Seen("b", 0.0, 1), Seen("c", 0.0, 0)])
    assert (found.value, found.low < 0.5, found.high) == (0.9, True, 1.0)


def test_cases_of_no_weight_measure_nothing() -> None:
    """Where no case stands for any traffic, nothing was measured."""
    assert rate_of([Seen("a", 1.0, 0), Seen("a", 1.0, 0)]) == wilson(0, 0)


def test_six_hundred_cases_take_less_than_a_second() -> None:
    """Two thousand resamples of 600 clusters stay under a second of computing."""
    started = time.process_time()
    rate_of([Seen(str(n), float(n % 7 > 0), 1 + n % 2) for n in range(600)])
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(
    ("count", "of", "p"), [(0, 10, 0.1), (3, 10, 0.1), (10, 10, 0.5), (2, 100, 0.3), (9, 11, 0.04)]
)
def test_an_upper_tail_has_its_digits(count: int, of: int, p: float) -> None:
    """P(X >= k) is what the lower tail leaves, and keeps its digits where that leaves none."""
    assert at_least(count, of, p) == pytest.approx(1 - at_most(count - 1, of, p), rel=1e-9, abs=1e-15)
    assert at_least(40, 50, 0.01) == pytest.approx(9.313001448867194e-71, rel=1e-9)
