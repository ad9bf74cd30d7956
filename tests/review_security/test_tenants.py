"""Tenants, tried by crossing: what belongs to one opens, shows and changes nothing at the other; nor between roles."""

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from tenants import ADA, DAY, LENA, PRIYA, QUENTIN, RUTH, VERA, Tenant, provider_answers

from cxagent.cli.demo import tickets_of
from cxagent.ledger import sessions
from cxagent.review.settings import Oidc

SECRETS = {name: base64.b64encode(name.encode() * 8).decode() for name in ("here", "there")}
ALL = ("tickets:write", "decisions:read", "drafts:read", "drafts:decide", "webhooks:read")


class Two(NamedTuple):
    """Two tenants with the same people and the same provider."""

    here: Tenant
    there: Tenant


@pytest.fixture
def two(tenants: Callable[..., Tenant], oidc: Oidc, monkeypatch: pytest.MonkeyPatch) -> Two:
    """Return two tenants on one machine; each has a secret of its own for webhooks."""
    made = []
    for number, name in enumerate(SECRETS):
        monkeypatch.setenv("CXAGENT_WEBHOOK_SECRETS", f"whsec_{SECRETS[name]}")
        made.append(tenants(name, public_url=f"http://127.0.0.1:{8080 + number}", oidc=oidc))
    return Two(*made)


def form_of(row: dict[str, Any]) -> dict[str, str]:
    """Return a form that would decide a draft."""
    return {"choice": "reject", "card": row["card_digest"], "reason": "other", "severity": "minor"}


def _cookie(two: Two, row: dict[str, Any]) -> int:
    stolen = two.there.browser()
    stolen.cookies.set("cxagent_session", two.here.browser(RUTH).cookies["cxagent_session"], domain="127.0.0.1")
    assert stolen.get("/").headers["location"].startswith("/sign-in")
    return stolen.post(f"/drafts/{row['id']}", data=form_of(row)).status_code


def _key(two: Two, row: dict[str, Any]) -> int:
    headers = {"authorization": f"Bearer {two.here.key(*ALL, person=RUTH)}"}
    body = {"verdict": "reject", "card": row["card_digest"], "reason": "other", "severity": "minor"}
    assert two.there.browser().get("/api/v1/drafts", headers=headers).status_code == 401
    return two.there.browser().post(f"/api/v1/drafts/{row['id']}/verdict", json=body, headers=headers).status_code


def _form(two: Two, row: dict[str, Any]) -> int:
    from_here = {"sec-fetch-site": "same-site", "origin": two.here.settings.public_url}
    return two.there.browser(RUTH).post(f"/drafts/{row['id']}", data=form_of(row), headers=from_here).status_code


def _form_of_an_old_browser(two: Two, row: dict[str, Any]) -> int:
    browser = two.there.browser(RUTH)
    browser.headers.pop("sec-fetch-site")
    from_here = {"origin": two.here.settings.public_url}
    return browser.post(f"/drafts/{row['id']}", data=form_of(row), headers=from_here).status_code


def _sign_in(two: Two, row: dict[str, Any]) -> int:
    """Bring the end of a sign-in at one tenant, cookie and all, to the other."""
    browser = two.here.browser()
    back = urlsplit(provider_answers(browser.get("/sign-in/out").headers["location"], "lena"))
    other = two.there.browser()
    other.cookies.set("cxagent_sign_in", browser.cookies["cxagent_sign_in"], domain="127.0.0.1")
    return other.get(f"{back.path}?{back.query}").status_code


def _webhook(two: Two, row: dict[str, Any]) -> int:
    body = json.dumps({"ticket": {"id": "X-1"}}).encode()
    stamp = str(int(DAY.timestamp()))
    headers = {"webhook-id": "m-1", "webhook-timestamp": stamp, "content-type": "application/json"}
    seal = hmac.digest(base64.b64decode(SECRETS["here"]), f"m-1.{stamp}.".encode() + body, "sha256")
    headers["webhook-signature"] = f"v1,{base64.b64encode(seal).decode()}"
    return two.there.browser().post("/api/v1/webhooks/tickets", content=body, headers=headers).status_code


def _session_of_the_other(two: Two, row: dict[str, Any]) -> int:
    theirs = two.there.browser(LENA).cookies["cxagent_session"]
    return two.here.browser(ADA).post(f"/access/sessions/{sessions.digest_of(theirs)}/end").status_code


@pytest.mark.parametrize(
    ("cross", "status"),
    [
        (_cookie, 401),
        (_key, 401),
        (_form, 403),
        (_form_of_an_old_browser, 403),
        (_sign_in, 403),
        (_webhook, 401),
        (_session_of_the_other, 400),
    ],
    ids=lambda one: getattr(one, "__name__", str(one)),
)
def test_what_opens_one_tenant_opens_nothing_at_the_other(
    two: Two, caplog: pytest.LogCaptureFixture, cross: Callable[[Two, dict[str, Any]], int], status: int
) -> None:
    """Cookie, key, form, the end of a sign-in, signature, session: refused, nothing done, a line in the log."""
    row = two.there.waiting()[0]
    before = two.there.state()
    assert cross(two, row) == status
    assert two.there.state() == before
    assert [row["revoked_at"] for row in two.there.rows("session")] == [None] * len(two.there.rows("session"))
    assert caplog.text


@pytest.fixture
def foreign(two: Two) -> str:
    """Return the id of a draft that there is at one tenant alone."""
    incoming = tickets_of(two.here.agent.project)[1]
    named = incoming.model_copy(update={"ticket": incoming.ticket.model_copy(update={"id": "OURS-1"})})
    found = two.here.agent.run(named)
    assert found["draft_id"]
    return str(found["draft_id"])


def test_a_draft_of_one_tenant_is_none_at_the_other(two: Two, foreign: str, caplog: pytest.LogCaptureFixture) -> None:
    """Its card, a verdict on it, its undo and its page in the API: 404, nothing of it told, nothing done on either."""
    row = two.here.inbox.draft(foreign)
    assert two.here.browser(RUTH).post(f"/drafts/{foreign}", data=form_of(row)).status_code == 303
    before = two.here.state(), two.there.state()
    browser = two.there.browser(RUTH)
    key = {"authorization": f"Bearer {two.there.key(*ALL, person=RUTH)}"}
    asked = [
        browser.get(f"/drafts/{foreign}"),
        browser.get(f"/drafts/{foreign}/signed"),
        browser.post(f"/drafts/{foreign}", data=form_of(row)),
        browser.post(f"/drafts/{foreign}/undo"),
        browser.post(f"/drafts/{foreign}/claim"),
        browser.get(f"/api/v1/drafts/{foreign}", headers=key),
        browser.delete(f"/api/v1/drafts/{foreign}/verdict", headers=key),
    ]
    assert {one.status_code for one in asked} == {404}
    assert not any(row["account_name"] in one.text for one in asked)
    assert (two.here.state(), two.there.state()) == before
    assert two.here.inbox.draft(foreign)["signed_by"] == RUTH and f"/drafts/{foreign}" in caplog.text


def test_no_stream_flows_to_the_other_tenant(two: Two) -> None:
    """A session of one hears nothing of the other's queue."""
    stolen = two.there.browser()
    stolen.cookies.set("cxagent_session", two.here.browser(RUTH).cookies["cxagent_session"], domain="127.0.0.1")
    answer = stolen.get("/events")
    assert (answer.status_code, answer.content) == (204, b"")


# ---- inside one tenant ----------------------------------------------------------------------------------------------

ANYBODYS = ("/sign-in", "/sign-out", "/access", "/people", "/views", "/keys", "/api/")
"""What is everybody's own: sessions, absences, saved views; the API has keys."""


def changing(tenant: Tenant) -> list[str]:
    """Return every address of a page that changes something about drafts, accounts or rules."""
    row = tenant.waiting()[0]
    known = {"draft_id": row["id"], "handoff_id": (tenant.rows("handoff") or [{"id": "none"}])[0]["id"]}
    found = []
    for route in tenant.app.routes:
        path, methods = getattr(route, "path", ""), getattr(route, "methods", None) or ()
        if "POST" in methods and not path.startswith(ANYBODYS):
            name = path.partition("{")[2].partition("}")[0]
            found.append(path.replace(f"{{{name}}}", known.get(name, "none")) if name else path)
    return found


@pytest.mark.parametrize("who", [VERA, ADA, QUENTIN])
def test_who_stands_beside_the_ladder_decides_nothing(tenant: Tenant, who: str) -> None:
    """Viewers, admins and QA are refused every form that changes a draft, an account or a rule."""
    row, browser = tenant.waiting()[0], tenant.browser(who)
    form = {**form_of(row), "to": PRIYA, "why": "because", "until": "2026-11-21T12:00", "note": "a note of some length"}
    before = tenant.state()
    addresses = [one for one in changing(tenant) if not one.startswith("/reviewing")]
    answers = {one: browser.post(one, data=form).status_code for one in addresses}
    assert len(answers) > 10 and tenant.state() == before
    assert all(status < 500 for status in answers.values()), answers
    assert answers[f"/drafts/{row['id']}"] == answers[f"/drafts/{row['id']}/claim"] == 403


@pytest.mark.parametrize("who", [VERA, ADA, QUENTIN])
def test_a_key_of_somebody_beside_the_ladder_decides_nothing(tenant: Tenant, who: str) -> None:
    """The scope alone is no authority: the person of the key has it or not."""
    row = tenant.waiting()[0]
    headers = {"authorization": f"Bearer {tenant.key(*ALL, person=who)}"}
    body = {"verdict": "reject", "card": row["card_digest"], "reason": "other", "severity": "minor"}
    answer = tenant.browser().post(f"/api/v1/drafts/{row['id']}/verdict", json=body, headers=headers)
    assert answer.status_code in (403, 422) and tenant.inbox.draft(row["id"])["signed_by"] is None


@pytest.mark.parametrize("who", [LENA, RUTH, VERA, ADA])
def test_how_reviewing_goes_is_for_qa(tenant: Tenant, who: str) -> None:
    """Whoever decides drafts sees neither what was planted nor how fast colleagues are."""
    assert tenant.browser(who).get("/reviewing").status_code == 403
    assert tenant.browser(QUENTIN).get("/reviewing").status_code == 200
