"""Everything that can be wrong around a request, one ladder at a time, at every standing and on every kind of request.

The ruling is the lowest cap. A ladder changes the caps of the rules that it names and of no other (enumerated with
every rule on the plainest request), so it is enough that the caps of these rules never rise. A minimum of things that
never rise does not rise either: any number of ladders together, on any calm request, lower no less than each of them.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from cxagent.domain.ruling import Ruling
from cxagent.domain.tool import Assessment
from cxagent.domain.vocabulary import HANDOFF, EffectClass, Stance, Tier
from cxagent.playbook import IntentEntry, Playbook
from cxagent.proof.climb import Axis, climb, height
from cxagent.proof.findings import error
from cxagent.proof.ladder import Ladder
from cxagent.proof.room import CLOSED, JUDGED, PLAINEST, RISKS, ROW_RULES, TIERS, WINDOWS, Caps, Cell, Room, caps
from cxagent.proof.scene import Kind, Spot, plain_tool

ENDS = (Spot(Tier.LOW), Spot(Tier.HIGH, True))
INSIDE = (Spot(Tier.LOW, False, True), Spot(Tier.HIGH, True, True))

Known = dict[tuple[Spot, str], Caps]


def around(room: Room, ladders: Iterable[Ladder]) -> None:
    """Climb every ladder."""
    for one in ladders:
        known = _plainly(room, one)
        for kind in _kinds(room.playbook, one):
            if not one.request:
                _whatever(room, one, kind, known)
            elif one.standing:
                _everywhere(room, one, kind)
            else:
                _at_the_ends(room, one, kind)


def _kinds(book: Playbook, one: Ladder) -> Iterator[Kind]:
    """Yield the kinds of request that a rule can tell apart: a call of every class, a refusal, a question, no call.

    A matter changes rows, which a ladder's rules do not look at, and may excuse a signal: so that signal meets each.
    """
    for effect in JUDGED:
        if one.request or effect == EffectClass.FINANCIAL:
            yield Kind(plain_tool(effect, moves="data"), entry=IntentEntry(effect=effect))
    commitment, legal = IntentEntry(effect=EffectClass.COMMITMENT), IntentEntry(effect=EffectClass.LEGAL_SECURITY)
    yield Kind(plain_tool(EffectClass.COMMITMENT, refuses=True), entry=commitment, stance=Stance.DECLINE)
    yield Kind(plain_tool(EffectClass.PUBLIC_INFO, clarifies=True), entry=commitment, stance=Stance.CLARIFY)
    yield Kind(None, entry=commitment, stance=Stance.INFORM)
    yield Kind(None, entry=None)
    if one.name in {f"signal {signal}" for signal in book.not_a_signal.values()}:
        for matter in book.matters:
            yield Kind(plain_tool(EffectClass.LEGAL_SECURITY), Assessment(matter=matter), legal)


def _cell(one: Ladder, at: tuple[Any, ...]) -> Cell:
    spot = at[0] if isinstance(at[0], Spot) else Spot(*at[:3])
    label, change = at[-1]
    return Cell(spot, (change,), f", {one.name}: {label}")


def _plainly(room: Room, one: Ladder) -> Known:
    """Climb a ladder with every rule on the plainest request, check its claims, and return the caps of its rules."""
    known: Known = {}

    def judge(at: tuple[Any, ...]) -> Ruling | None:
        cell = _cell(one, at)
        ruling, untouched = room.ask(cell.spot, PLAINEST, *cell.changes), room.plainest[cell.spot]
        if ruling and untouched:
            known[cell.spot, at[-1][0]] = own = caps(ruling, one.rules)
            changed = {rule for rule, _ in caps(ruling) ^ caps(untouched)} - one.rules - room.own_rules
            if changed and all(level != HANDOFF for _, level in own):
                room.ledger.add(error(f"rules.{min(changed)}", f"{min(changed)} answers to{cell}"))
        return ruling

    # The window enters a ruling through the rules on rows alone; the other ladders are looked at inside it besides.
    axes = (TIERS, RISKS, WINDOWS if one.rules & ROW_RULES else CLOSED, Axis(one.name, one.steps))
    room.report(climb(axes, judge, height), PLAINEST, lambda at: _cell(one, at))
    for spot in INSIDE:
        for label, change in one.steps:
            ruling = room.ask(spot, PLAINEST, change, rules=room.rules.only(one.rules))
            same = known.get((spot._replace(in_window=False), label))
            if ruling and not one.rules & ROW_RULES and caps(ruling, one.rules) != same:
                room.ledger.add(error(f"rules.{min(one.rules)}", f"{one.name} ({label}) depends on the renewal window"))
    if not one.standing:
        _same_everywhere(room, one, known)
    return known


def _same_everywhere(room: Room, one: Ladder, known: Known) -> None:
    for (spot, label), found in known.items():
        if found != known[ENDS[0], label]:
            room.ledger.add(error(f"rules.{min(one.rules)}", f"{one.name} ({label}) depends on the standing: {spot}"))


def _whatever(room: Room, one: Ladder, kind: Kind, known: Known) -> None:
    """The rules of this ladder answer alike whatever is asked for."""
    rules = room.rules.only(one.rules)
    for spot in ENDS if one.standing else ENDS[1:]:
        for label, change in one.steps[1:]:
            ruling = room.ask(spot, kind, change, rules=rules)
            if ruling and caps(ruling, one.rules) != known.get((spot, label)):
                room.ledger.add(error(f"rules.{min(one.rules)}", f"{one.name} ({label}) weighs differently for {kind}"))


def _everywhere(room: Room, one: Ladder, kind: Kind) -> None:
    """Climb one ladder over one kind of request at every standing, with the ladder's rules."""
    rules = room.rules.only(one.rules)
    axes = (TIERS, RISKS, WINDOWS if one.rules & ROW_RULES else CLOSED, Axis(one.name, one.steps))

    def judge(at: tuple[Any, ...]) -> Ruling | None:
        cell = _cell(one, at)
        return room.ask(cell.spot, kind, *cell.changes, rules=rules)

    room.report(climb(axes, judge, height), kind, lambda at: _cell(one, at))


def _at_the_ends(room: Room, one: Ladder, kind: Kind) -> None:
    """Climb one ladder whose rules do not look at the standing: both ends are answered alike."""
    rules, found = room.rules.only(one.rules), Known()

    def judge(at: tuple[Any, ...]) -> Ruling | None:
        cell = _cell(one, at)
        ruling = room.ask(cell.spot, kind, *cell.changes, rules=rules)
        if ruling:
            found[cell.spot, at[-1][0]] = caps(ruling, one.rules)
        return ruling

    room.report(
        climb((Axis("standing", ENDS), Axis(one.name, one.steps)), judge, height), kind, lambda at: _cell(one, at)
    )
    _same_everywhere(room, one, found)
