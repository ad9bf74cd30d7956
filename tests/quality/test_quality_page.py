"""The quality page: what is measured, who says yes to a step up, who releases a stop, and the cases behind a figure."""

import contextlib
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from browsing import PHONE
from requirements.room import JONAS, LENA, PIET, PRIYA
from review.conftest import OURS, Desk, serving
from review.test_browser import SMALLEST, scan
from starlette.testclient import TestClient

from cxagent.charts import Point, line, scale_of, share_scale
from cxagent.domain.cell import Level
from cxagent.review.app import make_app
from cxagent.review.settings import Settings
from quality.conftest import Sits
from quality.service import Service

TAG = re.compile(r"<[^>]+>|\s+")
WHY = "I read thirty of the audits, and they are right"


def text(page: str) -> str:
    """Return the words of a page."""
    return " ".join(TAG.sub(" ", page).split())


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Service]:
    """Open a room in which nothing was audited yet."""
    made = Service(f"sqlite:///{tmp_path / 'world.sqlite'}", tmp_path)
    yield made
    made.close()


@contextlib.contextmanager
def client(room: Service, who: str) -> Iterator[TestClient]:
    """Give a browser without a script, signed in as somebody."""
    with room.inside():
        site = make_app(room.inbox, Settings.read("127.0.0.1", 8080, {}))
        with TestClient(site, base_url="http://127.0.0.1:8080", headers=OURS) as made:
            made.post("/sign-in", data={"person": who})
            yield made


def earned(room: Service) -> None:
    """Let a cell at drafts have proven itself."""
    room.trusted()
    room.put(Level.DRAFT)
    room.audited("." * 160, would="act", went="draft")
    room.sweeps(days=20)
    assert len(room.proposals) == 1


def test_an_empty_page_says_what_is_not_known(room: Service) -> None:
    """Without evidence nothing is made up: no rate, no cell, no pattern, and why no cell can go up."""
    with client(room, PIET) as page:
        said = text(page.get("/quality").text)
    for words in ("not measured", "no cell can go up", "No kind of case stands out", "No cell has a record yet"):
        assert words in said
    assert "Where people disagree" in said and "Traceback" not in said


def test_two_people_say_yes(room: Service) -> None:
    """The first yes changes nothing, nobody says it twice, a viewer has no form; the second person's counts."""
    earned(room)
    promotion = room.proposals[0]["id"]
    with client(room, PIET) as looks:
        assert f"/quality/promotions/{promotion}/confirm" not in looks.get("/quality").text
        assert looks.post(f"/quality/promotions/{promotion}/confirm", data={"why": WHY}).status_code == 403
    with client(room, JONAS) as first:
        assert "Your yes is on record" in first.post(f"/quality/promotions/{promotion}/confirm", data={"why": WHY}).text
        again = first.post(f"/quality/promotions/{promotion}/confirm", data={"why": WHY})
        assert again.status_code == 409 and room.cell().track.level == Level.DRAFT
    with client(room, PRIYA) as second:
        page = second.get("/quality").text
        assert "Jonas Falk" in page and "a second person must agree" in page
        done = second.post(f"/quality/promotions/{promotion}/confirm", data={"why": WHY})
    assert "Two people agreed" in done.text and room.cell().track.level == Level.WATCHED
    assert "draft to watched" in text(done.text)


def test_a_no_keeps_it_where_it_is(room: Service) -> None:
    """One no ends the proposal, and says why."""
    earned(room)
    promotion = room.proposals[0]["id"]
    with client(room, PRIYA) as page:
        assert page.post(f"/quality/promotions/{promotion}/refuse", data={"why": ""}).status_code == 400
        page.post(f"/quality/promotions/{promotion}/refuse", data={"why": "the renewals of this quarter come first"})
    assert room.cell().track.level == Level.DRAFT and room.rows("promotion")[0]["status"] == "refused"


def test_a_stop_is_released_by_name(room: Service) -> None:
    """A critical error stops the cell; a reviewer cannot release it, an approver with a reason can."""
    room.put(Level.WATCHED)
    room.found("critical")
    incident = room.rows("incident")[0]["id"]
    with client(room, LENA) as reviewer:
        page = reviewer.get("/quality").text
        assert "Stopped by a critical error" in page and "/release" not in page
        assert reviewer.post(f"/quality/incidents/{incident}/release", data={"why": WHY}).status_code == 403
    with client(room, PRIYA) as approver:
        told = approver.post(f"/quality/incidents/{incident}/release", data={"why": "the template was put right"}).text
    assert "Released" in told and room.rows("incident")[0]["released_by"] == PRIYA


def test_a_figure_opens_its_cases(room: Service) -> None:
    """An intent, a segment and a month lead to the findings behind them, and to nothing else."""
    room.audited("..x")
    room.audited(".", intent="invoice_copy")
    with client(room, JONAS) as page:
        every, one = page.get("/quality").text, text(page.get("/quality/cases?intent=goodwill_credit").text)
        month = text(page.get(f"/quality/cases?month={room.now:%Y-%m}").text)
    assert "/quality/cases?intent=goodwill_credit" in every
    assert one.count("goodwill credit, smb") == 3 and "invoice copy" not in one and "major" in one
    assert month.count(", smb") == 4


def test_months_are_drawn_beside_their_table(room: Service) -> None:
    """The chart has one dot a month, as high as the table says, with the same figure in its title."""
    room.audited("....x", days=40)
    with client(room, JONAS) as page:
        told = page.get("/quality").text
    drawn = re.findall(r"<title>(\d{4}-\d\d): (\d+)%</title>", told)
    table = re.findall(r'month=(\d{4}-\d\d)">[^<]+</a></th><td>([\d.]+) %', told)
    assert len(drawn) == len(table) == 5
    assert [(month, float(share)) for month, share in drawn] == [(month, float(share)) for month, share in table[::-1]]


def test_a_chart_is_right_and_escapes() -> None:
    """A point lies where its value says, a gap breaks the line, a single point has a bar, and words stay words."""
    scale = share_scale()
    assert (scale.y(1.0), scale.y(0.0)) == (12.0, 172.0) and scale.y(0.5) == 92.0
    drawn = line([Point("a", 0.5, 0.4, 0.6), Point("<b>", None), Point("c", 1.0), Point("d", 0.0)], "x & y", scale)
    assert drawn.count("<circle") == 3 and drawn.count("polyline") == 1
    assert "&lt;b&gt;" in drawn and "x &amp; y" in drawn and 'cy="92.0"' in drawn
    assert "spread" in line([Point("a", 0.5, 0.4, 0.6)], "one", scale)
    assert scale_of([Point("a", 10.0), Point("b", 30.0)]).low == 0.0
    assert scale_of([Point("a", 100.0), Point("b", 101.0)]).low > 90


@pytest.mark.parametrize(
    "more", [{"viewport": PHONE, "color_scheme": "dark"}, {"viewport": {"width": 1400, "height": 900}}]
)
def test_quality_in_a_browser(room: Service, sits: Sits, more: dict[str, Any]) -> None:
    """The page with everything on it, and its cases: no violation, nothing too small, nothing beside the screen."""
    pytest.importorskip("axe_playwright_python")
    earned(room)
    room.found("critical", intent="invoice_copy")
    room.audited("." * 40 + "x" * 6, intent="waive_fee", days=2)
    with serving(Desk(room, room.inbox), timedelta(seconds=10)) as base:
        seat = sits(base, PRIYA, **more)
        found: dict[str, list[str]] = {}
        for path in ("/quality", "/quality/cases?intent=waive_fee"):
            seat.open(path)
            wide = seat.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            found[path] = scan(seat) + seat.page.evaluate(SMALLEST) + ([f"{wide} px too wide"] if wide > 0 else [])
        seat.open("/quality")
        seat.page.get_by_label("Why you agree").fill(WHY)
        seat.page.get_by_role("button", name="Yes, one level up").click()
        seat.page.get_by_text("Your yes is on record").wait_for()
    assert {path: said for path, said in found.items() if said} == {} and seat.said == []
