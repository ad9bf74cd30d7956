"""Ways around the ladder that somebody tried: each ends where a person would expect."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from requirements.room import JONAS, MIRIAM, PRIYA
from requirements.world import doc

from cxagent.domain.cell import Level
from cxagent.errors import Refused
from cxagent.quality import promoting
from quality.service import INTENT, Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Open a service with an empty ledger."""
    made = Service(f"sqlite:///{tmp_path / 'world.sqlite'}", tmp_path)
    yield made
    made.close()


def lease(service: Service, days: int = 30) -> str:
    """Return when a lease ends that begins now."""
    return (service.now + timedelta(days=days)).isoformat()


def released(service: Service) -> None:
    """Let one person release the one incident."""
    incident, who = service.rows("incident")[0]["id"], service.who(MIRIAM)
    with service.inside() as bench:
        promoting.release(bench.store, service.playbook, who.name, who.role, incident, "it was looked into and settled")


def test_a_late_critical_error_stops_the_version_that_followed(service: Service) -> None:
    """What is found critical about a version that is gone stops the one that took its place, and is an incident."""
    result = service.comes()
    service.version = "v2"
    service.now += timedelta(days=1)
    service.found(None, service.comes())
    service.now += timedelta(days=1)
    service.found("critical", result)
    assert len(service.rows("incident")) == 1 and service.cell().track.halted
    assert service.comes()["status"] == "waiting"


def test_late_grave_errors_come_to_light(service: Service) -> None:
    """Two grave errors of a version that is gone lower the one that took its place; one does not."""
    early = [service.comes(), service.comes()]
    service.version = "v2"
    service.now += timedelta(days=1)
    service.found(None, service.comes())
    assert service.found("major", early[0]) == []
    assert [one.move.kind for one in service.found("major", early[1])] == ["surfaced"]


def test_going_back_wins_nothing_back(service: Service) -> None:
    """What a later version lost stays lost when its predecessor comes back, at the gate and on record."""
    service.put(Level.ALONE, lease_until=lease(service))
    service.version = "v2"
    service.now += timedelta(days=1)
    service.found("critical", service.comes())
    released(service)
    service.version = "v1"
    result = service.comes()
    assert result["status"] == "waiting"
    service.now += timedelta(hours=1)
    service.found(None, service.comes())
    assert service.cell(version="v1").track.level == Level.DRAFT


def test_a_lease_long_over_leaves_drafts(service: Service) -> None:
    """One level is lost when a lease ends, and all that was earned a month after."""
    service.put(Level.ALONE, lease_until=lease(service))
    service.now += timedelta(days=31)
    assert service.comes()["status"] == "done"
    service.now += timedelta(days=31)
    assert service.comes()["status"] == "waiting"


def test_an_audit_revives_no_lease_that_is_over(service: Service) -> None:
    """A cell whose lease ran out has fallen, whether or not a sweep noted it, and one audit does not lift it."""
    service.put(Level.WATCHED, lease_until=lease(service))
    result = service.comes()
    service.now += timedelta(days=40)
    assert service.comes()["status"] == "waiting"
    assert [one.move.kind for one in service.found(None, result)] == ["lease"]
    assert service.comes()["status"] == "waiting"


def test_a_new_version_is_no_fresh_look(service: Service) -> None:
    """A version every few weeks does not renew a lease that nobody earned by an audit."""
    service.put(Level.WATCHED, lease_until=lease(service))
    for number in range(2, 5):
        service.version = f"v{number}"
        service.now += timedelta(days=15)
        result = service.comes()
        service.found("minor", result, chosen="stake")
    assert result["status"] == "waiting"


@pytest.mark.parametrize("marks", ["xxx", "???"])
def test_a_second_opinion_certifies_nothing(service: Service, marks: str) -> None:
    """A second opinion neither takes a grave audit back nor stands in for a missing one."""
    service.put(Level.DRAFT)
    service.audited(marks, went="draft")
    for row in service.rows("audit"):
        service.found(None, decision_id=row["decision_id"], decided_at=row["decided_at"], chosen="second", by=PRIYA)
    service.trusted()
    service.sweeps(days=20)
    assert (service.cell().track.certified, service.cell().track.lost) == (3, 3.0)


def test_a_label_after_its_time_takes_no_error_back(service: Service) -> None:
    """An audit that was missing when it matured counted as wrong, and agreeing later does not change that."""
    service.put(Level.DRAFT)
    service.audited("?", went="draft")
    service.sweeps(days=20)
    row = service.rows("audit")[0]
    service.found(None, decision_id=row["decision_id"], decided_at=row["decided_at"], went="draft")
    service.sweeps(days=1)
    assert service.cell().track.lost == 1.0


def test_a_wrong_answer_to_two_requests_counts_against_both(service: Service) -> None:
    """Nobody says which part was wrong, so the cell of each is lowered."""
    from requirements.world import credit

    from cxagent.domain.proposal import Proposal

    def both(account_id: str) -> Proposal:
        one, two = doc(), credit("4.00", account_id=account_id)
        return Proposal(parts=(*one.parts, *two.parts), reply=two.reply, confidence=1.0)

    results = [service.comes(says=both) for _ in range(3)]
    assert {result["autonomy"] for result in results} == {"act"}
    for result in results:
        service.found("major", result)
    assert service.comes()["status"] == "waiting" and service.cell(INTENT).track.level == Level.DRAFT


def test_a_proposal_of_a_former_version_lifts_nobody(service: Service) -> None:
    """Once another version is at work, what the former one proved is refused."""
    service.trusted()
    service.put(Level.DRAFT)
    service.audited("." * 160, went="draft")
    service.sweeps(days=20)
    promotion = service.proposals[0]["id"]
    service.version = "v2"
    service.now += timedelta(days=1)
    with service.store.write() as connection:
        from cxagent.ledger import cells

        old = service.cell(version="v1")
        now = service.now.isoformat()
        cells.put(connection, old._replace(id="cel_2", version="v2", since=now, began_at=now, settled_to=now))
    with pytest.raises(Refused, match="another version"):
        service.confirm(JONAS, promotion)
    assert service.cell(version="v1").track.level == Level.DRAFT
