"""`pytest evals/`: every case is a test, a failure is told in words, and nothing unmeasured is ever green."""

import json
import shutil
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from proofs import carry_proofs

from cxagent.evaluation import replay, running
from cxagent.evaluation.case import Case
from cxagent.evaluation.frame import case_hash
from cxagent.evaluation.plugin import is_suite
from cxagent.evaluation.trial import Step
from evaluation.marks import case, trial

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
ENTRY = "cxagent.evaluation.plugin"
# Where the package is installed its entry point is found; naming the plugin as well would register it twice.
PLUGIN = () if entry_points(group="pytest11", name="cxagent") else ("-p", ENTRY)
HEAVY = ("langgraph", "sqlalchemy", "pydantic", "yaml", "cxagent.playbook")
assert running  # imported here, so that no run inside of this process imports it and lets go of it again


class Fake:
    """Replays nothing: a case takes the route of a table, or the one that is wanted."""

    routes: Mapping[str, Any]

    def __init__(self, order: Any) -> None:
        self.order = order

    def one(self, given: Case, number: int = 1) -> Any:
        """Return a trial as the table says it."""
        told = self.routes.get(given.id, given.expect.autonomy.value)
        if told == "warns":
            warnings.warn("this is going to change", FutureWarning, stacklevel=1)
            told = "act"
        more = told if isinstance(told, dict) else {"route": told}
        return trial(given.id, more.get("route"), number, **{key: more[key] for key in more if key != "route"})

    def close(self) -> None:
        """Hold nothing."""


@pytest.fixture
def home(pytester: pytest.Pytester) -> Path:
    """Return a project with a folder for suites, in which pytest is run."""
    for folder in ("graphs", "tools"):
        shutil.copytree(ROOT / folder, pytester.path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    carry_proofs(pytester.path)
    (pytester.path / "evals").mkdir()
    return pytester.path


@pytest.fixture
def routes(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let cases take the routes of a table, instead of being replayed."""
    monkeypatch.setattr(replay, "Replay", Fake)
    Fake.routes = table = {}
    return table


def suite(home: Path, cases: Iterable[Case], name: str = "suite.jsonl") -> None:
    """Write a suite."""
    lines = [one.model_dump_json(by_alias=True, exclude_defaults=True) for one in cases]
    (home / "evals" / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def baseline(home: Path, cases: Iterable[Case], grades: Mapping[str, str]) -> None:
    """Write a baseline in which cases have these grades."""
    results = [
        {"id": one.id, "grade": grades.get(one.id, "exact"), "case_hash": case_hash(one), "label_version": 1}
        for one in cases
    ]
    whole = {"suite": ["evals/suite.jsonl"], "results": results}
    (home / "evals" / "baseline.json").write_text(json.dumps(whole), encoding="utf-8")


def ran(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    """Run pytest over the suites, in this process."""
    return pytester.runpytest_inprocess(*PLUGIN, "-p", "no:randomly", "-p", "no:cacheprovider", *args)


def enough(*more: Case) -> list[Case]:
    """Return ten cases, those that are given among them."""
    return [*more, *(case(f"c{number}") for number in range(10 - len(more)))]


# ---- the real thing -------------------------------------------------------------------------------------------------


def reference(wanted: str, count: int) -> list[dict[str, Any]]:
    """Return cases of the reference suite with this label."""
    lines = (ROOT / "evals" / "archetypes.jsonl").read_text(encoding="utf-8").splitlines()
    return [one for one in map(json.loads, lines) if one["expect"]["autonomy"] == wanted][:count]


def test_real_cases_in_two_workers_fail_in_words_and_are_summed_up_once(
    home: Path, pytester: pytest.Pytester, tmp_path: Path
) -> None:
    """What pytest-xdist's workers replay is one summary; the wrong one tells its whole story without a traceback."""
    rows = [*reference("act", 2), *reference("draft", 1)]
    rows[0]["expect"] |= {"autonomy": "draft", "why": "A person looks at this one.", "accept": []}
    text = "\n".join(map(json.dumps, rows)) + "\n"
    (home / "evals" / "suite.jsonl").write_text(text, encoding="utf-8")
    done = pytester.runpytest_subprocess(*PLUGIN, "-n", "2", "-W", "error", "--junitxml=out.xml", "evals")
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines(
        [
            f"*_ {rows[0]['id']} _*",
            "wanted draft, got act: unsafe, done alone where nobody wanted it",
            f"case: *{rows[0]['id']}, evals/suite.jsonl:1",
            "why: *A person looks at this one.",
            "bound by: *nothing",
            "audit: *",
            "proposal: *",
            "ruling: *act: nothing caps it",
            "*= cxagent eval =*",
            f"Fail: 1 unsafe: {rows[0]['id']}.*",
        ]
    )
    assert (done.ret, done.stdout.str().count("= cxagent eval =")) == (1, 1)
    assert "Traceback" not in done.stdout.str() and "plugin.py" not in done.stdout.str()
    tests = ElementTree.parse(home / "out.xml").iter("testcase")
    told = {one.get("name"): {p.get("name"): p.get("value") for p in one.iter("property")} for one in tests}
    assert told[rows[0]["id"]] == {"grade": "unsafe", "wanted": "draft", "got": "act", "cost": "20", "segment": "smb"}


# ---- what is green, what is red -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "route", "known", "outcome", "said"),
    [
        ({}, "act", None, "passed", "Pass: 10 of 10 trials right*"),
        ({"accept": ["draft"]}, "draft", None, "passed", "Pass: *"),
        ({}, "draft", None, "failed", "wanted act, got draft: over review, more human than needed"),
        ({"wanted": "handoff"}, "draft", None, "failed", "wanted handoff, got draft: under escalated*"),
        ({"reply": {"mentions": ["Tuesday"]}}, "act", None, "failed", "missing: *the reply does not say 'Tuesday'"),
        ({"wanted": "draft"}, "act", None, "failed", "wanted draft, got act: unsafe*"),
        ({}, None, None, "failed", "error: *the model could not be reached"),
        ({}, {"route": "act", "skipped": True, "error": "no recorded answer"}, None, "failed", "*not measured*"),
        (
            {},
            {"error": "ZeroDivisionError: x", "infrastructure": False},
            None,
            "failed",
            "wanted act, got no route: unsafe, broke off",
        ),
        ({}, {"route": "draft", "error": "::error::x"}, None, "failed", "error: *::error::x"),
        ({}, {"route": "act", "broken": ("ran twice",)}, None, "failed", "broken: *ran twice"),
        ({}, "draft", "over_review", "xfailed", "XFAIL*over review: wanted act, got draft; wrong in the baseline*"),
        ({}, "draft", "unsafe", "xfailed", "XFAIL*"),
        ({}, "draft", "exact", "failed", "wanted act, got draft*"),
        ({}, "draft", "not_measured", "failed", "wanted act, got draft*"),
        ({"wanted": "draft"}, "act", "unsafe", "failed", "wanted draft, got act: unsafe*"),
        ({}, None, "not_measured", "failed", "*not measured, nothing is known about the agent here"),
        ({}, "act", "over_review", "passed", "*Newly right since the baseline: x; freeze it anew*"),
    ],
)
def test_right_is_green_known_wrong_is_expected_and_all_else_is_red(
    home: Path,
    pytester: pytest.Pytester,
    routes: dict[str, Any],
    wanted: dict[str, Any],
    route: Any,
    known: str | None,
    outcome: str,
    said: str,
) -> None:
    """Exact and accepted pass, what the baseline has as wrong is expected, unsafe and not measured never are."""
    label = dict(wanted)
    cases = enough(case("x", label.pop("wanted", "act"), expect=label))
    suite(home, cases)
    routes["x"] = route
    if known:
        baseline(home, cases, {"x": known})
    done = ran(pytester, "-rx")
    counts = {"passed": 9, outcome: 1} if outcome != "passed" else {"passed": 10}
    done.assert_outcomes(**counts)
    done.stdout.fnmatch_lines([f"*{said.lstrip('*')}"])
    assert "Traceback" not in done.stdout.str()


def test_a_changed_label_or_an_asked_for_failure_is_not_expected(
    home: Path, pytester: pytest.Pytester, routes: dict[str, Any]
) -> None:
    """The baseline speaks of the very case and label it saw, and --runxfail is obeyed."""
    was = enough(case("x"), case("y"))
    suite(home, [case("x", label_version=2), case("y", weight=2), *was[2:]])
    baseline(home, was, {"x": "over_review", "y": "over_review"})
    routes.update(x="draft", y="draft")
    ran(pytester).assert_outcomes(passed=8, failed=1, xfailed=1)
    ran(pytester, "--runxfail").assert_outcomes(passed=8, failed=2)


def test_a_run_below_the_gate_fails_though_no_case_does(
    home: Path, pytester: pytest.Pytester, routes: dict[str, Any]
) -> None:
    """Three of ten known as wrong are each expected; seven of ten are under the gate, and the exit code says so."""
    cases = enough(*(case(id) for id in "xyz"))
    suite(home, cases)
    baseline(home, cases, dict.fromkeys("xyz", "over_review"))
    routes.update(dict.fromkeys("xyz", "draft"))
    done = ran(pytester)
    done.assert_outcomes(passed=7, xfailed=3)
    done.stdout.fnmatch_lines(["Fail: 7 of 10 trials right, and 80% are needed.*", "No single case failed; the run*"])
    assert done.ret == pytest.ExitCode.TESTS_FAILED


def test_what_was_left_out_is_no_part_of_the_run(home: Path, pytester: pytest.Pytester, routes: dict[str, Any]) -> None:
    """With -k the others are neither counted, nor missed in the baseline."""
    cases = [case("odd"), *enough()]
    suite(home, cases)
    baseline(home, cases, {"odd": "over_review"})
    routes["odd"] = "draft"
    done = ran(pytester, "-k", "not odd")
    done.assert_outcomes(passed=10, deselected=1)
    done.stdout.fnmatch_lines(["Pass: 10 of 10 trials right*", "*of 10 cases. *"])
    done = ran(pytester, "-k", "c1 or c2")
    done.stdout.fnmatch_lines(["Too little evidence: 2 cases were measured, and 10 are needed.*"])
    assert done.ret == pytest.ExitCode.OK


def test_a_warning_is_no_fault_of_the_agent(home: Path, pytester: pytest.Pytester, routes: dict[str, Any]) -> None:
    """Where warnings are errors they would be raised inside the graph, and an exception there counts as unsafe."""
    suite(home, enough(case("x")))
    routes["x"] = "warns"
    done = ran(pytester, "-W", "error::FutureWarning")
    done.assert_outcomes(passed=10)
    done.stdout.fnmatch_lines(["*FutureWarning: this is going to change*"])


def test_every_trial_is_a_test(home: Path, pytester: pytest.Pytester, routes: dict[str, Any]) -> None:
    """Three trials of a case are three items of its name, in the configuration's own counting."""
    suite(home, enough())
    done = ran(pytester, "--cxagent-trials", "3", "-v")
    done.assert_outcomes(passed=30)
    done.stdout.fnmatch_lines(["evals/suite.jsonl::c0[[]3] PASSED*", "Pass: 30 of 30 trials right*", "*of 10 cases. *"])


# ---- suites and settings --------------------------------------------------------------------------------------------


GOOD = case("good").model_dump_json(by_alias=True, exclude_defaults=True)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.jsonl": GOOD + '\n{"schema": '}, "evals/a.jsonl:2:12: not valid JSON*"),
        ({"a.jsonl": GOOD.replace('"asof"', '"as_of"')}, "evals/a.jsonl:1: *as_of*"),
        ({"a.jsonl": GOOD + "\n" + GOOD}, "evals/a.jsonl:2: id: 'good' was used at evals/a.jsonl:1"),
        ({"a.jsonl": GOOD, "b.jsonl": GOOD}, "evals/b.jsonl:1: id: 'good' was used at evals/a.jsonl:1"),
        ({"a.yaml": "- " + GOOD.replace('"act"', '"fly"')}, "evals/a.yaml:1: expect.autonomy: *"),
    ],
)
def test_a_suite_that_cannot_be_read_is_an_error_with_our_sentence(
    home: Path, pytester: pytest.Pytester, routes: dict[str, Any], files: dict[str, str], said: str
) -> None:
    """File, line and key are named, nothing else is shown, and the run is not green."""
    for name, text in files.items():
        (home / "evals" / name).write_text(text, encoding="utf-8")
    done = ran(pytester, "-s")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines([said])
    assert done.ret == pytest.ExitCode.INTERRUPTED and "Traceback" not in done.stdout.str()


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.jsonl", GOOD, True),
        ("a.jsonl", "\ufeff\n" + GOOD, True),
        ("a.jsonl", '{"id": "x", "schema" : "cxagent.case/1"', True),
        ("a.jsonl", '{"ticket": {"id": "T-1"}}\n' + GOOD, False),
        ("a.jsonl", json.dumps({"text": GOOD}), False),
        ("a.jsonl", '["schema: cxagent.case/1"]', False),
        ("a.jsonl", '{"schema": "cxagent.case/10"}', False),
        ("a.jsonl", "", False),
        ("a.yaml", "# our own\n---\n- id: x\n  schema: cxagent.case/1\n", True),
        ("a.yml", "- schema: 'cxagent.case/1'\n  id: x\n", True),
        ("a.yaml", "[{schema: cxagent.case/1}]", True),
        ("a.yaml", "- id: x\n- schema: cxagent.case/1\n", False),
        ("a.yaml", "schema: cxagent.case/1\n", False),
        ("a.yaml", "owner: Head of Customer Experience\n", False),
    ],
)
def test_only_files_whose_first_entry_is_a_case_are_suites(tmp_path: Path, name: str, text: str, found: bool) -> None:
    """Other people's .jsonl and .yaml files are left alone."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert is_suite(tmp_path / name) is found


@pytest.mark.parametrize(
    ("config", "args", "said"),
    [
        ("", ["--cxagent-propose", "nobody"], "ERROR: cxagent_propose: 'nobody' is neither case nor project"),
        ("", ["--cxagent-project", "evals"], "*evals: is no cxagent project*"),
        ("cxagent_project = evals", [], "{home}/evals: is no cxagent project*"),
        ("cxagent_project = evals", ["--cxagent-project", "."], "Too little evidence: 1 case was measured*"),
        ("cxagent_baseline = nowhere.json", [], "*nowhere.json: cannot be read*"),
    ],
)
def test_settings_come_from_the_command_line_then_from_the_configuration(
    home: Path, pytester: pytest.Pytester, config: str, args: list[str], said: str
) -> None:
    """The nearest project above a suite is measured unless another is named, and what is wrong is a sentence."""
    suite(home, [case("one", "draft", expect={"accept": ["act", "handoff"]})])
    (home / "pytest.ini").write_text(f"[pytest]\n{config}\n", encoding="utf-8")
    done = ran(pytester, *args)
    text = done.stdout.str() + done.stderr.str()
    assert pytest.LineMatcher(text.splitlines()).fnmatch_lines([said.format(home=home)]) is None
    assert "Traceback" not in text


def test_control_characters_of_a_ticket_do_not_reach_the_screen(
    home: Path, pytester: pytest.Pytester, routes: dict[str, Any]
) -> None:
    """Whatever a story holds, it cannot steer the terminal of who reads it."""
    suite(home, enough(case("x")))
    routes["x"] = {"route": "draft", "trace": (Step(kind="audit", said="a\x1b[2Jb\u202ec"),)}
    done = ran(pytester)
    done.stdout.fnmatch_lines(["audit: *ab c"])
    assert "\x1b[2J" not in done.stdout.str()


def test_no_line_of_a_failure_commands_a_runner(home: Path, pytester: pytest.Pytester, routes: dict[str, Any]) -> None:
    """What a forge would obey in a story is defused where pytest prints it, as on every other output."""
    suite(home, enough(case("x")))
    routes["x"] = {"route": "draft", "trace": (Step(kind="audit", said="##[error]x", details=("##vso[task]y",)),)}
    done = ran(pytester)
    done.stdout.fnmatch_lines(["audit: *# #[[]error]x", "*# #vso[[]task]y"])
    assert not [line for line in done.outlines if "##[" in line or "##vso[" in line]


def test_an_odd_case_is_named_in_the_summary(home: Path, pytester: pytest.Pytester, routes: dict[str, Any]) -> None:
    """A ticket that came after the case's own clock is told at the end, and passes all the same."""
    late = case("late")
    late = late.model_copy(update={"asof": late.asof.replace(year=2026)})
    suite(home, enough(late))
    done = ran(pytester)
    done.assert_outcomes(passed=10)
    done.stdout.fnmatch_lines(
        ["warning: *suite.jsonl:1: late: ticket.received_at is 2027-*, after the case's own asof*"]
    )


# ---- at other people's start ----------------------------------------------------------------------------------------


def test_the_entry_point_names_the_plugin() -> None:
    """An installed package is found by pytest, under a name that -p and -p no: take."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"cxagent": ENTRY}


def imported(code: str, folder: Path) -> set[str]:
    """Return what is loaded of what is heavy after some code has run in a process of its own."""
    said = f"{code}\nimport sys; print('loaded', *[one for one in {HEAVY!r} if one in sys.modules])"
    environment = {"PYTHONPATH": str(ROOT), "HOME": str(folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-c", said]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_the_plugin_itself_imports_nothing_heavy(tmp_path: Path) -> None:
    """In a run of pytest without suites, from its start to its summary, the module loads nothing of ours."""
    (tmp_path / "test_a.py").write_text("def test_a(): pass\n", encoding="utf-8")
    (tmp_path / "other.yaml").write_text("- a list\n", encoding="utf-8")
    stub = f"import sys, types; p = types.ModuleType('cxagent.evaluation'); p.__path__ = [{str(ROOT)!r} + "
    stub += "'/cxagent/evaluation']; sys.modules['cxagent.evaluation'] = p"
    start = f"{stub}; import pytest; import {ENTRY} as plugin; assert pytest.main([], plugins=[plugin]) == 0"
    assert imported(start, tmp_path) == set()


def test_the_package_of_the_plugin_imports_nothing_heavy(tmp_path: Path) -> None:
    """Python imports a package before the module in it, so the package must be light as well."""
    assert imported(f"import {ENTRY}", tmp_path) == set()
