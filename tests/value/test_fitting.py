"""Retention with its uncertainty: what is believed after few and many renewals, and whether the intervals hold."""

import math
from random import Random

import pytest

from cxagent.errors import BadInput
from cxagent.lifetime.account import Holding, account_value
from cxagent.lifetime.fitting import (
    MOST_POINTS,
    Basis,
    Estimate,
    Renewals,
    fit,
    log_likelihood,
    of_cohort,
    pooled,
    posterior,
    renewal_range,
)
from cxagent.lifetime.ranges import Doubt, grouped, lifted, portfolio_range, value_range
from cxagent.lifetime.retention import Retention
from cxagent.lifetime.spread import Spread, spread, total
from cxagent.lifetime.terms import Prior
from tests.value.simulated_cohorts import Outcome, believed, contracts

COHORT = of_cohort((200, 172, 153, 140, 131))
HOLDING = Holding(arr=48_000, margin=0.78, cost_to_serve=6_000, months_left=7, next_renewal=3)


def counted(outcomes: list[Outcome]) -> list[Renewals]:
    """Return single outcomes as renewals."""
    return [Renewals(number=one.number, renewed=int(one.renewed), lost=int(not one.renewed)) for one in outcomes]


def width(of: Spread) -> float:
    """Return how far the interval reaches."""
    return of.high - of.low


def rank(estimate: Estimate, truth: float, of: str) -> float:
    """Return how much weight the estimate puts below the true ln a, or below the true first renewal rate."""
    value = {"a": lambda law: law.a, "rate": lambda law: law.b / (law.a + law.b)}[of]
    return sum(weight for law, weight in estimate.laws if value(law) < truth)


def test_the_truth_is_found_in_many_renewals() -> None:
    """A large simulated segment, most of it first seen in a later term, gives back the a and b that made it."""
    outcomes = contracts(Random(5), 0.8, 4.0, 12_000, seen_from=18)
    assert min(one.number for one in outcomes) == 1 and sum(one.number == 1 for one in outcomes) < 12_000
    fitted = fit(counted(outcomes)).retention
    assert (fitted.a, fitted.b) == pytest.approx((0.8, 4.0), rel=0.12)
    assert fitted.b / (fitted.a + fitted.b) == pytest.approx(4.0 / 4.8, abs=0.006)


def test_ranks_of_the_truth_are_even() -> None:
    """Over 100 segments drawn from the prior itself, the truth falls evenly into the fifths of what is believed."""
    rng, ranks = Random(11), {"a": [], "rate": []}
    for _ in range(100):
        a, b = believed(rng)
        estimate = posterior(counted(contracts(rng, a, b, 60)), Prior())
        ranks["a"].append(rank(estimate, a, "a"))
        ranks["rate"].append(rank(estimate, b / (a + b), "rate"))
    for found in ranks.values():
        fifths = [sum(min(4, int(5 * one)) == part for one in found) for part in range(5)]
        assert sum((count - 20) ** 2 / 20 for count in fifths) < 13.3, fifths  # chi squared, 4 degrees, 1 %


def test_ninety_per_cent_means_ninety() -> None:
    """The interval of the first renewal rate holds the truth in 90 of 100 segments, within what chance allows."""
    rng, held = Random(3), 0
    for _ in range(100):
        interval = renewal_range(posterior(counted(contracts(rng, 0.668, 3.806, 150)), Prior()), 1)
        held += interval.low <= 3.806 / 4.474 <= interval.high
    assert 82 <= held <= 97


@pytest.mark.parametrize(("renewals", "observed"), [((), 0), ((Renewals(number=1, renewed=1, lost=0),), 1)])
def test_too_few_renewals_leave_the_prior(renewals: tuple[Renewals, ...], observed: int) -> None:
    """With fewer than two renewals the estimate is the prior, says so, and spans most of what a rate can be."""
    estimate = posterior(renewals, Prior())
    assert (estimate.basis.value, estimate.observed) == ("prior only: fewer than 2 observed renewals", observed)
    assert estimate.points == posterior((), Prior()).points
    assert renewal_range(estimate, 1).low < 0.25 and renewal_range(estimate, 1).high > 0.98


def test_the_prior_is_the_owners() -> None:
    """The medians of a segment without renewals are those of the prior that its owner wrote down."""
    estimate = posterior((), Prior(ln_a=-1, ln_a_sd=0.3, ln_b=2, ln_b_sd=0.3))
    of_a = spread((math.log(law.a), weight) for law, weight in estimate.laws)
    assert (of_a.low, of_a.median, of_a.high) == pytest.approx((-1 - 1.645 * 0.3, -1, -1 + 1.645 * 0.3), abs=0.03)


def test_more_renewals_narrow_the_interval() -> None:
    """A hundred times the renewals give a tenth of the width, around the most likely values."""
    few, many = (posterior([_scaled(one, factor) for one in COHORT], Prior()) for factor in (1, 100))
    assert width(renewal_range(many, 1)) == pytest.approx(width(renewal_range(few, 1)) / 10, rel=0.15)
    likely = fit(COHORT).retention
    assert (many.retention.a, many.retention.b) == pytest.approx((likely.a, likely.b), rel=0.03)
    assert few.basis is Basis.OWN


def _scaled(one: Renewals, factor: int) -> Renewals:
    return Renewals(number=one.number, renewed=one.renewed * factor, lost=one.lost * factor)


@pytest.mark.parametrize("renewals", [(), COHORT[:1], COHORT, of_cohort((9, 9, 9)), of_cohort((9, 0))])
def test_an_estimate_is_small_and_the_same_every_time(renewals: tuple[Renewals, ...]) -> None:
    """An estimate holds at most 150 points whose weights add up, comes back from JSON whole, and never varies."""
    estimate = posterior(renewals, Prior())
    assert 60 <= len(estimate.points) <= MOST_POINTS
    assert sum(point.weight for point in estimate.points) == pytest.approx(1, abs=1e-6)
    assert Estimate.model_validate_json(estimate.model_dump_json()) == estimate == posterior(renewals, Prior())


@pytest.mark.parametrize("renewals", [COHORT, of_cohort((30, 28, 27)), of_cohort((12, 7, 6))])
def test_quantiles_are_those_of_a_fine_sum(renewals: tuple[Renewals, ...]) -> None:
    """The interval from 150 points agrees with a plain sum over 40,000 points of the prior's own square."""
    prior, weighted = Prior(), []
    step = 9 * 1.5 / 200
    for i in range(200):
        for j in range(200):
            x, y = -6.75 + (i + 0.5) * step, 1.5 - 6.75 + (j + 0.5) * step
            law = Retention.model_construct(a=math.exp(x), b=math.exp(y))
            height = log_likelihood_of(renewals, law.a, law.b) - (x / 1.5) ** 2 / 2 - ((y - 1.5) / 1.5) ** 2 / 2
            weighted.append((law.b / (law.a + law.b), height))
    top = max(height for _, height in weighted)
    fine = spread((rate, math.exp(height - top)) for rate, height in weighted)
    found = renewal_range(posterior(renewals, prior), 1)
    assert (found.low, found.median, found.high) == pytest.approx(
        (fine.low, fine.median, fine.high), abs=0.06 * width(fine)
    )


def log_likelihood_of(renewals: tuple[Renewals, ...], a: float, b: float) -> float:
    """Return the likelihood written out once more, as the sum over renewals of ln r_n and ln(1 - r_n)."""
    return sum(
        one.renewed * math.log(b + one.number - 1) + one.lost * math.log(a) - n * math.log(a + b + one.number - 1)
        for one in renewals
        if (n := one.renewed + one.lost)
    )


def test_a_value_has_its_interval() -> None:
    """CLV, stake and risk of an account come with a median near the point value, inside an interval."""
    estimate = posterior(COHORT, Prior())
    found, point = value_range(HOLDING, estimate, 0.1), account_value(HOLDING, estimate.retention, 0.1)
    for name in ("clv", "future_value", "at_risk"):
        figure, value = getattr(found, name), getattr(point, name)
        assert figure.low < figure.median < figure.high
        assert figure.median == pytest.approx(value, rel=0.03)


@pytest.mark.parametrize(
    "doubt", [Doubt(margin=(0.6, 0.85)), Doubt(cost_to_serve=(2_000.0, 15_000.0)), Doubt(hazard_ratio=(0.4, 4.0))]
)
def test_what_is_not_known_widens(doubt: Doubt) -> None:
    """A margin, a cost or a health known only as a range widens the interval to both sides and moves no median."""
    estimate = posterior(COHORT, Prior())
    sure, unsure = value_range(HOLDING, estimate, 0.1).clv, value_range(HOLDING, estimate, 0.1, doubt).clv
    assert unsure.low < sure.low < sure.median == unsure.median < sure.high < unsure.high


def accounts(count: int) -> list[Holding]:
    """Return invented accounts of all ages and healths."""
    rng = Random(8)
    return [
        Holding(
            arr=rng.lognormvariate(9, 1),
            margin=0.8,
            cost_to_serve=500,
            months_left=12 * rng.random(),
            next_renewal=rng.randint(1, 6),
            hazard_ratio=rng.lognormvariate(0, 0.6),
            owed=100 * rng.random(),
        )
        for _ in range(count)
    ]


def test_a_portfolio_is_the_sum_of_its_accounts() -> None:
    """Groups give the sum of all accounts within a thousandth, however few groups there are."""
    estimate, holdings = posterior(COHORT, Prior()), accounts(400)
    found = portfolio_range(grouped(holdings, 0.1), estimate, 0.1)
    laws = [(sum(account_value(one, law, 0.1).clv for one in holdings), weight) for law, weight in estimate.laws[::12]]
    worth = {law: value for (law, _), (value, _) in zip(estimate.laws[::12], laws, strict=True)}
    for law, value in worth.items():
        alone = Estimate(points=((law.a, law.b, 1.0),), retention=law, observed=9, basis=Basis.OWN)
        assert portfolio_range(grouped(holdings, 0.1), alone, 0.1).clv.median == pytest.approx(value, rel=1e-3)
    assert found.clv.low < found.clv.median < found.clv.high


def test_the_groups_of_a_portfolio_stay_few() -> None:
    """Ten times the accounts are hardly more groups, so that the cost of an interval does not grow with the firm."""
    few, many = (grouped(accounts(count), 0.1) for count in (1_000, 10_000))
    assert sum(group.accounts for group in many) == 10_000
    assert len(many) < 2.2 * len(few) < 2_000


def test_a_change_of_retention_is_a_range_of_money() -> None:
    """R60: one point more of every renewal rate is told as a gain of CLV with its interval, and none is none."""
    estimate, groups = posterior(COHORT, Prior()), grouped(accounts(200), 0.1)
    gain = lifted(groups, estimate, 0.1, 0.01)
    assert 0 < gain.low < gain.median < gain.high
    assert lifted(groups, estimate, 0.1, 0.0) == Spread(low=0, median=0, high=0)


def test_segments_add_up_as_what_is_independent() -> None:
    """The sum of two segments has the sum of the medians, and an interval narrower than that of the sums."""
    one, other = Spread(low=70, median=100, high=130), Spread(low=160, median=200, high=240)
    assert total((one, other)) == Spread(low=250, median=300, high=350)


def test_counts_add_up_by_number() -> None:
    """Renewals of the same number are one count, in order, so months and cohorts can be given in any."""
    parts = (Renewals(number=2, renewed=1, lost=1), Renewals(number=1, renewed=3, lost=0), *COHORT[:2])
    assert pooled(parts) == (Renewals(number=1, renewed=175, lost=28), Renewals(number=2, renewed=154, lost=20))
    assert log_likelihood(parts, Retention(a=1, b=4)) == log_likelihood(pooled(parts), Retention(a=1, b=4))


def test_what_cannot_be_fitted_says_so() -> None:
    """No renewals at all and a growing cohort are refused; one that lost nobody bounds no parameter and says so."""
    with pytest.raises(BadInput, match="no renewal has come out"):
        fit(())
    with pytest.raises(BadInput, match="a cohort cannot grow"):
        of_cohort((10, 9, 11))
    assert not fit(of_cohort((30, 30, 30))).bounded
