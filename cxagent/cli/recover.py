"""`cxagent recover` and `cxagent worker`: finish what a crash left, and work off the queue."""

import logging
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxagent.cli.options import HERE, AsJson, Home, argument
from cxagent.cli.screen import page, plain, print_json, styled, table, talk
from cxagent.errors import BadInput

if TYPE_CHECKING:
    from cxagent.recovery import Recovery


class Word(StrEnum):
    """What a person found out about an effect in doubt."""

    HAPPENED = "happened"
    NOTHING = "nothing"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(recover)
    app.command()(worker)


def recover(
    key: Annotated[str | None, typer.Argument(metavar="[KEY]", help="An effect in doubt that was looked into.")] = None,
    word: Annotated[Word | None, typer.Argument(metavar="[happened|nothing]", help="What was found.")] = None,
    by: Annotated[str, typer.Option("--as", metavar="NAME", help="Who looked into it.")] = "",
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """Finish what a crash left, oldest first, and name the effects in doubt.

    With a KEY, record what a person found out about an effect in doubt; nothing runs. Exit 1 where a ticket is stuck.
    """
    from cxagent import recovery
    from cxagent.agent import Agent

    agent = Agent.open(project)
    if key is not None:
        if word is None or not by:
            raise BadInput("say what was found and who looked: cxagent recover KEY happened|nothing --as NAME")
        settled = recovery.settle(agent, key, word is Word.HAPPENED, by)
        if json:
            print_json({"settled": key, "status": settled["status"]})
        else:
            typer.echo(f"{key}: {settled['tool']} counts as {'done' if settled['status'] == 'done' else 'not done'}.")
        return
    found = recovery.recover(agent)
    if json:
        print_json(
            {
                "finished": found.finished,
                "under_way": found.under_way,
                "stuck": found.stuck,
                "in_doubt": found.in_doubt,
                "released": found.released,
            }
        )
    else:
        _tell(found, argument(project))
    if found.stuck:
        raise typer.Exit(1)


def _tell(found: "Recovery", where: str) -> None:
    if found.finished:
        shown = table("ticket", "route", "now", title=f"{len(found.finished)} tickets went on")
        for row in found.finished:
            shown.add_row(styled(row["ticket_id"]), styled(row["autonomy"] or "-"), styled(row["status"]))
        page().print(shown)
    for one in found.stuck:
        talk(f"{one['ticket_id']} is stuck: {one['why']}")
    if found.under_way:
        talk(f"{len(found.under_way)} tickets are under way elsewhere: {', '.join(found.under_way[:5])}")
    if found.in_doubt:
        _doubts(found.in_doubt)
        typer.echo(f"Next: look, then cxagent recover {found.in_doubt[0]['id']} happened|nothing --as NAME{where}")
    nothing = not (found.finished or found.stuck or found.in_doubt or found.under_way)
    gave = f" {found.released} expired permissions gave their money back." if found.released else ""
    typer.echo(("Nothing was left unfinished." if nothing else "Everything else is finished.") + gave)


def _doubts(rows: tuple[dict[str, Any], ...]) -> None:
    shown = table("effect", "what", "who owns it", title=f"{len(rows)} effects in doubt: did they happen?")
    for row in rows:
        what = f"{row['tool']} for {row['account_id']}, ticket {row['ticket_id']}\n{plain(row['said'] or '')}"
        shown.add_row(styled(row["id"]), styled(what), styled(row["owner"] or "nobody yet"))
    page().print(shown)


def worker(
    concurrency: Annotated[
        int, typer.Option(min=1, max=64, help="Tickets at once in this process; start more processes for more cores.")
    ] = 1,
    once: Annotated[bool, typer.Option("--once", help="Leave when nothing is left to do.")] = False,
    project: Home = HERE,
) -> None:
    """Work off queued tickets and recoveries until stopped; SIGTERM lets the ticket at hand end first.

    On PostgreSQL start as many as you like: one account's tickets stay in order. SQLite has one.
    """
    from cxagent.agent import Agent
    from cxagent.worker import queued, work

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("procrastinate").setLevel(logging.ERROR)
    agent = Agent.open(project)
    _ = agent.project.bench  # a fault of the project is told at once
    talk(f"working on {'the queue' if queued(agent) else 'the ledger'} of {agent.project.name}; stop with Ctrl-C")
    work(agent, concurrency=concurrency, once=once)
