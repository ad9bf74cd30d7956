"""The report on a terminal: one screen of 80 columns that a leader can read, the dangerous first."""

from collections.abc import Iterator
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

from cxagent.evaluation.grading import Grade
from cxagent.evaluation.outputs.sentences import (
    BROKE_OFF,
    ROUTES,
    VERDICTS,
    WORST_FIRST,
    beside_others,
    broken_off,
    compared,
    costliest,
    harmless,
    led_there,
    missing,
    newly,
    plain,
    quickly,
    share,
    since,
    spaced,
    stopped,
    taken_away,
    tried,
    went,
    wrong_apart,
)
from cxagent.evaluation.scores.costs import AGENT, Stakes
from cxagent.evaluation.scores.report import Report, Result

if TYPE_CHECKING:
    from rich.text import Text

WIDTH = 80
LABEL = 20
SHOWN = 3
"""So many of the costliest fit on the screen; every output with more room has more."""
UNSAFE = "Unsafe alone"
COLOURS = {"pass": "green", "fail": "red"}
Line = tuple[tuple[str, str], ...]
BLANK: Line = (("", ""),)


def show(report: Report, aside: bool = False) -> None:
    """Print the report; aside, on standard error, where standard output belongs to somebody else."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, stderr=aside)
    for line in lines(report):
        console.print(line)


def lines(report: Report) -> "Iterator[Text]":
    """Yield the screen line by line, none wider than 80 columns."""
    from rich.text import Text

    for parts in _told(report):
        whole = "".join(text for text, _ in parts)
        # A line that a runner would obey is no line of ours: it loses its colours with its command.
        line = Text.assemble(*parts) if harmless(whole) == whole else Text(harmless(whole))
        line.truncate(WIDTH, overflow="ellipsis")
        yield line


def _told(report: Report) -> Iterator[Line]:
    """Yield each line as parts with their styles: the verdict, the figures, the tables, what was dear."""
    versions = plain(f"agent {report.agent_version}, playbook {report.playbook_version}")
    chip, head = f" {VERDICTS[report.verdict].upper()} ", f"  {tried(report)}"
    together = len(f"{chip}{head}, {versions}") <= WIDTH
    style = f"bold reverse {COLOURS.get(report.verdict, 'yellow')}"
    yield (chip, style), (f"{head}, {versions}" if together else head, "bold")
    if not together:
        yield ((versions, "dim"),)
    for said in report.because:
        yield from (((line, ""),) for line in _wrapped(said, WIDTH, most=2))
    yield BLANK
    for label, text in _figures(report):
        style = "bold red" if label == UNSAFE and report.unsafe.count else ""
        for number, line in enumerate(_wrapped(text, WIDTH - LABEL, most=4)):
            yield (f"{'' if number else label:{LABEL}}", "bold"), (line, style)
    yield BLANK
    yield from _tables(report)
    yield from _dear(report)


def _wrapped(text: str, width: int, most: int | None = None) -> list[str]:
    return wrap(plain(text), width, max_lines=most, placeholder=" …") or [""]


def _figures(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the label of each figure and its sentence; what a run does not have is left out."""
    yield "Decided as wanted", _quality(report)
    unsafe, over = report.unsafe, report.over_review
    bound = f"{unsafe.count} of {unsafe.of} {went(report)}; at most {share(unsafe.upper)} (95 %)"
    yield UNSAFE, bound if unsafe.of else "nothing went without a person"
    priced = f", {over.money}" if over.money else ""
    yield "Needless reviews", f"{over.count} of {over.of}: {over.hours:g} hours{priced}"
    if report.stakes is not None:
        yield "Errors cost", _costs(report, report.stakes)
        yield "", beside_others(report.stakes)
    if (found := report.comparison) is not None:
        yield "Since the baseline", since(found)
        yield "", newly(found)
        yield "", compared(found)
        if wrong := wrong_apart(found):
            yield "", wrong
    if facts := missing(report):
        yield "Facts missing", facts
    if report.interceptions is not None:
        first, second = stopped(report.interceptions)
        yield "The audit stopped", f"{first}; {second}"
    if report.ablation is not None:
        yield "With a fact less", taken_away(report.ablation)
    if report.pace is not None:
        yield "Pace", quickly(report.pace)


def _quality(report: Report) -> str:
    """Say how often the decision was as wanted, and how far people agree where several said what they want."""
    quality, people = report.decision_quality, report.ceiling.raw
    if not report.over_review.of:
        return "nothing was measured"
    told = f"{share(quality.value)} (95 %: {share(quality.low)} to {share(quality.high)})"
    return told if people is None else f"{told}; people agree in {share(people)}"


def _costs(report: Report, stakes: Stakes) -> str:
    """Say what errors cost beside people alone and the machine alone, in money where an hour has a price."""
    step = stakes.table.errors.over_review
    cost = {name: report.regret[name] for name in (AGENT, "always_handoff", "always_act")}
    money = {name: stakes.table.money(100 * value / step) for name, value in cost.items()}
    told = {name: f"{one.currency} {one.amount:,.0f}" for name, one in money.items() if one}
    unit = "per 100 tickets" if told else "needless reviews a ticket"
    mine, people, machine = told.values() if told else (f"{value:.2f}" for value in cost.values())
    assumed = ", as assumed" if stakes.table.assumed else ""
    return f"{mine} {unit}{assumed}; people alone would cost {people}, the machine alone {machine}"


def _tables(report: Report) -> Iterator[Line]:
    """Yield the grades on the left and the routes on the right."""
    left = ["Grades", *(f"{report.grades[name]:6,}  {spaced(name)}" for name in WORST_FIRST if report.grades[name])]
    right = ["Wanted \\ got" + "".join(f"{route.value:>9}" for route in ROUTES)]
    for wanted in ROUTES:
        right.append(f"{wanted.value:12}" + "".join(f"{report.confusion[wanted][got]:9,}" for got in ROUTES))
    for number, (one, other) in enumerate(zip_longest(left, right, fillvalue="")):
        danger = one.endswith("unsafe")
        yield (f"{one:36}", "bold red" if danger else "" if number else "bold"), (other, "" if number else "bold")


def _dear(report: Report) -> Iterator[Line]:
    """Yield the costliest by name, each with what led there and why the label says otherwise."""
    dear = costliest(report)
    if not dear:
        return
    yield BLANK
    yield (("The costliest", "bold"),)
    off = broken_off(report)
    for one in dear[:SHOWN]:
        yield ((f"  {_named(one, (one.id, one.trial) in off)}", "red" if one.grade == Grade.UNSAFE else ""),)
        yield ((f"      {plain(one.why) or plain(one.subject)}", "dim"),)
    if len(dear) > SHOWN:
        yield ((f"  and {len(dear) - SHOWN} more; --html FILE and --json FILE have them all", "dim"),)


def _named(one: Result, off: bool) -> str:
    numbered = f" (trial {one.trial})" if one.trial > 1 else ""
    route = one.autonomy or "none"
    what = f"{spaced(one.grade)}, {BROKE_OFF}" if off else spaced(one.grade)
    return f"{what}: {plain(one.id)}{numbered}, wanted {one.wanted}, got {route}: {led_there(one)}"
