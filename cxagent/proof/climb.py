"""Enumerate a product of axes and find every step towards more caution that is answered with more autonomy."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from cxagent import gate
from cxagent.domain.ruling import Cap, Ruling
from cxagent.domain.vocabulary import ACT, Autonomy
from cxagent.gate import PartRule, TicketRule
from cxagent.proof.findings import Finding, error
from cxagent.rules.submission import Submission


@dataclass(frozen=True)
class Axis:
    """One thing that can get worse, with its cells from the most harmless one on."""

    name: str
    steps: Sequence[Any]


@dataclass(frozen=True)
class Rise:
    """Two neighbouring cells, of which the more delicate one got more."""

    axis: str
    better: tuple[Any, ...]
    worse: tuple[Any, ...]
    before: Any
    after: Any


@dataclass(frozen=True)
class Rules:
    """The rules under proof: the product's, or with a project's own among them."""

    ticket: tuple[TicketRule, ...] = gate.TICKET_RULES
    part: tuple[PartRule, ...] = gate.PART_RULES

    def only(self, names: frozenset[str]) -> "Rules":
        """Return the rules of these names, and every rule that is not the product's, whose axes nobody knows."""
        own = {*gate.TICKET_RULES, *gate.PART_RULES}
        return Rules(
            tuple(rule for rule in self.ticket if rule.__name__ in names or rule not in own),
            tuple(rule for rule in self.part if rule.__name__ in names or rule not in own),
        )

    @property
    def names(self) -> frozenset[str]:
        """The names of all rules."""
        return frozenset(rule.__name__ for rule in (*self.ticket, *self.part))


@dataclass
class Ledger:
    """What a running proof has counted and found: one finding for a line, the first counterexample met."""

    cells: int = 0
    bound: set[str] = field(default_factory=set)
    _found: dict[str, Finding] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """Keep a finding, unless its line, or a column of it, has one of the same gravity already."""
        if not any(self._covers(one, finding) for one in self._found.values()):
            self._found[f"{finding.level} {finding.where}"] = finding

    @staticmethod
    def _covers(known: Finding, new: Finding) -> bool:
        if known.level == "warning" and new.level == "error":
            return False
        return known.where == new.where or known.where.startswith(f"{new.where}.")

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, errors first."""
        return tuple(sorted(self._found.values(), key=lambda one: (one.level != "error", one.where)))

    def rule(self, sub: Submission, rules: Rules, *what: object) -> Ruling | None:
        """Ask the real gate; a cell without an answer, or in which a rule fails, is an error."""
        self.cells += 1
        try:
            ruling = gate.rule(sub, rules.ticket, rules.part)
        except Exception as trouble:
            self.add(error("gate", f"no answer for {_all(what)}: {type(trouble).__name__}: {trouble}"))
            return None
        for cap in ruling.caps:
            if cap.autonomy == ruling.autonomy:
                self.bound.add(cap.rule)
            if cap.why.startswith(f"the rule {cap.rule} failed"):
                self.add(error(f"rules.{cap.rule}", f"{cap.why}, for {_all(what)}"))
        return ruling


def _all(what: tuple[object, ...]) -> str:
    return "; ".join(map(str, what))


def climb(
    axes: Sequence[Axis], judge: Callable[[tuple[Any, ...]], Any], height: Callable[[Any], int]
) -> Iterator[Rise]:
    """Judge every combination once, and yield each step along one axis on which the height grows.

    Neighbours suffice: an order on a product is the closure of its steps along single axes.
    """
    held: dict[tuple[int, ...], Any] = {}
    for at in product(*(range(len(axis.steps)) for axis in axes)):
        spot = tuple(axis.steps[index] for axis, index in zip(axes, at, strict=True))
        if (result := judge(spot)) is None:
            continue
        held[at] = result
        for place, index in enumerate(at):
            below = (*at[:place], index - 1, *at[place + 1 :])
            if index and below in held and height(result) > height(held[below]):
                better = tuple(axis.steps[i] for axis, i in zip(axes, below, strict=True))
                yield Rise(axes[place].name, better, spot, held[below], result)


def height(ruling: Ruling) -> int:
    """How far the machine may go alone under a ruling."""
    return ruling.autonomy.rank


def lines_of(sub: Submission, ruling: Ruling) -> tuple[str, ...]:
    """Name the lines of the playbook, or else the rules, that hold a ruling where it is."""
    named = (name for cap in ruling.binding for name in _lines(sub, cap))
    return tuple(dict.fromkeys(named)) or ("rules",)


def _lines(sub: Submission, cap: Cap) -> list[str]:
    tier, rows = sub.tier, list(sub.rows(sub.parts[cap.part])) if cap.part is not None else []
    match cap.rule:
        case "tier_ceiling":
            return [
                f"{table_of(sub, name)}.{name}.{tier}" for name, row in rows if row.allows(tier, False) == cap.autonomy
            ]
        case "risk_ceiling":
            return [f"{table_of(sub, name)}.{name}.at_risk" for name, row in rows if row.at_risk == cap.autonomy]
        case "renewal_window":
            inside = [(name, sub.playbook.in_window.get(name)) for name, _ in rows]
            return [
                f"in_window.{name}" for name, row in inside if row and row.allows(tier, sub.at_risk) == cap.autonomy
            ]
        case "per_action" | "rolling":
            return [f"money.{cap.rule}.{tier}"]
        case "signals" | "named_signals" | "owner_named" | "repeated" | "seats" | "our_error":
            return [f"signals.{cap.reason.removeprefix('signal_')}.{tier}"]
        case _:
            return [f"rules.{cap.rule}"]


def table_of(sub: Submission, row: str) -> str:
    """Name the table of the playbook in which a row stands."""
    for table in ("ceilings", "matters", "tools"):
        if row in {str(name) for name in getattr(sub.playbook, table)}:
            return table
    return "matters"


def lowest(*levels: Autonomy) -> Autonomy:
    """Return the lowest of some levels, `act` where there are none."""
    return min(levels, default=ACT)
