"""Early warning: the detector of a cell's loss, watching events among the cases of each month.

It is `latitude.detection`, item by item, not a test on monthly means. An item is one case, and its figure whether it
had the event. Where a month has more than `ITEMS` cases, an item stands for several of them, as many as keep its
accepted rate at a tenth, and what is still too many is thinned out evenly: that bounds the cost of a month, whatever
its size. Nobody knows the order within a month, so its events are spread evenly; the statistic hardly depends on it.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cxagent.latitude.detection import FRESH, line, mean, step
from cxagent.trends.series import known

ITEMS = 200
"""The most items that one month is made of."""
MOST_ITEM_RATE = 0.1
BASE = 12
"""From how many months the accepted rate is taken."""
QUIET_MONTHS = 60
"""How many months lie between two false alarms, on average and at least, while the rate is accepted."""
LEAST_RATE, MOST_RATE = 1e-6, 0.45
BEYOND = 2.0
"""So many standard errors above the rate of the base months a rate is still accepted."""


class Warned(NamedTuple):
    """The places of the months in which an alarm went up, whether it is up at the end, and what is accepted."""

    alarms: tuple[int, ...]
    up: bool
    accepted: float | None
    statistic: tuple[float, ...]
    line: float
    why: str


class _Watch(NamedTuple):
    """How months become items: so many cases each, at this accepted rate an item, with this alarm."""

    cases: float
    p0: float
    line: float


def accepted_rate(events: Sequence[float | None], exposure: Sequence[float | None]) -> float | None:
    """Return the rate of some months and two standard errors; None where there were no cases.

    With k of n the rate is (k + 1) / (n + 1), so that months without an event do not promise that none ever comes. The
    error is that of chance or that between the months, whichever is larger: cases of one month resemble each other.
    """
    pairs = list(_cases(events, exposure))
    cases = sum(of for _, of in pairs)
    if cases < 1:
        return None
    rate = min(1.0, (sum(count for count, _ in pairs) + 1) / (cases + 1))
    chance = math.sqrt(rate * (1 - rate) / cases)
    between = math.sqrt(sum((count - of * rate) ** 2 for count, of in pairs)) / cases
    return min(MOST_RATE, max(LEAST_RATE, rate + BEYOND * max(chance, between)))


def warning(
    events: Sequence[float | None], exposure: Sequence[float | None], accepted: float | None = None, base: int = BASE
) -> Warned:
    """Watch events among cases, month by month, such as complaints among accounts.

    Without an accepted rate the first `base` months give it and are not watched. A month that is not known is passed
    over. `alarms` holds each month in which the statistic came over its line from below.
    """
    start = 0 if accepted is not None else base
    if accepted is None:
        if len(events) <= base or len(list(_cases(events[:base], exposure[:base]))) < base:
            return Warned((), False, None, (), math.inf, f"not enough history: {base} months with cases set the rate")
        accepted = accepted_rate(events[:base], exposure[:base])
    if accepted is None:
        return Warned((), False, None, (), math.inf, f"not enough history: no cases in the first {base} months")
    watch = _watch(exposure[start:], min(MOST_RATE, max(LEAST_RATE, accepted)))
    return _watched(events[start:], exposure[start:], start, watch, accepted)


def _watch(exposure: Sequence[float | None], rate: float) -> _Watch:
    most = max((one for of in exposure if (one := known(of)) is not None), default=1.0)
    cases = max(1.0, min(most / ITEMS, MOST_ITEM_RATE / rate))
    p0 = min(MOST_RATE, cases * rate)
    return _Watch(cases, p0, line(QUIET_MONTHS * _items(most, cases), p0))


def _watched(
    events: Sequence[float | None], exposure: Sequence[float | None], start: int, watch: _Watch, accepted: float
) -> Warned:
    parts, found, alarms, up, carried = FRESH, [], [], False, 0.0
    for place, (x, n) in enumerate(zip(events, exposure, strict=True), start):
        count, of = known(x), known(n)
        if count is not None and of is not None and of > 0:
            items = _items(of, watch.cases)
            due = carried + max(0.0, min(count, of)) * min(1.0, items * watch.cases / of)
            whole = min(items, math.floor(due + 1e-9))
            carried = min(1.0, due - whole)
            for one in _spread(whole, items):
                parts = step(parts, one, watch.p0)
        found.append(mean(parts))
        if found[-1] >= watch.line and not up:
            alarms.append(place)
        up = found[-1] >= watch.line
    why = f"watched against {accepted:.2%} of the cases"
    return Warned(tuple(alarms), up, accepted, tuple(found), watch.line, why)


def _cases(events: Sequence[float | None], exposure: Sequence[float | None]) -> Iterator[tuple[float, float]]:
    for x, n in zip(events, exposure, strict=True):
        count, of = known(x), known(n)
        if count is not None and of is not None and of > 0:
            yield min(count, of), of


def _items(cases: float, each: float) -> int:
    return max(1, min(ITEMS, round(cases / each)))


def _spread(ones: int, items: int) -> Iterator[float]:
    """Yield as many ones among so many items, at even distances, and zeros between them."""
    for place in range(items):
        yield float((place + 1) * ones // items - place * ones // items)
