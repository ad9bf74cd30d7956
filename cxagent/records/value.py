"""What accounts are worth and how that moves: months of accounts and people, renewals, estimates, sums, alarms.

Money is in the playbook's currency and of floating point: these are estimates. Unknown is NULL, never zero. A month is
written `2026-11`.
"""

from sqlmodel import Field, SQLModel


class AccountMonthRow(SQLModel, table=True):
    """What was known of one account at the end of one month; what it is worth was computed with what was known then.

    `arr`, `cost_to_serve` are of a year, `margin` and `usage` shares, `onboarding` a level from 0 to 1. Flags are 0 or
    1, counts are of the month. `active` is 0 in the month in which the account has left; after it there is no row.
    """

    __tablename__ = "account_month"
    account_id: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    root_id: str
    segment: str
    owner: str | None = None
    active: int
    started: int = 0
    arr: float | None = None
    margin: float | None = None
    cost_to_serve: float | None = None
    expansion: float | None = None
    contraction: float | None = None
    health: float | None = None
    usage: float | None = None
    next_renewal: int | None = None
    months_left: float | None = None
    hazard_ratio: float | None = None
    p_next: float | None = None
    future_value: float | None = None
    clv: float | None = None
    at_risk: float | None = None
    tickets: int | None = None
    complaints: int | None = None
    csat_sum: float | None = None
    csat_count: int | None = None
    csat_asked: int | None = None
    sla_breaches: int | None = None
    outages: int | None = None
    recovery_hours: float | None = None
    referrals: int | None = None
    opportunities: int | None = None
    won: int | None = None
    onboarding: float | None = None
    promises_made: int | None = None
    promises_due: int | None = None
    promises_kept: int | None = None
    promises_late: int | None = None
    consents_asked: int | None = None
    consents_given: int | None = None
    owner_changed: int | None = None
    sponsor_changed: int | None = None
    quiet: int | None = None
    disagreeing: int | None = None
    misaligned: int | None = None
    trust: float | None = None


class PersonMonthRow(SQLModel, table=True):
    """What was known of one colleague in one month; `pulse` runs from 1 to 5. Nothing here counts how fast they are."""

    __tablename__ = "person_month"
    person: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    accounts: int | None = None
    hours: float | None = None
    pulse: float | None = None
    pulse_asked: int | None = None
    pulse_answered: int | None = None
    recognised: int | None = None
    learning_cases: int | None = None


class RenewalRow(SQLModel, table=True):
    """A renewal date that came: whether it was renewed, and what was known a fixed time before it.

    `number` is 1 at the end of the first term. `held_out` is 1 for accounts that the machine was kept away from, by
    chance; NULL where nobody drew.
    """

    __tablename__ = "renewal"
    account_id: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    segment: str
    number: int
    renewed: int
    arr: float | None = None
    arr_after: float | None = None
    health_before: float | None = None
    usage_before: float | None = None
    sponsor_changed: int | None = None
    owner_changed: int | None = None
    complaints: int | None = None
    held_out: int | None = None


class MeasureMonthRow(SQLModel, table=True):
    """One sum of one month in one segment; metrics are formulas over these."""

    __tablename__ = "measure_month"
    measure: str = Field(primary_key=True)
    segment: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    value: float


class EstimateRow(SQLModel, table=True):
    """What was estimated at the end of a month: the retention of a segment, or how health moves renewals."""

    __tablename__ = "estimate"
    kind: str = Field(primary_key=True)
    segment: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    payload: str
    at: str


class AlarmRow(SQLModel, table=True):
    """A risk sensor that is up, on an account, a segment or everything; while it is, nothing there goes out alone."""

    __tablename__ = "alarm"
    id: str = Field(primary_key=True)
    metric: str
    scope: str
    key: str = Field(index=True)
    why: str
    opened_at: str
    closed_at: str | None = None
    closed_why: str | None = None
