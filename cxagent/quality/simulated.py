"""What became of simulated cells, summed up: how many rose, how soon, what that means, and month by month."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from cxagent.domain.value import Value
from cxagent.intervals import wilson
from cxagent.quality.simulate import Cell, Life, Setting


class Spread(Value):
    """The median and the 90th percentile of those that came to it; None where none did."""

    median: int | None
    p90: int | None


class Simulated(Value):
    """What became of all cells; shares are of all cells, those of demotion of the cells that could be demoted."""

    promoted_share: float
    promoted_share_naive: float
    reviews_to_promote: Spread
    reviews_to_demote: Spread
    reviews_to_promote_naive: Spread
    reviews_to_demote_naive: Spread
    promoted_share_between: tuple[float, float]
    demoted_share: float | None
    demoted_share_naive: float | None
    stopped_share: float
    meaning: str


def simulated(setting: Setting, found: Iterable[Life]) -> Simulated:
    """Sum up what became of the cells."""
    done = list(found)
    share, naive = (_share(one.promoted for one in done) or 0.0, _share(one.promoted_naive for one in done) or 0.0)
    between = wilson(sum(one.promoted is not None for one in done), len(done))
    return Simulated(
        promoted_share=share,
        promoted_share_naive=naive,
        reviews_to_promote=_spread(one.promoted for one in done),
        reviews_to_demote=_spread(one.demoted_after for one in done),
        reviews_to_promote_naive=_spread(one.promoted_naive for one in done),
        reviews_to_demote_naive=_spread(one.demoted_naive_after for one in done),
        promoted_share_between=(between.low, between.high),
        demoted_share=_share(one.demoted_after for one in done if one.stood),
        demoted_share_naive=_share(one.demoted_naive_after for one in done if one.stood_naive),
        stopped_share=sum(one.stops > 0 for one in done) / len(done),
        meaning=_meaning(setting, share, naive),
    )


def _share(came_to_it: Iterable[int | None]) -> float | None:
    told = [one is not None for one in came_to_it]
    return sum(told) / len(told) if told else None


def _spread(values: Iterable[int | None]) -> Spread:
    ordered = sorted(value for value in values if value is not None)
    if not ordered:
        return Spread(median=None, p90=None)
    median, p90 = (ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.9))
    return Spread(median=median, p90=p90)


def _meaning(setting: Setting, share: float, naive: float) -> str:
    """Say in a sentence whether these promotions are right or wrong, and what is promised about them."""
    both = f"the ladder promoted {share:.1%} of the cells, the naive rule {naive:.1%}"
    rates = (setting.true_error, setting.true_error if setting.shift_to is None else setting.shift_to)
    if min(rates) >= setting.theta:
        return (
            f"At a true error rate of {min(rates):.1%}, not below the {setting.theta:.1%} that are allowed, every "
            f"promotion is a false one: {both}; promised is at most {setting.alpha:.1%} in the long run."
        )
    if max(rates) >= setting.theta:
        return f"The true error rate moves from {rates[0]:.1%} to {rates[1]:.1%}, across {setting.theta:.1%}: {both}."
    return (
        f"At a true error rate of {max(rates):.1%}, below the {setting.theta:.1%} that are allowed, promotions are "
        f"right: {both}; what counts is how soon."
    )


class Month(NamedTuple):
    """One simulated month: decisions, how many a person looked at, and how many of those were right."""

    decisions: int
    reviewed: int
    right: int

    @property
    def reviewed_share(self) -> float:
        """The share of decisions that cost a person's time."""
        return self.reviewed / self.decisions

    @property
    def match_rate(self) -> float:
        """The share of reviewed decisions with which people agreed."""
        return self.right / self.reviewed


def months(setting: Setting, a_month: int, count: int = 12) -> list[Month]:
    """Simulate some months in which every cell makes so many decisions; every draft is reviewed by a person."""
    cells = [Cell(setting, number) for number in range(setting.cells)]
    found = []
    for _ in range(count):
        verdicts = [cell.decide() for cell in cells for _ in range(a_month)]
        seen = [verdict for verdict in verdicts if verdict is not None]
        found.append(Month(len(verdicts), len(seen), sum(seen)))
    return found
