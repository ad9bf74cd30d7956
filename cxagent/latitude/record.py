"""The caps that follow from a record as a case states it: verdicts and settings that exist before the ticket."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from cxagent.domain.cell import Cell
from cxagent.domain.finding import LOSS
from cxagent.domain.value import Instant, Text, Value
from cxagent.domain.vocabulary import DRAFT, Autonomy
from cxagent.latitude.detection import ALARM_AT, FRESH, mean, step

Severity = Literal["none", "minor", "major", "critical"]


class Verdict(Value):
    """One human judgement of one decision of a cell."""

    intent: Text
    segment: Text
    outcome: Literal["agree", "disagree"]
    severity: Severity = "none"
    at: Instant

    @property
    def evidence(self) -> float:
        """How wrong the decision was, between 0 and 1; an unrated disagreement counts as minor."""
        return 0.0 if self.outcome == "agree" else LOSS["minor" if self.severity == "none" else self.severity]


class Setting(Value):
    """A cell's latitude as it was set, and since when."""

    intent: Text
    segment: Text
    cap: Autonomy
    since: Instant
    why: Text


def cells(settings: Iterable[Setting], verdicts: Iterable[Verdict], at: datetime) -> tuple[Cell, ...]:
    """Return the caps in force: the latest setting of a cell, or what the detector says of a cell that has none."""
    latest: dict[tuple[str, str], Setting] = {}
    for setting in sorted(settings, key=lambda one: one.since):
        if setting.since <= at:
            latest[setting.intent, setting.segment] = setting
    found = [Cell(intent=s.intent, segment=s.segment, cap=s.cap, why=s.why) for s in latest.values()]
    records: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in sorted(verdicts, key=lambda one: one.at):
        if verdict.at <= at and (verdict.intent, verdict.segment) not in latest:
            records.setdefault((verdict.intent, verdict.segment), []).append(verdict)
    return (*found, *(cell for key, record in records.items() if (cell := _tightened(*key, record))))


def _tightened(intent: str, segment: str, record: Sequence[Verdict]) -> Cell | None:
    """Return a draft cap where a critical error or the detector calls for it; the alarm stays until it is reset."""
    if any(one.outcome == "disagree" and one.severity == "critical" for one in record):
        return Cell(intent=intent, segment=segment, cap=DRAFT, why="a critical error is not yet released")
    parts = FRESH
    for count, verdict in enumerate(record, start=1):
        parts = step(parts, verdict.evidence)
        if mean(parts) >= ALARM_AT:
            wrong = sum(one.outcome == "disagree" for one in record[:count])
            return Cell(
                intent=intent, segment=segment, cap=DRAFT, why=f"people disagreed in {wrong} of {count} reviews"
            )
    return None
