"""The reference tables that lie beside the project, where they do."""

import json
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "reference_tables.json"


def table(name: str) -> dict[str, Any]:
    """Return one entry; a test that asks for one is skipped where there is no file, or the entry is not to be used."""
    if not FILE.exists():
        pytest.skip("the reference tables are not here")
    entry: dict[str, Any] = next(
        one for one in json.loads(FILE.read_text(encoding="utf-8"))["tables"] if one["id"] == name
    )
    if entry.get("do_not_test"):
        pytest.skip(f"{name} was published and never worked out anew")
    return entry
