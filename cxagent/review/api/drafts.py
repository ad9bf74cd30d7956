"""Drafts: listed, looked at, claimed and decided, through the same inbox as the pages."""

from typing import Annotated, Any, Literal, get_args

from fastapi import Query

from cxagent.domain.vocabulary import Tier
from cxagent.inbox import Given
from cxagent.ledger import reviews
from cxagent.review.api.admission import Calling, needs, section
from cxagent.review.api.cursors import after as read_cursor
from cxagent.review.api.cursors import cursor
from cxagent.review.api.document import ends
from cxagent.review.api.models import Card, Changes, Claim, DraftPage, Signed, VerdictIn
from cxagent.review.api.parameters import After, DraftId, Filter, Flag, Limit
from cxagent.review.api.problems import Failed

router = section("drafts")
READ, DECIDE = needs("drafts:read"), needs("drafts:decide")
Listed = Literal["mine", "unclaimed", "team", "snoozed", "done"]
OWN = (
    *("id", "status", "account_id", "account_name", "tier", "intent", "stake", "health", "days_to_notice"),
    *("required_role", "four_eyes", "first_approver", "assignee", "created_at", "deadline", "snoozed_until"),
    *("signed_by", "signed_until", "came_back", "card_digest"),
)
"""What a draft tells of itself; a planted one tells the same."""


@router.get(
    "/drafts", response_model=DraftPage, responses=ends(), openapi_extra=READ, summary="What waits, or was decided"
)
def drafts(
    caller: Calling,
    tab: Annotated[Listed, Query(description=f"One of {', '.join(get_args(Listed))}.")] = "team",
    q: Filter = "",
    tier: Annotated[Tier | None, Query(description="Only accounts of this tier.")] = None,
    role: Filter = "",
    intent: Filter = "",
    late: Annotated[Flag, Query(description="Only what is past its deadline.")] = False,
    after: After = None,
    limit: Limit = 25,
) -> dict[str, Any]:
    """List drafts, least time first; `done` lists what was decided, latest first.

    `mine` are those of the key's person and of whom they stand in for. `q` looks in account, intent and assignee.
    """
    filters: dict[str, Any] = {
        "text": q,
        "tier": tier.value if tier else "",
        "role": role,
        "intent": intent,
        "late": late,
    }
    page = caller.inbox.queue(caller.me, tab, after=read_cursor(tab, after), limit=limit, **filters)
    return {"drafts": [told(row) for row in page.rows], "next": cursor(tab, page.after)}


@router.get(
    "/drafts/{draft_id}", response_model=Card, responses=ends(404), openapi_extra=READ, summary="A draft with its card"
)
def card(draft_id: DraftId, caller: Calling) -> dict[str, Any]:
    """Return a draft with its card; that it was seen is noted."""
    row = caller.inbox.draft(draft_id)
    caller.looked("card", draft_id, row["account_id"])
    known = caller.inbox.planted(draft_id)
    said = f"this draft was planted, and nothing was sent: {known['told']}" if known else None
    return {**told(row), "card": row["card"], "told": said}


@router.get(
    "/drafts/{draft_id}/changes",
    response_model=Changes,
    responses=ends(404),
    openapi_extra=READ,
    summary="What changed since a draft was made",
)
def changes(draft_id: DraftId, caller: Calling) -> dict[str, Any]:
    """Look at the facts behind a draft that waits again; an approval does so by itself."""
    row = caller.inbox.draft(draft_id)
    found = caller.inbox.agent.moved(draft_id)
    caller.looked("changes", draft_id, row["account_id"])
    return {"draft_id": draft_id, "changes": found}


@router.post(
    "/drafts/{draft_id}/claim",
    response_model=Claim,
    responses=ends(404, 409),
    openapi_extra=DECIDE,
    summary="Claim a draft",
)
def claim(
    draft_id: DraftId,
    caller: Calling,
    over: Annotated[Flag, Query(description="Take it from who has it; say why.")] = False,
    why: Annotated[str, Query(description="Why it is taken from who has it.", max_length=300)] = "",
) -> dict[str, Any]:
    """Claim a draft while one works on it; nobody else decides it until the claim ends."""
    if over:
        until = caller.inbox.take_over(caller.person, draft_id, why)
    else:
        until = caller.inbox.claim(caller.person, draft_id)
    return {"draft_id": draft_id, "held_by": caller.me.name, "held_until": until.isoformat()}


@router.delete(
    "/drafts/{draft_id}/claim",
    response_model=Claim,
    responses=ends(404, 409),
    openapi_extra=DECIDE,
    summary="Give a claim back",
)
def let_go(draft_id: DraftId, caller: Calling) -> dict[str, Any]:
    """Give a claim of one's own back; 409 where there is none."""
    row = caller.inbox.draft(draft_id)
    if not caller.inbox.let_go(caller.person, draft_id):
        raise Failed(409, f"{caller.me.name} has no claim on {row['id']}")
    return {"draft_id": draft_id, "held_by": None, "held_until": None}


@router.post(
    "/drafts/{draft_id}/verdict",
    status_code=202,
    response_model=Signed,
    responses=ends(404, 409, body=True),
    openapi_extra=DECIDE,
    summary="Decide a draft",
)
def decide(draft_id: DraftId, caller: Calling, verdict: VerdictIn) -> dict[str, Any]:
    """Put a verdict on record, with the authority of the key's person; nothing leaves before `until`.

    409 where the card is out of date: `changes` says what moved, `fresh` names the draft to look at now.
    """
    given = Given.model_validate(verdict.model_dump())
    signed = caller.inbox.sign(caller.person, draft_id, given, via="api")
    return {"draft_id": draft_id, "choice": signed.choice, "by": signed.by, "until": signed.until.isoformat()}


@router.delete(
    "/drafts/{draft_id}/verdict",
    response_model=VerdictIn,
    responses=ends(404, 409),
    openapi_extra=DECIDE,
    summary="Take a verdict back",
)
def take_back(draft_id: DraftId, caller: Calling) -> Given:
    """Take one's own verdict back while its time lasts, and return it; 409 where there is none any more."""
    found = caller.inbox.take_back(caller.person, draft_id)
    if found is None:
        raise Failed(409, f"no verdict of {caller.me.name} on {draft_id} can be taken back any more")
    return found


def told(row: dict[str, Any]) -> dict[str, Any]:
    """Return what the API tells of a draft.

    Ticket and decision are named once the verdict is on record: until then a draft speaks by its card alone, so that
    nobody finds out elsewhere which ones are real.
    """
    held = reviews.holder(row)
    over = row["status"] != "pending"
    return {
        **{name: row[name] for name in OWN},
        "held_by": held,
        "held_until": row["held_until"] if held else None,
        "ticket_id": row["ticket_id"] if over else None,
        "decision_id": row["decision_id"] if over else None,
        "verdict": row.get("review_verdict"),
        "decided_by": row.get("review_by"),
        "decided_at": row.get("review_at"),
    }
