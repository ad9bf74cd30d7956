"""Tickets from a stream: each wrong line is refused by file, line and field, and the good ones go on."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from cxagent import intake
from cxagent.errors import BadInput
from cxagent.intake import MOST_BYTES, read_lines, read_tickets


def ticket(**changes: Any) -> dict[str, Any]:
    """Return a good ticket with some fields changed; a field that becomes `...` is left out."""
    fields = {
        "id": "T-1",
        "channel": "email",
        "received_at": "2026-11-21T09:30:00Z",
        "sender": {"email": "ada@example.com"},
        "body": "How do I share a report?",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not ...}


def line(**changes: Any) -> bytes:
    """Return one good line of input with some fields of the ticket changed."""
    return json.dumps({"ticket": ticket(**changes), "account_id": "ACC-1"}).encode()


def refusals(*raw: bytes) -> list[str | None]:
    """Read lines and return what was refused, None for each good one."""
    return [one.refused for one in read_lines(io.BytesIO(b"\n".join(raw) + b"\n"), "in.jsonl")]


BAD = {
    "not JSON": (b'{"ticket": ', "in.jsonl:2: is not JSON: Expecting value (column 12)"),
    "no object": (b"[1, 2]", "in.jsonl:2: document: "),
    "no ticket": (b'{"account_id": "ACC-1"}', "in.jsonl:2: ticket: Field required"),
    "unknown key": (line()[:-1] + b', "acount": "A"}', "in.jsonl:2: acount: this key is not known"),
    "unknown key inside": (line(priority="p1"), "in.jsonl:2: ticket.priority: this key is not known"),
    "missing field": (line(body=...), "in.jsonl:2: ticket.body: Field required"),
    "a key twice": (b'{"ticket": {}, "ticket": {}}', "in.jsonl:2: the key 'ticket' stands twice in one object"),
    "escaped NUL": (line(body="a\x00b"), "in.jsonl:2: ticket.body: holds a NUL byte"),
    "raw NUL": (line().replace(b"share", b"sh\x00re"), "in.jsonl:2: the line holds a NUL byte"),
    "naive time": (
        line(received_at="2026-11-21T09:30:00"),
        "in.jsonl:2: ticket.received_at: Input should have timezone",
    ),
    "no date": (line(received_at="yesterday"), "in.jsonl:2: ticket.received_at: Input should be a valid datetime"),
    "epoch": (line(received_at=1795253400), "in.jsonl:2: ticket.received_at: write the time as ISO 8601"),
    "unknown channel": (line(channel="fax"), "in.jsonl:2: ticket.channel: Input should be 'email'"),
    "number as id": (line(id=7), "in.jsonl:2: ticket.id: Input should be a valid string"),
    "empty id": (line(id=" "), "in.jsonl:2: ticket.id: is empty"),
    "half a character": (line(subject="\ud83d"), "in.jsonl:2: ticket.subject: holds half a character"),
    "half a name": (line(sender={"email": "\udc00@x"}), "in.jsonl:2: ticket.sender.email: holds half a character"),
    "latin-1": (
        '{"ticket": "Grüße"}'.encode("latin-1"),
        "in.jsonl:2: the line is not UTF-8 text (byte 0xfc in column 15)",
    ),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "in.jsonl:2: the line holds a NUL byte"),
    "deep": (b"[" * 200_000, "in.jsonl:2: is nested too deeply"),
    "endless number": (b'{"ticket": ' + b"9" * 5000 + b"}", "in.jsonl:2: "),
    "10 MB": (line(body="x" * MOST_BYTES), "in.jsonl:2: the line is longer than 10,000,000 bytes"),
}


@pytest.mark.parametrize(("raw", "said"), BAD.values(), ids=BAD)
def test_a_wrong_line_is_refused_by_place_and_field(raw: bytes, said: str) -> None:
    """A wrong line gets one sentence that names file, line and field; the lines around it are read."""
    before, refused, after = refusals(line(id="A"), raw, line(id="B"))
    assert (before, after) == (None, None)
    assert refused is not None
    assert refused.startswith(said)


def test_an_id_stands_once_in_an_input() -> None:
    """The second ticket of an id is refused and names the line of the first; a refused line does not count as first."""
    wrong = line(id="T-2", channel="fax")
    assert [one and one.partition(": ")[2] for one in refusals(line(), wrong, line(), line(id="T-2"))] == [
        None,
        "ticket.channel: Input should be 'email', 'chat', 'web' or 'api'",
        "ticket.id: 'T-1' stands twice, first in line 1",
        None,
    ]


def test_blank_lines_a_mark_and_windows_endings_are_no_tickets() -> None:
    """A byte order mark, blank lines and CRLF change nothing, and the lines are still numbered as an editor does."""
    raw = b"\xef\xbb\xbf" + line() + b"\r\n\r\n  \n" + line(id="T-2", channel="fax")
    assert [one.place for one in read_lines(io.BytesIO(raw), "in")] == ["in:1", "in:4"]


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_input_without_tickets_is_refused(raw: bytes) -> None:
    """An empty input is a mistake of the caller, not zero tickets."""
    with pytest.raises(BadInput, match="in: holds no tickets"):
        list(read_lines(io.BytesIO(raw), "in"))


def test_an_endless_line_costs_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is beyond the limit is skipped piece by piece, and the next line is read."""
    monkeypatch.setattr(intake, "MOST_BYTES", 400)

    class Measured(io.BytesIO):
        """A stream that knows the longest piece that was asked of it."""

        longest = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            """Read a line."""
            raw = super().readline(size)
            Measured.longest = max(Measured.longest, len(raw))
            return raw

    stream = Measured(line(body="x" * 5000) + b"\n" + line() + b"\n")
    assert [one.refused is None for one in read_lines(stream, "in")] == [False, True]
    assert Measured.longest <= 402


@pytest.mark.parametrize(("name", "said"), [("gone.jsonl", "No such file"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, said: str) -> None:
    """A missing file and a folder get a sentence."""
    with pytest.raises(BadInput, match=said):
        read_tickets(tmp_path / name)


def test_a_file_of_the_project_must_be_good_throughout(tmp_path: Path) -> None:
    """Where every line must be good, all wrong ones are named at once."""
    file = tmp_path / "tickets.jsonl"
    file.write_bytes(b"\n".join([line(), line(id="B", channel="fax"), b"{"]))
    with pytest.raises(BadInput, match=r"tickets.jsonl:2: ticket.channel.*tickets.jsonl:3: is not JSON"):
        read_tickets(file)
