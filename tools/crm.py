"""The tools of the CRM: the account's record, its people, its wishes, what we promise."""

from typing import Any

from cxagent.actions import Call, action

from .afterwards import as_before, confirmed
from .sandbox import done
from .terms import Day


@action(effect="internal_read", reversible="yes", idempotent=True, account="account_id")
def lookup_account(call: Call, account_id: str, fields: str | list[str]) -> dict[str, str]:
    """Look something up in the account's own record; nothing is sent."""
    return done(call, "lookup_account", account_id=account_id, fields=fields)


@action(effect="reversible_op", reversible="yes", idempotent=True, account="account_id")
def log_feature_request(call: Call, item: str, account_id: str) -> dict[str, str]:
    """Note a wish for the product, with the account's vote."""
    return done(call, "log_feature_request", item=item, account_id=account_id)


@action(effect="commitment", idempotent=True)
def share_roadmap(call: Call, item: str, disclosure_level: str) -> dict[str, str]:
    """Say what is planned for the product."""
    return done(call, "share_roadmap", item=item, disclosure_level=disclosure_level)


@action(effect="commitment", idempotent=True)
def commit_delivery_date(call: Call, item: str, date: Day = None) -> dict[str, str]:
    """Promise something for a day."""
    return done(call, "commit_delivery_date", item=item, date=date)


@action(effect="internal", reversible="yes", idempotent=True)
def notify_owner(call: Call, role: str, brief: str) -> dict[str, str]:
    """Tell the colleague who looks after the account."""
    return done(call, "notify_owner", role=role, brief=brief)


@action(effect="reversible_op", reversible="yes", idempotent=True, dates=("slots",))
def schedule_meeting(call: Call, role: str, attendees: str | list[str], slots: str | list[str]) -> dict[str, str]:
    """Book a meeting between the customer and a colleague."""
    return done(call, "schedule_meeting", role=role, attendees=attendees, slots=slots)


@action(effect="reversible_op", reversible="yes", idempotent=True, undo=as_before, check=confirmed)
def assign_owner(call: Call, role: str, employee: str) -> dict[str, Any]:
    """Name the colleague who looks after the account."""
    return done(call, "assign_owner", role=role, employee=employee)


TOOLS = (
    lookup_account,
    log_feature_request,
    share_roadmap,
    commit_delivery_date,
    notify_owner,
    schedule_meeting,
    assign_owner,
)
