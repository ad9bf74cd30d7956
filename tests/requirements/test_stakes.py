"""What rides on an account is on every record, weighed against the price of a look, and moves with the facts."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from quality.service import Service

from cxagent import explaining
from cxagent.domain.cell import Level
from cxagent.domain.vocabulary import ACT, DRAFT, Autonomy, Tier
from cxagent.ledger import losses
from cxagent.ledger.store import TABLES
from cxagent.testing import call, proposal
from requirements.desk import Desk, desk_for
from requirements.world import Scene, account, credit, doc, money, playbook, refusal

GROWS = {"crm.clv": None, "crm.arr": money("6000.00"), "crm.expected_growth": "0.9"}
COPY = proposal("invoice_copy", call("resend_invoice", invoice_id="INV-7", to_contact="ada@a-1.example"))


def body(desk: Desk, result: dict[str, Any]) -> dict[str, Any]:
    """Return what the log holds of the last ruling on a ticket."""
    return dict(desk.entries(result["ticket_id"], "ruling")[-1]["body"])


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A room whose cells move."""
    made = Service(f"sqlite:///{tmp_path / 'world.sqlite'}", tmp_path)
    yield made
    made.close()


# ---- the stake on every record --------------------------------------------------------------------------------------


def test_the_record_shows_the_four_parts_in_money() -> None:
    """R4: a ticket of 20 dollars from a large account shows a six-figure stake, part by part, with the method."""
    desk = desk_for(account("calm mid", {"crm.referrals_12m": 1, "crm.expected_growth": "0.1"}))
    held = body(desk, desk.take(credit("20.00")))["at_stake"]
    assert {"renewal", "expansion", "relationship", "referral", "total", "method", "currency"} == set(held)
    assert Decimal(held["total"]) >= 100_000
    assert (held["relationship"], held["referral"], held["currency"]) == ("43000.00", None, "USD")


def test_the_card_and_the_explanation_show_what_is_behind_the_ticket() -> None:
    """R4: the card and `explain` say what is on the ticket and what is behind it, each part with its origin."""
    desk = desk_for(account("calm mid"))
    result = desk.take(credit("20.00"))
    worth = desk.draft(result["draft_id"])["card"]["worth"]
    assert worth["behind"].startswith("USD 20.00 on the ticket, USD 2")
    assert [one["name"] for one in worth["parts"]] == ["renewal", "expansion", "relationship", "referral"]
    assert all(one["said"] for one in worth["parts"])
    with desk.store.read() as connection:
        told = explaining.explained(connection, result["decision_id"])
    assert told["worth"] == worth
    assert told["at_stake"] == body(desk, result)["at_stake"]


def test_the_price_of_a_look_stands_beside_the_loss_that_it_avoids() -> None:
    """R5: every record holds what a look costs, in minutes times their price, beside what it avoids on average."""
    desk = desk_for(account("calm mid"))
    result = desk.take(credit("20.00"))
    held = body(desk, result)
    book = playbook().latitude
    assert held["checking"] == f"{book.damage['financial'].minutes * book.minute_costs:.2f}"  # type: ignore[index]
    assert Decimal(held["expected_loss"]) > 0
    worth = desk.draft(result["draft_id"])["card"]["worth"]
    assert "a look costs USD 19.80 (18 minutes)" in worth["checking"] and "lost on average" in worth["loss"]


# ---- the rule reads the account, and follows it ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "turn", [{"crm.clv": money("900000.00")}, {"crm.arr": money("190000.00")}], ids=["value", "ARR"]
)
def test_the_break_even_follows_the_value(turn: dict[str, Any]) -> None:
    """R35: where value changes between two messages the next one is weighed anew, and what paid no longer does."""
    desk = desk_for(account("calm mid", {"crm.clv": money("100000.00"), "crm.arr": None}))
    desk.playbook = playbook({"value.wrong.account_info": 0.006})
    assert desk.take(COPY)["autonomy"] == "act"
    desk.turn(turn)
    result = desk.take(COPY)
    assert (result["autonomy"], result["reasons"]) == ("draft", ["expected_loss"])


def test_the_break_even_follows_health() -> None:
    """R35: where health gets worse between two messages the same act costs more, and is not done alone."""
    desk = desk_for(account("calm mid", {"crm.arr": None}))
    desk.playbook = playbook({"value.wrong.account_info": 0.01})
    assert desk.take(COPY)["autonomy"] == "act"
    with desk.store.write() as connection:
        known = {"account_id": "A-1", "root_id": "A-1", "segment": "mid_market", "active": 1, "hazard_ratio": 3.0}
        connection.execute(TABLES["account_month"].insert(), {**known, "month": "2027-02"})
    assert desk.take(COPY)["reasons"] == ["expected_loss"]


def test_the_break_even_follows_the_contract() -> None:
    """R35: where the contract turns out to be renewed for the tenth time, more is to be expected, and more at stake."""
    old, new = ({"crm.clv": None, "contract.start_date": start} for start in ("2017-12-20", "2026-12-20"))
    desk = desk_for(account("calm mid", new))
    first = Decimal(body(desk, desk.take(doc()))["at_stake"]["renewal"])
    desk.turn(old)
    assert Decimal(body(desk, desk.take(doc()))["at_stake"]["renewal"]) > first


def test_a_free_word_may_cost_more_than_money() -> None:
    """R36: with one and the same record a free refusal is held, and a credit, which costs money, is not."""
    terms = {"value.wrong.commitment": 0.0125, "value.wrong.financial": 0.0125}
    refused, given = (
        Scene(account(), says, playbook=playbook(terms)).ruling() for says in (refusal(), credit("40.00"))
    )
    assert (refused.gives, refused.autonomy, refused.reasons) == ("USD 0.00", DRAFT, ("expected_loss",))
    assert (given.gives, given.autonomy) == ("USD 40.00", ACT)


def test_a_small_fee_with_strong_growth_is_gated_by_its_value() -> None:
    """R45: an account that pays little and grows fast has the limits of its value, shown with what it hangs on."""
    plain, grows = Scene(account(changes={**GROWS, "crm.expected_growth": None})), Scene(account(changes=GROWS))
    assert (plain.but(proposal=credit()).autonomy, grows.but(proposal=credit()).autonomy) == (ACT, DRAFT)
    standing = grows.audit().standing
    assert standing is not None and standing.tier == Tier.MID
    for word in ("expected growth", "no growth", "half the growth", "every renewal rate 5 points lower", "discounted"):
        assert word in standing.tier_why


def test_growth_never_lowers_a_tier() -> None:
    """R45: what the CRM says an account is worth keeps its tier, whatever growth is expected."""
    for growth in ("-0.9", "0", "0.01"):
        standing = Scene(account("global", {"crm.expected_growth": growth})).audit().standing
        assert standing is not None and standing.tier == Tier.HIGH


# ---- what the ledger knows ------------------------------------------------------------------------------------------


def test_what_was_estimated_counts() -> None:
    """R45: a segment's fitted retention takes the place of the prior in the very next ruling."""
    desk = desk_for(account(changes={"crm.clv": None}))
    before = Decimal(body(desk, desk.take(doc()))["at_stake"]["renewal"])
    fitted = {"kind": "retention", "segment": "smb", "at": "2027-03-01T00:00:00+00:00"}
    with desk.store.write() as connection:
        for month, a in (("2027-01", 0.2), ("2027-02", 6.0)):
            payload = json.dumps({"retention": {"a": a, "b": 4.0}})
            connection.execute(TABLES["estimate"].insert(), {**fitted, "month": month, "payload": payload})
    assert Decimal(body(desk, desk.take(doc()))["at_stake"]["renewal"]) < before / 2


@pytest.mark.parametrize(("losses", "route"), [("." * 40, "act"), ("." * 20 + "x" * 30, "draft")])
def test_the_record_of_a_cell_counts(service: Service, losses: str, route: str) -> None:
    """R36: what audits found of a kind of case goes into its chance of being wrong, where its level still stands."""
    one = service.put(Level.WATCHED)
    record = {"certified": len(losses), "lost": float(losses.count("x"))}
    service.put(Level.WATCHED, track=one.track._replace(**record))
    result = service.comes()
    assert result["autonomy"] == route
    assert ("expected_loss" in result["reasons"]) is (route == "draft")


@pytest.mark.parametrize(
    ("scope", "key", "route"),
    [("account", "A-1", "draft"), ("segment", "smb", "draft"), ("everything", "", "draft"), ("account", "A-2", "act")],
)
def test_an_alarm_tightens_what_it_concerns(scope: str, key: str, route: str) -> None:
    """R76: while an alarm is up a person looks at what it concerns, told which metric and since when."""
    desk = desk_for(account())
    up = {"id": "alm_1", "metric": "complaint_rate", "scope": scope, "key": key, "why": "twice the usual"}
    with desk.store.write() as connection:
        connection.execute(TABLES["alarm"].insert(), {**up, "opened_at": "2027-03-01T00:00:00+00:00"})
    result = desk.take(doc())
    assert result["autonomy"] == route
    if route == "draft":
        why = desk.draft(result["draft_id"])["card"]["why"]
        assert any("complaint rate" in one and "2027-03-01" in one for one in why)
    with desk.store.write() as connection:
        connection.execute(TABLES["alarm"].update().values(closed_at="2027-03-02T00:00:00+00:00"))
    assert desk.take(doc())["autonomy"] == "act"


@pytest.mark.parametrize(("state", "route"), [("on_track", ACT), ("done", ACT), ("in_trouble", DRAFT)])
def test_an_onboarding_in_trouble_takes_latitude(state: str, route: Autonomy) -> None:
    """R68: while the onboarding of an account is in trouble, nothing there goes out alone."""
    assert Scene(account(changes={"crm.onboarding": {"level": 0.3, "state": state}})).autonomy == route


@pytest.mark.parametrize(
    ("other", "route"),
    [
        ({"stance": "against", "stance_on": "2027-02-01"}, DRAFT),
        ({"stance": "against"}, DRAFT),
        ({"stance": "against", "stance_on": "2026-01-01"}, ACT),
        ({"stance": "against", "stance_on": "2027-02-01", "left_on": "2027-02-20"}, ACT),
        ({"stance": "neutral", "stance_on": "2027-02-01"}, ACT),
        ({"stance": "for", "stance_on": "2027-02-01"}, ACT),
    ],
)
def test_departments_that_disagree_bring_in_a_person(other: dict[str, str], route: Autonomy) -> None:
    """R78: where one department is for us and another against, and both said so lately, a person answers."""
    ada = {"email": "ada@a-1.example", "role": "admin", "department": "IT", "stance": "for", "stance_on": "2027-03-01"}
    people = [ada, {"email": "ola@a-1.example", "role": "owner", "department": "Finance", **other}]
    assert Scene(account(changes={"crm.contacts": people})).autonomy == route


# ---- a day ----------------------------------------------------------------------------------------------------------


def test_a_day_has_a_loss_budget() -> None:
    """R36: what goes out alone on one group adds up over its tickets of a day, and a new day begins with nothing."""
    desk = desk_for(account(), account(id="A-2", changes={"parent_id": "A-1", "crm.clv": money("5000.00")}))
    desk.playbook = playbook({"value.loss_budget.at_least": 1.0, "value.loss_budget.share": 0.00002})
    assert [desk.take(credit("1.00"))["autonomy"] for _ in range(2)] == ["act", "draft"]
    sister = Scene(desk.accounts["A-2"], credit("1.00", account_id="A-2"), others=(desk.accounts["A-1"],))
    result = desk.take(credit("1.00", account_id="A-2"), sister)
    assert (result["autonomy"], result["reasons"]) == ("draft", ["loss_budget"])
    later = Scene(desk.accounts["A-1"], at=Scene(account()).at.replace(day=10, hour=4))
    assert desk.take(credit("1.00"), later)["autonomy"] == "act"


def test_two_tickets_at_once_share_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """R36: where another ticket used the day's budget up between ruling and recording, a person looks after all."""
    desk = desk_for(account())
    desk.playbook = playbook({"value.loss_budget.at_least": 1.0, "value.loss_budget.share": 0.00002})
    assert desk.take(credit("1.00"))["autonomy"] == "act"
    monkeypatch.setattr(losses, "lost_since", lambda *about: Decimal(0))  # as if both had looked at the same moment
    assert (desk.take(credit("1.00"))["autonomy"], desk.loud) == ("draft", ["issue_credit"])


def test_a_draft_uses_nothing_up() -> None:
    """R36: what a person looks at is no loss that the machine takes on."""
    desk = desk_for(account("calm mid"))
    desk.playbook = playbook({"value.loss_budget.at_least": 3.0, "value.loss_budget.share": 0.00001})
    routes = [desk.take(says)["autonomy"] for says in (credit("20.00"), doc(), doc())]
    assert routes == ["draft", "act", "act"]
