"""What the requirements ask of the review inbox, one by one."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cxagent.domain.finding import RUBRIC
from cxagent.domain.review import REASONS
from cxagent.domain.vocabulary import ACT, DRAFT
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.inbox import planting
from cxagent.inbox.care import QUICK_SECONDS, care
from cxagent.inbox.planting import MISTAKES
from cxagent.ledger import reports, reviews
from cxagent.quality import auditing
from cxagent.quality.auditing import Opinion, Wanted
from cxagent.recovery import escalate
from cxagent.testing import proposal
from requirements.desk import desk_for
from requirements.room import JONAS, LENA, MIRIAM, OSKAR, PRIYA, SAMUEL, Room
from requirements.world import DAY, Scene, account, credit, doc, playbook


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A room over a database of its own."""
    made = Room(f"sqlite:///{tmp_path / 'room.sqlite'}", tmp_path)
    yield made
    made.close()


def measured(room: Room) -> object:
    """Return how reviewing went."""
    with room.inside() as bench, bench.store.read() as connection:
        return care(connection)


# ---- R29 ------------------------------------------------------------------------------------------------------------


def test_no_timeout_ever_sends(room: Room) -> None:
    """R29: a draft that nobody answers for a month moves to another person, again and again, and nothing goes out."""
    draft = room.drafted()
    seen = {room.row(draft)["assignee"]}
    for _ in range(30):
        room.now += timedelta(days=1)
        with room.inside():
            escalate(room.agent)
            room.inbox.release()
        seen.add(room.row(draft)["assignee"])
    assert (room.ran, room.rows("outbox"), room.row(draft)["status"]) == ([], [], "pending")
    assert len(seen) >= 3


def test_waiting_is_set_against_what_it_averted(room: Room) -> None:
    """R29: minutes waited stand beside the drafts that people did not send as they were."""
    first, second = room.drafted(1), room.drafted(2)
    room.now += timedelta(minutes=40)
    with room.inside():
        room.sign(first)
        room.sign(second, choice="reject", reason="wrong_facts", severity="critical")
    room.later()
    found = measured(room)
    assert (found.reviewed, found.averted, round(found.waited_minutes)) == (2, 1, 40)  # type: ignore[attr-defined]


# ---- R31 ------------------------------------------------------------------------------------------------------------


def test_the_card_is_a_diagnosis(room: Room) -> None:
    """R31: beside the reply the card has the risk, the reasons, options with consequences, and the best next step."""
    card = room.row(room.drafted())["card"]
    assert card["why"] and card["would_have_acted"] and card["at_stake"]["why"] and card["facts"]
    assert {option["do"] for option in card["options"]} == {"approve", "edit", "respond", "reject"}
    assert all(option["then"] for option in card["options"])
    assert card["recommendation"] == card["options"][0]["do"]


# ---- R39 ------------------------------------------------------------------------------------------------------------


def test_an_approval_replays_what_was_seen_and_changed(room: Room) -> None:
    """R39: the record names person, authority, the exact card and the edit as a diff."""
    draft = room.drafted()
    card = room.row(draft)["card"]
    with room.inside():
        room.sign(draft, PRIYA, "edit", reply="Your credit is noted, with our thanks.", reason="tone_or_brand")
    room.later()
    row = room.rows("review")[0]
    assert (row["by"], row["role"], row["card_digest"]) == (PRIYA, "approver", room.row(draft)["card_digest"])
    with room.inside() as bench, bench.store.read() as connection:
        changed = reports.changes(connection, draft)
    assert changed == [{"place": "reply", "shown": card["reply"], "sent": "Your credit is noted, with our thanks."}]
    assert room.row(draft)["card"] == card


def test_an_expired_approval_forces_a_new_audit(room: Room) -> None:
    """R39: where the context changed before sending, what was approved does not go out, and is ruled on again."""
    draft = room.drafted(kind="calm mid")
    with room.inside():
        room.sign(draft)
    room.change("A-1", "crm.health", 52)
    room.later()
    assert room.ran == [] and room.row(draft)["status"] == "withdrawn"
    assert len(room.entries("T-1", "ruling")) == 2


# ---- R40 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "refused", "signs"),
    [
        ("400.00", None, LENA),
        ("900.00", LENA, PRIYA),
        ("4900.00", LENA, PRIYA),
        ("6000.00", PRIYA, SAMUEL),
        ("60000.00", SAMUEL, MIRIAM),
    ],
)
def test_rank_rises_with_the_amount(room: Room, amount: str, refused: str | None, signs: str) -> None:
    """R40: the amount picks the role; the one below may not approve, and is told whose it is."""
    draft = room.drafted(kind="calm mid", says=credit(amount))
    with room.inside():
        if refused is not None:
            with pytest.raises(Refused, match="this needs the"):
                room.sign(draft, refused, note="it is fine, I know them")
        room.sign(draft, signs, note="it is fine, I know them")
    assert room.later() == [draft]


def test_two_different_people_sign_a_large_sum(room: Room) -> None:
    """R40: above the four-eyes line one person is not enough, however often they approve."""
    draft = room.drafted(kind="calm mid", says=credit("6000.00"))
    for _ in range(2):
        with room.inside():
            try:
                room.sign(draft, SAMUEL, note="it is fine, I know them")
            except Conflict:
                break
        room.later()
    assert room.ran == []
    with room.inside():
        room.sign(draft, MIRIAM, note="agreed with Samuel")
    room.later()
    assert room.ran == ["issue_credit"]


# ---- R47 ------------------------------------------------------------------------------------------------------------


EVERY_TWICE = {f"latitude.audited.{name}": 1.0 for name in ("watched", "elsewhere", "second")}
"""Terms under which every decision is audited by two people."""


def drawn(room: Room) -> tuple[dict[str, Any], ...]:
    """Draw what ended."""
    with room.inside():
        return auditing.draw(room.agent, room.now).audits


def opinion(**said: Any) -> Opinion:
    """Return what an auditor found, by default that all is well."""
    return Opinion.model_validate({"agrees": True, "rubric": dict.fromkeys(RUBRIC, "met"), "by_policy": True, **said})


def test_words_alone_are_no_verdict(room: Room) -> None:
    """R47: a rejection without a code and a weight is refused, and so is a second opinion."""
    room.playbook = playbook(EVERY_TWICE)
    draft = room.drafted()
    with room.inside():
        with pytest.raises(BadInput, match="a note alone is not enough"):
            room.sign(draft, choice="reject", note="this is plainly wrong")
        room.sign(draft, choice="reject", note="this is plainly wrong", reason="wrong_facts", severity="major")
    room.later()
    assert (room.rows("review")[0]["reason"], room.rows("review")[0]["severity"]) == ("wrong_facts", "major")
    audit = drawn(room)[0]["id"]
    with room.inside():
        auditing.want(room.agent, JONAS, audit, Wanted(route=DRAFT))
        with pytest.raises(BadInput, match="words alone"):
            auditing.record(room.agent, JONAS, audit, opinion(agrees=False, note="no"))


def test_experts_look_again_on_a_calendar(room: Room) -> None:
    """R47: decisions are drawn for QA and for a second person, without the verdict; agreement has its interval."""
    room.playbook = playbook(EVERY_TWICE)
    ids = [room.drafted(number) for number in range(1, 6)]
    with room.inside():
        for draft in ids:
            room.sign(draft)
    assert drawn(room) == ()
    room.later()
    due = drawn(room)
    assert len(due) == 10 and drawn(room) == ()
    assert {row["due"] for row in due} == {(room.now + timedelta(days=7)).isoformat()}
    with room.inside():
        for number, row in enumerate(due):
            by = row["auditor"]
            shown = auditing.sheet(room.agent, by, row["id"])
            assert (shown.machine, shown.finding) == (None, None)
            with pytest.raises(Refused):
                auditing.sheet(room.agent, LENA, row["id"])
            other = {"agrees": False, "reasons": ("tone_or_brand",), "severity": "minor"}
            auditing.want(room.agent, by, row["id"], Wanted(route=DRAFT))
            auditing.record(room.agent, by, row["id"], opinion(**({} if number else other)))
        with pytest.raises(Conflict):
            auditing.record(room.agent, due[0]["auditor"], due[0]["id"], opinion())
    found = measured(room).agreement  # type: ignore[attr-defined]
    assert found.value == 0.8 and found.low < 0.8 < found.high


# ---- R48 ------------------------------------------------------------------------------------------------------------


def test_right_by_policy_can_fail_on_the_goals(room: Room) -> None:
    """R48: the card shows each goal with speaker and date, and a verdict can say which one an answer fails."""
    goal = {"goal": "keep the Lisbon launch on track", "said_by": "Ada Lund", "said_on": "2027-01-12"}
    draft = room.drafted(**{"crm.stated_goals": [goal]})
    assert room.row(draft)["card"]["at_stake"]["goals"] == [goal]
    with room.inside():
        said = {"reason": "customer_relationship", "severity": "major", "failed_goal": goal["goal"]}
        room.sign(draft, choice="reject", **said)
    room.later()
    with room.inside() as bench, bench.store.read() as connection:
        assert reviews.verdict(connection, draft)[1].failed_goal == goal["goal"]  # type: ignore[index]


# ---- R49, R50 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["global", "shaky"])
def test_nothing_goes_to_such_an_account_unreviewed(kind: str) -> None:
    """R49: for a large or a shaky account the log holds no sending without a review before it."""
    desk = desk_for(account(kind))
    for says in (doc(), credit("5.00"), proposal("howto_question", stance="inform", reply="Thank you.")):
        desk.take(says)
    assert (desk.sent, desk.loud) == (0, [])
    assert not [row for row in desk.rows("authorization") if row["draft_id"] is None and row["spent_at"]]


def test_health_alone_changes_who_reviews() -> None:
    """R50: the same account, sender and request; only the CRM's health falls, and a person comes before sending."""
    calm, ill = account("calm mid"), account("calm mid", {"crm.health": 31})
    assert Scene(calm).autonomy == ACT
    assert Scene(ill).autonomy <= DRAFT


# ---- R57 ------------------------------------------------------------------------------------------------------------


def approved(room: Room, many: int) -> None:
    """Approve some drafts, so that there is something to make planted ones from."""
    ids = [room.drafted(number) for number in range(1, many + 1)]
    with room.inside():
        for draft in ids:
            room.sign(draft)
    room.later()


@pytest.mark.parametrize(("choice", "caught"), [("approve", 0), ("reject", 1), ("edit", 1), ("edit badly", 0)])
def test_planted_drafts_measure_the_catch(room: Room, choice: str, caught: int) -> None:
    """R57: a planted draft looks like any other, runs whatever the verdict, never, and counts as caught or missed."""
    approved(room, 2)
    ran, sent = list(room.ran), len(room.rows("outbox"))
    with room.inside():
        planted = planting.plant(room.agent, room.who(JONAS), 1, random.Random(1))[0]
        row, good = room.inbox.draft(planted), room.row(room.rows("review")[0]["draft_id"])
        assert row.keys() == good.keys() and row["card"].keys() == good["card"].keys()
        assert [one["id"] for one in room.inbox.queue(room.who(LENA), "team").rows] == [planted]
        assert room.inbox.planted(planted) is None
        replies = {"edit": good["card"]["reply"] + " Thank you.", "edit badly": row["card"]["reply"] + " Thank you."}
        said = {"reason": "wrong_facts", "severity": "major"} if choice == "reject" else {}
        said |= {"reply": replies[choice]} if choice in replies else {}
        room.sign(planted, LENA, choice.split(maxsplit=1)[0], **said)
    room.later()
    assert (room.ran, len(room.rows("outbox"))) == (ran, sent)
    assert not [row for row in room.rows("authorization") if row["draft_id"] == planted]
    found = measured(room)
    assert (found.planted, round(found.caught.value)) == (1, caught)  # type: ignore[attr-defined]
    with room.inside():
        assert room.inbox.planted(planted)["told"]  # type: ignore[index]


def test_nothing_executes_a_planted_draft(room: Room) -> None:
    """R57: neither the terminal, nor a fresh look, nor a recovery makes anything of a planted draft."""
    from cxagent.recovery import recover

    approved(room, 1)
    before = (list(room.ran), len(room.rows("outbox")))
    with room.inside():
        planted = planting.plant(room.agent, room.who(JONAS), 1, random.Random(2))[0]
        assert room.agent.moved(planted) == ()
    room.review(planted, "approve", LENA)
    with room.inside():
        recover(room.agent)
    assert (room.ran, len(room.rows("outbox"))) == before


@pytest.mark.parametrize("making", MISTAKES)
def test_every_mistake_is_one(room: Room, making: planting.Making) -> None:
    """R57: what is planted differs from the good reply by exactly its wrong words, under a known reason code."""
    card = room.row(room.drafted(says=credit("40.00").model_copy(update={"reply": "We gave you USD 40.00."})))["card"]
    mistake = making(card, "Quiet Harbour Ltd", DAY.date())
    assert mistake is not None and mistake.reason in REASONS
    assert mistake.wrong in mistake.reply and mistake.wrong not in card["reply"]


@pytest.mark.parametrize("name", [LENA, MIRIAM])
def test_only_qa_plants(room: Room, name: str) -> None:
    """R57: who decides drafts plants none."""
    approved(room, 1)
    with room.inside(), pytest.raises(Refused):
        planting.plant(room.agent, room.who(name), 1)


def test_quick_and_unseen_approvals_are_flagged(room: Room) -> None:
    """R57: an approval sooner than ten seconds after the card was opened is flagged, and one of a card never opened."""
    ids = [room.drafted(number) for number in range(1, 5)]
    for draft, seconds in zip(ids, (3, QUICK_SECONDS, 40, None), strict=True):
        with room.inside():
            if seconds is not None:
                room.inbox.looked(room.who(OSKAR), "page", "card", draft, "A-1")
        room.now += timedelta(seconds=seconds or 0)
        with room.inside():
            room.sign(draft, OSKAR)
    room.later()
    found = {one.name: one for one in measured(room).reviewers}[OSKAR]  # type: ignore[attr-defined]
    assert (found.quick, found.unseen, found.streak, found.median_seconds) == (1, 1, 4, 10)


# ---- R63 ------------------------------------------------------------------------------------------------------------


def test_a_handoff_is_warm(room: Room) -> None:
    """R63: the brief names the person, what was asked, found and tried, in what can be read in half a minute."""
    draft = room.drafted()
    with room.inside():
        room.sign(draft, choice="hand_off", reason="customer_relationship", to=PRIYA, note="she knows them well")
    room.later()
    handed = room.handoff("T-1")
    brief = handed["brief"]
    assert handed["owner"] == PRIYA and brief["request"]["body"] and brief["who"]["sender"] and brief["at_stake"]
    assert any("she knows them well" in line for line in brief["tried"])
    words = " ".join([*brief["why"], *brief["tried"], brief["request"]["body"], brief["at_stake"]["why"]]).split()
    assert len(words) <= 125  # half a minute at 250 words a minute


def test_freed_hours_are_counted_by_role(room: Room) -> None:
    """R63: what went alone is told in hours, by role, at the time that people really took for a card."""
    draft = room.drafted()
    with room.inside():
        room.inbox.looked(room.who(LENA), "page", "card", draft, "A-1")
    room.now += timedelta(minutes=6)
    with room.inside():
        room.sign(draft)
    room.later()
    for number in range(20, 30):
        small = account(id=f"A-{number}")
        room.accounts[small.id] = small
        room.says(f"T-{number}", doc())
        assert room.run(Scene(small).incoming(f"T-{number}"))["status"] == "done"
    found = measured(room)
    assert (found.alone, found.freed_hours, found.hours_spent) == (10, {"reviewer": 1.0}, {"reviewer": 0.1})  # type: ignore[attr-defined]
