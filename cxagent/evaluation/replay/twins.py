"""Twins: the same case with something else known, to see what knowing is worth.

The unaware twin is the case before an agent without a context audit: the account's facts are those of an unremarkable
small one. The ablated twins each lack one fact; whatever they lack, nothing may become autonomous.
"""

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from cxagent.context.identity import ancestors
from cxagent.domain.account import Account
from cxagent.domain.vocabulary import SourceName
from cxagent.evaluation.case import Case
from cxagent.evaluation.frame import account_of


def unaware(case: Case) -> Case:
    """Return a case as an agent sees it that answers the message and does not ask who is behind it.

    What the request itself is about stays: invoices, seats, the kind of plan, the other contacts. Everything that says
    what the account is worth and how it stands is replaced by what such an agent assumes of everybody.
    """
    known = account_of(case) or next(iter(case.context.accounts), None)
    plain = Account.model_validate(_plain(case, known.model_dump(mode="json") if known else {}))
    return case.model_copy(
        update={
            "account_id": plain.id,
            "context": case.context.model_copy(update={"accounts": (plain,)}),
            "faults": (),
            "operator": (),
            "ticket": case.ticket.model_copy(
                update={"sender": case.ticket.sender.model_copy(update={"verified": True})}
            ),
        }
    )


def _plain(case: Case, known: dict[str, Any]) -> dict[str, Any]:
    at, day = case.asof.isoformat(), case.asof.date()
    sender, billing = case.ticket.sender, known.get("billing") or {}
    contract, currency = known.get("contract") or {}, billing.get("currency") or "USD"
    long_ago, later = (day - timedelta(days=500)).isoformat(), (day + timedelta(days=240)).isoformat()
    nothing = {"amount": "0.00", "currency": currency}
    others = [one for one in (known.get("crm") or {}).get("contacts") or () if one["email"] != sender.email]
    writer = {"email": sender.email, "name": sender.name, "role": "owner", "last_seen_on": day.isoformat()}
    person = {"name": "nobody in particular", "since": long_ago}
    return {
        "id": known.get("id") or case.account_id or "A-0",
        "name": known.get("name") or "A customer",
        "crm": {
            **{"as_of": at, "segment": "smb", "health": 80, "health_change_60d": 0, "usage_change_90d": "0.00"},
            **{"arr": {"amount": "6000.00", "currency": "USD"}, "clv": {"amount": "14000.00", "currency": "USD"}},
            **{"owner": person, "exec_sponsor": person, "contacts": [writer, *others], "gross_margin": "0.70"},
            **{"stated_goals": [], "flags": [], "consents": [], "notes": []},
        },
        "billing": {
            **{"terms": "card monthly", "seats": None, "currency": currency, "invoices": []},
            **billing,
            **{"as_of": at, "overdue": nothing, "overdue_days": 0, "credits": []},
        },
        "contract": {
            **{"kind": "click-through, monthly", "start_date": long_ago},
            **contract,
            **{"as_of": at, "on_file": True, "renewal_date": later, "notice_days": 30, "auto_renew": True},
            **{"signed_on": long_ago, "special_terms": [], "data_residency": None, "notes": [], "currency": currency},
        },
        "support": {
            **{"as_of": at, "open_tickets": [], "open_escalations": [], "sla_breaches_30d": 0, "csat": []},
            **{"complaints_90d": 0, "promises": [], "history": []},
        },
    }


class Ablated(NamedTuple):
    """A twin that lacks one fact."""

    fact: str
    required: bool
    case: Case


def ablated(case: Case, required_facts: Collection[str]) -> Iterator[Ablated]:
    """Yield the twins of a case that each lack one thing: a section, its age, or one field of any account."""
    accounts = {one.id: one for one in case.context.accounts}
    acting = account_of(case)
    above = {acting.id, *(one.id for one in ancestors(acting, accounts)[0])} if acting else set[str]()
    for place, account in enumerate(case.context.accounts):
        counts = account.id in above
        for source in SourceName:
            if (section := account.section(source)) is None:
                continue
            name = source.value if acting and account.id == acting.id else f"{account.id}.{source.value}"
            # Of an ancestor only risk and window count; what it buys and owes is its own.
            strict = counts and (account.id == (acting and acting.id) or source != SourceName.BILLING)
            yield Ablated(name, strict, _with(case, place, account.model_copy(update={source.value: None})))
            for field, value in section:
                if value is None:
                    continue
                needed = field == "as_of" or f"{source.value}.{field}" in required_facts
                less = section.model_copy(update={field: None})
                twin = _with(case, place, account.model_copy(update={source.value: less}))
                yield Ablated(f"{name}.{field}", strict and needed, twin)
    if case.context.accounts:
        yield Ablated(
            "every account", True, case.model_copy(update={"context": case.context.model_copy(update={"accounts": ()})})
        )


def _with(case: Case, place: int, account: Account) -> Case:
    accounts = list(case.context.accounts)
    accounts[place] = account
    return case.model_copy(update={"context": case.context.model_copy(update={"accounts": tuple(accounts)})})
