"""The values that a thread's state holds as JSON, read back into what they are."""

import threading
from typing import Any, NamedTuple, TypeVar, cast

from cxagent.context import ContextAudit
from cxagent.domain.proposal import Proposal
from cxagent.domain.ticket import Ticket
from cxagent.domain.value import Value
from cxagent.domain.vocabulary import ACT, Autonomy
from cxagent.errors import Refused
from cxagent.reading.message import Reading
from cxagent.state import TicketState

V = TypeVar("V", bound=Value)


class Held(NamedTuple):
    """The values that the state holds as JSON."""

    ticket: Ticket
    audit: ContextAudit
    reading: Reading
    proposal: Proposal | None
    at_most: Autonomy
    read_by_proposer: bool
    trouble: str | None


class _Parsed(threading.local):
    """The values last read out of a state, by the very dict they were read from: nodes of one run share them."""

    def __init__(self) -> None:
        self.last: dict[type[Value], tuple[dict[str, Any], Value]] = {}

    def value(self, kind: type[V], raw: dict[str, Any]) -> V:
        """Return the value that a dict holds; the same dict is not parsed twice in a row."""
        known = self.last.get(kind)
        if known is None or known[0] is not raw:
            known = self.last[kind] = (raw, kind.model_validate(raw))
        return cast(V, known[1])

    def dumped(self, value: Value) -> dict[str, Any]:
        """Return a value as plain JSON and remember that it was this one."""
        raw = value.model_dump(mode="json")
        self.last[type(value)] = (raw, value)
        return raw


parsed = _Parsed()


def held(state: TicketState) -> Held:
    """Read the values out of a state; an audit of another ticket is refused."""
    proposal, proposer = state.get("proposal"), state.get("proposer") or {}
    ticket, audit = parsed.value(Ticket, state["ticket"]), parsed.value(ContextAudit, state["audit"])
    if audit.ticket_id != ticket.id:
        raise Refused(f"the audit is about {audit.ticket_id}, not about {ticket.id}")
    return Held(
        ticket=ticket,
        audit=audit,
        reading=parsed.value(Reading, state["reading"]),
        proposal=parsed.value(Proposal, proposal) if proposal else None,
        at_most=Autonomy(state.get("at_most") or ACT),
        read_by_proposer=bool(proposer.get("reads")),
        trouble=proposer.get("trouble"),
    )
