"""What stands before every page: host, origin, size, rate, headers; and whose door a cookie or a key opens."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.types import Message
from tenants import LENA, PRIYA, Tenant, copied

from cxagent.review.passage import LARGEST, Passage
from cxagent.review.settings import Rates

ELSEWHERE = {"origin": "https://elsewhere.example"}


@pytest.fixture(scope="module")
def shared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """Return a tenant that no test here changes for another."""
    made = Tenant(copied(template, tmp_path_factory.mktemp("guard") / "home"))
    yield made
    made.agent.close()


@pytest.mark.parametrize(
    ("says", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"origin": "http://127.0.0.1:8080"}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8080"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),
        (ELSEWHERE, 403),
        ({}, 403),
        ({"authorization": "Bearer cxa_0000000000000000_" + "0" * 43}, 403),
    ],
    ids=str,
)
def test_only_our_own_pages_change_something(shared: Tenant, says: dict[str, str], status: int) -> None:
    """A form counts where the browser says that it came from here; where it says nothing, nothing is done."""
    browser = shared.browser(LENA)
    browser.headers.pop("sec-fetch-site")
    before = len(shared.rows("session"))
    answer = browser.post("/sign-in", data={"person": LENA}, headers=says)
    assert (answer.status_code, len(shared.rows("session")) - before) == (status, 1 if status == 303 else 0)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:8080", 200),
        ("elsewhere.example", 400),
        ("127.0.0.1.elsewhere.example", 400),
        ("127.0.0.1@elsewhere.example", 400),
        ("elsewhere.example/127.0.0.1", 400),
        ("elsewhere.example@127.0.0.1", 400),
        ("[::1", 400),
        ("", 400),
    ],
)
def test_the_server_goes_by_its_own_names_alone(shared: Tenant, host: str, status: int) -> None:
    """A name that somebody else lets point to this machine opens nothing."""
    assert shared.browser().get("/sign-in", headers={"host": host}).status_code == status


def test_the_public_name_counts_and_no_other(tenants: Callable[..., Tenant], oidc: object) -> None:
    """Behind a public address that name is known, and a name that ends like it is not."""
    browser = tenants(public_url="https://desk.example", oidc=oidc).browser()
    assert browser.get("/sign-in").status_code == 200
    assert browser.get("/sign-in", headers={"host": "evil-desk.example"}).status_code == 400


def test_too_much_is_refused_whatever_its_header_said(shared: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    """A body beyond the bound is refused by its announced length, and where it announces none, by what came."""
    browser = shared.browser()
    assert browser.post("/sign-in", content=b"x" * (LARGEST + 1)).status_code == 413
    form = {"content-type": "application/x-www-form-urlencoded"}
    unannounced = browser.post("/sign-in", content=iter([b"person=" + b"x" * LARGEST, b"x"]), headers=form)
    assert unannounced.status_code == 413 and "content-length" not in unannounced.request.headers
    assert browser.post("/sign-in", content=b"", headers={"content-length": "-1"}).status_code == 413
    assert "too many" in caplog.text


def test_every_answer_carries_the_headers(shared: Tenant) -> None:
    """Pages, refusals, missing pages, static files and the API alike; nothing but static files is kept."""
    browser = shared.browser(LENA)
    for path in ("/", "/sign-in", "/nothing-here", "/static/desk.css", "/api/v1/nothing", "/openapi.json"):
        headers = browser.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "same-origin"), path
        assert ("no-store" in headers["cache-control"]) != path.startswith("/static"), path
        assert "strict-transport-security" not in headers and "server" not in headers
    assert browser.get("/", headers={"host": "elsewhere.example"}).headers["x-content-type-options"] == "nosniff"


def test_a_missing_page_is_a_page(shared: Tenant) -> None:
    """An address that there is not says so on a page, with the way back; the API says it in its own form."""
    answer = shared.browser(LENA).get("/nothing-here")
    assert answer.status_code == 404 and "There is no such page" in answer.text
    assert shared.browser().get("/api/v1/nothing").headers["content-type"].startswith("application/problem+json")


def test_a_cookie_opens_no_api_and_a_key_no_page(shared: Tenant) -> None:
    """Each door has its own key: a session is no key, and a key is no session, alone or together."""
    key = shared.key("tickets:write", "decisions:read", "drafts:read", "drafts:decide", person=LENA)
    with_key = {"authorization": f"Bearer {key}"}
    drafts = "/api/v1/drafts"
    assert shared.browser().get(drafts, headers=with_key).status_code == 200
    assert shared.browser(PRIYA).get(drafts).status_code == 401
    assert shared.browser().get("/", headers=with_key).headers["location"].startswith("/sign-in")
    assert PRIYA in shared.browser(PRIYA).get("/", headers=with_key).text


def test_the_whole_api_lies_where_no_cookie_counts(shared: Tenant) -> None:
    """Every address of the API's document begins with the prefix under which the guard looks up no session."""
    paths = shared.browser().get("/openapi.json").json()["paths"]
    assert paths and all(path.startswith("/api/") for path in paths)


@pytest.mark.parametrize(
    ("rates", "how_often", "ask"),
    [
        (Rates(sign_in="3 per minute"), 3, lambda one: one.browser().post("/sign-in", data={"person": "nobody"})),
        (Rates(sign_in="3 per minute"), 3, lambda one: one.browser().get("/sign-in/back?state=x&code=y")),
        (Rates(calls="3 per minute"), 3, lambda one: one.browser().get("/api/v1/drafts")),
        (Rates(verdicts="3 per minute"), 3, lambda one: one.browser(LENA).post("/drafts/drf_x/undo")),
    ],
    ids=["knocking", "coming back", "calls of an address", "verdicts"],
)
def test_too_often_waits(tenants: Callable[..., Tenant], rates: Rates, how_often: int, ask: Callable) -> None:  # type: ignore[type-arg]
    """Beyond the rate the answer is 429 and says when to come again; the door itself stays open to look at."""
    tenant = tenants(rates=rates)
    assert all(ask(tenant).status_code != 429 for _ in range(how_often))
    answer = ask(tenant)
    assert answer.status_code == 429 and 1 <= int(answer.headers["retry-after"]) <= 60
    assert tenant.browser().get("/sign-in").status_code == 200


def test_who_guesses_at_a_key_uses_up_nothing_of_its_owner(tenants: Callable[..., Tenant]) -> None:
    """The rate counts what was presented: a wrong secret under a known id has a rate of its own."""
    tenant = tenants(rates=Rates(api="2 per minute"))
    key = tenant.key("drafts:read")

    def ask(text: str) -> int:
        return tenant.browser().get("/api/v1/drafts", headers={"authorization": f"Bearer {text}"}).status_code

    assert [ask(key[:-1] + ("A" if key[-1] != "A" else "B")) for _ in range(3)] == [401, 401, 429]
    assert [ask(key) for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(
    ("kind", "holds", "heard"),
    [("text/event-stream", False, 0), ("text/html", False, 1), ("text/event-stream", True, 1)],
)
def test_a_stream_whose_session_is_over_carries_nothing_more(
    monkeypatch: pytest.MonkeyPatch, kind: str, holds: bool, heard: int
) -> None:
    """Whatever a page that streams does by itself: what it says after the end of the session reaches nobody."""
    monkeypatch.setattr("cxagent.review.passage.LOOKS_AGAIN", -1.0)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def still() -> bool:
        return holds

    async def stream() -> None:
        passage = Passage(send, send, threading.Event(), still)  # type: ignore[arg-type]
        headers = [(b"content-type", kind.encode())]
        await passage.send({"type": "http.response.start", "status": 200, "headers": headers})
        with contextlib.suppress(OSError):
            await passage.send({"type": "http.response.body", "body": b"a secret", "more_body": True})

    asyncio.run(stream())
    assert sum(one.get("body") == b"a secret" for one in sent) == heard
