"""What was proven in this checkout holds for a copy of it, which then opens without the seconds of a proof."""

import shutil
from pathlib import Path

from cxagent.soundness import FILE

KNOWN = Path(__file__).resolve().parents[1] / ".cxagent" / FILE


def carry_proofs(home: Path) -> None:
    """Let a new project remember what this checkout has proven; without a memory it is only slower to open."""
    if KNOWN.is_file():
        (home / ".cxagent").mkdir(exist_ok=True)
        shutil.copyfile(KNOWN, home / ".cxagent" / FILE)
