"""`cxagent grants`: the script that gives the application's own PostgreSQL role no more than it needs."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(grants)


def grants(role: Annotated[str, typer.Argument(metavar="ROLE", help="An existing PostgreSQL role.")]) -> None:
    """Print what a PostgreSQL role needs to run cxagent: it can add to the decision log and never change it."""
    from cxagent.ledger import roles

    typer.echo(roles.grants(role))
