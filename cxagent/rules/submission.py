"""What the rules may look at: the ticket, the audit, what was read in it, and the proposal weighed part by part."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from cxagent.context import ContextAudit
from cxagent.domain.alarm import Alarm
from cxagent.domain.cell import Cell, Kin
from cxagent.domain.money import Fx, Money
from cxagent.domain.proposal import Action, Part, Proposal
from cxagent.domain.ruling import Cap, Weighing
from cxagent.domain.stop import Stop
from cxagent.domain.ticket import Ticket
from cxagent.domain.tool import Assessment, Tool
from cxagent.domain.vocabulary import ACT, SILENT, Autonomy, EffectClass, Reason, Signal, SourceName, Stance, Tier
from cxagent.playbook import FullRow, IntentEntry, Playbook
from cxagent.reading.figures import Figure, figures, unknown
from cxagent.reading.message import Reading
from cxagent.reading.plainness import Doubt
from cxagent.reading.reply import Binding, Phrase, read_reply
from cxagent.rules.grounds import proposed_figures, recorded_figures
from cxagent.rules.weighing import weighings

REFUSAL, ACCOUNT_MONEY = "refusal", "account_money"
PLAIN = Doubt(score=0.0, words="")
TEXT_BOUND = 20_000
"""Characters of a text in an argument that are looked at; what is longer is not a plain argument."""


@dataclass(frozen=True)
class Weighed:
    """One proposed call with its declaration and what this very call amounts to; `tool` is None for unknown tools.

    `gives` is what it gives away in the playbook's currency: 0 for nothing, None where no rate is known.
    """

    action: Action
    tool: Tool | None
    assessment: Assessment
    problem: str | None
    gives: Decimal | None = Decimal(0)

    @property
    def effect(self) -> EffectClass | None:
        """The class of this call: the assessed one, or the declared one."""
        return self.assessment.effect or (self.tool.effect if self.tool else None)

    @property
    def silent(self) -> bool:
        """Whether the call sends nothing to the customer and changes nothing for them."""
        return self.effect in SILENT

    def argument(self, name: str | None) -> Any:
        """Return an argument as proposed, or None."""
        return self.action.args.get(name) if name else None


@dataclass(frozen=True)
class PartView:
    """One part of the proposal, its calls weighed."""

    index: int
    part: Part
    calls: tuple[Weighed, ...]
    entry: IntentEntry | None

    @property
    def loud(self) -> tuple[Weighed, ...]:
        """The calls that reach the customer or change something for them."""
        return tuple(call for call in self.calls if not call.silent)

    @property
    def declines(self) -> bool:
        """Whether the part says no."""
        return self.part.stance == Stance.DECLINE or any(call.tool and call.tool.refuses for call in self.calls)

    @property
    def only_clarifies(self) -> bool:
        """Whether the part does nothing but ask a question."""
        asks = all(call.tool is not None and call.tool.clarifies for call in self.loud)
        return asks and (self.part.stance == Stance.CLARIFY or bool(self.loud))


@dataclass(frozen=True)
class Submission:
    """Everything the gate may look at for one ruling; `proposal` is None while no model was asked.

    `lost_today` is the expected loss of what went out alone today under the ultimate parent.
    """

    ticket: Ticket
    audit: ContextAudit
    reading: Reading
    playbook: Playbook
    tools: Mapping[str, Tool]
    proposal: Proposal | None = None
    read_by_proposer: bool = False
    cells: Sequence[Cell] = ()
    kin: Sequence[Kin] = ()
    stops: Sequence[Stop] = ()
    alarms: Sequence[Alarm] = ()
    lost_today: Decimal = Decimal(0)
    earlier_orders: Sequence[str] = ()
    unanswered: Sequence[str] = ()
    doubt: Doubt = PLAIN
    shadow: bool = False
    at_most: Autonomy = ACT
    trouble: str | None = None

    @property
    def today(self) -> date:
        """The day of the audit."""
        return self.audit.at.date()

    @property
    def tier(self) -> Tier:
        """The tier of the group; an account that nobody knows counts as high."""
        return self.audit.standing.tier if self.audit.standing else Tier.HIGH

    @property
    def at_risk(self) -> bool:
        """Whether the account is shaky."""
        return bool(self.audit.standing and self.audit.standing.at_risk)

    @property
    def in_window(self) -> bool:
        """Whether the renewal window is open or cannot be computed."""
        return self.audit.standing.in_window if self.audit.standing else True

    @property
    def calm_low(self) -> bool:
        """Whether this is a small account without any risk."""
        return self.tier == Tier.LOW and not self.at_risk

    @cached_property
    def parts(self) -> tuple[PartView, ...]:
        """The parts of the proposal, weighed."""
        if self.proposal is None:
            return ()
        return tuple(self._view(index, part) for index, part in enumerate(self.proposal.parts))

    def _view(self, index: int, part: Part) -> PartView:
        calls = tuple(self._weigh(action) for action in part.actions)
        return PartView(index=index, part=part, calls=calls, entry=self.playbook.intents.get(part.intent))

    def _weigh(self, action: Action) -> Weighed:
        tool = self.tools.get(action.tool)
        if tool is None:
            return Weighed(action, None, Assessment(), None)
        problem = None
        try:
            tool.arguments.model_validate(action.args)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            problem = f"{'.'.join(map(str, first['loc'])) or 'arguments'}: {first['msg']}"
        account = self.audit.account
        if account is None or problem is not None:
            return Weighed(action, tool, Assessment(), problem)
        try:
            assessment = tool.assess(action.args, account, self.today)
        except Exception as error:
            # A project's own code: what it cannot judge is not run.
            return Weighed(action, tool, Assessment(), f"cannot be assessed: {type(error).__name__}: {error}")
        return Weighed(action, tool, assessment, None, self._given(assessment.gives))

    def _given(self, gives: Money | None) -> Decimal | None:
        if gives is None:
            return Decimal(0)
        converted = (self.audit.fx or Fx.none()).convert(gives, self.playbook.currency)
        return None if converted is None else abs(converted.amount)

    @cached_property
    def calls(self) -> tuple[Weighed, ...]:
        """All calls of all parts."""
        return tuple(call for view in self.parts for call in view.calls)

    @cached_property
    def weighings(self) -> tuple[Weighing | None, ...]:
        """What each part would cost if it were wrong, beside what asking costs."""
        return weighings(self)

    @cached_property
    def phrases(self) -> tuple[Phrase, ...]:
        """What the reply binds us to; what the proposed actions carry, and what they are called, back the reply."""
        if self.proposal is None:
            return ()
        dated = [call.argument(name) for call in self.calls if call.tool for name in sorted(call.tool.dates)]
        backing = [str(one) for value in dated for one in (value if isinstance(value, list) else [value])]
        backing += [call.action.tool for call in self.calls]
        return read_reply(self.proposal.reply, self.today, backing)

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """The money figures of the reply."""
        return figures(self.proposal.reply) if self.proposal is not None else ()

    @cached_property
    def ungrounded(self) -> tuple[Figure, ...]:
        """The figures of the reply that neither a record nor a proposed action holds."""
        if not self.figures:
            return ()
        proposed = [pair for call in self.calls for pair in proposed_figures(call.action.args, call.assessment)]
        # The records are searched only for what the proposed actions do not hold.
        rest = unknown(self.figures, proposed)
        return unknown(rest, recorded_figures(self.audit.account)) if rest and self.audit.account else rest

    @property
    def states_money(self) -> bool:
        """Whether the reply holds a money figure."""
        return bool(self.figures)

    @cached_property
    def refuses_in_words(self) -> bool:
        """Whether the reply says no, whatever the stance claims."""
        return any(phrase.kind == Binding.REFUSAL for phrase in self.phrases)

    @cached_property
    def signals(self) -> frozenset[Signal]:
        """The union of what our own reader saw and what the model noticed."""
        own = self.reading.names
        return own | frozenset(self.proposal.signals if self.proposal else ())

    def rows(self, view: PartView) -> tuple[tuple[str, FullRow], ...]:
        """Return every row of the playbook that limits a part: by its tools, its matters, its intent, its stance.

        On a calm small account the tools alone decide; from mid upward, and at risk, the intent's class counts too.
        """
        return self._rows[view.index]

    @cached_property
    def _rows(self) -> tuple[tuple[tuple[str, FullRow], ...], ...]:
        return tuple(tuple(dict(self._rows_of(view)).items()) for view in self.parts)

    def _rows_of(self, view: PartView) -> Iterator[tuple[str, FullRow]]:
        book = self.playbook
        for call in view.loud:
            if call.tool is None:
                continue
            yield self._class_row(call)
            if call.tool.name in book.tools:
                yield call.tool.name, book.tools[call.tool.name]
        if view.entry and view.entry.matter:
            yield view.entry.matter, book.matters[view.entry.matter]
        if view.declines or self.refuses_in_words:
            yield REFUSAL, book.ceilings["refusal"]
        effect = view.entry.effect if view.entry else EffectClass.LEGAL_SECURITY
        if self._intent_counts(view, effect):
            yield effect.value, book.ceilings[effect]

    def _intent_counts(self, view: PartView, effect: EffectClass) -> bool:
        if not self.calm_low or view.entry is None:
            return True
        if view.declines:
            return effect == EffectClass.LEGAL_SECURITY
        return not view.loud and view.part.stance != Stance.CLARIFY

    def _class_row(self, call: Weighed) -> tuple[str, FullRow]:
        book, tool = self.playbook, call.tool
        assert tool is not None
        matter = call.assessment.matter or tool.matter
        if matter is not None:
            return matter, book.matters.get(matter, _NEVER)
        if tool.refuses:
            return REFUSAL, book.ceilings["refusal"]
        effect = call.effect or tool.effect
        if effect == EffectClass.ACCOUNT_INFO and (tool.states_money or self.states_money):
            return ACCOUNT_MONEY, book.ceilings["account_money"]
        return effect.value, book.ceilings[effect]


_NEVER = FullRow(low_clv=Autonomy.DRAFT, mid=Autonomy.HANDOFF, high=Autonomy.HANDOFF, at_risk=Autonomy.HANDOFF)
"""The row of a matter that the playbook does not know."""


def spoken(name: object) -> str:
    """Say a code or a place of the account document in words: reasons are read by people."""
    return _PLACE.sub(r"\1 ", str(name)).replace("_", " ")


_PLACE = re.compile(rf"\b({'|'.join(SourceName)})\.(?=[a-z])")


def cap(
    autonomy: Autonomy,
    reason: Reason,
    why: str,
    unless: str,
    *,
    part: PartView | None = None,
    **numbers: object,
) -> Iterator[Cap]:
    """Yield one cap, or nothing where the limit is `act`."""
    if autonomy < ACT:
        # Built by our own rules from typed values: checking them again would cost more than the rule.
        yield Cap.model_construct(
            autonomy=autonomy,
            reason=reason,
            why=why,
            unless=unless,
            numbers={name: str(value) for name, value in numbers.items()},
            part=part.index if part else None,
            rule="",
        )
