"""Declare a tool with `@action`; nothing declared here runs without an authorization.

```python
@action(effect="financial", reversible="partial", assess=gives_amount, moves="money", account="account_id")
def issue_credit(call: Call, account_id: str, amount: Decimal, currency: str, reason: str) -> dict[str, str]:
    \"\"\"Give the account a credit.\"\"\"
```
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, create_model

from cxagent.domain.tool import Tool
from cxagent.domain.vocabulary import Autonomy, EffectClass
from cxagent.errors import BadInput, Unauthorized


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
        self[tool.name] = tool


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
