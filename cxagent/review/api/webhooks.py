"""Webhooks: tickets that another system sends signed, and what was sent to other systems."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import Header, Query, Response
from starlette.requests import Request

from cxagent.ledger import delivery_list
from cxagent.review.api.admission import SIGNED, Calling, needs, section
from cxagent.review.api.cursors import after as read_cursor
from cxagent.review.api.cursors import cursor
from cxagent.review.api.document import ends
from cxagent.review.api.models import DeliveryPage, Result, Told
from cxagent.review.api.parameters import After, Limit
from cxagent.review.api.tickets import KNOWN, taken_in

router = section("webhooks")
OF = "deliveries"


@router.post(
    "/webhooks/tickets",
    status_code=201,
    response_model=Result,
    responses={**KNOWN, **ends(404, 409, body=True)},
    openapi_extra=SIGNED,
    summary="Hand a ticket in, signed",
)
def signed_ticket(
    request: Request,
    response: Response,
    told: Told,
    webhook_id: Annotated[str, Header(description="The id of the message; a repeated one stays the same.")],
    webhook_timestamp: Annotated[str, Header(description="When it was sent, in seconds since 1970.")],
    webhook_signature: Annotated[str, Header(description="`v1,` and the signature in base64; several with blanks.")],
) -> dict[str, Any]:
    """Take a ticket in that was signed as Standard Webhooks have it; repeated, it changes nothing.

    The body is that of `POST /tickets`, or a CloudEvent with it in `data`. It is read after the signature held.
    """
    return taken_in(request, response, told.incoming)


@router.get(
    "/webhooks/deliveries",
    response_model=DeliveryPage,
    responses=ends(),
    openapi_extra=needs("webhooks:read"),
    summary="What was sent to other systems",
)
def deliveries(
    caller: Calling,
    status: Annotated[
        Literal["waiting", "delivered", "given_up"] | None, Query(description="Only what stands so.")
    ] = None,
    after: After = None,
    limit: Limit = 25,
) -> dict[str, Any]:
    """List events with how they stand, the latest first."""
    with caller.inbox.agent.store.read() as connection:
        rows, more = delivery_list.page(connection, status or "", read_cursor(OF, after), limit)
    found = [{**row, "endpoint": urlsplit(row["endpoint"]).netloc} for row in rows]
    return {"deliveries": found, "next": cursor(OF, more)}
