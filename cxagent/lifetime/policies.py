"""What a policy is worth: which accounts a person looks at first, told by what is kept (CLV), with NRR beside it.

A policy is optimised for CLV. Net revenue retention counts next year's revenue alone, so it cannot tell a year from a
decade or revenue from margin: with the same hours of review it can rank two policies the other way round. It is for
whoever decides where review hours go; no ruling and no report calls it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cxagent.domain.value import Text, Value
from cxagent.lifetime.account import AccountValue, Holding, account_value
from cxagent.lifetime.retention import Retention


class Served(NamedTuple):
    """An account as a policy sees it: what it holds, how its segment stays, its acts a year, the growth expected."""

    name: str
    holding: Holding
    retention: Retention
    acts: int
    growth: float = 0.0


class Errors(NamedTuple):
    """How often an act is wrong with and without a look, what one adds to the chance of leaving, what a look costs."""

    alone: float
    looked_at: float
    leaves: float
    look: float


class Policy(NamedTuple):
    """A name, and how urgently each account wants a look; the hours go to the most urgent first."""

    name: str
    urgency: Callable[[Served, AccountValue], float]


class Outcome(Value):
    """What a policy leads to on average: CLV in money after what looking costs, NRR as a share of today's revenue."""

    policy: Text
    clv: float
    nrr: float
    looks: int
    looked_at: tuple[Text, ...]


def simulate(policy: Policy, accounts: Sequence[Served], errors: Errors, looks: int, discount: float) -> Outcome:
    """Return what comes of a policy with so many looks a year; an account has all of its acts looked at or none.

    CLV = sum of rest + (1 - p_next) * s * FV - looks * cost, NRR = sum of (1 - p_next) * s * ARR * (1 + g) / sum of
    ARR, with s = (1 - leaves)^(wrong acts) the chance that no error drives the account away; our own definition.
    """
    worth = [account_value(one.holding, one.retention, discount) for one in accounts]
    first = sorted(range(len(accounts)), key=lambda place: -policy.urgency(accounts[place], worth[place]))
    seen, left = set[int](), looks
    for place in first:
        if accounts[place].acts <= left:
            seen.add(place)
            left -= accounts[place].acts
    clv = kept = 0.0
    for place, (one, value) in enumerate(zip(accounts, worth, strict=True)):
        wrong = one.acts * (errors.looked_at if place in seen else errors.alone)
        stays = (1 - value.p_next) * (1 - errors.leaves) ** wrong
        clv += value.rest + stays * value.future_value
        kept += stays * one.holding.arr * (1 + one.growth)
    revenue = sum(one.holding.arr for one in accounts)
    named = tuple(accounts[place].name for place in sorted(seen))
    clv -= (looks - left) * errors.look
    return Outcome(policy=policy.name, clv=clv, nrr=kept / revenue, looks=looks - left, looked_at=named)


def ranked(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Return the outcomes by CLV, the best first; NRR is shown beside it and decides nothing."""
    return tuple(sorted(outcomes, key=lambda one: -one.clv))
