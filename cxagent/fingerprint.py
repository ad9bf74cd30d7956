"""The fingerprint of an agent: two agents that share it decide alike, because everything that decides is the same."""

import hashlib
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING

from cxagent import __version__
from cxagent.domain.value import digest

if TYPE_CHECKING:
    from cxagent.home import Home
    from cxagent.playbook import Playbook

PACKAGE = Path(__file__).parent
ONLY_TELLING = ("cli", "scaffold", "evaluation", "quality", "review", "inbox", "notifying", "testing.py")
"""Parts of the package that show or measure and do not decide."""
NOT_DECIDING = ("demo", "database", "sources", "shadow", "webhooks")
"""Lines of the configuration that say where things are and who is told: what was learned in shadow mode stays true."""
NOT_RULING = (
    *("version", "owner", "author", "approver", "effective", "review_by", "people", "latitude", "value"),
    *("deadline_hours", "business_hours", "authorization_minutes", "acknowledgement"),
)
"""Lines of the playbook that say who and when, how latitude is earned, and what an error costs.

None changes what the machine answers, so what was learned of its answers stays true.
"""
KNOWLEDGE = frozenset({".py", ".json"})
"""Files that decide: the code, and what the reader learned."""


def agent_version(project: "Home", model: str | None = None, playbook: "Playbook | None" = None) -> str:
    """Return the release, the project's name, and a digest of model, code, tools, graph, guidance and playbook.

    `model` and `playbook` stand in for the configured ones.
    """
    config = project.config.model_dump(mode="json", exclude=set(NOT_DECIDING))
    parts = {
        "package": _files(PACKAGE, ONLY_TELLING),
        "project": {
            folder: _files(project.home / folder, kinds={".py"}) for folder in ("graphs", project.config.tools)
        },
        "guidance": project.guidance.digest,
        "playbook": digest((playbook or project.playbook).model_dump(mode="json", exclude=set(NOT_RULING))),
        "model": model or project.config.model,
        "config": config,
    }
    return f"{__version__}+{project.name}.{digest(parts)[:12]}"


def _files(folder: Path, without: tuple[str, ...] = (), kinds: AbstractSet[str] = KNOWLEDGE) -> dict[str, str]:
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in _code(folder, without, kinds)}


def _code(folder: Path, without: tuple[str, ...], kinds: AbstractSet[str]) -> Iterator[tuple[str, Path]]:
    for file in sorted(one for one in folder.rglob("*") if one.suffix in kinds):
        inside = file.relative_to(folder)
        if inside.parts[0] not in without:
            yield inside.as_posix(), file
