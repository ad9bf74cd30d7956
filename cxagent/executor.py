"""Run what an authorization allows, once: the only code that calls a tool.

Record, then act: an effect is noted as started before the tool is called and as done after it. What was started and
never finished is repeated only where the tool can recognise its key; everything else is in doubt and shown to a person.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxagent import presence
from cxagent.actions import Call
from cxagent.domain.account import Account
from cxagent.domain.proposal import Action
from cxagent.domain.tool import Tool
from cxagent.errors import Conflict, CxagentError, Refused
from cxagent.ledger import authorizations, executions, tickets
from cxagent.ledger.executions import Step, Terms
from cxagent.ledger.store import Connection, Store

Closing = Callable[[Connection, list[str]], None]
"""Records the end of a run in an open transaction; it is told the keys of all effects."""
Ended = Callable[[Connection, Step, executions.Status, str], None]
"""Records what follows the end of one effect, in the very transaction that notes that end: once, whoever notes it."""


@dataclass(frozen=True)
class LedgerWarrant:
    """Proof that an effect was authorized and noted: asked from the ledger at every call."""

    store: Store
    key: str

    def covers(self, tool: str, args: Mapping[str, Any]) -> bool:
        """Whether exactly this call was noted as started and is not over."""
        with self.store.read() as connection:
            return executions.covers(connection, self.key, tool, dict(args))


@dataclass(frozen=True)
class Done:
    """What came of an authorization: the effects, and a sentence where one of them stopped the rest."""

    effects: tuple[dict[str, Any], ...]
    trouble: str | None = None


@dataclass(frozen=True)
class _Run:
    """One authorization while it is carried out."""

    authorization_id: str
    terms: Terms
    account: Account
    keys: list[str]
    closing: Closing | None
    ended: Ended | None


@dataclass(frozen=True)
class Executor:
    """Runs authorized calls against a project's tools."""

    store: Store
    tools: Mapping[str, Tool]
    home: Path
    settings: Mapping[str, Any] = field(default_factory=dict)

    def run(
        self,
        authorization_id: str,
        terms: Terms,
        actions: tuple[Action, ...],
        account: Account,
        closing: Closing | None = None,
        stopped: Callable[[], str | None] = lambda: None,
    ) -> Done:
        """Spend the authorization and run its actions in order; the first trouble stops the rest.

        `closing` records the end in the transaction that notes the last effect, so that no crash falls in between.
        `stopped` is asked before every effect but a first one, which was judged just now, and says what forbids it.
        """
        calls = [(action.tool, action.args) for action in actions]
        with self.store.write(terms.ticket_id) as connection:
            steps = executions.spend(connection, authorization_id, terms, calls)
        return self.carry_out(authorization_id, terms, steps, account, closing, stopped)

    def carry_out(
        self,
        authorization_id: str,
        terms: Terms,
        steps: list[Step],
        account: Account,
        closing: Closing | None = None,
        stopped: Callable[[], str | None] = lambda: None,
        ended: Ended | None = None,
    ) -> Done:
        """Run the planned effects of an authorization that this run has spent, or go on with those of a spent one."""
        effects: list[dict[str, Any]] = []
        run = _Run(authorization_id, terms, account, [step.key for step in steps], closing, ended)
        for index, step in enumerate(steps):
            why = stopped() if index or step.status != "planned" else None
            last = index + 1 == len(steps)
            effect = self._halt(run, step, why) or self._effect(run, step, first=index == 0, last=last)
            effects.append(effect)
            if effect["status"] != "done":
                return Done(tuple(effects), f"{step.tool} {effect['status'].replace('_', ' ')}: {effect['said']}")
        if closing is not None and (not steps or steps[-1].status == "done"):
            with self.store.write(terms.ticket_id) as connection:
                closing(connection, run.keys)
        return Done(tuple(effects))

    def _effect(self, run: _Run, step: Step, *, first: bool, last: bool) -> dict[str, Any]:
        if step.status in ("done", "failed", "in_doubt"):
            return _told(step.tool, step.status, step.result or "", step.key)
        if (broken := self._begin(run, step, first=first)) is not None:
            return broken
        try:
            result = self.tools[step.tool].run(self._call(step.key, run.terms), **step.args)
        except Refused as error:
            # What a run that is gone had asked for may have happened; that it is refused now does not say otherwise.
            return self._close(run, step, "in_doubt" if step.status == "started" else "failed", str(error))
        except Exception as error:
            said = str(error) if isinstance(error, CxagentError) else f"{type(error).__name__}: {error}"
            # Who only looked and got no answer has done nothing that could be in doubt.
            return self._close(run, step, "failed" if step.kind == "check" else "in_doubt", said)
        said = json.dumps(result, default=str)
        with self.store.write(run.terms.ticket_id) as connection:
            if executions.finish(connection, step.key, "done", said):
                executions.settle(connection, run.authorization_id, step)
                if run.ended is not None:
                    run.ended(connection, step, "done", said)
            elif (noted := executions.one(connection, step.key)) and noted["status"] != "done":
                # Another run took this one for gone, and a person looks into it: theirs is the last word.
                return _told(step.tool, noted["status"], noted["result"] or "", step.key)
            if last and run.closing is not None:
                run.closing(connection, run.keys)
        return _told(step.tool, "done", said, step.key)

    def _begin(self, run: _Run, step: Step, *, first: bool) -> dict[str, Any] | None:
        """Note that an effect is about to happen, or return what stands in its way.

        `Conflict` where another run is at it. What a run that is gone had started is repeated only where the outside
        recognises the key.
        """
        if step.status == "planned":
            # The first effect was started by the transaction that spent the authorization.
            if not first and not self._start(run, step):
                raise Conflict(f"another run has started {step.tool} of {run.terms.ticket_id}, or closed it")
            return None
        if presence.other(step.worker, step.started_at):
            raise Conflict(f"{step.tool} of {run.terms.ticket_id} is under way at {step.worker}")
        if not self.tools[step.tool].idempotent and step.kind != "check":
            return self._close(run, step, "in_doubt", "the run broke off while it happened")
        with self.store.write() as connection:
            if not executions.take_over(connection, step):
                raise Conflict(f"another run goes on with {step.tool} of {run.terms.ticket_id}")
        return None

    def _halt(self, run: _Run, step: Step, why: str | None) -> dict[str, Any] | None:
        """Close a step that a kill switch forbids: not done, or in doubt where an earlier run had started it."""
        if why is None or step.status not in ("planned", "started"):
            return None
        return self._close(run, step, "in_doubt" if step.status == "started" else "failed", why)

    def _call(self, key: str, terms: Terms) -> Call:
        warrant = LedgerWarrant(self.store, key)
        return Call(
            key=key,
            account_id=terms.account_id,
            ticket_id=terms.ticket_id,
            warrant=warrant,
            home=self.home,
            settings=self.settings,
        )

    def _start(self, run: _Run, step: Step) -> bool:
        """Note that a planned effect is about to happen; False where another run was first, or closed the ticket."""
        with self.store.write(run.terms.ticket_id) as connection:
            if tickets.status(connection, run.terms.ticket_id) in tickets.CLOSED:
                return False
            return executions.start(connection, step.key)

    def _close(self, run: _Run, step: Step, status: executions.Status, said: str) -> dict[str, Any]:
        with self.store.write(run.terms.ticket_id) as connection:
            ends_here = executions.finish(connection, step.key, status, said)
            authorizations.release(connection, run.authorization_id)
            noted = None if ends_here else executions.one(connection, step.key)
            if noted is not None and noted["status"] != status:
                raise Conflict(f"another run has noted {step.tool} of {run.terms.ticket_id} as {noted['status']}")
            if ends_here and run.ended is not None:
                run.ended(connection, step, status, said)
        return _told(step.tool, status, said, step.key)


def _told(tool: str, status: str, said: str, key: str) -> dict[str, Any]:
    return {"tool": tool, "status": status, "said": said, "key": key}
