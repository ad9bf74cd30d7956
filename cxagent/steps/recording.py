"""Record a ruling with what it opens, an authorization or a draft, in one transaction and before anything happens."""

from dataclasses import dataclass, replace
from typing import Any

from cxagent import brief, clock
from cxagent.context import ContextAudit
from cxagent.domain.proposal import Action, Proposal
from cxagent.domain.ruling import Ruling
from cxagent.domain.value import digest
from cxagent.domain.vocabulary import ACT, DRAFT, HANDOFF, SILENT, Autonomy
from cxagent.judge import Judge
from cxagent.ledger import authorizations, history, journal, reports, reviews, tickets
from cxagent.ledger.authorizations import Grant, NoRoom
from cxagent.ledger.executions import Terms
from cxagent.ledger.store import Connection
from cxagent.reviewing import Reviewing
from cxagent.rules.submission import Submission
from cxagent.state import TicketState
from cxagent.steps.held import Held, held


def said(proposal: Proposal | None, actions: tuple[Action, ...] | None = None) -> str:
    """Return the digest that card, authorization and execution share: the calls and the reply, word for word."""
    calls = actions if actions is not None else proposal.actions if proposal else ()
    return digest({"actions": calls, "reply": proposal.reply if proposal else None})


class _Bolder(Exception):
    """A ruling allows more than the log says was allowed before."""

    def __init__(self, allowed: Autonomy) -> None:
        self.allowed = allowed
        super().__init__(allowed)


@dataclass(frozen=True)
class Recorder:
    """Writes down what the gate decided."""

    judge: Judge
    reviewing: Reviewing

    def submission(self, given: Held, proposal: Proposal | None) -> Submission:
        """Put a thread's values before the gate."""
        return self.judge.submit(
            given.ticket,
            given.audit,
            given.reading,
            proposal,
            read_by_proposer=given.read_by_proposer,
            at_most=given.at_most,
            trouble=given.trouble,
        )

    def terms(self, found: ContextAudit, actions: tuple[Action, ...], proposal: Proposal | None) -> Terms:
        """Say what an authorization is for: this ticket, account, text, calls, context and playbook."""
        return Terms(
            ticket_id=found.ticket_id,
            account_id=found.account_id,
            proposal_digest=said(proposal, actions),
            context_digest=found.digest,
            playbook_digest=self.judge.playbook.digest,
        )

    def record(self, state: TicketState, sub: Submission) -> TicketState:
        """Rule and record; where another ticket took the money's room meanwhile, look and rule again.

        The log says what was allowed before: whatever the state claims, a later ruling on a ticket is never bolder.
        """
        try:
            return self._store(state, sub, self.judge.rule(sub))
        except _Bolder as one:
            sub = replace(sub, at_most=one.allowed)
            return self._store(state, sub, self.judge.rule(sub))
        except NoRoom:
            fresh = self.judge.look(sub.ticket, state.get("account_id"))
            sub = self.submission(held(state)._replace(audit=fresh, at_most=DRAFT), sub.proposal)
            stored = self._store(state, sub, self.judge.rule(sub))
            return {**stored, "audit": fresh.model_dump(mode="json")}

    def _store(self, state: TicketState, sub: Submission, ruling: Ruling) -> TicketState:
        told: TicketState = {
            "ruling": ruling.card(),
            "authorization_id": None,
            "draft_id": None,
            "card": {},
            "review": {},
        }
        with self.judge.store.write(sub.ticket.id) as connection:
            if ruling.autonomy > (allowed := history.lowest(connection, sub.ticket.id)):
                raise _Bolder(allowed)
            told["decision_id"] = decision_id = self._decide(connection, state, sub, ruling)
            # A ruling that no verdict asked for goes over every verdict that was not begun: a person decides anew.
            reviews.withdraw(connection, sub.ticket.id, decided=True)
            if ruling.autonomy == ACT and sub.proposal is not None:
                told["authorization_id"] = self._mint(connection, sub, decision_id, sub.proposal.actions, limited=True)
            elif ruling.autonomy == DRAFT and sub.proposal is not None:
                told["draft_id"], told["card"] = self._open_draft(connection, sub, ruling, decision_id)
            elif ruling.autonomy == HANDOFF and (silent := self.silent(sub)):
                told["authorization_id"] = self._mint(connection, sub, decision_id, silent, limited=True, replies=False)
        return told

    def _open_draft(
        self, connection: Connection, sub: Submission, ruling: Ruling, decision_id: str
    ) -> tuple[str, dict[str, Any]]:
        assert sub.proposal is not None
        due = brief.deadline(self.judge.playbook, sub.audit, clock.now())
        since = reports.since(connection, sub.ticket.id)
        card = brief.card(sub.ticket, sub.audit, sub.reading, sub.proposal, ruling, due, since)
        draft_id = journal.open_draft(
            connection,
            ticket_id=sub.ticket.id,
            account_id=sub.audit.account_id,
            decision_id=decision_id,
            card=card,
            required_role=ruling.sign_off,
            four_eyes=ruling.four_eyes,
            stake=ruling.stake,
            intent=sub.parts[0].part.intent if sub.parts else None,
            assignee=brief.owner(self.judge.playbook, sub.audit, ruling.sign_off),
            deadline=due,
        )
        return draft_id, {**card, "draft_id": draft_id}

    def record_edit(
        self, state: TicketState, sub: Submission, review: dict[str, Any], proposal: Proposal
    ) -> TicketState:
        """Judge an edit again: it goes out with the reviewer's authority, or a person takes over."""
        ruling = self.judge.rule(sub)
        trouble = self.reviewing.objection(review["role"], ruling)
        told: TicketState = {"ruling": ruling.card(), "authorization_id": None}
        told["proposal"] = proposal.model_dump(mode="json")
        with self.judge.store.write(sub.ticket.id) as connection:
            told["decision_id"] = decision_id = self._decide(connection, state, sub, ruling)
            if trouble is None:
                told["authorization_id"] = self._mint(
                    connection, sub, decision_id, proposal.actions, limited=False, draft_id=state.get("draft_id")
                )
        if trouble is not None:
            told["outcome"] = {"trouble": f"the edit was not let through: {trouble}"}
        return told

    def approval(self, given: Held) -> tuple[Terms, Grant]:
        """Say what an approval of a thread's draft authorizes; people are bound by sign-off, not by the AI's limits."""
        # What is asked here is what the calls give: what the ledger remembers plays no part in that.
        sub = self.judge.submit(given.ticket, given.audit, given.reading, given.proposal, remember=False)
        actions = given.proposal.actions if given.proposal else ()
        return self.terms(given.audit, actions, given.proposal), self.judge.grant(sub, limited=False)

    def silent(self, sub: Submission) -> tuple[Action, ...]:
        """Return the calls that only tell a colleague: they run in a handoff too, for senders whom we know.

        In shadow mode nothing runs at all.
        """
        if sub.audit.account is None or sub.shadow or any(call.tool is None or call.problem for call in sub.calls):
            return ()
        return tuple(call.action for call in sub.calls if call.effect in SILENT)

    def _decide(self, connection: Connection, state: TicketState, sub: Submission, ruling: Ruling) -> str:
        tickets.open_ticket(connection, sub.ticket, sub.audit.account_id, sub.audit.root_id)
        reviews.withdraw(connection, sub.ticket.id)
        seen = {"audit": sub.audit, "reading": sub.reading, "proposal": sub.proposal, "proposer": state.get("proposer")}
        intents = [view.part.intent for view in sub.parts]
        marks = self.judge.marks(sub, ruling)
        return journal.record_ruling(connection, sub.ticket, sub.audit.account_id, ruling, intents, seen, marks)

    def _mint(
        self,
        connection: Connection,
        sub: Submission,
        decision_id: str,
        actions: tuple[Action, ...],
        *,
        limited: bool,
        draft_id: str | None = None,
        replies: bool = True,
    ) -> str:
        """Mint for exact calls; what may tell a colleague (`replies` off) is no permission to answer the customer."""
        terms = self.terms(sub.audit, actions, sub.proposal if replies else None)
        grant = self.judge.grant(sub, limited=limited)
        if not replies:  # what gives money is withheld, and sets nothing aside
            grant = grant._replace(amounts=())
        return authorizations.mint(
            connection,
            decision_id=decision_id,
            draft_id=draft_id,
            minutes=self.judge.playbook.authorization_minutes,
            grant=grant,
            **terms._asdict(),
        )
