"""Second looks: each week QA reads decided drafts again without seeing the first verdict, and agreement is counted.

Each Monday's draw is the same whoever asks: it depends on the week, the person and the drafts alone.
"""

import hashlib
from datetime import date, timedelta
from typing import Any

from cxagent.agent import Agent
from cxagent.domain.review import REASONS, Severity, Verdict
from cxagent.domain.value import Text, Value
from cxagent.errors import BadInput, Refused
from cxagent.inbox.people import QA, Person
from cxagent.ledger import second_looks

A_WEEK = 5
"""How many decided drafts one person of QA reads again in a week."""


class Opinion(Value):
    """What a second person would have decided: a verdict, and where it is no approval, a code and a weight."""

    verdict: Verdict
    reason: Text | None = None
    severity: Severity | None = None
    goal_met: bool | None = None
    note: Text | None = None


def draw(agent: Agent, me: Person, today: date) -> list[dict[str, Any]]:
    """Return the drafts that a person of QA is to read again: last week's decisions, and what is left from before."""
    _qa(me)
    monday = today - timedelta(days=today.weekday())
    with agent.store.write("second looks") as connection:
        last_week = second_looks.decided(connection, monday - timedelta(days=7), monday)
        drawn = sorted(last_week, key=lambda one: hashlib.sha256(f"{monday} {me.name} {one}".encode()).hexdigest())
        second_looks.assign(connection, me.name, drawn[:A_WEEK], monday + timedelta(days=6))
        return second_looks.due(connection, me.name)


def record(agent: Agent, me: Person, look_id: str, opinion: Opinion) -> None:
    """Record a second opinion, once; what is no approval names a code and a weight, never words alone."""
    _qa(me)
    if opinion.verdict != "approve" and (opinion.reason not in REASONS or opinion.severity is None):
        raise BadInput(
            "choose a reason code and how bad it would have been; words alone are not enough", where="reason"
        )
    with agent.store.write("second looks") as connection:
        said = opinion.model_dump(exclude={"note"})
        second_looks.record(connection, me.name, look_id, said, opinion.note)


def _qa(me: Person) -> None:
    if me.role != QA:
        raise Refused("second looks are QA's")
