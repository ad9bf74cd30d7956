"""`cxagent repairs`: what was found wrong after it had been sent, whose it is, and that it was put right."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from cxagent.cli.options import HERE, AsJson, Home, argument
from cxagent.cli.screen import page, plain, print_json, styled, table


class How(StrEnum):
    """How a repair ends."""

    CORRECTED = "corrected"
    NOT_NEEDED = "not_needed"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    repairs = typer.Typer(help="What was found wrong after it had been sent: a named owner puts it right by a date.")
    repairs.command("list")(listing)
    repairs.command("done")(done)
    app.add_typer(repairs, name="repairs", no_args_is_help=True)


def listing(
    late: Annotated[bool, typer.Option("--overdue", help="Only those whose date is over.")] = False,
    ended: Annotated[bool, typer.Option("--ended", help="Those that were put right, the latest first.")] = False,
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """List what is still to be put right, the earliest date first."""
    from cxagent.agent import Agent
    from cxagent.quality import repairs

    agent = Agent.open(project)
    rows = repairs.repaired(agent) if ended else repairs.overdue(agent) if late else repairs.open_ones(agent)
    if json:
        for row in rows:
            print_json(_told(row))
    elif not rows:
        typer.echo("Nothing was put right yet." if ended else "Nothing waits to be put right.")
    else:
        shown = table("repair", "account", "weight", "owner", "ended" if ended else "due", "found wrong")
        for row in rows:
            shown.add_row(*map(styled, _line(row)))
        page().print(shown)
        if not ended:
            typer.echo(
                plain(f"Next: cxagent repairs done {rows[0]['id']} corrected --as NAME --text TEXT{argument(project)}")
            )


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    at = f"{row['due'][:16].replace('T', ' ')}{' (late)' if row.get('overdue') else ''}"
    if row["status"] != "open":
        at = f"{row['done_at'][:10]} {row['status'].replace('_', ' ')}, {row['done_by']}"
    found = f"{row['opened_at'][:10]} by {row['found_by']}"
    return (row["id"], row["account_name"] or row["account_id"], row["severity"], row["owner"], at, found)


def _told(row: dict[str, Any]) -> dict[str, Any]:
    names = ("decision_id", "ticket_id", "account_id", "severity", "owner", "due", "status", "found_by", "opened_at")
    ended = {name: row[name] for name in ("done_by", "done_at")}
    told = {"repair_id": row["id"], **{name: row[name] for name in names}, **ended}
    return {**told, "overdue": row.get("overdue", False), "undo": row["undo"].split()}


def done(
    repair_id: Annotated[
        str, typer.Argument(metavar="REPAIR_ID", help="A repair, as `cxagent repairs list` names it.")
    ],
    how: Annotated[How, typer.Argument(help="Whether the customer was written to, or nothing was needed.")],
    by: Annotated[str, typer.Option("--as", metavar="NAME", help="Who put it right.")],
    text: Annotated[
        str, typer.Option("--text", metavar="TEXT", help="What they wrote to the customer, or why nothing.")
    ],
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """Close a repair, once: with what its owner really sent, or with the reason why nothing was needed."""
    from cxagent.agent import Agent
    from cxagent.inbox import Inbox
    from cxagent.quality import repairs

    agent = Agent.open(project)
    repairs.done(agent, Inbox(agent).person(by), repair_id, how.value, text)
    row = dict(repairs.known(agent, repair_id))
    if json:
        print_json(_told(row))
    else:
        typer.echo(plain(f"{repair_id}: {row['status'].replace('_', ' ')}, on record as {row['done_by']}'s."))
