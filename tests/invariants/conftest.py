"""Every invariant test gets a world of its own over the reference deployment."""

import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from scenes import ROOT

from cxagent.testing import World


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    """Return a ledger that is up to date and empty: making all its tables anew costs more than most tests."""
    home = tmp_path_factory.mktemp("empty")
    World(ROOT, home).close()
    return sqlite3.connect(home / "world.sqlite", check_same_thread=False)


@pytest.fixture(scope="session")
def shared_url(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the one PostgreSQL database that the worlds use one after the other, with all its tables."""
    name = f"cx_{secrets.token_hex(6)}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    url = urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))
    World(ROOT, tmp_path_factory.mktemp("shared"), url=url).close()
    yield url
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def emptied(url: str) -> str:
    """Delete all rows of a database but its migrations; making a database anew would take thirty times as long."""
    with psycopg.connect(url, autocommit=True) as connection:
        listed = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        names = [name for (name,) in listed if not name.endswith("migration") and not name.endswith("migrations")]
        connection.execute("SET session_replication_role = replica")
        connection.execute(SQL("; ").join(SQL("DELETE FROM {}").format(Identifier(name)) for name in names))
    return url


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Return a world with an empty ledger, an empty sandbox and the sample accounts.

    It lies in SQLite; tests marked `scenes.BOTH` hold in PostgreSQL too.
    """
    url = None
    if getattr(request, "param", "sqlite") == "postgresql":
        url = emptied(request.getfixturevalue("shared_url"))
    else:
        with sqlite3.connect(tmp_path / "world.sqlite") as copy:
            request.getfixturevalue("empty").backup(copy)
        copy.close()
    made = World(ROOT, tmp_path, url=url)
    yield made
    made.close()
