"""A verdict as it comes from a page or the API, and what becomes of it before it is carried out."""

from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from cxagent.context.changes import Change
from cxagent.domain.proposal import Action
from cxagent.domain.review import REASONS, Review, Severity, Verdict, Via
from cxagent.domain.value import Text, Value
from cxagent.errors import BadInput, Conflict
from cxagent.inbox.people import Person, decider
from cxagent.playbook import Playbook

Choice = Literal["approve", "edit", "reject", "respond", "hand_off"]
LONGEST_REPLY = 10_000
"""The longest reply that a person may write, in characters: readers go over every word of it."""
SHORTEST_REASON = 10
"""How many letters a reason in a person's own words must have."""


class Given(Value):
    """What a person chose on a card, and the digest of the card that they saw."""

    choice: Choice
    card: Text
    reason: Text | None = None
    severity: Severity | None = None
    failed_goal: Text | None = None
    note: Text | None = None
    reply: Annotated[Text, Field(max_length=LONGEST_REPLY)] | None = None
    actions: tuple[Action, ...] | None = None
    to: Text | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict that goes on record; handing over is a rejection that names who takes over."""
        return "reject" if self.choice == "hand_off" else self.choice

    def review(self, me: Person, role: str, acting_for: str | None, seconds: int | None, via: Via) -> Review:
        """Return the review of a person."""
        said = self.model_dump(include={"reason", "severity", "failed_goal", "note", "to"})
        sends = {"reply": self.reply, "actions": self.actions} if self.choice in ("edit", "respond") else {}
        signed = {"by": me.name, "role": role, "acting_for": acting_for, "seconds": seconds, "via": via}
        return Review.model_validate({"verdict": self.verdict, **said, **sends, **signed})


class Signed(NamedTuple):
    """A verdict that is on record and can be taken back until a moment."""

    draft_id: str
    choice: Choice
    by: str
    until: datetime


class Stale(Conflict):
    """The card is out of date: what moved since, and the draft that stands in its place, if there is one."""

    def __init__(self, message: str, changes: tuple[Change, ...] = (), fresh: str | None = None) -> None:
        super().__init__(message)
        self.changes, self.fresh = changes, fresh


def require_whole(given: Given, playbook: Playbook, *, high: bool) -> None:
    """Refuse a verdict that says too little: a rejection names a code and a weight, never words alone.

    Where much is at stake an approval says in the person's own words why it is right.
    """
    if given.choice in ("reject", "hand_off") and given.reason is None:
        raise BadInput(f"choose why: one of {', '.join(REASONS)}; a note alone is not enough", where="reason")
    if given.reason is not None and given.reason not in REASONS:
        raise BadInput(f"{given.reason!r} is no reason; reasons are {', '.join(REASONS)}", where="reason")
    if given.choice == "reject" and given.severity is None:
        raise BadInput("say how bad it would have been: minor, major or critical", where="severity")
    if given.choice == "hand_off" and given.to is None:
        raise BadInput("name the colleague who takes over", where="to")
    if given.to is not None and decider(playbook, given.to) is None:
        raise BadInput(f"{given.to!r} is nobody who answers customers; name a colleague who decides drafts", where="to")
    if given.choice == "respond" and not (given.reply or "").strip():
        raise BadInput("write the text that the customer gets", where="reply")
    if given.choice == "edit" and given.reply is None and given.actions is None:
        raise BadInput("change the reply or an action, or approve the draft as it is", where="reply")
    if high and given.choice == "approve" and len((given.note or "").strip()) < SHORTEST_REASON:
        raise BadInput("much is at stake here: say in a sentence of your own why this is right", where="note")
