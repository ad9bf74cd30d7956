"""The backend of the harness: it recognises a repeated key, and without keys it counts every call."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from backend import Backend


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Backend]:
    """Run a backend on a journal."""
    with Backend(tmp_path / "effects.jsonl", seed=3, pause=0.01) as running:
        yield running


def _post(backend: Backend, key: str, query: str = "", header: str | None = None, **args: Any) -> tuple[int, Any]:
    document = {"key": key, "tool": "credit", "account_id": "A-1", "ticket_id": "T-1", "args": args}
    host, port = backend.address
    request = urllib.request.Request(
        f"http://{host}:{port}/effects{query}",
        data=json.dumps(document).encode(),
        headers={"Idempotency-Key": header or key},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_key_stands_for_one_effect(backend: Backend) -> None:
    """Eight calls at once under one key are one effect; seven of them are told the first result."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: _post(backend, "k-1", amount="4"), range(8)))
    assert sorted(status for status, _ in answers) == [200] * 7 + [201]
    assert {told["ref"] for _, told in answers} == {"eff-000001"}
    assert [(one["key"], one["repeats"]) for one in backend.listing()] == [("k-1", 7)]


def test_a_key_is_not_used_for_another_call(backend: Backend) -> None:
    """The same key with other arguments is refused and records nothing."""
    _post(backend, "k-1", amount="4")
    assert _post(backend, "k-1", amount="5")[0] == 409
    assert len(backend.effects) == 1


def test_without_keys_every_call_counts(backend: Backend) -> None:
    """The keyless endpoint records the same call as often as it is made."""
    assert [_post(backend, "k-1", "?keyless", amount="4")[0] for _ in range(3)] == [201] * 3
    assert [(one.key, one.keyless) for one in backend.effects] == [("k-1", True)] * 3


@pytest.mark.parametrize(("key", "header"), [("k-1", "k-2"), ("", "k-1")])
def test_a_call_without_its_key_in_the_header_is_refused(backend: Backend, key: str, header: str) -> None:
    """What contradicts itself records nothing."""
    assert _post(backend, key, header=header)[0] == 400
    assert backend.effects == ()


def test_a_backend_goes_on_from_its_journal(backend: Backend, tmp_path: Path) -> None:
    """A second backend on the same journal knows the effects, the keys and the repeats."""
    _post(backend, "k-1", amount="4")
    _post(backend, "k-1", amount="4")
    _post(backend, "k-2", "?keyless", amount="4")
    with Backend(tmp_path / "effects.jsonl") as other:
        assert other.listing() == backend.listing()
        assert _post(other, "k-1", amount="4") == (200, {"ref": "eff-000001", "key": "k-1", "repeats": 2})
