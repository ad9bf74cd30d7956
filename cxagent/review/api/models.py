"""What goes over the wire, as `/openapi.json` describes it: each form with its fields, their meaning and an example."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator

from cxagent.context.changes import Change
from cxagent.domain.review import REASONS
from cxagent.domain.ticket import Incoming, Ticket
from cxagent.domain.value import Text
from cxagent.inbox.verdicts import Choice, Given

TICKET = {
    "ticket": {
        "id": "T-1001",
        "received_at": "2026-11-21T09:30:00Z",
        "sender": {"email": "maud@norvane.example", "verified": True},
        "subject": "Sharing a report",
        "body": "How do I share a report with a colleague?",
        "language": "en",
    },
    "account_id": "ACC-301",
}
RESULT = {
    "ticket_id": "T-1001",
    "account_id": "ACC-301",
    "intent": "howto_question",
    "autonomy": "draft",
    "reasons": ["tier_high"],
    "decision_id": "dec_0f3a5c7e9b1d2468",
    "draft_id": "drf_1a2b3c4d5e6f7081",
    "status": "waiting",
}


def _example(*values: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(values)})


class Problem(BaseModel):
    """What went wrong, as RFC 9457 has it. Nothing was done."""

    model_config = _example(
        {
            "type": "urn:cxagent:problem:no-key",
            "title": "No key that opens this",
            "status": 401,
            "detail": "a key is needed: Authorization: Bearer cxa_…; this one is missing, wrong or over",
        }
    )
    type: str = Field(description="The kind of problem; it does not change between versions.")
    title: str = Field(description="The kind in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What was wrong with this request, in a sentence.")
    changes: tuple[Change, ...] = Field(default=(), description="At 409: which facts moved since the card was made.")
    fresh: str | None = Field(default=None, description="At 409: the draft to look at now, where there is one.")


class TicketIn(Incoming):
    """A ticket, and the account that the helpdesk believes it belongs to: a hint, never a proof."""

    model_config = _example(TICKET)
    ticket: Ticket = Field(
        description="The message. Its id is yours and makes the request repeatable: the same id with the same words is "
        "never worked on twice. `sender.verified` says that your channel knows who wrote; do not guess."
    )
    account_id: Text | None = Field(default=None, description="The account, if your helpdesk names one.")
    follows: Text | None = Field(default=None, description="The ticket that this message continues.")

    @field_validator("ticket", mode="before")
    @classmethod
    def _said_plainly(cls, value: Any) -> Any:
        """Refuse a sender that is verified in any other word than true: whom an action is for hangs on it."""
        sender = value.get("sender") if isinstance(value, dict) else None
        if isinstance(sender, dict) and not isinstance(sender.get("verified", False), bool):
            raise ValueError("sender.verified: write true or false")
        return value

    @field_validator("ticket")
    @classmethod
    def _named(cls, value: Ticket) -> Ticket:
        if not value.id.strip():
            raise ValueError("id: is empty")
        return value

    @property
    def incoming(self) -> Incoming:
        """The ticket as every door takes it in."""
        return Incoming(ticket=self.ticket, account_id=self.account_id, follows=self.follows)


class TicketEvent(BaseModel):
    """A CloudEvent that carries a ticket in `data`; what else it holds is not read."""

    model_config = _example(
        {
            "specversion": "1.0",
            "id": "evt-77",
            "source": "https://helpdesk.example.com",
            "type": "com.example.ticket.created",
            "data": TICKET,
        }
    )
    specversion: Literal["1.0"]
    id: Annotated[Text, Field(min_length=1)]
    source: Annotated[Text, Field(min_length=1)]
    type: Annotated[Text, Field(min_length=1)]
    data: TicketIn

    @property
    def incoming(self) -> Incoming:
        """The ticket as every door takes it in."""
        return self.data.incoming


def _form(value: Any) -> str:
    return "event" if isinstance(value, TicketEvent) or (isinstance(value, dict) and "specversion" in value) else "line"


Told = Annotated[
    Annotated[TicketIn, Tag("line")] | Annotated[TicketEvent, Tag("event")],
    Discriminator(_form),
]
"""What a webhook says: a ticket as it is, or an event around it."""


class Result(BaseModel):
    """The result line of a ticket: what was decided about it, and where it stands."""

    model_config = _example(RESULT)
    ticket_id: str
    account_id: str | None = Field(description="The account that the sender leads to; `unknown` where to none.")
    intent: str | None
    autonomy: Literal["act", "draft", "handoff"] | None = Field(description="The route; none while it is queued.")
    reasons: list[str] = Field(description="The codes of what kept it from acting alone.")
    decision_id: str | None
    draft_id: str | None
    status: str = Field(description="received, working, waiting, done, handed_off or continued.")


class Draft(BaseModel):
    """A draft in a list: enough to choose by. Which ticket it is about is told once its verdict is on record."""

    id: str
    status: Literal["pending", "decided", "applying", "applied", "withdrawn"]
    account_id: str
    account_name: str | None
    tier: str | None
    intent: str | None
    stake: str = Field(description="The money at stake, such as `USD 3,900,000.00`, or `unknown`.")
    health: int | None
    days_to_notice: int | None
    required_role: str = Field(description="The lowest role that may approve it.")
    four_eyes: bool
    first_approver: str | None
    assignee: str
    created_at: str
    deadline: str
    snoozed_until: str | None
    held_by: str | None = Field(description="Who looks at it now.")
    held_until: str | None
    signed_by: str | None = Field(description="Whose verdict lies on it, until `signed_until` to be taken back.")
    signed_until: str | None
    came_back: str | None = Field(description="Why a verdict could not be carried out.")
    card_digest: str = Field(description="Give it back as `card` with a verdict: it proves what was seen.")
    ticket_id: str | None
    decision_id: str | None
    verdict: str | None = None
    decided_by: str | None = None
    decided_at: str | None = None


class DraftPage(BaseModel):
    """One page of drafts."""

    drafts: list[Draft]
    next: str | None = Field(description="Give it as `after` for the next page; null at the end.")


class Card(Draft):
    """A draft with all that a person needs to decide on it."""

    card: dict[str, Any] | None = Field(description="The card; null where its text was erased.")
    told: str | None = Field(description="After the verdict: what there is to know about the draft itself.")


class VerdictIn(Given):
    """A verdict on a draft, by the person of the key."""

    model_config = _example(
        {"choice": "approve", "card": "9f2c…", "note": "The figure is the one in the contract."},
        {"choice": "reject", "card": "9f2c…", "reason": "wrong_facts", "severity": "major"},
    )
    choice: Choice = Field(description="approve, edit, reject, respond (your words instead) or hand_off (with `to`).")
    card: Text = Field(description="The `card_digest` of the draft as you saw it; another one is answered with 409.")
    reason: Text | None = Field(
        default=None, description=f"Why, required to reject and to hand off: one of {', '.join(REASONS)}."
    )
    failed_goal: Text | None = Field(default=None, description="The account's own goal that the draft fails.")
    note: Text | None = Field(default=None, description="In your words; required where much is at stake.")
    reply: Text | None = Field(default=None, description="To edit or respond: the text that the customer gets.")
    to: Text | None = Field(default=None, description="To hand off: the colleague who takes over.")


class Signed(BaseModel):
    """A verdict that is on record; nothing leaves before `until`."""

    draft_id: str
    choice: Choice
    by: str
    until: str = Field(description="Until when it can be taken back.")


class Claim(BaseModel):
    """A claim on a draft, or its end."""

    draft_id: str
    held_by: str | None
    held_until: str | None


class Changes(BaseModel):
    """What is otherwise than when a draft was made."""

    draft_id: str
    changes: tuple[Change, ...]


class Handoff(BaseModel):
    """A ticket that a person owns."""

    id: str
    ticket_id: str
    account_id: str
    decision_id: str
    owner: str
    at: str
    deadline: str
    answered_at: str | None
    answered_by: str | None


class HandoffPage(BaseModel):
    """The handoffs that nobody has answered yet, the earliest deadline first; at most 100."""

    handoffs: list[Handoff]


class Brief(Handoff):
    """A handoff with what the owner must know."""

    brief: dict[str, Any] | None = Field(description="The brief; null where its text was erased.")


class Answered(BaseModel):
    """A handoff whose customer has heard from a person."""

    id: str
    noted: bool = Field(description="False where that was noted before.")


class Explanation(BaseModel):
    """A decision with its facts, what capped it, and what happened then; as `cxagent explain --json` prints it."""

    decision_id: str
    ticket_id: str
    account_id: str
    account: str
    at: str
    autonomy: Literal["act", "draft", "handoff"]
    reasons: list[str]
    intents: list[str]
    playbook: str
    context: Any
    stake: str
    at_stake: dict[str, str | None] | None = Field(
        default=None, description="Renewal, expansion, relationship, referral and their total; null has no price."
    )
    expected_loss: str | None = Field(default=None, description="What acting alone would lose on average.")
    checking: str | None = Field(default=None, description="What a look of a person costs.")
    worth: dict[str, Any] | None = Field(default=None, description="The same in words, each part with its origin.")
    gives: str
    deviations: list[Any]
    erased: bool = Field(description="Whether the personal part was erased; the reasons stay.")
    identity: dict[str, Any] | None
    facts: list[dict[str, Any]] = Field(description="Each with its source, its status and its age.")
    sections: list[dict[str, Any]]
    caps: list[dict[str, Any]]
    binding: list[Any]
    would_have_acted: list[str] = Field(description="What would have made it autonomous.")
    sign_off: str | None
    four_eyes: bool | None
    signals: list[Any]
    proposal: dict[str, Any] | None
    then: list[dict[str, Any]]


class Delivery(BaseModel):
    """An event on its way to another system."""

    id: str
    endpoint: str = Field(description="The host; the rest of an address may be a secret.")
    event: str
    kind: str
    subject: str
    account_id: str
    at: str
    status: Literal["waiting", "delivered", "given_up"]
    attempts: int
    next_at: str
    said: str | None


class DeliveryPage(BaseModel):
    """One page of deliveries, the latest first."""

    deliveries: list[Delivery]
    next: str | None = Field(description="Give it as `after` for the next page; null at the end.")
