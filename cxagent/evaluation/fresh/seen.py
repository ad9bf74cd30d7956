"""Seen: the facts as they were when a ticket was ruled on, rebuilt exactly or not at all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from cxagent.context import ContextAudit, audit
from cxagent.context.standing import Given, TrustEvent
from cxagent.domain.account import Account, Answers, Credit
from cxagent.domain.proposal import Proposal
from cxagent.domain.ticket import Incoming
from cxagent.domain.vocabulary import Autonomy
from cxagent.errors import BadInput
from cxagent.ledger import history, tickets
from cxagent.ledger.store import Connection
from cxagent.playbook import Playbook
from cxagent.project import Project
from cxagent.sources import Gather, HeldSource


@dataclass(frozen=True)
class Past:
    """A ruling as it was: what came in, what was seen, what was proposed, and what the ledger knew of the money."""

    incoming: Incoming
    entry: Mapping[str, Any]
    audit: ContextAudit
    proposal: Proposal | None
    given: Sequence[Given]
    trust: Mapping[str, Sequence[TrustEvent]]

    @property
    def route(self) -> Autonomy:
        """The route that was ruled."""
        return Autonomy(self.entry["body"]["autonomy"])

    @property
    def day(self) -> str:
        """The day of the ruling."""
        return f"{self.audit.at:%Y-%m-%d}"


def past_of(connection: Connection, entry: Mapping[str, Any], ticket_id: str) -> Past:
    """Read a ruling with all that it rested on."""
    known, seen = tickets.known(connection, ticket_id), entry["personal"]
    if known is None or known.incoming is None or seen is None:
        raise BadInput("its personal data was erased, and a case is made of nothing else", where=ticket_id)
    try:
        found = ContextAudit.model_validate(seen["audit"])
        proposal = None if seen["proposal"] is None else Proposal.model_validate(seen["proposal"])
    except (KeyError, ValidationError):
        raise BadInput("its ruling was written by an older version and cannot be read", where=ticket_id) from None
    ids = [found.account.id] if found.account else []
    given = history.given(connection, [found.root_id], found.at - timedelta(days=366)) if ids else {}
    trust = history.trust_events(connection, ids) if ids else {}
    return Past(
        incoming=known.incoming,
        entry=entry,
        audit=found,
        proposal=proposal,
        given=[one for one in given.get(found.root_id, ()) if one.at <= found.at],
        trust={id: [one for one in events if one.at <= found.at] for id, events in trust.items()},
    )


def seen_of(project: Project, past: Past) -> tuple[Account, ...]:
    """Return all that the sources answered then.

    A ruling keeps the acting account; its group is asked for again, which counts only where the audit is as it was.
    """
    own, playbook = (past.audit.account,) if past.audit.account else (), project.playbook
    # Under a clock that stands still, what was given at the moment of the ruling may have come before it or after it.
    moments = (past, replace(past, given=[one for one in past.given if one.at < past.audit.at]))
    for one in moments:
        if _alike(_audited(own, one, playbook), one, playbook):
            return _with_given(own, one, playbook)
    gather = Gather(project.sources, deadline_seconds=project.config.deadline_seconds, fx=past.audit.fx)
    now = gather.ask(past.incoming.ticket.sender.email.strip().lower(), past.incoming.account_id).accounts
    accounts = (*own, *(one for one in now if one.id not in {account.id for account in own}))
    for one in moments:
        if _alike(found := _audited(accounts, one, playbook), one, playbook):
            return _with_given(accounts, one, playbook)
    apart = ", ".join(_apart(found, past)) or "a detail of the audit"
    changed = "" if same_playbook(past, playbook) else "; and the playbook is another one by now"
    raise BadInput(
        f"what was seen on {past.day} cannot be rebuilt, because the ruling holds the acting account alone and the "
        f"sources answer otherwise today: {apart}{changed}",
        where=past.incoming.ticket.id,
    )


def _audited(accounts: Sequence[Account], past: Past, playbook: Playbook) -> ContextAudit:
    """Audit accounts as a replay will, with what the ledger knew beside them."""
    ticket, hint = past.incoming.ticket, past.incoming.account_id
    gather = Gather((HeldSource(accounts, past.audit.faults),), fx=past.audit.fx)
    answers: Answers = gather.ask(ticket.sender.email.strip().lower(), hint)
    given = {past.audit.root_id: past.given}
    return audit(ticket, hint, answers, playbook, past.audit.at, trust=past.trust, given=given)


def _alike(found: ContextAudit, past: Past, playbook: Playbook) -> bool:
    """Whether the same was seen; under another playbook that can be told only of an account that stands alone."""
    then = past.audit
    if found == then:
        return bool(found.digest == past.entry["body"]["context"])
    group = then.standing and (len(then.standing.family) > 1 or then.standing.missing_parent)
    same = all(getattr(found, name) == getattr(then, name) for name in ("account", "conflicts", "faults", "fx"))
    who = ("status", "account_id", "email", "verified")
    known = all(getattr(found.identity, name) == getattr(then.identity, name) for name in who)
    return not group and same and known and not same_playbook(past, playbook)


def same_playbook(past: Past, playbook: Playbook) -> bool:
    """Whether a ruling was made under this version of the playbook."""
    return bool(past.entry["body"]["playbook"] == playbook.version)


def _apart(found: ContextAudit, past: Past) -> Iterator[str]:
    """Name what differs between an audit and the one on record."""
    then, one, other = past.audit, found.standing, past.audit.standing
    if found.identity != then.identity:
        yield "who wrote"
    if found.conflicts != then.conflicts:
        yield "what contradicts itself"
    if one and other:
        places = {
            "family": "the companies of the group",
            "stake": "what the group is worth",
            "risks": "the risks",
            "window": "the renewal window",
            "exposure": "the money given",
            "trust_balance": "the balance of trust",
        }
        yield from (words for name, words in places.items() if getattr(one, name) != getattr(other, name))


def _with_given(accounts: Sequence[Account], past: Past, playbook: Playbook) -> tuple[Account, ...]:
    """Let billing show the money that only the ledger knew of: a case has no other place for it."""
    exposure = past.audit.standing.exposure if past.audit.standing else None
    since = past.audit.at - timedelta(days=playbook.money.rolling_days)
    shown = exposure.refs if exposure else ()
    own = [one for one in past.given if one.ref not in shown and one.at >= since]
    if not own:
        return tuple(accounts)
    for place, account in enumerate(accounts):
        if account.billing is not None and account.billing.credits is not None:
            credits = (*account.billing.credits, *(Credit(amount=o.amount, granted_at=o.at, ref=o.ref) for o in own))
            billing = account.billing.model_copy(update={"credits": credits})
            return (*accounts[:place], account.model_copy(update={"billing": billing}), *accounts[place + 1 :])
    raise BadInput("money that only the ledger knew of counted, and billing has no place for it", where=past.day)


def latitude_of(connection: Connection, past: Past) -> list[dict[str, Any]]:
    """Return the latitude that was in force for these intents in this segment."""
    crm = past.audit.account.crm if past.audit.account else None
    intents, segment = past.entry["body"]["intents"], crm.segment if crm else None
    cells = history.cells(connection, past.audit.at)
    told = [
        one.model_dump(exclude={"level", "audits", "lost"})
        for one in cells
        if one.intent in intents and one.segment == segment
    ]
    return [{**one, "since": past.audit.at} for one in told]
