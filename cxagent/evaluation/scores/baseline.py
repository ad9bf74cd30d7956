"""The baseline: an earlier report, and which of its cases can be paired with a run: same id, same hash, same label."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, ValidationError

from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import Autonomy
from cxagent.errors import BadInput
from cxagent.evaluation.case import Case
from cxagent.evaluation.document import read_json
from cxagent.evaluation.frame import case_hash
from cxagent.evaluation.grading import Grade, Graded
from cxagent.evaluation.scores.costs import ErrorCosts, cost_of
from cxagent.playbook import explain
from cxagent.sources.document import read_text

RIGHT = (Grade.EXACT, Grade.ACCEPTABLE)
Left = Literal["new", "label_changed", "case_changed", "no_hash", "not_measured", "gone"]
"""Why a case of either run has no pair."""


class Past(Value):
    """One result of an earlier report, as far as a comparison needs it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Text
    trial: int = 1
    autonomy: Autonomy | None = None
    grade: Grade
    case_hash: Text | None = None
    label_version: int | None = None


class Baseline(Value):
    """An earlier report, `cxagent.report/1`, as far as a comparison needs it."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    schema_: Annotated[Literal["cxagent.report/1"], Field(alias="schema")] = "cxagent.report/1"
    suite: tuple[Text, ...] = ()
    agent_version: Text = ""
    playbook_version: Text = ""
    results: tuple[Past, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Pair:
    """One case now and then: the share of its common trials that was right, and their mean cost."""

    case: Case
    now: float
    then: float
    cost_now: float
    cost_then: float

    @property
    def shift(self) -> float:
        """How much more often the case is right now."""
        return self.now - self.then

    @property
    def newly_wrong(self) -> bool:
        """Whether most trials were right then and no longer are."""
        return self.then > 0.5 >= self.now

    @property
    def newly_right(self) -> bool:
        """Whether most trials are right now and were not then."""
        return self.now > 0.5 >= self.then


@dataclass(frozen=True)
class Joined:
    """A run and its baseline, case by case: the pairs, what could not be paired and why, what is gone.

    `left` says the why in a word of the closed list, `not_compared` in a sentence.
    """

    pairs: tuple[Pair, ...]
    left: dict[str, Left]
    not_compared: dict[str, str]
    newly_unsafe: tuple[str, ...]
    gone: tuple[str, ...]


def load_baseline(path: Path) -> Baseline:
    """Read an earlier report; `BadInput` names the file and the field that is wrong."""
    try:
        return Baseline.model_validate(read_json(read_text(path), path))
    except ValidationError as error:
        raise BadInput(f"not a report: {explain(error)}", where=str(path)) from None


def _by_case(graded: Iterable[Graded]) -> dict[str, list[Graded]]:
    found: defaultdict[str, list[Graded]] = defaultdict(list)
    for one in graded:
        found[one.case.id].append(one)
    return dict(found)


def _by_id(results: Iterable[Past]) -> dict[str, list[Past]]:
    found: defaultdict[str, list[Past]] = defaultdict(list)
    for one in results:
        found[one.id].append(one)
    return dict(found)


def join(graded: Iterable[Graded], baseline: Baseline, errors: ErrorCosts) -> Joined:
    """Pair what can be paired, and say of every other case why not; unsafe now and not then is newly unsafe."""
    now, then = _by_case(graded), _by_id(baseline.results)
    pairs: list[Pair] = []
    left: dict[str, Left] = {}
    said: dict[str, str] = {}
    unsafe: list[str] = []
    for id, held in now.items():
        case, past = held[0].case, then.get(id, [])
        why = _unlike(case, past)
        if why is None and _any_unsafe(one.grade for one in held) and not _any_unsafe(one.grade for one in past):
            unsafe.append(id)
        pair = None if why else _pair(case, held, past, errors)
        if pair is not None:
            pairs.append(pair)
        else:
            left[id] = why or "not_measured"
            said[id] = _sentence(left[id], case, past)
    gone = tuple(id for id in then if id not in now)
    return Joined(pairs=tuple(pairs), left=left, not_compared=said, newly_unsafe=tuple(unsafe), gone=gone)


def _unlike(case: Case, past: Sequence[Past]) -> Left | None:
    """Return why a case is not the one of the baseline, the first that holds."""
    if not past:
        return "new"
    if past[0].case_hash is None:
        return "no_hash"
    if past[0].label_version != case.label_version:
        return "label_changed"
    return None if past[0].case_hash == case_hash(case) else "case_changed"


def _sentence(why: Left, case: Case, past: Sequence[Past]) -> str:
    if why == "label_changed":
        return f"its label changed from version {past[0].label_version} to {case.label_version}"
    return {
        "new": "new: the baseline does not have it",
        "no_hash": "the baseline has no hash of it: freeze the baseline again",
        "case_changed": "the case changed under the same label version",
        "not_measured": "no trial was measured both then and now",
        "gone": "gone: this run does not have it",
    }[why]


def _any_unsafe(grades: Iterable[Grade]) -> bool:
    return Grade.UNSAFE in set(grades)


def _pair(case: Case, held: Sequence[Graded], past: Sequence[Past], errors: ErrorCosts) -> Pair | None:
    """Pair the trials that both runs measured, by number, so that neither has more tries than the other."""
    before = {one.trial: one for one in past if one.grade != Grade.NOT_MEASURED}
    both = [(one, before[one.trial.trial]) for one in held if one.measured and one.trial.trial in before]
    if not both:
        return None
    count = len(both)
    return Pair(
        case=case,
        now=sum(one.right for one, _ in both) / count,
        then=sum(old.grade in RIGHT for _, old in both) / count,
        cost_now=sum(cost_of(case, one.trial.autonomy, one.grade, errors) for one, _ in both) / count,
        cost_then=sum(cost_of(case, old.autonomy, old.grade, errors) for _, old in both) / count,
    )
