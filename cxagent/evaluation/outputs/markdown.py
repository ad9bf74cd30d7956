"""Markdown: the report as the summary of a CI job, a screenful, with the details folded."""

import re
from collections.abc import Iterable, Iterator, Sequence

from cxagent.evaluation.grading import Grade
from cxagent.evaluation.outputs.sentences import (
    BROKE_OFF,
    POLICIES,
    ROUTES,
    VERDICTS,
    beside_others,
    broken_off,
    compared,
    costliest,
    counted,
    led_there,
    meanings,
    missing,
    plain,
    priced_by,
    share,
    since,
    spaced,
    stopped,
    tried,
)
from cxagent.evaluation.scores.report import Report, Verdict

MARKS: dict[Verdict, str] = {"pass": "✅", "fail": "❌", "not_measured": "⚠️", "too_little_evidence": "⚠️"}
NAMED = 20
"""So many names are written out; the JSON report has them all."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]#|~$])")
_NAME = re.compile(r"[\w.:/+-]+")
_LIVE = re.compile(r"@|://|www\.", re.IGNORECASE)


def markdown(report: Report) -> str:
    """Return the summary: the verdict, four figures, what is unsafe, what changed, and the tables folded."""
    blocks = (_head, _figures, _unsafe, _compared, _missing, _dear, _folded)
    return "\n".join(line for block in blocks for line in block(report)) + "\n"


def cell(text: object) -> str:
    """Return a text that stays text: no table, no HTML, no link, no mention comes of it."""
    shown = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    shown = _SPECIAL.sub(r"\\\1", shown)
    # A zero-width space after the mark keeps a ticket from linking or calling anybody from a pull request.
    return _LIVE.sub(lambda found: found[0] + "\u200b", shown)


def _head(report: Report) -> Iterator[str]:
    yield f"## {MARKS[report.verdict]} {VERDICTS[report.verdict]}: {tried(report)}"
    yield ""
    yield from (f"- {cell(one)}" for one in report.because)
    yield ""


def _figures(report: Report) -> Iterator[str]:
    off = len(broken_off(report))
    bound = f"at most {share(report.unsafe.upper)}" + (f"; {off:,} {BROKE_OFF}" if off else "")
    quality, unsafe, over, top = report.decision_quality, report.unsafe, report.over_review, report.ceiling
    people = f"; people agree among themselves in {share(top.raw)}" if top.raw is not None else ""
    money = f", {over.money}" if over.money else ""
    costs = ", ".join(f"{POLICIES.get(name, spaced(name))} {value:.2f}" for name, value in report.regret.items())
    whose = f" ({cell(priced_by(report.stakes))})" if report.stakes else ""
    between = f"{share(quality.low)} to {share(quality.high)}{people}"
    yield from _table(
        ("", "", "how sure, and beside what"),
        (
            ("**Decided as wanted**", f"**{share(quality.value)}**", between),
            ("**Unsafe alone**", f"**{unsafe.count} of {unsafe.of}**", bound),
            ("**Needless reviews**", f"**{over.count} of {over.of}**", f"{over.hours:g} hours{money}"),
            ("**Cost a ticket**", f"**{report.regret['agent']:.2f}**", f"in needless reviews{whose}: {costs}"),
        ),
    )


def _unsafe(report: Report) -> Iterator[str]:
    if not report.unsafe_acts:
        return
    yield f"### {counted(len(report.unsafe_acts), 'unsafe act')}"
    yield ""
    off = broken_off(report)
    for one in report.unsafe_acts[:NAMED]:
        alone = BROKE_OFF if (one.id, one.trial) in off else "went alone"
        did = f"ran {', '.join(map(_code, one.tools))}" if one.tools else alone
        did += f", then {BROKE_OFF}" if one.tools and alone == BROKE_OFF else ""
        trouble = f" ({cell(one.error)})" if one.error else ""
        who = f"{_code(one.id)}, {cell(spaced(one.segment))}, {cell(spaced(one.intent))}"
        yield f"- {who}: {did}{trouble}. {cell(one.why)}"
    yield from _more(len(report.unsafe_acts))
    yield ""


def _compared(report: Report) -> Iterator[str]:
    if (found := report.comparison) is None:
        return
    yield f"**Since the baseline** ({cell(found.agent_version)}): {since(found)}."
    yield f"Cases: {compared(found)}."
    yield ""
    apart = ("Not compared, and wrong", found.not_compared_wrong)
    for said, ids in (("Newly wrong", found.newly_wrong), apart, ("Newly right", found.newly_right)):
        if ids:
            more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
            yield f"- {said} ({len(ids)}): {', '.join(map(_code, ids[:NAMED]))}{more}"
    yield ""


def _missing(report: Report) -> Iterator[str]:
    if facts := missing(report):
        yield f"**Facts missing**, and the cases do not say so: {cell(facts)}."
        yield ""


def _dear(report: Report) -> Iterator[str]:
    if not (dear := costliest(report, 10)):
        return
    yield "### The costliest"
    yield ""
    yield from _table(
        ("case", "grade", "wanted", "got", "cost", "what led there"),
        (
            (
                _code(one.id),
                _grade(one.grade),
                one.wanted,
                one.autonomy or "none",
                f"{one.cost or 0:g}",
                cell(led_there(one)),
            )
            for one in dear
        ),
        right=(4,),
    )


def _folded(report: Report) -> Iterator[str]:
    yield from _fold("Grades, and wanted against got", (*_grades(report), *_confusion(report)))
    if report.interceptions is not None:
        yield from _fold("What the context audit stopped", [f"- {cell(one)}" for one in stopped(report.interceptions)])
    if report.stakes is not None:
        yield from _fold("Beside policies without an agent", [f"{cell(beside_others(report.stakes))}."])
    if report.not_measured:
        held = list(report.not_measured.items())
        lines = [f"- {_code(id)}: {cell(why)}" for id, why in held[:NAMED]]
        yield from _fold(f"Not measured: {counted(len(held), 'case')}", (*lines, *_more(len(held))))
    yield f"<sub>agent {cell(report.agent_version)}, playbook {cell(report.playbook_version)}</sub>"


def _grades(report: Report) -> Iterator[str]:
    said = meanings(report)
    held = ((_grade(name), str(count), said[name]) for name, count in report.grades.items() if count)
    yield from _table(("grade", "trials", "meaning"), held, right=(1,))


def _confusion(report: Report) -> Iterator[str]:
    rows = ((f"**{wanted}**", *(str(report.confusion[wanted][got]) for got in ROUTES)) for wanted in ROUTES)
    yield from _table(("wanted \\ got", *ROUTES), rows, right=(1, 2, 3))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "|".join(" ---: " if place in right else " --- " for place in range(len(head))) + "|"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _fold(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield from (f"<details><summary>{title}</summary>", "", *lines, "", "</details>", "")


def _more(count: int) -> Iterator[str]:
    if count > NAMED:
        yield f"- and {count - NAMED} more; the JSON report has them all"


def _grade(name: Grade) -> str:
    return f"**{spaced(name)}**" if name == Grade.UNSAFE else spaced(name)


def _code(text: object) -> str:
    """Return a name as code; the plain form breaks on a backtick or a pipe, the other one holds everything."""
    shown = plain(text)
    return f"`{shown}`" if _NAME.fullmatch(shown) else f"<code>{cell(shown)}</code>"
