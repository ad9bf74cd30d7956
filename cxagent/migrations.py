"""Numbered migrations: each is applied once, in order, and recorded."""

import itertools
import secrets
from collections.abc import Callable

from sqlalchemy import Connection, inspect, select, text
from sqlmodel import SQLModel

from cxagent import clock
from cxagent.domain.review import place
from cxagent.records import MigrationRow

MIGRATION = SQLModel.metadata.tables["migration"]
Migration = Callable[[Connection], None]


def create_tables(connection: Connection) -> None:
    """Create every table of the first version."""
    SQLModel.metadata.create_all(connection)


def seal_the_log(connection: Connection) -> None:
    """Let the database itself refuse to change or delete a line of the decision log."""
    if connection.dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            connection.execute(
                text(
                    f"CREATE TRIGGER decision_log_no_{verb.lower()} BEFORE {verb} ON decision_log "
                    "BEGIN SELECT RAISE(ABORT, 'the decision log is append-only'); END"
                )
            )
        return
    connection.execute(
        text(
            "CREATE FUNCTION decision_log_sealed() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the decision log is append-only'; END $$"
        )
    )
    connection.execute(
        text(
            "CREATE TRIGGER decision_log_sealed BEFORE UPDATE OR DELETE ON decision_log "
            "FOR EACH ROW EXECUTE FUNCTION decision_log_sealed()"
        )
    )


def seal_the_back_door(connection: Connection) -> None:
    """Refuse what fires no trigger of the seal: REPLACE in SQLite, TRUNCATE in PostgreSQL."""
    if connection.dialect.name == "sqlite":
        same = "id = NEW.id OR (account_id = NEW.account_id AND seq = NEW.seq)"
        connection.execute(
            text(
                "CREATE TRIGGER decision_log_no_replace BEFORE INSERT ON decision_log "
                f"WHEN EXISTS (SELECT 1 FROM decision_log WHERE {same}) "
                "BEGIN SELECT RAISE(ABORT, 'the decision log is append-only'); END"
            )
        )
        return
    connection.execute(
        text(
            "CREATE TRIGGER decision_log_no_truncate BEFORE TRUNCATE ON decision_log "
            "FOR EACH STATEMENT EXECUTE FUNCTION decision_log_sealed()"
        )
    )


_NOT_BY_BYTE = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND data_type IN ('text', 'character varying')
    AND (collation_name IS DISTINCT FROM 'C' OR data_type <> 'text') ORDER BY table_name, ordinal_position
"""


def compare_by_byte(connection: Connection) -> None:
    """Let PostgreSQL compare texts as SQLite does: times are texts, and a language's order is not that of time."""
    if connection.dialect.name == "sqlite":
        return
    ours, found = SQLModel.metadata.tables, connection.execute(text(_NOT_BY_BYTE)).all()
    for table, columns in itertools.groupby(found, key=lambda row: row.table_name):
        changes = ", ".join(f'ALTER COLUMN "{row.column_name}" TYPE text COLLATE "C"' for row in columns)
        if table in ours:
            connection.execute(text(f'ALTER TABLE "{table}" {changes}'))


def note_who_works(connection: Connection) -> None:
    """Add who has a ticket, a draft or an effect in hand, what a ticket continues, and what an execution is of."""
    for table, columns in {
        "ticket": ("whole", "hint", "follows", "worker"),
        "execution": ("worker", "kind", "of"),
        "draft": ("held_by", "held_until", "worker", "applying_at"),
    }.items():
        known = {column["name"] for column in inspect(connection).get_columns(table)}
        for name in columns:
            if name not in known:
                default = " NOT NULL DEFAULT 'effect'" if name == "kind" else ""
                connection.execute(text(f'ALTER TABLE "{table}" ADD COLUMN "{name}" text{default}'))
    connection.execute(text("UPDATE ticket SET whole = digest WHERE whole IS NULL"))
    connection.execute(text("UPDATE draft SET status = 'pending' WHERE status = 'open'"))
    connection.execute(text('CREATE UNIQUE INDEX IF NOT EXISTS execution_once ON execution ("of", kind)'))
    for table, column in (("ticket", "follows"), ("decision_log", "ticket_id"), ("budget", "status")):
        connection.execute(text(f"CREATE INDEX IF NOT EXISTS ix_{table}_{column} ON {table} ({column})"))


def index_what_grows(connection: Connection) -> None:
    """Lead every question of a ticket to its own rows, and let no index tempt a planner without statistics away.

    SQLite has none unless somebody asks for them, and takes any of two indexes that fit: on the kind of a line or the
    status of money that is half the ledger.
    """
    for name, columns in {
        "decision_log_of_ticket": "decision_log (ticket_id, kind, seq)",
        "ticket_of_account": "ticket (account_id, received_at)",
        "budget_of_parent": "budget (root_id, at)",
        "budget_of_authorization": "budget (authorization_id, status)",
        "execution_of_account": "execution (account_id, started_at)",
        "execution_of_tool": "execution (tool, done_at)",
        "draft_of_ticket": "draft (ticket_id, status)",
    }.items():
        connection.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON {columns}"))
    for gone in ("decision_log_kind", "decision_log_ticket_id", "ticket_account_id", "budget_root_id"):
        connection.execute(text(f"DROP INDEX IF EXISTS ix_{gone}"))
    for gone in ("budget_authorization_id", "draft_ticket_id"):
        connection.execute(text(f"DROP INDEX IF EXISTS ix_{gone}"))


def open_the_inbox(connection: Connection) -> None:
    """Add what the review inbox needs: the order of the queue, who signed, who is away, who saw what."""
    SQLModel.metadata.create_all(connection)
    added = {
        "account": ("owner",),
        "draft": (
            *(
                "place",
                "account_name",
                "intent",
                "tier",
                "health",
                "days_to_notice",
                "playbook",
                "passed_personal_id",
                "first_acting_for",
            ),
            *("snoozed_by", "snoozed_until", "signed_by", "signed_until", "signed_personal_id", "came_back"),
        ),
        "review": ("severity", "seconds", "via", "acting_for"),
        "handoff": ("answered_at", "answered_by"),
    }
    numbers = {"health", "days_to_notice", "seconds"}
    for table, columns in added.items():
        known = {column["name"] for column in inspect(connection).get_columns(table)}
        for name in columns:
            if name not in known:
                kind = "integer" if name in numbers else "text NOT NULL DEFAULT ''" if name == "place" else "text"
                connection.execute(text(f'ALTER TABLE "{table}" ADD COLUMN "{name}" {kind}'))
    for row in connection.execute(text("SELECT id, deadline, stake FROM draft WHERE place = ''")).all():
        there = {"id": row.id, "place": place(row.deadline, row.stake, None)}
        connection.execute(text("UPDATE draft SET place = :place WHERE id = :id"), there)
    for name, where in {
        "draft_in_order": "draft (status, place, id)",
        "draft_of_person": "draft (assignee, status, place)",
        "draft_signed": "draft (signed_until)",
        "draft_alike": "draft (intent, status, created_at)",
        "draft_of_account": "draft (account_id, created_at)",
        "review_in_order": "review (at)",
        "review_of_person": 'review ("by", at)',
        "handoff_of_person": "handoff (owner, answered_at)",
        "ticket_in_order": "ticket (disposition, updated_at)",
        "draft_made": "draft (created_at)",
        "handoff_made": "handoff (at)",
        "outbox_sent": "outbox (at)",
        "delivery_in_order": "delivery (endpoint, at)",
        "delivery_due": "delivery (endpoint, status, next_at)",
        "access_of_subject": "access (subject, person, at)",
    }.items():
        connection.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON {where}"))
    compare_by_byte(connection)


def keep_the_record_of_quality(connection: Connection) -> None:
    """Add what latitude rests on: audits, findings, cells and their moves, lessons, repairs; and the seed of draws."""
    SQLModel.metadata.create_all(connection)
    for name, where in {
        "audit_due": "audit (status, due)",
        "audit_of_person": "audit (auditor, status, due)",
        "audit_of_cell": "audit (intent, segment, version, decided_at)",
        "finding_of_cell": "finding (intent, segment, version, decided_at)",
        "finding_of_month": "finding (month, decided_at)",
        "finding_against": "finding (agrees, at)",
        "finding_by_choice": "finding (chosen, at)",
    }.items():
        connection.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON {where}"))
    draw = SQLModel.metadata.tables["draw"]
    if connection.execute(select(draw.c.id)).first() is None:
        row = {"id": clock.new_id("drw"), "seed": secrets.token_hex(16), "at": clock.now().isoformat(), "drawn_to": ""}
        connection.execute(draw.insert(), row)
    compare_by_byte(connection)


def keep_the_record_of_value(connection: Connection) -> None:
    """Add what accounts are worth: their months, renewals, estimates, sums of months, and alarms."""
    SQLModel.metadata.create_all(connection)
    for name, where in {
        "account_month_in_time": "account_month (month, segment)",
        "account_month_gone": "account_month (month) WHERE active = 0",
        "renewal_in_time": "renewal (month, segment)",
        "alarm_up": "alarm (closed_at, scope, key)",
    }.items():
        connection.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON {where}"))
    compare_by_byte(connection)


MIGRATIONS: tuple[Migration, ...] = (
    create_tables,
    seal_the_log,
    seal_the_back_door,
    note_who_works,
    compare_by_byte,
    index_what_grows,
    open_the_inbox,
    keep_the_record_of_quality,
    keep_the_record_of_value,
)


def applied(connection: Connection) -> int:
    """Return the number of the last migration that was applied, 0 for an empty database."""
    if not inspect(connection).has_table("migration"):
        return 0
    return max(connection.execute(select(MIGRATION.c.number)).scalars(), default=0)


def migrate(connection: Connection) -> int:
    """Apply what is missing; return how many were applied."""
    done = applied(connection)
    for number, migration in enumerate(MIGRATIONS[done:], start=done + 1):
        migration(connection)
        row = MigrationRow(number=number, name=migration.__name__, at=clock.now().isoformat())
        connection.execute(MIGRATION.insert().values(**row.model_dump()))
    return len(MIGRATIONS) - done
