"""Areas 4 and 7 on the screen: a business lead changes a limit and explains a decision, without code or help."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.testclient import TestClient

import cxagent.governing
import cxagent.soundness
from cxagent import clock
from cxagent.agent import Agent
from cxagent.domain.ticket import Incoming
from cxagent.home import DATABASE
from cxagent.inbox import Inbox
from cxagent.ledger import chain
from cxagent.playbook import Playbook
from cxagent.proof import Proof, examine
from cxagent.review import playbook_pages
from cxagent.review.app import PAGES, make_app
from cxagent.review.settings import Settings
from cxagent.scaffold import copy_to
from cxagent.soundness import SIGNED
from cxagent.testing import TODAY
from requirements.world import ROOT

LEAD, SECOND, THIRD, REVIEWER = "Priya Nair", "Samuel Costa", "Ruth Adeyemi", "Lena Hartmann"
OURS = {"sec-fetch-site": "same-origin"}
SAMPLES = [json.loads(line) for line in (ROOT / "tools" / "world" / "tickets.jsonl").read_text("utf-8").splitlines()]
PROOFS: dict[str, Proof] = {}


def proven(book: Playbook, tools: Any, today: Any = None, **rules: Any) -> Proof:
    """Return the real proof of a playbook, made once for the same limits."""
    key = book.model_dump_json(exclude=SIGNED)
    if key not in PROOFS:
        PROOFS[key] = examine(book, tools, today, **rules)
    return PROOFS[key]


class Office:
    """The reference deployment at work, and browsers of its people."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.app = make_app(Inbox(agent), Settings.read("127.0.0.1", 8080, {}))
        if playbook_pages not in PAGES:
            self.app.router.routes.extend(playbook_pages.ROUTES)

    def browser(self, name: str) -> TestClient:
        """Return a browser in which somebody is signed in."""
        browser = TestClient(self.app, base_url="http://127.0.0.1:8080", headers=OURS)
        assert browser.post("/sign-in", data={"person": name}, follow_redirects=False).status_code == 303
        return browser

    def take(self, ticket_id: str, again: str | None = None) -> dict[str, Any]:
        """Work one of the sample tickets, under another id where it came before."""
        text = next(json.dumps(one) for one in SAMPLES if one["ticket"]["id"] == ticket_id)
        return self.agent.run(Incoming.model_validate_json(text.replace(ticket_id, again or ticket_id)))


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An office on the day of the sample accounts."""
    monkeypatch.delenv(DATABASE, raising=False)
    monkeypatch.setattr(clock, "now", lambda: TODAY)
    for module in (cxagent.governing, cxagent.soundness):
        monkeypatch.setattr(module, "examine", proven)
    copy_to(tmp_path / "home")
    agent = Agent.open(tmp_path / "home")
    yield Office(agent)
    agent.close()


def fields(html: str) -> dict[str, str]:
    """Return what the forms of a page would send: hidden fields, inputs and the chosen option of each list."""
    found = dict(re.findall(r'<input[^>]*? name="([^"]+)" value="([^"]*)"', html))
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', html, re.S):
        found[name] = re.findall(r'<option value="(\w+)" selected', options)[0]
    return {name: unescape(value) for name, value in found.items()}


def text(html: str) -> str:
    """Return a page as it is read: no tags, single blanks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def changed(browser: TestClient, **values: str) -> Any:
    """Fill in the form of the limits, some of them changed, and return the page that comes."""
    form = fields(browser.get("/playbook").text)
    return browser.post("/playbook/limits", data={**form, **values})


def proposed(browser: TestClient, **values: str) -> str:
    """Propose a change through the pages, and return the address of its version."""
    page = changed(browser, **values)
    tried = browser.get(f"{page.url}&try=1")
    sent = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', tried.text))
    done = browser.post("/playbook/propose", data={**sent, "why": "credits went to the wrong accounts"})
    assert done.status_code == 200, text(done.text)
    return urlsplit(str(done.url)).path


LESS = {"money.per_action.low_clv": "30"}


# ---- R32 ------------------------------------------------------------------------------------------------------------


def test_r32_a_lead_changes_a_limit_and_sees_what_it_does(office: Office) -> None:
    """R32: from the form alone: the one line that differs, the proof, and last month in routes, money and hours."""
    office.take("T-003")
    lead = office.browser(LEAD)
    page = changed(lead, **LESS)
    assert dict(parse_qsl(urlsplit(str(page.url)).query)) == {
        "in_force": office.agent.project.in_force.digest,
        **LESS,
    }
    assert "for one action: small 100 30 gives the machine less" in text(page.text)
    tried = text(lead.get(f"{page.url}&try=1").text)
    for said in (
        "Sound. In 13,",
        "1 of 1 tickets",
        "Done alone 1 0",
        "A person approves 0 1",
        "Money given alone USD 40.00 USD 0.00",
        "Hours of review 0.0 0.1",
        "A review takes 6 minutes: assumed",
        "Brindlecote Bikes, T-003 , goodwill credit: alone → a person approves , gives USD 40.00",
        "the limit alone is USD 30",
    ):
        assert said in tried
    assert office.agent.project.in_force == office.agent.project.playbook


def test_r32_a_second_person_approves_and_the_next_ticket_runs_under_it(office: Office) -> None:
    """R32: proposed by one and approved by another, the limit holds for the very next ticket; the log is whole."""
    assert office.take("T-003")["autonomy"] == "act"
    where = proposed(office.browser(LEAD), **LESS)
    own = office.browser(LEAD)
    assert "a second person must approve" in text(own.get(where).text)
    assert own.post(f"{where}/approve").status_code == 403
    assert office.browser(REVIEWER).post(f"{where}/approve").status_code == 403
    assert office.take("T-003", "T-903")["autonomy"] == "act"
    second = office.browser(SECOND)
    done = second.post(f"{where}/approve")
    assert "Status in force" in text(done.text)
    assert "Approved by Samuel Costa" in text(done.text)
    assert office.take("T-003", "T-904")["autonomy"] == "draft"
    late = office.browser(THIRD).post(f"{where}/approve")
    assert (late.status_code, "Samuel Costa was first" in text(late.text)) == (409, True)
    assert chain.verify(office.agent.store)[1] == ()


def test_r32_rolling_back_is_one_click_and_every_version_is_kept(office: Office) -> None:
    """R32: what gave more is taken back by one person with one click; the list names who, when and why."""
    where = proposed(office.browser(LEAD), **{"money.per_action.low_clv": "150"})
    office.browser(SECOND).post(f"{where}/approve")
    assert office.agent.project.in_force.version == "2026.11.2"
    browser = office.browser(THIRD)
    listed = browser.get("/playbook/versions").text
    first = re.findall(r'href="(/playbook/versions/plb_\w+)">[Vv]ersion 1<', listed)[0]
    assert "one person may go back to it at once" in text(browser.get(first).text)
    browser.post(f"{first}/roll-back")
    assert office.agent.project.in_force == office.agent.project.playbook
    history = text(browser.get("/playbook/versions").text)
    for said in ("Ruth Adeyemi: rolled back", "Samuel Costa: credits went", "deployed with the project", "Version 2"):
        assert said in history
    again = text(browser.post(f"{where}/roll-back").text)
    assert "waiting for a second person" in again
    assert office.agent.project.in_force == office.agent.project.playbook


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"money.per_action.low_clv": "lots"}, "'lots' is no amount"),
        ({"ceilings.public_info.mid": "always"}, "'always' is none of act, draft, handoff"),
        ({"freshness.crm.warn": "99"}, "warn (99 days) lies beyond error (30 days)"),
        ({}, "nothing was changed"),
        ({"people.0.role": "executive"}, "an engineer changes the file"),
    ],
)
def test_r32_a_wrong_value_is_named_and_nothing_typed_is_lost(
    office: Office, values: dict[str, str], said: str
) -> None:
    """R32: bad input comes back as the same form with a sentence, and with everything that was typed."""
    page = changed(office.browser(LEAD), **{"money.rolling_days": "91", **values} if values else values)
    assert page.status_code == 400
    assert said in text(page.text)
    shown = fields(page.text)
    assert all(shown.get(path, value) == value for path, value in values.items() if path != "ceilings.public_info.mid")
    assert not values or shown["money.rolling_days"] == "91"


def test_r32_an_unsound_change_cannot_be_proposed(office: Office) -> None:
    """R32: a limit that gives a mid account more than a small one is shown as unsound, by line, and goes no further."""
    lead = office.browser(LEAD)
    page = changed(lead, **{"money.per_action.mid": "500"})
    tried = lead.get(f"{page.url}&try=1")
    assert "Not sound." in text(tried.text)
    assert "money.per_action" in text(tried.text)
    assert "/playbook/propose" not in tried.text
    sent = dict(parse_qsl(urlsplit(str(page.url)).query))
    assert lead.post("/playbook/propose", data={**sent, "why": "x"}).status_code == 400
    assert len(re.findall("plb_", lead.get("/playbook/versions").text)) == 2


def test_r32_who_may_not_change_reads_all_the_same(office: Office) -> None:
    """R32: a reviewer sees every limit and no button; a form that they make up is refused, and nothing happens."""
    reviewer = office.browser(REVIEWER)
    page = reviewer.get("/playbook").text
    assert "See what this does" not in page
    sent = {"in_force": office.agent.project.in_force.digest, **LESS}
    answers = [
        reviewer.post("/playbook/limits", data=sent),
        reviewer.get("/playbook/change", params=sent),
        reviewer.post("/playbook/propose", data={**sent, "why": "x"}),
    ]
    assert [one.status_code for one in answers] == [403, 403, 403]
    assert TestClient(office.app, base_url="http://127.0.0.1:8080").get("/playbook").url.path == "/sign-in"


def test_r32_two_leads_at_one_time(office: Office) -> None:
    """R32: a form over limits that are no longer in force is a conflict, and so is approving what was made on them."""
    opened = fields(office.browser(THIRD).get("/playbook").text)
    one, other = (proposed(office.browser(LEAD), **{"money.per_action.low_clv": amount}) for amount in ("30", "40"))
    office.browser(SECOND).post(f"{one}/approve")
    late = office.browser(THIRD).post("/playbook/limits", data={**opened, "money.rolling.low_clv": "200"})
    assert late.status_code == 409
    assert "Another playbook came into force" in text(office.browser(SECOND).get(other).text)
    assert office.browser(SECOND).post(f"{other}/approve").status_code == 409
    assert str(office.agent.project.in_force.money.per_action.low_clv) == "30"


# ---- R64 ------------------------------------------------------------------------------------------------------------


def test_r64_a_leader_explains_a_decision_from_the_screen_alone(office: Office) -> None:
    """R64: reasons with value and limit, facts with source and age, what was missing, the rules and who approved."""
    where = proposed(office.browser(LEAD), **LESS)
    office.browser(SECOND).post(f"{where}/approve")
    line = office.take("T-003")
    for name in (line["decision_id"], "T-003"):
        page = text(office.browser(THIRD).get(f"/why/{name}").text)
        for said in (
            "Brindlecote Bikes: a person approves it",
            "gives USD 40.00, the limit alone is USD 30",
            "amount 40.00, limit 30",
            "The machine would have done it alone if all of this had been so",
            "it gave at most USD 30",
            "version 2026.11.2",
            "proposed by Priya Nair, approved by Samuel Costa",
            "credits went to the wrong accounts",
        ):
            assert said in page
        assert re.search(r"health 7?\d+ crm \d+ days old|health \d+ crm today", page), page
        assert not re.findall(r"\b[a-z]+_[a-z_]+\b", page)


def test_r64_an_act_and_a_stranger_are_explained_too(office: Office) -> None:
    """R64: also what was done alone, and what an unknown sender asked, says why; and each look is on record."""
    lines = [office.take(one["ticket"]["id"]) for one in SAMPLES]
    browser = office.browser(THIRD)
    pages = {line["ticket_id"]: text(browser.get(f"/why/{line['ticket_id']}").text) for line in lines}
    alone = next(line["ticket_id"] for line in lines if line["autonomy"] == "act")
    assert "Nothing about the account or the message calls for a person" in pages[alone]
    unknown = next(line["ticket_id"] for line in lines if line["account_id"] == "unknown")
    assert "No account facts were read" in pages[unknown]
    assert all("approved by Miriam Okafor, VP Finance" in page for page in pages.values())
    assert browser.get("/why/T-unheard-of").status_code in (400, 404)
    with office.agent.store.read() as connection:
        from cxagent.ledger.store import TABLES

        looks = connection.execute(TABLES["access"].select()).mappings().all()
    assert {(one["person"], one["what"]) for one in looks} == {(THIRD, "why")}
    assert {one["subject"] for one in looks} == set(pages)
