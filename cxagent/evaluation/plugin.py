"""The pytest plugin: every labelled case is a test, so that QA runs `pytest evals/` and reads failures in words.

A run of pytest that meets no suite must not notice this module: what is heavy is imported where a suite was found.
"""

import re
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cxagent.evaluation.desk import Desk, Setting

if TYPE_CHECKING:
    from cxagent.evaluation.case import Case
    from cxagent.evaluation.trial import Trial

BASELINE = "baseline.json"
OPTIONS = {
    "project": ("DIR", "the project that is measured (default: the nearest one above the suite)"),
    "baseline": ("FILE", f"the baseline (default: {BASELINE} beside the suite)"),
    "propose": ("WHO", "whose proposals: case, or project (default: case)"),
}
HEAD = 1 << 18
"""So much of a file is looked at, at most, to see whether it is a suite."""
WIDTH = 100
_SCHEMA = re.compile(r"""\bschema["']?\s*:\s*["']?cxagent\.case/1\b""")

DESK = pytest.StashKey[Desk]()


class Wrong(Exception):
    """A case did not come out as people wanted it; the message tells the whole story."""


# ---- settings -------------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and the same as settings of the project's pytest configuration."""
    group = parser.getgroup("cxagent", "labelled cases (cxagent.case/1)")
    for name, (metavar, said) in OPTIONS.items():
        group.addoption(f"--cxagent-{name}", metavar=metavar, help=said)
        parser.addini(f"cxagent_{name}", said, default="")
    group.addoption("--cxagent-trials", metavar="N", type=int, default=1, help="how often each case is replayed")


def pytest_configure(config: pytest.Config) -> None:
    """Lay out what this run will hold; a worker of pytest-xdist sums nothing up, its reports travel."""
    config.stash[DESK] = desk = Desk()
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(desk, "cxagent-desk")
    if (who := _given(config, "propose")[0]) not in ("", "case", "project"):
        raise pytest.UsageError(f"cxagent_propose: {who!r} is neither case nor project")


def _given(config: pytest.Config, name: str) -> tuple[str, Path]:
    """Return a setting, and the folder that it is told from: where one stands, or where the configuration lies."""
    if given := config.getoption(f"cxagent_{name}"):
        return given, config.invocation_params.dir
    return config.getini(f"cxagent_{name}"), config.inipath.parent if config.inipath else config.rootpath


def _setting(config: pytest.Config, suite: Path) -> Setting:
    told = {name: _given(config, name) for name in OPTIONS}
    home, baseline = (
        (folder / path).resolve() if path else None for path, folder in (told["project"], told["baseline"])
    )
    above = (one for one in suite.parents if (one / "graphs" / "project.yaml").is_file())
    beside = suite.parent / BASELINE
    return Setting(
        home=home or next(above, config.rootpath),
        propose=told["propose"][0] or "case",
        baseline=baseline or (beside if beside.is_file() else None),
    )


# ---- collection -----------------------------------------------------------------------------------------------------


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "SuiteFile | None":
    """Collect a file whose first entry says that it is a case; other files of these kinds are left alone."""
    if file_path.suffix in (".jsonl", ".yaml", ".yml") and is_suite(file_path):
        return SuiteFile.from_parent(parent, path=file_path)
    return None


def is_suite(path: Path) -> bool:
    """Whether the first entry of a file is a case; only its beginning is read, and nothing is parsed."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as stream:
            head = stream.read(HEAD)
    except OSError:
        return False
    jsonl, entry = path.suffix.lower() == ".jsonl", list[str]()
    for line in filter(str.strip, head.splitlines()):
        if entry and (jsonl or line.startswith("-")):
            break
        if entry or not line.lstrip().startswith(("#", "---", "%")):
            entry.append(line)
    begins = "{" if jsonl else ("-", "[")
    return bool(entry) and entry[0].lstrip().startswith(begins) and _SCHEMA.search("\n".join(entry)) is not None


class SuiteFile(pytest.File):
    """A suite: a file of labelled cases."""

    def collect(self) -> "Iterator[CaseItem]":
        """Yield every case, as often as it is to be replayed; a suite that cannot be read is an error of its own."""
        from cxagent.errors import CxagentError
        from cxagent.evaluation.suite import load_suite

        desk, setting, trials = self.config.stash[DESK], _setting(self.config, self.path), self._trials()
        try:
            cases, found = load_suite([self.path])
        except CxagentError as error:
            raise self.CollectError(self._here(error)) from None
        places = {id: self._here(where) for id, where in found.items()}
        for id, where in places.items():
            if (before := desk.places.setdefault((setting, id), where)) != where:
                raise self.CollectError(f"{where}: id: {id!r} was used at {before}")
        for case in cases:
            for number in trials:
                name = case.id if len(trials) == 1 else f"{case.id}[{number}]"
                told = {"case": case, "number": number, "where": places[case.id], "setting": setting}
                yield CaseItem.from_parent(self, name=name, **told)

    def _trials(self) -> range:
        return range(1, self.config.getoption("cxagent_trials") + 1)

    def _here(self, said: object) -> str:
        """Name this file as pytest does: from the root of its run."""
        return str(said).replace(str(self.path), self.nodeid)


class CaseItem(pytest.Item):
    """One trial of one case."""

    def __init__(self, *, case: "Case", number: int, where: str, setting: Setting, **more: Any) -> None:
        super().__init__(**more)
        self.case, self.number, self.where, self.setting = case, number, where, setting
        self.trial: Trial | None = None

    def runtest(self) -> None:
        """Replay the case and hold it against its label: right passes, and what the baseline knows is expected."""
        from cxagent.evaluation.grading import Graded, grade
        from cxagent.evaluation.outputs.failure import expected, figures, story

        desk = self.config.stash[DESK]
        errors, known, replay = desk.costs(self.setting).errors, desk.baseline(self.setting), desk.replay(self.setting)
        # A warning that is made an error would be raised inside the graph, where it counts as the agent's fault.
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            self.trial = replay.one(self.case, self.number)
        found = Graded(self.case, self.trial, grade(self.case, self.trial))
        self.user_properties.extend(figures(found, errors))
        if found.right:
            return
        if known and (why := expected(found, known)):
            pytest.xfail(why)
        raise Wrong("\n".join(story(found, self.where)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **more: Any) -> Any:
        """Tell a failure in words; only a defect of the harness itself gets a traceback."""
        from cxagent.errors import CxagentError

        if isinstance(excinfo.value, Wrong | CxagentError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, *args, **more)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return file, line and id of the case."""
        line = self.where.rpartition(":")[2]
        return self.path, int(line) - 1 if line.isdecimal() else None, self.name


# ---- the whole run --------------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the trial travel with its report: with pytest-xdist the sum is drawn in another process."""
    report = yield
    if isinstance(item, CaseItem) and call.when == "call" and item.trial is not None:
        one, trial = item.setting, item.trial.model_dump_json(exclude_defaults=True)
        told = (str(one.home), one.propose, str(one.baseline) if one.baseline else None, str(item.path), trial)
        report.cxagent_trial = told  # type: ignore[attr-defined]
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Sum up what was measured; a run that fails as a whole fails, though every single case passed."""
    desk = session.config.stash[DESK]
    desk.close()
    if desk.measured:
        desk.sum_up()
    if session.exitstatus == pytest.ExitCode.OK and any(one.verdict == "fail" for one in desk.reports):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what the run as a whole says, in one paragraph a project."""
    if not (desk := config.stash[DESK]).reports:
        return
    from cxagent.evaluation.outputs.failure import summary
    from cxagent.evaluation.outputs.sentences import warned

    for one in desk.reports:
        red, green = one.verdict == "fail", one.verdict == "pass"
        terminalreporter.section("cxagent eval")
        for line in summary(one, WIDTH):
            terminalreporter.write_line(line, red=red, green=green, yellow=not red and not green)
        if red and not terminalreporter.stats.get("failed"):
            terminalreporter.write_line("No single case failed; the run as a whole does, so the exit code is 1.")
    for said in desk.odd:
        terminalreporter.write_line(warned(said), yellow=True)
