"""Charts as plain SVG, drawn on the server: a line with its band, always beside a table that says the same."""

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import NamedTuple

MOST_LABELS = 8
STEPS = 4
"""Into how many parts the height of a chart is divided, about."""


class Picture(str):
    """A drawing as inline SVG, in which every foreign word was escaped: pages set it in as it is."""

    def __html__(self) -> str:
        """Return the drawing itself: what page templates ask of a text that is markup already."""
        return str(self)


class Frame(NamedTuple):
    """The size of a chart and the room around its plot, in units of its own that are about a pixel each."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int

    def x(self, index: int, count: int) -> float:
        """Return how far to the right a point lies; a single one stands in the middle."""
        if count == 1:
            return (self.left + self.width - self.right) / 2
        return round(self.left + index * (self.width - self.left - self.right) / (count - 1), 1)


WIDE = Frame(640, 200, 52, 12, 12, 28)


class Point(NamedTuple):
    """One value of a series with its interval; a missing value leaves a gap."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None


class Tick(NamedTuple):
    """A value that a scale names, and how it is written."""

    value: float
    said: str


class Scale(NamedTuple):
    """The values at the foot and at the top of a chart, how a value is written, and which values are named."""

    low: float
    high: float
    form: str = "{:,.2f}"
    frame: Frame = WIDE
    named: tuple[Tick, ...] = ()

    def y(self, value: float) -> float:
        """Return how far down a value lies; what is beyond the scale is drawn at its edge."""
        share = (min(max(value, self.low), self.high) - self.low) / ((self.high - self.low) or 1)
        return round(self.frame.top + (1 - share) * (self.frame.height - self.frame.top - self.frame.bottom), 1)

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Return the values that the grid shows."""
        values = (self.low + step * (self.high - self.low) / STEPS for step in range(STEPS + 1))
        return self.named or tuple(Tick(one, self.form.format(one)) for one in values)


def share_scale() -> Scale:
    """Return the scale of a share: 0 to 100 %."""
    return Scale(0.0, 1.0, "{:.0%}")


def scale_of(points: Sequence[Point], form: str = "{:,.2f}") -> Scale:
    """Return a scale that holds every value and band, with a little room; it starts at 0 where nothing lies below."""
    held = [one for point in points for one in (point.value, point.low, point.high) if one is not None]
    low, high = min(held, default=0.0), max(held, default=1.0)
    room = (high - low or abs(high) or 1.0) * 0.08
    return Scale(0.0 if low >= 0 and low - room < high * 0.5 else low - room, high + room, form)


def round_scale(values: Iterable[float], said: Callable[[float, float], str], frame: Frame) -> Scale:
    """Return a scale whose named values are round, so that they say exactly where they stand; `said` gets the step."""
    held = list(values)
    low, high = min(held, default=0.0), max(held, default=1.0)
    if low >= 0 and low < high * 0.5:
        low = 0.0
    if high - low <= abs(high) * 1e-9:
        low, high = (0.0, 1.0) if not high else (min(0.0, 1.5 * high), max(0.0, 1.5 * high))
    step = _round_step((high - low) / STEPS)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    values_ = [number * step for number in range(first, last + 1)]
    named = tuple(Tick(one, said(one, step)) for one in values_)
    return Scale(values_[0], values_[-1], frame=frame, named=named)


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is no less than this."""
    power = math.pow(10.0, math.floor(math.log10(least)))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def line(points: Sequence[Point], title: str, scale: Scale) -> Picture:
    """Return a line chart with its band; `title` says in words what it shows, for who does not see it."""
    places = [scale.frame.x(index, len(points)) for index in range(len(points))]
    parts = [grid(scale), *_labels(points, places, scale.frame), _band(points, places, scale)]
    return drawn([*parts, *_lines(points, places, scale)], title, scale.frame)


def drawn(parts: Iterable[str], title: str, frame: Frame, kind: str = "chart") -> Picture:
    """Return parts as one picture of a size; `title` says in words what it shows."""
    return Picture(
        f'<svg class="{kind}" viewBox="0 0 {frame.width} {frame.height}" role="img" aria-label="{escape(title)}" '
        f'preserveAspectRatio="xMidYMid meet">{"".join(parts)}</svg>'
    )


def grid(scale: Scale) -> str:
    """Return the lines of a scale, each with the value that it stands for."""
    left, right = scale.frame.left, scale.frame.width - scale.frame.right
    return "".join(
        f'<line class="grid" x1="{left}" x2="{right}" y1="{(y := scale.y(tick.value))}" y2="{y}"/>'
        f'<text x="{left - 6}" y="{round(y + 4, 1)}">{escape(tick.said)}</text>'
        for tick in scale.ticks
    )


def below(x: float, frame: Frame, said: str, kind: str = "below") -> str:
    """Return what is written below a place of the plot."""
    return f'<text class="{kind}" x="{x}" y="{frame.height - 7}">{escape(said)}</text>'


def _labels(points: Sequence[Point], places: Sequence[float], frame: Frame) -> list[str]:
    every = max(1, -(-len(points) // MOST_LABELS))
    return [
        below(x, frame, point.label, "below" if index // every % 2 == 0 else "below spare")
        for index, (point, x) in enumerate(zip(points, places, strict=True))
        if index % every == 0
    ]


def _band(points: Sequence[Point], places: Sequence[float], scale: Scale) -> str:
    held = [(x, one) for x, one in zip(places, points, strict=True) if one.low is not None and one.high is not None]
    if len(held) < 2:
        return "".join(
            f'<line class="spread" x1="{x}" x2="{x}" y1="{scale.y(one.low or 0)}" y2="{scale.y(one.high or 0)}"/>'
            for x, one in held
        )
    return between([(x, one.low or 0, one.high or 0) for x, one in held], scale, "band")


def between(places: Sequence[tuple[float, float, float]], scale: Scale, kind: str) -> str:
    """Return the area between a low and a high value at each place."""
    above = [f"{x},{scale.y(high)}" for x, _, high in places]
    under = [f"{x},{scale.y(low)}" for x, low, _ in reversed(places)]
    return f'<polygon class="{kind}" points="{" ".join(above + under)}"/>'


def _lines(points: Sequence[Point], places: Sequence[float], scale: Scale) -> list[str]:
    found: list[str] = []
    run: list[str] = []
    for x, point in zip(places, points, strict=True):
        if point.value is None:
            found.append(stroke(run))
            run = []
            continue
        y = scale.y(point.value)
        run.append(f"{x},{y}")
        found.append(dot(x, y, f"{point.label}: {scale.form.format(point.value)}"))
    return [*found, stroke(run)]


def stroke(run: Sequence[str], kind: str = "stroke") -> str:
    """Return a line through places; fewer than two are none."""
    return f'<polyline class="{kind}" points="{" ".join(run)}"/>' if len(run) > 1 else ""


def dot(x: float, y: float, said: str = "", kind: str = "dot", radius: float = 3) -> str:
    """Return a place as a dot, which says its value where it is given words."""
    title = f"<title>{escape(said)}</title>" if said else ""
    return f'<circle class="{kind}" cx="{x}" cy="{y}" r="{radius:g}">{title}</circle>'
