"""Latitude: the detector's golden values, and that evidence tightens a cell, by itself and only that cell."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cxagent.domain.vocabulary import ACT, DRAFT, HANDOFF
from cxagent.latitude.detection import ALARM_AT, statistic
from cxagent.latitude.record import Setting, Verdict, cells

NOW = datetime(2027, 3, 9, 10, tzinfo=UTC)
MINOR, MAJOR = 0.25, 1.0


def first_alarm(evidence: float, clean: int = 0) -> int:
    """Return at which error in a row the detector alarms, after some clean reviews."""
    return next(n for n in range(1, 100) if statistic([0.0] * clean + [evidence] * n)[0] >= ALARM_AT)


def reviewed(outcomes: str, intent: str = "waive_fee", **more: Any) -> list[Verdict]:
    """Return verdicts, a day apart: `.` agree, `-` minor, `x` major, `!` critical."""
    severity = {".": "none", "-": "minor", "x": "major", "!": "critical", "?": "none"}
    return [
        Verdict(
            intent=intent,
            segment=more.get("segment", "smb"),
            outcome="agree" if mark == "." else "disagree",
            severity=severity[mark],  # type: ignore[arg-type]
            at=NOW - timedelta(days=len(outcomes) - place),
        )
        for place, mark in enumerate(outcomes)
    ]


def setting(cap: Any, days_ago: int, intent: str = "waive_fee") -> Setting:
    """Return what somebody set some days ago."""
    return Setting(intent=intent, segment="smb", cap=cap, since=NOW - timedelta(days=days_ago), why="by hand")


@pytest.mark.parametrize(("errors", "mean"), [(1, 5.25), (2, 46.625), (3, 447.19)])
def test_a_fresh_detector(errors: int, mean: float) -> None:
    """After one, two and three errors in a row a fresh detector stands at its exact golden values."""
    assert statistic([MAJOR] * errors)[0] == pytest.approx(mean, abs=0.005)


def test_a_seasoned_detector() -> None:
    """After 1,000 clean reviews it stands at 20.468, and goes on from its parts as if never interrupted."""
    mean, parts = statistic([0.0] * 1000)
    assert mean == pytest.approx(20.468, abs=0.0005)
    assert statistic([MAJOR], start=parts)[0] == pytest.approx(statistic([0.0] * 1000 + [MAJOR])[0])


@pytest.mark.parametrize(
    ("evidence", "clean", "alarm"), [(MAJOR, 0, 3), (MAJOR, 1000, 2), (MINOR, 0, 6), (MINOR, 1000, 5)]
)
def test_when_it_alarms(evidence: float, clean: int, alarm: int) -> None:
    """Majors in a row alarm at the third fresh and the second after a long good run; minors at the sixth and fifth."""
    assert first_alarm(evidence, clean) == alarm


@pytest.mark.parametrize(
    ("outcomes", "tightened"),
    [
        ("xxx", True),
        ("xx", False),
        ("x", False),
        ("......x......", False),
        ("------", True),
        ("-----", False),
        ("??????", True),
        ("?????", False),
        ("!", True),
        ("." * 50 + "!", True),
        ("", False),
        ("." * 200, False),
        ("xxx" + "." * 40, True),
    ],
)
def test_a_record_tightens(outcomes: str, tightened: bool) -> None:
    """A run of errors or one critical error makes the cell a draft; one error does not; the alarm stays until reset."""
    found = cells([], reviewed(outcomes), NOW)
    assert [cell.cap for cell in found] == ([DRAFT] if tightened else [])


def test_neighbours_keep_theirs() -> None:
    """Errors of one cell do not touch another intent, nor the same intent in another segment."""
    record = reviewed("xxx") + reviewed("...", "issue_refund") + reviewed("x.x", segment="mid_market")
    assert [(cell.intent, cell.segment) for cell in cells([], record, NOW)] == [("waive_fee", "smb")]


def test_errors_of_many_cells_do_not_add_up() -> None:
    """Three cells with one error each are three cells with one error."""
    record = [verdict for intent in ("a", "b", "c") for verdict in reviewed("x", intent)]
    assert cells([], record, NOW) == ()


@pytest.mark.parametrize(
    ("settings", "cap"),
    [
        ([setting(DRAFT, 5)], DRAFT),
        ([setting(DRAFT, 5), setting(ACT, 1)], ACT),
        ([setting(ACT, 1), setting(DRAFT, 5)], ACT),
        ([setting(ACT, 5), setting(HANDOFF, 1)], HANDOFF),
        ([setting(ACT, 5), setting(DRAFT, -1)], ACT),
    ],
    ids=["one", "restored", "in any order", "tightened again", "not yet in force"],
)
def test_the_latest_setting_wins(settings: list[Setting], cap: object) -> None:
    """The latest setting that is in force is the cell's latitude, and reviews never cap a cell that has one."""
    assert [cell.cap for cell in cells(settings, reviewed("xxx!"), NOW)] == [cap]


def test_the_future_is_not_known() -> None:
    """Verdicts that come later than the moment of the decision are not looked at."""
    record = reviewed("xxx")
    assert cells([], record, NOW - timedelta(days=2)) == ()


def test_the_reason_counts() -> None:
    """The reason of a tightened cell says how many reviews disagreed, of how many."""
    assert [cell.why for cell in cells([], reviewed("..xxx"), NOW)] == ["people disagreed in 3 of 5 reviews"]
