"""The tools of the helpdesk: answers, questions, refusals, incidents, bugs, escalation."""

from cxagent.actions import Call, action

from .sandbox import done
from .terms import Day


@action(effect="public_info", reversible="yes", idempotent=True)
def share_public_doc(call: Call, url: str) -> dict[str, str]:
    """Point to a public page."""
    return done(call, "share_public_doc", url=url)


@action(effect="public_info", reversible="yes", idempotent=True, clarifies=True)
def ask_clarification(call: Call, question: str) -> dict[str, str]:
    """Ask the customer one question."""
    return done(call, "ask_clarification", question=question)


@action(effect="public_info", reversible="yes", idempotent=True)
def send_ack(call: Call, template_id: str) -> dict[str, str]:
    """Send an acknowledgement that was approved beforehand."""
    return done(call, "send_ack", template_id=template_id)


@action(effect="commitment", idempotent=True, refuses=True)
def decline_request(call: Call, policy_ref: str, rationale: str, alternatives: str | list[str]) -> dict[str, str]:
    """Refuse a request kindly: the policy, the reason, and what is possible instead."""
    return done(call, "decline_request", policy_ref=policy_ref, rationale=rationale, alternatives=alternatives)


@action(effect="reversible_op", reversible="yes", idempotent=True)
def open_incident(call: Call, severity: str, summary: str) -> dict[str, str]:
    """Open an incident with the people on call."""
    return done(call, "open_incident", severity=severity, summary=summary)


@action(effect="commitment", idempotent=True)
def send_status_update(call: Call, incident_id: str, text: str) -> dict[str, str]:
    """Tell the customer how an incident stands."""
    return done(call, "send_status_update", incident_id=incident_id, text=text)


@action(effect="commitment", idempotent=True)
def admit_fault(call: Call, incident_id: str, wording: str) -> dict[str, str]:
    """Say that an incident was our fault."""
    return done(call, "admit_fault", incident_id=incident_id, wording=wording)


@action(effect="commitment", reversible="partial", idempotent=True)
def schedule_outage_rca(call: Call, incident_id: str, attendees: str | list[str], date: Day = None) -> dict[str, str]:
    """Set a meeting about the cause of an incident."""
    return done(call, "schedule_outage_rca", incident_id=incident_id, date=date, attendees=attendees)


@action(effect="reversible_op", reversible="yes", idempotent=True)
def file_bug(call: Call, severity: str, repro: str) -> dict[str, str]:
    """File a bug, with the steps that show it."""
    return done(call, "file_bug", severity=severity, repro=repro)


@action(effect="internal", reversible="yes", idempotent=True)
def escalate(call: Call, to_role: str, severity: str, brief: str) -> dict[str, str]:
    """Bring in a colleague by role."""
    return done(call, "escalate", to_role=to_role, severity=severity, brief=brief)


TOOLS = (
    share_public_doc,
    ask_clarification,
    send_ack,
    decline_request,
    open_incident,
    send_status_update,
    admit_fault,
    schedule_outage_rca,
    file_bug,
    escalate,
)
