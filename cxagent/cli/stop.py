"""`cxagent stop`: the kill switch, which holds before the very next action."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cxagent.cli.options import HERE, Home
from cxagent.cli.screen import talk
from cxagent.errors import BadInput, Refused

if TYPE_CHECKING:
    from cxagent.project import Project

CHANNELS = ("email", "chat", "web", "api")


class Scope(StrEnum):
    """What a switch stops."""

    ALL = "all"
    ACCOUNT = "account"
    TOOL = "tool"
    CHANNEL = "channel"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(stop)


def stop(
    scope: Annotated[Scope, typer.Argument(help="What is stopped.")],
    key: Annotated[str | None, typer.Argument(help="Which account, tool or channel; none for `all`.")] = None,
    by: Annotated[str, typer.Option("--as", metavar="NAME", help="Who says so.")] = "",
    why: Annotated[
        str, typer.Option("--why", metavar="TEXT", help="Why; it is shown with every ticket that it stops.")
    ] = "",
    release: Annotated[bool, typer.Option("--release", help="Turn the switch off again.")] = False,
    project: Home = HERE,
) -> None:
    """Stop the machine at once: all of it, one account, one tool or one channel. People go on as ever.

    Anybody may stop it. To release it needs a person whom the playbook knows.
    """
    from cxagent.domain.stop import Stop
    from cxagent.ledger import history
    from cxagent.project import Project

    _check(scope, key, by)
    # The switch must work while the graph is broken; only a tool may be known to the graph file alone.
    home = Project.load(project) if scope is Scope.TOOL else Project(project)
    what = f"{scope.value} {key}" if key else scope.value
    if release:
        known = home.playbook.colleague(by)
        if known is None:
            people = ", ".join(one.name for one in home.playbook.people)
            raise BadInput(f"{by!r} is nobody the playbook knows; people are {people}", where="--as")
        with home.store.write() as connection:
            count = history.release_stop(connection, scope.value, key, known.name)
        if not count:
            raise Refused(f"nothing to release: {what} is not stopped")
        typer.echo(f"{known.name} released {what}.")
        return
    if not why.strip():
        raise BadInput("say why it is stopped", where="--why")
    _known(home, scope, key)
    with home.store.write() as connection:
        stop_id = history.stop(connection, Stop(scope=scope.value, key=key, by=by.strip(), why=why.strip()))
    typer.echo(f"{stop_id}: {by.strip()} stopped {what}; every ticket it concerns goes to a person.")


def _check(scope: Scope, key: str | None, by: str) -> None:
    if not by.strip():
        raise BadInput("say who you are", where="--as")
    if scope is Scope.ALL and key:
        raise BadInput("`all` stops everything and takes no key", where="KEY")
    if scope is not Scope.ALL and not key:
        raise BadInput(f"name the {scope.value}", where="KEY")


def _known(home: "Project", scope: Scope, key: str | None) -> None:
    """A switch for something that does not exist would stop nothing: that must not pass unnoticed."""
    if scope is Scope.TOOL and key not in home.tools:
        raise BadInput(f"there is no tool {key!r}; tools are {', '.join(sorted(home.tools))}", where="KEY")
    if scope is Scope.CHANNEL and key not in CHANNELS:
        raise BadInput(f"there is no channel {key!r}; channels are {', '.join(CHANNELS)}", where="KEY")
    if scope is Scope.ACCOUNT and not any(source.account(str(key)) for source in home.sources):
        talk(f"No source knows the account {key}; it is stopped all the same.")
