"""Refuse a playbook that is not proven; remember the proof of one that is, so that the next opening is instant."""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from functools import cache as memo
from hashlib import sha256
from pathlib import Path
from typing import Any

import cxagent
from cxagent.domain.tool import Tool
from cxagent.domain.value import digest
from cxagent.errors import BadInput
from cxagent.playbook import Playbook
from cxagent.proof import examine
from cxagent.proof.findings import Finding
from cxagent.proof.structure import structure

JUDGEMENT = ("domain", "reading", "context", "rules", "proof", "gate.py", "playbook.py")
"""What a proof rests on beside the playbook and the tools: after a change of this code it is made anew."""
APART = frozenset({"arguments", "run", "assess", "undo", "check"})
"""Fields that are told in a way of their own, or that no proof looks at: a function's address changes every time."""
SIGNED = {"version", "owner", "author", "approver", "effective", "review_by"}
"""Lines that say who signed a playbook and when: no proof rests on them, and what depends on the day is seen anew."""
FILE = "proven.json"
KEPT = 20


def require_sound(
    playbook: Playbook, tools: Mapping[str, Tool], cache: Path | None = None, today: date | None = None
) -> None:
    """Raise `BadInput` with every error of an unsound playbook; a proof in the folder `cache` is not made twice."""
    told = [one for one in structure(playbook, today) if one.level == "error"]
    mark = proof_mark(playbook, tools)
    if not told and (mark in proven_here() or mark in _remembered(cache)):
        return
    errors = [*told, *examine(playbook, tools).errors]
    if errors:
        raise BadInput("; ".join(dict.fromkeys(map(sentence, errors))), where=f"playbook {playbook.name}")
    vouch_for(playbook, tools, cache)


def vouch_for(playbook: Playbook, tools: Mapping[str, Tool], cache: Path | None = None) -> None:
    """Remember that a playbook was proven with these tools: whoever just did need not do it again."""
    mark = proof_mark(playbook, tools)
    proven_here().add(mark)
    _remember(cache, mark)


@memo
def proven_here() -> set[str]:
    """The marks of the playbooks that this process has proven: many agents of one project need one proof."""
    return set()


def sentence(finding: Finding) -> str:
    """Return a finding as a line and a sentence."""
    return f"{finding.where}: {finding.what}"


def proof_mark(playbook: Playbook, tools: Mapping[str, Tool]) -> str:
    """Return the digest of all that a proof is about: the playbook's limits, the declared tools, the judging code."""
    limits = playbook.model_dump(mode="json", exclude=SIGNED)
    declared = {name: _declaration(tool) for name, tool in sorted(tools.items())}
    return digest({"playbook": limits, "tools": declared, "version": cxagent.__version__, "code": _code()})


def _declaration(tool: Tool) -> dict[str, Any]:
    told = {one.name: getattr(tool, one.name) for one in fields(tool) if one.name not in APART}
    code = getattr(tool.assess, "__code__", None)
    constants = repr(code.co_consts) if code else ""
    # The package that tools are loaded under carries the mark of their folder: a moved project is the same project.
    module = tool.assess.__module__.rpartition(".")[2]
    return {
        **{name: sorted(map(str, one)) if isinstance(one, frozenset) else str(one) for name, one in told.items()},
        "arguments": sorted(tool.arguments.model_fields),
        "assess": f"{module}.{getattr(tool.assess, '__qualname__', '')} {_plain(constants)}",
    }


def _plain(constants: str) -> str:
    # Nested code shows its address, which is another one in every process.
    return "" if " at 0x" in constants else constants


@memo
def _code() -> str:
    home, seen = Path(cxagent.__file__).parent, sha256()
    for name in JUDGEMENT:
        place = home / name
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            seen.update(file.read_bytes())
    return seen.hexdigest()


def _remembered(folder: Path | None) -> list[str]:
    """Return the marks of proven playbooks; a file that is missing or damaged remembers nothing."""
    if folder is None:
        return []
    try:
        held = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    marks = held.get("proven") if isinstance(held, dict) else None
    return [mark for mark in marks if isinstance(mark, str)] if isinstance(marks, list) else []


def _remember(folder: Path | None, mark: str) -> None:
    """Keep a mark beside the latest others; a folder that cannot be written only costs the next proof."""
    if folder is None:
        return
    text = json.dumps({"proven": [*_remembered(folder), mark][-KEPT:]})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        whole = folder / f"{FILE}.new"
        whole.write_text(text, encoding="utf-8")
        whole.replace(folder / FILE)
    except OSError:
        return
