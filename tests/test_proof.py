"""The proof of the playbook: the reference one is sound, and every way to break it is found and named by its line."""

import copy
import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from cxagent import soundness
from cxagent.domain.ruling import Cap
from cxagent.domain.tool import Tool
from cxagent.domain.vocabulary import DRAFT, EffectClass, Reason, Tier
from cxagent.errors import BadInput
from cxagent.playbook import Playbook, load_playbook
from cxagent.project import load_package
from cxagent.proof import Finding, examine, prove
from cxagent.rules.submission import PartView, Submission
from cxagent.soundness import FILE, proof_mark, require_sound

ROOT = Path(__file__).resolve().parents[1]
RAW = yaml.safe_load((ROOT / "graphs" / "playbook.yaml").read_text(encoding="utf-8"))
TODAY = date(2026, 11, 21)
TOOLS: dict[str, Tool] = {one.tool.name: one.tool for one in load_package(ROOT / "tools").TOOLS}

Raw = dict[str, Any]


@pytest.fixture(scope="module")
def reference() -> Playbook:
    """The playbook of the reference deployment."""
    return load_playbook(ROOT / "graphs" / "playbook.yaml")


def changed(change: Callable[[Raw], object]) -> Playbook:
    """Return the reference playbook after a change of its text."""
    raw = copy.deepcopy(RAW)
    change(raw)
    return Playbook.model_validate(raw)


def line(table: str, name: str, **cells: str) -> Callable[[Raw], object]:
    """Return the change of some cells of one line."""
    return lambda raw: raw[table][name].update(cells)


def limits(which: str, **cells: int) -> Callable[[Raw], object]:
    """Return the change of some money limits."""
    return lambda raw: raw["money"][which].update(cells)


def at(findings: tuple[Finding, ...], level: str) -> list[str]:
    """Return the lines with a finding of a level."""
    return [one.where for one in findings if one.level == level]


def test_the_reference_playbook_is_proven(reference: Playbook) -> None:
    """R32: over all cells of the reference playbook no error is found, in a few seconds of computing."""
    start = time.process_time()
    proof = examine(reference, TOOLS, TODAY)
    assert (proof.errors, proof.sound) == ((), True)
    assert proof.cells > 5_000
    assert time.process_time() - start < 10


def test_the_reference_playbook_has_no_unknown_idle_line(reference: Playbook) -> None:
    """The lines that only repeat what their class says are known, and so is the executive who signs alone."""
    lines = ["in_window.account_money", "in_window.commitment", "in_window.financial"]
    assert at(prove(reference, TOOLS, TODAY), "warning") == ["four_eyes_from", *lines]


def sign_off(*steps: Raw) -> Callable[[Raw], object]:
    """Return the change to another ladder of signatures."""
    return lambda raw: raw.update(sign_off=list(steps))


REVIEWER, APPROVER = {"role": "reviewer", "up_to": 500}, {"role": "approver", "up_to": 5000}
FINANCE, EXECUTIVE = {"role": "finance_lead", "up_to": 50000}, {"role": "executive"}
DEAD_CHECK = {"name": "same place", "left": "billing.currency", "right": "billing.currency"}
LOST_CHECK = {"name": "no place", "left": "billing.colour", "right": "contract.currency"}

BROKEN: dict[str, tuple[Callable[[Raw], object], str, str]] = {
    "more for high than for mid": (line("ceilings", "financial", high="act"), "error", "ceilings.financial.high"),
    "more for mid than for low": (line("ceilings", "commitment", mid="act"), "error", "ceilings.commitment.mid"),
    "risk gives more": (line("ceilings", "legal_security", at_risk="act"), "error", "ceilings.legal_security.at_risk"),
    "a matter that rises": (line("matters", "contraction", high="draft"), "error", "matters.contraction.high"),
    "a tool row that rises": (line("tools", "assign_owner", high="draft"), "error", "tools.assign_owner.high"),
    "a signal that rises": (line("signals", "irritation", low_clv="handoff"), "error", "signals.irritation.mid"),
    "a window row that says more": (
        lambda raw: raw["in_window"].update(refusal={"low_clv": "draft", "mid": "act"}),
        "error",
        "in_window.refusal.mid",
    ),
    "a window row that rises": (
        lambda raw: raw["in_window"].update(financial={"low_clv": "handoff"}),
        "error",
        "in_window.financial",
    ),
    "an exemption that gives high more than mid": (
        lambda raw: raw.update(public_fact_exemption=True) or raw["ceilings"]["public_info"].update(mid="draft"),
        "error",
        "ceilings.public_info.mid",
    ),
    "a limit for mid above low": (limits("per_action", mid=150), "error", "money.per_action.mid"),
    "a limit at risk above low": (limits("per_action", at_risk=500), "error", "money.per_action.at_risk"),
    "a sum for high above mid": (limits("rolling", high=10), "error", "money.rolling.high"),
    "a sum below the single amount": (limits("rolling", low_clv=50), "error", "money.rolling.low_clv"),
    "a tool that nobody declared": (
        lambda raw: raw["tools"].update(send_flowers=raw["tools"]["assign_owner"]),
        "error",
        "tools.send_flowers",
    ),
    "a matter without a line": (lambda raw: raw["matters"].pop("control"), "error", "tool change_admin.matter"),
    "a matter that nobody has": (
        lambda raw: raw["matters"].update(gardening=raw["matters"]["breach"]),
        "warning",
        "matters.gardening",
    ),
    "a role that nobody can have": (lambda raw: raw["roles"].pop("finance"), "error", "tool read_invoice.roles"),
    "a ladder out of order": (sign_off(APPROVER, REVIEWER, FINANCE, EXECUTIVE), "error", "sign_off.reviewer"),
    "a ladder with an end": (sign_off(REVIEWER, APPROVER, FINANCE), "error", "sign_off.finance_lead"),
    "a step that nobody holds": (
        lambda raw: raw.update(people=[one for one in raw["people"] if one["role"] != "approver"]),
        "error",
        "sign_off.approver",
    ),
    "mid that ends below low": (lambda raw: raw["tiers"].update(mid_up_to=10), "error", "tiers.mid_up_to"),
    "a larger segment that counts less": (
        lambda raw: raw["tiers"].update(always_high_segments=["mid_market"]),
        "error",
        "tiers.always_high_segments",
    ),
    "of unknown value, larger counts less": (
        lambda raw: raw["tiers"]["unknown_clv"].update(smb="high"),
        "error",
        "tiers.unknown_clv.mid_market",
    ),
    "a later deadline for more value": (lambda raw: raw["deadline_hours"].update(high=20), "error", "deadline_hours.high"),
    "a check of a place that is none": (
        lambda raw: raw["checks"].append(LOST_CHECK),
        "error",
        "checks.no place",
    ),
    "a check that finds nothing": (lambda raw: raw["checks"].append(DEAD_CHECK), "warning", "checks.same place"),
    "a fact that is no place": (
        lambda raw: raw["required_facts"].append("weather.today"),
        "error",
        "required_facts.weather.today",
    ),
    "not yet in effect": (lambda raw: raw.update(effective=date(2027, 1, 1)), "error", "effective"),
    "review overdue": (lambda raw: raw.update(review_by=date(2026, 11, 20)), "warning", "review_by"),
    "a window that shrinks with size": (
        lambda raw: raw["renewal_window_days"].update(smb=100),
        "warning",
        "renewal_window_days.mid_market",
    ),
    "health that never counts": (
        lambda raw: raw["at_risk"].update(health_below=0),
        "warning",
        "at_risk.health_below",
    ),
    "a signal that does nothing": (
        line("signals", "irritation", mid="act", high="act", at_risk="act"),
        "warning",
        "signals.irritation",
    ),
    "a tool row that does nothing": (
        lambda raw: raw["tools"].update(sign_document=raw["matters"]["permanent"]),
        "warning",
        "tools.sign_document",
    ),
}


@pytest.mark.parametrize(("change", "level", "where"), BROKEN.values(), ids=BROKEN)
def test_a_broken_playbook_is_found(change: Callable[[Raw], object], level: str, where: str) -> None:
    """Every mutation of the reference playbook is found, and the finding names the line."""
    found = prove(changed(change), TOOLS, TODAY)
    assert where in at(found, level)
    assert all(one.what and one.where for one in found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda raw: raw.update(approver=" jonas weiss,  customer success operations"), "author and approver"),
        (lambda raw: raw.update(objective="more tickets closed, faster"), "objective"),
        (lambda raw: raw["freshness"].update(billing={"warn": 9, "error": 2}), "freshness.billing"),
        (lambda raw: raw["ceilings"].pop("financial"), "ceilings"),
        (lambda raw: raw["intents"]["data_export"].update(matter="unheard"), "intents.data_export"),
        (lambda raw: raw["intents"]["data_export"].update(autonomy="act"), "intents.data_export.autonomy"),
        (lambda raw: raw.update(intent_rules={"invoice_copy": "act"}), "intent_rules"),
        (lambda raw: raw["ceilings"].update(invoice_copy=raw["ceilings"]["public_info"]), "ceilings.invoice_copy"),
        (lambda raw: raw["in_window"].update(invoice_copy={"mid": "draft"}), "in_window.invoice_copy"),
    ],
)
def test_a_playbook_that_cannot_be_read_is_refused(
    change: Callable[[Raw], object], said: str, tmp_path: Path
) -> None:
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


def forgets(sub: Submission) -> Iterator[Cap]:
    """Cap while everything is fresh, and no longer once a source is stale."""
    if all(section.status == "present" for section in sub.audit.sections):
        yield Cap(autonomy=DRAFT, reason=Reason.LATITUDE, why="fresh", unless="it were stale")


@pytest.mark.parametrize(
    ("own", "where"),
    [
        ({"part_rules": (low_only,)}, "rules.low_only"),
        ({"ticket_rules": (calm_only,)}, "rules.calm_only"),
        ({"ticket_rules": (fails,)}, "rules.fails"),
    ],
)
def test_a_rule_that_gives_more_is_found(reference: Playbook, own: Raw, where: str) -> None:
    """A project's own rule that is not monotone, or that fails, is named with a counterexample."""
    found = examine(reference, TOOLS, **own).errors
    assert where in [one.where for one in found]
    assert any("but act for" in one.what or "nothing there" in one.what for one in found)


def test_a_sound_playbook_is_remembered(reference: Playbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second opening of a proven playbook makes no proof; a changed playbook is proven again."""
    require_sound(reference, TOOLS, tmp_path)
    monkeypatch.setattr(soundness, "examine", lambda *_: pytest.fail("proven again"))
    require_sound(reference, TOOLS, tmp_path)
    with pytest.raises(pytest.fail.Exception):
        require_sound(changed(limits("per_action", low_clv=99)), TOOLS, tmp_path)


@pytest.mark.parametrize("held", ["", "{", "[]", "null", '{"proven": 7}', '{"proven": [7]}', "\x00"])
def test_a_damaged_memory_is_ignored(reference: Playbook, tmp_path: Path, held: str, monkeypatch: Any) -> None:
    """A damaged file remembers nothing and is replaced by a whole one."""
    (tmp_path / FILE).write_text(held, encoding="utf-8")
    asked: list[object] = []
    monkeypatch.setattr(soundness, "examine", lambda *about: asked.append(about) or examine_nothing())
    require_sound(reference, TOOLS, tmp_path)
    assert len(asked) == 1
    assert json.loads((tmp_path / FILE).read_text()) == {"proven": [proof_mark(reference, TOOLS)]}


def examine_nothing() -> Any:
    """Return a proof without findings."""
    return soundness.examine.__globals__.get("Proof") or _Empty()


class _Empty:
    """A proof without errors."""

    errors = ()


def test_an_unsound_playbook_is_refused(tmp_path: Path) -> None:
    """Opening with an unsound playbook lists every error, and nothing is remembered."""
    broken = changed(lambda raw: raw["ceilings"]["financial"].update(high="act") or raw["deadline_hours"].update(high=9))
    with pytest.raises(BadInput, match=r"ceilings\.financial\.high.*deadline_hours\.high|deadline_hours.*ceilings"):
        require_sound(broken, TOOLS, tmp_path)
    assert not (tmp_path / FILE).exists()


def test_a_folder_that_cannot_be_written_costs_only_time(
    reference: Playbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the proof cannot be remembered, the playbook is opened all the same."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setattr(soundness, "examine", lambda *_: _Empty())
    require_sound(reference, TOOLS, tmp_path / "file")


def test_the_mark_follows_the_declarations(reference: Playbook) -> None:
    """Another playbook or another declaration of a tool has another mark; the same ones have the same."""
    tool = dataclasses.replace(TOOLS["issue_credit"], moves=None)
    marks = {
        proof_mark(reference, TOOLS),
        proof_mark(reference, dict(reversed(TOOLS.items()))),
        proof_mark(reference, {**TOOLS, tool.name: tool}),
        proof_mark(changed(limits("per_action", low_clv=99)), TOOLS),
    }
    assert len(marks) == 3
