"""The version of an agent: what changes how it decides begins a new record, what does not keeps the one it has."""

from pathlib import Path
from shutil import copytree

import pytest

from cxagent.fingerprint import agent_version
from cxagent.home import Home

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the reference deployment that may be changed."""
    for folder in ("graphs", "tools"):
        copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "same"),
    [
        ("graphs/project.yaml", "shadow: false", "shadow: true", True),
        ("graphs/project.yaml", "model: null", 'model: "anthropic:claude-sonnet-4-5"', False),
        ("graphs/playbook.yaml", "lease_days: 30", "lease_days: 20", True),
        ("graphs/playbook.yaml", "name: Lena Hartmann,", "name: Lena Hartman,", True),
        ("graphs/playbook.yaml", "per_action: {low_clv: 100", "per_action: {low_clv: 90", False),
        ("graphs/guidance/howto_question.md", ".\n", ". Be brief.\n", False),
        ("tools/billing.py", '"""', '""" ', False),
    ],
)
def test_what_decides_makes_a_version(file: str, old: str, new: str, same: bool, home: Path) -> None:
    """Model, limits, guidance and tools do; shadow mode, people and the terms of latitude do not."""
    before = agent_version(Home(home))
    text = (home / file).read_text(encoding="utf-8")
    assert old in text
    (home / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    assert (agent_version(Home(home)) == before) is same
