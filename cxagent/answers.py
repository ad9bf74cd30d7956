"""The wire forms of a review: LangChain's `HITLRequest` goes out, every form that its front ends send comes back in."""

import json
from typing import Any

from pydantic import ValidationError

from cxagent.domain.proposal import Action, Proposal
from cxagent.domain.review import Review, Verdict
from cxagent.domain.value import Text, Value, storable
from cxagent.errors import BadInput
from cxagent.playbook import explain

ACTION_NAME = "answer_customer"
VERDICTS: tuple[Verdict, ...] = ("approve", "edit", "reject", "respond")
LEGACY: dict[str, Verdict] = {"accept": "approve", "ignore": "reject", "response": "respond", "edit": "edit"}
INBOX: dict[str, Verdict] = {"approve": "approve", "ignore": "reject", "reject": "reject", "edit": "edit"}
"""What agent-inbox puts into `decisions`: the new words, but `args` as the legacy form has them."""

MEANINGS = (
    "Your answer: approve sends exactly this; edit sends your version once it was judged again; respond sends your "
    "words to the customer and runs no action; reject sends nothing, and a named person takes over."
)


class Answer(Value):
    """What a reviewer sent, in one form; who sent it is not part of the wire and comes from the channel."""

    verdict: Verdict
    reply: Text | None = None
    actions: tuple[Action, ...] | None = None
    note: Text | None = None

    def signed(self, by: str, role: str) -> Review:
        """Return the review of a named person."""
        return Review(verdict=self.verdict, by=by, role=role, note=self.note, reply=self.reply, actions=self.actions)


def request(proposal: Proposal, description: str, ours: dict[str, Any]) -> dict[str, Any]:
    """Return the interrupt's payload: one action request, one review config, our card beside them."""
    args = {"reply": proposal.reply, "actions": [action.model_dump(mode="json") for action in proposal.actions]}
    # Front ends label a box "respond to assistant" whose text would go to the customer: the card says so itself.
    told = f"{description}\n{MEANINGS}"
    return {
        "action_requests": [{"name": ACTION_NAME, "args": args, "description": told}],
        "review_configs": [{"action_name": ACTION_NAME, "allowed_decisions": list(VERDICTS)}],
        "card": ours,
    }


def read_answer(raw: Any) -> Answer:
    """Read any accepted form; `BadInput` says in one sentence what does not fit."""
    if isinstance(raw, list):
        return _legacy(_only(raw, "the list"), LEGACY)
    if isinstance(raw, dict) and "decisions" in raw:
        _closed(raw, {"decisions"})
        one = _only(raw["decisions"], "decisions")
        return _legacy(one, INBOX) if isinstance(one, dict) and "args" in one else _decision(one)
    if isinstance(raw, dict) and ("args" in raw or _kind(raw) in LEGACY.keys() - {"edit"}):
        return _legacy(raw, LEGACY)
    return _decision(raw)


def _only(items: Any, what: str) -> Any:
    if not isinstance(items, list) or len(items) != 1:
        count = len(items) if isinstance(items, list) else "no list"
        raise BadInput(f"{what} must hold exactly one answer for the one request, not {count}", where="answer")
    return items[0]


def _kind(raw: Any) -> str | None:
    kind = raw.get("type") if isinstance(raw, dict) else None
    return kind if isinstance(kind, str) else None


def _decision(raw: Any) -> Answer:
    match _kind(raw):
        case "approve":
            _closed(raw, {"type"})
            return Answer(verdict="approve")
        case "reject":
            _closed(raw, {"type", "message"})
            return Answer(verdict="reject", note=_note(raw, "message"))
        case "respond":
            _closed(raw, {"type", "message"})
            return Answer(verdict="respond", reply=_words(raw, "message", "answer.message"))
        case "edit":
            _closed(raw, {"type", "edited_action"})
            return _edit(raw.get("edited_action"), "name", "answer.edited_action")
        case _:
            raise _unknown(raw, VERDICTS)


def _legacy(raw: Any, kinds: dict[str, Verdict]) -> Answer:
    verdict = kinds.get(_kind(raw) or "")
    if verdict is None:
        raise _unknown(raw, tuple(kinds))
    _closed(raw, {"type", "args"})
    match verdict:
        case "respond":
            return Answer(verdict="respond", reply=_words(raw, "args", "answer.args"))
        case "edit":
            return _edit(raw.get("args"), "action", "answer.args")
        case "reject":
            return Answer(verdict="reject", note=_note(raw, "args"))
        case "approve":
            # An untouched form sends the request back; what counts is the draft on record, never this copy of it.
            if raw.get("args") is not None:
                _edit(raw["args"], "action", "answer.args")
            return Answer(verdict="approve")


def _edit(edited: Any, name: str, where: str) -> Answer:
    if not isinstance(edited, dict):
        raise BadInput(f"needs {name} and args", where=where)
    _closed(edited, {name, "args"}, where)
    if edited.get(name) != ACTION_NAME:
        raise BadInput(f"no edit may switch from {ACTION_NAME} to {_short(edited.get(name))}", where=f"{where}.{name}")
    args = edited.get("args")
    if not isinstance(args, dict) or not (args.keys() & {"reply", "actions"}):
        raise BadInput("needs reply, actions or both", where=f"{where}.args")
    _closed(args, {"reply", "actions"}, f"{where}.args")
    reply = _words(args, "reply", f"{where}.args.reply") if "reply" in args else None
    actions = _actions(args["actions"], f"{where}.args.actions") if "actions" in args else None
    return Answer(verdict="edit", reply=reply, actions=actions)


def _actions(raw: Any, where: str) -> tuple[Action, ...]:
    """Read the actions; a front end that edits every argument in a text field sends them as JSON in a text."""
    if isinstance(raw, str):
        try:
            raw = json.loads(raw, parse_float=str)
        except (ValueError, RecursionError):
            raise BadInput("is neither a list of actions nor the JSON of one", where=where) from None
    if not isinstance(raw, list):
        raise BadInput("must be a list of {tool, args}", where=where)
    try:
        return tuple(Action.model_validate(action) for action in raw)
    except ValidationError as error:
        raise BadInput(explain(error), where=where) from None


def _words(raw: dict[str, Any], key: str, where: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value.strip() or not storable(value):
        raise BadInput("must be a text that says something", where=where)
    return value


def _note(raw: dict[str, Any], key: str) -> str | None:
    value = raw.get(key)
    if value is not None and not (isinstance(value, str) and storable(value)):
        raise BadInput("must be a text, or nothing", where=f"answer.{key}")
    return value or None


def _closed(raw: dict[str, Any], allowed: set[str], where: str = "answer") -> None:
    if extra := sorted(map(str, raw.keys() - allowed)):
        raise BadInput(f"unknown key {_short(extra[0])}", where=where)


def _unknown(raw: Any, kinds: tuple[str, ...]) -> BadInput:
    if not isinstance(raw, dict):
        return BadInput(f"must be an object with a type, not {_short(raw)}", where="answer")
    return BadInput(f"must be one of {', '.join(kinds)}, not {_short(raw.get('type'))}", where="answer.type")


def _short(value: Any) -> str:
    """Return what somebody sent so that it fits into a sentence."""
    told = repr(value)
    return told if len(told) <= 60 else f"{told[:57]}…"
