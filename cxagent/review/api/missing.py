"""What answers under the API's prefix where no route does: a problem document, with the methods that there are."""

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import Receive, Scope, Send

from cxagent.review.api.admission import PREFIX
from cxagent.review.api.problems import answer


class Missing(BaseRoute):
    """The route behind all others of the API: 405 where an address knows other methods, else 404."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self.routes = [route for route in routes if isinstance(route, Route)]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take whatever lies under the prefix, line breaks in the address included."""
        ours = scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/")
        return (Match.FULL if ours else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Lead nowhere: no address is made from a name here."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, method = str(scope["path"]), str(scope["method"])
        known = sorted({one for route in self.routes if route.path_regex.match(path) for one in route.methods or ()})
        if known:
            told = f"{path[:200]} knows {' and '.join(known)}, not {method[:20]}"
            response = answer(405, told, {"Allow": ", ".join(known)})
        else:
            response = answer(404, f"there is nothing at {path[:200]}; see /openapi.json")
        await response(scope, receive, send)
