"""Bring together what the gate needs: ask the sources, remember what the ledger knows, and rule."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from cxagent import clock, gate
from cxagent.context import ContextAudit, audit
from cxagent.domain.account import Account
from cxagent.domain.cell import Cell, Kin, Level
from cxagent.domain.money import Money
from cxagent.domain.proposal import Proposal
from cxagent.domain.ruling import Ruling
from cxagent.domain.stop import Stop
from cxagent.domain.ticket import Ticket
from cxagent.domain.tool import Tool
from cxagent.domain.value import digest
from cxagent.domain.vocabulary import ACT, Autonomy, EffectClass, SourceName
from cxagent.gate import PART_RULES, TICKET_RULES, PartRule, TicketRule
from cxagent.latitude.similar import Vectors, kin
from cxagent.latitude.terms import START
from cxagent.ledger import handovers, history, lessons
from cxagent.ledger.authorizations import Grant
from cxagent.ledger.store import Connection, Store
from cxagent.ledger.tickets import UNKNOWN
from cxagent.playbook import Playbook
from cxagent.reading.message import Reading, read_message
from cxagent.reading.plainness import doubt
from cxagent.rules.submission import Submission
from cxagent.sources.fetch import Gather

ORDERS_DAYS = 30
"""For how long another contact's order on the same account is remembered when orders are compared."""


class _Memory(NamedTuple):
    """What the ledger remembers that a ruling must know."""

    stops: Sequence[Stop] = ()
    cells: Sequence[Cell] = ()
    kin: Sequence[Kin] = ()
    orders: Sequence[str] = ()


_NOTHING = _Memory()


@dataclass(frozen=True)
class Judge:
    """Everything a ruling needs beside the ticket; the rules are a project's own on top, and they can only cap.

    `unanswered` reads a message a second time and names the requests that a proposal leaves out: it is given the
    proposal's intents, and those of weight among them, which may stand for a kindred one. A copy of an invoice is no
    answer to a request for money back. Where it `earns`, a kind of case without a record stands where the playbook
    lets it start; where it does not, as in a replay, an empty history caps nothing. `vectors` tell what is alike.
    """

    playbook: Playbook
    tools: Mapping[str, Tool]
    gather: Gather
    store: Store
    ticket_rules: tuple[TicketRule, ...] = ()
    part_rules: tuple[PartRule, ...] = ()
    cells: Sequence[Cell] = ()
    shadow: bool = False
    version: str = "unversioned"
    earns: bool = False
    vectors: Vectors = field(default_factory=Vectors)
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
        memory = self._memory(ticket, found, proposal) if remember else _NOTHING
        return Submission(
            ticket=ticket,
            audit=found,
            reading=reading,
            playbook=self.playbook,
            tools=self.tools,
            proposal=proposal,
            read_by_proposer=read_by_proposer,
            cells=(*self.cells, *memory.cells),
            kin=memory.kin,
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

    def _memory(self, ticket: Ticket, found: ContextAudit, proposal: Proposal | None) -> "_Memory":
        now, memory = clock.now(), _NOTHING
        with self.store.read() as connection:
            if not history.quiet(connection, now, Level.WATCHED if self._start is None else self._start):
                memory = self._unrest(connection, ticket, found, proposal)
            orders: list[str] = []
            if found.account is not None:
                sender, since = digest(ticket.sender.email.lower()), now - timedelta(days=ORDERS_DAYS)
                orders = history.orders_of_others(connection, found.account_id, sender, since)
        return memory._replace(orders=orders)

    @property
    def _start(self) -> Level | None:
        """The level of a kind of case without a record; None where an empty history caps nothing."""
        return START[self.playbook.latitude.start] if self.earns else None

    def _unrest(
        self, connection: Connection, ticket: Ticket, found: ContextAudit, proposal: Proposal | None
    ) -> "_Memory":
        """Ask for what holds beside the playbook: stops, where the kinds of case stand, and what this one resembles."""
        now, intents = clock.now(), tuple(dict.fromkeys(part.intent for part in proposal.parts)) if proposal else ()
        kinds = history.Kinds(intents, segment_of(found), self.version, self._start)
        stops, cells = history.stops(connection), history.cells(connection, now, kinds)
        learned = lessons.in_force(connection, now) if intents else []
        if not learned:
            return _Memory(stops, cells)
        words = [one.id for one in learned]
        message, known = self.vectors.read(ticket.text, words, lambda names: lessons.texts(connection, names))
        pairs = [(one, known[one.id]) for one in learned if one.id in known]
        return _Memory(stops, cells, kin(pairs, intents, message, self.playbook.latitude.learning, self._family, now))

    def _family(self, intent: str) -> EffectClass | None:
        """Return the family of an intent: those of one effect class belong together."""
        entry = self.playbook.intents.get(intent)
        return entry.effect if entry else None

    def rule(self, sub: Submission) -> Ruling:
        """Rule with the product's rules and the project's own."""
        return gate.rule(sub, (*TICKET_RULES, *self.ticket_rules), (*PART_RULES, *self.part_rules))

    def marks(self, sub: Submission, ruling: Ruling) -> dict[str, Any]:
        """Say which cell a ruling belongs to, how the account stood, and with what chance it is drawn for an audit.

        The chance is fixed here, before anybody can know how the decision turns out.
        """
        segment = segment_of(sub.audit)
        level = self.level_of(sub, segment)
        audited = self.playbook.latitude.audited
        chance = audited.share(level) if ruling.would == ACT else audited.elsewhere
        return {
            "would": (ruling.would or ruling.autonomy).value,
            "version": self.version,
            "segment": segment,
            "level": int(level),
            "chance": str(chance),
            "tier": sub.tier.value,
            "at_risk": sub.at_risk,
            "in_window": sub.in_window,
        }

    def level_of(self, sub: Submission, segment: str) -> Level:
        """Return the level of the first part's cell: as recorded, or where the playbook lets a cell begin."""
        if sub.shadow:
            return Level.OBSERVE
        intent = sub.parts[0].part.intent if sub.parts else None
        mine = [one for one in sub.cells if (one.intent, one.segment) == (intent, segment)]
        earned = min((one.level for one in mine if one.level is not None), default=START[self.playbook.latitude.start])
        return min([earned, *(Level.under(one.cap) for one in mine if one.level is None)])

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


def segment_of(found: ContextAudit) -> str:
    """Return how the CRM files the account of an audit; `unknown` where it does not say."""
    crm = found.account.crm if found.account else None
    return crm.segment.value if crm and crm.segment else UNKNOWN


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
