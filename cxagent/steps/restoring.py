"""A thread can be made anew from the ledger: what a crash took from the checkpointer, or never reached it, is no loss.

The ledger records before anything happens, so a run may leave its checkpoint to its very end, and a thread that was
lost goes on from the last ruling on record.
"""

from typing import Any, NamedTuple

from cxagent.domain.review import Review
from cxagent.domain.ticket import Incoming
from cxagent.domain.vocabulary import ACT, HANDOFF, Autonomy
from cxagent.errors import Refused
from cxagent.ledger import authorizations, chain, personal, reports, reviews, tickets
from cxagent.ledger.store import Connection
from cxagent.reviewing import told_of
from cxagent.state import TicketInput, TicketState

BINDING = ("ticket", "account_id", "audit", "proposal", "ruling", "card", "decision_id", "draft_id")
"""What a waiting thread must hold as the ledger has it; a thread that differs is made anew before it goes on."""


class Kept(NamedTuple):
    """What the ledger kept of a ticket: how it began, and where it stands after its last ruling, if it goes on there.

    `draft_id` and `verdict` are set where the ticket stands at a draft that a person decides or has decided.
    """

    start: TicketInput
    stands: TicketState | None = None
    draft_id: str | None = None
    verdict: Review | None = None


def start_of(incoming: Incoming) -> TicketInput:
    """Return what a thread begins with."""
    return {"ticket": incoming.ticket.model_dump(mode="json"), "account_id": incoming.account_id}


def kept(connection: Connection, ticket_id: str) -> Kept:
    """Return what the ledger kept of a ticket; `Refused` where its texts were erased."""
    known = tickets.known(connection, ticket_id)
    if known is None or known.incoming is None:
        raise Refused(f"the texts of {ticket_id} were erased; it cannot go on by itself")
    start = start_of(known.incoming)
    ruled = reports.last_ruling(connection, ticket_id)
    if ruled is None or ruled["personal"] is None:
        return Kept(start)
    draft = reviews.active(connection, ticket_id, ruled["id"])
    found = reviews.verdict(connection, draft["id"]) if draft is not None else None
    stands = _after_ruling(start, ruled)
    if draft is None or not (draft["decision_id"] == ruled["id"] or _edited(found)):
        stands["authorization_id"] = authorizations.of_decision(connection, ruled["id"])
        return Kept(start, stands if _goes_on(ruled, stands["authorization_id"]) else None)
    stands["draft_id"] = draft["id"]
    if draft["decision_id"] == ruled["id"]:
        stands["card"] = personal.get(connection, draft["personal_id"]) or {}
        return Kept(start, stands, draft["id"], found[1] if found else None)
    # The draft was edited, and the edit was judged: what stands is the ruling on the edit.
    stands["review"] = told_of(*found) if found else {}
    stands["authorization_id"] = authorizations.of_decision(connection, ruled["id"])
    return Kept(start, stands)


def after(connection: Connection, decision_id: str) -> TicketState:
    """Return what a thread held after one ruling; `Refused` where its texts were erased."""
    ruled = chain.entry(connection, decision_id)
    known = tickets.known(connection, ruled["ticket_id"]) if ruled else None
    if ruled is None or ruled["personal"] is None or known is None or known.incoming is None:
        raise Refused(f"the texts of {decision_id} were erased; it cannot go on by itself")
    return _after_ruling(start_of(known.incoming), ruled)


def _edited(found: tuple[str, Review] | None) -> bool:
    """Whether a verdict is one that is judged again before anything is sent."""
    return found is not None and found[1].verdict in ("edit", "respond")


def _goes_on(ruled: dict[str, Any], authorization_id: str | None) -> bool:
    """Whether a ruling without a draft is enough to go on from; one whose draft was withdrawn is made anew."""
    autonomy = Autonomy(ruled["body"]["autonomy"])
    return autonomy == HANDOFF or (autonomy == ACT and authorization_id is not None)


def _after_ruling(start: TicketInput, ruled: dict[str, Any]) -> TicketState:
    seen = ruled["personal"]
    return {
        "ticket": start["ticket"],
        "account_id": start.get("account_id"),
        "audit": seen["audit"],
        "reading": seen["reading"],
        "proposal": seen["proposal"],
        "proposer": seen["proposer"] or {},
        "ruling": seen["ruling"],
        "card": {},
        "at_most": ACT.value,
        "decision_id": ruled["id"],
        "authorization_id": None,
        "draft_id": None,
        "review": {},
        "outcome": {},
    }
