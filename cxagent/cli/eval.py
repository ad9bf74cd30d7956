"""`cxagent eval`: replay labelled cases; the work is done in `cxagent.evaluation`."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cxagent.cli.options import HERE, Home

MOST_PROCESSES = 8
"""How many processes replay by default at most: more help little and take memory."""
WRITTEN, BESIDE, INSTEAD = "What is written", "What is replayed beside each case", "Instead of a replay"


class Proposes(StrEnum):
    """Who proposes in a replay."""

    CASE = "case"
    PROJECT = "project"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="eval")(evaluate)


def _file(option: str, said: str, panel: str | None = None) -> Any:
    return typer.Option(option, metavar="F", help=said, rich_help_panel=panel)


Paths = Annotated[
    list[Path] | None, typer.Argument(metavar="PATH...", help="Suites: .jsonl or .yaml files, or folders of them.")
]
Trials = Annotated[int, typer.Option("--trials", metavar="N", min=1, max=1000, help="How often each case is replayed.")]
Propose = Annotated[
    Proposes, typer.Option("--propose", help="Use each case's own proposal, or let the project propose.")
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="ID", help="Let this model propose, such as provider:model.")
]
Record = Annotated[Path | None, _file("--record", "Ask the model, and record its answers in this cassette.")]
Play = Annotated[Path | None, _file("--cassette", "Play recorded answers; what was never recorded is not measured.")]
Processes = Annotated[int | None, typer.Option("--processes", metavar="N", min=1, help="How many replay side by side.")]
Resume = Annotated[Path | None, _file("--resume", "Keep the run in this file, and go on where it was broken off.")]
Earlier = Annotated[Path | None, _file("--baseline", "Compare with an earlier report, case by case.")]
Margin = Annotated[
    float, typer.Option("--margin", metavar="P", min=0, max=1, help="How much worse than the baseline is borne.")
]
Json = Annotated[Path | None, _file("--json", "The report as JSON; - for standard output.", WRITTEN)]
Junit = Annotated[Path | None, _file("--junit", "For a CI system: one test case a trial.", WRITTEN)]
Markdown = Annotated[Path | None, _file("--md", "A summary for a merge request.", WRITTEN)]
Html = Annotated[Path | None, _file("--html", "One page with every case, for people.", WRITTEN)]
Freeze = Annotated[Path | None, _file("--freeze", "A baseline for later runs.", WRITTEN)]
Annotate = Annotated[
    bool | None,
    typer.Option(
        "--annotate/--no-annotate",
        help="Mark the ten costliest cases in their files; on in a GitHub workflow.",
        rich_help_panel=WRITTEN,
    ),
]
WithoutAudit = Annotated[
    bool,
    typer.Option(
        "--without-audit", help="Show what an agent that does not know the account would do.", rich_help_panel=BESIDE
    ),
]
Ablate = Annotated[
    bool,
    typer.Option("--ablate", help="Take every fact away once: nothing may become autonomous.", rich_help_panel=BESIDE),
]
Regrade = Annotated[Path | None, _file("--regrade", "Grade a stored run under today's labels.", INSTEAD)]
Foreign = Annotated[Path | None, _file("--import", "Grade what another agent did with the cases.", INSTEAD)]
NewCase = Annotated[
    str | None,
    typer.Option(
        "--new-case",
        metavar="ID",
        help="Print a ticket, named by its id or its draft's, and what people decided on it as a labelled case.",
        rich_help_panel=INSTEAD,
    ),
]
Schema = Annotated[
    bool, typer.Option("--schema", help="Print the JSON Schema of a case and leave.", rich_help_panel=INSTEAD)
]


def evaluate(
    paths: Paths = None,
    trials: Trials = 1,
    propose: Propose = Proposes.CASE,
    model: Model = None,
    record: Record = None,
    cassette: Play = None,
    processes: Processes = None,
    resume: Resume = None,
    baseline: Earlier = None,
    margin: Margin = 0.05,
    json: Json = None,
    junit: Junit = None,
    md: Markdown = None,
    html: Html = None,
    freeze: Freeze = None,
    annotate: Annotate = None,
    without_audit: WithoutAudit = False,
    ablate: Ablate = False,
    regrade: Regrade = None,
    foreign: Foreign = None,
    new_case: NewCase = None,
    schema: Schema = False,
    project: Home = HERE,
) -> None:
    """Replay labelled cases and grade every decision. Exit 0 pass, 1 fail, 2 a wrong suite, 3 not measured."""
    from cxagent.errors import BadInput
    from cxagent.evaluation import Order, Plan, command
    from cxagent.evaluation.replay.crew import cores

    if schema:
        return typer.echo(command.schema())
    if new_case is not None:
        return typer.echo(command.new_case(project, new_case))
    if not paths:
        raise BadInput("name at least one suite, such as evals/", where="PATH")
    asks: Literal["case", "project"] = "case"
    if model or record or cassette or propose == Proposes.PROJECT:
        asks = "project"
    order = Order(project, asks, model, record, cassette, unaware=without_audit, ablate=ablate)
    origin: dict[str, Any] = {"resume": resume, "regrade": regrade, "foreign": foreign}
    side_by_side = processes or min(cores(), MOST_PROCESSES)
    more = {"baseline": baseline, "margin": margin, "advance": command.progress, "warn": command.warn, **origin}
    plan = Plan(paths=paths, order=order, trials=trials, processes=side_by_side, **more)
    wanted = annotate if annotate is not None else os.environ.get("GITHUB_ACTIONS") == "true"
    outputs = command.Outputs(json=json, junit=junit, markdown=md, page=html, frozen=freeze, annotations=wanted)
    raise typer.Exit(command.run(plan, outputs))
