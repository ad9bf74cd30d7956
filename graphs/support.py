"""The support graph: what happens to a ticket, on one screen.

Load it with `langgraph dev`, or open it with `cxagent.project.Project`. Add nodes of your own where you like: a graph
in which something leads around the audit or the gate is refused when it is opened.
"""

from cxagent.project import Project
from cxagent.steps import END, START

project = Project.beside(__file__)
steps = project.steps

graph = project.state_graph()
graph.add_node("context_auditor", steps.context_auditor)
graph.add_node("propose", steps.propose)
graph.add_node("risk_gate", steps.risk_gate)
graph.add_node("draft_for_approval", steps.draft_for_approval)
graph.add_node("act", steps.act)
graph.add_node("human_handoff", steps.human_handoff)

graph.add_edge(START, "context_auditor")
graph.add_conditional_edges("context_auditor", steps.after_audit)
graph.add_edge("propose", "risk_gate")
graph.add_conditional_edges("risk_gate", steps.after_gate)
graph.add_conditional_edges("draft_for_approval", steps.after_review)
graph.add_conditional_edges("act", steps.after_act)
graph.add_edge("human_handoff", END)
