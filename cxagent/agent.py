"""An agent: a project whose graph is compiled over its database. Tickets go in, reviews go in, results come out."""

from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import Command

from cxagent import clock
from cxagent.checkpoints import open_saver
from cxagent.domain.review import Review, Verdict
from cxagent.domain.ticket import Incoming, Sender, Ticket
from cxagent.domain.value import digest
from cxagent.errors import BadInput, Refused
from cxagent.ledger import chain, journal, personal, reports, reviews
from cxagent.project import Project, load_graph_file
from cxagent.reviewing import answer_of
from cxagent.shape import require_shape
from cxagent.soundness import require_sound
from cxagent.steps.edits import edited
from cxagent.steps.held import held


class Agent:
    """Runs tickets and reviews through one project's graph.

    It refuses to open over an unsound playbook or a graph in which something leads around the audit or the gate.
    """

    def __init__(self, project: Project, graph: Any, saver: BaseCheckpointSaver[Any] | None = None) -> None:
        self.project = project
        require_sound(project.playbook, project.tools, project.home / ".cxagent")
        self.app = graph.compile(checkpointer=saver or open_saver(project.database_url))
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
        ticket = incoming.ticket
        with self.store.read() as connection:
            known = reports.ticket(connection, ticket.id)
        if known is not None and known["digest"] != digest(ticket):
            raise BadInput(f"the ticket id {ticket.id!r} was used before with another content", where="ticket.id")
        if known is None or known["status"] not in journal.CLOSED:
            self._work(incoming, unfinished=known is not None)
        with self.store.read() as connection:
            return reports.result(connection, ticket.id)

    def _work(self, incoming: Incoming, *, unfinished: bool) -> None:
        config = self._thread(incoming.ticket.id)
        start = {"ticket": incoming.ticket.model_dump(mode="json"), "account_id": incoming.account_id}
        if not unfinished:
            self.app.invoke(start, config, durability="sync")
            return
        snapshot = self.app.get_state(config)
        if not snapshot.interrupts:
            # `next` is empty too where a node has ended and only the checkpoint after it was lost; `tasks` is not.
            self.app.invoke(None if snapshot.tasks else start, config, durability="sync")
            snapshot = self.app.get_state(config)
        if snapshot.interrupts and (found := self._verdict(snapshot.values.get("draft_id"))) is not None:
            self._wake(snapshot, found, config)

    def _verdict(self, draft_id: str | None) -> Review | None:
        with self.store.read() as connection:
            found = reviews.verdict(connection, draft_id) if draft_id else None
        return found[1] if found else None

    def _wake(self, snapshot: Any, review: Review, config: Any) -> None:
        """Let a thread go on that waits; it follows the verdict on record, which the answer only repeats."""
        answers = {one.id: answer_of(review) for one in snapshot.interrupts}
        self.app.invoke(Command(resume=answers), config, durability="sync")

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
    ) -> dict[str, Any]:
        """Decide a draft for a person known to the playbook; return the ticket's result line.

        `Conflict` names who was first; `Refused` says what the person may not do, and leaves the draft as it was.
        """
        steps = self.project.steps
        name, role = steps.reviewing.reviewer(by)
        review = Review(
            verdict=verdict,
            by=name,
            role=role,
            reason=reason,
            note=note,
            reply=reply,
            actions=None if args is None else tuple(args),  # type: ignore[arg-type]
        )
        with self.store.read() as connection:
            row = reviews.draft(connection, draft_id)
        config = self._thread(row["ticket_id"])
        snapshot = self.app.get_state(config)
        if not snapshot.interrupts and row["status"] == "open":
            raise Refused(f"the thread of {draft_id} does not wait; run the ticket again")
        if (snapshot.values.get("proposer") or {}).get("name") == name:
            raise Refused(f"{name} wrote this draft; somebody else must review it")
        if verdict in ("edit", "respond"):
            self._rehearse(snapshot.values, review)
        told = steps.reviewing.claim(draft_id, review, *steps.recorder.approval(held(snapshot.values)))
        if refused := told["review"].get("refused"):
            return {"ticket_id": row["ticket_id"], "draft_id": draft_id, "status": "waiting", "said": refused}
        self._wake(snapshot, review, config)
        with self.store.read() as connection:
            return reports.result(connection, row["ticket_id"])

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

    def _rehearse(self, values: Any, review: Review) -> None:
        """Judge an edit before it is claimed: a refused edit leaves the draft open."""
        if review.verdict == "edit" and review.reply is None and review.actions is None:
            raise BadInput("an edit needs --reply or --args", where="edit")
        if review.verdict == "respond" and not (review.reply or "").strip():
            raise BadInput("to respond, give the text with --reply", where="respond")
        steps, given = self.project.steps, held(values)
        assert given.proposal is not None
        sub = steps.recorder.submission(given, edited(given.proposal, review.model_dump()))
        if trouble := steps.reviewing.objection(review.role, steps.judge.rule(sub)):
            raise Refused(f"the edit is not within your authority: {trouble}")

    def _thread(self, ticket_id: str) -> Any:
        return {"configurable": {"thread_id": ticket_id}}
