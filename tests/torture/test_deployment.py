"""The torture deployment: every kind of ticket goes where it should, and the backend counts what was done."""

from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from backend import Backend
from deployment import KINDS, build

from cxagent.agent import Agent
from cxagent.home import DATABASE

ROUTES = {
    "credit": ("act", ["grant_credit"]),
    "bonus": ("act", ["grant_bonus"]),
    "quota": ("act", ["raise_quota"]),
    "both": ("act", ["grant_credit", "raise_quota", "grant_bonus"]),
    "all": ("act", ["note_for_owner", "raise_quota", "grant_credit"]),
    "large": ("draft", []),
    "mid": ("draft", []),
    "midboth": ("draft", []),
    "person": ("handoff", ["note_for_owner"]),
    "risk": ("handoff", ["note_for_owner"]),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the agent's connections end with the process
def test_every_kind_of_ticket_goes_its_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ticket of each kind is routed as scripted, and exactly its calls reach the backend, in order."""
    monkeypatch.setenv(DATABASE, f"sqlite:///{tmp_path}/ledger.sqlite")
    with Backend() as backend:
        address = f"http://{backend.address[0]}:{backend.address[1]}"
        deployment = build(tmp_path / "project", address, day=datetime.now(UTC), accounts=30)
        agent = Agent.open(deployment.home)
        asked = [one for one in islice(deployment.tickets(seed=1), 150) if one.follows is None]
        first = {one.ticket.id.rpartition("-")[2]: one for one in reversed(asked)}
        found = {kind: agent.run(first[kind])["autonomy"] for kind in KINDS}
        done = {kind: [one.tool for one in backend.effects if one.ticket_id == first[kind].ticket.id] for kind in KINDS}
        assert {kind: (found[kind], done[kind]) for kind in KINDS} == ROUTES
        agent.store.close()


def test_tickets_follow_from_the_seed(tmp_path: Path) -> None:
    """One seed gives the same tickets again, another seed gives others."""
    deployment = build(tmp_path / "project", "http://127.0.0.1:1", day=datetime.now(UTC), accounts=6)
    one, same, other = ([*islice(deployment.tickets(seed), 20)] for seed in (1, 1, 2))
    assert one == same != other
