"""`cxagent notify`: send everybody for whom drafts wait their digest by mail."""

from typing import TYPE_CHECKING, Annotated

import typer

from cxagent.cli.options import HERE, AsJson, Home
from cxagent.cli.screen import plain, print_json

if TYPE_CHECKING:
    from cxagent.notifying import Digest

NOTHING = "No draft waits for anybody."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(notify)


def notify(
    to: Annotated[str | None, typer.Option("--to", metavar="NAME", help="This person only.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the mails and send none.")] = False,
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """Send the digest of what waits, at most one to a person and day; run it every morning, and after that as you like.

    The environment names the mail server (CXAGENT_SMTP_URL), the sender (CXAGENT_MAIL_FROM) and the address of the
    inbox (CXAGENT_PUBLIC_URL).
    """
    from cxagent import clock
    from cxagent.agent import Agent
    from cxagent.notifying import digests, send_digests

    agent = Agent.open(project)
    if dry_run:
        shown = digests(agent, clock.now(), to)
        for one in shown:
            _show(one, json)
        if not shown and not json:
            typer.echo(NOTHING)
        return
    told = send_digests(agent, clock.now(), to)
    for one, outcome in told:
        if json:
            print_json({"person": one.person, "waiting": one.count, "outcome": outcome, "gap": one.gap})
        else:
            why = f" ({one.person} {one.gap})" if one.gap else ""
            typer.echo(plain(f"{one.person}: {one.count} waiting, {outcome}{why}"))
    if not told and not json:
        typer.echo(NOTHING)


def _show(one: "Digest", json: bool) -> None:
    """Print a mail as it would go out; without an address of the inbox its links are relative."""
    from cxagent.notifying.digest import plain as written
    from cxagent.notifying.digest import subject
    from cxagent.notifying.links import public_url

    if json:
        print_json(one.model_dump(mode="json"))
        return
    to = f"{one.person} <{one.email}>" if one.email else f"{one.person} (not told: {one.gap})"
    typer.echo(plain(f"To: {to}\nSubject: {subject(one)}\n\n{written(one, public_url() or '')}"))
