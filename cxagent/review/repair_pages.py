"""Repairs: what was sent and found wrong, whose it is to put right, and how it was put right."""

from typing import Any, cast

from starlette.responses import Response

from cxagent.errors import BadInput
from cxagent.ledger.repairs import How
from cxagent.quality import repairs as quality
from cxagent.review.site import Asked, bare, log, picked, route
from cxagent.review.words import sentence


def repairs(asked: Asked) -> Response:
    """Show one's own open repairs, then those of others, then what was put right."""
    agent, me = asked.inbox.agent, asked.me
    everybody = quality.open_ones(agent)
    mine = [row for row in everybody if quality.owns(me, row)]
    others = [row for row in everybody if not quality.owns(me, row)]
    return asked.render(
        "repairs.html", mine=mine, others=others, ended=quality.repaired(agent), done=asked.query("done")
    )


def repair(asked: Asked) -> Response:
    """Show one repair, and note that it was seen."""
    return _page(asked)


def _page(asked: Asked, status: int = 200, wrong: dict[str, str] | None = None) -> Response:
    """Show a repair; a form that was refused comes back as it was typed, with the sentence."""
    found = quality.sheet(asked.inbox.agent, asked.me, asked.path("repair_id"))
    typed = {name: asked.typed(name) for name in ("text", "reason", "why")}
    values: dict[str, Any] = {
        "trouble": quality.objection(asked.me, found.row),
        "taken": asked.query("taken"),
        "typed": typed,
    }
    values["wrong"] = {"text": None, "reason": None, **(wrong or {})}
    return asked.render("repair.html", status, sheet=found, row=found.row, **values)


def done(asked: Asked) -> Response:
    """Close a repair: corrected, or nothing was needed."""
    how = cast(How, picked(asked.form, "how", ("corrected", "not_needed")) or "corrected")
    field = "text" if how == "corrected" else "reason"
    try:
        if how == "corrected" and asked.typed("heard") != "yes":
            raise BadInput("tick that the customer has heard from you", where="text")
        quality.done(asked.inbox.agent, asked.me, asked.path("repair_id"), how, asked.typed(field) or "")
    except BadInput as error:
        if error.where != "text":
            raise
        return _page(asked, 400, {field: sentence(bare(error))})
    log.warning("%s closed the repair %s: %s", asked.me.name, asked.path("repair_id"), how)
    return asked.go("/repairs?done=1")


def take_back(asked: Asked) -> Response:
    """Take back an effect that a repair names."""
    repair_id, key = asked.path("repair_id"), asked.path("key")
    why = asked.typed("why")
    if why is None:
        return _page(asked, 400, {key: "Say why it is taken back."})
    told = quality.take_back(asked.inbox.agent, asked.me, repair_id, key, why)
    log.warning("%s took %s back: %s", asked.me.name, key, told["status"])
    return asked.go(f"/repairs/{repair_id}?taken={told['status']}")


ROUTES = [
    route("/repairs", repairs),
    route("/repairs/{repair_id}", repair),
    route("/repairs/{repair_id}/done", done, "POST"),
    route("/repairs/{repair_id}/effects/{key}/take-back", take_back, "POST"),
]
