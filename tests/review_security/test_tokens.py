"""What a provider's token must hold, shown by a provider that forges: one thing wrong at a time, and nobody is in."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from tenants import LENA, Tenant, copied

from cxagent.ledger import sessions
from cxagent.review.oidc import Provider
from cxagent.review.settings import Oidc

OURS, THEIRS = RSAKey.generate_key(2048, {"kid": "ours"}), RSAKey.generate_key(2048, {"kid": "ours"})
LATER = RSAKey.generate_key(2048, {"kid": "later"})


class Forger:
    """A provider that answers whatever it was told to; it holds whoever redeems a code to their verifier."""

    def __init__(self) -> None:
        self.metadata: dict[str, Any] = {}
        self.keys, self.token = [OURS], ""
        self.challenge: str | None = None
        self.userinfo: dict[str, Any] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def _handler(forger) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send(forger.answer(self.path))

            def do_POST(self) -> None:
                asked = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                digest = hashlib.sha256(asked["code_verifier"][0].encode()).digest()
                held = base64.urlsafe_b64encode(digest).decode().rstrip("=") == forger.challenge
                told = {"access_token": "a", "token_type": "Bearer", "id_token": forger.token}
                self._send(told if held else {"error": "invalid_grant"}, 200 if held else 400)

            def _send(self, told: object, status: int = 200) -> None:
                body = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def answer(self, path: str) -> dict[str, Any]:
        """Return what the provider says of itself, its keys, or a person."""
        if path == "/jwks":
            return {"keys": [one.as_dict(private=False) for one in self.keys]}
        if path == "/userinfo":
            return self.userinfo
        told = {f"{name}_endpoint": f"{self.issuer}/{name}" for name in ("authorization", "token", "userinfo")}
        return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", **told, **self.metadata}

    def claims(self, of: str, **changes: Any) -> dict[str, Any]:
        """Return claims that hold for a nonce, with some changed; None leaves one out."""
        told = {"iss": self.issuer, "aud": "cxagent", "sub": "l", "iat": int(time()), "exp": int(time()) + 300}
        claims = {**told, "nonce": of, "email": "lena@desk.example", "email_verified": True, **changes}
        return {name: value for name, value in claims.items() if value is not None}


@pytest.fixture(scope="module")
def listening() -> Iterator[Forger]:
    """Return a provider that forges."""
    made = Forger()
    serving = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    yield made
    made.server.shutdown()
    serving.join()
    made.server.server_close()


@pytest.fixture(scope="module")
def home(template: Path, tmp_path_factory: pytest.TempPathFactory, listening: Forger) -> Iterator[Tenant]:
    """Return a tenant that trusts the forger."""
    oidc = Oidc(issuer=listening.issuer, client_id="cxagent", client_secret="a secret of both")
    made = Tenant(copied(template, tmp_path_factory.mktemp("forged") / "home"), oidc=oidc)
    yield made
    made.agent.close()


@pytest.fixture
def forger(listening: Forger) -> Forger:
    """Return the provider as it is before it was told to forge."""
    listening.metadata, listening.keys, listening.userinfo = {}, [OURS], {}
    return listening


@pytest.fixture
def tenant(home: Tenant) -> Tenant:
    """Return the tenant, which has not met its provider yet, and in which nobody is signed in."""
    assert home.settings.oidc is not None
    home.app.state.site.provider = Provider(home.settings.oidc, home.settings.public_url)
    with home.store.write() as connection:
        for row in sessions.open_ones(connection):
            sessions.end(connection, row["id"], "the test before")
    return home


def nobody_in(tenant: Tenant) -> bool:
    """Whether no session holds."""
    with tenant.store.read() as connection:
        return sessions.open_ones(connection) == []


def come_back(tenant: Tenant, forger: Forger, token: Callable[[str], str], challenge: str | None = None) -> Any:
    """Sign in with a token made from the nonce; return the browser and what the server says."""
    browser = tenant.browser()
    address = browser.get("/sign-in/out").headers["location"]
    asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
    forger.challenge, forger.token = challenge or asked["code_challenge"], token(asked["nonce"])
    return browser, browser.get("/sign-in/back", params={"state": asked["state"], "code": "c"})


def signed(claims: dict[str, Any], key: Any = OURS, algorithm: str = "RS256", kid: str = "ours") -> str:
    """Return a signed token."""
    return jwt.encode({"alg": algorithm, "kid": kid}, claims, key, algorithms=[algorithm])


def test_a_token_that_holds_opens(tenant: Tenant, forger: Forger) -> None:
    """The token that the cases below spoil in one place each signs its person in."""
    browser, answer = come_back(tenant, forger, lambda nonce: signed(forger.claims(nonce)))
    assert answer.status_code == 303 and LENA in browser.get("/").text


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another client"},
        {"aud": None},
        {"aud": "another client", "azp": "cxagent"},
        {"aud": ["another client", "cxagent"], "azp": "another client"},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"nonce": "another"},
        {"nonce": None},
        {"email_verified": False},
        {"email_verified": "false"},
        {"email": "lena@desk.example.evil.example"},
        {"email": ["lena@desk.example"]},
    ],
    ids=str,
)
def test_a_claim_that_does_not_hold_signs_nobody_in(tenant: Tenant, forger: Forger, changes: dict[str, Any]) -> None:
    """Issuer, audience, times, nonce and the verified address: each wrong or missing one is refused."""
    _, answer = come_back(tenant, forger, lambda nonce: signed(forger.claims(nonce, **changes)))
    assert answer.status_code == 403 and nobody_in(tenant)


def _part(told: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def _unsigned(claims: dict[str, Any]) -> str:
    return ".".join([_part({"alg": "none", "kid": "ours"}), _part(claims), ""])


def _by_public_key(claims: dict[str, Any]) -> str:
    told = ".".join(_part(one) for one in ({"alg": "HS256", "kid": "ours"}, claims))
    seal = hmac.digest(OURS.as_pem(private=False), told.encode(), hashlib.sha256)
    return f"{told}.{base64.urlsafe_b64encode(seal).decode().rstrip('=')}"


def _by_secret(claims: dict[str, Any]) -> str:
    return signed(claims, OctKey.import_key("a secret of both, made longer until it counts"), "HS256")


@pytest.mark.parametrize(
    "forged",
    [
        lambda claims: signed(claims, THEIRS),
        _unsigned,
        _by_public_key,
        _by_secret,
        lambda claims: "no token",
        lambda _: "",
    ],
    ids=["another key", "no signature", "the public key as a secret", "a shared secret", "no token", "nothing"],
)
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_a_signature_that_does_not_hold_signs_nobody_in(
    tenant: Tenant, forger: Forger, forged: Callable[[dict[str, Any]], str]
) -> None:
    """Only a signature with a private key of the provider counts, whatever the token or the provider says of itself."""
    forger.metadata = {"id_token_signing_alg_values_supported": ["RS256", "HS256", "none"]}
    _, answer = come_back(tenant, forger, lambda nonce: forged(forger.claims(nonce)))
    assert answer.status_code == 403 and nobody_in(tenant)


def test_a_code_is_worth_nothing_without_its_verifier(tenant: Tenant, forger: Forger) -> None:
    """A code that was begun with another challenge is refused by the provider, and here."""
    _, answer = come_back(tenant, forger, lambda nonce: signed(forger.claims(nonce)), challenge="of another browser")
    assert answer.status_code == 403 and "refuses the code" in answer.text


def test_new_keys_of_the_provider_are_fetched(tenant: Tenant, forger: Forger) -> None:
    """A token under a key that is not known yet is checked with the keys of now."""
    come_back(tenant, forger, lambda nonce: signed(forger.claims(nonce)))
    forger.keys = [LATER]
    _, answer = come_back(tenant, forger, lambda nonce: signed(forger.claims(nonce), LATER, kid="later"))
    assert answer.status_code == 303


@pytest.mark.parametrize(("subject", "status"), [("l", 303), ("another", 403)])
def test_an_address_beside_the_token_must_be_of_the_same_person(
    tenant: Tenant, forger: Forger, subject: str, status: int
) -> None:
    """Where the token names no address the provider is asked; what it says of another person does not count."""
    forger.userinfo = {"sub": subject, "email": "lena@desk.example", "email_verified": True}
    _, answer = come_back(tenant, forger, lambda nonce: signed(forger.claims(nonce, email=None)))
    assert answer.status_code == status


@pytest.mark.parametrize(
    "says",
    [{"issuer": "https://elsewhere.example"}, {"token_endpoint": "http://elsewhere.example/token"}, {"jwks_uri": None}],
)
def test_a_provider_that_says_something_else_of_itself_is_not_believed(
    tenant: Tenant, forger: Forger, says: dict[str, Any]
) -> None:
    """Another issuer, or an address in the clear, ends the sign-in before anybody is sent there."""
    forger.metadata = says
    assert tenant.browser().get("/sign-in/out").status_code == 503
