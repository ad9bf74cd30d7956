"""What answers under the API's prefix where no route does: a problem document, with the methods that there are."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from cxagent.review.api.admission import PREFIX
from cxagent.review.api.problems import answer


class Missing:
    """Answers 405 where an address knows other methods, else 404."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self.routes = [route for route in routes if isinstance(route, Route)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request: Any = Request(scope)
        path = request.url.path
        known = sorted({one for route in self.routes if route.path_regex.match(path) for one in route.methods or ()})
        if known:
            told = f"{path[:200]} knows {' and '.join(known)}, not {request.method[:20]}"
            response = answer(405, told, {"Allow": ", ".join(known)})
        else:
            response = answer(404, f"there is nothing at {path[:200]}; see /openapi.json")
        await response(scope, receive, send)


def fallback(routes: Sequence[BaseRoute]) -> Route:
    """Return the route behind all others of the API; it takes every method."""
    return Route(f"{PREFIX}/{{rest:path}}", Missing(routes), include_in_schema=False)
