"""The six nodes of the graph, and the edges that depend on what they found.

Nodes hand on plain JSON; what binds is in the ledger. No node trusts the state it is given for authority: the gate
records before it lets anything through, and the executor asks the ledger again.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeVar, cast

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

from cxagent import brief, clock
from cxagent.answers import request
from cxagent.context import ContextAudit
from cxagent.domain.proposal import Action, Part, Proposal
from cxagent.domain.review import Review
from cxagent.domain.ruling import Ruling
from cxagent.domain.ticket import Ticket
from cxagent.domain.value import Value, digest
from cxagent.domain.vocabulary import ACT, DRAFT, HANDOFF, SILENT, Autonomy, Stance
from cxagent.errors import Refused
from cxagent.executor import Executor
from cxagent.gate import hands_off_already
from cxagent.judge import Judge, shown_to_proposer
from cxagent.ledger import journal, reviews
from cxagent.ledger.executions import Terms
from cxagent.ledger.journal import NoRoom
from cxagent.ledger.store import Connection, Store
from cxagent.proposers import Known, Proposer
from cxagent.reading.message import Reading
from cxagent.reviewing import Reviewing
from cxagent.rules.submission import Submission
from cxagent.state import TicketState

__all__ = ["END", "START", "NODES", "StateGraph", "Steps"]

NODES = ("context_auditor", "propose", "risk_gate", "draft_for_approval", "act", "human_handoff")
"""The six nodes, in the order in which a ticket meets them."""


V = TypeVar("V", bound=Value)


class Held(NamedTuple):
    """The values that the state holds as JSON."""

    ticket: Ticket
    audit: ContextAudit
    reading: Reading
    proposal: Proposal | None
    at_most: Autonomy
    read_by_proposer: bool
    trouble: str | None


class _Parsed(threading.local):
    """The values last read out of a state, by the very dict they were read from: nodes of one run share them."""

    def __init__(self) -> None:
        self.last: dict[type[Value], tuple[dict[str, Any], Value]] = {}

    def value(self, kind: type[V], raw: dict[str, Any]) -> V:
        """Return the value that a dict holds; the same dict is not parsed twice in a row."""
        known = self.last.get(kind)
        if known is None or known[0] is not raw:
            known = self.last[kind] = (raw, kind.model_validate(raw))
        return cast(V, known[1])

    def dumped(self, value: Value) -> dict[str, Any]:
        """Return a value as plain JSON and remember that it was this one."""
        raw = value.model_dump(mode="json")
        self.last[type(value)] = (raw, value)
        return raw


_parsed = _Parsed()


def held(state: TicketState) -> Held:
    """Read the values out of a state."""
    proposal, proposer = state.get("proposal"), state.get("proposer") or {}
    return Held(
        ticket=_parsed.value(Ticket, state["ticket"]),
        audit=_parsed.value(ContextAudit, state["audit"]),
        reading=_parsed.value(Reading, state["reading"]),
        proposal=_parsed.value(Proposal, proposal) if proposal else None,
        at_most=Autonomy(state.get("at_most") or ACT),
        read_by_proposer=bool(proposer.get("reads")),
        trouble=proposer.get("trouble"),
    )


@dataclass(frozen=True)
class Bench:
    """What the nodes work with; a replay works with another one than production does."""

    judge: Judge
    store: Store
    executor: Executor
    proposers: Sequence[Proposer]
    reviewing: Reviewing


class Steps:
    """The nodes of one project; which bench they work with is asked at every step."""

    def __init__(self, bench: Callable[[], Bench]) -> None:
        self._bench = bench

    @property
    def judge(self) -> Judge:
        """Who rules."""
        return self._bench().judge

    @property
    def store(self) -> Store:
        """Where it is recorded."""
        return self._bench().store

    @property
    def executor(self) -> Executor:
        """Who runs what was authorized."""
        return self._bench().executor

    @property
    def reviewing(self) -> Reviewing:
        """What people may decide."""
        return self._bench().reviewing

    # ---- context_auditor ----------------------------------------------------------------------------------------

    def context_auditor(self, state: TicketState) -> TicketState:
        """Audit the account behind the ticket and read the message; nothing is answered before."""
        ticket = Ticket.model_validate(state["ticket"])
        found = self.judge.look(ticket, state.get("account_id"))
        reading = self.judge.read(ticket, found)
        return {
            "audit": _parsed.dumped(found),
            "reading": _parsed.dumped(reading),
            "proposal": None,
            "proposer": {},
            "at_most": ACT.value,
            "authorization_id": None,
            "draft_id": None,
            "review": {},
            "outcome": {},
        }

    def after_audit(self, state: TicketState) -> Literal["propose", "risk_gate"]:
        """Ask no model where the audit alone calls for a person."""
        given = held(state)
        sub = self.judge.submit(given.ticket, given.audit, given.reading, remember=False)
        return "risk_gate" if hands_off_already(sub) else "propose"

    # ---- propose ------------------------------------------------------------------------------------------------

    def propose(self, state: TicketState) -> TicketState:
        """Ask the proposers in order, each with audited facts only; the next one answers where one cannot."""
        given = held(state)
        known = Known(
            ticket=given.ticket,
            account=shown_to_proposer(given.audit),
            sender_role=given.audit.identity.title,
            facts={fact.name: fact.value for fact in given.audit.facts if fact.value and fact.status != "conflicting"},
            today=given.audit.at.date(),
        )
        trouble: list[str] = []
        for proposer in self._bench().proposers:
            try:
                proposal = proposer.propose(known)
            except Exception as error:
                trouble.append(f"{proposer.name}: {error}")
                continue
            told = {"name": proposer.name, "reads": bool(getattr(proposer, "reads", False)), "tried": trouble}
            told |= {"at": clock.now().isoformat()}
            return {"proposal": _parsed.dumped(proposal), "proposer": told}
        return {"proposal": None, "proposer": {"trouble": "; ".join(trouble) or "no proposer", "tried": trouble}}

    # ---- risk_gate ----------------------------------------------------------------------------------------------

    def risk_gate(self, state: TicketState) -> TicketState:
        """Rule on the proposal, and record the ruling with what it opens: an authorization, or a draft."""
        given = held(state)
        review = self._review(state)
        proposal = edited(given.proposal, review) if review and given.proposal else given.proposal
        sub = self.submit(given, proposal)
        ruling = self.judge.rule(sub)
        if review is not None and proposal is not None:
            return self._let_edit_through(state, sub, ruling, review, proposal)
        return self._record(state, sub, ruling)

    def _record(self, state: TicketState, sub: Submission, ruling: Ruling) -> TicketState:
        try:
            return self._store_ruling(state, sub, ruling)
        except NoRoom:
            # Another ticket took the room between the audit and now: the sums are read again, and rule again.
            fresh = self.judge.look(sub.ticket, state.get("account_id"))
            sub = self.submit(held(state)._replace(audit=fresh, at_most=DRAFT), sub.proposal)
            state = {**state, "audit": fresh.model_dump(mode="json")}
            return {**self._store_ruling(state, sub, self.judge.rule(sub)), "audit": state["audit"]}

    def _store_ruling(self, state: TicketState, sub: Submission, ruling: Ruling) -> TicketState:
        due = brief.deadline(self.judge.playbook, sub.audit, clock.now())
        silent = self._silent(sub) if ruling.autonomy == HANDOFF else ()
        card: dict[str, Any] = {}
        authorization_id = draft_id = None
        with self.store.write() as connection:
            decision_id = self._decide(connection, state, sub, ruling)
            if ruling.autonomy == ACT and sub.proposal is not None:
                authorization_id = self._mint(connection, sub, ruling, decision_id, None, sub.proposal.actions, True)
            elif silent:
                authorization_id = self._mint(connection, sub, ruling, decision_id, None, silent, True)
            elif ruling.autonomy == DRAFT and sub.proposal is not None:
                card = brief.card(sub.ticket, sub.audit, sub.reading, sub.proposal, ruling, due)
                draft_id = journal.open_draft(
                    connection,
                    ticket_id=sub.ticket.id,
                    account_id=sub.audit.account_id,
                    decision_id=decision_id,
                    card=card,
                    required_role=ruling.sign_off,
                    four_eyes=ruling.four_eyes,
                    stake=ruling.stake,
                    assignee=brief.owner(self.judge.playbook, sub.audit, ruling.sign_off),
                    deadline=due,
                )
        return {
            "ruling": ruling.card(),
            "decision_id": decision_id,
            "authorization_id": authorization_id,
            "draft_id": draft_id,
            "card": {**card, "draft_id": draft_id} if card else {},
            "review": {},
        }

    def _let_edit_through(
        self, state: TicketState, sub: Submission, ruling: Ruling, review: dict[str, Any], proposal: Proposal
    ) -> TicketState:
        """An edit was judged again: it goes out with the reviewer's authority, or a person takes over."""
        trouble = self.reviewing.objection(review["role"], ruling)
        with self.store.write() as connection:
            decision_id = self._decide(connection, state, sub, ruling)
            authorization_id = None
            if trouble is None:
                draft_id = state.get("draft_id")
                actions = proposal.actions
                authorization_id = self._mint(connection, sub, ruling, decision_id, draft_id, actions, False)
        told: TicketState = {
            "ruling": ruling.card(),
            "decision_id": decision_id,
            "authorization_id": authorization_id,
            "proposal": proposal.model_dump(mode="json"),
        }
        if trouble is not None:
            told["outcome"] = {"trouble": f"the edit was not let through: {trouble}"}
        return told

    def _decide(self, connection: Any, state: TicketState, sub: Submission, ruling: Ruling) -> str:
        journal.open_ticket(connection, sub.ticket, sub.audit.account_id, sub.audit.root_id)
        reviews.withdraw_open(connection, sub.ticket.id)
        seen = {"audit": sub.audit, "reading": sub.reading, "proposal": sub.proposal, "proposer": state.get("proposer")}
        intents = [view.part.intent for view in sub.parts]
        return journal.record_ruling(connection, sub.ticket, sub.audit.account_id, ruling, intents, seen)

    def _mint(
        self,
        connection: Any,
        sub: Submission,
        ruling: Ruling,
        decision_id: str,
        draft_id: str | None,
        actions: tuple[Action, ...],
        limited: bool,
    ) -> str:
        terms = self._terms(sub.ticket.id, sub.audit, actions, sub.proposal)
        return journal.mint(
            connection,
            decision_id=decision_id,
            draft_id=draft_id,
            minutes=self.judge.playbook.authorization_minutes,
            grant=self.judge.grant(sub, limited=limited),
            **terms._asdict(),
        )

    def _terms(
        self, ticket_id: str, found: ContextAudit, actions: tuple[Action, ...], proposal: Proposal | None
    ) -> Terms:
        return Terms(
            ticket_id=ticket_id,
            account_id=found.account_id,
            proposal_digest=digest({"actions": actions, "reply": proposal.reply if proposal else None}),
            context_digest=found.digest,
            playbook_digest=self.judge.playbook.digest,
        )

    def _silent(self, sub: Submission) -> tuple[Action, ...]:
        """Calls that only tell a colleague run in a handoff too, for senders whom we know."""
        if sub.audit.account is None or any(call.tool is None or call.problem for call in sub.calls):
            return ()
        return tuple(call.action for call in sub.calls if call.effect in SILENT)

    def submit(self, given: Held, proposal: Proposal | None) -> Submission:
        return self.judge.submit(
            given.ticket,
            given.audit,
            given.reading,
            proposal,
            read_by_proposer=given.read_by_proposer,
            at_most=given.at_most,
            trouble=given.trouble,
        )

    def after_gate(self, state: TicketState) -> Literal["act", "draft_for_approval", "human_handoff"]:
        """Go where the ruling allows; without an authorization nothing goes to `act`."""
        if (state.get("review") or {}).get("verdict") in ("edit", "respond"):
            return "act" if state.get("authorization_id") else "human_handoff"
        match Autonomy(state["ruling"]["autonomy"]):
            case Autonomy.ACT:
                return "act"
            case Autonomy.DRAFT:
                return "draft_for_approval"
            case Autonomy.HANDOFF:
                return "human_handoff"

    # ---- draft_for_approval -------------------------------------------------------------------------------------

    def draft_for_approval(self, state: TicketState) -> TicketState:
        """Wait for a person; the answer becomes the one recorded verdict, or is refused with a sentence."""
        shown, said = state["card"], (state.get("review") or {}).get("refused")
        proposal = Proposal.model_validate(state["proposal"])
        described = "\n".join(filter(None, [f"Not accepted: {said}" if said else None, brief.describe(shown)]))
        answer = interrupt(request(proposal, described, shown))
        return self.reviewing.take(state, answer, self.terms_of_approval(state))

    def terms_of_approval(self, state: TicketState) -> tuple[Terms, Any]:
        given = held(state)
        sub = self.submit(given, given.proposal)
        actions = given.proposal.actions if given.proposal else ()
        terms = self._terms(given.ticket.id, given.audit, actions, given.proposal)
        return terms, self.judge.grant(sub, limited=False)

    def after_review(
        self, state: TicketState
    ) -> Literal["act", "risk_gate", "human_handoff", "draft_for_approval"]:
        """Follow the recorded verdict; an answer that was refused waits again."""
        match (state.get("review") or {}).get("verdict"):
            case "approve":
                return "act"
            case "edit" | "respond":
                return "risk_gate"
            case "reject":
                return "human_handoff"
            case _:
                return "draft_for_approval"

    # ---- act ----------------------------------------------------------------------------------------------------

    def act(self, state: TicketState) -> TicketState:
        """Read the deciding facts again, then run exactly what was authorized, once, and let the reply go."""
        authorization_id = state.get("authorization_id")
        if not authorization_id or not state.get("audit") or not state.get("proposal"):
            raise Refused("nothing was authorized on this thread")
        given = held(state)
        proposal = given.proposal
        assert proposal is not None
        if given.audit.account is None:
            raise Refused("nothing is done for an unresolved sender")
        if not self._begun(authorization_id):
            if changed := self._changed(state, given, proposal, authorization_id):
                return changed
        terms = self._terms(given.ticket.id, given.audit, proposal.actions, proposal)
        disposition = "answered_after_review" if (state.get("review") or {}).get("id") else "answered_alone"

        def closing(connection: Connection, keys: list[str]) -> None:
            account_id = given.audit.account_id
            if not journal.send(connection, given.ticket.id, account_id, authorization_id, proposal.reply):
                return
            if draft_id := state.get("draft_id"):
                reviews.close(connection, draft_id, "applied")
            body = {"authorization": authorization_id, "effects": keys}
            journal.record_outcome(connection, given.ticket.id, account_id, disposition, body)

        done = self.executor.run(authorization_id, terms, proposal.actions, given.audit.account, closing)
        if done.trouble is not None:
            return {"outcome": {"trouble": done.trouble, "effects": list(done.effects)}}
        return {"outcome": {"disposition": disposition, "effects": list(done.effects)}}

    def _begun(self, authorization_id: str) -> bool:
        with self.store.read() as connection:
            return journal.spent(connection, authorization_id)

    def _changed(
        self, state: TicketState, given: Held, proposal: Proposal, authorization_id: str
    ) -> TicketState | None:
        """Judge on fresh facts; return what to go on with where they no longer carry the authorization."""
        fresh = self.judge.look(given.ticket, state.get("account_id"), but=authorization_id)
        reading = self.judge.read(given.ticket, fresh)
        ruling = self.judge.rule(self.submit(given._replace(audit=fresh, reading=reading), proposal))
        before = state["ruling"]
        reviewed = bool((state.get("review") or {}).get("id"))
        tighter = set(ruling.reasons) - set(before["reasons"])
        carried = ruling.autonomy >= DRAFT and not tighter if reviewed else ruling.autonomy == ACT
        if carried and fresh.digest == given.audit.digest:
            return None
        with self.store.write() as connection:
            journal.release(connection, authorization_id)
            if draft_id := state.get("draft_id"):
                reviews.close(connection, draft_id, "withdrawn")
        at_most = DRAFT if reviewed else Autonomy(before["autonomy"])
        return {
            "audit": fresh.model_dump(mode="json"),
            "reading": reading.model_dump(mode="json"),
            "authorization_id": None,
            "at_most": min(at_most, given.at_most).value,
            "review": {},
            "outcome": {"changed": sorted(tighter) or ["context"]},
        }

    def after_act(self, state: TicketState) -> Literal["risk_gate", "human_handoff", "__end__"]:
        """End where it was done; rule again where the facts moved; hand over where an effect failed."""
        outcome = state.get("outcome") or {}
        if outcome.get("trouble"):
            return "human_handoff"
        return "risk_gate" if outcome.get("changed") else "__end__"

    # ---- human_handoff ------------------------------------------------------------------------------------------

    def human_handoff(self, state: TicketState) -> TicketState:
        """Move ownership to a named person with a brief; the customer gets at most the neutral acknowledgement."""
        given, ruling = held(state), Ruling.model_validate(_stored(state["ruling"]))
        tried = self._tried(state)
        effects: list[dict[str, Any]] = []
        authorization_id, review = state.get("authorization_id"), state.get("review") or {}
        if authorization_id and not review and not (state.get("outcome") or {}).get("trouble") and given.audit.account:
            actions = self._silent(self.submit(given, given.proposal))
            terms = self._terms(given.ticket.id, given.audit, actions, given.proposal)
            effects = list(self.executor.run(authorization_id, terms, actions, given.audit.account).effects)
        playbook = self.judge.playbook
        due = brief.deadline(playbook, given.audit, clock.now())
        who = brief.owner(playbook, given.audit, ruling.sign_off)
        told = brief.handoff_brief(given.ticket, given.audit, given.proposal, ruling, playbook, tried, due)
        with self.store.write() as connection:
            if draft_id := state.get("draft_id"):
                reviews.close(connection, draft_id, "applied" if review.get("verdict") == "reject" else "withdrawn")
            handoff_id = journal.hand_off(
                connection,
                ticket_id=given.ticket.id,
                account_id=given.audit.account_id,
                decision_id=state["decision_id"],
                owner=who,
                deadline=due,
                brief=told,
            )
        outcome = {"disposition": "handed_off", "handoff_id": handoff_id, "owner": who, "brief": told}
        return {"outcome": {**outcome, "effects": effects}}

    def _tried(self, state: TicketState) -> list[str]:
        proposer, outcome, review = state.get("proposer") or {}, state.get("outcome") or {}, state.get("review") or {}
        tried = [f"asked {line}" for line in proposer.get("tried", [])]
        if name := proposer.get("name"):
            tried.append(f"{name} wrote a suggestion; it was not sent")
        if trouble := outcome.get("trouble"):
            tried.append(trouble)
        if verdict := review.get("verdict"):
            tried.append(f"{review.get('by')} decided: {verdict}" + (f" ({review['note']})" if review.get("note") else ""))
        return tried

    def _review(self, state: TicketState) -> dict[str, Any] | None:
        """Return the recorded verdict where it changes what is sent; the ledger's word, not the state's."""
        if (state.get("review") or {}).get("verdict") not in ("edit", "respond"):
            return None
        draft_id = state.get("draft_id")
        with self.store.read() as connection:
            found = reviews.verdict(connection, draft_id) if draft_id else None
        if found is None or found[1].verdict not in ("edit", "respond"):
            raise Refused("no such verdict is on record")
        return found[1].model_dump()


def edited(proposal: Proposal, review: dict[str, Any]) -> Proposal:
    """Return the proposal as the reviewer wants it: their text, their actions, or their text alone."""
    verdict = Review.model_validate(review)
    reply = verdict.reply if verdict.reply is not None else proposal.reply
    first = proposal.parts[0]
    if verdict.verdict == "respond":
        part = Part(intent=first.intent, stance=Stance.INFORM)
        return proposal.model_copy(update={"parts": (part,), "reply": reply, "confidence": None})
    if verdict.actions is None:
        return proposal.model_copy(update={"reply": reply})
    return proposal.model_copy(update={"reply": reply, "parts": assigned(proposal, verdict.actions)})


def assigned(proposal: Proposal, actions: tuple[Action, ...]) -> tuple[Part, ...]:
    """Give each edited action to the part that proposed its tool; what no part proposed goes to the first one."""
    homes: dict[int, list[Action]] = {index: [] for index in range(len(proposal.parts))}
    for action in actions:
        fits = [i for i, part in enumerate(proposal.parts) if any(a.tool == action.tool for a in part.actions)]
        homes[fits[0] if fits else 0].append(action)
    return tuple(part.model_copy(update={"actions": tuple(homes[i])}) for i, part in enumerate(proposal.parts))


def _stored(card: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in card.items() if name in Ruling.model_fields}
