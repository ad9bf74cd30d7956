"""Area 4: autonomy follows from the stake, is set by people in the playbook, and only ever goes down."""

from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from cxagent.differences import differences
from cxagent.domain.proposal import Proposal
from cxagent.domain.vocabulary import ACT, DRAFT, Signal, Stance
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.playbook import Playbook, load_playbook
from cxagent.proposers import Known
from cxagent.testing import call, proposal
from requirements.catalogue import typical
from requirements.desk import Desk, desk_for
from requirements.world import DAY, HELLO, KINDS, ROOT, Scene, account, credit, doc, money, playbook, refusal

CANCEL = proposal(
    "cancel_subscription",
    call("cancel_subscription", reason="closing", effective_date="2027-03-31"),
    reply="Your subscription is cancelled. Thank you for the time with us.",
)
GOODBYE = "Please cancel our subscription at the end of the month. Thank you for everything."


# ---- R32 ------------------------------------------------------------------------------------------------------------


def _edited(folder: Path, old: str, new: str) -> Playbook:
    text = (ROOT / "graphs" / "playbook.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    file = folder / "playbook.yaml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return load_playbook(file)


@pytest.mark.parametrize(
    ("old", "new", "scene", "path", "direction"),
    [
        (
            "per_action: {low_clv: 100,",
            "per_action: {low_clv: 30,",
            Scene(account(), credit()),
            "money.per_action.low_clv",
            "tightens",
        ),
        ("health_below: 50", "health_below: 85", Scene(account()), "at_risk.health_below", "tightens"),
        ("low_clv_up_to: 20000", "low_clv_up_to: 9000", Scene(account(), credit()), "tiers.low_clv_up_to", "tightens"),
        (
            "public_info:    {low_clv: act,   mid: act, ",
            "public_info:    {low_clv: act,   mid: draft, ",
            Scene(account("calm mid")),
            "ceilings.public_info.mid",
            "tightens",
        ),
        (
            "public_fact_exemption: false",
            "public_fact_exemption: true",
            Scene(account("global")),
            "public_fact_exemption",
            "loosens",
        ),
    ],
)
def test_a_limit_is_changed_in_the_text_alone(
    tmp_path: Path, old: str, new: str, scene: Scene, path: str, direction: str
) -> None:
    """R32: one edited line of YAML changes the route, shows up as one difference, and the old text rolls it back."""
    book = _edited(tmp_path, old, new)
    assert scene.but(playbook=book).autonomy != scene.autonomy
    assert [(one.path, one.direction) for one in differences(playbook(), book)] == [(path, direction)]
    assert scene.but(playbook=load_playbook(ROOT / "graphs" / "playbook.yaml")).autonomy == scene.autonomy


# ---- R33 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["small", "calm mid", "mid", "global"])
@pytest.mark.parametrize("says", [doc(), credit(), refusal()], ids=["public fact", "credit", "refusal"])
def test_falling_health_never_loosens(kind: str, says: Proposal) -> None:
    """R33: from 90 down to 20 with all else fixed no step allows more, and below the line it is at risk."""
    scenes = [Scene(account(kind, {"crm.health": health}), says) for health in range(90, 19, -5)]
    routes = [scene.autonomy for scene in scenes]
    assert routes == sorted(routes, reverse=True)
    assert "at_risk" in scenes[-1].ruling().reasons


@pytest.mark.parametrize("kind", ["small", "calm mid", "mid"])
def test_falling_health_tightens(kind: str) -> None:
    """R33: on every tier that may act at all, the fall of health alone takes it away."""
    assert Scene(account(kind, {"crm.health": 90})).autonomy == ACT
    assert Scene(account(kind, {"crm.health": 20})).autonomy < ACT


# ---- R34 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("intents.howto_question", {"effect": "public_info", "cap": "act"}),
        ("intents.howto_question", {"effect": "public_info", "autonomy": "draft"}),
        ("engagement", [{"account": "A-1", "cap": "draft", "intents": ["howto_question"], "why": "x"}]),
        ("engagement", [{"intents": ["howto_question"], "cap": "draft", "why": "x"}]),
        ("ceilings.howto_question", {"low_clv": "act", "mid": "act", "high": "act", "at_risk": "act"}),
        ("in_window.howto_question", {"low_clv": "draft"}),
        ("money.per_action.goodwill_credit", 100),
    ],
)
def test_no_line_matches_on_the_kind_of_request_alone(path: str, value: object) -> None:
    """R34: a playbook in which a kind of request sets autonomy by itself is refused."""
    with pytest.raises(ValueError, match=r"(?i)extra|no such row|required|input should be"):
        playbook({path: value})


def test_every_row_looks_at_the_account() -> None:
    """R34: whatever an intent names, a class, a matter or a signal, is a row with a column for every tier and risk."""
    book = playbook()
    for entry in book.intents.values():
        rows = [book.ceilings[entry.effect], *([book.matters[entry.matter]] if entry.matter else [])]
        rows += [book.signals[entry.signal]] if entry.signal else []
        assert all(set(row.model_dump()) == {"low_clv", "mid", "high", "at_risk"} for row in rows)


def test_the_same_kind_of_request_is_decided_by_the_account() -> None:
    """R34: of the intents that may act anywhere, each one is also held somewhere."""
    for intent in playbook().intents:
        routes = [Scene(account(kind), typical(intent, account(kind))).autonomy for kind in KINDS]
        assert min(routes) < ACT


# ---- R35 ------------------------------------------------------------------------------------------------------------

ESCALATED = {"support.open_escalations": [{"ref": "ESC-9", "summary": "the board is asking"}]}


@pytest.mark.parametrize(
    ("turn", "reason"),
    [
        (ESCALATED, "at_risk"),
        ({"crm.health": 22}, "at_risk"),
        ({"crm.clv": money("5000000.00")}, "tier_ceiling"),
        ({"contract.special_terms": ["credits by schedule B"]}, "rule_of_engagement"),
    ],
    ids=["escalation", "health", "value", "contract"],
)
def test_the_very_next_step_runs_under_the_new_limit(turn: dict[str, object], reason: str) -> None:
    """R35: what changes between gate and act is seen before the effect: nothing runs, and it is ruled on again."""
    desk = desk_for(account())

    def meanwhile(known: Known) -> Proposal:
        desk.turn(turn)
        return credit()

    desk.script.always = meanwhile
    result = desk.take()
    assert result["autonomy"] != "act"
    assert reason in result["reasons"]
    assert (desk.loud, desk.sent) == ([], 0)


def test_the_next_ticket_runs_under_the_new_limit() -> None:
    """R35: in one conversation, what was done alone before the escalation is not done alone after it."""
    desk = desk_for(account())
    assert desk.take(credit("10.00"))["autonomy"] == "act"
    desk.turn(ESCALATED)
    assert desk.take(credit("10.00"))["autonomy"] == "handoff"


# ---- R37 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("says", "message", "tool"),
    [
        (credit("100.00"), "We ran the report twice by mistake. Could we have a credit of USD 100?", "issue_credit"),
        (CANCEL, GOODBYE, "cancel_subscription"),
    ],
    ids=["credit within limits", "plain monthly cancellation"],
)
def test_a_small_healthy_account_is_served_without_a_person(says: Proposal, message: str, tool: str) -> None:
    """R37: a credit within limits and a plain monthly cancellation are finished by the agent itself."""
    desk = desk_for(account())
    result = desk.take(says, message=message)
    assert (result["autonomy"], result["status"], result["reasons"]) == ("act", "done", [])
    assert (desk.loud, desk.sent) == ([tool], 1)


@pytest.mark.parametrize(
    "scene",
    [
        Scene(account(), CANCEL, GOODBYE, who="mo"),
        Scene(account(changes={"billing.terms": "card, annual", "contract.kind": "annual"}), CANCEL, GOODBYE),
        Scene(account("calm mid"), CANCEL, GOODBYE),
        Scene(account(), credit("100.01")),
        Scene(account(), credit("100.00"), verified=False),
    ],
    ids=["no admin", "annual plan", "mid", "a cent over", "not verified"],
)
def test_the_limits_of_that(scene: Scene) -> None:
    """R37: one step beyond the limits a person is asked."""
    assert scene.autonomy < ACT


def test_words_of_leaving_are_the_request_itself() -> None:
    """R37: a plain cancellation that says so is no sign of leaving, by one line of the playbook and only by it."""
    plain = Scene(account(), CANCEL, "We are leaving at the end of the month, please cancel our subscription.")
    assert plain.autonomy == ACT
    assert plain.but(playbook=playbook({"not_a_signal": {}})).ruling().reasons == ("signal_exit",)
    assert plain.but(proposal=CANCEL.model_copy(update={"signals": (Signal.EXIT,)})).autonomy == DRAFT
    assert plain.but(proposal=credit()).autonomy == DRAFT


# ---- R38 ------------------------------------------------------------------------------------------------------------


def test_a_thousand_enterprise_tickets_cause_nothing() -> None:
    """R38: over 1,000 enterprise tickets, whatever is asked, proposed and by whom, the gate never allows an act."""
    ruled = 0
    for segment, renewal in product(("enterprise", "strategic"), ("2028-02-20", "2027-06-01")):
        one = account("global", {"crm.segment": segment, "contract.renewal_date": renewal})
        for intent, who, stance in product(playbook().intents, ("ada", "ben", "mo", "ola"), (None, Stance.INFORM)):
            says = typical(intent, one)
            if stance is not None:
                says = proposal(intent, stance=stance)
            assert Scene(one, says, who=who).autonomy < ACT
            ruled += 1
    assert ruled >= 1000


@pytest.mark.parametrize("intent", playbook().intents)
def test_no_side_effect_before_approval(intent: str) -> None:
    """R38: end to end, spy tools record no call with an effect and no send for an enterprise account."""
    desk = desk_for(account("global"))
    result = desk.take(typical(intent, desk.accounts["A-1"]))
    assert (result["autonomy"] == "act", desk.loud, desk.sent) == (False, [], 0)


def test_the_exemption_is_off_and_labelled() -> None:
    """R38: the public-fact exemption ships switched off; switched on it is named on every decision that it lifts."""
    assert playbook().public_fact_exemption is False
    lifted = Scene(account("global"), playbook=playbook({"public_fact_exemption": True}))
    assert (lifted.autonomy, len(lifted.ruling().deviations)) == (ACT, 1)
    assert "public_fact_exemption" in lifted.ruling().deviations[0]
    assert lifted.but(proposal=credit()).autonomy == DRAFT
    assert lifted.but(account=account("global", {"crm.health": 40})).autonomy == DRAFT


# ---- R39 ------------------------------------------------------------------------------------------------------------


def test_an_approval_names_the_person_and_what_they_saw() -> None:
    """R39: the log keeps who approved with which authority, the digest of the exact card, and the effect follows."""
    desk = desk_for(account("mid"))
    waiting = desk.take(credit())
    draft = desk.draft(waiting["draft_id"])
    assert (desk.loud, desk.sent) == ([], 0)
    desk.review(draft["id"], "approve", "Priya Nair", note="fair enough")
    entry = desk.entries(waiting["ticket_id"], "review")[0]
    assert (entry["personal"]["by"], entry["personal"]["role"]) == ("Priya Nair", "approver")
    assert entry["body"]["card"] == draft["card_digest"]
    assert [(one.tool, one.args) for one in desk.effects] == [("issue_credit", dict(credit().actions[0].args))]


def test_an_edit_is_kept_and_is_what_goes_out() -> None:
    """R39: what the person changed is on record beside what was proposed, and the changed call is what runs."""
    desk = desk_for(account("mid"))
    waiting = desk.take(credit())
    less = credit("25.00").actions[0].model_dump()
    desk.review(waiting["draft_id"], "edit", "Priya Nair", reply="A credit of USD 25.00 is noted.", args=[less])
    entry = desk.entries(waiting["ticket_id"], "review")[0]
    proposed, final = (one["personal"]["proposal"] for one in desk.entries(waiting["ticket_id"], "ruling"))
    assert entry["personal"]["reply"] == final["reply"] != proposed["reply"]
    assert [one.args["amount"] for one in desk.effects] == ["25.00"]


@pytest.mark.parametrize(
    ("turn", "later"),
    [(ESCALATED, timedelta()), ({"contract.special_terms": ["no credits"]}, timedelta(hours=1))],
    ids=["escalation", "new clause"],
)
def test_a_changed_context_forces_a_new_audit(turn: dict[str, object], later: timedelta) -> None:
    """R39: an approval given for facts that have changed sends nothing; the draft is ruled on again."""
    desk = desk_for(account("mid"))
    waiting = desk.take(credit())
    desk.turn(turn)
    desk.now += later
    result = desk.review(waiting["draft_id"], "approve", "Priya Nair")
    assert (desk.loud, desk.sent) == ([], 0)
    assert len(desk.entries(waiting["ticket_id"], "ruling")) == 2
    assert result["decision_id"] != waiting["decision_id"]
    with pytest.raises((Conflict, Refused)):
        desk.review(waiting["draft_id"], "approve", "Miriam Okafor")


def test_facts_that_went_stale_reopen_the_draft() -> None:
    """R39: an approval that comes when the facts are too old is not carried out on them."""
    desk = desk_for(account("mid"))
    waiting = desk.take(credit())
    desk.now += timedelta(days=9)
    desk.review(waiting["draft_id"], "approve", "Priya Nair")
    assert (desk.loud, desk.sent) == ([], 0)
    assert "fact_stale" in desk.entries(waiting["ticket_id"], "ruling")[-1]["body"]["reasons"]


def test_nobody_signs_beyond_their_rank_or_without_a_name() -> None:
    """R39: the authority behind an approval is the playbook's: strangers and lower ranks approve nothing."""
    desk = desk_for(account("mid"))
    waiting = desk.take(credit("600.00"))
    with pytest.raises(BadInput, match="nobody the playbook knows"):
        desk.review(waiting["draft_id"], "approve", "Someone Else")
    with pytest.raises(Refused, match="needs the approver"):
        desk.review(waiting["draft_id"], "approve", "Lena Hartmann")
    assert desk.loud == []


# ---- R41 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["strategic_logo", "reference_customer", "partner"])
@pytest.mark.parametrize("says", [doc(), credit("20.00"), CANCEL], ids=["public fact", "credit", "cancellation"])
def test_a_marked_small_account_is_reviewed(flag: str, says: Proposal) -> None:
    """R41: a strategic mark outweighs how easy the task is: a small account that carries one reaches a person."""
    marked = Scene(account(changes={"crm.flags": [flag]}), says, GOODBYE if says is CANCEL else HELLO)
    assert marked.but(account=account()).autonomy == ACT
    ruling = marked.ruling()
    assert ruling.autonomy < ACT
    assert {"tier_ceiling", "money_rolling"} & set(ruling.reasons)


def test_the_mark_is_named() -> None:
    """R41: the reviewer is told which mark brought the ticket to them."""
    desk = desk_for(account(changes={"crm.flags": ["partner"]}))
    assert desk.draft(desk.take(doc())["draft_id"])["card"]["at_stake"]["why"] == "marked partner"


# ---- R42 ------------------------------------------------------------------------------------------------------------


def _total(desk: Desk) -> int:
    return sum(int(float(one.args["amount"])) for one in desk.effects)


def test_splitting_over_contacts_gains_nothing() -> None:
    """R42: six credits of 50 over four contacts stop at the same 250 as one group limit."""
    desk = desk_for(account())
    routes = [desk.take(credit("50.00"), who=who)["autonomy"] for who in ("ada", "ben", "mo", "ola", "ada", "ben")]
    assert (routes, _total(desk)) == (["act"] * 5 + ["draft"], 250)


def test_splitting_over_weeks_gains_nothing() -> None:
    """R42: five credits a week apart stop at the same total; after 90 days the first ones no longer count."""
    desk, routes = desk_for(account()), []
    for week in (0, 1, 2, 3, 12, 13):
        at = DAY + timedelta(weeks=week)
        read = {f"{name}.as_of": at.isoformat() for name in ("crm", "billing", "support")}
        seen = {"crm.contacts": [{"email": "ada@a-1.example", "role": "admin", "last_seen_on": at.date().isoformat()}]}
        desk.turn({**read, **seen})
        routes.append(desk.take(credit("80.00"), at=at)["autonomy"])
    assert (routes, _total(desk)) == (["act", "act", "act", "draft", "draft", "act"], 320)


def test_splitting_over_sisters_gains_nothing() -> None:
    """R42: credits to five sisters stop at the same total as credits to one."""
    cheap = {"crm.clv": money("2000.00"), "parent_id": "S-0"}
    sisters = [account(changes=cheap if n else {"crm.clv": money("2000.00")}, id=f"S-{n}") for n in range(5)]
    desk = desk_for(*sisters)
    routes = [desk.take(credit("80.00", account_id=one.id), Scene(one))["autonomy"] for one in sisters]
    assert (routes, _total(desk)) == (["act"] * 3 + ["draft"] * 2, 240)


def test_splitting_in_one_message_gains_nothing() -> None:
    """R42: several credits in one proposal add up before they are judged."""
    three = Proposal(parts=credit("90.00").parts * 3, reply="All noted.")
    assert Scene(account(), three).ruling().reasons == ("money_rolling",)


def test_what_billing_already_shows_counts_once() -> None:
    """R42: a credit that billing lists under our reference is not counted a second time."""
    desk = desk_for(account())
    desk.take(credit("90.00"))
    key = desk.effects[0].key
    listed = [{"amount": money("90.00"), "ref": key, "granted_at": DAY.isoformat()}]
    desk.turn({"billing.credits": listed})
    assert [desk.take(credit("80.00"))["autonomy"] for _ in range(3)] == ["act", "act", "draft"]
