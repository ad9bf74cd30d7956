"""Handovers: who leaves, their accounts by value with a plan each, and the contact that ends a handover."""

from datetime import date
from typing import Any

from starlette.responses import Response

from cxagent import handing_over
from cxagent.errors import BadInput
from cxagent.review.site import Asked, log, route

ENDED_SHOWN = 20


def handovers(asked: Asked) -> Response:
    """Show the open handovers, the largest stake first, and those that ended last."""
    agent, playbook = asked.inbox.agent, asked.inbox.playbook
    rows = [
        {**row, "trouble": handing_over.objection(playbook, asked.me.name, row)}
        for row in handing_over.open_ones(agent)
    ]
    ended = sorted(handing_over.open_ones(agent, ended=True), key=lambda row: row["contact_at"], reverse=True)
    told: dict[str, Any] = {
        "opened": asked.query("opened"),
        "touched": asked.query("touched"),
        "today": asked.inbox.today(),
    }
    mine = sum(row["trouble"] is None for row in rows)
    return asked.render("handovers.html", rows=rows, ended=ended[:ENDED_SHOWN], mine=mine, **told)


def leaving(asked: Asked) -> Response:
    """Ask who leaves, and show what that would open; nothing is written."""
    given = {name: asked.query(name).strip() for name in ("person", "leaves_on", "successor")}
    values: dict[str, Any] = {"book": None, "given": given, "people": asked.inbox.playbook.people}
    if given["person"]:
        _day(given["leaves_on"])
        book = handing_over.book_of(asked.inbox.agent, given["person"], given["successor"] or None)
        values |= {"book": book, "left": sum(one.in_touch is None for one in book.accounts)}
    return asked.render("handover-leaving.html", **values, today=asked.inbox.today())


def open_all(asked: Asked) -> Response:
    """Open a handover for every account of who leaves."""
    person, successor = asked.typed("person"), asked.typed("successor")
    if person is None:
        raise BadInput("say who leaves", where="person")
    book = handing_over.leaving(
        asked.inbox.agent, person, _day(asked.typed("leaves_on") or ""), successor, asked.me.name
    )
    opened = sum(one.in_touch is None for one in book.accounts)
    log.warning("%s opened handovers of %s accounts of somebody who leaves", asked.me.name, opened)
    return asked.go(f"/handovers?opened={opened}")


def contact(asked: Asked) -> Response:
    """Record that the successor has spoken with the account."""
    handover_id = asked.path("handover_id")
    handing_over.contacted(asked.inbox.agent, handover_id, asked.me.name, asked.typed("note") or "")
    return asked.go("/handovers?touched=yes")


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise BadInput("give the last day as a date, for example 2026-12-31", where="leaves_on") from None


ROUTES = [
    route("/handovers", handovers),
    route("/handovers/leaving", leaving),
    route("/handovers/leaving/open", open_all, "POST"),
    route("/handovers/{handover_id}/contact", contact, "POST"),
]
