"""People at the inbox: who they are, as what they may sign, and whose authority they have on loan today."""

from datetime import date

from cxagent.domain.value import Text, Value
from cxagent.errors import Refused
from cxagent.ledger import absences
from cxagent.ledger.store import Connection
from cxagent.playbook import BESIDE, Colleague, Playbook

VIEWER, QA, ADMIN = BESIDE


class Lent(Value):
    """Authority on loan: somebody is away and named this person to stand in for them. It cannot be lent on."""

    by: Text
    role: Text
    rank: int


class Person(Value):
    """Somebody at the inbox; `rank` is their step on the ladder of signatures, -1 for a role beside it."""

    name: Text
    role: Text
    rank: int
    email: Text | None = None
    lent: tuple[Lent, ...] = ()

    @property
    def decides(self) -> bool:
        """Whether this person decides drafts at all."""
        return self.rank >= 0

    @property
    def governs(self) -> bool:
        """Whether this person may propose and approve changes of the playbook: everybody above the first step."""
        return self.rank >= 1

    @property
    def names(self) -> tuple[str, ...]:
        """This person and those for whom they stand in today."""
        return (self.name, *(one.by for one in self.lent))


def person(playbook: Playbook, connection: Connection, name: str, day: date) -> Person:
    """Return a person of the playbook as they stand on a day; `Refused` where the playbook knows no such person."""
    found = playbook.colleague(name)
    if found is None:
        raise Refused(f"{name} is nobody the playbook knows")
    away = absences.today(connection, day)
    lent = []
    for row in away:
        by = playbook.colleague(row["person"])
        if by is not None and row["delegate"] == found.name and by.name != found.name:
            lent.append(Lent(by=by.name, role=by.role, rank=playbook.rank_of(by.role)))
    return Person(
        name=found.name, role=found.role, rank=playbook.rank_of(found.role), email=found.email, lent=tuple(lent)
    )


def decider(playbook: Playbook, name: str) -> Colleague | None:
    """Return the colleague of that name who decides drafts; None where there is none."""
    found = playbook.colleague(name)
    return found if found is not None and playbook.rank_of(found.role) >= 0 else None


def deciders(playbook: Playbook, me: Person) -> list[Colleague]:
    """Return who decides drafts beside a person."""
    return [one for one in playbook.people if playbook.rank_of(one.role) >= 0 and one.name != me.name]


def signature(playbook: Playbook, me: Person, required: str) -> tuple[str, str | None]:
    """Return as what a person signs, and whose authority that is where it is lent: their own where it suffices.

    Of several loans the lowest that suffices counts; where none does, their own role comes back, to be refused.
    """
    needed = playbook.rank_of(required)
    if me.rank >= needed or not me.decides:
        return me.role, None
    enough = sorted((one for one in me.lent if one.rank >= needed), key=lambda one: one.rank)
    return (enough[0].role, enough[0].by) if enough else (me.role, None)
