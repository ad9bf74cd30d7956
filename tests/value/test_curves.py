"""Observed survival and hazards against the textbook: Kaplan-Meier, the log-rank test and Cox's regression."""

import csv
import importlib.util
from pathlib import Path

import pytest

from cxagent.errors import BadInput
from cxagent.lifetime.cox import Course, Ties, proportional
from cxagent.lifetime.curves import Stay, kaplan_meier, log_rank, observed_curve
from cxagent.lifetime.fitting import Renewals, of_cohort

_WEEKS = (6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35)
_RELAPSED = (1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0)
TREATED = tuple(Stay(week, bool(out)) for week, out in zip(_WEEKS, _RELAPSED, strict=True))
PLACEBO = tuple(Stay(week, True) for week in (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23))


def test_the_curve_of_freireich() -> None:
    """The 6-MP arm of Freireich (1963) has the textbook's survival and errors at each of its seven times."""
    steps = kaplan_meier(TREATED)
    assert [step.time for step in steps] == [6, 7, 10, 13, 16, 22, 23]
    survival = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    errors = [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert [step.survival for step in steps] == pytest.approx(survival, abs=2e-4)
    assert [step.error for step in steps] == pytest.approx(errors, abs=2e-4)


def test_the_band_stays_a_share() -> None:
    """The interval lies around the curve and between 0 and 1, to the last account that leaves."""
    steps = kaplan_meier((*TREATED, Stay(40, True)))
    assert all(0 <= step.low <= step.survival <= step.high <= 1 for step in steps)
    assert (steps[-1].survival, steps[-1].there) == (0, 1)


def test_the_observed_curve_of_a_cohort_is_its_shares() -> None:
    """Without late comers the curve over renewals is the share that is active; late comers count from their term on."""
    active = (200, 172, 153, 140, 131)
    assert [step.survival for step in observed_curve(of_cohort(active))] == pytest.approx([n / 200 for n in active[1:]])
    late = observed_curve((*of_cohort((10, 8)), Renewals(number=2, renewed=30, lost=10)))
    assert [step.survival for step in late] == pytest.approx([0.8, 0.6])


def test_the_log_rank_of_freireich() -> None:
    """Treated and untreated differ by the textbook's chi squared of 16.79, in either order."""
    found, turned = log_rank(TREATED, PLACEBO), log_rank(PLACEBO, TREATED)
    assert found.chi_squared == pytest.approx(16.79, abs=0.005) == turned.chi_squared
    assert (found.observed, turned.observed) == (9, 21)
    assert found.expected + turned.expected == pytest.approx(30)
    assert found.p_value == pytest.approx(4.17e-5, rel=0.01)


def test_groups_that_never_met_are_not_compared() -> None:
    """Where nobody left while both groups were there, the test is refused."""
    with pytest.raises(BadInput, match="cannot be compared"):
        log_rank((Stay(1, False),), (Stay(2, True), Stay(3, True)))


@pytest.mark.parametrize(("ties", "expected"), [(Ties.EFRON, -1.5721), (Ties.BRESLOW, -1.5092)])
def test_the_hazards_of_freireich(ties: Ties, expected: float) -> None:
    """The treatment's log hazard ratio is the one of R's coxph, under either treatment of ties."""
    courses = [Course(*stay, (1.0,)) for stay in TREATED] + [Course(*stay, (0.0,)) for stay in PLACEBO]
    assert proportional(courses, ties).coefficients[0] == pytest.approx(expected, abs=2e-4)


def test_the_hazards_of_rossi() -> None:
    """Seven covariates of 432 released prisoners have the published effects, errors and likelihood ratio."""
    spec = importlib.util.find_spec("lifelines")
    if spec is None or spec.origin is None:
        pytest.skip("lifelines, which ships the data of Rossi, is not installed")
    with (Path(spec.origin).parent / "datasets" / "rossi.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = ("fin", "age", "race", "wexp", "mar", "paro", "prio")
    found = proportional(
        Course(float(row["week"]), row["arrest"] == "1", tuple(float(row[name]) for name in names)) for row in rows
    )
    assert len(rows) == 432 and sum(row["arrest"] == "1" for row in rows) == 114
    effects = [-0.3794, -0.0574, 0.3139, -0.1498, -0.4337, -0.0849, 0.0915]
    assert list(found.coefficients) == pytest.approx(effects, abs=1e-4)
    assert [found.errors[i] for i in (0, 1, 6)] == pytest.approx([0.1914, 0.0220, 0.0286], abs=1e-4)
    assert found.likelihood_ratio == pytest.approx(33.27, abs=0.005)


@pytest.mark.parametrize(
    "courses",
    [
        [],
        [Course(1, False, (1.0,)), Course(2, False, (0.0,))],
        [Course(week, week < 5, (float(week < 5),)) for week in range(1, 9)],
        [Course(1, True, (1.0,)), Course(2, True, (0.0, 1.0))],
    ],
    ids=["nobody", "nobody left", "all leavers told apart", "covariates differ"],
)
def test_hazards_without_a_top_are_refused(courses: list[Course]) -> None:
    """Nobody, nobody who left, a covariate that tells all leavers apart: each is refused in a sentence."""
    with pytest.raises(BadInput, match="hazards"):
        proportional(courses)
