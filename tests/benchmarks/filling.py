"""Fill a ledger with a long history: decisions of any number over any number of accounts, two years of them.

Every row is what the ledger itself would have written: whole hash chains, tickets that ended, effects that were done,
money within its limits, drafts that people approved. Only the texts behind the pointers are short.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from desk import BODY, numbered
from sqlalchemy import Connection, Table

from cxagent.ledger import chain, personal
from cxagent.ledger.store import TABLES, Store
from cxagent.testing import TODAY

YEARS = timedelta(days=730)
DRAFTED, WAITING = 5, 20
"""Every fifth decision was a draft; the last few of them still wait."""
BATCH = 2000
ORDER = ("personal", "ticket", "decision_log", "draft", "review", "authorization", "execution", "budget", "outbox")
Rows = dict[str, list[dict[str, Any]]]


# What `canonical` writes, for what is plain JSON already.
plain = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
SHORT = plain({"said": "x" * 120})


class History:
    """Writes decisions in the order of time, account after account in turn."""

    def __init__(self, decisions: int, accounts: int) -> None:
        self.decisions, self.accounts = decisions, accounts
        self.heads: dict[str, tuple[int, str]] = {}
        drafts = (decisions - 1) // DRAFTED * DRAFTED
        self.waits_from = drafts - (WAITING - 1) * DRAFTED

    def fill(self, store: Store) -> None:
        """Write everything, in a few large transactions."""
        with store.write("filling") as connection:
            first = (TODAY - YEARS).isoformat()
            ids = [numbered(number) for number in range(self.accounts)]
            rows = [{"id": one, "root_id": one, "first_seen": first} for one in ids]
            unknown = {"id": "unknown", "root_id": "unknown", "first_seen": first}
            put(connection, TABLES["account"], [*rows, unknown])
        for start in range(0, self.decisions, BATCH * 25):
            with store.write("filling") as connection:
                for batch in range(start, min(start + BATCH * 25, self.decisions), BATCH):
                    self._write(connection, range(batch, min(batch + BATCH, self.decisions)))
        with store.write("filling") as connection:
            heads = [{"account_id": one, "seq": seq, "hash": link} for one, (seq, link) in self.heads.items()]
            put(connection, TABLES["chain_head"], heads)
        if store.engine.dialect.name != "sqlite":  # PostgreSQL's own autovacuum does that; nobody does it in SQLite
            with store.write() as connection:
                connection.exec_driver_sql("ANALYZE")

    def _write(self, connection: Connection, numbers: range) -> None:
        rows: Rows = {name: [] for name in ORDER}
        for number in numbers:
            self._decision(rows, number)
        for name in ORDER:
            put(connection, TABLES[name], rows[name])

    def _decision(self, rows: Rows, number: int) -> None:
        account = numbered(number % self.accounts)
        at = (TODAY - YEARS + YEARS * (number / self.decisions)).isoformat()
        ticket, decision, grant = f"old-{number}", f"dec_{number:016x}", f"aut_{number:016x}"
        drafted = number % DRAFTED == 0
        waits = drafted and number >= self.waits_from
        text = text_row(rows, f"a{number}", "ticket", account, ticket, message(ticket, account, at))
        ruling = {"autonomy": "draft" if drafted else "act", "reasons": [], "intents": ["goodwill_credit"]}
        ruling |= {"playbook": "0" * 64, "context": "1" * 64, "stake": "USD 10,900.00", "gives": "USD 0.01"}
        about = text_row(rows, f"b{number}", "ruling", account, ticket)
        self._line(rows, decision, account, ticket, "ruling", ruling, at, about)
        rows["ticket"].append(ticket_row(ticket, account, at, text["id"], waits))
        if drafted:
            self._draft(rows, number, account, ticket, decision, at, waits)
        if not waits:
            done = {"disposition": "answered_after_review" if drafted else "answered_alone", "authorization": grant}
            self._line(rows, f"end_{number:016x}", account, ticket, "outcome", done, at, None)
            effect(rows, number, account, ticket, decision, grant, at, drafted)

    def _line(
        self,
        rows: Rows,
        entry: str,
        account: str,
        ticket: str,
        kind: str,
        body: dict[str, Any],
        at: str,
        about: dict[str, Any] | None,
    ) -> None:
        seq, before = self.heads.get(account, (0, chain.GENESIS))
        line = {"id": entry, "account_id": account, "seq": seq + 1, "kind": kind, "ticket_id": ticket, "at": at}
        line |= {"body": plain(body), "prev_hash": before}
        line |= {"personal_id": about and about["id"], "personal_digest": about and about["digest"]}
        line["hash"] = chain.link(line)
        self.heads[account] = (seq + 1, line["hash"])
        rows["decision_log"].append(line)

    def _draft(self, rows: Rows, number: int, account: str, ticket: str, decision: str, at: str, waits: bool) -> None:
        card = text_row(rows, f"c{number}", "card", account, ticket)
        draft = f"drf_{number:016x}"
        row = {"id": draft, "ticket_id": ticket, "account_id": account, "decision_id": decision, "created_at": at}
        row |= {"status": "pending" if waits else "applied", "card_digest": card["digest"], "four_eyes": False}
        row |= {"required_role": "reviewer", "stake": "USD 10,900.00", "assignee": "Lena Hartmann"}
        row |= {"deadline": (TODAY + timedelta(days=1)).isoformat() if waits else at, "personal_id": card["id"]}
        rows["draft"].append(row)
        if waits:
            return
        said = text_row(rows, f"d{number}", "review", account, ticket)
        review = f"rev_{number:016x}"
        verdict = {"id": review, "draft_id": draft, "verdict": "approve", "by": "Lena Hartmann", "role": "reviewer"}
        verdict |= {"reason": None, "at": at, "card_digest": card["digest"], "personal_id": said["id"]}
        rows["review"].append(verdict)
        body = {"review": review, "draft": draft, "verdict": "approve", "role": "reviewer", "card": card["digest"]}
        self._line(rows, f"rvl_{number:016x}", account, ticket, "review", body, at, said)


def message(ticket: str, account: str, at: str) -> dict[str, Any]:
    """Return what came in: a question of a colleague of whoever writes today."""
    sender = {"email": f"colleague@{account}.example", "verified": True}
    return {"ticket": {"id": ticket, "received_at": at, "sender": sender, "body": BODY}, "account_id": account}


def text_row(
    rows: Rows, mark: str, kind: str, account: str, ticket: str, said: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Add a text, a short one where nothing else is said, and return its row."""
    payload, salt = plain(said) if said else SHORT, hashlib.sha256(mark.encode()).hexdigest()[:32]
    row = {"id": f"per_{mark}", "kind": kind, "account_id": account, "ticket_id": ticket, "salt": salt}
    row |= {"payload": payload, "digest": personal.salted(salt, payload), "erased_at": None}
    rows["personal"].append(row)
    return row


def ticket_row(ticket: str, account: str, at: str, text: str, waits: bool) -> dict[str, Any]:
    """Return the row of a ticket that ended, or waits."""
    mark = hashlib.sha256(account.encode()).hexdigest()
    row = {"id": ticket, "account_id": account, "sender": mark, "digest": mark, "whole": mark, "received_at": at}
    row |= {"personal_id": text, "status": "waiting" if waits else "done", "updated_at": at}
    return row | {"disposition": None if waits else "answered_alone", "hint": account}


def effect(
    rows: Rows, number: int, account: str, ticket: str, decision: str, grant: str, at: str, drafted: bool
) -> None:
    """Add a spent authorization, its one effect, the cent that it gave, and the reply."""
    late = (TODAY + timedelta(minutes=60)).isoformat()
    row = {"id": grant, "decision_id": decision, "ticket_id": ticket, "account_id": account, "minted_at": at}
    row |= {"proposal_digest": "2" * 64, "context_digest": "1" * 64, "playbook_digest": "0" * 64}
    row |= {"draft_id": f"drf_{number:016x}" if drafted else None, "expires_at": late, "spent_at": at}
    rows["authorization"].append(row)
    key = f"exe_{number:016x}"
    run = {"id": key, "authorization_id": grant, "position": 0, "ticket_id": ticket, "account_id": account}
    run |= {"tool": "correct_invoice", "args_digest": "3" * 64, "status": "done", "started_at": at, "done_at": at}
    rows["execution"].append(run | {"result": "{}", "kind": "effect"})
    money = {"id": f"bud_{number:016x}", "root_id": account, "account_id": account, "authorization_id": grant}
    money |= {"position": 0, "execution_id": key, "amount": "0.01", "currency": "USD", "at": at, "status": "spent"}
    rows["budget"].append(money)
    text = text_row(rows, f"e{number}", "reply", account, ticket)
    sent = {"id": f"out_{grant}", "ticket_id": ticket, "account_id": account, "kind": "reply", "at": at}
    rows["outbox"].append(sent | {"personal_id": text["id"]})


def put(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows as fast as the database takes them: COPY in PostgreSQL, one prepared statement in SQLite."""
    if not rows:
        return
    driver = connection.connection.driver_connection
    assert driver is not None
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(names))
        given = ([row[name] for name in names] for row in rows)
        driver.executemany(f'INSERT INTO "{table.name}" ({columns}) VALUES ({places})', given)
        return
    with driver.cursor().copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])


def plans(store: Store, statements: list[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield every statement whose plan reads a whole table, with that line of the plan."""
    seen = set()
    with store.read() as connection:
        for statement, parameters in statements:
            if statement in seen or not statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
                continue
            seen.add(statement)
            sqlite = connection.dialect.name == "sqlite"
            asked = ("EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN ") + statement
            for row in connection.exec_driver_sql(asked, parameters):
                told = str(row[-1])
                if (told.startswith("SCAN") and told != "SCAN CONSTANT ROW") or "Seq Scan" in told:
                    yield statement, told
