"""`cxagent check`: the project's health, one line for each thing that must hold."""

import importlib.util
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

import typer

from cxagent.cli.built import as_built, examined
from cxagent.cli.options import HERE, AsJson, Home
from cxagent.cli.screen import page, print_json, status, styled, table
from cxagent.errors import BadInput, CxagentError, Unreachable

if TYPE_CHECKING:
    from cxagent.project import Project
    from cxagent.sources.seam import Source


class Line(NamedTuple):
    """One thing that was looked at; `reached` is false where it could not be measured."""

    name: str
    status: Literal["ok", "warning", "error"]
    said: str
    reached: bool = True


Lines = Iterator[Line]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(project: Home = HERE, json: AsJson = False) -> None:
    """Check sources, tools, graph, playbook, guidance, database, metrics and demo.

    Exit 1 on an error, 3 where a source or the database cannot be reached.
    """
    home = as_built(project)
    lines = [line for name, look in CHECKS.items() for line in _looked(name, look, home)]
    errors = [line for line in lines if line.status == "error"]
    if json:
        told = [{"name": line.name, "status": line.status, "said": line.said} for line in lines]
        print_json({"ok": not errors, "checks": told})
    else:
        shown = table("", "", "", header=False)
        for line in lines:
            shown.add_row(status(line.status), styled(line.name, "bold"), styled(line.said))
        page().print(shown)
        warnings = sum(line.status == "warning" for line in lines)
        typer.echo(f"{len(lines)} checks: {len(errors)} errors, {warnings} warnings.")
    if errors:
        raise typer.Exit(1 if any(line.reached for line in errors) else 3)


def _looked(name: str, look: Callable[["Project"], Lines], home: "Project") -> Lines:
    try:
        yield from look(home)
    except Unreachable as error:
        yield Line(name, "error", str(error), reached=False)
    except CxagentError as error:
        yield Line(name, "error", str(error))
    except Exception as error:
        yield Line(name, "error", f"{type(error).__name__}: {error}")


def _graph(home: "Project") -> Lines:
    from cxagent.project import load_graph_file
    from cxagent.shape import check_shape

    wrong = check_shape(load_graph_file(home.home).graph)
    said = "; ".join(wrong) or "nothing leads around the audit or the gate"
    yield Line("graph", "error" if wrong else "ok", said)


def _playbook(home: "Project") -> Lines:
    book = home.playbook
    yield Line("playbook", "ok", f"{book.name} {book.version}, approved by {book.approver}, from {book.effective}")
    if book.public_fact_exemption:
        said = "the public-fact exemption is on: a deviation, shown on every decision that uses it"
        yield Line("playbook", "warning", said)


def _proof(home: "Project") -> Lines:
    proof = examined(home, home.playbook)
    for one in proof.findings:
        yield Line("playbook proof", one.level, f"{one.where}: {one.what}")
    if proof.sound:
        said = f"more value, risk, age or money never gives more autonomy ({proof.cells:,} cells)"
        yield Line("playbook proof", "ok", said)


def _tools(home: "Project") -> Lines:
    book, tools = home.playbook, home.tools
    lost = [
        f"{one.name} names the matter {one.matter!r}, which has no row" for one in tools.values() if _no_row(home, one)
    ]
    from cxagent.domain.vocabulary import SILENT

    lost += [
        f"{one.name} is {one.effect.value}, which has no ceiling"
        for one in tools.values()
        if one.effect not in SILENT and one.effect not in book.ceilings
    ]
    said = "; ".join(lost) or f"{len(tools)} tools, each with an effect class and a ceiling"
    yield Line("tools", "error" if lost or not tools else "ok", said if tools else "the project declares no tools")
    if idle := sorted(set(book.tools) - set(tools)):
        yield Line("tools", "warning", f"the playbook has rows for tools that do not exist: {', '.join(idle)}")


def _no_row(home: "Project", tool: object) -> bool:
    matter = getattr(tool, "matter", None)
    return matter is not None and matter not in home.playbook.matters


def _guidance(home: "Project") -> Lines:
    written, ruled = set(home.guidance.intents), set(home.playbook.intents)
    lost = [f"no guidance for {name}" for name in sorted(ruled - written)]
    lost += [f"the playbook does not know the intent {name}" for name in sorted(written - ruled)]
    lost += [
        f"guidance names the tool {name}, which does not exist"
        for name in sorted(home.guidance.tools - set(home.tools))
    ]
    said = "; ".join(lost) or f"{len(written)} intents, each with guidance and a line in the playbook"
    yield Line("guidance", "error" if lost else "ok", said)


def _sources(home: "Project") -> Lines:
    if not home.sources:
        yield Line("sources", "error", "none is configured: no account can be known")
    for source in home.sources:
        yield from _looked("source", partial(_source, source), home)


def _source(source: "Source", _home: "Project") -> Lines:
    said = source.health()
    rejected = tuple(getattr(source, "rejected", ()))
    yield Line("source", "ok", said)
    if rejected:
        more = f"; and {len(rejected) - 1} more" if len(rejected) > 1 else ""
        yield Line("source rows", "warning", f"{len(rejected)} rejected, first {rejected[0]}{more}")


def _rates(home: "Project") -> Lines:
    fx = home.fx
    said = f"{', '.join(sorted(fx.rates))} as of {fx.as_of}" if fx else "none: amounts in another currency are drafts"
    yield Line("exchange rates", "ok", said)


def _database(home: "Project") -> Lines:
    from cxagent.cli.verify import recorded
    from cxagent.ledger import history
    from cxagent.ledger.store import Store
    from cxagent.migrations import MIGRATIONS, applied

    if not recorded(home.database_url):
        yield Line("database", "ok", "not there yet; the first run makes it")
        return
    store = Store(home.database_url)
    with store.read() as connection:
        done, kind = applied(connection), store.engine.dialect.name
        stops = history.stops(connection) if done else []
    missing = len(MIGRATIONS) - done
    if missing > 0:
        yield Line(
            "database",
            "warning",
            f"{kind}: {missing} of {len(MIGRATIONS)} migrations are missing; the next run applies them",
        )
    elif missing < 0:
        yield Line(
            "database",
            "error",
            f"{kind}: it was written by a newer version ({done} migrations, {len(MIGRATIONS)} known)",
        )
    else:
        yield Line("database", "ok", f"{kind}, {done} migrations applied")
    for one in stops:
        what = f"{one.scope} {one.key}" if one.key else one.scope
        yield Line("kill switch", "warning", f"{one.by} stopped {what}: {one.why}")


def _proposer(home: "Project") -> Lines:
    model = home.config.model
    if home.config.shadow:
        yield Line("shadow mode", "warning", "on: the AI decides silently and every ticket goes to a person")
    if model and home.extensions.proposers is None and importlib.util.find_spec("langchain") is None:
        raise BadInput(f"the model {model} needs a package: pip install '.[models]' in your checkout of cxagent")
    names = ", then ".join(one.name for one in home.proposers)
    yield Line("proposer", "ok", f"{names} ({model or 'no model configured'})")


def _metrics(home: "Project") -> Lines:
    registry = home.metrics
    owners = {one.owner for one in registry.metrics}
    yield Line("metrics", "ok", f"{len(registry.metrics)} registered over four keys, owned by {len(owners)}")


def _demo(home: "Project") -> Lines:
    from cxagent.cli.demo import day_of, tickets_of

    if home.config.demo is None:
        yield Line("demo", "ok", "none")
        return
    yield Line("demo", "ok", f"{len(tickets_of(home))} tickets of {day_of(home):%Y-%m-%d}")


CHECKS: dict[str, Callable[["Project"], Lines]] = {
    "graph": _graph,
    "playbook": _playbook,
    "playbook proof": _proof,
    "tools": _tools,
    "guidance": _guidance,
    "sources": _sources,
    "exchange rates": _rates,
    "database": _database,
    "proposer": _proposer,
    "metrics": _metrics,
    "demo": _demo,
}
"""What is looked at, in the order in which it is shown."""
