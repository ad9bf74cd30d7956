"""What was found wrong after it was sent is opened once, owned by a person, put right once, and stays on record."""

import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from requirements.room import LENA, MIRIAM, OSKAR, PIET, PRIYA
from requirements.world import DAY, HELLO, ROOT, Scene, account, credit, doc

from cxagent.domain.finding import Finding
from cxagent.errors import BadInput, Conflict, CxagentError, Refused
from cxagent.inbox import Inbox, Person
from cxagent.ledger import chain, history, personal
from cxagent.ledger import repairs as recorded
from cxagent.quality import repairs
from cxagent.quality.ladder import noted
from cxagent.reading.reply import Binding, read_reply
from cxagent.testing import World, call, proposal

JONAS = "Jonas Falk"


class Shop(World):
    """A world in which answers go out and are found wrong."""

    def __init__(self, url: str, home: Path) -> None:
        super().__init__(ROOT, home, url=url)
        self.now, self.accounts = DAY, {"A-1": account()}
        self.inbox = Inbox(self.agent)

    def take(self, number: int = 1, says: Any = None, message: str = HELLO) -> dict[str, Any]:
        """Work one ticket of the first account."""
        incoming = Scene(self.accounts["A-1"], message=message).incoming(f"T-{number}")
        self.says(incoming.ticket.id, says or doc())
        return self.run(incoming)

    def finding(self, decision_id: str, by: str = JONAS, **more: Any) -> Finding:
        """Return a finding on a decision, built from its line in the log."""
        entry = self.decision(decision_id)
        body = entry["body"]
        told = {name: entry[name] for name in ("ticket_id", "account_id")} | {"decision_id": decision_id}
        marks = {name: body[name] for name in ("segment", "version", "chance", "would")}
        seen = {"origin": "audit", "chosen": "uniform", "wanted": "handoff", "agrees": False, "severity": "major"}
        when = {"decided_at": entry["at"], "at": self.now, "root_id": entry["account_id"], "by": by}
        cell = {"intent": next(iter(body["intents"]), "unknown"), "went": body["autonomy"]}
        return Finding.model_validate({**told, **marks, **cell, **seen, **when, "unmet": ["facts"], **more})

    def found(self, decision_id: str, by: str = JONAS, **more: Any) -> str | None:
        """Let somebody find a decision wrong, and return its repair."""
        with self.inside():
            return repairs.open_for(self.agent, self.finding(decision_id, by, **more))

    def wrong(self, number: int = 1, **more: Any) -> str:
        """Let the machine answer alone and somebody find it wrong; return the repair."""
        result = self.take(number)
        assert result["status"] == "done"
        self.now += timedelta(hours=1)
        opened = self.found(result["decision_id"], **more)
        assert opened is not None
        return opened

    def done(self, repair_id: str, by: str = LENA, how: Any = "corrected", text: str = "I wrote to Ada.") -> None:
        """Let somebody close a repair."""
        with self.inside():
            repairs.done(self.agent, self.who(by), repair_id, how, text)

    def who(self, name: str) -> Person:
        """Return a person as they stand."""
        return self.inbox.person(name)

    def weights(self) -> list[Decimal]:
        """Return what was entered on the account's trust, the worst first."""
        return sorted(Decimal(row["weight"]) for row in self.rows("trust_event"))

    def balance(self) -> Decimal:
        """Return how the account's trust stands."""
        with self.inside() as bench:
            found = bench.judge.look(Scene(self.accounts["A-1"]).ticket, "A-1")
        assert found.standing is not None
        return found.standing.trust_balance


@pytest.fixture
def shop(tmp_path: Path, database_url: str) -> Iterator[Shop]:
    """Open a shop on each of the two databases."""
    made = Shop(database_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def stall(tmp_path: Path) -> Iterator[Shop]:
    """Open a shop on one database, for what is no question of SQL."""
    made = Shop(f"sqlite:///{tmp_path / 'world.sqlite'}", tmp_path)
    yield made
    made.close()


def test_a_repair_is_opened_once_with_all_that_it_takes(shop: Shop) -> None:
    """It has an owner, a date by its weight, a draft, a handoff, a trust event, and a line that names nobody."""
    repair_id = shop.wrong(note="they asked for something else")
    (row,) = shop.rows("repair")
    assert (row["id"], row["status"], row["severity"], row["owner"]) == (repair_id, "open", "major", LENA)
    assert datetime.fromisoformat(row["due"]) == DAY + timedelta(hours=5)
    assert (shop.handoff("T-1")["owner"], shop.rows("ticket")[0]["status"]) == (LENA, "handed_off")
    assert shop.weights() == [Decimal(-1)]
    (line,) = shop.entries("T-1", "repair")
    assert (line["body"]["repair"], line["body"]["step"], LENA in str(line["body"])) == (repair_id, "opened", False)
    assert shop.found(row["decision_id"]) == repair_id
    assert (len(shop.rows("repair")), len(shop.entries("T-1", "repair")), len(shop.weights())) == (1, 1, 1)
    assert chain.verify(shop.store)[1] == ()


def test_two_who_find_it_at_once_open_one_repair(shop: Shop) -> None:
    """Of two findings at the same moment one opens the repair and the other is noted on it."""
    decision_id, other = shop.take()["decision_id"], shop.twin()
    made: list[str | None] = []
    barrier = threading.Barrier(2)

    def run(world: World, by: str) -> None:
        barrier.wait()
        with world.inside():
            made.append(repairs.open_for(world.agent, shop.finding(decision_id, by)))

    both = [threading.Thread(target=run, args=two) for two in ((shop, JONAS), (other, OSKAR))]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert (len(made), len(set(made)), len(shop.rows("repair"))) == (2, 1, 1)
    assert [line["body"]["step"] for line in shop.entries("T-1", "repair")] == ["opened", "found again"]


def test_a_graver_finding_raises_it(shop: Shop) -> None:
    """It costs the difference, shortens the time, and opens what had been closed; a milder one changes nothing."""
    repair_id = shop.wrong(severity="minor")
    late = shop.rows("repair")[0]["due"]
    decision_id = shop.rows("repair")[0]["decision_id"]
    shop.done(repair_id, how="not_needed", text="they had called us already")
    shop.found(decision_id, OSKAR, severity="critical")
    (row,) = shop.rows("repair")
    assert (row["status"], row["severity"], row["due"] < late) == ("open", "critical", True)
    shop.found(decision_id, PRIYA, severity="minor")
    assert shop.rows("repair")[0]["severity"] == "critical"
    assert shop.weights() == [Decimal("-0.75"), Decimal("-0.25")]
    steps = [line["body"]["step"] for line in shop.entries("T-1", "repair")]
    assert steps == ["opened", "not_needed", "raised", "found again"]


def test_it_is_closed_once(shop: Shop) -> None:
    """The text stays behind a pointer, the customer counts as answered, and the second hears who was first."""
    repair_id = shop.wrong()
    shop.now += timedelta(minutes=30)
    shop.done(repair_id)
    (row,) = shop.rows("repair")
    assert (row["status"], row["done_by"], row["done_at"]) == ("corrected", LENA, shop.now.isoformat())
    assert shop.handoff("T-1")["answered_by"] == LENA
    with pytest.raises(Conflict, match=f"{LENA} was first"):
        shop.done(repair_id, PRIYA, "not_needed", "nothing to be said here")
    assert len(shop.weights()) == 2
    with shop.store.read() as connection:
        assert personal.get(connection, row["done_personal_id"]) == {"text": "I wrote to Ada."}
        assert [one["id"] for one in recorded.ended(connection)] == [repair_id]


def test_two_who_close_it_at_once_close_it_once(shop: Shop) -> None:
    """One of two is told that the other was first, and trust is given back once."""
    repair_id, other = shop.wrong(), shop.twin()
    results: list[str] = []
    barrier = threading.Barrier(2)

    def run(world: World, by: str) -> None:
        barrier.wait()
        try:
            with world.inside():
                repairs.done(world.agent, shop.who(by), repair_id, "corrected", "I wrote.")
            results.append("done")
        except CxagentError as error:
            results.append(type(error).__name__)

    both = [threading.Thread(target=run, args=two) for two in ((shop, LENA), (other, PRIYA))]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert (sorted(results), len(shop.weights())) == (["Conflict", "done"], 2)


def test_the_lists_say_what_is_open_late_and_ended(shop: Shop) -> None:
    """Open ones come by date, late ones once their time is over, and the ended ones last of all."""
    minor, critical = shop.wrong(1, severity="minor"), shop.wrong(2, severity="critical")
    with shop.inside():
        assert [row["id"] for row in repairs.open_ones(shop.agent)] == [critical, minor]
        assert repairs.overdue(shop.agent) == []
    shop.now += timedelta(hours=3)
    with shop.inside():
        assert [row["id"] for row in repairs.overdue(shop.agent)] == [critical]
        assert len(repairs.mine(shop.agent, shop.who(LENA))) == 2
        assert repairs.mine(shop.agent, shop.who(OSKAR)) == []
        with shop.store.read() as connection:
            assert recorded.waiting(connection, (LENA, OSKAR)) == 2
    shop.done(critical)
    with shop.inside():
        assert (repairs.overdue(shop.agent), [row["id"] for row in repairs.repaired(shop.agent)]) == ([], [critical])


# ---- what asks for a repair -----------------------------------------------------------------------------------------


def drafted(shop: Shop) -> str:
    """Let a draft wait for a person."""
    return str(shop.take(says=credit("300.00"), message="May we have a credit of USD 300?")["draft_id"])


def approved(shop: Shop) -> None:
    """A person approved the machine's draft as it was."""
    shop.review(drafted(shop), "approve", PRIYA)


def edited(shop: Shop) -> None:
    """A person sent another text."""
    shop.review(drafted(shop), "respond", PRIYA, reply="We would rather talk about it.")


def handed_over(shop: Shop) -> None:
    """A person owned it from the start."""
    shop.take(message="I want to speak to a human being about our plan.")


def alone(shop: Shop) -> None:
    """The machine answered."""
    shop.take()


@pytest.mark.parametrize(
    ("goes", "more", "opens"),
    [
        (alone, {}, True),
        (alone, {"agrees": True, "severity": None, "unmet": []}, False),
        (alone, {"wanted": None, "origin": "surfaced", "chosen": "surfaced"}, True),
        (approved, {}, True),
        (approved, {"wanted": "act", "unmet": ["routing"]}, False),
        (approved, {"wanted": "act", "unmet": ["routing"], "by_goals": False}, True),
        (approved, {"wanted": "act", "unmet": ["amount"]}, True),
        (approved, {"at": DAY - timedelta(minutes=1)}, False),
        (edited, {}, False),
        (drafted, {}, False),
        (handed_over, {}, False),
    ],
)
def test_only_what_went_out_and_was_wrong_is_put_right(
    stall: Shop, goes: Callable[[Shop], Any], more: dict[str, Any], opens: bool
) -> None:
    """Nothing sent, another's words, an agreement, or a wish for more latitude open nothing and cost no trust."""
    goes(stall)
    decision_id = stall.entries("T-1", "ruling")[0]["id"]
    before = stall.rows("ticket")[0]["status"]
    made = stall.found(decision_id, **more)
    assert ((made is not None), len(stall.weights())) == (opens, int(opens))
    assert opens or stall.rows("ticket")[0]["status"] == before


def test_a_line_that_is_no_decision_has_no_repair(stall: Shop) -> None:
    """A finding on what is no ruling is refused with the name of it."""
    finding = stall.finding(stall.take()["decision_id"]).model_copy(update={"decision_id": "dec_none"})
    with stall.inside(), pytest.raises(BadInput, match="there is no decision dec_none"):
        repairs.open_for(stall.agent, finding)


# ---- whose it is ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("crm", "away", "wanted"),
    [
        ("oskar  lindqvist", {}, OSKAR),
        ("Somebody Else", {}, LENA),
        ("pooled", {}, LENA),
        (PIET, {}, LENA),
        (OSKAR, {OSKAR: PRIYA}, PRIYA),
        (OSKAR, {OSKAR: None}, PRIYA),
        (OSKAR, {OSKAR: PRIYA, PRIYA: LENA}, "Samuel Costa"),
    ],
)
def test_a_person_who_is_there_owns_it(stall: Shop, crm: str, away: dict[str, str | None], wanted: str) -> None:
    """The account's owner where they decide drafts, else who may sign; whoever is away passes to who stands in."""
    stall.change("A-1", "crm.owner", {"name": crm})
    for name, delegate in away.items():
        with stall.inside():
            stall.inbox.be_away(stall.who(name), date(2027, 3, 9), date(2027, 3, 12), delegate)
    stall.wrong()
    assert stall.rows("repair")[0]["owner"] == wanted


@pytest.mark.parametrize(
    ("by", "may"), [(LENA, True), (OSKAR, False), (PRIYA, True), (MIRIAM, True), (JONAS, False), (PIET, False)]
)
def test_its_owner_closes_it_or_somebody_above(stall: Shop, by: str, may: bool) -> None:
    """Others are refused, and it stays open."""
    repair_id = stall.wrong()
    if may:
        stall.done(repair_id, by)
    else:
        with pytest.raises(Refused, match=f"{LENA} puts this right"):
            stall.done(repair_id, by)
    assert stall.rows("repair")[0]["status"] == ("corrected" if may else "open")


def test_who_stands_in_closes_it(stall: Shop) -> None:
    """Somebody on whom the owner's authority is on loan today may, and it is among theirs."""
    repair_id = stall.wrong()
    with stall.inside():
        stall.inbox.be_away(stall.who(LENA), date(2027, 3, 9), date(2027, 3, 12), OSKAR)
        assert [row["id"] for row in repairs.mine(stall.agent, stall.who(OSKAR))] == [repair_id]
    stall.done(repair_id, OSKAR)


@pytest.mark.parametrize(
    ("how", "text", "where"),
    [("corrected", "  ", "text"), ("not_needed", "no", "text"), ("not_needed", "1234567890 !!", "text")],
)
def test_it_is_not_closed_with_nothing(stall: Shop, how: str, text: str, where: str) -> None:
    """A correction needs its text, and no correction a reason in words."""
    repair_id = stall.wrong()
    with pytest.raises(BadInput) as said:
        stall.done(repair_id, how=how, text=text)
    assert (said.value.where, stall.rows("repair")[0]["status"]) == (where, "open")


# ---- the draft, the undo, and trust ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"unmet": ["facts"]}, "please do not rely on it"),
        ({"unmet": ["amount", "commitment"]}, "more than we can stand behind"),
        ({"unmet": ["tone"]}, "not how we want to write to you"),
        ({"unmet": ["routing"]}, "One of us should have looked"),
        ({"unmet": ["routing"], "went": "draft", "wanted": None}, "That was not right"),
        ({"unmet": [], "by_goals": False}, "what you told us you want to reach"),
        ({"unmet": [], "wanted": "draft"}, "That was not right"),
        ({"wanted": "handoff"}, "I am looking at it myself"),
    ],
)
def test_the_draft_says_what_was_wrong_and_promises_nothing(stall: Shop, more: dict[str, Any], says: str) -> None:
    """It quotes what went out, follows from the finding, is signed by the owner, and keeps the auditor's note back."""
    stall.wrong(note="the customer must not read this", **more)
    (row,) = stall.rows("repair")
    with stall.store.read() as connection:
        text = personal.get(connection, row["personal_id"])["draft"]
    assert says in text and "I am sorry" in text and text.endswith(LENA)
    assert "> Open the report and choose Schedule." in text and "must not read" not in text
    assert text == stall.handoff("T-1")["brief"]["suggestion"]
    own = "\n".join(line for line in text.splitlines() if not line.startswith(">"))
    tomorrow = DAY.date() + timedelta(days=1)  # a day that is not over could be one that is promised
    assert {one.kind for one in read_reply(own, tomorrow)} <= {Binding.FAULT}


def granted(shop: Shop) -> tuple[str, str]:
    """Let the machine give a colleague access, and somebody find that wrong; return the repair and the effect."""
    user = "wren@a-1.example"
    shop.take(
        says=proposal("grant_user_access", call("grant_access", user=user, role="viewer"), reply="That is done."),
        message=f"Please add a new colleague, {user}, as a viewer.",
    )
    decision_id = shop.entries("T-1", "ruling")[0]["id"]
    made = shop.found(decision_id, unmet=["action"])
    assert made is not None
    return made, str(shop.rows("execution")[0]["id"])


def test_what_was_done_can_be_taken_back_from_the_repair(stall: Shop) -> None:
    """A person does it with their own authority, once; nothing else can be taken back through it."""
    repair_id, key = granted(stall)
    stall.now += timedelta(minutes=1)
    with stall.inside():
        (effect,) = repairs.sheet(stall.agent, stall.who(LENA), repair_id).effects
        assert (effect["id"], effect["can_undo"]) == (key, True)
        with pytest.raises(Refused, match="may not take"):
            repairs.take_back(stall.agent, stall.who(PIET), repair_id, key, "it was the wrong one")
        with pytest.raises(BadInput, match="nothing that this repair can take back"):
            repairs.take_back(stall.agent, stall.who(LENA), repair_id, "exe_other", "it was the wrong one")
        told = repairs.take_back(stall.agent, stall.who(LENA), repair_id, key, "it was the wrong one")
        (after,) = repairs.sheet(stall.agent, stall.who(LENA), repair_id).effects
    assert (told["status"], told["tool"]) == ("done", "revoke_access")
    assert (after["can_undo"], after["undo_status"]) == (False, "done")
    assert (len(stall.rows("handoff")), stall.rows("repair")[0]["status"]) == (1, "open")


@pytest.mark.parametrize(("severity", "cost", "back"), [("minor", "-0.25", "0.1"), ("critical", "-1", "0.25")])
def test_an_apology_gives_a_part_of_the_trust_back(stall: Shop, severity: str, cost: str, back: str) -> None:
    """At once it is the whole of that part."""
    repair_id = stall.wrong(severity=severity)
    stall.done(repair_id)
    assert [one.normalize() for one in stall.weights()] == [Decimal(cost), Decimal(back)]


def test_a_late_apology_never_outweighs_the_breach(stall: Shop) -> None:
    """Whenever it comes, it gives back a quarter of what is left, and what needed no apology gives back nothing."""
    decisions = [stall.take(number)["decision_id"] for number in (1, 2)]
    first, second = (str(stall.found(one)) for one in decisions)
    stall.now += timedelta(days=720)
    before = stall.balance()
    stall.done(first)
    assert stall.balance() == pytest.approx(before * 7 / 8, abs=Decimal("0.001"))
    stall.done(second, how="not_needed", text="the account has left us")
    assert stall.balance() == pytest.approx(before * 7 / 8, abs=Decimal("0.001"))


def erase(shop: Shop) -> None:
    """Erase every text of the first ticket."""
    with shop.store.write() as connection:
        personal.erase(connection, ["T-1"])


def test_erased_texts_leave_a_repair_that_can_be_closed(stall: Shop) -> None:
    """Its draft is gone with the words, and whoever owns it can still say what became of it."""
    repair_id = stall.wrong()
    erase(stall)
    with stall.inside():
        sheet = repairs.sheet(stall.agent, stall.who(LENA), repair_id)
    assert (sheet.draft, sheet.replies, sheet.text) == (None, (), None)
    stall.done(repair_id)
    assert stall.rows("repair")[0]["status"] == "corrected"


def test_what_was_erased_before_is_opened_without_a_word_of_it(stall: Shop) -> None:
    """The finding still opens a repair; its draft quotes nothing and names nobody but its owner."""
    decision_id = stall.take()["decision_id"]
    finding = stall.finding(decision_id)
    erase(stall)
    with stall.inside():
        assert repairs.open_for(stall.agent, finding) is not None
    (row,) = stall.rows("repair")
    with stall.store.read() as connection:
        text = personal.get(connection, row["personal_id"])["draft"]
    assert (row["owner"], row["account_name"], text.startswith("Hello,"), ">" in text) == (LENA, None, True, False)
    assert chain.verify(stall.store)[1] == ()


def test_whoever_saw_the_repair_judges_the_decision_blind_no_more(stall: Shop) -> None:
    """The look is on record under the decision itself."""
    repair_id = stall.wrong()
    with stall.inside():
        repairs.sheet(stall.agent, stall.who(OSKAR), repair_id)
    (row,) = stall.rows("access")
    assert (row["person"], row["subject"]) == (OSKAR, stall.rows("repair")[0]["decision_id"])


def test_trust_events_are_dated_when_it_came_to_light(stall: Shop) -> None:
    """A breach counts from the day on which it is known, not from the day of the answer."""
    decision_id = stall.take()["decision_id"]
    stall.now += timedelta(days=30)
    stall.found(decision_id)
    with stall.store.read() as connection:
        (event,) = history.trust_events(connection, ["A-1"])["A-1"]
    assert event.at == DAY + timedelta(days=30)


def test_a_crash_before_the_repair(shop: Shop) -> None:
    """A finding whose repair was not opened any more is found by the next sweep, once; an old one is left."""
    result = shop.take()
    shop.now += timedelta(hours=1)
    with shop.inside():
        finding = shop.finding(result["decision_id"])
        with shop.agent.store.write("finding") as connection:
            noted(connection, shop.agent.project.in_force, finding)
        assert repairs.sweep(shop.agent, shop.now + timedelta(days=61)) == []
        opened = repairs.sweep(shop.agent, shop.now)
        assert len(opened) == 1 and repairs.sweep(shop.agent, shop.now) == []
    assert [row["finding_id"] is not None for row in shop.rows("repair")] == [True]


def test_a_crash_before_a_repair_weighs_more(shop: Shop) -> None:
    """A graver finding that was not noted on its repair any more is found by the next sweep, once; a milder is not."""
    repair_id = shop.wrong()
    decision_id = shop.rows("repair")[0]["decision_id"]
    shop.now += timedelta(hours=1)
    for by, severity, found in ((OSKAR, "minor", []), (PRIYA, "critical", [repair_id])):
        with shop.inside():
            with shop.agent.store.write("finding") as connection:
                noted(connection, shop.agent.project.in_force, shop.finding(decision_id, by, severity=severity))
            assert repairs.sweep(shop.agent, shop.now) == found
            assert repairs.sweep(shop.agent, shop.now) == []
    assert [row["severity"] for row in shop.rows("repair")] == ["critical"]
