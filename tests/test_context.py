"""The context audit: who writes, what state the facts are in, how the account stands, and what the digest covers."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from requirements.world import DAY, Scene, account, credit, money, playbook

from cxagent.context.identity import ancestors, family_tree, roles_of
from cxagent.context.knowledge import monthly, places, seats_free
from cxagent.context.standing import Given, tier_of
from cxagent.domain.account import Account
from cxagent.domain.money import Fx, Money
from cxagent.domain.vocabulary import DRAFT, SourceName, Tier
from cxagent.testing import call, proposal

PARENT = account(id="P")
CHILD = account(changes={"parent_id": "P"})
OTHER = account(id="B")


def of(kind: str = "small", **changes: Any) -> Account:
    """Return an account of a kind with dotted changes written with double underscores."""
    return account(kind, {name.replace("__", "."): value for name, value in changes.items()})


def standing(one: Account, *others: Account, **more: Any) -> Any:
    """Return how an account stands."""
    found = Scene(one, others=others, **more).audit().standing
    assert found is not None
    return found


def contacts(*rows: tuple[str, str | None]) -> list[dict[str, Any]]:
    """Return contacts with an address and the day on which they left."""
    return [{"email": email, "role": "admin", "left_on": left} for email, left in rows]


HERE_TOO = account(id="C", changes={"crm.contacts": contacts(("ada@a-1.example", None))})

# ---- who writes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scene", "status", "account_id"),
    [
        (Scene(account()), "resolved", "A-1"),
        (Scene(account(), sender=" ADA@A-1.example "), "resolved", "A-1"),
        (Scene(account(), hint=None), "resolved", "A-1"),
        (Scene(account(), sender="x@a-1.example"), "unknown", None),
        (Scene(account(), hint="A-404"), "no_account", None),
        (Scene(account(), others=(OTHER,), hint="B"), "foreign", None),
        (Scene(CHILD, others=(PARENT,), sender="ada@p.example"), "at_parent", "A-1"),
        (Scene(PARENT, others=(CHILD,), sender="ada@a-1.example"), "foreign", None),
        (Scene(of(crm__contacts=contacts(("ada@a-1.example", "2027-01-01")))), "departed", None),
        (
            Scene(of(crm__contacts=contacts(("ada@a-1.example", "2027-01-01"), ("ADA@a-1.example", None)))),
            "resolved",
            "A-1",
        ),
        (Scene(account(), others=(HERE_TOO,)), "ambiguous", None),
        (
            Scene(
                CHILD,
                others=(account(id="P", changes={"crm.contacts": contacts(("ada@a-1.example", None))}),),
                hint=None,
            ),
            "resolved",
            "A-1",
        ),
        (
            Scene(
                account(),
                others=(account(id="C", changes={"crm.contacts": contacts(("ada@a-1.example", "2026-01-01"))}),),
            ),
            "resolved",
            "A-1",
        ),
    ],
    ids=[
        *("registered", "spelling", "no hint", "stranger", "no such account", "elsewhere", "at the parent"),
        *("at the child", "left", "left and came back", "two companies", "a line: the lowest", "left the other one"),
    ],
)
def test_the_sender_is_resolved_from_the_record(scene: Scene, status: str, account_id: str | None) -> None:
    """Identity follows from who is registered where; the helpdesk's account is only a hint."""
    found = scene.audit()
    assert (found.identity.status, found.identity.account_id) == (status, account_id)
    assert found.account_id == (account_id or "unknown")


def test_the_role_comes_from_the_record() -> None:
    """What the ticket claims to be is not looked at: the title on record gives the roles."""
    who = Scene(account(), who="mo").audit().identity
    assert (who.title, who.roles) == ("member", ())


@pytest.mark.parametrize(
    ("title", "roles"),
    [
        ("Billing contact", ("billing",)),
        ("IT-Administrator", ("admin",)),
        ("Owner / CFO", ("finance", "owner")),
        ("Coowner", ()),
        ("badminton coach", ()),
        ("accounts  payable", ("billing",)),
        (None, ()),
    ],
)
def test_roles_are_whole_words_of_a_title(title: str | None, roles: tuple[str, ...]) -> None:
    """A title gives the roles whose words stand in it as whole words; part of a word gives none."""
    assert roles_of(title, playbook()) == roles


def test_parents_in_a_circle_end() -> None:
    """Two accounts that name each other as parents are walked once, and the parent counts as not known."""
    one, other = account(changes={"parent_id": "P"}), account(id="P", changes={"parent_id": "A-1"})
    chain, missing = ancestors(one, family_tree([one, other]))
    assert ([up.id for up in chain], missing) == (["P"], "A-1")
    assert Scene(one, others=(other,)).autonomy <= DRAFT


# ---- what state the facts are in ------------------------------------------------------------------------------------


def test_a_missing_section_is_reported_once() -> None:
    """A section that is not there is missing as a whole, not fact by fact."""
    found = Scene(of(support=None)).audit()
    assert found.missing == ()
    assert [one.source for one in found.sections if one.status == "missing"] == [SourceName.SUPPORT]


@pytest.mark.parametrize("path", playbook().required_facts)
def test_each_required_fact_is_missed(path: str) -> None:
    """Unknown is not zero: each required fact that nobody gave is named."""
    assert path in Scene(account(changes={path: None})).audit().missing or path == "crm.contacts"


@pytest.mark.parametrize(
    ("changes", "conflicts"),
    [
        ({}, 0),
        ({"contract__currency": "EUR"}, 1),
        ({"contract__currency": "EUR", "billing__currency": "EUR"}, 1),
        ({"contract__kind": "annual order form"}, 1),
        ({"contract__kind": "click-through"}, 0),
        ({"contract__kind": "annual, paid by the month"}, 0),
        ({"contract__special_terms": ["15 committed seats"]}, 1),
        ({"contract__special_terms": ["12 committed seats"]}, 0),
        ({"contract__special_terms": ["15 committed seats"], "billing__seats": None}, 0),
    ],
)
def test_two_places_that_contradict_each_other(changes: dict[str, Any], conflicts: int) -> None:
    """A comparison of the playbook finds a contradiction only where both sides are known and differ."""
    assert len(Scene(of(**changes)).audit().conflicts) == conflicts


def test_a_disputed_fact_says_so() -> None:
    """A fact that two sources tell differently is marked as conflicting where a person reads it."""
    found = Scene(of(contract__kind="annual order form")).audit()
    assert {fact.name: fact.status for fact in found.facts}["terms"] in ("conflicting", "present")
    assert found.conflicts[0].left == "contract.rhythm: annual"


@pytest.mark.parametrize(
    ("note", "free"),
    [
        ("9 of 12 seats in use", 3),
        ("12/12 licences used", 0),
        ("users: 14 of 12", -2),
        ("they bought 12 seats", None),
        ("9 of 12 open tickets", None),
    ],
)
def test_free_seats_are_read_from_the_notes(note: str, free: int | None) -> None:
    """Free seats follow from a note that counts used of contracted; any other note tells nothing."""
    assert seats_free(of(crm__notes=[note])) == free


def test_a_plan_is_monthly_where_nothing_contradicts() -> None:
    """Monthly is what one side says and no side denies."""
    assert monthly(account())
    assert not monthly(of(contract__kind="annual"))
    assert not monthly(of(contract__kind="click-through", billing__terms="card"))
    assert places(of(billing=None), "billing.currency") == set()


# ---- how the account stands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "tier"),
    [
        ({"crm__clv": money("20000.00")}, Tier.LOW),
        ({"crm__clv": money("20000.01")}, Tier.MID),
        ({"crm__clv": money("1000000.00")}, Tier.MID),
        ({"crm__clv": money("1000000.01")}, Tier.HIGH),
        ({"crm__segment": "enterprise"}, Tier.HIGH),
        ({"crm__segment": "strategic", "crm__clv": money("1.00")}, Tier.HIGH),
        ({"crm__flags": ["partner"]}, Tier.HIGH),
        ({"crm__flags": ["onboarding"]}, Tier.LOW),
        ({"crm__clv": None}, Tier.LOW),
        ({"crm__clv": None, "crm__segment": "mid_market"}, Tier.MID),
        ({"crm__clv": None, "crm__segment": None}, Tier.HIGH),
        ({"crm": None}, Tier.HIGH),
        ({"crm__clv": money("-5.00")}, Tier.LOW),
    ],
)
def test_value_becomes_a_tier(changes: dict[str, Any], tier: Tier) -> None:
    """The tier follows from value, segment and marks; what is not known counts by segment, or as high."""
    assert tier_of(of(**changes), playbook(), None)[0] == tier


def test_value_in_another_currency() -> None:
    """A value is brought into the playbook's currency, and without a rate the gap is named and not guessed."""
    euros, rate = (
        of(crm__clv=money("18500.00", "EUR")),
        Fx.model_validate({"as_of": "2027-03-08", "rates": {"EURUSD": "1.1"}}),
    )
    assert standing(euros, fx=rate).tier == Tier.MID
    assert "EUR" in standing(euros).currency_gap


@pytest.mark.parametrize(
    ("changes", "risks"),
    [
        ({}, 0),
        ({"crm__health": 49}, 1),
        ({"crm__health": 50}, 0),
        ({"support__open_escalations": [{"ref": "E"}]}, 1),
        ({"support__open_tickets": [{"ref": "H", "priority": "p1"}, {"ref": "I", "priority": "p2"}]}, 1),
        ({"support__sla_breaches_30d": 1}, 1),
        ({"crm__owner": {"name": "G", "vacant_since": "2027-03-01"}}, 1),
        ({"crm__exec_sponsor": {"name": "O", "vacant_since": "2026-01-01"}}, 1),
        ({"crm__exec_sponsor": {"name": "O", "since": "2026-12-09"}}, 1),
        ({"crm__exec_sponsor": {"name": "O", "since": "2026-12-08"}}, 0),
        ({"crm__usage_change_90d": "-0.40"}, 1),
        ({"crm__usage_change_90d": "-0.399"}, 0),
        ({"crm__health": 10, "support__sla_breaches_30d": 2}, 2),
    ],
)
def test_what_makes_an_account_shaky(changes: dict[str, Any], risks: int) -> None:
    """Each risk counts from its very limit on, and several risks are all named."""
    found = standing(of(**changes))
    assert (len(found.risks), found.at_risk) == (risks, risks > 0)


@pytest.mark.parametrize(
    ("champion", "risky"),
    [
        ({"last_seen_on": "2027-01-23"}, True),
        ({"last_seen_on": "2027-01-24"}, False),
        ({"left_on": "2026-12-09"}, True),
        ({"left_on": "2026-12-08"}, False),
        ({}, False),
    ],
    ids=["45 days", "44 days", "left 90 days ago", "left 91 days ago", "never noted"],
)
def test_a_champion_who_is_gone(champion: dict[str, str], risky: bool) -> None:
    """A champion unseen for 45 days is silent churn; one who left within 90 days is a risk."""
    people = [*contacts(("ada@a-1.example", None)), {"email": "kai@a-1.example", "role": "Champion", **champion}]
    assert standing(of(crm__contacts=people)).at_risk is risky


def test_risk_and_window_come_down_and_never_sideways() -> None:
    """A parent's risk and open window count for the child; a sister's do not."""
    shaky = account(id="P", changes={"crm.health": 10, "contract.renewal_date": "2027-03-30"})
    sister = account(id="S", changes={"crm.health": 10, "contract.renewal_date": "2027-03-30", "parent_id": "P"})
    below, beside = standing(CHILD, shaky), standing(CHILD, PARENT, sister)
    assert (below.at_risk, below.in_window, below.window.why.startswith("at the parent")) == (True, True, True)
    assert (beside.at_risk, beside.in_window) == (False, False)
    assert beside.family == ("A-1", "P", "S")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "closed"),
        ({"contract__renewal_date": "2027-05-08"}, "open"),
        ({"contract__renewal_date": "2027-05-09"}, "closed"),
        ({"contract__renewal_date": "2027-03-09"}, "open"),
        ({"contract__renewal_date": "2027-03-08"}, "lapsed"),
        ({"contract__renewal_date": "2027-03-20", "contract__signed_on": "2027-02-01"}, "signed"),
        ({"contract__renewal_date": "2027-03-20", "contract__signed_on": "2027-03-10"}, "open"),
        ({"contract__renewal_date": None}, "unknown"),
        ({"contract__notice_days": None}, "unknown"),
        ({"crm__segment": None}, "unknown"),
        ({"contract": None}, "unknown"),
    ],
)
def test_the_renewal_window(changes: dict[str, Any], status: str) -> None:
    """The window opens its days before the notice deadline, closes with the signature, and unknown counts as open."""
    found = standing(of(**changes))
    assert found.window.status == status
    assert found.in_window is (status in ("open", "lapsed", "unknown"))


@pytest.mark.parametrize(
    ("credits", "given", "total"),
    [
        ([], [], "0"),
        ([("40.00", "2027-03-01T00:00:00Z", None)], [], "40.00"),
        ([("-40.00", None, None)], [], "40.00"),
        ([("40.00", "2026-12-09T10:00:00Z", None)], [], "40.00"),
        ([("40.00", "2026-12-09T09:59:59Z", None)], [], "0"),
        ([("40.00", "2027-03-01T00:00:00Z", "exe_1")], [("exe_1", "40.00")], "40.00"),
        ([("40.00", "2027-03-01T00:00:00Z", "exe_1")], [("exe_2", "15.00")], "55.00"),
    ],
    ids=["nothing", "shown", "booked as negative", "90 days", "a second more", "ours, shown", "ours, not yet shown"],
)
def test_what_was_given_adds_up_once(credits: list[Any], given: list[Any], total: str) -> None:
    """Credits of 90 days count whatever their sign, and what billing shows under our own key counts once."""
    rows = [{"amount": money(amount), "granted_at": at, "ref": ref} for amount, at, ref in credits]
    ours = tuple(Given(ref=ref, amount=Money(amount=amount, currency="USD"), at=DAY) for ref, amount in given)
    found = standing(of(billing__credits=rows), given=ours).exposure
    assert found.given is not None
    assert found.given.amount == Decimal(total)


def test_a_credit_without_a_rate_is_not_zero() -> None:
    """A credit in a currency without a rate leaves the sum unknown, and the next credit is a draft."""
    rows = [{"amount": money("1.00", "CHF"), "granted_at": "2027-03-01T00:00:00Z"}]
    assert standing(of(billing__credits=rows)).exposure.given is None
    assert "currency_undecidable" in Scene(of(billing__credits=rows), credit()).ruling().reasons


@pytest.mark.parametrize(
    ("due", "kept", "unkept"),
    [
        ("2027-03-08", None, True),
        ("2027-03-09", None, False),
        ("2027-03-01", True, False),
        (None, False, True),
        (None, None, False),
        ("2027-09-01", False, True),
    ],
)
def test_a_promise_is_unkept_once_it_was_due(due: str | None, kept: bool | None, unkept: bool) -> None:
    """A promise is broken when the record says so, or when its day has passed and nobody says it was kept."""
    found = standing(of(support__promises=[{"what": "call back", "due": due, "kept": kept}]))
    assert bool(found.unkept) is unkept


# ---- the digest -----------------------------------------------------------------------------------------------------


def test_the_digest_covers_the_deciding_facts_and_not_the_hour() -> None:
    """Two audits of the same state share a digest an hour apart; any changed fact or state gives another."""
    scene = Scene(account())
    same = scene.but(at=DAY + timedelta(hours=1)).audit().digest
    others = {
        Scene(of(crm__health=80)).audit().digest,
        Scene(of(billing__overdue=money("1.00"))).audit().digest,
        Scene(account(), who="ben").audit().digest,
        Scene(account(), verified=False).audit().digest,
        Scene(account(), at=DAY + timedelta(days=20)).audit().digest,
        Scene(account(), given=(Given(ref="x", amount=Money(amount="1", currency="USD"), at=DAY),)).audit().digest,
    }
    assert scene.audit().digest == same
    assert len(others | {same}) == 7


def test_an_unresolved_sender_sees_nothing() -> None:
    """The audit of a stranger holds no fact of any account, so nothing can leak into a reply."""
    found = Scene(account(), proposal("x", call("y")), sender="x@elsewhere.example").audit()
    assert (found.account, found.facts, found.registered) == (None, (), ())
    assert "Company" not in found.model_dump_json()
