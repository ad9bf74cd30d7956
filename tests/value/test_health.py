"""Health: a calibrated chance of not renewing, fitted and judged on invented accounts whose true chance is known."""

import math
from collections.abc import Sequence
from datetime import date
from random import Random

import pytest

from cxagent.errors import BadInput
from cxagent.lifetime.calibration import Calibration, evaluate
from cxagent.lifetime.hazard import Renewal, fit_health
from cxagent.lifetime.health import Effect, Feature, HealthBasis, HealthModel, Lead, known_at
from tests.value.simulated_cohorts import BASE, RENEWAL, Patient, patients

MOOD = Feature(name="mood", sign=-1, step=2.0)
USAGE = Feature(name="usage", sign=-1, step=0.05)
COMPLAINTS = Feature(name="complaints", sign=1)
CANDIDATES = (MOOD, USAGE, COMPLAINTS)


def known(patient: Patient, lead: Lead) -> dict[str, float | None]:
    """Return what was known of an account at the lead."""
    histories = {"mood": patient.mood, "usage": patient.usage, "complaints": patient.complaints}
    return {name: known_at(history, patient.renewal, lead) for name, history in histories.items()}


def model_of(them: Sequence[Patient], lead: Lead = 90, candidates: Sequence[Feature] = CANDIDATES) -> HealthModel:
    """Return the health model of what was known of accounts at the lead."""
    rows = []
    for one in them:
        values = known(one, lead)
        rows.append(Renewal(tuple(values[feature.name] for feature in candidates), BASE, int(one.left)))
    return fit_health(rows, candidates, lead)


def judged(model: HealthModel, them: Sequence[Patient]) -> Calibration:
    """Return how good the model's chances of other accounts are."""
    told = [model.chance(known(one, model.lead_days), BASE).chance.median for one in them]
    return evaluate(told, [one.left for one in them], [one.dollars for one in them])


def ceiling(them: Sequence[Patient]) -> float:
    """Return the discrimination of somebody who knows every account's true chance."""
    auc = evaluate([one.chance for one in them], [one.left for one in them], [1.0] * len(them)).auc
    assert auc is not None
    return auc


@pytest.mark.parametrize("lead", [90, 180])
def test_chances_are_calibrated_on_accounts_never_seen(lead: Lead) -> None:
    """At both leads slope and intercept are near 1 and 0, and the ranking comes close to the oracle's ceiling."""
    model, others = model_of(patients(Random(1), 2_000), lead), patients(Random(2), 2_000)
    found, best = judged(model, others), ceiling(others)
    assert model.basis is HealthBasis.OWN and [one.feature for one in model.effects] == list(CANDIDATES)
    assert found.slope == pytest.approx(1, abs=0.15)
    assert found.intercept == pytest.approx(0, abs=0.15)
    assert best - 0.02 < found.auc <= best + 0.005
    assert found.brier < BASE * (1 - BASE) and found.top_decile > 0.2


def test_what_came_after_the_lead_changes_nothing() -> None:
    """A model sees what was known 90 days before; the collapse that follows would make any forecast look brilliant."""
    them = patients(Random(4), 600)
    late = [
        one._replace(mood=[(day, 50.0 if (one.renewal - day).days < 90 else mood) for day, mood in one.mood])
        for one in them
    ]
    assert model_of(them) == model_of(late)
    cheating = [(one.mood[-1][1], one.left) for one in them]
    auc = evaluate([1 - mood / 200 for mood, _ in cheating], [left for _, left in cheating], [1.0] * len(them)).auc
    assert auc > ceiling(them) + 0.05


@pytest.mark.parametrize(("lead", "expected"), [(90, 3.0), (180, 2.0)])
def test_the_latest_value_at_the_lead_counts(lead: Lead, expected: float) -> None:
    """The value of the day itself is known, a later one is not, and before the first nothing is."""
    history = [(date(2026, 8, 4), 4.0), (date(2026, 8, 3), 3.0), (date(2026, 5, 5), 2.0)]
    assert known_at(history, RENEWAL, lead) == expected
    assert known_at(history[:1], RENEWAL, lead) is None


def test_accounts_that_leave_for_no_reason_stay_quiet() -> None:
    """Where nothing that is recorded tells who leaves, chances stay near the base and rank no better than a coin."""
    model, others = model_of(patients(Random(5), 1_500, telling=False)), patients(Random(6), 1_500, telling=False)
    told = [model.chance(known(one, 90), BASE).chance.median for one in others]
    assert max(told) < 1.8 * BASE and min(told) > BASE / 1.8
    assert judged(model, others).auc == pytest.approx(0.5, abs=0.04)


def test_chances_average_to_their_bases() -> None:
    """Health tells who leaves and the base how many, so over the renewals at hand the chances average to the base."""
    them = patients(Random(7), 2_000, unknown_usage=0.3)
    model = model_of(them)
    told = [model.chance(known(one, 90), BASE).chance.median for one in them]
    assert sum(told) / len(told) == pytest.approx(BASE, abs=0.001)


def test_intervals_hold_the_true_chance() -> None:
    """Over 30 small segments, a fifth of the usage unknown, nine intervals in ten hold the account's true chance."""
    held = []
    for seed in range(30):
        model = model_of(patients(Random(seed), 250, unknown_usage=0.2))
        for one in patients(Random(1_000 + seed), 60, unknown_usage=0.2):
            interval = model.chance(known(one, 90), BASE).chance
            held.append(interval.low <= one.chance <= interval.high)
    assert 0.85 < sum(held) / len(held) < 0.97


def test_what_is_missing_is_named_and_widens() -> None:
    """An account of which less is known has a wider interval and the missing named; of nothing known, a ratio of 1."""
    model = model_of(patients(Random(8), 2_000))
    full, part, none = (
        model.chance(given, 0.2)
        for given in ({"mood": 75.0, "usage": 0.0, "complaints": 0.0}, {"mood": 75.0, "complaints": 0.0}, {})
    )
    assert (full.missing, part.missing, none.missing) == ((), ("usage",), ("mood", "usage", "complaints"))
    reach = [math.log(one.hazard_ratio.high / one.hazard_ratio.low) for one in (full, part, none)]
    assert reach[0] < reach[1] < reach[2]
    assert (none.hazard_ratio.median, none.chance.median, none.contributions) == (1.0, pytest.approx(0.2), ())


def test_a_chance_names_its_causes() -> None:
    """Contributions add up to the log odds of the ratio, the largest first; points are the chance without the cause."""
    model = model_of(patients(Random(9), 2_000))
    found = model.chance({"mood": 45.0, "usage": -0.1, "complaints": 1.0}, 0.15)
    cause = found.contributions[0]
    without = found.hazard_ratio.median * math.exp(-cause.log_odds) * 0.15 / 0.85
    assert (cause.feature, cause.points) == ("mood", pytest.approx(found.chance.median - without / (1 + without)))
    assert sum(one.log_odds for one in found.contributions) == pytest.approx(math.log(found.hazard_ratio.median))
    assert found.hazard_ratio == model.hazard_ratio({"mood": 45.0, "usage": -0.1, "complaints": 1.0})
    odds = found.hazard_ratio.median * 0.15 / 0.85
    assert found.chance.median == pytest.approx(odds / (1 + odds))
    assert found.score == pytest.approx(100 * (1 - found.chance.median))


def test_a_feature_of_the_wrong_sign_has_no_effect() -> None:
    """No account looks safer for its complaints: an effect against its sign is left out and named."""
    model = model_of(patients(Random(1), 2_000), candidates=(MOOD, COMPLAINTS.model_copy(update={"sign": -1})))
    assert [one.feature.name for one in model.effects] == ["mood"]
    assert model.left_out == {"complaints": "its effect had the wrong sign"}


@pytest.mark.parametrize(("lost", "kept"), [(9, 0), (10, 1), (19, 1), (29, 2), (30, 3)])
def test_each_feature_needs_ten_that_were_lost(lost: int, kept: int) -> None:
    """The candidates are taken in their order, one for every ten non-renewals; the rest says what it needs."""
    them = patients(Random(12), 1_000)
    chosen = [one for one in them if one.left][:lost] + [one for one in them if not one.left][:200]
    model = model_of(chosen)
    assert [one.feature for one in model.effects] == list(CANDIDATES[:kept])
    assert list(model.left_out) == [one.name for one in CANDIDATES[kept:]]
    assert all(f"there are {lost}" in reason for reason in model.left_out.values())


@pytest.mark.parametrize("rows", [[], [Renewal((60.0, 0.1, 0.0), 0.1, 1, 5), Renewal((70.0, 0.0, 1.0), 0.1, 0, 5)]])
def test_no_renewals_no_model(rows: list[Renewal]) -> None:
    """With too few non-renewals the ratio is 1, marked as no model, with the prior's own width."""
    model = fit_health(rows, CANDIDATES, 90)
    found = model.chance({"mood": 10.0}, 0.1)
    assert (found.basis.value, found.hazard_ratio.median) == ("no model: too few non-renewals", 1.0)
    assert found.chance.low < 0.06 < found.chance.median < 0.16 < found.chance.high
    assert HealthModel.model_validate_json(model.model_dump_json()) == model


def test_what_is_seldom_known_or_never_varies_is_left_out() -> None:
    """A feature known at under half of the renewals, or always the same, is no candidate and says why."""
    rows = [Renewal((60.0 + i % 20, 0.1 if i % 3 == 0 else None, 1.0), 0.2, int(i % 5 == 0)) for i in range(300)]
    model = fit_health(rows, CANDIDATES, 90)
    assert model.left_out["usage"] == "known at 100 of 300 renewals"
    assert model.left_out["complaints"] == "does not vary"


def test_renewals_given_together_count_the_same() -> None:
    """Renewals of which the same was known give the same model one by one and as counts."""
    cells = [Renewal((mood, usage, 0.0), 0.1, lost, 40) for mood, usage, lost in ((50.0, 0.1, 10), (70.0, 0.0, 4))]
    single = [cell._replace(lost=int(i < cell.lost), seen=1) for cell in cells for i in range(cell.seen)]
    halves = [cell._replace(lost=cell.lost // 2, seen=20) for cell in (*cells, *cells)]
    assert fit_health(cells, CANDIDATES, 90) == fit_health(single, CANDIDATES, 90) == fit_health(halves, CANDIDATES, 90)
    assert fit_health(cells, CANDIDATES, 90).basis is HealthBasis.OWN


def test_a_value_beyond_all_seen_is_judged_as_the_farthest() -> None:
    """No account is extrapolated: a mood far below any other counts as the lowest that was seen."""
    model = model_of(patients(Random(1), 500))
    lowest = next(one.low for one in model.effects if one.feature.name == "mood")
    assert model.hazard_ratio({"mood": -1e6}) == model.hazard_ratio({"mood": lowest})


@pytest.mark.parametrize(
    ("told", "lost", "dollars", "expected"),
    [
        ([0.9, 0.1], [True, False], [10.0, 10.0], (0.01, 1.0, 0.2)),
        ([0.2, 0.2], [True, False], [10.0, 10.0], (0.34, 0.5, 0.1)),
        ([0.3] * 9 + [0.6], [True] + [False] * 8 + [True], [1.0] * 9 + [3.0], (0.137, 0.75, 0.75)),
        ([0.2, 0.3], [False, False], [1.0, 1.0], (0.065, None, None)),
    ],
)
def test_chances_are_judged_by_hand_reckoned_figures(
    told: list[float], lost: list[bool], dollars: list[float], expected: tuple[float | None, ...]
) -> None:
    """Brier, discrimination and dollars in the top tenth of cases that can be reckoned by hand; ties count as half."""
    found = evaluate(told, lost, dollars)
    assert (found.brier, found.auc, found.top_decile) == pytest.approx(expected)


def test_slope_and_intercept_see_what_is_wrong() -> None:
    """Chances twice as bold have a slope of a half, and chances twice as high an intercept below 0."""
    odds = [-3 + 0.001 * i for i in range(4_000)]
    rng = Random(2)
    lost = [rng.random() < 1 / (1 + math.exp(-x)) for x in odds]
    bold = evaluate([1 / (1 + math.exp(-2 * x)) for x in odds], lost, odds)
    high = evaluate([1 / (1 + math.exp(-x - 0.7)) for x in odds], lost, odds)
    assert bold.slope == pytest.approx(0.5, abs=0.04)
    assert (high.slope, high.intercept) == pytest.approx((1, -0.7), abs=0.1)


def test_bad_input_says_what_and_where() -> None:
    """A value that is no number, a base that is no chance and lists of unequal length are refused in a sentence."""
    model = model_of(patients(Random(1), 300))
    with pytest.raises(BadInput, match="mood: nan is no number"):
        model.hazard_ratio({"mood": math.nan})
    with pytest.raises(BadInput, match="lies not between 0 and 1"):
        model.chance({}, 1.0)
    with pytest.raises(BadInput, match="is not 3 numbers"):
        fit_health([Renewal((1.0,), 0.1, 0)], CANDIDATES, 90)
    with pytest.raises(BadInput, match="as many as each other"):
        evaluate([0.1], [True, False], [1.0])


def test_the_middle_alone_is_the_median_of_the_whole() -> None:
    """What values whole portfolios quickly says the same as the interval's median, with unknown features too."""
    effect = Effect(feature=Feature(name="health", sign=-1), mean=70, sd=10, low=20, high=95, weight=-0.04, level=0.01)
    model = HealthModel(
        lead_days=90,
        renewals=9,
        lost=3,
        effects=(effect,),
        covariance=((0.1,),),
        left_out={},
        unexplained=0.0,
        basis=HealthBasis.OWN,
    )
    for features in ({"health": 40.0}, {"health": None}, {"health": 120.0}, {}):
        assert model.middle(features) == pytest.approx(model.hazard_ratio(features).median)
