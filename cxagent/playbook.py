"""The Financial Playbook: what may be done, for whom, up to how much, signed off by whom; data a finance lead reads.

The numbers live in `graphs/playbook.yaml`. This module gives them types, refuses what is incomplete, and answers the
few questions that the rules ask. Whether the whole is monotone is proven in `proof`.
"""

from collections.abc import Hashable, Mapping, Sequence
from datetime import date, time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from zoneinfo import ZoneInfo

import yaml
from pydantic import BeforeValidator, Field, PlainSerializer, ValidationError, field_validator, model_validator

from cxagent.domain.money import Currency, Number
from cxagent.domain.value import Text, Value, digest
from cxagent.domain.vocabulary import Autonomy, EffectClass, Segment, Signal, SourceName, Tier
from cxagent.errors import BadInput
from cxagent.latitude.terms import LatitudeTerms
from cxagent.lifetime.terms import ValueTerms

Column = Literal["low_clv", "mid", "high", "at_risk"]
Share = Annotated[Number, Field(ge=0, le=1)]


def _from_yaml(value: object) -> object:
    """YAML has floats; a playbook's 0.40 means the decimal it shows."""
    return str(value) if isinstance(value, float) else value


Amount = Annotated[Number, BeforeValidator(_from_yaml), Field(ge=0)]
Ratio = Annotated[Share, BeforeValidator(_from_yaml)]
Name = TypeVar("Name", bound=str)
# Written in order: Python shuffles a set in every process, and the digest of a playbook must survive a restart.
Names = Annotated[frozenset[Name], PlainSerializer(sorted, return_type=list[str], when_used="json")]


class Row(Value):
    """One line of a table: the most that is allowed in each column."""

    low_clv: Autonomy = Autonomy.ACT
    mid: Autonomy = Autonomy.ACT
    high: Autonomy = Autonomy.ACT
    at_risk: Autonomy = Autonomy.ACT

    def allows(self, tier: Tier, at_risk: bool) -> Autonomy:
        """Return the cell of the tier, or the lower of it and the at-risk cell for an account at risk."""
        cell: Autonomy = getattr(self, tier.value)
        return min(cell, self.at_risk) if at_risk else cell


class FullRow(Row):
    """A line in which every column must be written down."""

    low_clv: Autonomy
    mid: Autonomy
    high: Autonomy
    at_risk: Autonomy


class Limits(Value):
    """An amount for each column."""

    low_clv: Amount
    mid: Amount
    high: Amount
    at_risk: Amount

    def limit(self, tier: Tier, at_risk: bool) -> Number:
        """Return the limit of the tier, or the lower of it and the at-risk limit."""
        cell: Number = getattr(self, tier.value)
        return min(cell, self.at_risk) if at_risk else cell


class Tiers(Value):
    """How value becomes a tier."""

    low_clv_up_to: Amount
    mid_up_to: Amount
    always_high_segments: Names[Segment]
    always_high_flags: Names[str]
    unknown_clv: dict[Segment, Tier]


class MoneyLimits(Value):
    """What may be given away alone, per action and over time."""

    per_action: Limits
    rolling: Limits
    rolling_days: Annotated[int, Field(ge=1)]


class AtRisk(Value):
    """When an account counts as shaky."""

    health_below: Annotated[int, Field(ge=0, le=100)]
    sla_breach_days: Annotated[int, Field(ge=1)]
    sponsor_change_days: Annotated[int, Field(ge=1)]
    usage_drop: Ratio
    champion_unseen_days: Annotated[int, Field(ge=1)]
    trust_half_life_days: Annotated[int, Field(ge=1)]
    trust_breach_above: Amount


class Age(Value):
    """How many days old a source's section may be: shown past `warn`, capped past `error`."""

    warn: Annotated[int, Field(ge=0)]
    error: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.warn > self.error:
            raise ValueError(f"warn ({self.warn} days) lies beyond error ({self.error} days)")
        return self


class Check(Value):
    """Two places of the account document that must not contradict each other."""

    name: Text
    left: Text
    right: Text
    compare: Literal["equal", "within"] = "equal"
    tolerance: Ratio | None = None
    material: bool = True


class IntentEntry(Value):
    """What an intent amounts to: its class, and what its name alone already says."""

    effect: EffectClass
    signal: Signal | None = None
    matter: str | None = None
    exit_topic: bool = False

    @property
    def weighty(self) -> bool:
        """Whether more hangs on it than an answer: money, a promise, the contract, or what its name alone says."""
        heavy = (EffectClass.FINANCIAL, EffectClass.COMMITMENT, EffectClass.LEGAL_SECURITY)
        return self.effect in heavy or self.signal is not None or self.matter is not None


class Engagement(Value):
    """A clause of one account that goes before the general policy."""

    account: Text
    cap: Autonomy
    effects: Names[EffectClass] = frozenset(EffectClass)
    tools: Names[str] = frozenset()
    why: Text


class SignOff(Value):
    """Up to which amount a role may sign; the last one has no limit."""

    role: Text
    up_to: Amount | None = None


class Hours(Value):
    """When people work."""

    timezone: str
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...]
    opens: time
    closes: time

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value!r} is not a time zone") from None
        return value

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if not self.days or self.opens >= self.closes:
            raise ValueError("names no working hours")
        return self


BESIDE = ("viewer", "qa", "admin")
"""Roles beside the ladder of signatures: they look, check the reviewing, keep sessions and keys, and decide nothing."""


class Colleague(Value):
    """Somebody who works with the drafts, and as what."""

    name: Text
    role: Text
    email: Text | None = None


THROUGHPUT = ("handling time", "tickets per", "tickets closed", "throughput", "deflection", "containment", "volume")


class Playbook(Value):
    """The whole playbook; see `graphs/playbook.yaml` for the meaning of each line."""

    name: Text
    version: Text
    owner: Annotated[str, Field(min_length=1)]
    author: Annotated[str, Field(min_length=1)]
    approver: Annotated[str, Field(min_length=1)]
    effective: date
    review_by: date
    objective: Text
    currency: Currency
    tiers: Tiers
    ceilings: dict[EffectClass | Literal["account_money", "refusal"], FullRow]
    matters: dict[str, FullRow]
    tools: dict[str, FullRow]
    in_window: dict[str, Row]
    public_fact_exemption: bool
    money: MoneyLimits
    renewal_window_days: dict[Segment, Annotated[int, Field(ge=0)]]
    at_risk: AtRisk
    freshness: dict[SourceName, Age]
    required_facts: tuple[str, ...]
    checks: tuple[Check, ...]
    roles: dict[str, tuple[str, ...]]
    intents: dict[str, IntentEntry]
    signals: dict[Signal, FullRow]
    not_a_signal: dict[str, Signal] = Field(default_factory=dict)
    repeated_from: Annotated[int, Field(ge=2)]
    repeated_within_days: Annotated[int, Field(ge=1)]
    flags: dict[Literal["legal_hold", "no_ai_contact", "misaligned"], Autonomy]
    ai_consents: Names[str]
    engagement: tuple[Engagement, ...]
    confidence_floor: Ratio
    doubt_ceiling: Ratio
    sign_off: Annotated[tuple[SignOff, ...], Field(min_length=1)]
    executive_stake_above: Amount
    four_eyes_from: Amount
    deadline_hours: dict[Tier, Annotated[int, Field(ge=1)]]
    business_hours: Hours
    authorization_minutes: Annotated[int, Field(ge=1)]
    people: tuple[Colleague, ...]
    not_a_person: Names[str]
    acknowledgement: Text
    latitude: LatitudeTerms = LatitudeTerms()
    value: ValueTerms = ValueTerms()

    @field_validator("version", mode="before")
    @classmethod
    def _version_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int | float) else value

    @model_validator(mode="after")
    def _governed(self) -> Self:
        if " ".join(self.author.lower().split()) == " ".join(self.approver.lower().split()):
            raise ValueError(f"author and approver are the same person ({self.author}); a second one must approve")
        if word := next((word for word in THROUGHPUT if word in self.objective.lower()), None):
            raise ValueError(f"objective: {word!r} counts tickets; name what is kept for the accounts instead")
        self._complete("ceilings", self.ceilings, [*_JUDGED, "account_money", "refusal"])
        self._complete("signals", self.signals, list(Signal))
        self._complete("freshness", self.freshness, list(SourceName))
        self._complete("renewal_window_days", self.renewal_window_days, list(Segment))
        self._complete("deadline_hours", self.deadline_hours, list(Tier))
        self._complete("tiers.unknown_clv", self.tiers.unknown_clv, list(Segment))
        self._complete("flags", self.flags, ["legal_hold", "no_ai_contact", "misaligned"])
        self._complete("value.wrong", self.value.wrong, _JUDGED)
        for intent, entry in self.intents.items():
            if entry.matter and entry.matter not in self.matters:
                raise ValueError(f"intents.{intent}: the matter {entry.matter!r} has no row under matters")
        for matter in self.not_a_signal:
            if matter not in self.matters:
                raise ValueError(f"not_a_signal.{matter}: no such row under matters")
        for key in self.in_window:
            if key not in self.ceilings and key not in self.matters:
                raise ValueError(f"in_window.{key}: no such row under ceilings or matters")
        return self

    @staticmethod
    def _complete(field: str, table: Mapping[Any, object], keys: Sequence[object]) -> None:
        if missing := [str(key) for key in keys if key not in table]:
            raise ValueError(f"{field}: no line for {', '.join(missing)}")

    @cached_property
    def digest(self) -> str:
        """Identify this very text of the playbook in records and authorizations."""
        return digest(self)

    def role_for(self, amount: Number, stake: Number, binds: bool) -> str:
        """Return who must sign: by the amount, and the executive where money or terms meet a stake above the line."""
        if binds and stake > self.executive_stake_above:
            return self.sign_off[-1].role
        return next((step.role for step in self.sign_off if step.up_to is None or amount <= step.up_to), self.top_role)

    @property
    def top_role(self) -> str:
        """The last step of the ladder."""
        return self.sign_off[-1].role

    def rank_of(self, role: str) -> int:
        """Return the step of a role on the ladder, -1 for a role that may not sign."""
        return next((rank for rank, step in enumerate(self.sign_off) if step.role == role), -1)

    def colleague(self, name: str) -> Colleague | None:
        """Return the person of that name; spaces and capitals do not make another person."""
        wanted = " ".join(name.lower().split())
        return next((one for one in self.people if " ".join(one.name.lower().split()) == wanted), None)


_JUDGED = [effect for effect in EffectClass if effect not in (EffectClass.INTERNAL_READ, EffectClass.INTERNAL)]


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key written twice, and names the place of a value that its tag does not fit."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep=deep)
        except (ValueError, KeyError, AttributeError, OverflowError):
            kind = node.tag.rpartition(":")[2]
            raise _wrong(f"{str(node.value)[:40]!r} cannot be read as {kind}", node) from None
        if isinstance(value, int) and value.bit_length() > MOST_BITS:
            raise _wrong(f"an integer of more than {MOST_BITS:,} bits is no figure that anybody means", node)
        if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise _wrong("holds half a character (a lone surrogate)", node)
        return value


MOST_BITS = 1000
"""The longest integer that is read: longer ones fit no float, and Python does not even print the longest."""


def _wrong(said: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, said, node.start_mark)


def _no_doubles(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: list[object] = []
    for key_node, _ in node.value:
        if key_node.tag == MERGED:
            continue
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise _wrong("a list or a mapping cannot be a key", key_node)
        if key in seen:
            raise _wrong(f"the key {key!r} stands twice", key_node)
        seen.append(key)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


MERGED = "tag:yaml.org,2002:merge"
"""The tag of `<<`, which takes the keys of another mapping over; a key of one's own goes before them."""

_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _no_doubles)


def read_yaml(path: Path, text: str | None = None) -> object:
    """Read one YAML file, or a text that is told by that name; errors name file, line and column."""
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig") if text is None else text, Loader=_Loader)
    except FileNotFoundError:
        raise BadInput("no such file", where=str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read: {error}", where=str(path)) from None
    except RecursionError:
        raise BadInput("is nested too deeply", where=str(path)) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise BadInput(f"not valid YAML: {error.problem or error.context}", where=where) from None
    except yaml.YAMLError as error:
        raise BadInput(f"not valid YAML: {' '.join(str(error).split())}", where=str(path)) from None


def load_playbook(path: Path, text: str | None = None) -> Playbook:
    """Read and validate a playbook; a `BadInput` names the file and every field that is wrong."""
    raw = read_yaml(path, text)
    if not isinstance(raw, dict):
        raise BadInput("holds no playbook", where=str(path))
    try:
        return Playbook.model_validate(raw)
    except ValidationError as error:
        raise BadInput(explain(error), where=str(path)) from None


def parse_playbook(text: str, name: str) -> Playbook:
    """Validate the text of a playbook that lies in no file, told by a name such as `version 3`."""
    return load_playbook(Path(name), text)


def explain(error: ValidationError) -> str:
    """Turn a validation error into one sentence per field."""
    said = []
    for item in error.errors(include_url=False):
        field = ".".join(str(step) for step in item["loc"] if not str(step).startswith(("function-", "literal[")))
        problem = item["msg"].removeprefix("Value error, ")
        said.append(f"{field}: {problem}" if field else problem)
    return "; ".join(said)
