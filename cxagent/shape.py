"""The shape of the graph is checked when it is built: no extension may lead around the audit or the gate."""

from collections.abc import Mapping
from typing import Any

from cxagent.errors import BadInput

GUARDS = {
    "propose": ("context_auditor",),
    "risk_gate": ("context_auditor",),
    "draft_for_approval": ("context_auditor", "risk_gate"),
    "act": ("context_auditor", "risk_gate"),
    "human_handoff": ("context_auditor", "risk_gate"),
}
"""Which nodes must lie on every path from the start to a node."""


def check_shape(graph: Any) -> tuple[str, ...]:
    """Return what is wrong with a compiled or uncompiled graph; nothing where every guard dominates its node.

    What this cannot see, a `Command(goto=...)` at run time, the executor refuses for want of an authorization.
    """
    drawn = (graph if hasattr(graph, "get_graph") else graph.compile()).get_graph()
    after: dict[str, set[str]] = {node: set() for node in drawn.nodes}
    for edge in drawn.edges:
        after[edge.source].add(edge.target)
    wrong = [f"the node {name} is missing" for name in ("context_auditor", *GUARDS) if name not in after]
    for node, guards in GUARDS.items():
        for guard in guards:
            if node in after and guard in after and _reaches(after, "__start__", node, without=guard):
                wrong.append(f"{node} can be reached without {guard}")
    return tuple(wrong)


def require_shape(graph: Any) -> None:
    """Refuse a graph that leads around a guard."""
    if wrong := check_shape(graph):
        raise BadInput("; ".join(wrong), where="graph")


def _reaches(after: Mapping[str, set[str]], start: str, target: str, without: str) -> bool:
    """Whether a path leads from start to target that avoids one node."""
    seen, queue = {start}, [start]
    while queue:
        for following in after[queue.pop()]:
            if following == target:
                return True
            if following not in seen and following != without:
                seen.add(following)
                queue.append(following)
    return False
