"""`cxagent keys`: the keys of the HTTP API."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cxagent.cli.options import HERE, AsJson, Home
from cxagent.cli.screen import page, print_json, styled, table, talk
from cxagent.errors import BadInput, Refused

if TYPE_CHECKING:
    from cxagent.project import Project


def register(app: typer.Typer) -> None:
    """Add the commands."""
    keys = typer.Typer(help="Keys of the HTTP API: what another system may do here, and until when.")
    keys.command("add")(add)
    keys.command("list")(list_)
    keys.command("revoke")(revoke)
    app.add_typer(keys, name="keys", no_args_is_help=True)


def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for.")],
    scope: Annotated[list[str], typer.Option("--scope", help="What it may do; may be given more than once.")],
    by: Annotated[str, typer.Option("--as", metavar="NAME", help="Who makes it.")],
    person: Annotated[
        str | None, typer.Option("--for", metavar="NAME", help="In whose name it decides; needed where it may decide.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="For how many days it opens.")] = 90,
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """Make a key and print it once; the database keeps a digest of it alone."""
    from cxagent import clock
    from cxagent.ledger import api_keys

    home = _opened(project)
    maker = _person(home, by, "--as")
    bound = _person(home, person, "--for") if person is not None else None
    until = clock.now() + timedelta(days=days)
    with home.store.write() as connection:
        key, text = api_keys.make(connection, name, frozenset(scope), bound, until, maker)
    if json:
        print_json({"id": key.id, "name": key.name, "key": text, "expires_at": until.isoformat()})
        return
    talk(f"{key.name}: copy it now, it is not shown again; it opens until {until:%d %B %Y}")
    typer.echo(text)


def list_(project: Home = HERE, json: AsJson = False) -> None:
    """List every key that was made, without what opens with it."""
    from cxagent.ledger import api_keys

    with _opened(project).store.read() as connection:
        found = api_keys.every(connection)
    if json:
        print_json(found)
        return
    shown = table("id", "name", "may", "as", "last used", "ends", "now", title=f"{len(found)} keys")
    for one in found:
        cells = (one["id"], one["name"], ", ".join(one["scopes"]), one["person"] or "nobody")
        shown.add_row(*map(styled, (*cells, _day(one["used_at"]), _day(one["expires_at"]), one["status"])))
    page().print(shown)


def revoke(
    key: Annotated[str, typer.Argument(metavar="ID", help="The key, as `cxagent keys list` names it.")],
    by: Annotated[str, typer.Option("--as", metavar="NAME", help="Who ends it.")],
    project: Home = HERE,
) -> None:
    """End a key at once."""
    from cxagent.ledger import api_keys

    home = _opened(project)
    name = _person(home, by, "--as")
    with home.store.write() as connection:
        if not api_keys.revoke(connection, key, name):
            raise Refused(f"there is no key {key} that still opens")
    typer.echo(f"{name} revoked the key {key}.")


def _opened(project: object) -> "Project":
    from cxagent.agent import Agent

    return Agent.open(project).project  # type: ignore[arg-type]


def _person(home: "Project", name: str, where: str) -> str:
    found = home.steps.judge.playbook.colleague(name)
    if found is None:
        people = ", ".join(one.name for one in home.steps.judge.playbook.people)
        raise BadInput(f"{name!r} is nobody the playbook knows; people are {people}", where=where)
    return found.name


def _day(at: str | None) -> str:
    return at[:10] if at else "never"
