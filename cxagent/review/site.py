"""What every page has at hand: the inbox, the settings, the templates; and how a handler meets the web."""

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from cxagent import clock
from cxagent.domain.value import storable
from cxagent.errors import BadInput, Conflict, CxagentError, Refused, Unreachable
from cxagent.governing import Governing
from cxagent.governing.trials import Trials
from cxagent.inbox import Inbox, Person, Stale
from cxagent.playbook import explain
from cxagent.quality.repairs import waiting
from cxagent.review import words
from cxagent.review.oidc import Provider
from cxagent.review.settings import Settings

HERE = Path(__file__).parent
MOST_FIELDS = 400
NAMES_NOTHING = frozenset({"DRAFT_ID", "REPAIR_ID", "ticket_id"})
"""Where a lower storey says that there is no such thing."""
log = logging.getLogger("cxagent.review")


class Site:
    """One agent's inbox on the web."""

    def __init__(self, inbox: Inbox, settings: Settings) -> None:
        self.inbox, self.settings = inbox, settings
        self.provider = Provider(settings.oidc, settings.public_url) if settings.oidc else None
        self.stopping = threading.Event()

    @cached_property
    def governing(self) -> Governing:
        """What people may do with the playbook."""
        return Governing(self.inbox.agent.project)

    @cached_property
    def trials(self) -> Trials:
        """The trials of changed playbooks."""
        return Trials(self.governing)

    @cached_property
    def templates(self) -> Environment:
        """The templates; an undefined name in one is an error, never a blank."""
        made = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)
        made.filters |= words.FILTERS
        made.globals["asset"] = self.asset
        return made

    @cached_property
    def _marks(self) -> dict[str, str]:
        files = sorted((HERE / "static").iterdir())
        return {one.name: hashlib.sha256(one.read_bytes()).hexdigest()[:12] for one in files if one.is_file()}

    def asset(self, name: str) -> str:
        """Return the address of a static file; it changes with the file, so that browsers may keep it for good."""
        return f"/static/{name}?v={self._marks[name]}"


@dataclass(frozen=True)
class Asked:
    """One request as a handler sees it: who asks, what was typed, and the site."""

    site: Site
    request: Request
    form: FormData = field(default_factory=FormData)

    @property
    def inbox(self) -> Inbox:
        """The inbox."""
        return self.site.inbox

    @cached_property
    def me(self) -> Person:
        """Who asks; a route that is not public is not reached without them."""
        found: Person = self.request.state.person
        return found

    def path(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])

    def query(self, name: str, default: str = "") -> str:
        """Return a value of the query, the empty text where it is not there."""
        return self.request.query_params.get(name, default)

    def typed(self, name: str) -> str | None:
        """Return what was typed into a field, without blanks around it; None where that is nothing."""
        value = self.form.get(name)
        return value.strip().replace("\r\n", "\n") or None if isinstance(value, str) else None

    def render(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Render a page; the person and the counts of the queue are there on every one."""
        me = getattr(self.request.state, "person", None)
        about = {"me": me, "counts": self._counts(me), "here": self.request.url.path}
        settings = {"now": clock.now(), "zone": self.inbox.playbook.business_hours.timezone, "site": self.site}
        text = self.site.templates.get_template(template).render(**{**about, **settings, **values})
        return HTMLResponse(text, status)

    def _counts(self, me: Person | None) -> dict[str, int]:
        try:
            return {**self.inbox.counts(me), "repairs": waiting(self.inbox.agent, me)} if me else {}
        except Unreachable:  # the page that says so must not fail for the same reason
            return {}

    def go(self, where: str) -> RedirectResponse:
        """Send the browser on after something was done, so that a reload does not do it twice."""
        return RedirectResponse(where, status_code=303)


Handler = Callable[[Asked], Response]


def route(path: str, handler: Handler, *methods: str, public: bool = False) -> Route:
    """Return a route whose handler runs in a thread of its own; whoever is not signed in is sent to the door."""

    async def endpoint(request: Request) -> Response:
        site: Site = request.app.state.site
        form = FormData()
        if request.method == "POST":
            form = await request.form(max_files=0, max_fields=MOST_FIELDS)
        asked = Asked(site, request, form)
        if not public and getattr(request.state, "person", None) is None:
            return at_the_door(asked)
        return await run_in_threadpool(_answered, handler, asked)

    return Route(path, endpoint, methods=list(methods or ("GET",)), name=handler.__name__)


def at_the_door(asked: Asked) -> Response:
    """Send somebody who is not signed in to sign in, and back; what they typed is not done."""
    if asked.request.method == "GET":
        url = asked.request.url
        return asked.go("/sign-in?" + urlencode({"next": f"{url.path}?{url.query}" if url.query else url.path}))
    log.warning("%s %s without a session", asked.request.method, asked.request.url.path)
    told = "Your session is over, and nothing was done. Sign in again; what you typed is still in the page before."
    return asked.render("said.html", 401, title="Sign in again", said=told, links=[("/sign-in", "Sign in")])


def _storable(asked: Asked) -> None:
    """Refuse an address that holds what no database takes: a NUL, or half of a surrogate pair."""
    for name, value in asked.request.query_params.multi_items():
        if not storable(value):
            raise BadInput("holds a character that cannot be kept", where=name)


def _answered(handler: Handler, asked: Asked) -> Response:
    """Call a handler; what goes wrong becomes a clear page, nothing done, and a line in the log."""
    try:
        _storable(asked)
        return handler(asked)
    except Stale as error:
        links = [(f"/drafts/{error.fresh}", "Open the card as it is now")] if error.fresh else []
        return _said(asked, 409, "This card is out of date", error, [*links, ("/", "To the queue")], error.changes)
    except Conflict as error:
        return _said(asked, 409, "Somebody was first", error, [("/", "To the queue")])
    except Refused as error:
        return _said(asked, 403, "Not within your authority", error, [("/", "To the queue")])
    except ValidationError as error:
        return _said(asked, 400, "That did not fit", BadInput(explain(error)), [("/", "To the queue")])
    except BadInput as error:
        status = 404 if error.where in NAMES_NOTHING else 400
        return _said(asked, status, "That did not fit", error, [("/", "To the queue")])
    except Unreachable as error:
        return _said(asked, 503, "Out of reach just now", error, [(asked.request.url.path, "Try again")])
    except Exception:
        log.exception("%s %s failed", asked.request.method, asked.request.url.path)
        told = CxagentError("Something failed on our side. Look whether it was done before you do it again.")
        return _said(asked, 500, "Something failed", told, [("/", "To the queue")])


def _said(
    asked: Asked, status: int, title: str, error: Exception, links: Iterable[tuple[str, str]], changes: Any = ()
) -> Response:
    who = getattr(asked.request.state, "person", None)
    log.warning(
        "%s %s by %s: %s %s", asked.request.method, asked.request.url.path, who.name if who else "-", status, error
    )
    return asked.render("said.html", status, title=title, said=str(error), links=list(links), changes=changes)


def missing(request: Request, status: int, said: str) -> Response:
    """Return the page for an address that there is not, or for a request that no page takes."""
    titles = {404: "There is no such page", 405: "This page takes no such request", 413: "That was too much at once"}
    title = titles.get(status, "That did not fit")
    log.warning("%s %s: %s %s", request.method, request.url.path, status, said)
    asked = Asked(request.app.state.site, request)
    return asked.render("said.html", status, title=title, said=said, links=[("/", "To the queue")])


def bare(error: CxagentError) -> str:
    """Return what an error says, without the field that it is about."""
    return str(error).removeprefix(f"{getattr(error, 'where', '')}: ")


def picked(form: Mapping[str, Any], name: str, allowed: Iterable[str]) -> str | None:
    """Return one of some values from a form; `BadInput` where it is none of them."""
    value = form.get(name) or None
    if value is not None and value not in (choices := list(allowed)):
        raise BadInput(f"{value!r} is none of {', '.join(choices)}", where=name)
    return value
