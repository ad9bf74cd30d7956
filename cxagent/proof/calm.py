"""Calm requests: every tool, class, matter, intent and stance at every standing.

A calm request is ruled by its rows (the lines for the classes and matters of its calls, its intent, its stance) and by
the signal and the exit topic of its intent; that no other rule answers is enumerated. The ruling is the lowest cell of
its rows, so two requests are one cell when their rows are equal once the rows are left out that lie nowhere below
another. All declared tools are asked outright besides, each in its own name, with every rule.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from cxagent.domain.ruling import Ruling
from cxagent.domain.tool import Assessment, Tool
from cxagent.domain.vocabulary import SILENT, EffectClass, Stance, Tier
from cxagent.playbook import FullRow, IntentEntry, Row
from cxagent.proof.climb import Rules, climb, height
from cxagent.proof.findings import error
from cxagent.proof.room import JUDGED, RISKS, ROW_RULES, TIERS, WINDOWS, Cell, Room
from cxagent.proof.scene import Kind, Scene, Spot, plain_tool
from cxagent.rules.submission import Submission

Marked = tuple[bool, tuple[int, ...]]
Rulings = dict[Spot, Ruling | None]
SPREAD = (Spot(Tier.LOW), Spot(Tier.MID, False, True), Spot(Tier.HIGH, True))


def calm(room: Room) -> None:
    """Enumerate the calm requests."""
    for tool in room.tools.values():
        _stand(room, Kind(tool, entry=IntentEntry(effect=_judged(tool.effect))))
    rows = room.rules.only(ROW_RULES)
    found = calm_kinds(room)
    for kinds in found.values():
        _alike(room, kinds, _stand(room, kinds[0], rows))
    for kinds in calls(room).values():
        _alike(room, kinds, {spot: room.ask(spot, kinds[0], rules=rows) for spot in SPREAD})
    for effect in JUDGED:
        _group(room, Kind(plain_tool(effect), entry=IntentEntry(effect=effect)))
    _unknown_account(room)


def calm_kinds(room: Room) -> dict[object, list[Kind]]:
    """Return every kind of calm request that can occur, gathered by what its ruling depends on."""
    found: dict[object, list[Kind]] = {}
    seen: set[object] = set()
    entries = dict.fromkeys((None, *(IntentEntry(effect=one) for one in JUDGED), *room.playbook.intents.values()))
    plain = {mark: kinds[0] for mark, kinds in calls(room).items()}
    for call, entry, stance in product((Kind(None), *plain.values()), entries, Stance):
        kind = Kind(call.tool, call.assessment, entry, stance)
        rows = _rows(room.scene, kind)
        if rows not in seen:
            seen.add(rows)
            low, other, *said = rows
            found.setdefault((_lowest(low), _lowest(other), *said), []).append(kind)
    return found


def calls(room: Room) -> dict[object, list[Kind]]:
    """Return every call that can occur, gathered by its own rows, whether it is silent, and whether it refuses."""
    found: dict[object, list[Kind]] = {}
    for tool, case in _calls(room):
        # On a calm small account the rows of a call are its own; those of the intent count for silent calls alone.
        kind = Kind(tool, case, IntentEntry(effect=EffectClass.PUBLIC_INFO))
        sub = room.scene.submit(Spot(Tier.LOW), kind)
        mark = (_lowest(_marked(sub)), sub.calls[0].silent, tool.refuses)
        found.setdefault(mark, []).append(kind)
    return found


def _calls(room: Room) -> Iterator[tuple[Tool, Assessment]]:
    """Yield every call that a tool could amount to: as declared, as any class, as any matter; equal rows once."""
    book, seen = room.playbook, set()
    for tool in room.tools.values():
        own = book.tools.get(tool.name)
        cases = (
            Assessment(),
            *(Assessment(effect=one) for one in JUDGED),
            *(Assessment(matter=m) for m in book.matters),
        )
        for case in cases:
            effect, matter = case.effect or tool.effect, case.matter or tool.matter
            row = (book.matters.get(matter), book.in_window.get(matter)) if matter else (effect, tool.states_money)
            mark = (own, row, effect in SILENT, tool.refuses)
            if mark not in seen:
                seen.add(mark)
                yield tool, case


def _rows(scene: Scene, kind: Kind) -> tuple[frozenset[Marked], frozenset[Marked], object, bool]:
    """Return the rows of a calm request on a calm small account and elsewhere, and what its intent says."""
    low, other = (_marked(scene.submit(spot, kind)) for spot in (Spot(Tier.LOW), Spot(Tier.HIGH, True)))
    return low, other, kind.entry and kind.entry.signal, bool(kind.entry and kind.entry.exit_topic)


def _marked(sub: Submission) -> frozenset[Marked]:
    book = sub.playbook
    try:
        rows = list(sub.rows(sub.parts[0]))
    except KeyError as missing:
        return frozenset({(False, (hash(str(missing)),))})  # a class without a line: a cell of its own, found below
    return frozenset(
        (book.public_fact_exemption and name == EffectClass.PUBLIC_INFO, _levels(row, book.in_window.get(name)))
        for name, row in rows
    )


def _levels(row: FullRow, window: Row | None) -> tuple[int, ...]:
    cells = [getattr(row, column).rank for column in Row.model_fields]
    inside = [getattr(window, column).rank if window else 2 for column in Row.model_fields]
    return (*cells, *(min(pair) for pair in zip(cells, inside, strict=True)))


def _lowest(rows: frozenset[Marked]) -> frozenset[Marked]:
    """Leave out the rows that are nowhere lower than another one: in a minimum they change nothing."""
    return frozenset(one for one in rows if not any(_covers(other, one) for other in rows))


def _covers(lower: Marked, row: Marked) -> bool:
    return lower != row and lower[0] == row[0] and all(a <= b for a, b in zip(lower[1], row[1], strict=False))


def _judged(effect: EffectClass) -> EffectClass:
    return effect if effect in JUDGED else EffectClass.PUBLIC_INFO


def _stand(room: Room, kind: Kind, rules: Rules | None = None) -> Rulings:
    """Value, risk and renewal over one kind of calm request."""
    found: Rulings = {}

    def judge(at: tuple[Any, ...]) -> Ruling | None:
        found[Spot(*at)] = ruling = room.ask(Spot(*at), kind, rules=rules)
        return ruling

    room.report(climb((TIERS, RISKS, WINDOWS), judge, height), kind, lambda at: Cell(Spot(*at)))
    return found


def _alike(room: Room, kinds: list[Kind], known: Rulings) -> None:
    """Kinds that count as one cell are ruled alike, and no rule but those on rows answers to a calm request."""
    for kind in kinds:
        for spot in SPREAD if kind is not kinds[0] else SPREAD[:1]:
            one, other = (
                room.ask(spot, kind, rules=room.rules if spot == SPREAD[0] else room.rules.only(ROW_RULES)),
                known[spot],
            )
            if one and other and one.autonomy != other.autonomy:
                room.ledger.add(error("gate", f"equal rows are ruled differently at {spot}: {kind}; {kinds[0]}"))
            for cap in one.caps if one else ():
                if cap.rule not in ROW_RULES | room.own_rules:
                    room.ledger.add(error(f"rules.{cap.rule}", f"{cap.rule} answers to a calm request: {kind}"))


def _group(room: Room, kind: Kind) -> None:
    """The tier of the group decides alone: what an account is worth by itself gives nothing back."""
    for tier, own, risk, window in product(Tier, Tier, (False, True), (False, True)):
        if own.rank < tier.rank:
            together, alone = (room.ask(Spot(tier, risk, window, each), kind) for each in (own, None))
            if together and alone and together.autonomy != alone.autonomy:
                room.ledger.add(error("tiers", f"{kind}: by itself {own}, a {tier} group is ruled differently"))


def _unknown_account(room: Room) -> None:
    """An account that nobody knows, and an intent that nobody listed, have an answer too."""

    def nobody(sub: Submission) -> Submission:
        identity = sub.audit.identity.model_copy(update={"status": "unknown"})
        empty = {"identity": identity, "account": None, "standing": None, "sections": ()}
        return replace(sub, audit=sub.audit.model_copy(update=empty))

    for entry in dict.fromkeys((None, *room.playbook.intents.values())):
        for stance in Stance:
            room.ask(Spot(Tier.HIGH), Kind(None, entry=entry, stance=stance), nobody)
