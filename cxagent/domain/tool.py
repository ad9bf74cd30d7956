"""A tool as the gate sees it: what it does, what it gives away, who may ask for it, where it can go wrong.

Everything the gate must know about a tool stands in its declaration, so the rules name no tool.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal, Protocol

from pydantic import BaseModel

from cxagent.domain.account import Account
from cxagent.domain.money import Money
from cxagent.domain.proposal import Action
from cxagent.domain.vocabulary import Autonomy, EffectClass

Moves = Literal["money", "data", "access"]
Following = Callable[[Mapping[str, Any], Any], Action | None]
"""What follows from a done call, told its arguments and the JSON it returned; None where nothing honest can follow."""


@dataclass(frozen=True)
class Assessment:
    """What one concrete call of a tool amounts to.

    `gives` is what we give away; `undecidable` says in words why that cannot be known; `effect` is the class of
    this very call where it differs from the declared one; `matter` names a case of the playbook's `matters` list.
    """

    gives: Money | None = None
    undecidable: str | None = None
    effect: EffectClass | None = None
    matter: str | None = None


class Assess(Protocol):
    """Judge one call: arguments, the account it concerns, and the day; pure."""

    def __call__(self, args: Mapping[str, Any], account: Account, today: date) -> Assessment: ...


def nothing_given(args: Mapping[str, Any], account: Account, today: date) -> Assessment:
    """Assess a tool that gives nothing away."""
    return Assessment()


@dataclass(frozen=True)
class Tool:
    """The declaration of a tool, and the function that runs it.

    `own` names the argument that, when it is the sender, waives `roles`. `recipients` names arguments that must be
    registered contacts (`registered`) or at least of a registered contact's mail domain (`domain`).
    `needs` are argument values without which the call is a draft. `moves` says what changes hands. `kind` are the word
    stems by which the record shows earlier calls of the same kind. `restores` marks a tool that takes back something we
    did to the customer: where our records admit an error, the reply is about our fault.

    `undo` tells the action that takes a done call back, and `check` the one that looks, `check_after` later, whether it
    held. Both name declared tools and do nothing themselves, because taking back is an effect like any other. A check
    names an `internal_read` tool that returns `holds` and `said`. `confirms` marks a tool that only serves checks; no
    model is offered it.
    """

    name: str
    effect: EffectClass
    summary: str
    arguments: type[BaseModel]
    run: Callable[..., Any]
    reversible: Literal["yes", "partial", "no"] = "no"
    idempotent: bool = False
    assess: Assess = nothing_given
    roles: frozenset[str] = frozenset()
    role_cap: Autonomy = Autonomy.HANDOFF
    own: str | None = None
    recipients: Mapping[str, Literal["registered", "domain"]] = field(default_factory=dict)
    account: str | None = None
    invoice: str | None = None
    target: str | None = None
    needs: Mapping[str, Any] = field(default_factory=dict)
    moves: Moves | None = None
    matter: str | None = None
    opposes: frozenset[str] = frozenset()
    uses_seat: bool = False
    clarifies: bool = False
    refuses: bool = False
    states_money: bool = False
    dates: frozenset[str] = frozenset()
    kind: tuple[str, ...] = ()
    restores: bool = False
    undo: Following | None = None
    check: Following | None = None
    check_after: timedelta = timedelta(0)
    confirms: bool = False
