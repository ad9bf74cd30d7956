"""Annotations: the costliest results as workflow commands, which a forge shows beside the line of the case."""

from cxagent.evaluation.grading import Grade
from cxagent.evaluation.outputs.sentences import costliest, led_there, plain, spaced
from cxagent.evaluation.scores.report import Report, Result


def annotations(report: Report, most: int = 10) -> str:
    """Return one command a line for the costliest results: a warning for too much care, an error for the rest."""
    return "".join(_command(one) + "\n" for one in costliest(report, most))


def place(where: str | None) -> tuple[str | None, int | None]:
    """Split `path:line` into both; a place that names no line is its file alone."""
    if not where:
        return None, None
    path, _, line = where.rpartition(":")
    if not path:
        return where, None
    return (path, int(line)) if line.isdecimal() else (where, None)


def _command(one: Result) -> str:
    level = "warning" if one.grade == Grade.OVER_REVIEW else "error"
    path, line = place(one.where)
    title = f"{spaced(one.grade)}: {one.id}" + (f", trial {one.trial}" if one.trial > 1 else "")
    named = {"file": path, "line": line, "title": title}
    given = ",".join(f"{key}={_property(value)}" for key, value in named.items() if value is not None)
    return f"::{level} {given}::{_message(_told(one))}"


def _told(one: Result) -> str:
    why = f"\nWhy: {plain(one.why)}" if one.why else ""
    route = one.autonomy or "no route"
    return f"Wanted {one.wanted}, got {route} ({led_there(one)}).{why}\nIt costs {one.cost or 0:g} needless reviews."


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: object) -> str:
    return _message(plain(value)).replace(":", "%3A").replace(",", "%2C")
