"""What stands before every page: the right host, whether the browser meant it, how much and how often, and who asks.

It is plain ASGI, so that streams flow through it. Under the API's prefix no session is ever looked up, and elsewhere no
key: a cookie never opens the API, and a key never a page.
"""

import ipaddress
import json
import logging
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cxagent.errors import Refused, Unreachable
from cxagent.inbox import Person
from cxagent.ledger import sessions
from cxagent.review.passage import LARGEST, TOO_MUCH, Passage, dressed
from cxagent.review.rates import Meter
from cxagent.review.settings import loopback
from cxagent.review.signing_in import token_of
from cxagent.review.site import Site

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
API = "/api/"
STATIC = "/static/"
YEAR = 31_536_000
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
log = logging.getLogger("cxagent.review")


class Guard:
    """Refuses what may not come in, finds the person of a session, and sets the headers."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self.app, self.site = app, site
        self.meter = Meter(site.settings.rates)
        self._headers = dict(HEADERS)
        if site.settings.secure:
            self._headers["Strict-Transport-Security"] = f"max-age={2 * YEAR}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":  # there is none here, and none may slip past what is asked of a request
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._http(scope, receive, self._dressed(scope, send))

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if (refused := self._refused(request)) is not None:
            await refused(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["person"] = None
        try:
            if not request.url.path.startswith((API, STATIC)):
                state["person"] = await run_in_threadpool(self.who, request)
        except Unreachable as error:
            log.warning("%s %s: %s", request.method, request.url.path, error)
            told = PlainTextResponse("The records are out of reach just now. Nothing was done; try again soon.", 503)
            await told(scope, receive, send)
            return
        if (wait := self.meter.person(request, state["person"])) is not None:
            await self._too_often(request, wait)(scope, receive, send)
            return
        await self._through(request, receive, send)

    # ---- what is refused before anybody looks at it -------------------------------------------------------------

    def _refused(self, request: Request) -> Response | None:
        if not self._our_host(request.headers):
            log.warning("a request for another host was refused: %r", request.headers.get("host", "")[:100])
            return _plain(request, 400, "This server does not go by that name.")
        if _announced(request.headers) > LARGEST:
            log.warning("%s %s: %s bytes are too many", request.method, request.url.path, _announced(request.headers))
            return _plain(request, 413, TOO_MUCH)
        if (wait := self.meter.address(request, _address(request))) is not None:
            return self._too_often(request, wait)
        if not request.url.path.startswith(API) and request.method not in SAFE and not self.meant(request.headers):
            log.warning("%s %s came from another site", request.method, request.url.path)
            return _plain(request, 403, "This request came from another site. Nothing was done.")
        return None

    def _our_host(self, headers: Headers) -> bool:
        given = headers.getlist("host")
        name = _host(given[0]) if len(given) == 1 else None
        return name is not None and (name == self.site.settings.public_host or loopback(name))

    def meant(self, headers: Headers) -> bool:
        """Whether a request that changes something comes from our own pages, as the browser itself says."""
        if (site := headers.get("sec-fetch-site")) is not None:
            return site in ("same-origin", "none")
        if (origin := headers.get("origin")) is not None:
            return origin == self.site.settings.public_url or _origin(origin) == headers.get("host", "").lower()
        return False

    def _too_often(self, request: Request, wait: int) -> Response:
        log.warning("%s %s from %s: too often", request.method, request.url.path, _address(request))
        answer = _plain(request, 429, f"That was too often. Nothing was done; try again in {wait} seconds.")
        answer.headers["Retry-After"] = str(wait)
        return answer

    # ---- who asks -----------------------------------------------------------------------------------------------

    def who(self, request: Request) -> Person | None:
        """Return the person of the session that a browser has; None where it has none that holds."""
        token = token_of(self.site, request)
        if not token:
            return None
        inbox = self.site.inbox
        with inbox.agent.store.read() as connection:
            row = sessions.find(connection, token)
            try:
                found = inbox.person(row["person"]) if row else None
            except Refused:
                found = None
        if row is None:
            return None
        if found is None:
            log.warning("the session of %s is over: the playbook does not know them any more", row["person"])
            with inbox.agent.store.write() as connection:
                sessions.end(connection, row["id"], "left the playbook")
        elif sessions.stale(row):
            with inbox.agent.store.write() as connection:
                sessions.seen(connection, row["id"])
        return found

    # ---- what goes out ------------------------------------------------------------------------------------------

    def _dressed(self, scope: Scope, send: Send) -> Send:
        kept = "no-store"
        if scope["path"].startswith(STATIC):
            kept = f"public, max-age={YEAR}, immutable" if b"v=" in scope.get("query_string", b"") else "no-cache"
        return dressed(scope, send, self._headers, kept)

    async def _through(self, request: Request, receive: Receive, send: Send) -> None:
        async def holds() -> bool:
            try:
                return await run_in_threadpool(self.who, request) is not None
            except Unreachable:  # a database that is away for a moment signs nobody out
                return True

        passage = Passage(receive, send, self.site.stopping, holds)
        try:
            await self.app(request.scope, passage.receive, passage.send)
        except Exception:
            if not passage.over:
                raise


def _announced(headers: Headers) -> int:
    given = headers.get("content-length", "0")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else LARGEST + 1


def _host(given: str) -> str | None:
    """Return the name in a Host header without its port, or None where it is none."""
    if any(sign in given for sign in "/\\@?#, \t"):
        return None
    try:
        parts = urlsplit(f"//{given}")
        _ = parts.port
    except ValueError:
        return None
    return parts.hostname


def _origin(given: str) -> str | None:
    try:
        return urlsplit(given).netloc.lower() or None
    except ValueError:
        return None


def _address(request: Request) -> str:
    """Return where a request comes from; of an address of version 6 the network, since one machine has billions."""
    given = request.client.host if request.client else "-"
    try:
        address = ipaddress.ip_address(given)
    except ValueError:
        return given
    return str(ipaddress.ip_network(f"{address}/64", strict=False)) if address.version == 6 else str(address)


def _plain(request: Request, status: int, said: str) -> Response:
    """Return a refusal in the form that the asker reads: a problem document for systems, a sentence for people."""
    if not request.url.path.startswith(API):
        return PlainTextResponse(said, status)
    body = json.dumps({"type": "about:blank", "title": said.partition(".")[0], "status": status, "detail": said})
    return Response(body, status, media_type="application/problem+json")
