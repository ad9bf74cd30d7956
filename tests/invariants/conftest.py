"""Every invariant test gets a world of its own over the reference deployment."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from scenes import ROOT

from cxagent.testing import World


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    """Return a ledger that is up to date and empty: making all its tables anew costs more than most tests."""
    home = tmp_path_factory.mktemp("empty")
    World(ROOT, home).close()
    return sqlite3.connect(home / "world.sqlite", check_same_thread=False)


@pytest.fixture
def world(tmp_path: Path, empty: sqlite3.Connection) -> Iterator[World]:
    """Return a world with an empty ledger, an empty sandbox and the sample accounts."""
    copy = sqlite3.connect(tmp_path / "world.sqlite")
    empty.backup(copy)
    copy.close()
    made = World(ROOT, tmp_path)
    yield made
    made.close()
