"""The inbox: one draft, one verdict, taken back within its time, carried out once; on both databases."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from requirements.room import JONAS, LENA, MIRIAM, OSKAR, PIET, PRIYA, RUTH, SAMUEL, Room
from requirements.world import DAY, Scene, account, credit, playbook, refusal

from cxagent.domain.review import Review, place
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.inbox import Given, Inbox, Person, Stale, planting
from cxagent.inbox.people import Lent, signature
from cxagent.ledger import chain, reviews
from cxagent.recovery import escalate
from cxagent.testing import World, proposal


@pytest.fixture
def room(database_url: str, tmp_path: Path) -> Iterator[Room]:
    """A room over an empty database, left as it stands at its present moment."""
    made = Room(database_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Room]:
    """A room over SQLite alone, for what does not depend on the database."""
    made = Room(f"sqlite:///{tmp_path / 'room.sqlite'}", tmp_path)
    yield made
    made.close()


# ---- a verdict and its ten seconds ----------------------------------------------------------------------------------


def test_nothing_leaves_before_the_time_to_take_it_back_is_over(room: Room) -> None:
    """An approval is on record at once, runs nothing for ten seconds, and runs once after them."""
    draft = room.drafted()
    with room.inside():
        room.sign(draft)
    assert room.later(9) == [] and (room.ran, room.rows("outbox")) == ([], [])
    assert room.later(2) == [draft] and room.later(60) == []
    assert (room.ran, len(room.rows("outbox"))) == (["issue_credit"], 1)
    assert room.rows("review")[0]["by"] == LENA


def test_a_verdict_is_taken_back(room: Room) -> None:
    """Within its time the author takes it back, the draft waits as before, and the log remembers that there was one."""
    draft = room.drafted()
    with room.inside():
        room.sign(draft)
        assert room.inbox.take_back(room.who(OSKAR), draft) is None
        assert room.inbox.take_back(room.who(LENA), draft).choice == "approve"  # type: ignore[union-attr]
    assert room.later() == [] and room.ran == []
    assert room.row(draft)["status"] == "pending"
    assert [one["body"]["why"] for one in room.entries("T-1", "unsigned")] == ["taken back"]


def test_it_is_too_late_to_take_back(room: Room) -> None:
    """After ten seconds nothing is taken back, whether or not somebody has carried it out yet."""
    draft = room.drafted()
    with room.inside():
        room.sign(draft)
    room.now += timedelta(seconds=10)
    with room.inside():
        assert room.inbox.take_back(room.who(LENA), draft) is None
        assert room.inbox.release() == [draft]
        assert room.inbox.take_back(room.who(LENA), draft) is None


def test_another_process_carries_out_what_a_dead_one_signed(room: Room) -> None:
    """A signed verdict lies in the ledger: whoever is there afterwards carries it out."""
    draft = room.drafted()
    with room.inside():
        room.sign(draft)
    heir = room.twin()
    heir.now = room.now + timedelta(hours=3)
    with heir.inside():
        assert Inbox(heir.agent).release() == [draft]
    assert room.ran == ["issue_credit"]


def test_many_processes_carry_it_out_once(room: Room) -> None:
    """Four threads release the same verdict at the same moment, and it is carried out once."""
    draft = room.drafted()
    with room.inside():
        room.sign(draft)
    twins = [room.twin() for _ in range(4)]
    for twin in twins:
        twin.now = room.now + timedelta(seconds=20)

    def release(twin: World) -> None:
        with twin.inside():
            Inbox(twin.agent).release()

    threads = [threading.Thread(target=release, args=(twin,)) for twin in twins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert room.ran == ["issue_credit"] and len(room.rows("review")) == 1
    assert room.row(draft)["status"] == "applied"


def test_a_message_in_between_withdraws_the_verdict(room: Room) -> None:
    """Where the customer writes again within the ten seconds, nothing of the verdict is carried out."""
    draft = room.drafted()
    with room.inside():
        room.sign(draft)
    follow = Scene(room.accounts["A-1"]).incoming("T-2").model_copy(update={"follows": "T-1"})
    room.says("T-2", credit("40.00"))
    room.run(follow)
    assert room.later() == [] and room.ran == []
    assert room.row(draft)["status"] == "withdrawn"


def test_what_cannot_be_carried_out_waits_again(room: Room) -> None:
    """A verdict whose author lost the authority in between comes back, with the sentence why."""
    draft = room.drafted()
    with room.inside():
        room.sign(draft)
    room.playbook = playbook({"sign_off": [{"role": "approver", "up_to": "5000"}, {"role": "executive"}]})
    assert room.later() == [] and room.ran == []
    row = room.row(draft)
    assert (row["status"], row["signed_by"]) == ("pending", None) and row["came_back"]


# ---- two people -----------------------------------------------------------------------------------------------------


def test_the_second_is_told_who_was_first(room: Room) -> None:
    """Two verdicts on one draft: the second is refused with the name of the first, signed or carried out."""
    draft = room.drafted()
    with room.inside():
        room.sign(draft)
        with pytest.raises(Conflict, match=LENA):
            room.sign(draft, OSKAR, "reject", reason="wrong_facts", severity="major")
    room.later()
    with room.inside(), pytest.raises(Stale, match=LENA):
        room.sign(draft, OSKAR)


def test_two_at_the_very_same_moment(room: Room) -> None:
    """Eight people sign one draft at once: one verdict is on record, seven are told."""
    draft = room.drafted()
    told: list[str] = []

    def sign(twin: World, name: str) -> None:
        with twin.inside():
            inbox = Inbox(twin.agent)
            given = Given(choice="approve", card=inbox.draft(draft)["card_digest"])
            try:
                inbox.sign(inbox.person(name), draft, given)
                told.append("signed")
            except Conflict as error:
                told.append(type(error).__name__)

    names = (LENA, OSKAR, PRIYA, SAMUEL, MIRIAM, RUTH, "Imke Solano", "Tobias Wren")
    threads = [threading.Thread(target=sign, args=(room.twin(), name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["Conflict"] * 7 + ["signed"]


def test_a_large_sum_needs_two_people(one: Room) -> None:
    """Above the four-eyes line an approval waits for a second person, on authority of their own."""
    draft = one.drafted(kind="calm mid", says=credit("6000.00"))
    with one.inside():
        one.sign(draft, SAMUEL, note="agreed with the account")
    assert one.later() == [draft] and one.ran == []
    assert one.row(draft)["first_approver"] == SAMUEL
    with one.inside():
        with pytest.raises(Conflict, match="second person"):
            one.sign(draft, SAMUEL, note="agreed with the account")
        one.inbox.be_away(one.who(SAMUEL), one.inbox.today(), one.inbox.today(), PRIYA)
        with pytest.raises(Conflict, match="acts for Samuel Costa"):
            one.sign(draft, PRIYA, note="agreed with the account")
        one.sign(draft, MIRIAM, note="agreed with the account")
    one.later()
    assert one.ran == ["issue_credit"]


# ---- a card that is out of date -------------------------------------------------------------------------------------


def test_moved_facts_open_a_fresh_card(room: Room) -> None:
    """Health fell while the draft waited: the approval is refused with what moved, and the fresh card is another."""
    draft = room.drafted(kind="calm mid")
    room.change("A-1", "crm.health", 52)
    with room.inside(), pytest.raises(Stale) as told:
        room.sign(draft)
    assert ("health", "52") in {(one.name, one.now) for one in told.value.changes}
    assert told.value.fresh not in (None, draft)
    assert room.row(draft)["status"] == "withdrawn" and room.later() == [] and room.ran == []
    with room.inside():
        room.sign(str(told.value.fresh))
    assert room.later() == [told.value.fresh] and room.ran == ["issue_credit"]


def test_facts_that_call_for_a_person_end_as_a_handoff(one: Room) -> None:
    """Where the fresh facts allow no draft any more, there is no fresh card, and a named person has it."""
    draft = one.drafted(kind="calm mid")
    one.change("A-1", "crm.health", 20)
    with one.inside(), pytest.raises(Stale) as told:
        one.sign(draft)
    assert told.value.fresh is None and one.rows("handoff") and one.ran == []


def test_a_source_that_was_read_again_moves_nothing(one: Room) -> None:
    """A nightly sync that changes no fact does not send a reviewer back."""
    draft = one.drafted()
    one.change("A-1", "crm.as_of", "2027-03-09T09:59:00+00:00")
    with one.inside():
        one.sign(draft)
    assert one.later() == [draft] and one.ran == ["issue_credit"]


def test_another_card_is_refused(one: Room) -> None:
    """A form about another card than the one on record decides nothing."""
    draft = one.drafted()
    with one.inside(), pytest.raises(Stale):
        one.inbox.sign(one.who(LENA), draft, Given(choice="approve", card="0" * 64))
    assert one.later() == []


# ---- authority ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [JONAS, PIET, "Hedda Brandt"])
@pytest.mark.parametrize("choice", ["approve", "reject", "hand_off", "respond"])
def test_roles_beside_the_ladder_decide_nothing(one: Room, name: str, choice: str) -> None:
    """QA, a viewer and an admin give no verdict, put nothing off and pass nothing on."""
    draft = one.drafted()
    said = {"reason": "other", "severity": "minor", "to": LENA, "reply": "Hello."}
    with one.inside():
        me = one.who(name)
        for act in (
            lambda: one.sign(draft, name, choice, **said),
            lambda: one.inbox.claim(me, draft),
            lambda: one.inbox.snooze(me, draft, None),
            lambda: one.inbox.pass_on(me, draft, LENA, "yours"),
        ):
            with pytest.raises(Refused):
                act()
    with one.inside(), pytest.raises(Refused):
        one.review(draft, "reject", name)


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"choice": "reject"}, "reason"),
        ({"choice": "reject", "note": "no, this is wrong"}, "reason"),
        ({"choice": "reject", "reason": "because"}, "reason"),
        ({"choice": "reject", "reason": "wrong_facts"}, "severity"),
        ({"choice": "hand_off", "reason": "other"}, "to"),
        ({"choice": "hand_off", "reason": "other", "to": "Nobody Known"}, "to"),
        ({"choice": "respond"}, "reply"),
        ({"choice": "edit"}, "reply"),
    ],
)
def test_a_verdict_that_says_too_little(one: Room, said: dict[str, Any], where: str) -> None:
    """A rejection needs a code and a weight, a handover a name, a text of one's own the text."""
    draft = one.drafted()
    with one.inside(), pytest.raises(BadInput) as told:
        one.sign(draft, **said)
    assert told.value.where == where


def test_much_at_stake_needs_a_sentence(one: Room) -> None:
    """An approval for a large account says in words why it is right."""
    draft = one.drafted(kind="global", says=proposal("howto_question", stance="inform", reply="See the report."))
    with one.inside():
        with pytest.raises(BadInput, match="in a sentence"):
            one.sign(draft, MIRIAM)
        one.sign(draft, MIRIAM, note="the page answers it")


def test_handing_over_names_who_has_it(room: Room) -> None:
    """A handover is a rejection whose brief goes to the colleague who was named."""
    draft = room.drafted()
    with room.inside():
        room.sign(draft, choice="hand_off", reason="customer_relationship", to=PRIYA)
    room.later()
    assert [one["owner"] for one in room.rows("handoff")] == [PRIYA] and room.ran == []
    with room.inside():
        handed = room.inbox.handoffs(room.who(PRIYA))
        assert room.inbox.answered(room.who(PRIYA), handed[0]["id"])
        assert room.inbox.handoffs(room.who(PRIYA)) == []


@pytest.mark.parametrize(
    ("me", "lent", "required", "signs"),
    [
        (("reviewer", 0), (), "reviewer", ("reviewer", None)),
        (("reviewer", 0), (), "approver", ("reviewer", None)),
        (("reviewer", 0), (("Priya", "approver", 1),), "approver", ("approver", "Priya")),
        (("approver", 1), (("Sam", "finance_lead", 2),), "approver", ("approver", None)),
        (("reviewer", 0), (("Sam", "finance_lead", 2), ("Priya", "approver", 1)), "approver", ("approver", "Priya")),
        (("reviewer", 0), (("Priya", "approver", 1),), "executive", ("reviewer", None)),
        (("viewer", -1), (("Priya", "approver", 1),), "approver", ("viewer", None)),
    ],
)
def test_as_what_somebody_signs(
    me: tuple[str, int], lent: tuple[tuple[str, str, int], ...], required: str, signs: tuple[str, str | None]
) -> None:
    """One's own role counts where it suffices, else the lowest loan that does; who decides nothing borrows nothing."""
    loans = tuple(Lent(by=by, role=role, rank=rank) for by, role, rank in lent)
    assert signature(playbook(), Person(name="Me", role=me[0], rank=me[1], lent=loans), required) == signs


def test_a_delegate_signs_for_who_is_away(room: Room) -> None:
    """Only in the days of the absence, for the person who named them, and the record says for whom."""
    draft = room.drafted(kind="calm mid", says=credit("900.00"))
    with room.inside():
        with pytest.raises(Refused, match="approver"):
            room.sign(draft, OSKAR)
        today = room.inbox.today()
        away = room.inbox.be_away(room.who(PRIYA), today, today + timedelta(days=2), OSKAR)
        assert room.who(OSKAR).names == (OSKAR, PRIYA)
        room.sign(draft, OSKAR)
    room.later()
    assert [(row["by"], row["role"], row["acting_for"]) for row in room.rows("review")] == [(OSKAR, "approver", PRIYA)]
    with room.inside():
        assert not room.inbox.be_back(room.who(OSKAR), away) and room.inbox.be_back(room.who(PRIYA), away)
        assert room.who(OSKAR).names == (OSKAR,)


# ---- whose it is ----------------------------------------------------------------------------------------------------


def test_a_claim_keeps_others_out(room: Room) -> None:
    """Who claims a card keeps others from deciding it until it is let go, taken over, or ten minutes have passed."""
    draft = room.drafted()
    with room.inside():
        room.inbox.claim(room.who(LENA), draft)
        with pytest.raises(Conflict, match="Lena Hartmann is looking"):
            room.sign(draft, OSKAR)
        room.inbox.claim(room.who(OSKAR), draft, over=True)
        with pytest.raises(Conflict, match="Oskar Lindqvist is looking"):
            room.sign(draft, LENA)
    room.now += timedelta(minutes=11)
    with room.inside():
        room.sign(draft, LENA)


def test_snoozing_ends_before_the_deadline(room: Room) -> None:
    """A draft is put off to a moment ahead, never past its deadline, and is in the tab for that meanwhile."""
    draft = room.drafted()
    with room.inside():
        me = room.who(LENA)
        for until in (DAY - timedelta(minutes=1), DAY + timedelta(days=2)):
            with pytest.raises(BadInput):
                room.inbox.snooze(me, draft, until)
        room.inbox.snooze(me, draft, DAY + timedelta(hours=1))
        assert [len(room.inbox.queue(me, tab).rows) for tab in ("team", "snoozed")] == [0, 1]
    room.now += timedelta(hours=2)
    with room.inside():
        assert [len(room.inbox.queue(me, tab).rows) for tab in ("team", "snoozed")] == [1, 0]


def test_passing_on_gives_it_to_somebody_who_is_there(room: Room) -> None:
    """A draft goes to a colleague who decides drafts and is not away, with a line in the log."""
    draft = room.drafted()
    with room.inside():
        me, today = room.who(LENA), room.inbox.today()
        room.inbox.be_away(room.who(OSKAR), today, today, None)
        for to, why in ((OSKAR, "yours"), (PIET, "yours"), ("Nobody", "yours"), (PRIYA, " ")):
            with pytest.raises(BadInput):
                room.inbox.pass_on(me, draft, to, why)
        room.inbox.pass_on(me, draft, PRIYA, "she knows them")
        assert [row["id"] for row in room.inbox.queue(room.who(PRIYA), "mine").rows] == [draft]
    assert len(room.entries("T-1", "passed_on")) == 1


def test_a_late_draft_passes_over_who_is_away(one: Room) -> None:
    """A draft that its assignee left too long goes up the ladder, past everybody who is away."""
    draft = one.drafted()
    with one.inside():
        today = one.inbox.today()
        for name in (PRIYA, SAMUEL):
            one.inbox.be_away(one.who(name), today, today, None)
        one.inbox.pass_on(one.who(LENA), draft, OSKAR, "his")
    one.now = DAY.replace(hour=22)
    with one.inside():
        escalate(one.agent)
    assert one.row(draft)["assignee"] in (MIRIAM, RUTH)


# ---- the queue ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sooner", "later"),
    [
        (("2027-03-09T10:00:59", "USD 5.00", 5), ("2027-03-09T10:01:00", "USD 900.00", 5)),
        (("2027-03-09T10:00:00", "USD 9,000.00", 50), ("2027-03-09T10:00:59", "USD 8,999.99", 5)),
        (("2027-03-09T10:00:00", "unknown", None), ("2027-03-09T10:00:00", "USD 8,999.99", 5)),
        (("2027-03-09T10:00:00", "USD 5.00", 5), ("2027-03-09T10:00:00", "USD 5.00", 6)),
        (("2027-03-09T10:00:00", "USD 5.00", -3), ("2027-03-09T10:00:00", "USD 5.00", 0)),
        (("2027-03-09T10:00:00", "USD 5.00", 400), ("2027-03-09T10:00:00", "USD 5.00", None)),
    ],
)
def test_the_order_of_the_queue(sooner: tuple[str, str, int | None], later: tuple[str, str, int | None]) -> None:
    """Deadline to the minute, then money at stake with the unknown first, then the notice deadline."""
    assert place(*sooner) < place(*later)


def test_pages_follow_one_another(one: Room) -> None:
    """Every draft is on exactly one page, in order, also where several share a place."""
    ids = [one.drafted(number) for number in range(1, 8)]
    with one.inside():
        me, after, seen = one.who(LENA), "", []
        while True:
            page = one.inbox.queue(me, "team", after=after, limit=3)
            seen += [row["id"] for row in page.rows]
            if not (after := page.after):
                break
        assert seen == sorted(ids, key=lambda draft: (one.inbox.draft(draft)["place"], draft))
        assert [one.inbox.following(me, draft, "team") for draft in seen] == [*seen[1:], seen[0]]


def test_counts_are_those_of_the_tabs(one: Room) -> None:
    """What the tabs count is what they show, for whoever looks: assigned, claimed, put off, signed."""
    ids = [one.drafted(number) for number in range(1, 8)]
    with one.inside():
        lena, oskar = one.who(LENA), one.who(OSKAR)
        for draft, to in zip(ids[:4], (LENA, LENA, OSKAR, OSKAR), strict=True):
            one.inbox.pass_on(oskar, draft, to, "theirs")
        one.inbox.claim(oskar, ids[0])
        one.inbox.claim(lena, ids[5])
        one.inbox.snooze(lena, ids[1], DAY + timedelta(hours=1))
        one.sign(ids[6], LENA)
        for me in (lena, oskar, one.who(PIET)):
            one.inbox._counted = None
            shown = {tab: len(one.inbox.queue(me, tab).rows) for tab in ("mine", "unclaimed", "team", "snoozed")}
            assert one.inbox.counts(me) == shown


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"text": "a-2"}, 1),
        ({"text": "a-9"}, 0),
        ({"text": "A-2"}, 1),
        ({"text": "T-2"}, 1),
        ({"text": "ada@a-2.example"}, 1),
        ({"text": "goodwill"}, 3),
        ({"text": "%"}, 0),
        ({"text": "greta"}, 3),
        ({"tier": "mid"}, 3),
        ({"tier": "high"}, 0),
        ({"role": "approver"}, 0),
        ({"intent": "goodwill_credit", "text": "T-3"}, 1),
        ({"late": True}, 0),
    ],
)
def test_filters_and_search(one: Room, filters: dict[str, Any], found: int) -> None:
    """Filters narrow, search finds an account, a ticket, a request, an assignee, a person's whole address."""
    for number in range(1, 4):
        one.drafted(number)
    with one.inside():
        assert len(one.inbox.queue(one.who(LENA), "team", **filters).rows) == found


def test_what_went_alone_and_what_is_done_are_one_click_away(one: Room) -> None:
    """Tickets answered without a person and decided drafts have tabs of their own."""
    draft = one.drafted()
    small = account(id="A-9")
    one.accounts["A-9"] = small
    one.says("T-9", credit("5.00", account_id="A-9"))
    assert one.run(Scene(small).incoming("T-9"))["status"] == "done"
    with one.inside():
        one.sign(draft)
    one.later()
    with one.inside():
        me = one.who(LENA)
        assert [row["id"] for row in one.inbox.queue(me, "alone").rows] == ["T-9"]
        assert [(row["id"], row["review_verdict"]) for row in one.inbox.queue(me, "done").rows] == [(draft, "approve")]


# ---- many at once ---------------------------------------------------------------------------------------------------


def low(one: Room, number: int, **changes: Any) -> str:
    """Make a draft of low stakes: a refusal to a small healthy account in its renewal window."""
    near = {"contract.renewal_date": "2027-04-10", **changes}
    return one.drafted(number, "small", refusal(), **near)


def test_many_at_once_are_each_logged_alone(one: Room) -> None:
    """Low stakes, one policy: each draft is signed, logged and carried out by itself."""
    ids = [low(one, number) for number in range(1, 4)]
    with one.inside():
        cards = [(draft, one.inbox.draft(draft)["card_digest"]) for draft in ids]
        done = one.inbox.approve_together(one.who(LENA), cards)
    assert [item.draft_id for item in done if not isinstance(item, str)] == ids
    assert sorted(one.later()) == sorted(ids) and len(one.rows("review")) == 3


@pytest.mark.parametrize("trouble", ["too many", "none", "twice", "kinds", "stakes"])
def test_what_is_not_approved_together(one: Room, trouble: str) -> None:
    """More than twenty, none, one twice, two kinds or higher stakes: nothing at all is approved."""
    ids = [low(one, 1), low(one, 2)]
    match trouble:
        case "too many":
            ids *= 11
        case "none":
            ids = []
        case "twice":
            ids.append(ids[0])
        case "kinds":
            ids.append(one.drafted(3, "small", credit("300.00", account_id="A-3")))
        case "stakes":
            ids.append(one.drafted(4))
    with one.inside(), pytest.raises(Refused):
        one.inbox.approve_together(one.who(LENA), [(draft, one.inbox.draft(draft)["card_digest"]) for draft in ids])
    assert one.later() == []


def test_the_log_holds(room: Room) -> None:
    """Signing, taking back, passing on and deciding leave a chain that fits together."""
    draft = room.drafted()
    with room.inside():
        room.inbox.pass_on(room.who(LENA), draft, OSKAR, "his")
        room.sign(draft, OSKAR)
        room.inbox.take_back(room.who(OSKAR), draft)
        room.sign(draft, OSKAR, "edit", reply="We have noted your credit, and we are sorry.")
    room.later()
    assert chain.verify(room.store)[1] == ()
    with room.store.read() as connection:
        assert reviews.verdict(connection, draft)[1].reply == "We have noted your credit, and we are sorry."  # type: ignore[index]


# ---- what an attack found -------------------------------------------------------------------------------------------


def test_two_delegates_of_one_person_are_not_four_eyes(one: Room) -> None:
    """Two people on the lent authority of a third are one authority, and so is the lender after their delegate."""
    draft = one.drafted(kind="calm mid", says=credit("6000.00"))
    with one.inside():
        today = one.inbox.today()
        one.inbox.be_away(one.who(MIRIAM), today, today, LENA)
        with pytest.raises(BadInput, match="already"):
            one.inbox.be_away(one.who(MIRIAM), today, today + timedelta(days=3), OSKAR)
        one.sign(draft, LENA, note="agreed with the account")
    one.later()
    assert one.row(draft)["first_acting_for"] == MIRIAM
    with one.inside():
        with pytest.raises(Conflict, match="authority of its own"):
            one.sign(draft, MIRIAM, note="agreed with the account")
        one.sign(draft, SAMUEL, note="agreed with the account")
    one.later()
    assert one.ran == ["issue_credit"]


def test_a_loan_that_ended_signs_nothing(one: Room) -> None:
    """Where the absence ends within the ten seconds, what the delegate signed comes back."""
    draft = one.drafted(kind="calm mid", says=credit("900.00"))
    with one.inside():
        away = one.inbox.be_away(one.who(PRIYA), one.inbox.today(), one.inbox.today(), OSKAR)
        one.sign(draft, OSKAR)
        one.inbox.be_back(one.who(PRIYA), away)
    assert one.later() == [] and one.ran == [] and one.row(draft)["came_back"]


def test_a_verdict_given_anew_has_its_own_ten_seconds(one: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A verdict that was taken back and given again while others are carried out waits for its own time."""
    draft = one.drafted()
    with one.inside():
        one.sign(draft)
    monkeypatch.setattr("cxagent.inbox.desk.signing.due", lambda connection: [draft])
    assert one.later(2) == [] and one.ran == []
    with one.inside(), pytest.raises(Conflict, match="taken back"):
        review = one.inbox.agent
        row = one.inbox.draft(draft)
        one.inbox.take_back(one.who(LENA), draft)
        one.sign(draft)
        review.decide(draft, Review(verdict="approve", by=LENA, role="reviewer"), row["signed_personal_id"])
    assert one.ran == []


def test_a_planted_draft_is_found_and_judged_like_any_other(one: Room) -> None:
    """Search by the sender finds it, and an edit beyond one's authority is refused as on a real draft."""
    draft = one.drafted()
    with one.inside():
        one.sign(draft)
    one.later()
    with one.inside():
        planted = planting.plant(one.agent, one.who(JONAS), 1)[0]
        found = one.inbox.queue(one.who(LENA), "team", text="ada@a-1.example").rows
        assert [row["id"] for row in found] == [planted]
        with pytest.raises(Refused):
            one.sign(planted, LENA, "edit", reply="We refund USD 9,000,000.00 to you today.")
        one.sign(planted, LENA, "edit", reply="We have noted your credit, with thanks.")


def test_a_handoff_is_passed_on(one: Room) -> None:
    """Who has a handoff gives it to a colleague who decides drafts, with a line in the log."""
    draft = one.drafted()
    with one.inside():
        with pytest.raises(BadInput, match="decides drafts"):
            one.sign(draft, choice="hand_off", reason="other", to=PIET)
        one.sign(draft, choice="hand_off", reason="other", to=PRIYA)
    one.later()
    with one.inside():
        handed = one.inbox.handoffs(one.who(PRIYA))[0]
        one.inbox.hand_on(one.who(PRIYA), handed["id"], SAMUEL, "his account")
        assert [row["id"] for row in one.inbox.handoffs(one.who(SAMUEL))] == [handed["id"]]
