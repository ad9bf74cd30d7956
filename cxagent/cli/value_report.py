"""`cxagent value report` and `cxagent value mail`: the report of one month, as a page or by mail to those who lead."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxagent.cli.options import HERE, AsJson, Home
from cxagent.cli.screen import plain, print_json, talk

if TYPE_CHECKING:
    from cxagent.notifying.monthly import Letter

STDOUT = Path("-")


def register(group: typer.Typer) -> None:
    """Add both commands to the group of `cxagent value`."""
    group.command()(report)
    group.command()(mail)


def report(
    month: Annotated[
        str | None, typer.Option("--month", metavar="MONTH", help="A month that is over.", show_default="the last one")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Where to write it; - prints it.", show_default="value-MONTH.html"),
    ] = None,
    project: Home = HERE,
) -> None:
    """Write the report of one month as a page that stands by itself: no link, no script, to read, mail and print.

    A month of long ago is told with what was known when it ended.
    """
    from cxagent import clock
    from cxagent.errors import BadInput
    from cxagent.home import Home as Folder
    from cxagent.value.monthly import monthly
    from cxagent.value.monthly_page import html

    folder = Folder(project)
    with folder.store.read() as connection:
        found = monthly(connection, folder.playbook_on_record(connection), folder.metrics, clock.now(), month)
    page = html(found, folder.name)
    if to == STDOUT:
        typer.echo(page, nl=False)
        return
    path = to or Path(f"value-{found.month}.html")
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot be written: {error.strerror}", where=str(path)) from error
    talk(f"{found.title}: {path}")


def mail(
    to: Annotated[str | None, typer.Option("--to", metavar="NAME", help="This leader only.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the mail and who would get it; send none.")] = False,
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """Send every leader the report of the last whole month, once a month each; run it every day, or when you like.

    Leaders own a metric or sign last. The environment names the mail server (CXAGENT_SMTP_URL) and the sender
    (CXAGENT_MAIL_FROM).
    """
    from cxagent import clock
    from cxagent.home import Home as Folder
    from cxagent.notifying.monthly import prepared, send_monthly

    folder = Folder(project)
    if dry_run:
        letters, told = prepared(folder, clock.now(), to)
        for one in letters:
            _say(one, None, json)
        if not json:
            from cxagent.notifying.monthly import FOOT, subject
            from cxagent.value.monthly import plain as written

            typer.echo(plain(f"\nSubject: {subject(told)}\n\n{written(told)}\n{FOOT}"))
        return
    for one, outcome in send_monthly(folder, clock.now(), to):
        _say(one, outcome, json)


def _say(one: "Letter", outcome: str | None, json: bool) -> None:
    """Say who is told of which month, and what became of it."""
    if json:
        print_json({**one.model_dump(), "outcome": outcome})
        return
    what = outcome or ("would be sent" if one.gap is None else "not told")
    why = f" ({one.gap})" if one.gap else ""
    address = f" <{one.email}>" if one.email else ""
    typer.echo(plain(f"{one.person}{address}: {one.month}, {what}{why}"))
