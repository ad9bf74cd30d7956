"""What stands before every route: a key with the scope that the route needs, or a signature; then a body worth reading.

Nothing of a body is looked at before whoever sent it was admitted; how long it may be is the guard's.
"""

import logging
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from cxagent import clock
from cxagent.domain.value import storable
from cxagent.errors import BadInput, Refused
from cxagent.inbox import Inbox, Person
from cxagent.inbox.people import VIEWER
from cxagent.ledger import api_keys
from cxagent.ledger.api_keys import Key
from cxagent.review.api import signatures
from cxagent.review.api.problems import Failed, problem
from cxagent.sources.document import parse_json

PREFIX = "/api/v1"
DEEPEST = 50
"""How deep a body may be nested; no ticket and no verdict is deeper than a few levels."""
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
log = logging.getLogger("cxagent.review")


@dataclass(frozen=True)
class Caller:
    """Whoever was admitted: the key, the person it acts for, and the inbox."""

    key: Key
    me: Person
    inbox: Inbox

    @property
    def person(self) -> Person:
        """The person that a key acts for; `Refused` where it acts for nobody."""
        if self.key.person is None:
            raise Refused(f"the key {self.key.name} acts for nobody; what people do needs a key of a person")
        return self.me

    def looked(self, what: str, subject: str, account_id: str) -> None:
        """Note that personal data was seen through the API."""
        self.inbox.looked(self.me, "api", what, subject, account_id)


async def calling(request: Request) -> Caller:
    """Return who was admitted."""
    found: Caller = request.state.caller
    return found


Calling = Annotated[Caller, Depends(calling)]


def needs(scope: str) -> dict[str, Any]:
    """Return what a route declares so that only a key with this scope opens it."""
    return {"security": [{"key": [scope]}]}


SIGNED: dict[str, Any] = {"security": []}
"""What a route declares that is opened by a signature over the body instead of a key."""


class ApiRoute(APIRoute):
    """A route that admits by what it declares, and answers with a problem document where something is wrong."""

    def get_route_handler(self) -> Handler:
        """Return the handler with admission before it and problems behind it."""
        inner, declared = super().get_route_handler(), (self.openapi_extra or {})["security"]
        reads = self.body_field is not None

        async def handle(request: Request) -> Response:
            try:
                if not storable(request.scope["path"]):
                    raise Failed(404, "there is nothing at an address with a NUL byte or half a character")
                if declared:
                    request.state.caller = await run_in_threadpool(_admitted, request, declared[0]["key"][0])
                if reads:
                    raw = await request.body()
                    if not declared:
                        signatures.require(request.app.state.webhook_secrets, request.headers, raw)
                    await run_in_threadpool(_worth_reading, request, raw)
                return await inner(request)
            except Exception as error:
                return problem(request, error)

        return handle


def section(name: str) -> APIRouter:
    """Return an empty router for one part of the API."""
    return APIRouter(prefix=PREFIX, route_class=ApiRoute, tags=[name])


def _admitted(request: Request, scope: str) -> Caller:
    inbox: Inbox = request.app.state.site.inbox
    kind, _, presented = request.headers.get("authorization", "").partition(" ")
    key = _key(inbox, presented.strip()) if kind.lower() == "bearer" else None
    if key is None:
        raise Failed(401, "a key is needed: Authorization: Bearer cxa_…; this one is missing, wrong or over")
    request.state.key = key.name
    if not key.may(scope):
        raise Failed(403, f"the key {key.name} lacks the scope {scope}")
    if key.person is None:
        return Caller(key, Person(name=f"key {key.id}", role=VIEWER, rank=-1), inbox)
    return Caller(key, inbox.person(key.person), inbox)


def _key(inbox: Inbox, presented: str) -> Key | None:
    now, store = clock.now(), inbox.agent.store
    with store.read() as connection:
        found = api_keys.find(connection, presented, now)
        old = found is not None and api_keys.stale(connection, found.id, now)
    if found is not None and old:
        with store.write() as connection:
            api_keys.used(connection, found.id, now)
    return found


def _worth_reading(request: Request, raw: bytes) -> None:
    """Refuse what no database and no person can read: halves of characters, NUL bytes, endless nesting."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind.startswith("application/") or not (kind.endswith(("/json", "+json"))):
        raise Failed(415, f"send application/json, not {kind or 'a body without a content type'}")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Failed(400, f"body: is not UTF-8 text (byte 0x{raw[error.start]:02x})") from None
    try:
        _readable(parse_json(text, "body:1"), 0)
    except BadInput as error:
        raise Failed(400, str(error)) from None


def _readable(value: Any, depth: int) -> None:
    match value:
        case str():
            if not storable(value):
                raise BadInput("holds a NUL byte or half a character (a lone surrogate)", where="body")
        case float():
            if not math.isfinite(value):
                raise BadInput("holds a number that is none (NaN or beyond all bounds)", where="body")
        case dict() | list():
            if depth == DEEPEST:
                raise BadInput("is nested too deeply", where="body")
            for one in [*value, *value.values()] if isinstance(value, dict) else value:
                _readable(one, depth + 1)
