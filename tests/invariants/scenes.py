"""The scenes that the invariant tests play in: who asks, what is proposed, and what the outside system saw."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cxagent.domain.proposal import Proposal
from cxagent.domain.ticket import Incoming
from cxagent.testing import World, call, proposal

BOTH = pytest.mark.parametrize("world", ["sqlite", "postgresql"], indirect=True)
"""Lets a test hold in both databases."""
ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT.parent / "shared" / "data" / "scenarios.jsonl"
LOW, MID, HIGH = "ACC-103", "ACC-201", "ACC-301"
"""A small healthy account, a mid-size one, and a global enterprise of the sample world."""
SENDERS = {LOW: "noel@brindlecote.example", MID: "yvette@marlstone.example", HIGH: "silvan@norvane.example"}
REVIEWER, APPROVER, FINANCE, EXECUTIVE = "Lena Hartmann", "Priya Nair", "Samuel Costa", "Miriam Okafor"
PLEA = "We ran the same report twice by mistake. Would a goodwill credit be possible?"


def credit(account_id: str, amount: Any = "40.00", currency: Any = "USD", reply: str | None = None) -> Proposal:
    """Return a proposal that gives an account a credit and says so."""
    args = {"account_id": account_id, "amount": amount, "currency": currency, "reason": "goodwill"}
    said = f"We have added a credit of {currency} {amount} to your account." if reply is None else reply
    return proposal("goodwill_credit", call("issue_credit", **args), reply=said)


def asks(
    world: World, ticket_id: str, account_id: str = LOW, line: Proposal | None = None, body: str = PLEA, **more: Any
) -> Incoming:
    """Return a ticket of an account's payer, with its proposal scripted: a credit of USD 40 unless another is given."""
    world.says(ticket_id, line or credit(account_id))
    return world.ticket(ticket_id, SENDERS[account_id], body, account_id, **more)


def waiting(world: World, ticket_id: str = "T-1", account_id: str = MID, line: Proposal | None = None) -> str:
    """Run a ticket that becomes a draft, and return the draft's id."""
    result = world.run(asks(world, ticket_id, account_id, line))
    assert (result["autonomy"], result["status"]) == ("draft", "waiting"), result
    return str(result["draft_id"])


def outside(home: Path) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what the sandbox behind the tools holds: tool, account and arguments of every effect that happened."""
    file = home / "sandbox.sqlite"
    if not file.exists():
        return []
    connection = sqlite3.connect(file)
    try:
        rows = connection.execute("SELECT tool, account_id, args FROM effects ORDER BY rowid").fetchall()
    finally:
        connection.close()
    return [(tool, account, json.loads(args)) for tool, account, args in rows]


def sent(world: World, ticket_id: str) -> list[str]:
    """Return the replies that went out on a ticket."""
    texts = {row["id"]: row["payload"] for row in world.rows("personal", ticket_id=ticket_id, kind="reply")}
    return [json.loads(texts[row["personal_id"]])["reply"] for row in world.rows("outbox", ticket_id=ticket_id)]
