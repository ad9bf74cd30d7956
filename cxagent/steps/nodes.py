"""The six nodes of the graph, and the edges that depend on what they found.

Nodes hand on plain JSON; what binds is in the ledger. No node trusts the state it is given for authority: the gate
records before it lets anything through, and the executor asks the ledger again.
"""

import contextlib
from collections.abc import Callable
from typing import Any, Literal

from langgraph.types import interrupt

from cxagent import brief, clock
from cxagent.answers import request
from cxagent.domain.proposal import Proposal
from cxagent.domain.ruling import Ruling
from cxagent.domain.ticket import Ticket
from cxagent.domain.vocabulary import ACT, DRAFT, Autonomy, Reason
from cxagent.errors import Refused, Unauthorized
from cxagent.executor import Executor
from cxagent.gate import hands_off_already
from cxagent.judge import Judge, shown_to_proposer
from cxagent.ledger import authorizations, chain, journal, reports, reviews, tickets
from cxagent.ledger.store import Connection, Store
from cxagent.proposers import Known
from cxagent.reviewing import Reviewing
from cxagent.rules.stakes import kill_switch
from cxagent.state import TicketState
from cxagent.steps.bench import Bench
from cxagent.steps.edits import edited
from cxagent.steps.held import Held, held, parsed
from cxagent.steps.recording import Recorder, said

NODES = ("context_auditor", "propose", "risk_gate", "draft_for_approval", "act", "human_handoff")
"""The six nodes, in the order in which a ticket meets them."""


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

    @property
    def recorder(self) -> Recorder:
        """Who writes down what the gate decided."""
        return Recorder(self.judge, self.reviewing)

    # ---- context_auditor ----------------------------------------------------------------------------------------

    def context_auditor(self, state: TicketState) -> TicketState:
        """Audit the account behind the ticket and read the message; nothing is answered before."""
        ticket = Ticket.model_validate(state["ticket"])
        found = self.judge.look(ticket, state.get("account_id"))
        reading = self.judge.read(ticket, found)
        return {
            "audit": parsed.dumped(found),
            "reading": parsed.dumped(reading),
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
            return {"proposal": parsed.dumped(proposal), "proposer": told}
        return {"proposal": None, "proposer": {"trouble": "; ".join(trouble) or "no proposer", "tried": trouble}}

    # ---- risk_gate ----------------------------------------------------------------------------------------------

    def risk_gate(self, state: TicketState) -> TicketState:
        """Rule on the proposal, and record the ruling with what it opens: an authorization, or a draft."""
        given = held(state)
        review = self._edit_on_record(state, given)
        if review is None or given.proposal is None:
            return self.recorder.record(state, self.recorder.submission(given, given.proposal))
        proposal = edited(given.proposal, review)
        return self.recorder.record_edit(state, self.recorder.submission(given, proposal), review, proposal)

    def _edit_on_record(self, state: TicketState, given: Held) -> dict[str, Any] | None:
        """Return the recorded verdict where it changes what is sent; the ledger's word, not the state's.

        It counts for the draft of this very ticket, for what its card showed, and until it was applied.
        """
        draft_id = state.get("draft_id")
        if (state.get("review") or {}).get("verdict") not in ("edit", "respond"):
            return None
        with self.store.read() as connection:
            found = reviews.verdict(connection, draft_id) if draft_id else None
            row = reviews.draft(connection, draft_id) if draft_id and found else None
        if found is None or row is None or found[1].verdict not in ("edit", "respond"):
            raise Refused("no such verdict is on record")
        if (row["ticket_id"], row["status"]) != (given.ticket.id, "applying"):
            raise Refused(f"the verdict on {draft_id} is about another ticket, or was applied before")
        if reviews.shown(row) != said(given.proposal):
            raise Refused("what the card showed is not what was edited")
        return found[1].model_dump()

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
        return self.reviewing.take(state, answer, self.recorder.approval(held(state)))

    def after_review(self, state: TicketState) -> Literal["act", "risk_gate", "human_handoff", "draft_for_approval"]:
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
        warrant = self._authorized(authorization_id, given)
        changed = self._changed(state, given, proposal, warrant) if warrant["spent_at"] is None else None
        if changed is not None:
            return changed
        terms, draft_id = self.recorder.terms(given.audit, proposal.actions, proposal), warrant["draft_id"]
        if warrant["spent_at"] is not None:  # what is finished here was spent under the playbook of its day
            terms = terms._replace(playbook_digest=warrant["playbook_digest"])
        disposition = "answered_after_review" if draft_id else "answered_alone"

        def closing(connection: Connection, keys: list[str]) -> None:
            account_id = given.audit.account_id
            if tickets.status(connection, given.ticket.id) in tickets.CLOSED:
                return  # somebody else has it meanwhile: a person, or a later message's ticket
            if not journal.send(connection, given.ticket.id, account_id, authorization_id, proposal.reply):
                return
            if draft_id:
                reviews.close(connection, draft_id, given.ticket.id, "applied")
            body = {"authorization": authorization_id, "effects": keys}
            journal.record_outcome(connection, given.ticket.id, account_id, disposition, body)

        def stopped() -> str | None:
            if self._continued(given.ticket.id):
                return "the customer wrote again"
            sub = self.recorder.submission(given, proposal)
            return next((cap.why for cap in kill_switch(sub)), None)

        done = self.executor.run(authorization_id, terms, proposal.actions, given.audit.account, closing, stopped)
        effects = list(done.effects)
        if self._continued(given.ticket.id):
            if draft_id:
                with self.store.write(given.ticket.id) as connection:
                    reviews.close(connection, draft_id, given.ticket.id, "applied")
            return {"outcome": {"disposition": "continued", "effects": effects}}
        if done.trouble is not None:
            return {"outcome": {"trouble": done.trouble, "effects": effects}}
        return {"outcome": {"disposition": disposition, "effects": effects}}

    def _continued(self, ticket_id: str) -> bool:
        """Whether the customer wrote again meanwhile: a later ticket goes on with this conversation."""
        with self.store.read() as connection:
            return tickets.status(connection, ticket_id) == "continued"

    def _authorized(self, authorization_id: str, given: Held) -> dict[str, Any]:
        """Return the authorization as the ledger has it; one of another ticket is none."""
        with self.store.read() as connection:
            warrant = authorizations.get(connection, authorization_id)
        if warrant is None or warrant["ticket_id"] != given.ticket.id:
            raise Refused("nothing was authorized on this thread")
        return warrant

    def _changed(
        self, state: TicketState, given: Held, proposal: Proposal, warrant: dict[str, Any]
    ) -> TicketState | None:
        """Judge on fresh facts; return what to go on with where they no longer carry the authorization.

        What was ruled, and whether a person approved it, is the ledger's word and not the state's.
        """
        with self.store.read() as connection:  # one snapshot for all that the second look rests on
            fresh = self.judge.look(given.ticket, state.get("account_id"), but=warrant["id"])
            reading = self.judge.read(given.ticket, fresh)
            sub = self.recorder.submission(given._replace(audit=fresh, reading=reading), proposal)
            before = chain.body(connection, warrant["decision_id"])
        ruling = self.judge.rule(sub)
        reviewed = warrant["draft_id"] is not None
        tighter = set(ruling.reasons) - set(before["reasons"])
        if reviewed:  # less latitude, or a day's loss that is used up, brings a person in, and one is here
            tighter -= {Reason.LATITUDE.value, Reason.EXPECTED_LOSS.value, Reason.LOSS_BUDGET.value}
        carried = ruling.autonomy >= DRAFT and not tighter if reviewed else ruling.autonomy == ACT
        lapsed = warrant["expires_at"] <= clock.now().isoformat()
        lapsed |= warrant["playbook_digest"] != self.judge.playbook.digest
        if carried and not lapsed and fresh.digest == given.audit.digest:
            return None
        with self.store.write(given.ticket.id) as connection:
            authorizations.withdraw(connection, warrant["id"])
            if reviewed:
                reviews.close(connection, warrant["draft_id"], given.ticket.id, "withdrawn")
        at_most = DRAFT if reviewed else Autonomy(before["autonomy"])
        return {
            "audit": fresh.model_dump(mode="json"),
            "reading": reading.model_dump(mode="json"),
            "authorization_id": None,
            "at_most": min(at_most, given.at_most).value,
            "review": {},
            "outcome": {"changed": sorted(tighter) or ["authorization" if lapsed else "context"]},
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
            actions = self.recorder.silent(self.recorder.submission(given, given.proposal))
            terms = self.recorder.terms(given.audit, actions, None)
            # What only tells a colleague is left out where its permission has lapsed; the handoff itself is not.
            with contextlib.suppress(Unauthorized):
                effects = list(self.executor.run(authorization_id, terms, actions, given.audit.account).effects)
        playbook = self.judge.playbook
        due = brief.deadline(playbook, given.audit, clock.now())
        who = review.get("to") or brief.owner(playbook, given.audit, ruling.sign_off)
        with self.store.read() as connection:
            since = reports.since(connection, given.ticket.id)
        told = brief.handoff_brief(given.ticket, given.audit, given.proposal, ruling, playbook, tried, due, since)
        with self.store.write(given.ticket.id) as connection:
            if draft_id := state.get("draft_id"):
                ended = "applied" if review.get("verdict") == "reject" else "withdrawn"
                reviews.close(connection, draft_id, given.ticket.id, ended)
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
            tried.append(
                f"{review.get('by')} decided: {verdict}" + (f" ({review['note']})" if review.get("note") else "")
            )
        return tried


def _stored(card: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in card.items() if name in Ruling.model_fields}
