"""Saved views hold in both databases: a person's own, one a name, not without end."""

import pytest

from cxagent.errors import BadInput
from cxagent.ledger import saved_views
from cxagent.ledger.store import Store


def test_a_view_is_its_owners_and_one_a_name(database_url: str) -> None:
    """The same name again replaces the query; nobody else sees or removes it; a removed one is gone."""
    store = Store.open(database_url)
    with store.write() as connection:
        saved_views.add(connection, "Ada", " Large  ones ", "tier=mid")
        kept = saved_views.add(connection, "Ada", "Large ones", "tier=high")
        found = [(one["id"], one["name"], one["query"]) for one in saved_views.of(connection, "Ada")]
        assert found == [(kept, "Large ones", "tier=high")]
        assert saved_views.of(connection, "Ben") == []
        assert not saved_views.remove(connection, kept, "Ben")
        assert saved_views.remove(connection, kept, "Ada")
        assert saved_views.of(connection, "Ada") == []
    store.close()


@pytest.mark.parametrize("name", ["", "  ", "x" * 41])
def test_a_view_needs_a_name_that_fits(database_url: str, name: str) -> None:
    """Neither none nor an endless one."""
    store = Store.open(database_url)
    with store.write() as connection, pytest.raises(BadInput):
        saved_views.add(connection, "Ada", name, "")
    store.close()


def test_views_do_not_pile_up(database_url: str) -> None:
    """After twenty one must go before another comes."""
    store = Store.open(database_url)
    with store.write() as connection:
        for number in range(saved_views.MOST):
            saved_views.add(connection, "Ada", f"view {number}", "")
        with pytest.raises(BadInput, match="remove one first"):
            saved_views.add(connection, "Ada", "one more", "")
    store.close()
