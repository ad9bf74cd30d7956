"""Suites: files and folders of cases, read whole or refused by file, line and key."""

import json
import os
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from cxagent.errors import BadInput
from cxagent.evaluation.case import Case
from cxagent.evaluation.document import line_of, nearest, read_json, require_shallow, told
from cxagent.playbook import read_yaml
from cxagent.sources.document import read_text

OTHERS = ("cxagent.answer/", "cxagent.run/", "cxagent.trajectory/")
"""The forms of what else lies in a folder of suites, a line each: cassettes, runs, what other agents did."""
YAML = (".yaml", ".yml")
EMPTY = "the suite is empty: there is nothing to measure"


class Entry(NamedTuple):
    """One case as it is written: its place, its content, and in YAML the node that knows the lines of its keys."""

    where: str
    raw: Any
    node: yaml.Node | None = None


class Suite(NamedTuple):
    """Cases, and where each one stands."""

    cases: tuple[Case, ...]
    places: dict[str, str]


def load_suite(paths: Iterable[Path]) -> Suite:
    """Read suites (`.jsonl`, `.yaml`, or folders of them, however deep); `BadInput` names file, line and key."""
    places: dict[str, str] = {}
    found: list[Case] = []
    given = list(paths)
    for path in given:
        files = list(_suites(path)) if os.path.isdir(path) else [path]
        if not files:
            raise BadInput(EMPTY, where=str(path))
        for entry in chain.from_iterable(map(_entries, files)):
            case = _case(entry)
            if case.id in places:
                raise BadInput(f"id: {case.id!r} was used at {places[case.id]}", where=entry.where)
            places[case.id] = entry.where
            found.append(case)
    if not any(case.weight for case in found):
        said = "nothing weighs anything: a case needs a weight above 0" if found else EMPTY
        raise BadInput(said, where=", ".join(map(str, given)))
    return Suite(tuple(found), places)


def load_cases(paths: Iterable[Path]) -> tuple[Case, ...]:
    """Read the cases of suites; see `load_suite`."""
    return load_suite(paths).cases


def require_known_tools(suite: Suite, tools: Collection[str]) -> None:
    """Refuse a label or a reviewer that names an unknown tool: what nobody has can be forbidden without effect."""
    for case in suite.cases:
        # What a proposal makes up may be forbidden by its name: the gate must not let that very name through.
        known = {*tools, *(one.tool for one in (case.proposal.actions if case.proposal else ()))}
        for key, tool in _tools(case):
            if tool not in known:
                said = f"{key}: the project has no tool {tool!r}{nearest(tool, tools)}"
                raise BadInput(said, where=suite.places[case.id])


def _tools(case: Case) -> Iterator[tuple[str, str]]:
    yield from ((f"expect.forbid.{at}", tool) for at, tool in enumerate(case.expect.forbid))
    yield from ((f"expect.actions.{at}.tool", one.tool) for at, one in enumerate(case.expect.actions))
    for number, step in enumerate(case.operator):
        edited = step.edit.actions if step.edit else None
        yield from ((f"operator.{number}.edit.actions.{at}.tool", one.tool) for at, one in enumerate(edited or ()))
        yield from ((f"operator.{number}.then.actions.{at}.tool", one.tool) for at, one in enumerate(step.then.actions))


def require_known_roles(suite: Suite, roles: Collection[str]) -> None:
    """Refuse a scripted reviewer whom nobody in the playbook could be."""
    for case in suite.cases:
        for number, step in enumerate(case.operator):
            if step.role not in roles:
                said = f"operator.{number}.role: the playbook knows nobody with the role {step.role!r}"
                raise BadInput(said + nearest(step.role, roles), where=suite.places[case.id])


def _entries(path: Path) -> list[Entry]:
    if path.suffix.lower() in YAML:
        found = list(_from_yaml(path))
    else:
        lines = enumerate(read_text(path).split("\n"), start=1)
        found = [Entry(f"{path}:{number}", read_json(line, path, number)) for number, line in lines if line.strip()]
    if not found:
        raise BadInput(EMPTY, where=str(path))
    return found


def _suites(folder: Path) -> Iterator[Path]:
    """Yield every suite in a folder and below it, by name; folders that a dot hides are left alone."""
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", where=str(folder)) from None
    for inner in inside:
        if os.path.isdir(inner):
            yield from () if inner.name.startswith(".") else _suites(inner)
        elif _is_suite(inner):
            yield inner


def _is_suite(path: Path) -> bool:
    """A folder of suites also holds cost tables and cassettes; what cannot be told is a suite, and is then refused."""
    try:
        if path.suffix.lower() == ".jsonl":
            first = next(filter(str.strip, read_text(path).split("\n")), "{}")
            head = read_json(first, path)
            return not (isinstance(head, dict) and str(head.get("schema")).startswith(OTHERS))
        if path.suffix.lower() in YAML:
            # The stream begins, the document begins, and then it shows; a file of comments holds none.
            began = list(islice(yaml.parse(read_text(path)), 3))
            return not isinstance(began[-1], yaml.MappingStartEvent | yaml.StreamEndEvent)
    except (BadInput, yaml.YAMLError):
        return True
    return False


def _from_yaml(path: Path) -> Iterator[Entry]:
    raw = read_yaml(path)
    if not isinstance(raw, list):
        raise BadInput("a YAML suite is a list of cases", where=str(path))
    root = yaml.compose(read_text(path), Loader=yaml.SafeLoader)
    for item, node in zip(raw, root.value if root else (), strict=True):
        where = f"{path}:{line_of(node)}"
        require_shallow(item, where)
        try:
            text = json.dumps(item, default=lambda day: day.isoformat())
        except (TypeError, AttributeError):
            said = "a key or a value is neither text, number, list nor mapping; text with quotes around it is text"
            raise BadInput(said, where=where) from None
        yield Entry(where, read_json(text, Path(where)), node)


def _case(entry: Entry) -> Case:
    try:
        return Case.model_validate(entry.raw)
    except ValidationError as error:
        where = entry.where
        if entry.node is not None:
            where = f"{where.rpartition(':')[0]}:{line_of(entry.node, error.errors()[0]['loc'])}"
        raise BadInput(told(error, Case), where=where) from None
