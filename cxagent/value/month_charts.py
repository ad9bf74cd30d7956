"""Figures over months as pictures: the line with its gaps, its trend, and what is ahead; rows and picture are one.

What is drawn is what the rows of the table beside it say: both are made from the same `MonthRow`s.
"""

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from cxagent.charts import Frame, Picture, Scale, below, between, dot, drawn, grid, round_scale, stroke
from cxagent.value.figures import Figures, tick
from cxagent.value.report import MetricReport, Point, TrendOf

PANEL = Frame(340, 176, 52, 10, 12, 24)
BROAD = Frame(560, 230, 64, 12, 12, 28)
TINY = Frame(84, 24, 2, 4, 4, 4)
SPARK_MONTHS = 24
MANY = 30
"""From so many months on the dots are small, and years are named instead of months."""
MONTHS_NAMED = 4
ROOM = 0.25
"""How far beyond its values a chart reaches for a wide band, as a share of their range."""
NOISE = 1e-9
"""Values that differ by less than this share of their size are one: what sums of floats leave over is no movement."""


class MonthRow(NamedTuple):
    """One month: its value, what its trend says, and what was forecast for it; what is not known is None.

    `partial` marks the month that is not over. `line` is the straight line of the trend, between its two ends.
    """

    month: str
    value: float | None
    partial: bool = False
    line: float | None = None
    line_low: float | None = None
    line_high: float | None = None
    ahead: float | None = None
    ahead_low: float | None = None
    ahead_high: float | None = None


class Course(NamedTuple):
    """A picture of months and the rows of the table beside it."""

    picture: Picture
    rows: tuple[MonthRow, ...]

    @property
    def legend(self) -> dict[str, str]:
        """What each kind of line in the picture is, where there is one of it."""
        lines = [row for row in self.rows if row.line is not None]
        sure = " with its interval" if lines and lines[0].line_low != lines[0].line_high else ""
        kinds = {
            "by-month": "by month",
            "is-trend": f"trend{sure}" if lines else "",
            "is-ahead": "if it goes on so, 80 %" if any(row.ahead is not None for row in self.rows) else "",
            "is-running": "this month so far"
            if any(row.partial and row.value is not None for row in self.rows)
            else "",
        }
        return {kind: said for kind, said in kinds.items() if said}


def course_of(one: MetricReport, figures: Figures, frame: Frame = BROAD, since: str | None = None) -> Course | None:
    """Return a metric's months, all or from one on, as picture and rows; None where nothing of it is known."""
    rows = [row for row in _rows(one) if since is None or row.month >= since]
    return course(one.title, one.unit, rows, figures, frame)


def followed(title: str, unit: str, points: Sequence[Point], trend: TrendOf, figures: Figures) -> Course | None:
    """Return one figure of an account over its months as picture and rows; None where nothing of it is known."""
    return course(title, unit, with_trend(points, trend), figures, PANEL)


def course(title: str, unit: str, rows: Sequence[MonthRow], figures: Figures, frame: Frame) -> Course | None:
    """Return rows as a picture over them; None where no value is known."""
    known = [row for row in rows if row.value is not None]
    if not known:
        return None
    scale = round_scale(_shown(rows, unit), lambda value, step: tick(value, step, unit), frame)
    first, last = known[0], known[-1]
    title = f"{title}: {figures.exact(first.value, unit)} in {first.month}, {figures.exact(last.value, unit)} in "
    title += f"{last.month}{', a month that is not over' if last.partial else ''}; every month is in the table"
    places = [frame.x(index, len(rows)) for index in range(len(rows))]
    parts = [grid(scale), _months(rows, places, frame), *_trend(rows, places, scale), *_ahead(rows, places, scale)]
    parts += [*_values(rows, places, scale), *_dots(rows, places, scale, figures, unit)]
    return Course(drawn(parts, title, frame, "chart course"), tuple(rows))


def _shown(rows: Sequence[MonthRow], unit: str) -> list[float]:
    """Return what a scale has to hold: every value, and of the bands around them what is worth the room.

    Bands go over the edge where they are wide, below zero, or above one for a share; the table has all of them.
    """
    values = [row.value for row in rows if row.value is not None]
    held = [*values, *(one for row in rows for one in (row.line, row.ahead) if one is not None)]
    low, high = min(held), max(held)
    room = (high - low) * ROOM
    least = low - room if min(values) < 0 else min(low, max(0.0, low - room))
    most = max(high, min(1.0, high + room)) if unit == "share" and max(values) <= 1 else high + room
    ends = [one for row in rows for one in (*row[4:6], *row[7:]) if one is not None]
    whole = [0.0, 1.0] if unit == "share" and low == high and 0 <= low <= 1 else []
    return [*held, *whole, *(min(max(one, least), most) for one in ends)]


def _rows(one: MetricReport) -> tuple[MonthRow, ...]:
    rows = {row.month: row for row in with_trend(one.series, one.trend)}
    for band in one.forecast:
        row = rows.get(band.month, MonthRow(band.month, None))
        rows[band.month] = row._replace(ahead=band.value, ahead_low=band.low, ahead_high=band.high)
    ordered = [rows[month] for month in sorted(rows)]
    first = next((place for place, row in enumerate(ordered) if row.value is not None), 0)
    return tuple(ordered[first:])


def with_trend(points: Sequence[Point], trend: TrendOf) -> tuple[MonthRow, ...]:
    """Return months with the line of their trend: through the middle of the known months, as least squares has it.

    The band is all lines through that middle whose slope lies in the interval; a running month counts in neither.
    """
    whole = [(place, one.value) for place, one in enumerate(points) if one.value is not None and not one.partial]
    rows = tuple(MonthRow(one.month, one.value, one.partial) for one in points)
    if trend.slope is None or not whole:
        return rows
    centre, middle = (sum(of) / len(whole) for of in zip(*whole, strict=True))
    slopes = (trend.slope if trend.low is None else trend.low, trend.slope if trend.high is None else trend.high)
    found = list(rows)
    for place in range(whole[0][0], whole[-1][0] + 1):
        ends = sorted(middle + slope * (place - centre) for slope in slopes)
        line = middle + trend.slope * (place - centre)
        found[place] = rows[place]._replace(line=line, line_low=ends[0], line_high=ends[1])
    return tuple(found)


def _months(rows: Sequence[MonthRow], places: Sequence[float], frame: Frame) -> str:
    """Name the Januaries of many months by their year, else every so many months."""
    many = len(rows) > MANY
    every = 1 if many else -(-len(rows) // (MONTHS_NAMED if frame.width < 500 else 1 + MONTHS_NAMED))
    named = [(x, row.month) for x, row in zip(places, rows, strict=True) if not many or row.month.endswith("-01")]
    return "".join(
        below(min(max(x, frame.left + 14), frame.width - 24), frame, month[:4] if many else month)
        for index, (x, month) in enumerate(named)
        if index % every == 0
    )


def _trend(rows: Sequence[MonthRow], places: Sequence[float], scale: Scale) -> list[str]:
    held = [(x, row) for x, row in zip(places, rows, strict=True) if row.line is not None]
    band = [(x, row.line_low, row.line_high) for x, row in held if row.line_low is not None]
    area = [(x, low, high) for x, low, high in band if low is not None and high is not None]
    return [
        between(area, scale, "trend-band") if any(low < high for _, low, high in area) else "",
        stroke([f"{x},{scale.y(row.line or 0.0)}" for x, row in held], "trend-line"),
    ]


def _ahead(rows: Sequence[MonthRow], places: Sequence[float], scale: Scale) -> list[str]:
    """Return the forecast, which begins at the last whole month that is known right before it."""
    held = [index for index, row in enumerate(rows) if row.ahead is not None]
    if not held:
        return []
    run = [(places[i], rows[i].ahead or 0.0, rows[i].ahead_low or 0.0, rows[i].ahead_high or 0.0) for i in held]
    before = rows[held[0] - 1] if held[0] else None
    if before is not None and before.value is not None and not before.partial:
        run.insert(0, (places[held[0] - 1], before.value, before.value, before.value))
    return [
        between([(x, low, high) for x, _, low, high in run], scale, "ahead-band"),
        stroke([f"{x},{scale.y(value)}" for x, value, *_ in run], "ahead-line"),
    ]


def _values(rows: Sequence[MonthRow], places: Sequence[float], scale: Scale) -> list[str]:
    """Return the line of values, broken where a month is not known, and dashed into the month that is not over."""
    found = []
    pairs = list(zip(places, rows, strict=True))
    for known, run in groupby(pairs, lambda pair: pair[1].value is not None and not pair[1].partial):
        if known:
            found.append(stroke([f"{x},{scale.y(row.value or 0.0)}" for x, row in run]))
    for (x, row), (end, after) in pairwise(pairs):
        if row.value is not None and after.value is not None and after.partial:
            found.append(stroke([f"{x},{scale.y(row.value)}", f"{end},{scale.y(after.value)}"], "running-line"))
    return found


def _dots(rows: Sequence[MonthRow], places: Sequence[float], scale: Scale, figures: Figures, unit: str) -> list[str]:
    small = len(rows) > MANY
    found = []
    for x, row in zip(places, rows, strict=True):
        if row.value is not None:
            kind, so_far = ("dot running", " so far") if row.partial else ("dot", "")
            said = f"{row.month}: {figures.exact(row.value, unit)}{so_far}"
            found.append(dot(x, scale.y(row.value), said, kind, 4 if row.partial else 1.8 if small else 3))
        if row.ahead is not None:
            said = f"{row.month}: {figures.exact(row.ahead, unit)} expected"
            found.append(dot(x, scale.y(row.ahead), said, "dot ahead", 1.8 if small else 2.5))
    return found


def spark(points: Sequence[Point], title: str) -> Picture:
    """Return the last two years as a line of a line's height, with a gap where nothing is known."""
    last = list(points)[-SPARK_MONTHS:]
    known = [one.value for one in last if one.value is not None]
    if not known:
        return Picture()
    low, high = min(known), max(known)
    noise = high - low <= NOISE * max(abs(low), abs(high))
    scale = Scale(low - 1, high + 1, frame=TINY) if noise else Scale(low, high, frame=TINY)
    places = [(TINY.x(index, len(last)), one) for index, one in enumerate(last)]
    parts = []
    for held, run in groupby(places, lambda pair: pair[1].value is not None):
        if held:
            parts.append(stroke([f"{x},{scale.y(one.value or 0.0)}" for x, one in run]))
    x, end = next(pair for pair in reversed(places) if pair[1].value is not None)
    parts.append(dot(x, scale.y(end.value or 0.0), kind="dot running" if end.partial else "dot", radius=2.4))
    return drawn(parts, title, TINY, "tiny")
