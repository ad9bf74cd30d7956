"""What a finding costs the ladder: microseconds of CPU for each pure update, medians, in one run.

Run it with `make bench`.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

from cxagent.domain.cell import Level
from cxagent.latitude import detection, ladder, promotion
from cxagent.latitude.terms import LatitudeTerms

AT_ONCE, ROUNDS = 200, 200
TERMS = LatitudeTerms()
THETA, P0 = 0.05, 0.03


def one_finding(track: ladder.Track, loss: float) -> ladder.Track:
    """Take a finding through detector and test, and ask whether the cell is ready."""
    track, _ = ladder.detect(track, loss, False, TERMS)
    track = ladder.certify(track, loss)
    ladder.ready(track, TERMS)
    return track


def microseconds(work: Callable[[], Any]) -> float:
    """Return the median CPU time of a call in microseconds, timed many at once: a single one is too short."""
    taken = []
    for _ in range(ROUNDS):
        started = time.process_time_ns()
        for _ in range(AT_ONCE):
            work()
        taken.append((time.process_time_ns() - started) / 1000 / AT_ONCE)
    return statistics.median(taken)


def main() -> None:
    """Measure and print the table."""
    track = ladder.Track(level=Level.WATCHED, theta=THETA)
    for _ in range(80):
        track = one_finding(track, 0.0)
    rows: list[tuple[str, Callable[[], Any]]] = [
        ("one update of the detector", lambda: detection.mean(detection.step(track.parts, 0.0, P0))),
        (
            "one update of the promotion test",
            lambda: promotion.wealth(promotion.bet(track.capital, 0.0, THETA)),
        ),
        ("one step of the ladder, agreed", lambda: one_finding(track, 0.0)),
        ("one step of the ladder, minor error", lambda: one_finding(track, 0.25)),
    ]
    print(f"CPU microseconds, medians of {ROUNDS} times {AT_ONCE}")
    for name, work in rows:
        work()
        print(f"  {name:38} {microseconds(work):8.1f}")


if __name__ == "__main__":
    main()
