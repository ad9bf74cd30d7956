"""`cxagent explain`: why a decision came out as it did, and what happened then."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxagent.cli.options import HERE, AsJson, Home, argument
from cxagent.cli.screen import page, pairs, plain, print_json, route, shortened, styled, table

if TYPE_CHECKING:
    from rich.console import Console

    from cxagent.telling import Told


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(
    decision_id: Annotated[
        str, typer.Argument(metavar="DECISION_ID", help="A decision; a draft or a ticket will do as well.")
    ],
    project: Home = HERE,
    json: AsJson = False,
) -> None:
    """Show the facts with source and age, the caps that bound, and what would have made it autonomous."""
    from cxagent import explaining
    from cxagent.project import Project

    with Project(project).store.read() as connection:
        told = explaining.asked_for(connection, decision_id)
        after = explaining.afterwards(connection, told)
    if json:
        print_json(explaining.explanation(told, after))
    else:
        _show(page(), told, after, argument(project))


# ---- what happened then ---------------------------------------------------------------------------------------------


def _happened(one: dict[str, Any]) -> str:
    """Return one event in words."""
    match one["what"]:
        case "ruling":
            return f"ruled again: {one['autonomy']} ({', '.join(one['reasons']) or 'nothing objects'}), {one['entry']}"
        case "review":
            why = f" ({one['reason']})" if one.get("reason") else ""
            note = f": {one['note']}" if one.get("note") else ""
            lines = [f"{one['by']}, {one['role'].replace('_', ' ')}, decided {one['verdict']}{why}{note}"]
            lines += [f"  {edit['place']}: {edit['shown']} → {edit['sent']}" for edit in one["changed"]]
            return "\n".join(lines)
        case "effect":
            return f"{one['tool']}: {one['status'].replace('_', ' ')} ({one['key']})"
        case "undo" | "check":
            return _followed(one)
        case "reply":
            return f"the {one['kind']} was released to its channel"
        case "handoff":
            return f"{one.get('owner', 'a person')} owns it, until {one.get('deadline', '')[:16].replace('T', ' ')}"
        case "repair":
            return f"repair {one['repair']}: {one['step'].replace('_', ' ')}"
        case "outcome":
            return str(one["disposition"]).replace("_", " ")
        case other:
            return str(other)


def _followed(one: dict[str, Any]) -> str:
    """Return in words what became of an effect afterwards: somebody took it back, or it was looked at again."""
    match one:
        case {"holds": True}:
            return f"looked at {one['execution']}: it holds"
        case {"holds": holds}:
            word = "nothing to look at" if holds is None else "it does not hold"
            return f"looked at {one['execution']}: {word}; {one.get('said', 'the words were erased')}"
        case {"status": status}:
            word = "was taken back" if status == "done" else f"was not taken back, {status.replace('_', ' ')}"
            return f"{one['execution']} {word} ({one['undo']})"
        case _:
            who = f"{one.get('by', 'somebody')}, {one['role'].replace('_', ' ')}"
            return f"{who}, takes {one['execution']} back: {one.get('why', 'the words were erased')}"


# ---- on the screen --------------------------------------------------------------------------------------------------


def _show(out: "Console", told: "Told", after: list[dict[str, Any]], where: str) -> None:
    entry, body = told.entry, told.entry["body"]
    head = styled(f"{told.account}, ticket {entry['ticket_id']}: ", "bold").append_text(route(told.autonomy))
    out.print(head)
    out.print(pairs(_heading(told)))
    if told.erased:
        out.print(styled("The personal data of this ticket was erased; the ruling and its reasons stay.", "yellow"))
        out.print(pairs([("reasons", ", ".join(body["reasons"]) or "none")]))
    else:
        _why(out, told)
        _facts(out, told)
        _proposed(out, told)
    _then(out, told, after, where)


def _heading(told: "Told") -> list[tuple[str, object]]:
    entry, body, identity = told.entry, told.entry["body"], told.audit.get("identity") or {}
    sender = f"{identity.get('name') or identity.get('email')} ({identity.get('title') or 'role unknown'})"
    return [
        ("decision", entry["id"]),
        ("at", entry["at"][:16].replace("T", " ") + " UTC"),
        *([("asked by", f"{sender}; {identity.get('why')}")] if identity else []),
        ("wants", ", ".join(body["intents"]) or "not asked: a person was needed whatever the request"),
        ("at stake", f"{body['stake']}; this gives {body['gives']}"),
        *_worth(told),
        ("playbook", body["playbook"] + "".join(f"; deviation: {one}" for one in body["deviations"])),
        *([("afterwards", told.mended)] if told.mended else []),
    ]


def _worth(told: "Told") -> list[tuple[str, object]]:
    """Return what rides on the account, part by part, and beside it what a look costs."""
    if (worth := told.worth) is None:
        return []
    lines = [(f"  {one['name']}", f"{one['amount']}: {one['said']}") for one in worth["parts"]]
    lines += [("  together", f"{worth['total']} ({worth['method']}), {worth['health']}")]
    lines += [(f"  if {one['supposed']}", one["amount"]) for one in worth["sensitivity"]]
    beside = "; ".join(worth[name] for name in ("checking", "loss", "arithmetic") if worth[name])
    return [*lines, *([("asking or acting", beside)] if beside else [])]


def _why(out: "Console", told: "Told") -> None:
    if not told.because:
        out.print(styled("Nothing capped it: no rule calls for a person.", "green"))
        return
    caps = table("at most", "because", "rule", title="What capped it")
    for cap in told.caps:
        style = "" if cap["autonomy"] == told.autonomy else "dim"
        caps.add_row(route(cap["autonomy"]), styled(cap["why"], style), styled(cap["reason"], "dim"))
    out.print(caps)
    if unless := told.ruling.get("would_have_acted"):
        out.print(styled("It would have acted alone had all of this been so:", "bold"))
        for one in unless:
            out.print(styled(f"  - {one}"))


def _facts(out: "Console", told: "Told") -> None:
    ages = {one["source"]: one["age_days"] for one in told.audit.get("sections", [])}
    shown = table("fact", "value", "source", "age", "status", title="What was known")
    for fact in told.audit.get("facts", []):
        age = ages.get(fact["source"])
        days = "" if fact["source"] == "derived" else "unknown" if age is None else f"{age} d"
        value = fact["value"] or "unknown"
        more = f" ({fact['derivation']})" if fact["derivation"] and fact["derivation"] != value else ""
        style = "" if fact["status"] == "present" else "yellow"
        shown.add_row(
            styled(fact["name"], "dim"), styled(value + more), fact["source"], days, styled(fact["status"], style)
        )
    if shown.row_count:
        out.print(shown)
    else:
        out.print(styled("No account facts were read: the sender does not lead to an account.", "yellow"))


def _proposed(out: "Console", told: "Told") -> None:
    if told.proposal is None:
        out.print(styled("No proposal: the audit and the message alone called for a person."))
        return
    reply = shortened(told.proposal["reply"], 600)
    out.print(pairs([("proposed reply", reply), ("proposed actions", ", ".join(told.did) or "none")]))


def _then(out: "Console", told: "Told", after: list[dict[str, Any]], where: str) -> None:
    if after:
        shown = table("at", "what happened then")
        for one in after:
            shown.add_row(one["at"][:16].replace("T", " "), styled(_happened(one)))
        out.print(shown)
    if told.draft and told.draft["status"] == "pending":
        draft = told.draft
        out.print(styled(f"It waits for {draft['assignee']} until {draft['deadline'][:16].replace('T', ' ')} UTC."))
        out.print(plain(f"Next: cxagent review {draft['id']} approve{where}"), soft_wrap=True)
