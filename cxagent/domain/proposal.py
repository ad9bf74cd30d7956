"""A proposal: what the model would do, part by part. It has no authority of its own."""

from typing import Annotated, Any

from pydantic import Field

from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import Signal, Stance


class Action(Value):
    """One tool call as proposed."""

    tool: Text
    args: dict[str, Any] = Field(default_factory=dict)


class Part(Value):
    """One request of the ticket, what the model makes of it, and the tools it would use."""

    intent: Text
    stance: Stance
    actions: tuple[Action, ...] = ()


class Proposal(Value):
    """All parts, the one reply, and the signals that the model noticed."""

    parts: Annotated[tuple[Part, ...], Field(min_length=1)]
    reply: Text
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    signals: tuple[Signal, ...] = ()

    @property
    def actions(self) -> tuple[Action, ...]:
        """Every proposed action, in order."""
        return tuple(action for part in self.parts for action in part.actions)
