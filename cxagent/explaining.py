"""One decision in full as machines read it: what it rested on, what capped it, and what happened then."""

import json
from typing import Any

from cxagent.errors import BadInput
from cxagent.ledger import personal, reports
from cxagent.ledger.store import TABLES, Connection
from cxagent.telling import Told, find, tell

LOG, EXECUTION, OUTBOX, REVIEW = (TABLES[name] for name in ("decision_log", "execution", "outbox", "review"))
_ORDER = (
    *("ruling", "escalation", "passed_on", "review", "unsigned", "stop", "effect", "settled", "reply"),
    *("outcome", "repair", "undo", "check", "handoff", "continued", "erasure"),
)
"""What comes first of what happened in one moment."""


def explained(connection: Connection, name: str) -> dict[str, Any]:
    """Return the explanation of a decision by its id, or by that of its draft or ticket; `BadInput` where none is."""
    told = asked_for(connection, name)
    return explanation(told, afterwards(connection, told))


def asked_for(connection: Connection, name: str) -> Told:
    """Return the decision that an id means; `BadInput` where there is none, or nothing was ruled on a ticket yet."""
    decision_id = find(connection, name)
    if reports.decision(connection, decision_id) is None:
        raise BadInput("nothing was ruled on it yet", where=name)
    return tell(connection, decision_id)


def explanation(told: Told, after: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a decision and what happened then as one JSON object."""
    entry, ruling, body = told.entry, told.ruling, told.entry["body"]
    return {
        "decision_id": entry["id"],
        "ticket_id": entry["ticket_id"],
        "account_id": entry["account_id"],
        "account": told.account,
        "at": entry["at"],
        "autonomy": body["autonomy"],
        "reasons": body["reasons"],
        "intents": body["intents"],
        "playbook": body["playbook"],
        "context": body["context"],
        "stake": body["stake"],
        "at_stake": body.get("at_stake"),
        "expected_loss": body.get("expected_loss"),
        "checking": body.get("checking"),
        "worth": told.worth,
        "gives": body["gives"],
        "deviations": body["deviations"],
        "erased": told.erased,
        "identity": told.audit.get("identity"),
        "facts": told.audit.get("facts", []),
        "sections": told.audit.get("sections", []),
        "caps": ruling.get("caps", []),
        "binding": ruling.get("binding", []),
        "would_have_acted": ruling.get("would_have_acted", []),
        "sign_off": ruling.get("sign_off"),
        "four_eyes": ruling.get("four_eyes"),
        "signals": ((told.entry["personal"] or {}).get("reading") or {}).get("signals", []),
        "proposal": told.proposal,
        "then": after,
    }


def afterwards(connection: Connection, told: Told) -> list[dict[str, Any]]:
    """Return what the ledger holds of the ticket since the decision, oldest first."""
    ticket_id = told.entry["ticket_id"]
    found = _log_since(connection, told)
    effects = EXECUTION.select().where(EXECUTION.c.ticket_id == ticket_id, EXECUTION.c.kind == "effect")
    for row in connection.execute(effects).mappings():
        at = row["started_at"] or row["done_at"] or told.entry["at"]
        found.append({"what": "effect", "at": at, "tool": row["tool"], "status": row["status"], "key": row["id"]})
    for row in connection.execute(OUTBOX.select().where(OUTBOX.c.ticket_id == ticket_id)).mappings():
        found.append({"what": "reply", "at": row["at"], "kind": row["kind"]})
    return sorted(found, key=lambda one: (one["at"], _ORDER.index(one["what"]) if one["what"] in _ORDER else 0))


def _log_since(connection: Connection, told: Told) -> list[dict[str, Any]]:
    ticket_id, seq = told.entry["ticket_id"], told.entry["seq"]
    # A line that a copy of this draft was planted would give the copy away to whoever reads what happened here.
    about = (LOG.c.ticket_id == ticket_id, LOG.c.seq > seq, LOG.c.kind != "planted")
    later = LOG.select().where(*about).order_by(LOG.c.seq)
    found: list[dict[str, Any]] = []
    for row in connection.execute(later).mappings():
        text = personal.get(connection, row["personal_id"]) if row["personal_id"] else None
        body = dict(json.loads(row["body"]))
        if row["kind"] == "review":
            signed = connection.execute(REVIEW.select().where(REVIEW.c.id == body["review"])).mappings().one()
            body |= {"by": signed["by"], "note": (text or {}).get("note")}
            body |= {"changed": reports.changes(connection, body["draft"])}
        if row["kind"] in ("undo", "check"):
            if row["kind"] == "check" and "holds" not in body:
                continue  # that somebody began to look tells nothing that the end does not
            body |= {name: text[name] for name in ("by", "why", "said") if text and name in text}
        if row["kind"] == "handoff" and told.handoff:
            body |= {"owner": told.handoff["owner"], "deadline": told.handoff["deadline"]}
        found.append({"what": row["kind"], "at": row["at"], "entry": row["id"], **body})
    return found
