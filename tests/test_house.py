"""The repository is at home anywhere: no registry, no machine, a whole lock, and commands that exist."""

import json
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]

# Spelled in halves, so that this file does not hold what it looks for.
REGISTRIES = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("registry.npmjs", "org"),
    ("registry.yarnpkg", "com"),
    ("anaconda", "org"),
    ("crates", "io"),
    ("proxy.golang", "org"),
    ("deb.debian", "org"),
)
HOST = re.compile("|".join(re.escape(".".join(halves)) for halves in REGISTRIES))
HOMES = ("work", "root", "home", "opt", "Users")
PLACE = re.compile(r"(?<![\w.~*\-])/(?:" + "|".join(HOMES) + r")/[\w.]|(?<![\w.])/tmp/\w/")


@cache
def repository() -> tuple[Path, ...]:
    """Return the files that git keeps or would keep; skip where there is no git."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split("\0")
    return tuple(ROOT / name for name in names if name and (ROOT / name).is_file())


def found(pattern: re.Pattern[str]) -> list[str]:
    """Name every line of the repository that a pattern matches."""
    return [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for file in repository()
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def requirements() -> dict[str, str]:
    """Return what the lock pins: the name, and everything that it says about it."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {canonicalize_name(line.split("==")[0].strip()): line for line in lines}


def wanted() -> list[Requirement]:
    """Return every requirement of the project: its own, its extras', its developers'."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    lists = [project["project"]["dependencies"], *extras, project["dependency-groups"]["dev"]]
    return [Requirement(text) for one in lists for text in one]


def targets() -> set[str]:
    """Return the targets of the Makefile that say what they do."""
    return set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is the machine's business and stands in no file."""
    assert found(HOST) == []


def test_no_file_names_a_place_on_a_machine() -> None:
    """No file holds an absolute path of the machine that it was written on."""
    assert found(PLACE) == []


@pytest.mark.parametrize(
    ("pattern", "text", "seen"),
    [
        (HOST, "https://" + "pypi." + "org/simple", True),
        (PLACE, "cd /" + "root/project", True),
        (PLACE, "open('/" + "home/me/file')", True),
        (PLACE, "https://example.com/" + "home/page", False),
        (PLACE, "docs/" + "work/notes.md", False),
    ],
)
def test_the_patterns_see(pattern: re.Pattern[str], text: str, seen: bool) -> None:
    """The two patterns match what they are for and leave addresses of other kinds alone."""
    assert bool(pattern.search(text)) is seen


def test_the_lock_holds_hashes_and_no_address() -> None:
    """Every requirement of the lock is pinned and hashed, and none names where it comes from."""
    lock = requirements()
    assert [line for line in lock.values() if not re.match(r"\S+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_the_lock_satisfies_the_project() -> None:
    """Every requirement of pyproject.toml is in the lock, in a version that it admits."""
    lock = requirements()
    pinned = {name: re.match(r"\S+?==([^\s;]+)", line)[1] for name, line in lock.items()}
    unmet = [str(one) for one in wanted() if not one.specifier.contains(pinned.get(canonicalize_name(one.name), "0"))]
    assert unmet == []


def test_make_has_the_promised_targets() -> None:
    """The targets of the first hour exist."""
    assert {"setup", "demo", "test", "check", "bench", "clean", "help"} <= targets()


def test_the_readme_names_targets_that_exist() -> None:
    """Every `make` command in the code of the README is a target."""
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("there is no README.md yet")
    code = re.findall(r"```.*?```|`[^`\n]+`", readme.read_text(encoding="utf-8"), re.DOTALL)
    named = {target for piece in code for target in re.findall(r"\bmake ([a-z]+)", piece)}
    assert named - targets() == set()


def test_langgraph_json_is_the_same_here_and_in_a_new_project() -> None:
    """The file that `langgraph dev` reads names a graph that exists, and a new project gets that same file."""
    here = (ROOT / "langgraph.json").read_bytes()
    graph = json.loads(here)["graphs"]["support"]
    assert (ROOT / graph.partition(":")[0]).is_file()
    assert (ROOT / "cxagent" / "scaffold" / "langgraph.json").read_bytes() == here
