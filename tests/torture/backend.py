"""A billing system for the harness: it counts the effects itself, whatever the agents believe that they did.

`POST /effects` records an effect once per idempotency key: the same call again gets the first answer, another call
under the same key is refused with 409. `POST /effects?keyless` recognises nothing and records every call.
`GET /effects` lists what was recorded. The journal is append-only, and a backend that is started on it goes on.
"""

import json
import random
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

FIELDS = ("key", "tool", "account_id", "ticket_id", "args")
PATIENCE = 10.0
"""For how long a connection may be silent in the middle of a request."""


class Effect(NamedTuple):
    """One effect that really happened."""

    key: str
    tool: str
    account_id: str
    ticket_id: str
    args: dict[str, Any]
    keyless: bool


class Answer(NamedTuple):
    """A status code and the document that goes with it."""

    status: int
    document: Any


class Backend:
    """Serves the effects over HTTP from threads of its own; a context manager.

    `pause` is the longest wait in seconds before and after an effect is recorded, drawn from the seed: a kill of the
    caller may fall before the effect, or between the effect and its answer. `moments` says when a key came last.
    """

    def __init__(self, journal: Path | None = None, *, seed: int = 0, pause: float = 0.0) -> None:
        self.seed, self.pause = seed, pause
        self.repeats: Counter[str] = Counter()
        self.moments: dict[str, float] = {}
        self._effects: list[Effect] = []
        self._first: dict[str, tuple[Effect, dict[str, Any]]] = {}
        self._asked = 0
        self._lock = threading.Lock()
        if journal is not None and journal.exists():
            self._remember(journal)
        self._journal = journal.open("a", encoding="utf-8", buffering=1) if journal else None
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="backend", daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return "127.0.0.1", int(self._server.server_address[1])

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Return what was recorded, oldest first."""
        with self._lock:
            return tuple(self._effects)

    def start(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering; what was recorded stays."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(10)
        self._server.server_close()
        if self._journal is not None:
            self._journal.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def take(self, document: Any, header: str | None, *, keyless: bool) -> Answer:
        """Take one call, with the waits around it."""
        if (wrong := _wrong(document, header)) is not None:
            return Answer(400, {"error": wrong})
        effect = Effect(**{name: document[name] for name in FIELDS}, keyless=keyless)
        with self._lock:
            self._asked += 1
            dice = random.Random(f"{self.seed}/{self._asked}")
        time.sleep(dice.uniform(0, self.pause))
        with self._lock:
            answer = self._record(effect)
        time.sleep(dice.uniform(0, self.pause))
        return answer

    def listing(self) -> list[dict[str, Any]]:
        """Return the effects as documents, each with how often its call was repeated."""
        with self._lock:
            return [{**one._asdict(), "repeats": self.repeats[one.key]} for one in self._effects]

    def _record(self, effect: Effect) -> Answer:
        known = None if effect.keyless else self._first.get(effect.key)
        if known is not None:
            first, result = known
            if first != effect:
                return Answer(409, {"error": f"the key {effect.key} stands for another call, of {first.tool}"})
            self.repeats[effect.key] += 1
            self._write({"repeat": effect.key})
            return Answer(200, {**result, "repeats": self.repeats[effect.key]})
        self._write(effect._asdict())  # the journal first: what was answered is never missing in it
        return Answer(201, {**self._keep(effect), "repeats": 0})

    def _keep(self, effect: Effect) -> dict[str, Any]:
        self._effects.append(effect)
        result = {"ref": f"eff-{len(self._effects):06d}", "key": effect.key}
        if not effect.keyless:
            self._first[effect.key] = (effect, result)
        return result

    def _write(self, row: dict[str, Any]) -> None:
        at = round(time.time(), 3)
        if (key := row.get("key")) is not None:
            self.moments[key] = at
        if self._journal is not None:
            self._journal.write(json.dumps({"at": at, **row}) + "\n")

    def _remember(self, journal: Path) -> None:
        for line in journal.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            at = row.pop("at")
            if "repeat" in row:
                self.repeats[row["repeat"]] += 1
            else:
                self._keep(Effect(**row))
                self.moments[row["key"]] = at


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: callers that vanish are the point of the exercise."""


def _handler(backend: Backend) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One connection to the backend."""

        timeout = PATIENCE

        def do_GET(self) -> None:
            """List the effects."""
            known = urlsplit(self.path).path == "/effects"
            self._answer(Answer(200, backend.listing()) if known else Answer(404, {"error": "no such page"}))

        def do_POST(self) -> None:
            """Take an effect; a body that is cut short is no call."""
            url = urlsplit(self.path)
            if url.path != "/effects":
                self._answer(Answer(404, {"error": "no such page"}))
                return
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                self.close_connection = True
                return
            try:
                document = json.loads(body)
            except ValueError:
                document = None
            header = self.headers.get("Idempotency-Key")
            self._answer(backend.take(document, header, keyless=url.query == "keyless"))

        def _answer(self, answer: Answer) -> None:
            body = json.dumps(answer.document).encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing on the terminal; the journal tells."""

    return Handler


def _wrong(document: Any, header: str | None) -> str | None:
    if not isinstance(document, dict) or sorted(document) != sorted(FIELDS):
        return f"an effect has exactly {', '.join(FIELDS)}"
    if not all(isinstance(document[name], str) for name in FIELDS[:-1]) or not isinstance(document["args"], dict):
        return "an effect has texts, and args as an object"
    return None if document["key"] == header else "the header Idempotency-Key must repeat the key"
