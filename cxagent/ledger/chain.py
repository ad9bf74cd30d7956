"""The decision log: append-only, one hash chain per account, and the check that nothing was touched.

A link is SHA-256 over the canonical JSON of the line without its own hash, the previous hash included.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, select

from cxagent import clock
from cxagent.domain.value import Text, Value, canonical
from cxagent.ledger import personal
from cxagent.ledger.personal import Pointer
from cxagent.ledger.store import TABLES, Store

LOG, HEAD = TABLES["decision_log"], TABLES["chain_head"]
_HEAD = select(HEAD.c.seq, HEAD.c.hash).where(HEAD.c.account_id == bindparam("account"))
_MOVE_HEAD = (
    HEAD.update().where(HEAD.c.account_id == bindparam("account")).values(seq=bindparam("to"), hash=bindparam("as"))
)
_BODY = select(LOG.c.body).where(LOG.c.id == bindparam("id"))
_ADD, _FIRST_HEAD = LOG.insert(), HEAD.insert()
GENESIS = "0" * 64
Kind = Literal["ruling", "review", "handoff", "outcome", "stop", "erasure"]
FIELDS = ("id", "account_id", "seq", "kind", "ticket_id", "at", "body", "personal_id", "personal_digest", "prev_hash")


class Touched(Value):
    """A place where the log does not fit together."""

    account_id: Text
    seq: int
    entry: Text | None
    what: Literal["altered", "removed", "cut off", "personal data altered", "head without log", "log without head"]


def append(
    connection: Connection,
    kind: Kind,
    account_id: str,
    ticket_id: str,
    body: dict[str, Any],
    about: Pointer | None = None,
    entry_id: str | None = None,
) -> str:
    """Add one line to an account's chain and return its id; must run inside a writing transaction."""
    head = connection.execute(_HEAD, {"account": account_id}).one_or_none()
    line: dict[str, Any] = {
        "id": entry_id or clock.new_id("dec"),
        "account_id": account_id,
        "seq": (head.seq if head else 0) + 1,
        "kind": kind,
        "ticket_id": ticket_id,
        "at": clock.now().isoformat(),
        "body": canonical(body),
        "personal_id": about.id if about else None,
        "personal_digest": about.digest if about else None,
        "prev_hash": head.hash if head else GENESIS,
    }
    line["hash"] = link(line)
    connection.execute(_ADD, line)
    if head is None:
        connection.execute(_FIRST_HEAD, {"account_id": account_id, "seq": line["seq"], "hash": line["hash"]})
    else:
        connection.execute(_MOVE_HEAD, {"account": account_id, "to": line["seq"], "as": line["hash"]})
    return str(line["id"])


def link(line: dict[str, Any]) -> str:
    """Return the hash of one line."""
    return hashlib.sha256(canonical({name: line[name] for name in FIELDS}).encode()).hexdigest()


def body(connection: Connection, entry_id: str) -> dict[str, Any]:
    """Return what one line says, without the personal part; empty where there is no such line."""
    text = connection.execute(_BODY, {"id": entry_id}).scalar_one_or_none()
    return json.loads(text) if text is not None else {}


def entry(connection: Connection, entry_id: str) -> dict[str, Any] | None:
    """Return one line of the log with its body parsed and its personal part joined, or None."""
    row = connection.execute(select(LOG).where(LOG.c.id == entry_id)).mappings().one_or_none()
    if row is None:
        return None
    about = personal.get(connection, row["personal_id"]) if row["personal_id"] else None
    return {**row, "body": json.loads(row["body"]), "personal": about}


def verify(store: Store) -> tuple[int, tuple[Touched, ...]]:
    """Check every chain; return how many lines there are and where something was touched."""
    with store.read() as connection:
        rows = connection.execute(select(LOG).order_by(LOG.c.account_id, LOG.c.seq)).mappings().all()
        heads = {row.account_id: row for row in connection.execute(select(HEAD)).all()}
        table = personal.PERSONAL
        texts = {row.id: row for row in connection.execute(select(table)).all()}
    found: list[Touched] = []
    chains: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        chains.setdefault(row["account_id"], []).append(dict(row))
    for account_id in sorted(chains.keys() | heads.keys()):
        found += _check(account_id, chains.get(account_id, []), heads.get(account_id), texts)
    return len(rows), tuple(found)


def _check(account_id: str, lines: list[dict[str, Any]], head: Any, texts: dict[str, Any]) -> Iterator[Touched]:
    def touched(what: Any, seq: int, line: dict[str, Any] | None = None) -> Touched:
        return Touched(account_id=account_id, seq=seq, entry=line["id"] if line else None, what=what)

    previous, expected = GENESIS, 1
    for line in lines:
        if line["seq"] != expected:
            yield touched("removed", expected)
        elif line["prev_hash"] != previous or link(line) != line["hash"]:
            yield touched("altered", line["seq"], line)
        if _text_altered(line, texts):
            yield touched("personal data altered", line["seq"], line)
        previous, expected = line["hash"], line["seq"] + 1
    if head is None:
        yield touched("log without head", expected - 1)
    elif not lines:
        yield touched("head without log", head.seq)
    elif head.seq != expected - 1:
        yield touched("cut off", expected)
    elif head.hash != previous:
        yield touched("altered", head.seq, lines[-1])


def _text_altered(line: dict[str, Any], texts: dict[str, Any]) -> bool:
    if line["personal_id"] is None:
        return False
    row = texts.get(line["personal_id"])
    if row is None or row.digest != line["personal_digest"]:
        return True
    return row.payload is not None and personal.salted(row.salt, row.payload) != row.digest
