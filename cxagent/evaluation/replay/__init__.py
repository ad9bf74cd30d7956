"""Replay: a case goes through the same graph and playbook as production, against frozen facts and a frozen clock."""

import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cxagent import checkpoints, clock
from cxagent.actions import Toolbox
from cxagent.agent import Agent
from cxagent.domain.proposal import Proposal
from cxagent.domain.ticket import Incoming
from cxagent.domain.vocabulary import Autonomy
from cxagent.errors import BadInput, CxagentError, Transient, Unreachable
from cxagent.evaluation.case import Case, ScriptedReview
from cxagent.evaluation.grading import args_fit
from cxagent.evaluation.replay.outcome import Outcome
from cxagent.evaluation.replay.telling import told
from cxagent.evaluation.replay.twins import ablated, unaware
from cxagent.evaluation.replay.watching import Watch
from cxagent.evaluation.scores.ablation import Twin
from cxagent.evaluation.trial import Step, Trial
from cxagent.judge import Judge
from cxagent.latitude import record
from cxagent.ledger import reports
from cxagent.ledger.store import MemoryStore
from cxagent.project import Project, load_graph_file
from cxagent.proposers import Known, Proposer
from cxagent.sources import Gather, HeldSource
from cxagent.steps import Bench

if TYPE_CHECKING:
    from cxagent.evaluation.replay.cassette import Cassette

Propose = Literal["case", "project"]


BROKEN = (Exception, SystemExit)
"""What ends a ticket in the middle; a part of the project that ends the process is caught like any other error."""


class Scripted:
    """A proposer that says what the case says a model said; its reading counts as read."""

    name, reads = "the case's own proposal", True

    def __init__(self, proposal: Proposal) -> None:
        self._proposal = proposal

    def propose(self, known: Known) -> Proposal:
        """Return the scripted proposal."""
        return self._proposal


class Listening:
    """A project's own proposer, and whether it could be reached: in production a person takes over where it is away."""

    def __init__(self, proposer: Proposer) -> None:
        self.name, self.reads = proposer.name, bool(getattr(proposer, "reads", False))
        self._proposer = proposer
        self.away: str | None = None

    def propose(self, known: Known) -> Proposal:
        """Propose, and note where the proposer is away."""
        self.away = None
        try:
            return self._proposer.propose(known)
        except (Unreachable, Transient) as error:
            self.away = str(error)
            raise


@dataclass(frozen=True)
class Order:
    """What a replay is to do: with which project, whose proposals, and which twins beside each case."""

    home: Path
    propose: Propose = "case"
    model: str | None = None
    record: Path | None = None
    cassette: Path | None = None
    unaware: bool = False
    ablate: bool = False

    @property
    def twins(self) -> tuple[str, ...]:
        """The names of the twins that are replayed beside each case."""
        return tuple(name for name in ("unaware", "ablate") if getattr(self, name))

    def proposing(self, project: Project) -> "tuple[Sequence[Proposer], Cassette | None]":
        """Return who proposes where the case does not, and the cassette that takes notes where that is a model."""
        model = self.model or (project.config.model if project.extensions.proposers is None else None)
        if self.record and self.cassette:
            raise BadInput("answers are either recorded or played", where="--record and --cassette")
        if model is None and not (self.record or self.cassette):
            return tuple(Listening(one) for one in project.proposers), None
        from cxagent.evaluation.replay.cassette import Cassette, proposers

        path = self.record or self.cassette
        notes = Cassette(path, "live" if path is None else "record" if self.record else "play")
        return proposers(project, model, notes), notes


class Replay:
    """Replays cases through one project, each in an empty world of its own: ledger, thread, sandbox."""

    def __init__(self, order: Order) -> None:
        module = load_graph_file(order.home)
        self.order = order
        self.project: Project = module.project
        self._saver = checkpoints.open_saver("sqlite://")
        self._proposers, self._cassette = order.proposing(self.project)
        self.agent = Agent(self.project, module.graph, self._saver)
        self._store = MemoryStore()
        self._watch = Watch(self._store)
        self._tools = Toolbox()
        for tool in self.project.tools.values():
            self._tools.add(replace(tool, run=self._watch.over(tool)))
        self._folder = tempfile.TemporaryDirectory(prefix="cxagent-replay-")
        self._count = 0

    def close(self) -> None:
        """Remove what the tools left behind."""
        self._folder.cleanup()
        self._store.close()
        checkpoints.close(self._saver)

    def outcome(self, case: Case, trial: int = 1) -> Outcome:
        """Replay one case once, with the twins that were ordered."""
        found = self.one(case, trial)
        unaware = self.unaware(case, found) if self.order.unaware else None
        twins = tuple(self.ablations(case, found)) if self.order.ablate else None
        return Outcome(trial=found, unaware=unaware, twins=twins)

    def run(self, cases: Iterable[Case], trials: int = 1) -> Iterator[Trial]:
        """Replay every case as often as asked, and yield what happened."""
        for case in cases:
            for trial in range(1, trials + 1):
                yield self.one(case, trial)

    def one(self, case: Case, trial: int = 1, scripted: Scripted | None = None) -> Trial:
        """Replay one case once; a scripted proposer stands in for whoever would propose."""
        started = time.perf_counter()
        self._store.empty()
        self._watch.begin(case.ticket.id)
        self._count += 1
        if self.order.propose == "case" and case.proposal is not None:
            scripted = scripted or Scripted(case.proposal)
        notes = None if scripted else self._cassette
        if notes:
            notes.begin(case.id, trial)
        try:
            with clock.frozen(case.asof), self.project.working_with(self._bench(case, scripted)):
                found = self._work(case)
        except Unreachable as error:
            found = Trial(id=case.id, infrastructure=True, error=str(error))
        finally:
            self._saver.delete_thread(case.ticket.id)
        took = {"seconds": time.perf_counter() - started, "in_graph": self._watch.seconds}
        return found.model_copy(update={"trial": trial, **took, **(_asked(notes) if notes else self._away(scripted))})

    def _away(self, scripted: Scripted | None) -> dict[str, Any]:
        """Say where a proposer was away: then nothing was measured, whatever another one stood in with."""
        asked = () if scripted else self._proposers
        away = next((one.away for one in asked if isinstance(one, Listening) and one.away), None)
        return {"infrastructure": True, "error": away} if away else {}

    def unaware(self, case: Case, seen: Trial) -> Trial:
        """Replay a case before an agent that does not know the account, with the very proposal of a trial."""
        if seen.proposal is None:  # without a proposal nobody acts, whatever is known
            return seen
        found = self.one(unaware(case), seen.trial, Scripted(seen.proposal))
        return found.model_copy(update={"trace": ()})

    def ablations(self, case: Case, seen: Trial) -> Iterator[Twin]:
        """Rule on every twin of a case that lacks one fact, with the very proposal of a trial."""
        if seen.autonomy is None or seen.proposal is None:
            return
        before = self._ruled(case, seen.proposal)
        for one in ablated(case, self.project.playbook.required_facts):
            after = self._ruled(one.case, seen.proposal)
            yield Twin(id=case.id, fact=one.fact, required=one.required, before=before, after=after)

    def _ruled(self, case: Case, proposal: Proposal) -> Autonomy:
        self._store.empty()
        with clock.frozen(case.asof), self.project.working_with(bench := self._bench(case)):
            judge = bench.judge
            found = judge.look(case.ticket, case.account_id)
            reading = judge.read(case.ticket, found)
            return judge.rule(judge.submit(case.ticket, found, reading, proposal, read_by_proposer=True)).autonomy

    def _work(self, case: Case) -> Trial:
        try:
            with self._watch.at_work("alone"):
                self.agent.run(Incoming(ticket=case.ticket, account_id=case.account_id))
        except Unreachable as error:
            return Trial(id=case.id, infrastructure=True, error=str(error))
        except BROKEN as error:
            return self._told(case, (), error=_said(error))
        reviewed: list[Step] = []
        try:
            script_failed = self._operate(case, reviewed)
        except Unreachable:
            raise
        except BROKEN as error:
            return self._told(case, reviewed, error=_said(error))
        return self._told(case, reviewed, script_failed=script_failed)

    def _told(self, case: Case, reviewed: Sequence[Step], **more: Any) -> Trial:
        """Tell what became of a case; one that broke off before anything was ruled has no route."""
        with self._store.read() as connection:
            begun = reports.begun(connection, case.ticket.id)
            known = reports.last_ruling(connection, case.ticket.id) is not None
            result = reports.result(connection, case.ticket.id) if known else {}
            found = told(case, result, connection, reviewed, begun) if known else Trial(id=case.id)
        if why := more.get("error"):
            more["trace"] = (*found.trace, Step(kind="trouble", said=why))
            if result.get("status") != "handed_off":  # whatever was ruled, a ticket may not end like this
                more["autonomy"] = None
        return found.model_copy(update={"broken": tuple(self._watch.broken(len(begun))), **more})

    def _operate(self, case: Case, reviewed: list[Step]) -> str | None:
        """Let the scripted reviewers decide, and check what happened then."""
        for step in case.operator:
            with self._store.read() as connection:
                draft_id = reports.result(connection, case.ticket.id)["draft_id"]
            if draft_id is None:
                return "there was no draft to review"
            refused = self._decide(step, draft_id)
            how = f"refused: {refused}" if refused else "carried out"
            reviewed.append(Step(kind="review", said=f"a {step.role} says {step.verdict}: {how}"))
            with self._store.read() as connection:
                ran = reports.effects(connection, case.ticket.id)
            for wanted in step.then.actions:
                times = sum(tool == wanted.tool and args_fit(wanted.args, args) for tool, args in ran)
                if times != wanted.times:
                    why = f"; {step.verdict} was refused: {refused}" if refused else ""
                    return f"{wanted.tool} ran {times} times, not {wanted.times}{why}"
        return None

    def _decide(self, step: ScriptedReview, draft_id: str) -> str | None:
        """Decide as the script says; a refusal is an answer too, and what it led to is checked like any other."""
        people = [one.name for one in self.project.playbook.people if one.role == step.role]
        if not people:
            raise BadInput(f"the playbook knows nobody with the role {step.role!r}", where="operator.role")
        edit = step.edit
        args = [one.model_dump() for one in edit.actions] if edit and edit.actions is not None else None
        try:
            with self._watch.at_work("reviewed"):
                self.agent.review(draft_id, step.verdict, people[0], reply=edit.reply if edit else None, args=args)
        except Unreachable:
            raise
        except CxagentError as error:
            return str(error)
        return None

    def _bench(self, case: Case, scripted: Scripted | None = None) -> Bench:
        source = HeldSource(case.context.accounts, case.faults)
        gather = Gather((source,), deadline_seconds=self.project.config.deadline_seconds, fx=case.context.fx)
        judge = Judge(
            playbook=self.project.playbook,
            tools=self._tools,
            gather=gather,
            store=self._store,
            ticket_rules=self.project.extensions.ticket_rules,
            part_rules=self.project.extensions.part_rules,
            cells=record.cells(case.latitude, case.reviews, case.asof),
        )
        sandbox = str(Path(self._folder.name) / f"{self._count}.sqlite")
        return self.project.equip(judge, (scripted,) if scripted else self._proposers, {"sandbox": sandbox})


def _said(error: BaseException) -> str:
    return str(error) if isinstance(error, CxagentError) else f"{type(error).__name__}: {error}"


def _asked(notes: "Cassette") -> dict[str, Any]:
    """Say what asking a model took, and where it gave no answer: then nothing was measured, whatever came of it."""
    used = {"tokens_in": notes.tokens_in, "tokens_out": notes.tokens_out}
    if notes.missed:
        return {**used, "skipped": True, "error": notes.missed}
    return {**used, "infrastructure": True, "error": notes.trouble} if notes.trouble else used
