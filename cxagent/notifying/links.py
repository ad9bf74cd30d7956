"""Links into the inbox, for those who are not looking at it."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from cxagent.errors import BadInput

PUBLIC_URL = "CXAGENT_PUBLIC_URL"


def public_url(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the address under which people open the inbox, without a slash at its end; None where it is not set."""
    given = environment.get(PUBLIC_URL, "").strip().rstrip("/")
    if given and (urlsplit(given).scheme not in ("https", "http") or not urlsplit(given).netloc):
        raise BadInput(f"{given!r} is no address such as https://inbox.example.com", where=PUBLIC_URL)
    return given or None
