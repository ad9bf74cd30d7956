"""What `cxagent eval` does: evaluate, write the report for each of its readers, end with the verdict's exit code."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cxagent.errors import BadInput
from cxagent.evaluation.case import Case
from cxagent.evaluation.grading import Grade
from cxagent.evaluation.outputs.places import STANDARD_OUTPUT, Named, is_spoken, put, require_places
from cxagent.evaluation.outputs.screen import show
from cxagent.evaluation.outputs.sentences import VERDICTS, counted, in_json, in_markup, warned
from cxagent.evaluation.replay.outcome import Outcome
from cxagent.evaluation.running import Plan, evaluate
from cxagent.evaluation.scores.baseline import RIGHT
from cxagent.evaluation.scores.report import Report
from cxagent.evaluation.suite import load_cases

WARNED = 20
"""So many odd cases are named one by one on standard error."""
NO_BASELINE = "a run that was not measured is no baseline"
Quote = Callable[[str], str]


@dataclass(frozen=True)
class Output:
    """One form of the report: the option that asks for it, where it goes, its writer, and how it is said aloud."""

    option: str
    path: Path
    write: Callable[[Report, Plan], str]
    quote: Quote


@dataclass(frozen=True)
class Outputs:
    """Where each form of the report goes; None where nobody wants it, `-` for standard output."""

    json: Path | None = None
    junit: Path | None = None
    markdown: Path | None = None
    page: Path | None = None
    frozen: Path | None = None
    annotations: bool = False

    @property
    def wanted(self) -> list[Output]:
        """Every form that is wanted."""
        forms: tuple[tuple[str, Path | None, Callable[[Report, Plan], str], Quote], ...] = (
            ("--json", self.json, as_json, in_json),
            ("--junit", self.junit, _junit, in_markup),
            ("--md", self.markdown, _markdown, str),  # its texts are escaped, and no line of it begins with one
            ("--html", self.page, _page, in_markup),
            ("--freeze", self.frozen, as_baseline, in_json),
        )
        return [Output(option, path, write, quote) for option, path, write, quote in forms if path is not None]

    @property
    def aside(self) -> bool:
        """Whether standard output belongs to one of them, so that talk goes to standard error."""
        return any(one.path == STANDARD_OUTPUT for one in self.wanted)


def run(plan: Plan, outputs: Outputs) -> int:
    """Evaluate, write everything that was asked for, show the rest, and return the exit code.

    What can be wrong with an output is said before the run; what goes wrong all the same costs that output alone.
    """
    require_places([(one.option, one.path) for one in outputs.wanted], _used(plan), plan.paths)
    if outputs.page is not None:
        from cxagent.evaluation.outputs.page import require_writer

        require_writer()
    found = evaluate(plan)
    failed = list(_written(found, plan, outputs.wanted))
    show(found, outputs.aside)
    talk = sys.stderr if outputs.aside else sys.stdout
    if outputs.annotations:
        from cxagent.evaluation.outputs.annotations import annotations

        talk.write(annotations(found))
    if failed:
        raise BadInput("; ".join(failed))
    return found.exit_code


def _used(plan: Plan) -> list[Named]:
    """Return every file beside the suites that the run reads or keeps."""
    named = {
        "--resume": plan.resume,
        "--regrade": plan.regrade,
        "--import": plan.foreign,
        "--baseline": plan.baseline,
        "--record": plan.order.record,
        "--cassette": plan.order.cassette,
    }
    return [(option, path) for option, path in named.items() if path is not None]


def _written(report: Report, plan: Plan, wanted: Iterable[Output]) -> Iterator[str]:
    """Write every output, and yield a sentence for each that could not be."""
    for one in wanted:
        if one.option == "--freeze" and report.verdict == "not_measured":
            sys.stderr.write(f"--freeze: nothing was frozen: {NO_BASELINE}\n")
            continue
        if one.option == "--freeze" and report.verdict != "pass":
            sys.stderr.write(_frozen_red(report))
        try:
            # A lone surrogate from a JSON escape has no UTF-8; in JSON it stays the escape that it was.
            text = one.write(report, plan).encode("utf-8", "backslashreplace").decode("utf-8")
            put(one.path, one.quote(text) if is_spoken(one.path) else text)
        except BadInput as error:
            yield str(error)


def _frozen_red(report: Report) -> str:
    """Say what a baseline of a run that is not green does: what is wrong in it is what later runs expect."""
    wrong = [one for one in report.results if one.grade not in (*RIGHT, Grade.NOT_MEASURED)]
    count, verdict = counted(len({one.id for one in wrong}), "case"), VERDICTS[report.verdict].lower()
    told = f"; {count} wrong in it will not count as newly wrong any more" if wrong else ""
    return warned(f"--freeze: the verdict of the run that was frozen is: {verdict}{told}") + "\n"


def warn(told: Sequence[str]) -> None:
    """Name on standard error the cases that say what hardly anybody means; they run all the same."""
    for one in told[:WARNED]:
        sys.stderr.write(warned(one) + "\n")
    if len(told) > WARNED:
        sys.stderr.write(f"warning: and {len(told) - WARNED:,} more of this kind\n")


def schema() -> str:
    """Return the JSON Schema of a case."""
    return json.dumps(Case.model_json_schema(by_alias=True), indent=2)


def new_case(home: Path, id: str) -> str:
    """Return a real ticket, named by its id or its draft's, and what people decided on it as one line of a suite."""
    from cxagent.evaluation.fresh import fresh_case

    return in_json(fresh_case(home, id))


def progress(coming: Iterable[Outcome], total: int, before: int) -> Iterator[Outcome]:
    """Yield outcomes, with a bar on a terminal and silence in a pipe."""
    if not sys.stderr.isatty():
        yield from coming
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("replaying", total=total, completed=before)
        for one in coming:
            yield one
            bar.advance(task)


def as_json(report: Report, plan: Plan) -> str:
    """Return the report as the contract's JSON."""
    whole = {"schema": "cxagent.report/1", **report.model_dump(mode="json")}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def as_baseline(report: Report, plan: Plan) -> str:
    """Return what a later comparison needs, and no more: one line a trial, so that a change reads well in a review."""
    if report.verdict == "not_measured":
        raise BadInput(NO_BASELINE, where="--freeze")
    kept = ("id", "trial", "autonomy", "grade", "case_hash", "label_version")
    lines = [
        json.dumps({name: value for name, value in one.model_dump(mode="json").items() if name in kept})
        for one in report.results
    ]
    head = {name: getattr(report, name) for name in ("agent_version", "playbook_version")}
    told = json.dumps({"schema": "cxagent.report/1", "suite": list(report.suite), **head}, ensure_ascii=False)
    return told[:-1] + ', "results": [\n' + ",\n".join(lines) + "\n]}\n"


def _junit(report: Report, plan: Plan) -> str:
    from cxagent.evaluation.outputs.junit import junit

    return junit(report)


def _markdown(report: Report, plan: Plan) -> str:
    from cxagent.evaluation.outputs.markdown import markdown

    return markdown(report)


def _page(report: Report, plan: Plan) -> str:
    from cxagent.evaluation.outputs.page import page

    return page(report, load_cases(plan.paths))
