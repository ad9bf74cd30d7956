"""Signed webhooks out: what happens is told to outside systems at least once, as CloudEvents."""

import base64
import hashlib
import hmac
import json
import logging
import os
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from cxagent import __version__, clock
from cxagent.agent import Agent
from cxagent.errors import BadInput
from cxagent.ledger import deliveries
from cxagent.ledger.deliveries import Due, Webhook
from cxagent.notifying.links import public_url

if TYPE_CHECKING:
    import httpx

SECONDS = 10.0
CONNECT_SECONDS = 4.0
GONE = 410
PREFIX = "whsec_"
LEAST_SECRET = 16
"""How many bytes a secret has at least."""
log = logging.getLogger("cxagent.notifying")


class Endpoint(NamedTuple):
    """An outside system with the key that signs what it is told."""

    hook: Webhook
    key: bytes


def endpoints(agent: Agent, environment: Mapping[str, str] = os.environ) -> tuple[Endpoint, ...]:
    """Return the endpoints of a project with their keys; `BadInput` names a secret that is missing or no secret.

    A server asks once when it starts, so that a missing secret is seen then.
    """
    found = []
    for number, hook in enumerate(agent.project.config.webhooks):
        where = f"webhooks.{number}.secret_env"
        secret = environment.get(hook.secret_env)
        if not secret:
            raise BadInput(f"the environment variable {hook.secret_env} is not set", where=where)
        if (key := key_of(secret)) is None:
            told = f"{hook.secret_env} must hold `{PREFIX}` and at least {LEAST_SECRET} bytes in base64"
            raise BadInput(told, where=where)
        found.append(Endpoint(hook, key))
    return tuple(found)


def key_of(secret: str) -> bytes | None:
    """Return the key that a secret of Standard Webhooks holds; None where it is no such secret, or too short."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        return None
    return key if secret.startswith(PREFIX) and len(key) >= LEAST_SECRET else None


def signature(key: bytes, event: str, stamp: int, body: bytes) -> str:
    """Return the signature of a message as Standard Webhooks lays it down: over its id, its time and its bytes."""
    signed = b".".join((event.encode(), str(stamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def deliver(agent: Agent, now: datetime) -> int:
    """Look for what is new, and send what is due; return how many events went out. Safe to call from every process.

    At least once: an event whose answer was lost is sent again under the same id. After a failed try an endpoint is
    left alone until the next call.
    """
    sent = 0
    if not (known := endpoints(agent)):
        return 0
    with _client() as client:
        for one in known:
            _look(agent, one.hook, now)
            sent += _send_due(agent, client, one, now)
    return sent


def _look(agent: Agent, hook: Webhook, now: datetime) -> None:
    with agent.store.read() as connection:
        new = deliveries.news(connection, hook, now)
    if new:
        with agent.store.write() as connection:
            deliveries.notice(connection, hook, now)


def _send_due(agent: Agent, client: "httpx.Client", one: Endpoint, now: datetime) -> int:
    sent = 0
    with agent.store.read() as connection:
        waiting = [
            (due, event_of(agent, due, deliveries.about(connection, due)))
            for due in deliveries.due(connection, one.hook.url, now)
        ]
    for due, event in waiting:
        with agent.store.write(f"delivery {due.id}") as connection:
            if not deliveries.take(connection, due, clock.now()):
                continue
        trouble, gone = _post(client, one, due.event, event)
        with agent.store.write(f"delivery {due.id}") as connection:
            status = deliveries.settle(connection, due, clock.now(), trouble, last=gone)
        if trouble is None:
            sent += 1
            continue
        log.warning("%s did not take %s: %s (%s)", _shown(one.hook.url), due.event, trouble, status)
        break
    return sent


def _client() -> "httpx.Client":
    import httpx

    timeout = httpx.Timeout(SECONDS, connect=CONNECT_SECONDS)
    return httpx.Client(timeout=timeout, follow_redirects=False, headers={"user-agent": f"cxagent/{__version__}"})


def _post(client: "httpx.Client", one: Endpoint, event: str, body: bytes) -> tuple[str | None, bool]:
    """Send one message; return what went wrong, and whether the endpoint wants none of it again."""
    import httpx

    stamp = int(clock.now().timestamp())
    headers = {
        "content-type": "application/cloudevents+json; charset=utf-8",
        "webhook-id": event,
        "webhook-timestamp": str(stamp),
        "webhook-signature": signature(one.key, event, stamp, body),
    }
    try:
        with client.stream("POST", one.hook.url, content=body, headers=headers) as answer:  # its text is not read
            status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{type(error).__name__}: {error}", False
    if httpx.codes.is_success(status):
        return None, False
    more = "; redirects are not followed" if httpx.codes.is_redirect(status) else ""
    return f"answered {status}{more}", status == GONE


def _shown(url: str) -> str:
    """Return an address without its path, which may be a secret by itself."""
    return urlsplit(url).netloc


def event_of(agent: Agent, one: Due, about: Mapping[str, Any]) -> bytes:
    """Return an event as CloudEvents 1.0 in JSON: ids, times and a link, and nothing that says who the customer is."""
    base = public_url()
    draft_id = about.get("draft_id")
    data = dict(about) if one.account_id == deliveries.NOBODY else {"account_id": one.account_id, **about}
    if base and draft_id:
        data["link"] = f"{base}/drafts/{draft_id}"
    event = {
        "specversion": "1.0",
        "id": one.event,
        "source": base or f"urn:cxagent:{agent.project.name.replace(' ', '-')}",
        "type": one.kind,
        "subject": one.subject,
        "time": one.at,
        "datacontenttype": "application/json",
        "data": data,
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
