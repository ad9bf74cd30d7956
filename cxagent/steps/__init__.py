"""The nodes of the graph, and the names that a graph file needs to connect them."""

from langgraph.graph import END, START

from cxagent.steps.bench import Bench
from cxagent.steps.nodes import NODES, Steps

__all__ = ["END", "NODES", "START", "Bench", "Steps"]
