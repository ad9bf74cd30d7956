"""`cxagent run`: tickets in, one result a line."""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxagent.cli.options import HERE, AsJson, Home, argument
from cxagent.cli.screen import page, print_json, route, shortened, styled, talk
from cxagent.errors import BadInput, CxagentError, Unreachable

if TYPE_CHECKING:
    from rich.console import Console

    from cxagent.agent import Agent
    from cxagent.domain.ticket import Incoming

Take = Callable[["Incoming"], dict[str, Any]]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(run)


def run(
    file: Annotated[
        str, typer.Argument(metavar="FILE.jsonl|-", help='One {"ticket": …, "account_id": …} a line; - reads stdin.')
    ],
    enqueue: Annotated[
        bool, typer.Option("--enqueue", help="Only put them on record and into the queue; `cxagent worker` goes on.")
    ] = False,
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """Take tickets through the graph. A line that is no ticket is named and left out; the good ones go on.

    The same file may run again: what is finished is told again, what was broken off is finished. Exit 2 where a line
    was refused, 1 where a ticket broke off.
    """
    from cxagent import intake
    from cxagent.agent import Agent

    agent = Agent.open(project)
    _ = agent.project.bench  # a fault of the project is told once, not at every ticket
    seen: Counter[str] = Counter()
    with (
        intake.opened(file) as (stream, name),
        progress(file, json) as (console, advance),
        _taker(agent, enqueue) as take,
    ):
        for line in intake.read_lines(stream, name):
            if line.incoming is None:
                seen["refused"] += 1
                talk(line.refused or "")
            elif result := _one(take, line.incoming, line.place, seen):
                show(agent, result, console)
            advance(line.ends_at)
    _close(seen, project, json)


@contextmanager
def _taker(agent: "Agent", enqueue: bool) -> Iterator[Take]:
    """Return what takes a ticket: the graph, or the queue."""
    if not enqueue:
        yield agent.run
        return
    from cxagent import worker

    with worker.Queue(agent).opened() if worker.queued(agent) else nullcontext() as queue:
        yield lambda incoming: worker.enqueue(agent, incoming, queue)


def _one(take: Take, incoming: "Incoming", place: str, seen: Counter[str]) -> dict[str, Any] | None:
    """Take one ticket; what goes wrong with it is said and counted, and the next one goes on."""
    try:
        result = take(incoming)
    except Unreachable:
        raise
    except BadInput as error:
        seen["refused"] += 1
        talk(f"{place}: {error}")
        return None
    except Exception as error:
        if os.environ.get("CXAGENT_TRACE"):
            raise
        seen["broken off"] += 1
        said = str(error) if isinstance(error, CxagentError) else f"{type(error).__name__}: {error}"
        talk(f"{place}: ticket {incoming.ticket.id} broke off: {said}")
        return None
    seen[result["autonomy"] or "queued"] += 1
    return result


def show(agent: "Agent", result: dict[str, Any], console: "Console | None") -> None:
    """Print one result: a line of JSON where there is no console, else a sentence."""
    from cxagent.telling import told

    if console is None:
        print_json(result)
        return
    if result["decision_id"] is None:
        console.print(styled(f"queued   {result['account_id'] or '-':<29}{result['ticket_id']}"), soft_wrap=True)
        return
    one = told(agent.store, result["decision_id"])
    line = styled("").append_text(route(f"{result['autonomy']:<8}"))
    line.append(f"{shortened(one.account, 28):<29}{result['ticket_id']}  ")
    line.append(shortened(one.main_reason, 160), style="dim")
    console.print(line, soft_wrap=True)


def _close(seen: Counter[str], project: Path, json: bool) -> None:
    routes = ", ".join(f"{seen[name]} {name}" for name in ("act", "draft", "handoff", "queued") if seen[name])
    lost = "".join(f", {seen[name]} {name}" for name in ("refused", "broken off") if seen[name])
    if not json or lost:
        next_command = "drafts" if seen["draft"] else "worker" if seen["queued"] else None
        following = f". Next: cxagent {next_command}{argument(project)}" if next_command and not json else ""
        talk(f"{routes or 'no ticket worked on'}{lost}{following}")
    if seen["refused"]:
        raise typer.Exit(2)
    if seen["broken off"]:
        raise typer.Exit(1)


@contextmanager
def progress(file: str, json: bool) -> Iterator[tuple["Console | None", Callable[[int], None]]]:
    """Show a bar on a terminal; yield the console for lines (none for JSON) and what moves the bar to a byte."""
    from rich.console import Console

    size = Path(file).stat().st_size if file != "-" else None
    both = sys.stdout.isatty()
    if not sys.stderr.isatty() or (json and both):
        yield (None if json else page()), lambda _at: None
        return
    from rich.progress import Progress

    # On one terminal the lines must go through the bar's own console, or they would overwrite each other.
    shared = Console(stderr=True, markup=False, highlight=False, emoji=False)
    with Progress(console=shared, transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("tickets", total=size)
        out = shared if both else page()
        yield (None if json else out), lambda at: bar.update(task, completed=at)
