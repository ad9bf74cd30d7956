"""Guidance files: what a support lead may write, and what is refused with file and key."""

import json
import re
from pathlib import Path

import pytest

from cxagent.errors import BadInput
from cxagent.proposers.guidance import Guidance, load_guidance

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
FOR_A_PERSON = {
    "change_admin": {"admin_ownership_change"},
    "delete_data": {"data_deletion"},
    "sign_document": {"security_questionnaire"},
    "commit_delivery_date": {"delivery_date_commitment"},
    "offer_discount": {"renewal_discount", "add_seats", "pricing_quote"},
    "share_roadmap": {"roadmap_question"},
    "state_contract_terms": {"contract_terms_question", "payment_terms_extension", "sla_credit_claim"},
}
PLAIN = """---
intent: greet
title: Greeting
family: talk
examples: [good morning to you, have a nice day, greetings from the team]
words: [good morning]
stance: inform
question: How can we help?
answers:
  - when: {has: [invoice]}
    actions: [{tool: wave, args: {at: "{sender}"}}]
    reply: Hello.
---
Be kind.
"""


@pytest.fixture(scope="module")
def reference() -> Guidance:
    """The guidance of the reference deployment."""
    return load_guidance(ROOT / "graphs" / "guidance")


def written(folder: Path, text: str) -> Path:
    """Write one guidance file and return its folder."""
    (folder / "greet.md").write_text(text, encoding="utf-8")
    return folder


def test_a_file_becomes_guidance(tmp_path: Path) -> None:
    """Front matter and prose of a file are read as they stand."""
    guidance = load_guidance(written(tmp_path, PLAIN))["greet"]
    assert (guidance.title, guidance.prose, guidance.tools) == ("Greeting", "Be kind.", {"wave"})


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("title: Greeting", "title: Greeting\ncolour: red", "colour"),
        ("has: [invoice]", "hass: [invoice]", "answers.0.when.hass"),
        ("has: [invoice]", "has: [moon]", "answers.0.when.has.0"),
        ("tool: wave", "tool: wave, tol: x", "answers.0.actions.0.tol"),
        ("{sender}", "{sendr}", "sendr"),
        ("reply: Hello.", "reply: Hello {nobody}.", "nobody"),
        ("reply: Hello.", "reply: ''", "answers.0.reply"),
        ("stance: inform", "stance: shout", "stance"),
        ("question: How can we help?\n", "", "question"),
        ("title: Greeting", "title: Greeting\ntitle: Twice", "'title' stands there twice"),
        ("family: talk", "family: [", "front matter is not YAML"),
        ("intent: greet", "intent: gret", "'gret'"),
    ],
)
def test_a_fault_names_file_and_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    """A wrong key, slot, value or name is refused with the file and the key."""
    with pytest.raises(BadInput, match=r"greet\.md") as refused:
        load_guidance(written(tmp_path, PLAIN.replace(old, new)))
    assert key in str(refused.value)


@pytest.mark.parametrize("text", ["", "no front matter", "---\n- a list\n---\n"])
def test_a_file_without_front_matter_is_refused(tmp_path: Path, text: str) -> None:
    """A file that is not front matter and prose is refused by name."""
    with pytest.raises(BadInput, match=r"greet\.md"):
        load_guidance(written(tmp_path, text))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """A folder without guidance is a mistake, not a silent machine."""
    with pytest.raises(BadInput, match="no guidance files"):
        load_guidance(tmp_path)


def test_every_word_counts_in_the_digest(tmp_path: Path) -> None:
    """The digest changes when only the prose changes, and not when nothing does."""
    first = load_guidance(written(tmp_path, PLAIN)).digest
    assert load_guidance(tmp_path).digest == first
    assert load_guidance(written(tmp_path, PLAIN.replace("Be kind.", "Be very kind."))).digest != first


def test_guidance_cannot_be_changed(reference: Guidance) -> None:
    """Loaded guidance is frozen."""
    with pytest.raises(TypeError):
        reference.intents["new"] = reference["invoice_copy"]  # type: ignore[index]


def test_replies_hold_no_figure_of_their_own(reference: Guidance) -> None:
    """A figure in a reply comes from a slot, except the goodwill credit that its own action gives."""
    for guidance in reference.intents.values():
        for answer in guidance.answers:
            plain = re.sub(r"https?://\S+|\{[^}]*\}", "", answer.reply)
            given = {str(value) for action in answer.actions for value in action.args.values()}
            assert [n for n in re.findall(r"\d[\d.]*\d|\d", plain) if n not in given] == [], guidance.intent


@pytest.mark.parametrize("tool", sorted(FOR_A_PERSON))
def test_grave_tools_stand_only_where_a_person_decides(reference: Guidance, tool: str) -> None:
    """A tool that binds or endangers is proposed for no other intent than its own."""
    assert {name for name, one in reference.intents.items() if tool in one.tools} == FOR_A_PERSON[tool]


def test_nobody_is_blamed(reference: Guidance) -> None:
    """Guidance never proposes to admit a fault or to suspend a customer."""
    assert not reference.tools & {"admit_fault", "suspend_account"}


def test_every_intent_has_enough_examples(reference: Guidance) -> None:
    """Each of the 38 intents has examples that no other intent has."""
    examples = [text for one in reference.intents.values() for text in one.examples]
    assert len(reference.intents) == 38
    assert len(set(examples)) == len(examples)
    assert min(len(one.examples) for one in reference.intents.values()) >= 10


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared scenarios are not beside this checkout")
def test_tools_and_arguments_are_the_declared_ones(reference: Guidance) -> None:
    """Every action of every answer names a declared tool and none but its arguments."""
    known = json.loads((SHARED / "scenarios.json").read_text())
    assert set(reference.intents) == {intent["id"] for intent in known["intents"]}
    for guidance in reference.intents.values():
        for action in (action for answer in guidance.answers for action in answer.actions):
            declared = known["tools"][action.tool]
            assert set(action.args) <= set(declared["args"]), (guidance.intent, action.tool)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared scenarios are not beside this checkout")
def test_examples_are_our_own(reference: Guidance) -> None:
    """No example repeats a message on which the machine is measured."""
    lines = (SHARED / "scenarios.jsonl").read_text().splitlines()
    bodies = {json.loads(line)["ticket"]["body"].lower() for line in lines}
    assert not bodies & {text.lower() for one in reference.intents.values() for text in one.examples}
