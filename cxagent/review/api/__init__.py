"""The HTTP API under `/api/v1`: the same inbox as the pages, for systems, with a key instead of a session.

A route names the scope that opens it in `needs`; `admission` holds it to that before anything is read. What goes wrong
leaves as a problem document (RFC 9457), and every status that can occur stands in `/openapi.json`.
"""

import os
from collections.abc import Mapping

from fastapi import FastAPI

from cxagent.review.api import decisions, drafts, handoffs, tickets, webhooks
from cxagent.review.api.document import documented
from cxagent.review.api.missing import Missing
from cxagent.review.api.signatures import SECRETS, read_secrets

MODULES = (tickets, decisions, drafts, handoffs, webhooks)


def install(app: FastAPI, environment: Mapping[str, str] = os.environ) -> None:
    """Put the API into an application; `BadInput` where a secret for webhooks is none."""
    app.state.webhook_secrets = read_secrets(environment.get(SECRETS, ""))
    routes = [route for module in MODULES for route in module.router.routes]
    app.router.routes.extend([*routes, Missing(routes)])
    app.openapi = documented(app)  # type: ignore[method-assign]
