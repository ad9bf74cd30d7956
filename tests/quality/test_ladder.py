"""The ladder: what moves a cell up and down, what never does, and that its promises survive new beginnings."""

import random

import pytest

from cxagent.domain.cell import Level
from cxagent.latitude import ladder, promotion
from cxagent.latitude.ladder import Track
from cxagent.latitude.terms import LatitudeTerms

TERMS = LatitudeTerms()
WATCHED = Track(level=Level.WATCHED, theta=0.05)
DRAFT = Track(level=Level.DRAFT, theta=0.05)


def certified(track: Track, losses: list[float]) -> Track:
    """Return the track after some matured audits."""
    for loss in losses:
        track = ladder.certify(track, loss)
    return track


def detected(track: Track, losses: list[float]) -> tuple[Track, list[str]]:
    """Return the track after some findings, and the kinds of moves on the way."""
    moves = []
    for loss in losses:
        track, move = ladder.detect(track, loss, False, TERMS)
        moves += [move.kind] if move else []
    return track, moves


@pytest.mark.parametrize("level", [Level.WATCHED, Level.ALONE])
def test_the_detector_takes_one_rung(level: Level) -> None:
    """Three errors in a row take a fresh cell one rung down with both tests begun anew; two change nothing."""
    track = WATCHED._replace(level=level, attempts=(1, 2, 2))
    assert detected(track, [1.0, 1.0])[1] == []
    fallen, moves = detected(track, [1.0, 1.0, 1.0])
    assert (moves, fallen.level) == (["detected"], level - 1)
    assert (fallen.capital, fallen.detected, fallen.attempts) == (promotion.FRESH, 0, (1, 2, 2))


@pytest.mark.parametrize("level", [Level.OBSERVE, Level.DRAFT])
def test_the_detector_never_goes_below_drafts(level: Level) -> None:
    """Where a person sees each one anyway, errors take nothing away."""
    track, moves = detected(DRAFT._replace(level=level), [1.0] * 50)
    assert (moves, track.level) == ([], level)


def test_a_cell_with_a_small_threshold_is_not_lowered_for_being_right() -> None:
    """A cell that may lose hardly anything keeps its rung through 5,000 clean findings and one error."""
    track, moves = detected(WATCHED._replace(theta=0.0005), [0.0] * 5000 + [1.0])
    assert (moves, track.level) == ([], Level.WATCHED)


def test_a_cell_of_unknown_reviewers_is_still_watched() -> None:
    """Where nothing is known of what reviewers catch, nothing is earned, and errors still take the cell down."""
    blind = certified(WATCHED._replace(theta=0.0), [0.0] * 5000)
    assert not ladder.ready(blind, TERMS)
    assert detected(blind, [1.0] * 3)[1] == ["detected"]


@pytest.mark.parametrize("level", list(Level))
def test_a_critical_error_stops_the_cell(level: Level) -> None:
    """One critical error puts a cell at drafts at most and stops it; nothing is ready until it is released."""
    track, move = ladder.detect(WATCHED._replace(level=level), 1.0, True, TERMS)
    assert move is not None
    assert (move.kind, track.level, track.halted) == ("incident", min(level, Level.DRAFT), True)
    clean = certified(track, [0.0] * 500)
    assert not ladder.ready(clean, TERMS)
    released, told = ladder.release(clean)
    assert (told.kind, released.halted, ladder.ready(released, TERMS)) == ("released", False, True)


def test_a_second_critical_error_is_no_second_incident() -> None:
    """A cell that is stopped already is not stopped again, and its tests begin anew all the same."""
    track, _ = ladder.surface(WATCHED, 1.0, True, TERMS)
    again, move = ladder.surface(certified(track, [0.0] * 50), 1.0, True, TERMS)
    assert (move, again.certified, again.halted) == (None, 0, True)


@pytest.mark.parametrize(
    ("losses", "apart", "level", "falls"),
    [
        ([1.0, 1.0], 99, Level.WATCHED, True),
        ([1.0, 1.0], 100, Level.WATCHED, False),
        ([1.0], 0, Level.ALONE, False),
        ([0.25] * 20, 0, Level.WATCHED, False),
        ([1.0] * 9, 0, Level.DRAFT, False),
    ],
    ids=["two within", "two too far apart", "one", "minor ones", "at drafts"],
)
def test_errors_that_come_to_light(losses: list[float], apart: int, level: Level, falls: bool) -> None:
    """Two grave errors that come to light within 100 decisions take one rung; they certify nothing."""
    track, moves = WATCHED._replace(level=level), []
    for loss in losses:
        track, move = ladder.surface(track, loss, False, TERMS)
        moves += [move] if move else []
        track = track._replace(decided=track.decided + apart)
    assert [move.kind for move in moves] == (["surfaced"] if falls else [])
    assert (track.level, track.certified, track.capital) == (level - falls, 0, promotion.FRESH)
    assert len(track.surfaced) <= ladder.SURFACED


def test_the_first_step_up() -> None:
    """A fresh cell is ready after exactly 95 clean audits, and stands watched once people promoted it."""
    assert not ladder.ready(certified(DRAFT, [0.0] * 94), TERMS)
    ready = certified(DRAFT, [0.0] * 95)
    assert ladder.ready(ready, TERMS)
    risen, move = ladder.promote(ready, "two people confirmed")
    assert (move.kind, risen.level, risen.certified, risen.attempts) == ("promoted", Level.WATCHED, 0, (1, 2, 1))


def test_coming_back_costs_more() -> None:
    """The second try of a step takes 119 clean audits where the first took 95, and the third more again."""
    counts = []
    for tries in (1, 2, 3):
        track = DRAFT._replace(attempts=(1, tries, 1))
        counts.append(next(n for n in range(200) if ladder.ready(certified(track, [0.0] * n), TERMS)))
    assert counts == [95, 119, 134]


@pytest.mark.parametrize(
    ("track", "said"),
    [
        (DRAFT._replace(halted=True), {}),
        (DRAFT._replace(level=Level.ALONE), {}),
        (DRAFT, {"certifiable": False}),
        (DRAFT, {"reviewers_known": False}),
    ],
    ids=["stopped", "at the top", "uncertifiable", "reviewers unknown"],
)
def test_what_is_never_ready(track: Track, said: dict[str, bool]) -> None:
    """No evidence makes a cell ready that is stopped, at the top, beyond proof, or judged by unknown reviewers."""
    clean = certified(track, [0.0] * 1000)
    assert not ladder.ready(clean, TERMS, **said)
    assert ladder.ready(clean._replace(halted=False, level=Level.DRAFT), TERMS)


def test_a_stop_is_another_try() -> None:
    """A test that a critical error ended is a try that was spent; without any evidence nothing was tried."""
    spent, _ = ladder.halt(certified(DRAFT, [0.0] * 10))
    unspent, _ = ladder.halt(DRAFT)
    fallen, _ = ladder.halt(certified(WATCHED, [0.0] * 10))
    assert (spent.attempts, unspent.attempts, fallen.attempts) == ((1, 2, 1), (1, 1, 1), (1, 1, 1))


def test_stops_do_not_wear_the_promise_down() -> None:
    """A bad cell that is stopped by every tenth error and released again is still promoted in 5 % at most."""
    chance, promoted = random.Random(41), 0
    for _ in range(80):
        track = DRAFT
        for _ in range(3000):
            if chance.random() >= 0.05:
                track = ladder.certify(track, 0.0)
            elif chance.random() < 0.1:
                track = ladder.release(ladder.halt(track)[0])[0]
            else:
                track = ladder.certify(track, 1.0)
            if ladder.ready(track, TERMS):
                promoted += 1
                break
    assert promoted / 80 <= 0.05


@pytest.mark.parametrize("level", list(Level))
def test_a_lease_runs_out(level: Level) -> None:
    """Without fresh audits a cell above drafts goes one rung down, one at drafts or below stays."""
    track, move = ladder.expire(WATCHED._replace(level=level), "no audit for 30 days")
    assert track.level == (level - 1 if level > Level.DRAFT else level)
    assert (move is None) is (level <= Level.DRAFT)


def test_a_lower_threshold_counts_at_once() -> None:
    """When less may go wrong, the running test is what it would have been had that been known from the start."""
    losses = [0.0] * 60 + [0.25] + [0.0] * 30
    stricter = ladder.retest(certified(DRAFT, losses), 0.02, tuple(losses))
    assert stricter.theta == 0.02
    assert stricter.capital == certified(DRAFT._replace(theta=0.02), losses).capital


@pytest.mark.parametrize(
    ("audits", "theta", "then"), [(5, 0.10, 0.05), (0, 0.059, 0.05), (0, 0.061, 0.061), (0, 0.10, 0.10)]
)
def test_a_higher_threshold_waits(audits: int, theta: float, then: float) -> None:
    """When more may go wrong, the running test does not get easier, and the next one only by a clear rise."""
    losses = [0.0] * audits
    track = certified(DRAFT, losses)
    eased = ladder.retest(track, theta, tuple(losses))
    assert (eased.theta, eased.capital) == (then, track.capital)


@pytest.mark.parametrize(
    ("former", "halted", "granted", "level"),
    [
        (Level.ALONE, False, Level.WATCHED, Level.WATCHED),
        (Level.DRAFT, False, Level.WATCHED, Level.DRAFT),
        (Level.WATCHED, True, Level.WATCHED, Level.DRAFT),
        (Level.ALONE, False, Level.DRAFT, Level.DRAFT),
        (Level.WATCHED, False, Level.OBSERVE, Level.DRAFT),
        (Level.OBSERVE, False, Level.OBSERVE, Level.OBSERVE),
        (Level.OBSERVE, False, Level.WATCHED, Level.OBSERVE),
    ],
)
def test_a_new_version(former: Level, halted: bool, granted: Level, level: Level) -> None:
    """A new version begins at drafts at most, where the playbook grants no more; what was lost stays lost."""
    old = certified(WATCHED, [0.0] * 40)._replace(level=former, halted=halted, attempts=(1, 3, 2))
    new = ladder.succeed(old, granted, 0.05)
    assert new == Track(level=level, theta=0.05, halted=halted)
