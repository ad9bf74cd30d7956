"""The page on evaluation is executed: its commands, its case, its trajectory, and the pipelines that it hands out."""

import json
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from proofs import carry_proofs
from typer.testing import CliRunner

from cxagent import clock
from cxagent.cli import app
from cxagent.evaluation import Order, Replay, load_cases
from cxagent.evaluation.grading import grade
from cxagent.evaluation.replay.foreign import load_trials
from cxagent.scaffold import copy_to

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE, re.S)
DAY = datetime(2026, 11, 21, 9, 31, tzinfo=UTC)


def blocks(kind: str) -> list[str]:
    """Return the blocks of one kind."""
    return [text for one, text in BLOCKS if one == kind]


def commands(text: str) -> Iterator[list[str]]:
    """Yield the arguments of every `cxagent` command of a text, in a console or in a pipeline."""
    for line in text.splitlines():
        if found := re.match(r"\s*(?:\$|-|- run:) cxagent (.*)", line):
            yield shlex.split(found[1].split(" >> ")[0], comments=True)


SHOWN = [one for text in blocks("console") for one in commands(text)]
PIPED = [one for text in blocks("yaml") for one in commands(text)]


@pytest.mark.parametrize("arguments", [*SHOWN, *PIPED], ids=" ".join)
def test_every_command_is_one_that_the_command_line_takes(arguments: list[str]) -> None:
    """Options that were renamed, or values that they do not take, would be refused here."""
    group: Any = typer.main.get_command(app)
    name, *rest = arguments
    with group.commands[name].make_context(name, rest) as context:
        assert name == "eval" and not context.args


def test_both_pipelines_are_valid_and_hand_on_what_they_write() -> None:
    """The Markdown, the page and JUnit are written by the same command that can fail the pipeline."""
    github, gitlab = (yaml.safe_load(text) for text in blocks("yaml") if list(commands(text)))
    assert len(PIPED) == 2 and PIPED[0] == PIPED[1]
    written = {PIPED[0][PIPED[0].index(name) + 1] for name in ("--junit", "--md", "--html")}
    kept = gitlab["decisions"]["artifacts"]
    assert {*kept["paths"], kept["reports"]["junit"]} == written and kept["when"] == "always"
    used = [one["uses"] for one in github["jobs"]["eval"]["steps"] if "uses" in one]
    assert used and all(re.fullmatch(r"actions/[\w-]+@v\d+", one) for one in used)


@pytest.mark.parametrize("name", ["docs/evaluation.md", "README.md", "graphs/project.yaml"])
def test_nobody_is_sent_to_a_package_of_another_owner(name: str) -> None:
    """The name on a public index belongs to somebody else: what is installed is a checkout or a wheel of one's own."""
    text = (Path(__file__).resolve().parents[2] / name).read_text(encoding="utf-8")
    found = re.findall(r"pip install ([^`\n]*)", text)
    assert found and [one for one in found if re.match(r"['\"]?cxagent\b", one)] == []


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with a dozen cases and the page's own, and the tickets of the demo."""
    home = tmp_path_factory.mktemp("docs") / "project"
    copy_to(home)
    carry_proofs(home)
    lines = (home / "evals" / "archetypes.jsonl").read_text(encoding="utf-8").splitlines()[:12]
    for file in (home / "evals").glob("*.json*"):
        file.unlink()
    (home / "evals" / "dozen.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (home / "evals" / "page.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    (home / "trajectories.jsonl").write_text(blocks("json")[0], encoding="utf-8")
    return home


def test_the_commands_of_the_page_run_one_after_the_other(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is shown is refused; who has no model parses those lines only, and says so by leaving them out."""
    monkeypatch.chdir(project)
    monkeypatch.delenv("CXAGENT_DATABASE_URL", raising=False)
    runner, first = CliRunner(), next(one for one in SHOWN if "--new-case" in one)
    with clock.frozen(DAY):
        assert runner.invoke(app, ["demo"]).exit_code == 0
        waits = [json.loads(line) for line in runner.invoke(app, ["drafts", "--json"]).stdout.splitlines()]
        draft = next(one["draft_id"] for one in waits if one["ticket_id"] == first[-1])
        assert runner.invoke(app, ["review", draft, "approve", "--as", "Lena Hartmann"]).exit_code == 0
    codes = {}
    for arguments in (one for one in SHOWN if "--model" not in one):
        with monkeypatch.context() as patched:
            patched.setattr("cxagent.evaluation.replay.crew.cores", lambda: 1)
            done = runner.invoke(app, arguments)
        codes[" ".join(arguments)] = done.exit_code
        assert done.exit_code in (0, 1, 3) and not isinstance(done.exception, ValueError), (arguments, done.output)
    failed = {name for name, code in codes.items() if code}
    assert all("--import" in name or "--propose project" in name for name in failed), codes


def test_the_case_and_the_trajectory_of_the_page_are_what_it_says(project: Path) -> None:
    """The case is right for the reason that it gives, and the other agent's run is read as done alone."""
    (case,) = load_cases([project / "evals" / "page.yaml"])
    assert (case.id, case.expect.autonomy) == ("credit-in-window", "draft")
    replay = Replay(Order(home=project))
    found = replay.one(case)
    replay.close()
    assert (found.reasons, found.audit, grade(case, found)) == (("renewal_window",), (), "exact")
    (trial,) = load_trials(project / "trajectories.jsonl", {case.id: case})
    assert (trial.autonomy, trial.actions[0].position) == ("act", "autonomous")
