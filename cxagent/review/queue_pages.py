"""The queue: tabs, filters, search, saved views, live counts, and the approval of several small drafts at once."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from cxagent import clock
from cxagent.errors import BadInput, CxagentError
from cxagent.inbox import Signed
from cxagent.inbox.card import audit_of, weigh
from cxagent.inbox.desk import BULK, not_together
from cxagent.ledger import saved_views, sessions
from cxagent.ledger.queue import TABS, Tab
from cxagent.ledger.reviews import holder
from cxagent.review.signing_in import token_of
from cxagent.review.site import Asked, Site, route
from cxagent.review.words import moment, plain

WAITING: tuple[Tab, ...] = ("mine", "unclaimed", "team", "snoozed")
NAMES = {
    "mine": "Mine",
    "unclaimed": "Unclaimed",
    "team": "Team",
    "snoozed": "Snoozed",
    "done": "Done",
    "alone": "Handled alone",
}
COUNTED_EVERY, HEARTBEAT, LONGEST = 2.0, 15.0, 600.0
"""Seconds between counts, between signs of life, and until the browser connects anew."""


class Filters(NamedTuple):
    """What of the queue somebody looks at; the card carries it along, so that Next stays within it."""

    tab: Tab
    text: str = ""
    tier: str = ""
    role: str = ""
    intent: str = ""
    late: bool = False

    @classmethod
    def read(cls, asked: Asked) -> "Filters":
        """Read the filters from an address; `BadInput` where it names a tab that there is not."""
        tab = next((one for one in TABS if one == asked.query("tab", "mine")), None)
        if tab is None:
            raise BadInput(f"{asked.query('tab')!r} is none of {', '.join(TABS)}", where="tab")
        named = {name: asked.query(key).strip() for name, key in _KEYS.items()}
        return cls(tab, late=asked.query("late") == "1", **named)

    @property
    def wanted(self) -> dict[str, Any]:
        """The filters as the inbox takes them."""
        return {name: value for name, value in self._asdict().items() if name != "tab" and value}

    def address(self, **more: Any) -> str:
        """Return the query of an address with these filters; what is empty is left out."""
        said = {_SAID.get(name, name): value for name, value in {**self._asdict(), **more}.items() if value}
        return urlencode({**said, "late": "1"} if said.get("late") else said)


_KEYS = {"text": "q", "tier": "tier", "role": "role", "intent": "kind"}
_SAID = {"text": "q", "intent": "kind"}


def kinds(asked: Asked) -> dict[str, str]:
    """Return what each kind of request is called in the guidance, which a support lead writes."""
    known = asked.inbox.agent.project.guidance.intents
    named = {name: plain(name).capitalize() for name in asked.inbox.playbook.intents}
    return named | {name: one.title for name, one in known.items()}


def queue(asked: Asked) -> Response:
    """Show one tab of the queue."""
    filters, inbox = Filters.read(asked), asked.inbox
    found = inbox.queue(asked.me, filters.tab, after=asked.query("after"), **filters.wanted)
    with inbox.agent.store.read() as connection:
        views = saved_views.of(connection, asked.me.name)
    pickable = asked.me.decides and filters.tab in WAITING
    rows = [{**row, "together": pickable and not_together([row], inbox.playbook) is None} for row in found.rows]
    return asked.render(
        "queue.html",
        filters=filters,
        rows=rows,
        holder=holder if filters.tab in WAITING else None,
        more=filters.address(after=found.after) if found.after else "",
        first=bool(asked.query("after")),
        names=NAMES,
        kinds=kinds(asked),
        views=views,
        bulk=BULK,
        told=inbox.told(asked.me),
        moved=_moved(asked),
    )


def _moved(asked: Asked) -> str | None:
    """Say how a draft waits that this person has just put off or passed on; None once it waits no more."""
    row = asked.inbox.draft(asked.query("moved")) if asked.query("moved") else None
    if row is None or row["status"] != "pending" or row["signed_by"]:
        return None
    name = row["account_name"] or row["account_id"]
    if (row["snoozed_until"] or "") > clock.now().isoformat():
        return f"{name} is put off until {moment(row['snoozed_until'], asked.inbox.playbook.business_hours.timezone)}."
    return f"{name} is passed on: it waits for {row['assignee']} now."


def following(asked: Asked) -> Response:
    """Open the card that is next in a tab."""
    filters = Filters.read(asked)
    tab = filters.tab if filters.tab in WAITING else "mine"
    rows = asked.inbox.queue(asked.me, tab, limit=1, **filters.wanted).rows
    if not rows:
        return asked.go(f"/?{filters.address()}")
    return asked.go(f"/drafts/{rows[0]['id']}?{filters.address()}")


def save_view(asked: Asked) -> Response:
    """Keep the filters under a name."""
    query = (asked.typed("query") or "").replace("\x00", "")[:500]
    with asked.inbox.agent.store.write() as connection:
        saved_views.add(connection, asked.me.name, (asked.typed("name") or "").replace("\x00", ""), query)
    return asked.go(f"/?{query}")


def drop_view(asked: Asked) -> Response:
    """Remove a view."""
    with asked.inbox.agent.store.write() as connection:
        saved_views.remove(connection, asked.path("view_id"), asked.me.name)
    return asked.go("/")


def together(asked: Asked) -> Response:
    """Show in full what would be approved with one click."""
    ids, agent = list(dict.fromkeys(asked.request.query_params.getlist("d"))), asked.inbox.agent
    if not ids:
        raise BadInput("choose drafts in the queue first", where="d")
    rows = [asked.inbox.draft(one) for one in ids[: BULK + 1]]
    trouble = not_together(rows, asked.inbox.playbook)
    for row in () if trouble else rows:
        asked.inbox.looked(asked.me, "page", "card", row["id"], row["account_id"])
        with agent.store.read() as connection:
            audit = audit_of(connection, row)
        row["found"] = weigh(agent, asked.inbox.playbook, row, audit, None, None)
    return asked.render(
        "together.html", 400 if trouble else 200, rows=[] if trouble else rows, trouble=trouble, kinds=kinds(asked)
    )


def approve_together(asked: Asked) -> Response:
    """Approve each draft by itself and show what became of each."""
    cards = [str(one).partition(":") for one in asked.form.getlist("card")]
    pairs = [(draft_id, card) for draft_id, _, card in cards]
    found = asked.inbox.approve_together(asked.me, pairs)
    rows = [asked.inbox.draft(draft_id) for draft_id, _ in pairs]
    outcomes = [(row, one, isinstance(one, Signed)) for row, one in zip(rows, found, strict=True)]
    return asked.render("together-done.html", outcomes=outcomes)


def keys(asked: Asked) -> Response:
    """Show the keys and the switch for them."""
    return asked.render("keys.html")


async def events(request: Request) -> Response:
    """Tell the counts of the queue as they change; 204 keeps a browser whose session is over from asking again."""
    if getattr(request.state, "person", None) is None:
        return Response(status_code=204)
    return StreamingResponse(_counted(request), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _counted(request: Request) -> AsyncIterator[str]:
    """Yield the counts; between two of them nothing is held but this generator."""
    site, me = request.app.state.site, request.state.person
    token, last, quiet, passed = token_of(site, request), "", 0.0, 0.0
    while passed < LONGEST and not await request.is_disconnected():
        try:
            said = json.dumps(await run_in_threadpool(site.inbox.counts, me), sort_keys=True)
        except CxagentError:
            said = last
        if said != last:
            last, quiet = said, 0.0
            yield f"event: counts\ndata: {said}\n\n"
        elif quiet >= HEARTBEAT:
            quiet = 0.0
            if not await run_in_threadpool(_holds, site, token):
                yield "event: over\ndata: {}\n\n"
                return
            yield ": still here\n\n"
        await asyncio.sleep(COUNTED_EVERY)
        quiet, passed = quiet + COUNTED_EVERY, passed + COUNTED_EVERY


def _holds(site: Site, token: str) -> bool:
    try:
        with site.inbox.agent.store.read() as connection:
            return sessions.find(connection, token) is not None
    except CxagentError:
        return True


ROUTES = [
    route("/", queue),
    route("/next", following),
    route("/views", save_view, "POST"),
    route("/views/{view_id}/remove", drop_view, "POST"),
    route("/together", together),
    route("/together", approve_together, "POST"),
    route("/keys", keys),
    Route("/events", events, name="events"),
]
