"""The loss rules at the real gate: they only cap, never what the playbook's table grants, and never less for more."""

from decimal import Decimal
from itertools import pairwise

import pytest
from requirements.world import Scene, account, credit, doc, money, playbook, refusal

from cxagent.domain.cell import Cell
from cxagent.domain.proposal import Proposal
from cxagent.domain.ruling import Weighing
from cxagent.domain.vocabulary import ACT, DRAFT, EffectClass
from cxagent.economics import rate_of
from cxagent.lifetime.stake import Estimates
from cxagent.rules.loss import budget_of, expected_in_all
from cxagent.testing import call, proposal

CLVS = (None, "100.00", "9000.00", "20000.00", "20000.01", "150000.00", "1000000.00")
COPY = proposal("invoice_copy", call("resend_invoice", invoice_id="INV-7", to_contact="ada@a-1.example"))
LOGIN = proposal("sso_lockout", call("reset_sso", user="ada@a-1.example"))
CANCEL = proposal("cancel_subscription", call("cancel_subscription", reason="closing", effective_date="2027-04-09"))
GRANTED = {"smb": (doc(), COPY, LOGIN, credit("100.00"), refusal(), CANCEL), "mid_market": (doc(), COPY, LOGIN)}
"""What the table grants: all of it to a healthy small account, the harmless part to a healthy mid-value one."""


def carrying(clv: str | None, says: Proposal, segment: str = "smb", arr: str | None = None, **more: object) -> Scene:
    """Return a scene on a calm account of so much value; whatever else is unknown counts on the careful side."""
    kind = "small" if segment == "smb" else "calm mid"
    changes = {"crm.segment": segment, "crm.clv": money(clv) if clv else None, "crm.arr": money(arr) if arr else None}
    return Scene(account(kind, {**changes, "contract.start_date": "1990-01-01"}), says, told=more)


def weighed(scene: Scene) -> Weighing:
    """Return what the gate weighed."""
    found = scene.ruling().weighing
    assert found is not None
    return found


@pytest.mark.parametrize("clv", CLVS)
@pytest.mark.parametrize("segment", ["smb", "mid_market"])
def test_what_the_table_grants_stays_granted(segment: str, clv: str | None) -> None:
    """With nothing on record no loss rule touches what the table grants, from CLV 100 to 1,000,000, revenue as high."""
    low = clv is None or Decimal(clv) <= 20_000
    for says in GRANTED["smb" if segment == "smb" and low else "mid_market"]:
        for arr in (None, clv):
            ruling = carrying(clv, says, segment, arr).ruling()
            assert (ruling.autonomy, ruling.caps) == (ACT, ()), (says.parts[0].intent, arr)


@pytest.mark.parametrize("says", [doc(), COPY, LOGIN, credit("10.00"), refusal(), CANCEL])
@pytest.mark.parametrize("lost", [0.0, 3.0, 12.0])
def test_more_value_never_gives_more(says: Proposal, lost: float) -> None:
    """Over the whole range of value the break-even falls, the loss grows, and what was capped stays capped."""
    cell = Cell(intent=says.parts[0].intent, segment="smb", cap=ACT, why="", audits=60, lost=lost)
    found = [weighed(carrying(clv, says, cells=[cell])) for clv in CLVS[1:]]
    for before, after in pairwise(found):
        assert after.break_even <= before.break_even
        assert after.expected_loss >= before.expected_loss
        assert after.pays <= before.pays
        assert after.careful < after.break_even


@pytest.mark.parametrize(("hazards", "stays"), [((1.0, 0.2), True), ((1.0, 3.0), False)])
def test_a_shaky_account_feels_an_error_more(hazards: tuple[float, float], stays: bool) -> None:
    """A hazard ratio above 1 makes an error dearer, one below 1 nothing cheaper."""
    healthy, other = (weighed(shaky(ratio)) for ratio in hazards)
    assert (other.damage == healthy.damage) is stays
    assert other.damage >= healthy.damage


def shaky(ratio: float) -> Scene:
    """Return a scene whose account has a hazard ratio."""
    return Scene(account(), refusal(), estimates=Estimates(hazards={"A-1": ratio}))


def test_the_sentence_holds_the_arithmetic() -> None:
    """A cap says the chance, the damage, what asking costs and the careful break-even, in money and as numbers."""
    scene = Scene(account(), credit(), playbook=playbook({"value.wrong.financial": 0.05}))
    cap = next(one for one in scene.ruling().caps if one.rule == "expected_loss")
    of = weighed(scene)
    assert (cap.autonomy, cap.reason) == (DRAFT, "expected_loss")
    assert f"USD {of.damage:,.2f}" in cap.why and f"USD {of.saved:,.2f}" in cap.why and f"{of.careful:.2%}" in cap.why
    assert set(cap.numbers) == {"p", "D", "FV", "b", "p_star", "p_star_careful"}
    assert of.damage == pytest.approx(400 + 0.01 * of.future_value)
    assert of.break_even == pytest.approx(of.saved / (of.saved + of.damage))


def test_the_group_is_what_goes() -> None:
    """What an error may drive away is the group where that is worth more than the account by itself."""
    sister = account(id="S", changes={"parent_id": "P", "crm.clv": money("15000.00")})
    parent = account(id="P", changes={"crm.clv": money("90000.00"), "crm.contacts": []})
    alone = Scene(account(changes={"parent_id": "P"}), others=(parent, sister))
    assert weighed(alone).future_value == 13_000 + 15_000 + 90_000


def test_a_refusal_weighs_as_a_commitment() -> None:
    """A "no" is weighed as a commitment, whatever class its tool has."""
    page = call("share_public_doc", url="https://docs.vendor.example/limits")
    for stance, effect in (("inform", EffectClass.PUBLIC_INFO), ("decline", EffectClass.COMMITMENT)):
        assert weighed(Scene(account(), proposal("howto_question", page, stance=stance))).effect == effect


def test_evidence_outweighs_the_assumption() -> None:
    """The chance of being wrong goes from what was assumed to what audits found, the more of them the nearer."""
    rates = [rate_of(0.001, 500, audits, 0.02 * audits) for audits in (0, 500, 50_000)]
    assert rates == pytest.approx([0.001, 0.0105, 0.0198], abs=1e-4)
    assert rate_of(0.001, 500, 1000, 0.0) == pytest.approx(0.001 / 3)


def test_a_clean_record_lifts_what_the_assumption_holds() -> None:
    """Where the assumption alone would ask a person, a long clean record acts; it never lifts another rule's cap."""
    book = playbook({"value.wrong.financial": 0.03})
    cell = Cell(intent="goodwill_credit", segment="smb", cap=ACT, why="", audits=500, lost=0.0)
    base = Scene(account(), credit(), playbook=book)
    assert (base.autonomy, base.but(told={"cells": [cell]}).autonomy) == (DRAFT, ACT)
    assert base.but(proposal=credit("101.00"), told={"cells": [cell]}).autonomy == DRAFT


def test_what_a_record_caps_is_no_part_of_what_would_be_allowed() -> None:
    """A cap by the record alone leaves `would` at act, so that audits can clear the cell; one by value does not."""
    cell = Cell(intent="goodwill_credit", segment="smb", cap=ACT, why="", audits=100, lost=20.0)
    recorded = Scene(account(), credit(), told={"cells": [cell]}).ruling()
    assumed = Scene(account(), credit(), playbook=playbook({"value.wrong.financial": 0.05})).ruling()
    assert (recorded.autonomy, recorded.would) == (DRAFT, ACT)
    assert (assumed.autonomy, assumed.would) == (DRAFT, DRAFT)


def test_the_first_act_of_a_day_is_never_stopped_by_the_budget() -> None:
    """The least budget is more than the dearest review, so what pays by itself always fits into an empty day."""
    book = playbook()
    dearest = max(one.minutes for one in book.latitude.damage.values()) * book.latitude.minute_costs
    assert book.value.loss_budget.at_least > dearest


def test_the_budget_is_a_share_of_the_value_and_never_less_than_its_least() -> None:
    """The day's limit is a thousandth of what the group is worth, at least the least; parts of a message add up."""
    small, large = carrying("100.00", doc()).submission(), carrying("900000.00", doc(), "mid_market").submission()
    assert (budget_of(small), budget_of(large)) == (Decimal("50.0"), Decimal("900.00000"))
    two = doc().model_copy(update={"parts": (*doc().parts, *COPY.parts)})
    once, both = (expected_in_all(Scene(account(), says).submission()) for says in (doc(), two))
    assert both > once > 0
