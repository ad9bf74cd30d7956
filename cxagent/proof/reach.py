"""No line is idle: each one must be the lowest cap of some cell, strictly lower than what would hold without it."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from cxagent.context.knowledge import mismatches
from cxagent.domain.account import Account, Answers, Invoice
from cxagent.domain.money import Money
from cxagent.domain.tool import Assessment, Tool
from cxagent.domain.vocabulary import ACT, EffectClass, Stance, Tier
from cxagent.playbook import Check, FullRow, IntentEntry, Playbook, Row
from cxagent.proof.findings import Finding, warning
from cxagent.proof.references import DERIVED_PLACES, SECTIONS, assessed_matters
from cxagent.proof.room import PLAINEST, ROW_RULES, Room
from cxagent.proof.scene import Kind, Scene, Spot, calm_account, noticed, spots

FREE = FullRow(low_clv=ACT, mid=ACT, high=ACT, at_risk=ACT)


def reach(room: Room) -> Iterator[Finding]:
    """Yield every line that never binds, and every rule that nothing makes speak."""
    book = room.playbook
    kinds = [(kind, _names(room, kind)) for kind in declared_kinds(book, room.tools)]
    for table in ("ceilings", "matters", "tools", "in_window"):
        rows: Mapping[Any, Row] = getattr(book, table)
        for name in rows:
            touched = [kind for kind, names in kinds if str(name) in names]
            bare = room.scene.under(_without(book, table, name))
            # A matter stands in place of the class, so its line is at work as well where it is the higher one.
            if not any(_tells(room, kind, bare, kind) for kind in touched) and not (
                table == "matters"
                and any(_tells(room, kind, room.scene, _plain(kind), higher=True) for kind in touched)
            ):
                yield warning(f"{table}.{name}", _idle(f"{table}.{name}"))
    yield from _signals(room)
    yield from _checks(book)
    for rule in sorted(room.rules.names - room.ledger.bound):
        if rule != "engagement" or book.engagement:
            yield warning(f"rules.{rule}", f"nothing in this playbook ever makes the rule {rule} bind")


def _idle(line: str) -> str:
    return f"{line} never binds: in every cell other lines hold at least as low without it"


def declared_kinds(book: Playbook, tools: Mapping[str, Tool]) -> Iterator[Kind]:
    """Yield what can really be asked: each tool as declared and as its assessment may call it, each intent, a no."""
    quiet = IntentEntry(effect=EffectClass.PUBLIC_INFO)
    for tool in tools.values():
        for matter in (None, *sorted(assessed_matters(book, tool))):
            yield Kind(tool, Assessment(matter=matter), quiet)
    for entry in dict.fromkeys(book.intents.values()):
        for stance in (Stance.INFORM, Stance.DECLINE):
            yield Kind(None, entry=entry, stance=stance)


def _without(book: Playbook, table: str, name: Any) -> Playbook:
    """Return the playbook without one line; a class keeps a line that allows everything, because it needs one."""
    rows: dict[Any, Row] = dict(getattr(book, table))
    if table in ("ceilings", "matters", "signals"):
        rows[name] = FREE
    else:
        del rows[name]
    return book.model_copy(update={table: rows})


def _names(room: Room, kind: Kind) -> frozenset[str]:
    """Return the lines that a kind of request meets on a calm small account or elsewhere."""
    found: set[str] = set()
    for spot in (Spot(Tier.LOW), Spot(Tier.HIGH, True)):
        sub = room.scene.submit(spot, kind)
        with suppress(KeyError):  # a class without a line is reported by name elsewhere
            found.update(str(name) for name, _ in sub.rows(sub.parts[0]))
    return frozenset(found)


def _tells(room: Room, kind: Kind, scene: Scene, other: Kind, *, higher: bool = False) -> bool:
    """Whether a request is ruled lower (or, where asked, higher) at some standing than another one in another scene."""
    rules = room.rules.only(ROW_RULES)
    for spot in spots():
        held, free = room.ask(spot, kind, rules=rules), room.ledger.rule(scene.submit(spot, other), rules, other)
        if held and free and (held.autonomy > free.autonomy if higher else held.autonomy < free.autonomy):
            return True
    return False


def _plain(kind: Kind) -> Kind:
    """Return the same request without its matters, so that its classes speak."""
    tool = kind.tool and replace(kind.tool, matter=None)
    return Kind(tool, entry=kind.entry and kind.entry.model_copy(update={"matter": None}), stance=kind.stance)


def _signals(room: Room) -> Iterator[Finding]:
    """A signal binds where the plainest request, which may go out alone, is lowered by it."""
    rules = room.rules.only(frozenset({"signals"}))
    for signal in room.playbook.signals:
        seen = (room.ask(spot, PLAINEST, partial(noticed, signal=signal), rules=rules) for spot in spots())
        if not any(ruling and ruling.autonomy < ACT for ruling in seen):
            yield warning(f"signals.{signal}", _idle(f"signals.{signal}"))


def _checks(book: Playbook) -> Iterator[Finding]:
    """A check must find a contradiction that is there, and matter once it is found."""
    for check in book.checks:
        if not _known(check):
            continue
        account = _contradicting(calm_account(book.currency), check)
        one = book.model_copy(update={"checks": (check,)})
        if not mismatches(account, Answers(), one):
            yield warning(f"checks.{check.name}", f"checks.{check.name} can never find a contradiction")
        elif not check.material:
            yield warning(f"checks.{check.name}", f"checks.{check.name} is shown but caps nothing: it is not material")


def _known(check: Check) -> bool:
    sides = (side.partition(".") for side in (check.left, check.right) if side not in DERIVED_PLACES)
    return all(section in SECTIONS and field in SECTIONS[section].model_fields for section, _, field in sides)


def _contradicting(account: Account, check: Check) -> Account:
    amounts = (Money.model_construct(amount=n, currency="XXX") for n in (1, 1_000_000))
    values: tuple[Any, ...] = tuple(amounts) if check.compare == "within" else (1, 2)
    for side, value in zip((check.left, check.right), values, strict=True):
        account = _put(account, side, value)
    return account


def _put(account: Account, place: str, value: Any) -> Account:
    """Return the account with a value at a place, whatever type the place has."""
    section, _, field = place.partition(".")
    rhythm = "monthly" if value == 1 else "annual"
    update: dict[str, Any] = {field: value}
    match place:
        case "contract.rhythm":
            update = {"kind": rhythm}
        case "billing.rhythm":
            update = {"terms": rhythm}
        case "contract.seats":
            update = {"special_terms": (f"{value} committed seats",)}
        case "billing.invoices.currency":
            total = Money.model_construct(amount=0, currency=str(value))
            update = {"invoices": (Invoice(number="1").model_copy(update={"total": total}),)}
    held = getattr(account, section)
    return account.model_copy(update={section: held.model_copy(update=update)})
