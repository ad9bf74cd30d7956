"""A ruling: the lowest of all caps, with its reasons, the binding ones, and what would have made it autonomous."""

from typing import Any

from pydantic import Field

from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import Autonomy, Reason


class Cap(Value):
    """One limit on autonomy: at most `autonomy`, for this reason, with the numbers behind it.

    `unless` completes the sentence "it would have acted alone had …"; `part` is the index of the part it concerns.
    """

    autonomy: Autonomy
    reason: Reason
    why: Text
    unless: Text
    rule: Text = ""
    numbers: dict[str, str] = Field(default_factory=dict)
    part: int | None = None


class Weighing(Value):
    """What one part would cost if it were wrong, beside what asking costs; money in the playbook's currency.

    With p the chance of being `wrong` and D the `damage`, acting pays while p < p* = b / (b + D), b being what a look
    costs (`saved`). `careful` is p* should the assumed damage be too mild. `future_value` is what may be lost.
    """

    effect: Text
    wrong: float
    damage: float
    saved: float
    minutes: float
    break_even: float
    careful: float
    future_value: float
    hazard_ratio: float
    known: Text
    part: int = 0

    @property
    def expected_loss(self) -> float:
        """Return p * D."""
        return self.wrong * self.damage

    @property
    def pays(self) -> bool:
        """Whether acting is cheaper than asking."""
        return self.wrong < self.break_even


class Ruling(Value):
    """What the machine may do with one proposal; `would` is what the playbook alone would allow."""

    autonomy: Autonomy
    caps: tuple[Cap, ...]
    parts: tuple[Autonomy, ...] = ()
    sign_off: Text
    four_eyes: bool
    stake: Text
    gives: Text
    playbook: Text
    context: Text
    deviations: tuple[str, ...] = ()
    would: Autonomy | None = None
    weighing: Weighing | None = None
    expected_loss: Text | None = None

    @property
    def binding(self) -> tuple[Cap, ...]:
        """The caps that set the result: those as low as the ruling itself, where it is below `act`."""
        return tuple(cap for cap in self.caps if cap.autonomy == self.autonomy and cap.autonomy < Autonomy.ACT)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The codes of all caps below `act`, the lowest first, each once."""
        ordered = sorted((cap for cap in self.caps if cap.autonomy < Autonomy.ACT), key=lambda cap: cap.autonomy.rank)
        return tuple(dict.fromkeys(cap.reason.value for cap in ordered))

    @property
    def would_have_acted(self) -> tuple[str, ...]:
        """All that would have had to be different for the machine to act alone."""
        return tuple(dict.fromkeys(cap.unless for cap in self.caps if cap.autonomy < Autonomy.ACT))

    def card(self) -> dict[str, Any]:
        """Return the ruling as plain JSON with the derived lists, as records and screens show it."""
        return {
            **self.model_dump(mode="json"),
            "reasons": list(self.reasons),
            "binding": [cap.model_dump(mode="json") for cap in self.binding],
            "would_have_acted": list(self.would_have_acted),
        }
