"""Declare a tool with `@action`; nothing declared here runs without an authorization.

```python
@action(effect="financial", reversible="partial", assess=gives_amount, moves="money", account="account_id")
def issue_credit(call: Call, account_id: str, amount: Decimal, currency: str, reason: str) -> dict[str, str]:
    \"\"\"Give the account a credit.\"\"\"
```

What follows from a done call is declared beside it and is an action again, so that it needs an authorization too:

```python
@action(..., undo=lambda args, result: Action(tool="revoke_access", args={"user": args["user"]}))
```
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, StrictBool, StrictStr, ValidationError, create_model

from cxagent.domain.proposal import Action
from cxagent.domain.tool import Following, Tool
from cxagent.domain.vocabulary import Autonomy, EffectClass
from cxagent.errors import BadInput, Unauthorized
from cxagent.playbook import explain


class Warrant(Protocol):
    """Proof, checked against the ledger, that one exact call was authorized and recorded as started."""

    def covers(self, tool: str, args: Mapping[str, Any]) -> bool: ...


@dataclass(frozen=True)
class Call:
    """What a tool is told beside its arguments: the idempotency key to hand on, and whose ticket it is."""

    key: str
    account_id: str
    ticket_id: str
    warrant: Warrant
    home: Path
    settings: Mapping[str, Any] = field(default_factory=dict)


class Toolbox(dict[str, Tool]):
    """The tools of a project by name."""

    def add(self, tool: Tool) -> None:
        """Take in a tool; a second one of the same name is refused."""
        if tool.name in self:
            raise BadInput(f"the tool {tool.name!r} is declared twice")
        _refuse_contradiction(tool)
        self[tool.name] = tool

    @property
    def offered(self) -> Mapping[str, Tool]:
        """The tools that a model may propose: all but those that only confirm."""
        return {name: tool for name, tool in self.items() if not tool.confirms}


class Checked(BaseModel):
    """What a check found: whether the effect holds, and a sentence about it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    holds: StrictBool
    said: StrictStr


def undo_of(tool: Tool, tools: Mapping[str, Tool], args: Mapping[str, Any], result: Any) -> Action | None:
    """Return the action that takes a done call back, or None; raise `BadInput` where what is declared cannot run."""
    return _following("undo", tool.undo, tool.name, tools, args, result)


def check_of(tool: Tool, tools: Mapping[str, Tool], args: Mapping[str, Any], result: Any) -> Action | None:
    """Return the action that looks whether a done call held, or None; raise `BadInput` where it could do more."""
    action = _following("check", tool.check, tool.name, tools, args, result)
    if action is not None and (effect := tools[action.tool].effect) is not EffectClass.INTERNAL_READ:
        raise BadInput(f"the check of {tool.name} names {action.tool}, which is {effect}; a check may only read")
    return action


def checked(check: Action, result: Any) -> Checked:
    """Read what a check returned; an answer that is not plainly yes or no is refused, never taken for a yes."""
    try:
        return Checked.model_validate(result)
    except ValidationError as error:
        raise BadInput(f"{check.tool} did not tell whether the effect holds: {explain(error)}") from None


def action(
    *, effect: str, roles: tuple[str, ...] = (), role_cap: str = "handoff", **declared: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the decorated function as a tool; see `Tool` for the other keywords.

    The function takes a `Call` first; its other parameters become the argument schema.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        for plural in ("opposes", "dates"):
            if plural in declared:
                declared[plural] = frozenset(declared[plural])

        def guarded(call: Call, **args: Any) -> Any:
            if not isinstance(call, Call) or not call.warrant.covers(function.__name__, args):
                raise Unauthorized(f"{function.__name__} was called without an authorization for these arguments")
            return function(call, **_parsed(arguments, args))

        arguments = _arguments(function)
        tool = Tool(
            name=function.__name__,
            effect=EffectClass(effect),
            summary=inspect.cleandoc(function.__doc__ or function.__name__).splitlines()[0],
            arguments=arguments,
            run=guarded,
            roles=frozenset(roles),
            role_cap=Autonomy(role_cap),
            **declared,
        )
        guarded.tool = tool  # type: ignore[attr-defined]
        guarded.__name__, guarded.__doc__ = function.__name__, function.__doc__
        return guarded

    return declare


def _refuse_contradiction(tool: Tool) -> None:
    """Refuse what is wrong in a declaration whatever the call: what follows is only known once a call is done."""
    for what, following in (("undo", tool.undo), ("check", tool.check)):
        if following is not None and not callable(following):
            raise BadInput(f"the {what} of {tool.name} is {following!r}; it must be a function that returns an Action")
    if tool.undo is not None and tool.reversible == "no":
        raise BadInput(f'{tool.name} declares an undo and reversible="no"; one of the two is wrong')
    if tool.check_after and tool.check is None:
        raise BadInput(f"{tool.name} declares check_after, but no check")
    if tool.check_after < timedelta(0):
        raise BadInput(f"the check_after of {tool.name} is negative")
    if tool.confirms and tool.effect is not EffectClass.INTERNAL_READ:
        raise BadInput(f"{tool.name} confirms, but it is {tool.effect}; what confirms may only read (internal_read)")


def _following(
    what: str,
    following: Following | None,
    name: str,
    tools: Mapping[str, Tool],
    args: Mapping[str, Any],
    result: Any,
) -> Action | None:
    if following is None:
        return None
    try:
        action = following(args, result)
    except Exception as error:  # an engineer's function meets what an outside system returned
        raise BadInput(f"the {what} of {name} cannot be told: {type(error).__name__}: {error}") from error
    match action:
        case None:
            return None
        case Action():
            return _runnable(f"the {what} of {name}", action, tools)
        case _:
            raise BadInput(f"the {what} of {name} returned {type(action).__name__}, which is no Action")


def _runnable(whose: str, action: Action, tools: Mapping[str, Tool]) -> Action:
    if action.tool not in tools:
        raise BadInput(f"{whose} names {action.tool!r}, a tool that is not declared")
    try:
        tools[action.tool].arguments.model_validate(action.args)
    except ValidationError as error:
        raise BadInput(f"{whose} calls {action.tool} with unfit arguments: {explain(error)}") from None
    return action


def _arguments(function: Callable[..., Any]) -> type[BaseModel]:
    parameters = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    fields: dict[str, Any] = {
        p.name: (p.annotation, ... if p.default is inspect.Parameter.empty else p.default) for p in parameters
    }
    return create_model(
        function.__name__, __config__=ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True), **fields
    )


def _parsed(arguments: type[BaseModel], args: Mapping[str, Any]) -> dict[str, Any]:
    value = arguments.model_validate(args)
    return {name: getattr(value, name) for name in type(value).model_fields}
