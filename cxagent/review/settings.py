"""Where the server listens, how people sign in, under which address the world knows it; read once, at the start."""

import ipaddress
import os
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from cxagent.domain.value import Text, Value
from cxagent.errors import BadInput
from cxagent.notifying.links import PUBLIC_URL

ISSUER, CLIENT, SECRET = "CXAGENT_OIDC_ISSUER", "CXAGENT_OIDC_CLIENT_ID", "CXAGENT_OIDC_CLIENT_SECRET"


class Oidc(Value):
    """The provider that says who somebody is."""

    issuer: Text
    client_id: Text
    client_secret: Text


class Rates(Value):
    """How often something may be asked of one process before it answers 429, in the words of `limits`.

    `sign_in` counts per address, `api` per key, `calls` requests with a key per address, `verdicts` what one person
    sends in.
    """

    sign_in: Text = "120 per minute"
    api: Text = "1200 per minute"
    calls: Text = "3000 per minute"
    verdicts: Text = "240 per minute"


class Settings(Value):
    """How the server runs. Without `oidc` there is only the development login, and that only on loopback."""

    host: Text = "127.0.0.1"
    port: int = 8080
    public_url: Text
    oidc: Oidc | None = None
    rates: Rates = Rates()

    @property
    def secure(self) -> bool:
        """Whether browsers reach the server over TLS."""
        return self.public_url.startswith("https://")

    @property
    def public_host(self) -> str:
        """The name under which browsers reach the server, without a port."""
        return urlsplit(self.public_url).hostname or ""

    @classmethod
    def read(cls, host: str, port: int, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings; `BadInput` where they would leave a door open."""
        oidc = _oidc(environment)
        if oidc is None and not loopback(host):
            raise BadInput(
                f"without {ISSUER} there is only the development login, which asks for no password; "
                f"it listens on loopback and not on {host}",
                where="--host",
            )
        shown = f"[{host}]" if ":" in host else host
        public = (environment.get(PUBLIC_URL) or f"http://{shown}:{port}").strip().rstrip("/")
        _whole(public, oidc)
        return cls(host=host, port=port, public_url=public, oidc=oidc)


def _whole(public: str, oidc: Oidc | None) -> None:
    parts = _split(public)
    if parts is None or parts.path or parts.query or parts.fragment or parts.username:
        raise BadInput(f"{public!r} is no address such as https://desk.example.com", where=PUBLIC_URL)
    inside = loopback(parts.hostname or "")
    if parts.scheme == "http" and not inside:
        raise BadInput("must be https: sessions may not travel in the clear", where=PUBLIC_URL)
    if oidc is None and not inside:
        raise BadInput(
            f"without {ISSUER} there is only the development login, which asks for no password; "
            f"{public} would show it to the world",
            where=PUBLIC_URL,
        )


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def loopback(host: str) -> bool:
    """Whether a host is this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def safe(address: str) -> bool:
    """Whether an address is one over TLS, or one of this machine alone."""
    parts = _split(address)
    return parts is not None and (parts.scheme == "https" or loopback(parts.hostname or ""))


def _oidc(environment: Mapping[str, str]) -> Oidc | None:
    given = {name: environment.get(name, "").strip() for name in (ISSUER, CLIENT, SECRET)}
    if not any(given.values()):
        return None
    if missing := [name for name, value in given.items() if not value]:
        raise BadInput("is missing: signing in needs issuer, client id and client secret", where=missing[0])
    if not safe(given[ISSUER]):
        raise BadInput(f"{given[ISSUER]!r} is no address of a provider: https, or loopback", where=ISSUER)
    return Oidc(issuer=given[ISSUER].rstrip("/"), client_id=given[CLIENT], client_secret=given[SECRET])
