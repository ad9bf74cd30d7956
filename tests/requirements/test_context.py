"""Area 3: the context comes before any answer, and not knowing lowers authority."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from cxagent import clock
from cxagent.domain.account import Account, Fault, Mismatch
from cxagent.domain.proposal import Proposal
from cxagent.domain.vocabulary import ACT, DRAFT, HANDOFF, SourceName
from cxagent.errors import BadInput
from cxagent.playbook import load_playbook
from cxagent.sources import HeldSource
from cxagent.steps.nodes import NODES
from cxagent.testing import call, proposal
from requirements.desk import desk_for
from requirements.world import DAY, KINDS, ROOT, Scene, account, credit, doc, playbook, refusal

INVOICE_COPY = proposal(
    "invoice_copy", call("resend_invoice", invoice_id="INV-7", to_contact="ada@a-1.example"), stance="inform"
)


# ---- R21 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["owner", "version", "author", "approver", "review_by", "effective"])
def test_a_playbook_that_nobody_answers_for_is_refused(tmp_path: Path, field: str) -> None:
    """R21: without owner, version, author, approver or review date a playbook does not load, and the field is named."""
    raw = yaml.safe_load((ROOT / "graphs" / "playbook.yaml").read_text(encoding="utf-8"))
    del raw[field]
    file = tmp_path / "playbook.yaml"
    file.write_text(yaml.safe_dump(raw), encoding="utf-8")
    with pytest.raises(BadInput, match=f"playbook.yaml.*{field}"):
        load_playbook(file)


def test_nobody_approves_their_own_playbook(tmp_path: Path) -> None:
    """R21: author and approver are two people, whatever the spelling."""
    text = (ROOT / "graphs" / "playbook.yaml").read_text(encoding="utf-8")
    file = tmp_path / "playbook.yaml"
    same = "approver: jonas  weiss, customer success operations"
    file.write_text(text.replace("approver: Miriam Okafor, VP Finance", same), encoding="utf-8")
    with pytest.raises(BadInput, match="same person"):
        load_playbook(file)


def test_a_decision_answers_who_why_and_when() -> None:
    """R21: the record of a decision names the playbook's version, the rules with their reasons, and the moment."""
    desk = desk_for(account("mid"))
    entry = desk.decision(desk.take(credit())["decision_id"])
    caps = entry["personal"]["ruling"]["caps"]
    assert entry["body"]["playbook"] == playbook().version
    assert all(cap["rule"] and cap["why"] and cap["reason"] for cap in caps)
    assert entry["at"].startswith("2027-03-09T10:00")


# ---- R22 ------------------------------------------------------------------------------------------------------------


def test_one_decision_cites_a_field_of_each_system() -> None:
    """R22: customer records, billing and contract come from three systems, and one decision cites a field of each."""
    one = account()
    desk = desk_for(one)
    split = [(SourceName.CRM,), (SourceName.BILLING,), (SourceName.CONTRACT, SourceName.SUPPORT)]
    desk.sources = tuple(HeldSource([_only(one, *names)], name=str(names[0])) for names in split)
    result = desk.take(INVOICE_COPY)
    facts = desk.decision(result["decision_id"])["personal"]["audit"]["facts"]
    assert result["autonomy"] == "act"
    assert {fact["source"] for fact in facts if fact["value"]} == {"crm", "billing", "contract", "support", "derived"}


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_two_systems_are_not_enough(missing: int) -> None:
    """R22: without any one of the three systems nothing is done alone."""
    one = account()
    split = [(SourceName.CRM,), (SourceName.BILLING,), (SourceName.CONTRACT, SourceName.SUPPORT)]
    del split[missing]
    desk = desk_for(one)
    desk.sources = tuple(HeldSource([_only(one, *names)], name=str(names[0])) for names in split)
    assert desk.take(INVOICE_COPY)["autonomy"] != "act"
    assert (desk.loud, desk.sent) == ([], 0)


# ---- R23 ------------------------------------------------------------------------------------------------------------

LIMITS = {"crm": (7, 30), "billing": (1, 2), "contract": (180, 365), "support": (1, 7)}


@pytest.mark.parametrize("source", SourceName)
def test_age_is_shown_and_past_the_limit_it_counts(source: SourceName) -> None:
    """R23: past the warning the age is shown, past the limit the decision fails closed and names the age."""
    warn, error = LIMITS[source]
    fresh, aging, old = (_read(source, days) for days in (0, error, error + 1))
    assert [scene.autonomy for scene in (fresh, aging, old)] == [ACT, ACT, DRAFT]
    shown = [scene.audit().section(source) for scene in (fresh, aging, old)]
    assert [(one.age_days, one.status, one.aging) for one in shown if one] == [
        (0, "present", False),
        (error, "present", warn < error),
        (error + 1, "stale", False),
    ]
    assert any(f"{error + 1} days old" in cap.why for cap in old.ruling().binding)


def _only(one: Account, *kept: SourceName) -> Account:
    """An account as a source sees it that knows only some sections."""
    return one.model_copy(update={name.value: None for name in SourceName if name not in kept})


def _read(source: SourceName, days: int) -> Scene:
    return Scene(account(changes={f"{source}.as_of": (DAY - timedelta(days=days)).isoformat()}))


def test_an_unknown_age_is_no_age() -> None:
    """R23: data of unknown age, or from the future, counts as old."""
    for as_of in (None, (DAY + timedelta(days=3)).isoformat()):
        for source in SourceName:
            ruling = Scene(account(changes={f"{source}.as_of": as_of})).ruling()
            assert (ruling.autonomy, ruling.reasons) == (DRAFT, ("fact_stale",))


# ---- R24 ------------------------------------------------------------------------------------------------------------


def test_a_clause_of_one_account_beats_the_policy() -> None:
    """R24: what standard terms let go out alone waits for a person where the contract has a clause of its own."""
    clause = "invoices go through the purchasing portal only"
    general, special = account(), account(changes={"contract.special_terms": [clause]})
    ruling = Scene(special, INVOICE_COPY, "Please send invoice INV-7 again.").ruling()
    assert Scene(general, INVOICE_COPY, "Please send invoice INV-7 again.").autonomy == ACT
    assert (ruling.autonomy, ruling.reasons) == (DRAFT, ("rule_of_engagement",))
    assert clause in ruling.binding[0].why


def test_a_rule_of_engagement_names_its_source() -> None:
    """R24: an account's own line in the playbook wins over the ceilings, only for that account, and says why."""
    line = {"account": "A-1", "cap": "handoff", "tools": ["share_public_doc"], "why": "order form, clause 4"}
    book = playbook({"engagement": [line]})
    ruling = Scene(account(), playbook=book).ruling()
    assert (ruling.autonomy, ruling.binding[0].why) == (HANDOFF, "order form, clause 4")
    assert Scene(account(id="A-2"), playbook=book).autonomy == ACT


# ---- R25 ------------------------------------------------------------------------------------------------------------


def test_the_model_is_asked_after_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """R25: in the stored decision the model's moment is later than the audit's, and the send comes last."""
    desk, ticks = desk_for(account()), _ticks()
    monkeypatch.setattr(clock, "now", lambda: next(ticks))
    result = desk.take(doc())
    entry = desk.decision(result["decision_id"])
    audit, proposer = entry["personal"]["audit"], entry["personal"]["proposer"]
    assert audit["at"].replace("Z", "+00:00") < proposer["at"] < entry["at"]
    assert (result["autonomy"], desk.sent) == ("act", 1)


def _ticks() -> Iterator[object]:
    for second in range(10_000):
        yield DAY + timedelta(seconds=second)


def test_the_audit_is_the_first_node() -> None:
    """R25: every ticket meets the audit first, and a ticket that the audit stops never meets the model."""
    desk = desk_for(account())
    desk.take(doc(), sender="x@elsewhere.example")
    assert (NODES[0], desk.script.asked) == ("context_auditor", [])


# ---- R26 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("valuable", "risky", "alone"),
    [(False, False, True), (False, True, False), (True, False, False), (True, True, False)],
)
def test_value_or_risk_is_enough(valuable: bool, risky: bool, alone: bool) -> None:
    """R26: of the four combinations of high value and risk, three reach a person, without anybody asking for one."""
    one = account("global" if valuable else "small", {"crm.health": 30 if risky else 85})
    desk = desk_for(one)
    result = desk.take(doc())
    assert (result["autonomy"] == "act") is alone
    assert (desk.sent == 1) is alone


# ---- R28 ------------------------------------------------------------------------------------------------------------

FAULTS = [Fault(source=source, error=error) for source in SourceName for error in ("timeout", "error", "denied")]  # type: ignore[arg-type]
UNKNOWN: dict[str, Scene] = {
    "no contract": Scene(account(changes={"contract": None})),
    "contract not on file": Scene(account(changes={"contract.on_file": None})),
    "no billing": Scene(account(changes={"billing": None})),
    "no health": Scene(account(changes={"crm.health": None})),
    "no renewal date": Scene(account(changes={"contract.renewal_date": None})),
    "currencies disagree": Scene(account(changes={"contract.currency": "EUR"})),
    "rhythms disagree": Scene(account(changes={"contract.kind": "annual order form"})),
    "a mapped check failed": Scene(
        account(), mismatches=(Mismatch(check="seats", account_id="A-1", left="crm: 12", right="billing: 10"),)
    ),
    "parent not known": Scene(account(changes={"parent_id": "P-404"})),
    **{f"{one.source} {one.error}": Scene(account(), faults=(one,)) for one in FAULTS},
}


@pytest.mark.parametrize("scene", UNKNOWN.values(), ids=UNKNOWN)
@pytest.mark.parametrize("says", [doc(), INVOICE_COPY, refusal()], ids=["public fact", "invoice copy", "refusal"])
def test_not_knowing_never_acts(scene: Scene, says: Proposal) -> None:
    """R28: with a source killed, the contract gone or two sources at odds nothing is done alone, not even a link."""
    ruling = scene.but(proposal=says).ruling()
    assert ruling.autonomy < ACT
    assert set(ruling.reasons) & {
        *("fact_missing", "fact_stale", "fact_conflict", "fact_denied", "source_failed"),
        *("identity_unresolved", "group_tier"),
    }


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{one.source} {one.error}" for one in FAULTS])
def test_a_killed_source_sends_nothing(fault: Fault) -> None:
    """R28: end to end, with any one source dead, no tool runs and no message leaves, on any kind of account."""
    for kind in KINDS:
        desk = desk_for(account(kind))
        desk.sources = (HeldSource(desk.accounts.values(), (fault,)),)
        assert desk.take(doc())["autonomy"] != "act"
        assert (desk.loud, desk.sent) == ([], 0)


# ---- R29 ------------------------------------------------------------------------------------------------------------


def test_silence_never_sends() -> None:
    """R29: a draft that nobody answers for ten days is still a draft: waiting is shown, and nothing went out."""
    desk = desk_for(account("mid"))
    waiting = desk.take(credit())
    draft = desk.draft(waiting["draft_id"])
    assert draft["deadline"] == "2027-03-09T14:00:00+00:00"
    desk.now += timedelta(days=10)
    assert desk.run(Scene(account("mid")).incoming(waiting["ticket_id"])) == waiting
    assert (desk.draft(waiting["draft_id"])["status"], desk.sent, desk.loud) == ("pending", 0, [])


def test_waiting_is_a_declared_choice() -> None:
    """R29: the playbook names how long a person may take for each tier, more stake less time."""
    hours = playbook().deadline_hours
    assert hours["low_clv"] > hours["mid"] > hours["high"]  # type: ignore[index]


# ---- R30 ------------------------------------------------------------------------------------------------------------


def test_one_message_routine_or_a_sign_of_leaving() -> None:
    """R30: the same question is routine from a calm account and a sign of leaving from a declining one."""
    asked = "How do I export all our data?"
    calm = Scene(account("calm mid"), message=asked)
    declining = calm.but(account=account("calm mid", {"crm.health": 44}))
    assert (calm.autonomy, declining.autonomy) == (ACT, HANDOFF)
    assert "signal_exit" in declining.ruling().reasons


def test_the_reading_of_the_words_is_the_same() -> None:
    """R30: the words alone are read alike; it is the account that makes them a sign."""
    calm = Scene(account("calm mid"), message="How do I export all our data?")
    declining = calm.but(account=account("calm mid", {"crm.health": 44}))
    assert calm.submission().reading == declining.submission().reading


# ---- R31 ------------------------------------------------------------------------------------------------------------


def test_the_card_holds_diagnosis_risk_options_and_a_recommendation() -> None:
    """R31: the reviewer gets why, what is at stake, options with consequences and the next best step, not just text."""
    desk = desk_for(account("mid", {"crm.stated_goals": [{"goal": "second plant live by June", "said_by": "Ola"}]}))
    card = desk.draft(desk.take(credit())["draft_id"])["card"]
    assert card["why"] and all(why.strip() for why in card["why"])
    assert card["at_stake"]["stake"] == "USD 210,000.00"
    assert card["at_stake"]["goals"][0]["goal"] == "second plant live by June"
    assert [option["do"] for option in card["options"]] == ["approve", "edit", "respond", "reject"]
    assert all(option["then"] for option in card["options"])
    assert card["recommendation"] == card["options"][0]["do"] == "approve"
    assert card["would_have_acted"]
    assert card["who"]["role"] == "admin"


@pytest.mark.parametrize(
    ("says", "first"),
    [(doc(), "approve"), (doc("It will be there on Friday."), "edit"), (doc("That is USD 12.00 a month."), "edit")],
)
def test_the_recommendation_follows_from_the_reasons(says: Proposal, first: str) -> None:
    """R31: where the words themselves are the trouble, changing them is the next best step, not signing them."""
    desk = desk_for(account("global"))
    assert desk.draft(desk.take(says)["draft_id"])["card"]["recommendation"] == first


def test_a_handoff_brief_recommends_as_well() -> None:
    """R31: who takes over gets the request, what was found, the reasons, and what could be done next."""
    desk = desk_for(account("shaky"))
    brief = desk.handoff(desk.take(credit())["ticket_id"])["brief"]
    assert brief["request"]["body"] == Scene(account()).message
    assert brief["found"] and brief["why"] and brief["at_stake"]["risks"]
    assert [set(option) for option in brief["options"]] == [{"do", "then"}] * 3
