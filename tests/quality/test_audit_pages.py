"""The audit pages: what is due comes first, the first step is blind, and a refused form loses nothing."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browsing import PHONE
from requirements.room import JONAS, LENA, PIET, PRIYA
from requirements.world import credit
from review.conftest import OURS, Desk, serving
from review.test_browser import SMALLEST, scan
from starlette.testclient import TestClient

from cxagent.domain.finding import RUBRIC
from cxagent.review.app import make_app
from cxagent.review.settings import Settings
from quality.audited import GOAL, Audited
from quality.conftest import Sits

if TYPE_CHECKING:
    pass

TAG = re.compile(r"<[^>]+>|\s+")
SAYS = credit("40.00").model_copy(update={"reply": "A credit of USD 40 is on your account, dear friends."})
GOOD = {**dict.fromkeys(RUBRIC, "met"), "by_policy": "yes", "by_goals": "yes", "agrees": "yes"}
BAD = {
    **GOOD,
    "tone": "not_met",
    "agrees": "no",
    "severity": "minor",
    "reason": "tone_or_brand",
    "note": "Too familiar.",
}


def text(page: str) -> str:
    """Return the words of a page."""
    return " ".join(TAG.sub(" ", page).split())


@dataclass
class Case:
    """A room in which one draft was let go by Priya and drawn; Jonas is to audit it."""

    room: Audited
    audit: dict[str, Any]
    why: list[str]

    @property
    def path(self) -> str:
        """The address of the audit."""
        return f"/audits/{self.audit['id']}"

    @contextlib.contextmanager
    def client(self, who: str = JONAS) -> Iterator[TestClient]:
        """Give a browser without a script, signed in as somebody."""
        with self.room.inside():
            site = make_app(self.room.inbox, Settings.read("127.0.0.1", 8080, {}))
            with TestClient(site, base_url="http://127.0.0.1:8080", headers=OURS) as client:
                client.post("/sign-in", data={"person": who})
                yield client


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """Set up the room."""
    room = Audited(f"sqlite:///{tmp_path / 'room.sqlite'}", tmp_path)
    draft = room.drafted(kind="mid", says=SAYS, **{"crm.stated_goals": [GOAL]})
    with room.inside():
        room.sign(draft, PRIYA)
    room.later()
    yield Case(room, room.draw().audits[0], room.row(draft)["card"]["why"])
    room.close()


def test_the_first_page_is_blind(case: Case) -> None:
    """Message, facts, goals with speaker, date and source are there; reply, tool, route and reasons are not."""
    with case.client() as client:
        listed, opened = client.get("/audits").text, client.get(case.path).text
    for words in ("schedule a report", GOAL["goal"], GOAL["said_by"], "4 Sep 2026", "CRM, as of", "step 1 of 2"):
        assert words in text(opened), words
    for page in (listed, opened):
        for words in ("dear friends", "issue_credit", "Issue credit", "Its reply", *case.why):
            assert words not in text(page), words


def test_from_the_list_to_a_finding(case: Case) -> None:
    """One's own word first, then the machine's answer with its route, then the finding; the list is empty after it."""
    with case.client() as client:
        assert f'href="{case.path}"' in client.get("/audits").text
        shown = client.post(f"{case.path}/wanted", data={"route": "draft", "words": "Credit them, and say why."})
        for words in ("dear friends", "Issue credit", "It drafted, and a person decided", "Credit them, and say why."):
            assert words in text(shown.text), words
        said = client.post(f"{case.path}/finding", data=GOOD)
        assert "Your finding is on record." in text(said.text) and "Nothing waits for you." in text(said.text)
        assert "agrees" in text(client.get(case.path).text)
    row = case.room.rows("finding", origin="audit")[0]
    assert (row["by"], row["wanted"], bool(row["agrees"])) == (JONAS, "draft", True)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"reason": ""}, "words alone are not enough"),
        ({"severity": ""}, "how bad it was"),
        ({"tone": ""}, "Say of tone whether it was met"),
        ({"by_policy": ""}, "our policy allows it"),
        ({"by_goals": "unknown"}, "their goals are on record"),
        ({"agrees": "yes"}, "tone was not met"),
        ({"agrees": ""}, "whether you agree"),
    ],
)
def test_a_refused_finding_comes_back_as_it_was_typed(case: Case, typed: dict[str, str], sentence: str) -> None:
    """The sentence says what is missing, nothing is on record, and note and choices are still there."""
    with case.client() as client:
        client.post(f"{case.path}/wanted", data={"route": "act"})
        answer = client.post(f"{case.path}/finding", data={**BAD, **typed})
    assert answer.status_code == 400 and sentence.lower() in text(answer.text).lower()
    assert "Too familiar." in answer.text and case.room.rows("finding", origin="audit") == []
    assert answer.text.count(" checked") >= 5


def test_nothing_chosen_is_nothing_said(case: Case) -> None:
    """Without a route the first step is refused, the words come back, and the machine's answer stays hidden."""
    with case.client() as client:
        answer = client.post(f"{case.path}/wanted", data={"words": "Credit them, and say why."})
    assert (answer.status_code, "Credit them, and say why." in answer.text) == (400, True)
    assert "dear friends" not in answer.text
    assert case.room.rows("audit")[0]["status"] == "open"


@pytest.mark.parametrize(("who", "status"), [(PRIYA, 403), (PIET, 403), (LENA, 200)])
def test_who_may_open_an_audit(case: Case, who: str, status: int) -> None:
    """Who decided the draft may not, nor a viewer; a colleague on the ladder may."""
    with case.client(who) as client:
        assert client.get(case.path).status_code == status
        assert client.get("/audits").status_code == (403 if who == PIET else 200)
        assert ('href="/audits"' in client.get("/people").text) is (who != PIET)


def test_an_audit_is_read_by_nobody_else(case: Case) -> None:
    """Once its auditor has seen the machine's answer, a colleague gets neither that nor what they wanted."""
    with case.client() as client:
        client.post(f"{case.path}/wanted", data={"route": "draft", "words": "Credit them, and say why."})
    with case.client(LENA) as client:
        answer = client.get(case.path)
    assert answer.status_code == 403
    assert "Credit them" not in answer.text and "dear friends" not in answer.text


def test_overdue_is_an_alarm_and_coverage_is_known(case: Case) -> None:
    """What is late is told in red words on top; QA sees by cell what was decided, drawn and audited."""
    with case.client() as client:
        assert "overdue." not in text(client.get("/audits").text)
    case.room.now += timedelta(days=9)
    with case.client() as client:
        said = text(client.get("/audits").text)
        assert "1 overdue." in said and "late by" in said and "Goodwill credit mid market 1 1 0 1" in said


def test_who_looked_is_on_record(case: Case) -> None:
    """An audit shows a customer's words, so that opening it leaves a row in the record of views."""
    with case.client() as client:
        client.get(case.path)
    assert [row["person"] for row in case.room.rows("access", what="audit", subject=case.audit["id"])] == [JONAS]


@pytest.mark.parametrize("more", [{}, {"viewport": PHONE, "has_touch": True, "color_scheme": "dark"}])
def test_an_audit_in_a_browser(case: Case, sits: Sits, more: dict[str, Any]) -> None:
    """By keyboard and on a phone, in light and dark: no violation of the rules, nothing too wide, nothing too small."""
    pytest.importorskip("axe_playwright_python")
    desk = Desk(case.room, case.room.inbox)
    found: dict[str, Any] = {}

    def look(name: str) -> None:
        found[name] = [*scan(seat), *seat.page.evaluate(SMALLEST)]
        assert seat.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name

    with serving(desk, timedelta(seconds=10)) as base:
        seat = sits(base, JONAS, **more)
        page = seat.open("/audits")
        look("list")
        page.get_by_role("link", name="Next audit").click()
        look("blind")
        page.get_by_label("the machine drafts, a person lets it go").check()
        page.get_by_label("in a sentence").fill("Credit them, and say why.")
        page.get_by_role("button", name="Put it on record").press("Enter")
        page.get_by_role("heading", name="What do you find?").wait_for()
        look("compare")
        for part in RUBRIC:
            page.locator(f"input[name={part}][value=met]").check()
        for name, value in (("by_policy", "yes"), ("by_goals", "no"), ("agrees", "yes")):
            page.locator(f"input[name={name}][value={value}]").check()
        page.get_by_role("button", name="Record what I found").press("Enter")
        page.get_by_role("alert").wait_for()
        look("refused")
        assert page.locator("input[name=by_goals][value=no]").is_checked()
        page.locator("input[name=agrees][value=no]").check()
        page.locator("input[name=severity][value=minor]").check()
        page.get_by_label("Customer relationship").check()
        page.get_by_role("button", name="Record what I found").press("Enter")
        page.get_by_text("Your finding is on record.").wait_for()
        seat.said[:] = [one for one in seat.said if "400" not in one]  # the browser's own line about the refused form
        seat.calm()
    assert {name: said for name, said in found.items() if said} == {}
    row = case.room.rows("finding", origin="audit")[0]
    assert (bool(row["by_policy"]), bool(row["by_goals"]), row["severity"]) == (True, False, "minor")
