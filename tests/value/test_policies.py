"""Policies are ranked by what is kept, and net revenue retention stands beside it."""

import pytest

from cxagent.lifetime.account import Holding
from cxagent.lifetime.policies import Errors, Outcome, Policy, Served, ranked, simulate
from cxagent.lifetime.retention import Retention

YOUNG, OLD = Retention(a=0.4, b=9.0), Retention(a=2.0, b=2.0)
ERRORS = Errors(alone=0.04, looked_at=0.005, leaves=0.02, look=15.4)
ACCOUNTS = (
    Served(
        "large, thin margin, leaving soon",
        Holding(arr=90_000, margin=0.15, cost_to_serve=6_000, months_left=3),
        OLD,
        60,
    ),
    Served(
        "half the size, wide margin, staying",
        Holding(arr=45_000, margin=0.8, cost_to_serve=2_000, months_left=3),
        YOUNG,
        60,
    ),
)
BY_REVENUE = Policy("the largest revenue first", lambda one, worth: one.holding.arr)
BY_VALUE = Policy("the largest future first", lambda one, worth: worth.future_value)


def outcomes(looks: int = 60, accounts: tuple[Served, ...] = ACCOUNTS) -> tuple[Outcome, ...]:
    """Return what comes of both policies."""
    return tuple(simulate(one, accounts, ERRORS, looks, 0.10) for one in (BY_REVENUE, BY_VALUE))


def test_the_rankings_differ() -> None:
    """R43: policies are ranked by CLV, and NRR beside it would choose the other one."""
    found = outcomes()
    assert ranked(found)[0].policy == BY_VALUE.name
    assert max(found, key=lambda one: one.nrr).policy == BY_REVENUE.name
    assert {one.looks for one in found} == {60}


def test_looks_that_are_enough_for_all_make_no_difference() -> None:
    """R43: where everything is looked at, two policies come to the same."""
    one, other = outcomes(looks=120)
    assert (one.clv, one.nrr) == (other.clv, other.nrr)


def test_an_error_costs_what_it_drives_away() -> None:
    """Without errors an account is worth its CLV, and each wrong act takes its share of the future."""
    alone = ACCOUNTS[1:]
    faultless = simulate(BY_VALUE, alone, ERRORS._replace(alone=0.0), 0, 0.10)
    erring = simulate(BY_VALUE, alone, ERRORS, 0, 0.10)
    rest = alone[0].holding.rest
    assert (erring.clv - rest) / (faultless.clv - rest) == pytest.approx(0.98 ** (60 * 0.04))


def test_growth_shows_in_revenue_alone() -> None:
    """Expected growth lifts NRR and not CLV, which holds no expansion."""
    grown = tuple(one._replace(growth=0.3) for one in ACCOUNTS)
    plain, more = outcomes()[0], outcomes(accounts=grown)[0]
    assert more.clv == plain.clv
    assert more.nrr == pytest.approx(1.3 * plain.nrr)
