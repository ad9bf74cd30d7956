"""`cxagent verify`: whether the decision log is whole, and fits the seals outside the database."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxagent.cli.options import HERE, AsJson, Home, argument
from cxagent.cli.screen import page, print_json, styled, table, talk
from cxagent.errors import Unreachable

if TYPE_CHECKING:
    from cxagent.ledger.chain import Advance, Touched
    from cxagent.seals import Sealed, Seals


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(verify)


def verify(
    project: Home = HERE,
    json: AsJson = False,
    seal: Annotated[
        bool, typer.Option("--seal", help="Sign how far a whole log has got, in a file outside the database.")
    ] = False,
) -> None:
    """Check that no line of the decision log was altered, removed, reordered or cut off. Exit 1 where one was.

    The log is also compared with its seals, where it was ever sealed: they show what somebody rewrote who has the
    whole database.
    """
    from cxagent import seals
    from cxagent.ledger import chain
    from cxagent.project import Project

    found = Project(project)
    if not recorded(found.database_url):
        raise Unreachable(f"there is no decision log at {found.database_url}")
    path = seals.place(found.home)
    key = seals.key_of(path, make=seal) if seal or seals.exist(path) else None
    with progress() as advance:
        lines, touched = chain.verify(found.store, advance)
    if key:
        touched = tuple(dict.fromkeys((*touched, *seals.check(found.store, path, key))))
    done = seals.seal(found.store, path, key) if key and seal and not touched else None
    known = seals.held(path, key) if key and seals.exist(path) else None
    if json:
        print_json(as_json(lines, touched, known, path))
    else:
        _tell(lines, touched, path)
        _tell_seals(known, done, path, project)
        if done and (beside := seals.key_beside(path)):
            talk(
                f"The key lies beside the seals ({beside}): that protects against somebody who has the database, not "
                f"against somebody who has this machine. Keep one elsewhere and name it in {seals.KEY}."
            )
    if touched:
        if seal:
            talk("Nothing was sealed.")
        raise typer.Exit(1)


def as_json(lines: int, touched: Sequence["Touched"], known: "Seals | None", path: Path) -> dict[str, object]:
    """Return what a program reads; `seals` is null where the log was never sealed."""
    last = known.last_at.isoformat() if known and known.last_at else None
    return {
        "whole": not touched,
        "lines": lines,
        "touched": [one.model_dump(mode="json") for one in touched],
        "seals": {"count": known.count, "last_at": last, "file": str(path)} if known else None,
    }


def _tell(lines: int, touched: Sequence["Touched"], path: Path) -> None:
    if not touched:
        typer.echo(f"The decision log is whole: {lines} lines, nothing altered, removed or reordered.")
        return
    shown = table(
        "account", "line", "entry", "what", title=f"{len(touched)} places do not fit together, of {lines} lines"
    )
    for one in touched:
        row = (one.account_id if one.account_id is not None else path.name, one.seq, one.entry or "-", one.what)
        shown.add_row(*(styled(part) for part in row))
    page().print(shown)


def _tell_seals(known: "Seals | None", done: "Sealed | None", path: Path, project: Path) -> None:
    if known is None:
        talk(
            "No seal exists: whoever can write the database could rewrite this log unseen. "
            f"Next: cxagent verify --seal{argument(project)}"
        )
        return
    often = "once" if known.count == 1 else f"{known.count} times"
    until = f", up to {known.last_at:%Y-%m-%d %H:%M} UTC" if known.last_at else ""
    moved = f" (accounts that had moved since the last time: {done.accounts})" if done else ""
    typer.echo(f"Sealed {often}{until}{moved}: {path}")
    if known.torn:
        talk("The last sealing broke off and left half a line; the next sealing clears it away.")


@contextmanager
def progress() -> Iterator["Advance | None"]:
    """Show a bar on a terminal; yield what moves it to a line, of how many, or None where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("lines", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def recorded(url: str) -> bool:
    """Whether a database may be there; a missing SQLite file is known to hold nothing, and is not created by asking."""
    prefix = "sqlite:///"
    return not url.startswith(prefix) or Path(url.removeprefix(prefix).partition("?")[0]).exists()
