"""What an owner may write where an answer of ours was wrong: it follows from the finding, and promises nothing."""

from datetime import datetime

from cxagent.aftercare.correcting import letter
from cxagent.domain.finding import Finding
from cxagent.domain.vocabulary import ACT, HANDOFF
from cxagent.steps.held import Held

WAS_WRONG = {
    "facts": "What we told you was not correct, so please do not rely on it.",
    "action": "What we did was not the right thing to do.",
    "amount": "The amount was not right, so please do not rely on it.",
    "commitment": "It said more than we can stand behind, so please do not rely on it.",
    "tone": "It is not how we want to write to you.",
    "routing": "One of us should have looked at it first.",
}
"""What a criterion that was not met means for the customer, and what holds in its stead."""
NOT_SETTLED = "Nothing about your request is settled by it; I am looking at it myself."
NOT_THEIR_GOAL = "It does not help you with what you told us you want to reach."
PLAINLY_WRONG = "That was not right."


def drafted(finding: Finding, given: Held | None, at: datetime, owner: str, replies: list[str]) -> str:
    """Draft the correction: what we said, what of it was wrong and what holds instead, an apology, and no promise.

    It follows from the finding's criteria alone: what an auditor noted is for us, and never for the customer.
    """
    alone = finding.went == ACT and (finding.wanted is None or finding.wanted < ACT)
    said = [WAS_WRONG[one] for one in finding.unmet if one in WAS_WRONG and (alone or one != "routing")]
    said += [NOT_THEIR_GOAL] if finding.by_goals is False else []
    said = said or [PLAINLY_WRONG]
    more = f" {NOT_SETTLED}" if finding.wanted == HANDOFF else ""
    quoted = "".join("\n\n" + "\n".join(f"> {line}".rstrip() for line in one.strip().splitlines()) for one in replies)
    wrote = f"We wrote:{quoted}\n\n" if quoted else ""
    return letter(given.ticket if given else None, at, owner, f"{wrote}{' '.join(said)} I am sorry about that.{more}")
