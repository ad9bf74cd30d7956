"""Who comes in at the API: keys with their scopes, and nothing that is broken; each refusal in one form."""

import json
import logging
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.desk import Desk

OPENED = {
    "tickets:write": [("POST", "/tickets"), ("GET", "/tickets/T-9")],
    "decisions:read": [("GET", "/decisions/T-9")],
    "drafts:read": [
        ("GET", "/drafts"),
        ("GET", "/drafts/drf_0"),
        ("GET", "/drafts/drf_0/changes"),
        ("GET", "/handoffs"),
        ("GET", "/handoffs/T-9"),
    ],
    "drafts:decide": [
        ("POST", "/drafts/drf_0/claim"),
        ("DELETE", "/drafts/drf_0/claim"),
        ("POST", "/drafts/drf_0/verdict"),
        ("DELETE", "/drafts/drf_0/verdict"),
        ("POST", "/answered/T-9"),
    ],
    "webhooks:read": [("GET", "/webhooks/deliveries")],
}
ROUTES = [(scope, method, path) for scope, known in OPENED.items() for method, path in known]


def asked(client: TestClient, method: str, path: str, **more: Any) -> Any:
    """Ask something of the API."""
    return client.request(method, f"/api/v1{path}", **more)


def test_every_route_stands_in_the_table(desk: Desk) -> None:
    """The table below names every route but the one that a signature opens."""
    known = {
        (method.upper(), path)
        for path, operations in desk.app.openapi()["paths"].items()
        for method, operation in operations.items()
        if operation["security"]
    }
    assert len(known) == len(ROUTES)


@pytest.mark.parametrize(("scope", "method", "path"), ROUTES, ids=str)
def test_a_route_opens_to_its_scope_alone(desk: Desk, scope: str, method: str, path: str) -> None:
    """Without a key 401, with all other scopes 403, with its scope neither."""
    others = desk.key(*(set(OPENED) - {scope}))
    answers = [asked(desk.client(key), method, path) for key in (None, "cxa_0", others, desk.key(scope))]
    assert [answer.status_code for answer in answers[:3]] == [401, 401, 403]
    assert answers[0].headers["www-authenticate"].startswith("Bearer")
    assert scope in answers[2].json()["detail"]
    assert answers[3].status_code not in (401, 403)


def test_a_key_that_is_over_opens_nothing(desk: Desk) -> None:
    """An ended key and one in another scheme are no keys."""
    from datetime import timedelta

    key = desk.key(days=1)
    client = desk.client(key)
    assert asked(client, "GET", "/drafts").status_code == 200
    assert asked(client, "GET", "/drafts", headers={"authorization": f"Basic {key}"}).status_code == 401
    desk.world.now += timedelta(days=2)
    assert asked(client, "GET", "/drafts").status_code == 401


def test_a_session_is_no_key(desk: Desk) -> None:
    """The cookie of somebody who signed in opens nothing here."""
    from cxagent.ledger import sessions

    with desk.world.inside(), desk.world.store.write() as connection:
        token = sessions.start(connection, "Miriam Okafor", None)
    client = desk.client()
    client.cookies.set("cxagent_session", token)
    assert asked(client, "GET", "/drafts").status_code == 401


GARBAGE = {
    "no JSON": (b"{", 400),
    "nothing": (b"", 400),
    "no UTF-8": (b'{"a": "\xff"}', 400),
    "half a character": (b'{"\\ud800": 1}', 400),
    "a NUL byte": (b'{"ticket": {"id": "a\\u0000b"}}', 400),
    "a key twice": (b'{"ticket": 1, "ticket": 2}', 400),
    "endless nesting": (b"[" * 100_000, 400),
    "deep nesting": (b"[" * 60 + b"]" * 60, 400),
    "no number": (b'{"ticket": NaN}', 400),
    "beyond all numbers": (b'{"ticket": 1e999}', 400),
    "a number of 5,000 digits": (b'{"ticket": ' + b"9" * 5000 + b"}", 400),
    "a list": (b"[]", 422),
    "null": (b"null", 422),
    "too much": (b'{"ticket": "' + b"x" * 1_000_001 + b'"}', 413),
}


@pytest.mark.parametrize("name", GARBAGE)
@pytest.mark.parametrize("path", ["/tickets", "/drafts/drf_0/verdict"])
def test_a_body_that_is_none_is_refused_with_a_sentence(desk: Desk, path: str, name: str) -> None:
    """Whatever is sent as a body, the answer is a problem with a sentence, and nothing is on record."""
    body, status = GARBAGE[name]
    answer = asked(desk.client(desk.key()), "POST", path, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert len(answer.json()["detail"]) > 10
    assert desk.world.rows("ticket") == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_another_content_type_is_refused(desk: Desk, kind: str) -> None:
    """Only JSON is read; a form, which a browser sends without asking, is not."""
    answer = asked(desk.client(desk.key()), "POST", "/tickets", content=b"{}", headers={"content-type": kind})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tickets/%00", 404),
        ("/tickets/a%00b", 404),
        ("/tickets/a%0Ab", 404),
        ("/tickets/%ED%A0%80", 404),
        ("/tickets/" + "x" * 201, 422),
        ("/decisions/%00", 404),
        ("/decisions/-", 404),
        ("/drafts/%00", 404),
        ("/drafts/..%2F..", 404),
        ("/drafts/drf_'", 422),
        ("/drafts?limit=0", 422),
        ("/drafts?limit=" + "9" * 5000, 422),
        ("/drafts?limit=1e1", 422),
        ("/drafts?tab=alone", 422),
        ("/drafts?tab=", 422),
        ("/drafts?q=%00", 422),
        ("/drafts?late=maybe", 422),
        ("/drafts?after=", 422),
        ("/drafts?after=bm9uZQ", 422),
        ("/drafts?after=WyJ0ZWFtIiwgIlx1MDAwMCJd", 422),
        ("/webhooks/deliveries?status=lost", 422),
        ("/nothing", 404),
        ("/", 404),
    ],
)
def test_an_address_that_is_garbage_is_refused_with_a_sentence(desk: Desk, path: str, status: int) -> None:
    """Ids, cursors and filters that cannot be are named, never looked up."""
    answer = asked(desk.client(desk.key()), "GET", path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert len(answer.json()["detail"]) > 10


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "OPTIONS", "HEAD", "NONSENSE"])
def test_another_method_is_told_which_there_are(desk: Desk, method: str) -> None:
    """405 says in `Allow` what the address knows."""
    answer = asked(desk.client(desk.key()), method, "/drafts/drf_0/verdict")
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, POST")


def test_what_was_refused_is_a_line_in_the_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """One line names the key, the address and the sentence; what somebody sent makes no line of its own."""
    with caplog.at_level(logging.WARNING, "cxagent.review"):
        asked(desk.client(desk.key()), "GET", "/tickets/a%0Db")
        asked(desk.client(desk.key()), "GET", "/drafts/drf_0")
    assert [record.getMessage() for record in caplog.records] == [
        r"GET /api/v1/tickets/ab by a test: 404 ticket_id: there is no ticket a\rb",
        "GET /api/v1/drafts/drf_0 by a test: 404 DRAFT_ID: there is no draft drf_0",
    ]


def test_a_fault_of_ours_gives_nothing_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody expected is a 500 in the same form, without the words of the fault."""

    def broken(*_: Any) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(desk.inbox, "draft", broken)
    answer = asked(desk.client(desk.key()), "GET", "/drafts/drf_0")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:cxagent:problem:failed")
    assert "swordfish" not in answer.text


def test_the_document_says_what_opens_what(desk: Desk) -> None:
    """`/openapi.json` names the scope of each route, and problems have one form in it."""
    document = desk.client().get("/openapi.json").json()
    verdict = document["paths"]["/api/v1/drafts/{draft_id}/verdict"]["post"]
    assert verdict["security"] == [{"key": ["drafts:decide"]}]
    assert verdict["responses"]["409"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert "HTTPValidationError" not in json.dumps(document)
