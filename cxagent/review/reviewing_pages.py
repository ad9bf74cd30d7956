"""How reviewing goes, for QA: planted drafts, time on the card, streaks, how far two audits agree."""

from starlette.responses import Response

from cxagent.errors import BadInput, Refused
from cxagent.inbox import planting
from cxagent.inbox.care import QUICK_SECONDS, care
from cxagent.inbox.people import QA
from cxagent.review.site import Asked, route


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


def _qa(asked: Asked) -> None:
    if asked.me.role != QA:
        raise Refused("how reviewing goes is for QA alone")


ROUTES = [
    route("/reviewing", reviewing),
    route("/reviewing/plant", plant, "POST"),
]
