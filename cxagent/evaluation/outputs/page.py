"""The page: one HTML file with everything in it, for a QA lead who wants to see the figures and then each case.

It loads nothing and calls nobody: style and script stand inside, and a content security policy lets only those two
run. Whatever a ticket says is text.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from cxagent.domain.vocabulary import Autonomy
from cxagent.errors import BadInput
from cxagent.evaluation.case import Case
from cxagent.evaluation.grading import Grade
from cxagent.evaluation.outputs import sentences
from cxagent.evaluation.outputs.sentences import POLICIES, WORST_FIRST, spaced
from cxagent.evaluation.scores.costs import AGENT
from cxagent.evaluation.scores.report import RIGHT_SHARE, Report, Result
from cxagent.evaluation.scores.slices import Slice

if TYPE_CHECKING:
    from jinja2 import Environment

ROWS = 10
"""So many rows of a long table are open at once."""
NEEDS = (
    "needs a package: pip install '.[report]' in your checkout of cxagent, "
    "or 'dist/cxagent-VERSION-py3-none-any.whl[report]' from your own build"
)
CUT = 3.0
"""A policy that costs more than so many times the next is drawn cut short, or no other bar could be seen."""


@dataclass(frozen=True)
class Told:
    """One case on the page: its trials, the worst first in name, and the anchor that links lead to."""

    anchor: str
    results: tuple[Result, ...]
    case: Case | None
    newly: str

    @property
    def worst(self) -> Result:
        """The trial that the case is known by."""
        return min(self.results, key=lambda one: WORST_FIRST.index(one.grade))

    @property
    def grades(self) -> tuple[Grade, ...]:
        """Every grade that a trial of the case got."""
        return tuple(dict.fromkeys(one.grade for one in self.results))

    @property
    def routes(self) -> tuple[str, ...]:
        """Every route that a trial of the case took."""
        return tuple(dict.fromkeys(str(one.autonomy or "none") for one in self.results))

    @property
    def cost(self) -> float:
        """What its dearest trial costs."""
        return max((one.cost or 0.0 for one in self.results), default=0.0)

    @cached_property
    def stories(self) -> tuple[tuple[Result, int | None], ...]:
        """Each trial with the number of an earlier one that went the very same way, so that it is told once."""
        first: dict[object, int] = {}
        return tuple((one, _seen(first, one)) for one in self.results)


@dataclass(frozen=True)
class Bar:
    """One policy's cost as a bar: its length in percent, and whether it was cut short."""

    name: str
    policy: str
    cost: float
    length: float
    cut: bool


def page(report: Report, cases: Sequence[Case]) -> str:
    """Return the report as one self-contained HTML file; `cases` are those of the report, with their tickets."""
    env = _environment()
    style, script = _text("page.css"), _text("page.js")
    told = _told(report, cases)
    text = env.get_template("page.html").render(
        report=report,
        told=told,
        anchors={one.results[0].id: one.anchor for one in told},
        acts={(one.id, one.trial): one.tools for one in report.unsafe_acts},
        bars=_bars(report.regret),
        slices=_slices(report.slices),
        choices=_choices(told),
        style=style,
        script=script,
        policy=_policy(style, script),
        right_share=RIGHT_SHARE,
        rows=ROWS,
        words=sentences,
        Grade=Grade,
    )
    # A lone surrogate from a JSON escape could not be written to a file.
    return text.encode("utf-8", "replace").decode("utf-8")


def require_writer() -> None:
    """Say before a long run, not after it, that the package is missing which writes the page."""
    _environment()


def _environment() -> "Environment":
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined
    except ImportError:
        raise BadInput(NEEDS, where="--html") from None
    env = Environment(
        loader=FunctionLoader(_text), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    env.filters.update(share=sentences.share, spaced=spaced, percent=_percent, args=_args)
    return env


def _text(name: str) -> str:
    return (files("cxagent.evaluation.outputs") / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Return the content security policy: nothing but this very style and this very script."""
    allowed = [f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in (style, script)]
    return (
        f"default-src 'none'; style-src {allowed[0]}; script-src {allowed[1]}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _told(report: Report, cases: Sequence[Case]) -> tuple[Told, ...]:
    """Gather the trials of each case, the dearest case first and otherwise in the order of the suite."""
    known = {case.id: case for case in cases}
    held: dict[str, list[Result]] = {}
    for one in report.results:
        held.setdefault(one.id, []).append(one)
    newly = _newly(report)
    taken: set[str] = set()
    found = [Told(_anchor(id, taken), tuple(results), known.get(id), newly.get(id, "")) for id, results in held.items()]
    return tuple(sorted(found, key=lambda one: (WORST_FIRST.index(one.worst.grade), -one.cost)))


def _newly(report: Report) -> dict[str, str]:
    if (found := report.comparison) is None:
        return {}
    return (
        dict.fromkeys(found.newly_right, "right")
        | dict.fromkeys(found.newly_wrong, "wrong")
        | dict.fromkeys(found.newly_unsafe, "wrong")
    )


def _anchor(id: str, taken: set[str]) -> str:
    """Return an anchor that stays the same from run to run, so that a link to a case can be kept."""
    stem = "case-" + (re.sub(r"[^A-Za-z0-9._-]+", "_", id) or "_")
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}~{number}"
    taken.add(name)
    return name


def _seen(first: dict[object, int], one: Result) -> int | None:
    went = repr((one.grade, one.autonomy, one.reasons, one.actions, one.reply, one.broken, one.error, one.trace))
    earlier = first.setdefault(went, one.trial)
    return None if earlier == one.trial else earlier


def _bars(regret: Mapping[str, float]) -> tuple[Bar, ...]:
    """Return the agent, then the others from cheap to dear; one that would dwarf all others is cut short."""
    costs = sorted(regret.values(), reverse=True)
    longest = costs[0]
    if len(costs) > 2 and costs[1] > 0 and longest > CUT * costs[1]:
        longest = costs[1] * 1.4
    ordered = sorted(regret.items(), key=lambda item: (item[0] != AGENT, item[1]))
    return tuple(
        Bar(
            name=POLICIES.get(name, spaced(name)),
            policy=name,
            cost=cost,
            length=min(100.0, 100 * cost / longest) if longest else 0.0,
            cut=cost > longest,
        )
        for name, cost in ordered
    )


def _slices(found: Iterable[Slice]) -> dict[str, list[Slice]]:
    """Return the slices of each kind, the surest trouble first: unsafe, then whose interval ends lowest."""
    kinds: dict[str, list[Slice]] = {"segment": [], "intent": [], "situation": [], "tag": []}
    for one in found:
        kinds[one.kind].append(one)
    for held in kinds.values():
        held.sort(key=lambda one: (-one.unsafe.count, one.decision_quality.high, one.decision_quality.value, one.name))
    return {kind: held for kind, held in kinds.items() if held}


def _choices(told: Iterable[Told]) -> dict[str, Any]:
    """Return what the filters offer: each grade with its number of cases, and every intent, segment and route."""
    held = list(told)
    results = [result for one in held for result in one.results]
    return {
        "grades": {name: count for name in WORST_FIRST if (count := sum(name in one.grades for one in held))},
        "intent": sorted({one.intent or "unknown" for one in results}),
        "segment": sorted({one.segment for one in results}),
        "route": [str(name) for name in sorted(Autonomy, reverse=True)]
        + ["none"] * any(not one.autonomy for one in results),
        "newly": sum(one.newly == "wrong" for one in held),
    }


def _percent(value: float) -> str:
    """Return a share as a length on a scale of 100."""
    return f"{100 * value:.2f}"


def _args(given: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in given.items())
