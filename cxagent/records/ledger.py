"""What happened to tickets: accounts, personal texts, the log, authorizations, effects, drafts, reviews, handoffs."""

from sqlmodel import Field, SQLModel, UniqueConstraint


class AccountRow(SQLModel, table=True):
    """An account that anything was recorded for; `unknown` is one of them.

    `owner` is our own contact for it as the CRM named them when anything was last ruled on.
    """

    __tablename__ = "account"
    id: str = Field(primary_key=True)
    root_id: str = Field(index=True)
    first_seen: str
    owner: str | None = None


class PersonalRow(SQLModel, table=True):
    """Text about people; `payload` is emptied when it is erased, `digest` stays."""

    __tablename__ = "personal"
    id: str = Field(primary_key=True)
    kind: str
    account_id: str = Field(foreign_key="account.id", index=True)
    ticket_id: str = Field(index=True)
    salt: str | None
    payload: str | None
    digest: str
    erased_at: str | None = None


class TicketRow(SQLModel, table=True):
    """A ticket and how it ended; its thread carries the same id.

    `digest` is of the message as it came in, `whole` with the conversation before it. `hint` is the account that the
    helpdesk named, `follows` the ticket that this message continues, `worker` the run that has it in hand.
    """

    __tablename__ = "ticket"
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    sender: str = Field(index=True)
    digest: str
    received_at: str
    personal_id: str
    whole: str | None = None
    hint: str | None = None
    follows: str | None = Field(default=None, index=True)
    status: str = Field(index=True)
    disposition: str | None = None
    updated_at: str
    worker: str | None = None


class DecisionLogRow(SQLModel, table=True):
    """The append-only log, one hash chain per account."""

    __tablename__ = "decision_log"
    __table_args__ = (UniqueConstraint("account_id", "seq"),)
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    seq: int
    kind: str = Field(index=True)
    ticket_id: str = Field(index=True)
    at: str
    body: str
    personal_id: str | None
    personal_digest: str | None
    prev_hash: str
    hash: str


class ChainHeadRow(SQLModel, table=True):
    """The last link of each account's chain, so that a cut tail is noticed."""

    __tablename__ = "chain_head"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    seq: int
    hash: str


class AuthorizationRow(SQLModel, table=True):
    """Single-use permission to run exact actions, minted by a ruling or a review."""

    __tablename__ = "authorization"
    id: str = Field(primary_key=True)
    decision_id: str = Field(foreign_key="decision_log.id", index=True)
    draft_id: str | None = Field(default=None, index=True)
    ticket_id: str = Field(index=True)
    account_id: str = Field(foreign_key="account.id")
    proposal_digest: str
    context_digest: str
    playbook_digest: str
    minted_at: str
    expires_at: str
    spent_at: str | None = None


class ExecutionRow(SQLModel, table=True):
    """One effect, once; its id is the idempotency key that the tool hands on.

    `kind` is `effect`, `undo` or `check`; the last two are `of` another execution, and there is one of each kind.
    """

    __tablename__ = "execution"
    __table_args__ = (UniqueConstraint("authorization_id", "position"), UniqueConstraint("of", "kind"))
    id: str = Field(primary_key=True)
    authorization_id: str = Field(foreign_key="authorization.id", index=True)
    position: int
    ticket_id: str = Field(index=True)
    account_id: str
    tool: str
    args_digest: str
    status: str = Field(index=True)
    started_at: str | None = None
    done_at: str | None = None
    result: str | None = None
    worker: str | None = None
    kind: str = "effect"
    of: str | None = None


class BudgetRow(SQLModel, table=True):
    """Money reserved or given under one ultimate parent."""

    __tablename__ = "budget"
    id: str = Field(primary_key=True)
    root_id: str = Field(index=True)
    account_id: str
    authorization_id: str = Field(index=True)
    position: int
    execution_id: str | None
    amount: str
    currency: str
    at: str
    status: str


class DraftRow(SQLModel, table=True):
    """What waits for a person: `pending`, then `decided`, `applying`, `applied`; or `withdrawn`.

    `held_by` is who looks at it until `held_until`; `worker` is the process that applies the verdict. `place` orders
    the queue as texts compare: deadline, money at stake, notice deadline. `signed_by` gave the verdict that lies in
    `signed_personal_id` and may be taken back until `signed_until`; `came_back` says why a signed verdict could not
    be carried out.
    """

    __tablename__ = "draft"
    id: str = Field(primary_key=True)
    ticket_id: str = Field(index=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    decision_id: str = Field(foreign_key="decision_log.id")
    status: str = Field(index=True)
    card_digest: str
    required_role: str
    four_eyes: bool
    stake: str
    assignee: str
    deadline: str
    created_at: str
    personal_id: str
    first_approver: str | None = None
    first_acting_for: str | None = None
    held_by: str | None = None
    held_until: str | None = None
    worker: str | None = None
    applying_at: str | None = None
    place: str = Field(default="")
    account_name: str | None = None
    intent: str | None = None
    tier: str | None = None
    health: int | None = None
    days_to_notice: int | None = None
    playbook: str | None = None
    passed_personal_id: str | None = None
    snoozed_by: str | None = None
    snoozed_until: str | None = None
    signed_by: str | None = None
    signed_until: str | None = None
    signed_personal_id: str | None = None
    came_back: str | None = None


class ReviewRow(SQLModel, table=True):
    """The one verdict on a draft.

    `seconds` is how long the card had been open, `via` the door that the verdict came through, `acting_for` whose
    authority was lent.
    """

    __tablename__ = "review"
    id: str = Field(primary_key=True)
    draft_id: str = Field(foreign_key="draft.id", unique=True)
    verdict: str
    by: str
    role: str
    reason: str | None
    at: str
    card_digest: str
    personal_id: str
    severity: str | None = None
    seconds: int | None = None
    via: str | None = None
    acting_for: str | None = None


class HandoffRow(SQLModel, table=True):
    """Ownership moved to a named person, with a brief; `answered_at` is when they said that the customer has heard."""

    __tablename__ = "handoff"
    id: str = Field(primary_key=True)
    ticket_id: str = Field(unique=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    decision_id: str
    owner: str
    deadline: str
    at: str
    personal_id: str
    answered_at: str | None = None
    answered_by: str | None = None


class OutboxRow(SQLModel, table=True):
    """A message to the customer that was released to its channel."""

    __tablename__ = "outbox"
    id: str = Field(primary_key=True)
    ticket_id: str = Field(index=True)
    account_id: str
    kind: str
    at: str
    personal_id: str


class TrustEventRow(SQLModel, table=True):
    """A kept or broken promise, an error, an apology."""

    __tablename__ = "trust_event"
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    at: str
    weight: str
    what: str


class LatitudeRow(SQLModel, table=True):
    """What the track record of a cell allows; the latest entry of a cell wins."""

    __tablename__ = "latitude"
    id: str = Field(primary_key=True)
    intent: str
    segment: str
    cap: str
    since: str
    why: str


class StopRow(SQLModel, table=True):
    """A kill switch: who stopped what, why, and who released it."""

    __tablename__ = "stop"
    id: str = Field(primary_key=True)
    scope: str
    key: str | None
    by: str
    why: str
    at: str
    released_at: str | None = None
    released_by: str | None = None


class MigrationRow(SQLModel, table=True):
    """A migration that has been applied."""

    __tablename__ = "migration"
    number: int = Field(primary_key=True)
    name: str
    at: str
