"""`cxagent init`: a new project from the reference deployment."""

from pathlib import Path
from typing import Annotated

import typer

from cxagent.cli.options import HERE, Home
from cxagent.cli.screen import talk


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(init)


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The new project's folder; it must hold none of the files.")
    ],
    project: Home = HERE,
) -> None:
    """Make a new project: graph, playbook, guidance, tools, sample world and suites. It runs as it is."""
    from cxagent.scaffold import copy_to

    target = project / directory
    files = copy_to(target)
    typer.echo(f"{target}: {len(files)} files")
    where = "" if target == HERE else f" --project {target}"
    talk(f"Next: cxagent check{where} · cxagent demo{where} · then put your own numbers into graphs/playbook.yaml")
