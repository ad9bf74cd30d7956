"""Signing in and out: through the provider; without one, the development login: loopback only, every name on a list."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from cxagent.errors import Refused, Unreachable
from cxagent.ledger import sessions
from cxagent.review.oidc import LASTS, Provider
from cxagent.review.site import Asked, Site, log, route

COOKIE = "cxagent_session"
BEGUN = "cxagent_sign_in"
LONGEST_ADDRESS = 1500
"""How long the address may be to which one returns; it lies in a cookie meanwhile."""


def cookie_name(secure: bool, name: str = COOKIE) -> str:
    """Return what a cookie is called; the prefix binds it to this very host and to TLS."""
    return f"__Host-{name}" if secure else name


def token_of(site: Site, request: Request) -> str:
    """Return the token of the session that a browser says it has; the empty text where it says none."""
    return request.cookies.get(cookie_name(site.settings.secure), "")


def door(asked: Asked) -> Response:
    """Show how to sign in."""
    oidc = asked.site.settings.oidc
    where = urlsplit(oidc.issuer).netloc if oidc else None
    people = () if oidc else asked.inbox.playbook.people
    return asked.render("sign-in.html", next=inside(asked.query("next")), people=people, provider=where)


def enter(asked: Asked) -> Response:
    """Sign in by name, for development."""
    if asked.site.settings.oidc is not None:
        raise Refused("people sign in through the provider here")
    found = asked.inbox.person(asked.typed("person") or "")
    return signed_in(asked, found.name, asked.typed("next") or "/")


# ---- through the provider -----------------------------------------------------------------------------------------


def out(asked: Asked) -> Response:
    """Send the browser to the provider, with a cookie that only the end of this very sign-in fits."""
    try:
        address, sealed = _provider(asked).begin(inside(asked.query("next")))
    except (Refused, Unreachable) as error:
        return _did_not_work(asked, error)
    answer = asked.go(address)
    _set(asked, answer, BEGUN, sealed, max_age=LASTS)
    return answer


def back(asked: Asked) -> Response:
    """Take the browser back from the provider; whom the playbook knows by their verified address is signed in."""
    try:
        provider = _provider(asked)
        begun = provider.begun(
            asked.request.cookies.get(cookie_name(asked.site.settings.secure, BEGUN)), asked.query("state")
        )
        name = _known(asked, provider.email(asked.request.query_params, begun))
    except (Refused, Unreachable) as error:
        answer = _did_not_work(asked, error)
    else:
        answer = signed_in(asked, name, begun.next)
    _drop(asked, answer, BEGUN)
    return answer


def _provider(asked: Asked) -> Provider:
    if asked.site.provider is None:
        raise Refused("there is no provider here")
    return asked.site.provider


def _known(asked: Asked, email: str) -> str:
    """Return whom the playbook knows by an address; `Refused` where that is nobody, or not one person alone."""
    found = [one.name for one in asked.inbox.playbook.people if one.email and same(one.email, email)]
    if len(found) == 1:
        return found[0]
    who = "more than one person" if found else "nobody"
    raise Refused(f"the provider knows you as {email}, and the playbook knows {who} by that address")


def same(one: str, other: str) -> bool:
    """Whether two addresses are the same; only plain capitals do not matter, a letter that looks alike does."""
    return one.strip().encode().lower() == other.strip().encode().lower()


def _did_not_work(asked: Asked, error: Exception) -> Response:
    status = 403 if isinstance(error, Refused) else 503
    # What the provider was told by mail or name stays out of the log: it is no person of ours.
    log.warning("a sign-in failed: %s", str(error).partition(" as ")[0])
    links = [("/sign-in", "Sign in again")]
    return asked.render("said.html", status, title="Signing in did not work", said=f"{error}.", links=links)


# ---- the session --------------------------------------------------------------------------------------------------


def signed_in(asked: Asked, name: str, where: str) -> Response:
    """Open a session for a person and send them on; the one that this browser had before is over."""
    before = token_of(asked.site, asked.request)
    with asked.inbox.agent.store.write() as connection:
        if before:
            sessions.end(connection, sessions.digest_of(before), name)
        token = sessions.start(connection, name, asked.request.headers.get("user-agent"))
    answer = asked.go(inside(where))
    _set(asked, answer, COOKIE, token)
    log.info("%s signed in", name)
    return answer


def leave(asked: Asked) -> Response:
    """End the session."""
    if token := token_of(asked.site, asked.request):
        with asked.inbox.agent.store.write() as connection:
            sessions.end(connection, sessions.digest_of(token), asked.me.name)
    answer = asked.go("/sign-in")
    _drop(asked, answer, COOKIE)
    return answer


def inside(where: str) -> str:
    """Return an address of this site; one that leads elsewhere is not followed."""
    if len(where) > LONGEST_ADDRESS:
        return "/"
    ours = where.startswith("/") and not where.startswith("//") and where.isprintable() and "\\" not in where
    return where if ours and not urlsplit(where).netloc else "/"


def _set(asked: Asked, answer: Response, name: str, value: str, max_age: int | None = None) -> None:
    secure = asked.site.settings.secure
    answer.set_cookie(
        cookie_name(secure, name), value, max_age=max_age, path="/", httponly=True, samesite="lax", secure=secure
    )


def _drop(asked: Asked, answer: Response, name: str) -> None:
    secure = asked.site.settings.secure
    answer.delete_cookie(cookie_name(secure, name), path="/", httponly=True, samesite="lax", secure=secure)


ROUTES = [
    route("/sign-in", door, public=True),
    route("/sign-in", enter, "POST", public=True),
    route("/sign-in/out", out, public=True),
    route("/sign-in/back", back, public=True),
    route("/sign-out", leave, "POST"),
]
