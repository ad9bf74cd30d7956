"""What every test of the API starts from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.desk import Desk, opened


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Return a desk over an empty ledger."""
    one = opened(tmp_path)
    yield one
    one.world.close()
