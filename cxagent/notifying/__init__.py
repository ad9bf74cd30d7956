"""Telling people and systems what waits: signed webhooks out, and a digest by mail."""

from cxagent.notifying.digest import Digest, digests, send_digests
from cxagent.notifying.mailing import Mailer
from cxagent.notifying.webhooks import deliver, endpoints

__all__ = ["Digest", "Mailer", "deliver", "digests", "endpoints", "send_digests"]
