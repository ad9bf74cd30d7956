"""Tickets from a stream of JSON lines: a wrong line is refused with a sentence, and the good ones go on."""

import codecs
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from cxagent.domain.ticket import Incoming
from cxagent.errors import BadInput
from cxagent.sources.document import one_sentence, parse_json

MOST_BYTES = 10_000_000
"""The longest line that is read; what is longer is no ticket, and its rest is skipped without being held."""


@dataclass(frozen=True)
class Line:
    """One line of the input: a ticket, or the sentence that says why it is none."""

    place: str
    incoming: Incoming | None
    refused: str | None
    ends_at: int


@contextmanager
def opened(file: str) -> Iterator[tuple[IO[bytes], str]]:
    """Open a file of tickets, or standard input for `-`; yield the stream and the name that messages use."""
    if file == "-":
        yield sys.stdin.buffer, "stdin"
        return
    with ExitStack() as held:
        try:
            stream = held.enter_context(Path(file).open("rb"))
        except OSError as error:
            raise BadInput(f"cannot be read: {error.strerror}", where=file) from None
        yield stream, file


def read_lines(stream: IO[bytes], name: str) -> Iterator[Line]:
    """Yield every line that is not blank, one at a time; an input without any is refused."""
    first_lines: dict[str, int] = {}
    number = at = 0
    found = False
    for raw in _raw_lines(stream):
        number, at = number + 1, at + len(raw)
        text = (raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw).rstrip(b"\r\n")
        if not text.strip():
            continue
        found, place = True, f"{name}:{number}"
        try:
            incoming = _incoming(text, place)
            _once(incoming.ticket.id, number, place, first_lines)
        except BadInput as error:
            yield Line(place, None, str(error), at)
        else:
            yield Line(place, incoming, None, at)
    if not found:
        raise BadInput("holds no tickets", where=name)


def read_tickets(path: Path) -> tuple[Incoming, ...]:
    """Return the tickets of a file in which every line must be good."""
    with opened(str(path)) as (stream, name):
        lines = list(read_lines(stream, name))
    if refused := [line.refused for line in lines if line.refused]:
        raise BadInput("; ".join(refused))
    return tuple(line.incoming for line in lines if line.incoming)


def _raw_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield raw lines, cut shortly after the limit so that an endless one costs no memory."""
    while raw := stream.readline(MOST_BYTES + 2):
        rest = raw
        while len(rest) == MOST_BYTES + 2 and not rest.endswith(b"\n"):
            rest = stream.readline(MOST_BYTES + 2)
        yield raw


def _incoming(raw: bytes, place: str) -> Incoming:
    if len(raw) > MOST_BYTES:
        raise BadInput(f"the line is longer than {MOST_BYTES:,} bytes", where=place)
    if b"\x00" in raw:
        raise BadInput("the line holds a NUL byte", where=place)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = f"byte 0x{raw[error.start]:02x} in column {error.start + 1}"
        raise BadInput(f"the line is not UTF-8 text ({byte})", where=place) from None
    try:
        incoming = Incoming.model_validate(parse_json(text, place))
    except ValidationError as error:
        raise BadInput(one_sentence(error), where=place) from None
    if not incoming.ticket.id.strip():
        raise BadInput("ticket.id: is empty", where=place)
    for field, value in _texts("", incoming.model_dump(mode="python")):
        if not _storable(value):
            raise BadInput(f"{field}: holds half a character (a lone surrogate)", where=place)
    return incoming


def _once(ticket_id: str, number: int, place: str, first_lines: dict[str, int]) -> None:
    first = first_lines.setdefault(ticket_id, number)
    if first != number:
        raise BadInput(f"ticket.id: {ticket_id!r} stands twice, first in line {first}", where=place)


def _texts(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(f"{path}.{key}".lstrip("."), item)


def _storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
