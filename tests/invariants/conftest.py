"""Every invariant test gets a world of its own over the reference deployment."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from scenes import ROOT

from cxagent.testing import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Return a world with an empty ledger, an empty sandbox and the sample accounts."""
    made = World(ROOT, tmp_path)
    yield made
    made.close()
