"""Documents that come from outside: JSON read strictly, so that no key hides another and nothing runs away."""

import json
import math
import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from cxagent.errors import BadInput
from cxagent.playbook import explain

Loc = tuple[int | str, ...]

LIGHTEST, HEAVIEST = 1e-9, 1e9

DEEPEST, MOST_PARTS, MOST_DIGITS = 100, 1_000_000, 300
"""How deep a document may be nested, of how many parts it may consist, and how long a number may be."""


def read_json(text: str, path: Path, line: int | None = None) -> Any:
    """Read JSON, the whole file or one line of it; what two readers could understand differently is refused."""
    where = str(path) if line is None else f"{path}:{line}"
    try:
        raw = _STRICT.decode(text)
        if _ESCAPED_HALF.search(text):
            json.dumps(raw, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        place = f"{path}:{(line or 1) + error.lineno - 1}:{error.colno}"
        raise BadInput(f"not valid JSON: {error.msg}", where=place) from None
    except RecursionError:
        raise BadInput("is nested too deeply", where=where) from None
    except ValueError as error:
        torn = isinstance(error, UnicodeEncodeError)
        raise BadInput("holds half a character (a lone surrogate)" if torn else str(error), where=where) from None
    if text.count("[") + text.count("{") > DEEPEST:
        require_shallow(raw, where)
    return raw


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(one for one in names if names.count(one) > 1)!r} stands twice in one object")
    return found


def _figure(text: str) -> float:
    if len(text) > MOST_DIGITS or not math.isfinite(number := float(text)):
        raise ValueError(f"{text[:20]} ({len(text):,} characters) is no figure that anybody means")
    return number if set(text) & set(".eE") else int(text)


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_figure, parse_float=_figure, parse_constant=_figure)
_ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def require_shallow(raw: Any, where: str) -> None:
    """Refuse what is nested so deep that it could not be written again, loops and aliases of aliases included."""
    level, parts = [raw], 0
    for _ in range(DEEPEST):
        level = [one for one in level if isinstance(one, dict | list | tuple)]
        parts += sum(map(len, level))
        if parts > MOST_PARTS:
            raise BadInput(f"holds more than {MOST_PARTS:,} parts", where=where)
        if not level:
            return
        level = list(chain.from_iterable(one.values() if isinstance(one, dict) else one for one in level))
    raise BadInput("is nested too deeply", where=where)


def nearest(name: str, known: Collection[str]) -> str:
    """Return the known name that was perhaps meant, as the end of a sentence; empty where none is near."""
    near = get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {str(near[0])!r}?" if near else ""


def told(error: ValidationError, model: type[BaseModel]) -> str:
    """Return what is wrong with a document in one sentence, and the keys that were perhaps meant by unknown ones."""
    schema = model.model_json_schema(by_alias=True)
    meant = []
    for item in error.errors(include_url=False):
        *inside, key = item["loc"] or ("",)
        near = get_close_matches(str(key), sorted(_keys(schema, inside)), n=1)
        meant += [f"{near[0]!r} for {str(key)!r}"] if near and item["type"] == "extra_forbidden" else []
    return explain(error) + (f"; did you mean {', '.join(meant)}?" if meant else "")


def _keys(schema: Mapping[str, Any], loc: Iterable[int | str]) -> set[str]:
    """Return the keys that an object at a place may have."""
    nodes = _objects(schema, schema)
    for step in loc:
        # A step that no object has, such as the name of a validator, leads nowhere further.
        inner = [
            node["items"] if isinstance(step, int) else node["properties"][step] for node in nodes if _has(node, step)
        ]
        nodes = [found for node in inner for found in _objects(schema, node)] or nodes
    return {key for node in nodes for key in node.get("properties", ())}


def _has(node: Mapping[str, Any], step: int | str) -> bool:
    return "items" in node if isinstance(step, int) else step in node.get("properties", ())


def _objects(schema: Mapping[str, Any], node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return a part of a JSON Schema with its references and alternatives followed."""
    if "$ref" in node:
        return _objects(schema, schema["$defs"][node["$ref"].rpartition("/")[2]])
    if "anyOf" in node:
        return [found for one in node["anyOf"] for found in _objects(schema, one)]
    return [node]


def line_of(node: yaml.Node, loc: Loc = ()) -> int:
    """Return the line of a place in a YAML document, followed key by key as far as it is there."""
    line = int(node.start_mark.line) + 1
    for step in loc:
        inside = (
            {str(key.value): (key, value) for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
        )
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            inside = {str(step): (node.value[step], node.value[step])}
        if found := inside.get(str(step)):
            line, node = int(found[0].start_mark.line) + 1, found[1]
    return line
