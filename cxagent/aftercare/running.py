"""Run an undo or a check through the executor, once: noted, authorized and spent as one, then carried out."""

from decimal import Decimal
from typing import Any, NamedTuple

from cxagent import clock
from cxagent.aftercare.past import Past, line_of
from cxagent.agent import Agent
from cxagent.domain.proposal import Action, Part, Proposal
from cxagent.domain.value import digest
from cxagent.domain.vocabulary import Stance
from cxagent.errors import Refused
from cxagent.executor import Ended
from cxagent.ledger import authorizations, chain, executions, history, personal
from cxagent.ledger.authorizations import Grant
from cxagent.ledger.executions import Kind, Step, Terms
from cxagent.ledger.store import Connection
from cxagent.rules.stakes import kill_switch
from cxagent.rules.submission import Submission
from cxagent.steps.recording import said as shown


class NotNow(Refused):
    """Nothing is wrong and nothing may run at this moment: it is stopped, not due yet, or not due any more."""


class Run(NamedTuple):
    """An undo or a check that was spent: what it is of, what it calls, and what it may."""

    past: Past
    action: Action
    authorization_id: str
    terms: Terms
    steps: list[Step]

    @property
    def step(self) -> Step:
        """The one call."""
        return self.steps[0]


def submission(connection: Connection, agent: Agent, found: Past, action: Action) -> Submission:
    """Put the one call before the rules, with the facts of the decision that the effect rests on."""
    assert found.given is not None
    judge = agent.project.steps.judge
    part = Part(intent=found.intent or "-", stance=Stance.FULFIL, actions=(action,))
    return Submission(
        ticket=found.given.ticket,
        audit=found.given.audit,
        reading=found.given.reading,
        playbook=judge.playbook,
        tools=judge.tools,
        proposal=Proposal(parts=(part,), reply=""),
        stops=history.stops(connection),
    )


def stopped(sub: Submission) -> str | None:
    """Return which kill switch forbids the call, or None."""
    return next((cap.why for cap in kill_switch(sub)), None)


def begin(
    connection: Connection,
    agent: Agent,
    found: Past,
    kind: Kind,
    action: Action,
    sub: Submission | None,
    body: dict[str, Any],
    text: dict[str, Any],
) -> Run:
    """Note what is about to happen, mint its authorization and spend it: no crash falls in between.

    The database itself keeps out a second undo, or a second check, of the same execution.
    """
    assert kind != "effect"
    judge, row = agent.project.steps.judge, found.row
    pointer = personal.put(
        connection, kind, row["account_id"], row["ticket_id"], {**text, "action": action.model_dump(mode="json")}
    )
    line = {"execution": found.key, "action": digest(action), **body}
    decision_id = chain.append(connection, kind, row["account_id"], row["ticket_id"], line, pointer)
    terms = Terms(
        ticket_id=row["ticket_id"],
        account_id=row["account_id"],
        proposal_digest=shown(None, (action,)),
        context_digest=found.warrant["context_digest"],
        playbook_digest=judge.playbook.digest,
    )
    nothing = Grant(row["account_id"], (), None, Decimal(0), frozenset(), clock.now())
    authorization_id = authorizations.mint(
        connection,
        decision_id=decision_id,
        draft_id=None,
        minutes=judge.playbook.authorization_minutes,
        # A person signs for it, or it only looks: what it gives is counted, and the machine's own limit is not asked.
        grant=judge.grant(sub, limited=False) if sub else nothing,
        **terms._asdict(),
    )
    steps = executions.spend(connection, authorization_id, terms, [(action.tool, action.args)], kind, found.key)
    return Run(found, action, authorization_id, terms, steps)


def begun(connection: Connection, found: Past, row: dict[str, Any]) -> Run | None:
    """Return what a crash left, exactly as it was authorized; None where the texts that say so were erased."""
    warrant = authorizations.get(connection, row["authorization_id"])
    text = line_of(connection, row)["personal"]
    if warrant is None or text is None:
        return None
    action = Action.model_validate(text["action"])
    terms = Terms(**{name: warrant[name] for name in Terms._fields})._replace(proposal_digest=shown(None, (action,)))
    steps = executions.spend(connection, warrant["id"], terms, [(action.tool, action.args)], row["kind"], row["of"])
    return Run(found, action, warrant["id"], terms, steps)


def carry_out(agent: Agent, run: Run, ended: Ended, why_not: str | None = None) -> dict[str, Any]:
    """Run the one call; `why_not` says what forbids to go on with one that was begun before."""
    assert run.past.given is not None and run.past.given.audit.account is not None
    done = agent.project.steps.executor.carry_out(
        run.authorization_id,
        run.terms,
        run.steps,
        run.past.given.audit.account,
        stopped=lambda: why_not,
        ended=ended,
    )
    return told(run.past, run.step, done.effects[0]["status"], done.effects[0]["said"])


def end(connection: Connection, found: Past, step: Step, status: executions.Status, said: str, ended: Ended) -> Any:
    """Close what cannot run, in the transaction at hand."""
    if executions.finish(connection, step.key, status, said):
        ended(connection, step, status, said)
    return told(found, step, status, said)


def told(found: Past, step: Step, status: str, said: str) -> dict[str, Any]:
    """Return what came of an undo or a check."""
    about = {name: found.row[name] for name in ("ticket_id", "account_id")}
    return {
        "kind": step.kind,
        "key": step.key,
        "of": found.key,
        **about,
        "tool": step.tool,
        "status": status,
        "said": said,
    }
