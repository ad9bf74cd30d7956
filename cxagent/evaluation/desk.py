"""The desk: all that one run of pytest holds of the projects that it measures, and the reports that come of it.

Every start of pytest imports this module: what is heavy is imported where a suite was found.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from cxagent.evaluation.replay import Replay
    from cxagent.evaluation.scores.baseline import Baseline
    from cxagent.evaluation.scores.costs import Costs
    from cxagent.evaluation.scores.report import Report
    from cxagent.evaluation.trial import Trial


@dataclass(frozen=True)
class Setting:
    """Against what a suite is measured: which project, whose proposals, which baseline."""

    home: Path
    propose: Any
    baseline: Path | None


@dataclass(eq=False)  # pytest keeps its plugins in a table: one is itself, and equal to no other
class Desk:
    """All that one run of pytest holds: the open projects, what was read for them, and what was measured."""

    replays: dict[Setting, "Replay"] = field(default_factory=dict)
    baselines: dict[Path, "Baseline"] = field(default_factory=dict)
    prices: dict[Path, "Costs"] = field(default_factory=dict)
    places: dict[tuple[Setting, str], str] = field(default_factory=dict)
    measured: dict[Setting, dict[tuple[str, int], tuple[str, "Trial"]]] = field(default_factory=dict)
    reports: list["Report"] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    def replay(self, setting: Setting) -> "Replay":
        """Return the replay of a project, opened once."""
        from cxagent.evaluation.replay import Order, Replay

        if setting not in self.replays:
            self.replays[setting] = Replay(Order(home=setting.home, propose=setting.propose))
        return self.replays[setting]

    def baseline(self, setting: Setting) -> "Baseline | None":
        """Return the baseline of a suite, read once."""
        from cxagent.evaluation.scores.baseline import load_baseline

        if (path := setting.baseline) is None:
            return None
        if path not in self.baselines:
            self.baselines[path] = load_baseline(path)
        return self.baselines[path]

    def costs(self, setting: Setting) -> "Costs":
        """Return the cost table of a project, read once."""
        from cxagent.evaluation.running import COSTS
        from cxagent.evaluation.scores.costs import Costs, load_costs

        if (home := setting.home) not in self.prices:
            self.prices[home] = load_costs(home / COSTS) if (home / COSTS).is_file() else Costs()
        return self.prices[home]

    def sum_up(self) -> None:
        """Report on each project over the cases that ran; what was left out with -k is no part of it."""
        from cxagent.evaluation.plausible import implausible
        from cxagent.evaluation.scores.report import report
        from cxagent.evaluation.suite import Suite, load_suite
        from cxagent.fingerprint import agent_version
        from cxagent.project import Project

        for setting, measured in self.measured.items():
            paths = sorted({suite for suite, _ in measured.values()})
            suite, ran = load_suite([Path(one) for one in paths]), {id for id, _ in measured}
            project, known = Project.load(setting.home), self.baseline(setting)
            past = tuple(one for one in known.results if one.id in ran) if known else ()
            suite = Suite(tuple(case for case in suite.cases if case.id in ran), suite.places)
            self.odd += implausible(suite, project.playbook.intents)
            found = report(
                paths,
                suite.cases,
                [trial for _, trial in measured.values()],
                agent_version(project),
                project.playbook.version,
                costs=self.costs(setting),
                baseline=known.model_copy(update={"results": past}) if known and past else None,
                places=suite.places,
            )
            self.reports.append(found)

    def close(self) -> None:
        """Give back what the projects hold open."""
        while self.replays:
            self.replays.popitem()[1].close()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a trial in, from this process or from a worker."""
        if (told := getattr(report, "cxagent_trial", None)) is None:
            return
        from cxagent.evaluation.trial import Trial

        home, propose, baseline, suite, text = told
        setting = Setting(Path(home), propose, Path(baseline) if baseline else None)
        trial = Trial.model_validate_json(text)
        self.measured.setdefault(setting, {})[trial.id, trial.trial] = (suite, trial)
