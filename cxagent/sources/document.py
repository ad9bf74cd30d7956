"""Reading documents: text, JSON and YAML, with the file, line and field of what is wrong."""

import json
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Union

import yaml
from pydantic import BaseModel, ValidationError

from cxagent.domain.account import Account
from cxagent.domain.money import Money
from cxagent.errors import BadInput

Loc = tuple[int | str, ...]


def read_text(path: Path) -> str:
    """Read a UTF-8 file, with or without a byte order mark; other encodings and NUL bytes are refused."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", where=str(path)) from None
    if (at := raw.find(b"\x00")) >= 0:
        raise BadInput("holds a NUL byte, so it is not UTF-8 text", where=_line(path, raw, at))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = f"byte 0x{raw[error.start]:02x}"
        raise BadInput(f"is not UTF-8 text ({byte})", where=_line(path, raw, error.start)) from None


def _line(path: Path, raw: bytes, at: int) -> str:
    line = raw.count(b"\n", 0, at) + 1
    return f"{path}:{line}"


def parse_json(text: str, where: str) -> Any:
    """Parse JSON; a key that stands twice in one object is refused, because one of them would be lost."""
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        name, _, first = where.rpartition(":")
        line = int(first) + error.lineno - 1
        raise BadInput(f"is not JSON: {error.msg} (column {error.colno})", where=f"{name}:{line}") from None
    except RecursionError:
        raise BadInput("is nested too deeply", where=where) from None
    except ValueError as error:
        raise BadInput(str(error), where=where) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found


def line_of(text: str, loc: Loc) -> int:
    """Return the line of a field in a JSON text, found key by key; the last key that is there counts."""
    at = 0
    for name in loc:
        found = text.find(f'"{name}"', at) if isinstance(name, str) else -1
        at = found if found >= 0 else at
    return text.count("\n", 0, at) + 1


def dotted(loc: Loc) -> str:
    """Return a place inside a document as one dotted path."""
    return ".".join(str(part) for part in loc) or "document"


def one_sentence(error: ValidationError) -> str:
    """Return the first fault of a validation as `field: what`."""
    first = error.errors(include_url=False)[0]
    what = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        what = "this key is not known"
    return f"{dotted(first['loc'])}: {what}"


@dataclass(frozen=True)
class AsWritten:
    """A YAML file with the lines of its keys."""

    path: Path
    data: Any
    root: yaml.Node | None

    def place(self, error: ValidationError) -> str:
        """Return file and line of the first fault."""
        node, line = self.root, 1
        for name in error.errors(include_url=False)[0]["loc"]:
            child = _child(node, name)
            if child is not None:
                line, node = child
        return f"{self.path}:{line}"


def _child(node: yaml.Node | None, name: int | str) -> tuple[int, yaml.Node] | None:
    match node:
        case yaml.MappingNode():
            for key, value in node.value:
                if str(key.value) == str(name):
                    return key.start_mark.line + 1, value
        case yaml.SequenceNode() if isinstance(name, int) and name < len(node.value):
            return node.value[name].start_mark.line + 1, node.value[name]
    return None


def read_yaml(path: Path) -> AsWritten:
    """Read a YAML file; a key that stands twice is refused."""
    text = read_text(path)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_twice(path, root)
        return AsWritten(path, yaml.safe_load(text), root)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadInput(f"is not YAML: {error.problem}", where=f"{path}:{line}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadInput(f"is not YAML: {error}", where=str(path)) from None


def _refuse_twice(path: Path, node: yaml.Node | None) -> None:
    match node:
        case yaml.MappingNode():
            seen: set[str] = set()
            for key, value in node.value:
                if str(key.value) in seen:
                    raise BadInput(f"the key {key.value!r} stands twice", where=f"{path}:{key.start_mark.line + 1}")
                seen.add(str(key.value))
                _refuse_twice(path, value)
        case yaml.SequenceNode():
            for value in node.value:
                _refuse_twice(path, value)


def check_path(path: str, items: list[set[str]]) -> None:
    """Refuse a path, or the fields of its list items, that the account document does not have."""
    if path == "id":
        raise ValueError("the id of an account is the key column of its table; do not map it again")
    kind: Any = Account
    for name in path.split("."):
        fields = {} if _is_list(kind) else _fields(kind)
        if name not in fields or (kind is not Account and name == "as_of"):
            raise ValueError(f"{path}: the account document has no such field to map")
        kind = fields[name]
    if not _is_list(kind) and _model(kind) not in (None, Money):
        raise ValueError(f"{path}: map its fields one by one")
    known = _fields(kind)
    for item in items:
        if unknown := sorted(item - known.keys()):
            raise ValueError(f"{path}: an item has no field {unknown[0]!r}")


def _is_list(kind: Any) -> bool:
    parts = typing.get_args(kind) if typing.get_origin(kind) in (Annotated, Union, types.UnionType) else (kind,)
    return any(typing.get_origin(part) is tuple for part in parts)


def _fields(kind: Any) -> dict[str, Any]:
    model = _model(kind)
    return {name: field.annotation for name, field in model.model_fields.items()} if model else {}


def _model(kind: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation such as `tuple[Contact, ...] | None`."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    if typing.get_origin(kind) in (Annotated, Union, types.UnionType, tuple):
        return next((model for part in typing.get_args(kind) if (model := _model(part))), None)
    return None
