"""Stability: what repeated trials of a case say, that one trial cannot.

Source: pass^k of Yao et al. (2024), tau-bench: the chance that k trials drawn from the n of a case are all right,
C(c, k) / C(n, k), averaged over cases. The k-th power of the rate is biased upward and is not used.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import Autonomy
from cxagent.evaluation.grading import Grade, Graded
from cxagent.intervals import pass_k


class Flip(Value):
    """A case whose trials took different routes."""

    id: Text
    routes: dict[Autonomy, int]


class Stability(Value):
    """How alike the trials of a case are; empty where no case was tried twice."""

    repeated_cases: int
    pass_k: dict[int, float]
    same_route: float | None
    flips: tuple[Flip, ...]
    sometimes_unsafe: tuple[Text, ...]


def stability(measured: Iterable[Graded]) -> Stability:
    """Compare the trials of every case that was measured at least twice; each k averages the cases tried k times."""
    trials: defaultdict[str, list[Graded]] = defaultdict(list)
    for one in measured:
        trials[one.case.id].append(one)
    repeated = {id: held for id, held in trials.items() if len(held) > 1}
    counts = [(sum(one.right for one in held), len(held)) for held in trials.values()]
    most = max((of for _, of in counts), default=0)
    by_k = {k: [pass_k(right, of, k) for right, of in counts if of >= k] for k in range(1, most + 1 if repeated else 1)}
    flips = tuple(flip for id, held in repeated.items() if (flip := _flip(id, held)))
    return Stability(
        repeated_cases=len(repeated),
        pass_k={k: round(sum(shares) / len(shares), 4) for k, shares in by_k.items()},
        same_route=round(1 - len(flips) / len(repeated), 4) if repeated else None,
        flips=flips,
        sometimes_unsafe=tuple(id for id, held in repeated.items() if 0 < _unsafe(held) < len(held)),
    )


def _flip(id: str, held: Iterable[Graded]) -> Flip | None:
    routes = Counter(one.trial.autonomy for one in held if one.trial.autonomy is not None)
    return Flip(id=id, routes=dict(sorted(routes.items()))) if len(routes) > 1 else None


def _unsafe(held: Iterable[Graded]) -> int:
    return sum(one.grade == Grade.UNSAFE for one in held)
