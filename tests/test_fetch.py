"""Asking sources side by side: one deadline, faults per section, retries, the breaker, follow-up questions."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from cxagent import clock
from cxagent.domain.account import Account, Fault, Mismatch
from cxagent.domain.vocabulary import SourceName
from cxagent.errors import BadInput, Denied, Transient
from cxagent.sources import Breaker, BreakerSettings, Gather, HeldSource

CRM, BILLING, CONTRACT = SourceName.CRM, SourceName.BILLING, SourceName.CONTRACT
QUICK = 0.15


def account(id: str, parent: str | None = None, **sections: object) -> Account:
    """Build a document."""
    return Account.model_validate({"id": id, "name": f"{id} Ltd", "parent_id": parent, **sections})


def crm(*emails: str, **known: object) -> dict[str, object]:
    """Build a CRM section with contacts."""
    return {"as_of": None, "contacts": [{"email": email} for email in emails], **known}


ACME = account("acme", crm=crm("ann@acme.example", health=70))
BILL = account("acme", billing={"as_of": "2026-11-20T06:00:00Z", "seats": 12})


class Slow(HeldSource):
    """A source behind a wire: asked in a thread, and doing first what the test wants."""

    instant = False

    def __init__(self, *accounts: Account, before: Callable[[], object], name: str = "slow") -> None:
        super().__init__(accounts, name=name)
        self.sections = frozenset({BILLING})
        self.before = before
        self.calls = 0

    def account(self, account_id: str) -> Account | None:
        """Return the document after what happens before."""
        self.calls += 1
        self.before()
        return super().account(account_id)


def raising(*errors: Exception) -> Callable[[], None]:
    """Return a function that raises each error once."""
    left = list(errors)

    def act() -> None:
        if left:
            raise left.pop(0)

    return act


def always(error: Exception) -> Callable[[], None]:
    """Return a function that always raises."""

    def act() -> None:
        raise error

    return act


def test_sections_of_several_sources_become_one_document() -> None:
    """The CRM's section and the billing system's section arrive in one document, each with its own age."""
    found = Gather([HeldSource([ACME]), Slow(BILL, before=lambda: None)]).ask("ann@acme.example", "acme").accounts[0]
    assert (found.crm, found.billing) == (ACME.crm, BILL.billing)


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (Denied("no grant"), "denied"),
        (TimeoutError("statement"), "timeout"),
        (BadInput("a broken row"), "error"),
        (RuntimeError("a defect of the source"), "error"),
        (Transient("the network"), "error"),
    ],
)
def test_a_failing_source_costs_its_own_sections(error: Exception, named: str) -> None:
    """Whatever a source raises becomes a fault on its sections, and the other sections still arrive."""
    answers = Gather([HeldSource([ACME]), Slow(BILL, before=always(error))]).ask("ann@acme.example", "acme")
    assert [(fault.source, fault.error) for fault in answers.faults] == [(BILLING, named)]
    assert answers.accounts == (ACME,)


@pytest.mark.parametrize(("errors", "calls"), [([Transient("x")], 2), ([Denied("x")], 1), ([KeyError("x")], 1)])
def test_only_what_may_pass_is_tried_again(errors: list[Exception], calls: int) -> None:
    """A transient error is retried once inside the deadline; a refusal and a defect are not."""
    source = Slow(BILL, before=raising(*errors))
    answers = Gather([source]).ask("", "acme")
    assert source.calls == calls
    assert bool(answers.faults) is (calls == 1)


def test_sources_are_asked_side_by_side() -> None:
    """Two sources that each wait for the other to be asked both answer."""
    meeting = threading.Barrier(2, timeout=2)
    sources = [Slow(BILL, before=meeting.wait, name="one"), Slow(BILL, before=meeting.wait, name="two")]
    assert Gather(sources).ask("", "acme").faults == ()


def test_a_hanging_source_costs_one_deadline_for_a_whole_backlog() -> None:
    """Twenty tickets wait once in all for a source that hangs; the others' sections arrive every time."""
    gate = threading.Event()
    gather = Gather([HeldSource([ACME]), Slow(BILL, before=gate.wait)], deadline_seconds=QUICK)
    started = time.monotonic()
    answers = [gather.ask("ann@acme.example", "acme") for _ in range(20)]
    took = time.monotonic() - started
    gate.set()
    assert took < 3 * QUICK
    assert answers[0].faults == (Fault(source=BILLING, error="timeout"),)
    assert all(answer.accounts == (ACME,) and answer.faults for answer in answers)


def test_a_late_answer_is_discarded() -> None:
    """What a source says after the deadline never reaches the answers, and it is asked again once it is back."""
    gate = threading.Event()
    source = Slow(BILL, before=gate.wait)
    gather = Gather([source], deadline_seconds=QUICK)
    assert gather.ask("", "acme").accounts == ()
    gate.set()
    for _ in range(100):
        if gather.states()["slow"] == "closed":
            break
        time.sleep(0.01)
    assert gather.ask("", "acme").accounts == (BILL,)


def test_the_deadline_holds_over_retries() -> None:
    """A source that keeps failing slowly is not retried past the deadline."""

    def slowly() -> None:
        time.sleep(QUICK * 0.8)
        raise Transient("again")

    started = time.monotonic()
    Gather([Slow(BILL, before=slowly)], deadline_seconds=QUICK).ask("", "acme")
    assert time.monotonic() - started < QUICK * 1.6


def test_a_hanging_source_does_not_keep_the_process_alive() -> None:
    """A process ends at once although a source still hangs in its thread."""
    code = (
        "import threading\n"
        "from cxagent.sources import Gather, HeldSource\n"
        "class Hangs(HeldSource):\n"
        "    instant = False\n"
        "    def account(self, account_id):\n"
        "        threading.Event().wait()\n"
        "print(len(Gather([Hangs(())], deadline_seconds=0.1).ask('', 'acme').faults))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.strip() == "4"


def test_the_breaker_opens_after_its_failures() -> None:
    """After five failed tickets the source is left alone, and its sections are faults without a call."""
    source = Slow(BILL, before=always(RuntimeError("down")))
    gather = Gather([source])
    for _ in range(7):
        assert gather.ask("", "acme").faults == (Fault(source=BILLING, error="error"),)
    assert source.calls == 5
    assert gather.states() == {"slow": "open"}


def test_a_refusal_does_not_open_the_breaker() -> None:
    """A source that denies, or holds one unreadable account, is up: it is asked every time."""
    source = Slow(BILL, before=always(Denied("not this one")))
    gather = Gather([source])
    for _ in range(7):
        gather.ask("", "acme")
    assert source.calls == 7


class Ticks:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(ticks: Ticks) -> Breaker:
    """Return a breaker that two failures have just opened."""
    breaker = Breaker(BreakerSettings(failures=2, seconds=30, calls=3), ticks)
    for _ in range(2):
        assert breaker.admits()
        breaker.failed()
    return breaker


def test_half_open_lets_one_probe_through() -> None:
    """After its pause an open breaker admits exactly one call; its success closes, its failure opens again."""
    ticks = Ticks()
    breaker = opened(ticks)
    ticks.now = 29.9
    assert not breaker.admits()
    ticks.now = 30
    assert (breaker.state, breaker.admits(), breaker.admits()) == ("half_open", True, False)
    breaker.failed()
    assert breaker.state == "open"
    ticks.now = 60
    assert breaker.admits()
    breaker.answered()
    assert (breaker.state, breaker.admits(), breaker.admits()) == ("closed", True, True)


def test_only_so_many_calls_run_at_once() -> None:
    """The bulkhead refuses the call beyond its number until one comes back, lost ones included."""
    breaker = Breaker(BreakerSettings(failures=9, calls=2), Ticks())
    assert [breaker.admits() for _ in range(3)] == [True, True, False]
    breaker.answered()
    assert breaker.admits()


def test_a_lost_call_opens_at_once_and_its_return_closes() -> None:
    """A missed deadline opens the breaker; when the call returns, too few failures close it again."""
    breaker = Breaker(BreakerSettings(), Ticks())
    breaker.admits()
    breaker.lost()
    assert breaker.state == "open"
    breaker.came_back()
    assert breaker.state == "closed"


GROUP = [
    account("top"),
    account("left", "top", crm=crm("lea@left.example")),
    account("right", "top", crm=crm("rob@right.example")),
    account("below", "left"),
    account("other", crm=crm("LEA@left.example ")),
    account("stranger", crm=crm("x@stranger.example")),
]


@pytest.mark.parametrize(
    ("email", "hint", "known"),
    [
        ("lea@left.example", None, ["left", "other", "top", "below", "right"]),
        ("nobody@x.example", "below", ["below", "top", "left", "right"]),
        ("x@stranger.example", "right", ["right", "stranger", "top", "left", "below"]),
        ("nobody@x.example", None, []),
        ("nobody@x.example", "gone", []),
    ],
)
def test_candidates_are_the_hint_the_senders_accounts_and_their_families(
    email: str, hint: str | None, known: list[str]
) -> None:
    """The hint, every account that lists the sender, and what shares an ultimate parent with them comes back."""
    found = [document.id for document in Gather([HeldSource(GROUP)]).ask(email, hint).accounts]
    assert sorted(found) == sorted(known)
    assert not hint or not found or found[0] == hint


@pytest.mark.parametrize("instant", [True, False])
def test_what_one_source_names_the_others_are_asked_about(instant: bool) -> None:
    """The CRM knows the sender's account and its parent; billing is asked about both though it knows no sender."""
    bills = [account("left", billing={"as_of": None, "seats": 1}), account("top", billing={"as_of": None, "seats": 2})]
    billing = HeldSource(bills, name="billing") if instant else Slow(*bills, before=lambda: None)
    found = Gather([billing, HeldSource(GROUP)]).ask("lea@left.example", None).accounts
    assert {document.id: document.billing.seats for document in found if document.billing} == {"left": 1, "top": 2}


def test_parents_that_go_round_in_a_circle_end() -> None:
    """Two accounts that each name the other as parent are one family."""
    circle = HeldSource([account("a", "b"), account("b", "a"), account("c", "a")])
    assert [sorted(circle.family(one)) for one in "abc"] == [["b", "c"], ["a", "c"], ["a", "b"]]


def test_a_named_parent_that_nobody_has_stays_named() -> None:
    """A parent without a document joins its children into one family and stays absent."""
    answers = Gather([HeldSource([account("a", "gone"), account("b", "gone")])]).ask("", "a")
    assert [document.id for document in answers.accounts] == ["a", "b"]


def test_a_held_fault_withholds_its_section_and_the_sender() -> None:
    """A faulted CRM shows no CRM section and knows no contacts, as the real one would."""
    held = HeldSource(
        [account("acme", crm=crm("ann@acme.example"), billing=BILL.billing)], [Fault(source=CRM, error="denied")]
    )
    assert held.accounts_of("ann@acme.example") == ()
    answers = Gather([held]).ask("ann@acme.example", "acme")
    assert (answers.accounts[0].crm, answers.accounts[0].billing) == (None, BILL.billing)
    assert answers.faults == (Fault(source=CRM, error="denied"),)


def test_two_sources_that_differ_are_a_material_mismatch() -> None:
    """The first source in order wins, and the mismatch names the field and what each of them says."""
    one = HeldSource([account("acme", "top", crm=crm(health=70, segment="smb"))], name="salesforce")
    two = HeldSource([account("acme", "peak", crm=crm(health=40))], name="gainsight")
    answers = Gather([one, two]).ask("", "acme")
    assert answers.accounts[0].crm is not None and answers.accounts[0].crm.health == 70
    assert [(found.check, found.left, found.right, found.material) for found in answers.mismatches] == [
        ("crm.health", "salesforce: 70", "gainsight: 40", True),
        ("account.parent_id", 'salesforce: "top"', 'gainsight: "peak"', True),
    ]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"as_of": "2026-11-20T06:00:00Z", "health": 70}, {"as_of": None, "health": 70}),
        ({"as_of": None, "health": 70}, {"as_of": None, "segment": "smb"}),
        (crm("a@x.example", "b@x.example"), crm("b@x.example", "a@x.example")),
    ],
)
def test_what_does_not_contradict_is_no_mismatch(left: object, right: object) -> None:
    """Another age, something that one of them does not know, another order of a list: no contradiction."""
    sources = [
        HeldSource([account("acme", crm=left)], name="one"),
        HeldSource([account("acme", crm=right)], name="two"),
    ]
    assert Gather(sources).ask("", "acme").mismatches == ()


def test_mapped_contradictions_travel_with_the_answers() -> None:
    """What a source's own checks found on a candidate is in the answers, and nothing of other accounts."""
    found = [Mismatch(check="tier", account_id=one, left="a", right="b") for one in ("acme", "else")]
    assert Gather([HeldSource([ACME], mismatches=found)]).ask("", "acme").mismatches == (found[0],)


def test_a_frozen_clock_reaches_the_threads() -> None:
    """A replay's frozen time is the time that a threaded source sees."""
    seen: list[datetime] = []
    at = datetime(2026, 1, 2, tzinfo=UTC)
    with clock.frozen(at):
        Gather([Slow(BILL, before=lambda: seen.append(clock.now()))]).ask("", "acme")
    assert seen == [at]
