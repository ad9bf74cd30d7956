"""`cxagent undo`: a person takes back what was done, once and within their authority."""

from typing import Annotated

import typer

from cxagent.cli.options import HERE, AsJson, Home, argument
from cxagent.cli.screen import plain, print_json, talk


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(undo)


def undo(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The effect, as `cxagent explain` names it.")],
    by: Annotated[str, typer.Option("--as", metavar="NAME", help="Who takes it back.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; it is recorded.")],
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """Take a done effect back, once, by the action that its tool declares. Exit 1 where that did not happen.

    It needs the authority that the decision needed; no message goes to the customer.
    """
    from cxagent import aftercare
    from cxagent.agent import Agent

    agent = Agent.open(project)
    told = aftercare.undo(agent, key, by, why)
    if json:
        print_json(told)
    elif told["status"] == "done":
        typer.echo(plain(f"{key}: taken back by {told['tool']}, {told['key']}."))
    else:
        talk(f"{key}: {told['tool']} {told['status'].replace('_', ' ')}: {told['said']}")
        if told["status"] == "in_doubt":
            talk(f"Next: look, then cxagent recover {told['key']} happened|nothing --as NAME{argument(project)}")
    if told["status"] != "done":
        raise typer.Exit(1)
