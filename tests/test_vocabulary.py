"""The closed lists: how autonomy is ordered, and that codes and signals belong together."""

import operator
from collections.abc import Callable
from itertools import product

import pytest

from cxagent.domain.vocabulary import ACT, DRAFT, HANDOFF, Autonomy, Reason, Segment, Signal, Tier

ORDER = (HANDOFF, DRAFT, ACT)


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne])
def test_autonomy_is_ordered_by_rank_not_by_letter(compare: Callable[[object, object], bool]) -> None:
    """All six comparisons of all nine pairs follow handoff < draft < act, though the letters say otherwise."""
    for (i, one), (j, other) in product(enumerate(ORDER), repeat=2):
        assert compare(one, other) is compare(i, j)


@pytest.mark.parametrize("given", list(product(ORDER, repeat=3)))
def test_max_min_and_sorting_follow(given: tuple[Autonomy, ...]) -> None:
    """`max`, `min` and `sorted` use the same order, wherever the value stands."""
    ranks = sorted(ORDER.index(one) for one in given)
    assert [ORDER.index(one) for one in sorted(given)] == ranks
    assert (ORDER.index(min(given)), ORDER.index(max(given))) == (ranks[0], ranks[-1])


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
def test_a_plain_string_has_no_rank(compare: Callable[[object, object], bool]) -> None:
    """An autonomy is not compared with a bare string on its own side, so no typo is ranked by letters."""
    assert getattr(ACT, f"__{compare.__name__}__")("draft") is NotImplemented


def test_tiers_are_ranked() -> None:
    """A tier knows its place from least to most worth."""
    assert [tier.rank for tier in (Tier.LOW, Tier.MID, Tier.HIGH)] == [0, 1, 2]


def test_every_signal_has_a_reason() -> None:
    """Each signal has its own code, and no code stands for a signal that does not exist."""
    codes = {Reason.of(signal) for signal in Signal}
    assert len(codes) == len(Signal) == 28
    assert codes == {reason for reason in Reason if reason.value.startswith("signal_")}


def test_values_are_snake_case() -> None:
    """Codes are lower case with underscores: they are stable names, not sentences."""
    for one in (*Reason, *Signal, *Segment, *Tier, *Autonomy):
        assert one.value == one.value.lower().replace(" ", "_")
