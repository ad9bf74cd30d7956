"""What a reviewer may say in an edit: kind words are theirs; what binds us beyond the draft is for who may sign it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from langgraph.types import Command
from requirements.room import LENA, MIRIAM, PRIYA, SAMUEL, Room
from requirements.world import DAY, credit

from cxagent.answers import ACTION_NAME
from cxagent.domain.proposal import Action
from cxagent.errors import Refused
from cxagent.inbox import planting
from cxagent.rules.added import Said, added

TODAY = date(2026, 11, 21)  # a Saturday
DRAFT = "Thank you for your message. The page explains it."
GIVES_WAY = [
    "We are happy to write off the open balance.",
    "Feel free to hold back the payment until you are satisfied.",
    "We release you from the remaining months.",
    "Your team can walk away from the deal at any point.",
    "You keep the price you signed for.",
    "The March charge is on our account.",
    "We will not ask you for the setup costs.",
    "You won't see a bill for this.",
    "Leave the invoice unpaid, we will sort it out on our side.",
    "There will be no charge for the second workspace.",
    "Your existing conditions stay in force.",
    "We are taking the overage off your bill.",
    "The yearly uplift is skipped this time.",
    "We won't apply the price increase to your account.",
    "Treat the cancellation window as open.",
    "The extra month is our gift.",
    "You are free to end the agreement before its term.",
    "We will make good whatever this cost you.",
    "There is no need to settle the February statement.",
    "We have decided to strike the late charge.",
    "You can get out of the agreement without waiting for its end.",
    "The rate you have today is yours for good.",
    "We are going to forgive the outstanding balance.",
    "Please tear up the last reminder we sent.",
    "The three months of notice are waived in your case.",
    "Your company does not owe us a thing for this period.",
    "We shall bear the costs of the consultant.",
    "The planned increase will pass you by.",
    "I have asked finance to void the invoice from May.",
    "You may stop paying until the import works.",
    "The renewal does not bind you.",
    "Call us when you want to leave; no notice is needed.",
    "We are glad to let your team off the annual commitment.",
    "The additional workspace costs you nothing.",
    "We will not hold you to the signed term.",
    "The price from your first contract applies again.",
    "We'll swallow the bank fee.",
]
"""Sentences that bind us on money or terms, most without a figure."""
KIND = [
    "There is nothing more for you to do.",
    "We need nothing further from your team.",
    "No further details are required from you.",
    "Many thanks for the detailed description, it helped a lot.",
    "I am truly sorry about the inconvenience.",
    "We are always happy to hear from you.",
    "If anything else comes up, simply answer this message.",
    "It is great to see how your team uses the product.",
    "Have a good start into the week.",
    "My colleagues send their regards.",
    "I hope this answers your question.",
    "I have read your message carefully.",
    "Your feedback means a lot to us.",
    "We know that this is annoying, and we appreciate your patience.",
    "Please tell me if I misunderstood you.",
    "You will find the button at the top right of the page.",
    "Best wishes from Berlin, Oskar",
    "Thank you for choosing us.",
    "It is nice to meet you.",
    "Thank you so much for the kind words.",
    "We are sorry that this took some of your time.",
    "I hope your week is going well.",
    "Please give my regards to the whole team.",
    "It was good to talk to you.",
    "If you prefer, you can also answer by phone.",
    "That is a very good observation.",
    "Here is the same link again, so that you have it at hand.",
    "Feel free to ask whatever comes to mind.",
    "I hope the new office feels like home already.",
    "We appreciate that you wrote to us first.",
    "Please excuse the confusion in my earlier wording.",
    "You have been very patient with us.",
    "Wishing you all a calm end of the year.",
    "Have a great start with the rollout!",
    "I noticed a typing error above and put it right.",
    "Yours sincerely, Priya Nair",
    "I enclose the invoice that you asked for.",
    "The settings page lists every open invoice.",
    "You will find your contract in the documents tab.",
    "The delay was caused by a slip on our side.",
    "I will call you tomorrow morning.",
]
"""Sentences that bind nobody."""
GIBT_NACH = [
    "Die offene Rechnung erlassen wir Ihnen gerne.",
    "Auf die Mahngebühr verzichten wir.",
    "Sie brauchen für November nichts zu zahlen.",
    "Die Kosten dafür übernehmen wir.",
    "Ihr Preis bleibt bis auf Weiteres gleich.",
    "Sie dürfen jederzeit kündigen.",
    "Die Januarrechnung brauchen Sie nicht zu begleichen.",
    "Auf die Einhaltung der Frist verzichten wir gern.",
    "Sie können den Vertrag jederzeit beenden.",
    "Den bisherigen Preis behalten wir für Sie bei.",
    "Die Bearbeitungsgebühr entfällt.",
    "Wir tragen die Kosten des Umzugs.",
    "Diesen Monat zahlen Sie nichts.",
    "Die Mahnung dürfen Sie vergessen.",
    "Die Preisanpassung gilt für Sie nicht.",
    "Wir erlassen Ihnen den offenen Betrag.",
    "Sie bekommen den Betrag zurück.",
    "Der Aufschlag fällt weg.",
    "Die Vertragsstrafe ist vom Tisch.",
    "Den zweiten Zugang berechnen wir nicht.",
]
"""The same in German."""
FREUNDLICH = [
    "Haben Sie vielen Dank für Ihre Nachricht.",
    "Ich freue mich, dass es geklappt hat.",
    "Mit besten Grüßen, Ihre Lena Hartmann",
    "Bitte entschuldigen Sie die Verwirrung.",
    "Wenn Sie mögen, rufen Sie uns einfach an.",
    "Wir hoffen, Sie hatten einen guten Start.",
    "Ihre Hinweise helfen uns sehr.",
    "Den Link finden Sie noch einmal unten.",
    "Grüßen Sie bitte das ganze Team von mir.",
    "Schönen Feierabend!",
    "Ich habe einen Tippfehler berichtigt.",
    "Danke, dass Sie uns geschrieben haben.",
    "Die Rechnung hängt dieser Nachricht an.",
    "Ihren Vertrag finden Sie unter Dokumente.",
    "Alles Liebe zum Jahresende.",
    "Das ist eine sehr gute Frage.",
]
"""Sentences in German that bind nobody."""


def new(drafted: str, edit: str, *calls: Action, still: tuple[Action, ...] | None = None) -> list[str]:
    """Return the words that an edit adds and that bind us."""
    actions = calls if still is None else still
    return [one.words for one in added(Said(drafted, calls), Said(edit, actions), TODAY)]


@pytest.mark.parametrize("words", [*GIVES_WAY, *GIBT_NACH])
def test_words_that_bind_us_are_found_in_an_edit(words: str) -> None:
    """A sentence on money or terms is found with its words, beside sentences that bind nobody."""
    assert new(DRAFT, f"{DRAFT} {words} Kind regards, Lena") == [words] * len(new(DRAFT, words)) != []


@pytest.mark.parametrize("words", [*KIND, *FREUNDLICH])
def test_kindness_binds_nobody(words: str) -> None:
    """A greeting, a thank-you, an apology for trouble or a pointer to a page adds nothing that binds."""
    assert new(DRAFT, f"{DRAFT} {words}") == []


BOUND = "We waive the late fee for your company. Your notice period is thirty days."


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (BOUND, 0),
        (f"Dear Ada, {BOUND[0].lower()}{BOUND[1:]}", 0),
        (BOUND.replace("We waive", "We gladly waive"), 0),
        (BOUND.replace("company", "compnay"), 0),
        (f"{BOUND} Thank you so much.", 0),
        (BOUND.replace("late fee", "setup fee"), 1),
        (BOUND.replace("thirty days", "waived"), 1),
        (f"{BOUND} Nor do you have to pay the next invoice.", 1),
    ],
)
def test_what_the_draft_said_already_is_not_new(edit: str, found: int) -> None:
    """A sentence of the draft may be spelled better or said more kindly; said otherwise it is another sentence."""
    assert len(set(new(BOUND, edit))) == found


CREDIT = credit("40.00").actions[0]
WAIVER = Action(tool="waive_fee", args={"amount": "15.00", "currency": "USD"})


@pytest.mark.parametrize(
    ("words", "calls", "found"),
    [
        ("You will receive a credit of USD 40.00.", [CREDIT], False),
        ("You will receive a credit.", [CREDIT], False),
        ("We have waived the fee.", [WAIVER], False),
        ("We have waived the fee.", [CREDIT], True),
        ("We have waived the notice period.", [WAIVER], True),
        ("You will receive a credit every month.", [CREDIT], True),
        ("You will receive a credit, and you need not pay the next invoice.", [CREDIT], True),
        ("You need not pay the invoice of USD 40.00.", [CREDIT], True),
    ],
)
def test_what_an_action_gives_is_no_gift_in_words(words: str, calls: list[Action], found: bool) -> None:
    """Words about what a call of the same proposal gives are signed with that call, and nothing beyond it is."""
    assert bool(new(DRAFT, words, *calls)) is found


def test_words_that_lost_their_action_bind_by_themselves() -> None:
    """A sentence of the draft that told of a call binds alone once the edit takes that call out."""
    told = "We have waived the fee."
    assert (new(told, told, WAIVER), new(told, told, WAIVER, still=())) == ([], [told])


def test_a_text_too_long_to_read_is_no_way_around() -> None:
    """An edit beyond what is read counts as binding."""
    assert new(DRAFT, "Thank you. " * 2000)


# ---- through the doors ----------------------------------------------------------------------------------------------


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A room in which drafts are made and decided."""
    made = Room(f"sqlite:///{tmp_path / 'room.sqlite'}", tmp_path)
    yield made
    made.close()


WAIVED = "We waive the notice period."
SENTENCE = r"not within your authority.*'We waive the notice period\.'.*this needs the executive"


@pytest.mark.parametrize("choice", ["edit", "respond"])
@pytest.mark.parametrize("name", [LENA, PRIYA, SAMUEL])
def test_the_inbox_refuses_what_binds_beyond_the_draft(room: Room, name: str, choice: str) -> None:
    """Page and API: below the last step the words are refused with themselves and who may sign; the draft waits on."""
    draft = room.drafted()
    with room.inside(), pytest.raises(Refused, match=SENTENCE):
        room.sign(draft, name, choice, reply=f"We have noted your credit. {WAIVED}")
    assert room.row(draft)["status"] == "pending"


@pytest.mark.parametrize("choice", ["edit", "respond"])
def test_the_terminal_refuses_it_too(room: Room, choice: str) -> None:
    """A verdict given at once is judged alike."""
    draft = room.drafted()
    with pytest.raises(Refused, match=SENTENCE):
        room.review(draft, choice, LENA, reply=WAIVED)  # type: ignore[arg-type]
    assert room.row(draft)["status"] == "pending"


@pytest.mark.parametrize(
    "answer",
    [
        {"type": "respond", "message": WAIVED},
        {"type": "edit", "edited_action": {"name": ACTION_NAME, "args": {"reply": WAIVED}}},
    ],
)
def test_the_graph_refuses_it_too(room: Room, answer: dict[str, object]) -> None:
    """An answer past the agent is refused on the card, and the draft waits on."""
    draft = room.drafted()
    config = {"configurable": {"thread_id": "T-1"}}
    (waiting,) = room.agent.app.get_state(config).interrupts
    room.invoke(Command(resume={waiting.id: answer}), "T-1")
    (waiting,) = room.agent.app.get_state(config).interrupts
    assert WAIVED in waiting.value["action_requests"][0]["description"]
    assert (room.row(draft)["status"], room.rows("review")) == ("pending", [])


def test_who_may_sign_it_may_say_it(room: Room) -> None:
    """The last step of the ladder sends its own words."""
    draft = room.drafted()
    with room.inside():
        room.sign(draft, MIRIAM, "edit", reply=f"We have noted your credit. {WAIVED}")
    assert room.later() == [draft] and len(room.rows("outbox")) == 1


def test_a_draft_that_binds_is_approved_and_polished_as_before(room: Room) -> None:
    """What the draft itself says asks for no more than its card: approved as it stands, or said more kindly."""
    binds = [credit("40.00", account_id=f"A-{n}").model_copy(update={"reply": WAIVED}) for n in (1, 2)]
    first, second = (room.drafted(number, says=says) for number, says in enumerate(binds, 1))
    with room.inside():
        room.sign(first, LENA)
        room.sign(second, LENA, "edit", reply=f"{WAIVED} Many thanks for your patience.")
    assert sorted(room.later()) == sorted([first, second])


def test_what_is_planted_as_waived_is_refused_in_a_real_edit(room: Room) -> None:
    """The sentence that a planted draft waives something with is known when a person adds it to a good draft."""
    draft = room.drafted()
    mistake = planting.waived(room.row(draft)["card"], "", DAY.date())
    assert mistake is not None
    with room.inside(), pytest.raises(Refused, match="next invoice"):
        room.sign(draft, LENA, "edit", reply=mistake.reply)
    assert new(DRAFT, mistake.wrong.partition("you need")[2].join(["You need", ""]))
