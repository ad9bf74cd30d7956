"""The test that promotes: its published table by exact dynamic programming, its guarantee, and its arithmetic."""

import math
import random

import pytest

from cxagent.latitude import promotion
from cxagent.latitude.promotion import FRESH, SHARES, bet, capital_of, clean_reviews_needed, earned, needed, wealth
from quality.published import table
from quality.walks import passed, reviews_until, stops_of

HORIZON = 6000
FIRST_STOPS = {
    0.05: [80, 134, 175, 213, 247, 281],
    0.025: [95, 152, 194, 233, 269, 303],
    0.01: [116, 174, 219, 259, 296, 332],
}
SPEED = [
    *[(0.05, 0.005, 80, 175), (0.05, 0.01, 134, 247), (0.05, 0.02, 247, 549), (0.05, 0.03, 604, 1501)],
    *[(0.025, 0.005, 95, 194), (0.025, 0.01, 152, 303), (0.025, 0.02, 303, 634), (0.025, 0.03, 799, 1740)],
    *[(0.01, 0.005, 116, 219), (0.01, 0.01, 174, 332), (0.01, 0.02, 398, 756), (0.01, 0.03, 1002, 2040)],
]


@pytest.mark.parametrize(("alpha", "first"), FIRST_STOPS.items())
def test_after_how_many_reviews_it_succeeds(alpha: float, first: list[int]) -> None:
    """At a threshold of 5 % the test succeeds with 0 to 5 errors after exactly the published numbers of reviews."""
    assert stops_of(0.05, alpha, 400)[:6] == first


@pytest.mark.parametrize(("alpha", "rate", "median", "p90"), SPEED)
def test_how_soon_a_good_cell_is_promoted(alpha: float, rate: float, median: int, p90: int) -> None:
    """Median and 90th percentile of the reviews until promotion are the published ones, exactly."""
    chances = passed(stops_of(0.05, alpha, p90 + 1), rate, p90 + 1)
    assert (reviews_until(chances, 0.5), reviews_until(chances, 0.9)) == (median, p90)


@pytest.mark.parametrize(
    ("alpha", "rate", "ever"),
    [(0.05, 0.05, 0.045), (0.025, 0.05, 0.022), (0.01, 0.05, 0.009), (0.05, 0.06, 0.010)],
)
def test_how_often_a_bad_cell_is_promoted(alpha: float, rate: float, ever: float) -> None:
    """At a true loss of the threshold or more the chance ever to be promoted stays below alpha, over 6,000 reviews."""
    chance = passed(stops_of(0.05, alpha, HORIZON), rate, HORIZON)[-1]
    assert chance == pytest.approx(ever, abs=0.0005)
    assert chance < alpha


@pytest.mark.parametrize(
    ("theta", "counts"), [(0.10, (39, 47, 56)), (0.02, (202, 242, 293)), (0.01, (405, 485, 588))], ids=str
)
def test_without_an_error(theta: float, counts: tuple[int, ...]) -> None:
    """Without an error the test succeeds after the published number of reviews, at other thresholds too."""
    assert tuple(stops_of(theta, alpha, counts[-1])[0] for alpha in (0.05, 0.025, 0.01)) == counts


def test_the_reference_table() -> None:
    """Every line of the reference table is met: the stops, and how often a bad cell is ever promoted."""
    for key, line in table("cxagent_promotion_grid_table")["reproduced"].items():
        theta, alpha = (float(part.split("=")[1]) for part in key.split(","))
        first = line["first_n_by_allowed_errors_0_to_6"]
        assert stops_of(theta, alpha, first[-1]) == first, key
        if theta >= 0.05:
            stops = stops_of(theta, alpha, HORIZON)
            bad = [rate for rate in line["by_true_error"] if float(rate) >= theta]
            found = {rate: round(passed(stops, float(rate), HORIZON)[-1], 4) for rate in bad}
            assert found == {rate: line["by_true_error"][rate]["ever"] for rate in bad}, key


@pytest.mark.parametrize(
    ("theta", "floor"),
    [(0.10, 29), (0.05, 59), (0.02, 149), (0.01, 299), (0.005, 598), (0.002, 1497), (0.001, 2995), (0.0005, 5990)],
)
def test_the_floor_of_any_test(theta: float, floor: int) -> None:
    """No valid test certifies a loss with fewer clean reviews: one fewer would come about by chance too often."""
    assert clean_reviews_needed(theta, 0.05) == floor
    assert (1 - theta) ** floor <= 0.05 < (1 - theta) ** (floor - 1)
    assert stops_of(theta, 0.05, 2 * floor)[0] >= floor


def test_the_floor_of_the_reference_table() -> None:
    """The floors are those of the reference table."""
    for theta, floor in table("min_reviews_zero_errors")["reproduced"].items():
        assert clean_reviews_needed(float(theta), 0.05) == floor


def test_the_capital_is_the_formula() -> None:
    """For losses of any size each bet multiplies its capital by 1 + lam (theta - X), never below 0."""
    chance, theta = random.Random(5), 0.07
    losses = [chance.choice((0.0, 0.0, 0.25, 1.0, chance.random())) for _ in range(60)]
    capitals = []
    for share in SHARES:
        lam = (theta - theta * share) / (theta * (1 - theta))
        capitals.append(math.prod(max(0.0, 1 + lam * (theta - loss)) for loss in losses))
    assert wealth(capital_of(losses, theta)) == pytest.approx(math.log(sum(capitals) / 11))
    assert wealth(capital_of(losses[::-1], theta)) == pytest.approx(wealth(capital_of(losses, theta)))


@pytest.mark.parametrize("theta", [0.0005, 0.01, 0.05, 0.2])
def test_no_bet_gains_where_the_claim_holds(theta: float) -> None:
    """At a loss of exactly theta no bet gains on average, for yes-or-no items and for minor ones alike."""
    for size in (1.0, 0.5, 0.25):
        right, wrong = bet(FRESH, 0.0, theta), bet(FRESH, size, theta)
        rate = theta / size
        for won, lost in zip(right, wrong, strict=True):
            assert (1 - rate) * math.exp(won) + rate * math.exp(lost) == pytest.approx(1.0)


def test_the_boldest_bet_is_lost_with_the_first_error() -> None:
    """The bet that stakes all has nothing left after a full error, and no run of clean reviews brings it back."""
    capital = capital_of([1.0, *[0.0] * 3000], 0.05)
    assert capital[0] == -math.inf
    assert wealth(capital) > 0


def test_attempts_share_the_risk() -> None:
    """All attempts together spend no more than alpha: the first one half of it, each later one less."""
    spent = [math.exp(-needed(0.05, attempt)) for attempt in range(1, 2000)]
    assert spent[0] == pytest.approx(0.025)
    assert spent == sorted(spent, reverse=True)
    assert 0.0499 < sum(spent) <= 0.05


@pytest.mark.parametrize("losses", [[], [1.0], [0.0] * 50, [0.25] * 4, [0.0] * 94, [0.0] * 95], ids=len)
@pytest.mark.parametrize("attempt", [1, 2])
def test_how_many_more_are_needed(losses: list[float], attempt: int) -> None:
    """What is said to be still needed is exactly what the test then takes."""
    capital = capital_of(losses, 0.05)
    more = promotion.still_needed(capital, 0.05, 0.05, attempt)
    assert more is not None
    assert earned(capital_of([*losses, *[0.0] * more], 0.05), 0.05, attempt)
    assert more == 0 or not earned(capital_of([*losses, *[0.0] * (more - 1)], 0.05), 0.05, attempt)


def test_too_many_is_none() -> None:
    """Where more would be needed than is asked for, there is no number."""
    assert promotion.still_needed(FRESH, 0.0001, 0.05, 1, most=10_000) is None
    assert promotion.still_needed(FRESH, 0.05, 0.05, 1, most=94) is None
    assert promotion.still_needed(FRESH, 0.05, 0.05, 1, most=95) == 95


@pytest.mark.parametrize(("loss", "theta"), [(-0.1, 0.05), (1.1, 0.05), (math.nan, 0.05), (0.5, 1.0), (0.5, -0.1)])
def test_what_is_no_share_is_refused(loss: float, theta: float) -> None:
    """A loss or a threshold outside its range is refused rather than bet on."""
    with pytest.raises(ValueError, match="no share"):
        bet(FRESH, loss, theta)
