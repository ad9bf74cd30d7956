"""What is drawn on the pages on worth is what the table beside it says, read back from the picture by its own grid."""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Any

import pytest

from cxagent.charts import round_scale
from cxagent.trends.slope import trend
from cxagent.value.figures import Figures, tick
from cxagent.value.month_charts import PANEL, MonthRow, course, spark, with_trend
from cxagent.value.report import Point, TrendOf
from review.worth import FADING, Looker, page, room

SIZES = {"k": 1e3, "M": 1e6, "B": 1e9}
NUMBER = re.compile(r"(-?[\d,]+(?:\.\d+)?)([kMB]?)")
FIGURE = re.compile(r'<figure class="drawn".*?</details>', re.DOTALL)
GRID = re.compile(r'<line class="grid" [^>]*y1="([\d.]+)"[^>]*/><text[^>]*>([^<]*)</text>')
DOT = re.compile(r'<circle class="([^"]+)" cx="([\d.]+)" cy="([\d.]+)"[^>]*>(?:<title>([^<]*)</title>)?')
ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looker]:
    """Look at three years of months."""
    looker = Looker(room(tmp_path_factory.mktemp("three"), 36), "Priya Nair")
    yield looker
    looker.close()


def read(figure: str) -> dict[str, Any]:
    """Return what a figure draws and the rows of the table beside it."""
    svg, _, beside = figure.partition("</svg>")
    return {
        "title": svg.partition('aria-label="')[2].partition('"')[0],
        "grid": GRID.findall(svg),
        "dots": [(kind, float(x), float(y), said) for kind, x, y, said in DOT.findall(svg)],
        **{name: places(svg, name) for name in ("stroke", "trend-line", "trend-band", "ahead-band")},
        "rows": cells(beside),
    }


def places(svg: str, kind: str) -> list[list[list[float]]]:
    """Return the corners of each line or area of a kind."""
    found = re.findall(rf'<poly\w+ class="{kind}" points="([^"]*)"', svg)
    return [[[float(at) for at in pair.split(",")] for pair in one.split()] for one in found]


def cells(part: str) -> list[list[str]]:
    """Return the rows of a table's body as text."""
    body = part.partition("<tbody>")[2].partition("</tbody>")[0]
    return [[bare(one) for one in CELL.findall(row)] for row in ROW.findall(body)]


def bare(part: str) -> str:
    """Return markup as the text that a reader sees."""
    return unescape(re.sub(r"<[^>]+>", "", part)).strip()


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
    seen, rows = Read(told), {row[0][:7]: row for row in told["rows"]}
    values = {month: row[1] for month, row in rows.items() if row[1] not in ("", "unknown")}
    drawn = {said[:7]: (kind, x, y) for kind, x, y, said in told["dots"] if "expected" not in said}
    assert drawn.keys() == values.keys(), told["title"]
    assert [m for m, (_, _, y) in drawn.items() if not seen.same(y, values[m])] == [], told["title"]
    assert {m for m, (kind, *_) in drawn.items() if "running" in kind} == {m for m in values if "so far" in rows[m][0]}
    ahead = {said[:7]: y for _, _, y, said in told["dots"] if "expected" in said}
    assert ahead.keys() == {month for month, row in rows.items() if row[4]}, told["title"]
    assert [month for month, y in ahead.items() if not seen.same(y, rows[month][4])] == [], told["title"]
    places = {(x, y) for _, x, y in drawn.values()}
    assert all(tuple(point) in places for stroke in told["stroke"] for point in stroke), told["title"]
    _areas(seen, told, rows)
    return len(drawn) + len(ahead)


def _areas(read: Read, told: dict[str, Any], rows: dict[str, list[str]]) -> None:
    """Hold the line of the trend, its band and that of the forecast against their columns."""
    months = sorted(rows)
    trended = [rows[month] for month in months if rows[month][2]]
    line = told["trend-line"][0] if told["trend-line"] else []
    assert len(line) == len(trended), told["title"]
    assert all(read.same(y, row[2]) for (_, y), row in zip(line, trended, strict=True)), told["title"]
    if told["trend-band"]:
        _band(read, told["trend-band"][0], [row[3].split(" to ") for row in trended], told["title"])
    if told["ahead-band"]:
        expected = [re.findall(r"\((.+) to (.+)\)", rows[month][4])[0] for month in months if rows[month][4]]
        whole = told["ahead-band"][0]
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
def test_what_is_drawn_is_what_the_table_says(three: Looker, path: str, fewest: int) -> None:
    """Each dot, line and band, read back from the picture by its own grid, is the figure in the table beside it."""
    told = [read(one) for one in FIGURE.findall(page(three, path))]
    assert len(told) >= fewest
    assert sum(compare(one) for one in told) > 20 * fewest


def test_small_lines_have_the_shape_of_their_months(three: Looker) -> None:
    """Each small line, between its least and its most, runs as its column in the table of months does."""
    compared = 0
    for key in page(three, "/value").split('<section class="panel key"')[1:5]:
        lines = key.partition('<ul class="metrics">')[2].partition("</ul>")[0].split("<li>")[1:]
        table = key.rpartition("<details")[2].partition("</details>")[0]
        heads, rows = [bare(one) for one in CELL.findall(table.partition("</thead>")[0])], cells(table)
        for one in lines:
            name = bare(one.partition('<a class="of"')[2].partition(">")[2].partition("</a>")[0])
            heights = [y for line in places(one, "stroke") for _, y in line]
            said = [row[heads.index(name)] for row in reversed(rows)]
            compared += _runs_alike(heights, [cell for cell in said if cell != "unknown"], name)
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


def test_a_scale_names_round_values_where_they_stand() -> None:
    """Every named value is a round one, holds what is drawn, and a constant has room around it."""
    for values in ([0.0, 97.3], [101.0, 103.5], [-4.2, 7.7], [5.0, 5.0], [0.0, 0.0], [1e7, 2.4e7], [0.0113, 0.0118]):
        scale = round_scale(values, lambda value, step: tick(value, step, "count"), PANEL)
        assert scale.low <= min(values) and scale.high >= max(values) and 2 <= len(scale.ticks) <= 8
        assert (scale.y(scale.high), scale.y(scale.low)) == (PANEL.top, PANEL.height - PANEL.bottom)
    scale = round_scale([0.0, 1.3e6], lambda value, step: tick(value, step, "money"), PANEL)
    assert [one.said for one in scale.ticks] == ["0", "500k", "1.0M", "1.5M"]


def test_the_line_of_a_trend_is_that_of_least_squares() -> None:
    """Over months with a gap the drawn line has the slope of the trend, and leaves as much above as below."""
    values = [3.0, 4.5, None, 5.0, 7.5, 7.0, 9.5, 8.0, 11.0, 12.5, 12.0, 14.0, 13.5]
    points = [Point(month=f"2026-{n:02d}" if n < 13 else "2027-01", value=v) for n, v in enumerate(values, 1)]
    found = trend(values)
    rows = with_trend(points, TrendOf(**found._asdict()))
    lines = [row.line or 0.0 for row in rows]
    assert lines[1] - lines[0] == pytest.approx(found.slope)
    rest = [row.value - row.line for row in rows if row.value is not None and row.line is not None]
    assert sum(rest) == pytest.approx(0, abs=1e-9)
    assert all((row.line_low or 0) <= (row.line or 0) <= (row.line_high or 0) for row in rows)
    assert found.slope is not None and found.high is not None
    centre = sum(place for place, value in enumerate(values) if value is not None) / 12
    assert (rows[-1].line_high or 0) - lines[-1] == pytest.approx((found.high - found.slope) * (12 - centre))


def test_a_gap_breaks_the_line_and_the_running_month_is_marked() -> None:
    """An unknown month has no dot and no line through it; the month that is not over has a ring and a dashed line."""
    rows = [MonthRow(f"2026-{n:02d}", value) for n, value in enumerate((1.0, 2.0, None, 3.0, 4.0), 1)]
    drawn = course("x & y", "count", [*rows, MonthRow("2026-06", 2.0, partial=True)], Figures("USD"), PANEL)
    assert drawn is not None
    assert drawn.picture.count('class="stroke"') == 2 and drawn.picture.count("<circle") == 5
    assert drawn.picture.count("dot running") == 1 and drawn.picture.count("running-line") == 1
    assert (
        "x &amp; y" in drawn.picture
        and course("none", "count", [MonthRow("2026-01", None)], Figures("USD"), PANEL) is None
    )


def test_noise_of_floats_is_no_movement() -> None:
    """A figure that only sums of floats tell apart is a level line, and its slope is zero without a sign."""
    points = [Point(month=f"2026-{n:02d}", value=4.4 + 1e-14 * (n % 3)) for n in range(1, 13)]
    heights = set(re.findall(r"[\d.]+,([\d.]+)", spark(points, "score")))
    assert len(heights) == 1
    assert Figures("USD").changes([-1e-9, 0.0], "score") == ["0", "0"]
    assert Figures("USD").changes([0.127, -0.5], "money") == ["+0.13", "-0.50"]


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.8625, "share", "86.2 %"),
        (0.0041, "share", "0.41 %"),
        (95_578_432.5, "money", "USD 95.6M"),
        (-1_702_472.0, "money", "USD -1.70M"),
        (2346.8, "money", "USD 2,347"),
        (24.0, "count", "24"),
        (0.0354, "count", "0.035"),
        (62.288, "score", "62.29"),
        (5.21, "hours", "5.2 h"),
        (None, "money", "unknown"),
    ],
)
def test_figures_are_written_in_their_unit(value: float | None, unit: str, said: str) -> None:
    """A share in per cent, money short where it is large, a count whole, and what is not known in a word."""
    assert Figures("USD").figure(value, unit) == said
