"""How reviewing goes, for QA: planted drafts, time on the card, streaks, second looks."""

from typing import Any

from starlette.responses import Response

from cxagent.domain.review import REASONS
from cxagent.errors import BadInput, Refused
from cxagent.inbox import planting, second_looks
from cxagent.inbox.care import QUICK_SECONDS, care
from cxagent.inbox.people import QA
from cxagent.inbox.second_looks import Opinion
from cxagent.review.site import Asked, picked, route


def reviewing(asked: Asked) -> Response:
    """Show how reviewing went in the last 30 days."""
    _qa(asked)
    with asked.inbox.agent.store.read() as connection:
        found = care(connection)
    return asked.render("reviewing.html", care=found, quick=QUICK_SECONDS, planted=asked.query("planted"))


def plant(asked: Asked) -> Response:
    """Plant wrong drafts."""
    count = asked.typed("count") or ""
    if not count.isdecimal() or len(count) > 3:
        raise BadInput("give a whole number", where="count")
    made = planting.plant(asked.inbox.agent, asked.me, int(count))
    return asked.go(f"/reviewing?planted={len(made)}")


def looks(asked: Asked) -> Response:
    """Show the decided drafts that this person reads again this week."""
    due = second_looks.draw(asked.inbox.agent, asked.me, asked.inbox.today())
    for row in due:
        asked.inbox.looked(asked.me, "page", "second look", row["draft_id"], row["account_id"])
    return asked.render("reviewing-looks.html", due=due, reasons=REASONS)


def record(asked: Asked) -> Response:
    """Record a second opinion."""
    said: dict[str, Any] = {name: asked.typed(name) for name in ("reason", "note")}
    said["verdict"] = picked(asked.form, "verdict", ("approve", "edit", "reject", "respond"))
    said["severity"] = picked(asked.form, "severity", ("minor", "major", "critical"))
    met = picked(asked.form, "goal_met", ("yes", "no"))
    said["goal_met"] = None if met is None else met == "yes"
    if said["verdict"] is None:
        raise BadInput("choose what you would have decided", where="verdict")
    second_looks.record(asked.inbox.agent, asked.me, asked.path("look_id"), Opinion.model_validate(said))
    return asked.go("/reviewing/looks")


def _qa(asked: Asked) -> None:
    if asked.me.role != QA:
        raise Refused("how reviewing goes is for QA alone")


ROUTES = [
    route("/reviewing", reviewing),
    route("/reviewing/plant", plant, "POST"),
    route("/reviewing/looks", looks),
    route("/reviewing/looks/{look_id}", record, "POST"),
]
