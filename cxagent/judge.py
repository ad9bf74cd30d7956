"""Bring together what the gate needs: ask the sources, remember what the ledger knows, and rule."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from cxagent import clock, gate
from cxagent.context import ContextAudit, audit
from cxagent.domain.account import Account
from cxagent.domain.money import Money
from cxagent.domain.proposal import Proposal
from cxagent.domain.ruling import Ruling
from cxagent.domain.ticket import Ticket
from cxagent.domain.tool import Tool
from cxagent.domain.value import digest
from cxagent.domain.vocabulary import ACT, Autonomy, SourceName
from cxagent.gate import PART_RULES, TICKET_RULES, PartRule, TicketRule
from cxagent.ledger import handovers, history
from cxagent.ledger.authorizations import Grant
from cxagent.ledger.store import Store
from cxagent.playbook import Playbook
from cxagent.reading.message import Reading, read_message
from cxagent.reading.plainness import doubt
from cxagent.rules.submission import Cell, Stop, Submission
from cxagent.sources.fetch import Gather

ORDERS_DAYS = 30
"""For how long another contact's order on the same account is remembered when orders are compared."""


class _Memory(NamedTuple):
    """What the ledger remembers that a ruling must know."""

    stops: Sequence[Stop]
    cells: Sequence[Cell]
    orders: Sequence[str]


_NOTHING = _Memory((), (), ())


@dataclass(frozen=True)
class Judge:
    """Everything a ruling needs beside the ticket; the rules are a project's own on top, and they can only cap.

    `unanswered` reads a message a second time and names the requests that a proposal leaves out: it is given the
    proposal's intents, and those of weight among them, which may stand for a kindred one. A copy of an invoice is no
    answer to a request for money back.
    """

    playbook: Playbook
    tools: Mapping[str, Tool]
    gather: Gather
    store: Store
    ticket_rules: tuple[TicketRule, ...] = ()
    part_rules: tuple[PartRule, ...] = ()
    cells: Sequence[Cell] = ()
    shadow: bool = False
    unanswered: Callable[[Ticket, Collection[str], Collection[str]], tuple[str, ...]] = lambda ticket, intents, kin: ()

    def look(self, ticket: Ticket, hint: str | None, but: str | None = None) -> ContextAudit:
        """Audit the context of a ticket now; `but` leaves an authorization's own reservation out of the sums."""
        answers = self.gather.ask(ticket.sender.email.strip().lower(), hint)
        ids, at = [account.id for account in answers.accounts], clock.now()
        since = at - timedelta(days=self.playbook.money.rolling_days)
        with self.store.read() as connection:
            trust = history.trust_events(connection, ids) if ids else {}
            given = history.given(connection, ids, since, but) if ids else {}
            owners = handovers.on_record(connection, ids) if ids else {}
        return audit(ticket, hint, answers, self.playbook, at, trust=trust, given=given, owners=owners)

    def read(self, ticket: Ticket, found: ContextAudit) -> Reading:
        """Read a message against the goals and the broken promises of the account that was resolved."""
        crm = found.account.crm if found.account else None
        goals = [goal.goal for goal in (crm.stated_goals if crm else None) or ()]
        promises = [promise.what for promise in found.standing.unkept] if found.standing else []
        return read_message(ticket.text, language=ticket.language, goals=goals, promises=promises)

    def submit(
        self,
        ticket: Ticket,
        found: ContextAudit,
        reading: Reading,
        proposal: Proposal | None = None,
        *,
        read_by_proposer: bool = False,
        at_most: Autonomy = ACT,
        trouble: str | None = None,
        remember: bool = True,
    ) -> Submission:
        """Put everything before the gate; `remember` adds what the ledger knows: stops, latitude, earlier orders."""
        memory = self._memory(ticket, found) if remember else _NOTHING
        return Submission(
            ticket=ticket,
            audit=found,
            reading=reading,
            playbook=self.playbook,
            tools=self.tools,
            proposal=proposal,
            read_by_proposer=read_by_proposer,
            cells=(*self.cells, *memory.cells),
            stops=memory.stops,
            earlier_orders=memory.orders,
            doubt=doubt(ticket.text),
            unanswered=self._unanswered(ticket, proposal) if proposal else (),
            shadow=self.shadow,
            at_most=at_most,
            trouble=trouble,
        )

    def _unanswered(self, ticket: Ticket, proposal: Proposal) -> tuple[str, ...]:
        intents, known = [part.intent for part in proposal.parts], self.playbook.intents
        return self.unanswered(ticket, intents, [one for one in intents if one in known and known[one].weighty])

    def _memory(self, ticket: Ticket, found: ContextAudit) -> "_Memory":
        now = clock.now()
        with self.store.read() as connection:
            stops: Sequence[Stop] = ()
            cells: Sequence[Cell] = ()
            if not history.quiet(connection):
                stops, cells = history.stops(connection), history.cells(connection, now)
            orders: list[str] = []
            if found.account is not None:
                sender, since = digest(ticket.sender.email.lower()), now - timedelta(days=ORDERS_DAYS)
                orders = history.orders_of_others(connection, found.account_id, sender, since)
        return _Memory(stops, cells, orders)

    def rule(self, sub: Submission) -> Ruling:
        """Rule with the product's rules and the project's own."""
        return gate.rule(sub, (*TICKET_RULES, *self.ticket_rules), (*PART_RULES, *self.part_rules))

    def grant(self, sub: Submission, *, limited: bool) -> Grant:
        """Say what an authorization must reserve, and the room it must fit into where the machine acts alone."""
        standing, money = sub.audit.standing, self.playbook.money
        amounts = [(place, amount) for place, call in enumerate(sub.calls) if (amount := call.gives)]
        exposure = standing.exposure if standing else None
        return Grant(
            root_id=sub.audit.root_id,
            amounts=tuple((place, Money(amount=amount, currency=self.playbook.currency)) for place, amount in amounts),
            limit=money.rolling.limit(sub.tier, sub.at_risk) if limited else None,
            shown=exposure.on_record.amount if exposure and exposure.on_record else Decimal(0),
            shown_refs=frozenset(exposure.refs if exposure else ()),
            since=clock.now() - timedelta(days=money.rolling_days),
        )


def shown_to_proposer(found: ContextAudit) -> Account | None:
    """Return the account without the sections that contradict each other: nothing of a contradiction is quoted."""
    account = found.account
    if account is None:
        return None
    sides = [side for one in found.conflicts if one.material for side in (one.left, one.right)]
    torn = {source for side in sides for source in _sections_of(side)}
    return account.model_copy(update=dict.fromkeys(torn))


def _sections_of(side: str) -> tuple[str, ...]:
    """Name the section one side of a contradiction lies in; where it does not say, all that states money or terms."""
    named = tuple(source.value for source in SourceName if side.startswith(source.value))
    return named or (SourceName.BILLING.value, SourceName.CONTRACT.value)
