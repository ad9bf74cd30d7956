"""The playbook: its limits as forms, what a change does, two people for it, every version; and why one decision."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from cxagent.context.handover import same_person
from cxagent.differences import Difference, differences
from cxagent.errors import BadInput
from cxagent.governing import Change, limits, looser
from cxagent.governing.editing import GOVERNANCE, NOBODY_YET
from cxagent.governing.limits import AUTONOMY, COLUMNS, Limit
from cxagent.ledger import reports, versions
from cxagent.ledger.versions import Version
from cxagent.playbook import Playbook
from cxagent.review.site import Asked, route
from cxagent.review.words import plain
from cxagent.telling import Told, find, tell

BASE = "in_force"
"""The field of a form that says over which playbook it was filled in."""
WAYS = {"loosens": "gives the machine more", "tightens": "gives the machine less", "changes": "neither more nor less"}


# ---- the limits -----------------------------------------------------------------------------------------------------


def playbook(asked: Asked) -> Response:
    """Show what is in force, what waits for a second person, and every limit as a field of a form."""
    return _limits(asked, {}, None, 200)


def _limits(asked: Asked, typed: Mapping[str, str], trouble: BadInput | None, status: int) -> Response:
    governing = asked.site.governing
    current, book = governing.version(), governing.playbook
    return asked.render(
        "playbook.html",
        status,
        title="Playbook",
        groups=_grouped(limits(book), typed),
        current=current,
        since=governing.activations()[0],
        book=book,
        stale=book.digest != current.digest,
        waiting=[one for one in governing.versions() if one.status == "proposed"],
        trouble=trouble,
        autonomy=AUTONOMY,
        columns=COLUMNS,
        base=BASE,
    )


def _grouped(found: Iterable[Limit], typed: Mapping[str, str]) -> list[tuple[str, list[tuple[str, list[Any]]], bool]]:
    """Return the limits by group and row, each with what was typed; a group in which something was typed is open."""
    groups = []
    for group, lines in groupby(found, lambda one: one.group):
        held = [(one, _again(one, typed)) for one in lines]
        rows = [(row, list(cells)) for row, cells in groupby(held, lambda pair: pair[0].row)]
        groups.append((group, rows, any(value != one.value for one, value in held)))
    return groups


def _again(limit: Limit, typed: Mapping[str, str]) -> str:
    """Return what was typed into a field; a choice that its list does not have is the one of today."""
    value = typed.get(limit.path, limit.value)
    return value if limit.kind != "autonomy" or value in AUTONOMY else limit.value


def weigh(asked: Asked) -> Response:
    """Take the form, keep what really changes, and go to the page that shows what it does."""
    governing, typed = asked.site.governing, _typed(asked)
    try:
        change = governing.change(typed, asked.me.name, asked.typed(BASE))
    except BadInput as error:
        return _limits(asked, typed, error, 400)
    known = {one.path: one for one in limits(governing.playbook)}
    moved = {one.path: one.new for one in change.differences if one.path in known}
    return asked.go(f"/playbook/change?{urlencode({BASE: change.based_on, **moved})}")


def _typed(asked: Asked) -> dict[str, str]:
    return {name: value for name, value in asked.form.items() if isinstance(value, str) and name != BASE}


# ---- a change before it is proposed ---------------------------------------------------------------------------------


def change(asked: Asked) -> Response:
    """Show the lines that would differ; with `try`, also the proof and last month's tickets under the change."""
    query = dict(asked.request.query_params)
    trying = query.pop("try", None) is not None
    made = _made(asked, query)
    trial = asked.site.trials.of(made.playbook) if trying else None
    return asked.render(
        "playbook-change.html",
        title="A change of the playbook",
        rows=_told(asked.site.governing.playbook, made.differences),
        fields=query,
        trying=trying,
        trial=trial,
        again=f"/playbook/change?{urlencode({**query, 'try': '1'})}",
    )


def _made(asked: Asked, fields: Mapping[str, str]) -> Change:
    base = fields.get(BASE)
    values = {name: value for name, value in fields.items() if name != BASE}
    return asked.site.governing.change(values, asked.me.name, base)


def propose(asked: Asked) -> Response:
    """Put a change before a second person."""
    fields = {name: value for name, value in asked.form.items() if isinstance(value, str) and name != "why"}
    version_id = asked.site.governing.propose(_made(asked, fields), asked.me.name, asked.typed("why") or "")
    return asked.go(f"/playbook/versions/{version_id}")


def _told(book: Playbook, found: Iterable[Difference]) -> list[dict[str, Any]]:
    """Return differences in words, what gives more first; who signed and when is told elsewhere."""
    labels = {one.path: f"{one.group}: {one.label}" for one in limits(book)}
    order = list(WAYS)
    shown = [one for one in found if one.path not in GOVERNANCE]
    return [
        {
            "path": one.path,
            "label": labels.get(one.path, plain(one.path)),
            "old": AUTONOMY.get(one.old or "", one.old),
            "new": AUTONOMY.get(one.new or "", one.new),
            "way": WAYS[one.direction],
            "direction": one.direction,
        }
        for one in sorted(shown, key=lambda one: order.index(one.direction))
    ]


# ---- versions -------------------------------------------------------------------------------------------------------


def every(asked: Asked) -> Response:
    """Show every version, and when which one came into force, through whom and why."""
    governing = asked.site.governing
    found = governing.versions()
    by_id = {one.id: one for one in found}
    history = [(one, by_id[one.version_id]) for one in governing.activations()]
    return asked.render("playbook-versions.html", title="Versions", versions=found, history=history)


def version(asked: Asked) -> Response:
    """Show one version: who, when, why, what differs, the proof, and what this person may do with it."""
    governing = asked.site.governing
    one, book = governing.get(asked.path("id"))
    current = governing.version()
    rules = governing.get(current.id)[1]
    trying = bool(asked.query("try"))
    own = same_person(one.author, asked.me.name)
    may = asked.me.governs
    return asked.render(
        "playbook-version.html",
        title=f"Version {one.number}",
        one=one,
        book=book,
        current=current,
        rows=_told(book, differences(rules, book)),
        more=_told(book, looser(rules, book)),
        trying=trying,
        trial=asked.site.trials.of(book) if trying else None,
        may_answer=may and one.status == "proposed",
        may_approve=may and one.status == "proposed" and not own and one.based_on == current.digest,
        outdated=one.status == "proposed" and one.based_on != current.digest,
        may_go_back=may and one.status == "approved" and one.id != current.id,
        nobody=NOBODY_YET,
    )


def approve(asked: Asked) -> Response:
    """Put somebody else's proposal in force."""
    asked.site.governing.approve(asked.path("id"), asked.me.name)
    return asked.go(f"/playbook/versions/{asked.path('id')}")


def refuse(asked: Asked) -> Response:
    """Refuse a proposal, or take one's own back."""
    asked.site.governing.refuse(asked.path("id"), asked.me.name, asked.typed("why") or "")
    return asked.go(f"/playbook/versions/{asked.path('id')}")


def roll_back(asked: Asked) -> Response:
    """Go back to a version: at once, or as a proposal where it gives the machine more than it has today."""
    done = asked.site.governing.roll_back(asked.path("id"), asked.me.name, asked.typed("why") or "rolled back")
    return asked.go(f"/playbook/versions/{done.proposal or asked.path('id')}")


# ---- why one decision -----------------------------------------------------------------------------------------------


def why(asked: Asked) -> Response:
    """Explain one decision from its record alone; a draft's or a ticket's id leads to it as well."""
    name = asked.path("name")
    if name.startswith("drf_") and asked.inbox.draft(name)["status"] == "pending":
        raise BadInput("it waits for a person, and its card says why", where="DRAFT_ID")
    with asked.inbox.agent.store.read() as connection:
        told = tell(connection, find(connection, name))
        ruling = versions.until(connection, told.entry["at"])
        story = reports.story(connection, told.entry["ticket_id"])
    asked.inbox.looked(asked.me, "page", "why", told.entry["ticket_id"], told.entry["account_id"])
    route_ = {"act": "the machine did it alone", "draft": "a person approves it", "handoff": "a person owns it"}
    return asked.render(
        "why.html",
        title="Why",
        told=told,
        body=told.entry["body"],
        ruled=route_[told.autonomy],
        route_=route_,
        caps=[{**cap, "binds": cap["autonomy"] == told.autonomy} for cap in told.caps],
        facts=_facts(told),
        story=story,
        book=next((one for one in ruling if _named(one, told)), None),
    )


def _named(book: Version, told: Told) -> bool:
    """Whether a version calls itself as the ruling says: a ruling of another server's file is not explained by it."""
    return f"version: {told.entry['body']['playbook']}" in book.text.replace('"', "").replace("'", "")


def _facts(told: Told) -> list[dict[str, Any]]:
    """Return the facts with their age; what was worked out says how instead."""
    ages = {one["source"]: one["age_days"] for one in told.audit.get("sections", [])}
    found = []
    for fact in told.audit.get("facts", []):
        derived, age = fact["source"] == "derived", ages.get(fact["source"])
        days = "worked out" if derived else "age unknown" if age is None else "today" if not age else f"{age} days old"
        found.append({**fact, "age": days})
    return found


ROUTES = [
    route("/playbook", playbook),
    route("/playbook/limits", weigh, "POST"),
    route("/playbook/change", change),
    route("/playbook/propose", propose, "POST"),
    route("/playbook/versions", every),
    route("/playbook/versions/{id}", version),
    route("/playbook/versions/{id}/approve", approve, "POST"),
    route("/playbook/versions/{id}/refuse", refuse, "POST"),
    route("/playbook/versions/{id}/roll-back", roll_back, "POST"),
    route("/why/{name}", why),
]
