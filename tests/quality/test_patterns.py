"""Patterns: a fault seeded in one kind of case is found, named in plain words, and nothing is found where none is."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from cxagent.ledger.store import Store
from cxagent.playbook import Playbook, load_playbook
from cxagent.quality.patterns import Pattern, change_for, patterns
from quality.streams import NOW, finding, kept

INTENTS = ("goodwill_credit", "invoice_copy", "howto_question", "waive_fee", "add_seats")
SEGMENTS = ("smb", "mid_market", "enterprise")
TRAITS = (("low_clv",), ("mid",), ("mid", "in_window"), ("low_clv", "at_risk"))


@pytest.fixture(scope="module")
def book() -> Playbook:
    """The reference playbook."""
    return load_playbook(Path(__file__).resolve().parents[2] / "graphs" / "playbook.yaml")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty ledger, on both databases."""
    opened = Store.open(database_url)
    yield opened
    opened.close()


def noise(count: int, chance: random.Random, rate: float = 0.03) -> list:
    """Return findings over all kinds of cases with errors at one rate everywhere."""
    return [
        finding(
            intent=chance.choice(INTENTS),
            segment=chance.choice(SEGMENTS),
            traits=chance.choice(TRAITS),
            **wrong(chance.random() < rate),
        )
        for _ in range(count)
    ]


def wrong(it_is: bool) -> dict:
    """Say that people disagreed, or nothing."""
    return (
        {"agrees": False, "severity": "major", "reasons": ("wrong_action_or_amount",), "wanted": "draft"}
        if it_is
        else {}
    )


def found(store: Store, book: Playbook) -> tuple[Pattern, ...]:
    """Return the patterns in what is on record."""
    with store.read() as connection:
        return patterns(connection, book, NOW)


def test_a_seeded_fault_is_named(store: Store, book: Playbook) -> None:
    """R52: credits for mid-market accounts in the window, wrong in 9 of 11, are named beside ordinary noise."""
    chance = random.Random(5)
    seeded = [finding(segment="mid_market", traits=("mid", "in_window"), **wrong(number < 9)) for number in range(11)]
    kept(store, *noise(300, chance), *seeded)
    first = found(store, book)[0]
    assert first.intent == "goodwill_credit" and "in_window" in first.conditions
    assert "in the renewal window" in first.said and "want to see it before it goes" in first.said
    assert first.against >= 9 and first.of <= 30 and first.stake.startswith("USD ")
    assert first.reasons["wrong_action_or_amount"] == first.against and len(first.cases) == first.against


@pytest.mark.parametrize("seed", range(8))
def test_noise_is_no_pattern(seed: int, tmp_path: Path, book: Playbook) -> None:
    """Where errors are as frequent everywhere, nothing stands out: eight streams of 400 bring at most one pattern."""
    store = Store.open(f"sqlite:///{tmp_path}/noise.sqlite")
    kept(store, *noise(400, random.Random(seed)))
    assert found(store, book) == ()


def test_few_are_no_pattern(store: Store, book: Playbook) -> None:
    """Two disagreements are never a pattern, however alike they are."""
    kept(store, *noise(100, random.Random(3), rate=0), *(finding(**wrong(True)) for _ in range(2)))
    assert found(store, book) == ()


def test_a_fault_is_found_soon(store: Store, book: Playbook) -> None:
    """R52: a fault that strikes every second case of a kind is found within twelve reviews of it."""
    chance = random.Random(11)
    kept(store, *noise(200, chance, rate=0.02))
    for number in range(12):
        kept(store, finding(intent="waive_fee", segment="smb", traits=("low_clv",), **wrong(number % 2 == 0)))
        if any(one.intent == "waive_fee" for one in found(store, book)):
            return
    raise AssertionError("not found within twelve reviews")


@pytest.mark.parametrize(
    ("intent", "conditions", "ratio", "change"),
    [
        ("goodwill_credit", {"low_clv"}, 0.5, {"money.per_action.low_clv": "50"}),
        ("goodwill_credit", {"low_clv"}, None, {"ceilings.financial.low_clv": "draft"}),
        ("goodwill_credit", {"mid", "in_window"}, None, {"in_window.financial.mid": "handoff"}),
        ("sso_lockout", {"mid", "in_window"}, None, {"ceilings.reversible_op.mid": "draft"}),
        ("howto_question", {"at_risk", "mid"}, None, {"ceilings.public_info.at_risk": "handoff"}),
        ("invoice_explanation", {"low_clv"}, None, {"matters.billing_figures.low_clv": "draft"}),
        ("data_deletion", {"high"}, None, {}),
        ("goodwill_credit", set(), None, {}),
        ("not_an_intent", {"mid"}, None, {}),
    ],
)
def test_the_change(intent: str, conditions: set, ratio: float | None, change: dict, book: Playbook) -> None:
    """The change is the narrowest line that would have sent these cases to a person, one step lower, or none."""
    assert change_for(book, intent, frozenset(conditions), ratio) == change
