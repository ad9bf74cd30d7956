"""`cxagent demo`: the reference tickets through the reference graph, on the sample world's own day."""

import json as json_
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cxagent.cli.options import HERE, AsJson, Home, argument
from cxagent.cli.screen import ROUTES, page, print_json, route, shortened, styled, table
from cxagent.errors import BadInput

if TYPE_CHECKING:
    from cxagent.agent import Agent
    from cxagent.domain.ticket import Incoming
    from cxagent.project import Project
    from cxagent.telling import Told

Line = tuple["Incoming", dict[str, Any], "Told"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(project: Home = HERE, json: AsJson = False) -> None:
    """Run the sample tickets, offline and without any key, and show who got an answer from whom, and why.

    It can be repeated: the tickets get new ids then, and money given earlier counts against the limits.
    """
    from cxagent import clock
    from cxagent.agent import Agent
    from cxagent.proposers.offline import OfflineProposer
    from cxagent.telling import told

    agent = Agent.open(project)
    home = agent.project
    if home.extensions.proposers is None:
        home.proposers = (OfflineProposer(home.guidance),)
    tickets = tickets_of(home)
    lines: list[Line] = []
    with clock.frozen(day_of(home)):
        for incoming in _fresh(agent, tickets):
            result = agent.run(incoming)
            if json:
                print_json(result)
            else:
                lines.append((incoming, result, told(agent.store, result["decision_id"])))
        _looked_at(home)
    if not json:
        _show(lines, day_of(home), project)


def day_of(home: "Project") -> datetime:
    """Return the moment at which the sample world stands still."""
    if home.config.demo is None:
        raise BadInput("names no demo; give it `tickets` and `world`", where=str(home.home / "graphs/project.yaml"))
    path = home.home / home.config.demo.world
    try:
        day = datetime.fromisoformat(json_.loads(path.read_text(encoding="utf-8-sig"))["asof"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"asof: no readable day: {error}", where=str(path)) from None
    if day.tzinfo is None:
        raise BadInput("asof: needs a time zone", where=str(path))
    return day


def _looked_at(home: "Project") -> None:
    """Load the sample history where no month is on record yet, and look at all accounts, so that worth has trends."""
    from cxagent import clock
    from cxagent.ledger import account_months
    from cxagent.value import history

    if home.config.demo is None or home.config.demo.history is None:
        return
    folder = home.home / home.config.demo.history
    with home.store.write("value") as connection:
        if not account_months.months(connection):
            history.load(connection, home.playbook, folder / "accounts.csv", folder / "people.csv")
    history.look(home, clock.now())


def tickets_of(home: "Project") -> tuple["Incoming", ...]:
    """Return the tickets of the demo."""
    from cxagent.intake import read_tickets

    if home.config.demo is None:
        raise BadInput("names no demo; give it `tickets` and `world`", where=str(home.home / "graphs/project.yaml"))
    return read_tickets(home.home / home.config.demo.tickets)


def _fresh(agent: "Agent", tickets: Sequence["Incoming"]) -> list["Incoming"]:
    """Number the tickets so that a repeated demo is a new one, and a demo that was broken off is finished."""
    from cxagent.domain.value import digest
    from cxagent.ledger import reports

    turn = 1
    while True:
        named = [_numbered(one, turn) for one in tickets]
        with agent.store.read() as connection:
            rows = [reports.ticket(connection, one.ticket.id) for one in named]
        same = all(row is None or row["digest"] == digest(one.ticket) for row, one in zip(rows, named, strict=True))
        if same and any(row is None or row["status"] == "working" for row in rows):
            return named
        turn += 1


def _numbered(one: "Incoming", turn: int) -> "Incoming":
    if turn == 1:
        return one
    return one.model_copy(update={"ticket": one.ticket.model_copy(update={"id": f"{one.ticket.id}.{turn}"})})


# ---- what a person sees ---------------------------------------------------------------------------------------------


def _show(lines: list[Line], day: datetime, project: Path) -> None:
    out, where = page(), argument(project)
    if pair := _pair(lines):
        out.print(_side_by_side(*pair))
    out.print(_all(lines, day))
    count = Counter(result["autonomy"] for _, result, _ in lines)
    total = styled(f"{len(lines)} tickets: ")
    for index, (name, words) in enumerate(ROUTES.items()):
        total.append(", " if index else "").append_text(route(name)).append(f" {count[name]} ({words})")
    out.print(total)
    telling = pair[1] if pair else lines[0]
    out.print(styled(f"\nNext: cxagent drafts{where}", "bold"))
    out.print(styled(f"      cxagent explain {telling[1]['decision_id']}{where}", "bold"), soft_wrap=True)
    out.print(styled(f"      cxagent value{where}", "bold"))


def _pair(lines: Iterable[Line]) -> tuple[Line, Line] | None:
    """Find two accounts that sent the same words and got the same reply by different routes; a refusal tells most."""
    found = [
        (one, other)
        for one in lines
        for other in lines
        if one[1]["autonomy"] == "act"
        and other[1]["autonomy"] == "draft"
        and one[0].ticket.text == other[0].ticket.text
        and one[2].account != other[2].account
    ]
    return min(found, key=lambda two: not _declines(two[0]), default=None)


def _declines(line: Line) -> bool:
    parts = (line[2].proposal or {}).get("parts") or []
    return any(part["stance"] == "decline" for part in parts)


def _side_by_side(one: Line, other: Line) -> Any:
    from rich.console import Group

    kind = (
        "The same words, the same correct refusal, two accounts" if _declines(one) else "The same words, two accounts"
    )
    shown = table("", shortened(one[2].account, 40), shortened(other[2].account, 40))
    for column in shown.columns[1:]:
        column.ratio = 1
    shown.expand = True
    asked = shortened(one[0].ticket.body, 300)
    sides = (one[2], other[2])
    shown.add_row("account", *(styled("\n".join(side.matters)) for side in sides))
    shown.add_row("renewal window", *(styled(side.window) for side in sides))
    shown.add_row("route", *(_routed(side) for side in sides))
    shown.add_row("why", *(styled(side.main_reason) for side in sides))
    reply = shortened((one[2].proposal or {}).get("reply") or "", 300)
    why = other[2].main_reason.partition(";")[0]
    said = f"{one[2].account} got the answer at once; for {other[2].account} it waits for a person: {why}."
    return Group(
        styled(kind, "bold"),
        styled(f"\n  They ask: {asked}\n  We answer: {reply}", "dim"),
        shown,
        styled(f"{said}\n"),
    )


def _routed(told: "Told") -> Any:
    return route(told.autonomy).append(f": {ROUTES[told.autonomy]}", style="not bold")


def _all(lines: list[Line], day: datetime) -> Any:
    shown = table(
        "who asks what", "account, and why it matters", "route", "because", title=f"All tickets, {day:%d %B %Y}"
    )
    for column, ratio in zip(shown.columns, (5, 6, 3, 7), strict=True):
        column.ratio = ratio
    shown.expand = True
    for name in ROUTES:
        for incoming, _, told in (line for line in lines if line[2].autonomy == name):
            shown.add_row(*_cells(incoming, told))
        shown.add_section()
    return shown


def _cells(incoming: "Incoming", told: "Told") -> tuple[Any, ...]:
    sender = incoming.ticket.sender.name or incoming.ticket.sender.email
    asked = styled(f"{sender}\n").append(shortened(incoming.ticket.subject or incoming.ticket.body, 60), style="dim")
    account = styled(f"{told.account}\n").append("\n".join(told.matters), style="dim")
    if told.autonomy == "act":
        because = styled("nothing calls for a person\n").append(", ".join(told.did), style="dim")
    else:
        because = styled("; ".join(shortened(why, 180) for why in told.because[:2]))
    way = route(told.autonomy)
    return asked, account, way.append(f"\n{told.person}", style="not bold dim") if told.person else way, because
