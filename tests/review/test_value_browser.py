"""The pages on worth in a real browser: everybody can use them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from browsing import PHONE

from review.conftest import LAPTOP, Seat, serving
from review.test_browser import SMALLEST, Sits, scan
from review.test_value_charts import Read
from review.worth import FADING, room


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a desk with months enough for verdicts and forecasts."""
    desk = room(tmp_path_factory.mktemp("served"), 16)
    with serving(desk, timedelta(seconds=10)) as address:
        yield address
    desk.world.close()


@pytest.mark.parametrize(
    ("more", "paths"),
    [
        ({"viewport": PHONE, "color_scheme": "dark"}, ("/value", "/value/people?who=Priya+Nair")),
        ({"viewport": LAPTOP, "color_scheme": "light"}, ("/value/accounts", f"/value/accounts/{FADING}")),
        ({"viewport": PHONE, "color_scheme": "light"}, ("/value/metrics", "/value/metrics/health")),
    ],
)
def test_everybody_can_use_them(base: str, sits: Sits, more: dict[str, Any], paths: tuple[str, ...]) -> None:
    """No violation of WCAG 2.2 AA, nothing too small, nothing beside the screen, nothing the policy forbids."""
    pytest.importorskip("axe_playwright_python")
    seat = sits(base, "Priya Nair", reduced_motion="reduce", **more)
    found: dict[str, list[str]] = {}
    for path in paths:
        seat.open(path)
        wide = seat.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found[path] = scan(seat) + seat.page.evaluate(SMALLEST) + ([f"{wide} px too wide"] if wide > 0 else [])
    seat.calm()
    assert {path: said for path, said in found.items() if said} == {}


def test_with_the_keyboard_and_without_a_script(base: str, sits: Sits) -> None:
    """Without any script the table beside a chart opens by keyboard, a segment is chosen, and a metric is reached."""
    seat: Seat = sits(base, "Priya Nair", java_script_enabled=False)
    page = seat.open("/value")
    summary = page.locator(".key summary").first
    table = page.locator(".key table").first
    assert not table.is_visible()
    summary.focus()
    page.keyboard.press("Enter")
    assert table.is_visible()
    page.get_by_label("Segment", exact=True).select_option("smb")
    page.get_by_role("button", name="Show").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/value?segment=smb")
    page.get_by_role("link", name="Lifetime value", exact=True).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/value/metrics/lifetime_value?segment=smb")
    assert page.get_by_role("heading", level=1).inner_text().startswith("Lifetime value")


DRAWN = """figure => {
    const middle = one => { const box = one.getBoundingClientRect(); return box.top + box.height / 2; };
    const grid = [...figure.querySelectorAll("line.grid")];
    const table = figure.querySelector("table") || figure.nextElementSibling.querySelector("table");
    return {
        title: figure.querySelector("svg").getAttribute("aria-label"),
        grid: grid.map(line => [middle(line), line.nextElementSibling.textContent]),
        dots: [...figure.querySelectorAll("circle")].map(dot => [middle(dot), dot.textContent]),
        rows: [...table.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.textContent.trim())),
    };
}"""


def test_a_browser_draws_what_the_table_says(base: str, sits: Sits) -> None:
    """Where the browser puts each dot, measured against the grid it draws, is the value of its month in the table."""
    seat: Seat = sits(base, "Priya Nair", viewport=LAPTOP)
    compared = 0
    for told in [one.evaluate(DRAWN) for one in seat.open("/value").locator("figure.drawn").all()]:
        seen, rows = Read(told), {row[0][:7]: row[1] for row in told["rows"]}
        dots = {said[:7]: at for at, said in told["dots"] if said and "expected" not in said}
        assert dots.keys() == {month for month, value in rows.items() if value not in ("", "unknown")}, told["title"]
        assert [month for month, at in dots.items() if not seen.same(at, rows[month])] == [], told["title"]
        compared += len(dots)
    assert compared > 60
