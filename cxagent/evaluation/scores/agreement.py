"""The ceiling of agreement: how far people agree among themselves on labelled cases, and the agent with one of them."""

from collections.abc import Iterable
from datetime import UTC, datetime

from cxagent.agreement import ac1_of_many, alpha, ordinal, pairwise, rounded
from cxagent.domain.value import Value
from cxagent.domain.vocabulary import Autonomy
from cxagent.evaluation.case import Case, Label

ROUTES = tuple(sorted(Autonomy))
"""Handoff, draft, act: the order that the weights speak of."""


class Ceiling(Value):
    """How far people agree among themselves, and the agent with one of them: no agent can be asked for more."""

    cases: int
    people: int
    raw: float | None
    ac1: float | None
    alpha: float | None
    agent_with_one_person: float | None
    left_out_not_blind: int


def ceiling(cases: Iterable[Case], routes: dict[str, Autonomy]) -> Ceiling:
    """Measure the agreement of people over cases that several labelled, and of the agent's routes with each of them."""
    people: set[str] = set()
    units, seen_before, agent = [], 0, []
    for case in cases:
        blind = _latest(label for label in case.labels if label.blind is not False)
        seen_before += sum(label.blind is False for label in case.labels)
        if len(blind) < 2:
            continue
        people.update(label.by for label in blind)
        units.append([label.autonomy.rank for label in blind])
        if case.id in routes:
            agent.append(sum(label.autonomy == routes[case.id] for label in blind) / len(blind))
    return Ceiling(
        cases=len(units),
        people=len(people),
        raw=rounded(pairwise(units)),
        ac1=rounded(ac1_of_many(units, [route.rank for route in ROUTES])),
        alpha=rounded(alpha(units, ordinal)),
        agent_with_one_person=rounded(sum(agent) / len(agent) if agent else None),
        left_out_not_blind=seen_before,
    )


def _latest(labels: Iterable[Label]) -> list[Label]:
    """Keep one label a person, the latest: nobody agrees with oneself."""
    undated = datetime.min.replace(tzinfo=UTC)
    return list({label.by: label for label in sorted(labels, key=lambda one: one.at or undated)}.values())
