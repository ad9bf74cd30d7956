"""Who is at the inbox, who is away, and who stands in for whom."""

from datetime import date

from starlette.responses import Response

from cxagent.errors import BadInput
from cxagent.inbox.people import deciders
from cxagent.review.site import Asked, bare, log, route


def people(asked: Asked) -> Response:
    """Show the people of the inbox and their absences."""
    return _page(asked)


def be_away(asked: Asked) -> Response:
    """Note an absence of one's own; what does not fit comes back with the sentence at the field."""
    try:
        first, last = _day(asked, "first_day"), _day(asked, "last_day")
        asked.inbox.be_away(asked.me, first, last, asked.typed("delegate"))
    except BadInput as error:
        log.warning("/people/away by %s: %s", asked.me.name, error)
        return _page(asked, error)
    return asked.go("/people")


def be_back(asked: Asked) -> Response:
    """End an absence of one's own early."""
    asked.inbox.be_back(asked.me, asked.path("absence_id"))
    return asked.go("/people")


def _page(asked: Asked, error: BadInput | None = None) -> Response:
    playbook, away = asked.inbox.playbook, asked.inbox.away()
    typed = {name: asked.typed(name) or "" for name in ("first_day", "last_day", "delegate")}
    return asked.render(
        "people.html",
        400 if error else 200,
        people=playbook.people,
        able=deciders(playbook, asked.me),
        away=away,
        today=asked.inbox.today().isoformat(),
        typed=typed,
        wrong=(error.where, bare(error)) if error else None,
    )


def _day(asked: Asked, name: str) -> date:
    try:
        return date.fromisoformat(asked.typed(name) or "")
    except ValueError:
        raise BadInput("choose a day", where=name) from None


ROUTES = [
    route("/people", people),
    route("/people/away", be_away, "POST"),
    route("/people/away/{absence_id}/end", be_back, "POST"),
]
