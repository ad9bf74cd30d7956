"""What a reviewer makes of a proposal: another text, other actions, or their own words alone."""

from typing import Any

from cxagent.domain.proposal import Action, Part, Proposal
from cxagent.domain.review import Review
from cxagent.domain.vocabulary import Stance


def edited(proposal: Proposal, review: dict[str, Any]) -> Proposal:
    """Return the proposal as the reviewer wants it: their text, their actions, or their text alone."""
    verdict = Review.model_validate(review)
    reply = verdict.reply if verdict.reply is not None else proposal.reply
    first = proposal.parts[0]
    if verdict.verdict == "respond":
        part = Part(intent=first.intent, stance=Stance.INFORM)
        return proposal.model_copy(update={"parts": (part,), "reply": reply, "confidence": None})
    if verdict.actions is None:
        return proposal.model_copy(update={"reply": reply})
    return proposal.model_copy(update={"reply": reply, "parts": assigned(proposal, verdict.actions)})


def assigned(proposal: Proposal, actions: tuple[Action, ...]) -> tuple[Part, ...]:
    """Give each edited action to the part that proposed its tool; what no part proposed goes to the first one."""
    homes: dict[int, list[Action]] = {index: [] for index in range(len(proposal.parts))}
    for action in actions:
        fits = [i for i, part in enumerate(proposal.parts) if any(a.tool == action.tool for a in part.actions)]
        homes[fits[0] if fits else 0].append(action)
    return tuple(part.model_copy(update={"actions": tuple(homes[i])}) for i, part in enumerate(proposal.parts))
