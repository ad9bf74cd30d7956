"""How the machine decides: the match rate, cells and their levels, what people confirm, patterns, and the cases."""

from datetime import timedelta
from typing import Any

from starlette.responses import Response

from cxagent import clock
from cxagent.charts import Point, line, share_scale
from cxagent.domain.cell import Level
from cxagent.errors import BadInput
from cxagent.ledger import disagreements
from cxagent.quality import promoting
from cxagent.quality.patterns import patterns
from cxagent.quality.report import CellReport, Month, report
from cxagent.review.site import Asked, route

CASES = 200
DRAWN_BY_THEN = timedelta(days=1)
"""How long after a verdict its decision may still be drawn for an audit."""


def quality(asked: Asked) -> Response:
    """Show the report."""
    judge, now = asked.inbox.agent.project.steps.judge, clock.now()
    with asked.inbox.agent.store.read() as connection:
        found = report(connection, judge.playbook, judge.version, now)
        told = patterns(connection, judge.playbook, now)
    return asked.render(
        "quality.html",
        quality=found,
        patterns=told,
        chart=_chart(found.months),
        shadow=judge.shadow,
        proven=[one for one in found.cells if _switchable(one)],
        version=judge.version,
        levels={one.value: one.word for one in Level},
        changes_playbook=asked.me.governs,
        confirms=promoting.decides(judge.playbook, asked.me.role),
        done=asked.query("done"),
    )


def _switchable(one: CellReport) -> bool:
    return one.proven and not one.halted


def _chart(months: tuple[Month, ...]) -> Any:
    points = [Point(one.month, one.value, one.low, one.high) for one in months if one.value is not None]
    return line(points, "Decisions that people would have made too, by month", share_scale()) if points else None


def cases(asked: Asked) -> Response:
    """Show the findings behind a figure: those of an intent, a segment or a month, the latest first."""
    about = {name: asked.query(name) for name in ("intent", "segment", "month") if asked.query(name)}
    with asked.inbox.agent.store.read() as connection:
        rows = disagreements.findings(connection, about, CASES)
    fresh = [row for row in rows if row["at"] > (clock.now() - DRAWN_BY_THEN).isoformat()]
    for row in fresh:  # it may yet be drawn, and who saw it here cannot judge it blind
        asked.inbox.looked(asked.me, "page", "cases", row["decision_id"], row["account_id"])
    return asked.render("quality-cases.html", rows=rows, about=about, most=CASES)


def confirm(asked: Asked) -> Response:
    """Say yes to a step up that the test proposes; the second person's yes makes it count."""
    agent = asked.inbox.agent
    book = agent.project.steps.judge.playbook
    done = promoting.confirm(
        agent.store, book, asked.me.name, asked.me.role, asked.path("id"), asked.typed("why") or ""
    )
    return asked.go(f"/quality?done={'promoted' if done else 'first'}#promotions")


def refuse(asked: Asked) -> Response:
    """Say no to a step up."""
    agent = asked.inbox.agent
    book = agent.project.steps.judge.playbook
    promoting.refuse(agent.store, book, asked.me.name, asked.me.role, asked.path("id"), _why(asked))
    return asked.go("/quality?done=refused#promotions")


def release(asked: Asked) -> Response:
    """Let a stopped cell go on, by name and with a reason."""
    agent = asked.inbox.agent
    book = agent.project.steps.judge.playbook
    promoting.release(agent.store, book, asked.me.name, asked.me.role, asked.path("id"), _why(asked))
    return asked.go("/quality?done=released#incidents")


def _why(asked: Asked) -> str:
    if (why := asked.typed("why")) is None:
        raise BadInput("say why in a sentence", where="why")
    return why


ROUTES = [
    route("/quality", quality),
    route("/quality/cases", cases),
    route("/quality/promotions/{id}/confirm", confirm, "POST"),
    route("/quality/promotions/{id}/refuse", refuse, "POST"),
    route("/quality/incidents/{id}/release", release, "POST"),
]
