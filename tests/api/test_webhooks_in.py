"""Signed webhooks: what nobody signed who knows the secret is not read, and what was signed is taken in once."""

import base64
import json
import logging
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.desk import HARMLESS, TICKET, Desk
from cxagent.errors import BadInput
from cxagent.notifying.webhooks import signature
from cxagent.review.api.signatures import read_secrets

OLD, NEW, FOREIGN = b"the old secret, long", b"the new secret, long", b"of somebody else, long"
PATH = "/api/v1/webhooks/tickets"
EVENT = {
    "specversion": "1.0",
    "id": "evt-1",
    "source": "https://helpdesk.example.com",
    "type": "com.example.ticket.created",
    "time": "2026-11-21T09:30:00Z",
    "datacontenttype": "application/json",
    "data": TICKET,
}


@pytest.fixture
def client(desk: Desk) -> TestClient:
    """A client without any key, of a server that knows two secrets."""
    desk.world.script.always = lambda known: HARMLESS
    desk.app.state.webhook_secrets = (OLD, NEW)
    return desk.client()


def headers(desk: Desk, body: bytes, secret: bytes = NEW, late: int = 0, **other: str) -> dict[str, str]:
    """Return the headers of a message that was signed some seconds ago."""
    stamp = int(desk.world.now.timestamp()) - late
    signed = {
        "content-type": "application/json",
        "webhook-id": "msg-1",
        "webhook-timestamp": str(stamp),
        "webhook-signature": signature(secret, "msg-1", stamp, body),
    }
    return {**signed, **{name.replace("_", "-"): value for name, value in other.items()}}


def sent(desk: Desk, client: TestClient, told: Any = TICKET, **how: Any) -> Any:
    """Send a signed message."""
    body = json.dumps(told).encode()
    return client.post(PATH, content=body, headers=headers(desk, body, **how))


@pytest.mark.parametrize("told", [TICKET, EVENT], ids=["a ticket", "a CloudEvent"])
@pytest.mark.parametrize("secret", [OLD, NEW], ids=["old", "new"])
def test_a_signed_ticket_is_taken_in_once(desk: Desk, client: TestClient, told: Any, secret: bytes) -> None:
    """Under either secret and in either form; the same message again changes nothing."""
    first, again = (sent(desk, client, told, secret=secret) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    assert len(desk.world.rows("ticket")) == 1


def test_a_message_of_a_cloud_event_s_own_type_is_read(desk: Desk, client: TestClient) -> None:
    """`application/cloudevents+json` is JSON."""
    body = json.dumps(EVENT).encode()
    more = headers(desk, body, content_type="application/cloudevents+json; charset=utf-8")
    assert client.post(PATH, content=body, headers=more).status_code == 201


def test_one_good_signature_of_several_suffices(desk: Desk, client: TestClient) -> None:
    """Whoever rotates a secret signs with both for a while."""
    body = json.dumps(TICKET).encode()
    good = headers(desk, body)["webhook-signature"]
    both = f"v1,AAAA {good} v1a,xyz"
    assert client.post(PATH, content=body, headers=headers(desk, body, webhook_signature=both)).status_code == 201


REFUSED: dict[str, dict[str, Any]] = {
    "another secret": {"secret": FOREIGN},
    "too old": {"late": 301},
    "too new": {"late": -301},
    "no signature": {"webhook_signature": ""},
    "a signature without its version": {"webhook_signature": "AAAA"},
    "another id": {"webhook_id": "msg-2"},
    "no id": {"webhook_id": ""},
    "another time": {"webhook_timestamp": "1763717401"},
    "a time that is none": {"webhook_timestamp": "now"},
    "a time of many digits": {"webhook_timestamp": "9" * 5000},
    "another kind of digit": {"webhook_timestamp": "²"},
    "letters that are none": {"webhook_signature": "v1,ä"},
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_signed_is_not_read(
    desk: Desk, client: TestClient, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """401, nothing on record, a line in the log."""
    body = json.dumps(TICKET).encode()
    more = {key: value.encode("latin-1") for key, value in headers(desk, body, **REFUSED[name]).items()}
    with caplog.at_level(logging.WARNING, "cxagent.review"):
        answer = client.post(PATH, content=body, headers=more)
    assert (answer.status_code, desk.world.rows("ticket")) == (401, [])
    assert [record.getMessage().startswith(f"POST {PATH} by nobody known: 401 ") for record in caplog.records] == [True]


def test_a_changed_body_is_not_read(desk: Desk, client: TestClient) -> None:
    """A signature is of these very bytes."""
    body = json.dumps(TICKET).encode()
    answer = client.post(PATH, content=body + b" ", headers=headers(desk, body))
    assert (answer.status_code, desk.world.rows("ticket")) == (401, [])


def test_the_edge_of_the_five_minutes_is_inside(desk: Desk, client: TestClient) -> None:
    """A message of exactly five minutes ago still counts."""
    assert sent(desk, client, late=300).status_code == 201


def test_garbage_is_judged_by_its_signature_first(desk: Desk, client: TestClient) -> None:
    """Whoever does not know the secret learns nothing about what fits: 401 before 400."""
    body = b"{"
    tried = [headers(desk, body, secret=FOREIGN), headers(desk, body)]
    assert [client.post(PATH, content=body, headers=one).status_code for one in tried] == [401, 400]


@pytest.mark.parametrize(
    "told",
    [{**EVENT, "data": None}, {**EVENT, "specversion": "0.3"}, {**EVENT, "id": ""}, {"data": TICKET}, []],
    ids=str,
)
def test_a_signed_message_that_is_no_ticket_is_named(desk: Desk, client: TestClient, told: Any) -> None:
    """422 with a sentence, nothing on record."""
    answer = sent(desk, client, told)
    assert (answer.status_code, desk.world.rows("ticket")) == (422, [])


def test_without_a_secret_there_is_no_such_door(desk: Desk, client: TestClient) -> None:
    """404, however well it is signed; a key opens it no more than before."""
    desk.app.state.webhook_secrets = ()
    assert sent(desk, client).status_code == 404
    assert desk.client(desk.key()).post(PATH, json=TICKET).status_code == 404


def test_secrets_are_read_at_the_start() -> None:
    """Several are parted by blanks; one that is none is named by its place and never shown."""
    known = [f"whsec_{base64.b64encode(one).decode()}" for one in (OLD, NEW)]
    assert read_secrets(" ".join(known)) == (OLD, NEW) and read_secrets(" ") == ()
    for wrong in ("swordfish", "whsec_!", "whsec_c2hvcnQ=", known[0][6:]):
        with pytest.raises(BadInput, match=r"^CXAGENT_WEBHOOK_SECRETS: secret 2 is not whsec_") as caught:
            read_secrets(f"{known[0]} {wrong}")
        assert wrong not in str(caught.value)


def test_deliveries_are_listed_without_what_an_address_may_hide(desk: Desk) -> None:
    """What was sent to other systems, the latest first, page by page, by the host of its address alone."""
    from cxagent.ledger.deliveries import DELIVERY

    with desk.world.store.write() as connection:
        for number in range(3):
            row = {"id": f"dlv_{number}", "endpoint": "https://hooks.example.com/t0ken", "event": f"drf_{number}"}
            row |= {"kind": "io.cxagent.draft.waiting.v1", "subject": f"drf_{number}", "account_id": "ACC-301"}
            row |= {"at": f"2026-11-21T09:3{number}:00+00:00", "next_at": "", "attempts": 1, "said": None}
            connection.execute(DELIVERY.insert(), {**row, "status": "given_up" if number else "delivered"})
    client, seen, after = desk.client(desk.key("webhooks:read", person=None)), [], None
    for _ in range(3):
        query = {"limit": 1, **({"after": after} if after else {})}
        page = client.get("/api/v1/webhooks/deliveries", params=query).json()
        seen += [(one["id"], one["endpoint"]) for one in page["deliveries"]]
        after = page["next"]
    assert after is None
    assert seen == [(f"dlv_{number}", "hooks.example.com") for number in (2, 1, 0)]
    query = {"status": "delivered"}
    assert len(client.get("/api/v1/webhooks/deliveries", params=query).json()["deliveries"]) == 1
