"""Who changed the rules, and who looks after whom: versions of the playbook, handovers of accounts."""

from sqlmodel import Field, SQLModel


class PlaybookVersionRow(SQLModel, table=True):
    """A text of the playbook: `proposed`, then `approved` or `refused`; one that came with the project is approved.

    `based_on` is the digest that the change was made on, `proof` what the proof said, as JSON.
    """

    __tablename__ = "playbook_version"
    id: str = Field(primary_key=True)
    number: int = Field(unique=True)
    digest: str = Field(index=True)
    text: str
    origin: str
    author: str
    note: str | None = None
    based_on: str | None = None
    proof: str | None = None
    at: str
    status: str = Field(index=True)
    approver: str | None = None
    answered_at: str | None = None
    why: str | None = None


class ActivationRow(SQLModel, table=True):
    """From when on a version of the playbook was in force; the latest one is."""

    __tablename__ = "activation"
    number: int = Field(primary_key=True)
    version_id: str = Field(foreign_key="playbook_version.id")
    by: str
    why: str
    at: str


class HandoverRow(SQLModel, table=True):
    """An account whose own contact at our side leaves: it stays at draft until `contact_at`."""

    __tablename__ = "handover"
    id: str = Field(primary_key=True)
    account_id: str = Field(index=True)
    from_owner: str
    to_owner: str | None = None
    stake: str
    why: str
    opened_at: str
    opened_by: str
    leaves_on: str | None = None
    plan: str
    contact_at: str | None = Field(default=None, index=True)
    contact_by: str | None = None
    contact_note: str | None = None
