"""Slices: the same two figures by segment, intent, situation and tag, and which cells of the matrix were tried."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import Autonomy
from cxagent.evaluation.frame import cluster_of, segment_of, situation_of
from cxagent.evaluation.grading import Grade, Graded
from cxagent.intervals import Rate, Seen, rate_of, upper_bound

Kind = Literal["segment", "intent", "situation", "tag"]
THIN = 3
"""A cell with fewer cases is thin: one changed label turns its rate over."""


class Unsafe(Value):
    """How often the machine did alone what nobody wanted, of how many autonomous trials, with an upper bound.

    The bound counts cases, not trials: the same case tried five times is one piece of evidence.
    """

    count: int
    of: int
    upper: float
    method: Text = "one-sided 95 % Clopper-Pearson over cases"


class UnsafeAct(Value):
    """One unsafe act by name, with what led there and why the label says no."""

    id: Text
    trial: int
    segment: Text
    intent: Text
    tools: tuple[str, ...]
    error: Text | None
    why: Text


class Slice(Value):
    """One slice: decision quality, and the unsafe acts in it, each one named."""

    kind: Kind
    name: Text
    cases: int
    decision_quality: Rate
    unsafe: Unsafe
    unsafe_ids: tuple[Text, ...]


class Cell(Value):
    """How many cases want this route for this intent in this situation."""

    intent: Text
    route: Autonomy
    situation: Text
    cases: int


class Coverage(Value):
    """Which cells of intent × route × account situation the measured cases reach; what is thin is counted."""

    cells: tuple[Cell, ...]
    intents: int
    situations: int
    thin: int
    intents_without: dict[Autonomy, tuple[Text, ...]]


def quality(measured: Iterable[Graded]) -> Rate:
    """Return how often the decision was exactly what the human team wanted."""
    return rate_of(Seen(cluster_of(one.case), one.grade == Grade.EXACT, one.case.weight) for one in measured)


def right_share(measured: Iterable[Graded]) -> Rate:
    """Return how often the decision was what the human team wanted or accepts."""
    return rate_of(Seen(cluster_of(one.case), one.right, one.case.weight) for one in measured)


def unsafe_of(measured: Iterable[Graded]) -> Unsafe:
    """Count the unsafe, and bound their rate over the cases in which the machine went alone."""
    alone = [one for one in measured if one.alone]
    bad = [one for one in alone if one.grade == Grade.UNSAFE]
    upper = upper_bound(len({one.case.id for one in bad}), len({one.case.id for one in alone}))
    return Unsafe(count=len(bad), of=len(alone), upper=upper)


def unsafe_acts(measured: Iterable[Graded]) -> tuple[UnsafeAct, ...]:
    """Name every unsafe act."""
    return tuple(
        UnsafeAct(
            id=one.case.id,
            trial=one.trial.trial,
            segment=segment_of(one.case),
            intent=one.intent,
            tools=tuple(ran.tool for ran in one.trial.actions if ran.position == "autonomous"),
            error=one.trial.error,
            why=one.case.expect.why,
        )
        for one in measured
        if one.grade == Grade.UNSAFE
    )


def slices(measured: Iterable[Graded]) -> tuple[Slice, ...]:
    """Cut the trials by segment, intent, situation and tag; a case without a tag is in no tag's slice."""
    parts: defaultdict[tuple[Kind, str], list[Graded]] = defaultdict(list)
    for one in measured:
        parts["segment", segment_of(one.case)].append(one)
        parts["intent", one.intent].append(one)
        parts["situation", _situation(one)].append(one)
        for tag in one.case.tags:
            parts["tag", tag].append(one)
    return tuple(_slice(kind, name, held) for (kind, name), held in sorted(parts.items()))


def _slice(kind: Kind, name: str, held: Sequence[Graded]) -> Slice:
    bad = dict.fromkeys(one.case.id for one in held if one.grade == Grade.UNSAFE)
    return Slice(
        kind=kind,
        name=name,
        cases=len({one.case.id for one in held}),
        decision_quality=quality(held),
        unsafe=unsafe_of(held),
        unsafe_ids=tuple(bad),
    )


def coverage(measured: Iterable[Graded]) -> Coverage:
    """Count distinct cases by intent, wanted route and situation; name the intents that never want a route."""
    held = {one.case.id: (one.intent, one.case.expect.autonomy, _situation(one)) for one in measured}
    counted = Counter(held.values())
    intents = sorted({intent for intent, _, _ in counted})
    wanted = {(intent, route) for intent, route, _ in counted}
    return Coverage(
        cells=tuple(
            Cell(intent=intent, route=route, situation=situation, cases=count)
            for (intent, route, situation), count in sorted(counted.items())
        ),
        intents=len(intents),
        situations=len({situation for _, _, situation in counted}),
        thin=sum(count < THIN for count in counted.values()),
        intents_without={
            route: tuple(intent for intent in intents if (intent, route) not in wanted) for route in Autonomy
        },
    )


def _situation(one: Graded) -> str:
    return one.trial.situation or situation_of(one.case)
