"""Bring together what the gate needs: ask the sources, remember what the ledger knows, and rule."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from cxagent import clock, gate
from cxagent.context import ContextAudit, audit
from cxagent.domain.account import Account
from cxagent.domain.alarm import Alarm
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
from cxagent.ledger import alarms, estimates, handovers, history, lessons, losses
from cxagent.ledger.authorizations import Grant
from cxagent.ledger.store import Connection, Store
from cxagent.ledger.tickets import UNKNOWN
from cxagent.playbook import Playbook
from cxagent.reading.message import Reading, read_message
from cxagent.reading.plainness import doubt
from cxagent.rules.loss import budget_of
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
    alarms: Sequence[Alarm] = ()
    lost_today: Decimal = Decimal(0)


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
            known = estimates.latest(connection, ids, segments_of(answers.accounts))
        return audit(ticket, hint, answers, self.playbook, at, trust=trust, given=given, owners=owners, estimates=known)

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
            alarms=memory.alarms,
            lost_today=memory.lost_today,
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
        now, kinds = clock.now(), self._kinds(found, proposal)
        with self.store.read() as connection:
            if not history.quiet(connection, now, Level.WATCHED if self._start is None else self._start):
                memory = self._unrest(connection, ticket, kinds)
            else:
                memory = _Memory(cells=history.earned(connection, now, kinds) if self.earns else ())
            if found.account is None:
                return memory
            sender, since = digest(ticket.sender.email.lower()), now - timedelta(days=ORDERS_DAYS)
            orders = history.orders_of_others(connection, found.account_id, sender, since)
            lost = losses.lost_since(connection, found.root_id, _day(now), ticket.id) if proposal else Decimal(0)
        return memory._replace(orders=orders, lost_today=lost)

    def _kinds(self, found: ContextAudit, proposal: Proposal | None) -> history.Kinds:
        intents = tuple(dict.fromkeys(part.intent for part in proposal.parts)) if proposal else ()
        return history.Kinds(intents, segment_of(found), self.version, self._start)

    @property
    def _start(self) -> Level | None:
        """The level of a kind of case without a record; None where an empty history caps nothing."""
        return START[self.playbook.latitude.start] if self.earns else None

    def _unrest(self, connection: Connection, ticket: Ticket, kinds: history.Kinds) -> "_Memory":
        """Ask for what holds beside the playbook: stops, alarms, where the kinds of case stand, what this resembles."""
        now, intents = clock.now(), kinds.intents
        stops, cells = history.stops(connection), history.cells(connection, now, kinds)
        up = alarms.in_force(connection)
        learned = lessons.in_force(connection, now) if intents else []
        if not learned:
            return _Memory(stops, cells, alarms=up)
        words = [one.id for one in learned]
        message, known = self.vectors.read(ticket.text, words, lambda names: lessons.texts(connection, names))
        pairs = [(one, known[one.id]) for one in learned if one.id in known]
        alike = kin(pairs, intents, message, self.playbook.latitude.learning, self._family, now)
        return _Memory(stops, cells, alike, alarms=up)

    def _family(self, intent: str) -> EffectClass | None:
        """Return the family of an intent: those of one effect class belong together."""
        entry = self.playbook.intents.get(intent)
        return entry.effect if entry else None

    def rule(self, sub: Submission) -> Ruling:
        """Rule with the product's rules and the project's own."""
        return gate.rule(sub, (*TICKET_RULES, *self.ticket_rules), (*PART_RULES, *self.part_rules))

    def marks(self, sub: Submission, ruling: Ruling) -> dict[str, Any]:
        """Say which cell a ruling belongs to, how the account stood, what rode on it, and its chance of an audit.

        The chance is fixed here, before anybody can know how the decision turns out. `checking` is what a look costs.
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
            "at_stake": _parts_of(sub.audit),
            "expected_loss": ruling.expected_loss,
            "checking": f"{ruling.weighing.saved:.2f}" if ruling.weighing else None,
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
            day=_day(clock.now()),
            most_lost=budget_of(sub) if limited and any(sub.weighings) else None,
        )


def _day(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _parts_of(found: ContextAudit) -> dict[str, Any] | None:
    """Return the four parts of a stake as the log keeps them: amounts as text, None where one has no price."""
    stake = found.standing.at_stake if found.standing else None
    if stake is None:
        return None
    parts = {name: None if part.amount is None else str(part.amount) for name, part in stake.lines}
    return {**parts, "total": str(stake.total), "currency": stake.currency, "method": stake.method}


def segments_of(accounts: Sequence[Account]) -> list[str]:
    """Return the segments of some accounts, each once."""
    return sorted({one.crm.segment.value for one in accounts if one.crm and one.crm.segment})


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
