"""What follows a call: the action that takes it back, and the look whether it held.

A tool has an undo where another call restores what was there, with arguments that are on record. A credit has none, as
no tool claws money back; nor has a first assignment, as no tool leaves a customer without anybody.
"""

from collections.abc import Mapping
from typing import Any

from cxagent.actions import Call, action
from cxagent.domain.proposal import Action

from .sandbox import Sandbox
from .terms import whole

Args = Mapping[str, Any]


def as_before(args: Args, result: Any) -> Action | None:
    """Set again what the call replaced; None where nothing is on record."""
    previous = result["previous"]
    return Action(tool=previous["tool"], args=previous["args"]) if previous else None


def shut_out_again(args: Args, result: Any) -> Action:
    """Give a user the role from before the grant; who had none is shut out."""
    return as_before(args, result) or Action(tool="revoke_access", args={"user": args["user"]})


def plan_as_before(args: Args, result: Any) -> Action | None:
    """Return to the plan on record, on the day on which the account would have left it."""
    before = as_before(args, result)
    return before and Action(tool=before.tool, args={**before.args, "effective_date": args.get("effective_date")})


def seats_as_before(args: Args, result: Any) -> Action | None:
    """Change as many seats the other way, on the same day; None where the number cannot be read."""
    delta = whole(args.get("delta"))
    back = {"delta": -delta, "effective_date": args.get("effective_date")} if delta else None
    return Action(tool="change_seats", args=back) if back else None


def confirmed(args: Args, result: Any) -> Action:
    """Look the effect up under the ref that the tool returned."""
    return Action(tool="confirm_effect", args={"ref": result["ref"]})


@action(effect="internal_read", reversible="yes", idempotent=True, confirms=True)
def confirm_effect(call: Call, ref: str) -> dict[str, Any]:
    """Tell whether an effect of this account is on record and nothing took it back."""
    holds, said = Sandbox.of(call).holds(call.account_id, ref)
    return {"holds": holds, "said": said}


TOOLS = (confirm_effect,)
