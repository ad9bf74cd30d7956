"""`cxagent hold`: say that you are looking at a draft, so that no colleague decides it meanwhile."""

from typing import Annotated

import typer

from cxagent.cli.options import HERE, AsJson, Home
from cxagent.cli.screen import print_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(hold)


def hold(
    draft_id: Annotated[str, typer.Argument(metavar="DRAFT_ID", help="As `cxagent drafts` shows it.")],
    by: Annotated[str, typer.Option("--as", metavar="NAME", help="Who looks at it.")],
    minutes: Annotated[int, typer.Option(min=1, max=480, help="For how long; after that it is anybody's again.")] = 15,
    over: Annotated[bool, typer.Option("--over", help="Take it over from the colleague who holds it.")] = False,
    release: Annotated[bool, typer.Option("--release", help="Give it back before the time is over.")] = False,
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """Hold a draft while you look at it. A colleague who decides it meanwhile is told your name and until when."""
    from cxagent.agent import Agent

    agent = Agent.open(project)
    told: dict[str, object]
    if release:
        given = agent.let_go(draft_id, by)
        said, told = "is anybody's again" if given else f"was not held by {by}", {"released": given}
    else:
        until = agent.hold(draft_id, by, minutes=minutes, over=over)
        said, told = f"is held by {by} until {until:%H:%M} UTC", {"held_by": by, "held_until": until.isoformat()}
    if json:
        print_json({"draft_id": draft_id, **told})
    else:
        typer.echo(f"{draft_id} {said}.")
