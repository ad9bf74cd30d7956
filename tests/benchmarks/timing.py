"""How the benchmarks measure: side by side in one run, in turn, medians, and ratios round by round."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol


class Server(Protocol):
    """Whoever works for us in other processes."""

    def cpu(self) -> float:
        """Return the CPU seconds spent so far."""
        ...


class Taken(NamedTuple):
    """What calls took, in milliseconds, in order: CPU of this process, wall time, CPU of the server."""

    cpu: list[float]
    wall: list[float]
    served: list[float]

    @property
    def all_cpu(self) -> list[float]:
        """The CPU of both."""
        return [ours + theirs for ours, theirs in zip(self.cpu, self.served, strict=True)]


def side_by_side(
    works: Mapping[str, Callable[[int], Any]], *, rounds: int, warm_up: int, served: Server | None = None
) -> dict[str, Taken]:
    """Return what every call took, taken in turn, so that a slow moment slows all of them."""
    taken = {name: Taken([], [], []) for name in works}
    for number in range(-warm_up, rounds):
        for name, work in works.items():
            theirs = served.cpu() if served else 0.0
            wall, cpu = time.perf_counter(), time.process_time()
            work(number)
            if number >= 0:
                taken[name].cpu.append((time.process_time() - cpu) * 1000)
                taken[name].wall.append((time.perf_counter() - wall) * 1000)
                taken[name].served.append(((served.cpu() if served else 0.0) - theirs) * 1000)
    return taken


def ratio(ones: Sequence[float], others: Sequence[float]) -> float:
    """Return the median of the ratios, round by round."""
    return statistics.median(one / other for one, other in zip(ones, others, strict=True))
