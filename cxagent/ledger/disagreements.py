"""Findings behind a figure: those that disagree, the cases of a slice, and what people did instead."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, exists, select

from cxagent.ledger import chain, personal
from cxagent.ledger.store import TABLES

AUDIT, DRAFT, FINDING, REVIEW = TABLES["audit"], TABLES["draft"], TABLES["finding"], TABLES["review"]
_AGAINST = (
    select(FINDING)
    .where(FINDING.c.agrees.is_(False), FINDING.c.intent == bindparam("intent"), FINDING.c.at >= bindparam("since"))
    .where(FINDING.c.origin.in_(("audit", "review")))
    .order_by(FINDING.c.at.desc())
)
_REVIEWED = (
    select(REVIEW.c.verdict, REVIEW.c.personal_id)
    .join(DRAFT, DRAFT.c.id == REVIEW.c.draft_id)
    .where(DRAFT.c.decision_id == bindparam("decision"))
)


class Instead(NamedTuple):
    """What a person did instead of what the machine proposed, with both sets of actions where there are any."""

    verdict: str
    proposed: tuple[dict[str, Any], ...]
    done: tuple[dict[str, Any], ...]


def against(connection: Connection, intent: str, since: str) -> list[dict[str, Any]]:
    """Return the findings about an intent that disagree, the latest first."""
    return [dict(row) for row in connection.execute(_AGAINST, {"intent": intent, "since": since}).mappings()]


def findings(connection: Connection, about: Mapping[str, str], most: int) -> list[dict[str, Any]]:
    """Return the latest findings of an intent, a segment or a month."""
    # What somebody is still to judge blind is shown to nobody.
    pending = exists().where(AUDIT.c.decision_id == FINDING.c.decision_id, AUDIT.c.status.in_(("open", "seen")))
    statement = select(FINDING).where(*(FINDING.c[name] == value for name, value in about.items()), ~pending)
    rows = connection.execute(statement.order_by(FINDING.c.decided_at.desc(), FINDING.c.id).limit(most)).mappings()
    return [dict(row) for row in rows]


def instead(connection: Connection, decision_id: str) -> Instead | None:
    """Return what a reviewer did instead; None where nobody reviewed it, or the texts were erased."""
    row = connection.execute(_REVIEWED, {"decision": decision_id}).one_or_none()
    entry = chain.entry(connection, decision_id)
    if row is None or entry is None or not entry.get("personal"):
        return None
    said = personal.get(connection, row.personal_id) or {}
    proposal = entry["personal"].get("proposal") or {}
    proposed = tuple(action for part in proposal.get("parts", ()) for action in part["actions"])
    done = said.get("actions")
    return Instead(row.verdict, proposed, proposed if done is None else tuple(_plain(done)))


def _plain(actions: Any) -> list[dict[str, Any]]:
    return json.loads(actions) if isinstance(actions, str) else list(actions)
