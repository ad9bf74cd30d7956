"""Latitude is earned and lost by evidence: within the kind of case, within the playbook, and whatever the load."""

import math
import random

import pytest

from cxagent.domain.cell import Cell, Level
from cxagent.domain.vocabulary import ACT, DRAFT
from cxagent.latitude import ladder
from cxagent.latitude.ladder import Track
from cxagent.latitude.terms import LatitudeTerms
from cxagent.quality.simulate import Setting
from cxagent.quality.simulated import Month, months
from requirements.catalogue import typical
from requirements.world import Scene, account, doc, playbook

TERMS = LatitudeTerms()
WELL = Setting(true_error=0.01, cells=8, seed=4)
A_MONTH = 200


def after(track: Track, losses: list[float]) -> Track:
    """Return a cell after audits, promoted by people as soon as the test allows it."""
    for loss in losses:
        track, move = ladder.detect(track, loss, False, TERMS)
        track = track if move else ladder.certify(track, loss)
        if ladder.ready(track, TERMS):
            track, _ = ladder.promote(track, "two people confirmed")
    return track


def alone(intent: str, segment: str) -> Cell:
    """Return a cell that has earned every rung."""
    top = after(Track(level=Level.DRAFT, theta=0.05), [0.0] * 1000)
    assert top.level == Level.ALONE
    return Cell(intent=intent, segment=segment, cap=top.level.cap, level=top.level, why="1,000 perfect reviews")


# ---- R54 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theta", [0.0005, 0.005, 0.02, 0.05, 0.10])
@pytest.mark.parametrize("clean", [0, 20, 200, 2000])
def test_one_error_sets_nothing_off(theta: float, clean: int) -> None:
    """R54: one error, fresh or after a long good run, leaves the rung of a cell, however little may go wrong there."""
    track = Track(level=Level.WATCHED, theta=theta)
    for loss in [0.0] * clean + [1.0]:
        track, move = ladder.detect(track, loss, False, TERMS)
        assert move is None
    assert track.level == Level.WATCHED


def test_the_trigger_is_the_test() -> None:
    """R54: what narrows is a statistic that crosses its line; as many errors among many right decisions do not."""
    dense = after(Track(level=Level.WATCHED, theta=0.05), [1.0] * 3)
    chance, thin = random.Random(6), Track(level=Level.WATCHED, theta=0.05)
    for _ in range(400):
        thin, move = ladder.detect(thin, float(chance.random() < 0.01), False, TERMS)
        assert move is None
    assert (dense.level, thin.level) == (Level.DRAFT, Level.WATCHED)


def test_neighbouring_cells_keep_theirs() -> None:
    """R54: a cap on one intent in one segment binds there and in no other intent or segment."""
    capped = Cell(
        intent="howto_question", segment="smb", cap=DRAFT, level=Level.DRAFT, why="people disagreed too often"
    )
    scene = Scene(account(), told={"cells": (capped,)})
    neighbours = [name for name in playbook().intents if name != "howto_question"]
    assert (scene.but(told={}).autonomy, scene.autonomy) == (ACT, DRAFT)
    for intent in neighbours:
        other = scene.but(proposal=typical(intent, scene.account))
        assert other.autonomy == other.but(told={}).autonomy
    calm = scene.but(account=account("calm mid"))
    assert calm.autonomy == calm.but(told={}).autonomy


# ---- R55 ------------------------------------------------------------------------------------------------------------


def level(one: Month, other: Month) -> bool:
    """Whether two match rates differ by no more than chance explains (three standard errors)."""
    p = (one.right + other.right) / (one.reviewed + other.reviewed)
    return abs(one.match_rate - other.match_rate) <= 3 * math.sqrt(
        p * (1 - p) * (1 / one.reviewed + 1 / other.reviewed)
    )


def test_review_shrinks_as_quality_proves_itself() -> None:
    """R55: over 12 months at 1 % true error the reviewed share falls to below a third while the match rate holds."""
    year = months(WELL, A_MONTH)
    shares = [month.reviewed_share for month in year]
    assert shares[0] > 0.8
    assert sum(shares[9:]) / 3 < 0.35
    assert sum(shares[6:]) < sum(shares[:6])
    assert all(level(year[0], month) for month in year[1:])


def test_a_bad_agent_earns_nothing() -> None:
    """R55: at 8 % true error people still look at every decision after 12 months."""
    year = months(Setting(true_error=0.08, cells=4, seed=4), A_MONTH)
    assert all(month.reviewed_share == 1.0 for month in year)


def test_a_restored_cell_acts_again() -> None:
    """R55: a cell that fell to drafts acts again after clean audits, and not before the test succeeds."""
    fallen = after(Track(level=Level.WATCHED, theta=0.05), [1.0] * 3)
    before, restored = after(fallen, [0.0] * 94), after(fallen, [0.0] * 95)
    routes = []
    for track in (fallen, before, restored):
        cell = Cell(intent="howto_question", segment="smb", cap=track.level.cap, level=track.level, why="the record")
        routes.append(Scene(account(), told={"cells": (cell,)}).autonomy)
    assert routes == [DRAFT, DRAFT, ACT]


# ---- R56 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("segment", ["enterprise", "strategic"])
def test_a_perfect_record_never_passes_the_playbook(segment: str) -> None:
    """R56: after 1,000 perfect reviews in every cell, an enterprise account still gets what it got without them."""
    one = account("global", {"crm.segment": segment})
    earned = tuple(alone(intent, segment) for intent in playbook().intents)
    for intent in playbook().intents:
        scene = Scene(one, typical(intent, one), told={"cells": earned})
        assert scene.autonomy < ACT
        assert scene.autonomy == scene.but(told={}).autonomy
    assert Scene(one, doc(), told={"cells": earned}).autonomy == DRAFT


# ---- R65 ------------------------------------------------------------------------------------------------------------


def test_twice_the_load_leaves_the_match_rate_level() -> None:
    """R65: at twice the load the match rate is level, and the reviewed share is no larger."""
    usual, twice = ([*months(WELL, load)] for load in (A_MONTH, 2 * A_MONTH))
    whole = [Month(*map(sum, zip(*year, strict=True))) for year in (usual, twice)]
    assert whole[1].decisions == 2 * whole[0].decisions
    assert level(*whole)
    assert whole[1].reviewed_share <= whole[0].reviewed_share
    assert all(level(whole[0], month) for month in twice)
