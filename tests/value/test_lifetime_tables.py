"""Published tables of retention and account value, reproduced, with the golden values of the product's own account."""

import math
from itertools import chain, pairwise

import pytest

from cxagent.errors import BadInput
from cxagent.lifetime.account import Holding, Lever, account_value, sensitivity
from cxagent.lifetime.conventions import Convention, constant_value, elasticity, margin_multiple
from cxagent.lifetime.fitting import fit, log_likelihood, of_cohort
from cxagent.lifetime.retention import Retention, expected_renewals, renewal_rate, survival

HIGH_END = (1000, 869, 743, 653, 593, 551, 517, 491)
REGULAR = (1000, 631, 468, 382, 326, 289, 262, 241)
ECLV = Retention(a=0.6677123, b=3.8024773)


@pytest.mark.parametrize(
    ("active", "a", "b", "within"),
    [
        (HIGH_END, 0.668, 3.806, 0.001),
        (REGULAR, 0.704, 1.182, 0.001),
        ((60, 55, 51, 48, 46), 0.3128, 3.3124, 1e-4),
        ((200, 172, 153, 140, 131), 0.4028, 2.4268, 1e-4),
        ((500, 375, 305, 262, 233), 0.6398, 1.8996, 1e-4),
    ],
)
def test_cohorts_fit_as_published(active: tuple[int, ...], a: float, b: float, within: float) -> None:
    """The two cohorts of Fader and Hardie (2007) and three segments of our own have the known most likely retention."""
    fitted = fit(of_cohort(active))
    assert fitted.bounded
    assert (fitted.retention.a, fitted.retention.b) == pytest.approx((a, b), abs=within)


@pytest.mark.parametrize(("a", "b", "expected"), [(1, 1, -2115.5), (0.01, 0.01, -2741.7), (0.668, 3.806, -1611.2)])
def test_the_likelihood_is_the_published_one(a: float, b: float, expected: float) -> None:
    """The likelihood of the High End cohort has the published height at the starts and at the top."""
    assert log_likelihood(of_cohort(HIGH_END), Retention(a=a, b=b)) == pytest.approx(expected, abs=0.06)


def test_renewals_are_as_likely_as_the_cohort_they_come_from() -> None:
    """Renewed and lost by number give the cohort's own likelihood, sum of losses ln P(T = t) plus the rest ln S(T)."""
    law = Retention(a=0.9, b=2.7)
    shares = [survival(law, t) for t in range(len(REGULAR))]
    lost = sum(
        (was - now) * math.log(s - t) for (was, now), (s, t) in zip(pairwise(REGULAR), pairwise(shares), strict=True)
    )
    assert log_likelihood(of_cohort(REGULAR), law) == pytest.approx(lost + REGULAR[-1] * math.log(shares[-1]), abs=1e-8)


def test_staggered_cohorts_add_up() -> None:
    """Four cohorts that joined a year apart fit together as published (Fader and Hardie 2010)."""
    whole = (10_000, 8_000, 6_480, 5_307, 4_391)
    fitted = fit(chain.from_iterable(of_cohort(whole[:years]) for years in (5, 4, 3, 2)))
    assert (fitted.retention.a, fitted.retention.b) == pytest.approx((3.80, 15.19), abs=0.005)


def test_survival_is_the_published_column() -> None:
    """Ten years of survival agree to seven digits."""
    column = "0.85063 0.7467988 0.6697305 0.6098676 0.5617912 0.5221811 0.4888802 0.4604211 0.435768 0.4141671"
    assert [survival(ECLV, t) for t in range(1, 11)] == pytest.approx([float(x) for x in column.split()], abs=2e-7)


def test_the_expected_lifetime_of_seventy_years_is_the_published_one() -> None:
    """The discounted survival of the first 70 years sums to the published 5.920551."""
    assert sum(survival(ECLV, t) / 1.1**t for t in range(70)) == pytest.approx(5.920551, abs=2e-4)


def test_what_renewals_bring_is_the_closed_form() -> None:
    """DERL at the first five renewals is what the hypergeometric closed form gives (Fader and Hardie 2010)."""
    expected = [5.414323, 5.901582, 6.294319, 6.620493, 6.897376]
    assert [expected_renewals(ECLV, n, 0.1) for n in range(1, 6)] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("law", [ECLV, Retention(a=1.2, b=8), Retention(a=0.05, b=0.1), Retention(a=30, b=200)])
@pytest.mark.parametrize("lift", [0.0, 0.03, -0.03])
def test_one_renewal_is_the_next_with_a_chance(law: Retention, lift: float) -> None:
    """DERL_n = r_n (1 + DERL_{n+1} / (1 + d)) to nine digits, also under a what-if."""
    for n in (1, 2, 7):
        after = expected_renewals(law, n + 1, 0.1, lift)
        assert expected_renewals(law, n, 0.1, lift) == pytest.approx(
            renewal_rate(law, n, lift) * (1 + after / 1.1), abs=2e-9
        )


HOLDING = Holding(arr=48_000, margin=0.78, cost_to_serve=6_000, months_left=7, next_renewal=3)
SMALL = Holding(arr=6_000, margin=0.8, cost_to_serve=900, months_left=5)


@pytest.mark.parametrize(
    ("holding", "law", "p_next", "money"),
    [
        (HOLDING, Retention(a=1.2, b=8), 0.107143, (189_539.44, 18_340.00, 187_571.64, 20_307.80)),
        (
            HOLDING.model_copy(update={"hazard_ratio": 3.0}),
            Retention(a=1.2, b=8),
            0.264706,
            (189_539.44, 18_340.00, 157_707.23, 50_172.20),
        ),
        (SMALL, Retention(a=1, b=4), 0.2, (19_750.93, 1_625.00, 17_425.74, 3_950.19)),
    ],
)
def test_accounts_have_their_golden_value(
    holding: Holding, law: Retention, p_next: float, money: tuple[float, ...]
) -> None:
    """Three accounts are worth what was computed independently, to the cent."""
    value = account_value(holding, law, 0.1)
    assert value.p_next == pytest.approx(p_next, abs=1e-6)
    assert (value.future_value, value.rest, value.clv, value.at_risk) == pytest.approx(money, abs=0.005)


def test_a_sick_account_has_the_same_stake() -> None:
    """Health lowers CLV and raises what is at risk, and leaves the stake of losing the account where it was."""
    law = Retention(a=1.2, b=8)
    well, sick = (account_value(HOLDING.model_copy(update={"hazard_ratio": hr}), law, 0.1) for hr in (1.0, 3.0))
    assert (sick.future_value, sick.clv < well.clv, sick.at_risk > well.at_risk) == (well.future_value, True, True)


def test_the_sensitivity_of_a_value_is_told() -> None:
    """R45: what CLV hangs on is shown with the money each assumption moves, the largest first."""
    drivers = sensitivity(HOLDING, Retention(a=1.2, b=8), 0.1)
    assert {one.lever for one in drivers} == set(Lever)
    assert drivers[0].lever is Lever.RETENTION
    assert [one.swing for one in drivers] == sorted((one.swing for one in drivers), reverse=True)
    assert all(one.worse < one.better for one in drivers)
    margin = next(one for one in drivers if one.lever is Lever.MARGIN)
    steady = account_value(HOLDING, Retention(a=1.2, b=8), 0.1).clv
    assert (margin.worse + margin.better) / 2 == pytest.approx(steady)


def test_a_lift_never_goes_beyond_certain() -> None:
    """Retention that is raised by five points stays at most certain, and one that is lowered stays finite."""
    safe, lost = Retention(a=0.01, b=5), Retention(a=50, b=0.01)
    assert renewal_rate(safe, 1, 0.05) == 1.0
    assert 0 < renewal_rate(lost, 1, -0.05) <= renewal_rate(lost, 1)
    assert math.isfinite(account_value(HOLDING, lost, 0.1, lift=-0.05).clv)


def _predicted(active: tuple[int, ...], degree: int, year: int, *, logs: bool = False) -> float:
    """Return what a polynomial through the shares that are left says of a later year, by least squares."""
    shares = [count / active[0] for count in active]
    points = [(float(t), math.log(share) if logs else share) for t, share in enumerate(shares)]
    size = degree + 1
    rows = [
        [sum(t ** (i + j) for t, _ in points) for j in range(size)] + [sum(y * t**i for t, y in points)]
        for i in range(size)
    ]
    for i in range(size):
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for k in range(size):
            if k != i:
                rows[k] = [x - rows[k][i] * y for x, y in zip(rows[k], rows[i], strict=True)]
    value = sum(rows[i][-1] * year**i for i in range(size))
    return math.exp(value) if logs else value


def test_a_curve_through_the_points_is_a_trap() -> None:
    """Lines, parabolas and exponentials that fit seven years well miss the twelfth; the model of contracts does not."""
    actual = 0.394
    found = [
        _predicted(HIGH_END, 1, 12),
        _predicted(HIGH_END, 2, 12),
        _predicted(HIGH_END, 1, 12, logs=True),
        survival(fit(of_cohort(HIGH_END)).retention, 12),
    ]
    assert [100 * (one / actual - 1) for one in found] == pytest.approx([-81, 92, -30, -4], abs=0.8)


def test_the_regular_cohort_is_foretold_too() -> None:
    """The twelfth year of the Regular cohort is missed by two per cent."""
    left = survival(fit(of_cohort(REGULAR)).retention, 12)
    assert 100 * (left / 0.173 - 1) == pytest.approx(-2, abs=0.6)


def test_one_formula_has_three_conventions() -> None:
    """A margin of 100 at 80 % and a discount of 10 % is worth three figures, by when money is first counted."""
    assert [round(constant_value(100, 0.8, 0.1, one), 2) for one in Convention] == [366.67, 266.67, 333.33]


@pytest.mark.parametrize(
    ("rate", "multiples"),
    [
        (0.6, (1.20, 1.15, 1.11, 1.07)),
        (0.7, (1.75, 1.67, 1.59, 1.52)),
        (0.8, (2.67, 2.50, 2.35, 2.22)),
        (0.9, (4.50, 4.09, 3.75, 3.46)),
    ],
)
def test_margin_multiples_are_the_published_table(rate: float, multiples: tuple[float, ...]) -> None:
    """r / (1 + d - r) for four rates and four discounts (Gupta and Lehmann)."""
    assert [margin_multiple(rate, d) for d in (0.10, 0.12, 0.14, 0.16)] == pytest.approx(list(multiples), abs=0.0051)


@pytest.mark.parametrize(("rate", "expected"), [(0.7, 2.75), (0.8, 11 / 3), (0.9, 5.5)])
def test_the_elasticity_is_that_of_the_formula(rate: float, expected: float) -> None:
    """One per cent more of the rate moves the value by (1 + d) / (1 + d - r) per cent, and by that in a small step."""
    step = margin_multiple(rate * 1.000001, 0.1) / margin_multiple(rate, 0.1) - 1
    assert elasticity(rate, 0.1) == pytest.approx(expected)
    assert step / 0.000001 == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("rate", "discount"), [(1.1, 0.1), (-0.1, 0.1), (0.9, 0.0)])
def test_a_sum_without_end_is_refused(rate: float, discount: float) -> None:
    """A rate above one, or no discount, has no value and is told so."""
    with pytest.raises(BadInput, match="has no value"):
        margin_multiple(rate, discount)
