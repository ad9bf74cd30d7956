"""The detector: golden values, how soon it alarms after a shift, how seldom without one, and never at one error."""

import random

import pytest

from cxagent.latitude import detection
from cxagent.latitude.detection import ALARM_AT, FRESH, line, mean, statistic, step
from cxagent.latitude.terms import LatitudeTerms
from quality.published import table


def reviews_until_alarm(
    chance: random.Random, rate: float, p0: float, c: float, parts: tuple[float, ...] = FRESH
) -> int:
    """Return how many reviews at a true rate it takes until the alarm."""
    count = 0
    while True:
        count += 1
        parts = step(parts, float(chance.random() < rate), p0)
        if mean(parts) >= c:
            return count


def quiet(chance: random.Random, p0: float, c: float) -> tuple[float, ...] | None:
    """Return the parts after 150 reviews at 1 %, or None after a false alarm."""
    parts = FRESH
    for _ in range(150):
        parts = step(parts, float(chance.random() < 0.01), p0)
        if mean(parts) >= c:
            return None
    return parts


@pytest.mark.parametrize("p0", [0.02, 0.03, 0.05])
def test_a_fresh_detector(p0: float) -> None:
    """Fresh, the mean after 1, 2, 3 errors in a row is 5.25, 46.625 and 447.19, whatever rate is accepted."""
    assert [statistic([1.0] * count, p0)[0] for count in (1, 2, 3)] == pytest.approx([5.25, 46.625, 447.1875])


@pytest.mark.parametrize(
    ("p0", "after_clean", "c", "errors"),
    [(0.03, 20.468072, 200, 2), (0.05, 11.61526, 200, 3), (0.05, 11.61526, 1000, 4), (0.02, 31.533523, 200, 2)],
)
def test_a_seasoned_detector(p0: float, after_clean: float, c: float, errors: int) -> None:
    """After 1,000 clean reviews it stands at its golden value, and alarms after so many errors in a row."""
    seasoned, parts = statistic([0.0] * 1000, p0)
    assert seasoned == pytest.approx(after_clean, abs=1e-5)
    runs = [statistic([1.0] * count, p0, parts)[0] >= c for count in range(1, errors + 1)]
    assert runs == [False] * (errors - 1) + [True]


def test_the_reference_table() -> None:
    """Every golden value of the reference table is met."""
    for key, golden in table("cxagent_detector_golden")["reproduced"].items():
        p0, c = (float(part.split("=")[1]) for part in key.split(","))
        fresh, seasoned = golden["fresh_mean_after_each_error"], golden["mean_after_1000_clean"]
        assert [statistic([1.0] * (n + 1), p0)[0] for n in range(len(fresh))] == pytest.approx(fresh, abs=1e-5)
        mean_then, parts = statistic([0.0] * 1000, p0)
        assert mean_then == pytest.approx(seasoned, abs=1e-5)
        errors = golden["errors_in_a_row_to_alarm_after_1000_clean"]
        assert statistic([1.0] * (errors - 1), p0, parts)[0] < c <= statistic([1.0] * errors, p0, parts)[0]


@pytest.mark.parametrize(("clean", "alarm"), [(0, 6), (1000, 5)])
def test_minor_errors_in_a_row(clean: int, alarm: int) -> None:
    """Minor errors in a row alarm at the sixth fresh, at the fifth after 1,000 clean reviews."""
    means = [statistic([0.0] * clean + [0.25] * count)[0] for count in (alarm - 1, alarm)]
    assert means[0] < ALARM_AT <= means[1]


@pytest.mark.parametrize(
    ("p0", "c", "to", "median", "p90"),
    [
        *[(0.02, 200, 0.10, 20, 50), (0.02, 200, 0.20, 8, 21), (0.03, 200, 0.10, 28, 70), (0.03, 200, 0.20, 12, 26)],
        *[(0.05, 200, 0.10, 50, 128), (0.05, 200, 0.20, 17, 39), (0.05, 1000, 0.20, 29, 60)],
    ],
)
def test_how_soon_a_shift_is_seen(p0: float, c: float, to: float, median: int, p90: int) -> None:
    """After a shift from 1 % the alarm comes as soon as published: median and 90th percentile of 300 runs."""
    chance = random.Random(f"{p0} {c} {to}")
    begun = [parts for _ in range(330) if (parts := quiet(chance, p0, c)) is not None][:300]
    delays = sorted(reviews_until_alarm(chance, to, p0, c, parts) for parts in begun)
    found = delays[len(delays) // 2], delays[len(delays) * 9 // 10]
    assert found[0] == pytest.approx(median, rel=0.2, abs=2)
    assert found[1] == pytest.approx(p90, rel=0.3)


@pytest.mark.parametrize(("p0", "share"), [(0.02, 0.075), (0.03, 0.021), (0.05, 0.002)])
def test_how_seldom_it_alarms_for_nothing(p0: float, share: float) -> None:
    """Within 150 reviews at 1 % false alarms are as rare as published, in 800 runs."""
    chance = random.Random(17)
    false = sum(quiet(chance, p0, 200) is None for _ in range(800)) / 800
    assert false == pytest.approx(share, abs=3 * (share * (1 - share) / 800) ** 0.5 + 0.002)


@pytest.mark.parametrize(("rate", "run"), [(0.02, 713), (0.03, 293)])
def test_the_mean_run_between_false_alarms(rate: float, run: int) -> None:
    """At the accepted rate and below, the mean run is as long as published, and never shorter than promised."""
    chance = random.Random(23)
    found = sum(reviews_until_alarm(chance, rate, 0.03, 200) for _ in range(250)) / 250
    assert found == pytest.approx(run, rel=0.2)
    assert found > 200


@pytest.mark.parametrize("alarm_at", [60, 200, 1000])
@pytest.mark.parametrize("theta", [0.0003, 0.001, 0.005, 0.01, 0.02, 0.05, 0.10, 0.2])
def test_one_error_never_alarms(theta: float, alarm_at: float) -> None:
    """However small the threshold and however long all went well, neither clean reviews nor one error set it off."""
    assert LatitudeTerms(alarm_at=alarm_at).alarm_at == alarm_at
    p0 = detection.ACCEPTED_SHARE * theta
    for clean in (0, 30, 300, 3000, 20_000):
        parts = statistic([0.0] * clean, p0)[1]
        _, then = statistic([1.0], p0, parts)
        assert max(mean(parts), mean(then), statistic([0.0], p0, then)[0]) < line(alarm_at, p0)


def test_a_line_that_one_error_could_cross_is_refused() -> None:
    """Terms under which a single error would demote are no terms."""
    with pytest.raises(ValueError, match="alarm_at"):
        LatitudeTerms(alarm_at=50)


@pytest.mark.parametrize("theta", [0.001, 0.01, 0.03])
def test_a_small_threshold_is_still_watched(theta: float) -> None:
    """Below the usual accepted rate, two errors in a row after a long good run alarm, and five in a row fresh."""
    p0 = detection.ACCEPTED_SHARE * theta
    assert statistic([0.0] * 20_000 + [1.0] * 2, p0)[0] >= line(200, p0)
    assert statistic([1.0] * 5, p0)[0] >= line(200, p0)


def test_the_line_at_the_usual_rate_is_what_was_asked_for() -> None:
    """At an accepted rate of 3 % and above, the alarm stands where the terms put it."""
    assert (line(200, 0.03), line(200, 0.06), line(200, 0.006)) == (200, 200, pytest.approx(1000))


def test_a_long_bad_run_stays_a_number() -> None:
    """Ten thousand errors leave a detector that can still be written down, and that comes down again."""
    _, parts = statistic([1.0] * 10_000)
    assert mean(parts) <= detection.MOST
    assert statistic([0.0] * 5000, start=parts)[0] < ALARM_AT


@pytest.mark.parametrize(("loss", "p0"), [(1.5, 0.03), (-0.1, 0.03), (0.0, 0.0), (0.0, 0.6)])
def test_what_is_no_share_is_refused(loss: float, p0: float) -> None:
    """A loss outside 0 to 1 or an accepted rate of nothing is refused."""
    with pytest.raises(ValueError, match="share"):
        step(FRESH, loss, p0)
