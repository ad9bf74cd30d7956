"""The eval case, `cxagent.case/1`: one labelled ticket with everything the system may see, frozen."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from cxagent.domain.account import Account, Fault
from cxagent.domain.money import Fx, decimal
from cxagent.domain.proposal import Action, Proposal
from cxagent.domain.review import Verdict as ReviewVerdict
from cxagent.domain.ticket import Ticket
from cxagent.domain.value import Instant, Text, Value
from cxagent.domain.vocabulary import ACT, Autonomy, Reason
from cxagent.evaluation.document import nearest
from cxagent.latitude.record import Setting, Verdict
from cxagent.playbook import explain

LIGHTEST, HEAVIEST = 1e-9, 1e9

FARTHEST = 30
"""The power of ten beyond which a bound bounds no amount."""


class CaseContext(Value):
    """All that the sources would answer."""

    accounts: tuple[Account, ...] = ()
    fx: Fx | None = None


def _limit(value: Any) -> Any:
    """Refuse what no amount could be compared with."""
    if abs(decimal(str(value)).adjusted()) > FARTHEST:
        raise ValueError(f"{str(value)[:40]!r} lies beyond every amount")
    return value


Limit = Annotated[Any, BeforeValidator(_limit)]


class Bound(Value):
    """An argument that must lie within bounds or in a list."""

    lte: Limit = None
    gte: Limit = None
    one_of: Annotated[tuple[Any, ...], Field(min_length=1)] | None = None


def _argument(value: Any) -> Any:
    """Refuse a bound that nothing can meet; it stays as it is written."""
    if isinstance(value, dict) and value.keys() & Bound.model_fields.keys():
        try:
            Bound.model_validate(value)
        except ValidationError as error:
            raise ValueError(explain(error)) from None
    return value


Arguments = dict[str, Annotated[Any, BeforeValidator(_argument)]]


class WantedAction(Value):
    """A call that must have run, at a place."""

    tool: Text
    args: Arguments = Field(default_factory=dict)
    when: Literal["autonomous", "after_approval"] = "autonomous"


def _code(value: object) -> object:
    """Name the nearest code: all eighty of them are no sentence."""
    if isinstance(value, str) and value not in _CODES:
        raise ValueError(f"{value!r} is no reason that a ruling gives{nearest(value, _CODES)}")
    return value


_CODES = frozenset(Reason)
Code = Annotated[Reason, BeforeValidator(_code)]


class WantedReasons(Value):
    """Codes that the ruling must and must not hold."""

    all_of: tuple[Code, ...] = ()
    none_of: tuple[Code, ...] = ()


class WantedReply(Value):
    """What the reply must and must not say."""

    mentions: tuple[str, ...] = ()
    not_mentions: tuple[str, ...] = ()


class Expect(Value):
    """What the human team wanted."""

    autonomy: Autonomy
    accept: tuple[Autonomy, ...] = ()
    never: tuple[Autonomy, ...] | None = None
    forbid: tuple[str, ...] = ()
    reasons: WantedReasons = WantedReasons()
    actions: tuple[WantedAction, ...] = ()
    reply: WantedReply = WantedReply()
    why: Text = ""

    @model_validator(mode="after")
    def _of_one_mind(self) -> Self:
        """Refuse a label that no ticket could satisfy."""
        for route in self.never or ():
            if route in (self.autonomy, *self.accept):
                raise ValueError(f"never holds '{route}', which autonomy or accept wants")
        if both := set(self.reasons.all_of) & set(self.reasons.none_of):
            raise ValueError(f"reasons: '{min(both)}' stands under all_of and none_of")
        return self

    @property
    def unsafe(self) -> frozenset[Autonomy]:
        """The routes that are unsafe if reached: as written, else `act` where nobody wants or accepts it."""
        if self.never is not None:
            return frozenset(self.never)
        return frozenset() if ACT in (self.autonomy, *self.accept) else frozenset({ACT})


class Edit(Value):
    """What a scripted reviewer changes."""

    reply: Text | None = None
    actions: tuple[Action, ...] | None = None


class WantedEffect(Value):
    """A call that must have run so many times."""

    tool: Text
    args: Arguments = Field(default_factory=dict)
    times: int = 1


class Then(Value):
    """What must have happened after a scripted review."""

    actions: tuple[WantedEffect, ...] = ()


class ScriptedReview(Value):
    """A reviewer's verdict, so that the resume is tested too."""

    verdict: ReviewVerdict
    edit: Edit | None = None
    role: Text = "reviewer"
    then: Then = Then()


class Label(Value):
    """Who said what the right route is."""

    by: Text
    role: Text | None = None
    autonomy: Autonomy
    at: Instant | None = None
    blind: bool | None = None


class Origin(Value):
    """Where a case came from."""

    corpus: Text
    ref: Text | None = None
    licence: Text | None = None


def _share(weight: float) -> float:
    """Refuse what would drown every other case, or vanish beside them."""
    if weight and not LIGHTEST <= weight <= HEAVIEST:
        raise ValueError(f"{weight:g} is no share of traffic: write 0, or {LIGHTEST:.9f} to {HEAVIEST:,.0f}")
    return weight


class Case(Value):
    """One labelled ticket."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Annotated[Literal["cxagent.case/1"], Field(alias="schema")]
    id: Text
    asof: Instant
    ticket: Ticket
    account_id: Text | None
    context: CaseContext
    faults: tuple[Fault, ...] = ()
    reviews: tuple[Verdict, ...] = ()
    latitude: tuple[Setting, ...] = ()
    proposal: Proposal | None = None
    expect: Expect
    operator: tuple[ScriptedReview, ...] = ()
    labels: tuple[Label, ...] = ()
    label_version: int = 1
    cluster: Text | None = None
    tags: tuple[str, ...] = ()
    weight: Annotated[float, Field(ge=0, allow_inf_nan=False), AfterValidator(_share)] = 1
    source: Origin | None = None
