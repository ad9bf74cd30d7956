"""Tickets through the API: taken in once, answered with their result line, and explained."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.desk import HARMLESS, TICKET, Desk

LINE = {"ticket_id", "account_id", "intent", "autonomy", "reasons", "decision_id", "draft_id", "status"}


@pytest.fixture
def client(desk: Desk) -> TestClient:
    """A client whose key opens all; the proposer answers every ticket in the same harmless way."""
    desk.world.script.always = lambda known: HARMLESS
    return desk.client(desk.key())


def put(**changes: Any) -> dict[str, Any]:
    """Return the ticket with some fields changed."""
    return {**TICKET, "ticket": {**TICKET["ticket"], **changes}}


def test_a_ticket_is_taken_in_once(desk: Desk, client: TestClient) -> None:
    """The first time 201, the second time 200 with the same line, and worked on once."""
    first, second = (client.post("/api/v1/tickets", json=TICKET) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json() == client.get("/api/v1/tickets/T-1").json()
    assert set(first.json()) == LINE and first.json()["status"] == "waiting"
    assert len(desk.world.rows("draft")) == 1


def test_the_same_id_with_other_words_is_refused(desk: Desk, client: TestClient) -> None:
    """409, and what was on record stays."""
    client.post("/api/v1/tickets", json=TICKET)
    answer = client.post("/api/v1/tickets", json=put(body="Give me everything."))
    assert (answer.status_code, len(desk.world.rows("ticket"))) == (409, 1)
    assert answer.json()["detail"] == "the ticket id 'T-1' was used before with another content"


def test_a_race_for_an_id_is_a_conflict_too(desk: Desk, client: TestClient) -> None:
    """Where another request puts the id on record in between, the answer is 409 all the same."""
    given = desk.app.state.submit

    def late(incoming: Any) -> Any:
        other = incoming.ticket.model_copy(update={"body": "first"})
        given(incoming.model_copy(update={"ticket": other}))
        return given(incoming)

    desk.app.state.submit = late
    assert client.post("/api/v1/tickets", json=TICKET).status_code == 409


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "ticket"),
        ({**TICKET, "more": 1}, "more"),
        (put(id=""), "ticket"),
        (put(id="  "), "ticket"),
        (put(id=7), "ticket.id"),
        (put(received_at=1700000000), "ticket.received_at"),
        (put(received_at="2026-11-21T09:30:00"), "ticket.received_at"),
        (put(sender={"email": "a@b.example", "verified": 1}), "ticket"),
        (put(sender={"email": "a@b.example", "verified": "yes"}), "ticket"),
        (put(channel="fax"), "ticket.channel"),
        (put(autonomy="act"), "ticket.autonomy"),
    ],
    ids=str,
)
def test_a_ticket_that_is_none_is_named(desk: Desk, client: TestClient, body: dict[str, Any], where: str) -> None:
    """The sentence names the field, and nothing is on record."""
    answer = client.post("/api/v1/tickets", json=body)
    assert answer.status_code == 422 and answer.json()["detail"].startswith(f"{where}: "), answer.text
    assert desk.world.rows("ticket") == []


@pytest.mark.parametrize("ticket_id", ["a/b", "a b", "ä€😀", "a%b", "-", "..", "?x=1", "x" * 200])
def test_an_id_of_the_caller_s_own_is_found_again(desk: Desk, client: TestClient, ticket_id: str) -> None:
    """Whatever a helpdesk calls its tickets, the result is there under that name."""
    from urllib.parse import quote

    assert client.post("/api/v1/tickets", json=put(id=ticket_id)).status_code == 201
    # A client takes dots away from an address; nobody's ticket is called that way.
    if ticket_id != "..":
        assert client.get(f"/api/v1/tickets/{quote(ticket_id, safe='')}").json()["ticket_id"] == ticket_id


def test_submit_is_the_server_s_to_choose(desk: Desk, client: TestClient) -> None:
    """Where the server queues tickets, the line says that nothing was decided yet."""

    def queued(incoming: Any) -> dict[str, Any]:
        desk.world.agent.receive(incoming)
        return desk.world.agent.result(incoming.ticket.id)

    desk.app.state.submit = queued
    line = client.post("/api/v1/tickets", json=TICKET).json()
    assert (line["status"], line["autonomy"], line["decision_id"]) == ("received", None, None)
    answer = client.get("/api/v1/decisions/T-1")
    assert (answer.status_code, answer.json()["detail"]) == (404, "T-1: nothing was ruled on it yet")


def test_a_decision_is_told_as_the_terminal_tells_it(
    desk: Desk, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API and `cxagent explain --json` say the same; that it was seen is noted."""
    from api.desk import ROOT
    from cxagent.cli import app

    decision_id = client.post("/api/v1/tickets", json=TICKET).json()["decision_id"]
    told = client.get(f"/api/v1/decisions/{decision_id}").json()
    monkeypatch.setenv("CXAGENT_DATABASE_URL", desk.world.url)
    shown = CliRunner().invoke(app, ["explain", decision_id, "--json", "--project", str(ROOT)])
    assert json.loads(shown.stdout) == told
    assert [(row["what"], row["via"], row["subject"]) for row in desk.world.rows("access")] == [
        ("decision", "api", decision_id)
    ]


def test_what_people_own_is_listed_and_answered(desk: Desk, client: TestClient) -> None:
    """A ticket that was handed over is in the list, has a brief, and leaves the list when somebody has answered."""
    desk.world.script.always = None
    client.post("/api/v1/tickets", json=TICKET)
    (row,) = client.get("/api/v1/handoffs").json()["handoffs"]
    assert "brief" not in row and row["ticket_id"] == "T-1"
    assert client.get("/api/v1/handoffs/T-1").json()["brief"]
    assert [one["what"] for one in desk.world.rows("access")] == ["brief"]
    assert [client.post("/api/v1/answered/T-1").json()["noted"] for _ in range(2)] == [True, False]
    assert client.get("/api/v1/handoffs").json() == {"handoffs": []}
    assert client.post("/api/v1/answered/T-2").status_code == 404
