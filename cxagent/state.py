"""The state of one ticket's thread: plain JSON, customer text only inside dicts, ids for what the ledger holds."""

from typing import Any, NotRequired, TypedDict


class TicketInput(TypedDict):
    """What a run starts with: a ticket, and the account that the helpdesk believes it belongs to."""

    ticket: dict[str, Any]
    account_id: NotRequired[str | None]


class TicketState(TypedDict, total=False):
    """What the nodes hand on to each other."""

    ticket: dict[str, Any]
    account_id: str | None
    audit: dict[str, Any]
    reading: dict[str, Any]
    proposal: dict[str, Any] | None
    proposer: dict[str, Any]
    ruling: dict[str, Any]
    card: dict[str, Any]
    at_most: str
    decision_id: str
    authorization_id: str | None
    draft_id: str | None
    review: dict[str, Any]
    outcome: dict[str, Any]
