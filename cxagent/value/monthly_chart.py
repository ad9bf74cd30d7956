"""The chart of one metric in a report that stands by itself: a line of months, drawn from the figures of its table.

A file that is mailed and printed can load nothing, so everything is in the drawing; a month that is not known is a gap.
"""

import math
from collections.abc import Iterator, Sequence
from html import escape

from cxagent.value.figures import figure
from cxagent.value.report import MetricReport, Point

MONTHS = 24
"""The months that a chart, and the table beside it, go back."""
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 250, 78, 22, 14, 34
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
LABELS = 4
SPARK_WIDTH, SPARK_HEIGHT, SPARK_ROOM = 104, 24, 3


def shown(one: MetricReport) -> tuple[Point, ...]:
    """Return the months that the chart and its table tell."""
    return one.series[-MONTHS:]


def draw(one: MetricReport, currency: str) -> str:
    """Return the chart of a metric as inline SVG; every month that is known is a dot that says its figure."""
    points = shown(one)
    ticks = _ticks([point.value for point in points if point.value is not None], one.unit)
    places = [_x(index, len(points)) for index in range(len(points))]
    inner = "".join(
        (*_grid(ticks, one.unit, currency), *_labels(points, places), *_line(points, places, ticks, one.unit, currency))
    )
    label = escape(f"{one.title} by month, {points[0].month} to {points[-1].month}; the table says the same")
    return f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{inner}</svg>'


def spark(one: MetricReport) -> str:
    """Return the months of a metric as a small line without figures."""
    points = shown(one)
    known = [point.value for point in points if point.value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    wide, tall = SPARK_WIDTH - 2 * SPARK_ROOM, SPARK_HEIGHT - 2 * SPARK_ROOM

    def place(index: int, value: float) -> tuple[float, float]:
        share = (value - low) / (high - low) if high > low else 0.5
        return round(SPARK_ROOM + wide * index / (len(points) - 1), 1), round(SPARK_ROOM + tall * (1 - share), 1)

    spots = [(place(index, p.value) if p.value is not None else None) for index, p in enumerate(points)]
    drawn = "".join((*_runs(spots), *_alone(spots)))
    return f'<svg class="spark" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" aria-hidden="true">{drawn}</svg>'


def _x(index: int, count: int) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * (index / (count - 1) if count > 1 else 0.5), 1)


def _y(value: float, ticks: Sequence[float]) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - ticks[0]) / (ticks[-1] - ticks[0])), 1)


def _ticks(values: Sequence[float], unit: str) -> list[float]:
    """Return round values that hold all of these; from zero where that costs little room."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if 0 <= low < high / 2:
        low = 0.0
    room = (high - low) or abs(high) or 1.0
    if high == low:
        low, high = low - room / 2, high + room / 2
        low, high = (max(0.0, low) if values and min(values) >= 0 else low), min(high, 1.0) if unit == "share" else high
    size = 10.0 ** math.floor(math.log10(room / LABELS))
    step = next(one * size for one in STEPS if one * size * LABELS >= room * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(step * at, 12) for at in range(first, max(last, first + 1) + 1)]


def _grid(ticks: Sequence[float], unit: str, currency: str) -> Iterator[str]:
    for tick in ticks:
        y = _y(tick, ticks)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="axis-end" x="{LEFT - 8}" y="{y + 4}">{escape(_short(tick, ticks, unit, currency))}</text>'


def _short(value: float, ticks: Sequence[float], unit: str, currency: str) -> str:
    """Return a value as an axis says it: in thousands or millions where it is money, with no digit too many."""
    if unit == "money" and ticks[-1] >= 1_000_000:
        return f"{value / 1e6:g} m"
    if unit == "money" and ticks[-1] >= 10_000:
        return f"{value / 1e3:g} k"
    if unit == "share":
        return f"{round(value * 100, 6):g}%"
    return f"{round(value, 6):,g}" if unit != "money" else figure(value, unit, currency)


def _labels(points: Sequence[Point], places: Sequence[float]) -> Iterator[str]:
    """Name the first month, the last, and what lies evenly between them."""
    last = len(points) - 1
    for index in sorted({0, last, *(round(last * at / 4) for at in (1, 2, 3))} if last >= 8 else {0, last}):
        kind = "axis-end" if index == last > 0 else "axis-mid"
        x = min(places[index] + (RIGHT if index == last else 0), WIDTH)
        yield f'<text class="{kind}" x="{x}" y="{HEIGHT - 8}">{points[index].month}</text>'


def _line(
    points: Sequence[Point], places: Sequence[float], ticks: Sequence[float], unit: str, currency: str
) -> Iterator[str]:
    spots = [
        None if point.value is None else (x, _y(point.value, ticks)) for x, point in zip(places, points, strict=True)
    ]
    yield from _runs(spots)
    last = max((index for index, spot in enumerate(spots) if spot), default=None)
    for index, (spot, point) in enumerate(zip(spots, points, strict=True)):
        if spot is not None:
            kind, r = ("dot last", 5.5) if index == last else ("dot", 2.6)
            said = escape(f"{point.month}: {figure(point.value, unit, currency)}")
            yield f'<circle class="{kind}" cx="{spot[0]}" cy="{spot[1]}" r="{r}"><title>{said}</title></circle>'


def _alone(spots: Sequence[tuple[float, float] | None]) -> Iterator[str]:
    """Yield a dot for every month between two that are not known: no line shows it."""
    for before, spot, after in zip((None, *spots), spots, (*spots[1:], None), strict=False):
        if spot is not None and before is None and after is None:
            yield f'<circle class="dot" cx="{spot[0]}" cy="{spot[1]}" r="1.5"/>'


def _runs(spots: Sequence[tuple[float, float] | None]) -> Iterator[str]:
    """Yield a line for every run of months that are known; one that stands alone has its dot."""
    run: list[str] = []
    for spot in (*spots, None):
        if spot is not None:
            run.append(f"{spot[0]},{spot[1]}")
            continue
        if len(run) > 1:
            yield f'<polyline class="stroke" points="{" ".join(run)}"/>'
        run = []
