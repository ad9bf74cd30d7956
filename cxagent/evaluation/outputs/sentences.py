"""Sentences: what every output says alike, so that a figure reads the same on a screen, in CI and in a browser."""

import re
import unicodedata
from collections.abc import Iterator

from cxagent.domain.vocabulary import Autonomy
from cxagent.evaluation.grading import Grade
from cxagent.evaluation.scores import comparison
from cxagent.evaluation.scores.ablation import Ablation
from cxagent.evaluation.scores.comparison import Comparison, covered, named
from cxagent.evaluation.scores.costs import AGENT, Stakes
from cxagent.evaluation.scores.interceptions import Interceptions
from cxagent.evaluation.scores.pace import Pace
from cxagent.evaluation.scores.report import Report, Result, Verdict

counted = comparison.counted
ROUTES = (Autonomy.ACT, Autonomy.DRAFT, Autonomy.HANDOFF)
VERDICTS: dict[Verdict, str] = {
    "pass": "Pass",
    "fail": "Fail",
    "not_measured": "Not measured",
    "too_little_evidence": "Too little evidence",
}
SAID = {
    Grade.EXACT: "as the human team wanted",
    Grade.ACCEPTABLE: "another way that is fine too",
    Grade.OVER_REVIEW: "more human than needed",
    Grade.UNDER_ESCALATED: "less human than wanted, not unsafe",
    Grade.UNSAFE: "done alone where nobody wanted it",
    Grade.WRONG_CONTENT: "right route, wrong content",
    Grade.NOT_MEASURED: "nothing is known about the agent here",
}
BROKE_OFF = "broke off"
"""What is said of a trial that an exception ended: it is unsafe, and it was not done alone."""
WORST_FIRST = (
    Grade.UNSAFE,
    Grade.UNDER_ESCALATED,
    Grade.WRONG_CONTENT,
    Grade.NOT_MEASURED,
    Grade.OVER_REVIEW,
    Grade.ACCEPTABLE,
    Grade.EXACT,
)
POLICIES = {
    AGENT: "this agent",
    "always_draft": "a person approving every draft",
    "always_handoff": "people alone",
    "always_act": "the machine alone",
    "baseline": "the baseline",
}
_HIDDEN = frozenset({"Cc", "Cs", "Co", "Zl", "Zp"})
# A sequence that no terminator ends loses its escape character alone, or it would hide the rest of the text.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, the cursor
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x9c|\x1b\\)"  # titles, links
    r"|\x1b[ -/]+[0-~]"  # character sets
)
_COMMAND = re.compile(r"^(\s*):(?=:)")
_MARKED = re.compile(r"#(?=#\w*\[)")
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: object) -> str:
    """Return a text on one line without control and direction characters: no ticket may steer its reader's screen."""
    bare = _ESCAPES.sub("", str(text))
    kept = (" " if unicodedata.category(one) in _HIDDEN or one in _TURNING else one for one in bare)
    return " ".join("".join(kept).split())


def in_json(text: str) -> str:
    """Return JSON that says the same and holds no mark that a runner obeys: JSON may write any sign as its number."""
    return _MARKED.sub(r"\\u0023", text)


def in_markup(text: str) -> str:
    """Return XML or HTML that says the same and holds nothing that a runner obeys."""
    return _MARKED.sub("&#35;", re.sub(r"^([^\S\n]*):(?=:)", r"\1&#58;", text, flags=re.MULTILINE))


def harmless(line: str) -> str:
    """Return a line that no CI system obeys: a runner reads `::` after blanks, and `##[` and its like anywhere."""
    return _MARKED.sub("# ", _COMMAND.sub(r"\1: ", line))


def warned(said: str) -> str:
    """Return a warning as one line that no CI system obeys."""
    return harmless(plain(f"warning: {said}"))


def spaced(name: object) -> str:
    """Return a name of the closed lists as words."""
    return str(name).replace("_", " ")


def share(value: float) -> str:
    """Return a share as percent."""
    return f"{value:.1%}"


def tried(report: Report) -> str:
    """Say how much was tried."""
    times = "once" if report.trials == 1 else f"{report.trials} times"
    return f"{counted(report.cases, 'case')}, each tried {times}"


def costliest(report: Report, most: int | None = None) -> tuple[Result, ...]:
    """Return the results that cost anything, the dearest first and among equals the dangerous."""
    dear = [one for one in report.results if one.cost or one.grade == Grade.UNSAFE]
    dear.sort(key=lambda one: (-(one.cost or 0.0), WORST_FIRST.index(one.grade)))
    return tuple(dear if most is None else dear[:most])


def broken_off(report: Report) -> frozenset[tuple[str, int]]:
    """Return the unsafe trials, by case and number, that an exception ended before a person or a route was reached."""
    failed = {(one.id, one.trial) for one in report.unsafe_acts if one.error}
    tries = (((one.id, one.trial), one) for one in report.results)
    return frozenset(key for key, one in tries if broke_off(one.grade, one.autonomy, key in failed))


def broke_off(grade: Grade, route: Autonomy | None, failed: bool) -> bool:
    """Whether an exception ended a trial before a person or a route was reached."""
    return grade == Grade.UNSAFE and (route is None or (failed and route != Autonomy.HANDOFF))


def meanings(report: Report) -> dict[Grade, str]:
    """Return what each grade means in this run: where trials broke off, unsafe is that as well."""
    unsafe = f"{SAID[Grade.UNSAFE]}, or {BROKE_OFF}" if broken_off(report) else SAID[Grade.UNSAFE]
    return SAID | {Grade.UNSAFE: unsafe}


def went(report: Report) -> str:
    """Say what the unsafe are counted among, and how many of them broke off."""
    count = len(broken_off(report))
    alone = "that went without a person"
    return f"{alone} or {BROKE_OFF}; {count:,} {BROKE_OFF}" if count else alone


def led_there(result: Result) -> str:
    """Say what led to a route: what broke, the error, else the reasons that capped it."""
    caps = ", ".join(spaced(reason) for reason in result.reasons) or "nothing capped it"
    return plain("; ".join(result.broken) or result.error or caps)


def beside_others(stakes: Stakes) -> str:
    """Say which policy is cheapest, and over which prices of an unsafe act that stands."""
    low, high = stakes.stands_from, stakes.stands_to
    floor = low > 1  # no table prices an unsafe act below a needless review
    if floor and high is not None:
        span = f"while an unsafe act costs between {low:.3g} and {counted_reviews(high)}"
    elif floor:
        span = f"while an unsafe act costs more than {counted_reviews(low)}"
    else:
        held = "whatever an unsafe act costs"
        span = held if high is None else f"while an unsafe act costs less than {counted_reviews(high)}"
    name = POLICIES.get(stakes.cheapest, spaced(stakes.cheapest))
    verb = "are" if stakes.cheapest == "always_handoff" else "is"
    return f"{name[0].upper()}{name[1:]} {verb} the cheapest {span} (counted as {stakes.ratio:.3g})"


def counted_reviews(count: float) -> str:
    """Return a cost as a number of needless reviews."""
    return f"{count:.3g} needless {'review' if count == 1 else 'reviews'}"


def break_even(stakes: Stakes) -> Iterator[str]:
    """Say of every policy without an agent over which prices of an unsafe act the agent is cheaper."""
    for rival in stakes.rivals:
        name, even = POLICIES.get(rival.policy, spaced(rival.policy)), rival.break_even
        if even is None or even <= 0:
            where = "always" if rival.agent_is_cheaper in ("always", "above") else "never"
            yield f"{where} cheaper than {name}"
        else:
            more = "more" if rival.agent_is_cheaper == "above" else "less"
            yield f"cheaper than {name} while an unsafe act costs {more} than {counted_reviews(even)}"


def priced_by(stakes: Stakes) -> str:
    """Say whose prices these are."""
    told = "assumed" if stakes.table.assumed else "set"
    return f"prices {told} by {plain(stakes.table.owner)}"


def since(found: Comparison) -> str:
    """Say how decision quality moved since the baseline."""
    shift = found.decision_quality
    return f"{shift.value:+.1%} (95 %: {shift.low:+.1%} to {shift.high:+.1%}) over {counted(found.pairs, 'pair')}"


def compared(found: Comparison) -> str:
    """Say how many cases were compared, and how many were not and why."""
    return covered(found.pairs, found.left_out)


def wrong_apart(found: Comparison, most: int = 5) -> str | None:
    """Name what is wrong now and was not compared."""
    wrong = found.not_compared_wrong
    return f"not compared, and wrong: {named(wrong, most)}" if wrong else None


def newly(found: Comparison, most: int = 3) -> str:
    """Say what broke and what was mended, and name the first of what broke, the unsafe before the others."""
    wrong = tuple(dict.fromkeys((*found.newly_unsafe, *found.newly_wrong)))
    names = f": {plain(named(wrong, most))}" if wrong else ""
    return f"{len(found.newly_right):,} newly right, {len(wrong):,} newly wrong{names}"


def missing(report: Report, most: int = 3) -> str | None:
    """Name the cases that a missing required fact capped although they do not say that one is missing, and the facts.

    Among equals of one suite the facts are often the same, so that cases with the same facts are told together.
    """
    alike: dict[tuple[str, ...], list[str]] = {}
    for id, facts in report.facts_missing.items():
        alike.setdefault(facts, []).append(id)
    told = [f"{named(ids, most)} without {', '.join(facts)}" for facts, ids in alike.items()]
    more = f"; and {len(told) - most} more" if len(told) > most else ""
    return plain("; ".join(told[:most]) + more) if told else None


def stopped(found: Interceptions) -> Iterator[str]:
    """Say what the context audit stopped, what was at stake, and what a replay without it would have cost."""
    loss, accounts = found.loss, counted(found.accounts, "account")
    worth = ", ".join(map(str, found.stake)) or "nobody knows how much"
    yield f"{counted(len(found.found), 'mistake')} at {accounts} worth {worth}" if found.found else "nothing"
    lost = loss.lost_per_100_tickets
    dearer = f"{lost} more per 100 tickets" if lost else f"{loss.cost - loss.cost_with_audit:.2f} reviews more a ticket"
    yield f"without it {loss.unsafe} unsafe instead of {loss.unsafe_with_audit}, and errors cost {dearer}"


def quickly(pace: Pace) -> str:
    """Say how quickly the run went, beside the graph alone."""
    told = f"{counted(pace.trials, 'trial')} in {pace.seconds:.1f} s"
    if pace.per_second is None:
        return told
    told = f"{told}: {pace.per_second:.0f} a second with {counted(pace.processes, 'process', 'processes')}"
    return told if pace.bare_per_second is None else f"{told}; the graph alone would do {pace.bare_per_second:.0f}"


def taken_away(found: Ablation) -> str:
    """Say what taking facts away did; a route that loosened is a defect."""
    routes = counted(found.twins, "route")
    return f"{len(found.loosened) or 'none'} of {routes} became autonomous without a required fact"
