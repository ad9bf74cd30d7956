"""A fault proxy: it passes bytes between a client and a server, and breaks some connections by a seeded plan.

Four faults: `latency` holds a chunk back, `reset` drops both sides at once, `truncation` passes a part of a chunk and
closes, `black_hole` swallows everything for a while and resets. Which chunk meets which fault is a pure function of
the seed and of the chunk's place, so the plan is the same in every run; only who connects when is the machine's.
"""

import asyncio
import contextlib
import errno
import json
import os
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Literal, NamedTuple, Self

Kind = Literal["latency", "reset", "truncation", "black_hole"]
Way = Literal["up", "down"]
Upstream = tuple[str, int] | Path
"""A TCP address, or the path of a unix socket."""

CHUNK = 64 * 1024
NO_LINGER = struct.pack("ii", 1, 0)
"""The socket option under which closing sends a reset instead of an orderly end."""
EQUALLY: Mapping[Kind, int] = MappingProxyType({"latency": 5, "reset": 2, "truncation": 2, "black_hole": 1})


class Fault(NamedTuple):
    """What happens to one chunk: for latency and black hole `size` are seconds, for truncation a share of the chunk."""

    kind: Kind
    size: float


@dataclass(frozen=True)
class Plan:
    """Which chunk of which connection meets a fault; `rate` is the share of chunks, `weights` the mix of kinds."""

    seed: int
    rate: float = 0.02
    weights: Mapping[Kind, int] = field(default_factory=lambda: EQUALLY)
    latency: tuple[float, float] = (0.01, 0.3)
    hole: tuple[float, float] = (0.5, 2.0)

    def fault(self, connection: int, way: Way, chunk: int) -> Fault | None:
        """Return the fault for one chunk, or None; the same place always gets the same answer."""
        dice = random.Random(f"{self.seed}/{connection}/{way}/{chunk}")
        if dice.random() >= self.rate:
            return None
        kind = dice.choices(list(self.weights), list(self.weights.values()))[0]
        match kind:
            case "latency":
                return Fault(kind, dice.uniform(*self.latency))
            case "black_hole":
                return Fault(kind, dice.uniform(*self.hole))
            case "truncation":
                return Fault(kind, dice.random())
            case "reset":
                return Fault(kind, 0.0)


class _Link:
    """One connection: a client's side and a server's side, and whether a black hole swallows it."""

    def __init__(self, number: int, writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        self.number, self.writers = number, writers
        self.swallows = False
        self.ended = 0
        self.broken = asyncio.Event()

    def reset(self) -> None:
        """Drop both sides at once; a peer over TCP sees a reset."""
        for writer in self.writers:
            sock: socket.socket | None = writer.get_extra_info("socket")
            if sock is not None and sock.family != socket.AF_UNIX:
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            writer.transport.abort()
        self.broken.set()

    def close(self) -> None:
        """End both sides in order: what was written before still arrives."""
        for writer in self.writers:
            writer.close()
        self.broken.set()


class FaultProxy:
    """Listens on 127.0.0.1 and passes on to one upstream, from a thread of its own; a context manager.

    Faults happen only while `faulty` is set, and until `most` of them were injected.
    """

    def __init__(
        self, upstream: Upstream, plan: Plan, *, name: str = "proxy", log: Path | None = None, most: int | None = None
    ) -> None:
        self.upstream, self.plan, self.name, self.most = upstream, plan, name, most
        self.faulty = threading.Event()
        self.faulty.set()
        self.port = 0
        self.connections = 0
        self._counts: Counter[Kind] = Counter()
        self._log = log.open("a", encoding="utf-8", buffering=1) if log else None
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"fault-{name}", daemon=True)

    @property
    def counts(self) -> dict[Kind, int]:
        """How many faults were injected, by kind."""
        return dict(self._counts)

    @property
    def faults(self) -> int:
        """How many faults were injected."""
        return sum(self._counts.values())

    def start(self) -> Self:
        """Listen on a free port."""
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def stop(self) -> None:
        """Stop listening, reset what is open, and end the thread; a second call changes nothing."""
        if not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        if self._log is not None:
            self._log.close()

    def cut(self) -> int:
        """Reset every open connection at once, as the restart of a server would; return how many there were."""
        return asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    @contextlib.contextmanager
    def calm(self) -> Iterator[None]:
        """Inject nothing inside."""
        was = self.faulty.is_set()
        self.faulty.clear()
        try:
            yield
        finally:
            if was:
                self.faulty.set()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    # ---- inside the thread ------------------------------------------------------------------------------------------

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.ensure_future(self._serve(self.connections, reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            beyond, onward = await self._connect()
        except OSError as error:
            self._note(number, "up", -1, "no_upstream", str(error))
            writer.transport.abort()
            return
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        link = _Link(number, (writer, onward))
        self._links.add(link)
        pumps = [
            asyncio.ensure_future(self._pump(link, "up", reader, onward)),
            asyncio.ensure_future(self._pump(link, "down", beyond, writer)),
        ]
        try:
            await link.broken.wait()
            await asyncio.gather(*(one.wait_closed() for one in link.writers), return_exceptions=True)
        finally:
            self._links.discard(link)
            link.reset()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if not isinstance(self.upstream, Path):
            return await asyncio.open_connection(*self.upstream, limit=CHUNK)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            # Where the queue is full, TCP would wait; a unix socket refuses at once, which asyncio takes for progress.
            while sock.connect_ex(os.fspath(self.upstream)) == errno.EAGAIN:
                await asyncio.sleep(0.02)
            return await asyncio.open_connection(sock=sock, limit=CHUNK)
        except BaseException:
            sock.close()
            raise

    async def _pump(self, link: _Link, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chunk = 0
        try:
            while data := await reader.read(CHUNK):
                if link.swallows:
                    continue
                chunk += 1
                fault = self._fault(link.number, way, chunk, len(data))
                if fault is None or await self._survives(link, fault, data, writer):
                    writer.write(data)
                    await writer.drain()
        except OSError:
            link.reset()
            return
        if not link.swallows:
            self._half_close(link, writer)

    def _half_close(self, link: _Link, writer: asyncio.StreamWriter) -> None:
        """Pass on that one side has nothing more to say; when both have said so, the link is over."""
        link.ended += 1
        if link.ended == 2:
            link.close()
        elif writer.can_write_eof():
            with contextlib.suppress(OSError):
                writer.write_eof()

    def _fault(self, connection: int, way: Way, chunk: int, size: int) -> Fault | None:
        if not self.faulty.is_set() or (self.most is not None and self.faults >= self.most):
            return None
        fault = self.plan.fault(connection, way, chunk)
        if fault is not None:
            self._counts[fault.kind] += 1
            self._note(connection, way, chunk, fault.kind, f"{fault.size:.3f} of {size} bytes")
        return fault

    async def _survives(self, link: _Link, fault: Fault, data: bytes, writer: asyncio.StreamWriter) -> bool:
        """Let a fault happen; return whether the chunk passes all the same."""
        match fault.kind:
            case "latency":
                await asyncio.sleep(fault.size)
                return not link.swallows
            case "reset":
                link.reset()
            case "truncation":
                writer.write(data[: int(len(data) * fault.size)])
                link.close()
            case "black_hole":
                link.swallows = True
                self._loop.call_later(fault.size, link.reset)
        return False

    def _note(self, connection: int, way: Way, chunk: int, kind: str, detail: str) -> None:
        if self._log is None:
            return
        row: dict[str, Any] = {"at": round(time.time(), 3), "proxy": self.name, "connection": connection}
        row |= {"way": way, "chunk": chunk, "kind": kind, "detail": detail}
        self._log.write(json.dumps(row) + "\n")

    async def _cut(self) -> int:
        links = list(self._links)
        for link in links:
            link.reset()
        return len(links)

    async def _shut(self) -> None:
        await asyncio.sleep(0.02)  # whoever was just accepted becomes a link first; closing loses a half-made one
        self._server.close()
        await self._cut()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.02)  # a dropped transport closes its socket in the loop's next round
