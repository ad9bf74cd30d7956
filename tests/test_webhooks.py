"""Signed webhooks out: every event once on record, told at least once, in a form that anybody can verify."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from pydantic import ValidationError
from requirements.desk import Desk, desk_for
from requirements.world import DAY, ROOT, Scene, account, doc

from cxagent import clock, notifying
from cxagent.errors import BadInput
from cxagent.home import Config
from cxagent.ledger import deliveries, delivery_list
from cxagent.ledger.deliveries import KINDS, PAUSES, Webhook
from cxagent.ledger.store import TABLES, Store
from cxagent.notifying import webhooks
from cxagent.testing import World

SECRET = "whsec_" + base64.b64encode(b"a secret of more than 16 bytes").decode()
WAITING, DECIDED, HANDED, ANSWERED, CHANGED = KINDS


class Heard(NamedTuple):
    """One request as the other side got it."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The event that it carries."""
        return json.loads(self.body)  # type: ignore[no-any-return]


class Listener:
    """An outside system on loopback; `answers` are the next status codes, 204 once there are none left."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: list[int] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                listener.heard.append(Heard(self.path, headers, body))
                status = listener.answers.pop(0) if listener.answers else 204
                self.send_response(status)
                if status == 302:
                    self.send_header("location", "/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """An outside system, and its secret in the environment."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setenv("CXAGENT_PUBLIC_URL", "https://inbox.example.com/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    made = Listener()
    yield made
    made.close()


class Told:
    """A desk whose events go to one listener."""

    def __init__(self, desk: Desk, *urls: str, kinds: tuple[str, ...] = KINDS) -> None:
        self.desk, self.now = desk, DAY
        hooks = [{"url": url, "secret_env": "HOOK_SECRET", "kinds": kinds} for url in urls]
        config = Config.model_validate({"webhooks": hooks})
        self.agent: Any = SimpleNamespace(store=desk.store, project=SimpleNamespace(config=config, name="a test"))
        self.deliver()

    def deliver(self, later: timedelta = timedelta(seconds=1)) -> int:
        """Deliver what is due some time later."""
        self.now += later
        self.desk.now = self.now
        with clock.frozen(self.now):
            return notifying.deliver(self.agent, self.now)

    def take(self, **changes: Any) -> dict[str, Any]:
        """Work one ticket at the present moment of this desk."""
        return self.desk.take(doc(), at=self.now, **changes)

    @property
    def rows(self) -> list[Any]:
        """The events on record, without the line that notes the beginning."""
        return [row for row in self.desk.rows("delivery") if row["kind"] != deliveries.BEGAN]


def kept(listener: Listener, kind: str) -> list[dict[str, Any]]:
    """Return what a listener heard of one kind."""
    return [one.event for one in listener.heard if one.event["type"] == kind]


def test_each_kind_of_event_is_told_once(listener: Listener) -> None:
    """A waiting draft, a verdict, an answer and a handoff each reach the other side, once."""
    desk = desk_for(account("global"), account(id="A-2"))
    told = Told(desk, listener.url)
    draft = told.take()
    told.deliver()
    with clock.frozen(told.now):
        desk.now = told.now
        desk.review(draft["draft_id"], "approve", "Miriam Okafor")
    owned = told.take(sender="x@elsewhere.example", hint=None)
    assert told.deliver() == 3
    assert told.deliver() == 0
    assert sorted(one.event["type"] for one in listener.heard) == sorted({*KINDS} - {CHANGED})
    assert kept(listener, WAITING)[0]["data"]["draft_id"] == draft["draft_id"]
    assert kept(listener, DECIDED)[0]["data"]["verdict"] == "approve"
    assert kept(listener, ANSWERED)[0]["data"]["disposition"] == "answered_after_review"
    assert kept(listener, HANDED)[0]["data"]["ticket_id"] == owned["ticket_id"]
    assert {row["status"] for row in told.rows} == {"delivered"}


def test_an_event_is_a_cloud_event_without_personal_data(listener: Listener) -> None:
    """The body is CloudEvents 1.0 and holds ids, times and a link; no name, address or word of the customer."""
    desk = desk_for(account("global"))
    told = Told(desk, listener.url)
    draft = told.take(message="My name is Ada and my phone is 0301234567")
    told.deliver()
    (heard,) = listener.heard
    event = heard.event
    assert heard.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert {event[name] for name in ("specversion", "type", "source")} == {"1.0", WAITING, "https://inbox.example.com"}
    assert event["data"]["link"] == f"https://inbox.example.com/drafts/{draft['draft_id']}"
    assert set(event["data"]) == {"account_id", "deadline", "required_role", "draft_id", "link"}
    for personal in ("Ada", "0301234567", "a-1.example", "Company"):
        assert personal not in heard.body.decode()


def test_the_signature_is_what_standard_webhooks_lays_down(listener: Listener) -> None:
    """The other side computes the same signature from id, time and body; another body or secret does not fit."""
    told = Told(desk_for(account("global")), listener.url)
    told.take()
    told.deliver()
    (heard,) = listener.heard
    id, stamp = heard.headers["webhook-id"], heard.headers["webhook-timestamp"]
    assert id == heard.event["id"]
    assert int(stamp) == int(told.now.timestamp())

    def signed(key: bytes, body: bytes) -> str:
        digest = hmac.new(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()
        return f"v1,{base64.b64encode(digest).decode()}"

    key = b"a secret of more than 16 bytes"
    assert signed(key, heard.body) == heard.headers["webhook-signature"]
    assert signed(key, heard.body + b" ") != heard.headers["webhook-signature"]
    assert signed(key + b"x", heard.body) != heard.headers["webhook-signature"]


def test_the_signature_of_the_specification() -> None:
    """The example that the specification gives is signed as the specification says."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    assert (
        webhooks.signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_failed_event_is_tried_again_under_the_same_id_until_it_is_given_up(listener: Listener) -> None:
    """The pauses grow over about a day; then the event is given up, and stays visible with what the other side said."""
    told = Told(desk_for(account("global")), listener.url)
    told.take()
    listener.answers = [500] * 50
    told.deliver()
    for pause in PAUSES:
        assert told.deliver(pause - timedelta(seconds=1)) == 0
        tried = len(listener.heard)
        told.deliver(timedelta(seconds=1))
        assert len(listener.heard) == tried + 1
    assert timedelta(hours=20) < sum(PAUSES, timedelta()) < timedelta(hours=32)
    told.deliver(timedelta(days=3))
    assert len(listener.heard) == len(PAUSES) + 1
    assert len({one.headers["webhook-id"] for one in listener.heard}) == 1
    assert [(row["status"], row["said"]) for row in told.rows] == [("given_up", "answered 500")]
    with told.desk.store.read() as connection:
        rows, _ = delivery_list.page(connection, "given_up", "", 10)
    assert [row["event"] for row in rows] == [listener.heard[0].event["id"]]


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        pytest.param(200, "delivered", None, id="taken"),
        pytest.param(302, "waiting", "answered 302; redirects are not followed", id="sent on"),
        pytest.param(429, "waiting", "answered 429", id="too many"),
        pytest.param(410, "given_up", "answered 410", id="gone for good"),
    ],
)
def test_what_an_answer_means(listener: Listener, answer: int, status: str, said: str | None) -> None:
    """Only a success is one, and nobody is followed elsewhere."""
    told = Told(desk_for(account("global")), listener.url)
    told.take()
    listener.answers = [answer]
    told.deliver()
    assert [(row["status"], row["said"]) for row in told.rows] == [(status, said)]
    assert [one.path for one in listener.heard] == ["/hook"]


def test_a_dead_endpoint_keeps_nobody_else_waiting(listener: Listener) -> None:
    """One endpoint that nobody answers on is tried once a round, and the others are told all the same."""
    told = Told(desk_for(account("global")), "http://127.0.0.1:9/hook", listener.url)
    for _ in range(3):
        told.take()
    assert told.deliver() == 3
    dead = [row for row in told.rows if row["endpoint"].endswith(":9/hook")]
    assert sorted(row["attempts"] for row in dead) == [0, 0, 1]
    assert {row["status"] for row in dead} == {"waiting"}


def test_a_crash_while_sending_costs_no_event(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies between taking an event and noting the answer leaves it to the next one."""
    told = Told(desk_for(account("global")), listener.url)
    told.take()
    whole = webhooks._post

    def dies(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(webhooks, "_post", dies)
    with pytest.raises(KeyboardInterrupt):
        told.deliver()
    monkeypatch.setattr(webhooks, "_post", whole)
    assert told.deliver() == 0
    assert told.deliver(deliveries.LEASE) == 1


def test_a_row_that_was_committed_late_is_still_told(listener: Listener) -> None:
    """A row whose moment lies before the latest known event is found, because rows are looked for again for a while."""
    desk = desk_for(account("global"))
    told = Told(desk, listener.url)
    told.deliver(timedelta(minutes=30))
    told.take()
    told.deliver()
    late = told.now - timedelta(minutes=10)
    desk.take(doc(), at=late)
    assert told.deliver() == 1
    assert {one.event["time"] for one in listener.heard} >= {late.isoformat()}


def test_what_happened_before_an_endpoint_was_named_is_not_told(listener: Listener) -> None:
    """A new endpoint is not flooded with the past."""
    desk = desk_for(account("global"))
    desk.take(doc())
    told = Told(desk, listener.url)
    assert told.deliver() == 0
    told.take()
    assert told.deliver() == 1


def test_only_the_kinds_that_an_endpoint_wants_are_told(listener: Listener) -> None:
    """An endpoint that asks for handoffs hears of nothing else."""
    told = Told(desk_for(account("global")), listener.url, kinds=(HANDED,))
    told.take()
    told.take(sender="x@elsewhere.example", hint=None)
    assert told.deliver() == 1
    assert [one.event["type"] for one in listener.heard] == [HANDED]


def test_two_processes_tell_an_event_once(listener: Listener, database_url: str, tmp_path: Path) -> None:
    """Two processes that deliver at the same moment send every event once, on both databases."""
    world = World(ROOT, tmp_path, url=database_url)
    desk: Any = world
    world.now = DAY
    world.accounts = {"A-1": account("global")}
    told = Told(desk, listener.url)
    for number in range(6):
        incoming = Scene(world.accounts["A-1"], at=told.now).incoming(f"T-{number}")
        world.says(f"T-{number}", doc())
        world.now = told.now
        world.run(incoming)
    told.now += timedelta(seconds=1)
    together = threading.Barrier(2)

    def run() -> None:
        with clock.frozen(told.now):
            together.wait()
            notifying.deliver(told.agent, told.now)

    both = [threading.Thread(target=run) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(told.rows) == 6
    ids = [one.event["id"] for one in listener.heard]
    assert len(ids) == len(set(ids)) == 6
    world.close()


def test_two_who_look_at_the_same_moment_note_an_event_once(postgres_url: str) -> None:
    """Where two processes find the same event new, one of them puts it on record."""
    store = Store.open(postgres_url)
    hook = Webhook(url="https://hooks.example.com", secret_env="HOOK_SECRET")
    row = {"id": "out_1", "ticket_id": "T-1", "account_id": "A-1", "kind": "reply", "personal_id": "per_1"}
    with store.write() as connection:
        deliveries.notice(connection, hook, DAY)
        connection.execute(TABLES["outbox"].insert(), {**row, "at": DAY.isoformat()})
    together = threading.Barrier(2)

    def look(_: int) -> int:
        with store.write() as connection:
            together.wait()
            return deliveries.notice(connection, hook, DAY + timedelta(seconds=1))

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(look, range(2))) == [0, 1]
    store.close()


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        pytest.param({"url": "http://hooks.example.com/x"}, "must be an https address", id="in the clear"),
        pytest.param({"url": "https://u:p@hooks.example.com/x"}, "without a password", id="a password in it"),
        pytest.param({"url": "file:///etc/passwd"}, "must be an https address", id="no web address"),
        pytest.param({"secret_env": SECRET}, "never the secret itself", id="the secret in the file"),
        pytest.param({"kinds": ["io.cxagent.other.v1"]}, "io.cxagent.draft.waiting.v1", id="an unknown kind"),
    ],
)
def test_an_unsafe_endpoint_is_refused(hook: dict[str, Any], said: str) -> None:
    """An endpoint is https or this machine, its secret is named and not written down, its kinds are known."""
    whole = {"url": "https://hooks.example.com/x", "secret_env": "HOOK_SECRET"}
    Webhook.model_validate(whole)
    with pytest.raises(ValidationError, match=said):
        Webhook.model_validate({**whole, **hook})


@pytest.mark.parametrize("secret", [None, "", "whsec_", "whsec_c2hvcnQ=", "a secret of more than 16 bytes", "whsec_*"])
def test_a_secret_that_is_none_is_refused(secret: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing, short or badly written secret is named by its variable, before anything is sent."""
    monkeypatch.delenv("HOOK_SECRET", raising=False)
    if secret is not None:
        monkeypatch.setenv("HOOK_SECRET", secret)
    config = Config.model_validate({"webhooks": [{"url": "https://hooks.example.com", "secret_env": "HOOK_SECRET"}]})
    agent: Any = SimpleNamespace(project=SimpleNamespace(config=config))
    with pytest.raises(BadInput, match=r"webhooks\.0\.secret_env.*HOOK_SECRET"):
        notifying.endpoints(agent)


def test_nothing_is_looked_for_without_an_endpoint() -> None:
    """A project without webhooks pays nothing for them."""
    told = Told(desk_for(account("global")))
    told.take()
    assert told.deliver() == 0
    assert told.desk.rows("delivery") == []
