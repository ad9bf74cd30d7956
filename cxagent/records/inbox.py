"""What keeps reviewing honest, and what the inbox tells other systems: planted drafts, second looks, deliveries."""

from sqlmodel import Field, SQLModel, UniqueConstraint


class PlantedRow(SQLModel, table=True):
    """A draft that is wrong on purpose and can never be executed; `caught` once somebody decided it."""

    __tablename__ = "planted"
    draft_id: str = Field(primary_key=True)
    mistake: str
    wrong: str
    told: str
    by: str
    at: str
    reviewer: str | None = Field(default=None, index=True)
    verdict: str | None = None
    caught: bool | None = None
    seconds: int | None = None
    answered_at: str | None = None


class SecondLookRow(SQLModel, table=True):
    """What a second person, who had not seen the first verdict, would have decided on a draft."""

    __tablename__ = "second_look"
    __table_args__ = (UniqueConstraint("draft_id", "by"),)
    id: str = Field(primary_key=True)
    draft_id: str = Field(index=True)
    by: str = Field(index=True)
    drawn_at: str
    due: str
    verdict: str | None = None
    reason: str | None = None
    severity: str | None = None
    goal_met: bool | None = None
    note_personal_id: str | None = None
    at: str | None = None


class DeliveryRow(SQLModel, table=True):
    """An event on its way to an outside system: `waiting`, `delivered` or `given_up`."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("endpoint", "event"),)
    id: str = Field(primary_key=True)
    endpoint: str
    event: str
    kind: str
    subject: str
    account_id: str
    at: str
    status: str = Field(index=True)
    attempts: int = 0
    next_at: str
    said: str | None = None
