"""One typical proposal for every intent of the catalogue."""

from cxagent.domain.account import Account
from cxagent.domain.proposal import Proposal
from cxagent.testing import call, proposal

TYPICAL: dict[str, tuple[str, dict[str, object]]] = {
    "howto_question": ("share_public_doc", {"url": "https://docs.vendor.example"}),
    "service_status_question": ("share_public_doc", {"url": "https://status.vendor.example"}),
    "integration_error": ("file_bug", {"severity": "low", "repro": "sync stops"}),
    "sso_lockout": ("reset_sso", {"user": "{me}"}),
    "grant_user_access": ("grant_access", {"user": "new@{host}", "role": "member"}),
    "admin_ownership_change": ("change_admin", {"new_admin": "new@{host}"}),
    "invoice_copy": ("resend_invoice", {"invoice_id": "{invoice}", "to_contact": "{me}"}),
    "invoice_explanation": ("read_invoice", {"invoice_id": "{invoice}"}),
    "invoice_dispute": ("correct_invoice", {"invoice_id": "{invoice}", "reason": "x", "line_changes": [{"amount": 9}]}),
    "goodwill_credit": ("issue_credit", {"account_id": "{id}", "amount": "40", "currency": "USD", "reason": "x"}),
    "sla_credit_claim": ("apply_sla_credit", {"incident_id": "I-1", "percent": "10"}),
    "waive_fee": ("waive_fee", {"fee_id": "{invoice}/late", "amount": "20", "currency": "USD"}),
    "payment_terms_extension": ("extend_payment_terms", {"invoice_id": "{invoice}", "extra_days": 7}),
    "suspension_for_nonpayment": ("hold_suspension", {"account_id": "{id}", "until": "{soon}"}),
    "add_seats": ("change_seats", {"delta": 2, "effective_date": "{soon}"}),
    "reduce_seats": ("change_seats", {"delta": -2, "effective_date": "{soon}"}),
    "pricing_quote": ("send_quote", {"items": "2 seats", "valid_until": "{soon}"}),
    "renewal_discount": ("offer_discount", {"conditions": "renewal", "percent": 5, "term_months": 12}),
    "contract_terms_question": ("state_contract_terms", {"clause_ref": "4.2"}),
    "cancel_subscription": ("cancel_subscription", {"reason": "closing", "effective_date": "{soon}"}),
    "cancellation_threat": ("escalate", {"to_role": "csm", "severity": "high", "brief": "x"}),
    "trial_extension": ("extend_trial", {"days": 7}),
    "roadmap_question": ("share_roadmap", {"item": "dark mode", "disclosure_level": "public"}),
    "delivery_date_commitment": ("commit_delivery_date", {"item": "export", "date": "{soon}"}),
    "bug_report": ("file_bug", {"severity": "low", "repro": "click"}),
    "production_outage": ("open_incident", {"severity": "p1", "summary": "down"}),
    "rca_request": ("schedule_outage_rca", {"incident_id": "I-1", "attendees": "all", "date": "{soon}"}),
    "out_of_policy_request": ("decline_request", {"policy_ref": "p", "rationale": "r", "alternatives": "a"}),
    "data_export": ("export_data", {"scope": "all", "format": "csv", "recipient": "{me}"}),
    "data_deletion": ("delete_data", {"scope": "project 4", "request_ref": "R-1"}),
    "security_questionnaire": ("send_security_pack", {"doc_set": "soc2", "nda_checked": True}),
    "suspected_security_incident": ("open_incident", {"severity": "p1", "summary": "odd logins"}),
    "rate_limit_increase": ("raise_rate_limit", {"limit": "2x", "until": "{soon}"}),
    "service_complaint": ("escalate", {"to_role": "csm", "severity": "high", "brief": "x"}),
    "onboarding_blocked": ("schedule_meeting", {"role": "csm", "attendees": "{me}", "slots": "open"}),
    "csm_change": ("notify_owner", {"role": "csm", "brief": "asks who it is"}),
    "repeat_custom_work": ("log_feature_request", {"item": "same report", "account_id": "{id}"}),
    "marketing_consent_change": ("set_consent", {"contact": "{me}", "purpose": "news", "value": "denied"}),
}


def typical(intent: str, one: Account, me: str | None = None) -> Proposal:
    """Return the typical proposal for an intent; `me` is who asks, by default the account's admin."""
    tool, args = TYPICAL[intent]
    me = me or f"ada@{one.id.lower()}.example"
    invoices = (one.billing.invoices if one.billing else None) or ()
    names = {"me": me, "host": me.rpartition("@")[2], "id": one.id, "soon": "2027-04-01"}
    names["invoice"] = invoices[0].number if invoices else "none"
    filled = {key: value.format(**names) if isinstance(value, str) else value for key, value in args.items()}
    return proposal(intent, call(tool, **filled), stance="decline" if tool == "decline_request" else "fulfil")
