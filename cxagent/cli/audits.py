"""`cxagent audits`: draw decisions for a blind look, list what is due, and record what an auditor found."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxagent.cli.options import HERE, AsJson, Home, argument
from cxagent.cli.screen import page, pairs, plain, print_json, styled, table, talk
from cxagent.errors import BadInput

if TYPE_CHECKING:
    from cxagent.quality.auditing import Opinion, Sheet


class Route(StrEnum):
    """The three routes."""

    ACT = "act"
    DRAFT = "draft"
    HANDOFF = "handoff"


class Weight(StrEnum):
    """How bad a wrong decision was."""

    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    audits = typer.Typer(help="Blind audits of what the machine decided: drawn by chance, due on a date.")
    audits.command("draw")(draw)
    audits.command("due")(due)
    audits.command("record")(record)
    app.add_typer(audits, name="audits", no_args_is_help=True)


def draw(project: Home = HERE, json: AsJson = False) -> None:
    """Draw from the decisions whose tickets ended since the last draw; the same again draws nothing twice."""
    from cxagent import clock
    from cxagent.agent import Agent
    from cxagent.quality import auditing

    found = auditing.draw(Agent.open(project), clock.now())
    if json:
        for row in found.audits:
            names = ("account_id", "segment", "round", "auditor", "due", "decided_at")
            print_json({"audit_id": row["id"], **{name: row[name] for name in names}})
        return
    if not found.audits:
        typer.echo(f"Nothing was drawn; {found.looked} ended tickets were looked through.")
        return
    shown = table("audit", "account", "auditor", "due", title=f"{len(found.audits)} audits were drawn")
    for row in found.audits:  # neither the chance nor the request: both tell what the machine made of it
        who = row["auditor"] or "nobody may: take it"
        shown.add_row(*map(styled, (row["id"], row["account_name"] or row["account_id"], who, row["due"][:10])))
    page().print(shown)
    typer.echo(f"Next: cxagent audits due{argument(project)}")


def due(
    project: Home = HERE,
    json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 where something is overdue.")] = False,
) -> None:
    """List the audits that are still to be done, the earliest date first; what is overdue is marked."""
    from cxagent import clock
    from cxagent.project import Project
    from cxagent.quality import auditing

    with Project(project).store.read() as connection:
        rows = auditing.due(connection, clock.now())
    late = sum(row["overdue"] for row in rows)
    if json:
        for row in rows:
            print_json(_due(row))
    elif not rows:
        typer.echo("No audit is due.")
    else:
        shown = table(
            "audit", "account", "auditor", "due", "", title=f"{len(rows)} audits are to be done, {late} overdue"
        )
        for row in rows:
            mark = (
                styled("overdue", "bold red") if row["overdue"] else styled("begun" if row["status"] == "seen" else "")
            )
            cells = (row["id"], row["account_name"] or row["account_id"], row["auditor"] or "nobody", row["due"][:10])
            shown.add_row(*map(styled, cells), mark)
        page().print(shown)
        first = rows[0]
        who = first["auditor"] or "NAME"
        typer.echo(f"Next: cxagent audits record {first['id']} --as '{who}'{argument(project)}")
    if late:
        talk(f"{late} overdue.")
    if strict and late:
        raise typer.Exit(1)


def _due(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an audit that is due as JSON has it: nothing in it says what the machine did."""
    names = ("account_id", "auditor", "status", "round", "due", "overdue", "decided_at")
    return {"audit_id": row["id"], **{name: row[name] for name in names}}


def record(
    audit_id: Annotated[str, typer.Argument(metavar="AUDIT_ID", help="As `cxagent audits due` shows it.")],
    by: Annotated[str, typer.Option("--as", metavar="NAME", help="Who audits.")],
    wanted: Annotated[
        Route | None, typer.Option(help="First: the route that you would have wanted. The machine's answer comes then.")
    ] = None,
    words: Annotated[
        str | None, typer.Option(metavar="TEXT", help="With --wanted: what you would have answered, done or given.")
    ] = None,
    agree: Annotated[
        bool | None, typer.Option("--agree/--disagree", help="Then: whether the machine was right.")
    ] = None,
    severity: Annotated[Weight | None, typer.Option(help="With --disagree: how bad it was.")] = None,
    reason: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="With --disagree: why; more than once where several codes fit."),
    ] = None,
    unmet: Annotated[
        list[str] | None, typer.Option(metavar="PART", help="With --disagree: a part of the rubric that was not met.")
    ] = None,
    policy: Annotated[
        bool | None, typer.Option("--policy/--no-policy", help="Whether our own policy allows it.")
    ] = None,
    goals: Annotated[
        bool | None,
        typer.Option("--goals/--no-goals", help="Whether it serves the account's goals, where one is known."),
    ] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="A word to whoever reads the finding.")] = None,
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """Judge a decision blind: say what you would have wanted, see what the machine did, then record what you found.

    Without --wanted and --agree it shows the case. Both steps may come in one call; what was wanted is on record first.
    """
    from cxagent.agent import Agent
    from cxagent.domain.vocabulary import Autonomy
    from cxagent.quality import auditing

    agent = Agent.open(project)
    name, _ = agent.project.steps.reviewing.reviewer(by)
    if agree is None and (severity or reason or unmet or policy is not None or goals is not None or note):
        raise BadInput("says something about the machine's answer: say with it whether you --agree", where="--disagree")
    if words is not None and wanted is None:
        raise BadInput("goes with --wanted", where="--words")
    given = None if agree is None else _opinion(agree, severity, reason or [], unmet or [], policy, goals, note)
    if wanted is not None:
        auditing.want(agent, name, audit_id, auditing.Wanted(route=Autonomy(wanted.value), words=words))
    if given is not None:
        auditing.record(agent, name, audit_id, given)
    _tell(auditing.sheet(agent, name, audit_id, via="terminal"), name, project, json)


def _opinion(
    agree: bool,
    severity: Weight | None,
    reasons: list[str],
    unmet: list[str],
    policy: bool | None,
    goals: bool | None,
    note: str | None,
) -> "Opinion":
    from cxagent.domain.finding import RUBRIC
    from cxagent.quality.auditing import Opinion

    if policy is None:
        raise BadInput("say whether our own policy allows what the machine did", where="--policy")
    if strange := [one for one in unmet if one not in RUBRIC]:
        raise BadInput(f"{strange[0]!r} is no part of the rubric; that is {', '.join(RUBRIC)}", where="--unmet")
    return Opinion(
        agrees=agree,
        rubric={one: "not_met" if one in unmet else "met" for one in RUBRIC},
        severity=severity.value if severity else None,
        reasons=tuple(dict.fromkeys(reasons)),
        by_policy=policy,
        by_goals=goals,
        note=note,
    )


def _tell(found: "Sheet", name: str, project: Path, json: bool) -> None:
    if json:
        print_json(_as_json(found))
        return
    _case(found)
    home, call = argument(project), f"cxagent audits record {found.row['id']} --as '{name}'"
    if found.machine is None:
        typer.echo(f"Next: {call} --wanted act|draft|handoff --words '…'{home}")
        return
    _machine(found)
    if found.row["status"] == "seen":
        typer.echo(f"Next: {call} --agree --policy --goals{home}")
        typer.echo(f"  or: {call} --disagree --severity minor --reason other --policy --no-goals{home}")
    else:
        typer.echo("Your finding is on record.")


def _case(found: "Sheet") -> None:
    who = found.who
    page().print(
        styled(f"{who['account'] or who['account_id']}: {who['sender']}, {who['role'] or 'role unknown'}", "bold")
    )
    for one in found.message.earlier:
        typer.echo(plain(f"[{'they' if one.by == 'customer' else 'we'} wrote before] {one.body.strip()}"))
    typer.echo(plain(f"{found.message.subject}\n{found.message.body}".strip()))
    page().print(pairs([(fact["name"].replace("_", " "), _fact(fact)) for fact in found.facts]))
    for goal in found.goals:
        said = ", ".join(str(goal[name]) for name in ("said_by", "said_on") if goal[name]) or "nobody knows who said it"
        typer.echo(plain(f"Their goal: {goal['goal']} ({said}; {found.goals_of})"))
    for one in found.stake["promises"]:
        stands = {True: "kept", False: "broken", None: "open"}[one["kept"]]
        typer.echo(plain(f"Our promise, {stands}: {one['what']}" + (f", due {one['due']}" if one["due"] else "")))


def _fact(fact: Mapping[str, Any]) -> str:
    at = f", {datetime.fromisoformat(fact['as_of']):%Y-%m-%d}" if fact["as_of"] else ""
    return f"{fact['value']} ({fact['source']}{at})"


def _machine(found: "Sheet") -> None:
    machine, wanted = found.machine, found.wanted
    assert machine is not None and wanted is not None
    typer.echo(plain(f"\nYou wanted: {wanted.route.value}" + (f", {wanted.words}" if wanted.words else "")))
    alone = "" if machine.would == machine.went else f" (the playbook alone would allow: {machine.would})"
    typer.echo(plain(f"The machine: {machine.went}{alone}" + "".join(f"\n  because {why}" for why in machine.why)))
    typer.echo(plain(f"Its reply: {machine.reply or 'none'}"))
    for action in machine.actions:
        typer.echo(plain(f"Its action: {action['tool']} {action['args']}"))


def _as_json(found: "Sheet") -> dict[str, Any]:
    row, machine = found.row, found.machine
    told = {
        "audit_id": row["id"],
        "status": row["status"],
        "account": found.who["account"],
        "message": {"subject": found.message.subject, "body": found.message.body},
        "facts": list(found.facts),
        "goals": [{**goal, "source": found.goals_of} for goal in found.goals],
        "promises": list(found.stake["promises"]),
    }
    if machine is None or found.wanted is None:
        return told
    told["wanted"] = found.wanted.model_dump(mode="json")
    told["machine"] = machine._asdict()
    if found.finding is not None:
        names = ("agrees", "severity", "loss", "reasons", "unmet", "by_policy", "by_goals")
        told["finding"] = {name: found.finding[name] for name in names}
    return told
