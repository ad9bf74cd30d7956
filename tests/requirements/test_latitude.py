"""What the requirements ask of latitude: it narrows by itself where cases go wrong, there alone, and people feed it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from quality.service import Service

from cxagent.domain.cell import Level
from cxagent.ledger import deliveries
from cxagent.ledger.deliveries import Webhook
from cxagent.notifying import digests
from requirements.room import JONAS, LENA, PRIYA
from requirements.world import doc

HOOK = Webhook(url="https://example.com/hook", secret_env="HOOK_SECRET")
SMALL = "Would you put a small sum on our account, as a gesture?"
ASKS = "Which browsers can show the charts?"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A room whose cells move."""
    made = Service(f"sqlite:///{tmp_path / 'world.sqlite'}", tmp_path)
    yield made
    made.close()


def told(service: Service) -> list[dict[str, Any]]:
    """Return what an outside system is told of latitude."""
    with service.store.write() as connection:
        deliveries.notice(connection, HOOK, service.now)
        due = deliveries.due(connection, HOOK.url, service.now)
        return [deliveries.about(connection, one) for one in due if one.kind == "io.cxagent.latitude.changed.v1"]


def test_overturned_decisions_narrow_latitude(service: Service) -> None:
    """R53: after a run of overturned decisions the next like case is drafted, with no click, and people are told."""
    told(service)
    routes = []
    for _ in range(4):
        result = service.comes(message=SMALL)
        routes.append(result["autonomy"])
        service.found("major", result)
    assert routes == ["act", "act", "act", "draft"]
    said = {"intent": "goodwill_credit", "segment": "smb", "from": "watched", "to": "draft", "kind": "detected"}
    assert told(service) == [{**said, "date": "2027-03-09"}]
    with service.inside():
        found = {one.person: one for one in digests(service.agent, service.now)}
    assert LENA not in found or not found[LENA].changed
    for name in (JONAS, PRIYA):
        (changed,) = found[name].changed
        assert (changed.what, changed.before, changed.after) == ("goodwill credit × smb", "watched", "draft")
        assert ("disagreed too often" in changed.why, changed.at.date().isoformat()) == (True, "2027-03-09")


def test_neighbours_keep_their_latitude(service: Service) -> None:
    """R54: narrowing stays within the kind of case that failed: other intents and other segments act as before."""
    for _ in range(3):
        service.found("major", service.comes(message=SMALL))
    assert service.comes(message=SMALL)["autonomy"] == "draft"
    assert service.comes(says=lambda _: doc(), message=ASKS)["autonomy"] == "act"
    assert service.comes(message=ASKS, **{"crm.segment": "mid_market"})["autonomy"] == "act"
    assert {(row["intent"], row["segment"]) for row in service.rows("move")} == {("goodwill_credit", "smb")}


@pytest.mark.parametrize("severity", ["minor", "major"])
def test_one_error_does_not_narrow(service: Service, severity: str) -> None:
    """R54: a single error, short of a critical one, changes nothing for the next case of the kind."""
    service.found(severity, service.comes(message=SMALL))
    assert (service.comes(message=SMALL)["autonomy"], service.rows("move")) == ("act", [])


def test_each_override_feeds_its_cell(service: Service) -> None:
    """R91: what people change or reject is a finding of the cell it belongs to, in the moment of the verdict."""
    service.put(Level.DRAFT)
    verdicts: list[tuple[Any, dict[str, Any]]] = [
        ("edit", {"reply": "Thank you, we have noted your credit."}),
        ("reject", {"reason": "risk_misjudged"}),
        ("approve", {}),
    ]
    for verdict, said in verdicts:
        service.review(service.comes(message=SMALL)["draft_id"], verdict, LENA, **said)
    assert [row["loss"] for row in sorted(service.rows("finding"), key=lambda row: row["loss"])] == [0.0, 0.25, 1.0]
    assert service.cell().track.detected == 3


def test_it_is_earned_back(service: Service) -> None:
    """R55: a cell that fell acts again after evidence, maturity and two people, and not before any of them."""
    for _ in range(3):
        service.found("major", service.comes(message=SMALL))
    service.trusted()
    routes = []

    def next_one() -> None:
        routes.append(service.comes(message=SMALL)["autonomy"])

    next_one()
    service.audited("." * 103, went="draft")
    next_one()
    service.sweeps(days=15)
    next_one()
    service.confirm(PRIYA)
    next_one()
    service.confirm(JONAS, service.rows("promotion")[0]["id"])
    next_one()
    assert routes == ["draft"] * 4 + ["act"]
