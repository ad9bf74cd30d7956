"""The gate over whole accounts: health, value, renewal and age in the facts, through the real audit, to the ruling."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxagent import gate
from cxagent.context.audit import audit
from cxagent.domain.account import Account, Answers
from cxagent.domain.proposal import Action, Part, Proposal
from cxagent.domain.ruling import Cap, Ruling
from cxagent.domain.ticket import Sender, Ticket
from cxagent.domain.tool import Tool
from cxagent.domain.vocabulary import ACT, HANDOFF, Autonomy, Reason, Signal, Stance
from cxagent.playbook import Playbook, load_playbook
from cxagent.project import load_package
from cxagent.reading.message import Noticed, Reading
from cxagent.rules.submission import PartView, Submission

ROOT = Path(__file__).resolve().parents[1]
BOOK: Playbook = load_playbook(ROOT / "graphs" / "playbook.yaml")
TOOLS: dict[str, Tool] = {one.tool.name: one.tool for one in load_package(ROOT / "tools").TOOLS}
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
EMAIL = "ann@customer.example"
ZERO = {"amount": "0", "currency": "USD"}

REQUESTS: dict[str, tuple[str, Stance, dict[str, Any]]] = {
    "ask_clarification": ("howto_question", Stance.CLARIFY, {"question": "Which one?"}),
    "share_public_doc": ("howto_question", Stance.INFORM, {"url": "https://docs.example"}),
    "resend_invoice": ("invoice_copy", Stance.FULFIL, {"invoice_id": "I-1", "to_contact": EMAIL}),
    "reset_sso": ("sso_lockout", Stance.FULFIL, {"user": EMAIL}),
    "issue_credit": ("goodwill_credit", Stance.FULFIL, {"account_id": "A", "reason": "late", "currency": "USD"}),
    "decline_request": (
        "out_of_policy_request",
        Stance.DECLINE,
        {"policy_ref": "P", "rationale": "R", "alternatives": "A"},
    ),
    "send_quote": ("pricing_quote", Stance.FULFIL, {"items": "seats", "valid_until": "2026-04-01"}),
    "cancel_subscription": ("cancel_subscription", Stance.FULFIL, {"effective_date": "2026-04-01", "reason": "x"}),
    "export_data": ("data_export", Stance.FULFIL, {"scope": "logs", "format": "csv", "recipient": EMAIL}),
}

FACTS: dict[str, tuple[Any, ...]] = {
    "health": (90, 70, 50, 49, 20),
    "clv": ("100", "20000", "20000.01", "1000000", "1000000.01"),
    "days": (400, 31, 30, 1, 0),
    "credits": ("0", "150", "150.01", "250", "250.01"),
    "amount": ("0", "0.01", "100", "100.01", "501"),
    "billing_age": (0, 1, 2, 3, 30),
    "sla_breaches": (0, 1, 2, 3, 4),
    "segment": ("smb", "smb", "mid_market", "enterprise", "strategic"),
}
"""Every fact with five cells, from the most harmless one on."""


def document(facts: dict[str, Any]) -> Account:
    """Return the account document with some facts."""
    renewal = AT.date() + timedelta(days=facts["days"])
    return Account.model_validate(
        {
            "id": "A",
            "name": "A",
            "crm": {
                "as_of": AT,
                "segment": facts["segment"],
                "clv": {"amount": facts["clv"], "currency": "USD"},
                "health": facts["health"],
                "contacts": [{"email": EMAIL, "role": "Administrator"}],
            },
            "billing": {
                "as_of": AT - timedelta(days=facts["billing_age"]),
                "currency": "USD",
                "terms": "monthly",
                "overdue": ZERO,
                "credits": [{"amount": {"amount": facts["credits"], "currency": "USD"}, "granted_at": AT}],
                "invoices": [{"number": "I-1", "status": "paid"}],
            },
            "contract": {
                "as_of": AT,
                "on_file": True,
                "kind": "monthly",
                "special_terms": [],
                "renewal_date": renewal,
                "notice_days": 0,
            },
            "support": {
                "as_of": AT,
                "open_tickets": [],
                "open_escalations": [],
                "sla_breaches_30d": facts["sla_breaches"],
            },
        }
    )


def submission(tool: str, *, signals: tuple[Signal, ...] = (), **facts: Any) -> Submission:
    """Return what the gate sees of one request from an account with these facts."""
    held = {name: steps[0] for name, steps in FACTS.items()} | facts
    intent, stance, args = REQUESTS[tool]
    if tool == "issue_credit":
        args = {**args, "amount": held["amount"]}
    ticket = Ticket(id="T", received_at=AT, sender=Sender(email=EMAIL, verified=True), body="Hello")
    seen = tuple(Noticed(signal=signal, words="so") for signal in signals)
    part = Part(intent=intent, stance=stance, actions=(Action(tool=tool, args=args),))
    return Submission(
        ticket=ticket,
        audit=audit(ticket, "A", Answers(accounts=(document(held),)), BOOK, AT),
        reading=Reading(signals=seen, readable=True, disputes_colleague=False, exit_topic=False),
        playbook=BOOK,
        tools=TOOLS,
        proposal=Proposal(parts=(part,), reply=""),
    )


def ruled(tool: str, **facts: Any) -> Autonomy:
    """Return how far the machine may go alone."""
    return gate.rule(submission(tool, **facts)).autonomy


@pytest.mark.parametrize("clv", ["100", "500000", "5000000"])
@pytest.mark.parametrize("tool", REQUESTS)
def test_falling_health_never_loosens(tool: str, clv: str) -> None:
    """R33: over a sweep of health from 90 to 20 no limit loosens, whatever the account is worth."""
    sweep = [ruled(tool, health=health, clv=clv).rank for health in range(90, 19, -1)]
    assert sweep == sorted(sweep, reverse=True)


@pytest.mark.parametrize("clv", ["100", "500000"])
def test_falling_health_tightens(clv: str) -> None:
    """R33: the sweep tightens at least once, for small and for large accounts."""
    assert ruled("reset_sso", health=20, clv=clv) < ruled("reset_sso", health=90, clv=clv)
    assert ruled("issue_credit", health=20, clv=clv, amount="10") < ruled(
        "issue_credit", health=90, clv=clv, amount="10"
    )


@pytest.mark.parametrize(
    ("clv", "health", "alone"),
    [("100", 90, True), ("100", 20, False), ("5000000", 90, False), ("5000000", 20, False)],
)
@pytest.mark.parametrize("tool", ["share_public_doc", "resend_invoice", "reset_sso", "issue_credit"])
def test_value_or_risk_alone_brings_in_a_person(tool: str, clv: str, health: int, alone: bool) -> None:
    """R26: of the four combinations of high value and risk, three reach a person."""
    assert (ruled(tool, clv=clv, health=health, amount="10") == ACT) is alone


requests, facts = st.sampled_from(sorted(REQUESTS)), st.sampled_from(sorted(FACTS))
cells = st.fixed_dictionaries({name: st.integers(0, 4) for name in FACTS})


def of(cell: dict[str, int]) -> dict[str, Any]:
    """Return the facts of a cell."""
    return {name: FACTS[name][step] for name, step in cell.items()}


@settings(max_examples=150)
@given(requests, cells, facts, st.integers(0, 4))
def test_accounts_ordered_on_one_axis_keep_their_order(tool: str, cell: dict[str, int], fact: str, other: int) -> None:
    """Of two accounts that differ in one fact, the more delicate one never has more; whatever the rest is."""
    better, worse = sorted((cell[fact], other))
    assert ruled(tool, **of({**cell, fact: worse})) <= ruled(tool, **of({**cell, fact: better}))


@settings(max_examples=100)
@given(requests, cells, st.lists(st.sampled_from(Signal), unique=True, max_size=3), st.sampled_from(Signal))
def test_one_signal_more_never_gives_more(tool: str, cell: dict[str, int], seen: list[Signal], more: Signal) -> None:
    """Whatever a message shows already, a further signal lowers or changes nothing."""
    fewer = gate.rule(submission(tool, signals=tuple(seen), **of(cell)))
    assert gate.rule(submission(tool, signals=(*seen, more), **of(cell))).autonomy <= fewer.autonomy


def extra(levels: list[Autonomy], failing: bool) -> tuple[Any, Any]:
    """Return a rule on the ticket and one on a part that cap at will, or fail."""

    def on_ticket(sub: Submission) -> Iterator[Cap]:
        for level in levels:
            yield Cap(autonomy=level, reason=Reason.LATITUDE, why="an extra rule", unless="it were gone")
        if failing:
            raise RuntimeError("broken")

    def on_part(sub: Submission, view: PartView) -> Iterator[Cap]:
        yield from on_ticket(sub)

    return on_ticket, on_part


@settings(max_examples=100)
@given(requests, cells, st.lists(st.sampled_from(Autonomy), max_size=3), st.booleans(), st.booleans(), st.booleans())
def test_an_extra_rule_never_raises(
    tool: str, cell: dict[str, int], levels: list[Autonomy], failing: bool, ticket: bool, first: bool
) -> None:
    """Any rule on top, wherever it stands and even where it fails, leaves a ruling as it is or lowers it."""
    sub = submission(tool, **of(cell))
    on_ticket, on_part = extra(levels, failing)
    more = (on_ticket,) if ticket else ()
    parts = () if ticket else (on_part,)
    order = [(gate.TICKET_RULES, more), (gate.PART_RULES, parts)]
    told: Ruling = gate.rule(sub, *((new + old if first else old + new) for old, new in order))
    assert told.autonomy <= gate.rule(sub).autonomy
    assert not failing or told.autonomy == HANDOFF


@pytest.mark.parametrize("name", [one.__name__ for one in (*gate.TICKET_RULES, *gate.PART_RULES)])
def test_a_rule_taken_away_never_lowers(name: str) -> None:
    """Without one of the rules a ruling stays as it is or rises: each of them only ever caps."""
    sub = submission("issue_credit", amount="501", health=20, days=1, billing_age=30, signals=(Signal.EXIT,))
    ticket = tuple(one for one in gate.TICKET_RULES if one.__name__ != name)
    parts = tuple(one for one in gate.PART_RULES if one.__name__ != name)
    assert gate.rule(sub, ticket, parts).autonomy >= gate.rule(sub).autonomy
