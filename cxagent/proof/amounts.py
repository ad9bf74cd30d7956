"""Money: amounts at every limit and a cent above it, alone, in two calls, and on top of what the group got before."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from cxagent.domain.money import Money
from cxagent.domain.ruling import Ruling
from cxagent.domain.tool import Assessment
from cxagent.domain.vocabulary import EffectClass
from cxagent.playbook import IntentEntry, Limits, Playbook
from cxagent.proof.climb import Axis, climb, height
from cxagent.proof.findings import error
from cxagent.proof.ladder import Ladder
from cxagent.proof.room import CLOSED, RISKS, TIERS, Cell, Room
from cxagent.proof.scene import Change, Kind, Spot, declared, plain_tool, standing
from cxagent.rules.submission import Submission

CENT = Decimal("0.01")
RULES = frozenset({"per_action", "rolling"})
NOTHING = (Decimal(0),)


def money(room: Room) -> Ladder:
    """Enumerate the amounts, and return them as a ladder, to be climbed with every rule and every kind of request."""
    book = room.playbook
    effect = EffectClass.REVERSIBLE_OP
    kind, rules = Kind(plain_tool(effect), entry=IntentEntry(effect=effect)), room.rules.only(RULES)
    amounts = amounts_of(book)

    def cell(at: tuple[Any, ...]) -> Cell:
        said = f", {at[3]} and {at[5]} on top of {at[4]}"
        return Cell(Spot(*at[:3]), (_gives(book, at[3], at[5]), _got(book, at[4])), said)

    def judge(at: tuple[Any, ...]) -> Ruling | None:
        found = cell(at)
        return room.ask(found.spot, kind, *found.changes, rules=rules)

    before = Axis("money given before", _sums(book, amounts))
    one, none = Axis("money", amounts), Axis("money", NOTHING)
    for axes in ((one, before, none), (one, none, one)):
        room.report(climb((TIERS, RISKS, CLOSED, *axes), judge, height), kind, cell)
    _signers(room, amounts)
    steps = tuple((str(amount), _gives(book, amount, Decimal(0))) for amount in amounts)
    return Ladder("the amount", RULES, steps, request=True, standing=True)


def amounts_of(book: Playbook) -> tuple[Decimal, ...]:
    """Return an amount for every cell: nothing, a cent, each limit, a cent above it, and more than any limit."""
    found = {Decimal(0), CENT, *(limit + cent for limit in _limits(book) for cent in (0, CENT))}
    return (*sorted(found), max(found) * 10 + 1)


def _sums(book: Playbook, amounts: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    """Return what the group may have got before: with each amount exactly at a rolling limit, and a cent above it."""
    limits = {getattr(book.money.rolling, column) for column in Limits.model_fields}
    sums = {Decimal(0), *(limit - amount + cent for limit in limits for amount in amounts for cent in (0, CENT))}
    return tuple(sorted(one for one in sums if one >= 0))


def _limits(book: Playbook) -> frozenset[Decimal]:
    both = (book.money.per_action, book.money.rolling)
    return frozenset(getattr(one, column) for one in both for column in Limits.model_fields)


def _gives(book: Playbook, amount: Decimal, second: Decimal) -> Change:
    def change(sub: Submission) -> Submission:
        def judged(args: Mapping[str, Any], account: object, today: object) -> Assessment:
            gives = Money.model_construct(amount=args.get("amount", amount), currency=book.currency)
            first = next((call.assessment for call in sub.calls), Assessment())
            return replace(first, gives=gives)

        changed = declared(sub, assess=judged)
        if not second:
            return changed
        assert changed.proposal is not None
        part = changed.proposal.parts[0]
        more = tuple(one.model_copy(update={"args": {"amount": second}}) for one in part.actions)
        parts = (part.model_copy(update={"actions": (*part.actions, *more)}),)
        return replace(changed, proposal=changed.proposal.model_copy(update={"parts": parts}))

    return change


def _got(book: Playbook, before: Decimal) -> Change:
    def change(sub: Submission) -> Submission:
        assert sub.audit.standing is not None
        given = Money.model_construct(amount=before, currency=book.currency)
        return standing(sub, exposure=sub.audit.standing.exposure.model_copy(update={"given": given}))

    return change


def _signers(room: Room, amounts: tuple[Decimal, ...]) -> None:
    """A larger amount, a larger stake, and terms besides never need a lower signature."""
    book = room.playbook
    steps = {step.up_to for step in book.sign_off if step.up_to is not None} | set(amounts)
    asked = Axis("money", sorted({one + cent for one in steps for cent in (0, CENT)}))
    stakes = Axis("stake", (Decimal(0), book.executive_stake_above, book.executive_stake_above + CENT))

    def judge(at: tuple[Any, ...]) -> int:
        room.ledger.cells += 1
        return book.rank_of(book.role_for(*at))

    for rise in climb((asked, stakes, Axis("weight", (False, True))), judge, lambda rank: -rank):
        lower, higher = book.sign_off[rise.after].role, book.sign_off[rise.before].role
        room.ledger.add(
            error(f"sign_off.{lower}", f"{rise.better[0]} needs {higher}, but {rise.worse[0]} only {lower}")
        )
