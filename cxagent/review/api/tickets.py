"""Tickets: handed in, and what became of them."""

from typing import Any

from fastapi import Response
from starlette.requests import Request

from cxagent.domain.ticket import Incoming
from cxagent.domain.value import digest
from cxagent.errors import BadInput, Conflict
from cxagent.ledger import reports
from cxagent.review.api.admission import Calling, needs, section
from cxagent.review.api.document import ends
from cxagent.review.api.models import Result, TicketIn
from cxagent.review.api.parameters import TicketId

router = section("tickets")
KNOWN: dict[int | str, dict[str, Any]] = {
    200: {"model": Result, "description": "The ticket was known; this is where it stands"}
}
WRITE = "tickets:write"


@router.post(
    "/tickets",
    status_code=201,
    response_model=Result,
    responses={**KNOWN, **ends(409, body=True)},
    openapi_extra=needs(WRITE),
    summary="Hand a ticket in",
)
def submit(request: Request, response: Response, told: TicketIn) -> dict[str, Any]:
    """Take a ticket in, once: the same id again returns where it stands, with other words it is refused (409)."""
    return taken_in(request, response, told.incoming)


@router.get(
    "/tickets/{ticket_id:path}",
    response_model=Result,
    responses=ends(404),
    openapi_extra=needs(WRITE),
    summary="What became of a ticket",
)
def result(ticket_id: TicketId, caller: Calling) -> dict[str, Any]:
    """Return the result line of a ticket as it stands."""
    return caller.inbox.result(ticket_id)


def taken_in(request: Request, response: Response, incoming: Incoming) -> dict[str, Any]:
    """Take a ticket in and return its result line; the status says whether it is new."""
    with request.app.state.site.inbox.agent.store.read() as connection:
        known = reports.ticket(connection, incoming.ticket.id)
    if known is not None and known["digest"] != digest(incoming.ticket):
        raise Conflict(f"the ticket id {incoming.ticket.id!r} was used before with another content")
    response.status_code = 200 if known else 201
    try:
        found: dict[str, Any] = request.app.state.submit(incoming)
    except BadInput as error:
        if error.where == "ticket.id":  # somebody handed the same id in at the same moment
            raise Conflict(str(error)) from None
        raise
    return found
