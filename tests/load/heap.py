"""A heap of drafts that wait: one real one, and look-alikes of it, whole chains and texts included."""

import json
from typing import Any

from filling import plain, put
from sqlalchemy import select

from cxagent.domain.ticket import Incoming
from cxagent.domain.value import digest
from cxagent.ledger import chain, personal
from cxagent.ledger.store import TABLES, Store

BATCH = 1000
ORDER = ("account", "personal", "ticket", "decision_log", "chain_head", "draft")


class Pattern:
    """The rows of one waiting draft, as the ledger wrote them."""

    def __init__(self, store: Store, ticket_id: str, account_id: str, email: str) -> None:
        self.ticket_id, self.account_id, self.email = ticket_id, account_id, email
        with store.read() as connection:
            self.rows: dict[str, list[dict[str, Any]]] = {}
            for name in ORDER:
                found = connection.execute(select(TABLES[name])).mappings().all()
                self.rows[name] = [dict(row) for row in found if account_id in (row.get("account_id"), row.get("id"))]
        assert [len(self.rows[name]) for name in ("ticket", "decision_log", "draft")] == [1, 1, 1], self.rows

    def copy(self, number: int, account_id: str, email: str) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of one more draft, of another ticket and account, with whole digests."""
        ticket_id = f"{self.ticket_id}-{number}"
        ids = {
            row["id"]: f"{row['id'][:4]}{number:016x}"[:20]
            for name in ("decision_log", "draft")
            for row in self.rows[name]
        }
        ids |= {row["id"]: f"per_{number:08x}{place:08x}" for place, row in enumerate(self.rows["personal"])}
        said = {self.ticket_id: ticket_id, self.account_id: account_id, _host(self.email): _host(email), **ids}

        def told(text: str) -> str:
            for old, new in said.items():
                text = text.replace(old, new)
            return text

        rows = {
            name: [
                {key: told(value) if isinstance(value, str) else value for key, value in row.items()} for row in some
            ]
            for name, some in self.rows.items()
        }
        for row in rows["personal"]:
            row["digest"] = personal.salted(row["salt"], row["payload"])
        texts = {row["id"]: row for row in rows["personal"]}
        for row in rows["ticket"]:
            came = Incoming.model_validate_json(texts[row["personal_id"]]["payload"])
            row["sender"], row["digest"], row["whole"] = digest(email), digest(came.ticket), digest(came.ticket)
        for row in rows["decision_log"]:
            row["personal_digest"] = texts[row["personal_id"]]["digest"]
            row["body"] = plain(json.loads(row["body"]))
            row["hash"] = chain.link(row)
        for row in rows["chain_head"]:
            row["hash"] = rows["decision_log"][0]["hash"]
        for row in rows["draft"]:
            row["card_digest"] = digest(json.loads(texts[row["personal_id"]]["payload"]))
        return rows


def _host(email: str) -> str:
    """Return what the addresses of one look-alike share."""
    return "@" + email.partition("@")[2].partition(".")[0] + "."


def heap(store: Store, pattern: Pattern, count: int, account: Any) -> None:
    """Write so many more drafts; `account` tells id and address of a number."""
    for start in range(1, count + 1, BATCH):
        many: dict[str, list[dict[str, Any]]] = {name: [] for name in ORDER}
        for number in range(start, min(start + BATCH, count + 1)):
            for name, rows in pattern.copy(number, *account(number)).items():
                many[name] += rows
        with store.write("heap") as connection:
            for name in ORDER:
                put(connection, TABLES[name], many[name])
    if store.engine.dialect.name != "sqlite":
        with store.write() as connection:
            connection.exec_driver_sql("ANALYZE")
