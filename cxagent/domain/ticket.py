"""A ticket: what came in, from whom, through which channel."""

from typing import Literal

from cxagent.domain.value import Instant, Text, Value


class Sender(Value):
    """Who wrote; `verified` is what the channel knows, `role` is what the sender says and proves nothing."""

    email: Text
    name: Text | None = None
    role: Text | None = None
    verified: bool = False


class Ticket(Value):
    """One incoming message; one thread of the graph."""

    id: Text
    channel: Literal["email", "chat", "web", "api"] = "email"
    received_at: Instant
    sender: Sender
    subject: Text = ""
    body: Text
    language: Text | None = None

    @property
    def text(self) -> str:
        """Subject and body as one text."""
        return f"{self.subject}\n{self.body}".strip()


class Incoming(Value):
    """A ticket with the account that the helpdesk believes it belongs to: a hint, never a proof."""

    ticket: Ticket
    account_id: Text | None = None
