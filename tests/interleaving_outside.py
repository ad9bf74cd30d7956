"""The outside of the stage: who asks for what, a credit that recognises its key, and a bell that does not."""

from collections.abc import Callable
from typing import Any, Literal

from cxagent.actions import Call, action
from cxagent.domain.proposal import Proposal
from cxagent.errors import Refused
from cxagent.testing import call, proposal

SMALL, MIDDLE, LARGE = "ACC-103", "ACC-201", "ACC-301"
SENDERS = {SMALL: "noel@brindlecote.example", MIDDLE: "yvette@marlstone.example", LARGE: "silvan@norvane.example"}
PLEA = "We ran the same report twice by mistake. Would a goodwill credit be possible?"
Mood = Literal["refuses", "breaks", "loses the answer"]


def gift(account_id: str, amount: str, *, bell_first: bool) -> Proposal:
    """Return a proposal of a credit, which has a key, and a bell, which has none."""
    credit = call("issue_credit", account_id=account_id, amount=amount, currency="USD", reason="goodwill")
    calls = (call("ring_a_bell", times="one"), credit)
    said = f"We have added a credit of USD {amount} to your account."
    return proposal("goodwill_credit", *(calls if bell_first else calls[::-1]), reply=said)


def bell(stage: Any) -> Callable[..., Any]:
    """Return the tool of a stage that has no key."""

    @action(effect="public_info", reversible="yes")
    def ring_a_bell(call: Call, times: str) -> dict[str, str]:
        """Do something that nobody can recognise when it is done again."""
        return _happens(stage, call, "bell", "0", keyed=False)

    return ring_a_bell


def credit(stage: Any) -> Callable[..., Any]:
    """Return the tool of a stage that has a key."""

    @action(effect="financial", idempotent=True)
    def issue_credit(call: Call, account_id: str, amount: str, currency: str, reason: str) -> dict[str, str]:
        """Give a credit, once per key."""
        return _happens(stage, call, "credit", amount, keyed=True)

    return issue_credit


def _happens(stage: Any, call: Call, tool: str, amount: str, *, keyed: bool) -> dict[str, str]:
    """Let an effect happen between two stops, as the mood of the outside has it."""
    stage.pause()
    # Who recognises a key answers as before, whatever the mood.
    mood = stage.moods.pop(0) if stage.moods and not (keyed and stage.laws.knows(call.key)) else None
    if mood == "refuses":
        raise Refused("the other side refused")
    if mood == "breaks":
        raise OSError("no connection")
    stage.laws.happened(call.key, call.ticket_id, tool, amount, keyed=keyed)
    stage.look()
    stage.pause()
    if mood == "loses the answer":
        raise OSError("the answer was lost")
    return {"ref": call.key}
