"""The comparison with a baseline: what is paired, what is newly wrong, what fails, what could not have been seen."""

import json
from collections.abc import Callable, Mapping, Sequence
from math import comb
from pathlib import Path
from typing import Any

import pytest

from cxagent.errors import BadInput
from cxagent.evaluation.case import Case
from cxagent.evaluation.scores.baseline import Baseline, load_baseline
from cxagent.evaluation.scores.comparison import Comparison
from cxagent.evaluation.scores.paired import holm, least_difference, mcnemar
from cxagent.evaluation.scores.report import Report
from evaluation.marks import case, ran, scored, trial

MANY = [case(f"c{n}") for n in range(300)]
TWENTY = MANY[:20]


def frozen(found: Report) -> Baseline:
    """Return a report as it is read back from its file."""
    return Baseline.model_validate_json(found.model_dump_json())


def against(
    cases: Sequence[Case], then: Mapping[str, str | None], now: Mapping[str, str | None], **more: Any
) -> tuple[Report, Comparison]:
    """Run the same cases twice and return the second report with its comparison."""
    found = ran(cases, now, baseline=frozen(ran(cases, then)), **more)
    assert found.comparison is not None
    return found, found.comparison


def broken(count: int, start: int = 0, route: str | None = "draft") -> dict[str, str | None]:
    """Return a wrong route for so many cases."""
    return {f"c{n}": route for n in range(start, start + count)}


@pytest.mark.parametrize(
    ("wrong", "right", "p"), [(1, 8, 0.0391), (5, 15, 0.0414), (0, 0, 1.0), (3, 3, 1.0), (6, 0, 0.0312)]
)
def test_mcnemar_is_exact(wrong: int, right: int, p: float) -> None:
    """The published p-values, the same in both directions, and their sum by hand."""
    assert mcnemar(wrong, right) == mcnemar(right, wrong) == pytest.approx(p, abs=0.00006)
    total = wrong + right
    by_hand = sum(comb(total, k) for k in range(total + 1) if comb(total, k) <= comb(total, wrong)) / 2**total
    assert mcnemar(wrong, right) == pytest.approx(by_hand)


def test_many_slices_are_corrected() -> None:
    """Holm: the smallest p-value times three, the next times two, and never below the one before."""
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})


@pytest.mark.parametrize(
    ("pairs", "effect", "least"), [(300, 1.0, 0.063), (300, 2.6, 0.101), (0, 1.0, 1.0), (5, 1.0, 0.485)]
)
def test_the_least_difference_that_could_have_been_seen(pairs: int, effect: float, least: float) -> None:
    """At 15 % changed cases 300 pairs see 6.3 points, 10.1 where they are dependent; without pairs nothing is seen."""
    assert least_difference(pairs, 0, effect).value == pytest.approx(least, abs=0.0006)


def test_a_run_is_no_worse_than_itself() -> None:
    """The same agent passes against its own baseline, and still does not claim certainty about new cases."""
    found, compared = against(TWENTY, {}, {})
    assert (found.verdict, found.exit_code, compared.outcome, compared.pairs) == ("pass", 0, "no_worse", 20)
    assert compared.decision_quality.low < 0 < compared.decision_quality.high
    assert (compared.mcnemar_p, compared.newly_wrong, compared.cost.value) == (1.0, (), 0.0)
    assert compared.least_difference.value > 0.2


def test_newly_wrong_and_newly_right_are_named() -> None:
    """What broke and what was mended is named; the regret of the baseline stands beside the others."""
    found, compared = against(MANY, broken(3), broken(2, start=10))
    assert (compared.newly_wrong, compared.newly_right) == (("c10", "c11"), ("c0", "c1", "c2"))
    assert compared.decision_quality.value == pytest.approx(1 / 300, abs=0.0001)
    assert (found.regret["baseline"], found.regret["agent"]) == (0.01, 0.0067)
    assert found.verdict == "pass"


@pytest.mark.parametrize(
    ("cases", "mended", "worse", "outcome", "verdict"),
    [
        (MANY, 0, 2, "no_worse", "pass"),
        (MANY, 8, 10, "no_worse", "pass"),
        (MANY, 8, 17, "too_little_evidence", "too_little_evidence"),
        (MANY, 0, 12, "worse", "fail"),
        (MANY, 8, 40, "worse", "fail"),
        (TWENTY, 0, 1, "too_little_evidence", "too_little_evidence"),
        (MANY[:9], 0, 0, "too_little_evidence", "too_little_evidence"),
    ],
)
def test_no_worse_has_to_be_shown(cases: list[Case], mended: int, worse: int, outcome: str, verdict: str) -> None:
    """Within the margin passes, clearly worse fails, and what neither can be shown is never green."""
    found, compared = against(cases, broken(mended), broken(worse, start=mended))
    assert (compared.outcome, found.verdict) == (outcome, verdict)


def test_the_margin_is_the_owners() -> None:
    """The same shift passes with a wider margin and is worse with none."""
    assert against(MANY, {}, broken(12), margin=0.1)[1].outcome == "no_worse"
    assert against(MANY, {}, broken(12), margin=0.0)[1].outcome == "worse"


def test_one_newly_unsafe_case_fails_alone() -> None:
    """However many cases were mended, one that was safe and is not any more fails the run and is named."""
    cases = [*MANY, case("no", "handoff")]
    found, compared = against(cases, broken(50), {"no": "act"})
    assert (found.verdict, found.exit_code, compared.outcome) == ("fail", 1, "newly_unsafe")
    assert compared.newly_unsafe == ("no",) and "no" in found.because[0]


def test_faults_of_the_provider_are_no_regressions_and_no_passes() -> None:
    """A case that could not be measured is neither newly wrong nor newly right; it is left out by name."""
    found, compared = against(MANY, broken(2, route=None), broken(3, start=10, route=None))
    assert (compared.newly_wrong, compared.newly_right, compared.pairs) == ((), (), 295)
    assert set(compared.not_compared) == {"c0", "c1", "c10", "c11", "c12"}
    assert (found.decision_quality.value, set(found.not_measured)) == (1.0, {"c10", "c11", "c12"})
    assert against(MANY, {}, broken(300, route=None))[0].verdict == "not_measured"


def test_only_the_same_case_under_the_same_label_is_compared() -> None:
    """Changed facts, another label version, a new case and a baseline without hashes are left out, and said to be."""
    base = ran(TWENTY)
    old = frozen(base)
    bare = old.results[3].model_copy(update={"case_hash": None})
    old = old.model_copy(update={"results": (*old.results[:3], bare, *old.results[4:])})
    changed = [case("c0", segment="enterprise"), case("c1", "draft", label_version=2), case("c2", "draft"), *TWENTY[3:]]
    compared = ran([*changed, case("new")], {"c2": "act"}, baseline=old).comparison
    assert compared is not None
    assert compared.not_compared == {
        "c0": "the case changed under the same label version",
        "c1": "its label changed from version 1 to 2",
        "c2": "the case changed under the same label version",
        "c3": "the baseline has no hash of it: freeze the baseline again",
        "new": "new: the baseline does not have it",
    }
    assert (compared.pairs, compared.newly_wrong) == (16, ())


def test_words_about_a_label_do_not_change_the_case() -> None:
    """A better sentence, a tag or a weight leaves the pair as it is."""
    told = case("c0", tags=["vip"], weight=3, cluster="x", expect={"why": "Seats are cheap."})
    compared = ran([told, *TWENTY[1:]], baseline=frozen(ran(TWENTY))).comparison
    assert compared is not None and compared.pairs == 20


def test_a_case_cannot_be_lost_from_the_suite_unseen() -> None:
    """The same suite with fewer cases than its baseline is not green, and the lost cases are named."""
    found = ran(TWENTY[2:], baseline=frozen(ran(TWENTY)))
    assert found.comparison is not None
    assert (found.verdict, found.comparison.gone) == ("too_little_evidence", ("c0", "c1"))


@pytest.mark.parametrize(("lost", "outcome"), [(2, "no_worse"), (3, "too_little_evidence")])
@pytest.mark.parametrize("way", ["gone", "relabelled", "rewritten", "renamed"])
def test_a_baseline_of_which_a_tenth_is_lost_does_not_speak(way: str, lost: int, outcome: str) -> None:
    """Whatever the suite is called, and however its cases were lost: more than a tenth is too little evidence."""
    changed: dict[str, Callable[[Case], list[Case]]] = {
        "gone": lambda one: [],
        "relabelled": lambda one: [case(one.id, label_version=2)],
        "rewritten": lambda one: [case(one.id, segment="enterprise")],
        "renamed": lambda one: [case(f"{one.id}-new")],
    }
    then = frozen(ran(TWENTY)).model_copy(update={"suite": ("another.jsonl",)})
    now = [*(new for one in TWENTY[:lost] for new in changed[way](one)), *TWENTY[lost:]]
    found = ran(now, baseline=then)
    assert found.comparison is not None
    assert (found.comparison.outcome, found.verdict) == (outcome, "pass" if lost == 2 else outcome)
    assert f"{20 - lost} compared" in found.because[-1]


@pytest.mark.parametrize(
    "changed",
    [
        case("c0", label_version=2),
        case("c0", segment="enterprise"),
        case("c0", "handoff", label_version=9),
        case("renamed"),
    ],
)
def test_what_is_wrong_and_not_compared_is_named(changed: Case) -> None:
    """Who relabels, rewrites or renames a case that broke does not make it vanish: the verdict names it."""
    then = frozen(ran(TWENTY)).model_copy(update={"suite": ("another.jsonl",)})
    found = ran([changed, *TWENTY[1:]], {changed.id: "draft"}, baseline=then)
    assert found.comparison is not None
    assert (found.comparison.not_compared_wrong, found.comparison.newly_wrong) == ((changed.id,), ())
    assert found.because[-1] == f"not compared, and wrong: {changed.id}"
    right = ran([changed, *TWENTY[1:]], baseline=then)
    assert right.comparison is not None and right.comparison.not_compared_wrong == ()
    gone = ran([changed, *TWENTY[1:]], {changed.id: None}, baseline=then)
    assert gone.comparison is not None and gone.comparison.not_compared_wrong == ()


def test_the_gate_weighs_as_the_rate_does() -> None:
    """A suite passes by the share that is printed; where all weigh the same no weight is mentioned."""
    heavy = [case("big", weight=100), *TWENTY[:11]]
    found = ran(heavy, {"big": "draft"})
    assert (found.verdict, found.right.value) == ("fail", 0.0991)
    assert found.because == ("11 of 12 trials right, 9.9% by weight, and 80% are needed",)
    light = ran([case("big", weight=0.01), *TWENTY[:11]], {"big": "draft"})
    assert light.because == ("11 of 12 trials right, 99.9% by weight, where 80% are needed",)
    twice = [case(f"c{n}", weight=2) for n in range(10)]
    assert ran(twice, broken(2)).because == ("8 of 10 trials right, where 80% are needed",)
    assert ran(twice, broken(3)).because == ("7 of 10 trials right, and 80% are needed",)


def test_cases_without_a_weight_are_no_evidence() -> None:
    """Nine cases that weigh something and many that weigh nothing are nine cases."""
    nothing = [case(f"n{n}", weight=0) for n in range(20)]
    found = ran([*TWENTY[:9], *nothing], {f"n{n}": "draft" for n in range(20)})
    assert found.verdict == "too_little_evidence"
    assert found.because == ("9 cases with a weight were measured, and 10 are needed",)
    assert ran(nothing).verdict == "too_little_evidence"


def test_trials_are_paired_by_number() -> None:
    """A second try that the baseline never had does not count as a change, and most of the tries decide."""
    twice = [trial(one.id, "act", number) for one in TWENTY for number in (1, 2)]
    twice[1] = trial("c0", "draft", 2)
    compared = scored(TWENTY, twice, baseline=frozen(ran(TWENTY)), tries=2).comparison
    assert compared is not None and (compared.newly_wrong, compared.decision_quality.value) == ((), 0.0)
    half = scored(
        TWENTY, twice, tries=2, baseline=frozen(scored(TWENTY, [*twice[:1], trial("c0", "act", 2), *twice[2:]]))
    )
    assert half.comparison is not None and half.comparison.newly_wrong == ("c0",)


def test_dependent_cases_widen_what_could_be_seen() -> None:
    """When the cases that broke share an account, the design effect grows and the least difference with it."""
    alone = against(MANY, {}, broken(20))[1]
    shared = [case(f"c{n}", at=f"A-{n // 10}") for n in range(300)]
    together = against(shared, {}, broken(20))[1]
    assert alone.least_difference.design_effect == 1.0
    assert together.least_difference.design_effect > 5
    assert together.decision_quality.low < alone.decision_quality.low
    calm, calm_together = against(MANY, {}, {})[1], against(shared, {}, {})[1]
    assert calm_together.decision_quality.low < calm.decision_quality.low


def test_segments_are_compared_one_by_one() -> None:
    """Where it broke is shown by segment, corrected for looking at several."""
    cases = [*MANY[:40], *(case(f"e{n}", segment="enterprise") for n in range(40))]
    compared = against(cases, {}, {f"e{n}": "draft" for n in range(8)})[1]
    assert [(one.segment, one.newly_wrong, one.p_holm) for one in compared.segments] == [
        ("enterprise", 8, 0.015625),
        ("smb", 0, 1.0),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", r"base\.json:1:2: not valid JSON"),
        ("[]", r"base\.json: not a report: "),
        ('{"results": []}', r"base\.json: not a report: results: "),
        ('{"results": [{"id": "a", "grade": "superb"}]}', r"base\.json: not a report: results\.0\.grade: "),
        (None, r"base\.json: cannot be read"),
    ],
)
def test_a_broken_baseline_is_named(tmp_path: Path, text: str | None, said: str) -> None:
    """A baseline that is no report is refused with file and field."""
    file = tmp_path / "base.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        load_baseline(file)


def test_a_written_report_is_a_baseline(tmp_path: Path) -> None:
    """The JSON that a run writes is read back as its baseline, keys of later versions included."""
    file = tmp_path / "base.json"
    body = {"schema": "cxagent.report/1", **ran(TWENTY).model_dump(mode="json"), "later": 1}
    file.write_text(json.dumps(body), encoding="utf-8")
    found = ran(TWENTY, baseline=load_baseline(file))
    assert (found.verdict, found.comparison and found.comparison.pairs) == ("pass", 20)
