"""The simulation: it is what the exact tables say, it repeats itself, and the command prints what was agreed."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from cxagent.cli import app
from cxagent.errors import BadInput
from cxagent.quality.simulate import Cell, Setting, lives
from cxagent.quality.simulated import Simulated, Spread, simulated
from quality.walks import passed, reviews_until, stops_of

FIRST_TRY = stops_of(0.05, 0.025, 2000)


def run(**changes: Any) -> Simulated:
    """Simulate some cells and sum up."""
    setting = Setting(**{"true_error": 0.01, "cells": 60, "reviews": 600, **changes})
    return simulated(setting, lives(setting))


def said(*words: str) -> Any:
    """Run the command."""
    return CliRunner().invoke(app, ["quality", "simulate", *words])


def test_it_agrees_with_the_exact_table() -> None:
    """Median and 90th percentile of simulated promotions lie where exact arithmetic has them."""
    exact = passed(FIRST_TRY, 0.01, 600)
    found = run(cells=100, reviews=400).reviews_to_promote
    assert found.median == reviews_until(exact, 0.5)
    assert found.p90 == pytest.approx(reviews_until(exact, 0.9), rel=0.15)


@pytest.mark.parametrize("rate", [0.05, 0.08])
def test_bad_cells(rate: float) -> None:
    """Of bad cells at most 5 % are promoted, while the naive rule promotes them all."""
    found = run(true_error=rate, cells=40, reviews=800)
    assert found.promoted_share <= 0.05
    assert found.promoted_share_naive == 1.0
    assert "every promotion is a false one" in found.meaning


def test_a_perfect_cell() -> None:
    """A cell without errors rises after exactly 95 reviews and never falls."""
    found = run(true_error=0.0, cells=3)
    assert found.reviews_to_promote == Spread(median=95, p90=95)
    assert found.reviews_to_promote_naive == Spread(median=20, p90=20)
    assert found.reviews_to_demote == Spread(median=None, p90=None)


def test_a_shift_is_noticed() -> None:
    """After a shift to 20 % every cell that acted alone falls, with a median of about a dozen reviews."""
    found = run(shift_to=0.2, shift_after=400, cells=30)
    assert found.demoted_share == 1.0
    assert found.reviews_to_demote.median == pytest.approx(12, abs=4)


def test_chance_is_seeded() -> None:
    """The same seed gives the same lives, another seed others; more cells leave the first ones as they were."""
    first, again, more, other = (
        list(lives(Setting(true_error=0.03, cells=cells, seed=seed, reviews=300)))
        for cells, seed in ((4, 1), (4, 1), (6, 1), (4, 2))
    )
    assert first == again == more[:4] != other


def test_critical_errors_stop() -> None:
    """Where errors are critical, cells are stopped by them, which the share says."""
    assert run(true_error=0.03, critical_share=1.0, cells=20).stopped_share == 1.0
    assert run(true_error=0.03, cells=5).stopped_share == 0.0


def test_late_verdicts_cost_time_only() -> None:
    """Verdicts that come late delay a promotion by the window and change nothing else for a perfect cell."""
    found = run(true_error=0.0, cells=3, delay=5).reviews_to_promote
    assert found == Spread(median=94 + 35, p90=94 + 35)


def test_skipping_over_what_is_not_drawn_changes_no_share() -> None:
    """A cell that acts alone is audited in a tenth of its decisions, skipped over one by one or at once."""
    one_by_one, at_once = (Cell(Setting(true_error=0.0), number) for number in (1, 2))
    while one_by_one.reviews < 1200:
        one_by_one.decide()
    while at_once.reviews < 1200:
        at_once.to_next_audit()
    assert one_by_one.made == pytest.approx(at_once.made, rel=0.12)
    assert one_by_one.made > 7000


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"true_error": 5}, "--true-error"),
        ({"true_error": float("nan")}, "--true-error"),
        ({"cells": 0}, "--cells"),
        ({"theta": 0}, "--theta"),
        ({"alpha": 0.5}, "--alpha"),
        ({"reviews": 0}, "--reviews"),
        ({"delay": -1}, "--delay"),
        ({"sensitivity": 1.5}, "--sensitivity"),
        ({"shift_to": 0.2}, "--shift-after"),
        ({"shift_after": 20}, "--shift-to"),
    ],
)
def test_numbers_that_mean_nothing(changes: dict[str, Any], where: str) -> None:
    """A number outside its range, or half a shift, is refused with a sentence that names the option."""
    with pytest.raises(BadInput, match=where):
        Setting(**{"true_error": 0.01, **changes})


def test_the_command_prints_json() -> None:
    """The command prints one object with the agreed keys."""
    result = said("--true-error", "0.01", "--cells", "5", "--seed", "3", "--reviews", "400", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert {"promoted_share", "promoted_share_naive", "reviews_to_promote", "reviews_to_demote"} <= set(found)
    assert set(found["reviews_to_promote"]) == set(found["reviews_to_demote"]) == {"median", "p90"}
    assert found["promoted_share"] == 1.0


def test_the_command_speaks_to_people() -> None:
    """Without `--json` it prints both rules side by side and says what it means."""
    result = said("--true-error", "0.08", "--cells", "4", "--reviews", "300")
    assert result.exit_code == 0
    assert "last 20 fine" in result.stdout
    assert "promotion is a false one" in " ".join(result.stdout.split())


def test_the_command_refuses_with_a_sentence() -> None:
    """Bad numbers end with exit code 2."""
    assert said("--true-error", "7").exit_code == 2
    assert said("--true-error", "0.05", "--cells", "-3").exit_code == 2
    assert said().exit_code == 2
