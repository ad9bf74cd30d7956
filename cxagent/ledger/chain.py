"""The decision log: append-only, one hash chain per account, and the check that nothing was touched.

A link is SHA-256 over the canonical JSON of the line without its own hash, the previous hash included.
"""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, exists, func, select, text

from cxagent import clock
from cxagent.domain.value import Text, Value, canonical
from cxagent.ledger import personal
from cxagent.ledger.personal import Pointer
from cxagent.ledger.store import TABLES, Store, lock

LOG, HEAD = TABLES["decision_log"], TABLES["chain_head"]
_HEAD = select(HEAD.c.seq, HEAD.c.hash).where(HEAD.c.account_id == bindparam("account")).with_for_update()
_MOVE_HEAD = (
    HEAD.update().where(HEAD.c.account_id == bindparam("account")).values(seq=bindparam("to"), hash=bindparam("as"))
)
_BODY = select(LOG.c.body).where(LOG.c.id == bindparam("id"))
_ENTRY = select(LOG).where(LOG.c.id == bindparam("id"))
_ADD, _FIRST_HEAD = LOG.insert(), HEAD.insert()
_TEXT = personal.PERSONAL
_PASS = (
    select(
        LOG,
        *(HEAD.c.seq.label("head_seq"), HEAD.c.hash.label("head_hash")),
        *(_TEXT.c.digest.label("text_digest"), _TEXT.c.salt.label("text_salt"), _TEXT.c.payload.label("text")),
    )
    .outerjoin_from(LOG, HEAD, HEAD.c.account_id == LOG.c.account_id)
    .outerjoin(_TEXT, _TEXT.c.id == LOG.c.personal_id)
    .order_by(LOG.c.account_id, LOG.c.seq)
)
_COUNT = select(func.count()).select_from(LOG)
_LONE_HEADS = select(HEAD.c.account_id, HEAD.c.seq).where(~exists().where(LOG.c.account_id == HEAD.c.account_id))
_HEADS = select(HEAD.c.account_id, HEAD.c.seq, HEAD.c.hash)
_LAST = select(func.max(LOG.c.seq)).where(LOG.c.account_id == bindparam("account"))
BATCH = 500
Advance = Callable[[int, int], None]
GENESIS = "0" * 64
Kind = Literal[
    "ruling",
    "review",
    "unsigned",
    "passed_on",
    "planted",
    "escalation",
    "handoff",
    "outcome",
    "continued",
    "undo",
    "check",
    "settled",
    "repair",
    "stop",
    "erasure",
    "handover",
    "playbook",
    "finding",
    "latitude",
]
# The canonical text of a line, whose fields are texts and numbers already: `canonical` would look at each of them.
_encoded = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode
FIELDS = ("id", "account_id", "seq", "kind", "ticket_id", "at", "body", "personal_id", "personal_digest", "prev_hash")


InTheLog = Literal[
    "altered", "removed", "cut off", "rewritten", "personal data altered", "head without log", "log without head"
]
InTheSeals = Literal["the seals were altered", "the seals were cut off", "the seals do not fit the key"]


class Touched(Value):
    """A place where the log does not fit together; without an account it is a line of the seals."""

    account_id: Text | None
    seq: int
    entry: Text | None
    what: InTheLog | InTheSeals


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
    if head is None:  # there is no row yet that two writers could queue for
        lock(connection, f"chain {account_id}")
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


def link(line: Mapping[str, Any]) -> str:
    """Return the hash of one line."""
    return hashlib.sha256(_encoded({name: line[name] for name in FIELDS}).encode()).hexdigest()


def body(connection: Connection, entry_id: str) -> dict[str, Any]:
    """Return what one line says, without the personal part; empty where there is no such line."""
    text = connection.execute(_BODY, {"id": entry_id}).scalar_one_or_none()
    return json.loads(text) if text is not None else {}


def entry(connection: Connection, entry_id: str) -> dict[str, Any] | None:
    """Return one line of the log with its body parsed and its personal part joined, or None."""
    row = connection.execute(_ENTRY, {"id": entry_id}).mappings().one_or_none()
    if row is None:
        return None
    about = personal.get(connection, row["personal_id"]) if row["personal_id"] else None
    return {**row, "body": json.loads(row["body"]), "personal": about}


def verify(store: Store, advance: Advance | None = None) -> tuple[int, tuple[Touched, ...]]:
    """Check every chain in one ordered pass; return how many lines there are and where something was touched.

    `advance` hears now and then how many lines are done, of how many.
    """
    found: list[Touched] = []
    done = 0
    with store.read() as connection:
        total = connection.execute(_COUNT).scalar_one() if advance else 0

        def counted() -> Iterator[Any]:
            nonlocal done
            for batch in connection.execute(_PASS, execution_options={"yield_per": BATCH}).partitions():
                yield from batch
                done += len(batch)
                if advance:
                    advance(done, total)

        for account_id, lines in itertools.groupby(counted(), key=lambda line: str(line.account_id)):
            found += _check(account_id, lines)
        for account_id, seq in connection.execute(_LONE_HEADS):
            found.append(Touched(account_id=account_id, seq=seq, entry=None, what="head without log"))
    return done, tuple(sorted(found, key=lambda one: one.account_id or ""))


def _check(account_id: str, lines: Iterable[Any]) -> Iterator[Touched]:
    """Follow the chain of one account, whose lines come in order."""
    previous, expected, line = GENESIS, 1, None
    for line in lines:
        if line.seq != expected:
            yield Touched(account_id=account_id, seq=expected, entry=None, what="removed")
        elif line.prev_hash != previous or link(line._mapping) != line.hash:
            yield Touched(account_id=account_id, seq=line.seq, entry=line.id, what="altered")
        if _text_altered(line):
            yield Touched(account_id=account_id, seq=line.seq, entry=line.id, what="personal data altered")
        previous, expected = line.hash, line.seq + 1
    if line is None or line.head_seq is None:
        yield Touched(account_id=account_id, seq=expected - 1, entry=None, what="log without head")
    elif line.head_seq != expected - 1:
        yield Touched(account_id=account_id, seq=expected, entry=None, what="cut off")
    elif line.head_hash != previous:
        yield Touched(account_id=account_id, seq=line.head_seq, entry=line.id, what="altered")


def _text_altered(line: Any) -> bool:
    if line.personal_id is None:
        return False
    if line.text_digest != line.personal_digest:  # also where the text is gone: then there is no digest
        return True
    return line.text is not None and personal.salted(line.text_salt, line.text) != line.text_digest


def heads(connection: Connection) -> Iterator[tuple[str, int, str]]:
    """Yield account, number and hash of the last line of every chain."""
    for row in connection.execute(_HEADS, execution_options={"yield_per": BATCH}):
        yield row.account_id, row.seq, row.hash


def unlike(connection: Connection, noted: Iterable[tuple[str, int, str]]) -> Iterator[Touched]:
    """Compare noted heads with the log, in the order of their noting; of each account tell the first that differs."""
    told: set[str] = set()
    heads = iter(noted)
    while batch := list(itertools.islice(heads, BATCH)):
        there = _hashes(connection, [(account_id, seq) for account_id, seq, _ in batch])
        for account_id, seq, hash_ in batch:
            if there.get((account_id, seq)) != hash_ and account_id not in told:
                told.add(account_id)
                yield _unlike(connection, account_id, seq, is_there=(account_id, seq) in there)


def _unlike(connection: Connection, account_id: str, seq: int, is_there: bool) -> Touched:
    if is_there:
        return Touched(account_id=account_id, seq=seq, entry=None, what="rewritten")
    last = connection.execute(_LAST, {"account": account_id}).scalar_one() or 0
    if 0 < last < seq:
        return Touched(account_id=account_id, seq=last + 1, entry=None, what="cut off")
    return Touched(account_id=account_id, seq=seq, entry=None, what="removed")


def _hashes(connection: Connection, places: list[tuple[str, int]]) -> dict[tuple[str, int], str]:
    # A join with the places, since SQLite reads the whole log for `(account_id, seq) IN (…)`; as text, since putting
    # a thousand parameters together takes SQLAlchemy longer than finding the lines takes the database.
    sought = ", ".join(f"(:a{number}, :s{number})" for number in range(len(places)))
    given = {f"a{number}": account_id for number, (account_id, _) in enumerate(places)}
    given_numbers = {f"s{number}": seq for number, (_, seq) in enumerate(places)}
    statement = text(
        f"WITH sought (account_id, seq) AS (VALUES {sought}) SELECT log.account_id, log.seq, log.hash FROM sought "
        "JOIN decision_log AS log ON log.account_id = sought.account_id AND log.seq = sought.seq"
    )
    rows = connection.execute(statement, {**given, **given_numbers})
    return {(row.account_id, row.seq): row.hash for row in rows}
