"""Trends, swings, recovery, trust and early warning: what each says, and that it does not say more than it knows."""

import math
import random
import time

import pytest

from cxagent.latitude.detection import ALARM_AT, statistic
from cxagent.trends.programme import standing
from cxagent.trends.recovery import felt, recovery, trust_stock
from cxagent.trends.series import Series, month_name, month_number, months_from, series
from cxagent.trends.slope import Verdict, trend, verdict
from cxagent.trends.student import quantile, tail
from cxagent.trends.volatility import churn_variance, more_volatile, unsettled
from cxagent.trends.warning import accepted_rate, warning
from value.naive_trends import autoregressive

RISING = [float(month) + (0.3 if month % 2 else -0.3) for month in range(24)]


@pytest.mark.parametrize(
    ("above", "degrees", "t"),
    [
        *((0.025, 1, 12.706205), (0.025, 2, 4.302653), (0.005, 1, 63.656741), (0.005, 10, 3.169273)),
        *((0.1, 22, 1.321237), (0.025, 60, 2.000298), (0.0005, 3, 12.923979), (0.25, 5, 0.726687)),
    ],
)
def test_the_quantile_of_t(above: float, degrees: float, t: float) -> None:
    """Quantiles of Student's t agree with the printed table."""
    assert quantile(above, degrees) == pytest.approx(t, abs=1e-6)


@pytest.mark.parametrize("degrees", [1.0, 1.2, 1.5, 1.97, 2.6, 3.3, 7.77, 31.4, 1e4])
def test_quantile_and_tail_are_each_others_inverse(degrees: float) -> None:
    """Between whole degrees, too, the tail beyond a quantile is what was asked for; t falls as degrees grow."""
    for above in (0.25, 0.1, 0.025, 0.005):
        assert tail(quantile(above, degrees), degrees) == pytest.approx(above, rel=1e-9)
        assert quantile(above, degrees) > quantile(above, degrees + 0.1)


def test_the_tail_by_integration() -> None:
    """At 1.5 degrees the tail is the area under the density, summed by a rule that shares nothing with it."""
    degrees, t, steps = 1.5, 2.0, 20000
    size = math.gamma((degrees + 1) / 2) / math.gamma(degrees / 2) / math.sqrt(degrees * math.pi)
    width = t / steps
    area = sum((1 + ((i + 0.5) * width) ** 2 / degrees) ** (-(degrees + 1) / 2) for i in range(steps)) * width * size
    assert tail(t, degrees) == pytest.approx(0.5 - area, abs=1e-8)


def test_months() -> None:
    """Months follow each other over the turn of a year, and a missing one is not known."""
    assert months_from("2026-11", "2027-02") == ("2026-11", "2026-12", "2027-01", "2027-02")
    assert month_name(month_number("2026-12") + 1) == "2027-01"
    found = series({"2026-11": 1.0, "2027-01": math.inf, "2027-02": 4.0})
    assert found.values == (1.0, None, None, 4.0)
    assert (found.points, found.last(2).months, found.until("2026-12").values) == (
        2,
        ("2027-01", "2027-02"),
        (1.0, None),
    )


@pytest.mark.parametrize(
    "months", [("2026-11", "2027-01"), ("2026-13",), ("2026-1",), ("november",), ("2026-11", "2026-11")]
)
def test_months_that_are_none(months: tuple[str, ...]) -> None:
    """A series refuses months with a gap, twice the same, or written otherwise."""
    with pytest.raises(ValueError, match="month"):
        Series(months, (1.0,) * len(months))


@pytest.mark.parametrize(("direction", "word"), [("up", "compounding"), ("down", "eroding"), ("level", "flat")])
def test_the_direction_decides_the_word(direction, word: str) -> None:
    """A rise is compounding where up is good and eroding where it is not; without a good way it is only described."""
    found = trend(RISING, direction)
    assert (found.verdict, found.n) == (word, 24)
    assert found.slope is not None
    assert found.low is not None
    assert 0 < found.low < found.slope == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("low", "high", "word"), [(0.1, 0.2, "compounding"), (-0.2, -0.1, "eroding"), (-0.1, 0.2, "flat"), (0, 0.1, "flat")]
)
def test_an_interval_must_clear_zero(low: float, high: float, word: str) -> None:
    """An interval that holds or touches zero is flat."""
    assert verdict(low, high, "up") == word


@pytest.mark.parametrize("known", [0, 1, 2])
def test_a_snapshot_is_refused(known: int) -> None:
    """R83: below three months a figure gets no slope and says insufficient history."""
    found = trend([None, *[5.0] * known, None])
    assert (found.slope, found.low, found.high, found.verdict) == (None, None, None, Verdict.NOT_ENOUGH)
    assert "insufficient history" in found.method


def test_a_short_series_gets_a_slope_and_no_verdict() -> None:
    """R83: from three months there is a slope, from twelve a verdict, and unknown months do not count."""
    short = trend([*RISING[:11], None, None])
    assert (short.verdict, short.low) == (Verdict.NOT_ENOUGH, None)
    assert short.slope == pytest.approx(1, abs=0.05)
    assert trend(RISING[:12]).verdict == Verdict.COMPOUNDING


def test_by_hand() -> None:
    """Twelve months around a line: the interval is the one of the formula, worked out here anew."""
    chance = random.Random(4)
    y = autoregressive(chance, 12, 0.6)
    x = [place - 5.5 for place in range(12)]
    slope = sum(a * b for a, b in zip(x, y, strict=True)) / 143
    e = [b - sum(y) / 12 - slope * a for a, b in zip(x, y, strict=True)]
    r1 = sum(e[i] * e[i + 1] for i in range(11)) / sum(one * one for one in e)
    rho = min(0.9, max(0.0, r1 + (1 + 4 * r1) / 12))
    n_e = max(3.5, 12 * (1 - rho) / (1 + rho))
    half = quantile(0.005, max(1.2, n_e - 2)) * math.sqrt(sum(one * one for one in e) / (n_e - 2) / 143)
    found = trend(y)
    assert rho > 0.1
    assert (found.slope, found.low, found.high) == pytest.approx((slope, slope - half, slope + half))


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1.0, 1e9, 1e300])
def test_any_scale(scale: float) -> None:
    """Tiny and huge figures get the verdict of the same figures at size one."""
    found = trend([scale * value for value in RISING])
    assert found.verdict == Verdict.COMPOUNDING
    assert found.slope == pytest.approx(scale * (trend(RISING).slope or 0))


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, -7e15, 1e308])
def test_a_constant_series(value: float) -> None:
    """A figure that never moves is flat, whatever its size, with an interval of nothing."""
    found = trend([value] * 30)
    assert (found.slope, found.low, found.high, found.verdict) == (0, 0, 0, Verdict.FLAT)


def test_what_floats_leave_over_is_no_trend() -> None:
    """A series whose figures differ in the last digit alone is constant, however regularly they do."""
    assert trend([1 + month * 2.3e-16 for month in range(30)]).verdict == Verdict.FLAT
    assert trend([1 + month * 1e-9 for month in range(30)]).verdict == Verdict.COMPOUNDING


def test_time_goes_on_across_a_gap() -> None:
    """Unknown months are left out and keep their time: the slope stays what it is a month."""
    holes: list[float | None] = [
        value if place % 5 else None for place, value in enumerate(RISING + [v + 24 for v in RISING])
    ]
    found = trend(holes)
    assert found.slope == pytest.approx(1, abs=0.02)
    assert (found.n, found.verdict) == (38, Verdict.COMPOUNDING)
    assert trend([math.nan, *RISING]).n == 24


def test_a_programme_and_an_account_get_a_verdict() -> None:
    """R85: the word for an investment comes with slope, interval and money, or says that it is unpriced."""
    falling = [100 - value for value in RISING]
    found = standing("fewer complaints", falling, "down", price=50.0)
    assert found.trend.verdict == Verdict.COMPOUNDING
    assert found.money != "unpriced"
    assert found.money.amount == pytest.approx(12 * 50, rel=0.02)
    assert 0 < found.money.low < found.money.amount < found.money.high
    assert standing("fewer complaints", falling, "down").money == "unpriced"
    assert standing("a new one", RISING[:8], price=50.0).money == "unpriced"


def test_only_the_more_volatile_of_two_raises_an_alert() -> None:
    """R77: of two series with one mean, only the one that swings more raises an alert, and neither against itself."""
    chance = random.Random(3)
    calm = [chance.gauss(0, 1) for _ in range(24)]
    wild = [chance.gauss(0, 5) for _ in range(24)]
    calm, wild = ([10 + v - sum(y) / 24 for v in y] for y in (calm, wild))
    assert sum(calm) == pytest.approx(sum(wild))
    assert [more_volatile(a, b).alert for a, b in ((wild, calm), (calm, wild), (wild, wild))] == [True, False, False]
    assert [unsettled(calm + calm[:12]).alert, unsettled(calm + wild[:12]).alert] == [False, True]


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_alerts_of_volatility_are_rare_without_cause(rho: float) -> None:
    """R77: two series that swing alike raise an alert in about 1 % of pairs, months resembling each other or not."""
    chance = random.Random(11)
    pairs = ((autoregressive(chance, 24, rho), autoregressive(chance, 24, rho)) for _ in range(600))
    assert sum(more_volatile(a, b).alert for a, b in pairs) <= 14


def test_churn_variance_beyond_chance() -> None:
    """R76: churn that varies as chance makes it raises no alert, the same churn in bad and good months does."""
    chance = random.Random(5)

    def alerts(factors: tuple[float, ...]) -> int:
        lives = [complaints(chance, [0.04 * one for one in chance.choices(factors, k=24)], 200) for _ in range(40)]
        return sum(churn_variance(left, [200.0] * 24).alert for left in lives)

    assert alerts((1.0,)) <= 3
    assert alerts((0.3, 1.7)) >= 38
    assert not churn_variance([0.0, 1.0] * 12, [40.0] * 24).alert
    assert "not enough history" in churn_variance([1.0] * 11, [50.0] * 11).why


def complaints(chance: random.Random, rates: list[float], accounts: int) -> list[float]:
    """Return how many of the accounts complain, or leave, in each month."""
    return [float(sum(chance.random() < rate for _ in range(accounts))) for rate in rates]


def shocked(half_life: float, size: float = 8.0) -> list[float]:
    """Return a figure around 2 that jumps in its 13th month and comes back by halves."""
    before = [2.0, 2.1, 1.9, 2.0, 1.9, 2.1] * 2
    return before + [2 + size * 2 ** (-month / half_life) for month in range(18)]


@pytest.mark.parametrize("half_life", [1.0, 2.0, 3.0, 6.0])
def test_recovery_of_a_complaint_rate(half_life: float) -> None:
    """R79: after a shock the half life of a complaint rate is found again."""
    found = recovery(shocked(half_life), 12)
    assert (found.jump, found.half_life) == pytest.approx((8, half_life), rel=0.02)


def test_recovery_of_trust() -> None:
    """R79: trust falls by a breach and has half of it back within its half life, 6 months or 3."""
    deliveries = [0.2] * 36 + [-1.0] + [0.2] * 24
    slow, fast = (recovery(trust_stock(deliveries, months), 36).half_life for months in (6.0, 3.0))
    assert slow == pytest.approx(6, abs=0.7)
    assert fast == pytest.approx(3, abs=0.4)


def test_recovery_that_has_not_come() -> None:
    """R79: where half of the jump is still there the answer is not yet, and a usual swing is no shock."""
    assert recovery(shocked(20.0)[:20], 12).half_life is None
    assert "not yet" in recovery(shocked(20.0)[:20], 12).why
    assert "no shock" in recovery(shocked(3.0, size=0.1), 12).why
    assert "insufficient history" in recovery([2.0, 9.0, 2.0], 1).why
    assert "no shock" in recovery([2.0] * 20, 12).why


def test_the_same_event_hits_harder_after_a_bad_history() -> None:
    """R84: a breach takes more from an account with a bad history than from one with a good or no history."""
    hits = []
    for history in ([0.5] * 6, [], [-0.5] * 6, [-1.0] * 6):
        with_it, without = (trust_stock([*history, event])[-1] for event in (-0.7, None))
        hits.append(without - with_it)
    assert hits[0] == pytest.approx(hits[1])
    assert hits[1] < hits[2] < hits[3] < 2 * hits[1]
    assert felt(-1) == pytest.approx(-2 * felt(1))


def test_the_stock_goes_on_from_where_it_was() -> None:
    """R84: state accumulates: two halves of a history give what the whole gives, and silence only fades it."""
    events = [0.3, -0.8, None, 0.5, -0.2, 0.9, None, 0.1]
    first = trust_stock(events[:4])
    assert trust_stock(events)[4:] == pytest.approx(trust_stock(events[4:], start=first[-1]))
    assert trust_stock([None] * 6, start=-2.0)[-1] == pytest.approx(-1)


@pytest.mark.parametrize("mean", [-0.3, 0.0, 0.3])
def test_uneven_delivery_wears_trust_down(mean: float) -> None:
    """R69: at an equal mean the series with more variance ends with less trust, the more the more it varies."""
    chance, ends = random.Random(8), []
    for swing in (0.0, 0.3, 0.65):
        stocks = []
        for _ in range(150):
            ups = [mean + swing] * 30 + [mean - swing] * 30
            chance.shuffle(ups)
            assert sum(ups) / 60 == pytest.approx(mean)
            stocks.append(trust_stock(ups)[-1])
        ends.append(sum(stocks) / len(stocks))
    assert ends[0] > ends[1] + 0.1 > ends[2] + 0.3


def test_a_rising_complaint_rate_raises_an_alarm() -> None:
    """R76: when the complaint rate doubles, the alarm goes up within three months, and not before it did."""
    delays = []
    for seed in range(12):
        rates = [0.03] * 24 + [0.06] * 12
        found = warning(complaints(random.Random(seed), rates, 400), [400.0] * 36)
        assert found.up
        delays.append(found.alarms[0] - 23)
    assert min(delays) >= 1
    assert sorted(delays)[6] <= 3


@pytest.mark.parametrize(("accounts", "rate"), [(20, 0.05), (100, 0.03), (600, 0.02)])
def test_false_alarms_are_years_apart(accounts: int, rate: float) -> None:
    """R76: while the rate is the accepted one, alarms are 60 months apart or more, however many the cases."""
    chance, months, lives = random.Random(accounts), 60, 15
    streams = (complaints(chance, [rate] * months, accounts) for _ in range(lives))
    alarms = sum(len(warning(one, [float(accounts)] * months, accepted=rate).alarms) for one in streams)
    expected = lives * months / 60
    assert alarms <= expected + 3 * math.sqrt(expected)


def test_the_warning_is_the_detector() -> None:
    """R76: a month of few cases is the detector of a cell's loss, item by item."""
    found = warning([0.0, 1.0], [4.0, 2.0], accepted=0.03)
    assert found.statistic[0] == pytest.approx(statistic([0.0] * 4)[0])
    assert found.statistic[1] == pytest.approx(statistic([0.0] * 5 + [1.0])[0])
    assert found.line > ALARM_AT


def test_a_warning_without_history() -> None:
    """R76: before a year with cases there is no accepted rate and no alarm; unknown months are passed over."""
    assert "not enough history" in warning([5.0] * 12, [10.0] * 12).why
    assert "not enough history" in warning([None] * 20, [10.0] * 20).why
    assert warning([0.0] * 30, [0.0] * 30).alarms == ()
    assert accepted_rate([0.0] * 12, [100.0] * 12) == pytest.approx(1 / 1201 + 2 / 1201, rel=0.1)
    calm = [2.0] * 20
    assert not warning([*calm, None, 2.0], [100.0] * 22).up


def test_no_event_is_lost_between_small_months() -> None:
    """R76: where a month's events are less than one after thinning, the rest counts in the next one."""
    assert warning([1.0] * 30, [2000.0] + [25.0] * 29, accepted=0.01).up


def test_the_cost_of_a_month_is_bounded() -> None:
    """Sixty months of fifty thousand accounts each are watched in well under a second."""
    begun = time.perf_counter()
    found = warning([55.0] * 48 + [160.0] * 12, [50_000.0] * 60)
    assert time.perf_counter() - begun < 1
    assert found.alarms[0] in (48, 49)
