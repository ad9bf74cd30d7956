"""Keys of the HTTP API: `cxa_<id>_<secret>`. The database keeps a digest, what a key may do, and until when."""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from cxagent import clock
from cxagent.errors import BadInput
from cxagent.ledger.store import TABLES

API_KEY = TABLES["api_key"]
SCOPES = {
    "tickets:write": "hand tickets in and read what became of them",
    "decisions:read": "read decisions with their facts and reasons",
    "drafts:read": "list drafts and read their cards",
    "drafts:decide": "claim and decide drafts as the person of the key",
    "webhooks:read": "read what was sent to other systems, and whether it arrived",
}
DECIDES = frozenset({"drafts:decide"})
"""What is done in a person's name: a key with one of these is bound to a person."""
LONGEST = timedelta(days=366)
"""Every key ends; a forgotten one within a year."""
USED_EVERY = timedelta(minutes=1)
"""How exactly the last use is kept; noting each one would write at every request."""
_FORM = re.compile(r"cxa_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_ONE = select(API_KEY).where(API_KEY.c.id == bindparam("id"))
_NOBODY = "0" * 64
"""What a presented secret is compared with where there is no such key, so that both take the same time."""


class Key(NamedTuple):
    """A key that holds: what it may do, and in whose name it decides."""

    id: str
    name: str
    scopes: frozenset[str]
    person: str | None

    def may(self, scope: str) -> bool:
        """Whether the key opens something."""
        return scope in self.scopes


def make(
    connection: Connection, name: str, scopes: frozenset[str], person: str | None, until: datetime, by: str
) -> tuple[Key, str]:
    """Make a key and return it with the one text that opens; that is nowhere else, and shown once."""
    _sound(name, scopes, person, until)
    key = Key(secrets.token_hex(8), name.strip(), scopes, person)
    secret = secrets.token_urlsafe(32)
    row = {"id": key.id, "name": key.name, "digest": _digest(secret), "scopes": " ".join(sorted(scopes))}
    more = {"created_at": clock.now().isoformat(), "expires_at": until.astimezone(clock.now().tzinfo).isoformat()}
    connection.execute(API_KEY.insert(), {**row, **more, "person": person, "created_by": by})
    return key, f"cxa_{key.id}_{secret}"


def _sound(name: str, scopes: frozenset[str], person: str | None, until: datetime) -> None:
    if not 0 < len(name.strip()) <= 80:
        raise BadInput("give the key a name of at most 80 letters", where="name")
    if not scopes or (unknown := sorted(scopes - SCOPES.keys())):
        told = f"{unknown[0]!r} is none of them" if scopes else "choose what the key may do"
        raise BadInput(f"{told}; scopes are {', '.join(SCOPES)}", where="scopes")
    if scopes & DECIDES and person is None:
        raise BadInput("who decides is a person: name the one in whose name the key does", where="person")
    if not clock.now() < until <= clock.now() + LONGEST:
        raise BadInput("must end within a year from now", where="until")


def find(connection: Connection, presented: str, now: datetime) -> Key | None:
    """Return the key that a text opens with, None where it is unknown, ended or revoked.

    It takes as long for a wrong secret as for an unknown key.
    """
    form = _FORM.fullmatch(presented)
    key_id, secret = form.groups() if form else ("", presented)
    row = connection.execute(_ONE, {"id": key_id}).mappings().one_or_none()
    same = hmac.compare_digest(row["digest"] if row else _NOBODY, _digest(secret))
    if row is None or not same or row["revoked_at"] or row["expires_at"] <= now.isoformat():
        return None
    return Key(row["id"], row["name"], frozenset(row["scopes"].split()), row["person"])


def used(connection: Connection, key_id: str, now: datetime) -> bool:
    """Note that a key was used; False where that was noted within the last minute, or nothing is left to note."""
    before = (now - USED_EVERY).isoformat()
    old = (API_KEY.c.id == key_id, API_KEY.c.used_at.is_(None) | (API_KEY.c.used_at < before))
    return connection.execute(update(API_KEY).where(*old).values(used_at=now.isoformat())).rowcount == 1


def stale(connection: Connection, key_id: str, now: datetime) -> bool:
    """Whether the last use of a key is to be noted again; asked first, since a question takes no lock."""
    noted = connection.execute(_ONE, {"id": key_id}).mappings().one()["used_at"]
    return noted is None or str(noted) < (now - USED_EVERY).isoformat()


def revoke(connection: Connection, key_id: str, by: str) -> bool:
    """End a key; False where there is none that holds."""
    open_one = (API_KEY.c.id == key_id, API_KEY.c.revoked_at.is_(None))
    ended = update(API_KEY).where(*open_one).values(revoked_at=clock.now().isoformat(), revoked_by=by)
    return connection.execute(ended).rowcount == 1


def every(connection: Connection) -> list[dict[str, Any]]:
    """Return all keys without their digests, the latest first; `status` is open, expired or revoked."""
    now, found = clock.now().isoformat(), []
    for row in connection.execute(select(API_KEY).order_by(API_KEY.c.created_at.desc())).mappings():
        told = {name: value for name, value in row.items() if name != "digest"}
        status = "revoked" if row["revoked_at"] else "expired" if row["expires_at"] <= now else "open"
        found.append({**told, "scopes": row["scopes"].split(), "status": status})
    return found


def _digest(secret: str) -> str:
    """Return what the database keeps of a secret; it is 256 random bits, which no dictionary holds."""
    return hashlib.sha256(secret.encode()).hexdigest()
