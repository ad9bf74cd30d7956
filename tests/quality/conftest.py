"""What the tests of quality share: people who sit at browsers of their own."""

from collections.abc import Callable, Iterator

import pytest
from review.conftest import Seat, sits
from servers import database, on

Sits = Callable[..., Seat]


@pytest.fixture
def postgres_url(postgres: str, migrated: str) -> Iterator[str]:
    """Return the URL of a PostgreSQL database that is up to date, and gone after the test."""
    with database(postgres, migrated) as name:
        yield on(postgres, name)


__all__ = ["Sits", "sits"]
