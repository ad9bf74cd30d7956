"""The five storeys: imports point downward, edges stand alone, the judgement is pure, and nothing grows too large."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "cxagent"

STOREYS: dict[str, tuple[str, ...]] = {
    "words": ("domain", "errors", "clock"),
    "judgement": (
        *("context", "playbook", "differences", "rules", "gate", "economics", "latitude", "reading", "proof"),
        *("lifetime", "trends", "metrics"),
    ),
    "memory": ("records", "migrations", "presence", "ledger", "checkpoints"),
    "doing": (
        *("intervals", "agreement", "sources", "intake", "proposers", "actions", "answers", "brief", "judge"),
        "reviewing",
        *("executor", "state", "steps", "shape", "home", "project", "fingerprint", "soundness", "seals", "agent"),
        *("aftercare", "recovery", "inbox", "in_force", "governing", "telling", "explaining"),
        *("handing_over", "notifying", "quality", "charts", "value"),
    ),
    "edges": ("evaluation", "review", "worker", "cli", "testing", "scaffold"),
}
LEVEL = {module: level for level, modules in enumerate(STOREYS.values()) for module in modules}
EDGES = frozenset(STOREYS["edges"])

# Who may import what lies outside; a name that is not listed here is free to everybody but the judgement.
GRAPH_BUILDERS = frozenset({"steps", "project", "shape", "agent", "checkpoints"})
RESERVED: dict[str, frozenset[str]] = {
    "langgraph": GRAPH_BUILDERS,
    "sqlmodel": frozenset(STOREYS["memory"]),
    "sqlalchemy": frozenset({*STOREYS["memory"], "sources"}),
    "sqlite3": frozenset({*STOREYS["memory"], "sources"}),
    "psycopg": frozenset({*STOREYS["memory"], "sources", "worker"}),
}
IMPURE = frozenset(
    {
        *("time", "random", "secrets", "uuid", "cxagent.clock"),
        *("socket", "ssl", "http", "urllib", "httpx", "requests", "subprocess"),
        *("sqlite3", "sqlmodel", "sqlalchemy", "psycopg"),
        *("threading", "asyncio", "multiprocessing"),
        *("langgraph", "langchain", "langchain_core", "langsmith"),
    }
)
CLOCKS = frozenset({"now", "today", "utcnow"})
DEPLOYMENT = frozenset({"graphs", "tools", "evals"})

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60

FILES = sorted(PACKAGE.rglob("*.py"))
EVERYWHERE = sorted(
    file for folder in ("cxagent", "tests", "graphs", "tools", "evals") for file in (ROOT / folder).rglob("*.py")
)


@cache
def tree(file: Path) -> ast.Module:
    """Return a file as syntax."""
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def name(file: Path) -> str:
    """Return a file as a reader names it."""
    return file.relative_to(ROOT).as_posix()


def module_of(file: Path) -> str:
    """Return the module below `cxagent` that a file belongs to; empty for the package itself."""
    first = file.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py").removeprefix("__init__")


def dotted(file: Path, node: ast.ImportFrom) -> str:
    """Return the absolute name of the module that `from … import` reads; a neighbour of a tool has none."""
    if not node.level:
        return node.module or ""
    if not file.is_relative_to(PACKAGE):
        return ""
    package = file.relative_to(ROOT).parent.parts[: len(file.relative_to(ROOT).parts) - node.level]
    return ".".join([*package, *(node.module or "").split(".")]).rstrip(".")


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything that a file imports, inside functions and by `import_module` too."""
    for node in ast.walk(tree(file)):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(names=names):
                yield from ((node.lineno, f"{dotted(file, node)}.{alias.name}") for alias in names)
            case ast.Call(func=ast.Name(id=call) | ast.Attribute(attr=call), args=[ast.Constant(value=str(text)), *_]):
                if call in {"import_module", "__import__"}:
                    yield node.lineno, text


def within(imported: str, names: frozenset[str]) -> bool:
    """Say whether an imported name is one of these modules or lies in one."""
    parts = imported.split(".")
    return any(".".join(parts[: end + 1]) in names for end in range(len(parts)))


def our_imports(file: Path) -> Iterator[tuple[int, str]]:
    """Yield line and module for every module of `cxagent` that a file imports."""
    for line, imported in imports(file):
        top, _, rest = imported.partition(".")
        module = rest.split(".")[0]
        if top == "cxagent" and module and not module.startswith("__"):
            yield line, module


def upward(file: Path) -> list[str]:
    """Name the imports that point to a higher storey, or from one edge to another."""
    here = module_of(file)
    wrong = []
    for line, there in our_imports(file):
        sideways = there in EDGES and here not in {there, "cli"}
        if LEVEL.get(there, 0) > LEVEL.get(here, 0) or sideways:
            wrong.append(f"{name(file)}:{line}: {here or 'cxagent'} may not import {there}")
    return wrong


def impurities(file: Path) -> list[str]:
    """Name what makes a file depend on the moment, on chance, or on the world outside."""
    wrong = [f"{name(file)}:{line}: imports {what}" for line, what in imports(file) if within(what, IMPURE)]
    for node in ast.walk(tree(file)):
        match node:
            case ast.Attribute(
                value=ast.Name(id="datetime" | "date" | "clock") | ast.Attribute(attr="datetime" | "date")
            ):
                if node.attr in CLOCKS:
                    wrong.append(f"{name(file)}:{node.lineno}: reads the clock")
    return wrong


def undocumented(file: Path) -> list[str]:
    """Name the module, public classes and public functions that do not say what they are."""
    body = tree(file)
    bare = [] if ast.get_docstring(body) else [f"{name(file)}:1: the module"]
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    public = (node for node in body.body if isinstance(node, kinds) and not node.name.startswith("_"))
    return bare + [f"{name(file)}:{node.lineno}: {node.name}" for node in public if not ast.get_docstring(node)]


def too_long(file: Path) -> list[str]:
    """Name the file and the functions beyond their outer bound."""
    lines = len(file.read_text(encoding="utf-8").splitlines())
    wrong = [f"{name(file)}: {lines} lines"] if lines > MOST_LINES_OF_A_FILE else []
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MOST_LINES_OF_A_FUNCTION:
                wrong.append(f"{name(file)}:{node.lineno}: {node.name} has {length} lines")
    return wrong


def test_every_module_has_a_storey() -> None:
    """A module that no storey knows is refused, so that a new one is placed on purpose."""
    assert {module_of(file) for file in FILES} - {"", *LEVEL} == set()


@pytest.mark.parametrize("file", FILES, ids=name)
def test_imports_point_downward(file: Path) -> None:
    """A module imports its own storey or a lower one, and an edge other than the command line no other edge."""
    assert upward(file) == []


@pytest.mark.parametrize("file", [file for file in FILES if module_of(file) in STOREYS["judgement"]], ids=name)
def test_the_judgement_is_pure(file: Path) -> None:
    """The judgement knows no clock, chance, network, database or model."""
    assert impurities(file) == []


@pytest.mark.parametrize("file", FILES, ids=name)
def test_reserved_libraries_stay_where_they_belong(file: Path) -> None:
    """LangGraph is imported by the modules that build or store a graph, a database by memory and the sources."""
    wrong = [
        f"{name(file)}:{line}: imports {imported}"
        for line, imported in imports(file)
        for library, allowed in RESERVED.items()
        if within(imported, frozenset({library})) and module_of(file) not in allowed
    ]
    assert wrong == []


def test_nobody_imports_the_deployment_by_name() -> None:
    """`graphs`, `tools` and `evals` are other people's package names too, so they are only loaded by path."""
    wrong = [
        f"{name(file)}:{line}: imports {imported}"
        for file in EVERYWHERE
        for line, imported in imports(file)
        if within(imported, DEPLOYMENT)
    ]
    assert wrong == []


@pytest.mark.parametrize("file", FILES, ids=name)
def test_everything_public_says_what_it_is(file: Path) -> None:
    """Every module, public class and public function carries a docstring."""
    assert undocumented(file) == []


@pytest.mark.parametrize("file", FILES, ids=name)
def test_nothing_grows_too_large(file: Path) -> None:
    """A file stays within 400 lines and a function within 60."""
    assert too_long(file) == []


@pytest.mark.parametrize(
    ("module", "source", "check"),
    [
        ("rules.py", "from cxagent.ledger import append\n", upward),
        ("rules.py", "def rule():\n    import cxagent.steps\n", upward),
        ("rules/one.py", "from ..ledger import append\n", upward),
        ("review.py", "from cxagent import worker\n", upward),
        ("gate.py", "import importlib\nimportlib.import_module('cxagent.cli')\n", upward),
        ("gate.py", "from datetime import datetime\nat = datetime.now()\n", impurities),
        ("gate.py", "import datetime\nat = datetime.date.today()\n", impurities),
        ("gate.py", "from cxagent import clock\n", impurities),
        ("gate.py", "from sqlmodel import Session\n", impurities),
        ("gate.py", "'''A gate.'''\nclass Gate:\n    pass\n", undocumented),
        ("gate.py", "def rule():\n" + "    pass\n" * MOST_LINES_OF_A_FUNCTION, too_long),
        ("gate.py", "\n" * (MOST_LINES_OF_A_FILE + 1), too_long),
    ],
)
def test_a_breach_is_seen(module: str, source: str, check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each check fails on a module that breaks its rule."""
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path / "cxagent")
    file = tmp_path / "cxagent" / module
    file.parent.mkdir(parents=True)
    file.write_text(source, encoding="utf-8")
    assert len(check(file)) == 1
