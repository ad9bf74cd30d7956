"""What a card is made of: word differences, the evidence of figures, forms of actions."""

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requirements.world import account

from cxagent.actions import Call, Toolbox, action
from cxagent.domain.proposal import Action
from cxagent.errors import BadInput
from cxagent.inbox import forms
from cxagent.inbox.evidence import Known, evidence
from cxagent.inbox.wording import diff
from cxagent.review import words

WORDS = st.lists(st.sampled_from(["we", "credit", "USD 40", ".", "\n", "you", " "]), max_size=12).map(" ".join)


@given(before=WORDS, after=WORDS)
def test_a_difference_holds_both_texts(before: str, after: str) -> None:
    """What stayed and what went make up the draft, what stayed and what came the new version, letter by letter."""
    pieces = diff(before, after)
    assert "".join(one.words for one in pieces if one.kind != "new") == before
    assert "".join(one.words for one in pieces if one.kind != "gone") == after


def test_a_difference_is_told_in_phrases() -> None:
    """Two words that changed beside each other are one change, not two with a blank between."""
    found = [(one.kind, one.words) for one in diff("It was for the best.", "It was about this best.")]
    assert found == [("same", "It was "), ("gone", "for the"), ("new", "about this"), ("same", " best.")]


KNOWN = Known(
    account=account(
        changes={
            "contract.special_terms": ["uptime 99.95"],
            "billing.invoices": [{"number": "INV-7", "issue_date": "2027-02-03"}],
        }
    ),
    facts=[{"name": "renewal_date", "value": "2027-10-25", "source": "contract"}],
    actions=[Action(tool="issue_credit", args={"amount": "40.00", "currency": "USD"})],
    guidance={"Goodwill": "A small credit of 25.00 is a kind word in money."},
    message="We lost 3 hours.\nPlease credit USD 75.",
    today=date(2027, 3, 9),
)


@pytest.mark.parametrize(
    ("reply", "words", "origin", "where"),
    [
        ("A credit of USD 40.00 is on its way.", "USD 40.00", "action", "issue credit, amount"),
        ("A credit of EUR 40.00 is on its way.", "EUR 40.00", None, None),
        ("A credit of USD 41.00 is on its way.", "USD 41.00", None, None),
        ("You may have 25.00 from us.", "25.00", "guidance", "guidance, Goodwill"),
        ("You asked for USD 75.", "USD 75", "message", "the customer's message"),
        ("It renews on 25 October 2027.", "on 25 October 2027", "record", "renewal date (contract)"),
        ("Your bill of 3 February 2027 is here.", "3 February 2027", "record", "billing, invoices, INV-7, issue date"),
        ("It will be there by 1 April 2027.", "by 1 April 2027", None, None),
        ("It will be there in 4 days.", "in 4 days", None, None),
        ("INV-7 is attached.", "INV-7", "record", "billing, invoices, INV-7"),
        ("INV-70 is attached.", "INV-70", None, None),
        ("You use 9 of 12 seats.", "9", "record", "crm, notes"),
        ("You lost 3 hours.", "3", "message", "the customer's message"),
    ],
)
def test_each_figure_of_a_reply_has_a_holder_or_none(
    reply: str, words: str, origin: str | None, where: str | None
) -> None:
    """R31: an amount, a day or a number is found where it stands, in its own currency, or told as held by nothing."""
    found = {one.words: one for one in evidence(reply, KNOWN)}
    held = found[words].held
    assert (held.origin, held.where) == (origin, where) if held else (origin, where) == (None, None)


def test_addresses_are_no_figures() -> None:
    """A link and a mail address hold digits that claim nothing."""
    assert evidence("See https://x.example/v2/33 or write to desk7@x.example.", KNOWN) == ()


class Size(Enum):
    """How large something is."""

    SMALL = "small"
    LARGE = "large"


@action(effect="reversible_op", account="account_id")
def order(
    call: Call,
    account_id: str,
    text: str,
    count: int,
    price: Decimal,
    size: Size,
    way: Literal["air", "sea"],
    day: date | None = None,
    urgent: bool = False,
    names: str | list[str] = (),  # type: ignore[assignment]
) -> None:
    """Order something."""


TOOLS = Toolbox()
TOOLS.add(order.tool)  # type: ignore[attr-defined]
ARGS: dict[str, Any] = {
    **{"account_id": "A-1", "text": "as agreed", "count": 3, "price": "40.00", "size": "small", "way": "sea"},
    **{"day": "2027-04-01", "urgent": True, "names": ["Ada", "Ben"]},
}
ORDER = Action(tool="order", args=ARGS)


def shown(*actions: Action) -> dict[str, str]:
    """Return the form of some calls as a browser sends it when nobody touches it."""
    return forms.typed(actions, TOOLS, actions)


def test_each_argument_has_the_control_of_its_kind() -> None:
    """R31: text, number, choice, day, box and lines follow from the schema; the account stays as it is."""
    kinds = {one.label: one.kind for one in forms.fields(0, ORDER, TOOLS["order"])}
    assert kinds == {
        **{"account id": "fixed", "text": "text", "count": "number", "price": "number", "size": "choice"},
        **{"way": "choice", "day": "date", "urgent": "check", "names": "lines"},
    }


def test_an_untouched_form_changes_nothing() -> None:
    """What comes back as it was shown is no edit, and a request without the form is none either."""
    assert forms.read([ORDER], TOOLS, shown(ORDER)) is None
    assert forms.read([ORDER], TOOLS, {}) is None


@pytest.mark.parametrize(
    ("typed", "name", "value"),
    [
        ({"a0.price": "41.50"}, "price", "41.50"),
        ({"a0.count": "4"}, "count", 4),
        ({"a0.size": "large"}, "size", "large"),
        ({"a0.day": "2027-04-02"}, "day", "2027-04-02"),
        ({"a0.names": "Ada\r\n\r\n Cem "}, "names", ["Ada", "Cem"]),
        ({"a0.account_id": "A-2"}, "account_id", "A-1"),
    ],
)
def test_what_was_typed_becomes_an_argument(typed: dict[str, str], name: str, value: object) -> None:
    """Amounts stay the text that was typed, whole numbers stay numbers, lines a list, the account never moves."""
    form = shown(ORDER) | typed | {"a0.text": "otherwise"}
    found = forms.read([ORDER], TOOLS, form)
    assert found is not None
    assert found[0].args[name] == value


def test_a_box_that_is_off_leaves_a_call_out() -> None:
    """Of two calls the one that is not ticked is not among those that would run."""
    form = shown(ORDER, ORDER)
    del form["a0.run"]
    assert forms.read([ORDER, ORDER], TOOLS, form) == (ORDER,)


@pytest.mark.parametrize(
    ("typed", "where"),
    [
        ({"a0.price": "forty"}, "a0.price"),
        ({"a0.count": "1.5"}, "a0.count"),
        ({"a0.size": "huge"}, "a0.size"),
        ({"a0.day": "tomorrow"}, "a0.day"),
        ({"a0.text": " "}, "a0.text"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(typed: dict[str, str], where: str) -> None:
    """The sentence names the very field."""
    with pytest.raises(BadInput) as caught:
        forms.read([ORDER], TOOLS, shown(ORDER) | typed)
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("tier", "low_clv", "Small"),
        ("trust balance", "0.0000", "no breach of trust counts"),
        ("trust balance", "-0.5000", "a breach of trust still counts 0.50 (a fresh major one is 1)"),
        ("trust balance", "0.2500", "0.25 in our favour"),
        ("segment", "mid_market", "mid market"),
        ("renewal window", "closed", "closed"),
        ("health", 0, "0"),
        ("goals", None, "unknown"),
        ("days to notice deadline", "None", "unknown"),
    ],
)
def test_facts_are_told_in_plain_words(name: str, value: object, said: str) -> None:
    """A value is shown as people say it; what nobody knows is called unknown."""
    assert words.fact({"name": name, "value": value}) == said
