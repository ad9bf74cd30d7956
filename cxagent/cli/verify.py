"""`cxagent verify`: whether the decision log is whole."""

import typer

from cxagent.cli.options import HERE, AsJson, Home
from cxagent.cli.screen import page, print_json, styled, table
from cxagent.errors import Unreachable


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(verify)


def verify(project: Home = HERE, json: AsJson = False) -> None:
    """Check that no line of the decision log was altered, removed, reordered or cut off. Exit 1 where one was."""
    from cxagent.ledger import chain
    from cxagent.project import Project

    found = Project(project)
    if not recorded(found.database_url):
        raise Unreachable(f"there is no decision log at {found.database_url}")
    lines, touched = chain.verify(found.store)
    if json:
        print_json({"whole": not touched, "lines": lines, "touched": [one.model_dump(mode="json") for one in touched]})
    elif touched:
        shown = table(
            "account", "line", "entry", "what", title=f"{len(touched)} places do not fit together, of {lines} lines"
        )
        for one in touched:
            shown.add_row(*(styled(part) for part in (one.account_id, one.seq, one.entry or "-", one.what)))
        page().print(shown)
    else:
        typer.echo(f"The decision log is whole: {lines} lines, nothing altered, removed or reordered.")
    if touched:
        raise typer.Exit(1)


def recorded(url: str) -> bool:
    """Whether a database may be there; a missing SQLite file is known to hold nothing, and is not created by asking."""
    from pathlib import Path

    prefix = "sqlite:///"
    return not url.startswith(prefix) or Path(url.removeprefix(prefix).partition("?")[0]).exists()
