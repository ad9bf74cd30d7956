"""What a wrong act costs and how sure the machine must be: golden values, and what follows for a cell."""

import random

import pytest

from cxagent.domain.vocabulary import EffectClass, Segment
from cxagent.economics import beta_of, break_even, certifiable, conservative, damage_of, percentile_of, threshold
from cxagent.latitude.terms import Damage, LatitudeTerms
from quality.published import table

FUTURE = 189_539.44
CREDIT = Damage(leaves=0.01, leaves_sd=0.005, direct=400, minutes=18)
TERMS = LatitudeTerms()


@pytest.mark.parametrize(("hazard", "damage", "star"), [(1.0, 2295.3944, 0.0085522), (3.0, 6086.1832, 0.00324272)])
def test_golden_damage_and_break_even(hazard: float, damage: float, star: float) -> None:
    """D and p* have their golden values, for a healthy account and for a shaky one."""
    found = damage_of(CREDIT, FUTURE, hazard)
    assert found == pytest.approx(damage)
    assert break_even(CREDIT.minutes * TERMS.minute_costs, found) == pytest.approx(star, rel=1e-5)


def test_the_reference_table() -> None:
    """Damage and break-even are those of the reference table."""
    entry = table("cxagent_threshold_golden")
    given, healthy, shaky = entry["inputs"], entry["reproduced"]["HR1"], entry["reproduced"]["HR3_delta_times_HR"]
    assumed = CREDIT.model_copy(update={"leaves": given["delta"], "direct": given["direct"]})
    for hazard, golden in ((1.0, healthy), (3.0, shaky)):
        damage = damage_of(assumed, given["FV"], hazard)
        assert damage == pytest.approx(golden["D"], abs=1e-4)
        assert break_even(given["b"], damage) == pytest.approx(golden["p_star"], abs=1e-6)


def test_acting_pays_below_the_break_even_and_not_above() -> None:
    """Just below p* the expected damage is less than what asking costs, just above it is more."""
    damage, saved = damage_of(CREDIT, FUTURE), 19.8
    star = break_even(saved, damage)
    for p, pays in ((star * 0.999, True), (star * 1.001, False)):
        assert (p * damage < (1 - p) * saved) is pays


@pytest.mark.parametrize("hazard", [0.2, 1.0])
def test_good_health_earns_nothing(hazard: float) -> None:
    """A hazard ratio below 1 does not make an error cheaper."""
    assert damage_of(CREDIT, FUTURE, hazard) == damage_of(CREDIT, FUTURE)


def test_the_damage_of_a_shaky_account_is_bounded() -> None:
    """No error is taken to add more than one half to the chance of leaving."""
    assert damage_of(CREDIT, 1000, hazard_ratio=1e6) == 400 + 0.5 * 1000


@pytest.mark.parametrize("kind", list(TERMS.damage))
@pytest.mark.parametrize("future", [20_000, 190_000, 1_900_000])
def test_the_conservative_break_even(kind: EffectClass, future: float) -> None:
    """With the 95th percentile of the damage, p* is roughly 0.5 to 0.8 of the plain one, never above it."""
    assumed = TERMS.damage[kind]
    plain = break_even(assumed.minutes * TERMS.minute_costs, damage_of(assumed, future))
    assert 0.5 <= conservative(assumed, TERMS.minute_costs, future) / plain < 0.9


@pytest.mark.parametrize(("mean", "sd"), [(0.01, 0.005), (0.05, 0.02), (0.3, 0.2), (0.01, 0.05)])
def test_the_percentile_of_an_assumption(mean: float, sd: float) -> None:
    """The Beta that is meant has the mean that was said, and 95 % of it lies below its 95th percentile."""
    beta, chance = beta_of(mean, sd), random.Random(3)
    limit = percentile_of(beta, 0.95)
    drawn = [chance.betavariate(beta.a, beta.b) for _ in range(20_000)]
    assert sum(drawn) / len(drawn) == pytest.approx(mean, rel=0.1)
    assert sum(one <= limit for one in drawn) / len(drawn) == pytest.approx(0.95, abs=0.006)


@pytest.mark.parametrize(("shape", "share", "value"), [((1, 1), 0.95, 0.95), ((1, 4), 0.95, 1 - 0.05**0.25)])
def test_percentiles_that_are_known(shape: tuple[float, float], share: float, value: float) -> None:
    """Where the percentile has a closed form, that is what comes out."""
    beta = beta_of(shape[0] / sum(shape), (shape[0] * shape[1] / sum(shape) ** 2 / (sum(shape) + 1)) ** 0.5)
    assert percentile_of(beta, share) == pytest.approx(value, rel=3e-3)


def test_a_threshold_is_never_lifted_to_what_can_be_shown() -> None:
    """An enterprise commitment keeps its tiny threshold although thousands of clean audits would be needed for it."""
    found = threshold(TERMS, EffectClass.COMMITMENT, Segment.ENTERPRISE)
    assert found.theta == found.break_even < 0.001
    assert found.clean > 4000
    assert f"{found.clean:,}" in found.said
    assert not certifiable(found.theta, TERMS.risk, audits_a_year=2000)


def test_a_threshold_is_never_above_what_is_ever_allowed() -> None:
    """Where hardly anything can go wrong, the threshold is what the terms allow at most."""
    found = threshold(TERMS, EffectClass.PUBLIC_INFO, Segment.SMB)
    assert found.break_even > found.theta == TERMS.loss_at_most
    assert found.clean == 29


def test_more_at_stake_means_a_lower_threshold() -> None:
    """The more an account is worth, the less may go wrong, whatever kind of action it is."""
    for kind in TERMS.damage:
        limits = [threshold(TERMS, kind, Segment.SMB, future).break_even for future in (1e4, 1e5, 1e6, 1e7)]
        assert limits == sorted(limits, reverse=True)
        assert len(set(limits)) == len(limits)


@pytest.mark.parametrize(("a_year", "can"), [(58, False), (59, True)])
def test_what_can_be_certified(a_year: int, can: bool) -> None:
    """A cell with 5 % allowed can be certified from 59 audits a year on."""
    assert certifiable(0.05, 0.05, a_year) is can


def test_the_owner_of_an_assumption_is_named() -> None:
    """The arithmetic names who assumed the damage."""
    terms = LatitudeTerms(owner="Ruth Adeyemi")
    assert "assumed by Ruth Adeyemi" in threshold(terms, EffectClass.FINANCIAL, Segment.SMB).said
