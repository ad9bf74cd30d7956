"""Whatever is sent, the API answers as its own document says: never with a fault of its own, never in another form."""

import warnings
import zlib
from collections.abc import Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from conftest import Desk, opened
from fastapi import FastAPI
from hypothesis.internal.conjecture import utils as cu
from hypothesis_jsonschema import _from_schema
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.python import asgi
from starlette.types import Receive, Scope, Send

from cxagent.review import api

with warnings.catch_warnings():  # it names a class of anyio by its old place, once, when it is imported
    warnings.simplefilter("ignore", DeprecationWarning)
    from starlette_testclient import TestClient

WAITING = 6


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

SETTINGS = {
    "seed": 5,
    "generation": {"deterministic": True, "max-examples": 20, "database": "none"},
    "phases": {"stateful": {"enabled": False}},
}


class Late:
    """Hands requests to the desk that the tests open; the cases are made before there is one."""

    desk: Desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self.desk(scope, receive, send)


def document() -> dict[str, Any]:
    """Return the document of the API alone."""
    app = FastAPI(title="cxagent", version="0")
    api.install(app, {})
    return app.openapi()


LATE = Late()
SCHEMA = schemathesis.openapi.from_dict(document(), config=SchemathesisConfig.from_dict(SETTINGS))
SCHEMA.app = LATE


@pytest.fixture(scope="module", autouse=True)
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for all cases, with some drafts that wait."""
    LATE.desk = opened(tmp_path_factory.mktemp("properties"))
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


@SCHEMA.parametrize()
def test_every_answer_is_in_the_document(case: Case, desk: Desk, key: str) -> None:
    """With a key that opens all, whatever is asked is answered in a form and with a status that the document names."""
    aimed(case, desk)
    case.call_and_validate(headers={"Authorization": f"Bearer {key}"})
