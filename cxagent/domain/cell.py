"""A cell, the kind of case that has a track record: intent × segment × version; and how much latitude it has."""

from enum import IntEnum
from typing import Self

from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import ACT, DRAFT, HANDOFF, Autonomy

UNREAD = "unknown"
"""The intent of a decision on a message that nobody proposed an answer to."""


class Level(IntEnum):
    """The levels of the ladder, from least latitude to most."""

    OBSERVE = 0
    DRAFT = 1
    WATCHED = 2
    ALONE = 3

    @property
    def cap(self) -> Autonomy:
        """How far the machine may go alone on this level."""
        return (HANDOFF, DRAFT, ACT, ACT)[self]

    @property
    def word(self) -> str:
        """Its name as people read it."""
        return self.name.lower()

    @classmethod
    def under(cls, cap: Autonomy) -> Self:
        """Return the highest level that a cap allows."""
        return max(level for level in cls if level.cap <= cap)


class Cell(Value):
    """What the track record of one intent in one segment allows, and why; `level` is its level where it has one.

    `audits` were looked at since it stands there, and `lost` is the sum of their losses.
    """

    intent: Text
    segment: Text
    cap: Autonomy
    why: Text
    level: Level | None = None
    audits: int = 0
    lost: float = 0.0


class Kin(Value):
    """A ticket that resembles mishandled ones: how much (0 to 1), and the decisions that it was learned from."""

    intent: Text
    likeness: float
    cases: tuple[Text, ...]
    why: Text
