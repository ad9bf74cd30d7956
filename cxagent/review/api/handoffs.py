"""Handoffs: the tickets that a person owns, and that their customer has heard from them."""

from typing import Annotated, Any

from fastapi import Query

from cxagent.ledger import reports
from cxagent.review.api.admission import Caller, Calling, needs, section
from cxagent.review.api.document import ends
from cxagent.review.api.models import Answered, Brief, HandoffPage
from cxagent.review.api.parameters import Flag, TicketId
from cxagent.review.api.problems import Failed

router = section("handoffs")


@router.get(
    "/handoffs",
    response_model=HandoffPage,
    responses=ends(),
    openapi_extra=needs("drafts:read"),
    summary="What people own and nobody has answered",
)
def handoffs(
    caller: Calling,
    mine: Annotated[Flag, Query(description="Only those of the key's person, and of whom they stand in for.")] = False,
) -> dict[str, Any]:
    """List the handoffs that wait for an answer, the earliest deadline first."""
    return {"handoffs": caller.inbox.handoffs(caller.me, everybody=not mine)}


@router.get(
    "/handoffs/{ticket_id:path}",
    response_model=Brief,
    responses=ends(404),
    openapi_extra=needs("drafts:read"),
    summary="The brief of a ticket that a person owns",
)
def brief(ticket_id: TicketId, caller: Calling) -> dict[str, Any]:
    """Return the handoff of a ticket with its brief; that it was seen is noted."""
    found = _of(caller, ticket_id)
    caller.looked("brief", found["id"], found["account_id"])
    return found


@router.post(
    "/answered/{ticket_id:path}",
    response_model=Answered,
    responses=ends(404),
    openapi_extra=needs("drafts:decide"),
    summary="Note that the customer has heard from a person",
)
def answered(ticket_id: TicketId, caller: Calling) -> dict[str, Any]:
    """Note that the customer of a handoff has heard from the key's person."""
    me, found = caller.person, _of(caller, ticket_id)
    return {"id": found["id"], "noted": caller.inbox.answered(me, found["id"])}


def _of(caller: Caller, ticket_id: str) -> dict[str, Any]:
    with caller.inbox.agent.store.read() as connection:
        found = reports.brief(connection, ticket_id)
    if found is None:
        raise Failed(404, f"no person owns a ticket {ticket_id}")
    return found
