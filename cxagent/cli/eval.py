"""`cxagent eval`: replay labelled cases; the work is done in `cxagent.evaluation`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cxagent.cli.options import HERE, Home


class Proposes(StrEnum):
    """Who proposes in a replay."""

    CASE = "case"
    PROJECT = "project"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="eval")(evaluate)


def evaluate(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH...", help="Suites: .jsonl or .yaml files, or folders of them.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="F", help="Write the report as JSON to this file.")
    ] = None,
    trials: Annotated[int, typer.Option("--trials", metavar="N", min=1, help="How often each case is replayed.")] = 1,
    propose: Annotated[
        Proposes, typer.Option("--propose", help="Use each case's own proposal, or let the project propose.")
    ] = Proposes.CASE,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a case and leave.")] = False,
    project: Home = HERE,
) -> None:
    """Replay labelled cases and grade every route. Exit 0 pass, 1 fail, 2 a wrong suite, 3 not measured."""
    from cxagent import evaluation

    code = evaluation.command(
        paths or [],
        json=json,
        trials=trials,
        propose=propose.value,
        schema=schema,
        project=project,
    )
    raise typer.Exit(code)
