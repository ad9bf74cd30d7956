"""An agent: a project whose graph is compiled over its database. Tickets go in, reviews go in, results come out."""

import contextlib
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import Command

from cxagent import checkpoints, clock, presence
from cxagent.context.changes import Change, changes
from cxagent.domain.review import Review, Verdict
from cxagent.domain.ticket import Incoming, Sender, Ticket
from cxagent.domain.value import digest
from cxagent.domain.vocabulary import DRAFT
from cxagent.errors import BadInput, Conflict, Refused, Unreachable
from cxagent.ledger import chain, personal, planted, reports, reviews, signing, tickets
from cxagent.project import Project, load_graph_file
from cxagent.reviewing import answer_of
from cxagent.shape import require_shape
from cxagent.soundness import require_sound
from cxagent.steps.edits import edited
from cxagent.steps.held import held
from cxagent.steps.restoring import BINDING, Kept, after, kept, start_of

LETTING_GO = (0.1, 1.0)
"""The pauses, in seconds, between the tries to let go of a ticket whose run ended with an error."""


class Agent:
    """Runs tickets and reviews through one project's graph.

    It refuses to open over an unsound playbook or a graph in which something leads around the audit or the gate.
    """

    def __init__(self, project: Project, graph: Any, saver: BaseCheckpointSaver[Any] | None = None) -> None:
        self.project = project
        require_sound(project.playbook, project.tools, project.home / ".cxagent")
        self.app = graph.compile(checkpointer=saver or checkpoints.open_saver(project.database_url))
        require_shape(self.app)

    @classmethod
    def open(cls, home: Path | str = ".") -> "Agent":
        """Open the agent of a project folder."""
        module = load_graph_file(Path(home))
        return cls(module.project, module.graph)

    @property
    def store(self) -> Any:
        """The ledger that this agent writes."""
        return self.project.steps.store

    def ask(self, sender: str, words: str, *, account_id: str | None = None, verified: bool = True) -> dict[str, Any]:
        """Take a message as a ticket of its own and return its result line; the caller vouches for the sender."""
        ticket = Ticket(
            id=clock.new_id("tkt"), received_at=clock.now(), sender=Sender(email=sender, verified=verified), body=words
        )
        return self.run(Incoming(ticket=ticket, account_id=account_id))

    def run(self, incoming: Incoming) -> dict[str, Any]:
        """Take a ticket through the graph and return its result line.

        A ticket that is known already is not worked on twice: its result is returned, and what a crash left of it
        is finished. The same id with other words is refused.
        """
        ticket_id = incoming.ticket.id
        with self.project.one_playbook(), presence.at_work():
            match self.receive(incoming):
                case "new" if incoming.follows is None:
                    with self._in_hand(ticket_id):
                        self._invoke(start_of(incoming), ticket_id)
                case "new" | "open":
                    self._go_on(ticket_id)
        return self.result(ticket_id)

    def receive(self, incoming: Incoming) -> tickets.Received:
        """Put a ticket on record, and do no more; from here on it cannot be lost."""
        with self.store.write(incoming.ticket.id) as connection:
            return tickets.receive(connection, incoming)

    def result(self, ticket_id: str) -> dict[str, Any]:
        """Return the result line of a ticket as it stands."""
        with self.store.read() as connection:
            return reports.result(connection, ticket_id)

    def finish(self, ticket_id: str) -> dict[str, Any]:
        """Go on with a ticket on record from wherever it stands, and return its result line."""
        with self.project.one_playbook(), presence.at_work():
            with self.store.write(ticket_id) as connection:
                goes_on = tickets.take_up(connection, ticket_id)
            if goes_on:
                self._go_on(ticket_id)
        return self.result(ticket_id)

    def _go_on(self, ticket_id: str) -> None:
        """Go on after the last ruling on record; a thread that waits elsewhere, or was lost, is made anew."""
        with self._in_hand(ticket_id):
            self._follow(ticket_id, self._kept(ticket_id))

    def _follow(self, ticket_id: str, known: Kept) -> None:
        if known.stands is None:
            self._invoke(known.start, ticket_id)
            return
        waiting = self._interrupts(ticket_id, known)
        if not waiting:
            self.app.update_state(self._thread(ticket_id), known.stands, as_node="risk_gate")
            self._invoke(None, ticket_id)
            waiting = self._interrupts(ticket_id, known)
        if known.verdict is not None and waiting:
            self._invoke(Command(resume=dict.fromkeys(waiting, answer_of(known.verdict))), ticket_id)

    @contextlib.contextmanager
    def _in_hand(self, ticket_id: str) -> Iterator[None]:
        """Let go of a ticket where its run ends with an error, so that another run can go on with it at once."""
        try:
            yield
        except Exception:
            self._let_go(ticket_id)
            raise

    def _let_go(self, ticket_id: str) -> None:
        """Have a ticket no longer in hand; a database that just went away is asked again before it is left at that."""
        for wait in (*LETTING_GO, None):
            try:
                with self.store.write(ticket_id) as connection:
                    tickets.let_go(connection, ticket_id)
                return
            except Unreachable:
                if wait is not None:
                    time.sleep(wait)

    def _interrupts(self, ticket_id: str, known: Kept) -> list[str]:
        """Return what a thread waits for, where it waits for a verdict on the very draft that is on record."""
        if known.draft_id is None or known.stands is None:
            return []
        snapshot = self.app.get_state(self._thread(ticket_id))
        as_recorded = all(snapshot.values.get(name) == known.stands.get(name) for name in BINDING)
        return [one.id for one in snapshot.interrupts] if as_recorded else []

    def _kept(self, ticket_id: str) -> Kept:
        with self.store.read() as connection:
            return kept(connection, ticket_id)

    def _invoke(self, what: Any, ticket_id: str) -> None:
        """Run the thread of a ticket to its end or to a draft.

        The checkpoint is written once, at the end: all that binds is in the ledger before it happens, and a thread
        that is lost in between is made anew from there.
        """
        try:
            with checkpoints.reachable(self.project.database_url):
                self.app.invoke(what, self._thread(ticket_id), durability="exit")
        except Refused:
            if self.result(ticket_id)["status"] != "continued":  # the customer wrote again while this ran
                raise

    def review(
        self,
        draft_id: str,
        verdict: Verdict,
        by: str,
        *,
        reason: str | None = None,
        note: str | None = None,
        reply: str | None = None,
        args: list[dict[str, Any]] | None = None,
        to: str | None = None,
    ) -> dict[str, Any]:
        """Decide a draft at once for a person known to the playbook; return the ticket's result line.

        `Conflict` names who was first; `Refused` says what the person may not do, and leaves the draft as it was.
        """
        name, role = self.project.steps.reviewing.reviewer(by)
        actions = None if args is None else tuple(args)
        said = {"reason": reason, "note": note, "reply": reply, "actions": actions, "to": to}
        return self.decide(draft_id, Review(verdict=verdict, by=name, role=role, via="terminal", **said))  # type: ignore[arg-type]

    def decide(self, draft_id: str, review: Review, signed: str | None = None) -> dict[str, Any]:
        """Claim a draft first, then let its thread follow what is on record; see `review`.

        `signed` is where the verdict lies that is carried out, where it was signed before.
        """
        if (caught := self._caught(draft_id, review)) is not None:
            return caught
        with self.project.one_playbook(), presence.at_work():
            row, approval = self._examined(draft_id, review)
            terms, grant = approval
            told = self.project.steps.reviewing.claim(draft_id, review, terms, grant, signed)
            if refused := told["review"].get("refused"):
                return {"ticket_id": row["ticket_id"], "draft_id": draft_id, "status": "waiting", "said": refused}
            with contextlib.suppress(Conflict):  # the verdict is on record, and another run is carrying it out
                self._go_on(row["ticket_id"])
            return self.result(row["ticket_id"])

    def sign(self, draft_id: str, review: Review, until: datetime) -> None:
        """Lay a verdict on a draft that may be taken back until then; all that would refuse it later refuses it now."""
        with self.store.read() as connection:
            row, real = reviews.draft(connection, draft_id), planted.of(connection, draft_id) is None
        self.project.steps.reviewing.check(review, row)
        if real:
            self._examined(draft_id, review)
        elif review.verdict in ("edit", "respond"):  # it is judged as a real one would be, so that nobody can tell
            self._rehearse(self._ruled(row["decision_id"]), review, row["card"]["reply"])
        with self.store.write(row["ticket_id"]) as connection:
            signing.sign(connection, draft_id, review, until)

    def _caught(self, draft_id: str, review: Review) -> dict[str, Any] | None:
        """Take the verdict on a planted draft, which ends there: no thread waits, and nothing is ever minted."""
        with self.store.read() as connection:
            row, known = reviews.draft(connection, draft_id), planted.of(connection, draft_id)
        if known is None:
            return None
        self.project.steps.reviewing.check(review, row)
        with self.store.write(row["ticket_id"]) as connection:
            reviews.free_for(reviews.draft(connection, draft_id), review.by)
            planted.answer(connection, known, review)
        said = f"this draft was planted, and nothing was sent: {known['told']}"
        return {"ticket_id": row["ticket_id"], "draft_id": draft_id, "status": "planted", "said": said}

    def _ruled(self, decision_id: str) -> Any:
        """Return what a thread held after a ruling, whatever came of it since."""
        with self.store.read() as connection:
            return after(connection, decision_id)

    def _examined(self, draft_id: str, review: Review) -> tuple[dict[str, Any], tuple[Any, Any]]:
        """Return a draft with what its approval authorizes; nobody decides their own, and edits are rehearsed."""
        steps = self.project.steps
        with self.store.read() as connection:
            row = reviews.draft(connection, draft_id)
            known = kept(connection, row["ticket_id"]) if row["status"] == "pending" else None
        if known is None or known.stands is None:
            return row, (None, None)
        if known.stands["proposer"].get("name") == review.by:
            raise Refused(f"{review.by} wrote this draft; somebody else must review it")
        if review.verdict in ("edit", "respond"):
            self._rehearse(known.stands, review)
        return row, steps.recorder.approval(held(known.stands))

    def moved(self, draft_id: str) -> tuple[Change, ...]:
        """Look at the facts behind a pending draft again; return what is otherwise than when it was drafted."""
        with self.store.read() as connection:
            row = reviews.draft(connection, draft_id)
            waits = row["status"] == "pending" and planted.of(connection, draft_id) is None
            known = kept(connection, row["ticket_id"]) if waits else None
        if known is None or known.stands is None:
            return ()
        given = held(known.stands)
        fresh = self.project.steps.judge.look(given.ticket, known.stands.get("account_id"))
        return () if fresh.digest == given.audit.digest else changes(given.audit, fresh)

    def redraft(self, draft_id: str) -> dict[str, Any]:
        """Rule again on the facts of today for a draft that waits; what comes of it is never bolder than a draft."""
        with self.store.read() as connection:
            row = reviews.draft(connection, draft_id)
        ticket_id = row["ticket_id"]
        known = self._kept(ticket_id)
        if row["status"] != "pending" or known.stands is None or known.draft_id != draft_id:
            return self.result(ticket_id)
        given, judge = held(known.stands), self.project.steps.judge
        with self.project.one_playbook(), presence.at_work(), self._in_hand(ticket_id):
            fresh = judge.look(given.ticket, known.stands.get("account_id"))
            anew: dict[str, Any] = {"audit": fresh.model_dump(mode="json"), "at_most": DRAFT.value, "review": {}}
            anew["reading"] = judge.read(given.ticket, fresh).model_dump(mode="json")
            self.app.update_state(self._thread(ticket_id), {**known.stands, **anew}, as_node="propose")
            self._invoke(None, ticket_id)
        return self.result(ticket_id)

    def hold(self, draft_id: str, by: str, *, minutes: int = 15, over: bool = False) -> datetime:
        """Let a person claim a draft while they look at it; return until when. `Conflict` where somebody else has."""
        name, _ = self.project.steps.reviewing.reviewer(by)
        with self.store.write() as connection:
            return reviews.hold(connection, draft_id, name, minutes, over=over)

    def let_go(self, draft_id: str, by: str) -> bool:
        """Give a person's claim on a draft back; False where it was not theirs."""
        name, _ = self.project.steps.reviewing.reviewer(by)
        with self.store.write() as connection:
            return reviews.let_go(connection, draft_id, name)

    def close(self) -> None:
        """Give the connections of the ledger and of the threads back."""
        self.store.close()
        checkpoints.close(self.app.checkpointer)

    def erase(self, email: str) -> int:
        """Erase the personal data of everything that came from one sender; return how many texts there were.

        The log keeps its digests and stays whole; threads that hold the text are removed.
        """
        with self.store.write() as connection:
            tickets = reports.tickets_of(connection, digest(email.strip().lower()))
            count = personal.erase(connection, [ticket_id for ticket_id, _ in tickets])
            for account_id in sorted({account_id for _, account_id in tickets}):
                chain.append(connection, "erasure", account_id, "-", {"texts": count})
        for ticket_id, _ in tickets:
            self.app.checkpointer.delete_thread(ticket_id)
        return count

    def _rehearse(self, values: Any, review: Review, shown: str | None = None) -> None:
        """Judge an edit before it is claimed: a refused edit leaves the draft open.

        `shown` is the reply that the person was shown, where it is not the one that was ruled on.
        """
        if review.verdict == "edit" and review.reply is None and review.actions is None:
            raise BadInput("an edit needs --reply or --args", where="edit")
        if review.verdict == "respond" and not (review.reply or "").strip():
            raise BadInput("to respond, give the text with --reply", where="respond")
        steps, given = self.project.steps, held(values)
        assert given.proposal is not None
        sub = steps.recorder.submission(given, edited(given.proposal, review.model_dump()))
        drafted = given.proposal if shown is None else given.proposal.model_copy(update={"reply": shown})
        trouble = steps.reviewing.objection(review.role, steps.judge.rule(sub))
        if trouble := trouble or steps.reviewing.overreach(review, drafted, given.audit.at.date()):
            raise Refused(f"the edit is not within your authority: {trouble}")

    def _thread(self, ticket_id: str) -> Any:
        return {"configurable": {"thread_id": ticket_id}}
