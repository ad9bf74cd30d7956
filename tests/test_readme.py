"""The README is executed: its first example, its commands, and its own arithmetic."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from proofs import carry_proofs

from cxagent.scaffold import copy_to

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.S)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new project with a database of its own."""
    copy_to(tmp_path / "project")
    carry_proofs(tmp_path / "project")
    return tmp_path / "project"


def run(arguments: list[str], folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run one command as a user would, with nothing but a path and an empty home."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CXAGENT_")}
    environment |= {"HOME": str(home), "PYTHONPATH": str(ROOT)}
    return subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_first_example_prints_what_the_readme_shows(project: Path, tmp_path: Path) -> None:
    """R16: the same refusal to two accounts, sent to one and drafted for the other, in ten lines."""
    code, shown = (next(text for kind, text in BLOCKS if kind == wanted) for wanted in ("python", ""))
    assert len(code.strip().splitlines()) <= 10
    done = run([sys.executable, "-c", code], project, tmp_path)
    assert (done.returncode, done.stdout) == (0, shown), done.stderr


def test_every_cxagent_command_of_the_readme_runs(project: Path, tmp_path: Path) -> None:
    """Each command line of the five minutes ends with exit code 0 in a new project."""
    lines = [line.removeprefix("$ ") for kind, text in BLOCKS if kind == "console" for line in text.splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines if line.startswith("cxagent ")]
    assert len(commands) >= 5
    program = [sys.executable, "-c", "from cxagent.cli import main; main()"]
    for _, *arguments in commands:
        if arguments[0] == "serve":  # it ends when it is told to; tests/review_security starts and stops it
            continue
        folder = tmp_path if arguments[0] == "init" else project
        done = run([*program, *arguments], folder, tmp_path)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
