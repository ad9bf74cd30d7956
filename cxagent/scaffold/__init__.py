"""The reference deployment that `cxagent init` copies: the same files from the wheel and from the checkout."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from cxagent.errors import BadInput

_HERE = Path(__file__).resolve().parent
_FOLDERS = ("graphs", "tools", "evals")
_BESIDE = ("langgraph.json", "README.md")
_LEFT_OUT = (".*", "__pycache__", "*.py[co]", "*.sqlite*", "*.db")


def deployment() -> Path:
    """Return the folder that holds the reference deployment: inside the installed package, else the checkout."""
    for root in (_HERE, _HERE.parents[1]):
        if (root / "graphs").is_dir():
            return root
    raise BadInput("the reference deployment is missing: install cxagent again", where=str(_HERE))


def copy_to(target: Path) -> tuple[Path, ...]:
    """Copy the reference deployment into the target, whole or not at all; return the relative paths, sorted."""
    target = target.resolve()
    sources = _sources()
    files = tuple(sorted(sources))
    _refuse_overwriting(target, files)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as aside:
            staged = Path(aside) / "project"
            for relative in files:
                _make_parents(staged / relative)
                shutil.copyfile(sources[relative], staged / relative)
            _put(staged, target, files)
    except OSError as problem:
        raise BadInput(f"cannot be written: {problem.strerror or problem}", where=str(target)) from problem
    return files


def _sources() -> dict[Path, Path]:
    """Map every path of a new project to the file that it is copied from."""
    root = deployment()
    found = {file.relative_to(root): file for folder in _FOLDERS for file in _walk(root / folder)}
    return found | {file.relative_to(_HERE): file for name in _BESIDE for file in _walk(_HERE / name)}


def _walk(path: Path) -> Iterable[Path]:
    """Yield the files below a path without what a run, a cache or an editor left there."""
    if any(fnmatch(path.name, pattern) for pattern in _LEFT_OUT):
        return
    if path.is_dir():
        for child in sorted(path.iterdir()):
            yield from _walk(child)
    elif path.is_file():
        yield path


def _refuse_overwriting(target: Path, files: Iterable[Path]) -> None:
    """Name the first thing in the target that a copy would overwrite or trip over."""
    if os.path.lexists(target) and not target.is_dir():
        raise BadInput("is a file and not a folder", where=str(target))
    for relative in files:
        if os.path.lexists(target / relative):
            raise BadInput(f"already holds {relative.as_posix()}; choose an empty folder", where=str(target))
        for parent in relative.parents[:-1]:
            if os.path.lexists(target / parent) and not (target / parent).is_dir():
                raise BadInput(f"holds a file named {parent.as_posix()}; choose an empty folder", where=str(target))


def _put(staged: Path, target: Path, files: Iterable[Path]) -> None:
    """Move the staged copy into place; when that fails half-way, take back what was moved."""
    if not target.exists():
        staged.rename(target)
        return
    made: list[Path] = []
    try:
        for relative in files:
            made.extend(_make_parents(target / relative))
            (staged / relative).rename(target / relative)
            made.append(target / relative)
    except BaseException:
        for path in reversed(made):
            path.rmdir() if path.is_dir() else path.unlink()
        raise


def _make_parents(file: Path) -> list[Path]:
    """Make the folders that a file needs; return those that were not there, outermost first."""
    missing = [parent for parent in reversed(file.parents) if not parent.exists()]
    for parent in missing:
        parent.mkdir()
    return missing
