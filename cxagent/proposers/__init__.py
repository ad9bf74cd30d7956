"""Who writes proposals: the seam between the graph and a model, and what it may see.

A proposer gets the ticket and audited facts, never a source. What it returns has no authority: the gate judges it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from cxagent.domain.account import Account
from cxagent.domain.proposal import Proposal
from cxagent.domain.ticket import Ticket
from cxagent.errors import CxagentError


@dataclass(frozen=True)
class Known:
    """What a proposer may see: the ticket and audited facts.

    `account` lacks the sections that were denied or contradict each other, and is None where the sender is
    unresolved. `sender_role` is the role on record. `facts` are derived facts in words, for a model and for
    the conditions in guidance.
    """

    ticket: Ticket
    account: Account | None
    sender_role: str | None
    facts: Mapping[str, str]
    today: date


class Proposer(Protocol):
    """Turns what is known into a proposal."""

    name: str

    def propose(self, known: Known) -> Proposal: ...


class CannotPropose(CxagentError):
    """The proposer has no usable answer."""
