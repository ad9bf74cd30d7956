"""Who comes in: sessions of one's own, for admins those of all and the keys of the API; and who looked at what."""

from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response

from cxagent import clock
from cxagent.errors import BadInput, Refused
from cxagent.inbox.people import ADMIN, QA
from cxagent.ledger import accesses, api_keys, sessions
from cxagent.review.signing_in import token_of
from cxagent.review.site import Asked, log, route

SHOWN = 200
"""How many views one page lists."""


def access(asked: Asked) -> Response:
    """Show one's own sessions; an admin sees all of them, and the keys."""
    return _page(asked)


def _page(asked: Asked, made: tuple[str, str] | None = None) -> Response:
    """Show the page; `made` is the name of a new key and the text that opens with it, shown this once."""
    admin = asked.me.role == ADMIN
    with asked.inbox.agent.store.read() as connection:
        mine = sessions.open_ones(connection, asked.me.name)
        others = [one for one in sessions.open_ones(connection) if one["person"] != asked.me.name] if admin else []
        keys = api_keys.every(connection) if admin else []
    values: dict[str, Any] = {"mine": mine, "others": others, "keys": keys, "made": made, "admin": admin}
    values |= {"scopes": api_keys.SCOPES, "people": asked.inbox.playbook.people, "this": _this(asked)}
    return asked.render("access.html", **values, sees=asked.me.role in (ADMIN, QA))


def end(asked: Asked) -> Response:
    """End a session: one's own, or as an admin anybody's."""
    wanted = asked.path("session_id")
    with asked.inbox.agent.store.write() as connection:
        found = [one for one in sessions.open_ones(connection) if one["id"] == wanted]
        if not found:
            raise BadInput("that session is over already, or there is none", where="session")
        if found[0]["person"] != asked.me.name:
            _admin(asked)
        sessions.end(connection, wanted, asked.me.name)
    log.warning("%s ended a session of %s", asked.me.name, found[0]["person"])
    return asked.go("/access")


def end_others(asked: Asked) -> Response:
    """End all sessions of one's own but this one."""
    here = _this(asked)
    with asked.inbox.agent.store.write() as connection:
        for one in sessions.open_ones(connection, asked.me.name):
            if one["id"] != here:
                sessions.end(connection, one["id"], asked.me.name)
    return asked.go("/access")


def make_key(asked: Asked) -> Response:
    """Make a key for the API, and show it once."""
    _admin(asked)
    scopes = frozenset(one for one in asked.form.getlist("scope") if isinstance(one, str))
    name, person = asked.typed("name") or "", asked.typed("person")
    if person is not None:
        person = asked.inbox.person(person).name
        if "drafts:decide" in scopes and person != asked.me.name:
            raise Refused(
                "nobody makes a key that decides in another person's name; their authority is not yours to lend"
            )
    with asked.inbox.agent.store.write() as connection:
        key, text = api_keys.make(connection, name, scopes, person, _until(asked), asked.me.name)
    log.warning("%s made the key %s (%s)", asked.me.name, key.id, " ".join(sorted(scopes)))
    return _page(asked, (key.name, text))


def _until(asked: Asked) -> datetime:
    days = asked.typed("days") or ""
    if not (days.isascii() and days.isdigit() and 1 <= int(days[:4]) <= 366):
        raise BadInput("give a whole number of days, at most 366", where="days")
    return clock.now().astimezone(UTC) + timedelta(days=int(days[:4]))


def revoke_key(asked: Asked) -> Response:
    """End a key."""
    _admin(asked)
    with asked.inbox.agent.store.write() as connection:
        if not api_keys.revoke(connection, asked.path("key_id"), asked.me.name):
            raise BadInput("that key is over already, or there is none", where="key")
    log.warning("%s revoked the key %s", asked.me.name, asked.path("key_id"))
    return asked.go("/access")


def views(asked: Asked) -> Response:
    """Show who looked at what, by account and by person, for admins and QA."""
    if asked.me.role not in (ADMIN, QA):
        raise Refused("who looked at what is for admins and QA alone")
    account, person, before = asked.query("account").strip(), asked.query("person").strip(), asked.query("before")
    with asked.inbox.agent.store.read() as connection:
        found = accesses.views(connection, account or None, SHOWN + 1, person=person or None, before=before or None)
    more = found[SHOWN - 1]["place"] if len(found) > SHOWN else None
    people = [one.name for one in asked.inbox.playbook.people]
    values: dict[str, Any] = {"account": account, "person": person, "more": more, "people": people}
    return asked.render("access-views.html", rows=found[:SHOWN], **values)


def _this(asked: Asked) -> str:
    return sessions.digest_of(token_of(asked.site, asked.request))


def _admin(asked: Asked) -> None:
    if asked.me.role != ADMIN:
        raise Refused("this is for admins alone")


ROUTES = [
    route("/access", access),
    route("/access/sessions/{session_id}/end", end, "POST"),
    route("/access/sessions/end-others", end_others, "POST"),
    route("/access/keys", make_key, "POST"),
    route("/access/keys/{key_id}/revoke", revoke_key, "POST"),
    route("/access/views", views),
]
