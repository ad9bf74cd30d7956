"""The deployment that the load runs on: look-alike accounts whose facts are of today, and a crowd of reviewers."""

import shutil
from datetime import timedelta
from pathlib import Path

from desk import Lookalikes

from cxagent import clock
from cxagent.scaffold import deployment

GRAPH = """
import sys
sys.path[:0] = {paths!r}
from desk import Scripted
from world import Today
from cxagent.project import Project
"""


class Today(Lookalikes):
    """Look-alikes whose sources were read a moment ago, and whose contract ends in half a year."""

    def __init__(self) -> None:
        super().__init__()
        now, pattern = clock.now(), self.pattern
        read = {
            name: getattr(pattern, name).model_copy(update={"as_of": now}) for name in ("crm", "billing", "support")
        }
        assert pattern.contract is not None
        ends = {"as_of": now, "renewal_date": now.date() + timedelta(days=180)}
        self.pattern = pattern.model_copy(update={**read, "contract": pattern.contract.model_copy(update=ends)})


def build(home: Path, crowd: int) -> Path:
    """Make a project in a folder, with so many more reviewers than the reference deployment has."""
    shutil.copytree(deployment(), home, ignore=shutil.ignore_patterns("__pycache__", ".cxagent"), dirs_exist_ok=True)
    graph = home / "graphs" / "support.py"
    here = Path(__file__).resolve().parent
    paths = [str(here), str(here.parent / "benchmarks")]
    text = graph.read_text(encoding="utf-8")
    mark = "project = Project.beside(__file__)"
    assert mark in text
    ours = "project = Project.beside(__file__, sources=[Today()], proposers=[Scripted()])"
    graph.write_text(GRAPH.format(paths=paths) + text.replace(mark, ours), encoding="utf-8")
    playbook = home / "graphs" / "playbook.yaml"
    lines = playbook.read_text(encoding="utf-8")
    people = "".join(f"  - {{name: {name}, role: reviewer}}\n" for name in names(crowd))
    playbook.write_text(lines.replace("people:\n", f"people:\n{people}", 1), encoding="utf-8")
    return home


def names(crowd: int) -> list[str]:
    """Return the names of the crowd."""
    return [f"Reviewer {number:02d}" for number in range(1, crowd + 1)]
