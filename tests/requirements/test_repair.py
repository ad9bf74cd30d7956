"""Areas 2 and 5: what was sent and found wrong is put right with the customer, and costs trust that returns slowly."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from cxagent.domain.finding import Finding
from cxagent.inbox import Inbox
from cxagent.ledger import personal
from cxagent.quality import repairs
from requirements.desk import Desk, desk_for
from requirements.room import LENA
from requirements.world import DAY, account, doc

FAR = {"contract.renewal_date": "2029-12-20", "contract.signed_on": "2027-01-02"}
"""A renewal that stays far off for as long as these scenes last."""


def found_wrong(desk: Desk, result: dict[str, Any], severity: str = "major") -> str:
    """Let an auditor overturn a decision that went out; return the repair."""
    entry = desk.decision(result["decision_id"])
    body = entry["body"]
    told = {name: body[name] for name in ("segment", "version", "would", "chance")}
    told |= {"decision_id": entry["id"], "ticket_id": entry["ticket_id"], "account_id": entry["account_id"]}
    told |= {"root_id": entry["account_id"], "intent": body["intents"][0], "went": body["autonomy"], "by": "Jonas Falk"}
    told |= {"origin": "audit", "chosen": "uniform", "wanted": "draft", "agrees": False, "unmet": ["facts"]}
    told |= {"severity": severity, "decided_at": entry["at"], "at": desk.now}
    with desk.inside():
        repair_id = repairs.open_for(desk.agent, Finding.model_validate(told))
    assert repair_id is not None
    return repair_id


def repaired(desk: Desk, repair_id: str) -> None:
    """Let the owner write to the customer and say so."""
    with desk.inside():
        repairs.done(
            desk.agent, Inbox(desk.agent).person(LENA), repair_id, "corrected", "I called Ada and wrote to her."
        )


def at(desk: Desk, day: datetime) -> dict[str, Any]:
    """Work a ticket on a day on which everything about the account was read anew."""
    desk.turn({f"{name}.as_of": day.isoformat() for name in ("crm", "billing", "contract", "support")})
    seen = desk.accounts["A-1"].crm
    assert seen is not None
    seen_on = [one.model_dump(mode="json") | {"last_seen_on": day.date().isoformat()} for one in seen.contacts or ()]
    desk.turn({"crm.contacts": seen_on})
    return desk.take(doc(), at=day)


def test_an_overturned_decision_is_put_right_with_the_customer() -> None:
    """R58: a task with a named owner, a date and a drafted apology; put right, it stays on record with both names."""
    desk = desk_for(account())
    repair_id = found_wrong(desk, desk.take(doc()))
    (row,) = desk.rows("repair")
    with desk.store.read() as connection:
        draft = personal.get(connection, row["personal_id"])["draft"]
    assert (row["id"], row["owner"], row["status"]) == (repair_id, LENA, "open")
    assert row["due"] > desk.now.isoformat()
    assert "> Open the report and choose Schedule." in draft and "I am sorry" in draft and draft.endswith(LENA)
    handoff = desk.handoff("T-1")
    assert (handoff["owner"], handoff["brief"]["suggestion"], handoff["answered_at"]) == (LENA, draft, None)
    repaired(desk, repair_id)
    (row,) = desk.rows("repair")
    assert (row["status"], row["found_by"], row["done_by"]) == ("corrected", "Jonas Falk", LENA)
    steps = [line["body"]["step"] for line in desk.entries("T-1", "repair")]
    assert steps == ["opened", "corrected"]


def test_a_decision_that_stands_opens_nothing() -> None:
    """R58: without a disagreement the ticket stays closed and the account's trust whole."""
    desk = desk_for(account())
    desk.take(doc())
    assert (desk.rows("repair"), desk.rows("trust_event"), desk.rows("handoff")) == ([], [], [])


def test_a_breach_tightens_at_once_and_fades_step_by_step() -> None:
    """R15: the very next ticket waits for a person; trust comes back bit by bit, and autonomy once half is left."""
    desk = desk_for(account("small", FAR))
    assert at(desk, DAY)["autonomy"] == "act"
    found_wrong(desk, {"decision_id": desk.entries("T-1", "ruling")[0]["id"]})
    (event,) = desk.rows("trust_event")
    assert (event["at"], Decimal(event["weight"]), event["what"][-7:]) == (DAY.isoformat(), Decimal(-1), "(major)")
    result = at(desk, DAY + timedelta(minutes=1))
    assert (result["autonomy"], result["reasons"]) == ("draft", ["trust_breach"])
    half_life = desk.playbook.at_risk.trust_half_life_days
    routes, balances = [], []
    for share in (0.25, 0.5, 0.75, 0.95, 1.05, 2):
        day = DAY + timedelta(days=round(half_life * share))
        result = at(desk, day)
        routes.append(result["autonomy"])
        standing = desk.decision(result["decision_id"])["personal"]["audit"]["standing"]
        balances.append(Decimal(standing["trust_balance"]))
    assert routes == ["draft"] * 4 + ["act"] * 2
    assert balances == sorted(balances) and balances[-1] < 0
    assert max(after - before for before, after in pairwise(balances)) < Decimal("0.3")


@pytest.mark.parametrize(("severity", "route"), [("minor", "act"), ("major", "draft"), ("critical", "draft")])
def test_a_breach_weighs_by_its_severity(severity: str, route: str) -> None:
    """R15: one minor error leaves the machine its latitude, a major or a critical one does not."""
    desk = desk_for(account("small", FAR))
    found_wrong(desk, at(desk, DAY), severity)
    assert at(desk, DAY + timedelta(minutes=1))["autonomy"] == route


def test_an_apology_shortens_the_time_and_does_not_end_it() -> None:
    """R15: after a repair trust is back sooner, and the next ticket still waits for a person."""
    desk = desk_for(account("small", FAR))
    repaired(desk, found_wrong(desk, at(desk, DAY)))
    assert at(desk, DAY + timedelta(minutes=1))["reasons"] == ["trust_breach"]
    half_life = desk.playbook.at_risk.trust_half_life_days
    assert at(desk, DAY + timedelta(days=round(half_life * 0.7)))["autonomy"] == "act"
