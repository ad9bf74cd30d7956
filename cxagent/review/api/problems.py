"""What goes wrong as a problem document (RFC 9457): a closed list of kinds, a status, one sentence, nothing done."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cxagent.errors import BadInput, Conflict, Refused, Unreachable
from cxagent.inbox import Stale
from cxagent.review.api.models import Problem
from cxagent.review.site import NAMES_NOTHING

MEDIA = "application/problem+json"
STALE = "stale-card"
KINDS = {
    400: ("unreadable", "The body cannot be read"),
    401: ("no-key", "No key that opens this"),
    403: ("not-allowed", "Not within the key's authority"),
    404: ("not-found", "There is no such thing"),
    405: ("no-such-method", "This address knows no such method"),
    409: ("conflict", "Somebody was first, or it has changed"),
    413: ("too-long", "The body is too long"),
    415: ("content-type", "Not a content type that is read here"),
    422: ("does-not-fit", "Something in it does not fit"),
    429: ("too-often", "Too often; wait as long as Retry-After says"),
    500: ("failed", "Something failed"),
    503: ("out-of-reach", "Out of reach just now"),
}
"""Every status that is no success: its kind, and what it means here."""
MOST_FAULTS = 3
log = logging.getLogger("cxagent.review")


class Failed(Exception):
    """A request that ends here, with a status and a sentence."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


def problem(request: Request, error: Exception) -> Response:
    """Return the problem document of an error; it also gets a line in the log."""
    status, said = _told(error)
    who = getattr(request.state, "key", None) or "nobody known"
    asked = _one_line(f"{request.method} {request.url.path}")
    if status == 500:
        log.error("%s by %s failed", asked, who, exc_info=error)
    else:
        log.warning("%s by %s: %s %s", asked, who, status, _one_line(said))
    more: dict[str, Any] = {}
    if isinstance(error, Stale):
        more = {"changes": error.changes, "fresh": error.fresh}
    return answer(status, said, **more)


def answer(status: int, said: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """Return a problem document; it is pure ASCII, so that no text anybody sent can break it."""
    kind, title = KINDS[status]
    kind = STALE if more else kind
    told = Problem(type=f"urn:cxagent:problem:{kind}", title=title, status=status, detail=said, **more)
    fields = None if status == 409 else {"type", "title", "status", "detail"}
    body = json.dumps(told.model_dump(mode="json", include=fields)).encode()
    sent = {"WWW-Authenticate": 'Bearer realm="cxagent"'} if status == 401 else {}
    return Response(body, status, {**sent, **(headers or {})}, MEDIA)


def _one_line(text: str) -> str:
    """Return what somebody sent so that it cannot pass for a line of the log of its own."""
    return repr(text[:500])[1:-1]


def _told(error: Exception) -> tuple[int, str]:
    match error:
        case Failed():
            return error.status, str(error)
        case RequestValidationError():
            return 422, "; ".join(_fault(one) for one in error.errors()[:MOST_FAULTS])
        case HTTPException():
            return error.status_code, str(error.detail)
        case Conflict():
            return 409, str(error)
        case Refused():
            return 403, str(error)
        case BadInput():
            return 404 if error.where in NAMES_NOTHING else 422, str(error)
        case Unreachable():
            return 503, str(error)
        case _:
            return 500, "something failed here; it is in the log"


def _fault(fault: Mapping[str, Any]) -> str:
    """Return one fault as `field: what`."""
    place = ".".join(str(part) for part in fault["loc"] if part not in ("body", "query", "path", "header"))
    return f"{place[:200] or fault['loc'][0]}: {str(fault['msg']).removeprefix('Value error, ')[:400]}"
