"""Sessions, views and moments are the same on both databases."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tenants import ADA, DAY, LENA, PRIYA

from cxagent import clock
from cxagent.ledger import accesses, moments, sessions
from cxagent.ledger.store import Store


@pytest.fixture
def ledger(database_url: str) -> Iterator[Store]:
    """Return an empty ledger, on each of the two databases."""
    store = Store.open(database_url, durable=False)
    yield store
    store.close()


def test_a_session_holds_until_it_is_ended(ledger: Store) -> None:
    """It is found by its token alone, listed while it holds, and ended once."""
    with ledger.write() as connection:
        token, other = sessions.start(connection, LENA, "a browser"), sessions.start(connection, PRIYA, None)
        row = sessions.find(connection, token)
        assert row is not None and (row["person"], row["browser"]) == (LENA, "a browser")
        assert sessions.find(connection, row["id"]) is None and sessions.find(connection, "") is None
        assert [one["person"] for one in sessions.open_ones(connection, LENA)] == [LENA]
        assert (sessions.end(connection, row["id"], ADA), sessions.end(connection, row["id"], ADA)) == (True, False)
        assert sessions.find(connection, token) is None
        with clock.frozen(DAY + sessions.IDLE - timedelta(seconds=1)):
            assert [one["person"] for one in sessions.open_ones(connection)] == [PRIYA]
        with clock.frozen(DAY + sessions.IDLE):
            assert sessions.open_ones(connection) == [] and sessions.find(connection, other) is None


def test_views_are_listed_from_the_latest_on(ledger: Store) -> None:
    """By account, by person, and from a place on; views of one moment are neither lost nor listed twice."""
    with ledger.write() as connection:
        for number in range(6):
            accesses.note(connection, LENA if number % 2 else PRIYA, "page", "card", f"drf_{number}", f"A-{number % 3}")
        everything = accesses.views(connection)
        first = accesses.views(connection, limit=4)
        rest = accesses.views(connection, before=first[-1]["place"])
        assert [one["id"] for one in first + rest] == [one["id"] for one in everything]
        assert len(everything) == 6 and len({one["id"] for one in everything}) == 6
        assert {one["account_id"] for one in accesses.views(connection, "A-1")} == {"A-1"}
        assert len(accesses.views(connection, "A-1", person=LENA)) == 1


def test_the_latest_moment_is_that_of_anything(ledger: Store) -> None:
    """An empty ledger has none; a view or a session later than the log moves it on, and never back."""
    with ledger.write() as connection:
        assert moments.first(connection) is None and moments.latest(connection, timedelta(0)) is None
        sessions.start(connection, LENA, None)
        with clock.frozen(DAY + timedelta(minutes=5)):
            accesses.note(connection, LENA, "page", "card", "drf_1", "A-1")
        assert moments.latest(connection, timedelta(0)) == DAY + timedelta(minutes=5)
