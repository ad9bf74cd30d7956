"""A short storm over each database: workers die, lines break, tickets come twice; nothing is lost or doubled."""

from pathlib import Path

import pytest
from conductor import torture
from run import Wanted

from cxagent.home import DATABASE


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # what the conductor opens ends with its process
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_short_storm_ends_with_zeros(
    store: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every kill and fault that was asked for happens, and every finding has a zero."""
    monkeypatch.setenv(DATABASE, "")
    server = request.getfixturevalue("postgres_url") if store == "postgresql" else None
    asked = {"tickets": 12, "kills": 2, "faults": 3, "intakes": 1, "workers": 2, "reviewers": 2}
    wanted = Wanted(store=store, **asked, seed=4, server=server, keep=True)
    found, line, enough = torture(wanted, tmp_path, tmp_path_factory.getbasetemp() / "proved")
    assert ([*found.sentences()], enough) == ([], True), line
