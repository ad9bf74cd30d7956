"""`cxagent postmortem`: every touch of the machine on an account since its last renewal, and what people said of it."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cxagent.cli.options import HERE, AsJson, Home, argument
from cxagent.cli.screen import page, pairs, plain, print_json, route, styled, table

if TYPE_CHECKING:
    from rich.text import Text

    from cxagent.quality.post_mortem import PostMortem, Touch


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(postmortem)


def postmortem(
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT_ID", help="An account, as the sources name it.")],
    since: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The first day. Default: the last renewal on record, else a year back."),
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="The last day. Default: today.")] = None,
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """List what the AI did on an account between two renewals: route, verdicts, findings, repairs, trust."""
    from cxagent.project import Project
    from cxagent.quality.post_mortem import post_mortem

    begin, end = _day(since, "--since"), _day(until, "--until")
    with Project(project).store.read() as connection:
        found = post_mortem(connection, account_id, begin, end + timedelta(days=1) if end else None)
    if json:
        print_json(found.model_dump(mode="json"))
    else:
        _show(found, argument(project))


def _day(said: str | None, option: str) -> datetime | None:
    from cxagent.errors import BadInput

    if said is None:
        return None
    try:
        day = datetime.strptime(said, "%Y-%m-%d").replace(tzinfo=UTC)
        _ = day + timedelta(days=1)  # the end of a span is the day after
        return day
    except (ValueError, OverflowError):
        raise BadInput(f"{said!r} is no day; write it as 2027-03-09", where=option) from None


def _show(found: "PostMortem", where: str) -> None:
    out, counts, unknown = page(), found.counts, found.unknown
    out.print(styled(f"{found.account or found.account_id}: what the AI did", "bold"))
    rows = [
        (
            "account",
            f"{found.account_id}, with {found.accounts - 1} below it" if found.accounts > 1 else found.account_id,
        ),
        ("from", f"{found.since:%Y-%m-%d} ({found.since_why})"),
        ("up to", f"{found.until - timedelta(seconds=1):%Y-%m-%d}"),
        ("touches", f"{counts.touches}: {counts.alone} alone, {counts.handed_over} handed over"),
        (
            "reviewed",
            f"{counts.reviewed}; {counts.wrong} found wrong, {counts.caught} of them in time, {counts.grave} grave",
        ),
        ("repairs", f"{counts.repairs} opened, {counts.repaired} corrected"),
        (
            "unknown",
            f"{unknown.not_reviewed} nobody judged, {unknown.erased} without their texts, "
            f"{unknown.not_ended} not ended",
        ),
    ]
    out.print(pairs(rows))
    if found.touches:
        shown = table("at", "intent", "route", "went out", "people said", "decision")
        for one in found.touches:
            shown.add_row(one.at[:10], _about(one), route(one.route), _sent(one), _said(one), one.decision_id)
        out.print(shown)
    for moved in found.trust:
        out.print(styled(f"{moved.at:.10}  trust {moved.weight:+}: {moved.what}"))
    if found.touches:
        out.print(plain(f"Next: cxagent explain {found.touches[-1].decision_id}{where}"), soft_wrap=True)


def _about(one: "Touch") -> "Text":
    on = f"\n(on {one.account_id})" if one.child else ""
    return styled((", ".join(one.intents).replace("_", " ") or "not asked") + on)


def _sent(one: "Touch") -> "Text":
    lines = [f"reply {reply.digest[:8]}{' (erased)' if reply.erased else ''}" for reply in one.replies]
    for effect in one.effects:
        lines.append(effect.tool + (" (in doubt)" if effect.status != "done" else ""))
        lines[-1] += ", taken back" if effect.taken_back else ""
    return styled("\n".join(lines) or f"{one.owner or 'a person'} has it")


def _said(one: "Touch") -> "Text":
    lines = [f"{said.by}: {said.verdict}" for said in one.verdicts]
    for found in one.findings:
        if found.agrees and found.origin == "review":
            continue  # the verdict says the same
        weight = "agrees" if found.agrees else f"{found.severity or 'minor'}, {', '.join(found.reasons)}"
        goals = ", fails on their goals" if found.by_goals is False else ""
        lines.append(f"{found.by}: {weight.replace('_', ' ').rstrip(', ')}{goals}")
    if one.repair:
        lines.append(f"repair: {one.repair.status.replace('_', ' ')}")
    style = "bold red" if one.grave else "yellow" if one.wrong else "" if one.reviewed else "dim"
    return styled("\n".join(lines) or "nobody judged it", style)
