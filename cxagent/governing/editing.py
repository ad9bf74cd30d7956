"""Change single values in the text of a playbook: comments, order and columns stay, and nothing else may differ.

A library that loads and writes the whole file would put its own spaces between the columns of every row. Here the
places of the values are taken from the parser's marks, and each is replaced where it stands.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

import yaml

from cxagent.differences import flat
from cxagent.errors import BadInput
from cxagent.playbook import Playbook, parse_playbook

NOBODY_YET = "nobody yet"
"""The approver of a text that is only proposed."""
GOVERNANCE = ("version", "author", "approver", "effective")
"""The lines that say who changed the playbook and when; they follow from the change."""
_PLAIN = re.compile(r"[A-Za-z](?:[\w.'()-]|, (?=\S)| (?=\S))*")
_DOTTED = re.compile(r"\d+(?:\.\d+){2,}")  # with one dot it would be read as a number
_PADDING = re.compile(r"[,}\]]*( {2,})(?=\S)")


class Signed(NamedTuple):
    """Under which version a change stands, who made it, who approved it, and from which day on it counts."""

    version: str
    author: str
    approver: str
    effective: date


def changed(text: str, changes: Mapping[str, str], signed: Signed) -> str:
    """Return the text of a playbook with some values replaced by path, and the lines of governance set."""
    said = {
        "version": signed.version if _DOTTED.fullmatch(signed.version) else quoted(signed.version),
        "author": plain(signed.author),
        "approver": plain(signed.approver),
        "effective": signed.effective.isoformat(),
    }
    new = _replaced(text, {**changes, **said})
    _nothing_else(text, new, {*changes, *GOVERNANCE})
    return new


def plain(words: str) -> str:
    """Return a text as YAML writes it: bare where that is safe, else in quotes."""
    reserved = words.lower() in ("yes", "no", "on", "off", "true", "false", "null", "y", "n")
    return words if _PLAIN.fullmatch(words) and not reserved else quoted(words)


def quoted(words: str) -> str:
    """Return a text in double quotes, which YAML reads as JSON does."""
    return json.dumps(words, ensure_ascii=False)


def _replaced(text: str, values: Mapping[str, str]) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    spots = sorted((_spot(root, path), value) for path, value in values.items())
    for (start, end), value in reversed(spots):
        text = text[:start] + value + _padded(text[end:], len(value) - (end - start))
    return text


def _padded(rest: str, longer: int) -> str:
    """Let the blanks behind a value take up the difference in length, so that the columns stay in line."""
    match = _PADDING.match(rest)
    if match is None:
        return rest
    blanks = max(1, len(match[1]) - longer)
    return rest[: match.start(1)] + " " * blanks + rest[match.end(1) :]


def _spot(root: yaml.Node | None, path: str) -> tuple[int, int]:
    """Return where the value of a path begins and ends; a step into a list is the role of its entry."""
    node = root
    for name in path.split("."):
        node = next((value for key, value in _steps(node) if key == name), None)
    if not isinstance(node, yaml.ScalarNode):
        raise BadInput("the file has no value there that can be replaced; an engineer changes it", where=path)
    return node.start_mark.index, node.end_mark.index


def _steps(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, value) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            yield from ((value.value, entry) for key, value in _steps(entry) if key == "role")


def _nothing_else(old: str, new: str, meant: set[str]) -> None:
    """Refuse an edit that changed another line too: a file may share one value between two places."""
    before, after = (flat(_book(text)) for text in (old, new))
    touched = {path for path in {*before, *after} if before.get(path) != after.get(path)} - meant
    if touched:
        also = ", ".join(sorted(touched)[:3])
        raise BadInput(
            f"the file shares this value with {also}; an engineer changes it", where=", ".join(sorted(meant))
        )


def _book(text: str) -> Playbook:
    return parse_playbook(text, "the playbook")
