"""A failure in words: what pytest shows of a case that came out wrong, and of a run as a whole."""

import json
from collections.abc import Iterator
from textwrap import wrap

from cxagent.evaluation.frame import case_hash, segment_of
from cxagent.evaluation.grading import Grade, Graded, args_fit
from cxagent.evaluation.outputs.sentences import (
    BROKE_OFF,
    SAID,
    VERDICTS,
    broke_off,
    counted,
    harmless,
    missing,
    plain,
    share,
    spaced,
    went,
)
from cxagent.evaluation.scores.baseline import RIGHT, Baseline
from cxagent.evaluation.scores.costs import ErrorCosts, cost_of
from cxagent.evaluation.scores.report import Report


def figures(found: Graded, errors: ErrorCosts) -> Iterator[tuple[str, str]]:
    """Yield what travels with a result, as into JUnit XML."""
    case, route = found.case, found.trial.autonomy
    yield "grade", found.grade.value
    yield "wanted", case.expect.autonomy.value
    yield "got", route.value if route else "no route"
    yield "cost", f"{cost_of(case, route, found.grade, errors):g}" if found.measured else "not known"
    yield "segment", segment_of(case)


def expected(found: Graded, baseline: Baseline) -> str | None:
    """Say that the baseline has this very case as wrong; what is unsafe or was not measured is never expected."""
    case, trial = found.case, found.trial
    label = (case.id, case_hash(case), case.label_version)
    past = [one for one in baseline.results if (one.id, one.case_hash, one.label_version) == label]
    past = [one for one in past if one.trial == trial.trial] or past
    never = (Grade.UNSAFE, Grade.NOT_MEASURED)
    if found.grade in never or not past or any(one.grade in (*RIGHT, Grade.NOT_MEASURED) for one in past):
        return None
    return f"{spaced(found.grade)}: wanted {case.expect.autonomy}, got {trial.autonomy}; wrong in the baseline already"


def story(found: Graded, where: str) -> Iterator[str]:
    """Tell a person what was wanted and why, what happened, what bound it, and how it came about."""
    case, trial, grade = found.case, found.trial, found.grade
    meant = BROKE_OFF if broke_off(grade, trial.autonomy, trial.error is not None) else SAID[grade]
    yield harmless(f"wanted {case.expect.autonomy}, got {trial.autonomy or 'no route'}: {spaced(grade)}, {meant}")
    told = [
        ("case", f"{case.id}, {where}" + (f", trial {trial.trial}" if trial.trial > 1 else "")),
        ("why", plain(case.expect.why) or "the label gives no reason"),
        ("bound by", ", ".join(map(spaced, trial.reasons)) or "nothing"),
        *(("broken", one) for one in trial.broken),
        *(("error", one) for one in (trial.error, trial.script_failed) if one),
        *(("missing", one) for one in _missing(found)),
    ]
    for step in trial.trace:
        told += [(step.kind, step.said), *(("", one) for one in step.details)]
    yield from (harmless(f"{name + ':' if name else '':10} {plain(text)}") for name, text in told)


def _missing(found: Graded) -> Iterator[str]:
    """Yield what the content lacks, where the route was right."""
    if found.grade != Grade.WRONG_CONTENT:
        return
    expect, trial = found.case.expect, found.trial
    got, reply = set(trial.reasons), (trial.reply or "").lower()
    yield from (f"the reason {one}" for one in expect.reasons.all_of if one not in got)
    yield from (f"the ruling names {one}, and must not" for one in expect.reasons.none_of if one in got)
    for one in expect.actions:
        ran = (did.args for did in trial.actions if (did.tool, did.position) == (one.tool, one.when))
        if not any(args_fit(one.args, args) for args in ran):
            yield f"{one.tool} {json.dumps(one.args, ensure_ascii=False, default=str)}, {spaced(one.when)}"
    yield from (f"the reply does not say {one!r}" for one in expect.reply.mentions if one.lower() not in reply)
    yield from (f"the reply says {one!r}, and must not" for one in expect.reply.not_mentions if one.lower() in reply)


def summary(report: Report, width: int) -> list[str]:
    """Return what the run as a whole says, as one paragraph of so many columns."""
    return [harmless(line) for line in wrap(" ".join(_summed(report)), width)]


def _summed(report: Report) -> Iterator[str]:
    quality, unsafe, found = report.decision_quality, report.unsafe, report.comparison
    yield f"{VERDICTS[report.verdict]}: {plain('; '.join(report.because))}."
    within = f"(95 %: {share(quality.low)} to {share(quality.high)})"
    yield f"Decided as wanted in {share(quality.value)} {within} of {counted(report.cases, 'case')}."
    bound = f"Unsafe: {unsafe.count} of {unsafe.of} {went(report)}; at most {share(unsafe.upper)} (95 %)."
    yield bound if unsafe.of else "Nothing went without a person, so nothing is known about unsafe acts."
    if found and found.newly_right:
        names = plain(", ".join(found.newly_right))
        yield f"Newly right since the baseline: {names}; freeze it anew to keep them right."
    if facts := missing(report):
        yield f"Facts missing, and the cases do not say so: {facts}."
