"""The proof of the playbook: the reference one is sound, and every way to break it is found and named by its line."""

import copy
import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from cxagent import soundness
from cxagent.domain.ruling import Cap
from cxagent.domain.tool import Tool
from cxagent.domain.vocabulary import DRAFT, EffectClass, Reason, Tier
from cxagent.errors import BadInput
from cxagent.gate import PART_RULES, TICKET_RULES
from cxagent.playbook import Playbook, load_playbook
from cxagent.project import load_package
from cxagent.proof import Finding, Proof, examine, prove
from cxagent.proof.accounts import accounts
from cxagent.proof.amounts import money
from cxagent.proof.around import around
from cxagent.proof.calm import calm
from cxagent.proof.climb import Ledger, Rules
from cxagent.proof.ladder import Ladder
from cxagent.proof.ladders import ladders
from cxagent.proof.room import Room
from cxagent.proof.scene import Scene
from cxagent.rules.submission import PartView, Submission
from cxagent.soundness import FILE, proof_mark, proven_here, require_sound

ROOT = Path(__file__).resolve().parents[1]
RAW = yaml.safe_load((ROOT / "graphs" / "playbook.yaml").read_text(encoding="utf-8"))
TODAY = date(2026, 11, 21)
TOOLS: dict[str, Tool] = {one.tool.name: one.tool for one in load_package(ROOT / "tools").TOOLS}

Raw = dict[str, Any]


@pytest.fixture(autouse=True)
def _nothing_proven() -> None:
    """Forget what earlier tests proved."""
    proven_here.cache_clear()


@pytest.fixture(scope="module")
def reference() -> Playbook:
    """The playbook of the reference deployment."""
    return load_playbook(ROOT / "graphs" / "playbook.yaml")


def changed(change: Callable[[Raw], object]) -> Playbook:
    """Return the reference playbook after a change of its text."""
    raw = copy.deepcopy(RAW)
    change(raw)
    return Playbook.model_validate(raw)


class Timed(NamedTuple):
    """A proof, and the seconds of computing that it took."""

    proof: Proof
    seconds: float


def put(path: str, **cells: object) -> Callable[[Raw], object]:
    """Return the change of some cells below a place of the text; an empty path is the whole."""

    def change(raw: Raw) -> None:
        for step in filter(None, path.split(".")):
            raw = raw[step]
        raw.update(cells)

    return change


def drop(path: str, name: str) -> Callable[[Raw], object]:
    """Return the removal of one line."""
    return lambda raw: raw[path].pop(name)


def more(path: str, item: object) -> Callable[[Raw], object]:
    """Return the addition of one item to a list."""
    return lambda raw: raw[path].append(item)


def both(*changes: Callable[[Raw], object]) -> Callable[[Raw], object]:
    """Return several changes as one."""
    return lambda raw: [change(raw) for change in changes]


def at(findings: tuple[Finding, ...], level: str) -> list[str]:
    """Return the lines with a finding of a level."""
    return [one.where for one in findings if one.level == level]


@pytest.fixture(scope="module")
def proven(reference: Playbook) -> Timed:
    """The proof of the reference playbook, and what it took."""
    start = time.process_time()
    return Timed(examine(reference, TOOLS, TODAY), time.process_time() - start)


def test_the_reference_playbook_is_proven(proven: Timed) -> None:
    """R32: over all cells of the reference playbook no error is found."""
    assert (proven.proof.errors, proven.proof.sound) == ((), True)
    assert proven.proof.cells > 5_000


def test_the_reference_playbook_has_no_unknown_idle_line(proven: Timed) -> None:
    """The lines that only repeat what their class says are known, and so is the executive who signs alone."""
    lines = ["in_window.account_money", "in_window.commitment", "in_window.financial"]
    assert at(proven.proof.findings, "warning") == lines


REVIEWER, APPROVER = {"role": "reviewer", "up_to": 500}, {"role": "approver", "up_to": 5000}
FINANCE, EXECUTIVE = {"role": "finance_lead", "up_to": 50000}, {"role": "executive"}
DEAD_CHECK = {"name": "same place", "left": "billing.currency", "right": "billing.currency"}
LOST_CHECK = {"name": "no place", "left": "billing.colour", "right": "contract.currency"}
DRAFTS = dict.fromkeys(("low_clv", "mid", "high", "at_risk"), "draft")
NO_APPROVER = [one for one in RAW["people"] if one["role"] != "approver"]

BROKEN: dict[str, tuple[Callable[[Raw], object], str]] = {
    "more for high than for mid": (put("ceilings.financial", high="act"), "ceilings.financial.high"),
    "more for mid than for low": (put("ceilings.commitment", mid="act"), "ceilings.commitment.mid"),
    "risk gives more": (put("ceilings.legal_security", at_risk="act"), "ceilings.legal_security.at_risk"),
    "a matter that rises": (put("matters.contraction", high="draft"), "matters.contraction.high"),
    "a tool row that rises": (put("tools.assign_owner", high="draft"), "tools.assign_owner.high"),
    "a signal that rises": (put("signals.irritation", low_clv="handoff"), "signals.irritation.mid"),
    "a window row that says more": (put("in_window.financial", mid="act"), "in_window.financial.mid"),
    "a limit for mid above low": (put("money.per_action", mid=150), "money.per_action.mid"),
    "a limit at risk above low": (put("money.per_action", at_risk=500), "money.per_action.at_risk"),
    "a sum for high above mid": (put("money.rolling", high=10), "money.rolling.high"),
    "a sum below the single amount": (put("money.rolling", low_clv=50), "money.rolling.low_clv"),
    "a tool that nobody declared": (put("tools", send_flowers=DRAFTS), "tools.send_flowers"),
    "a matter without a line": (drop("matters", "control"), "tool change_admin.matter"),
    "a role that nobody can have": (drop("roles", "finance"), "tool read_invoice.roles"),
    "a ladder out of order": (put("", sign_off=[APPROVER, REVIEWER, FINANCE, EXECUTIVE]), "sign_off.reviewer"),
    "a ladder with an end": (put("", sign_off=[REVIEWER, APPROVER, FINANCE]), "sign_off.finance_lead"),
    "a step that nobody holds": (put("", people=NO_APPROVER), "sign_off.approver"),
    "mid that ends below low": (put("tiers", mid_up_to=10), "tiers.mid_up_to"),
    "a larger segment that counts less": (
        put("tiers", always_high_segments=["mid_market"]),
        "tiers.always_high_segments",
    ),
    "of unknown value, larger counts less": (put("tiers.unknown_clv", smb="high"), "tiers.unknown_clv.mid_market"),
    "a later deadline for more value": (put("deadline_hours", high=20), "deadline_hours.high"),
    "a check of a place that is none": (more("checks", LOST_CHECK), "checks.no place"),
    "a fact that is no place": (more("required_facts", "weather.today"), "required_facts.weather.today"),
    "a rule of engagement for no tool": (
        more("engagement", {"account": "ACC", "cap": "draft", "tools": ["nothing"], "why": "clause"}),
        "engagement.ACC",
    ),
    "not yet in effect": (put("", effective=date(2027, 1, 1)), "effective"),
}
IDLE: dict[str, tuple[Callable[[Raw], object], str]] = {
    "a matter that nobody has": (put("matters", gardening=DRAFTS), "matters.gardening"),
    "a check that finds nothing": (more("checks", DEAD_CHECK), "checks.same place"),
    "a review that is overdue": (put("", review_by=date(2026, 11, 20)), "review_by"),
    "a window that shrinks with size": (put("renewal_window_days", smb=100), "renewal_window_days.mid_market"),
    "health that never counts": (put("at_risk", health_below=0), "at_risk.health_below"),
    "a signal that does nothing": (
        put("signals.irritation", mid="act", high="act", at_risk="act"),
        "signals.irritation",
    ),
    "a tool row that does nothing": (put("tools", sign_document=DRAFTS), "tools.sign_document"),
}


@pytest.mark.parametrize(("change", "where"), BROKEN.values(), ids=BROKEN)
def test_a_broken_playbook_is_found(change: Callable[[Raw], object], where: str) -> None:
    """Every mutation of the reference playbook is an error, and the finding names the line and says why."""
    found = prove(changed(change), TOOLS, TODAY)
    assert where in at(found, "error")
    assert all(len(one.what.split()) > 5 for one in found)


def test_idle_lines_are_reported() -> None:
    """What never binds, never matches or is overdue is a warning and no error."""
    found = prove(changed(both(*(change for change, _ in IDLE.values()))), TOOLS, TODAY)
    assert at(found, "error") == []
    assert {where for _, where in IDLE.values()} <= set(at(found, "warning"))


@pytest.mark.parametrize(
    ("change", "part", "where"),
    [
        (put("ceilings.financial", mid="handoff"), calm, "ceilings.financial.mid"),
        (put("matters.contraction", low_clv="handoff", mid="draft"), calm, "matters.contraction.low_clv"),
        (put("tools.assign_owner", high="act"), calm, "tools.assign_owner.mid"),
        # The lines of these two look sound, each by itself.
        (put("in_window.financial", low_clv="handoff"), calm, "in_window.financial"),
        (
            both(put("", public_fact_exemption=True), put("ceilings.public_info", mid="draft")),
            calm,
            "ceilings.public_info.mid",
        ),
        (put("money.per_action", mid=150), money, "money.per_action.low_clv"),
        (both(put("money.per_action", mid=100), put("money.rolling", mid=999)), money, "money.rolling.low_clv"),
        (
            put("signals.irritation", low_clv="handoff"),
            lambda room: around(room, signals(room)),
            "signals.irritation.low_clv",
        ),
        (
            put("tiers", always_high_segments=["mid_market"]),
            lambda room: accounts(room.playbook, room.ledger),
            "tiers.always_high_segments",
        ),
    ],
)
def test_the_enumeration_finds_what_the_lines_show(
    change: Callable[[Raw], object], part: Callable[[Room], object], where: str
) -> None:
    """Asking the real gate in every cell finds a breach without looking at the lines, and names the one that binds."""
    book = changed(change)
    room = Room(Scene.of(book, TOOLS), TOOLS, Rules(), Ledger())
    part(room)
    assert where in at(room.ledger.findings, "error")


def signals(room: Room) -> list[Ladder]:
    """Return the ladders of all signals."""
    return [one for one in ladders(room.playbook) if one.name.startswith("signal ")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put("", author=" miriam okafor,  VP finance"), "author and approver"),
        (put("", objective="more tickets closed, faster"), "objective"),
        (put("freshness", billing={"warn": 9, "error": 2}), "freshness.billing"),
        (drop("ceilings", "financial"), "ceilings"),
        (put("intents.data_export", matter="unheard"), "intents.data_export"),
        (put("intents.data_export", autonomy="act"), "intents.data_export.autonomy"),
        (put("", intent_rules={"invoice_copy": "act"}), "intent_rules"),
        (put("ceilings", invoice_copy=DRAFTS), "ceilings.invoice_copy"),
        (put("in_window", invoice_copy={"mid": "draft"}), "in_window.invoice_copy"),
        (put("not_a_signal", invoice_copy="exit"), "not_a_signal.invoice_copy"),
    ],
)
def test_a_playbook_that_cannot_be_read_is_refused(change: Callable[[Raw], object], said: str, tmp_path: Path) -> None:
    """R34: what the format forbids, a rule by intent alone among it, is refused on reading, with its place."""
    raw = copy.deepcopy(RAW)
    change(raw)
    path = tmp_path / "playbook.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        load_playbook(path)


def test_an_intent_says_no_more_than_a_class() -> None:
    """R34: an intent maps to a class, a signal, a matter and a topic; no field of it grants or caps by itself."""
    fields = set(type(next(iter(changed(lambda raw: None).intents.values()))).model_fields)
    assert fields == {"effect", "signal", "matter", "exit_topic"}


def test_a_class_without_a_ceiling_is_an_error(reference: Playbook) -> None:
    """A tool whose effect class has no line is named, and the proof still ends."""
    rows = {name: row for name, row in reference.ceilings.items() if name != EffectClass.FINANCIAL}
    found = prove(reference.model_copy(update={"ceilings": rows}), TOOLS, TODAY)
    assert "tool issue_credit.effect" in at(found, "error")


def test_an_argument_that_does_not_exist_guards_nothing(reference: Playbook) -> None:
    """A declaration that names an argument its tool does not have is an error."""
    tool = dataclasses.replace(TOOLS["issue_credit"], account="acount")
    assert "tool issue_credit.account" in at(prove(reference, {**TOOLS, tool.name: tool}, TODAY), "error")


def low_only(sub: Submission, view: PartView) -> Iterator[Cap]:
    """Cap small accounts alone: a rule that gives more to more value."""
    if sub.tier == Tier.LOW:
        yield Cap(autonomy=DRAFT, reason=Reason.LATITUDE, why="small", unless="it were larger", part=view.index)


def calm_only(sub: Submission) -> Iterator[Cap]:
    """Cap healthy accounts alone: a rule that gives more to more risk."""
    if not sub.at_risk and sub.audit.standing:
        yield Cap(autonomy=DRAFT, reason=Reason.LATITUDE, why="healthy", unless="it were not")


def fails(sub: Submission) -> Iterator[Cap]:
    """Fail for accounts at risk."""
    if sub.at_risk:
        raise LookupError("nothing there")
    yield from ()


@pytest.mark.parametrize(
    ("rules", "where", "said"),
    [
        (Rules(part=(*PART_RULES, low_only)), "rules.low_only", "but act for"),
        (Rules((*TICKET_RULES, fails)), "rules.fails", "nothing there"),
    ],
)
def test_a_rule_that_gives_more_is_found(reference: Playbook, rules: Rules, where: str, said: str) -> None:
    """A rule that is not monotone, or that fails, is named with a counterexample by the first part of the proof."""
    room = Room(Scene.of(reference, TOOLS), TOOLS, rules, Ledger())
    calm(room)
    assert any(one.where == where and said in one.what for one in room.ledger.findings if one.level == "error")


def test_own_rules_are_examined_beside_ours(reference: Playbook) -> None:
    """A project's own rules, of both kinds, go through the whole proof."""
    found = examine(reference, TOOLS, ticket_rules=(calm_only,), part_rules=(low_only,)).errors
    assert {"rules.calm_only", "rules.low_only"} <= {one.where for one in found}
    assert any("but act for" in one.what for one in found)


def test_a_sound_playbook_is_remembered(reference: Playbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second opening of a proven playbook makes no proof; a changed playbook is proven again."""
    monkeypatch.setattr(soundness, "examine", lambda *_: Nothing())
    require_sound(reference, TOOLS, tmp_path)
    proven_here.cache_clear()
    monkeypatch.setattr(soundness, "examine", lambda *_: pytest.fail("proven again"))
    require_sound(reference, TOOLS, tmp_path)
    with pytest.raises(pytest.fail.Exception):
        require_sound(changed(put("money.per_action", low_clv=99)), TOOLS, tmp_path)


class Nothing:
    """A proof without errors."""

    errors = ()


@pytest.mark.parametrize("held", ["", "{", "[]", "null", '{"proven": 7}', '{"proven": [7]}', "\x00"])
def test_a_damaged_memory_is_ignored(
    reference: Playbook, tmp_path: Path, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged file remembers nothing and is replaced by a whole one."""
    (tmp_path / FILE).write_text(held, encoding="utf-8")
    asked: list[object] = []
    monkeypatch.setattr(soundness, "examine", lambda *about: asked.append(about) or Nothing())
    require_sound(reference, TOOLS, tmp_path)
    assert len(asked) == 1
    assert json.loads((tmp_path / FILE).read_text()) == {"proven": [proof_mark(reference, TOOLS)]}


def test_an_unsound_playbook_is_refused(tmp_path: Path) -> None:
    """Opening with an unsound playbook lists every error, and nothing is remembered."""
    broken = changed(
        lambda raw: raw["ceilings"]["financial"].update(high="act") or raw["deadline_hours"].update(high=9)
    )
    with pytest.raises(BadInput, match=r"ceilings\.financial\.high.*deadline_hours\.high|deadline_hours.*ceilings"):
        require_sound(broken, TOOLS, tmp_path)
    assert not (tmp_path / FILE).exists()


def test_a_folder_that_cannot_be_written_costs_only_time(
    reference: Playbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the proof cannot be remembered, the playbook is opened all the same."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setattr(soundness, "examine", lambda *_: Nothing())
    require_sound(reference, TOOLS, tmp_path / "file")


def test_the_mark_follows_the_declarations(reference: Playbook) -> None:
    """Another playbook or another declaration of a tool has another mark; the same ones have the same."""
    tool = dataclasses.replace(TOOLS["issue_credit"], moves=None)
    marks = {
        proof_mark(reference, TOOLS),
        proof_mark(reference, dict(reversed(TOOLS.items()))),
        proof_mark(reference, {**TOOLS, tool.name: tool}),
        proof_mark(changed(put("money.per_action", low_clv=99)), TOOLS),
    }
    assert len(marks) == 3
