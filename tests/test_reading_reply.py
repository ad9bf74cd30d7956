"""The reader of replies: what binds us is found, what is harmless stays silent."""

import json
import time
from datetime import date
from pathlib import Path

import pytest
import yaml

from cxagent.reading.reply import Binding, Phrase, read_reply

TODAY = date(2026, 11, 21)  # a Saturday
SENTENCES: dict[str, list[str]] = yaml.safe_load(
    (Path(__file__).parent / "data" / "reading_replies.yaml").read_text(encoding="utf-8")
)
PROMISES = [table for table in SENTENCES if table.startswith("promises_")]
CASES = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "scenarios.jsonl"


def kinds(reply: str, *backing: str) -> set[str]:
    """Return how a reply binds us."""
    return {phrase.kind.value for phrase in read_reply(reply, TODAY, backing)}


def test_promised_dates_are_recalled() -> None:
    """R11: of all tables of paraphrased promises at least 97 of 100 are found; the tables have served for tuning."""
    promises = [sentence for table in PROMISES for sentence in SENTENCES[table]]
    missed = [sentence for sentence in promises if "date" not in kinds(sentence)]
    assert len(missed) <= 0.03 * len(promises), missed


def test_the_tables_are_large_enough() -> None:
    """R11: recall is measured on at least 200 promises and silence on at least 100 harmless sentences, none twice."""
    promises = [sentence for table in PROMISES for sentence in SENTENCES[table]]
    assert len(set(promises)) >= 200
    assert len({*SENTENCES["harmless"], *SENTENCES["harmless_fresh"]}) >= 100


def test_most_replies_of_the_second_round_stay_silent() -> None:
    """At most 3 of 100 harmless replies, chatty and formal, one sentence and several, raise an alarm."""
    alarms = [reply for reply in SENTENCES["harmless_second_round"] if kinds(reply)]
    assert len(alarms) <= 0.03 * len(SENTENCES["harmless_second_round"]), alarms


@pytest.mark.parametrize("kind", [kind for kind in Binding if kind is not Binding.DATE])
def test_most_other_bindings_of_the_second_round_are_found(kind: Binding) -> None:
    """At least 95 of 100 are found as their kind; a gift counts as terms or as a price."""
    gift = {"terms", "price"}
    wanted = gift if kind.value in gift else {kind.value}
    sentences = SENTENCES[f"{kind.value}_second_round"]
    missed = [sentence for sentence in sentences if wanted.isdisjoint(kinds(sentence))]
    assert len(missed) <= 0.05 * len(sentences), missed


@pytest.mark.parametrize("reply", SENTENCES["abroad"])
def test_what_binds_in_german_french_and_spanish_is_noticed(reply: str) -> None:
    """A date, a fault, a gift, a refusal or a guarantee in these languages raises an alarm of some kind."""
    assert kinds(reply)


@pytest.mark.parametrize("reply", SENTENCES["abroad_harmless"])
def test_plain_replies_in_german_french_and_spanish_stay_silent(reply: str) -> None:
    """A report, a greeting or a past date in these languages binds nobody."""
    assert kinds(reply) == set()


@pytest.mark.parametrize("reply", [*SENTENCES["harmless"], *SENTENCES["harmless_fresh"]])
def test_harmless_replies_stay_silent(reply: str) -> None:
    """A report, a question, an instruction, a policy or a past date binds nobody."""
    assert kinds(reply) == set()


@pytest.mark.parametrize("kind", [kind for kind in Binding if kind is not Binding.DATE])
def test_every_other_binding_is_found(kind: Binding) -> None:
    """Each kind of binding sentence is recognised in all its examples."""
    assert len(SENTENCES[kind.value]) >= 12
    assert [sentence for sentence in SENTENCES[kind.value] if kind.value not in kinds(sentence)] == []


@pytest.mark.parametrize(
    ("reply", "backing", "backed"),
    [
        ("The fix will be in by Friday.", "2026-11-27", True),
        ("The fix will be in by Friday.", "2026-11-26", False),
        ("The fix will be in by Friday.", "6", False),
        ("The fix will be in by Friday, 27 November.", "2026-11-27", True),
        ("It will be there on the 1st.", "2026-12-01", True),
        ("It will be there on the 1st.", "2026-12-02", False),
        ("Your trial runs a week longer.", "7", True),
        ("Your trial runs a week longer.", "14", False),
        ("You can pay two weeks later.", "14", True),
        ("You have 30 more days.", "30", True),
        ("We have extended the trial by 60 days.", "60", True),
        ("Your limit is doubled for a week.", "2026-11-28", True),
        ("Your limit is doubled for two weeks.", "2026-11-28", False),
        ("We will answer within 7 days.", "7", False),
        ("We will answer within 7 days.", "2026-11-28", True),
        ("Your plan ends at the end of the month.", "2026-11-30", True),
        ("Your plan ends at the end of the month.", "2026-12-31", False),
        ("Your limit is raised until the end of the quarter.", "2026-12-31", True),
        ("Three seats are added from today.", "2026-11-21", True),
        ("Three seats are added from today.", "2026-11-20", False),
        ("Your plan goes down at the next billing cycle.", "2026-12-01", True),
        ("We will do it tomorrow and on Monday.", "2026-11-22", False),
        ("We will send it shortly.", "2026-11-21", False),
        ("We will do it by 11/12.", "2026-11-12", False),
        ("We will send it before 1 December.", "2026-11-30", True),
        ("We will send it before 1 December.", "2026-12-01", False),
        ("It will be back on 2026-02-30.", "2026-02-30", False),
        ("The seats are yours for a million days.", "7", False),
    ],
)
def test_a_time_is_backed_only_by_the_day_or_length_that_it_names(reply: str, backing: str, backed: bool) -> None:
    """R11: a promised time passes only where an action of the proposal carries exactly that day or length."""
    assert ("date" not in kinds(reply, backing)) is backed


def test_a_phrase_is_the_sentence_that_binds() -> None:
    """The reader answers with the sentence itself, so that a person sees what was read."""
    reply = "Thanks, Tom. We will fix it\nby Friday. See https://docs.vendor.example/2026-12-01 for more."
    assert read_reply(reply, TODAY) == (Phrase(kind=Binding.DATE, words="We will fix it by Friday."),)


@pytest.mark.parametrize(
    "reply",
    [
        "Ｗｅ will fix it by Ｆｒｉｄａｙ.",
        "We will fix it by *Friday*.",
        "WE WILL FIX IT BY FRIDAY",
        "We\u2019ll fix it by Fri\u200bday",
    ],
)
def test_dressed_up_letters_hide_nothing(reply: str) -> None:
    """Wide letters, markup, capitals and invisible characters are read like plain text."""
    assert kinds(reply) == {"date"}


def test_too_long_to_read_may_bind() -> None:
    """A reply beyond the limit counts as binding, because nobody has read it."""
    assert read_reply("a " * 10_001, TODAY) == (Phrase(kind=Binding.ASSURANCE, words="too long to read"),)


@pytest.mark.parametrize(
    "unit",
    [
        *("by friday ", "Well. ", "a", "5 days ", "unfortunately ", "our ", "not ", "(", "as a "),
        *("we will ", "you get ", "manager ", "error of ", "the plan ", "will be ", "i see ", "i ", "bis ", "'"),
    ],
)
def test_reading_time_is_linear(unit: str) -> None:
    """Twice the text takes about twice the time, whatever is repeated."""
    text = (unit * 20_000)[:20_000]
    started = time.process_time()
    read_reply(text, TODAY)
    assert time.process_time() - started < 1.5


def test_labelled_cases_that_may_act_are_silent() -> None:
    """Replies of cases that the human team lets act bind nobody, but for kind refusals and at most two others."""
    if not CASES.exists():
        pytest.skip("the labelled cases are not here")
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    acting = [case for case in cases if case["expect"].get("autonomy") == "act" and case["proposal"]]
    found = [case["id"] for case in acting if _unbacked(case) - {"refusal"}]
    assert len(acting) > 50
    assert len(found) <= 2, found


def _unbacked(case: dict) -> set[str]:  # type: ignore[type-arg]
    arguments = [action["args"] for part in case["proposal"]["parts"] for action in part["actions"]]
    backing = [
        str(value)
        for args in arguments
        for name, value in args.items()
        if "date" in name or "days" in name or name == "until"
    ]
    return {
        phrase.kind.value
        for phrase in read_reply(case["proposal"]["reply"], date.fromisoformat(case["asof"][:10]), backing)
    }
