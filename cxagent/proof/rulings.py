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
from functools import cached_property
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
from cxagent.proof.scene import Change, Kind, Scene, Spot, declared, plain_tool, spots, standing
from cxagent.rules.submission import Submission

JUDGED = tuple(effect for effect in EffectClass if effect not in SILENT)
TIERS, RISKS, WINDOWS = Axis("value", tuple(Tier)), Axis("risk", (False, True)), Axis("renewal", (False, True))
CENT = Decimal("0.01")
ROW_RULES = frozenset({"tier_ceiling", "risk_ceiling", "renewal_window", "named_signals", "reads_as_exit"})
"""The rules that a calm request meets: on its rows, and on what the name of its intent says."""
PLAINEST = Kind(plain_tool(EffectClass.PUBLIC_INFO), entry=IntentEntry(effect=EffectClass.PUBLIC_INFO))


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

    @cached_property
    def _plain(self) -> dict[Spot, Ruling | None]:
        return {spot: self.ask(spot, PLAINEST) for spot in spots()}

    def plainest(self, spot: Spot) -> Ruling | None:
        """Return the ruling on the plainest request at a spot."""
        return self._plain[spot]

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
    rows = room.rules.only(ROW_RULES)
    for tool in room.tools.values():
        _stand(room, Kind(tool, entry=IntentEntry(effect=tool.effect if tool.effect in JUDGED else JUDGED[0])))
    for kind in calm_kinds(room):
        _stand(room, kind, rows)
        _silent(room, kind)
    for effect in JUDGED:
        _group(room, Kind(plain_tool(effect), entry=IntentEntry(effect=effect)))
    _unknown_account(room)
    _money(room)
    for one in ladders(room.playbook):
        _climb_once(room, one)
        for kind in ladder_kinds(room.playbook, one):
            _ladder(room, one, kind) if one.request else _whatever(room, one, kind)


def calm_kinds(room: Room) -> Iterator[Kind]:
    """Yield one kind of calm request for every combination of rows that can occur."""
    seen: set[object] = set()
    entries = (None, *(IntentEntry(effect=effect) for effect in JUDGED), *room.playbook.intents.values())
    calls = (*_calls(room), (None, Assessment()))
    for (tool, assessment), entry, stance in product(calls, dict.fromkeys(entries), Stance):
        kind = Kind(tool, assessment, entry, stance)
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


def _calls(room: Room) -> Iterator[tuple[Tool, Assessment]]:
    """Yield every call that a tool could amount to: as declared, as any class, as any matter; equal rows once."""
    book, seen = room.playbook, set()
    for tool in room.tools.values():
        own = book.tools.get(tool.name)
        cases = (Assessment(), *(Assessment(effect=one) for one in JUDGED), *(Assessment(matter=m) for m in book.matters))
        for case in cases:
            effect, matter = case.effect or tool.effect, case.matter or tool.matter
            row = (book.matters.get(matter), book.in_window.get(matter)) if matter else (effect, tool.states_money)
            mark = (own, row, effect in SILENT, tool.refuses)
            if mark not in seen:
                seen.add(mark)
                yield tool, case


def _stand(room: Room, kind: Kind, rules: Rules | None = None) -> None:
    """Value, risk and renewal over one kind of calm request."""
    for rise in climb((TIERS, RISKS, WINDOWS), lambda at: room.ask(Spot(*at), kind, rules=rules), height):
        better, worse = Spot(*rise.better), Spot(*rise.worse)
        at = room.scene.submit(better, kind), room.scene.submit(worse, kind)
        room.report(rise, kind, *at, (str(better), str(worse)))


def _silent(room: Room, kind: Kind) -> None:
    """No rule but those on rows answers to a calm request."""
    ruling = room.ask(Spot(Tier.LOW), kind)
    own = room.rules.only(frozenset()).names
    for cap in ruling.caps if ruling else ():
        if cap.rule not in ROW_RULES | own:
            room.ledger.add(error(f"rules.{cap.rule}", f"{cap.rule} answers to a calm request: {kind}"))


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
    _climb_once(room, Ladder("the amount", frozenset({"per_action", "rolling"}), steps))


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


def ladder_kinds(book: Playbook, one: Ladder) -> Iterator[Kind]:
    """Yield the requests on which a ladder is climbed: every class, with and without a call, a refusal, a question.

    A matter changes rows, which no ladder looks at, and excuses wording: so signals meet every matter as well.
    """
    for effect in JUDGED:
        entry = IntentEntry(effect=effect)
        yield Kind(plain_tool(effect), entry=entry)
        yield Kind(None, entry=entry, stance=Stance.INFORM)
    commitment, legal = IntentEntry(effect=EffectClass.COMMITMENT), IntentEntry(effect=EffectClass.LEGAL_SECURITY)
    yield Kind(plain_tool(EffectClass.COMMITMENT, refuses=True), entry=commitment, stance=Stance.DECLINE)
    yield Kind(plain_tool(EffectClass.PUBLIC_INFO, clarifies=True), entry=commitment, stance=Stance.CLARIFY)
    yield Kind(plain_tool(EffectClass.REVERSIBLE_OP, moves="data"), entry=commitment)
    yield Kind(plain_tool(EffectClass.LEGAL_SECURITY, moves="data"), entry=legal)
    yield Kind(None, entry=None)
    if one.request and "signals" in one.rules:
        for matter in book.matters:
            yield Kind(plain_tool(EffectClass.LEGAL_SECURITY), Assessment(matter=matter), legal)


def _climb_once(room: Room, one: Ladder) -> None:
    """Climb a ladder with the whole gate on the plainest request; rules that it does not name keep their caps."""
    own = room.rules.only(frozenset()).names

    def judge(at: tuple[Any, ...]) -> Ruling | None:
        spot, (label, change) = Spot(*at[:3]), at[3]
        ruling, calm = room.ask(spot, PLAINEST, change), room.plainest(spot)
        if ruling and calm and not any(cap.autonomy == HANDOFF and cap.rule in one.rules for cap in ruling.caps):
            changed = _caps(ruling) ^ _caps(calm)
            if others := sorted({rule for rule, _ in changed} - one.rules - own):
                room.ledger.add(error(f"rules.{others[0]}", f"{others[0]} answers to {one.name} ({label}) at {spot}"))
        return ruling

    _report_ladder(room, one, PLAINEST, climb(_axes(one), judge, height))


def _axes(one: Ladder) -> tuple[Axis, ...]:
    """The window enters a ruling through the rules on rows alone; other ladders need no axis for it."""
    windows = WINDOWS if one.rules & ROW_RULES else Axis("renewal", (False,))
    return (TIERS, RISKS, windows, Axis(one.name, one.steps))


def _ladder(room: Room, one: Ladder, kind: Kind) -> None:
    """Climb one ladder over one kind of request, with the ladder's rules alone."""
    rules = room.rules.only(one.rules)
    rises = climb(_axes(one), lambda at: room.ask(Spot(*at[:3]), kind, at[3][1], rules=rules), height)
    _report_ladder(room, one, kind, rises)


def _whatever(room: Room, one: Ladder, kind: Kind) -> None:
    """The rules of this ladder answer alike whatever is asked for, also inside the window."""
    rules = room.rules.only(one.rules)
    for spot in (Spot(Tier.LOW), Spot(Tier.HIGH, True, True)):
        for label, change in one.steps[1:]:
            here, there = (room.ask(spot, each, change, rules=rules) for each in (kind, PLAINEST))
            if here and there and _caps(here) != _caps(there):
                room.ledger.add(error(f"rules.{min(one.rules)}", f"{one.name} ({label}) weighs differently for {kind}"))


def _report_ladder(room: Room, one: Ladder, kind: Kind, rises: Iterator[Rise]) -> None:
    for rise in rises:
        better, worse = (room.scene.submit(Spot(*at[:3]), kind, at[3][1]) for at in (rise.better, rise.worse))
        said = tuple(f"{Spot(*at[:3])}, {one.name}: {at[3][0]}" for at in (rise.better, rise.worse))
        room.report(rise, kind, better, worse, (said[0], said[1]))


def _caps(ruling: Ruling) -> set[tuple[str, str]]:
    return {(cap.rule, cap.autonomy.value) for cap in ruling.caps}
