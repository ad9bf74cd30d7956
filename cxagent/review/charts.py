"""Charts as plain SVG, drawn on the server: a line with its band, always beside a table that says the same."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 200, 52, 12, 12, 28
MOST_LABELS = 8


class Point(NamedTuple):
    """One value of a series with its interval; a missing value leaves a gap."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None


class Scale(NamedTuple):
    """The values at the foot and at the top of a chart, and how a value is written."""

    low: float
    high: float
    form: str = "{:,.2f}"

    def y(self, value: float) -> float:
        """Return how far down a value lies; what is beyond the scale is drawn at its edge."""
        share = (min(max(value, self.low), self.high) - self.low) / ((self.high - self.low) or 1)
        return round(TOP + (1 - share) * (HEIGHT - TOP - BOTTOM), 1)


def share_scale() -> Scale:
    """Return the scale of a share: 0 to 100 %."""
    return Scale(0.0, 1.0, "{:.0%}")


def scale_of(points: Sequence[Point], form: str = "{:,.2f}") -> Scale:
    """Return a scale that holds every value and band, with a little room; it starts at 0 where nothing lies below."""
    held = [one for point in points for one in (point.value, point.low, point.high) if one is not None]
    low, high = min(held, default=0.0), max(held, default=1.0)
    room = (high - low or abs(high) or 1.0) * 0.08
    return Scale(0.0 if low >= 0 and low - room < high * 0.5 else low - room, high + room, form)


def line(points: Sequence[Point], title: str, scale: Scale) -> Markup:
    """Return a line chart with its band; `title` says in words what it shows, for who does not see it."""
    places = [_x(index, len(points)) for index in range(len(points))]
    parts = [*_grid(scale), *_labels(points, places), _band(points, places, scale)]
    parts += _lines(points, places, scale)
    inner = Markup("").join(parts)
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" aria-label="{title}" preserveAspectRatio="xMidYMid meet">'
        "{inner}</svg>"
    ).format(w=WIDTH, h=HEIGHT, title=title, inner=inner)


def _x(index: int, count: int) -> float:
    if count == 1:
        return (LEFT + WIDTH - RIGHT) / 2
    return round(LEFT + index * (WIDTH - LEFT - RIGHT) / (count - 1), 1)


def _grid(scale: Scale) -> list[Markup]:
    found = []
    for step in range(5):
        value = scale.low + step * (scale.high - scale.low) / 4
        y = scale.y(value)
        found.append(
            Markup(
                '<line class="grid" x1="{x}" x2="{end}" y1="{y}" y2="{y}"/><text x="{at}" y="{base}">{said}</text>'
            ).format(x=LEFT, end=WIDTH - RIGHT, y=y, at=LEFT - 6, base=y + 4, said=scale.form.format(value))
        )
    return found


def _labels(points: Sequence[Point], places: Sequence[float]) -> list[Markup]:
    every = max(1, -(-len(points) // MOST_LABELS))
    return [
        Markup('<text class="{kind}" x="{x}" y="{y}">{said}</text>').format(
            kind="below" if index // every % 2 == 0 else "below spare", x=x, y=HEIGHT - 8, said=point.label
        )
        for index, (point, x) in enumerate(zip(points, places, strict=True))
        if index % every == 0
    ]


def _band(points: Sequence[Point], places: Sequence[float], scale: Scale) -> Markup:
    held = [(x, one) for x, one in zip(places, points, strict=True) if one.low is not None and one.high is not None]
    if len(held) < 2:
        return Markup("").join(
            Markup('<line class="spread" x1="{x}" x2="{x}" y1="{a}" y2="{b}"/>').format(
                x=x, a=scale.y(one.low or 0), b=scale.y(one.high or 0)
            )
            for x, one in held
        )
    above = [f"{x},{scale.y(one.high or 0)}" for x, one in held]
    below = [f"{x},{scale.y(one.low or 0)}" for x, one in reversed(held)]
    return Markup('<polygon class="band" points="{points}"/>').format(points=" ".join(above + below))


def _lines(points: Sequence[Point], places: Sequence[float], scale: Scale) -> list[Markup]:
    found: list[Markup] = []
    run: list[str] = []
    for x, point in zip(places, points, strict=True):
        if point.value is None:
            found.append(_stroke(run))
            run = []
            continue
        y = scale.y(point.value)
        run.append(f"{x},{y}")
        said = escape(f"{point.label}: {scale.form.format(point.value)}")
        found.append(
            Markup('<circle class="dot" cx="{x}" cy="{y}" r="3"><title>{said}</title></circle>').format(
                x=x, y=y, said=said
            )
        )
    return [*found, _stroke(run)]


def _stroke(run: Sequence[str]) -> Markup:
    return (
        Markup('<polyline class="stroke" points="{points}"/>').format(points=" ".join(run))
        if len(run) > 1
        else Markup("")
    )
