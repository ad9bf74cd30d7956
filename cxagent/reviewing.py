"""What a person may decide: rank, edits, and the one recorded verdict; the rest is refused with a sentence."""

import contextlib
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cxagent.answers import read_answer
from cxagent.domain.proposal import Proposal
from cxagent.domain.review import REASONS, Review
from cxagent.domain.ruling import Ruling
from cxagent.domain.vocabulary import HANDOFF, Reason
from cxagent.errors import BadInput, Conflict, Refused
from cxagent.ledger import authorizations, reviews
from cxagent.ledger.authorizations import Grant
from cxagent.ledger.executions import Terms
from cxagent.ledger.store import Connection, Store
from cxagent.playbook import Playbook
from cxagent.quality import ladder, origins
from cxagent.reading.reply import Phrase
from cxagent.rules.added import Said, added
from cxagent.state import TicketState

API_REVIEWER = "somebody at the API"
"""Who decided when an answer arrives by the graph's own protocol, which says nothing about people."""


UNDECIDED = frozenset({Reason.AMOUNT_UNDECIDABLE, Reason.CURRENCY_UNDECIDABLE, Reason.ARGUMENTS_INVALID})
"""What no edit may leave open."""


@dataclass(frozen=True)
class Reviewing:
    """The authority of people over drafts."""

    playbook: Playbook
    store: Store

    def reviewer(self, name: str) -> tuple[str, str]:
        """Return a person's name and role as the playbook has them."""
        found = self.playbook.colleague(name)
        if found is None:
            known = ", ".join(one.name for one in self.playbook.people)
            raise BadInput(f"{name!r} is nobody the playbook knows; people are {known}", where="--as")
        return found.name, found.role

    def may_sign(self, role: str, required: str) -> str | None:
        """Return why a role may not sign what needs `required`, or None where it may."""
        if self.playbook.rank_of(role) < self.playbook.rank_of(required) or self.playbook.rank_of(role) < 0:
            return f"this needs the {_words(required)}; a {_words(role)} may reject it or pass it on"
        return None

    def objection(self, role: str, ruling: Ruling) -> str | None:
        """Return why a re-judged edit may not go out with this reviewer's authority, or None where it may."""
        if ruling.autonomy == HANDOFF:
            return "; ".join(cap.why for cap in ruling.binding) or "a person must own it"
        if open_amounts := [cap.why for cap in ruling.caps if cap.reason in UNDECIDED]:
            return f"what it gives must be clear before it goes out: {open_amounts[0]}"
        if ruling.four_eyes:
            return f"{ruling.gives} needs two people, and an edit has one author"
        return self.may_sign(role, ruling.sign_off)

    def overreach(self, review: Review, drafted: Proposal, today: date) -> str | None:
        """Return why a person's own words may not go out with their authority, or None where they may.

        Words that bind us where the draft did not give something that has no amount: like money of an unknown amount,
        they are for the last step of the ladder.
        """
        if review.verdict not in ("edit", "respond"):
            return None
        actions = () if review.verdict == "respond" else drafted.actions if review.actions is None else review.actions
        edit = Said(drafted.reply if review.reply is None else review.reply, actions)
        found = added(Said(drafted.reply, drafted.actions), edit, today)
        if not found or (trouble := self.may_sign(review.role, self.playbook.top_role)) is None:
            return None
        return f"the draft did not say {_quoted(found)}, which binds us and names no amount: {trouble}"

    def check(self, review: Review, row: dict[str, Any]) -> None:
        """Refuse a verdict that its author has no authority for, or that names what there is not."""
        if review.reason is not None and review.reason not in REASONS:
            raise BadInput(f"{review.reason!r} is no reason; reasons are {', '.join(REASONS)}", where="--reason")
        if review.to is not None:
            named = self.playbook.colleague(review.to)
            if named is None or self.playbook.rank_of(named.role) < 0:
                raise BadInput(f"{review.to!r} is nobody who decides drafts; name a colleague who does", where="--to")
        if self.playbook.rank_of(review.role) < 0:
            raise Refused(f"{review.by} may look, and decides no drafts ({_words(review.role)})")
        if review.verdict != "reject" and (trouble := self.may_sign(review.role, row["required_role"])):
            raise Refused(trouble)

    def claim(
        self,
        draft_id: str,
        review: Review,
        terms: Terms | None = None,
        grant: Grant | None = None,
        signed: str | None = None,
    ) -> TicketState:
        """Record the verdict on a draft, and mint the authorization of an approval in the same transaction.

        What it says about the machine's decision moves the cell that the decision belongs to, in that same moment.
        """
        with self._write(draft_id) as connection:
            row = reviews.draft(connection, draft_id)
            self.check(review, row)
            # Who answers by the graph's own protocol is nobody whose word moves a cell.
            found = origins.of_review(connection, row["decision_id"], review) if review.by != API_REVIEWER else None
            if found is not None:  # cells are queued for before anything goes into a chain
                ladder.queue_for(connection, found.intent, found.segment)
            review_id = reviews.claim(connection, draft_id, review, signed)
            if review_id is None:
                waits = f"{review.by} approved; a second person must approve as well"
                return {"review": {"refused": waits}}
            if found is not None:
                ladder.noted(connection, self.playbook, found)
            told: TicketState = {"review": told_of(review_id, review)}
            if review.verdict == "approve" and terms is not None and grant is not None:
                told["authorization_id"] = self._mint(connection, row, terms, grant)
            return told

    def take(self, state: TicketState, raw: Any, approval: tuple[Terms, Grant]) -> TicketState:
        """Take an answer that came through the graph: the verdict on record counts, whatever the answer says."""
        draft_id = state.get("draft_id")
        if draft_id is None:
            raise Refused("there is no draft on this thread")
        with self.store.read() as connection:
            found = reviews.verdict(connection, draft_id)
        try:
            if found is None:
                signed = read_answer(raw).signed(API_REVIEWER, self.playbook.sign_off[0].role)
                today = datetime.fromisoformat(state["audit"]["at"]).date()
                if trouble := self.overreach(signed, Proposal.model_validate(state["proposal"]), today):
                    raise Refused(f"the edit is not within your authority: {trouble}")
                told = self.claim(draft_id, signed, *approval)
                if "id" not in told["review"]:
                    return told
        except Conflict:
            with self.store.read() as connection:
                if reviews.verdict(connection, draft_id) is None:
                    raise
        except (BadInput, Refused) as error:
            return {"review": {"refused": str(error)}}
        return self._follow(draft_id, approval)

    def _follow(self, draft_id: str, approval: tuple[Terms, Grant]) -> TicketState:
        """Carry out the verdict on record, in this run alone; `Conflict` where another run is at it."""
        with self._write(draft_id) as connection:
            found = reviews.verdict(connection, draft_id)
            assert found is not None
            reviews.apply(connection, draft_id)
            told: TicketState = {"review": told_of(*found)}
            if found[1].verdict == "approve":
                known = authorizations.of_draft(connection, draft_id)
                row = reviews.draft(connection, draft_id)
                told["authorization_id"] = known or self._mint(connection, row, *approval)
            return told

    @contextlib.contextmanager
    def _write(self, draft_id: str) -> Iterator[Connection]:
        """Open a writing transaction about the ticket of a draft."""
        with self.store.read() as connection:
            ticket_id = reviews.draft(connection, draft_id)["ticket_id"]
        with self.store.write(ticket_id) as connection:
            yield connection

    def _mint(self, connection: Any, row: dict[str, Any], terms: Terms, grant: Grant) -> str:
        if reviews.shown(row) != terms.proposal_digest:
            raise Refused("what the card showed is not what would be sent")
        if (row["ticket_id"], row["account_id"]) != (terms.ticket_id, terms.account_id):
            raise Refused(f"the draft {row['id']} is about another ticket or account")
        return authorizations.mint(
            connection,
            decision_id=row["decision_id"],
            draft_id=row["id"],
            minutes=self.playbook.authorization_minutes,
            grant=grant,
            **terms._asdict(),
        )


def answer_of(review: Review) -> dict[str, Any]:
    """Return the wire form of a verdict; the graph reads the ledger, so this only wakes it."""
    return {"type": "approve"} if review.verdict == "approve" else {"type": "reject", "message": review.note or ""}


def told_of(review_id: str, review: Review) -> dict[str, Any]:
    """Return what the state says of a verdict on record."""
    told = {"id": review_id, "verdict": review.verdict, "by": review.by, "role": review.role, "note": review.note}
    return {**told, "to": review.to} if review.to else told


_QUOTED = 160
"""Characters of a sentence that a refusal quotes."""


def _quoted(found: tuple[Phrase, ...]) -> str:
    """Quote the sentences that were found, each once."""
    return " and ".join(dict.fromkeys(repr(textwrap.shorten(one.words, _QUOTED, placeholder=" …")) for one in found))


def _words(role: str) -> str:
    return role.replace("_", " ")
