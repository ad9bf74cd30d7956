"""The shape of the graph is checked when it is built: no extension may lead around the audit or the gate."""

from collections.abc import Iterator
from typing import Any

from langgraph.graph import StateGraph

from cxagent.errors import BadInput
from cxagent.state import TicketInput, TicketState

GUARDS = {
    "propose": ("context_auditor",),
    "risk_gate": ("context_auditor",),
    "draft_for_approval": ("context_auditor", "risk_gate"),
    "act": ("context_auditor", "risk_gate"),
    "human_handoff": ("context_auditor", "risk_gate"),
}
"""Which nodes must lie on every path from the start to a node."""

BEFORE = {
    "propose": {"context_auditor"},
    "risk_gate": {"context_auditor", "propose", "draft_for_approval", "act"},
    "draft_for_approval": {"risk_gate", "draft_for_approval"},
    "act": {"risk_gate", "draft_for_approval"},
    "human_handoff": {"risk_gate", "draft_for_approval", "act"},
}
"""After which of the fixed nodes a node may come, nodes of one's own in between not counted.

It follows that every guard lies on every path from the start, and that nothing acts after a handoff without a new
ruling on a new audit.
"""

CHOOSES = {"risk_gate", "draft_for_approval"}
"""Nodes whose outcome decides what follows: what always followed them would follow a handoff and a rejection too."""

FIXED = {"__start__", "context_auditor", *GUARDS}
After = dict[str, dict[str, bool]]
"""What follows a node, and whether it follows only in some cases."""


class SupportGraph(StateGraph[TicketState, None, TicketInput, TicketState]):
    """A graph over the ticket's state; whoever compiles it, our agent or `langgraph dev`, has its shape checked."""

    def compile(self, *args: Any, **named: Any) -> Any:
        """Compile the graph, or refuse one in which something leads around a guard."""
        compiled = super().compile(*args, **named)
        require_shape(compiled)
        return compiled


def check_shape(graph: Any) -> tuple[str, ...]:
    """Return what is wrong with a compiled or uncompiled graph; nothing where no path leads around a guard.

    What this cannot see, a `Command(goto=...)` at run time, the executor refuses for want of an authorization.
    """
    drawn = (StateGraph.compile(graph) if isinstance(graph, StateGraph) else graph).get_graph()
    after: After = {node: {} for node in drawn.nodes}
    for edge in drawn.edges:
        after[edge.source][edge.target] = edge.conditional and after[edge.source].get(edge.target, True)
    starts = [node for node in after if node in FIXED]
    return (
        *(f"the node {name} is missing" for name in ("context_auditor", *GUARDS) if name not in after),
        *(said for start in starts for said in _wrong(after, start)),
    )


def require_shape(graph: Any) -> None:
    """Refuse a graph that leads around a guard."""
    if wrong := check_shape(graph):
        raise BadInput("; ".join(wrong), where="graph")


def _wrong(after: After, start: str) -> Iterator[str]:
    """Say which nodes may not come after a start; the way to them may lead through an engineer's own nodes."""
    seen, queue = {start}, [[start]]
    for path in queue:
        for following in sorted(after[path[-1]]):
            way = [*path, following]
            if following in BEFORE:
                if start not in BEFORE[following]:
                    yield _around(way)
                elif start in CHOOSES and not after[start][way[1]]:
                    yield f"{following} always comes after {start}, whatever that decides: {' → '.join(way)}"
            elif following not in seen and following not in FIXED:
                seen.add(following)
                queue.append(way)


def _around(way: list[str]) -> str:
    guards = GUARDS[way[-1]]
    without = guards if way[0] == "__start__" else guards[-1:]
    return f"{way[-1]} can be reached without {' and '.join(without)}: {' → '.join(way)}"
