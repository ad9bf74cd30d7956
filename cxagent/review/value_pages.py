"""What it is worth: four keys side by side as trends, money where it is honest, and what has no price beside it."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from starlette.responses import Response

from cxagent import clock
from cxagent.charts import Picture, below, between, dot, drawn, grid, round_scale, stroke
from cxagent.domain.vocabulary import Segment
from cxagent.errors import BadInput
from cxagent.ledger.account_months import OTHERS
from cxagent.metrics.metric import KEYS
from cxagent.metrics.registry import Registry
from cxagent.playbook import Playbook
from cxagent.review.site import Asked, route
from cxagent.value.answers import HEADER, as_contract, rows
from cxagent.value.drilling import drill
from cxagent.value.figures import MARKS, Figures, tick, told_as_money, verdict
from cxagent.value.month_charts import BROAD, PANEL, SPARK_MONTHS, Course, course_of, spark
from cxagent.value.report import MetricReport, Report, report
from cxagent.value.staying import RetentionOf
from cxagent.value.what_if import MOST_POINTS, WhatIf, what_if

SEGMENTS = (*(one.value for one in Segment), OTHERS)
BESIDE = (
    *(("net_revenue_retention_year", BROAD), ("lifetime_value", BROAD)),
    *(("health", PANEL), ("revenue_at_risk", PANEL)),
)
"""What is shown large and beside each other, where the registry has it: NRR with CLV, health with value at risk."""
FEW = 5
FIRST_POINTS = 1.0
"""How many points of retention the page asks about before anybody types."""


class Headed(NamedTuple):
    """A key with the metric that stands first, its picture, the others that are known, and those that are not."""

    key: str
    first: MetricReport
    course: Course | None
    others: tuple[MetricReport, ...]
    unknown: tuple[MetricReport, ...]
    months: tuple[str, ...]


def value(asked: Asked) -> Response:
    """Show the report, over all segments or one."""
    book, found = _report(asked)
    figures = Figures(book.currency)
    flat = {one.name: one for metrics in found.keys.values() for one in metrics}
    held = {one.segment for one in found.portfolio.segments}
    return asked.render(
        "value.html",
        **shared(book),
        value=found,
        keys=[_headed(key, found.keys[key], figures) for key in KEYS],
        beside={name: (flat[name], course_of(flat[name], figures, frame)) for name, frame in BESIDE if name in flat},
        flat=flat,
        curves=[(one, _curve(one)) for one in found.retention if one.observed or one.segment in held],
        segments=SEGMENTS,
        few=FEW,
        query=f"?segment={found.segment}" if found.segment else "",
        supposed=_supposed(asked, book),
        points=asked.query("points"),
        spark=spark,
        exp=math.exp,
    )


def shared(book: Playbook) -> dict[str, Any]:
    """Return what every page on worth needs to write figures and verdicts."""
    return {
        "say": Figures(book.currency),
        "verdict_of": verdict,
        "marks": MARKS,
        "as_money": told_as_money,
        "currency": book.currency,
    }


def as_csv(asked: Asked) -> Response:
    """Give the months of every metric as CSV: what the page shows."""
    _, found = _report(asked)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows(found))
    named = {"Content-Disposition": f'attachment; filename="worth-{found.month}.csv"'}
    return Response(text.getvalue(), media_type="text/csv", headers=named)


def as_json(asked: Asked) -> Response:
    """Give the report as `cxagent value --json` prints it."""
    _, found = _report(asked)
    return Response(json.dumps(as_contract(found), ensure_ascii=False), media_type="application/json")


def metrics(asked: Asked) -> Response:
    """List the registered metrics, key by key: what each means, who owns it, how it is computed, its price or none."""
    return asked.render("value-metrics.html", **shared(asked.inbox.playbook), registry=_registry(asked))


def metric(asked: Asked) -> Response:
    """Show one metric from closer: its months, its definition, its segments, and the accounts behind it."""
    book, registry, name = asked.inbox.playbook, _registry(asked), asked.path("name")
    if name not in {one.name for one in registry.metrics}:
        links = [("/value/metrics", "All registered metrics")]
        said = f"{name} is not registered: a metric has an owner, a formula and a source first."
        return asked.render("said.html", 404, title="No such metric", said=said, links=links, changes=())
    segment = asked_segment(asked)
    with asked.inbox.agent.store.read() as connection:
        found = drill(connection, book, registry, name, clock.now(), segment)
    figures = Figures(book.currency)
    return asked.render(
        "value-metric.html",
        **shared(book),
        found=found,
        one=found.metric,
        course=course_of(found.metric, figures),
        parts_of=[(where, part, course_of(part, figures, PANEL)) for where, part in found.segments],
        segment=segment,
        segments=SEGMENTS,
        spark=spark,
    )


def asked_segment(asked: Asked) -> str | None:
    """Return the segment that a page is asked for; `BadInput` where there is none of that name."""
    segment = asked.query("segment") or None
    if segment is not None and segment not in SEGMENTS:
        raise BadInput(f"{segment!r} is no segment; there are {', '.join(SEGMENTS)}", where="segment")
    return segment


def _registry(asked: Asked) -> Registry:
    return asked.inbox.agent.project.metrics


def _report(asked: Asked) -> tuple[Playbook, Report]:
    book, segment = asked.inbox.playbook, asked_segment(asked)
    with asked.inbox.agent.store.read() as connection:
        return book, report(connection, book, _registry(asked), clock.now(), segment)


def _headed(key: str, metrics: Sequence[MetricReport], figures: Figures) -> Headed:
    first = next((one for one in metrics if one.headline), metrics[0])
    others = [one for one in metrics if one is not first]
    known = tuple(one for one in others if one.latest is not None)
    return Headed(
        key=key,
        first=first,
        course=course_of(first, figures, PANEL),
        others=known,
        unknown=tuple(one for one in others if one.latest is None),
        months=tuple(point.month for point in first.series[-SPARK_MONTHS:]),
    )


def _curve(one: RetentionOf) -> Picture:
    """Draw the share of accounts that is left after n renewals: as estimated, and as observed with its interval."""
    scale = round_scale([0.0, 1.0], lambda value, step: tick(value, step, "share"), PANEL)
    places = [PANEL.x(index, len(one.curve)) for index in range(len(one.curve))]
    seen = [(x, at) for x, at in zip(places, one.curve, strict=True) if at.observed is not None]
    band = [(x, at.low or 0.0, at.high or 0.0) for x, at in seen]
    parts = [
        grid(scale),
        *(below(x, PANEL, str(number)) for number, x in enumerate(places, 1)),
        between(band, scale, "band"),
        stroke([f"{x},{scale.y(at.left)}" for x, at in zip(places, one.curve, strict=True)], "trend-line"),
        stroke([f"{x},{scale.y(at.observed or 0.0)}" for x, at in seen]),
        *(dot(x, scale.y(at.observed or 0.0), f"{at.number}: {at.observed or 0.0:.1%}") for x, at in seen),
    ]
    return drawn(parts, f"Accounts left after each renewal, {one.segment.replace('_', ' ')}", PANEL, "chart course")


def _supposed(asked: Asked, book: Playbook) -> WhatIf | None:
    """Return what another retention would be worth; None where no month is on record."""
    typed: Mapping[str, str] = asked.request.query_params
    try:
        points = float(typed.get("points") or FIRST_POINTS)
    except ValueError:
        raise BadInput("is no number of points", where="points") from None
    if not (points and abs(points) <= MOST_POINTS):
        raise BadInput(f"lies between -{MOST_POINTS:g} and {MOST_POINTS:g}, and is not 0", where="points")
    with asked.inbox.agent.store.read() as connection:
        try:
            return what_if(connection, book, points)
        except BadInput:
            return None


ROUTES = [
    route("/value", value),
    route("/value.csv", as_csv),
    route("/value.json", as_json),
    route("/value/metrics", metrics),
    route("/value/metrics/{name}", metric),
]
