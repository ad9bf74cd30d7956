"""Invariant 8, not knowing lowers authority: what is missing, stale, denied or contradictory is no default."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from scenes import LOW, MID, PLEA, SENDERS, asks, credit, outside

from cxagent.domain.account import Fault
from cxagent.domain.proposal import Proposal
from cxagent.domain.vocabulary import ACT, HANDOFF, SourceName
from cxagent.testing import World, call, changed, proposal

SECTIONS = [source.value for source in SourceName]
REQUIRED = [
    "crm.segment",
    "crm.health",
    "crm.contacts",
    "billing.overdue",
    "contract.on_file",
    "contract.renewal_date",
    "contract.notice_days",
    "support.open_tickets",
    "support.open_escalations",
    "support.sla_breaches_30d",
]
GUIDE = proposal("howto_question", call("share_public_doc", url="x"), stance="inform")
LINES = {"a credit": credit(LOW), "a public fact": GUIDE}


def ruled(world: World, line: Proposal, **more: Any) -> Any:
    """Return the autonomy of a proposal for the small account as the world stands."""
    body = PLEA if line.parts[0].intent == "goodwill_credit" else "How do I share a report?"
    return world.judge(asks(world, "T-1", line=line, body=body, **more), line)


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_everything_known_acts(world: World, line: Proposal) -> None:
    """The small healthy account of these tests is served alone while everything is known: the tables below can fail."""
    assert ruled(world, line).autonomy == ACT


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_section_is_missing_stale_or_silent(world: World, section: str, line: Proposal) -> None:
    """R28: a section that is null, stale, of unknown age, denied or failing leaves nothing to the machine alone."""
    whole = world.accounts[LOW]
    age = world.playbook.freshness[SourceName(section)].error
    for value in (None, {"as_of": None}, {"as_of": (world.now - timedelta(days=age + 1)).isoformat()}):
        document = whole.model_dump(mode="json")
        document[section] = None if value is None else {**document[section], **value}
        world.accounts[LOW] = type(whole).model_validate(document)
        assert ruled(world, line).autonomy < ACT, value
    world.accounts[LOW] = whole
    for error in ("timeout", "error", "denied"):
        world.faults = (Fault(source=SourceName(section), error=error),)
        assert ruled(world, line).autonomy < ACT, error


@pytest.mark.parametrize("path", REQUIRED)
@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_required_fact_is_missing(world: World, path: str, line: Proposal) -> None:
    """R28: each fact that the playbook requires is required: without it nothing is done alone."""
    assert path in world.playbook.required_facts
    world.change(LOW, path, None)
    assert ruled(world, line).autonomy < ACT


def test_every_required_fact_is_in_the_table(world: World) -> None:
    """A fact that the playbook comes to require is tested too."""
    assert set(world.playbook.required_facts) == set(REQUIRED)


CONTRADICTIONS = {
    "the currencies differ": ("contract.currency", "EUR"),
    "the rhythm differs": ("billing.terms", "annual, net 30"),
    "the seats differ": ("contract.special_terms", ["25 committed seats"]),
    "an invoice in another currency": (
        "billing.invoices",
        [{"number": "INV-1", "total": {"amount": "1.00", "currency": "EUR"}, "status": "paid"}],
    ),
}


@pytest.mark.parametrize(("path", "value"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_contradiction(world: World, path: str, value: Any, line: Proposal) -> None:
    """R28: two places that contradict each other stop the machine; it does not choose the convenient one."""
    world.change(LOW, path, value)
    assert ruled(world, line).autonomy < ACT


AMOUNTS: list[Any] = [
    *(None, "", " ", "-0.01", -100000, "-100000", -0.5, "NaN", "nan", "Infinity", "-inf", "1e9", "1E+2", "1_000"),
    *(True, False, "forty", "40,00", "$40", [], ["40.00"], {"amount": "40.00"}, "40.00 USD", "0x28"),
    *(float("nan"), float("inf"), 1e300),
]


@pytest.mark.parametrize("amount", AMOUNTS, ids=repr)
def test_an_amount_that_nobody_can_read(world: World, amount: Any) -> None:
    """R28: an amount that is missing, negative, not finite or not a plain number is never given alone."""
    rest: dict[str, dict[str, Any]] = {
        "issue_credit": {"account_id": LOW, "reason": "r"},
        "issue_refund": {"payment_id": "P-1", "reason": "r"},
        "waive_fee": {"fee_id": "INV-10311/late-fee"},
    }
    for tool, args in rest.items():
        line = proposal("goodwill_credit", call(tool, **args, amount=amount, currency="USD"))
        assert ruled(world, line).autonomy < ACT, tool


@pytest.mark.parametrize("currency", [None, "", "usd", "EURO", "$", "XXX", "XAU", 840, True, "US", "USD "], ids=repr)
def test_a_currency_that_nobody_knows(world: World, currency: Any) -> None:
    """R28: an amount in a currency without a code or a dated rate is never given alone."""
    line = proposal("goodwill_credit", call("issue_credit", account_id=LOW, amount="1", currency=currency, reason="r"))
    assert ruled(world, line).autonomy < ACT


def test_a_known_currency_needs_its_rate(world: World) -> None:
    """A credit in euros is converted by the dated rate, and undecidable without one."""
    line = credit(LOW, "40.00", "EUR", reply="We have added the credit.")
    with_rate = ruled(world, line)
    world.fx = None
    assert (with_rate.autonomy, "currency_undecidable" in ruled(world, line).reasons) == (ACT, True)


@pytest.mark.parametrize(
    "tool", ["", "issue_credit ", "Issue_Credit", "print_money", "share_public_doc\n", "__import__"]
)
def test_an_unknown_tool_is_no_risk_free_tool(world: World, tool: str) -> None:
    """R28: a tool that nobody declared goes to a person, whatever else the proposal holds."""
    assert ruled(world, proposal("howto_question", call(tool, url="x"), stance="inform")).autonomy == HANDOFF


@pytest.mark.parametrize("args", [{}, {"url": None}, {"url": "x", "more": 1}, {"link": "x"}, {"url": ["x"]}], ids=repr)
def test_arguments_that_do_not_fit(world: World, args: dict[str, Any]) -> None:
    """R28: arguments outside the declaration go to a person, not to the tool."""
    assert ruled(world, proposal("howto_question", call("share_public_doc", **args), stance="inform")).autonomy < ACT


def test_an_unknown_intent_counts_as_the_strictest(world: World) -> None:
    """An intent that the playbook does not know is not served alone."""
    assert ruled(world, proposal("unheard_of", call("share_public_doc", url="x"), stance="inform")).autonomy < ACT


WHO: dict[str, dict[str, Any]] = {
    "a stranger": {"email": "stranger@elsewhere.example", "verified": True},
    "a contact of another account": {"email": SENDERS[MID], "verified": True},
    "a look-alike": {"email": "noel@brindlecote.example.evil.example", "verified": True},
    "a letter more": {"email": "nooel@brindlecote.example", "verified": True},
    "nobody": {"email": "", "verified": True},
    "an unverified contact": {"email": SENDERS[LOW], "verified": False},
}


@pytest.mark.parametrize("sender", WHO.values(), ids=WHO)
@pytest.mark.parametrize("hint", [LOW, None, "ACC-999"])
def test_a_sender_who_is_not_resolved(world: World, sender: dict[str, Any], hint: str | None) -> None:
    """R28: an unresolved sender goes to a person, an unverified one gets nothing alone, and no credit goes anywhere."""
    ticket = world.ticket("T-1", sender, "May we have a credit?", hint)
    world.says("T-1", credit(LOW))
    ruling = world.judge(ticket, credit(LOW))
    assert ruling.autonomy < ACT
    if sender["email"] not in SENDERS.values() or hint == "ACC-999":
        assert (ruling.autonomy, "identity_unresolved" in ruling.reasons) == (HANDOFF, True)
    world.run(ticket)
    assert outside(world.home) == []


def test_a_sender_at_two_accounts(world: World) -> None:
    """R28: a contact of two unrelated accounts is not guessed to be of one of them."""
    people = world.accounts[MID].model_dump(mode="json")["crm"]["contacts"]
    world.change(MID, "crm.contacts", [*people, {"email": SENDERS[LOW]}])
    for hint in (LOW, MID, None):
        ticket = world.ticket("T-1", SENDERS[LOW], "May we have a credit?", hint)
        assert world.judge(ticket, credit(LOW)).autonomy == HANDOFF


def test_a_parent_that_nobody_knows(world: World) -> None:
    """R28: a parent that is named but not known leaves the size of the group open, and that is not small."""
    world.change(LOW, "parent_id", "ACC-GONE")
    assert ruled(world, credit(LOW)).autonomy < ACT


def test_two_unknowns_are_not_better_than_one(world: World) -> None:
    """Taking away two required facts never gives more than taking away one of them."""
    whole = world.accounts[LOW]
    alone = {path: world_without(world, whole, path) for path in REQUIRED}
    for one, two in itertools.combinations(REQUIRED, 2):
        assert world_without(world, whole, one, two) <= min(alone[one], alone[two])


def world_without(world: World, whole: Any, *paths: str) -> Any:
    """Return the autonomy of a credit where some facts are unknown."""
    account = whole
    for path in paths:
        account = changed(account, {path: None})
    world.accounts[LOW] = account
    return ruled(world, credit(LOW)).autonomy


def test_no_proposal_is_no_permission(world: World) -> None:
    """R28: a proposer that fails leaves the ticket to a person, with the reason in the record."""
    world.script.lines.clear()
    result = world.run(world.ticket("T-1", SENDERS[LOW], "May we have a credit?", LOW))
    assert (result["autonomy"], result["status"], outside(world.home)) == ("handoff", "handed_off", [])


@pytest.mark.parametrize("confidence", [0.0, 0.1, 0.49])
def test_a_proposer_that_doubts_is_believed(world: World, confidence: float) -> None:
    """R28: under the playbook's floor of confidence nothing is done alone."""
    assert ruled(world, credit(LOW).model_copy(update={"confidence": confidence})).autonomy < ACT


def test_a_language_that_nobody_read(world: World) -> None:
    """R28: what neither the proposer nor our reader reads is not answered alone."""
    ticket = asks(world, "T-1", body="Voisimmeko saada hyvityksen kahdesti ajetusta raportista?", language="fi")
    assert world.judge(ticket, credit(LOW), read_by_proposer=False).autonomy < ACT
