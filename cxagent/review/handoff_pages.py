"""What was handed over to people: the list, and the brief of each, readable in half a minute."""

from starlette.responses import Response

from cxagent.errors import BadInput
from cxagent.inbox.people import deciders
from cxagent.review.site import Asked, route


def handoffs(asked: Asked) -> Response:
    """Show the tickets that people own and nobody has answered yet."""
    everybody = asked.query("whose") == "all"
    rows = asked.inbox.handoffs(asked.me, everybody=everybody)
    return asked.render("handoffs.html", rows=rows, everybody=everybody)


def brief(asked: Asked) -> Response:
    """Show the brief of a handoff, and note that it was seen."""
    row = asked.inbox.handoff(asked.path("handoff_id"))
    asked.inbox.looked(asked.me, "page", "handoff", row["id"], row["account_id"])
    return asked.render(
        "handoff.html", row=row, brief=row["brief"] or {}, able=deciders(asked.inbox.playbook, asked.me)
    )


def answered(asked: Asked) -> Response:
    """Note that the customer has heard from a person."""
    row = asked.inbox.handoff(asked.path("handoff_id"))
    if asked.typed("heard") != "yes":
        raise BadInput("tick that the customer has heard from you", where="heard")
    asked.inbox.answered(asked.me, row["id"])
    return asked.go(f"/handoffs/{row['id']}")


def hand_on(asked: Asked) -> Response:
    """Give a handoff to a colleague."""
    handoff_id = asked.path("handoff_id")
    asked.inbox.hand_on(asked.me, handoff_id, asked.typed("to") or "", asked.typed("why") or "")
    return asked.go(f"/handoffs/{handoff_id}")


ROUTES = [
    route("/handoffs", handoffs),
    route("/handoffs/{handoff_id}", brief),
    route("/handoffs/{handoff_id}/answered", answered, "POST"),
    route("/handoffs/{handoff_id}/hand-on", hand_on, "POST"),
]
