"""The wire forms of a review: every form that a front end sends is read, and nothing else is taken for an answer."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxagent.answers import ACTION_NAME, MEANINGS, VERDICTS, Answer, read_answer, request
from cxagent.domain.proposal import Action, Part, Proposal
from cxagent.domain.vocabulary import Stance
from cxagent.errors import BadInput

CREDIT = {"tool": "issue_credit", "args": {"account_id": "A-1", "amount": "40.00", "currency": "USD"}}
ARGS = {"reply": "Your credit is on its way.", "actions": [CREDIT]}
TAKEN = Answer(verdict="edit", reply=ARGS["reply"], actions=(Action.model_validate(CREDIT),))
APPROVE, REJECT = Answer(verdict="approve"), Answer(verdict="reject")
RESPOND = Answer(verdict="respond", reply="I will call you.")


def edit(args: Any, name: str = ACTION_NAME) -> dict[str, Any]:
    """Return an edit as the middleware's front ends send it."""
    return {"type": "edit", "edited_action": {"name": name, "args": args}}


def legacy_edit(args: Any, name: str = ACTION_NAME) -> dict[str, Any]:
    """Return an edit as agent-inbox sends it."""
    return {"type": "edit", "args": {"action": name, "args": args}}


SAME_IN_EVERY_WRAPPING = [
    ({"type": "approve"}, APPROVE),
    ({"type": "reject"}, REJECT),
    ({"type": "reject", "message": ""}, REJECT),
    ({"type": "reject", "message": "wrong amount"}, Answer(verdict="reject", note="wrong amount")),
    ({"type": "respond", "message": "I will call you."}, RESPOND),
    (edit(ARGS), TAKEN),
    (edit({"reply": "Only the text."}), Answer(verdict="edit", reply="Only the text.")),
    (edit({"actions": []}), Answer(verdict="edit", actions=())),
    (edit({**ARGS, "actions": json.dumps([CREDIT])}), TAKEN),
]

LEGACY = [
    ({"type": "accept", "args": None}, APPROVE),
    ({"type": "accept"}, APPROVE),
    ({"type": "accept", "args": {"action": ACTION_NAME, "args": ARGS}}, APPROVE),
    ({"type": "ignore", "args": None}, REJECT),
    ({"type": "ignore"}, REJECT),
    ({"type": "ignore", "args": "wrong amount"}, Answer(verdict="reject", note="wrong amount")),
    ({"type": "response", "args": "I will call you."}, RESPOND),
    (legacy_edit(ARGS), TAKEN),
]

FROM_THE_INBOX = [
    ({"type": "approve", "args": {"action": ACTION_NAME, "args": ARGS}}, APPROVE),
    ({"type": "approve", "args": None}, APPROVE),
    ({"type": "reject", "args": "wrong amount"}, Answer(verdict="reject", note="wrong amount")),
    ({"type": "ignore", "args": None}, REJECT),
    (legacy_edit(ARGS), TAKEN),
]


@pytest.mark.parametrize(("raw", "meant"), SAME_IN_EVERY_WRAPPING)
@pytest.mark.parametrize("wrap", [lambda one: one, lambda one: {"decisions": [one]}], ids=["bare", "decisions"])
def test_a_decision_is_read_bare_and_in_a_list_of_decisions(wrap: Any, raw: Any, meant: Answer) -> None:
    """The middleware's decisions are read alone, and as the one element of `decisions`."""
    assert read_answer(wrap(raw)) == meant


@pytest.mark.parametrize(("raw", "meant"), LEGACY)
@pytest.mark.parametrize("wrap", [lambda one: one, lambda one: [one]], ids=["bare", "list"])
def test_a_legacy_response_is_read_bare_and_in_a_list(wrap: Any, raw: Any, meant: Answer) -> None:
    """The older `HumanResponse` is read alone and as the one element of a list: accept, ignore, response, edit."""
    assert read_answer(wrap(raw)) == meant


@pytest.mark.parametrize(("raw", "meant"), FROM_THE_INBOX)
def test_decisions_with_legacy_arguments_are_read(raw: Any, meant: Answer) -> None:
    """Agent-inbox answers a `HITLRequest` with new types around the legacy `args`; that is read too."""
    assert read_answer({"decisions": [raw]}) == meant


REFUSED = [
    ({"decisions": []}, "exactly one answer for the one request, not 0"),
    ({"decisions": [{"type": "approve"}, {"type": "approve"}]}, "exactly one answer for the one request, not 2"),
    ({"decisions": {"type": "approve"}}, "not no list"),
    ({"decisions": [{"type": "approve"}], "by": "me"}, "unknown key 'by'"),
    ([], "not 0"),
    ([{"type": "accept"}, {"type": "ignore"}], "not 2"),
    (None, "must be an object"),
    (True, "must be an object"),
    ("approve", "must be an object with a type, not 'approve'"),
    ({}, "not None"),
    ({"type": "yes"}, "must be one of approve, edit, reject, respond, not 'yes'"),
    ({"type": ["approve"]}, "must be one of"),
    ({"type": "APPROVE"}, "must be one of"),
    ({"type": "x" * 10_000}, "…"),
    ({"decisions": [{"type": "accept"}]}, "must be one of approve"),
    ({"decisions": [{"type": "response", "args": "hello"}]}, "must be one of approve, ignore, reject, edit"),
    ([{"type": "approve"}], "must be one of accept"),
    ({"type": "approve", "args": None}, "must be one of accept"),
    ({"type": "approve", "message": "fine"}, "unknown key 'message'"),
    ({"type": "approve", "edited_action": {"name": ACTION_NAME, "args": ARGS}}, "unknown key 'edited_action'"),
    ({"type": "reject", "message": 5}, "answer.message: must be a text"),
    ({"type": "ignore", "args": {"action": ACTION_NAME}}, "answer.args: must be a text"),
    ({"type": "respond"}, "answer.message: must be a text that says something"),
    ({"type": "respond", "message": " \n"}, "must be a text that says something"),
    ({"type": "respond", "message": "a\x00b"}, "must be a text"),
    ({"type": "respond", "message": "half \ud83d"}, "must be a text"),
    ({"type": "response", "args": ""}, "answer.args: must be a text that says something"),
    ({"type": "edit"}, "answer.edited_action: needs name and args"),
    ({"type": "edit", "args": None}, "answer.args: needs action and args"),
    ({"type": "edit", "edited_action": {"name": ACTION_NAME}}, "needs reply, actions or both"),
    (edit({}), "needs reply, actions or both"),
    (edit("text"), "needs reply, actions or both"),
    (edit(ARGS, "issue_credit"), "no edit may switch from answer_customer to 'issue_credit'"),
    (legacy_edit(ARGS, "issue_credit"), "no edit may switch"),
    ([{"type": "accept", "args": {"action": "issue_credit", "args": ARGS}}], "no edit may switch"),
    ({**edit(ARGS), "message": "why"}, "unknown key 'message'"),
    ({"type": "edit", "edited_action": {"name": ACTION_NAME, "args": ARGS, "id": 1}}, "unknown key 'id'"),
    (edit({**ARGS, "tone": "warm"}), "unknown key 'tone'"),
    (edit({"reply": ""}), "args.reply: must be a text that says something"),
    (edit({"reply": None}), "args.reply: must be a text"),
    (edit({"actions": None}), "args.actions: must be a list"),
    (edit({"actions": {"tool": "issue_credit"}}), "args.actions: must be a list"),
    (edit({"actions": ["issue_credit"]}), "args.actions: "),
    (edit({"actions": [{"args": {}}]}), "args.actions: tool: Field required"),
    (edit({"actions": [{**CREDIT, "by": "me"}]}), "args.actions: by: "),
    (edit({"actions": "refund everything"}), "neither a list of actions nor the JSON of one"),
    (edit({"actions": "[" * 100_000}), "neither a list of actions nor the JSON of one"),
    (edit({"actions": "{}"}), "must be a list"),
]


@pytest.mark.parametrize(("raw", "said"), REFUSED)
def test_everything_else_is_refused_with_a_sentence(raw: Any, said: str) -> None:
    """What does not fit is refused in one short line that says what and where."""
    with pytest.raises(BadInput) as caught:
        read_answer(raw)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 250


def test_a_number_in_edited_text_stays_the_decimal_it_shows() -> None:
    """An amount typed into a text field is read as written and never as a binary fraction."""
    answer = read_answer(edit({"actions": '[{"tool": "issue_credit", "args": {"amount": 40.10}}]'}))
    assert answer.actions == (Action(tool="issue_credit", args={"amount": "40.10"}),)


WORDS = ["approve", "accept", "edit", "reject", "ignore", "respond", "response", ACTION_NAME, "", "I agree"]
KEYS = ["type", "args", "message", "decisions", "edited_action", "action", "name", "reply", "actions", "tool"]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=5)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=3),
    max_leaves=12,
)


def approves(raw: Any) -> bool:
    """Say, written out a second time, which values are an approval."""
    if raw in ({"type": "approve"}, {"decisions": [{"type": "approve"}]}):
        return True
    if isinstance(raw, dict) and set(raw) == {"decisions"}:
        word, one = "approve", raw["decisions"]
    else:
        word, one = "accept", raw
    if isinstance(one, list):
        if len(one) != 1:
            return False
        (one,) = one
    elif word == "approve":
        return False
    if not isinstance(one, dict) or one.get("type") != word or set(one) - {"type", "args"}:
        return False
    echo = one.get("args")
    if echo is None:
        return True
    return isinstance(echo, dict) and echo.get("action") == ACTION_NAME and isinstance(echo.get("args"), dict)


def nearly(one: Any) -> st.SearchStrategy[Any]:
    """Return values close to an answer: its wrappings, with keys added, changed and taken away."""
    more = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(WORDS) | ANYTHING, max_size=2)
    cut = st.sampled_from(sorted(one)).map(lambda gone: {key: value for key, value in one.items() if key != gone})
    renamed = st.sampled_from(WORDS).map(lambda word: {**one, "type": word})
    near = st.just(one) | renamed | more.map(lambda other: {**one, **other}) | cut
    return near | st.lists(near, max_size=2) | st.lists(near, max_size=2).map(lambda many: {"decisions": many})


LISTED = [raw for raw, _ in (*SAME_IN_EVERY_WRAPPING, *LEGACY, *FROM_THE_INBOX)]


@settings(max_examples=500)
@given(ANYTHING | st.sampled_from(LISTED).flatmap(nearly))
def test_nothing_else_ever_becomes_an_approval(raw: Any) -> None:
    """No JSON value is taken for an approval unless it is one of the listed forms, and no other error escapes."""
    try:
        answer = read_answer(raw)
    except BadInput:
        return
    assert answer.verdict in VERDICTS
    if answer.verdict == "approve":
        assert approves(raw)
        assert answer == APPROVE


def test_the_request_has_the_keys_that_front_ends_read() -> None:
    """One action request and one review config of the same name go out; ours stand beside them and in the text."""
    part = Part(intent="goodwill_credit", stance=Stance.FULFIL, actions=(Action.model_validate(CREDIT),))
    sent = request(Proposal(parts=(part,), reply=ARGS["reply"]), "Who, what, why.", {"gives": "USD 40.00"})
    assert sent == {
        "action_requests": [{"name": ACTION_NAME, "args": ARGS, "description": f"Who, what, why.\n{MEANINGS}"}],
        "review_configs": [{"action_name": ACTION_NAME, "allowed_decisions": ["approve", "edit", "reject", "respond"]}],
        "card": {"gives": "USD 40.00"},
    }
    assert json.loads(json.dumps(sent)) == sent


def test_the_request_comes_back_as_an_edit_of_itself() -> None:
    """A front end that returns the request's own name and arguments is understood."""
    part = Part(intent="goodwill_credit", stance=Stance.FULFIL, actions=(Action.model_validate(CREDIT),))
    (asked,) = request(Proposal(parts=(part,), reply=ARGS["reply"]), "", {})["action_requests"]
    assert read_answer(edit(asked["args"], asked["name"])) == TAKEN
