"""What `cxagent eval` does with its outputs: nothing is overwritten or lost, and standard output stays data."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from cxagent.errors import BadInput
from cxagent.evaluation import Order, Plan, command
from cxagent.evaluation.command import Outputs
from cxagent.evaluation.scores.report import Report
from tests.evaluation.marks import case, ran, trial

CASES = [case(f"c{number:02}", ("act", "draft", "handoff")[number % 3]) for number in range(12)]
OPTIONS = {"json": "--json", "junit": "--junit", "markdown": "--md", "page": "--html", "frozen": "--freeze"}
EVIL = "##[error]x ##vso[task.setvariable]y"


class Ran(list[Plan]):
    """The plans that were evaluated; the report that comes of each is `report`."""

    report: Report = ran(CASES, {"c01": "act"})


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Ran:
    """Return the runs, none of which replays anything."""
    runs = Ran()

    def evaluate(plan: Plan) -> Report:
        runs.append(plan)
        return runs.report

    monkeypatch.setattr(command, "evaluate", evaluate)
    return runs


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Return a folder with one suite."""
    folder = tmp_path / "evals"
    folder.mkdir()
    text = "".join(one.model_dump_json(by_alias=True) + "\n" for one in CASES)
    (folder / "a.jsonl").write_text(text, encoding="utf-8")
    return folder


def planned(suite: Path, **more: Any) -> Plan:
    """Return a plan over the suite."""
    files = {name: more.pop(name) for name in ("record", "cassette") if name in more}
    return Plan(paths=[suite], order=Order(suite.parent, **files), **more)


# ---- before the run -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", OPTIONS)
@pytest.mark.parametrize("used", ["resume", "regrade", "foreign", "baseline", "record", "cassette"])
def test_an_output_never_overwrites_what_the_run_uses(done: Ran, suite: Path, form: str, used: str) -> None:
    """The same file by another name is refused before the run, with both options in the sentence."""
    file = suite.parent / "held"
    file.write_text("kept", encoding="utf-8")
    os.link(file, link := suite.parent / "other")
    option = {"foreign": "--import"}.get(used, f"--{used}")
    for path in (link, suite / ".." / "held"):
        with pytest.raises(BadInput, match=f"{OPTIONS[form]} would overwrite what {option} names"):
            command.run(planned(suite, **{used: file}), Outputs(**{form: path}))
    assert (done, file.read_text(encoding="utf-8")) == ([], "kept")


def test_two_outputs_are_two_files(done: Ran, suite: Path) -> None:
    """Whether the file is there already or not, one of two outputs would be lost."""
    path = suite.parent / "out"
    for _ in range(2):
        with pytest.raises(BadInput, match="--json and --md would write the same file"):
            command.run(planned(suite), Outputs(json=path, markdown=suite / ".." / "out"))
        path.touch()
    assert done == []


def test_one_output_goes_to_standard_output(done: Ran, suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two of them would be neither JSON nor XML."""
    with pytest.raises(BadInput, match="--json and --junit: only one output can go to standard output"):
        command.run(planned(suite), Outputs(json=Path("-"), junit=Path("-")))
    assert (done, capsys.readouterr().out) == ([], "")


@pytest.mark.parametrize("named", ["evals", "evals/a.jsonl"])
@pytest.mark.parametrize("path", ["evals/a.jsonl", "link.json", "evals/new.yaml"])
def test_no_output_overwrites_a_suite(done: Ran, suite: Path, named: str, path: str) -> None:
    """Neither a suite nor a link to one is an output, nor a file that the folder would hold as one the next time."""
    home = suite.parent
    (home / "link.json").symlink_to(suite / "a.jsonl")
    plan = Plan(paths=[home / named], order=Order(home))
    if (named, path) == ("evals/a.jsonl", "evals/new.yaml"):
        assert command.run(plan, Outputs(json=home / path)) == 1
        return
    with pytest.raises(BadInput, match="--json would overwrite a suite or become one"):
        command.run(plan, Outputs(json=home / path))
    assert done == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("evals", "is a folder; name a file"),
        ("nowhere/out", "cannot be written: its folder does not exist"),
        ("evals/a.jsonl/out", "cannot be written: its folder does not exist"),
        ("x" * 300, "cannot be written: File name too long"),
    ],
)
def test_what_cannot_be_written_is_said_before_the_run(done: Ran, suite: Path, path: str, said: str) -> None:
    """Nobody waits for a run whose report has nowhere to go."""
    with pytest.raises(BadInput, match=said):
        command.run(planned(suite), Outputs(markdown=suite.parent / path))
    assert done == []


def test_a_page_without_its_package_is_refused_before_the_run(
    done: Ran, suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks for the page and has no jinja2 learns it at once."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(BadInput, match=r"--html: needs a package: pip install '\.\[report\]' in your checkout"):
        command.run(planned(suite), Outputs(page=suite.parent / "out.html"))
    assert done == []
    assert command.run(planned(suite), Outputs(json=suite.parent / "out.json")) == 1


def test_streams_and_devices_are_nobodys_file(done: Ran, suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As many outputs as wanted go to a device or to standard output by its path, in their order."""
    out = Path("/dev/stdout")
    null = Path(os.devnull)
    plan = planned(suite, baseline=null)
    assert command.run(plan, Outputs(json=out, markdown=out, junit=null, page=null)) == 1
    text = capsys.readouterr().out
    assert text.startswith('{\n  "schema"') and text.index("\n## ") < text.index(" FAIL ")


# ---- after it -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", OPTIONS)
def test_standard_output_is_one_output_alone(
    done: Ran, suite: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Screen and annotations go to standard error where an output has the other stream."""
    beside = suite.parent / "beside"
    other = "json" if form != "json" else "markdown"
    outputs = Outputs(annotations=True, **{form: Path("-"), other: beside})
    assert command.run(planned(suite), outputs) == 1
    out, err = capsys.readouterr()
    read: dict[str, Callable[[str], Any]] = {"json": json.loads, "frozen": json.loads, "junit": fromstring}
    read.get(form, str)(out)
    assert beside.stat().st_size > 100
    assert "::error" not in out and " FAIL " not in out
    assert "\n::error title=unsafe" in err and " FAIL " in err


def test_without_it_the_screen_and_the_annotations_are_there(
    done: Ran, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that writes files alone talks on standard output, as a log is read."""
    command.run(planned(suite), Outputs(json=suite.parent / "o", annotations=True))
    out, err = capsys.readouterr()
    assert " FAIL " in out and "\n::error title=unsafe" in out and err == ""


def test_an_output_that_cannot_be_written_costs_no_other(
    done: Ran, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk that is full after the run leaves the others whole, the screen shown, and each loss by name."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no device that is always full here")
    page, text = suite.parent / "p.html", suite.parent / "t.md"
    with pytest.raises(
        BadInput, match=r"/dev/full: cannot be written: No space.*; /dev/full: cannot be written: No sp"
    ):
        command.run(planned(suite), Outputs(json=full, junit=full, markdown=text, page=page))
    assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert text.read_text(encoding="utf-8").startswith("## ")
    assert " FAIL " in capsys.readouterr().out


def test_what_was_not_measured_is_not_frozen(done: Ran, suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The old baseline stays, everything else is written and shown, and the verdict's own exit code is returned."""
    done.report = ran(CASES, dict.fromkeys((one.id for one in CASES), None))
    kept, out = suite.parent / "kept.json", suite.parent / "out.json"
    kept.write_text("kept", encoding="utf-8")
    assert command.run(planned(suite), Outputs(frozen=kept, json=out)) == 3
    assert (kept.read_text(encoding="utf-8"), json.loads(out.read_text(encoding="utf-8"))["exit_code"]) == ("kept", 3)
    shown, err = capsys.readouterr()
    assert " NOT MEASURED " in shown
    assert err == "--freeze: nothing was frozen: a run that was not measured is no baseline\n"


@pytest.mark.parametrize(
    ("routes", "verdict"),
    [
        ({}, None),
        ({"c01": "act"}, "fail; 1 case wrong in it will"),
        (dict.fromkeys(("c00", "c03", "c06"), "draft"), "fail; 3 cases wrong in it will"),
    ],
)
def test_a_baseline_of_a_run_that_is_not_green_is_frozen_with_a_warning(
    done: Ran, suite: Path, capsys: pytest.CaptureFixture[str], routes: dict[str, str], verdict: str | None
) -> None:
    """Whoever freezes what is wrong is told that nobody will be told of it again."""
    done.report = ran(CASES, routes)
    command.run(planned(suite), Outputs(frozen=suite.parent / "base.json"))
    said = (
        f"warning: --freeze: the verdict of the run that was frozen is: {verdict} not count as newly wrong any more\n"
    )
    assert (suite.parent / "base.json").is_file()
    assert capsys.readouterr().err == (said if verdict else "")


def test_odd_cases_are_named_on_standard_error_and_none_of_them_commands_a_runner(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Twenty are named one by one and the others counted, each on a line of its own."""
    command.warn([f"s.jsonl:{number}: ##[error]a\nb" for number in range(22)])
    told = capsys.readouterr().err.splitlines()
    assert (told[0], told[20:]) == ("warning: s.jsonl:0: # #[error]a b", ["warning: and 2 more of this kind"])


# ---- what a runner obeys --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", OPTIONS)
def test_data_on_standard_output_commands_no_runner(
    done: Ran, suite: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a runner reads anywhere in a line is written as a number in JSON and in markup, which mean the same."""
    told = case(EVIL, "draft", expect={"why": f"{EVIL}\n  ::error::x"})
    done.report = ran([told, *CASES], {EVIL: "act"})
    command.run(planned(suite), Outputs(**{form: Path("-")}))
    text = "\n".join(capsys.readouterr())
    assert "##[" not in text and "##vso[" not in text
    assert not [line for line in text.splitlines() if line.strip().startswith("::")]
    if form == "json":
        assert json.loads(text[: text.rindex("}\n") + 2])["results"][0]["id"] == EVIL


def test_a_lone_surrogate_loses_no_output(done: Ran, suite: Path) -> None:
    """Half a character from a JSON escape has no UTF-8 and is written as the escape that it was."""
    went = trial("c00", "act", actions=[{"tool": "t", "args": {"x": "\ud800"}, "position": "autonomous"}])
    done.report = ran(CASES).model_copy(
        update={"results": tuple(one.model_copy(update={"actions": went.actions}) for one in done.report.results[:1])}
    )
    out = suite.parent / "o.json"
    command.run(planned(suite), Outputs(json=out))
    assert json.loads(out.read_text(encoding="utf-8"))["results"][0]["actions"][0]["args"] == {"x": "\ud800"}
