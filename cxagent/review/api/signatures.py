"""Signed webhooks as the Standard Webhooks have them: an id, a moment and the raw body under a shared secret."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import timedelta

from cxagent import clock
from cxagent.errors import BadInput
from cxagent.notifying.webhooks import LEAST_SECRET, PREFIX, key_of, signature
from cxagent.review.api.problems import Failed

SECRETS = "CXAGENT_WEBHOOK_SECRETS"
"""The secrets that count, separated by blanks; several, so that a new one can come before the old one goes."""
TOLERANCE = timedelta(minutes=5)
MOST_SIGNATURES = 10


def read_secrets(text: str) -> tuple[bytes, ...]:
    """Read the secrets of the environment; `BadInput` names the one that is none, by its place and never by itself."""
    found = []
    for number, one in enumerate(text.replace(",", " ").split(), 1):
        if (key := key_of(one)) is None:
            raise BadInput(
                f"secret {number} is not {PREFIX} and at least {LEAST_SECRET} bytes in base64", where=SECRETS
            )
        found.append(key)
    return tuple(found)


def require(secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes) -> None:
    """Refuse a message that nobody signed who knows a secret, or that is older or newer than five minutes."""
    if not secrets:
        raise Failed(404, f"no webhooks are taken here: {SECRETS} is not set")
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    message_id, timestamp, given = (headers.get(name, "") for name in names)
    if not (message_id and timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise Failed(401, f"a signed message is needed: {', '.join(names)}")
    offered = given.encode().split()[:MOST_SIGNATURES]
    expected = [signature(secret, message_id, int(timestamp), body).encode() for secret in secrets]
    # Every pair is compared, whichever fits: how long it takes tells nothing.
    fits = [hmac.compare_digest(one, other) for one in offered for other in expected]
    if not any(fits):
        raise Failed(401, "the signature does not hold; nothing was read")
    if abs(clock.now().timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise Failed(401, "the message was signed more than five minutes from now; nothing was read")
