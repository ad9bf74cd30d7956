"""The least that the application needs of PostgreSQL: a script that an administrator reads and runs.

The owner of the tables migrates them. The application's own role can add to the decision log and never change it,
and it can drop, truncate or disable nothing.
"""

import re

from sqlmodel import SQLModel

from cxagent.errors import BadInput

APPEND_ONLY = ("decision_log", "migration")
THREADS = ("checkpoints", "checkpoint_blobs", "checkpoint_writes", "checkpoint_migrations")
"""The checkpointer's tables: what is in them can be made anew from the ledger, and erasing a person removes threads."""


def grants(role: str) -> str:
    """Return the script that gives an existing role what the application needs, and takes everything else away."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$]{0,62}", role):
        raise BadInput(f"{role!r} is no name of a role", where="ROLE")
    who, ledger = f'"{role}"', sorted(SQLModel.metadata.tables)
    changed = [name for name in ledger if name not in APPEND_ONLY]
    return "\n".join(
        [
            f"-- What the application needs as {role}; run it as the owner of the tables, after each upgrade.",
            "BEGIN;",
            f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {who}, PUBLIC;",
            f"GRANT USAGE ON SCHEMA public TO {who};",
            f"REVOKE CREATE ON SCHEMA public FROM {who}, PUBLIC;",
            f"GRANT SELECT, INSERT ON {_list(ledger)} TO {who};",
            f"GRANT UPDATE ON {_list(changed)} TO {who};",
            "-- Threads and the queue are no record of anything: the application works them off.",
            *_where_there(THREADS, who),
            "DO $$ DECLARE one text; BEGIN",
            "  FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
            "    AND tablename LIKE 'procrastinate\\_%' LOOP",
            f"    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO {who}', one);",
            "  END LOOP;",
            "END $$;",
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {who};",
            "COMMIT;",
        ]
    )


def _list(tables: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in tables)


def _where_there(tables: tuple[str, ...], who: str) -> list[str]:
    """Grant on tables that exist only once the checkpointer was opened."""
    lines = [
        f"  IF to_regclass('{name}') IS NOT NULL THEN GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {who}; END IF;"
        for name in tables
    ]
    return ["DO $$ BEGIN", *lines, "END $$;"]
