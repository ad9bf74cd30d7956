"""Databases of a PostgreSQL server: made for a test, or used by one test after the other, and gone at the end."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg.sql import SQL, Identifier

_SHAPE = """
    SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
        SELECT concat('class ', oid, relname, relacl) FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT concat('column ', attrelid, attname, atttypid, attnotnull, attcollation, attacl)
        FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT concat('constraint ', oid) FROM pg_constraint
        UNION ALL SELECT concat('trigger ', oid, tgenabled) FROM pg_trigger
        UNION ALL SELECT concat('function ', oid, xmin) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT concat('schema ', oid, nspacl) FROM pg_namespace WHERE nspname !~ '^pg_'
        UNION ALL SELECT concat('setting ', setdatabase, setrole, setconfig) FROM pg_db_role_setting
    ) AS shape (line)
"""
_UNSEALED = "SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON tgrelid = pg_class.oid WHERE tgenabled = 'D'"
_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"


def on(server: str, database: str) -> str:
    """Return the URL of a database on a server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{database}"))


def hurry(postgres: str) -> None:
    """Let a server of our own wait for no disk: nothing of it outlives the tests, and none cuts its power."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(SQL("ALTER SYSTEM SET {} = off").format(Identifier(name)))
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def database(postgres: str, template: str = "template1") -> Iterator[str]:
    """Make a database that is gone afterwards; return its name."""
    name = _made(postgres, template)
    yield name
    _drop(postgres, name)


def _made(postgres: str, template: str) -> str:
    name = f"cx_{secrets.token_hex(6)}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
    return name


def _drop(postgres: str, name: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


class Kept:
    """A copy of a database that is as it was before every test: its rows are put back, which costs a tenth of a copy.

    Where a test changed more than rows (it made a table, say) the next one gets a copy.
    """

    def __init__(self, postgres: str, template: str) -> None:
        self._postgres, self._template = postgres, template
        self._copy()

    def _copy(self) -> None:
        self._name = _made(self._postgres, self._template)
        self.url = on(self._postgres, self._name)
        with psycopg.connect(self.url, autocommit=True) as connection:
            self._shape = connection.execute(_SHAPE).fetchone()
            listed = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            names = [Identifier(name) for (name,) in listed]
            found = [(one, connection.execute(SQL("TABLE {}").format(one)).fetchall()) for one in names]
        self._rows = [(one, rows) for one, rows in found if rows]
        self._empty = SQL("; ").join(SQL("DELETE FROM {}").format(one) for one in names)

    def restore(self) -> None:
        """End whatever a test left connected, and put the rows back."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(_OTHERS, [connection.info.backend_pid])
            for (table,) in connection.execute(_UNSEALED).fetchall():
                connection.execute(SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(Identifier(table)))
            if same := connection.execute(_SHAPE).fetchone() == self._shape:
                self._refill(connection)
        if not same:
            self.drop()
            self._copy()

    def _refill(self, connection: psycopg.Connection) -> None:
        connection.execute("SET session_replication_role = replica")  # no trigger keeps a row from being deleted
        with connection.transaction():
            connection.execute(self._empty)
            for one, rows in self._rows:
                places = SQL(", ").join([SQL("%s")] * len(rows[0]))
                into = SQL("INSERT INTO {} VALUES ({})").format(one, places)
                connection.cursor().executemany(into, rows)

    def drop(self) -> None:
        """Let the database be gone."""
        _drop(self._postgres, self._name)
