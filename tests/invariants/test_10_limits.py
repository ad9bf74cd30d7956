"""Invariant 10, limits add up: over tickets, contacts, sister accounts and time, and for tickets in parallel."""

import json
import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from langgraph.types import Command
from scenes import BOTH, LOW, MID, PLEA, REVIEWER, SENDERS, asks, credit, outside, waiting

from cxagent.errors import Refused
from cxagent.ledger import losses
from cxagent.lifetime.terms import LossBudget
from cxagent.testing import World

pytestmark = BOTH

SISTER, SISTER_CONTACT = "ACC-101", "joost@tallowmere.example"
OTHER_CONTACT = "dario@brindlecote.example"


def given(world: World) -> Decimal:
    """Return what the outside system really gave away alone."""
    return sum((Decimal(args["amount"]) for _, _, args in outside(world.home)), Decimal(0))


def spend(world: World, *amounts: str, account_id: str = LOW, start: int = 0) -> list[str]:
    """Run one ticket per amount, one after the other; return their routes."""
    return [
        world.run(asks(world, f"T-{start + place}", account_id, credit(account_id, amount)))["autonomy"]
        for place, amount in enumerate(amounts)
    ]


def test_the_sum_of_small_credits(world: World) -> None:
    """Up to the rolling limit credits are given alone, the one that passes it is a draft, a smaller one still fits."""
    assert spend(world, "100.00", "100.00", "51.00", "50.00", "0.01") == ["act", "act", "draft", "act", "draft"]
    assert given(world) == Decimal("250.00")


def test_over_contacts(world: World) -> None:
    """Another contact of the same account meets the same sum."""
    spend(world, "100.00", "100.00")
    world.says("T-9", credit(LOW, "60.00"))
    ticket = world.ticket("T-9", OTHER_CONTACT, "May we have a goodwill credit for a doubled report?", LOW)
    result = world.run(ticket)
    assert (result["autonomy"], "money_rolling" in result["reasons"]) == ("draft", True)
    assert given(world) == Decimal("200.00")


def test_over_sister_accounts(world: World) -> None:
    """Accounts under one ultimate parent share one sum, and the parent itself shares it too."""
    for account_id in (LOW, SISTER):
        world.change(account_id, "crm.clv", {"amount": "4000.00", "currency": "USD"})
    world.change(SISTER, "parent_id", LOW)
    assert spend(world, "100.00", "100.00") == ["act", "act"]
    world.says("T-9", credit(SISTER, "60.00"))
    sister = world.ticket("T-9", SISTER_CONTACT, "May we have a goodwill credit for a doubled report?", SISTER)
    assert (world.run(sister)["autonomy"], given(world)) == ("draft", Decimal("200.00"))


def test_over_time(world: World) -> None:
    """What was given within the rolling days counts, whoever restarts the process; what is older does not."""
    whole = world.accounts[LOW]
    spend(world, "100.00", "100.00")
    again = world.twin()
    again.now += timedelta(days=1)
    assert spend(again, "60.00", start=5) == ["draft"]
    world.now += timedelta(days=world.playbook.money.rolling_days + 1)
    document = whole.model_dump(mode="json")
    for section in ("crm", "billing", "contract", "support"):
        document[section]["as_of"] = world.now.isoformat()
    document["contract"]["renewal_date"] = "2028-03-04"
    world.accounts[LOW] = type(whole).model_validate(document)
    assert spend(world, "60.00", start=9) == ["act"]


def test_two_tickets_that_fit_alone_but_not_together(world: World) -> None:
    """Both are ruled on before either reserves: the second one finds the room taken and becomes a draft."""
    spend(world, "100.00")
    tickets = [asks(world, f"T-{place}", line=credit(LOW, "100.00")) for place in (5, 6)]
    for ticket in tickets:
        assert world.begin(ticket, before="risk_gate").get("ruling") is None
    for ticket in tickets:
        world.invoke(None, ticket.ticket.id)
    routes = [world.run(ticket)["autonomy"] for ticket in tickets]
    assert (routes, given(world)) == (["act", "draft"], Decimal("200.00"))


def test_the_room_is_taken_in_the_minting_transaction(world: World) -> None:
    """Of two tickets that were audited before either reserved, the second gets no authorization at all."""
    spend(world, "100.00")
    for name in ("T-5", "T-6"):
        world.begin(asks(world, name, line=credit(LOW, "100.00")), before="risk_gate")
    for name in ("T-5", "T-6"):
        world.invoke(None, name, before="act")
    minted = [row["ticket_id"] for row in world.rows("authorization", spent_at=None)]
    reserved = sum(Decimal(row["amount"]) for row in world.rows("budget") if row["status"] != "released")
    assert (minted, reserved) == (["T-5"], Decimal("200.00"))


def test_the_loss_of_the_day_is_taken_in_the_minting_transaction(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two tickets that were ruled on before either was noted, the second finds the day's room taken."""
    spend(world, "1.00")
    (ruled,) = world.rows("decision_log", kind="ruling")
    room = LossBudget(share=1e-12, at_least=2.5 * float(json.loads(ruled["body"])["expected_loss"]))
    world.playbook = world.playbook.model_copy(
        update={"value": world.playbook.value.model_copy(update={"loss_budget": room})}
    )
    # What the second one reads when it is ruled on was true before the first one was.
    monkeypatch.setattr(losses, "lost_since", lambda *_: Decimal(0))
    for name in ("T-5", "T-6"):
        world.begin(asks(world, name, line=credit(LOW, "1.00")), before="act")
    assert [row["ticket_id"] for row in world.rows("authorization", spent_at=None)] == ["T-5"]


@pytest.mark.parametrize("sisters", [False, True], ids=["one account", "two sisters"])
def test_four_workers_at_the_same_moment(world: World, sisters: bool) -> None:
    """R42: however many workers give at once, to one account or to sisters, together they never pass the limit."""
    if sisters:
        for account_id in (LOW, SISTER):
            world.change(account_id, "crm.clv", {"amount": "4000.00", "currency": "USD"})
        world.change(SISTER, "parent_id", LOW)
    worlds, tickets = [world.twin() for _ in range(4)], []
    for place in range(4):
        account_id, sender = (SISTER, SISTER_CONTACT) if sisters and place % 2 else (LOW, SENDERS[LOW])
        world.says(f"T-{place}", credit(account_id, "90.00"))
        tickets.append(world.ticket(f"T-{place}", sender, PLEA, account_id))
    barrier, routes = threading.Barrier(4), [""] * 4

    def work(place: int) -> None:
        barrier.wait()
        routes[place] = worlds[place].run(tickets[place])["autonomy"]

    threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sorted(routes), given(world)) == (["act", "act", "draft", "draft"], Decimal("180.00"))


def test_a_reservation_counts_before_the_effect(world: World) -> None:
    """An authorization that is minted and not yet spent has taken its room."""
    spend(world, "100.00")
    world.begin(asks(world, "T-5", line=credit(LOW, "100.00")), before="act")
    assert (spend(world, "60.00", start=6), given(world)) == (["draft"], Decimal("100.00"))


def test_a_failed_effect_gives_its_room_back(world: World) -> None:
    """What the outside system refused was not given: the next ticket may use the room."""
    spend(world, "100.00", "100.00")
    real = world.tools["issue_credit"]

    def refuse(call: Any, **args: Any) -> None:
        raise Refused("billing is closed for the night")

    world.tools["issue_credit"] = replace(real, run=refuse)
    assert world.run(asks(world, "T-5", line=credit(LOW, "50.00")))["status"] == "handed_off"
    world.tools["issue_credit"] = real
    assert (spend(world, "50.00", start=6), given(world)) == (["act"], Decimal("250.00"))


def test_an_effect_in_doubt_keeps_its_room(world: World) -> None:
    """What may have been given counts as given until somebody knows."""
    spend(world, "100.00", "100.00")

    def lose(given: Any) -> None:
        raise TimeoutError("no answer")

    world.on_effect = lose
    world.run(asks(world, "T-5", line=credit(LOW, "50.00")))
    world.on_effect = None
    assert spend(world, "50.00", start=6) == ["draft"]


def test_a_withdrawn_reservation_gives_its_room_back(world: World) -> None:
    """An authorization that the facts overtook releases what it had set aside."""
    ticket = asks(world, "T-5", line=credit(LOW, "100.00"))
    world.begin(ticket, before="act")
    world.change(LOW, "crm.flags", ["no_ai_contact"])
    world.run(ticket)
    world.change(LOW, "crm.flags", [])
    assert spend(world, "100.00", "100.00", "50.00", start=6) == ["act", "act", "act"]


def test_a_rejected_draft_reserves_nothing(world: World) -> None:
    """A draft takes room only when it is approved; then it counts for the machine's own limit."""
    draft_id = waiting(world, "T-5", LOW, credit(LOW, "150.00"))
    world.review(draft_id, "reject", REVIEWER)
    assert spend(world, "100.00", start=6) == ["act"]
    world.review(waiting(world, "T-8", LOW, credit(LOW, "101.00")), "approve", REVIEWER)
    assert (spend(world, "50.00", start=9), given(world)) == (["draft"], Decimal("201.00"))


def test_billing_shows_the_same_credit(world: World) -> None:
    """A credit that billing shows under our own reference counts once; one of somebody else counts on top."""
    spend(world, "100.00")
    ours = {"amount": {"amount": "100.00", "currency": "USD"}, "granted_at": world.now.isoformat(), "to": None}
    world.change(LOW, "billing.credits", [{**ours, "ref": world.effects[0].key}])
    assert (passes(world, "150.00"), passes(world, "150.01")) == (False, True)
    theirs = {**ours, "amount": {"amount": "40.00", "currency": "USD"}, "ref": "CR-1"}
    world.change(LOW, "billing.credits", [{**ours, "ref": world.effects[0].key}, theirs])
    assert (passes(world, "110.00"), passes(world, "110.01")) == (False, True)


def passes(world: World, amount: str) -> bool:
    """Return whether a credit passes the rolling limit as things stand."""
    line = credit(LOW, amount)
    return "money_rolling" in world.judge(asks(world, "T-9", line=line), line).reasons


def test_a_forged_authorization_frees_no_room_of_others(world: World) -> None:
    """A thread that names another ticket's authorization cannot give that ticket's room away."""
    spend(world, "100.00")
    donor = world.begin(asks(world, "T-5", line=credit(LOW, "100.00")), before="act")
    waiting(world, "T-6")
    with pytest.raises(Refused):
        world.invoke(Command(goto="act", update={"authorization_id": donor["authorization_id"]}), "T-6")
    assert spend(world, "60.00", start=7) == ["draft"]


def test_several_calls_of_one_proposal_add_up(world: World) -> None:
    """Three credits in one proposal are one sum."""
    line = credit(LOW, "90.00")
    part = line.parts[0].model_copy(update={"actions": line.actions * 3})
    thrice = line.model_copy(update={"parts": (part,)})
    assert world.run(asks(world, "T-1", line=thrice))["autonomy"] == "draft"
    assert (outside(world.home), SENDERS[MID] in str(world.accounts[MID])) == ([], True)
