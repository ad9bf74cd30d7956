"""The fingerprint of an agent: two agents that share it decide alike, because everything that decides is the same."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cxagent import __version__
from cxagent.domain.value import digest

if TYPE_CHECKING:
    from cxagent.playbook import Playbook
    from cxagent.project import Project

PACKAGE = Path(__file__).parent
ONLY_TELLING = ("cli", "scaffold", "evaluation", "quality", "review", "inbox", "notifying", "testing.py")
"""Parts of the package that show or measure and do not decide."""
KNOWLEDGE = frozenset({".py", ".json"})
"""Files that decide: the code, and what the reader learned."""


def agent_version(project: "Project", model: str | None = None, playbook: "Playbook | None" = None) -> str:
    """Return the release, the project's name, and a digest of model, code, tools, graph, guidance and playbook.

    `model` and `playbook` stand in for the configured ones.
    """
    config = project.config.model_dump(mode="json", exclude={"demo", "database", "sources"})
    parts = {
        "package": _files(PACKAGE, ONLY_TELLING),
        "project": {folder: _files(project.home / folder) for folder in ("graphs", project.config.tools)},
        "guidance": project.guidance.digest,
        "playbook": (playbook or project.playbook).digest,
        "model": model or project.config.model,
        "config": config,
    }
    return f"{__version__}+{project.name}.{digest(parts)[:12]}"


def _files(folder: Path, without: tuple[str, ...] = ()) -> dict[str, str]:
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in _code(folder, without)}


def _code(folder: Path, without: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    for file in sorted(one for one in folder.rglob("*") if one.suffix in KNOWLEDGE):
        inside = file.relative_to(folder)
        if inside.parts[0] not in without:
            yield inside.as_posix(), file
