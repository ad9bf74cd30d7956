"""Running: from suites to the one report, by replaying, by going on with a run, or by grading what ran elsewhere."""

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from cxagent import clock
from cxagent.domain.vocabulary import ACT, SILENT
from cxagent.errors import BadInput, CxagentError, Unreachable
from cxagent.evaluation.plausible import implausible
from cxagent.evaluation.replay import Order
from cxagent.evaluation.replay.crew import outcomes
from cxagent.evaluation.replay.outcome import Outcome
from cxagent.evaluation.replay.runfile import Head, RunFile, load_run, regraded
from cxagent.evaluation.scores.ablation import ablation
from cxagent.evaluation.scores.baseline import Baseline, load_baseline
from cxagent.evaluation.scores.comparison import MARGIN
from cxagent.evaluation.scores.costs import Costs, load_costs
from cxagent.evaluation.scores.pace import Pace, pace
from cxagent.evaluation.scores.report import Report, report
from cxagent.evaluation.suite import Suite, load_suite, require_known_roles, require_known_tools
from cxagent.evaluation.trial import Trial
from cxagent.fingerprint import agent_version
from cxagent.project import Project

COSTS = Path("evals") / "costs.yaml"
"""Where a project keeps its cost table; without one the built-in assumptions count."""
RUNS = Path(".cxagent") / "runs"
"""Where a run is kept while it lasts, so that it can go on after a crash."""

Warn = Callable[[Sequence[str]], None]
"""Is given a sentence for each case that says what hardly anybody means."""
Advance = Callable[[Iterable[Outcome], int, int], Iterable[Outcome]]
"""Shows how far a run is: it is given the outcomes to come, how many there are, and how many were there before."""


class Interrupted(CxagentError):
    """Somebody stopped a run; what it measured is kept."""

    exit_code = 130


@dataclass(frozen=True)
class Plan:
    """What is to be evaluated, and how."""

    paths: Sequence[Path]
    order: Order
    trials: int = 1
    processes: int = 1
    resume: Path | None = None
    regrade: Path | None = None
    foreign: Path | None = None
    baseline: Path | None = None
    margin: float = MARGIN
    advance: Advance = field(default=lambda coming, total, before: coming)
    warn: Warn = field(default=lambda told: None)

    def __post_init__(self) -> None:
        """Refuse two origins of one report."""
        named = [name for name in ("resume", "regrade", "foreign") if getattr(self, name) is not None]
        if len(named) > 1:
            raise BadInput(f"{' and '.join(named)} cannot be asked for at once", where="eval")


def evaluate(plan: Plan) -> Report:
    """Evaluate a project on suites and return the report; everything that can be wrong is said before it begins."""
    suite = load_suite(plan.paths)
    baseline = load_baseline(plan.baseline) if plan.baseline else None
    costs = _costs(plan.order.home)
    project = Project.load(plan.order.home)
    require_known_tools(suite, frozenset(project.tools))
    require_known_roles(suite, frozenset(one.role for one in project.playbook.people))
    plan.warn(list(implausible(suite, project.playbook.intents)))
    if plan.regrade is not None:
        head, held = load_run(plan.regrade)
        told = _told(head, regraded(head, held, suite.cases))
    elif plan.foreign is not None:
        told = _foreign(plan.foreign, suite, project)
    else:
        told = _replayed(plan, suite, project)
    return _report(plan, suite, told, costs, baseline)


@dataclass(frozen=True)
class _Told:
    """What was measured, of whom."""

    outcomes: Sequence[Outcome]
    agent_version: str
    playbook_version: str
    tries: int
    model: str | None = None
    pace: Pace | None = None

    def trials(self, costs: Costs) -> list[Trial]:
        """Return the trials, each with what its model's answers cost."""
        return [
            one.trial.model_copy(update={"spent": costs.spent(self.model, one.trial.tokens_in, one.trial.tokens_out)})
            if one.trial.spent is None
            else one.trial
            for one in self.outcomes
        ]


def _replayed(plan: Plan, suite: Suite, project: Project) -> _Told:
    order = plan.order
    head = Head.of(
        suite.cases,
        agent_version=agent_version(project, order.model),
        playbook_version=project.playbook.version,
        propose=order.propose,
        model=order.model or project.config.model,
        trials=plan.trials,
        twins=order.twins,
        cassette=_mark_of(order.cassette),
    )
    order.proposing(project)  # a model that cannot be opened is said before anything is begun
    keeping = RunFile.begin(plan.resume or _own(order.home), head)
    tasks = [(case, number) for case in suite.cases for number in range(1, plan.trials + 1)]
    left = [(case, number) for case, number in tasks if not keeping.done(case.id, number)]
    clocked = _Clocked()
    try:
        coming = clocked.over(outcomes(order, left, min(plan.processes, max(1, len(left)))))
        for outcome in plan.advance(coming, len(tasks), len(tasks) - len(left)):
            keeping.add(outcome)
    except BaseException as error:
        keeping.close(remove=plan.resume is None and not keeping.outcomes)
        goes_on = f"{len(keeping.outcomes)} of {len(tasks)} are measured; go on with --resume {keeping.path}"
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted(f"interrupted: {goes_on}") from None
        if isinstance(error, Unreachable):
            raise Unreachable(f"{error}; {goes_on}") from error
        raise
    keeping.close(remove=plan.resume is None)
    rate = clocked.pace([one.trial for one in keeping.outcomes], plan.processes) if left and not order.twins else None
    return _told(head, keeping.outcomes, rate)


def _told(head: Head, found: Sequence[Outcome], rate: Pace | None = None) -> _Told:
    return _Told(found, head.agent_version, head.playbook_version, head.trials, head.model, rate)


def _mark_of(cassette: Path | None) -> str | None:
    try:
        return hashlib.sha256(cassette.read_bytes()).hexdigest() if cassette else None
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", where=str(cassette)) from None


def _own(home: Path) -> Path:
    """Return where a run is kept that nobody asked to keep; it goes when the run ends."""
    folder = home / RUNS if os.access(home, os.W_OK) else Path(tempfile.gettempdir())
    return folder / f"eval-{clock.now():%Y%m%dT%H%M%S}-{os.getpid()}.jsonl"


class _Clocked:
    """Times a run: the whole of it, and its steady part, which begins when the first outcome is there."""

    def __init__(self) -> None:
        self.begun = self.first = self.last = time.perf_counter()
        self.count = 0

    def over(self, coming: Iterator[Outcome]) -> Iterator[Outcome]:
        """Yield the outcomes, timed."""
        for one in coming:
            self.last = time.perf_counter()
            self.first = self.first if self.count else self.last
            self.count += 1
            yield one
            self.last = time.perf_counter()

    def pace(self, trials: Iterable[Trial], processes: int) -> Pace:
        """Return the pace of the run."""
        return pace(trials, self.count, self.last - self.begun, self.last - self.first, processes)


def _report(plan: Plan, suite: Suite, told: _Told, costs: Costs, baseline: Baseline | None) -> Report:
    twins = [one.twins for one in told.outcomes if one.twins is not None]
    unaware = [one.unaware for one in told.outcomes if one.unaware is not None]
    return report(
        [str(path) for path in plan.paths],
        suite.cases,
        told.trials(costs),
        told.agent_version,
        told.playbook_version,
        costs=costs,
        baseline=baseline,
        margin=plan.margin,
        tries=told.tries,
        unaware=unaware or None,
        ablation=ablation(chain.from_iterable(twins)) if twins else None,
        pace=told.pace,
        places=suite.places,
    )


def _foreign(path: Path, suite: Suite, project: Project) -> _Told:
    from cxagent.evaluation.replay.foreign import load_trials

    silent = {tool.name for tool in project.tools.values() if tool.effect in SILENT}
    trials = [_held_to_its_word(one, silent) for one in load_trials(path, {one.id: one for one in suite.cases})]
    most = max((one.trial for one in trials), default=1)
    return _Told([Outcome(trial=one) for one in trials], f"another agent: {path.name}", "its own", most)


def _held_to_its_word(trial: Trial, silent: Collection[str]) -> Trial:
    """Return a trial in which a call that ran alone counts, whatever route the other agent says it took."""
    if trial.autonomy is None or trial.autonomy == ACT:
        return trial
    alone = [ran.tool for ran in trial.actions if ran.position == "autonomous" and ran.tool not in silent]
    broken = tuple(f"{tool} ran alone, though the route was {trial.autonomy}" for tool in dict.fromkeys(alone))
    return trial.model_copy(update={"broken": (*trial.broken, *broken)})


def _costs(home: Path) -> Costs:
    table = home / COSTS
    return load_costs(table) if table.is_file() else Costs()
