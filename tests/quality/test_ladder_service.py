"""The ladder over the ledger, on both databases: findings move a cell down by themselves, and up with two people."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from requirements.room import JONAS, LENA, MIRIAM, PRIYA, SAMUEL

from cxagent.domain.cell import Cell, Level
from cxagent.domain.vocabulary import DRAFT
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.latitude import detection, ladder, promotion
from cxagent.ledger import chain, history
from cxagent.ledger.store import TABLES
from cxagent.quality import promoting
from quality.service import INTENT, SEGMENT, Service

CLEAN = 103
"""The clean audits that the running test needs at 5 %, an attempt of half the risk, and reviewers known to see 93 %."""


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Service]:
    """A room on either database."""
    made = Service(database_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Service]:
    """A room on SQLite, where the database plays no part."""
    made = Service(f"sqlite:///{tmp_path / 'world.sqlite'}", tmp_path)
    yield made
    made.close()


def kinds(moves: list[object]) -> list[str]:
    """Return what kinds of moves these are."""
    return [one.move.kind for one in moves]  # type: ignore[attr-defined]


# ---- down, by itself ------------------------------------------------------------------------------------------------


def test_three_majors_in_a_row_lower_a_fresh_cell(service: Service) -> None:
    """The third major in a row caps a fresh cell, on record with the decisions behind it, and the log stays whole."""
    moves = [service.found("major") for _ in range(3)]
    assert [kinds(one) for one in moves] == [[], [], ["detected"]]
    assert service.cell().track.level == Level.DRAFT
    (row,) = service.rows("move")
    assert (row["before"], row["after"], len(row["cases"].split())) == (2, 1, 3)
    with service.store.read() as connection:
        lines = connection.execute(TABLES["decision_log"].select()).mappings().all()
    assert [line["kind"] for line in lines].count("latitude") == 1
    assert chain.verify(service.store)[1] == ()


def test_two_majors_lower_a_seasoned_cell(lite: Service) -> None:
    """After 1,000 clean findings the second major in a row is enough."""
    parts = detection.statistic([0.0] * 1000)[1]
    one = lite.put(Level.WATCHED)
    lite.put(Level.WATCHED, track=one.track._replace(parts=parts, detected=1000))
    assert [kinds(lite.found("major")) for _ in range(2)] == [[], ["detected"]]


def test_minors_take_longer(lite: Service) -> None:
    """Six minors in a row lower a fresh cell, five do not."""
    assert [kinds(lite.found("minor")) for _ in range(6)] == [[]] * 5 + [["detected"]]


def test_a_drawn_sample_moves_nothing_alone(lite: Service) -> None:
    """Stake-weighted draws never move the detector; two grave ones are errors that came to light."""
    assert kinds(lite.found("major", chosen="stake")) == []
    assert lite.cell().track.detected == 0
    assert kinds(lite.found("major", chosen="stake")) == ["surfaced"]


@pytest.mark.parametrize(
    "said",
    [{"would": "draft"}, {"would": "handoff", "wanted": "act"}],
    ids=["a draft anyway", "a person's anyway"],
)
def test_what_says_nothing_about_acting_alone_moves_nothing(lite: Service, said: dict[str, str]) -> None:
    """Findings about what would not have gone out alone are kept and move nothing."""
    lite.found()
    lite.now += timedelta(hours=1)
    early = lite.now - timedelta(days=1)
    before = lite.cell()
    for _ in range(5):
        assert lite.found("major", **{"decided_at": early, **said}) == []
    assert (lite.cell(), len(lite.rows("finding"))) == (before, 6)


def test_a_finding_is_stored_once(service: Service) -> None:
    """The same person says one thing about one decision; a second finding is a conflict, and nothing of it stays."""
    service.found("major", decision_id="dec_x")
    with pytest.raises(Conflict, match="dec_x"):
        service.found(decision_id="dec_x")
    assert (len(service.rows("finding")), len(service.rows("decision_log", kind="finding"))) == (1, 1)


def test_a_decision_counts_once(lite: Service) -> None:
    """Two people who find the same decision wrong are one error; a graver finding counts all the same."""
    lite.found("minor", decision_id="dec_x")
    lite.found("minor", decision_id="dec_x", by=LENA)
    assert lite.cell().track.detected == 1
    lite.found("major", decision_id="dec_x", by=PRIYA)
    assert lite.cell().track.detected == 2


def test_the_note_lies_behind_a_pointer(service: Service) -> None:
    """What a person wrote is in no line of the log and in no row of the finding: it can be erased."""
    service.found("major", note="Ada was told a figure that is not hers")
    assert all("Ada" not in str(row) for table in ("finding", "decision_log") for row in service.rows(table))
    (row,) = service.rows("finding")
    assert [one["payload"] for one in service.rows("personal", id=row["note_personal_id"])] != []


def test_a_critical_error_stops_the_cell(service: Service) -> None:
    """One critical error stops the cell, until somebody of rank releases it by name and with a reason."""
    assert kinds(service.found("critical")) == ["incident"]
    (row,) = service.rows("incident")
    who = {name: service.who(name) for name in (LENA, PRIYA)}

    def release(name: str, why: str) -> object:
        args = (service.store, service.playbook, name, who[name].role, row["id"], why)
        with service.inside():
            return promoting.release(*args)

    assert service.cell().track.halted
    with pytest.raises(Refused, match="approver"):
        release(LENA, "the cause is mended and tested")
    with pytest.raises(BadInput, match="why"):
        release(PRIYA, "ok")
    assert release(PRIYA, "the cause is mended and tested") is not None
    assert (service.cell().track.halted, service.cell().track.level) == (False, Level.DRAFT)
    with pytest.raises(Conflict, match="before"):
        release(PRIYA, "the cause is mended and tested")


def test_two_incidents_are_released_one_by_one(lite: Service) -> None:
    """While one incident of a kind is open, the cell stays stopped."""
    lite.found("critical")
    lite.found("critical")
    first, second = (row["id"] for row in lite.rows("incident"))
    told = []
    for one in (first, second):
        with lite.inside():
            told.append(
                promoting.release(lite.store, lite.playbook, PRIYA, "approver", one, "the cause is mended, tested")
            )
    assert (told[0], told[1] is None, lite.cell().track.halted) == (None, False, False)


# ---- up, with two people --------------------------------------------------------------------------------------------


def proven(service: Service, losses: str = "." * CLEAN) -> None:
    """Let a cell at drafts collect audits that mature."""
    service.put(Level.DRAFT)
    service.trusted()
    service.audited(losses, went="draft")
    service.sweeps(days=15)


def test_two_people_confirm(service: Service) -> None:
    """Evidence, maturity and two different people restore a cell; both names and the arithmetic are on record."""
    proven(service)
    (row,) = service.proposals
    assert "losses" in row["evidence"]
    assert service.confirm(PRIYA) is None
    with pytest.raises(Conflict, match="second person"):
        service.confirm(PRIYA, row["id"])
    moved = service.confirm(JONAS, row["id"])
    assert moved is not None
    assert (moved.move.before, moved.move.after, service.cell().track.level) == (1, 2, Level.WATCHED)
    (entry,) = service.rows("move", kind="promoted")
    assert entry["by"] == f"{PRIYA}, {JONAS}"
    assert service.cell().track.attempts == (1, 2, 1)
    assert service.cell().lease_until is not None


def immature(service: Service) -> None:
    """Let clean audits be a day short of mature."""
    service.put(Level.DRAFT)
    service.trusted()
    service.audited("." * CLEAN, went="draft")
    service.sweeps(days=13)


def untried(service: Service) -> None:
    """Let nobody have decided a planted draft."""
    service.put(Level.DRAFT)
    service.audited("." * CLEAN, went="draft")
    service.sweeps(days=15)


def careless(service: Service) -> None:
    """Let people miss most of the planted drafts."""
    service.put(Level.DRAFT)
    service.trusted(caught=3, missed=7)
    service.audited("." * (CLEAN * 3), went="draft")
    service.sweeps(days=15)


def stopped(service: Service) -> None:
    """Let an incident be open."""
    service.put(Level.DRAFT)
    service.trusted()
    service.found("critical")
    service.audited("." * CLEAN, went="draft")
    service.sweeps(days=15)


def too_few(service: Service) -> None:
    """Let ten audits be missing."""
    proven(service, "." * (CLEAN - 10))


def unanswered(service: Service) -> None:
    """Let one audit stay without a finding."""
    proven(service, "." * (CLEAN // 2) + "?" + "." * (CLEAN // 2))


def by_stake(service: Service) -> None:
    """Let the audits be drawn by stake."""
    service.put(Level.DRAFT)
    service.trusted()
    service.audited("." * CLEAN, chosen="stake", went="draft")
    service.sweeps(days=15)


def shown(service: Service) -> None:
    """Let people approve drafts that they were shown."""
    service.put(Level.DRAFT)
    service.trusted()
    for _ in range(CLEAN):
        service.found(origin="review", chosen="all", wanted=None, went="draft")
    service.sweeps(days=15)


@pytest.mark.parametrize(
    "story", [immature, untried, careless, stopped, too_few, unanswered, by_stake, shown], ids=lambda one: one.__name__
)
def test_nothing_is_proposed_without_cause(lite: Service, story: Callable[[Service], None]) -> None:
    """Immature, untested, careless, stopped, too few, unanswered, chosen or shown: none of it proposes a step up."""
    story(lite)
    assert (lite.proposals, lite.cell().track.level) == ([], Level.DRAFT)


def test_one_missing_label_counts_as_wrong(lite: Service) -> None:
    """An audit that nobody did in time counts as fully wrong, and holds up none behind it."""
    proven(lite, ".." + "?" + "..")
    assert (lite.cell().track.certified, lite.cell().track.lost) == (5, 1.0)


def test_head_of_line(lite: Service) -> None:
    """Decisions count in their order: what has not matured holds up what was decided after it."""
    lite.put(Level.DRAFT)
    lite.audited("....", days=1, went="draft")
    lite.sweeps(days=12)
    assert lite.cell().track.certified == 2
    lite.sweeps(days=5)
    assert lite.cell().track.certified == 4


def test_what_was_drawn_late_takes_its_place(lite: Service) -> None:
    """A ticket that ended weeks later is drawn later: its audit counts where its decision stands."""
    lite.put(Level.DRAFT)
    lite.audited("...", went="draft")
    lite.sweeps(days=15)
    early = lite.now - timedelta(days=15, minutes=2, seconds=30)
    with lite.at(early):
        lite.audited("?", went="draft")
    lite.audited(".", went="draft")
    lite.sweeps(days=15)
    assert (lite.cell().track.certified, lite.cell().track.lost) == (5, 1.0)


def test_a_late_error_corrects_the_record(lite: Service) -> None:
    """An error that surfaces about a decision that was counted as right is put into the running test."""
    proven(lite, "....")
    before, (decision, *_) = lite.cell().track, (row["decision_id"] for row in lite.rows("audit"))
    lite.found("major", decision_id=decision, origin="surfaced", chosen="surfaced", wanted=None, by="the check")
    after = lite.cell().track
    assert (after.certified, after.lost) == (before.certified, 1.0)
    assert max(after.capital) < max(before.capital)


def test_a_fresh_error_ends_a_proposal(lite: Service) -> None:
    """A proposal that the record carries no longer is refused at the second yes, and ends there."""
    proven(lite)
    (row,) = lite.proposals
    lite.confirm(PRIYA)
    decision = lite.rows("audit")[0]["decision_id"]
    lite.found("major", decision_id=decision, origin="surfaced", chosen="surfaced", wanted=None, by="the check")
    with pytest.raises(Refused, match="any more"):
        lite.confirm(JONAS, row["id"])
    assert (lite.rows("promotion")[0]["status"], lite.cell().track.level) == ("void", Level.DRAFT)


def test_a_move_ends_what_was_proposed(lite: Service) -> None:
    """A cell that is stopped while a step up waits for people goes nowhere, whoever says yes."""
    proven(lite)
    (row,) = lite.proposals
    lite.found("critical")
    with pytest.raises(Conflict, match="void"):
        lite.confirm(PRIYA, row["id"])
    assert lite.proposals == []


@pytest.mark.parametrize(("name", "error"), [(LENA, Refused), ("Piet Aalders", Refused), ("Hedda Brandt", Refused)])
def test_who_may_confirm(lite: Service, name: str, error: type[Exception]) -> None:
    """QA and everybody above the first signature decide about latitude, nobody else."""
    proven(lite)
    with pytest.raises(error, match="latitude"):
        lite.confirm(name)


def test_one_no_is_enough(lite: Service) -> None:
    """One person refuses a step up; it is asked again only after a while."""
    proven(lite)
    with lite.inside():
        promoting.refuse(
            lite.store, lite.playbook, MIRIAM, "executive", lite.proposals[0]["id"], "not before the audit"
        )
    seen = []
    for _ in range(3):
        lite.audited(".", went="draft")
        lite.sweeps(days=15)
        seen.append(len(lite.proposals))
    assert seen == [0, 1, 1]


def test_what_was_set_is_lifted_with_the_step(lite: Service) -> None:
    """A cell that was set lower because an effect did not hold is earned back by evidence and two people."""
    with lite.store.write() as connection:
        history.set_latitude(connection, Cell(intent=INTENT, segment=SEGMENT, cap=DRAFT, why="did not hold"), lite.now)
    assert kinds(lite.found("major", origin="surfaced", chosen="surfaced", wanted=None, by="the check")) == []
    assert (lite.cell().track.level, lite.cell().why) == (Level.DRAFT, "did not hold")
    lite.trusted()
    lite.now += timedelta(days=1)
    lite.audited("." * 120, went="draft")
    lite.sweeps(days=15)
    lite.confirm(PRIYA)
    lite.confirm(SAMUEL)
    with lite.inside() as bench, bench.store.read() as connection:
        assert {one.cap for one in history.cells(connection, lite.now)} == {"act"}


# ---- thresholds, leases, versions -----------------------------------------------------------------------------------


def test_a_lower_threshold_counts_at_once(lite: Service) -> None:
    """A threshold that falls works the running test out anew; one that rises waits for the next attempt."""
    proven(lite)
    full = lite.cell().track
    lite.playbook = lite.playbook.model_copy(
        update={"latitude": lite.playbook.latitude.model_copy(update={"loss_at_most": 0.02})}
    )
    lite.sweeps()
    fell = lite.cell().track
    assert fell.theta == pytest.approx(full.theta * 0.4)
    assert (fell.certified, max(fell.capital) < max(full.capital)) == (full.certified, True)
    lite.playbook = lite.playbook.model_copy(
        update={"latitude": lite.playbook.latitude.model_copy(update={"loss_at_most": 0.10})}
    )
    lite.audited(".", went="draft")
    lite.sweeps(days=15)
    assert (lite.cell().track.theta, lite.cell().track.certified) == (fell.theta, fell.certified + 1)


def test_a_lease_runs_out(service: Service) -> None:
    """A cell that went out alone and that nobody audits for the lease's days goes one level down, once."""
    service.audited("..")
    assert service.cell().lease_until is not None
    assert service.sweeps(days=29) == []
    assert kinds(service.sweeps(days=2)) == ["lease"]
    assert (service.cell().track.level, service.sweeps(days=40)) == (Level.DRAFT, [])


def test_an_audit_renews_the_lease(lite: Service) -> None:
    """Every finding of an audit renews the lease; other findings do not."""
    lite.audited(".")
    lite.now += timedelta(days=20)
    lite.found(origin="review", chosen="all", wanted=None, went="draft")
    first = lite.cell().lease_until
    lite.found()
    assert lite.cell().lease_until == (lite.now + timedelta(days=30)).isoformat() != first


@pytest.mark.parametrize(
    ("before", "halted", "after", "move"),
    [
        (Level.ALONE, False, Level.WATCHED, ["version"]),
        (Level.WATCHED, False, Level.WATCHED, []),
        (Level.DRAFT, False, Level.DRAFT, []),
        (Level.OBSERVE, False, Level.OBSERVE, []),
        (Level.DRAFT, True, Level.DRAFT, []),
    ],
)
def test_a_new_version_begins_anew(lite: Service, before: Level, halted: bool, after: Level, move: list[str]) -> None:
    """A new version has nothing of what was earned, keeps what was lost, and a stop holds over it."""
    one = lite.put(before)
    lite.put(before, track=one.track._replace(certified=50, halted=halted))
    lite.version, lite.now = "v2", lite.now + timedelta(hours=1)
    assert kinds(lite.found()) == move
    new = lite.cell().track
    assert (new.level, new.certified, new.halted) == (after, 0, halted)


def test_the_test_in_the_ledger_is_the_test_on_paper(lite: Service) -> None:
    """Thousands of findings in any order leave exactly the state that the pure functions compute."""
    chance = random.Random(7)
    losses = "".join("x" if chance.random() < 0.02 else "." for _ in range(150))
    lite.put(Level.DRAFT)
    lite.audited(losses, went="draft")
    lite.sweeps(days=15)
    theta = lite.cell().track.theta
    capital = promotion.capital_of([float(mark == "x") for mark in losses], theta)
    track = ladder.Track(Level.DRAFT, theta)
    for mark in losses:
        track, _ = ladder.detect(track, float(mark == "x"), critical=False, terms=lite.playbook.latitude)
    assert lite.cell().track.capital == pytest.approx(capital)
    assert lite.cell().track.parts == pytest.approx(track.parts)


def test_nothing_new_writes_nothing(lite: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is due the sweep opens no writing transaction."""
    proven(lite, "....")
    lite.sweeps()

    def refused(about: str | None = None) -> None:
        raise AssertionError(f"wrote about {about}")

    monkeypatch.setattr(lite.store, "write", refused)
    assert lite.sweeps() == []
