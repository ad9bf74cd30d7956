"""Run what an authorization allows, once: the only code that calls a tool.

Record, then act: an effect is noted as started before the tool is called and as done after it. What was started and
never finished is repeated only where the tool can recognise its key; everything else is in doubt and shown to a person.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from cxagent import clock
from cxagent.actions import Call
from cxagent.domain.account import Account
from cxagent.domain.proposal import Action
from cxagent.domain.tool import Tool
from cxagent.errors import CxagentError, Refused
from cxagent.ledger import executions, journal, personal
from cxagent.ledger.executions import Step, Terms
from cxagent.ledger.store import TABLES, Store


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
class Executor:
    """Runs authorized calls against a project's tools."""

    store: Store
    tools: Mapping[str, Tool]
    home: Path
    settings: Mapping[str, Any] = field(default_factory=dict)

    def run(self, authorization_id: str, terms: Terms, actions: tuple[Action, ...], account: Account) -> Done:
        """Spend the authorization and run its actions in order; the first trouble stops the rest."""
        calls = [(action.tool, action.args) for action in actions]
        with self.store.write() as connection:
            steps = executions.spend(connection, authorization_id, terms, calls)
            if steps and steps[0].status == "planned":
                executions.start(connection, steps[0].key)
        effects: list[dict[str, Any]] = []
        for index, step in enumerate(steps):
            following = steps[index + 1] if index + 1 < len(steps) else None
            effect = self._effect(authorization_id, terms, step, following, account, fresh=index == 0)
            effects.append(effect)
            if effect["status"] != "done":
                return Done(tuple(effects), f"{step.tool} {effect['status'].replace('_', ' ')}: {effect['said']}")
        return Done(tuple(effects))

    def _effect(
        self, authorization_id: str, terms: Terms, step: Step, following: Step | None, account: Account, fresh: bool
    ) -> dict[str, Any]:
        tool = self.tools[step.tool]
        if step.status in ("done", "failed", "in_doubt"):
            return _told(step.tool, step.status, step.result or "", step.key)
        if step.status == "started" and not tool.idempotent:
            return self._close(authorization_id, step, "in_doubt", "the run broke off while it happened", None)
        if step.status == "planned" and not fresh:
            with self.store.write() as connection:
                executions.start(connection, step.key)
        try:
            result = tool.run(self._call(step.key, terms), **step.args)
        except Refused as error:
            return self._close(authorization_id, step, "failed", str(error), None)
        except Exception as error:
            said = str(error) if isinstance(error, CxagentError) else f"{type(error).__name__}: {error}"
            return self._close(authorization_id, step, "in_doubt", said, None)
        money = tool.assess(step.args, account, _day()).gives
        with self.store.write() as connection:
            executions.finish(connection, step.key, "done", json.dumps(result, default=str))
            if money is not None:
                executions.settle(connection, authorization_id, step.key, money)
            if following is not None and following.status == "planned":
                executions.start(connection, following.key)
        return _told(step.tool, "done", json.dumps(result, default=str), step.key)

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

    def _close(
        self, authorization_id: str, step: Step, status: executions.Status, said: str, _result: str | None
    ) -> dict[str, Any]:
        with self.store.write() as connection:
            executions.finish(connection, step.key, status, said)
            if status == "failed":
                journal.release(connection, authorization_id)
        return _told(step.tool, status, said, step.key)

    def release(self, ticket_id: str, account_id: str, authorization_id: str, reply: str) -> None:
        """Let the reply go out to its channel, once per authorization."""
        key = f"out_{authorization_id}"
        outbox = TABLES["outbox"]
        with self.store.write() as connection:
            if connection.execute(outbox.select().where(outbox.c.id == key)).one_or_none() is not None:
                return
            pointer = personal.put(connection, "reply", account_id, ticket_id, {"reply": reply})
            row = {
                "id": key,
                "ticket_id": ticket_id,
                "account_id": account_id,
                "kind": "reply",
                "at": clock.now().isoformat(),
                "personal_id": pointer.id,
            }
            connection.execute(outbox.insert(), row)


def _told(tool: str, status: str, said: str, key: str) -> dict[str, Any]:
    return {"tool": tool, "status": status, "said": said, "key": key}


def _day() -> date:
    return clock.now().date()
