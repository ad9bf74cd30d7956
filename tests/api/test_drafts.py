"""Drafts through the API: the same claims, verdicts and refusals as on the pages, with a key for a session."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.desk import HARMLESS, REVIEWER, TICKET, VIEWER, Desk, opened
from cxagent.ledger import api_keys, planted
from cxagent.ledger.journal import open_draft

NOTE = "It is the page that they ask for."


@pytest.fixture
def client(desk: Desk) -> TestClient:
    """A client with a reviewer's key that opens all."""
    return desk.client(desk.key())


def verdict(desk: Desk, draft_id: str, **said: Any) -> dict[str, Any]:
    """Return an approval of the card that counts, or what is said instead."""
    return {"choice": "approve", "card": desk.card(draft_id), "note": NOTE, **said}


def told(answer: Any) -> tuple[int, str]:
    """Return the status and the sentence of a problem, whose form must be right."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["status"] == answer.status_code and body["type"].startswith("urn:cxagent:problem:") and body["title"]
    return answer.status_code, body["detail"]


# ---- looking --------------------------------------------------------------------------------------------------------


def test_a_list_goes_on_where_it_stopped(desk: Desk, client: TestClient) -> None:
    """Page by page, every draft comes once, in the queue's order."""
    made = {desk.waiting(f"T-{number}") for number in range(5)}
    seen: list[str] = []
    query: dict[str, Any] = {"tab": "team", "limit": 2}
    for _ in range(3):
        page = client.get("/api/v1/drafts", params=query).json()
        seen += [one["id"] for one in page["drafts"]]
        query["after"] = page["next"]
    assert query["after"] is None
    assert (len(seen), set(seen)) == (5, made)


def test_a_cursor_fits_its_own_list_alone(desk: Desk, client: TestClient) -> None:
    """The cursor of another tab is refused with a sentence."""
    for number in range(2):
        desk.waiting(f"T-{number}")
    cursor = client.get("/api/v1/drafts", params={"tab": "team", "limit": 1}).json()["next"]
    answer = client.get("/api/v1/drafts", params={"tab": "done", "after": cursor})
    assert told(answer) == (422, "after: is no cursor of this list; take `next` of the page before, or leave it out")


def test_a_filter_leaves_out_what_does_not_fit(desk: Desk, client: TestClient) -> None:
    """Filters narrow a tab."""
    draft_id = desk.waiting()
    for query, found in (({"tier": "high"}, [draft_id]), ({"tier": "low_clv"}, []), ({"q": "norvane"}, [draft_id])):
        rows = client.get("/api/v1/drafts", params=query).json()["drafts"]
        assert [row["id"] for row in rows] == found, query


def test_a_card_that_was_seen_is_noted(desk: Desk, client: TestClient) -> None:
    """Who looks at a card through the API stands in the record of views."""
    draft_id = desk.waiting()
    card = client.get(f"/api/v1/drafts/{draft_id}").json()
    assert card["card"]["reply"] == "It is on this page." and card["card_digest"] == desk.card(draft_id)
    (view,) = desk.world.rows("access")
    assert (view["person"], view["via"], view["what"], view["subject"]) == (REVIEWER, "api", "card", draft_id)


def test_a_key_of_nobody_is_noted_as_itself(desk: Desk) -> None:
    """A key without a person looks under its own id, and never under a name that a person could have."""
    draft_id, key = desk.waiting(), desk.key("drafts:read", person=None)
    desk.client(key).get(f"/api/v1/drafts/{draft_id}")
    assert [row["person"] for row in desk.world.rows("access")] == [f"key {key.split('_')[1]}"]


def test_what_changed_since_a_draft_is_told(desk: Desk, client: TestClient) -> None:
    """The facts behind a draft are looked at again: first nothing moved, then the health did."""
    draft_id = desk.waiting()
    assert client.get(f"/api/v1/drafts/{draft_id}/changes").json()["changes"] == []
    desk.world.change("ACC-301", "crm.health", 20)
    changes = client.get(f"/api/v1/drafts/{draft_id}/changes").json()["changes"]
    assert {"name": "health", "before": "84", "now": "20"} in changes


# ---- deciding -------------------------------------------------------------------------------------------------------


def test_a_verdict_leaves_after_its_time(desk: Desk, client: TestClient) -> None:
    """A verdict is accepted with the moment until which it can be taken back; nothing leaves before."""
    draft_id = desk.waiting()
    answer = client.post(f"/api/v1/drafts/{draft_id}/verdict", json=verdict(desk, draft_id))
    assert (answer.status_code, answer.json()["by"]) == (202, REVIEWER)
    assert answer.json()["until"] == (desk.world.now + timedelta(seconds=10)).isoformat()
    assert desk.world.effects == []
    desk.world.now += timedelta(seconds=11)
    with desk.world.inside():
        assert desk.inbox.release() == [draft_id]
    (row,) = desk.world.rows("review")
    assert (row["by"], row["verdict"], row["via"]) == (REVIEWER, "approve", "api")
    assert [effect.tool for effect in desk.world.effects] == ["share_public_doc"]


def test_a_verdict_is_taken_back_once(desk: Desk, client: TestClient) -> None:
    """What was said comes back; a second time there is nothing to take back."""
    draft_id = desk.waiting()
    path = f"/api/v1/drafts/{draft_id}/verdict"
    client.post(path, json=verdict(desk, draft_id))
    assert client.delete(path).json()["note"] == NOTE
    status, said = told(client.delete(path))
    assert (status, said) == (409, f"no verdict of {REVIEWER} on {draft_id} can be taken back any more")


def test_a_card_out_of_date_is_answered_with_what_moved(desk: Desk, client: TestClient) -> None:
    """409 names the facts that moved and the fresh draft; nothing was sent."""
    draft_id = desk.waiting()
    body = verdict(desk, draft_id)
    desk.world.change("ACC-301", "crm.health", 20)
    answer = client.post(f"/api/v1/drafts/{draft_id}/verdict", json=body)
    told(answer)
    problem = answer.json()
    assert (problem["status"], problem["type"]) == (409, "urn:cxagent:problem:stale-card")
    assert {"name": "health", "before": "84", "now": "20"} in problem["changes"]
    assert problem["fresh"] in {None, *(row["id"] for row in desk.world.rows("draft", status="pending"))}
    assert desk.world.effects == [] and desk.world.rows("review") == []


def test_another_card_is_no_card(desk: Desk, client: TestClient) -> None:
    """A verdict on a digest that is not on record is refused, and points to the card that is."""
    draft_id = desk.waiting()
    answer = client.post(f"/api/v1/drafts/{draft_id}/verdict", json=verdict(desk, draft_id, card="0" * 64))
    assert told(answer)[0] == 409 and answer.json()["fresh"] == draft_id


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"note": None}, "note"),
        ({"choice": "reject"}, "reason"),
        ({"choice": "reject", "reason": "because"}, "reason"),
        ({"choice": "reject", "reason": "other"}, "severity"),
        ({"choice": "hand_off", "reason": "other"}, "to"),
        ({"choice": "respond"}, "reply"),
        ({"choice": "edit"}, "reply"),
        ({"choice": "accept"}, "choice"),
        ({"by": "Miriam Okafor"}, "by"),
        ({"role": "executive"}, "role"),
    ],
    ids=str,
)
def test_a_verdict_that_says_too_little_is_refused(
    desk: Desk, client: TestClient, said: dict[str, Any], where: str
) -> None:
    """Each is named with its field, and the draft waits as it did."""
    draft_id = desk.waiting()
    status, sentence = told(client.post(f"/api/v1/drafts/{draft_id}/verdict", json=verdict(desk, draft_id, **said)))
    assert status == 422 and sentence.startswith(f"{where}: ")
    assert desk.world.rows("draft")[0]["signed_by"] is None


@pytest.mark.parametrize("person", [VIEWER, None])
def test_who_decides_nothing_decides_nothing_here(desk: Desk, person: str | None) -> None:
    """A key acts with its person's authority: a viewer's decides nothing, and one of nobody nothing at all."""
    draft_id = desk.waiting()
    key = desk.key(person=person) if person else of_nobody(desk)
    client = desk.client(key)
    body = verdict(desk, draft_id)
    tried = (
        client.post(f"/api/v1/drafts/{draft_id}/verdict", json=body),
        client.post(f"/api/v1/drafts/{draft_id}/claim"),
    )
    assert [told(answer)[0] for answer in tried] == [403, 403]
    assert all((person or "acts for nobody") in told(answer)[1] for answer in tried)
    row = desk.world.rows("draft")[0]
    assert (row["signed_by"], row["held_by"]) == (None, None)


def of_nobody(desk: Desk) -> str:
    """Return a key that may decide and is nobody's: none can be made, so its row is changed as a broken tool might."""
    key = desk.key()
    with desk.world.store.write() as connection:
        connection.execute(api_keys.API_KEY.update().values(person=None))
    return key


def test_a_claim_keeps_others_away(desk: Desk, client: TestClient) -> None:
    """Whoever claims a draft has it; another person is told who, and may take it over; then it is theirs."""
    draft_id, other = desk.waiting(), desk.client(desk.key(person="Imke Solano"))
    path = f"/api/v1/drafts/{draft_id}/claim"
    assert client.post(path).json()["held_by"] == REVIEWER
    status, said = told(other.post(path))
    assert status == 409 and said.startswith(f"{REVIEWER} is looking at {draft_id}")
    assert other.post(path, params={"over": "true", "why": "they are out"}).json()["held_by"] == "Imke Solano"
    assert told(client.delete(path))[0] == 409
    assert other.delete(path).json() == {"draft_id": draft_id, "held_by": None, "held_until": None}


# ---- drafts that are wrong on purpose -------------------------------------------------------------------------------


def plant(desk: Desk, draft_id: str) -> str:
    """Put a copy of a draft beside it, as a planted one."""
    (row,) = desk.world.rows("draft", id=draft_id)
    with desk.world.inside():
        card = desk.inbox.draft(draft_id)["card"]
        with desk.world.store.write() as connection:
            copied = ("account_id", "decision_id", "required_role", "four_eyes", "stake", "assignee", "intent")
            about = {name: row[name] for name in copied}
            found = open_draft(connection, ticket_id="tkt_x", card=card, deadline=desk.world.now, **about)
            planted.add(connection, found, "wrong_facts", "some words", "it is wrong", "Jonas Falk")
    return found


def test_a_planted_draft_looks_like_any_other(desk: Desk, client: TestClient) -> None:
    """In the list and on the card it says nothing that the real one beside it does not say, and leads nowhere else."""
    real = desk.waiting()
    fake = plant(desk, real)
    rows = {row["id"]: row for row in client.get("/api/v1/drafts").json()["drafts"]}
    own = {"id", "deadline", "card_digest"}
    assert {name for name in rows[real] if rows[real][name] != rows[fake][name]} <= own
    cards = [client.get(f"/api/v1/drafts/{one}").json() for one in (real, fake)]
    assert {name for name in cards[0] if cards[0][name] != cards[1][name]} <= {*own, "card"}
    assert {name for name in cards[0]["card"] if cards[0]["card"][name] != cards[1]["card"][name]} == {"draft_id"}
    assert [client.get(f"/api/v1/decisions/{one}").status_code for one in (real, fake)] == [404, 404]


def test_a_decision_tells_nothing_of_the_copy_of_its_draft(desk: Desk, client: TestClient) -> None:
    """That a copy was planted stands in the log; whoever reads the decision does not learn of it."""
    from cxagent.ledger import chain

    draft_id = desk.waiting()
    with desk.world.inside(), desk.world.store.write("T-1") as connection:
        chain.append(connection, "planted", "ACC-301", "T-1", {"draft": "drf_copy", "of": draft_id})
    answer = client.get("/api/v1/decisions/T-1")
    assert answer.status_code == 200 and "planted" not in answer.text and "drf_copy" not in answer.text


def test_after_its_verdict_a_planted_draft_says_so(desk: Desk, client: TestClient) -> None:
    """The verdict is taken as any other; when its time is over, the card tells what was wrong."""
    fake = plant(desk, desk.waiting())
    said = {"choice": "reject", "reason": "wrong_facts", "severity": "major"}
    path = f"/api/v1/drafts/{fake}"
    assert client.post(f"{path}/verdict", json=verdict(desk, fake, **said)).status_code == 202
    assert client.get(path).json()["told"] is None
    desk.world.now += timedelta(seconds=11)
    with desk.world.inside():
        desk.inbox.release()
    assert client.get(path).json()["told"] == "this draft was planted, and nothing was sent: it is wrong"


# ---- both databases -------------------------------------------------------------------------------------------------


def test_the_whole_way_holds_on_both_databases(tmp_path: Path, database_url: str) -> None:
    """In, looked at, decided, explained, and asked in every odd way: the same on either database."""
    desk = opened(tmp_path, database_url)
    try:
        desk.world.script.always = lambda known: HARMLESS
        client = desk.client(desk.key())
        draft_id = client.post("/api/v1/tickets", json=TICKET).json()["draft_id"]
        assert client.get(f"/api/v1/drafts/{draft_id}").status_code == 200
        assert client.post(f"/api/v1/drafts/{draft_id}/verdict", json=verdict(desk, draft_id)).status_code == 202
        desk.world.now += timedelta(seconds=11)
        with desk.world.inside():
            assert desk.inbox.release() == [draft_id]
        (row,) = client.get("/api/v1/drafts", params={"tab": "done"}).json()["drafts"]
        assert (row["verdict"], row["decided_by"], row["ticket_id"]) == ("approve", REVIEWER, "T-1")
        then = client.get("/api/v1/decisions/T-1").json()["then"]
        assert [one["what"] for one in then if one["what"] in ("review", "effect")] == ["review", "effect"]
        for query in ({"q": "%_'\"\\ä😀"}, {"q": "a@b.example"}, {"role": "'"}, {"late": "true", "tab": "snoozed"}):
            assert client.get("/api/v1/drafts", params=query).json()["drafts"] == []
    finally:
        desk.world.close()
