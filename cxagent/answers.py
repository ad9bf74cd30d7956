"""The wire forms of a review: LangChain's `HITLRequest` goes out, every form that its front ends send comes back in."""

from typing import Any

from pydantic import ValidationError

from cxagent.domain.proposal import Action, Proposal
from cxagent.domain.review import Review, Verdict
from cxagent.domain.value import Text, Value
from cxagent.errors import BadInput

ACTION_NAME = "answer_customer"
VERDICTS: tuple[Verdict, ...] = ("approve", "edit", "reject", "respond")
LEGACY: dict[str, Verdict] = {"accept": "approve", "ignore": "reject", "response": "respond", "edit": "edit"}


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
    return {
        "action_requests": [{"name": ACTION_NAME, "args": args, "description": description}],
        "review_configs": [{"action_name": ACTION_NAME, "allowed_decisions": list(VERDICTS)}],
        "card": ours,
    }


def read_answer(raw: Any) -> Answer:
    """Read any accepted form; `BadInput` says in one sentence what does not fit."""
    if isinstance(raw, dict) and set(raw) == {"decisions"}:
        return _decision(_only(raw["decisions"], "decisions"))
    if isinstance(raw, list):
        return _legacy(_only(raw, "the list"))
    if isinstance(raw, dict) and "args" in raw:
        return _legacy(raw)
    return _decision(raw)


def _only(items: Any, what: str) -> Any:
    if not isinstance(items, list) or len(items) != 1:
        count = len(items) if isinstance(items, list) else "no list"
        raise BadInput(f"{what} must hold exactly one answer for the one request, not {count}", where="answer")
    return items[0]


def _decision(raw: Any) -> Answer:
    kind = raw.get("type") if isinstance(raw, dict) else None
    match kind:
        case "approve":
            _closed(raw, {"type"})
            return Answer(verdict="approve")
        case "reject":
            _closed(raw, {"type", "message"})
            return Answer(verdict="reject", note=_text(raw, "message", needed=False))
        case "respond":
            _closed(raw, {"type", "message"})
            return Answer(verdict="respond", reply=_text(raw, "message"))
        case "edit":
            _closed(raw, {"type", "edited_action", "message"})
            edited = raw.get("edited_action")
            if not isinstance(edited, dict):
                raise BadInput("an edit needs edited_action with name and args", where="answer.edited_action")
            return _edit(edited.get("name"), edited.get("args"))
        case _:
            raise BadInput(f"type must be one of {', '.join(VERDICTS)}, not {kind!r}", where="answer.type")


def _legacy(raw: Any) -> Answer:
    kind = raw.get("type") if isinstance(raw, dict) else None
    verdict = LEGACY.get(kind) if isinstance(kind, str) else None
    if verdict is None:
        raise BadInput(f"type must be one of {', '.join(LEGACY)}, not {kind!r}", where="answer.type")
    _closed(raw, {"type", "args"})
    args = raw.get("args")
    match verdict:
        case "respond":
            return Answer(verdict="respond", reply=_text(raw, "args"))
        case "edit":
            if not isinstance(args, dict):
                raise BadInput("an edit needs args with action and args", where="answer.args")
            return _edit(args.get("action"), args.get("args"))
        case "reject":
            return Answer(verdict="reject", note=args if isinstance(args, str) else None)
        case "approve":
            return Answer(verdict="approve")


def _edit(name: Any, args: Any) -> Answer:
    if name != ACTION_NAME:
        raise BadInput(f"an edit may not switch from {ACTION_NAME} to {name!r}", where="answer.edited_action.name")
    if not isinstance(args, dict):
        raise BadInput("an edit needs args with reply and actions", where="answer.edited_action.args")
    _closed(args, {"reply", "actions"}, "answer.edited_action.args")
    try:
        actions = args.get("actions")
        parsed = None if actions is None else tuple(Action.model_validate(action) for action in actions)
    except (ValidationError, TypeError) as error:
        raise BadInput(f"actions cannot be read: {error}", where="answer.edited_action.args.actions") from None
    return Answer(verdict="edit", reply=_text(args, "reply", needed=False), actions=parsed)


def _text(raw: dict[str, Any], key: str, *, needed: bool = True) -> str | None:
    value = raw.get(key)
    if value is None and not needed:
        return None
    if not isinstance(value, str) or (needed and not value.strip()) or "\x00" in value:
        raise BadInput(f"{key} must be a text", where=f"answer.{key}")
    return value


def _closed(raw: dict[str, Any], allowed: set[str], where: str = "answer") -> None:
    if extra := sorted(set(raw) - allowed):
        raise BadInput(f"unknown key {extra[0]!r}", where=where)
