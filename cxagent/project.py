"""A project on disk: its configuration, its parts loaded by path, and its graph, checked before it runs."""

import contextlib
import contextvars
import hashlib
import importlib.util
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self

from cxagent.actions import Toolbox
from cxagent.domain.money import Fx
from cxagent.errors import BadInput
from cxagent.executor import Executor
from cxagent.fingerprint import agent_version
from cxagent.gate import PartRule, TicketRule
from cxagent.home import Home
from cxagent.in_force import InForce
from cxagent.judge import Judge
from cxagent.latitude.similar import Vectors
from cxagent.playbook import Playbook
from cxagent.proposers import Proposer
from cxagent.proposers.offline import OfflineProposer
from cxagent.reviewing import Reviewing
from cxagent.shape import SupportGraph
from cxagent.sources import Gather, Source, load_sources
from cxagent.state import TicketInput, TicketState
from cxagent.steps import Bench, Steps

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

RULE = ("rule", "it must be a function with a name", ("__call__", "__name__"))
SOURCE = ("accounts_of", "account", "family", "mismatches", "health", "name", "sections")
EMBEDDINGS = ("embeddings", "pass an instance of langchain_core's Embeddings", ("embed_documents",))
NEEDED = {
    "proposers": ("proposer", "it needs a name and propose(known)", ("name", "propose")),
    "sources": ("source", "see cxagent.sources.Source", SOURCE),
    "tools": ("tool", "declare the function with @action", ("tool",)),
    "ticket_rules": RULE,
    "part_rules": RULE,
}
"""What an engineer's part is called, how to put it right, and what it must have, by the field that it is passed in."""


@dataclass(frozen=True)
class Extensions:
    """What an engineer passes instead of, or on top of, what the configuration names."""

    proposers: tuple[Proposer, ...] | None = None
    sources: tuple[Source, ...] | None = None
    tools: tuple[Any, ...] = ()
    ticket_rules: tuple[TicketRule, ...] = ()
    part_rules: tuple[PartRule, ...] = ()
    embeddings: "Embeddings | None" = None

    def __post_init__(self) -> None:
        """Refuse at once what would only fail in the middle of a ticket."""
        for field, needed in NEEDED.items():
            for part in getattr(self, field) or ():
                _require(part, *needed)
        if self.embeddings is not None:
            _require(self.embeddings, *EMBEDDINGS)


class Project(Home):
    """A project: everything is loaded when it is first needed, so that importing a graph costs little."""

    def __init__(self, home: Path, extensions: Extensions | None = None) -> None:
        super().__init__(home)
        self.extensions = extensions or Extensions()
        self.steps = Steps(self._current)
        self._bench: contextvars.ContextVar[Bench | None] = contextvars.ContextVar("bench", default=None)
        self._in_force = InForce(self, self._equipped)

    @classmethod
    def beside(
        cls,
        graph_file: str,
        *,
        proposers: Sequence[Proposer] | None = None,
        sources: Sequence[Source] | None = None,
        tools: Iterable[Any] = (),
        ticket_rules: Iterable[TicketRule] = (),
        part_rules: Iterable[PartRule] = (),
        embeddings: "Embeddings | None" = None,
    ) -> Self:
        """Return the project that a graph file belongs to; whatever is passed here goes before the configuration.

        `tools` are functions declared with `@action` and come on top of the project's; rules can only cap. `embeddings`
        tell which messages resemble mishandled ones; without them words are compared.
        """
        extensions = Extensions(
            proposers=None if proposers is None else tuple(proposers),
            sources=None if sources is None else tuple(sources),
            tools=tuple(tools),
            ticket_rules=tuple(ticket_rules),
            part_rules=tuple(part_rules),
            embeddings=embeddings,
        )
        return cls(Path(graph_file).resolve().parents[1], extensions)

    @classmethod
    def load(cls, home: Path) -> "Project":
        """Return the project of a folder as its own graph file builds it."""
        return load_graph_file(home).project  # type: ignore[no-any-return]

    @property
    def in_force(self) -> Playbook:
        """The playbook that rules now: the last activation in the ledger, or that of the bench at hand."""
        return self._current().judge.playbook

    @cached_property
    def tools(self) -> Toolbox:
        """All declared tools."""
        box = Toolbox()
        folder = self.home / self.config.tools
        declared = load_package(folder).TOOLS if folder.is_dir() else ()
        _none_forgotten(folder, declared)
        for function in (*declared, *self.extensions.tools):
            box.add(function.tool)
        return box

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The sources, in order of precedence."""
        if self.extensions.sources is not None:
            return self.extensions.sources
        return load_sources(self.config.sources, self.home)

    @cached_property
    def fx(self) -> Fx | None:
        """The dated exchange rates, where the project has any."""
        if self.config.fx is None:
            return None
        path = self.home / self.config.fx
        try:
            return Fx.model_validate(json.loads(path.read_text(encoding="utf-8-sig")))
        except (OSError, ValueError) as error:
            raise BadInput(f"no readable exchange rates: {error}", where=str(path)) from None

    @cached_property
    def offline(self) -> OfflineProposer:
        """The proposer that needs no model; it also reads every message a second time beside another proposer."""
        return OfflineProposer(self.guidance)

    @cached_property
    def proposers(self) -> tuple[Proposer, ...]:
        """Who proposes, in order: the model where one is named, and the offline proposer behind it."""
        if self.extensions.proposers is not None:
            return self.extensions.proposers
        if self.config.model is None:
            return (self.offline,)
        from cxagent.proposers.model import ModelProposer

        return (ModelProposer.named(self.config.model, self.guidance, self.tools.offered), self.offline)

    @property
    def bench(self) -> Bench:
        """Everything the nodes work with, under the playbook that is in force."""
        return self._in_force.bench()

    def _equipped(self) -> Bench:
        """Return everything the nodes work with, under the playbook of the project's file."""
        gather = Gather(self.sources, deadline_seconds=self.config.deadline_seconds, fx=self.fx)
        judge = Judge(
            playbook=self.playbook,
            tools=self.tools,
            gather=gather,
            store=self.store,
            ticket_rules=self.extensions.ticket_rules,
            part_rules=self.extensions.part_rules,
            shadow=self.config.shadow,
            version=agent_version(self),
            earns=True,
            vectors=Vectors(embeddings.embed_documents if (embeddings := self.extensions.embeddings) else None),
        )
        return self.equip(judge, self.proposers)

    def equip(self, judge: Judge, proposers: Sequence[Proposer], settings: dict[str, Any] | None = None) -> Bench:
        """Return a bench around a judge: its store, its tools, and the given proposers; `settings` go to the tools."""
        judge = replace(judge, unanswered=self.offline.unanswered)
        return Bench(
            judge=judge,
            store=judge.store,
            executor=Executor(judge.store, judge.tools, self.home, {**self.config.settings, **(settings or {})}),
            proposers=tuple(proposers),
            reviewing=Reviewing(judge.playbook, judge.store),
        )

    @contextlib.contextmanager
    def working_with(self, bench: Bench) -> Iterator[None]:
        """Let the nodes work with another bench inside: a replay has frozen facts, and a store of its own."""
        token = self._bench.set(bench)
        try:
            yield
        finally:
            self._bench.reset(token)

    @contextlib.contextmanager
    def one_playbook(self) -> Iterator[Bench]:
        """Let everything inside work under the playbook that is in force now, so that the ledger is asked once."""
        with self.working_with(bench := self._current()):
            yield bench

    def _current(self) -> Bench:
        given = self._bench.get()
        return self.bench if given is None else given

    def state_graph(self) -> SupportGraph:
        """Return an empty graph over the ticket's state, which refuses to compile around the audit or the gate."""
        return SupportGraph(TicketState, input_schema=TicketInput)


def _require(part: object, what: str, how: str, names: tuple[str, ...]) -> None:
    lacks = [name for name in names if not hasattr(part, name)]
    if lacks or isinstance(part, type):
        name = getattr(part, "__name__", None) or type(part).__name__
        problem = "is a class, not an instance" if isinstance(part, type) else f"has no {lacks[0]}"
        raise BadInput(f"{name} is no {what}: {problem}; {how}")


def load_graph_file(home: Path) -> ModuleType:
    """Load `graphs/support.py` of a project by path; it must hold `project` and `graph`."""
    path = home.resolve() / "graphs" / "support.py"
    if not path.is_file():
        raise BadInput("is no cxagent project (graphs/support.py is missing); try `cxagent init`", where=str(home))
    module = _load(path, f"cxagent_project_{_mark(home)}.graph")
    for name in ("project", "graph"):
        if not hasattr(module, name):
            raise BadInput(f"defines no {name!r}", where=str(path))
    return module


def load_package(folder: Path) -> ModuleType:
    """Load a folder with an `__init__.py` as a package under a private name, so that no installed one interferes."""
    path = folder.resolve() / "__init__.py"
    if not path.is_file():
        raise BadInput("holds no __init__.py", where=str(folder))
    module = _load(path, f"cxagent_project_{_mark(folder)}_{folder.name}", [str(folder.resolve())])
    if not hasattr(module, "TOOLS"):
        raise BadInput("defines no TOOLS", where=str(path))
    return module


def _none_forgotten(folder: Path, declared: Iterable[Any]) -> None:
    """Refuse a tool that is written down under `@action` and stands in no TOOLS: it would be missing silently."""
    known = {function.tool.name for function in declared}
    for path in sorted(folder.glob("*.py")):
        for match in re.finditer(r"^@action\(.*?^def (\w+)\(", path.read_text(encoding="utf-8"), re.S | re.M):
            if match[1] not in known:
                raise BadInput(f"the tool {match[1]} is declared, but it stands in no TOOLS", where=str(path))


def _load(path: Path, name: str, locations: list[str] | None = None) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=locations)
    if spec is None or spec.loader is None:
        raise BadInput("cannot be loaded", where=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BadInput:
        del sys.modules[name]
        raise
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise BadInput(f"cannot be loaded: {type(error).__name__}: {error}", where=str(path)) from error
    return module


def _mark(path: Path) -> str:
    return hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
