"""The pages on worth in a real browser: what is drawn is what the table beside it says, and everybody can use them."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from browsing import PHONE

from review.conftest import LAPTOP, Seat, serving
from review.test_browser import SMALLEST, Sits, scan
from review.test_value_pages import room
from review.worth import FADING

SIZES = {"k": 1e3, "M": 1e6, "B": 1e9}
NUMBER = re.compile(r"(-?[\d,]+(?:\.\d+)?)([kMB]?)")
READ = """(figure) => {
  const svg = figure.querySelector("svg"), table = figure.nextElementSibling;
  const at = (one, ...names) => names.map((name) => parseFloat(one.getAttribute(name)));
  const places = (kind) => [...svg.querySelectorAll(kind)].map(
    (one) => one.getAttribute("points").split(" ").map((pair) => pair.split(",").map(Number)));
  const lines = [...svg.querySelectorAll("line.grid")];
  return {
    title: svg.getAttribute("aria-label"),
    grid: lines.map((one) => [one.getAttribute("y1"), one.nextElementSibling.textContent]),
    dots: [...svg.querySelectorAll("circle")].map(
      (one) => [one.getAttribute("class"), ...at(one, "cx", "cy"), one.textContent]),
    strokes: places("polyline.stroke"), trend: places("polyline.trend-line"),
    trendBand: places("polygon.trend-band"), aheadBand: places("polygon.ahead-band"),
    rows: [...table.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent.trim())),
  };
}"""
SPARKS = """() => [...document.querySelectorAll(".key")].map((key) => ({
  names: [...key.querySelectorAll(".metrics .of")].map((one) => one.textContent),
  lines: [...key.querySelectorAll(".metrics li")].map((one) => [...one.querySelectorAll("polyline")].flatMap(
    (line) => line.getAttribute("points").split(" ").map((pair) => Number(pair.split(",")[1])))),
  heads: [...key.querySelectorAll("details thead th")].map((one) => one.textContent),
  rows: [...key.querySelectorAll("details:last-of-type tbody tr")].map(
    (row) => [...row.cells].map((cell) => cell.textContent.trim())),
}))"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a desk with three years of months."""
    desk = room(tmp_path_factory.mktemp("served"), 36)
    with serving(desk, timedelta(seconds=10)) as address:
        yield address
    desk.world.close()


def number(said: str) -> float | None:
    """Return the first number of a cell, whatever its unit; None where it says none."""
    found = NUMBER.search(said)
    return float(found[1].replace(",", "")) * SIZES.get(found[2], 1) if found else None


def rounding(said: str) -> float:
    """Return by how much the value behind a written number may differ from it."""
    found = NUMBER.search(said)
    places = len(found[1].partition(".")[2]) if found else 0
    return float(0.5 * 10**-places * (SIZES.get(found[2], 1) if found else 1))


class Read:
    """A drawn chart, read back: heights become values by what its own grid says."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        feet = [(float(y), number(said) or 0.0) for y, said in told["grid"]]
        (self.foot, self.low), (self.top, self.high) = feet[0], feet[-1]
        self.pixel = (self.high - self.low) / (self.foot - self.top)
        assert all(abs(self.value(y) - value) <= self.pixel * 0.06 for y, value in feet), "the grid is uneven"

    def value(self, y: float) -> float:
        """Return the value at a height."""
        return self.low + (self.foot - y) * self.pixel

    def same(self, y: float, said: str) -> bool:
        """Whether a height is that of a written value; what lies beyond the grid stands at its edge."""
        value = number(said)
        assert value is not None, said
        clamped = min(max(value, self.low), self.high)
        return abs(self.value(y) - clamped) <= 0.06 * self.pixel + rounding(said)


def compare(told: dict[str, Any]) -> int:
    """Hold every drawn point against its row; return how many there were."""
    read, rows = Read(told), {row[0][:7]: row for row in told["rows"]}
    values = {month: row[1] for month, row in rows.items() if row[1] not in ("", "unknown")}
    drawn = {said[:7]: (kind, x, y) for kind, x, y, said in told["dots"] if "expected" not in said}
    assert drawn.keys() == values.keys(), told["title"]
    assert [m for m, (_, _, y) in drawn.items() if not read.same(y, values[m])] == [], told["title"]
    assert {m for m, (kind, *_) in drawn.items() if "running" in kind} == {m for m in values if "so far" in rows[m][0]}
    ahead = {said[:7]: y for _, _, y, said in told["dots"] if "expected" in said}
    assert ahead.keys() == {month for month, row in rows.items() if row[4]}, told["title"]
    assert [month for month, y in ahead.items() if not read.same(y, rows[month][4])] == [], told["title"]
    places = {(x, y) for _, x, y in drawn.values()}
    assert all(tuple(point) in places for stroke in told["strokes"] for point in stroke), told["title"]
    _areas(read, told, rows)
    return len(drawn) + len(ahead)


def _areas(read: Read, told: dict[str, Any], rows: dict[str, list[str]]) -> None:
    """Hold the line of the trend, its band and that of the forecast against their columns."""
    months = sorted(rows)
    trended = [rows[month] for month in months if rows[month][2]]
    line = told["trend"][0] if told["trend"] else []
    assert len(line) == len(trended), told["title"]
    assert all(read.same(y, row[2]) for (_, y), row in zip(line, trended, strict=True)), told["title"]
    if told["trendBand"]:
        _band(read, told["trendBand"][0], [row[3].split(" to ") for row in trended], told["title"])
    if told["aheadBand"]:
        expected = [re.findall(r"\((.+) to (.+)\)", rows[month][4])[0] for month in months if rows[month][4]]
        whole = told["aheadBand"][0]
        above, below = whole[: len(whole) // 2], whole[len(whole) // 2 :]
        ends = above[-len(expected) :] + below[: len(expected)]
        _band(read, ends, expected, told["title"])


def _band(read: Read, area: list[list[float]], ends: Sequence[Sequence[str]], title: str) -> None:
    above, below = area[: len(area) // 2], area[len(area) // 2 :][::-1]
    assert len(above) == len(ends), title
    for (_, high), (_, low), said in zip(above, below, ends, strict=True):
        assert read.same(high, said[1]) and read.same(low, said[0]), (title, said)


@pytest.mark.parametrize(
    ("path", "fewest"),
    [
        ("/value", 6),
        ("/value?segment=mid_market", 6),
        ("/value/metrics/survey_score", 4),
        ("/value/metrics/lifetime_value", 4),
        ("/value/metrics/retention_rate", 4),
        (f"/value/accounts/{FADING}", 7),
    ],
)
def test_what_is_drawn_is_what_the_table_says(base: str, sits: Sits, path: str, fewest: int) -> None:
    """Each dot, line and band, read back from the picture by its own grid, is the figure in the table beside it."""
    seat = sits(base, "Priya Nair")
    figures = seat.open(path).locator("figure.drawn")
    told = [figures.nth(place).evaluate(READ) for place in range(figures.count())]
    assert len(told) >= fewest
    assert sum(compare(one) for one in told) > 20 * fewest


def test_small_lines_have_the_shape_of_their_months(base: str, sits: Sits) -> None:
    """Each small line, between its least and its most, runs as its column in the table of months does."""
    seat = sits(base, "Priya Nair")
    seat.open("/value")
    compared = 0
    for key in seat.page.evaluate(SPARKS):
        for name, heights in zip(key["names"], key["lines"], strict=True):
            place = [head for head in key["heads"] if head in key["names"]].index(name) + 1
            said = [row[place] for row in reversed(key["rows"]) if row[place] != "unknown"]
            compared += _runs_alike(heights, said, name)
    assert compared >= 20


def _runs_alike(heights: list[float], said: list[str], name: str) -> bool:
    """Compare a line with its values, both from 0 to 1; False for a line that is broken or flat."""
    values = [number(one) or 0.0 for one in said]
    if len(heights) != len(values) or max(heights) == min(heights) or max(values) == min(values):
        return False
    drawn = [(max(heights) - y) / (max(heights) - min(heights)) for y in heights]
    told = [(value - min(values)) / (max(values) - min(values)) for value in values]
    fine = 0.02 + 2 * max(map(rounding, said)) / (max(values) - min(values))
    assert all(abs(a - b) <= fine for a, b in zip(drawn, told, strict=True)), name
    return True


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
