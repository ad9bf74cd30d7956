"""The application: pages, static files, and what stands before them, over one inbox."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.exception_handlers import http_exception_handler
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from cxagent import __version__
from cxagent.domain.ticket import Incoming
from cxagent.inbox import Inbox
from cxagent.review import (
    access_pages,
    api,
    audit_pages,
    card_pages,
    claim_pages,
    handoff_pages,
    handover_pages,
    people_pages,
    playbook_pages,
    quality_pages,
    queue_pages,
    repair_pages,
    reviewing_pages,
    signing_in,
    touch_pages,
    value_account_pages,
    value_pages,
    value_people_pages,
)
from cxagent.review.guard import API, Guard
from cxagent.review.settings import Settings
from cxagent.review.site import HERE, Site, missing

PAGES = (
    *(signing_in, queue_pages, card_pages, claim_pages, handoff_pages, people_pages, access_pages),
    *(handover_pages, playbook_pages, reviewing_pages, audit_pages, repair_pages, quality_pages, touch_pages),
    *(value_pages, value_people_pages, value_account_pages),
)
"""The modules whose `ROUTES` make up the site."""
Submit = Callable[[Incoming], dict[str, Any]]


def make_app(inbox: Inbox, settings: Settings, submit: Submit | None = None) -> FastAPI:
    """Return the application; `submit` takes a ticket in, by default at once in this process."""
    app = FastAPI(title="cxagent", version=__version__, docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.site = site = Site(inbox, settings)
    app.state.submit = submit or inbox.agent.run
    for module in PAGES:
        app.router.routes.extend(module.ROUTES)
    api.install(app)
    app.add_exception_handler(HTTPException, _not_a_page)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.add_middleware(Guard, site=site)
    return app


async def _not_a_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if request.url.path.startswith((API, "/static/", "/openapi.json")):
        return await http_exception_handler(request, error)
    return missing(request, error.status_code, str(error.detail))
