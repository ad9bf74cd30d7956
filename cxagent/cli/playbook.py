"""`cxagent playbook check|show|diff`: prove, print and compare playbooks."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxagent.cli.built import as_built, examined
from cxagent.cli.options import HERE, AsJson, Home
from cxagent.cli.screen import page, pairs, plain, print_json, route, styled, table

if TYPE_CHECKING:
    from rich.console import Console

    from cxagent.playbook import Playbook
    from cxagent.project import Project

Ruling = Annotated[
    bool, typer.Option("--in-force", help="The playbook that rules now: a change approved on a page counts too.")
]
File = Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A playbook file; by default the project's.")]

app = typer.Typer(help="Prove, print and compare playbooks.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Add the group of commands."""
    parent.add_typer(app, name="playbook")


@app.command()
def check(file: File = None, project: Home = HERE, in_force: Ruling = False, json: AsJson = False) -> None:
    """Prove over the whole input space that more value, risk, age or money never gives more autonomy. Exit 1 if not."""
    home, book = _read(file, project, in_force)
    proof = examined(home, book)
    if json:
        findings = [one.model_dump(mode="json") for one in proof.findings]
        print_json({"sound": proof.sound, "playbook": book.version, "cells": proof.cells, "findings": findings})
    else:
        for one in proof.findings:
            typer.echo(plain(f"{one.level}: {one.where}: {one.what}"))
        sound = "sound" if proof.sound else "not sound"
        counts = f"{len(proof.errors)} errors, {len(proof.findings) - len(proof.errors)} warnings"
        typer.echo(f"{book.name} {book.version} is {sound}: {proof.cells:,} cells enumerated, {counts}.")
    if not proof.sound:
        raise typer.Exit(1)


@app.command()
def show(file: File = None, project: Home = HERE, in_force: Ruling = False, json: AsJson = False) -> None:
    """Print a playbook as tables."""
    _, book = _read(file, project, in_force)
    if json:
        print_json(book.model_dump(mode="json"))
    else:
        _show(page(), book)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="A", help="The earlier playbook.")],
    new: Annotated[Path, typer.Argument(metavar="B", help="The later playbook.")],
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """Compare two playbooks line by line of meaning, and say of each change whether it loosens or tightens."""
    from cxagent.differences import differences
    from cxagent.playbook import load_playbook

    found = differences(load_playbook(project / old), load_playbook(project / new))
    if json:
        print_json([one._asdict() for one in found])
        return
    if not found:
        typer.echo("The two playbooks say the same.")
        return
    shown = table("where", "old", "new", "")
    for one in found:
        style = {"loosens": "bold yellow", "tightens": "green"}.get(one.direction, "dim")
        shown.add_row(styled(one.path), styled(one.old or "-"), styled(one.new or "-"), styled(one.direction, style))
    page().print(shown)
    counts = (f"{sum(one.direction == way for one in found)} {way}" for way in ("loosens", "tightens", "changes"))
    typer.echo(f"{len(found)} lines differ: {', '.join(counts)}.")


def _read(file: Path | None, project: Path, in_force: bool) -> tuple["Project", "Playbook"]:
    from cxagent.errors import BadInput
    from cxagent.playbook import load_playbook

    if file and in_force:
        raise BadInput("is a file, and --in-force is what the ledger says; name one of the two", where=str(file))
    home = as_built(project)
    if in_force:
        return home, home.in_force
    return home, load_playbook(project / file) if file else home.playbook


# ---- as tables ------------------------------------------------------------------------------------------------------


def _show(out: "Console", book: "Playbook") -> None:
    said = book.model_dump(mode="json")
    out.print(styled(f"{book.name} {book.version}", "bold").append(f"  {book.objective}", style="not bold"))
    out.print(
        pairs({name: said[name] for name in ("owner", "author", "approver", "effective", "review_by", "currency")})
    )
    tiers = book.tiers
    high = ", ".join(sorted((*tiers.always_high_segments, *tiers.always_high_flags)))
    value = f"low_clv up to {tiers.low_clv_up_to:,}, mid up to {tiers.mid_up_to:,}, high above; always high: {high}"
    out.print(styled(f"Value (CLV in {book.currency}): {value}\n"))
    _rows(out, "What may be done at most", "class", said["ceilings"])
    _rows(out, "Finer than a class", "matter", said["matters"])
    _rows(out, "One tool below its class", "tool", said["tools"])
    _rows(out, "Inside the renewal window, lower still", "row", said["in_window"], blank="act")
    _rows(out, "What the wording does", "signal", said["signals"])
    if book.not_a_signal:
        out.print(styled("Wording that is the request itself", "bold"))
        out.print(pairs({matter: f"is not {signal}" for matter, signal in said["not_a_signal"].items()}))
    _money(out, book, said)
    _people(out, book, said)


def _rows(out: "Console", title: str, name: str, rows: Mapping[str, Mapping[str, str]], blank: str = "") -> None:
    columns = ("low_clv", "mid", "high", "at_risk")
    shown = table(name, *columns, title=title)
    for key, row in rows.items():
        # Inside the window `act` means: as outside; a row there can only lower.
        shown.add_row(styled(key), *("" if row[one] == blank else route(row[one]) for one in columns))
    if rows:
        out.print(shown)


def _money(out: "Console", book: "Playbook", said: Mapping[str, Any]) -> None:
    shown = table("money given alone", "low_clv", "mid", "high", "at_risk", title=f"Limits in {book.currency}")
    for key, name in (("per_action", "per action"), ("rolling", f"in {book.money.rolling_days} days")):
        shown.add_row(name, *(said["money"][key][column] for column in ("low_clv", "mid", "high", "at_risk")))
    out.print(shown)
    out.print(styled("Renewal window opens before the notice deadline, in days", "bold"))
    out.print(pairs(said["renewal_window_days"]))
    out.print(styled("At risk when", "bold"))
    out.print(pairs(said["at_risk"]))
    ages = table("source", "shown after", "draft after", title="Age of facts, in days")
    for source, age in said["freshness"].items():
        ages.add_row(source, str(age["warn"]), str(age["error"]))
    out.print(ages)


def _people(out: "Console", book: "Playbook", said: Mapping[str, Any]) -> None:
    ladder = table("role", "signs up to", "people", title=f"Who signs, in {book.currency}")
    for step in book.sign_off:
        names = ", ".join(one.name for one in book.people if one.role == step.role)
        ladder.add_row(step.role, "no limit" if step.up_to is None else f"{step.up_to:,}", styled(names or "nobody"))
    out.print(ladder)
    out.print(
        pairs(
            {
                "the executive signs above a stake of": f"{book.executive_stake_above:,}",
                "two people from": f"{book.four_eyes_from:,}",
                "hours to answer": ", ".join(f"{tier} {hours}" for tier, hours in said["deadline_hours"].items()),
                "flags": ", ".join(f"{flag} {cap}" for flag, cap in said["flags"].items()),
                "public-fact exemption": "on, a deviation" if book.public_fact_exemption else "off",
                "clauses of single accounts": len(book.engagement),
                "intents": ", ".join(book.intents),
            }
        )
    )
