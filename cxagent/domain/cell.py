"""A cell, the kind of case that has a track record: intent × segment × version; and how much latitude it has."""

from enum import IntEnum

from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import ACT, DRAFT, HANDOFF, Autonomy


class Level(IntEnum):
    """The rungs of the ladder, from least latitude to most."""

    OBSERVE = 0
    DRAFT = 1
    WATCHED = 2
    ALONE = 3

    @property
    def cap(self) -> Autonomy:
        """How far the machine may go alone on this rung."""
        return (HANDOFF, DRAFT, ACT, ACT)[self]


class Cell(Value):
    """What the track record of one intent in one segment allows, and why; `level` is its rung where it has one."""

    intent: Text
    segment: Text
    cap: Autonomy
    why: Text
    level: Level | None = None


class Kin(Value):
    """A ticket that resembles mishandled ones: how much (0 to 1), and the decisions that it was learned from."""

    intent: Text
    likeness: float
    cases: tuple[Text, ...]
    why: Text
