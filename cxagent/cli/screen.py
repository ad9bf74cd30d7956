"""What the terminal shows: tables and lines for people, JSON for programs, and no control code of a customer's text."""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

ROUTES = {"act": "sent alone", "draft": "a person approves first", "handoff": "a named person owns it"}
"""The three routes, from most to least that the machine does alone."""
_STYLES = {"act": "bold green", "draft": "bold yellow", "handoff": "bold magenta"}
_STATUS = {"ok": "green", "warning": "yellow", "error": "bold red"}
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co"})


def page() -> "Console":
    """Return the console for data; brackets in a text are text, and nothing is coloured by guessing."""
    from rich.console import Console

    return Console(markup=False, highlight=False, emoji=False)


def talk(sentence: str) -> None:
    """Say something on standard error."""
    typer.echo(plain(sentence), err=True)


def print_json(value: object) -> None:
    """Print one value as one line of JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))


def plain(text: object) -> str:
    """Return a text without control and direction characters: nobody's message may steer a terminal."""
    return "".join(
        char if char == "\n" or unicodedata.category(char) not in _HIDDEN else " " for char in str(text).expandtabs(4)
    )


def shortened(text: str, width: int) -> str:
    """Return the first words of a text, on one line."""
    line = " ".join(plain(text).split())
    return line if len(line) <= width else line[: width - 1].rstrip(" ,.;:") + "…"


def route(autonomy: str) -> "Text":
    """Return a route in its colour."""
    from rich.text import Text

    return Text(autonomy, style=_STYLES.get(autonomy, ""))


def status(word: str) -> "Text":
    """Return the status of a check in its colour."""
    from rich.text import Text

    return Text(word, style=_STATUS.get(word, ""))


def styled(text: object, style: str = "") -> "Text":
    """Return a text in a style."""
    from rich.text import Text

    return Text(plain(text), style=style)


def table(*columns: str, title: str | None = None, header: bool = True) -> "Table":
    """Return an empty table; columns fold and nothing is cut off."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", show_header=header)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def pairs(rows: Iterable[tuple[str, object]] | Mapping[str, Any]) -> "Table":
    """Return a table of names and values without a header."""
    made = table("", "", header=False)
    made.columns[0].style = "dim"
    for name, value in rows.items() if isinstance(rows, Mapping) else rows:
        made.add_row(styled(name), styled(value))
    return made
