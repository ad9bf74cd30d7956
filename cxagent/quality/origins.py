"""Findings that come of themselves: a verdict on a draft, an effect that did not hold, one that was taken back.

None of them certifies anything, since nobody judged blind; each may tighten.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cxagent import clock
from cxagent.domain.cell import UNREAD
from cxagent.domain.finding import Finding, traits_of
from cxagent.domain.review import Review, Severity, known_amount
from cxagent.ledger import chain, findings
from cxagent.ledger.store import Connection

BY_DEFAULT: dict[str, Severity] = {"edit": "minor", "respond": "minor", "reject": "major"}
"""How bad a draft was that somebody did not send as it was, where they do not say."""


def of_review(connection: Connection, decision_id: str, review: Review) -> Finding | None:
    """Return what a verdict on a shown draft says about the decision; None where its line does not tell its cell."""
    agrees = review.verdict == "approve"
    said = {
        "origin": "review",
        "chosen": "all",
        "agrees": agrees,
        "severity": None if agrees else review.severity or BY_DEFAULT[review.verdict],
        "reasons": (review.reason,) if review.reason else (),
        "by_policy": False if review.reason == "policy_violation" else None,
        "by_goals": False if review.failed_goal else None,
    }
    return _finding(connection, chain.entry(connection, decision_id), review.by, said)


def of_effect(connection: Connection, line: Mapping[str, Any], by: str, note: str) -> Finding | None:
    """Return what it says about a decision that what it did, did not hold or was taken back."""
    said = {"origin": "surfaced", "chosen": "surfaced", "agrees": False, "severity": "major", "note": note}
    return _finding(connection, line, by, said)


def _finding(connection: Connection, line: Mapping[str, Any] | None, by: str, said: dict[str, Any]) -> Finding | None:
    if line is None or "would" not in line["body"] or findings.known(connection, line["id"], said["origin"], by):
        return None
    body = line["body"]
    return Finding.model_validate(
        {
            "decision_id": line["id"],
            "ticket_id": line["ticket_id"],
            "account_id": line["account_id"],
            "root_id": findings.root_of(connection, line["account_id"]),
            "intent": next(iter(body["intents"]), UNREAD),
            "segment": body["segment"],
            "version": body["version"],
            "would": body["would"],
            "went": body["autonomy"],
            "by": by,
            "traits": traits_of(body),
            "stake": known_amount(body["stake"]),
            "decided_at": datetime.fromisoformat(line["at"]),
            "at": clock.now(),
            **said,
        }
    )
