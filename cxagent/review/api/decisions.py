"""Decisions: why a ticket took the route that it took."""

from typing import Any

from cxagent import explaining
from cxagent.errors import BadInput
from cxagent.review.api.admission import Calling, needs, section
from cxagent.review.api.document import ends
from cxagent.review.api.models import Explanation
from cxagent.review.api.parameters import DecisionId
from cxagent.review.api.problems import Failed

router = section("decisions")


@router.get(
    "/decisions/{decision_id:path}",
    response_model=Explanation,
    responses=ends(404),
    openapi_extra=needs("decisions:read"),
    summary="Why a decision came out as it did",
)
def decision(decision_id: DecisionId, caller: Calling) -> dict[str, Any]:
    """Return the facts with source and age, the caps that bound, what would have made it autonomous, and what then."""
    # A draft's id is none of a decision's here: of a draft that waits, only its card speaks.
    if decision_id.startswith("drf_"):
        raise Failed(404, f"there is no decision {decision_id}; ask for its card at /api/v1/drafts/{decision_id}")
    with caller.inbox.agent.store.read() as connection:
        try:
            found = explaining.explained(connection, decision_id)
        except BadInput as error:
            raise Failed(404, str(error)) from None
    caller.looked("decision", found["decision_id"], found["account_id"])
    return found
