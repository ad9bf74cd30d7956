"""Tenants with the sample world's drafts, and a provider that people really sign in at."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import create_server

import httpx
import pytest
from tenants import DAY, Tenant, copied, peopled

from cxagent import clock
from cxagent.agent import Agent
from cxagent.cli.demo import tickets_of
from cxagent.review.settings import Oidc
from cxagent.scaffold import copy_to

TICKETS = 9
"""How many of the sample tickets a tenant starts with: a few drafts and a handoff."""


@pytest.fixture(autouse=True)
def _on_the_day() -> Iterator[None]:
    """Let the sample world's facts be fresh."""
    with clock.frozen(DAY):
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose ledger holds some drafts; it is copied and never opened again."""
    home = tmp_path_factory.mktemp("template") / "project"
    copy_to(home)
    peopled(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CXAGENT_DATABASE_URL", raising=False)
        agent = Agent.open(home)
        with clock.frozen(DAY):
            for incoming in tickets_of(agent.project)[:TICKETS]:
                agent.run(incoming)
    agent.close()
    return home


@pytest.fixture
def tenants(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Tenant]]:
    """Return what makes a tenant of its own; all of them are closed at the end."""
    monkeypatch.delenv("CXAGENT_DATABASE_URL", raising=False)
    made: list[Tenant] = []

    def make(name: str = "one", **more: object) -> Tenant:
        made.append(Tenant(copied(template, tmp_path / name), **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.agent.close()


@pytest.fixture
def tenant(tenants: Callable[..., Tenant]) -> Tenant:
    """Return a tenant with the development login."""
    return tenants()


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    """Return the issuer of a provider that runs as a process of its own."""
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"},
    )
    issuer = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx.get(f"{issuer}/.well-known/openid-configuration").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        else:
            pytest.fail("the provider did not start")
        knows(issuer, "lena", {"email": "LENA@desk.example", "email_verified": True})
        knows(issuer, "stranger", {"email": "mallory@elsewhere.example", "email_verified": True})
        knows(issuer, "unverified", {"email": "lena@desk.example", "email_verified": False})
        knows(issuer, "nameless", {})
        yield issuer
    finally:
        started.terminate()
        started.wait(10)


def knows(issuer: str, who: str, claims: dict[str, object]) -> None:
    """Let the provider know somebody."""
    httpx.put(f"{issuer}/users/{who}", json=claims).raise_for_status()


@pytest.fixture
def oidc(provider: str) -> Oidc:
    """Return what a tenant knows of its provider."""
    return Oidc(issuer=provider, client_id="cxagent", client_secret="a secret of both")
