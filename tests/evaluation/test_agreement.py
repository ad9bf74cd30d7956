"""Agreement: published tables of two and of many judges, the paradox of kappa, and the ceiling that people set."""

from typing import Any

import pytest

from cxagent.agreement import ac1_of_many, agreement, alpha, interval, nominal, ordinal, pairwise
from cxagent.domain.vocabulary import ACT
from cxagent.evaluation.scores.agreement import ceiling
from evaluation.marks import case, tables


def units(ratings: list[list[int | None]]) -> list[list[int]]:
    """Turn one row a judge into one list a unit, gaps left out."""
    return [[value for value in unit if value is not None] for unit in zip(*ratings, strict=True)]


@pytest.mark.parametrize("name", ["gwet_3x3_abstractors", "kappa_paradox_125"])
def test_two_judges_as_published(name: str) -> None:
    """AC1, kappa and raw agreement of two judges are the published ones."""
    table = tables()[name]
    found = agreement(table["inputs"]["table"]).model_dump()
    for wanted, ours in {"pa": "raw", "kappa": "kappa", "ac1": "ac1"}.items():
        if wanted in table["published"]:
            assert found[ours] == pytest.approx(table["published"][wanted], abs=0.0001)


def test_weights_as_published() -> None:
    """The quadratic weight forgives a neighbour more than the linear, and that more than none."""
    found = agreement([[50, 6, 1], [4, 25, 3], [0, 2, 9]])
    assert (found.raw, found.kappa, found.kappa_quadratic, found.ac1) == (0.84, 0.7204, 0.8047, 0.7759)
    assert found.kappa is not None and found.kappa_linear is not None and found.kappa_quadratic is not None
    assert found.kappa < found.kappa_linear < found.kappa_quadratic


def test_kappa_may_be_undefined_and_is_never_alone() -> None:
    """Where all is one category kappa says nothing, while raw agreement and AC1 do."""
    found = agreement([[0, 0, 0], [0, 0, 0], [0, 0, 40]])
    assert (found.raw, found.ac1, found.kappa, found.kappa_quadratic) == (1.0, 1.0, None, None)


def test_two_by_two_weights_are_plain_kappa() -> None:
    """With two categories there are no neighbours: all kappas are one."""
    found = agreement([[90, 4], [4, 2]])
    assert (found.raw, found.kappa, found.ac1) == (0.92, 0.2908, 0.9098)
    assert found.kappa == found.kappa_linear == found.kappa_quadratic


def test_many_judges_with_gaps_as_published() -> None:
    """Four judges over twelve units with gaps: agreement and AC1 are the published ones."""
    rows = units(tables()["krippendorff_4x12"]["inputs"]["ratings"])
    wanted = tables()["irrcac_raw4raters"]["published"]
    assert pairwise(rows) == pytest.approx(wanted["pa"], abs=0.00002)
    assert ac1_of_many(rows, range(1, 6)) == pytest.approx(wanted["ac1"], abs=0.00002)


@pytest.mark.parametrize(("kind", "distance"), [("nominal", nominal), ("ordinal", ordinal), ("interval", interval)])
def test_alpha_as_published(kind: str, distance: Any) -> None:
    """Krippendorff's alpha has its published values for names, orders and distances."""
    table = tables()["krippendorff_4x12"]
    assert alpha(units(table["inputs"]["ratings"]), distance) == pytest.approx(table["published"][kind], abs=0.0006)


def test_alpha_of_two_judges_as_published() -> None:
    """Two judges over ten units agree hardly more than chance."""
    table = tables()["krippendorff_2x10"]
    found = alpha(units([table["inputs"]["a"], table["inputs"]["b"]]), nominal)
    assert found == pytest.approx(table["published"], abs=0.0006)


def label(by: str, autonomy: str, **more: Any) -> dict[str, Any]:
    """Return what a person said."""
    return {"by": by, "role": "reviewer", "autonomy": autonomy, **more}


def test_the_ceiling_counts_blind_people_once() -> None:
    """A person's latest blind label counts; who had seen the answer is left out and counted; one label is no pair."""
    cases = [
        case("a", labels=[label("Ann", "act"), label("Bo", "act"), label("Cy", "draft")]),
        case("b", labels=[label("Ann", "draft", at="2027-01-02T00:00:00Z"), label("Bo", "act")]),
        case("c", labels=[label("Ann", "act"), label("Bo", "act", blind=False)]),
        case(
            "d",
            labels=[label("Ann", "draft", at="2027-01-01T00:00:00Z"), label("Ann", "act", at="2027-01-02T00:00:00Z")],
        ),
    ]
    found = ceiling(cases, {"a": ACT, "b": ACT, "c": ACT})
    assert (found.cases, found.people, found.raw, found.left_out_not_blind) == (2, 3, round((1 / 3 + 0) / 2, 4), 1)
    assert found.agent_with_one_person == round((2 / 3 + 1 / 2) / 2, 4)


def test_no_second_opinion_sets_no_ceiling() -> None:
    """Without two labels on a case there is no ceiling, rather than one of 100 %."""
    found = ceiling([case("a", labels=[label("Ann", "act")]), case("b")], {})
    assert (found.cases, found.raw, found.ac1, found.alpha, found.agent_with_one_person) == (0, None, None, None, None)
