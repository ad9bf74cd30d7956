"""What the tests of requirements share: a PostgreSQL database that is up to date already."""

from collections.abc import Iterator

import pytest
from servers import database, on


@pytest.fixture
def postgres_url(postgres: str, migrated: str) -> Iterator[str]:
    """Return the URL of a PostgreSQL database that is up to date, and gone after the test."""
    with database(postgres, migrated) as name:
        yield on(postgres, name)
