"""Whatever is sent, the API answers as its own document says: never with a fault of its own, never in another form."""

import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis.internal.conjecture import utils as cu
from hypothesis_jsonschema import _from_schema
from schemathesis import Case
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.python import asgi
from schemathesis.specs.openapi.checks import (
    missing_required_header,
    negative_data_rejection,
    positive_data_acceptance,
)
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from api.desk import Desk, opened
from cxagent.notifying.webhooks import signature
from cxagent.review import api

with warnings.catch_warnings():  # it names a class of anyio by its old place, once, when it is imported
    warnings.simplefilter("ignore", DeprecationWarning)
    from starlette_testclient import TestClient

WAITING = 6
SECRET = b"sixteen bytes and more"


class Many:
    """The collection that hypothesis-jsonschema asks `more()`; Hypothesis itself has it iterated by now."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._elements = cu.many(*args, **kwargs)
        self._rounds = iter(self._elements.__enter__())

    def more(self) -> bool:
        """Whether another element is to be drawn."""
        if next(self._rounds, False) is None:
            return True
        self._elements.__exit__(None)
        return False


if not hasattr(cu.many, "more"):
    _from_schema.cu = SimpleNamespace(**{**vars(cu), "many": Many})

SEED = 5
COVERED = ("POST /api/v1/tickets", "POST /api/v1/drafts", "POST /api/v1/webhooks", "GET /api/v1/tickets")
"""Where every bound of the form is tried as well, one by one: bodies, and one address with a caller's own id."""


def settings(name: str) -> SchemathesisConfig:
    """Return how many cases an operation gets, and of which kinds."""
    covered = name.startswith(COVERED) and not name.endswith("/claim")
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "generation": {"deterministic": True, "max-examples": 12, "database": "none", "allow-x00": False},
            "phases": {"stateful": {"enabled": False}, "coverage": {"enabled": covered}},
        }
    )


class Late:
    """Hands requests to the desk that the tests open; the cases are made before there is one."""

    desk: Desk
    signs = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; where the tests ask for it, sign its body first."""
        if not self.signs:
            await self.desk(scope, receive, send)
            return
        body, stamp = await Request(scope, receive).body(), int(self.desk.world.now.timestamp())
        signed = {"id": "msg-1", "timestamp": str(stamp), "signature": signature(SECRET, "msg-1", stamp, body)}
        kept = [pair for pair in scope["headers"] if not pair[0].startswith(b"webhook-")]
        headers = [(f"webhook-{name}".encode(), value.encode()) for name, value in signed.items()]

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await self.desk({**scope, "headers": [*kept, *headers]}, again, send)


def document() -> dict[str, Any]:
    """Return the document of the API alone."""
    app = FastAPI(title="cxagent", version="0")
    api.install(app, {})
    return app.openapi()


load_all_checks()
LATE = Late()
DOCUMENT = document()
OPERATIONS = [f"{method.upper()} {path}" for path, known in DOCUMENT["paths"].items() for method in known]


@pytest.fixture(scope="module", autouse=True)
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for all cases, with some drafts that wait."""
    LATE.desk = opened(tmp_path_factory.mktemp("properties"))
    LATE.desk.app.state.webhook_secrets = (SECRET,)
    for number in range(WAITING):
        LATE.desk.waiting(f"T-{number}")
    yield LATE.desk
    LATE.desk.world.close()


@pytest.fixture(scope="module", autouse=True)
def client() -> Iterator[None]:
    """One client that starts nothing: the one that schemathesis makes for each call leaves streams open."""
    one = TestClient(LATE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asgi, "get_client", lambda _: nullcontext(one))
        yield


@pytest.fixture(scope="module")
def key(desk: Desk) -> str:
    """A key with every scope."""
    return desk.key()


def aimed(case: Case, desk: Desk) -> None:
    """Let half of the good cases meet something that is there: an id, and the card that counts."""
    told = repr((case.path_parameters, case.body, case.query))
    chance = zlib.crc32(told.encode("utf-8", "replace"))
    if case.meta is None or not case.meta.generation.mode.is_positive or chance % 2:
        return
    rows = desk.world.rows("draft")
    row = rows[chance // 2 % len(rows)]
    real = {"draft_id": row["id"], "ticket_id": row["ticket_id"], "decision_id": row["decision_id"]}
    for name in case.path_parameters or ():
        case.path_parameters[name] = real[name]
    if isinstance(case.body, dict) and "card" in case.body:
        case.body["card"] = row["card_digest"]


def run(name: str, check: Callable[[Case], None]) -> None:
    """Try every case of one operation; they are made here, since that takes longer than to collect a test may."""
    schema = schemathesis.openapi.from_dict(DOCUMENT, config=settings(name))
    schema.app = LATE
    (made,) = get_all_tests(
        schema=schema.include(name=name),
        test_func=check,
        settings=None,
        seed=SEED,
        as_strategy_kwargs=None,
        given_kwargs=None,
    )
    _, test = made.ok()
    test()


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_in_the_document(name: str, desk: Desk, key: str) -> None:
    """With a key that opens all, whatever is asked is answered in a form and with a status that the document names."""

    def check(case: Case) -> None:
        aimed(case, desk)
        # That a form fits does not make a verdict whole, nor a cursor one of ours: such a refusal is right.
        more = [positive_data_acceptance] if case.method == "POST" or "after" in (case.query or {}) else []
        case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, excluded_checks=more)

    run(name, check)


def test_whatever_is_signed_is_answered_as_the_document_says(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a signature that holds, a body is judged by its form; every ticket that fits is on record."""
    monkeypatch.setattr(LATE, "signs", True)
    before = len(desk.world.rows("ticket"))
    run("POST /api/v1/webhooks/tickets", _signed)
    assert len(desk.world.rows("ticket")) > before


def _signed(case: Case) -> None:
    # Every request is signed here, also one that came without; what of a body is refused is tried with a key above.
    known = [positive_data_acceptance, negative_data_rejection, missing_required_header]
    case.call_and_validate(excluded_checks=known)
