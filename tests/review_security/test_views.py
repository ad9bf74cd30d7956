"""Who saw what: every route that shows a customer's words leaves a row about it, and admins and QA can read them."""

import html
import json
import re
from collections import Counter
from typing import Any

import pytest
from tenants import ADA, LENA, QUENTIN, RUTH, Tenant

from cxagent.ledger import api_keys

WITHOUT = {"/openapi.json", "/sign-in", "/sign-in/out", "/sign-in/back", "/sign-out", "/static"}
"""Where nobody is anybody yet, or not any more."""


def words_of(tenant: Tenant) -> dict[str, set[str]]:
    """Return for each account what only its people wrote, and who they are, as it would stand on a page."""
    found: dict[str, set[str]] = {}
    for row in tenant.rows("personal"):
        payload = json.loads(row["payload"]) if row["payload"] else {}
        told = set(re.findall(r"[\w.+-]+@[\w.-]+\w", row["payload"] or ""))
        if row["kind"] == "ticket":
            told.add(payload["ticket"]["body"][:40])
        contacts = ((payload.get("audit") or {}).get("account") or {}).get("crm") or {}
        told |= {one["name"] for one in contacts.get("contacts") or () if one.get("name")}
        found.setdefault(row["account_id"], set()).update(told)
    often = Counter(one for said in found.values() for one in said)
    return {account_id: {one for one in said if often[one] == 1} for account_id, said in found.items()}


def places(tenant: Tenant) -> dict[str, list[str]]:
    """Return what stands for each part of a path; a part that is not here is no place of a customer's words."""
    drafts, handoffs = tenant.rows("draft"), tenant.rows("handoff")
    tickets = [row["id"] for row in tenant.rows("ticket")]
    decisions = [row["id"] for row in tenant.rows("decision_log") if row["kind"] == "ruling"]
    return {
        "draft_id": [row["id"] for row in drafts],
        "handoff_id": [row["id"] for row in handoffs],
        "ticket_id": tickets,
        "ticket_id:path": tickets,
        "decision_id:path": decisions,
        "name": decisions,
    }


def filled(path: str, known: dict[str, list[str]]) -> list[str]:
    """Return the addresses that a route stands for in this tenant."""
    name = path.partition("{")[2].partition("}")[0]
    return [path.replace(f"{{{name}}}", one) for one in known.get(name, ["none"])] if name else [path]


def routes(tenant: Tenant) -> list[tuple[str, str]]:
    """Return method and path of every route, those that only show something first."""
    found = []
    for route in tenant.app.routes:
        path = getattr(route, "path", None)
        if path and path not in WITHOUT:
            found += [(method, path) for method in getattr(route, "methods", None) or () if method != "HEAD"]
    return sorted(found, key=lambda one: (one[0] != "GET", one))


def seen(tenant: Tenant) -> set[tuple[str, str]]:
    """Return who saw something of which account; emptying the table would need a right that nobody has."""
    return {(row["id"], row["account_id"]) for row in tenant.rows("access")}


def test_every_route_that_shows_a_customers_words_leaves_a_row(tenant: Tenant) -> None:
    """Pages and API are walked whole, as an executive, as QA, and with a key that opens everything."""
    words, known = words_of(tenant), places(tenant)
    key = tenant.key(*api_keys.SCOPES, person=RUTH)
    systems = tenant.browser(authorization=f"Bearer {key}")
    silent, showing = set(), set()
    for who, browser in ((RUTH, tenant.browser(RUTH)), (QUENTIN, tenant.browser(QUENTIN)), ("API", systems)):
        for method, path in routes(tenant):
            if path.startswith("/api/") != (who == "API") or path == "/events":
                continue
            for address in filled(path, known):
                before = seen(tenant)
                text = html.unescape(browser.request(method, address).text)
                told = {account_id for _, account_id in seen(tenant) - before}
                shown = {account_id for account_id, said in words.items() if any(one in text for one in said)}
                showing |= {path} if shown else set()
                silent |= {(method, path, who)} if shown - told else set()
    assert {"/drafts/{draft_id}", "/api/v1/drafts/{draft_id}", "/why/{name}"} <= showing
    assert silent == set()


def test_admins_and_qa_read_who_looked_at_what_by_account_and_by_person(tenant: Tenant) -> None:
    """The page names who saw which account, through which door; for anybody else it is closed."""
    first, second = tenant.waiting()[:2]
    tenant.browser(LENA).get(f"/drafts/{first['id']}")
    tenant.browser(RUTH).get(f"/drafts/{second['id']}")
    for who in (ADA, QUENTIN):
        browser = tenant.browser(who)
        rows = re.findall(r"<td>card (drf_\w+)</td>", browser.get("/access/views").text)
        assert sorted(rows) == sorted([first["id"], second["id"]])
        by_person = browser.get("/access/views", params={"person": LENA}).text
        assert first["id"] in by_person and second["id"] not in by_person
        by_account = browser.get("/access/views", params={"account": second["account_id"]}).text
        assert second["id"] in by_account and first["id"] not in by_account
    for who in (LENA, RUTH):
        assert tenant.browser(who).get("/access/views").status_code == 403


def test_the_list_of_views_goes_on(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page after page, every view stands on one of them once, also those of the same moment."""
    monkeypatch.setattr("cxagent.review.access_pages.SHOWN", 3)
    row = tenant.waiting()[0]
    for _ in range(8):
        tenant.inbox.looked(tenant.inbox.person(LENA), "page", "card", row["id"], row["account_id"])
    browser: Any = tenant.browser(ADA)
    address, pages = "/access/views?person=Lena%20Hartmann", []
    while address:
        text = html.unescape(browser.get(address).text)
        pages.append(len(re.findall(r"<td>card drf_\w+</td>", text)))
        link = re.search(r'href="(/access/views[^"]*before=[^"]+)"', text)
        address = link[1] if link else ""
    assert pages == [3, 3, 2]
