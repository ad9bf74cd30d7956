"""A review: one person's verdict on one draft, in our form; the wire forms are read in `cxagent.answers`."""

from typing import Literal

from cxagent.domain.proposal import Action
from cxagent.domain.value import Text, Value

Verdict = Literal["approve", "edit", "reject", "respond"]

REASONS = (
    "wrong_facts",
    "missing_context",
    "stale_data",
    "wrong_account",
    "policy_violation",
    "unauthorised_commitment",
    "wrong_action_or_amount",
    "risk_misjudged",
    "tone_or_brand",
    "language",
    "privacy",
    "legal_or_contract",
    "customer_relationship",
    "duplicate",
    "other",
)
"""Why a reviewer rejected or edited: the closed list."""


class Review(Value):
    """What a person decided; `by` is their name on record, `role` what they may sign as."""

    verdict: Verdict
    by: Text
    role: Text
    reason: Text | None = None
    note: Text | None = None
    reply: Text | None = None
    actions: tuple[Action, ...] | None = None
