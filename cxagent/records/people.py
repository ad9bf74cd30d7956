"""Who comes in and what they saw: sessions, keys, absences, views of personal data."""

from sqlmodel import Field, SQLModel


class SessionRow(SQLModel, table=True):
    """A sign-in that can be revoked; `id` is the digest of the token in the cookie, never the token."""

    __tablename__ = "session"
    id: str = Field(primary_key=True)
    person: str = Field(index=True)
    created_at: str
    seen_at: str
    expires_at: str
    browser: str | None = None
    revoked_at: str | None = None
    revoked_by: str | None = None


class ApiKeyRow(SQLModel, table=True):
    """A key of the HTTP API: what it may do (`scopes`, separated by blanks), and for whom it decides, if it may."""

    __tablename__ = "api_key"
    id: str = Field(primary_key=True)
    name: str
    digest: str
    scopes: str
    person: str | None = None
    created_by: str
    created_at: str
    expires_at: str
    used_at: str | None = None
    revoked_at: str | None = None
    revoked_by: str | None = None


class AbsenceRow(SQLModel, table=True):
    """When a person is away, and who stands in for them; days are dates, both included."""

    __tablename__ = "absence"
    id: str = Field(primary_key=True)
    person: str = Field(index=True)
    first_day: str
    last_day: str
    delegate: str | None = None
    at: str
    by: str
    ended_at: str | None = None


class AccessRow(SQLModel, table=True):
    """Somebody looked at personal data: who, through which door, at what, when."""

    __tablename__ = "access"
    id: str = Field(primary_key=True)
    person: str = Field(index=True)
    via: str
    what: str
    subject: str = Field(index=True)
    account_id: str = Field(index=True)
    at: str


class SavedViewRow(SQLModel, table=True):
    """A filter of the queue that a person gave a name."""

    __tablename__ = "saved_view"
    id: str = Field(primary_key=True)
    person: str = Field(index=True)
    name: str
    query: str
    at: str
    removed_at: str | None = None


class NoticeRow(SQLModel, table=True):
    """A digest that went to a person; `key` says about what, so that it goes once."""

    __tablename__ = "notice"
    key: str = Field(primary_key=True)
    person: str = Field(index=True)
    kind: str
    at: str
