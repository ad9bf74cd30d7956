"""A finding: one person's structured verdict on one decision of the machine's, from an audit or a review."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from cxagent.domain.review import Severity
from cxagent.domain.value import Instant, Text, Value
from cxagent.domain.vocabulary import ACT, Autonomy

Origin = Literal["audit", "review", "surfaced"]
Chosen = Literal["all", "uniform", "stake", "stratum", "second", "surfaced"]
"""Why a decision was looked at: `all` of its kind are, or it was drawn with a known chance (`uniform`, `stake`), or
because its cell had gone unsampled (`stratum`), as a second opinion (`second`), or because it came to light."""
BY_CHANCE: tuple[Chosen, ...] = ("all", "uniform")
"""The samples that speak for all decisions of their kind: chance alone chose them, and no hint of an error."""

LOSS: dict[Severity, float] = {"minor": 0.25, "major": 1.0, "critical": 1.0}
"""How bad a disagreement is, as evidence; one without a weight counts as minor."""
GRAVE = 1.0
"""The loss of a grave error."""
RUBRIC = ("facts", "action", "amount", "commitment", "tone", "routing")
"""What a decision is judged by; each is met, not met, or does not apply."""


def traits_of(marks: Mapping[str, Any]) -> tuple[str, ...]:
    """Return how an account stood, from the marks of a decision's line in the log: `mid`, `at_risk`, `in_window`."""
    stood = (name for name in ("at_risk", "in_window") if marks.get(name))
    return (marks["tier"], *stood) if "tier" in marks else tuple(stood)


class Finding(Value):
    """What a person found about one decision.

    `would` is what the machine would have done had only the playbook bound it (no latitude, no shadow mode), `wanted`
    what the person wanted before they saw that; None where they were shown the answer first. `chance` is the
    probability with which the decision was drawn. `by_policy` and `by_goals` judge apart whether it was right by our
    own policy and by the account's stated goals; None where no goal is known. `unmet` are the criteria of `RUBRIC` that
    were not met, `traits` how the account stood: `mid`, `at_risk`, `in_window`. `stake` is in the playbook's currency.
    """

    decision_id: Text
    ticket_id: Text
    account_id: Text
    root_id: Text
    intent: Text
    segment: Text
    version: Text
    origin: Origin
    chosen: Chosen
    chance: Annotated[float, Field(gt=0, le=1)] = 1.0
    would: Autonomy
    went: Autonomy
    wanted: Autonomy | None = None
    agrees: bool
    severity: Severity | None = None
    reasons: tuple[Text, ...] = ()
    unmet: tuple[Text, ...] = ()
    traits: tuple[Text, ...] = ()
    by_policy: bool | None = None
    by_goals: bool | None = None
    by: Text
    note: Text | None = None
    stake: Decimal | None = None
    decided_at: Instant
    at: Instant

    @property
    def loss(self) -> float:
        """How wrong the decision was, between 0 and 1."""
        return 0.0 if self.agrees else LOSS[self.severity or "minor"]

    @property
    def blind(self) -> bool:
        """Whether the person judged before they saw the machine's answer."""
        return self.wanted is not None

    @property
    def weight(self) -> float:
        """What it counts in a rate: one over the chance of its draw; 0 where it was not blind, or chosen for errors."""
        return 1 / self.chance if self.blind and self.origin == "audit" and self.chosen in BY_CHANCE else 0.0

    @property
    def critical(self) -> bool:
        """Whether this alone stops the cell."""
        return not self.agrees and self.severity == "critical"

    @property
    def certifies(self) -> bool:
        """Whether it may count for a promotion: blind, drawn with a known chance, of acting alone."""
        return self.blind and self.chosen in BY_CHANCE and self.would == ACT and self.origin == "audit"

    @property
    def detects(self) -> bool:
        """Whether it may count against the cell: about acting alone, from a sample that was not chosen for errors."""
        return self.chosen in BY_CHANCE and self.would == ACT
