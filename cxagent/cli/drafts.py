"""`cxagent drafts` and `cxagent review`: what waits for a person, and the person's verdict."""

import json as json_
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxagent.cli.options import HERE, AsJson, Home, argument
from cxagent.cli.screen import page, plain, print_json, route, shortened, styled, table, talk
from cxagent.errors import BadInput

if TYPE_CHECKING:
    from cxagent.agent import Agent


class Answer(StrEnum):
    """The four verdicts."""

    APPROVE = "approve"
    EDIT = "edit"
    REJECT = "reject"
    RESPOND = "respond"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(drafts)
    app.command()(review)


def drafts(project: Home = HERE, json: AsJson = False) -> None:
    """List what waits for a reviewer, least time and most at stake first."""
    from cxagent.brief import signer
    from cxagent.ledger import reports
    from cxagent.project import Project
    from cxagent.telling import tell

    with Project(project).store.read() as connection:
        rows = reports.drafts(connection)
        whys = [tell(connection, row["decision_id"]).because for row in rows]
    if json:
        for row in rows:
            print_json(_row(row))
        return
    if not rows:
        typer.echo("Nothing waits for a reviewer.")
        return
    shown = table("draft", "what waits, and why", title=f"{len(rows)} drafts wait for a person")
    shown.columns[0].no_wrap = True
    for row, why in zip(rows, whys, strict=True):
        shown.add_row(*_cells(_row(row), why))
    page().print(shown)
    first, where = rows[0]["id"], argument(project)
    who = signer(Project(project).playbook, rows[0]["required_role"])
    typer.echo(f"Next: cxagent explain {first}{where}\n      cxagent review {first} approve --as '{who}'{where}")


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a draft as JSON has it; an erased card leaves its texts empty."""
    from cxagent.ledger.reviews import holder

    card = row["card"] or {}
    return {
        "draft_id": row["id"],
        "ticket_id": row["ticket_id"],
        "account_id": row["account_id"],
        "account": (card.get("who") or {}).get("account"),
        "deadline": row["deadline"],
        "required_role": row["required_role"],
        "four_eyes": bool(row["four_eyes"]),
        "stake": row["stake"],
        "assignee": row["assignee"],
        "held_by": holder(row),
        "why": list(dict.fromkeys(card.get("why") or ())),
        "reply": card.get("reply"),
        "actions": [action for part in card.get("parts") or () for action in part["actions"]],
    }


def _cells(row: dict[str, Any], why: tuple[str, ...]) -> tuple[Any, Any]:
    due = datetime.fromisoformat(row["deadline"])
    signs = row["required_role"].replace("_", " ") + (" + second person" if row["four_eyes"] else "")
    whose = f"{row['held_by']} is looking at it" if row["held_by"] else row["assignee"]
    left = styled(row["draft_id"], "cyan").append(
        f"\nuntil {due:%a %d %b %H:%M}\n{whose}\nsigns: {signs}", style="not cyan"
    )
    right = styled(f"{row['account'] or row['account_id']}, {row['stake']} at stake\n", "bold")
    right.append("; ".join(why[:3]) or "the text was erased", style="not bold")
    tools = ", ".join(action["tool"] for action in row["actions"]) or "reply only"
    right.append(f"\n{tools}: {shortened(row['reply'] or '', 160)}\n", style="not bold dim")
    return left, right


def review(
    draft_id: Annotated[str, typer.Argument(metavar="DRAFT_ID", help="As `cxagent drafts` shows it.")],
    verdict: Annotated[Answer, typer.Argument(help="approve, edit, reject, or respond with a text of your own.")],
    by: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who decides; by default the playbook's first person.")
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Why, for example wrong_facts; a wrong code is answered with the list."),
    ] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="A word to the colleague who takes over.")] = None,
    reply: Annotated[str | None, typer.Option(metavar="TEXT", help="The text to send, with edit or respond.")] = None,
    args: Annotated[
        str | None,
        typer.Option(
            metavar="JSON", help="With edit: a list of {tool, args}, or the changed arguments of the one action."
        ),
    ] = None,
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """Decide a draft. One draft has one verdict: whoever comes second is told who was first."""
    from cxagent.agent import Agent

    _fits(verdict, reply, args)
    agent = Agent.open(project)
    people = agent.project.in_force.people
    if by is None and not people:
        raise BadInput("the playbook knows no people; say who you are", where="--as")
    actions = None if args is None else _actions(agent, draft_id, args)
    with _its_day(agent, draft_id):
        result = agent.review(
            draft_id, verdict.value, by or people[0].name, reason=reason, note=note, reply=reply, args=actions
        )
    _tell(result, draft_id, project, json)


def _tell(result: dict[str, Any], draft_id: str, project: Path, json: bool) -> None:
    if json:
        print_json(result)
    elif said := result.get("said"):
        typer.echo(plain(f"{result['draft_id']}: {said}"))
    else:
        line = styled("").append_text(route(result["autonomy"]))
        line.append(f"  {result['account_id']}  {result['ticket_id']}  {result['status'].replace('_', ' ')}")
        page().print(line, soft_wrap=True)
        if result["status"] == "waiting" and result["draft_id"] != draft_id:
            talk(f"The facts have changed since: nothing was sent, and it waits again as {result['draft_id']}.")
        talk(f"Next: cxagent explain {result['decision_id']}{argument(project)}")


def _its_day(agent: "Agent", draft_id: str) -> AbstractContextManager[None]:
    """Stand still on the sample world's day for a draft of the demo: its facts would be stale today."""
    from cxagent import clock
    from cxagent.cli.demo import day_of
    from cxagent.ledger import reviews

    with agent.store.read() as connection:
        made = reviews.draft(connection, draft_id)["created_at"]
    day = day_of(agent.project) if agent.project.config.demo else None
    if day is None or made != day.isoformat():
        return nullcontext()
    talk(f"This is a draft of the demo; it is decided on the sample world's day, {day:%Y-%m-%d}.")
    return clock.frozen(day)


def _fits(verdict: Answer, reply: str | None, args: str | None) -> None:
    """Refuse an option that the verdict would silently ignore: what is approved is what is sent."""
    if reply is not None and verdict not in (Answer.EDIT, Answer.RESPOND):
        raise BadInput(f"goes with edit or respond; {verdict.value} sends no text of yours", where="--reply")
    if args is not None and verdict is not Answer.EDIT:
        raise BadInput(f"goes with edit; {verdict.value} changes no arguments", where="--args")


def _actions(agent: "Agent", draft_id: str, text: str) -> list[dict[str, Any]]:
    """Read `--args`: the whole list of actions, or new arguments for the one action that reaches the customer."""
    from cxagent.domain.vocabulary import SILENT
    from cxagent.ledger import reviews

    given = _parsed(text)
    if isinstance(given, dict) and given.keys() == {"tool", "args"}:
        given = [given]
    if isinstance(given, list):
        return [_action(one, index) for index, one in enumerate(given)]
    if not isinstance(given, dict):
        raise BadInput("is neither a list of actions nor an object of arguments", where="--args")
    with agent.store.read() as connection:
        card = reviews.draft(connection, draft_id)["card"] or {}
    actions = [dict(action) for part in card.get("parts") or () for action in part["actions"]]
    tools = agent.project.tools
    loud = [one for one in actions if one["tool"] not in tools or tools[one["tool"]].effect not in SILENT]
    if len(loud) != 1:
        raise BadInput(f"the draft proposes {len(loud)} actions; give the list of {{tool, args}}", where="--args")
    loud[0]["args"] = {**loud[0]["args"], **given}
    return actions


def _parsed(text: str) -> Any:
    """Parse JSON; a number with a point stays the decimal that it shows."""
    try:
        return json_.loads(text, parse_float=str, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"is not JSON: {error}", where="--args") from None


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _action(one: Any, index: int) -> dict[str, Any]:
    from pydantic import ValidationError

    from cxagent.domain.proposal import Action
    from cxagent.playbook import explain

    try:
        return Action.model_validate(one).model_dump(mode="json")
    except ValidationError as error:
        raise BadInput(explain(error), where=f"--args: {index}") from None
