"""The gate over every standing and every kind of request: more value, risk or money, an open window, never gives more.

A calm request is ruled by its rows alone (by the classes and matters of its calls, its intent, its stance) and by the
signal and the exit topic of its intent. So two kinds of request with the same rows in every column are one cell; all
declared tools are asked in their own name besides. What can be wrong around a request is added one ladder at a time:
the gate takes the lowest cap, the ladder's rules are the only ones whose caps it changes (which is enumerated with the
whole gate), so it is enough that the caps of these rules never rise, on any kind of request and at any standing. A
minimum of things that never rise does not rise either, and so any number of ladders together lower no less.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from typing import Any

from cxagent.domain.money import Money
from cxagent.domain.ruling import Ruling
from cxagent.domain.tool import Assessment, Tool
from cxagent.domain.vocabulary import HANDOFF, SILENT, EffectClass, Stance, Tier
from cxagent.playbook import IntentEntry, Limits, Playbook
from cxagent.proof.climb import Axis, Ledger, Rise, Rules, climb, height, lines_of
from cxagent.proof.findings import error
from cxagent.proof.ladders import Ladder, ladders
from cxagent.proof.references import assessed_matters
from cxagent.proof.scene import Change, Kind, Scene, Spot, declared, plain_tool, spots, standing
from cxagent.rules.submission import Submission

JUDGED = tuple(effect for effect in EffectClass if effect not in SILENT)
TIERS, RISKS, WINDOWS = Axis("value", tuple(Tier)), Axis("risk", (False, True)), Axis("renewal", (False, True))
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Room:
    """Everything that one part of the proof works with."""

    scene: Scene
    tools: Mapping[str, Tool]
    rules: Rules
    ledger: Ledger

    @property
    def playbook(self) -> Playbook:
        """The playbook under proof."""
        return self.scene.playbook

    def ask(self, spot: Spot, kind: Kind, *changes: Change, rules: Rules | None = None) -> Ruling | None:
        """Rule on one cell with the real gate."""
        return self.ledger.rule(self.scene.submit(spot, kind, *changes), rules or self.rules, f"{kind}; {spot}")

    def report(self, rise: Rise, kind: Kind, better: Submission, worse: Submission, said: tuple[str, str]) -> None:
        """Record that a more delicate cell got more than its neighbour."""
        lines = lines_of(better, rise.before)
        self.ledger.add(
            error(
                lines[0],
                f"more {rise.axis} gives more: {kind} gets {rise.before.autonomy} for {said[0]} by {' and '.join(lines)},"
                f" but {rise.after.autonomy} for {said[1]}",
            )
        )


def rulings(room: Room) -> None:
    """Enumerate the calm requests, the money, and every ladder."""
    for kind in calm_kinds(room):
        _stand(room, kind)
    for effect in JUDGED:
        _group(room, Kind(plain_tool(effect), entry=IntentEntry(effect=effect)))
    _unknown_account(room)
    _money(room)
    for one in ladders(room.playbook):
        _claim(room, one)
        for kind in ladder_kinds(room.playbook):
            _ladder(room, one, kind)


def calm_kinds(room: Room) -> Iterator[Kind]:
    """Yield every declared tool as declared, and one kind for every combination of rows that can occur."""
    seen: set[object] = set()
    declared_kinds = [Kind(tool, entry=IntentEntry(effect=_judged(tool.effect))) for tool in _alike(room.tools)]
    entries = (None, *(IntentEntry(effect=effect) for effect in JUDGED), *room.playbook.intents.values())
    calls = (*_calls(room), (None, Assessment()))
    for kind in (
        *declared_kinds,
        *(Kind(t, a, e, s) for (t, a), e, s in product(calls, dict.fromkeys(entries), Stance)),
    ):
        if (mark := footprint(room.scene, kind)) not in seen:
            seen.add(mark)
            yield kind


def footprint(scene: Scene, kind: Kind) -> object:
    """Return all that the ruling on a calm request depends on: its rows in each column, and what its intent says."""
    entry, marks = kind.entry, []
    for spot in (Spot(Tier.LOW), Spot(Tier.HIGH, True)):
        sub = scene.submit(spot, kind)
        try:
            rows = list(sub.rows(sub.parts[0]))
        except KeyError as missing:
            return ("no line", str(missing))
        window = sub.playbook.in_window
        marks.append(frozenset((name == "public_info", row, window.get(name)) for name, row in rows))
    return (*marks, entry and entry.signal, bool(entry and entry.exit_topic))


def _judged(effect: EffectClass) -> EffectClass:
    return effect if effect in JUDGED else EffectClass.PUBLIC_INFO


def _alike(tools: Mapping[str, Tool]) -> Iterator[Tool]:
    yield from tools.values()


def _calls(room: Room) -> Iterator[tuple[Tool, Assessment]]:
    """Yield every call that a tool could amount to: as declared, as any class, as any matter."""
    book, seen = room.playbook, set()
    for tool in room.tools.values():
        own_row = book.tools.get(tool.name)
        cases = (Assessment(), *(Assessment(effect=one) for one in JUDGED), *(Assessment(matter=m) for m in book.matters))
        for case in cases:
            effect, matter = case.effect or tool.effect, case.matter or tool.matter
            mark = (own_row, effect, matter, tool.refuses, tool.states_money, tool.clarifies)
            if mark not in seen:
                seen.add(mark)
                yield tool, case


def _stand(room: Room, kind: Kind) -> None:
    """Value, risk and renewal over one kind of calm request."""
    for rise in climb((TIERS, RISKS, WINDOWS), lambda at: room.ask(Spot(*at), kind), height):
        better, worse = Spot(*rise.better), Spot(*rise.worse)
        at = room.scene.submit(better, kind), room.scene.submit(worse, kind)
        room.report(rise, kind, *at, (str(better), str(worse)))


def _group(room: Room, kind: Kind) -> None:
    """What an account is worth by itself never gives back what its group takes."""
    for tier, own, risk, window in product(Tier, Tier, (False, True), (False, True)):
        if own.rank >= tier.rank:
            continue
        together = room.ask(Spot(tier, risk, window, own), kind)
        alone = room.ask(Spot(tier, risk, window), kind)
        if together and alone and together.autonomy != alone.autonomy:
            room.ledger.add(error("tiers", f"{kind}: the tier of the group alone must decide, not that of {own}"))


def _unknown_account(room: Room) -> None:
    """An account that nobody knows, and an intent that nobody listed, have an answer too."""

    def nobody(sub: Submission) -> Submission:
        identity = sub.audit.identity.model_copy(update={"status": "unknown"})
        empty = {"identity": identity, "account": None, "standing": None, "sections": ()}
        return replace(sub, audit=sub.audit.model_copy(update=empty))

    for entry in dict.fromkeys((None, *room.playbook.intents.values())):
        for stance in Stance:
            room.ask(Spot(Tier.HIGH), Kind(None, entry=entry, stance=stance), nobody)


def _money(room: Room) -> None:
    """Amounts at every limit and a cent above it, alone, in two calls, and on top of what the group got before."""
    book = room.playbook
    kind = Kind(plain_tool(EffectClass.REVERSIBLE_OP), entry=IntentEntry(effect=EffectClass.REVERSIBLE_OP))
    amounts = amounts_of(book)
    sums = {Decimal(0), *(limit - amount + cent for limit in _limits(book) for amount in amounts for cent in (0, CENT))}
    before = sorted(one for one in sums if one >= 0)
    money = room.rules.only(frozenset({"per_action", "rolling"}))

    def judge(at: tuple[Any, ...]) -> Ruling | None:
        return room.ask(Spot(*at[:3]), kind, *_given(book, *at[3:]), rules=money)

    axes = (TIERS, RISKS, Axis("renewal", (False,)))
    alone = (*axes, Axis("money", amounts), Axis("money given before", before), Axis("money", (Decimal(0),)))
    twice = (*axes, Axis("money", amounts), Axis("money", (Decimal(0),)), Axis("money", amounts))
    for space in (alone, twice):
        for rise in climb(space, judge, height):
            better, worse = (room.scene.submit(Spot(*at[:3]), kind, *_given(book, *at[3:])) for at in (rise.better, rise.worse))
            said = tuple(f"{Spot(*at[:3])}, {at[3]} + {at[5]} after {at[4]}" for at in (rise.better, rise.worse))
            room.report(rise, kind, better, worse, (said[0], said[1]))
    steps = tuple((str(amount), _given(book, amount, Decimal(0), Decimal(0))[0]) for amount in amounts)
    _claim(room, Ladder("the amount", frozenset({"per_action", "rolling"}), steps))


def amounts_of(book: Playbook) -> tuple[Decimal, ...]:
    """Return an amount for every cell: nothing, a cent, each limit, a cent above it, and more than any limit."""
    found = {Decimal(0), CENT, *(limit + cent for limit in _limits(book) for cent in (0, CENT))}
    return (*sorted(found), max(found) * 10 + 1)


def _limits(book: Playbook) -> frozenset[Decimal]:
    both: tuple[Limits, ...] = (book.money.per_action, book.money.rolling)
    return frozenset(getattr(one, column) for one in both for column in Limits.model_fields)


def _given(book: Playbook, amount: Decimal, before: Decimal, second: Decimal) -> tuple[Change, Change]:
    """Return the changes by which a request gives amounts away, after what the group got before."""

    def gives(sub: Submission) -> Submission:
        def judged(args: Mapping[str, Any], account: object, today: object) -> Assessment:
            return Assessment(gives=Money(amount=args.get("amount", amount), currency=book.currency))

        sub = declared(sub, assess=judged)
        assert sub.proposal is not None
        part = sub.proposal.parts[0]
        more = tuple(one.model_copy(update={"args": {"amount": second}}) for one in part.actions if second)
        parts = (part.model_copy(update={"actions": (*part.actions, *more)}),)
        return replace(sub, proposal=sub.proposal.model_copy(update={"parts": parts}))

    def got(sub: Submission) -> Submission:
        assert sub.audit.standing is not None
        money = Money(amount=before, currency=book.currency)
        return standing(sub, exposure=sub.audit.standing.exposure.model_copy(update={"given": money}))

    return gives, got


def ladder_kinds(book: Playbook) -> Iterator[Kind]:
    """Yield the requests on which each ladder is climbed: every class, every matter, a refusal, a question, no call."""
    for effect in JUDGED:
        entry = IntentEntry(effect=effect)
        yield Kind(plain_tool(effect), entry=entry)
        yield Kind(None, entry=entry, stance=Stance.INFORM)
    commitment = IntentEntry(effect=EffectClass.COMMITMENT)
    yield Kind(plain_tool(EffectClass.COMMITMENT, refuses=True), entry=commitment, stance=Stance.DECLINE)
    yield Kind(plain_tool(EffectClass.PUBLIC_INFO, clarifies=True), entry=commitment, stance=Stance.CLARIFY)
    yield Kind(plain_tool(EffectClass.REVERSIBLE_OP, moves="data"), entry=commitment)
    yield Kind(None, entry=None)
    legal = IntentEntry(effect=EffectClass.LEGAL_SECURITY)
    for matter in book.matters:
        yield Kind(plain_tool(EffectClass.LEGAL_SECURITY, moves="data"), Assessment(matter=matter), legal)


def _claim(room: Room, one: Ladder) -> None:
    """Only the rules that a ladder names may answer to it: all others keep their caps, or the ladder says handoff."""
    kind = Kind(plain_tool(EffectClass.PUBLIC_INFO), entry=IntentEntry(effect=EffectClass.PUBLIC_INFO))
    own = room.rules.only(frozenset()).names
    for spot in spots():
        calm = room.ask(spot, kind)
        for label, change in one.steps:
            ruling = room.ask(spot, kind, change)
            if calm is None or ruling is None:
                continue
            if any(cap.autonomy == HANDOFF and cap.rule in one.rules for cap in ruling.caps):
                continue
            changed = _caps(ruling) ^ _caps(calm)
            if others := sorted({rule for rule, _ in changed} - one.rules - own):
                room.ledger.add(error(f"rules.{others[0]}", f"{others[0]} answers to {one.name} ({label}) at {spot}"))


def _caps(ruling: Ruling) -> set[tuple[str, str]]:
    return {(cap.rule, cap.autonomy.value) for cap in ruling.caps}


def _ladder(room: Room, one: Ladder, kind: Kind) -> None:
    """Climb one ladder, value, risk and renewal together, over one kind of request, with the ladder's rules alone."""
    rules = room.rules.only(one.rules)
    axes = (TIERS, RISKS, WINDOWS, Axis(one.name, one.steps))
    for rise in climb(axes, lambda at: room.ask(Spot(*at[:3]), kind, at[3][1], rules=rules), height):
        better, worse = (room.scene.submit(Spot(*at[:3]), kind, at[3][1]) for at in (rise.better, rise.worse))
        said = tuple(f"{Spot(*at[:3])}, {one.name}: {at[3][0]}" for at in (rise.better, rise.worse))
        room.report(rise, kind, better, worse, (said[0], said[1]))


__all__ = ["Room", "amounts_of", "assessed_matters", "calm_kinds", "footprint", "ladder_kinds", "rulings"]
