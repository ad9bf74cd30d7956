"""Audits: what is drawn follows from a seed alone, nobody judges what they saw, and the first word comes blind."""

import json
import math
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from requirements.room import JONAS, LENA, MIRIAM, OSKAR, PIET, PRIYA
from requirements.world import ROOT, credit, doc, playbook
from sqlalchemy import event
from typer.testing import CliRunner, Result

from cxagent import clock
from cxagent.cli import app
from cxagent.domain.finding import RUBRIC
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.inbox import planting
from cxagent.judge import Judge
from cxagent.ledger import audits
from cxagent.quality import drawing
from cxagent.quality.drawing import Decision, Pick, Rota, chosen, share_of
from quality.audited import GOAL, NONE, Audited

MANY = 4000
WATCHED = Decision(
    *("dec_1", "T-1", "A-1", "A-1", "2027-03-09T10:00:00+00:00", "per_1", "howto_question", "smb", "v1"),
    *(2, "act", "act", "USD 0.00", 0.5),
)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Audited]:
    """A room in which every decision is drawn."""
    made = Audited(f"sqlite:///{tmp_path / 'room.sqlite'}", tmp_path)
    yield made
    made.close()


def decision(number: int = 1, **said: Any) -> Decision:
    """Return a decision as the draw sees it."""
    return Decision(**{**vars(WATCHED), "id": f"dec_{number}", **said})


# ---- chance ---------------------------------------------------------------------------------------------------------


def test_the_draw_follows_from_seed_and_id() -> None:
    """The same seed draws the same decisions in any order; another seed draws others."""
    book, ids = playbook(), range(200)

    def drawn(seed: str, order: Any) -> set[int]:
        return {number for number in order if chosen(seed, decision(number), book)}

    assert drawn("one", ids) == drawn("one", reversed(ids)) != drawn("another", ids)


@pytest.mark.parametrize("chance", [0.1, 0.5])
def test_the_uniform_share_is_the_recorded_chance(chance: float) -> None:
    """Over 4,000 decisions the share lies within four standard deviations of the chance that each carries."""
    book = playbook()
    picks = [chosen("a seed", decision(number, chance=chance), book) for number in range(MANY)]
    uniform = sum(pick is not None and pick.chosen == "uniform" for pick in picks)
    assert abs(uniform - chance * MANY) <= 4 * math.sqrt(MANY * chance * (1 - chance))
    assert {pick.chance for pick in picks if pick and pick.chosen == "uniform"} == {chance}


@pytest.mark.parametrize(
    ("stake", "chance"), [("USD 0.00", 0.0), ("USD 250,000.00", 0.0125), ("USD 9,000,000.00", 0.05), ("unknown", 0.05)]
)
def test_extra_draws_are_in_proportion_to_the_stake(stake: str, chance: float) -> None:
    """What rides on an account adds a chance up to the bound of the terms; such a draw is flagged with that chance."""
    book = playbook({"latitude.audited.by_stake": 0.05})
    picks = [chosen("s", decision(number, stake=stake, chance=10**-9), book) for number in range(MANY)]
    found = [pick for pick in picks if pick is not None]
    assert {(pick.chosen, round(pick.chance, 6)) for pick in found} <= {("stake", chance)}
    assert abs(len(found) - chance * MANY) <= 4 * math.sqrt(MANY * chance * (1 - chance)) + 0.5


def test_a_chance_of_one_draws_everything() -> None:
    """Where all are drawn the reason says so, and no luck is asked for."""
    assert chosen("s", decision(chance=1.0), playbook()) == Pick(decision(chance=1.0), "all", 1.0)


def test_purposes_are_drawn_independently() -> None:
    """Who is drawn for one purpose says nothing about another: second opinions are no subset of anything."""
    both = sum(share_of("s", f"d{n}", "uniform") < 0.5 and share_of("s", f"d{n}", "second") < 0.5 for n in range(MANY))
    assert abs(both - 0.25 * MANY) <= 4 * math.sqrt(MANY * 0.25 * 0.75)


# ---- what is drawn --------------------------------------------------------------------------------------------------


def test_the_chance_is_the_one_in_the_log(room: Audited) -> None:
    """The chance that an audit holds was written into the ruling's line, before anything went out."""
    room.playbook = playbook({"latitude.audited.watched": 0.75, "latitude.audited.by_stake": 0.0})
    for number in range(1, 9):
        room.alone(number)
    drawn = [row for row in room.draw().audits if row["chosen"] == "uniform"]
    assert drawn
    for row in drawn:
        line = room.decision(row["decision_id"])
        assert (float(line["body"]["chance"]), row["would"]) == (row["chance"], "act") == (0.75, line["body"]["would"])


def test_drawing_again_draws_nothing(room: Audited) -> None:
    """What was looked through is not drawn twice, by the same process or by another one."""
    for number in range(1, 4):
        room.alone(number)
    assert len(room.draw().audits) == 3
    twin = room.twin()
    with twin.inside():
        assert drawing.draw(twin.agent, room.now).audits == ()
    assert room.draw() == drawing.Drawn(0, ())
    assert len(room.rows("audit")) == 3


def test_nothing_new_costs_one_question_to_the_tickets(room: Audited) -> None:
    """Where no ticket ended since, a draw asks three small questions and writes nothing."""
    room.alone(1)
    room.draw()
    said: list[str] = []
    with room.inside():
        event.listen(room.store.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
        drawing.draw(room.agent, room.now)
    asked = [one for one in said if not one.startswith("BEGIN")]
    assert len(asked) <= 4 and sum("FROM ticket" in one for one in asked) <= 1
    assert not [one for one in asked if not one.startswith("SELECT")]


def test_what_comes_on_record_late_is_found(room: Audited) -> None:
    """A ticket that ended a minute before the last one that was looked at is drawn once it is on record."""
    room.alone(1)
    room.draw()
    room.now -= timedelta(minutes=1)
    room.alone(2)
    assert [row["ticket_id"] for row in room.draw().audits] == ["T-2"]


def test_many_tickets_of_one_moment_are_all_looked_through(room: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that is smaller than what ended in one moment loses nothing between two batches."""
    monkeypatch.setattr(audits, "BATCH", 2)
    monkeypatch.setattr(audits, "_JUST_ENDED", audits._JUST_ENDED.limit(2))
    for number in range(1, 6):
        room.alone(number)
    assert room.draw().looked == 5
    assert {row["ticket_id"] for row in room.rows("audit")} == {f"T-{number}" for number in range(1, 6)}


def test_a_rewritten_draft_is_judged_as_the_machine_wrote_it(room: Audited) -> None:
    """Where a person sent their own version, the audit is of the ruling on the draft, not of that on the version."""
    draft = room.drafted()
    written = room.row(draft)["decision_id"]
    with room.inside():
        room.sign(draft, PRIYA, "edit", reply="Your credit is noted, with our thanks.")
    room.later()
    assert len(room.entries("T-1", "ruling")) == 2
    assert [row["decision_id"] for row in room.draw().audits] == [written]


def test_lines_from_before_there_were_marks_are_passed_over(room: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ruling whose line says nothing of a chance has none, and is not drawn."""
    with monkeypatch.context() as patch:
        patch.setattr(Judge, "marks", lambda self, sub, ruling: {})
        room.alone(1)
    assert room.draw() == drawing.Drawn(1, ())


def test_planted_drafts_are_no_decisions(room: Audited) -> None:
    """A draft that was planted leaves nothing to audit, whatever the verdict on it."""
    draft = room.drafted()
    with room.inside():
        room.sign(draft)
    room.later()
    with room.inside():
        trap = planting.plant(room.agent, room.who(JONAS), 1)[0]
        room.sign(trap)
    room.later()
    assert [row["ticket_id"] for row in room.draw().audits] == ["T-1"]


def test_erased_texts_are_passed_over_and_let_go(room: Audited) -> None:
    """What was erased before the draw is not drawn; what is erased after it can be judged by nobody, and is not due."""
    room.alone(1)
    room.alone(2)
    with room.inside():
        room.agent.erase("ada@a-1.example")
    audit = room.draw().audits
    assert [row["ticket_id"] for row in audit] == ["T-2"]
    with room.inside():
        room.agent.erase("ada@a-2.example")
    with pytest.raises(Refused, match="erased"):
        room.sheet(audit[0]["id"])
    room.draw()
    assert [row["status"] for row in room.rows("audit")] == ["void"]


def test_no_cell_goes_unsampled(room: Audited) -> None:
    """Where chance draws nothing, each cell has one audit all the same, and the next one a month later."""
    room.playbook = playbook(NONE)
    for number in range(1, 4):
        room.alone(number)
    room.alone(4, "mid")
    found = room.draw().audits
    assert [(row["chosen"], round(row["chance"], 3)) for row in found] == [("stratum", 0.333), ("stratum", 1.0)]
    assert len({row["segment"] for row in found}) == 2
    room.alone(5)
    assert room.draw().audits == ()
    room.now += timedelta(days=31)
    room.alone(6)
    assert [row["ticket_id"] for row in room.draw().audits] == ["T-6"]


def test_shadow_decisions_are_all_drawn(room: Audited) -> None:
    """In shadow mode nothing acts, and what the machine would have done is drawn with certainty."""
    room.playbook, room.shadow = playbook(), True
    room.ended(1, "handed_off")
    row = room.draw().audits[0]
    assert (row["chosen"], row["chance"], row["would"], row["went"], row["level"]) == ("all", 1.0, "act", "handoff", 0)


# ---- who does it ----------------------------------------------------------------------------------------------------


def test_nobody_audits_what_they_decided_or_saw(room: Audited) -> None:
    """Who let a draft go, who has looked at it and whose ticket it is get no audit of it, and may not take one."""
    draft = room.drafted()
    with room.inside():
        for name in (JONAS, OSKAR):
            room.inbox.looked(room.who(name), "page", "card", draft, "A-1")
        room.sign(draft, LENA)
    room.later()
    row = room.draw().audits[0]
    assert row["auditor"] not in (None, JONAS, OSKAR, LENA)
    with room.inside():
        room.inbox.looked(room.who(MIRIAM), "page", "why", row["ticket_id"], "A-1")
    for name in (JONAS, OSKAR, LENA, MIRIAM):
        with pytest.raises(Refused, match="somebody else"):
            room.want(row["id"], name)
    with pytest.raises(Refused, match="audits no decisions"):
        room.want(row["id"], PIET)


def test_the_least_busy_is_next() -> None:
    """QA comes first, then the ladder; of several whoever has the least to do and is there; the same again the same."""
    book = playbook()
    ladder = [one.name for one in book.people if book.rank_of(one.role) >= 0]
    assert Rota(book, {}, ()).next(()) == JONAS
    rota = Rota(book, {ladder[0]: 2, ladder[1]: 1}, {ladder[2]})
    assert rota.next({JONAS.upper()}) == ladder[3]
    assert [Rota(book, {}, ()).next((JONAS,), second=True) for _ in range(3)] == [ladder[0]] * 3
    assert Rota(book, {}, ()).next((JONAS, *ladder)) is None


def test_second_opinions_are_somebody_elses(room: Audited) -> None:
    """A drawn share has a second audit by another person, who may not read the first one nor give both."""
    room.playbook = playbook({"latitude.audited.watched": 1.0, "latitude.audited.second": 1.0})
    room.alone(1)
    first, second = room.draw().audits
    assert (first["round"], second["round"], second["chosen"], second["chance"]) == (1, 2, "second", 1.0)
    assert first["auditor"] != second["auditor"] and first["decision_id"] == second["decision_id"]
    room.want(first["id"], first["auditor"])
    with pytest.raises(Refused, match="somebody else"):
        room.want(second["id"], first["auditor"])
    with pytest.raises(Refused, match="nobody else reads"):
        room.sheet(first["id"], second["auditor"])


def test_second_opinions_are_drawn_with_their_share(room: Audited) -> None:
    """Of forty audits about half get a second one where the terms say half, each with that chance on record."""
    room.playbook = playbook({"latitude.audited.watched": 1.0, "latitude.audited.second": 0.5})
    for number in range(1, 41):
        room.alone(number)
    second = [row for row in room.draw().audits if row["round"] == 2]
    assert 7 <= len(second) <= 33 and {row["chance"] for row in second} == {0.5}


def test_an_audit_that_nobody_began_can_be_taken_over(room: Audited) -> None:
    """Where its auditor does not come to it, a colleague who may does it, and it is theirs from then on."""
    room.alone(1)
    row = room.draw().audits[0]
    room.want(row["id"], LENA)
    with pytest.raises(Refused, match="Lena Hartmann's"):
        room.judge(row["id"], JONAS)
    assert room.judge(row["id"], LENA).by == LENA


# ---- blind ----------------------------------------------------------------------------------------------------------


def test_the_machine_is_seen_after_ones_own_word(room: Audited) -> None:
    """Before the first step the sheet holds nothing of the machine's; after it there is the answer, and no way back."""
    room.alone(1)
    audit = room.draw().audits[0]["id"]
    assert room.sheet(audit).machine is None
    with pytest.raises(BadInput, match="say first"):
        room.judge(audit)
    room.want(audit, words="Point them to the page on schedules.")
    seen = room.sheet(audit)
    assert seen.machine is not None and (seen.machine.reply, seen.machine.went) == (doc().reply, "act")
    assert seen.wanted is not None and seen.wanted.words == "Point them to the page on schedules."
    with pytest.raises(Conflict, match="stays as it was said"):
        room.want(audit, route="draft")
    room.judge(audit)
    with pytest.raises(Conflict, match="on record"):
        room.judge(audit)


WRONG = {"agrees": False, "severity": "minor", "reasons": ("tone_or_brand",)}


@pytest.mark.parametrize(
    ("wanted", "said", "sentence"),
    [
        ("act", {"agrees": False, "note": "This is plainly wrong."}, "words alone are not enough"),
        ("act", {**WRONG, "reasons": ()}, "at least one reason code"),
        ("act", {**WRONG, "severity": None}, "how bad it was"),
        ("act", {**WRONG, "reasons": ("bad",)}, "is no reason; reasons are wrong_facts"),
        ("act", {**WRONG, "by_goals": None}, "their goals are on record"),
        ("act", {"by_goals": False}, "fails their goals is not agreed with, even where policy allows it"),
        ("act", {"by_policy": False}, "wrong by our own policy"),
        ("draft", {}, "you wanted draft, and the machine would act: that is stricter"),
        ("handoff", {}, "stricter"),
        ("act", {"rubric": {**dict.fromkeys(RUBRIC, "met"), "tone": "not_met"}}, "tone was not met"),
        ("act", {"rubric": {"tone": "met"}}, "say of facts, action"),
        ("act", {"rubric": {**dict.fromkeys(RUBRIC, "met"), "style": "met"}}, "no part of the rubric"),
        ("act", {"severity": "minor"}, "neither a severity nor a reason"),
    ],
)
def test_what_says_too_little_or_contradicts_itself_is_refused(
    room: Audited, wanted: str, said: dict[str, Any], sentence: str
) -> None:
    """Each refusal is a sentence, nothing is on record, and the audit waits as it did."""
    room.alone(1, **{"crm.stated_goals": [GOAL]})
    audit = room.draw().audits[0]["id"]
    room.want(audit, route=wanted)
    with pytest.raises(BadInput, match=sentence):
        room.judge(audit, **{"by_goals": True, **said})
    assert (room.rows("finding"), room.rows("audit")[0]["status"]) == ([], "seen")


def test_what_agrees_and_what_does_not_is_on_record(room: Audited) -> None:
    """A finding holds the marks of its draw, what was wanted blind, and what was found."""
    room.alone(1)
    room.alone(2)
    first, second = (row["id"] for row in room.draw().audits)
    room.want(first)
    room.want(second, route="draft")
    room.now += timedelta(minutes=3)
    agreed, wrong = (
        room.judge(first),
        room.judge(second, **WRONG, rubric={**dict.fromkeys(RUBRIC, "met"), "tone": "not_met"}),
    )
    assert (agreed.loss, agreed.certifies, agreed.wanted, agreed.chosen, agreed.chance) == (
        0.0,
        True,
        "act",
        "all",
        1.0,
    )
    assert (wrong.loss, wrong.unmet, wrong.reasons) == (0.25, ("tone",), ("tone_or_brand",))
    assert {row["decision_id"] for row in room.rows("finding")} == {agreed.decision_id, wrong.decision_id}
    assert {row["status"] for row in room.rows("audit")} == {"done"}


# ---- due ------------------------------------------------------------------------------------------------------------


def test_what_is_late_is_an_alarm(room: Audited) -> None:
    """An audit is due in the days that the terms give; past that, it counts as overdue until it is done."""
    room.alone(1)
    row = room.draw().audits[0]
    assert row["due"] == (room.now + timedelta(days=room.playbook.latitude.due_days)).isoformat()
    assert row["matures_at"] == (room.now + timedelta(days=room.playbook.latitude.mature_days)).isoformat()
    assert room.covered().overdue == 0
    room.now += timedelta(days=8)
    found = room.covered()
    assert (found.overdue, [one.overdue for one in found.cells]) == (1, [1])
    room.want(row["id"])
    room.judge(row["id"])
    found = room.covered()
    assert (found.overdue, [(one.decisions, one.drawn, one.done) for one in found.cells]) == (0, [(1, 1, 1)])


def test_an_audit_holds_on_both_databases(database_url: str, tmp_path: Path) -> None:
    """Draw, both steps and the coverage come out the same on SQLite and on PostgreSQL."""
    room = Audited(database_url, tmp_path)
    try:
        room.alone(1)
        room.drafted(2)
        room.ended(3, "handed_off", message="I want to speak to a human being about our plan.")
        drawn = room.draw().audits
        assert {row["ticket_id"] for row in drawn} == {"T-1", "T-3"}
        assert room.draw().audits == ()
        mine = next(row for row in drawn if row["ticket_id"] == "T-1")
        room.want(mine["id"])
        room.judge(mine["id"])
        assert sorted((one.decisions, one.drawn, one.done) for one in room.covered().cells) == [(1, 1, 0), (1, 1, 1)]
    finally:
        room.close()


# ---- the terminal ---------------------------------------------------------------------------------------------------


def cx(room: Audited, *words: str) -> Result:
    """Run a command over the ledger of a room, on its day, as if in a process of its own."""
    for name in [name for name in sys.modules if name.startswith("cxagent_project_")]:
        del sys.modules[name]
    with clock.frozen(room.now):
        return CliRunner().invoke(
            app, ["audits", *words, "--project", str(ROOT)], env={"CXAGENT_DATABASE_URL": room.url}
        )


def lines(result: Result) -> list[dict[str, Any]]:
    """Return what a command printed, one object a line."""
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


SAYS = credit("40.00").model_copy(update={"reply": "A credit of USD 40 is on your account, dear friends."})
"""What the machine proposes where nobody may see it yet."""


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_the_terminal_shows_nothing_of_the_machine_at_first(room: Audited, more: tuple[str, ...]) -> None:
    """Neither the list nor the case holds reply, tool, route or reasons; after one's word all of it is there."""
    draft = room.drafted(kind="mid", says=SAYS, **{"crm.stated_goals": [GOAL]})
    with room.inside():
        room.sign(draft, PRIYA)
    room.later()
    why = room.row(draft)["card"]["why"]
    audit = lines(cx(room, "draw", "--json"))[0]["audit_id"]
    before = cx(room, "due", *more).stdout + cx(room, "record", audit, "--as", JONAS, *more).stdout
    for words in ("dear friends", "issue_credit", "went", "would", "because", *why):
        assert words not in " ".join(before.split()), words
    assert "schedule a report" in before and (GOAL["goal"] in before) and (GOAL["said_by"] in before)
    after = " ".join(cx(room, "record", audit, "--as", JONAS, "--wanted", "draft", *more).stdout.split())
    for words in ("dear friends", "issue_credit", *why):
        assert words in after, words


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_the_draw_prints_neither_chance_nor_request(room: Audited, more: tuple[str, ...]) -> None:
    """What was asked as the machine read it, why it was drawn and how likely that was stay untold to who audits."""
    room.alone(1)
    said = cx(room, "draw", *more).stdout
    row = room.rows("audit")[0]
    assert row["id"] in said and row["chosen"] == "all"
    told = (
        "chance",
        "chosen",
        "intent",
        "request",
        "would",
        "went",
        row["intent"],
        str(row["chance"]),
        '"all"',
        " all ",
    )
    assert not [one for one in told if one in said]


def test_both_steps_fit_into_one_call(room: Audited) -> None:
    """What was wanted is on record before the rest is looked at; a finding that is refused takes none of it back."""
    room.alone(1)
    audit = lines(cx(room, "draw", "--json"))[0]["audit_id"]
    refused = cx(room, "record", audit, "--as", JONAS, "--wanted", "draft", "--agree", "--policy")
    assert (refused.exit_code, room.rows("audit")[0]["wanted"]) == (2, "draft")
    assert "stricter" in refused.stderr
    told = ("--disagree", "--severity", "minor", "--reason", "tone_or_brand", "--unmet", "tone", "--policy")
    found = lines(cx(room, "record", audit, "--as", JONAS, *told, "--json"))[0]
    assert (found["status"], found["finding"]["agrees"], found["finding"]["loss"]) == ("done", False, 0.25)
    assert lines(cx(room, "due", "--json")) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--as", "Nobody At All"), "nobody the playbook knows"),
        (("--as", JONAS, "--policy"), "whether you --agree"),
        (("--as", JONAS, "--words", "hm"), "goes with --wanted"),
        (("--as", JONAS, "--wanted", "act", "--agree"), "own policy"),
        (("--as", JONAS, "--disagree", "--policy", "--unmet", "style"), "no part of the rubric"),
    ],
)
def test_wrong_usage_says_what(room: Audited, words: tuple[str, ...], sentence: str) -> None:
    """What cannot be meant exits 2 with a sentence, and nothing is on record."""
    room.alone(1)
    audit = lines(cx(room, "draw", "--json"))[0]["audit_id"]
    found = cx(room, "record", audit, *words)
    assert (found.exit_code, room.rows("audit")[0]["wanted"]) == (2, None)
    assert sentence in found.stderr


def test_overdue_is_told_and_strict_fails(room: Audited) -> None:
    """The list marks what is late and exits 0; asked to be strict it exits 1."""
    room.alone(1)
    assert cx(room, "draw").exit_code == 0
    assert cx(room, "due", "--strict").exit_code == 0
    room.now += timedelta(days=8)
    found = cx(room, "due")
    assert found.exit_code == 0 and " 0 overdue" not in found.stderr and "overdue" in found.stdout
    assert cx(room, "due", "--strict").exit_code == 1
    assert {row["overdue"] for row in lines(cx(room, "due", "--json"))} == {True}  # a second opinion may be drawn too
