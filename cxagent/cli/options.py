"""The options that every command shares."""

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[Path, typer.Option("--project", metavar="DIR", help="The folder of the project.", show_default="here")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
HERE = Path()


def argument(home: Path) -> str:
    """Return the `--project` that a suggested next command needs, with a space before it."""
    return "" if home == HERE else f" --project {home}"
