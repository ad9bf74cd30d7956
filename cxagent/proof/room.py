"""Where a proof asks: the real gate on one cell, and the report of a more delicate cell that got more."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cxagent.domain.ruling import Ruling
from cxagent.domain.tool import Tool
from cxagent.domain.vocabulary import SILENT, EffectClass, Tier
from cxagent.playbook import IntentEntry, Playbook
from cxagent.proof.climb import Axis, Ledger, Rise, Rules, lines_of
from cxagent.proof.findings import error
from cxagent.proof.scene import Change, Kind, Scene, Spot, plain_tool, spots

JUDGED = tuple(effect for effect in EffectClass if effect not in SILENT)
TIERS, RISKS, WINDOWS = Axis("value", tuple(Tier)), Axis("risk", (False, True)), Axis("renewal", (False, True))
CLOSED = Axis("renewal", (False,))
PLAINEST = Kind(plain_tool(EffectClass.PUBLIC_INFO), entry=IntentEntry(effect=EffectClass.PUBLIC_INFO))
ROW_RULES = frozenset({"tier_ceiling", "risk_ceiling", "renewal_window", "named_signals", "reads_as_exit"})
"""The rules that a calm request meets: on its rows, and on what the name of its intent says."""

Caps = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Room:
    """Everything that one part of the proof works with."""

    scene: Scene
    tools: Mapping[str, Tool]
    rules: Rules
    ledger: Ledger

    @property
    def playbook(self) -> Playbook:
        """The playbook under proof."""
        return self.scene.playbook

    @cached_property
    def own_rules(self) -> frozenset[str]:
        """The names of the rules that a project added."""
        return self.rules.only(frozenset()).names

    def ask(self, spot: Spot, kind: Kind, *changes: Change, rules: Rules | None = None) -> Ruling | None:
        """Rule on one cell with the real gate."""
        return self.ledger.rule(self.scene.submit(spot, kind, *changes), rules or self.rules, kind, spot)

    @cached_property
    def plainest(self) -> dict[Spot, Ruling | None]:
        """The ruling on the plainest request at every spot."""
        return {spot: self.ask(spot, PLAINEST) for spot in spots()}

    def report(self, rises: Iterator[Rise], kind: Kind, cell: Callable[[tuple[Any, ...]], "Cell"]) -> None:
        """Record every more delicate cell that got more than its neighbour."""
        for rise in rises:
            better, worse = cell(rise.better), cell(rise.worse)
            sub = self.scene.submit(better.spot, kind, *better.changes)
            lines = lines_of(sub, rise.before)
            self.ledger.add(
                error(
                    lines[0],
                    f"more {rise.axis} gives more: {kind} gets {rise.before.autonomy} for {better}"
                    f" by {' and '.join(lines)}, but {rise.after.autonomy} for {worse}",
                )
            )


@dataclass(frozen=True)
class Cell:
    """One cell in words and as the changes that make it."""

    spot: Spot
    changes: tuple[Change, ...] = ()
    said: str = ""

    def __str__(self) -> str:
        return f"{self.spot}{self.said}"


def caps(ruling: Ruling, rules: frozenset[str] | None = None) -> Caps:
    """Return who capped at what in a ruling, all rules or some."""
    return frozenset((cap.rule, cap.autonomy.value) for cap in ruling.caps if rules is None or cap.rule in rules)
