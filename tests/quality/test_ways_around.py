"""Ways around the ladder that somebody tried: each ends where a person would expect."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from requirements.room import JONAS, LENA, MIRIAM, PRIYA
from requirements.world import doc

from cxagent.domain.cell import Level
from cxagent.errors import Refused
from cxagent.latitude.similar import cosine, vector
from cxagent.ledger import disagreements, lessons
from cxagent.quality import promoting
from quality.audited import ALL, Audited
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


def test_what_is_still_to_be_judged_is_shown_to_nobody(service: Service) -> None:
    """The cases behind a figure leave out a decision that has an open audit, whatever a reviewer said of it."""
    service.audited("..")
    with service.store.write() as connection:
        connection.exec_driver_sql("UPDATE audit SET status = 'open' WHERE id = (SELECT min(id) FROM audit)")
    with service.store.read() as connection:
        assert len(disagreements.findings(connection, {"intent": INTENT}, 10)) == 1


def test_a_case_that_was_forgotten_is_learned_again(service: Service) -> None:
    """A decision that is found critical once more teaches again, though its lesson had ended."""
    result = service.comes()
    service.found("critical", result)
    with service.store.write() as connection:
        lessons.forget(connection, INTENT, "smb", service.now)
    service.now += timedelta(days=1)
    service.found("critical", result, by=LENA)
    with service.store.read() as connection:
        assert len(lessons.in_force(connection, service.now)) == 1


def late(service: Service, marks: str) -> None:
    """Draw audits of decisions that lie two weeks behind, after later ones were counted."""
    with service.at(service.now - timedelta(days=20, minutes=2, seconds=30)):
        service.audited(marks, went="draft")


def test_what_is_drawn_late_counts_though_nothing_follows(service: Service) -> None:
    """A ticket that ends weeks later is no way to keep its decision out of the test."""
    service.put(Level.DRAFT)
    service.audited("....", went="draft")
    service.sweeps(days=20)
    late(service, "?")
    service.sweeps()
    assert (service.cell().track.certified, service.cell().track.lost) == (5, 1.0)


def test_what_is_drawn_late_ends_a_proposal(service: Service) -> None:
    """Two people confirm what the record shows in that moment, not what it showed when the step was proposed."""
    service.trusted()
    service.put(Level.DRAFT)
    service.audited("." * 160, went="draft")
    service.sweeps(days=20)
    late(service, "????")
    with pytest.raises(Refused, match="any more"):
        service.confirm(JONAS)
    assert service.rows("promotion")[0]["status"] == "void"


def test_who_puts_it_right_judges_it_blind_no_more(tmp_path: Path) -> None:
    """The owner of a repair loses the second audit of the same decision, and somebody else takes it."""
    room = Audited(f"sqlite:///{tmp_path / 'room.sqlite'}", tmp_path, {**ALL, "latitude.audited.second": 1.0})
    room.alone(1)
    first, second = room.draw().audits
    assert second["auditor"] == LENA
    room.want(first["id"])
    room.judge(first["id"], agrees=False, severity="major", reasons=("tone_or_brand",))
    assert [row["owner"] for row in room.rows("repair")] == [LENA]
    assert room.rows("audit", id=second["id"])[0]["auditor"] is None
    with pytest.raises(Refused, match="somebody else"):
        room.sheet(second["id"], LENA)
    assert room.sheet(second["id"], PRIYA).machine is None
    room.close()


@pytest.mark.parametrize("form", ["full-width", "hidden", "quoted"])
def test_likeness_survives_how_a_text_is_written(form: str) -> None:
    """Full-width letters, letters that nobody sees and a long quotation before it leave a message what it is."""
    said = "please restore the dashboard that we deleted last week"
    written = {
        "full-width": "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in said),
        "hidden": "\u200b".join(said),
        "quoted": "> an older answer of yours about invoices\n" * 300 + said,
    }[form]
    assert cosine(vector(said), vector(written)) > 0.95
