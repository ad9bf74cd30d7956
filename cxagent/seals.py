"""Seals: signed heads of the decision log, in a file outside the database.

The log's own hashes show a change, but whoever writes the database can compute them anew. So each sealing notes how
far every account had got, signed with a key that the database never holds: one line with the heads that moved since
the line before, and the digest of that line. A mark beside the file says how many lines there are at least, so that a
missing last line is noticed and not taken for one torn by a crash. Older copies of both files, put back together, are
noticed only by somebody who kept the number of the last sealing elsewhere.
"""

import contextlib
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from cxagent import clock
from cxagent.domain.value import Instant, Text, Value, canonical
from cxagent.errors import BadInput, Refused, Unreachable
from cxagent.ledger import chain
from cxagent.ledger.store import Store

FILE, KEY = "CXAGENT_SEALS", "CXAGENT_SEAL_KEY"
SHORTEST_KEY = 24


class Sealed(Value):
    """One sealing that was done: its number, its moment, and how many accounts had moved."""

    number: int
    at: Instant
    accounts: int


class Seals(Value):
    """The signed lines of a file; `torn` where the last sealing broke off and left half a line."""

    count: int
    last_at: Instant | None
    torn: bool


class _Line(Value):
    """What one line of the file says, its signature aside."""

    number: int
    at: Instant
    heads: dict[Text, tuple[int, Text]]
    previous: Text


def place(home: Path) -> Path:
    """Return the seals' file of a project: the environment's, else the one in its own folder."""
    return home / Path(os.environ.get(FILE) or ".cxagent/seals.jsonl").expanduser()


def exist(path: Path) -> bool:
    """Whether anything was ever sealed here, as far as the files tell."""
    return _size(path) > 0 or _mark_of(path).exists()


def key_beside(path: Path) -> Path | None:
    """Return the key file beside the seals where that is the one in use, None where the environment names a key."""
    return None if os.environ.get(KEY) else path.with_name("seal.key")


def key_of(path: Path, *, make: bool = False) -> bytes:
    """Return the key of a seals' file, `Unreachable` where there is none; `make` one where nothing was ever sealed.

    A made key lies beside the seals: it protects against somebody who has the database, not the machine.
    """
    with _reached(path):
        beside = key_beside(path)
        if beside is None:
            return _given_key(os.environ[KEY])
        if make and not beside.exists() and not exist(path):
            with contextlib.suppress(FileExistsError):  # another process was first
                _put(beside, secrets.token_hex(32).encode() + b"\n", os.link)
        if beside.is_file():
            return _long_enough(beside.read_bytes(), str(beside))
    raise Unreachable(f"there is no key to the seals in {path}: set {KEY}, or put the key back at {beside}")


def seal(store: Store, path: Path, key: bytes) -> Sealed:
    """Sign the heads that moved since the last sealing, as one more line; `Refused` where the seals were altered.

    It judges neither the log nor older heads: `chain.verify` and `check` come first.
    """
    with _reached(path), _opened(path) as file:
        if not exist(path):
            _set_mark(path, key, 0)
        walk = _Walk(path, key)
        sealed = {account_id: seq for account_id, seq, _ in walk.heads()}
        for one in walk.problems():
            raise Refused(f"{path}, line {one.seq}: {one.what}; nothing was sealed")
        with store.read() as connection:
            # Only forward: a head that went back is left to `check`, and a slower process seals nothing twice.
            heads = {who: (seq, hash_) for who, seq, hash_ in chain.heads(connection) if seq > sealed.get(who, 0)}
        line = _Line(number=walk.count + 1, at=clock.now(), heads=heads, previous=walk.digest)
        _add(file, walk.ends_at, _written(line, key) + b"\n")
        _set_mark(path, key, line.number)
    return Sealed(number=line.number, at=line.at, accounts=len(heads))


def check(store: Store, path: Path, key: bytes) -> tuple[chain.Touched, ...]:
    """Compare every sealed head with the log, and the seals with their signatures; say where they do not fit.

    Of each account only the first head that does not fit is told: the later ones follow from it.
    """
    with store.read() as connection, _reached(path):
        walk = _at_rest(path, key)
        found = tuple(chain.unlike(connection, walk.heads()))
    return (*walk.problems(), *found)


def held(path: Path, key: bytes) -> Seals:
    """Return how many signed lines there are and up to when."""
    with _reached(path):
        walk = _at_rest(path, key)
        last = max((line.at for line in walk.lines()), default=None)
    return Seals(count=walk.signed, last_at=last, torn=walk.torn)


class _Walk:
    """A walk through the file as it stands when the walk begins; at its end it knows what does not fit."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path, self.key = path, key
        self.size, self.mark = _size(path), _mark(path, key)
        self.count = self.signed = self.ends_at = 0
        self.digest = chain.GENESIS
        self.altered: list[int] = []
        self.torn = False

    def heads(self) -> Iterator[tuple[str, int, str]]:
        """Yield account, number and hash of every head that is signed."""
        return ((account_id, seq, hash_) for line in self.lines() for account_id, (seq, hash_) in line.heads.items())

    def lines(self) -> Iterator[_Line]:
        """Yield every line that is signed, and note those that do not fit."""
        after_altered = False
        for raw in self._complete():
            line = _read(raw, self.key)
            # The line after an altered one carries the digest of what was there: that is told once.
            if line is None or (line.previous != self.digest and not after_altered):
                self.altered.append(self.count)
            after_altered, self.digest = line is None, hashlib.sha256(raw).hexdigest()
            if line is not None:
                self.signed += 1
                yield line

    def _complete(self) -> Iterator[bytes]:
        if not self.size:
            return
        with self.path.open("rb") as file:
            while self.ends_at < self.size and not self.torn:
                raw = file.readline(self.size - self.ends_at)
                self.torn = not raw.endswith(b"\n")
                if not self.torn:
                    self.count, self.ends_at = self.count + 1, self.ends_at + len(raw)
                    yield raw[:-1]

    def problems(self) -> Iterator[chain.Touched]:
        """Yield what does not fit, once all lines were walked through."""
        if self.count and not self.signed:
            yield _in_the_seals(1, "the seals do not fit the key")
        elif self.altered:
            yield from (_in_the_seals(number, "the seals were altered") for number in self.altered)
        elif self.count < (self.mark or 0) or (self.mark is None and self.size):
            yield _in_the_seals(self.count + 1, "the seals were cut off")


def _in_the_seals(line: int, what: chain.InTheSeals) -> chain.Touched:
    return chain.Touched(account_id=None, seq=line, entry=None, what=what)


def _at_rest(path: Path, key: bytes) -> _Walk:
    """Begin a walk while nobody seals; a sealing that comes later need not wait for its end."""
    if not path.exists():
        return _Walk(path, key)
    with path.open("rb") as file, _locked(file, alone=False):
        return _Walk(path, key)


def _read(raw: bytes, key: bytes) -> _Line | None:
    """Return what a line says, or None where it is not, byte for byte, what somebody with the key wrote."""
    try:
        document = json.loads(raw)
        document.pop("signature")
        line = _Line.model_validate(document)
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return None
    return line if hmac.compare_digest(_written(line, key), raw) else None


def _written(line: _Line, key: bytes) -> bytes:
    return _signed(line.model_dump(mode="json"), key)


def _signed(document: dict[str, Any], key: bytes) -> bytes:
    signature = hmac.new(key, canonical(document).encode(), hashlib.sha256).hexdigest()
    return canonical({**document, "signature": signature}).encode()


def _add(file: IO[bytes], ends_at: int, line: bytes) -> None:
    """Append one line and wait for the disk; the half line that a crash left, or this failure leaves, goes."""
    handle, rest = file.fileno(), memoryview(line)
    os.ftruncate(handle, ends_at)
    try:
        while rest:  # past the buffer of `file`, which would try again at its end what the disk refused
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, ends_at)
        raise


def _mark_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.end")


def _mark(path: Path, key: bytes) -> int | None:
    """Return how many lines there are at least, or None where nothing that is signed says so."""
    try:
        raw = _mark_of(path).read_bytes()
        lines = int(json.loads(raw)["lines"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return lines if hmac.compare_digest(_signed({"lines": lines}, key), raw) else None


def _set_mark(path: Path, key: bytes, lines: int) -> None:
    _put(_mark_of(path), _signed({"lines": lines}, key), os.replace)


def _put(path: Path, content: bytes, into_place: Callable[[Path, Path], None]) -> None:
    """Write a small file for its owner alone, whole or not at all, on the disk before anything follows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        into_place(fresh, path)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    finally:
        fresh.unlink(missing_ok=True)


def _given_key(given: str) -> bytes:
    """Return the key that the environment names, as text or by its file; a path that leads nowhere is no text."""
    file = Path(given).expanduser()
    if file.is_file():
        return _long_enough(file.read_bytes(), str(file))
    if "/" in given:
        raise BadInput(f"there is no file {given}; a key as text has no / in it", where=KEY)
    return _long_enough(given.encode(), KEY)


def _long_enough(key: bytes, where: str) -> bytes:
    if len(key.strip()) < SHORTEST_KEY:
        raise BadInput(f"a key needs at least {SHORTEST_KEY} characters; try `openssl rand -hex 32`", where=where)
    return key.strip()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open the file for one process alone; it is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file, _locked(file, alone=True):
        yield file


@contextlib.contextmanager
def _locked(file: IO[bytes], alone: bool) -> Iterator[None]:
    import fcntl  # Windows has none, and what does not seal must work there

    fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextlib.contextmanager
def _reached(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unreachable(f"{error.filename or path}: {error.strerror or error}") from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
