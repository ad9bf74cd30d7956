"""Proposed actions as forms: fields from a tool's own argument schema, read back into typed calls."""

import json
import types
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from cxagent.domain.proposal import Action
from cxagent.domain.tool import Tool
from cxagent.domain.value import Value
from cxagent.errors import BadInput

Kind = Literal["text", "long", "number", "date", "choice", "check", "lines", "json", "fixed"]
SHORT = 60
"""Characters above which a text gets more than one line."""


class Field(Value):
    """One argument of a proposed call, as a form shows it; `value` is what stands in the control."""

    name: str
    label: str
    kind: Kind
    value: str
    choices: tuple[str, ...] = ()
    required: bool = False

    @property
    def rows(self) -> int:
        """How many lines a long text gets."""
        return max(2, min(8, len(self.value) // SHORT + self.value.count("\n") + 1))


def fields(index: int, action: Action, tool: Tool | None) -> tuple[Field, ...]:
    """Return the fields of one proposed call; its account is shown and stays, and an unknown tool has texts alone."""
    if tool is None:
        return tuple(_field(index, name, value, None) for name, value in action.args.items())
    known = tool.arguments.model_fields
    strange = [name for name in action.args if name not in known]
    names = [*known, *strange]
    return tuple(_field(index, n, action.args.get(n), known.get(n), fixed=n == tool.account) for n in names)


def _field(index: int, name: str, value: Any, info: FieldInfo | None, *, fixed: bool = False) -> Field:
    kind: Kind
    kind, choices = ("fixed", ()) if fixed else _kind(info.annotation if info else str, value)
    shown = shown_as(value, kind)
    if kind == "text" and (len(shown) > SHORT or "\n" in shown):
        kind = "long"
    label = name.replace("_", " ")
    needed = bool(info and info.is_required()) and kind != "check"
    return Field(name=f"a{index}.{name}", label=label, kind=kind, value=shown, choices=choices, required=needed)


def _kind(annotation: Any, value: Any) -> tuple[Kind, tuple[str, ...]]:
    """Tell how an argument is typed in, from its annotation first and from what stands there where that is open."""
    inner = [one for one in _members(annotation) if one is not type(None)]
    if any(get_origin(one) is Literal for one in inner):
        return "choice", tuple(str(one) for kind in inner for one in get_args(kind))
    for one in inner:
        if isinstance(one, type) and issubclass(one, Enum):
            return "choice", tuple(str(member.value) for member in one)
    if isinstance(value, dict) or (isinstance(value, list) and any(not isinstance(one, str) for one in value)):
        return "json", ()
    if isinstance(value, list) or (value is None and any(get_origin(one) is list for one in inner)):
        return ("lines", ()) if all(get_args(one)[:1] != (dict[str, Any],) for one in inner) else ("json", ())
    if inner == [bool]:
        return "check", ()
    if date in inner and datetime not in inner and (value is None or _is_day(value)):
        return "date", ()
    if any(one in (int, Decimal) for one in inner) or (Any in inner and _is_number(value)):
        return "number", ()
    return "text", ()


def _members(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def _is_day(value: Any) -> bool:
    try:
        return bool(date.fromisoformat(str(value)))
    except ValueError:
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) or (
        isinstance(value, str) and value.replace(".", "", 1).lstrip("-").isdigit()
    )


def shown_as(value: Any, kind: Kind) -> str:
    """Return an argument as it stands in its control."""
    match kind:
        case "json":
            return json.dumps(value, ensure_ascii=False, indent=1) if value is not None else ""
        case "lines":
            return "\n".join(value or ())
        case "check":
            return "on" if value else ""
        case _:
            return "" if value is None else str(value)


def read(proposed: Sequence[Action], tools: Mapping[str, Tool], form: Mapping[str, Any]) -> tuple[Action, ...] | None:
    """Return the calls as they were typed, or None where they are the proposed ones or the form shows none.

    `BadInput` names the field that does not fit. A call whose box is off is left out.
    """
    if not any(f"a{index}.tool" in form for index in range(len(proposed))):
        return None
    found = []
    for index, action in enumerate(proposed):
        if f"a{index}.run" in form:
            found.append(_read_one(index, action, tools.get(action.tool), form))
    return None if tuple(found) == tuple(proposed) else tuple(found)


def typed(proposed: Sequence[Action], tools: Mapping[str, Tool], actions: Sequence[Action]) -> dict[str, str]:
    """Return what must have been typed for some calls to come out: the opposite of `read`."""
    rest, found = list(actions), {}
    for index, action in enumerate(proposed):
        found[f"a{index}.tool"] = action.tool
        mine = next((one for one in rest if one.tool == action.tool), None)
        if mine is None:
            continue
        rest.remove(mine)
        found[f"a{index}.run"] = "on"
        for field in fields(index, mine, tools.get(mine.tool)):
            if field.kind != "check" or field.value:
                found[field.name] = field.value
    return found


def _read_one(index: int, action: Action, tool: Tool | None, form: Mapping[str, Any]) -> Action:
    args = dict(action.args)
    for field in fields(index, action, tool):
        name = field.name.partition(".")[2]
        typed = form.get(field.name)
        if field.kind == "fixed" or (typed is None and field.kind != "check"):
            continue
        text = str(typed or "").replace("\r\n", "\n")
        if text.strip() == field.value.strip():
            continue
        value = _typed(field, text, action.args.get(name))
        if value is None:
            args.pop(name, None)
        else:
            args[name] = value
    changed = Action(tool=action.tool, args=args)
    if tool is not None and changed != action:
        try:
            tool.arguments.model_validate(args)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = str(first["loc"][0]) if first["loc"] else ""
            raise BadInput(first["msg"].lower(), where=f"a{index}.{place}") from None
    return changed


def _typed(field: Field, text: str, before: Any) -> Any:
    """Return what was typed as the tool takes it: an amount stays the text that it was, never a float."""
    text = text.strip()
    if field.kind == "check":
        return bool(text)
    if not text:
        if field.required:
            raise BadInput("must not be empty", where=field.name)
        return None
    match field.kind:
        case "lines":
            return [line.strip() for line in text.splitlines() if line.strip()]
        case "json":
            try:
                return json.loads(text)
            except ValueError:
                raise BadInput("is no list in the form that stood there", where=field.name) from None
        case "number":
            if not _is_number(text):
                raise BadInput(f"{text!r} is no plain number, such as 40 or 40.00", where=field.name)
            return int(text) if isinstance(before, int) and text.lstrip("-").isdigit() else text
        case "choice" if text not in field.choices:
            raise BadInput(f"{text!r} is none of {', '.join(field.choices)}", where=field.name)
        case "date" if not _is_day(text):
            raise BadInput(f"{text!r} is no day, such as 2026-12-31", where=field.name)
        case _:
            return text
