"""The inbox of one agent: the one place through which pages and the API touch drafts."""

import logging
import threading
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cxagent import clock
from cxagent.agent import Agent
from cxagent.domain.review import Review, Via
from cxagent.domain.vocabulary import Tier
from cxagent.errors import BadInput, Conflict, CxagentError, Refused, Unreachable
from cxagent.inbox.people import Person, decider, person, signature
from cxagent.inbox.verdicts import Given, Signed, Stale, require_whole
from cxagent.ledger import absences, accesses, passing, planted, queue, reports, reviews, signing
from cxagent.ledger.queue import Load, Page, Tab, Wanted
from cxagent.ledger.store import Connection
from cxagent.playbook import Playbook

UNDO = timedelta(seconds=10)
"""How long a verdict can be taken back before anything leaves."""
IDLE_MINUTES = 10
"""How long a claim on a card holds without a sign of life."""
BULK = 20
"""The most drafts that one click approves."""
LONGEST_SNOOZE = timedelta(days=14)
COUNTED_FOR = 1.0
"""For how many seconds one count of the queue serves everybody who asks."""
TOLD = timedelta(minutes=5)
"""How long the pages after a verdict on a planted draft say that it was one."""
log = logging.getLogger("cxagent.inbox")


class Inbox:
    """What people may do with the drafts of one agent. It keeps nothing of its own but a count of the queue."""

    def __init__(self, agent: Agent, undo: timedelta = UNDO) -> None:
        self.agent, self.undo = agent, undo
        self._counting = threading.Lock()
        self._counted: tuple[float, Load] | None = None

    @property
    def playbook(self) -> Playbook:
        """The playbook in force."""
        return self.agent.project.steps.judge.playbook

    # ---- who ----------------------------------------------------------------------------------------------------

    def person(self, name: str) -> Person:
        """Return a person as they stand today; `Refused` where the playbook does not know them."""
        with self.agent.store.read() as connection:
            return person(self.playbook, connection, name, self.today())

    def today(self) -> date:
        """Return the day at the place of work."""
        return clock.now().astimezone(ZoneInfo(self.playbook.business_hours.timezone)).date()

    def be_away(self, me: Person, first: date, last: date, delegate: str | None) -> str:
        """Note that a person is away, both days included, and who stands in for them with their authority."""
        if last < first or last < self.today():
            raise BadInput("the last day lies before the first, or is over", where="last_day")
        if last - first > timedelta(days=366):
            raise BadInput("is more than a year; note a shorter absence", where="last_day")
        if delegate is not None:
            found = decider(self.playbook, delegate)
            if found is None or found.name == me.name:
                raise BadInput("name a colleague who decides drafts, other than yourself", where="delegate")
            delegate = found.name
        with self.agent.store.write(f"absence {me.name}") as connection:
            mine = [row for row in absences.ahead(connection, self.today()) if row["person"] == me.name]
            if any(row["first_day"] <= last.isoformat() and row["last_day"] >= first.isoformat() for row in mine):
                raise BadInput("you are noted as away on some of these days already; end that first", where="first_day")
            return absences.add(connection, me.name, first, last, delegate, me.name)

    def be_back(self, me: Person, absence_id: str) -> bool:
        """End an absence of one's own early; False where there is none."""
        with self.agent.store.write() as connection:
            return absences.end(connection, absence_id, me.name)

    def away(self) -> list[dict[str, Any]]:
        """Return who is or will be away."""
        with self.agent.store.read() as connection:
            return absences.ahead(connection, self.today())

    # ---- what waits ---------------------------------------------------------------------------------------------

    def queue(self, me: Person, tab: Tab, **filters: Any) -> Page:
        """Return one page of a tab as a person sees it."""
        with self.agent.store.read() as connection:
            return queue.page(connection, Wanted(tab, me.names, **filters))

    def counts(self, me: Person) -> dict[str, int]:
        """Return how many drafts wait in each tab; at most a second old, however many ask."""
        with self._counting:
            if self._counted is None or time.monotonic() - self._counted[0] > COUNTED_FOR:
                with self.agent.store.read() as connection:
                    self._counted = time.monotonic(), Load(connection)
            load = self._counted[1]
        return load.counts(me.names)

    def following(self, me: Person, draft_id: str, tab: Tab = "mine", **filters: Any) -> str | None:
        """Return the draft that comes after one in a tab, or None where nothing else waits there."""
        with self.agent.store.read() as connection:
            row = reviews.draft(connection, draft_id)
            return queue.following(connection, Wanted(tab, me.names, **filters), row)

    def handoffs(self, me: Person, *, everybody: bool = False) -> list[dict[str, Any]]:
        """Return the tickets that people own and nobody has answered yet."""
        with self.agent.store.read() as connection:
            return queue.handoffs(connection, None if everybody else me.names)

    def handoff(self, handoff_id: str) -> dict[str, Any]:
        """Return a handoff with its brief; `BadInput` where there is none."""
        with self.agent.store.read() as connection:
            return queue.handoff(connection, handoff_id)

    def draft(self, draft_id: str) -> dict[str, Any]:
        """Return a draft with its card as it stands; `BadInput` where there is none."""
        with self.agent.store.read() as connection:
            return reviews.draft(connection, draft_id)

    def looked(self, me: Person, via: Via, what: str, subject: str, account_id: str) -> None:
        """Note that a person saw personal data."""
        with self.agent.store.write() as connection:
            accesses.note(connection, me.name, via, what, subject, account_id)

    # ---- verdicts -----------------------------------------------------------------------------------------------

    def sign(self, me: Person, draft_id: str, given: Given, via: Via = "page") -> Signed:
        """Put a verdict on record; nothing leaves before its time to take it back is over.

        `Stale` where the card is not what counts any more, `Refused` where the person lacks the authority, `BadInput`
        where the verdict says too little. In each case the draft waits as it did.
        """
        row = self.draft(draft_id)
        self._current(row, given)
        if not me.decides:
            raise Refused(f"{me.name} may look, and decides no drafts ({me.role})")
        require_whole(given, self.playbook, high=high(row))
        role, lender = signature(self.playbook, me, row["required_role"])
        with self.agent.store.read() as connection:
            seconds = accesses.seconds_open(connection, me.name, draft_id)
        review = given.review(me, role, lender, seconds, via)
        self.agent.project.steps.reviewing.check(review, row)
        if given.choice in ("approve", "edit"):
            self._still(draft_id)
        until = clock.now() + self.undo
        self.agent.sign(draft_id, review, until)
        return Signed(draft_id, given.choice, me.name, until)

    def _current(self, row: dict[str, Any], given: Given) -> None:
        if row["status"] != "pending":
            with self.agent.store.read() as connection:
                said = reviews.winner(connection, row["id"])
                fresh = reviews.active(connection, row["ticket_id"])
            raise Stale(said, fresh=fresh["id"] if fresh and fresh["id"] != row["id"] else None)
        if given.card != row["card_digest"]:
            raise Stale("this is not the card that is on record; look at it again", fresh=row["id"])

    def _still(self, draft_id: str) -> None:
        """Refuse to approve on facts that moved: the draft is ruled on anew, and a person sees what changed."""
        moved = self.agent.moved(draft_id)
        if not moved:
            return
        result = self.agent.redraft(draft_id)
        fresh = result["draft_id"] if result["status"] == "waiting" else None
        after = "here it is again, on the facts of today" if fresh else f"it is {result['status']} now"
        raise Stale(f"the facts have moved since this was drafted; nothing was sent, and {after}", moved, fresh)

    def take_back(self, me: Person, draft_id: str) -> Given | None:
        """Take one's own verdict back; None where its time is over or there is none."""
        with self.agent.store.write() as connection:
            found = signing.take_back(connection, draft_id, me.name)
            row = reviews.draft(connection, draft_id)
        if found is None:
            return None
        said = found.model_dump(include={"reason", "severity", "failed_goal", "note", "reply", "to"})
        choice = "hand_off" if found.to else found.verdict
        return Given.model_validate({"choice": choice, "card": row["card_digest"], **said, "actions": found.actions})

    def release(self) -> list[str]:
        """Carry out every signed verdict whose time to take it back is over; return the drafts.

        Any number of processes may do this: the claim on the draft decides who does. What cannot be carried out waits
        again, with the sentence why.
        """
        with self.agent.store.read() as connection:
            due = signing.due(connection)
        done, now = [], clock.now().isoformat()
        for draft_id in due:
            with self.agent.store.read() as connection:
                row = reviews.draft(connection, draft_id)
                review = signing.signed(connection, row)
            if row["signed_by"] is None or row["signed_until"] > now:  # taken back meanwhile, perhaps given anew
                continue
            try:
                if review is None:
                    raise Refused("the text of the verdict was erased")
                self.agent.decide(draft_id, self._with_authority_of_now(review, row), row["signed_personal_id"])
                done.append(draft_id)
            except Unreachable:
                raise
            except Exception as error:
                log.warning("the verdict on %s was not carried out: %s", draft_id, error)
                said = str(error) if isinstance(error, CxagentError) else "something failed while it was carried out"
                with self.agent.store.write() as connection:
                    signing.give_back(connection, draft_id, said)
        return done

    def _with_authority_of_now(self, review: Review, row: dict[str, Any]) -> Review:
        """Return a signed review with the role that its author has now: a loan may have ended, a rank have changed."""
        me = self.person(review.by)
        role, lender = signature(self.playbook, me, row["required_role"])
        return review.model_copy(update={"role": role, "acting_for": lender})

    def approve_together(self, me: Person, cards: Sequence[tuple[str, str]], via: Via = "page") -> list[Signed | str]:
        """Approve several drafts of low stakes under one policy, each by itself; a sentence stands for a refused one.

        `cards` are drafts with the digests of the cards that were seen.
        """
        rows = [self.draft(draft_id) for draft_id, _ in cards]
        if trouble := not_together(rows, self.playbook):
            raise Refused(trouble)
        found: list[Signed | str] = []
        for draft_id, card in cards:
            try:
                found.append(self.sign(me, draft_id, Given(choice="approve", card=card), via))
            except (BadInput, Refused, Conflict) as error:
                found.append(f"{draft_id}: {error}")
        return found

    # ---- whose it is --------------------------------------------------------------------------------------------

    def claim(self, me: Person, draft_id: str, *, over: bool = False) -> datetime:
        """Claim a card while one works on it; return until when. `over` takes it from who has it."""
        self._deciding(me)
        return self.agent.hold(draft_id, me.name, minutes=IDLE_MINUTES, over=over)

    def take_over(self, me: Person, draft_id: str, why: str) -> datetime:
        """Claim a card that somebody else has claimed, with a reason that stands in the log."""
        self._deciding(me)
        if not why.strip():
            raise BadInput("say in a word why you take it over", where="why")
        before = self.draft(draft_id)
        until = self.claim(me, draft_id, over=True)
        with self.agent.store.write(before["ticket_id"]) as connection:
            passing.note_take_over(connection, before, me.name, why)
        return until

    def let_go(self, me: Person, draft_id: str) -> bool:
        """Give a claim back."""
        return self.agent.let_go(draft_id, me.name)

    def snooze(self, me: Person, draft_id: str, until: datetime | None) -> None:
        """Put a draft off, never past its deadline, or wake it."""
        self._deciding(me)
        row = self.draft(draft_id)
        if until is not None:
            try:
                until = until.astimezone(UTC)
            except OverflowError:
                raise BadInput("is no day that anybody means", where="until") from None
            if not clock.now() < until <= clock.now() + LONGEST_SNOOZE:
                raise BadInput("must lie ahead, and at most two weeks", where="until")
            if until > datetime.fromisoformat(row["deadline"]):
                raise BadInput("lies after the deadline: put it off to before that, or pass it on", where="until")
        with self.agent.store.write() as connection:
            passing.snooze(connection, draft_id, me.name, until)

    def pass_on(self, me: Person, draft_id: str, to: str, why: str) -> None:
        """Give a draft to a colleague who decides drafts and is there."""
        self._deciding(me)
        with self.agent.store.write() as connection:
            passing.pass_on(connection, draft_id, me.name, self._there(connection, to, why), why)

    def _there(self, connection: Connection, to: str, why: str) -> str:
        """Return the name of a colleague who decides drafts and is there; `BadInput` where they are not."""
        if (found := decider(self.playbook, to)) is None:
            raise BadInput("name a colleague who decides drafts", where="to")
        if not why.strip():
            raise BadInput("say in a word why it goes to them", where="why")
        gone = [row for row in absences.today(connection, self.today()) if row["person"] == found.name]
        if gone and gone[0]["delegate"] is None:
            raise BadInput(f"{found.name} is away until {gone[0]['last_day']}", where="to")
        return found.name

    def hand_on(self, me: Person, handoff_id: str, to: str, why: str) -> None:
        """Give a handoff to a colleague who decides drafts and is there; the deadline stays."""
        self._deciding(me)
        row = self.handoff(handoff_id)
        with self.agent.store.write(row["ticket_id"]) as connection:
            found = self._there(connection, to, why)
            if not passing.hand_on(connection, row, me.name, found, why):
                raise Conflict("the customer has heard from a person meanwhile")

    def answered(self, me: Person, handoff_id: str) -> bool:
        """Note that the customer of a handoff has heard from a person."""
        self._deciding(me)
        with self.agent.store.write() as connection:
            return passing.answered(connection, handoff_id, me.name)

    def _deciding(self, me: Person) -> None:
        if not me.decides:
            raise Refused(f"{me.name} may look, and changes nothing here ({me.role})")

    def result(self, ticket_id: str) -> dict[str, Any]:
        """Return the result line of a ticket; `BadInput` where there is none."""
        with self.agent.store.read() as connection:
            if reports.ticket(connection, ticket_id) is None:
                raise BadInput(f"there is no ticket {ticket_id}", where="ticket_id")
        return self.agent.result(ticket_id)

    def told(self, me: Person, within: timedelta = TOLD) -> list[dict[str, Any]]:
        """Return the planted drafts that a person has just decided: they learn it after the verdict, never before."""
        with self.agent.store.read() as connection:
            return planted.answered_by(connection, me.name, clock.now() - within)

    def planted(self, draft_id: str) -> dict[str, Any] | None:
        """Return what is known of a draft as planted, once its verdict is on record; before that nobody is told."""
        with self.agent.store.read() as connection:
            found = planted.of(connection, draft_id)
        return found if found and found["answered_at"] else None


def high(row: dict[str, Any]) -> bool:
    """Whether much is at stake on a draft: a large account, or a draft that two people sign."""
    return row["tier"] == Tier.HIGH.value or bool(row["four_eyes"])


def not_together(rows: Sequence[dict[str, Any]], playbook: Playbook) -> str | None:
    """Return why some drafts may not be approved with one click, or None where they may."""
    if not 0 < len(rows) <= BULK:
        return f"one click approves 1 to {BULK} drafts, not {len(rows)}"
    if len({row["id"] for row in rows}) < len(rows):
        return "a draft is named twice"
    for row in rows:
        card = row["card"] or {}
        low = row["tier"] == Tier.LOW.value and row["required_role"] == playbook.sign_off[0].role
        if not low or row["four_eyes"] or (card.get("at_stake") or {}).get("risks"):
            return f"{row['id']} is not of low stakes; it needs a look of its own"
    if len({(row["intent"], row["playbook"]) for row in rows}) > 1:
        return "they fall under more than one policy: choose drafts of one kind"
    return None
