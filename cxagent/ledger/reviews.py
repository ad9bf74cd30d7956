"""One draft, one verdict: the claim is one atomic statement, and the loser is told who won.

A draft is `pending`, then `decided`, `applying`, `applied`; or `withdrawn` from any of the first three.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, exists, select, update

from cxagent import clock, presence
from cxagent.context.handover import same_person
from cxagent.domain.review import Review, place
from cxagent.domain.value import digest
from cxagent.errors import BadInput, Conflict
from cxagent.ledger import chain, personal
from cxagent.ledger.store import TABLES, lock

DRAFT, REVIEW, AUTHORIZATION = TABLES["draft"], TABLES["review"], TABLES["authorization"]
TICKET = TABLES["ticket"]

WAITS = (DRAFT.c.status == "pending", DRAFT.c.signed_by.is_(None))
"""What holds of a draft that waits for a verdict."""

# Prepared once: building a statement costs more than running it.
_ONE = select(DRAFT).where(DRAFT.c.id == bindparam("id"))
_VERDICT = select(REVIEW).where(REVIEW.c.draft_id == bindparam("draft"))
_ADD_REVIEW = REVIEW.insert()
_WITHDRAW = (
    DRAFT.update()
    .where(DRAFT.c.ticket_id == bindparam("ticket"), DRAFT.c.status == "pending")
    .values(status="withdrawn")
)
_WITHDRAW_DECIDED = (
    DRAFT.update()
    .where(
        DRAFT.c.ticket_id == bindparam("ticket"),
        DRAFT.c.status.in_(("decided", "applying")),
        ~exists().where(AUTHORIZATION.c.draft_id == DRAFT.c.id, AUTHORIZATION.c.spent_at.is_not(None)),
    )
    .values(status="withdrawn")
)
_BEGUN = (
    DRAFT.update()
    .where(DRAFT.c.ticket_id == bindparam("ticket"), DRAFT.c.status.in_(("decided", "applying")))
    .values(status="applied")
)
_LATE = select(DRAFT).where(*WAITS, DRAFT.c.deadline <= bindparam("now")).order_by(DRAFT.c.deadline)
_ACTIVE = (
    select(DRAFT)
    .where(DRAFT.c.ticket_id == bindparam("ticket"), DRAFT.c.status.in_(("pending", "decided", "applying")))
    .order_by((DRAFT.c.decision_id == bindparam("decision")).desc(), DRAFT.c.created_at.desc())
)
UNSIGNED = {"signed_by": None, "signed_until": None}
_LATER = select(TICKET.c.id).where(TICKET.c.follows == bindparam("ticket")).order_by(TICKET.c.received_at, TICKET.c.id)


def draft(connection: Connection, draft_id: str) -> dict[str, Any]:
    """Return a draft with its card; `BadInput` where there is none."""
    row = connection.execute(_ONE, {"id": draft_id}).mappings().one_or_none()
    if row is None:
        raise BadInput(f"there is no draft {draft_id}", where="DRAFT_ID")
    return {**row, "card": personal.get(connection, row["personal_id"])}


def locked(connection: Connection, draft_id: str) -> dict[str, Any]:
    """Return a draft as it stands once nobody else writes about its ticket; `BadInput` where there is none."""
    lock(connection, draft(connection, draft_id)["ticket_id"])
    return draft(connection, draft_id)


def shown(row: dict[str, Any]) -> str:
    """Return the digest of the calls and the reply that the card of a draft shows; an erased card shows nothing."""
    card = row["card"] or {}
    actions = [action for part in card.get("parts", []) for action in part["actions"]]
    return digest({"actions": actions, "reply": card.get("reply")})


def waiting(connection: Connection) -> list[dict[str, Any]]:
    """Return all pending drafts with their cards."""
    rows = connection.execute(select(DRAFT).where(DRAFT.c.status == "pending")).mappings().all()
    return [{**row, "card": personal.get(connection, row["personal_id"])} for row in rows]


def claim(connection: Connection, draft_id: str, review: Review, signed: str | None = None) -> str | None:
    """Decide a draft for `review.by`; return the review's id, or None where a second pair of eyes is still needed.

    `signed` is where the verdict lay that is carried out: one that was taken back meanwhile, or given anew, is not.
    `Conflict` names the winner where somebody was first, and refuses the same person twice.
    """
    row = draft(connection, draft_id)
    free_for(row, review.by)
    if signed is not None and (row["signed_by"] is None or row["signed_personal_id"] != signed):
        raise Conflict(f"the verdict on {draft_id} was taken back")
    if row["four_eyes"] and review.verdict == "approve":
        if row["first_approver"] is None:
            if _set(connection, draft_id, first_approver=review.by, first_acting_for=review.acting_for, **UNSIGNED):
                return None
            row = draft(connection, draft_id)
        second_pair(row, review)
    decided = {"status": "decided", "worker": presence.me(), "applying_at": clock.now().isoformat()}
    if not _set(connection, draft_id, **decided):
        raise Conflict(winner(connection, draft_id))
    review_id = clock.new_id("rev")
    pointer = personal.put(connection, "review", row["account_id"], row["ticket_id"], review)
    connection.execute(
        _ADD_REVIEW,
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
            "severity": review.severity,
            "seconds": review.seconds,
            "via": review.via,
            "acting_for": review.acting_for,
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
    if review.acting_for:
        body["acting_for"] = digest(review.acting_for)
    if row["four_eyes"] and review.verdict == "approve":
        body["first"] = digest(draft(connection, draft_id)["first_approver"])
    chain.append(connection, "review", row["account_id"], row["ticket_id"], body, pointer)
    return review_id


def verdict(connection: Connection, draft_id: str) -> tuple[str, Review] | None:
    """Return the recorded verdict on a draft; the graph follows this, never the value it was resumed with."""
    row = connection.execute(_VERDICT, {"draft": draft_id}).one_or_none()
    if row is None:
        return None
    stored = personal.get(connection, row.personal_id)
    if stored is None:
        return row.id, Review(verdict="reject", by=row.by, role=row.role, note="the review was erased")
    return row.id, Review.model_validate(stored)


def close(connection: Connection, draft_id: str, ticket_id: str, status: str) -> None:
    """Note that a ticket's draft was applied or withdrawn; that of another ticket, and one that is over, stay as is."""
    its_own = (DRAFT.c.id == draft_id, DRAFT.c.ticket_id == ticket_id, DRAFT.c.status.not_in(("applied", "withdrawn")))
    connection.execute(update(DRAFT).where(*its_own).values(status=status))


def withdraw(connection: Connection, ticket_id: str, *, decided: bool = False) -> None:
    """Withdraw the draft that waits on a ticket, and a `decided` one too where the ticket ends here.

    One whose effects have begun is past that: it counts as applied.
    """
    connection.execute(_WITHDRAW, {"ticket": ticket_id})
    if decided:
        connection.execute(_WITHDRAW_DECIDED, {"ticket": ticket_id})
        connection.execute(_BEGUN, {"ticket": ticket_id})


def hold(connection: Connection, draft_id: str, by: str, minutes: int, *, over: bool = False) -> datetime:
    """Claim a pending draft for somebody who looks at it; return until when.

    `Conflict` where somebody else holds it, unless it is taken `over`, and where it waits for nobody.
    """
    row = locked(connection, draft_id)
    if not over or row["signed_by"]:
        free_for(row, by)
    until = clock.now() + timedelta(minutes=minutes)
    if not _set(connection, draft_id, held_by=by, held_until=until.isoformat()):
        raise Conflict(winner(connection, draft_id))
    return until


def let_go(connection: Connection, draft_id: str, by: str) -> bool:
    """Give a claim back before it ends; False where it was not theirs."""
    statement = update(DRAFT).where(DRAFT.c.id == draft_id, DRAFT.c.held_by == by)
    return connection.execute(statement.values(held_by=None, held_until=None)).rowcount == 1


def holder(row: Any) -> str | None:
    """Return who holds a draft at this moment."""
    return row["held_by"] if row["held_until"] and row["held_until"] > clock.now().isoformat() else None


def free_for(row: dict[str, Any], by: str) -> None:
    """Refuse with a `Conflict` who comes to a draft that somebody else looks at, or has just decided."""
    if (held_by := holder(row)) is not None and not same_person(held_by, by):
        raise Conflict(f"{held_by} is looking at {row['id']} until {row['held_until'][:16]}Z")
    if row["signed_by"] and not same_person(row["signed_by"], by):
        raise Conflict(f"{row['signed_by']} has just decided {row['id']}")


def second_pair(row: dict[str, Any], review: Review) -> None:
    """Refuse the second approval of a draft where it comes from the first approver, or on their authority."""
    first, lender = row["first_approver"], row["first_acting_for"]
    if first and same_person(first, review.by):
        raise Conflict(f"{first} has approved already; this draft needs a second person")
    if first and review.acting_for and same_person(first, review.acting_for):
        raise Conflict(f"{review.by} acts for {first}, who has approved already; this draft needs somebody else")
    if first and lender and any(same_person(lender, one) for one in (review.by, review.acting_for) if one):
        raise Conflict(f"{first} has approved in the name of {lender}; this draft needs an authority of its own")


def apply(connection: Connection, draft_id: str) -> None:
    """Note that this run carries out the verdict on a draft; `Conflict` where another run is at it."""
    row = draft(connection, draft_id)
    if row["status"] == "applying" and presence.other(row["worker"], row["applying_at"]):
        raise Conflict(f"{winner(connection, draft_id)}, and {row['worker']} is carrying it out")
    changed = connection.execute(
        update(DRAFT)
        .where(DRAFT.c.id == draft_id, DRAFT.c.status == row["status"], DRAFT.c.status.in_(("decided", "applying")))
        .where(DRAFT.c.worker == row["worker"] if row["worker"] else DRAFT.c.worker.is_(None))
        .values(status="applying", worker=presence.me(), applying_at=clock.now().isoformat())
    )
    if changed.rowcount != 1:
        raise Conflict(winner(connection, draft_id))


def active(connection: Connection, ticket_id: str, decision_id: str | None = None) -> dict[str, Any] | None:
    """Return the draft of a ticket that is pending or whose verdict is not applied yet, without its card.

    That of a certain ruling before any other: clocks may be wrong, and the latest is not what was drafted last.
    """
    about = {"ticket": ticket_id, "decision": decision_id}
    row = connection.execute(_ACTIVE, about).mappings().first()
    return dict(row) if row else None


def late(connection: Connection) -> list[dict[str, Any]]:
    """Return the pending drafts whose deadline has passed, the oldest deadline first."""
    return [dict(row) for row in connection.execute(_LATE, {"now": clock.now().isoformat()}).mappings().all()]


def escalate(connection: Connection, row: dict[str, Any], to: str, deadline: datetime) -> bool:
    """Pass a late draft on to another person with a new deadline; nothing is sent, whatever the time."""
    passed = connection.execute(
        update(DRAFT)
        .where(DRAFT.c.id == row["id"], DRAFT.c.status == "pending", DRAFT.c.deadline == row["deadline"])
        .values(
            assignee=to,
            deadline=deadline.isoformat(),
            place=place(deadline, row["stake"], row["days_to_notice"]),
        )
    )
    if passed.rowcount != 1:
        return False
    body = {"draft": row["id"], "from": digest(row["assignee"]), "to": digest(to), "missed": row["deadline"]}
    chain.append(connection, "escalation", row["account_id"], row["ticket_id"], body)
    return True


def _set(connection: Connection, draft_id: str, **values: str | None) -> bool:
    """Change a pending draft in one statement; False where it is no longer pending, or the field is taken."""
    statement = update(DRAFT).where(DRAFT.c.id == draft_id, DRAFT.c.status == "pending")
    if "first_approver" in values:
        statement = statement.where(DRAFT.c.first_approver.is_(None))
    return connection.execute(statement.values(**values)).rowcount == 1


def winner(connection: Connection, draft_id: str) -> str:
    """Say who was first with what, or why a draft waits for nobody; a customer who wrote again comes before both."""
    found = connection.execute(_VERDICT, {"draft": draft_id}).one_or_none()
    row = connection.execute(select(DRAFT.c.status, DRAFT.c.ticket_id).where(DRAFT.c.id == draft_id)).one()
    said = f"the draft {draft_id} is {row.status} and waits for nobody"
    if found is not None:
        said = f"{found.by} was first: {found.verdict} at {found.at[:19]}Z"
    later = connection.execute(_LATER, {"ticket": row.ticket_id}).scalars().first()
    if row.status == "withdrawn" and later is not None:
        said += f"; the customer wrote again, and the ticket {later} goes on with it"
    return said
