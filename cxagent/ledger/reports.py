"""What the ledger tells afterwards: the result of a ticket, a decision in full, the drafts that wait."""

import json
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from cxagent.domain.value import digest
from cxagent.ledger import chain, personal, reviews
from cxagent.ledger.store import TABLES

TICKET, LOG, DRAFT, HANDOFF = TABLES["ticket"], TABLES["decision_log"], TABLES["draft"], TABLES["handoff"]
EXECUTION, AUTHORIZATION, OUTBOX = TABLES["execution"], TABLES["authorization"], TABLES["outbox"]
REVIEW = TABLES["review"]

# Prepared once: building a statement costs more than running it.
_TICKET = select(TICKET).where(TICKET.c.id == bindparam("id"))
_DRAFT = (
    select(DRAFT.c.id)
    .where(DRAFT.c.ticket_id == bindparam("id"))
    .order_by((DRAFT.c.status == "pending").desc(), DRAFT.c.created_at.desc())
    .limit(1)
    .scalar_subquery()
)
_RESULT = (
    select(TICKET.c.account_id, TICKET.c.status, LOG.c.id, LOG.c.body, _DRAFT.label("draft_id"))
    .join(LOG, LOG.c.ticket_id == TICKET.c.id)
    .where(TICKET.c.id == bindparam("id"), LOG.c.kind == "ruling")
    .order_by(LOG.c.seq.desc())
    .limit(1)
)
_BEGUN = (
    select(EXECUTION.c.tool, EXECUTION.c.args_digest, EXECUTION.c.status, AUTHORIZATION.c.decision_id)
    .join(AUTHORIZATION, AUTHORIZATION.c.id == EXECUTION.c.authorization_id)
    .where(EXECUTION.c.ticket_id == bindparam("ticket"), EXECUTION.c.status.in_(("started", "done", "in_doubt")))
    .order_by(EXECUTION.c.started_at, EXECUTION.c.position)
)
_RULINGS = select(LOG.c.id, LOG.c.body).where(LOG.c.ticket_id == bindparam("ticket"), LOG.c.kind == "ruling").limit(1)
_FIRST, _LAST = _RULINGS.order_by(LOG.c.seq), _RULINGS.order_by(LOG.c.seq.desc())
_BRIEF = select(HANDOFF).where(HANDOFF.c.ticket_id == bindparam("ticket"))
_DECIDED = (
    select(REVIEW).join(DRAFT, DRAFT.c.id == REVIEW.c.draft_id).where(DRAFT.c.ticket_id == bindparam("ticket"))
).order_by(REVIEW.c.at)
_REPLIES = select(OUTBOX.c.personal_id).where(OUTBOX.c.ticket_id == bindparam("ticket")).order_by(OUTBOX.c.at)


def ticket(connection: Connection, ticket_id: str) -> dict[str, Any] | None:
    """Return the row of a ticket, or None where it was never recorded."""
    row = connection.execute(_TICKET, {"id": ticket_id}).mappings().one_or_none()
    return dict(row) if row else None


def tickets_of(connection: Connection, sender_digest: str) -> list[tuple[str, str]]:
    """Return the tickets of a sender with their accounts, and those that go on with them: they hold the same words."""
    columns = select(TICKET.c.id, TICKET.c.account_id)
    own = columns.where(TICKET.c.sender == sender_digest).cte("conversation", recursive=True)
    own = own.union(columns.join(own, TICKET.c.follows == own.c.id))
    return [(row.id, row.account_id) for row in connection.execute(select(own.c.id, own.c.account_id)).all()]


def result(connection: Connection, ticket_id: str) -> dict[str, Any]:
    """Return one result line: what became of a ticket; one that nothing was ruled on yet has no autonomy."""
    row = connection.execute(_RESULT, {"id": ticket_id}).mappings().one_or_none()
    if row is None:
        return _unruled(connection, ticket_id)
    body = json.loads(row["body"])
    return {
        "ticket_id": ticket_id,
        "account_id": row["account_id"],
        "intent": body["intents"][0] if body["intents"] else None,
        "autonomy": body["autonomy"],
        "reasons": body["reasons"],
        "decision_id": row["id"],
        "draft_id": row["draft_id"],
        "status": row["status"],
    }


def _unruled(connection: Connection, ticket_id: str) -> dict[str, Any]:
    row = connection.execute(_TICKET, {"id": ticket_id}).mappings().one()
    nothing = dict.fromkeys(("intent", "autonomy", "decision_id", "draft_id"))
    return {"ticket_id": ticket_id, "account_id": row["hint"], **nothing, "reasons": [], "status": row["status"]}


def drafts(connection: Connection) -> list[dict[str, Any]]:
    """Return what waits for a person: least time first, most at stake first where the time is the same."""
    rows = reviews.waiting(connection)
    rows.sort(key=lambda row: (row["place"], row["id"]))
    return rows


def decision(connection: Connection, decision_id: str) -> dict[str, Any] | None:
    """Return a decision with everything it rested on."""
    return chain.entry(connection, decision_id)


def brief(connection: Connection, ticket_id: str) -> dict[str, Any] | None:
    """Return the handoff of a ticket with its brief, or None."""
    row = connection.execute(_BRIEF, {"ticket": ticket_id}).mappings().one_or_none()
    return {**row, "brief": personal.get(connection, row["personal_id"])} if row else None


def first_ruling(connection: Connection, ticket_id: str) -> dict[str, Any]:
    """Return the first ruling on a ticket: the route it took, before any person decided."""
    found = _ruling(connection, ticket_id, _FIRST)
    assert found is not None
    return found


def last_ruling(connection: Connection, ticket_id: str) -> dict[str, Any] | None:
    """Return the last ruling on a ticket with all that it rested on, or None where nothing was ruled yet."""
    return _ruling(connection, ticket_id, _LAST)


def _ruling(connection: Connection, ticket_id: str, which: Select[Any]) -> dict[str, Any] | None:
    found = connection.execute(which, {"ticket": ticket_id}).one_or_none()
    return chain.entry(connection, found.id) if found else None


def route(connection: Connection, ticket_id: str) -> str | None:
    """Return the route that was ruled last on a ticket, or None where nothing was ruled yet."""
    found = connection.execute(_LAST, {"ticket": ticket_id}).one_or_none()
    return json.loads(found.body)["autonomy"] if found else None


def effects(connection: Connection, ticket_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the calls that were really done for a ticket, with the arguments that their decision holds."""
    return [(tool, args) for tool, args, status in begun(connection, ticket_id) if status == "done"]


def begun(connection: Connection, ticket_id: str) -> list[tuple[str, dict[str, Any], str]]:
    """Return the calls of a ticket that were started, with their arguments and how they stand, in order."""
    rows = connection.execute(_BEGUN, {"ticket": ticket_id}).all()
    return [(row.tool, _args(connection, row.decision_id, row.tool, row.args_digest), row.status) for row in rows]


def since(connection: Connection, ticket_id: str) -> dict[str, Any] | None:
    """Return what a message adds to the conversation it continues, and what was proposed, sent and done there before.

    None where it continues none.
    """
    row = ticket(connection, ticket_id)
    if row is None or row["follows"] is None:
        return None
    came, before, proposed = personal.get(connection, row["personal_id"]), row["follows"], None
    done: list[dict[str, Any]] = []
    sent: list[str] = []
    at: dict[str, Any] | None = ticket(connection, before)
    while at is not None:
        proposed = proposed or ((last_ruling(connection, at["id"]) or {}).get("personal") or {}).get("proposal")
        calls = begun(connection, at["id"])
        done[:0] = [{"ticket": at["id"], "tool": tool, "args": args, "status": how} for tool, args, how in calls]
        texts = [personal.get(connection, one) for one in connection.execute(_REPLIES, {"ticket": at["id"]}).scalars()]
        sent[:0] = [text["reply"] for text in texts if text]
        at = ticket(connection, at["follows"]) if at["follows"] else None
    told = proposed or {"reply": None, "parts": []}
    return {
        "ticket": before,
        "added": came["ticket"]["body"] if came else None,
        "proposed": {"reply": told["reply"], "actions": [a for part in told["parts"] for a in part["actions"]]},
        "sent": sent,
        "done": done,
    }


def story(connection: Connection, ticket_id: str) -> dict[str, Any]:
    """Return what a ticket said, who decided what about it in which words, and what went out to the customer."""
    row = ticket(connection, ticket_id)
    came = personal.get(connection, row["personal_id"]) if row else None
    decided = connection.execute(_DECIDED, {"ticket": ticket_id}).mappings().all()
    texts = [personal.get(connection, one) for one in connection.execute(_REPLIES, {"ticket": ticket_id}).scalars()]
    owned = brief(connection, ticket_id)
    return {
        "message": came["ticket"] if came else None,
        "verdicts": [{**one, "said": personal.get(connection, one["personal_id"]) or {}} for one in decided],
        "sent": [text["reply"] for text in texts if text],
        "owner": owned["owner"] if owned else None,
    }


def changes(connection: Connection, draft_id: str) -> list[dict[str, Any]]:
    """Return what a reviewer changed: the place, what the card showed, and what they put in its stead."""
    shown, found = reviews.draft(connection, draft_id)["card"] or {}, reviews.verdict(connection, draft_id)
    if found is None or found[1].verdict not in ("edit", "respond"):
        return []
    review = found[1].model_dump(mode="json")
    before = [action for part in shown.get("parts", []) for action in part["actions"]]
    kept = before if review["verdict"] == "edit" else []
    after = kept if review["actions"] is None else review["actions"]
    places = [("reply", shown.get("reply"), review["reply"] if review["reply"] is not None else shown.get("reply"))]
    for number, (one, other) in enumerate(zip_longest(before, after), 1):
        if one is None or other is None or one["tool"] != other["tool"]:
            places.append((f"action {number}", one, other))
        else:
            names = sorted({*one["args"], *other["args"]})
            places += [(f"{one['tool']}.{name}", one["args"].get(name), other["args"].get(name)) for name in names]
    return [{"place": place, "shown": was, "sent": now} for place, was, now in places if was != now]


def _args(connection: Connection, decision_id: str, tool: str, args_digest: str) -> dict[str, Any]:
    seen = (chain.entry(connection, decision_id) or {}).get("personal") or {}
    proposed = [action for part in (seen.get("proposal") or {"parts": []})["parts"] for action in part["actions"]]
    fitting = [one["args"] for one in proposed if one["tool"] == tool and digest(one["args"]) == args_digest]
    return dict(fitting[0]) if fitting else {}
