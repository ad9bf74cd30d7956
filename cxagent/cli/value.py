"""`cxagent value`: what it is all worth; below it the history, the accounts, the people, and what if."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxagent.cli import value_report
from cxagent.cli.options import HERE, AsJson, Home
from cxagent.cli.screen import print_json, talk

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxagent.domain.value import Value
    from cxagent.ledger.store import Connection
    from cxagent.playbook import Playbook

group = typer.Typer(help="What it is worth: growth, efficiency, risk and trust, as trends and as money.")

Segment = Annotated[str | None, typer.Option("--segment", metavar="NAME", help="One segment instead of all.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV: a row for each metric and month.")]
Rows = Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file: a row for each account and month.")]
People = Annotated[
    Path | None, typer.Option("--people", metavar="FILE", help="The same for colleagues: a row for each and month.")
]


def register(parent: typer.Typer) -> None:
    """Add the group of commands."""
    value_report.register(group)
    parent.add_typer(group, name="value")


@group.callback(invoke_without_command=True)
def value(
    context: typer.Context, project: Home = HERE, segment: Segment = None, json: AsJson = False, csv: AsCsv = False
) -> None:
    """Print the four keys side by side: how each moves, what it is worth, and what has no price."""
    if context.invoked_subcommand is not None:
        return
    from cxagent import clock
    from cxagent.home import Home as Folder
    from cxagent.value.answers import as_contract
    from cxagent.value.report import report

    folder = Folder(project)
    with folder.store.read() as connection:
        book = folder.playbook_on_record(connection)
        found = report(connection, book, folder.metrics, clock.now(), _known_segment(segment))
    if json:
        print_json(as_contract(found))
    elif csv:
        _print_csv(found)
    else:
        from cxagent.cli.value_screen import show

        show(found, project)


def _known_segment(segment: str | None) -> str | None:
    from cxagent.domain.vocabulary import Segment as Known
    from cxagent.errors import BadInput
    from cxagent.ledger.account_months import OTHERS

    names = [*Known, OTHERS]
    if segment is not None and segment not in names:
        raise BadInput(f"{segment!r} is no segment; there are {', '.join(names)}", where="--segment")
    return segment


def _print_csv(found: Any) -> None:
    import csv

    from cxagent.value.answers import HEADER, rows

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows(found))


@group.command()
def load(file: Rows, people: People = None, project: Home = HERE) -> None:
    """Load months of history from CSV files that other systems wrote, value them, and add them up.

    The columns are those of `cxagent value columns`. Nothing of a file is kept where one cell of it is wrong; a month
    that was loaded before is written anew.
    """
    from cxagent.home import Home as Folder
    from cxagent.value import history

    folder = Folder(project)
    with _progress("reading") as told, folder.store.write("value") as connection:
        book = folder.playbook_on_record(connection)
        found = history.load(connection, book, file, people, told)
    talk(found.said)
    for one in found.alarms:
        talk(f"alarm: {one.metric} of {one.scope} {one.key}: {one.why}")


@group.command()
def columns(json: AsJson = False) -> None:
    """List the columns that history may have, with what each means."""
    from cxagent.cli.value_screen import show_columns
    from cxagent.value.loading import columns as known

    if json:
        print_json(known())
    else:
        show_columns(known())


@group.command()
def observe(project: Home = HERE, json: AsJson = False) -> None:
    """Look at every account that the sources list, value it, and add the running month up.

    Run it every night; looking again in the same month writes that month anew.
    """
    from cxagent import clock
    from cxagent.agent import Agent
    from cxagent.value.history import look

    agent = Agent.open(project)
    with _progress("looking at accounts") as told:
        found = look(agent.project, clock.now(), told)
    if json:
        print_json(found._asdict())
        return
    talk(f"{found.accounts} accounts in {found.month}, {len(found.left)} have left")
    for gap in found.gaps:
        talk(gap)


@group.command()
def metrics(project: Home = HERE, json: AsJson = False) -> None:
    """List the registered metrics: what each means, who owns it, how it is computed."""
    from cxagent.cli.value_screen import show_metrics
    from cxagent.home import Home as Folder

    registry = Folder(project).metrics
    if json:
        print_json([one.model_dump(mode="json") for one in registry.metrics])
    else:
        show_metrics(registry)


@group.command()
def account(
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account.")],
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """Show what one account is worth, what that hangs on, and how it moved."""
    from cxagent import clock
    from cxagent.cli.value_screen import show_account
    from cxagent.value.account import account_report
    from cxagent.value.valuing import latest

    def asked(connection: "Connection", book: "Playbook") -> "Value":
        return account_report(connection, latest(connection, book.value), account_id, clock.now().date())

    _answer(project, json, asked, show_account)


@group.command()
def person(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A colleague who looks after accounts.")],
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """Show what hangs on one colleague: the accounts whose trust they hold, and what renews if they leave."""
    from cxagent import clock
    from cxagent.cli.value_screen import show_person
    from cxagent.value.people import leaving

    _answer(project, json, lambda connection, book: leaving(connection, book, name, clock.now()), show_person)


@group.command("what-if")
def what_if(
    retention: Annotated[
        float, typer.Option("--retention", metavar="POINTS", help="By how many points every renewal rate would rise.")
    ],
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """Say what the accounts would be worth if retention were so many points higher: a range, and no promise."""
    from cxagent.cli.value_screen import show_what_if
    from cxagent.value.what_if import what_if as supposed

    def shown(found: Any, currency: str) -> None:
        show_what_if(found)

    _answer(project, json, lambda connection, book: supposed(connection, book, retention), shown)


def _answer(
    project: Path,
    json: bool,
    asked: "Callable[[Connection, Playbook], Value]",
    shown: "Callable[[Any, str], None]",
) -> None:
    """Ask one thing of the ledger under the playbook that rules, and print it; `shown` is given the currency too."""
    from cxagent.home import Home as Folder

    folder = Folder(project)
    with folder.store.read() as connection:
        book = folder.playbook_on_record(connection)
        found = asked(connection, book)
    if json:
        print_json(found.model_dump(mode="json"))
    else:
        shown(found, book.currency)


@contextmanager
def _progress(what: str) -> "Iterator[Callable[[str, int, int | None], None]]":
    """Show a bar on standard error while something long goes on; `told` hears the step, what is done, of how many."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*parts, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def told(step: str, done: int, of: int | None) -> None:
            bar.update(task, description=step, completed=done, total=of)

        yield told
