"""What a playbook and its tools name must exist: tools, matters, roles, places of the account document, arguments."""

from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any

from cxagent.domain.account import Billing, Contract, Crm, Support
from cxagent.domain.tool import Tool, nothing_given
from cxagent.domain.value import Value
from cxagent.domain.vocabulary import ACT, SILENT
from cxagent.playbook import Playbook
from cxagent.proof.findings import Finding, error, warning

SECTIONS: Mapping[str, type[Value]] = {"crm": Crm, "billing": Billing, "contract": Contract, "support": Support}
DERIVED_PLACES = frozenset({"contract.rhythm", "billing.rhythm", "contract.seats", "billing.invoices.currency"})


def references(playbook: Playbook, tools: Mapping[str, Tool]) -> Iterator[Finding]:
    """Yield every name that leads nowhere."""
    for name in playbook.tools:
        if name not in tools:
            yield error(f"tools.{name}", f"tools.{name} limits a tool that is not declared")
    for tool in tools.values():
        yield from _tool(playbook, tools, tool)
    for intent, entry in playbook.intents.items():
        if entry.effect not in playbook.ceilings:
            yield error(f"intents.{intent}.effect", f"the class {entry.effect} of {intent} has no line under ceilings")
        if entry.matter is not None and entry.matter not in playbook.matters:
            yield error(f"intents.{intent}.matter", f"the matter {entry.matter!r} has no line under matters")
    yield from _lines(playbook, tools)
    yield from _engagement(playbook, tools)


def _tool(playbook: Playbook, tools: Mapping[str, Tool], tool: Tool) -> Iterator[Finding]:
    where = f"tool {tool.name}"
    if tool.effect not in SILENT and tool.effect not in playbook.ceilings:
        yield error(f"{where}.effect", f"the class {tool.effect} of {tool.name} has no line under ceilings")
    if tool.matter is not None and tool.matter not in playbook.matters:
        yield error(
            f"{where}.matter", f"{tool.name} declares the matter {tool.matter!r}, which has no line under matters"
        )
    for role in sorted(tool.roles - set(playbook.roles)):
        yield error(
            f"{where}.roles", f"{tool.name} needs the role {role!r}, which no line under roles gives to anybody"
        )
    for other in sorted(tool.opposes - set(tools)):
        yield error(f"{where}", f"{tool.name} refers to {other}, a tool that is not declared")
    known = tool.arguments.model_fields
    named = {"own": tool.own, "account": tool.account, "invoice": tool.invoice, "target": tool.target}
    for field, argument in named.items():
        if argument is not None and argument not in known:
            yield error(f"{where}.{field}", f"{tool.name} has no argument {argument!r}, so {field} would guard nothing")
    for field, arguments in {"recipients": tool.recipients, "needs": tool.needs, "dates": tool.dates}.items():
        for argument in sorted(set(arguments) - set(known)):
            yield error(f"{where}.{field}", f"{tool.name} has no argument {argument!r}, which {field} names")


def _lines(playbook: Playbook, tools: Mapping[str, Tool]) -> Iterator[Finding]:
    matters = used_matters(playbook, tools)
    for name in playbook.matters:
        if name not in matters:
            yield warning(
                f"matters.{name}", f"no tool and no intent has the matter {name!r}, so its line is never read"
            )
    for name in playbook.in_window:
        if name not in playbook.matters and name not in playbook.ceilings:
            yield error(f"in_window.{name}", f"in_window.{name} lowers a line that does not exist")
    for path in playbook.required_facts:
        if not _is_place(path):
            yield error(f"required_facts.{path}", f"the account document has no place {path!r}")
    for check in playbook.checks:
        for path in (check.left, check.right):
            if not _is_place(path) and path not in DERIVED_PLACES:
                yield error(f"checks.{check.name}", f"the account document has no place {path!r}")


def _engagement(playbook: Playbook, tools: Mapping[str, Tool]) -> Iterator[Finding]:
    for rule in playbook.engagement:
        where = f"engagement.{rule.account}"
        for name in sorted(rule.tools - set(tools)):
            yield error(where, f"the rule of engagement for {rule.account} names the undeclared tool {name}")
        if rule.cap == ACT or not (rule.effects or rule.tools):
            yield warning(where, f"the rule of engagement for {rule.account} lowers nothing")


def used_matters(playbook: Playbook, tools: Mapping[str, Tool]) -> frozenset[str]:
    """Return the matters that something can have: declared by a tool or an intent, or named by an assessment."""
    declared = {tool.matter for tool in tools.values() if tool.matter}
    declared |= {entry.matter for entry in playbook.intents.values() if entry.matter}
    return frozenset(declared).union(*(assessed_matters(playbook, tool) for tool in tools.values()))


def assessed_matters(playbook: Playbook, tool: Tool) -> frozenset[str]:
    """Return the playbook's matters whose names stand as words in the code of a tool's assessment."""
    code = getattr(tool.assess, "__code__", None)
    if tool.assess is nothing_given or not isinstance(code, CodeType):
        return frozenset()
    return frozenset(_words(code)) & frozenset(playbook.matters)


def _words(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        yield from _words(constant) if isinstance(constant, CodeType) else _strings(constant)


def _strings(constant: Any) -> Iterator[str]:
    match constant:
        case str():
            yield constant
        case tuple() | frozenset():
            for item in constant:
                yield from _strings(item)


def _is_place(path: str) -> bool:
    section, _, field = path.partition(".")
    return section in SECTIONS and field in SECTIONS[section].model_fields
