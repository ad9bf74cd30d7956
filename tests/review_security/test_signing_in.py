"""Signing in through a real provider: who comes back with proof has a session, and nobody else has."""

import base64
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit, urlunsplit

import pytest
from starlette.testclient import TestClient
from tenants import LENA, OURS, Tenant, provider_answers

from cxagent.review.settings import Oidc
from cxagent.review.signing_in import inside, same


def begun(browser: TestClient, where: str = "/") -> str:
    """Begin to sign in; return where the browser is sent."""
    answer = browser.get("/sign-in/out", params={"next": where})
    assert answer.status_code == 303
    return str(answer.headers["location"])


def path_of(address: str) -> str:
    """Return the part of an address that a browser asks its own server for."""
    parts = urlsplit(address)
    return urlunsplit(("", "", parts.path, parts.query, ""))


def test_who_signs_in_at_the_provider_is_here_the_person_of_that_address(
    tenants: Callable[..., Tenant], oidc: Oidc
) -> None:
    """A verified address that one person of the playbook has, in any capitals, opens a session of that person."""
    browser = tenants(oidc=oidc).browser()
    address = begun(browser, "/?tab=team")
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["scope"] == ["openid email"]
    assert {"state", "nonce", "code_challenge"} <= asked.keys() and "code_verifier" not in asked
    answer = browser.get(path_of(provider_answers(address, "lena")))
    assert (answer.status_code, answer.headers["location"]) == (303, "/?tab=team")
    assert LENA in browser.get("/").text


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("stranger", "the playbook knows nobody by that address"),
        ("unverified", "has not verified"),
        ("nameless", "names no e-mail address"),
    ],
)
def test_who_is_nobody_of_the_playbook_gets_a_clear_page_and_no_session(
    tenants: Callable[..., Tenant], oidc: Oidc, caplog: pytest.LogCaptureFixture, who: str, said: str
) -> None:
    """An unknown, an unverified and a missing address: 403, a sentence, a line in the log, no row in the database."""
    tenant = tenants(oidc=oidc)
    browser = tenant.browser()
    answer = browser.get(path_of(provider_answers(begun(browser), who)))
    assert answer.status_code == 403 and said in answer.text
    assert tenant.rows("session") == [] and "cxagent_session" not in browser.cookies
    assert "a sign-in failed" in caplog.text and "mallory" not in caplog.text
    assert browser.get("/").headers["location"].startswith("/sign-in")


def _other_state(address: str) -> str:
    return re.sub(r"state=[^&]+", "state=made-up", address)


def _no_code(address: str) -> str:
    return re.sub(r"code=[^&]+&?", "", address)


def _made_up_code(address: str) -> str:
    return re.sub(r"code=[^&]+", "code=made-up", address)


def _other_issuer(address: str) -> str:
    return f"{address}&iss=https%3A%2F%2Felsewhere.example"


@pytest.mark.parametrize("tampered", [_other_state, _no_code, _made_up_code, _other_issuer])
def test_an_answer_that_was_tampered_with_signs_nobody_in(
    tenants: Callable[..., Tenant], oidc: Oidc, tampered: Callable[[str], str]
) -> None:
    """State, code and issuer must be those of the sign-in that this browser began."""
    tenant = tenants(oidc=oidc)
    browser = tenant.browser()
    answer = browser.get(path_of(tampered(provider_answers(begun(browser), "lena"))))
    assert answer.status_code == 403 and tenant.rows("session") == []


def test_a_sign_in_that_took_too_long_begins_anew(
    tenants: Callable[..., Tenant], oidc: Oidc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After ten minutes the cookie of a sign-in that began is worth nothing, whatever the browser kept."""
    tenant = tenants(oidc=oidc)
    browser = tenant.browser()
    monkeypatch.setattr("cxagent.review.oidc.LASTS", -1)
    answer = browser.get(path_of(provider_answers(begun(browser), "lena")))
    assert answer.status_code == 403 and "too long" in answer.text and tenant.rows("session") == []


def test_what_a_browser_keeps_meanwhile_cannot_be_changed(tenants: Callable[..., Tenant], oidc: Oidc) -> None:
    """A cookie that says something else than the server wrote is no sign-in that began here."""
    tenant = tenants(oidc=oidc)
    browser = tenant.browser()
    back = path_of(provider_answers(begun(browser), "lena"))
    text, _, seal = browser.cookies["cxagent_sign_in"].partition(".")
    changed = base64.urlsafe_b64decode(text).replace(b'"next":"/"', b'"next":"/access"')
    browser.cookies.clear()
    browser.cookies.set("cxagent_sign_in", f"{base64.urlsafe_b64encode(changed).decode()}.{seal}", domain="127.0.0.1")
    assert browser.get(back).status_code == 403 and tenant.rows("session") == []


def test_a_code_opens_once(tenants: Callable[..., Tenant], oidc: Oidc) -> None:
    """The same answer again, in the same browser with its cookie put back, is refused."""
    tenant = tenants(oidc=oidc)
    browser = tenant.browser()
    back = path_of(provider_answers(begun(browser), "lena"))
    kept = browser.cookies["cxagent_sign_in"]
    assert browser.get(back).status_code == 303 and "cxagent_sign_in" not in browser.cookies
    browser.cookies.clear()
    assert browser.get(back).status_code == 403
    browser.cookies.set("cxagent_sign_in", kept, domain="127.0.0.1")
    assert browser.get(back).status_code == 403 and len(tenant.rows("session")) == 1


def test_a_token_for_another_sign_in_is_refused(tenants: Callable[..., Tenant], oidc: Oidc) -> None:
    """A code whose token carries another nonce than the browser's signs nobody in."""
    tenant = tenants(oidc=oidc)
    browser = tenant.browser()
    address = re.sub(r"nonce=[^&]+", "nonce=of-somebody-else", begun(browser))
    answer = browser.get(path_of(provider_answers(address, "lena")))
    assert answer.status_code == 403 and "nonce" in answer.text and tenant.rows("session") == []


def test_nobody_is_signed_in_with_the_end_of_somebody_elses_sign_in(tenants: Callable[..., Tenant], oidc: Oidc) -> None:
    """A link to the end of the attacker's own sign-in does nothing in the victim's browser, begun or not."""
    tenant = tenants(oidc=oidc)
    attacker, victim = tenant.browser(), tenant.browser()
    link = path_of(provider_answers(begun(attacker), "lena"))
    assert victim.get(link).status_code == 403
    begun(victim)
    assert victim.get(link).status_code == 403 and tenant.rows("session") == []


def test_a_provider_that_is_away_is_a_page_and_no_failure(
    tenants: Callable[..., Tenant], caplog: pytest.LogCaptureFixture
) -> None:
    """Where nothing listens, signing in says 503 with a sentence, then without asking; the door stays open."""
    away = Oidc(issuer="http://127.0.0.1:9", client_id="cxagent", client_secret="a secret")
    browser = tenants(oidc=away).browser()
    for _ in range(2):
        answer = browser.get("/sign-in/out")
        assert answer.status_code == 503 and "does not answer just now" in answer.text
    assert caplog.text.count("did not answer") == 1
    assert browser.get("/sign-in").status_code == 200


def test_with_a_provider_no_name_opens(tenants: Callable[..., Tenant], oidc: Oidc) -> None:
    """Where a provider is set, the door names no people, and the development login is refused."""
    tenant = tenants(oidc=oidc)
    browser = tenant.browser()
    assert LENA not in browser.get("/sign-in").text
    assert browser.post("/sign-in", data={"person": LENA}).status_code == 403
    assert tenant.rows("session") == []


def test_signing_in_gives_a_new_session_and_ends_the_one_before(tenant: Tenant) -> None:
    """A session that somebody planted before is worth nothing afterwards."""
    browser = tenant.browser(LENA)
    planted = browser.cookies["cxagent_session"]
    assert browser.post("/sign-in", data={"person": LENA}).status_code == 303
    assert browser.cookies["cxagent_session"] != planted
    other = tenant.browser()
    other.cookies.set("cxagent_session", planted, domain="127.0.0.1")
    assert other.get("/").status_code == 303


def test_the_cookie_over_tls_is_bound_to_this_host(tenants: Callable[..., Tenant], oidc: Oidc) -> None:
    """Over https the cookie has the prefix that browsers hold to host, path and TLS, and HSTS is sent."""
    browser = tenants(oidc=oidc, public_url="https://desk.example").browser()
    answer = browser.get("/sign-in/out")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-cxagent_sign_in=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(cookie.split("; ")) and "Domain" not in cookie
    assert answer.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize(
    "where",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/\t/elsewhere.example",
        "/" * 3,
        "/x" * 1000,
        "",
    ],
)
def test_nobody_is_sent_elsewhere(where: str) -> None:
    """After signing in one lands on this site, whatever the address said."""
    assert inside(where) == "/"


def test_look_alike_letters_are_another_address() -> None:
    """Plain capitals do not matter; a letter that only looks like another one, or folds to it, does."""
    assert same(" Lena@Desk.example", "lena@desk.example")
    assert not any(
        same("strasse@desk.example", one) for one in ("straße@desk.example", "stra\u017f\u017fe@desk.example")
    )
    assert not same("lena@des\u212a.example", "lena@desk.example")


def test_a_sign_in_from_another_site_is_refused(tenant: Tenant) -> None:
    """Nobody is signed in by a form on another page: the browser says where it comes from, or nothing is done."""
    browser = tenant.browser()
    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        assert browser.post("/sign-in", data={"person": LENA}, headers=headers).status_code == 403
    assert browser.post("/sign-in", data={"person": LENA}, headers=OURS).status_code == 303
