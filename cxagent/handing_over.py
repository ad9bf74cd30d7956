"""Handing accounts over: who leaves, what they look after, a plan for each account, and the contact that ends it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from cxagent import clock
from cxagent.agent import Agent
from cxagent.context.handover import Handover, OnRecord, Plan, owner_of, plan_of, same_person, somebody
from cxagent.context.identity import family_tree
from cxagent.context.standing import stand, worth
from cxagent.domain.account import Account
from cxagent.domain.review import amount_of
from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import SourceName, Tier
from cxagent.errors import BadInput, Refused
from cxagent.inbox.people import ADMIN
from cxagent.ledger import handovers
from cxagent.playbook import Playbook
from cxagent.sources import Source

SHORTEST_NOTE, LONGEST_NOTE = 8, 500


class Kept(Value):
    """An account that somebody looks after: what it is worth, and the plan for the case that they leave.

    `handover_id` is set where a handover of it is open, `in_touch` where a successor has been in touch already: the CRM
    still names who leaves, and nothing is left to do.
    """

    account_id: Text
    name: Text
    root_id: Text
    stake: Text
    tier: Tier
    plan: Plan
    handover_id: Text | None = None
    in_touch: Text | None = None


class Book(Value):
    """The accounts that one person looks after, the most valuable first; `gaps` says what could not be asked."""

    person: Text
    accounts: tuple[Kept, ...]
    gaps: tuple[str, ...] = ()


def book_of(agent: Agent, person: str, successor: str | None = None) -> Book:
    """Return the accounts that a person looks after, by the sources; where one cannot list its, by the ledger.

    `BadInput` where the name is nobody's. Nothing is written.
    """
    playbook = agent.project.steps.judge.playbook
    if not somebody(person, playbook):
        raise BadInput(f"{person!r} is no person's name", where="who leaves")
    found, gaps = _owned(agent, person)
    kept = [_kept(agent, account_id, person, successor) for account_id in found]
    kept.sort(key=lambda one: (-amount_of(one.stake), one.account_id))
    return Book(person=person, accounts=tuple(kept), gaps=tuple(gaps))


def leaving(agent: Agent, person: str, leaves_on: date, successor: str | None, by: str) -> Book:
    """Open a handover with a plan for every account that a person looks after; return them.

    One that is open already gets the successor's name where it has another one or none; where that successor is in
    touch, nothing is opened again. `Refused` where `by` may not.
    """
    playbook = agent.project.steps.judge.playbook
    by = _may_open(playbook, by)
    if successor is not None and (not somebody(successor, playbook) or same_person(successor, person)):
        raise BadInput(f"{successor!r} cannot take over from {person}", where="successor")
    book = book_of(agent, person, successor)
    opened = []
    for one in book.accounts:
        if one.in_touch:
            opened.append(one)
            continue
        about = Handover(
            account_id=one.account_id,
            from_owner=person,
            to_owner=successor,
            stake=one.stake,
            why=f"{by} says that {person} leaves on {leaves_on}",
            opened_at=clock.now(),
            leaves_on=leaves_on,
            plan=one.plan,
        )
        with agent.store.write(f"handover {one.account_id}") as connection:
            if trouble := _renaming(playbook, by, handovers.open_of(connection, one.account_id), successor):
                raise Refused(trouble)
            handover_id, _ = handovers.begin(connection, about, one.root_id, by)
        opened.append(one.model_copy(update={"handover_id": handover_id}))
    return book.model_copy(update={"accounts": tuple(opened)})


def contacted(agent: Agent, handover_id: str, by: str, note: str) -> None:
    """Record that the successor has spoken with the account: when and how; from then on the account is as before.

    Only the successor records it, or somebody above them on the ladder of signatures, and never who left.
    """
    playbook, said = agent.project.steps.judge.playbook, " ".join(note.split())
    if not SHORTEST_NOTE <= len(said) <= LONGEST_NOTE:
        raise BadInput("say when and how, for example: called Ada Berg on 12 March, 20 minutes", where="note")
    with agent.store.write(f"handover {handover_id}") as connection:
        if trouble := objection(playbook, by, handovers.one_of(connection, handover_id)):
            raise Refused(trouble)
        name = found.name if (found := playbook.colleague(by)) else by
        handovers.contact(connection, handover_id, name, said)


def open_ones(agent: Agent, *, ended: bool = False) -> list[dict[str, Any]]:
    """Return the open handovers, or those that ended, the largest stake first."""
    with agent.store.read() as connection:
        return handovers.listing(connection, ended=ended)


def _renaming(playbook: Playbook, by: str, known: Mapping[str, Any] | None, successor: str | None) -> str | None:
    """Return why somebody may not name this successor on a handover that is open, or None where they may.

    Whoever leaves takes nothing over, and nobody puts themselves in the place of a named successor.
    """
    if known is None or successor is None or same_person(known["to_owner"], successor):
        return None
    if same_person(known["from_owner"], successor):
        return f"{successor} leaves {known['account_id']} and cannot take it over again"
    if known["to_owner"] is None:
        return None
    if same_person(by, successor):
        return f"{known['to_owner']} is to take {known['account_id']} over; somebody else must name you in their place"
    found = playbook.colleague(by)
    if found is not None and found.role == ADMIN:
        return None
    return objection(playbook, by, known)


def _may_open(playbook: Playbook, by: str) -> str:
    found = playbook.colleague(by)
    if found is None or (playbook.rank_of(found.role) < 0 and found.role != ADMIN):
        raise Refused(f"{by} may not say who leaves: that takes somebody who decides drafts, or an administrator")
    return found.name


def objection(playbook: Playbook, by: str, row: Mapping[str, Any]) -> str | None:
    """Return why somebody may not record the contact of a handover, or None where they may."""
    found, successor = playbook.colleague(by), row["to_owner"]
    if found is None:
        return f"{by} is nobody the playbook knows"
    if successor is None:
        return f"nobody is named to take over from {row['from_owner']}; name a successor first"
    if same_person(found.name, row["from_owner"]):
        return f"{found.name} leaves this account; {successor} records the contact, or somebody above them"
    if same_person(found.name, successor):
        return None
    theirs = playbook.colleague(successor)
    least = playbook.rank_of(theirs.role) if theirs else -1
    if playbook.rank_of(found.role) <= least:
        return f"{successor} records the contact, or somebody above them"
    return None


def _owned(agent: Agent, person: str) -> tuple[list[str], list[str]]:
    """Return the accounts of a person, and a sentence for every source that cannot list its accounts."""
    playbook, found, gaps = agent.project.steps.judge.playbook, dict[str, None](), []
    for source in agent.project.sources:
        if SourceName.CRM not in source.sections:
            continue
        if (documents := _listed(source)) is None:
            gaps.append(
                f"{source.name} cannot list its accounts; shown are those on record whose owner was {person} last"
            )
            with agent.store.read() as connection:
                found |= dict.fromkeys(handovers.owned_by(connection, person))
            continue
        for one in documents:
            owner = owner_of(one, playbook)
            if owner is not None and same_person(owner.name, person):
                found[one.id] = None
    return list(found), gaps


def _listed(source: Source) -> Iterable[Account] | None:
    """Return every document of a source, or None where it answers only for one account at a time."""
    listed = getattr(source, "accounts", None)
    return listed() if callable(listed) else listed


def _kept(agent: Agent, account_id: str, person: str, successor: str | None) -> Kept:
    judge = agent.project.steps.judge
    answers = judge.gather.ask("", account_id)
    tree, now = family_tree(answers.accounts), clock.now()
    with agent.store.read() as connection:
        known = handovers.on_record(connection, [account_id]).get(account_id, OnRecord())
    account = tree.get(account_id)
    held = stand(account, tree, judge.playbook, now, fx=answers.fx) if account else None
    tier = held.tier if held else Tier.HIGH
    return Kept(
        account_id=account_id,
        name=account.name if account else account_id,
        root_id=held.root_id if held else account_id,
        stake=worth(account, judge.playbook, answers.fx) if account else "unknown",
        tier=tier,
        plan=plan_of(account.name if account else account_id, tier, person, successor, now.date(), judge.playbook),
        handover_id=known.open[0].id if known.open else None,
        in_touch=_touched(known, person, successor),
    )


def _touched(known: OnRecord, person: str, successor: str | None) -> str | None:
    """Return who is in touch with an account in place of a person, unless another successor is named now."""
    if known.open or known.in_touch is None or not same_person(known.in_touch[0], person):
        return None
    return known.in_touch[1] if successor is None or same_person(known.in_touch[1], successor) else None
