"""One draft, one verdict: the claim is one atomic statement, and the loser is told who won."""

from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from cxagent import clock
from cxagent.domain.review import Review
from cxagent.domain.value import digest
from cxagent.errors import BadInput, Conflict
from cxagent.ledger import chain, personal
from cxagent.ledger.store import TABLES

DRAFT, REVIEW = TABLES["draft"], TABLES["review"]
_WITHDRAW = (
    DRAFT.update().where(DRAFT.c.ticket_id == bindparam("ticket"), DRAFT.c.status == "open").values(status="withdrawn")
)


def draft(connection: Connection, draft_id: str) -> dict[str, Any]:
    """Return a draft with its card; `BadInput` where there is none."""
    row = connection.execute(select(DRAFT).where(DRAFT.c.id == draft_id)).mappings().one_or_none()
    if row is None:
        raise BadInput(f"there is no draft {draft_id}", where="DRAFT_ID")
    return {**row, "card": personal.get(connection, row["personal_id"])}


def shown(row: dict[str, Any]) -> str:
    """Return the digest of the calls and the reply that the card of a draft shows; an erased card shows nothing."""
    card = row["card"] or {}
    actions = [action for part in card.get("parts", []) for action in part["actions"]]
    return digest({"actions": actions, "reply": card.get("reply")})


def waiting(connection: Connection) -> list[dict[str, Any]]:
    """Return all open drafts with their cards."""
    rows = connection.execute(select(DRAFT).where(DRAFT.c.status == "open")).mappings().all()
    return [{**row, "card": personal.get(connection, row["personal_id"])} for row in rows]


def claim(connection: Connection, draft_id: str, review: Review) -> str | None:
    """Decide a draft for `review.by`; return the review's id, or None where a second pair of eyes is still needed.

    `Conflict` names the winner where somebody was first, and refuses the same person twice.
    """
    row = draft(connection, draft_id)
    if row["four_eyes"] and review.verdict == "approve":
        first = row["first_approver"]
        if first is None:
            if _set(connection, draft_id, first_approver=review.by):
                return None
            first = draft(connection, draft_id)["first_approver"]
        if _same(first, review.by):
            raise Conflict(f"{first} has approved already; this draft needs a second person")
    if not _set(connection, draft_id, status="decided"):
        raise Conflict(_winner(connection, draft_id))
    review_id = clock.new_id("rev")
    pointer = personal.put(connection, "review", row["account_id"], row["ticket_id"], review)
    connection.execute(
        REVIEW.insert(),
        {
            "id": review_id,
            "draft_id": draft_id,
            "verdict": review.verdict,
            "by": review.by,
            "role": review.role,
            "reason": review.reason,
            "at": clock.now().isoformat(),
            "card_digest": row["card_digest"],
            "personal_id": pointer.id,
        },
    )
    body = {
        "review": review_id,
        "draft": draft_id,
        "verdict": review.verdict,
        "role": review.role,
        "reason": review.reason,
        "card": row["card_digest"],
        "edited": digest({"reply": review.reply, "actions": review.actions}) if review.verdict == "edit" else None,
    }
    chain.append(connection, "review", row["account_id"], row["ticket_id"], body, pointer)
    return review_id


def verdict(connection: Connection, draft_id: str) -> tuple[str, Review] | None:
    """Return the recorded verdict on a draft; the graph follows this, never the value it was resumed with."""
    row = connection.execute(select(REVIEW).where(REVIEW.c.draft_id == draft_id)).one_or_none()
    if row is None:
        return None
    stored = personal.get(connection, row.personal_id)
    if stored is None:
        return row.id, Review(verdict="reject", by=row.by, role=row.role, note="the review was erased")
    return row.id, Review.model_validate(stored)


def close(connection: Connection, draft_id: str, ticket_id: str, status: str) -> None:
    """Note that a ticket's draft was applied or withdrawn; the draft of another ticket stays as it is."""
    its_own = (DRAFT.c.id == draft_id, DRAFT.c.ticket_id == ticket_id)
    connection.execute(update(DRAFT).where(*its_own).values(status=status))


def withdraw_open(connection: Connection, ticket_id: str) -> None:
    """Withdraw the draft that still waits on a ticket: it is ruled on anew."""
    connection.execute(_WITHDRAW, {"ticket": ticket_id})


def _set(connection: Connection, draft_id: str, **values: str) -> bool:
    """Change an open draft in one statement; False where it is no longer open, or the field is taken."""
    statement = update(DRAFT).where(DRAFT.c.id == draft_id, DRAFT.c.status == "open")
    if "first_approver" in values:
        statement = statement.where(DRAFT.c.first_approver.is_(None))
    return connection.execute(statement.values(**values)).rowcount == 1


def _winner(connection: Connection, draft_id: str) -> str:
    found = connection.execute(select(REVIEW).where(REVIEW.c.draft_id == draft_id)).one_or_none()
    if found is None:
        state = connection.execute(select(DRAFT.c.status).where(DRAFT.c.id == draft_id)).scalar_one()
        return f"the draft {draft_id} is {state} and waits for nobody"
    return f"{found.by} was first: {found.verdict} at {found.at[:19]}Z"


def _same(one: str, other: str) -> bool:
    return " ".join(one.lower().split()) == " ".join(other.lower().split())
