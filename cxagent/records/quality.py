"""How well the machine decides: audits, findings, the levels of cells, incidents, lessons, repairs."""

from sqlmodel import Field, SQLModel, UniqueConstraint


class AuditRow(SQLModel, table=True):
    """A decision that was drawn for a blind look: `open`, `seen` once the first opinion stands, then `done`; or `void`.

    `chosen` and `chance` were fixed before anybody looked; `round` 2 is a second opinion by somebody else. `wanted` is
    what the auditor wanted before they saw what the machine did, `wanted_personal_id` the same in their words.
    """

    __tablename__ = "audit"
    __table_args__ = (UniqueConstraint("decision_id", "round"),)
    id: str = Field(primary_key=True)
    decision_id: str
    ticket_id: str
    account_id: str = Field(index=True)
    account_name: str | None = None
    root_id: str
    intent: str
    segment: str
    version: str
    level: int
    would: str
    went: str
    stake: str | None = None
    chosen: str
    chance: float
    round: int = 1
    decided_at: str
    drawn_at: str
    due: str
    matures_at: str
    auditor: str | None = None
    status: str
    wanted: str | None = None
    wanted_personal_id: str | None = None
    seen_at: str | None = None
    done_at: str | None = None
    seconds: int | None = None


class FindingRow(SQLModel, table=True):
    """One person's structured verdict on one decision; see `cxagent.domain.finding`. `month` is the decision's."""

    __tablename__ = "finding"
    __table_args__ = (UniqueConstraint("decision_id", "origin", "by"),)
    id: str = Field(primary_key=True)
    decision_id: str
    ticket_id: str
    account_id: str = Field(index=True)
    root_id: str
    intent: str
    segment: str
    version: str
    origin: str
    chosen: str
    chance: float
    would: str
    went: str
    wanted: str | None = None
    agrees: bool
    severity: str | None = None
    loss: float
    reasons: str = ""
    unmet: str = ""
    traits: str = ""
    by_policy: bool | None = None
    by_goals: bool | None = None
    by: str
    note_personal_id: str | None = None
    stake: str | None = None
    month: str
    decided_at: str
    at: str


class TallyRow(SQLModel, table=True):
    """Findings added up as they come in: one row for a slice and a group of parents; see `ledger.match_rates`."""

    __tablename__ = "tally"
    dimension: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    batch: int = Field(primary_key=True)
    findings: int
    agreed: int
    grave: int
    y: float
    w: float


class CellRow(SQLModel, table=True):
    """Where a cell stands: one row for intent, segment and version. `track` is its state as JSON.

    `settled_to` is the decision, in order, up to which audits were taken into the running test.
    """

    __tablename__ = "cell"
    __table_args__ = (UniqueConstraint("intent", "segment", "version"),)
    id: str = Field(primary_key=True)
    intent: str
    segment: str
    version: str
    level: int
    track: str
    since: str
    began_at: str
    settled_to: str = ""
    lease_until: str | None = None
    why: str


class MoveRow(SQLModel, table=True):
    """A cell changed its level, or was stopped or released: what tightened or loosened, when, why, and by whom."""

    __tablename__ = "move"
    id: str = Field(primary_key=True)
    intent: str
    segment: str
    version: str
    kind: str
    before: int
    after: int
    why: str
    cases: str = ""
    by: str = ""
    at: str = Field(index=True)


class PromotionRow(SQLModel, table=True):
    """A step up that the test proposes: `open` until two people confirmed, one refused, or the cell fell."""

    __tablename__ = "promotion"
    id: str = Field(primary_key=True)
    intent: str
    segment: str
    version: str
    before: int
    after: int
    evidence: str
    status: str = Field(index=True)
    first_by: str | None = None
    first_at: str | None = None
    second_by: str | None = None
    second_at: str | None = None
    why: str | None = None
    at: str


class IncidentRow(SQLModel, table=True):
    """A critical error that stopped a cell, until somebody released it by name."""

    __tablename__ = "incident"
    id: str = Field(primary_key=True)
    intent: str
    segment: str
    version: str
    decision_id: str
    finding_id: str
    by: str
    at: str
    released_by: str | None = None
    released_at: str | None = None
    release_why: str | None = None


class LessonRow(SQLModel, table=True):
    """A mishandled case that like messages are measured against, until it is forgotten; its text can be erased."""

    __tablename__ = "lesson"
    id: str = Field(primary_key=True)
    decision_id: str = Field(unique=True)
    ticket_id: str
    intent: str
    segment: str
    at: str
    until: str = Field(index=True)
    why: str


class RepairRow(SQLModel, table=True):
    """What was found wrong after it had been sent: `open` until its owner has put it right; it stays on record.

    It ends `corrected` or `not_needed`. `personal_id` holds the drafted correction, `undo` the executions that can be
    taken back, `done_personal_id` what the owner wrote to the customer, or why nothing was to be written.
    """

    __tablename__ = "repair"
    id: str = Field(primary_key=True)
    decision_id: str = Field(unique=True)
    finding_id: str | None = None
    found_by: str
    ticket_id: str
    account_id: str = Field(index=True)
    account_name: str | None = None
    root_id: str
    severity: str
    owner: str = Field(index=True)
    due: str
    opened_at: str
    status: str = Field(index=True)
    undo: str = ""
    personal_id: str
    done_by: str | None = None
    done_at: str | None = None
    done_personal_id: str | None = None


class DrawRow(SQLModel, table=True):
    """The seed that draws are made from, fixed before any decision, and up to where decisions were looked through."""

    __tablename__ = "draw"
    id: str = Field(primary_key=True)
    seed: str
    at: str
    drawn_to: str = ""
