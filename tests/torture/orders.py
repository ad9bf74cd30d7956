"""What a process of the harness is started with."""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["intake", "worker", "reviewer", "recover"]


@dataclass(frozen=True)
class Orders:
    """What one process is started with; `place` counts the processes of its mode, `life` its restarts."""

    mode: Mode
    place: int
    life: int
    home: str
    box: str
    database: str
    seed: int
    skew_minutes: int
    rivals: int = 2

    @property
    def name(self) -> str:
        """What the journal and the folder of this process are called."""
        return f"{self.mode}-{self.place}"
