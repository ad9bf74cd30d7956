"""One request's way in and out: a body within its bound, headers on every answer, streams that end with a session."""

import threading
import time
from collections.abc import Awaitable, Callable, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

LARGEST = 1_000_000
"""The longest body, in bytes; a card with a long reply is a few thousand."""
LOOKS_AGAIN = 5.0
"""After how many seconds a stream looks again whether its session still holds."""
TOO_MUCH = "That is too much at once. Nothing was done."


class Passage:
    """What passes between the server and one request; `holds` says whether the session of a stream still does."""

    def __init__(
        self, receive: Receive, send: Send, stopping: threading.Event, holds: Callable[[], Awaitable[bool]]
    ) -> None:
        self._receive, self._send = receive, send
        self._stopping, self._holds = stopping, holds
        self._got = 0
        self._looked: float | None = None
        self.over = False

    async def receive(self) -> Message:
        """Return what comes in; a body that is longer than it may be ends here, whatever its header said.

        A stream hears that its reader is gone when the server stops: by itself it would never end.
        """
        if self._looked is not None and self._stopping.is_set():
            return {"type": "http.disconnect"}
        message = await self._receive()
        self._got += len(message.get("body", b""))
        if self._got > LARGEST:
            raise HTTPException(413, TOO_MUCH)
        return message

    async def send(self, message: Message) -> None:
        """Send what goes out; a stream whose session is over ends instead: who was signed out hears nothing more."""
        if message["type"] == "http.response.start":
            kind = Headers(raw=message["headers"]).get("content-type", "")
            self._looked = time.monotonic() if kind.startswith("text/event-stream") else None
        elif self._looked is not None and time.monotonic() - self._looked > LOOKS_AGAIN:
            self._looked = time.monotonic()
            if not await self._holds():
                self.over = True
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
                raise OSError("the session of this stream is over")
        await self._send(message)


def dressed(scope: Scope, send: Send, headers: Mapping[str, str], kept: str) -> Send:
    """Return a sender that sets headers on the answer, and how long it may be kept, where the page says nothing."""

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = MutableHeaders(scope=message)
            for name, value in headers.items():
                given.setdefault(name, value)
            given.setdefault("Cache-Control", kept)
        await send(message)

    return sender
