"""A ticket: what came in, from whom, through which channel."""

from typing import Literal

from cxagent.domain.value import Instant, Text, Value


class Sender(Value):
    """Who wrote; `verified` is what the channel knows, `role` is what the sender says and proves nothing."""

    email: Text
    name: Text | None = None
    role: Text | None = None
    verified: bool = False


class Earlier(Value):
    """A message that came before in the same conversation, from the customer or from us."""

    by: Literal["customer", "us"]
    body: Text


class Ticket(Value):
    """One incoming message; one thread of the graph. `earlier` is the conversation before it, oldest first."""

    id: Text
    channel: Literal["email", "chat", "web", "api"] = "email"
    received_at: Instant
    sender: Sender
    subject: Text = ""
    body: Text
    language: Text | None = None
    earlier: tuple[Earlier, ...] = ()

    @property
    def text(self) -> str:
        """Subject and all that the customer wrote in this conversation, as one text."""
        before = [one.body for one in self.earlier if one.by == "customer"]
        return "\n".join([self.subject, *before, self.body]).strip()


class Incoming(Value):
    """A ticket with the account that the helpdesk believes it belongs to: a hint, never a proof.

    `follows` is the ticket that this message continues: what waits there is withdrawn and judged anew with it.
    """

    ticket: Ticket
    account_id: Text | None = None
    follows: Text | None = None
