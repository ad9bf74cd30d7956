"""Personal data behind an erasable pointer: the log holds a salted digest, the text lies here and can be emptied."""

import hashlib
import json
import secrets
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from cxagent import clock
from cxagent.domain.value import canonical
from cxagent.ledger.store import TABLES

PERSONAL = TABLES["personal"]
_PUT = PERSONAL.insert()
_GET = select(PERSONAL.c.payload).where(PERSONAL.c.id == bindparam("id"))
_GET_ALL = select(PERSONAL.c.id, PERSONAL.c.payload).where(
    PERSONAL.c.id.in_(bindparam("ids", expanding=True)), PERSONAL.c.payload.is_not(None)
)


class Pointer(NamedTuple):
    """Where a text lies, and the digest that the log keeps of it."""

    id: str
    digest: str


def put(connection: Connection, kind: str, account_id: str, ticket_id: str, payload: Any) -> Pointer:
    """Store a payload and return its pointer."""
    text, salt = canonical(payload), secrets.token_hex(16)
    pointer = Pointer(clock.new_id("per"), salted(salt, text))
    connection.execute(
        _PUT,
        {
            "id": pointer.id,
            "kind": kind,
            "account_id": account_id,
            "ticket_id": ticket_id,
            "salt": salt,
            "payload": text,
            "digest": pointer.digest,
        },
    )
    return pointer


def salted(salt: str, text: str) -> str:
    """Return the digest of a text; the salt goes with the text, so an erased text cannot be guessed from it."""
    return hashlib.sha256(f"{salt}:{text}".encode()).hexdigest()


def get(connection: Connection, pointer_id: str) -> Any:
    """Return a payload, or None where it was erased or never there."""
    text = connection.execute(_GET, {"id": pointer_id}).scalar_one_or_none()
    return None if text is None else json.loads(text)


def get_all(connection: Connection, pointer_ids: Iterable[str]) -> dict[str, Any]:
    """Return some payloads by pointer, all in one question; what was erased or never there is left out."""
    found = connection.execute(_GET_ALL, {"ids": list(pointer_ids)})
    return {row.id: json.loads(row.payload) for row in found}


def erase(connection: Connection, ticket_ids: list[str]) -> int:
    """Empty all personal texts of some tickets; return how many there were."""
    erased = connection.execute(
        update(PERSONAL)
        .where(PERSONAL.c.ticket_id.in_(ticket_ids), PERSONAL.c.payload.is_not(None))
        .values(payload=None, salt=None, erased_at=clock.now().isoformat())
    )
    return erased.rowcount
