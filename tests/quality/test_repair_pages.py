"""The repair pages and the command: one's own first, the draft ready to copy, a refused form loses nothing."""

import contextlib
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from browsing import PHONE
from requirements.room import JONAS, LENA, OSKAR, PIET, PRIYA
from review.conftest import OURS, Desk, serving
from review.test_browser import SMALLEST, scan
from starlette.testclient import TestClient

from cxagent import clock
from cxagent.cli import app
from cxagent.ledger import findings, personal
from cxagent.review.app import make_app
from cxagent.review.settings import Settings
from quality.conftest import Sits
from quality.test_repairs import Shop, erase, granted

TAG = re.compile(r"<[^>]+>|\s+")


def text(page: str) -> str:
    """Return the words of a page."""
    return " ".join(TAG.sub(" ", page).split())


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Open a shop in which a colleague's access was found wrong."""
    made = Shop(f"sqlite:///{tmp_path / 'world.sqlite'}", tmp_path)
    granted(made)
    made.now += timedelta(minutes=1)
    yield made
    made.close()


@contextlib.contextmanager
def client(shop: Shop, who: str = LENA) -> Iterator[TestClient]:
    """Give a browser without a script, signed in as somebody."""
    with shop.inside():
        site = make_app(shop.inbox, Settings.read("127.0.0.1", 8080, {}))
        with TestClient(site, base_url="http://127.0.0.1:8080", headers=OURS) as made:
            made.post("/sign-in", data={"person": who})
            yield made


def path(shop: Shop) -> str:
    """Return the address of the one repair."""
    return f"/repairs/{shop.rows('repair')[0]['id']}"


def test_the_list_shows_ones_own_first_and_what_is_late(shop: Shop) -> None:
    """The navigation counts one's own; others see it among those of others; its date being over is said in words."""
    shop.now += timedelta(days=3)
    with client(shop) as mine, client(shop, OSKAR) as theirs:
        page, other = mine.get("/repairs").text, text(theirs.get("/repairs").text)
    assert 'data-count="repairs">1<' in page and "Repairs 1" in text(page)
    assert "Yours 1" in text(page) and "late by" in text(page) and "Found wrong by Jonas Falk" in text(page)
    assert "Yours 0" in other and "Of others 1" in other and "Repairs 1" not in other


def test_a_repair_shows_what_went_out_what_was_found_and_a_draft(shop: Shop) -> None:
    """The owner has the draft in a field, and a way back for each effect; somebody else reads it and has no form."""
    with client(shop) as mine, client(shop, PIET) as theirs:
        page, other = mine.get(path(shop)).text, theirs.get(path(shop)).text
    for words in ("That is done.", "Grant access", "Take grant access back", "What was found", "Jonas Falk"):
        assert words in text(page), words
    assert "&gt; That is done." in page.partition("<textarea")[2].partition("</textarea>")[0]
    assert "<textarea" not in other and "take-back" not in other and "Lena Hartmann puts this right" in text(other)


def test_the_finding_is_shown_with_its_criteria_and_its_note(shop: Shop) -> None:
    """Weight, code, policy and goals apart, what was not met and what was wanted in its stead stand there in words."""
    more = {"reasons": ["wrong_facts"], "by_policy": True, "by_goals": False, "unmet": ["facts", "tone"]}
    finding = shop.finding(shop.rows("repair")[0]["decision_id"], **more)
    with shop.store.write() as connection:
        note = personal.put(connection, "finding", "A-1", "T-1", {"note": "They had asked for a guest."})
        findings.add(connection, finding, note.id)
    with client(shop) as mine:
        page = text(mine.get(path(shop)).text)
    for words in (
        "Jonas Falk , 9 Mar 2027: major, wrong facts.",
        "By our policy right By their goals wrong Not met facts, tone",
        "Wanted in its stead that a person owns it They had asked for a guest.",
    ):
        assert words in page, words


def test_an_owner_closes_it_and_it_stays_on_record(shop: Shop) -> None:
    """The form leads back to the list, which names who repaired it; the second hears who was first."""
    said = {"how": "corrected", "text": "I called Ada.", "heard": "yes"}
    with client(shop) as mine, client(shop, PRIYA) as second:
        answer = mine.post(f"{path(shop)}/done", data=said)
        assert answer.url.path == "/repairs" and "repaired by Lena Hartmann" in text(answer.text)
        after = second.post(f"{path(shop)}/done", data=said)
        seen = text(mine.get(path(shop)).text)
        decision_id = shop.rows("repair")[0]["decision_id"]
        why = text(second.get(f"/why/{decision_id}").text)
    assert (after.status_code, "Lena Hartmann was first" in text(after.text)) == (409, True)
    assert "I called Ada." in seen
    assert "Found wrong on 2027-03-09 by Jonas Falk (major), repaired on 2027-03-09 by Lena Hartmann" in why


@pytest.mark.parametrize(
    ("said", "told", "kept"),
    [
        ({"how": "corrected", "text": "Dear Ada, sorry."}, "Tick that the customer has heard from you", "Dear Ada"),
        ({"how": "corrected", "heard": "yes"}, "Give what you wrote to the customer", "That is done."),
        ({"how": "not_needed", "reason": "no"}, "Say in at least 10 letters", 'value="no"'),
    ],
)
def test_a_refused_form_comes_back_as_it_was_typed(shop: Shop, said: dict[str, str], told: str, kept: str) -> None:
    """The sentence stands at the field, and what was typed is still there."""
    with client(shop) as mine:
        answer = mine.post(f"{path(shop)}/done", data=said)
    assert (answer.status_code, told in answer.text, kept in answer.text) == (400, True, True)
    assert 'aria-invalid="true"' in answer.text and shop.rows("repair")[0]["status"] == "open"


def test_an_effect_is_taken_back_from_the_page(shop: Shop) -> None:
    """It needs a reason; then the page says that it was taken back, and the customer still hears it from a person."""
    key = shop.rows("execution")[0]["id"]
    there = f"{path(shop)}/effects/{key}/take-back"
    with client(shop) as mine:
        assert "Say why it is taken back." in mine.post(there).text
        answer = text(mine.post(there, data={"why": "it was the wrong one"}).text)
    assert "It was taken back. The customer has not been told" in answer and "taken back, Tue 09 Mar" in answer
    assert [one.tool for one in shop.effects] == ["grant_access", "revoke_access"]


@pytest.mark.parametrize(
    ("where", "status"), [("/repairs/rep_none", 404), ("{}/effects/exe_none/take-back", 400), ("{}/done", 403)]
)
def test_what_is_not_theirs_or_not_there_is_refused(shop: Shop, where: str, status: int) -> None:
    """A repair that there is not, an effect of another one, a repair of somebody else."""
    with client(shop, OSKAR) as theirs:
        if "{}" not in where:
            answer = theirs.get(where)
        else:
            said = {"why": "it was the wrong one", "how": "corrected", "text": "I called.", "heard": "yes"}
            answer = theirs.post(where.format(path(shop)), data=said)
    assert (answer.status_code, shop.rows("repair")[0]["status"]) == (status, "open")


def test_an_erased_repair_can_be_opened_and_closed(shop: Shop) -> None:
    """The page says that the words are gone."""
    erase(shop)
    with client(shop) as mine:
        page = text(mine.get(path(shop)).text)
        mine.post(f"{path(shop)}/done", data={"how": "not_needed", "reason": "they asked us to forget them"})
    assert "The draft was erased" in page and shop.rows("repair")[0]["status"] == "not_needed"


@pytest.mark.parametrize(
    "more",
    [
        {"viewport": PHONE, "color_scheme": "dark"},
        {"viewport": {"width": 1400, "height": 900}, "java_script_enabled": True},
    ],
    ids=["phone", "laptop"],
)
def test_a_repair_in_a_browser(shop: Shop, sits: Sits, more: dict[str, Any]) -> None:
    """List, repair, refused form and ended repair: no violation, nothing too small, nothing beside the screen."""
    pytest.importorskip("axe_playwright_python")
    with serving(Desk(shop, shop.inbox), timedelta(seconds=10)) as base:
        seat = sits(base, **more)
        found: dict[str, list[str]] = {}

        def looked(name: str) -> None:
            found[name] = scan(seat) + seat.page.evaluate(SMALLEST)
            wide = seat.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            found[name] += [f"{wide} px too wide"] if wide > 0 else []

        seat.open("/repairs")
        looked("list")
        seat.page.get_by_role("link", name="Company A-1").click()
        looked("repair")
        seat.page.get_by_label("Why nothing is to be put right").fill("no, no, no, 1")
        seat.page.get_by_role("button", name="No correction is needed").click()
        seat.page.get_by_role("alert").wait_for()
        looked("refused")
        seat.page.get_by_label("What you write to them").fill("I am sorry, Ada. Your colleague has no access.")
        seat.page.get_by_label("I have sent this to them").check()
        seat.page.get_by_role("button", name="It is corrected").click()
        seat.page.get_by_role("status").first.wait_for()
        looked("ended")
        seat.page.get_by_role("link", name="Company A-1").click()
        looked("closed")
        assert {name: said for name, said in found.items() if said} == {}
        said = [one for one in seat.said if "400" not in one]  # the browser's own word on the refused form
        assert (said, seat.page.evaluate("window.violations")) == ([], [])


def test_the_command_lists_and_closes(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """`repairs list` names the repair with its owner and date; `repairs done` closes it once."""
    from typer.testing import CliRunner

    from cxagent.agent import Agent

    monkeypatch.setattr(Agent, "open", lambda *_, **__: shop.agent)
    repair_id, cli = shop.rows("repair")[0]["id"], CliRunner()
    with shop.inside():
        (line,) = map(json.loads, cli.invoke(app, ["repairs", "list", "--json"]).stdout.splitlines())
        assert (line["repair_id"], line["owner"], line["status"], len(line["undo"])) == (repair_id, LENA, "open", 1)
        assert JONAS.split()[0] in cli.invoke(app, ["repairs", "list"]).stdout
        close = ["repairs", "done", repair_id, "corrected", "--as", LENA, "--text", "I called Ada."]
        assert "corrected" in cli.invoke(app, close).stdout
        again = cli.invoke(app, close)
        assert (again.exit_code, "was first" in again.output) == (1, True)
        assert "Nothing waits" in cli.invoke(app, ["repairs", "list"]).stdout
        assert clock.now() == shop.now
