"""An engineer's own parts: they plug in beside the product's, and none of them leads around the audit or the gate."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langgraph.graph import StateGraph
from langgraph.types import Command

from cxagent import clock
from cxagent.actions import Call, action
from cxagent.agent import Agent
from cxagent.cli.demo import day_of, tickets_of
from cxagent.domain.account import Account
from cxagent.domain.proposal import Action, Part, Proposal
from cxagent.domain.ruling import Cap
from cxagent.domain.vocabulary import ACT, DRAFT, Reason, Stance
from cxagent.errors import BadInput, Refused
from cxagent.ledger.store import TABLES
from cxagent.project import Project, load_graph_file
from cxagent.proposers import Known
from cxagent.rules.submission import Submission
from cxagent.scaffold import copy_to
from cxagent.shape import BEFORE, FIXED, check_shape
from cxagent.sources import HeldSource
from cxagent.steps import NODES, START

Edit = tuple[str, str]
SMALL, LARGE = "T-003", "T-010"
"""Tickets of the sample world: a small calm account that gets a credit at once, and a global one that gets drafts."""
HANDED_OFF = "T-018"

SHARED: list[str] = []


@action(effect="public_info", reversible="yes", idempotent=True)
def share_changelog(call: Call, page: str) -> dict[str, str]:
    """Send a page of the public changelog."""
    SHARED.append(page)
    return {"page": page}


class Scripted:
    """A proposer of one's own that always says the same."""

    name, reads = "mine", True

    def __init__(self, proposal: Proposal) -> None:
        self.proposal, self.asked = proposal, 0

    def propose(self, known: Known) -> Proposal:
        """Return the one proposal."""
        self.asked += 1
        return self.proposal


def says(reply: str, *actions: Action, intent: str = "howto_question") -> Scripted:
    """Return a proposer that gives information."""
    return Scripted(Proposal(parts=(Part(intent=intent, stance=Stance.INFORM, actions=actions),), reply=reply))


CHANGELOG = says("The changelog has it.", Action(tool="share_changelog", args={"page": "2026-11"}))


# ---- a project that an engineer builds on ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the reference deployment; one for all tests, because every copy's playbook is proven once."""
    folder = tmp_path_factory.mktemp("own") / "project"
    copy_to(folder)
    return folder


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test a ledger of its own."""
    monkeypatch.setenv("CXAGENT_DATABASE_URL", f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    SHARED.clear()


def wired(project: Project, *edits: Edit, **names: Any) -> Any:
    """Return the graph of the project's own graph file, with lines changed as an engineer would change them."""
    text = (project.home / "graphs" / "support.py").read_text(encoding="utf-8")
    for old, new in (("project = Project.beside(__file__)\n", ""), *edits):
        assert old in text
        text = text.replace(old, new)
    held = {"project": project, **names}
    exec(compile(text, "support.py", "exec"), held)
    return held["graph"]


def opened(home: Path, *edits: Edit, names: Mapping[str, Any] | None = None, **parts: Any) -> Agent:
    """Open an agent over the copied deployment with an engineer's parts and changed lines."""
    project = Project.beside(str(home / "graphs" / "support.py"), **parts)
    return Agent(project, wired(project, *edits, **(names or {})))


def run(agent: Agent, ticket_id: str) -> dict[str, Any]:
    """Take one ticket of the sample world through an agent, on that world's day."""
    (incoming,) = (one for one in tickets_of(agent.project) if one.ticket.id == ticket_id)
    with clock.frozen(day_of(agent.project)):
        return agent.run(incoming)


def rows(agent: Agent, table: str) -> list[dict[str, Any]]:
    """Return what the ledger holds in a table."""
    with agent.store.read() as connection:
        return [dict(row) for row in connection.execute(TABLES[table].select()).mappings()]


def seen_by(agent: Agent, personal_id: str) -> Any:
    """Return the text that a row of the ledger points to."""
    return next(json.loads(row["payload"]) for row in rows(agent, "personal") if row["id"] == personal_id)


# ---- own parts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ticket", "autonomy", "shared"), [("T-008", "act", ["2026-11"]), (LARGE, "draft", [])])
def test_an_own_proposer_with_an_own_tool(home: Path, ticket: str, autonomy: str, shared: list[str]) -> None:
    """What an own proposer wants from an own tool happens at once for a small account and waits for a global one."""
    agent = opened(home, proposers=[CHANGELOG], tools=[share_changelog])
    assert run(agent, ticket)["autonomy"] == autonomy
    assert shared == SHARED


def test_an_own_tool_runs_only_with_an_authorization(home: Path) -> None:
    """An own tool that is called directly does nothing."""
    with pytest.raises(Refused):
        share_changelog(None, page="2026-11")
    assert SHARED == []


def test_an_own_source_decides_what_the_account_is(home: Path) -> None:
    """The facts of an own source go before the configured ones: the same ticket of a larger account is not acted on."""
    document = json.loads((home / "tools/world/accounts/ACC-103.json").read_text(encoding="utf-8"))
    document["crm"]["clv"] = {"amount": "5000000.00", "currency": "USD"}
    source = HeldSource([Account.model_validate(document)], name="mine")
    assert run(opened(home, sources=[source]), SMALL)["autonomy"] != "act"


def capping(sub: Submission) -> Iterator[Cap]:
    """Cap everything at a draft."""
    yield Cap(autonomy=DRAFT, reason=Reason.RULE_OF_ENGAGEMENT, why="it is Saturday", unless="it were Monday")


def permitting(sub: Submission) -> Iterator[Cap]:
    """Try to allow everything."""
    yield Cap(autonomy=ACT, reason=Reason.RULE_OF_ENGAGEMENT, why="all is well", unless="")


def raising(sub: Submission) -> Iterator[Cap]:
    """Fail."""
    raise KeyError("no such customer")


def permitting_parts(sub: Submission, view: Any) -> Iterator[Cap]:
    """Try to allow every part."""
    return permitting(sub)


def garbled(sub: Submission) -> Any:
    """Return no caps at all."""
    return ["act"]


@pytest.mark.parametrize(("rule", "autonomy"), [(capping, "draft"), (raising, "handoff"), (garbled, "handoff")])
def test_an_own_rule_lowers(home: Path, rule: Callable[..., Any], autonomy: str) -> None:
    """An own rule caps what would have been done alone; one that fails or answers nonsense brings in a person."""
    agent = opened(home, ticket_rules=[rule])
    result = run(agent, SMALL)
    assert result["autonomy"] == autonomy
    assert rows(agent, "execution") == rows(agent, "outbox") == []


def test_a_failing_rule_names_itself(home: Path) -> None:
    """The ruling says which own rule failed, and how."""
    agent = opened(home, ticket_rules=[raising])
    run(agent, SMALL)
    (why,) = rows(agent, "handoff")
    assert "the rule raising failed: KeyError: 'no such customer'" in str(seen_by(agent, why["personal_id"])["why"])


def test_an_own_rule_cannot_raise(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that answer `act` to everything change no ruling of the sample world."""

    def rulings(name: str, **parts: Any) -> list[tuple[str, list[str]]]:
        monkeypatch.setenv("CXAGENT_DATABASE_URL", f"sqlite:///{tmp_path / name}")
        agent = opened(home, **parts)
        results = [run(agent, one.ticket.id) for one in tickets_of(agent.project)]
        return [(result["autonomy"], result["reasons"]) for result in results]

    plain = rulings("plain.sqlite")
    assert {autonomy for autonomy, _ in plain} == {"act", "draft", "handoff"}
    assert rulings("own.sqlite", ticket_rules=[permitting], part_rules=[permitting_parts]) == plain


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"tools": [len]}, "len is no tool: has no tool; declare the function with @action"),
        ({"proposers": [Scripted]}, "Scripted is no proposer: is a class, not an instance"),
        ({"proposers": [SimpleNamespace(name="mine")]}, "is no proposer: has no propose"),
        ({"sources": [SimpleNamespace(name="mine")]}, "is no source: has no accounts_of"),
        ({"ticket_rules": ["capping"]}, "str is no rule"),
        ({"part_rules": [partial(capping)]}, "partial is no rule: has no __name__"),
    ],
)
def test_a_part_that_cannot_work_is_refused_when_it_is_passed(home: Path, parts: dict[str, Any], said: str) -> None:
    """A part of the wrong kind is named at once and not in the middle of a ticket."""
    with pytest.raises(BadInput, match=said):
        Project.beside(str(home / "graphs" / "support.py"), **parts)


# ---- own nodes ------------------------------------------------------------------------------------------------------

BETWEEN = (
    'graph.add_edge("propose", "risk_gate")',
    'graph.add_node("mine", mine)\ngraph.add_edge("propose", "mine")\ngraph.add_edge("mine", "risk_gate")',
)
AFTERWARDS = (
    'graph.add_edge("human_handoff", END)',
    'graph.add_node("mine", mine)\ngraph.add_edge("human_handoff", "mine")\ngraph.add_edge("mine", END)',
)


def test_an_own_node_between_proposal_and_gate(home: Path) -> None:
    """An own node sees the proposal before the gate does, and the ticket goes on."""
    seen: list[str] = []
    agent = opened(home, BETWEEN, names={"mine": lambda state: seen.append(state["proposal"]["reply"])})
    assert run(agent, SMALL)["autonomy"] == "act"
    assert len(seen) == 1


def test_what_an_own_node_writes_is_judged(home: Path) -> None:
    """A promise that an own node puts into the reply is stopped by the gate like the proposer's own."""

    def mine(state: dict[str, Any]) -> dict[str, Any]:
        return {"proposal": {**state["proposal"], "reply": "It will be fixed by Friday at the latest."}}

    agent = opened(home, BETWEEN, names={"mine": mine})
    assert run(agent, SMALL)["autonomy"] != "act"
    assert rows(agent, "outbox") == []


def test_an_own_node_after_the_handoff(home: Path) -> None:
    """An own node after the handoff learns who owns the ticket."""
    told: list[dict[str, Any]] = []
    agent = opened(home, AFTERWARDS, names={"mine": lambda state: told.append(state["outcome"])})
    assert run(agent, HANDED_OFF)["status"] == "handed_off"
    (outcome,) = told
    assert outcome["owner"] == rows(agent, "handoff")[0]["owner"]


def mine(state: dict[str, Any]) -> dict[str, Any]:
    """Do nothing."""
    return {}


def leads(*edges: tuple[str, str]) -> str:
    """Return the lines that add an own node and edges."""
    lines = ['graph.add_node("mine", mine)'] if any("mine" in edge for edge in edges) else []
    return "\n".join([*lines, *(f'graph.add_edge("{start}", "{end}")' for start, end in edges)])


AROUND = [
    ([(START, "act")], "act can be reached without context_auditor and risk_gate: __start__ → act"),
    ([("propose", "act")], "act can be reached without risk_gate: propose → act"),
    ([("context_auditor", "act")], "act can be reached without risk_gate: context_auditor → act"),
    ([(START, "risk_gate")], "risk_gate can be reached without context_auditor: __start__ → risk_gate"),
    ([(START, "propose")], "propose can be reached without context_auditor: __start__ → propose"),
    ([(START, "mine"), ("mine", "act")], "act can be reached without context_auditor and risk_gate: .* → mine → act"),
    ([("propose", "mine"), ("mine", "act")], "act can be reached without risk_gate: propose → mine → act"),
    (
        [("propose", "mine"), ("mine", "draft_for_approval")],
        "draft_for_approval can be reached without risk_gate: propose → mine → draft_for_approval",
    ),
    ([("human_handoff", "act")], "act can be reached without risk_gate: human_handoff → act"),
    ([("act", "mine"), ("mine", "act")], "act can be reached without risk_gate: act → mine → act"),
    ([("human_handoff", "mine"), ("mine", "draft_for_approval")], "human_handoff → mine → draft_for_approval"),
    ([("risk_gate", "act")], "act always comes after risk_gate, whatever that decides: risk_gate → act"),
    ([("draft_for_approval", "mine"), ("mine", "act")], "act always comes after draft_for_approval"),
]


@pytest.mark.parametrize(("edges", "said"), AROUND)
def test_a_way_around_a_guard_is_refused(home: Path, edges: list[tuple[str, str]], said: str) -> None:
    """R25: a graph with an edge or a node that leads around the audit or the gate does not open; the way is named."""
    last = 'graph.add_edge("human_handoff", END)'
    with pytest.raises(BadInput, match=said):
        opened(home, (last, f"{last}\n{leads(*edges)}"), names={"mine": mine})


def test_a_declared_destination_is_an_edge(home: Path) -> None:
    """R25: a node whose annotation says that it may go to `act` is refused as an edge is."""

    def mine(state: dict[str, Any]) -> Command[Literal["act"]]:
        return Command(goto="act")

    with pytest.raises(BadInput, match="act can be reached without risk_gate: propose → mine → act"):
        opened(home, BETWEEN, names={"mine": mine})


def test_every_compilation_is_checked(home: Path) -> None:
    """R25: whoever compiles the graph, a development server too, is refused a graph that leads around the gate."""
    graph = wired(Project.beside(str(home / "graphs" / "support.py")))
    graph.add_edge("propose", "act")
    with pytest.raises(BadInput, match="propose → act"):
        graph.compile()
    assert check_shape(graph) == check_shape(StateGraph.compile(graph)) != ()


def test_a_graph_without_a_fixed_node_is_refused(home: Path) -> None:
    """R25: the six nodes keep their names."""
    project = Project.beside(str(home / "graphs" / "support.py"))
    graph = project.state_graph()
    graph.add_node("answer", mine)
    graph.add_edge(START, "answer")
    assert set(check_shape(graph)) == {f"the node {name} is missing" for name in NODES}


# ---- what no picture of the graph shows -----------------------------------------------------------------------------

HIDDEN = [
    {},
    {"authorization_id": "aut_0000000000000000"},
    {"review": {"id": "rev_1", "verdict": "approve"}, "authorization_id": "aut_0000000000000000"},
    {"ruling": {"autonomy": "act", "reasons": []}},
]


@pytest.mark.parametrize("update", HIDDEN)
def test_a_hidden_goto_executes_nothing(home: Path, update: dict[str, Any]) -> None:
    """R25: an own node that jumps to `act` behind the picture's back is refused by the executor, whatever it claims."""

    def mine(state: dict[str, Any]) -> Any:
        return Command(goto="act", update=update)

    agent = opened(home, BETWEEN, names={"mine": mine})
    with pytest.raises(Refused):
        run(agent, LARGE)
    assert rows(agent, "execution") == rows(agent, "outbox") == []


def test_a_hidden_goto_cannot_use_what_another_ticket_was_granted(home: Path) -> None:
    """R25: the authorization of another ticket, spent or not, lets nothing run on this one."""
    agent = opened(home)
    run(agent, SMALL)
    (granted,) = rows(agent, "authorization")
    before = len(rows(agent, "execution")), len(rows(agent, "outbox"))

    def mine(state: dict[str, Any]) -> Any:
        return Command(goto="act", update={"authorization_id": granted["id"]})

    thief = opened(home, BETWEEN, names={"mine": mine})
    with pytest.raises(Refused, match="authoriz"):
        run(thief, LARGE)
    assert (len(rows(thief, "execution")), len(rows(thief, "outbox"))) == before


def test_a_hidden_goto_after_a_handoff_sends_nothing(home: Path) -> None:
    """R25: what a handoff may tell a colleague is no permission to answer the customer."""

    def mine(state: dict[str, Any]) -> Any:
        return Command(goto="act")

    tells = Action(tool="notify_owner", args={"role": "csm", "brief": "please call"})
    proposer = says("Consider it cancelled.", tells, intent="cancel_subscription")
    agent = opened(home, AFTERWARDS, names={"mine": mine}, proposers=[proposer])
    with contextlib.suppress(Refused):
        run(agent, HANDED_OFF)
    assert [row["tool"] for row in rows(agent, "execution")] == ["notify_owner"]
    assert rows(agent, "outbox") == []


# ---- the property of the graph --------------------------------------------------------------------------------------


def paths(after: Mapping[str, set[str]], start: str, target: str) -> Iterator[list[str]]:
    """Return every path without repetition."""
    queue = [[start]]
    for path in queue:
        for following in sorted(after[path[-1]]):
            if following == target:
                yield [*path, following]
            elif following not in path:
                queue.append([*path, following])


def drawn(agent: Agent) -> dict[str, set[str]]:
    """Return what follows each node of the compiled graph."""
    picture = agent.app.get_graph()
    after: dict[str, set[str]] = {node: set() for node in picture.nodes}
    for edge in picture.edges:
        after[edge.source].add(edge.target)
    return after


def test_every_path_to_an_effect_holds_the_audit_and_then_the_gate(home: Path) -> None:
    """R25: on the compiled graph every path from the start to `act` passes the audit first and the gate after it."""
    found = list(paths(drawn(opened(home)), START, "act"))
    assert len(found) >= 4
    assert [path for path in found if not 0 < path.index("context_auditor") < path.index("risk_gate")] == []


OWN = ("mine", "yours")
EDGES = list(itertools.product((*sorted(FIXED), *OWN), (*NODES, *OWN)))


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(EDGES), st.booleans()), max_size=4))
def test_a_shape_that_passes_has_its_guards_on_every_path(edges: list[tuple[tuple[str, str], bool]]) -> None:
    """R25: whatever edges and nodes are added, a graph that is not refused reaches no effect around a guard."""
    given_edges = [((start, end), False) for end, starts in BEFORE.items() for start in starts]
    given_edges += [((START, "context_auditor"), False)]
    all_edges = [
        SimpleNamespace(source=start, target=end, conditional=not always)
        for (start, end), always in (*given_edges, *edges)
    ]
    picture = SimpleNamespace(nodes=[START, *NODES, *OWN], edges=all_edges)
    wrong = check_shape(SimpleNamespace(get_graph=lambda: picture))
    after: dict[str, set[str]] = {node: set() for node in picture.nodes}
    for edge in all_edges:
        after[edge.source].add(edge.target)
    around = [
        (guard, start)
        for guard, starts in {"context_auditor": (START,), "risk_gate": (START, "human_handoff")}.items()
        for start in starts
        if any(guard not in path for path in paths(after, start, "act"))
    ]
    assert wrong or not around


# ---- the property of the ledger -------------------------------------------------------------------------------------


def test_the_audit_is_older_than_the_proposal_in_every_record(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R25: every ruling on record holds its audit, and whoever proposed was asked later than that audit."""
    agent = opened(home)
    ticks = itertools.count()
    day = day_of(agent.project)
    monkeypatch.setattr(clock, "now", lambda: day + timedelta(milliseconds=next(ticks)))
    for one in tickets_of(agent.project):
        agent.run(one)
    seen = [json.loads(row["payload"]) for row in rows(agent, "personal") if row["kind"] == "ruling"]
    assert len(seen) == len(rows(agent, "ticket")) == 22
    asked = [one for one in seen if one["proposer"]]
    assert len(asked) > 10
    assert [one["audit"]["ticket_id"] for one in asked if one["proposer"]["at"] <= one["audit"]["at"]] == []
    decided = {row["id"] for row in rows(agent, "decision_log")}
    assert {row["decision_id"] for row in rows(agent, "authorization")} <= decided


# ---- loaded from anywhere -------------------------------------------------------------------------------------------

BY_PATH = """
import importlib.util, json, sys, tools
spec = importlib.util.spec_from_file_location("invented_name", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
names = sorted(module.project.tools)
print(json.dumps({"foreign": tools.WHOSE, "tools": names, "home": str(module.project.home),
                  "nodes": sorted(module.graph.compile().get_graph().nodes)}))
"""


def test_the_graph_file_uses_its_own_tools_wherever_it_is_loaded(home: Path, tmp_path: Path) -> None:
    """Loaded by path in a folder with another package `tools`, even one imported before, it uses the project's."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__init__.py").write_text("WHOSE = 'somebody else'\nTOOLS = ()\n", encoding="utf-8")
    (tmp_path / "graphs").mkdir()
    (tmp_path / "graphs" / "__init__.py").touch()
    root = str(Path(__file__).resolve().parents[1])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), root])}
    command = [sys.executable, "-c", BY_PATH, str(home / "graphs" / "support.py")]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["foreign"] == "somebody else"
    assert told["tools"] == sorted(load_graph_file(home).project.tools)
    assert "issue_credit" in told["tools"]
    assert told["home"] == str(home)
    assert set(NODES) <= set(told["nodes"])
