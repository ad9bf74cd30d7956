"""What the requirements ask of scheduled audits, one by one."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from quality.audited import ALL, GOAL, NONE, Audited

from cxagent import clock, worker
from cxagent.domain.finding import RUBRIC
from cxagent.errors import BadInput
from cxagent.inbox.care import care
from cxagent.quality import auditing
from requirements.room import JONAS
from requirements.world import playbook

PERSON = "I want to speak to a human being about our plan."


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Audited]:
    """A room in which every decision is drawn."""
    made = Audited(f"sqlite:///{tmp_path / 'room.sqlite'}", tmp_path)
    yield made
    made.close()


# ---- R47 ------------------------------------------------------------------------------------------------------------


def test_experts_review_on_a_calendar(room: Audited) -> None:
    """R47: the sweep draws what ended, with a date and a person; rubric, code and severity are on record."""
    room.alone(1)
    with room.inside():
        worker.sweep(room.agent)
    row = room.rows("audit")[0]
    assert (row["auditor"], row["due"]) == (JONAS, (room.now + timedelta(days=7)).isoformat())
    room.want(row["id"], route="draft")
    with pytest.raises(BadInput, match="words alone"):
        room.judge(row["id"], agrees=False, note="This is plainly wrong.")
    wrong = {"agrees": False, "severity": "major", "reasons": ("risk_misjudged", "missing_context")}
    found = room.judge(row["id"], **wrong, rubric={**dict.fromkeys(RUBRIC, "met"), "routing": "not_met"})
    assert (found.unmet, found.severity, found.reasons) == (("routing",), "major", wrong["reasons"])


def test_agreement_between_people_is_reported(room: Audited) -> None:
    """R47: what two people said of one decision, neither knowing of the other, is counted with its interval."""
    room.playbook = playbook({**ALL, "latitude.audited.second": 1.0})
    for number in range(1, 6):
        room.alone(number)
    for row in room.draw().audits:
        apart = row["ticket_id"] == "T-1" and row["round"] == 2
        room.want(row["id"], row["auditor"], route="draft" if apart else "act")
        said = {"agrees": False, "severity": "minor", "reasons": ("tone_or_brand",)} if apart else {}
        room.judge(row["id"], row["auditor"], **said)
    with room.inside() as bench, bench.store.read() as connection:
        found = care(connection)
    assert (found.audited_twice, found.agreement.value) == (5, 0.8)
    assert found.agreement.low < 0.8 < found.agreement.high


# ---- R48 ------------------------------------------------------------------------------------------------------------


def test_right_by_policy_can_fail_on_goals(room: Audited) -> None:
    """R48: the goal stands there with speaker, date and source; an answer that policy allows is found wrong by it."""
    room.alone(1, **{"crm.stated_goals": [GOAL]})
    audit = room.draw().audits[0]["id"]
    seen = room.sheet(audit)
    assert seen.goals == [GOAL] and seen.goals_of.startswith("CRM, as of 20")
    room.want(audit)
    with pytest.raises(BadInput, match="even where policy allows it"):
        room.judge(audit, by_policy=True, by_goals=False)
    found = room.judge(
        audit, by_policy=True, by_goals=False, agrees=False, severity="major", reasons=("customer_relationship",)
    )
    row = room.rows("finding")[0]
    assert (found.by_policy, found.by_goals, found.loss) == (True, False, 1.0)
    assert (bool(row["by_policy"]), bool(row["by_goals"]), bool(row["agrees"])) == (True, False, False)


# ---- R51 ------------------------------------------------------------------------------------------------------------


def test_every_decision_is_in_the_plan(room: Audited) -> None:
    """R51: what went alone, what a person let go and what was handed over is drawn, each with chance and due date."""
    room.alone(1)
    room.ended(2, "handed_off", message=PERSON)
    draft = room.drafted(3)
    with room.inside():
        room.sign(draft)
    room.later()
    found = {row["ticket_id"]: row for row in room.draw().audits}
    assert {row["went"] for row in found.values()} == {"act", "handoff", "draft"}
    assert all(row["chance"] == 1.0 and row["due"] > room.now.isoformat() for row in found.values())


def test_batches_are_random_risk_weighted_and_stratified(room: Audited) -> None:
    """R51: chance draws a share, what is at stake adds to it, and what neither reached is drawn for its cell."""
    room.playbook = playbook({"latitude.audited.watched": 0.3, "latitude.audited.by_stake": 1.0})
    for number in range(1, 31):
        room.alone(number, "calm mid" if number % 2 else "small")
    drawn = {row["chosen"] for row in room.draw().audits if row["round"] == 1}
    assert {"uniform", "stake"} <= drawn
    room.playbook = playbook(NONE)
    room.ended(41, "handed_off", message=PERSON)
    assert {row["chosen"] for row in room.draw().audits} == {"stratum"}


def test_no_stratum_goes_unsampled_for_ever(room: Audited) -> None:
    """R51: over half a year in which chance draws nothing, no cell decides for longer than a month without an audit."""
    room.playbook, begun = playbook(NONE), room.now
    for week in range(26):
        room.now = begun + timedelta(weeks=week)
        room.ended(week + 1, "handed_off", message=PERSON)
        room.draw()
    decided = sorted(datetime.fromisoformat(row["decided_at"]) for row in room.rows("audit"))
    assert len(decided) == 6
    assert all(later - one <= timedelta(days=37) for one, later in pairwise(decided))


def test_coverage_is_known_and_alarms(room: Audited) -> None:
    """R51: by cell it is known what was decided, drawn and audited; past its date an audit is an alarm."""
    for number in range(1, 4):
        room.alone(number)
    audits = [row["id"] for row in room.draw().audits]
    room.want(audits[0])
    room.judge(audits[0])
    room.now += timedelta(days=8)
    found = room.covered()
    assert [(one.decisions, one.drawn, one.done, one.overdue) for one in found.cells] == [(3, 3, 1, 2)]
    assert found.overdue == 2
    with room.inside() as bench, bench.store.read() as connection:
        assert [row["overdue"] for row in auditing.due(connection, clock.now())] == [True, True]


def test_what_runs_in_shadow_is_audited_in_full(room: Audited) -> None:
    """R51: while nothing acts, all that the machine would have done alone is drawn, as evidence that counts."""
    room.playbook, room.shadow = playbook({"latitude.audited.second": 0.0}), True
    for number in range(1, 6):
        room.ended(number, "handed_off")
    rows = room.draw().audits
    names = ("chosen", "chance", "would", "went")
    assert [tuple(row[name] for name in names) for row in rows] == [("all", 1.0, "act", "handoff")] * 5
    assert room.ran == []
    audit = next(row for row in rows if row["auditor"] == JONAS)
    room.want(audit["id"])
    assert room.judge(audit["id"]).certifies
