"""Who somebody is, as their provider says: OpenID Connect, authorization code with PKCE.

What a sign-in must remember until the browser comes back lies in that browser's own cookie, signed: whoever comes back
with another browser's answer has no such cookie, and no server keeps a list that could be filled up.
"""

import base64
import hashlib
import hmac
import json
import logging
import secrets
import threading
import time
import warnings
from collections.abc import Mapping
from typing import Any

from cxagent.domain.value import Text, Value
from cxagent.errors import Refused, Unreachable
from cxagent.review.settings import Oidc, safe

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""How an id token may be signed: never not at all, and never with a secret that both sides know."""
KNOWN_FOR = 3600.0
"""For how many seconds what a provider says of itself is taken for true."""
AWAY_FOR = 3.0
"""For how many seconds nobody asks again after a provider did not answer: whoever waits for it holds a thread."""
LASTS = 600
"""How many seconds a sign-in may take from the first page to the last."""
LEEWAY = 60
"""How many seconds the clocks of provider and server may differ."""
PATIENCE = 5.0
"""How many seconds a provider has to answer."""
AWAY = "the provider that signs people in does not answer just now; nothing was done"
TELLS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
log = logging.getLogger("cxagent.review")


class Begun(Value):
    """A sign-in that began in a browser: what its end must fit."""

    state: Text
    nonce: Text
    verifier: Text
    next: Text
    until: int


class Provider:
    """The provider of one server. It keeps what the provider says of itself, for an hour."""

    def __init__(self, settings: Oidc, public_url: str) -> None:
        self.settings, self.back = settings, f"{public_url}/sign-in/back"
        # A sign-in of one server fits no other: the address is part of what is signed.
        self._key = hashlib.sha256(f"sign-in\n{public_url}\n{settings.client_id}\n{settings.client_secret}".encode())
        self._asking = threading.Lock()
        self._told: tuple[float, dict[str, Any]] | None = None
        self._failed = float("-inf")

    def begin(self, where: str) -> tuple[str, str]:
        """Return the address to send a browser to, and the cookie that the end of this sign-in must come with."""
        begun = Begun(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            next=where,
            until=int(time.time()) + LASTS,
        )
        with self._client() as client:
            address, _ = client.create_authorization_url(
                self._metadata()["authorization_endpoint"],
                state=begun.state,
                nonce=begun.nonce,
                code_verifier=begun.verifier,
            )
        return str(address), self._sealed(begun)

    def begun(self, cookie: str | None, state: str | None) -> Begun:
        """Return the sign-in that this browser began; `Refused` where it began none, another one, or long ago."""
        text, _, seal = (cookie or "").partition(".")
        if not hmac.compare_digest(self._seal(text).encode(), seal.encode()):
            raise Refused("this browser began no sign-in here")
        begun = Begun.model_validate(json.loads(base64.urlsafe_b64decode(text)))
        if begun.until < time.time():
            raise Refused("that took too long")
        if not hmac.compare_digest(begun.state.encode(), (state or "").encode()):
            raise Refused("this is the end of another sign-in than the one that this browser began")
        return begun

    def email(self, answer: Mapping[str, str], begun: Begun) -> str:
        """Return the verified address of who signed in, by the provider's answer; `Refused` where it proves nothing.

        `Unreachable` where the provider does not answer.
        """
        if said := answer.get("error"):
            raise Refused(f"the provider says {said}")
        if answer.get("iss", self.settings.issuer).rstrip("/") != self.settings.issuer:
            raise Refused("another provider answered")
        if not (code := answer.get("code")):
            raise Refused("the provider's answer holds no code")
        token = self._exchanged(code, begun)
        claims = self._claims(token, begun)
        if not claims.get("email"):
            claims = {**self._userinfo(token, claims["sub"]), **claims}
        if not isinstance(claims.get("email"), str) or not claims["email"].strip():
            raise Refused("the provider names no e-mail address")
        if claims.get("email_verified", True) not in (True, "true"):
            raise Refused("the provider has not verified the e-mail address")
        return str(claims["email"]).strip()

    # ---- what is said to the provider ---------------------------------------------------------------------------

    def _client(self, **more: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # which of two HTTP libraries Authlib found is nobody's business here
            from authlib.integrations.httpx_client import OAuth2Client

        given = {"client_id": self.settings.client_id, "client_secret": self.settings.client_secret}
        asks = {"scope": "openid email", "redirect_uri": self.back, "code_challenge_method": "S256"}
        return OAuth2Client(**given, **asks, timeout=PATIENCE, follow_redirects=False, **more)

    def _metadata(self) -> dict[str, Any]:
        """Return what the provider says of itself; it must name itself as it was configured, and hide nothing."""
        with self._asking:
            if self._told is not None and time.monotonic() - self._told[0] < KNOWN_FOR:
                return self._told[1]
            if time.monotonic() - self._failed < AWAY_FOR:
                raise Unreachable(AWAY)
            self._failed = time.monotonic()
            told = self._get(f"{self.settings.issuer}/.well-known/openid-configuration")
            if str(told.get("issuer", "")).rstrip("/") != self.settings.issuer:
                raise Unreachable(f"{self.settings.issuer} says that it is another provider: {told.get('issuer')!r}")
            for name in TELLS:
                if not safe(str(told.get(name, ""))):
                    raise Unreachable(f"{self.settings.issuer} names no {name} over https")
            told["keys"] = self._get(told["jwks_uri"])
            self._told, self._failed = (time.monotonic(), told), float("-inf")
            return told

    def _get(self, address: str, **headers: str) -> dict[str, Any]:
        try:
            with self._client() as client:
                answer = client.request("GET", address, headers=headers, withhold_token=True)
                answer.raise_for_status()
                found = answer.json()
        except Exception as error:
            raise self._away(error) from error
        if not isinstance(found, dict):
            raise Unreachable(f"{address} holds no JSON object")
        return found

    def _exchanged(self, code: str, begun: Begun) -> dict[str, Any]:
        """Return the token that a code stands for; a code that was used, or is not ours, is refused there."""
        from authlib.integrations.base_client import OAuthError

        address = self._metadata()["token_endpoint"]
        method = self._metadata().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        how = "client_secret_basic" if "client_secret_basic" in method else "client_secret_post"
        try:
            with self._client(token_endpoint_auth_method=how) as client:
                return dict(client.fetch_token(address, code=code, code_verifier=begun.verifier))
        except OAuthError as error:
            raise Refused(f"the provider refuses the code: {error.error}") from error
        except Exception as error:
            raise self._away(error) from error

    def _claims(self, token: dict[str, Any], begun: Begun) -> dict[str, Any]:
        """Return what the id token says, once signature, issuer, audience, times and nonce fit."""
        from authlib.oidc.core import CodeIDToken
        from joserfc.errors import InvalidKeyIdError, JoseError

        try:
            try:
                found = self._decoded(token.get("id_token"))
            except InvalidKeyIdError:  # the provider changed its keys since we asked
                self._told = None
                found = self._decoded(token.get("id_token"))
            claims = CodeIDToken(
                found.claims,
                found.header,
                {"iss": {"essential": True, "values": [self._metadata()["issuer"]]}},
                {"nonce": begun.nonce, "client_id": self.settings.client_id, "access_token": token.get("access_token")},
            )
            claims.validate(leeway=LEEWAY)
            audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
            if self.settings.client_id not in audience:
                raise Refused("the provider's token is for somebody else")
            return dict(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise Refused(f"the provider's token does not hold: {error}") from error

    def _decoded(self, text: Any) -> Any:
        from joserfc import jwt
        from joserfc.jwk import KeySet
        from joserfc.jws import JWSRegistry

        if not isinstance(text, str):
            raise Refused("the provider sent no id token")
        told = self._metadata()
        offered = told.get("id_token_signing_alg_values_supported") or ["RS256"]
        keys = KeySet.import_key_set(told["keys"])
        allowed = [one for one in ALGORITHMS if one in offered]
        return jwt.decode(text, keys, registry=JWSRegistry(algorithms=allowed, strict_check_header=False))

    def _userinfo(self, token: dict[str, Any], subject: str) -> dict[str, Any]:
        """Return what the provider tells beside the token about the same person."""
        address = str(self._metadata().get("userinfo_endpoint", ""))
        if not safe(address):
            return {}
        told = self._get(address, Authorization=f"Bearer {token.get('access_token')}")
        return told if told.get("sub") == subject else {}

    def _away(self, error: Exception) -> Unreachable:
        log.warning("the provider %s did not answer: %s: %s", self.settings.issuer, type(error).__name__, error)
        return Unreachable(AWAY)

    # ---- what a browser keeps meanwhile -------------------------------------------------------------------------

    def _sealed(self, begun: Begun) -> str:
        text = base64.urlsafe_b64encode(begun.model_dump_json().encode()).decode()
        return f"{text}.{self._seal(text)}"

    def _seal(self, text: str) -> str:
        return hmac.new(self._key.digest(), text.encode(), hashlib.sha256).hexdigest()
