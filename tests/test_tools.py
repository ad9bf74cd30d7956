"""The reference tools: complete, declared, guarded, stored once, and never sure of an amount they cannot read."""

import importlib.util
import json
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxagent.actions import Call, Checked, Toolbox, check_of, checked, undo_of
from cxagent.domain.account import Account, Answers
from cxagent.domain.money import Fx
from cxagent.domain.proposal import Action
from cxagent.domain.ticket import Incoming
from cxagent.domain.tool import Assessment, Tool, nothing_given
from cxagent.domain.vocabulary import ACT, DRAFT, HANDOFF, EffectClass
from cxagent.errors import Conflict, Unauthorized

ROOT = Path(__file__).resolve().parents[1]
WORLD = ROOT / "tools" / "world"
TAXONOMY = ROOT.parent / "shared" / "data" / "scenarios.json"
TODAY = date(2026, 11, 21)


def load(name: str = "_cxagent_test_tools") -> ModuleType:
    """Load the folder `tools` by path, as a project does."""
    place = ROOT / "tools"
    spec = importlib.util.spec_from_file_location(name, place / "__init__.py", submodule_search_locations=[str(place)])
    assert spec and spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PACKAGE = load()
SANDBOX = sys.modules[f"{PACKAGE.__name__}.sandbox"]
TERMS = sys.modules[f"{PACKAGE.__name__}.terms"]
BOX = Toolbox()
for function in PACKAGE.TOOLS:
    BOX.add(function.tool)


@dataclass(frozen=True)
class Stamp:
    """A warrant that covers everything, or nothing."""

    valid: bool = True

    def covers(self, tool: str, args: Mapping[str, Any]) -> bool:
        return self.valid


def a_call(home: Path, key: str = "exe_1", *, valid: bool = True, **settings: Any) -> Call:
    """Return a call on behalf of ACC-1."""
    return Call(key=key, account_id="ACC-1", ticket_id="T-1", warrant=Stamp(valid), home=home, settings=settings)


def an_account(**billing: Any) -> Account:
    """Return a small monthly account of ten seats that pays USD 600 a month and owes nothing."""
    usd = {"currency": "USD"}
    paid = {"as_of": None, "currency": "USD", "terms": "card monthly", "seats": 10, "overdue": {"amount": "0", **usd}}
    lines = [{"description": "seats", "amount": {"amount": "550", **usd}}]
    invoice = {"number": "INV-1", "total": {"amount": "600", **usd}, "lines": lines}
    return Account.model_validate(
        {
            "id": "ACC-1",
            "name": "Any",
            "crm": {
                "as_of": None,
                "arr": {"amount": "7200.00", **usd},
                "contacts": [{"email": "boss@any.example", "role": "owner"}, {"email": "kit@any.example"}],
            },
            "billing": {**paid, "invoices": [invoice], **billing},
            "contract": {"as_of": None, "kind": "click-through, monthly", "special_terms": []},
            "support": {"as_of": None, "history": []},
        }
    )


def contract(**changed: Any) -> Account:
    """Return the same account under another contract."""
    account = an_account()
    assert account.contract
    return account.model_copy(update={"contract": account.contract.model_copy(update=changed)})


def told(what: str) -> Account:
    """Return the same account with something in its history."""
    return Account.model_validate(
        {**an_account().model_dump(), "support": {"as_of": None, "history": [{"what": what}]}}
    )


NOTHING_KNOWN = Account(id="ACC-1", name="Any")


def assess(tool: str, args: Mapping[str, Any], account: Account | None = None) -> Assessment:
    """Judge a call on the day of the tests."""
    return BOX[tool].assess(args, account or an_account(), TODAY)


# ---- Declarations ----------------------------------------------------------------------------------------------------


def taxonomy() -> dict[str, Any]:
    """Return the tools that the taxonomy names; skip where it is absent."""
    if not TAXONOMY.exists():
        pytest.skip("the scenario taxonomy is not here")
    tools: dict[str, Any] = json.loads(TAXONOMY.read_text())["tools"]
    return tools


def test_every_tool_of_the_taxonomy_has_its_arguments_class_and_reversibility() -> None:
    """The declarations and the taxonomy say the same about all 45 tools that can be proposed."""
    declared = {
        name: (set(tool.arguments.model_fields), tool.effect.value, tool.reversible)
        for name, tool in BOX.offered.items()
    }
    wanted = {name: (set(one["args"]), one["effect_class"], one["reversible"]) for name, one in taxonomy().items()}
    assert declared == wanted


def test_there_are_45_tools_and_one_that_confirms_with_a_summary_each() -> None:
    """Every tool says in one sentence what it does, and only the one that confirms is kept from the model."""
    assert (len(BOX.offered), set(BOX) - set(BOX.offered)) == (45, {"confirm_effect"})
    assert [name for name, tool in BOX.items() if not tool.summary.endswith(".")] == []


@pytest.mark.parametrize("name", sorted(BOX))
def test_a_declaration_names_only_what_exists(name: str) -> None:
    """Arguments and opposites that a declaration names are arguments and tools that exist."""
    tool, arguments = BOX[name], set(BOX[name].arguments.model_fields)
    named = {tool.own, tool.account, tool.invoice, tool.target} - {None}
    assert named | set(tool.recipients) | set(tool.needs) | tool.dates <= arguments
    assert tool.opposes <= set(BOX)
    assert all(name in BOX[other].opposes for other in tool.opposes)


ADMINS, PAYERS = {"admin", "owner"}, {"admin", "owner", "billing", "finance"}
ROLES = [
    ("grant_access revoke_access reset_sso cancel_subscription raise_rate_limit", ADMINS, HANDOFF),
    ("export_data delete_data change_data_region change_admin", ADMINS, HANDOFF),
    ("change_seats change_plan", ADMINS, DRAFT),
    ("correct_invoice issue_refund waive_fee extend_payment_terms apply_sla_credit", PAYERS, DRAFT),
    ("resend_invoice read_invoice hold_suspension", PAYERS, DRAFT),
]


@pytest.mark.parametrize(("names", "roles", "cap"), ROLES)
def test_roles_follow_the_playbook(names: str, roles: set[str], cap: Any) -> None:
    """Access, cancellation and configuration need an admin or owner; billing needs a payer."""
    assert {name: (set(BOX[name].roles), BOX[name].role_cap) for name in names.split()} == dict.fromkeys(
        names.split(), (roles, cap)
    )


def test_a_goodwill_credit_needs_no_role_and_one_s_own_login_neither() -> None:
    """Any verified contact may ask for a credit; everybody may have their own login reset."""
    assert (BOX["issue_credit"].roles, BOX["reset_sso"].own, BOX["set_consent"].own) == (frozenset(), "user", "contact")


FIELDS: list[tuple[str, str, Any]] = [
    ("resend_invoice", "recipients", {"to_contact": "registered"}),
    ("export_data", "recipients", {"recipient": "registered"}),
    ("grant_access", "recipients", {"user": "domain"}),
    ("send_security_pack", "needs", {"nda_checked": True}),
    ("grant_access", "uses_seat", True),
    ("ask_clarification", "clarifies", True),
    ("decline_request", "refuses", True),
    ("read_invoice", "states_money", True),
    ("change_admin", "matter", "control"),
    ("delete_data", "matter", "deletion"),
    ("sign_document", "matter", "signature"),
    ("change_data_region", "matter", "residency"),
    ("suspend_account", "matter", "suspension"),
    ("commit_delivery_date", "dates", frozenset()),
    ("send_quote", "dates", frozenset()),
    ("cancel_subscription", "dates", frozenset({"effective_date"})),
    ("issue_credit", "undo", None),
    ("issue_credit", "check_after", timedelta(days=1)),
    ("issue_credit", "account", "account_id"),
    ("correct_invoice", "invoice", "invoice_id"),
]


@pytest.mark.parametrize(("name", "field", "value"), FIELDS)
def test_what_the_rules_look_at_is_declared(name: str, field: str, value: Any) -> None:
    """The gate names no tool, so every peculiarity stands in a declaration."""
    assert getattr(BOX[name], field) == value


def test_a_tool_that_gives_something_away_says_what_moves() -> None:
    """Whatever is assessed in money, hands out data, or opens a door declares what changes hands."""
    moving = {name: tool.moves for name, tool in BOX.items() if tool.moves}
    assert {name for name, what in moving.items() if what == "money"} == {
        *("correct_invoice", "issue_credit", "issue_refund", "apply_sla_credit", "waive_fee", "offer_discount"),
        *("extend_payment_terms", "change_seats", "change_plan"),
    }
    assert {"export_data", "resend_invoice", "send_security_pack", "delete_data"} <= set(moving)
    assert {"grant_access", "revoke_access", "reset_sso", "change_admin"} <= set(moving)


def sample(tool: Tool) -> dict[str, Any]:
    """Return arguments as a model would write them."""
    known = {"line_changes": [{"line": "seats", "amount": "-5.00", "currency": "USD"}], "nda_checked": True}
    return {name: known.get(name, "1") for name in tool.arguments.model_fields}


FIGURES = "amount currency percent delta days extra_days term_months effective_date effective_at until line_changes"


@pytest.mark.parametrize("figure", FIGURES.split())
def test_a_missing_figure_is_not_an_invalid_argument(figure: str) -> None:
    """The schema lets a missing figure or day through, so that the assessment can say what is wrong with it."""
    having = [tool for tool in BOX.values() if figure in tool.arguments.model_fields]
    for tool in having:
        rest = {name: value for name, value in sample(tool).items() if name != figure}
        tool.arguments.model_validate(rest)
        tool.arguments.model_validate({**rest, figure: None})
    assert having


@pytest.mark.parametrize("amount", [-100, "NaN", "1e9", 12.5, True, "12,50", ["60"], {"amount": "60"}])
@pytest.mark.parametrize("name", ["issue_credit", "issue_refund", "waive_fee"])
def test_a_broken_amount_is_not_an_invalid_argument(name: str, amount: Any) -> None:
    """The schema lets every amount through, unchanged."""
    value = BOX[name].arguments.model_validate({**sample(BOX[name]), "amount": amount})
    assert value.model_dump()["amount"] == amount


# ---- Running ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(BOX))
def test_no_tool_runs_without_a_warrant(name: str, tmp_path: Path) -> None:
    """A direct call without an authorization leaves no effect and no file."""
    with pytest.raises(Unauthorized):
        BOX[name].run(a_call(tmp_path, valid=False), **sample(BOX[name]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", sorted(BOX.offered))
def test_a_tool_stores_one_effect_per_key(name: str, tmp_path: Path) -> None:
    """A repeated call returns the first result; the effect holds tool, account and arguments."""
    args, box = sample(BOX[name]), SANDBOX.Sandbox(tmp_path / ".cxagent" / "sandbox.sqlite")
    first, second = (BOX[name].run(a_call(tmp_path, "exe_7"), **args) for _ in range(2))
    (effect,) = box.effects()
    assert first == second
    assert (effect.key, effect.tool, effect.account_id, first["ref"]) == ("exe_7", name, "ACC-1", "exe_7")
    assert effect.args == args


def test_another_key_is_another_effect(tmp_path: Path) -> None:
    """Two keys are two effects, counted and listed by tool."""
    for key in ("exe_1", "exe_2"):
        BOX["share_public_doc"].run(a_call(tmp_path, key, sandbox="box.sqlite"), url="https://docs.vendor.example")
    box = SANDBOX.Sandbox(tmp_path / "box.sqlite")
    assert (box.count(), len(box.effects("share_public_doc")), box.effects("send_ack")) == (2, 2, ())


def test_a_key_never_stands_for_two_calls(tmp_path: Path) -> None:
    """A key that comes back with other arguments is refused, not silently swallowed."""
    BOX["file_bug"].run(a_call(tmp_path), severity="minor", repro="one")
    with pytest.raises(Conflict, match="exe_1"):
        BOX["file_bug"].run(a_call(tmp_path), severity="minor", repro="two")


def test_parallel_repetitions_leave_one_effect(tmp_path: Path) -> None:
    """Eight workers with one key leave one effect, also where the file does not exist yet."""
    args = {"account_id": "ACC-1", "amount": "40.00", "currency": "USD", "reason": "goodwill"}
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: BOX["issue_credit"].run(a_call(tmp_path), **args)["at"], range(16)))
    assert len(set(results)) == SANDBOX.Sandbox(tmp_path / ".cxagent" / "sandbox.sqlite").count() == 1


def test_a_second_load_shares_nothing_with_the_first() -> None:
    """The folder loads under any private name, so that two projects live in one process."""
    other = load("_cxagent_other_tools")
    assert [one.__name__ for one in other.TOOLS] == list(BOX)
    assert "tools" not in sys.modules


# ---- Taking back, and whether it held --------------------------------------------------------------------------------

Step = tuple[str, dict[str, Any]]
KIT = {"user": "kit@any.example"}
VIEWER, EDITOR = ({**KIT, "role": role} for role in ("viewer", "editor"))
ANN, BOB = ({"new_admin": f"{name}@any.example"} for name in ("ann", "bob"))
CSM_ANN, CSM_BOB = ({"role": "csm", "employee": name} for name in ("Ann", "Bob"))
YES, NO = ({"contact": "kit@any.example", "purpose": "ai", "value": value} for value in ("granted", "withdrawn"))
TWICE, THRICE = ({"limit": limit, "until": "2026-12-31"} for limit in ("2x", "3x"))
FIVE, FIVE_LESS, SEVEN = ({"delta": delta, "effective_date": "2026-12-01"} for delta in (5, -5, 7))
TEAM, BUSINESS = ({"plan": plan, "effective_date": day} for plan, day in (("team", "2026-02-01"), ("business", None)))
CLOSED = {"account_id": "ACC-1", "effective_at": "2026-11-30"}
OPEN, LONGER = ({"account_id": "ACC-1", "until": until} for until in ("2026-12-15", "2026-12-31"))
CREDIT = {"account_id": "ACC-1", "reason": "goodwill", "amount": "40.00", "currency": "USD"}

UNDONE: list[tuple[Step | None, Step, Step]] = [
    (None, ("grant_access", VIEWER), ("revoke_access", KIT)),
    (("grant_access", VIEWER), ("grant_access", EDITOR), ("grant_access", VIEWER)),
    (("revoke_access", KIT), ("grant_access", EDITOR), ("revoke_access", KIT)),
    (("grant_access", EDITOR), ("revoke_access", {"user": "KIT@any.example"}), ("grant_access", EDITOR)),
    (("change_admin", ANN), ("change_admin", BOB), ("change_admin", ANN)),
    (("assign_owner", CSM_ANN), ("assign_owner", CSM_BOB), ("assign_owner", CSM_ANN)),
    (("set_consent", YES), ("set_consent", NO), ("set_consent", YES)),
    (("raise_rate_limit", TWICE), ("raise_rate_limit", THRICE), ("raise_rate_limit", TWICE)),
    (("change_plan", TEAM), ("change_plan", BUSINESS), ("change_plan", {**TEAM, "effective_date": None})),
    (("change_seats", FIVE), ("change_seats", {**FIVE, "delta": "5"}), ("change_seats", FIVE_LESS)),
    (None, ("change_seats", FIVE_LESS), ("change_seats", FIVE)),
    (("hold_suspension", OPEN), ("suspend_account", CLOSED), ("hold_suspension", OPEN)),
    (("hold_suspension", OPEN), ("hold_suspension", LONGER), ("hold_suspension", OPEN)),
]
FOR_GOOD: list[tuple[Step | None, Step]] = [
    (None, ("revoke_access", KIT)),
    (("grant_access", {**EDITOR, "user": "boss@any.example"}), ("revoke_access", KIT)),
    (None, ("change_admin", ANN)),
    (("assign_owner", {**CSM_ANN, "role": "tam"}), ("assign_owner", CSM_BOB)),
    (("set_consent", {**YES, "purpose": "mail"}), ("set_consent", NO)),
    (None, ("raise_rate_limit", TWICE)),
    (None, ("change_plan", BUSINESS)),
    (None, ("change_seats", {"delta": "a few"})),
    (None, ("suspend_account", CLOSED)),
    (None, ("issue_credit", CREDIT)),
]
LASTING: list[tuple[Step, Step]] = [
    (("grant_access", VIEWER), ("grant_access", {**VIEWER, "user": "boss@any.example"})),
    (("grant_access", VIEWER), ("grant_access", VIEWER)),
    (("assign_owner", CSM_ANN), ("assign_owner", {**CSM_BOB, "role": "tam"})),
    (("change_seats", FIVE), ("change_seats", {**FIVE_LESS, "effective_date": "2027-03-01"})),
    (("change_seats", FIVE), ("change_seats", {**SEVEN, "delta": -7})),
    (("change_seats", FIVE), ("change_seats", FIVE)),
    (("issue_credit", CREDIT), ("issue_credit", {**CREDIT, "amount": "-40.00"})),
]


def do(home: Path, key: str, step: Step) -> Any:
    """Run a tool as an executor would, and return what it leaves as JSON."""
    return json.loads(json.dumps(BOX[step[0]].run(a_call(home, key), **step[1]), default=str))


def look(home: Path, step: Step, result: Any) -> Checked:
    """Ask the check that a done call declares."""
    check = check_of(BOX[step[0]], BOX, step[1], result)
    assert check
    return checked(check, do(home, "exe_look", (check.tool, check.args)))


@pytest.mark.parametrize(("before", "done", "back"), UNDONE)
def test_what_is_undone_is_as_before(before: Step | None, done: Step, back: Step, tmp_path: Path) -> None:
    """The undo of a call restores what the record says stood before, and the check tells the one from the other."""
    if before:
        do(tmp_path, "exe_before", before)
    result = do(tmp_path, "exe_1", done)
    assert look(tmp_path, done, result).holds
    undo = undo_of(BOX[done[0]], BOX, done[1], result)
    assert undo == Action(tool=back[0], args=back[1])
    undone = do(tmp_path, "exe_2", back)
    assert not look(tmp_path, done, result).holds
    assert look(tmp_path, back, undone).holds


def test_every_undo_is_tried() -> None:
    """No tool declares an undo that the table above does not take back, and each of them can be looked at."""
    declared = {name for name, tool in BOX.items() if tool.undo}
    assert declared == {done[0] for _, done, _ in UNDONE}
    assert {name for name, tool in BOX.items() if tool.check} == declared | {"issue_credit"}


@pytest.mark.parametrize(("before", "done"), FOR_GOOD)
def test_what_cannot_be_told_is_not_undone(before: Step | None, done: Step, tmp_path: Path) -> None:
    """Where nothing on record says what stood before, there is no undo, and still a check."""
    if before:
        do(tmp_path, "exe_before", before)
    result = do(tmp_path, "exe_1", done)
    assert undo_of(BOX[done[0]], BOX, done[1], result) is None
    assert look(tmp_path, done, result).holds


@pytest.mark.parametrize(("done", "later"), LASTING)
def test_what_others_do_later_takes_nothing_back(done: Step, later: Step, tmp_path: Path) -> None:
    """Another user, another role, another day, another number or the same once more leave an effect as it is."""
    result = do(tmp_path, "exe_1", done)
    do(tmp_path, "exe_2", later)
    assert look(tmp_path, done, result).holds


def test_what_was_done_twice_and_taken_back_once_counts_once(tmp_path: Path) -> None:
    """Of two equal changes of seats the later one was taken back, and a third one counts again."""
    results = [do(tmp_path, f"exe_{index}", ("change_seats", FIVE)) for index in (1, 2)]
    do(tmp_path, "exe_3", ("change_seats", FIVE_LESS))
    assert [look(tmp_path, ("change_seats", FIVE), one).holds for one in results] == [True, False]
    do(tmp_path, "exe_4", ("change_seats", FIVE))
    assert [look(tmp_path, ("change_seats", FIVE), one).holds for one in results] == [True, True]


def test_the_result_of_a_repeated_call_still_tells_what_it_replaced(tmp_path: Path) -> None:
    """A call that is repeated after others changed the same thing returns what it returned first."""
    do(tmp_path, "exe_1", ("assign_owner", CSM_ANN))
    first = do(tmp_path, "exe_2", ("assign_owner", CSM_BOB))
    do(tmp_path, "exe_3", ("assign_owner", CSM_ANN))
    assert do(tmp_path, "exe_2", ("assign_owner", CSM_BOB)) == first
    assert first["previous"] == {"tool": "assign_owner", "args": CSM_ANN}


@pytest.mark.parametrize("ref", ["exe_1", "exe_9"])
def test_what_is_not_on_record_for_the_account_does_not_hold(ref: str, tmp_path: Path) -> None:
    """An effect that never happened, or happened for another account, is not confirmed; looking stores nothing."""
    BOX["issue_credit"].run(replace(a_call(tmp_path, "exe_1"), account_id="ACC-2"), **CREDIT)
    found = do(tmp_path, "exe_look", ("confirm_effect", {"ref": ref}))
    assert found == {"holds": False, "said": f"no effect {ref} is on record for ACC-1"}
    assert SANDBOX.Sandbox(tmp_path / ".cxagent" / "sandbox.sqlite").count() == 1


# ---- Amounts ---------------------------------------------------------------------------------------------------------

UNREADABLE: list[Any] = [None, -100, "-100", "NaN", "Infinity", "1e9", "", "a lot", True, [], {}, "12,50", float("nan")]


@pytest.mark.parametrize("amount", UNREADABLE)
@pytest.mark.parametrize("name", ["issue_credit", "issue_refund", "waive_fee"])
def test_an_unreadable_amount_is_undecidable(name: str, amount: Any) -> None:
    """Missing, negative and not numeric amounts never decide."""
    judged = assess(name, {"amount": amount, "currency": "USD"})
    assert judged.gives is None
    assert judged.undecidable and "amount" in judged.undecidable


@pytest.mark.parametrize("currency", [None, "", "usd", "US$", "dollars", 5, ["USD"]])
@pytest.mark.parametrize("name", ["issue_credit", "issue_refund", "waive_fee"])
def test_a_missing_or_wrong_currency_is_undecidable(name: str, currency: Any) -> None:
    """An amount without a currency is no amount of money."""
    judged = assess(name, {"amount": "60.00", "currency": currency})
    assert judged.gives is None
    assert judged.undecidable and "currency" in judged.undecidable


def line(**change: Any) -> dict[str, Any]:
    """Return the arguments of a correction of one line."""
    return {"invoice_id": "INV-1", "line_changes": [{"line": "seats", **change}]}


GIVEN: list[tuple[str, dict[str, Any], str | None]] = [
    ("issue_credit", {"amount": "60.00", "currency": "USD"}, "60.00"),
    ("issue_credit", {"amount": 60.5, "currency": "USD"}, "60.5"),
    ("issue_refund", {"amount": 12, "currency": "USD"}, "12"),
    ("waive_fee", {"amount": "0", "currency": "USD"}, "0"),
    ("correct_invoice", line(amount="-60.00", currency="USD"), "60.00"),
    ("correct_invoice", line(amount="60.00", currency="USD"), "60.00"),
    ("correct_invoice", line(amount="-60.00"), "60.00"),
    ("correct_invoice", line(**{"from": "550.00", "to": "500.00"}), "50.00"),
    ("correct_invoice", line(**{"from": "550", "to": "500"}), "50"),
    ("correct_invoice", line(**{"from": "25", "to": "22"}), None),
    ("correct_invoice", line(**{"from": "25", "to": "22", "amount": None}), None),
    ("correct_invoice", line(amount="-60.00", currency="EUR"), None),
    ("correct_invoice", line(amount="-60.00", currency="dollars"), None),
    ("correct_invoice", line(amount="NaN", currency="USD"), None),
    ("correct_invoice", {"line_changes": []}, None),
    ("correct_invoice", {"line_changes": "seats"}, None),
    ("correct_invoice", {}, None),
    ("apply_sla_credit", {"percent": "10"}, "60.00"),
    ("apply_sla_credit", {"percent": 0.01}, "0.06"),
    ("apply_sla_credit", {"percent": "101"}, None),
    ("apply_sla_credit", {"percent": "10%"}, None),
    ("apply_sla_credit", {}, None),
    ("offer_discount", {"percent": "10", "term_months": 12}, "720.00"),
    ("offer_discount", {"percent": "20", "term_months": "3"}, "360.00"),
    ("offer_discount", {"percent": "20", "term_months": 1.5}, None),
    ("offer_discount", {"percent": "20", "term_months": 0}, None),
    ("offer_discount", {"percent": "20"}, None),
]


@pytest.mark.parametrize(("name", "args", "amount"), GIVEN)
def test_what_a_call_gives_away(name: str, args: dict[str, Any], amount: str | None) -> None:
    """Each money tool states its amount in dollars, or why there is none."""
    judged = assess(name, args)
    assert (judged.gives.amount if judged.gives else None) == (Decimal(amount) if amount else None)
    assert (judged.gives is None) == bool(judged.undecidable)


@pytest.mark.parametrize("name", ["apply_sla_credit", "offer_discount"])
def test_a_share_of_an_unknown_fee_is_undecidable(name: str) -> None:
    """Unknown revenue is not zero."""
    assert assess(name, {"percent": "10", "term_months": 12}, NOTHING_KNOWN).undecidable


REVERSIBLE = Assessment(effect=EffectClass.REVERSIBLE_OP)
CONTRACTION = Assessment(matter="contraction")
PAST = Assessment(undecidable="the date lies in the past")
ANNUAL = contract(kind="annual order form, billed monthly")
BOUND = contract(special_terms=("no reduction during the term",))
SEATS: list[tuple[Any, str, Account | None, Assessment]] = [
    (3, "2026-12-01", None, Assessment()),
    ("3", "2026-11-21", ANNUAL, Assessment()),
    (3, "2026-11-20", None, PAST),
    (-2, "2026-12-01", None, REVERSIBLE),
    (-3, "2026-12-01", None, CONTRACTION),
    (-3, "2026-12-01", an_account(seats=12), CONTRACTION),
    (-3, "2026-12-01", an_account(seats=15), REVERSIBLE),
    (-2, "2026-12-01", ANNUAL, CONTRACTION),
    (-2, "2026-12-01", BOUND, CONTRACTION),
    (-2, "2026-12-01", contract(special_terms=None), CONTRACTION),
    (-2, "2026-12-01", an_account(seats=None), CONTRACTION),
    (-2, "2026-12-01", an_account(terms="card monthly, 12 month commitment"), CONTRACTION),
    (-2, "2026-12-01", NOTHING_KNOWN, CONTRACTION),
    (-2, "2026-11-20", None, PAST),
    (-9, "2026-11-20", None, Assessment(undecidable=PAST.undecidable, matter="contraction")),
]


@pytest.mark.parametrize(("delta", "on", "account", "expected"), SEATS)
def test_seats(delta: Any, on: str, account: Account | None, expected: Assessment) -> None:
    """More seats give nothing away; up to 20 % fewer on a monthly plan are reversible; the rest is a contraction."""
    assert assess("change_seats", {"delta": delta, "effective_date": on}, account) == expected


@pytest.mark.parametrize("delta", [None, 0, "some", 1.5, True])
def test_an_unreadable_number_of_seats_is_undecidable(delta: Any) -> None:
    """A change of seats that is no whole number never decides."""
    assert assess("change_seats", {"delta": delta, "effective_date": "2026-12-01"}).undecidable


@pytest.mark.parametrize(("plan", "matter"), [("starter", "contraction"), ("x", "contraction"), ("Enterprise", None)])
def test_only_the_top_plan_is_surely_no_contraction(plan: str, matter: str | None) -> None:
    """No record shows today's plan, so a lower or unknown one counts as a contraction."""
    assert assess("change_plan", {"plan": plan, "effective_date": "2026-12-01"}) == Assessment(matter=matter)


CANCELLED: list[tuple[str, Account | None, bool]] = [
    ("2026-11-30", None, True),
    ("2026-11-21", None, True),
    ("2026-11-20", None, False),
    ("end of month", None, False),
    ("2026-11-30", ANNUAL, False),
    ("2026-11-30", BOUND, False),
    ("2026-11-30", an_account(terms="annual, net 30"), False),
    ("2026-11-30", an_account(terms=None), False),
    ("2026-11-30", NOTHING_KNOWN, False),
]


@pytest.mark.parametrize(("on", "account", "plain"), CANCELLED)
def test_a_plain_monthly_cancel(on: str, account: Account | None, plain: bool) -> None:
    """Only a plainly monthly plan without special terms is cancelled plainly, and not for the past."""
    args = {"effective_date": on, "reason": "asked"}
    assert assess("cancel_subscription", args, account).matter == ("plain_monthly_cancel" if plain else None)


LATER: list[tuple[Any, Account | None, bool]] = [
    (14, None, True),
    ("7", None, True),
    (15, None, False),
    (0, None, False),
    (-3, None, False),
    ("two weeks", None, False),
    (14, told("payment terms of INV-1 extended by 14 days"), False),
    (14, told("due date extended by a week"), False),
    (14, told("trial extended by a week"), True),
    (14, told("payment terms of INV-2 extended"), False),
    (14, an_account(invoices=[{"number": "INV-1", "note": "extended to 2026-12-01"}]), False),
]


@pytest.mark.parametrize(("days", "account", "fine"), LATER)
def test_payment_terms_are_extended_by_two_weeks_once(days: Any, account: Account | None, fine: bool) -> None:
    """Up to 14 days give nothing away, once; more, and a second time, are undecidable."""
    judged = assess("extend_payment_terms", {"invoice_id": "INV-1", "extra_days": days}, account)
    assert (judged.undecidable is None, judged.gives) == (fine, None)


def test_an_extension_of_another_known_invoice_does_not_count() -> None:
    """What the history says about one invoice leaves the others alone."""
    account = told("payment terms of INV-2 extended")
    known = an_account(invoices=[{"number": "INV-1"}, {"number": "INV-2"}]).billing
    judged = assess("extend_payment_terms", {"invoice_id": "INV-1", "extra_days": 7},
                    account.model_copy(update={"billing": known}))  # fmt: skip
    assert judged == Assessment()


OWES = an_account(overdue={"amount": "80.00", "currency": "USD"})
OTHERS: list[tuple[str, dict[str, Any], Account | None, Assessment | str]] = [
    ("extend_trial", {"days": 7}, None, Assessment()),
    ("extend_trial", {"days": 15}, None, Assessment(matter="over_limit")),
    ("extend_trial", {"days": "soon"}, None, "undecidable"),
    ("raise_rate_limit", {"limit": "2x", "until": "2026-11-28"}, None, Assessment()),
    ("raise_rate_limit", {"limit": "2x", "until": "2099-12-31"}, None, Assessment(matter="permanent")),
    ("raise_rate_limit", {"limit": "2x", "until": "for good"}, None, Assessment(matter="permanent")),
    ("raise_rate_limit", {"limit": "2x"}, None, Assessment(matter="permanent")),
    ("raise_rate_limit", {"limit": "unlimited", "until": "2026-11-28"}, None, Assessment(matter="permanent")),
    ("raise_rate_limit", {"limit": "2x", "until": "2026-11-01"}, None, PAST),
    ("hold_suspension", {"until": "2026-11-28"}, None, Assessment()),
    ("hold_suspension", {"until": "2026-11-28"}, OWES, Assessment(effect=EffectClass.FINANCIAL)),
    ("hold_suspension", {"until": "2026-11-28"}, NOTHING_KNOWN, Assessment(effect=EffectClass.FINANCIAL)),
    ("hold_suspension", {"until": "2027-11-28"}, None, "undecidable"),
    ("hold_suspension", {}, None, "undecidable"),
    ("reset_sso", {"user": "kit@any.example"}, None, Assessment()),
    ("reset_sso", {"idp_config": "roll back"}, None, Assessment(matter="control")),
    ("reset_sso", {}, None, "undecidable"),
    ("reset_sso", {"user": "everybody"}, None, "undecidable"),
    ("grant_access", {"user": "new@any.example", "role": "editor"}, None, Assessment()),
    ("grant_access", {"user": "new@any.example", "role": "Billing Admin"}, None, Assessment(matter="control")),
    ("grant_access", {"user": "fourteen people", "role": "member"}, None, "undecidable"),
    ("revoke_access", {"user": "kit@any.example"}, None, Assessment()),
    ("revoke_access", {"user": "Boss@any.example"}, None, Assessment(matter="control")),
    ("revoke_access", {"user": "all"}, None, "undecidable"),
    ("set_consent", {"contact": "kit@any.example"}, None, Assessment()),
    ("set_consent", {"contact": "everyone at any.example"}, None, "undecidable"),
]


@pytest.mark.parametrize(("name", "args", "account", "expected"), OTHERS)
def test_limits_ends_and_persons(
    name: str, args: dict[str, Any], account: Account | None, expected: Assessment | str
) -> None:
    """What is lasting, beyond a limit, about control, or about nobody in particular is told apart."""
    judged = assess(name, args, account)
    assert bool(judged.undecidable) if expected == "undecidable" else judged == expected


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.decimals() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["amount", "from", "to"]), inner),
    max_leaves=5,
)


JUDGED = {name: tool for name, tool in BOX.items() if tool.assess is not nothing_given}


@settings(max_examples=40)
@given(data=st.data(), account=st.sampled_from([an_account(), NOTHING_KNOWN, ANNUAL, OWES]))
def test_no_assessment_ever_raises(data: st.DataObject, account: Account) -> None:
    """Whatever a model writes as arguments is judged, and money never comes out negative."""
    for name, tool in JUDGED.items():
        args = {key: data.draw(ANYTHING, label=f"{name}.{key}") for key in tool.arguments.model_fields}
        gives = assess(name, args, account).gives
        assert gives is None or gives.amount >= 0


def test_the_day_of_a_moment_is_read() -> None:
    """A date may come as a day, a moment, or text of either; anything else is no date."""
    assert {TERMS.day(value) for value in ("2026-11-21", "2026-11-21T09:30:00Z", TODAY)} == {TODAY}
    assert {TERMS.day(value) for value in ("tomorrow", "", None, 20261121, ["2026-11-21"])} == {None}


# ---- The sample world ------------------------------------------------------------------------------------------------


def world() -> dict[str, Account]:
    """Return the accounts of the sample world."""
    files = sorted((WORLD / "accounts").glob("*.json"))
    return {file.stem: Account.model_validate_json(file.read_text(encoding="utf-8")) for file in files}


def told_tickets() -> list[Incoming]:
    """Return the tickets of the sample world, in order."""
    lines = (WORLD / "tickets.jsonl").read_text(encoding="utf-8").splitlines()
    return [Incoming.model_validate_json(row) for row in lines]


def test_the_world_holds_whole_account_documents() -> None:
    """Every document is named by its id, knows all four sources, and has a parent that exists."""
    accounts = world()
    assert len(accounts) >= 14
    for name, account in accounts.items():
        assert name == account.id
        assert account.crm and account.billing and account.contract and account.support
        assert account.parent_id is None or account.parent_id in accounts
    assert Answers(accounts=tuple(accounts.values())).faults == ()


def test_nobody_in_the_world_can_exist() -> None:
    """Every mail address of the sample world ends in the reserved domain `.example`."""
    addresses = [who.email for one in world().values() for who in (one.crm and one.crm.contacts) or ()]
    addresses += [incoming.ticket.sender.email for incoming in told_tickets()]
    assert [address for address in addresses if not address.endswith(".example")] == []


def test_the_tickets_parse_and_all_but_one_sender_is_registered() -> None:
    """Every ticket belongs to an account of the world and its sender is one of its contacts, a stranger apart."""
    accounts, strangers, ids = world(), [], set()
    for incoming in told_tickets():
        ids.add(incoming.ticket.id)
        account = accounts.get(incoming.account_id or "")
        contacts = (account.crm.contacts if account and account.crm else None) or ()
        if incoming.ticket.sender.email not in {who.email for who in contacts if who.left_on is None}:
            strangers.append(incoming.ticket.id)
    assert 18 <= len(ids) == len(told_tickets()) <= 22
    assert len(strangers) == 1


def test_the_first_pair_differs_by_the_account_alone() -> None:
    """The same words reach two accounts of one shape; only the renewal date tells them apart."""
    accounts, (first, second) = world(), told_tickets()[:2]
    assert first.ticket.text == second.ticket.text
    calm, near = (accounts[str(one.account_id)] for one in (first, second))
    assert calm.crm and near.crm and calm.contract and near.contract
    assert (calm.crm.clv, calm.crm.health, calm.crm.segment) == (near.crm.clv, near.crm.health, near.crm.segment)
    assert calm.contract.renewal_date and near.contract.renewal_date
    # A small account's window opens 30 days before the notice deadline, which is 30 days before the renewal.
    assert TODAY < near.contract.renewal_date <= TODAY + timedelta(60) < calm.contract.renewal_date - timedelta(100)


def test_the_world_has_a_day_and_rates() -> None:
    """The reference day and the dated rates of the sample world are readable."""
    assert json.loads((WORLD / "world.json").read_text()) == {"asof": "2026-11-21T09:30:00Z"}
    assert Fx.model_validate_json((WORLD / "fx.json").read_text()).rates["EURUSD"] > 1


def test_act_is_never_the_cap_of_a_missing_role() -> None:
    """A role that is missing lowers something."""
    assert [name for name, tool in BOX.items() if tool.roles and tool.role_cap == ACT] == []
