"""A done effect as the ledger has it: its execution, the decision behind it, its arguments, and what it concerned."""

import json
from typing import Any, NamedTuple

from pydantic import ValidationError

from cxagent.agent import Agent
from cxagent.domain.tool import Tool
from cxagent.domain.value import digest
from cxagent.errors import BadInput, Refused
from cxagent.ledger import authorizations, chain, executions, tickets
from cxagent.ledger.store import Connection
from cxagent.steps.held import Held, held


class Past(NamedTuple):
    """One effect that was authorized; `given` and `args` are None where its texts were erased or cannot be read."""

    row: dict[str, Any]
    warrant: dict[str, Any]
    entry: dict[str, Any]
    tool: Tool | None
    given: Held | None
    intent: str | None
    args: dict[str, Any] | None

    @property
    def key(self) -> str:
        """The effect's idempotency key."""
        return str(self.row["id"])

    @property
    def result(self) -> Any:
        """What the tool returned; `BadInput` where that is not on record, as after a person's word."""
        try:
            return json.loads(self.row["result"])
        except (TypeError, ValueError):
            raise BadInput(f"it is not on record what {self.row['tool']} returned") from None

    @property
    def thing(self) -> str | None:
        """What the effect was about among others of its tool; None where nobody can tell."""
        if self.tool is None or self.tool.target is None or not (self.args or {}).get(self.tool.target):
            return None
        return str((self.args or {})[self.tool.target]).strip().casefold()


def ticket_of(agent: Agent, key: str) -> str:
    """Return the ticket of an execution; `BadInput` where there is none."""
    with agent.store.read() as connection:
        row = executions.one(connection, key)
    if row is None:
        raise BadInput(f"there is no effect {key}", where="KEY")
    return str(row["ticket_id"])


def line_of(connection: Connection, row: dict[str, Any]) -> dict[str, Any]:
    """Return the line of the log that an execution was authorized by."""
    warrant = authorizations.get(connection, row["authorization_id"])
    assert warrant is not None
    line = chain.entry(connection, warrant["decision_id"])
    assert line is not None
    return line


def past(connection: Connection, agent: Agent, key: str) -> Past:
    """Return an effect with the ruling that let it happen: after an edit, the ruling on the edit."""
    row = executions.one(connection, key)
    assert row is not None
    if row["kind"] != "effect":
        raise Refused(f"{key} is the {row['kind']} of {row['of']}; only an effect itself has one")
    warrant = authorizations.get(connection, row["authorization_id"])
    assert warrant is not None
    entry = line_of(connection, row)
    intent, args = _proposed(entry["personal"] or {}, row["tool"], row["args_digest"])
    tool = agent.project.steps.executor.tools.get(row["tool"])
    return Past(row, warrant, entry, tool, judged(connection, entry), intent, args)


def judged(connection: Connection, entry: dict[str, Any]) -> Held | None:
    """Return what a ruling rested on; None where its texts were erased or cannot be read."""
    known = tickets.known(connection, entry["ticket_id"])
    if entry["personal"] is None or known is None or known.incoming is None:
        return None
    return _given(entry["personal"], known.incoming.ticket.model_dump(mode="json"))


def _given(seen: dict[str, Any], ticket: dict[str, Any]) -> Held | None:
    """Read the values of a ruling; one of an older version may not be readable any more."""
    try:
        read = held({"ticket": ticket, **{name: seen[name] for name in ("audit", "reading", "proposal")}})  # type: ignore[typeddict-item]
    except (KeyError, ValidationError, Refused):
        return None
    return read if read.audit.account is not None else None


def _proposed(seen: dict[str, Any], tool: str, args_digest: str) -> tuple[str | None, dict[str, Any] | None]:
    """Return the intent of the part that proposed a call, and the call's arguments."""
    for part in (seen.get("proposal") or {"parts": []})["parts"]:
        for action in part["actions"]:
            if action["tool"] == tool and digest(action["args"]) == args_digest:
                return str(part["intent"]), dict(action["args"])
    return None, None
