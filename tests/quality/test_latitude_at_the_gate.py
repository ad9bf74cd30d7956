"""What the gate sees of the ladder: levels, leases, versions and lessons hold at the moment of the ruling."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from requirements.room import LENA
from requirements.world import account, credit, doc
from sqlalchemy import event

from cxagent import clock
from cxagent.domain.cell import Cell, Level
from cxagent.domain.vocabulary import DRAFT, Autonomy
from cxagent.errors import BadInput
from cxagent.ledger import history
from cxagent.project import Extensions
from quality.service import INTENT, SEGMENT, Service

OTHER = "Would you put a small sum on our account, as a gesture?"
ASKS = "Which browsers can show the charts?"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A room whose cells move."""
    made = Service(f"sqlite:///{tmp_path / 'world.sqlite'}", tmp_path)
    yield made
    made.close()


def why(service: Service, result: dict[str, Any]) -> str:
    """Return the first sentence that capped a ticket."""
    entry = service.entries(result["ticket_id"], "ruling")[-1]
    return next((one["why"] for one in entry["personal"]["ruling"]["caps"]), "")


def marked(service: Service, result: dict[str, Any]) -> tuple[int, str, str]:
    """Return which level, chance and route without latitude the log holds for a ticket."""
    body = service.entries(result["ticket_id"], "ruling")[-1]["body"]
    return body["level"], body["chance"], body["would"]


@pytest.mark.parametrize(
    ("level", "route", "chance"),
    [
        (Level.OBSERVE, "handoff", "1.0"),
        (Level.DRAFT, "draft", "1.0"),
        (Level.WATCHED, "act", "0.5"),
        (Level.ALONE, "act", "0.1"),
    ],
)
def test_the_level_of_a_cell_caps_its_tickets(service: Service, level: Level, route: str, chance: str) -> None:
    """A cell's level is the most that its tickets get, and how often they are audited; its neighbours stay."""
    service.put(level)
    result = service.comes()
    assert (result["autonomy"], marked(service, result)) == (route, (int(level), chance, "act"))
    assert service.comes(says=lambda _: doc())["autonomy"] == "act"
    assert service.comes(says=lambda one: credit("4.00", account_id=one), kind="mid")["reasons"] != ["latitude"]


def test_the_lower_of_set_and_earned_counts(service: Service) -> None:
    """What was set because an effect did not hold caps a cell that earned more, and it is audited as it stands."""
    service.put(Level.ALONE)
    with service.store.write() as connection:
        history.set_latitude(
            connection, Cell(intent=INTENT, segment=SEGMENT, cap=DRAFT, why="did not hold"), service.now
        )
    result = service.comes()
    assert (result["autonomy"], marked(service, result)[:2]) == ("draft", (1, "1.0"))


@pytest.mark.parametrize(
    ("level", "route"),
    [(Level.ALONE, "act"), (Level.WATCHED, "draft"), (Level.DRAFT, "draft"), (Level.OBSERVE, "handoff")],
)
def test_a_lease_that_ran_out_counts_without_a_sweep(service: Service, level: Level, route: str) -> None:
    """A lease that ran out lowers the level by one at the very next ruling, whether or not anybody noted it."""
    service.put(level, lease_until=(service.now - timedelta(minutes=1)).isoformat())
    result = service.comes()
    assert (result["autonomy"], marked(service, result)[0]) == (route, max(level - 1, min(level, 1)))


@pytest.mark.parametrize(
    ("former", "halted", "route"),
    [
        (Level.ALONE, False, "act"),
        (Level.DRAFT, False, "draft"),
        (Level.OBSERVE, False, "handoff"),
        (Level.DRAFT, True, "draft"),
    ],
)
def test_a_former_version_counts_while_the_new_one_has_no_record(
    service: Service, former: Level, halted: bool, route: str
) -> None:
    """A new version begins where the version before was lowered to; what that one had earned beyond is gone."""
    one = service.put(former)
    service.put(former, track=one.track._replace(halted=halted))
    service.version = "v2"
    result = service.comes()
    assert result["autonomy"] == route
    assert marked(service, result)[0] == min(former, Level.WATCHED)


def test_going_back_to_a_version_releases_nothing(service: Service) -> None:
    """A stop holds for every version of the kind, also for one that was never stopped itself."""
    service.put(Level.ALONE)
    service.version, service.now = "v2", service.now + timedelta(hours=1)
    service.found("critical")
    service.version = "v1"
    result = service.comes()
    assert result["autonomy"] == "draft"
    assert why(service, result).endswith("an incident of 2027-03-09 is not released")


@pytest.mark.parametrize(
    ("start", "route", "level"), [("granted", "act", 2), ("earned", "draft", 1), ("observed", "handoff", 0)]
)
def test_where_a_kind_of_case_begins(tmp_path: Path, start: str, route: str, level: int) -> None:
    """A kind of case without a record stands where the signed playbook lets it start, in every segment."""
    service = Service(f"sqlite:///{tmp_path / 'world.sqlite'}", tmp_path, start=start)
    result = service.comes()
    assert (result["autonomy"], marked(service, result)[0]) == (route, level)
    if start != "granted":
        assert "has not been earned yet" in why(service, result)
    service.put(Level.WATCHED)
    assert service.comes()["autonomy"] == "act"
    service.close()


def test_a_replay_has_no_start(service: Service) -> None:
    """A judge that does not earn, as in a replay, caps nothing on an empty history, whatever the playbook's start."""
    terms = service.playbook.latitude.model_copy(update={"start": "observed"})
    service.playbook = service.playbook.model_copy(update={"latitude": terms})
    bench = service.bench()
    judge = bench.judge.__class__(**{**bench.judge.__dict__, "earns": False})
    one = account(id="A-9")
    service.accounts["A-9"] = one
    incoming = service.ticket("T-9", "ada@a-9.example", ASKS, "A-9")
    with clock.frozen(service.now):
        found = judge.look(incoming.ticket, "A-9")
        sub = judge.submit(incoming.ticket, found, judge.read(incoming.ticket, found), doc(), read_by_proposer=True)
        assert judge.rule(sub).autonomy == Autonomy.ACT


def test_a_quiet_ledger_is_asked_one_question(service: Service) -> None:
    """With no stop, lowered cell, lesson or alarm a ruling asks one question about all, and one for its own record."""
    service.put(Level.WATCHED)
    asked: list[str] = []
    event.listen(service.store.engine, "before_cursor_execute", lambda c, cur, said, *_: asked.append(said))
    event.listen(service.store._reader, "before_cursor_execute", lambda c, cur, said, *_: asked.append(said))
    service.comes()
    about = [said for said in asked if "FROM cell" in said or "FROM lesson" in said]
    assert about
    rest = {said for said in about if "FROM stop" not in said}
    assert len(rest) == 1 and "cell.intent IN" in rest.pop()


# ---- similar cases --------------------------------------------------------------------------------------------------


def lowered(service: Service, message: str = OTHER) -> None:
    """Let three like cases of a kind go wrong."""
    for _ in range(3):
        service.found("major", service.comes(message=message))


def test_like_messages_elsewhere_are_drafted(service: Service) -> None:
    """After a kind went wrong, like messages of the same intent in another segment and of others wait for a person."""
    lowered(service)
    result = service.comes(message=OTHER, **{"crm.segment": "mid_market"})
    assert result["autonomy"] == "draft"
    assert "resembles 3 cases that people put right: dec_" in why(service, result)
    assert service.comes(message=ASKS, **{"crm.segment": "mid_market"})["autonomy"] == "act"


def test_a_cell_that_still_acts_asks_about_like_messages(service: Service) -> None:
    """A kind that fell from the highest level acts on, but what resembles its errors waits for a person."""
    service.put(Level.ALONE)
    lowered(service)
    assert service.cell().track.level == Level.WATCHED
    assert [service.comes(message=one)["autonomy"] for one in (OTHER, ASKS)] == ["draft", "act"]


def test_lessons_fade_and_are_forgotten(service: Service) -> None:
    """What was learned caps less as time passes, and is forgotten in the end."""
    lowered(service)
    service.now += timedelta(days=30)
    assert service.comes(message=OTHER, **{"crm.segment": "mid_market"})["autonomy"] == "draft"
    service.now += timedelta(days=30)
    assert service.comes(message=OTHER, **{"crm.segment": "mid_market"})["autonomy"] == "act"


def test_an_erased_case_teaches_nothing(service: Service) -> None:
    """When a sender's texts are erased, nothing resembles them any more."""
    lowered(service)
    assert service.comes(message=OTHER, **{"crm.segment": "mid_market"})["autonomy"] == "draft"
    with service.inside():
        for number in (1, 3, 5):
            service.agent.erase(f"ada@a-{number}.example")
    assert service.rows("lesson") != []
    assert service.comes(message=OTHER, **{"crm.segment": "mid_market"})["autonomy"] == "act"


@pytest.mark.parametrize("severity", ["minor", "major"])
def test_a_single_ordinary_error_teaches_nothing(service: Service, severity: str) -> None:
    """One error, however grave short of critical, leaves no lesson."""
    service.found(severity, service.comes(message=OTHER))
    assert service.rows("lesson") == []


def test_a_critical_error_teaches_at_once(service: Service) -> None:
    """A critical error is learned by itself."""
    service.found("critical", service.comes(message=OTHER))
    assert service.comes(message=OTHER, **{"crm.segment": "mid_market"})["autonomy"] == "draft"


def test_a_project_brings_its_embeddings() -> None:
    """What is passed as embeddings must be able to embed; anything else is refused at once."""
    with pytest.raises(BadInput, match="embed_documents"):
        Extensions(embeddings=object())  # type: ignore[arg-type]


# ---- reviews --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "said", "severity", "loss"),
    [
        ("approve", {}, None, 0.0),
        ("edit", {"reply": "Thank you, we have noted your credit."}, "minor", 0.25),
        ("reject", {"reason": "risk_misjudged"}, "major", 1.0),
    ],
)
def test_a_verdict_on_a_draft_is_a_finding(
    service: Service, verdict: Any, said: dict[str, Any], severity: str | None, loss: float
) -> None:
    """Each verdict on a shown draft is a finding of the decision, in the same moment, and certifies nothing."""
    service.put(Level.DRAFT)
    result = service.comes()
    service.review(result["draft_id"], verdict, LENA, **said)
    (row,) = service.rows("finding")
    assert (row["severity"], row["loss"], row["origin"], row["wanted"], row["by"]) == (
        severity,
        loss,
        "review",
        None,
        LENA,
    )
    assert (row["would"], row["went"], row["version"]) == ("act", "draft", "v1")
    assert (service.cell().track.detected, service.cell().track.certified) == (1, 0)


def test_an_answer_through_the_graph_counts_for_nothing(service: Service) -> None:
    """Who answers by the graph's own protocol has no name, so no cell hears of it."""
    from langgraph.types import Command

    service.put(Level.DRAFT)
    result = service.comes()
    service.invoke(Command(resume={"type": "accept", "args": None}), result["ticket_id"])
    assert service.rows("finding") == []
