"""Where a list goes on: an opaque text that fits the list it came from, and no other."""

import base64
import binascii
import json

from cxagent.errors import BadInput


def cursor(of: str, after: str) -> str | None:
    """Return the cursor behind the last row of a page; None at the end of the list."""
    if not after:
        return None
    return base64.urlsafe_b64encode(json.dumps([of, after]).encode()).decode().rstrip("=")


def after(of: str, given: str | None) -> str:
    """Return after what a page goes on, the empty text for the first; `BadInput` for a cursor of another list."""
    if given is None:
        return ""
    try:
        raw = base64.b64decode(given + "=" * (-len(given) % 4), altchars=b"-_", validate=True)
        place = json.loads(raw.decode("ascii"))
    except (ValueError, binascii.Error, RecursionError):
        place = None
    match place:
        case [str(name), str(text)] if name == of and text.isprintable() and text.isascii():
            return text
        case _:
            raise BadInput("is no cursor of this list; take `next` of the page before, or leave it out", where="after")
