"""What rides on an account: four parts of money, each with where it comes from, and never a silent default."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from requirements.world import DAY, account, money, playbook

from cxagent.domain.account import Account
from cxagent.domain.money import Fx
from cxagent.domain.vocabulary import Segment
from cxagent.lifetime.account import Holding
from cxagent.lifetime.retention import Retention
from cxagent.lifetime.stake import Estimates, Stake, growth_value, stake_of
from cxagent.lifetime.supposing import next_renewal

BOOK = playbook({"value.referral": {"smb": 900.0}})
GOLDEN = {
    "crm.segment": "mid_market",
    "crm.arr": money("48000.00"),
    "crm.clv": None,
    "crm.gross_margin": "0.78",
    "crm.cost_to_serve": money("6000.00"),
    "contract.start_date": "2024-10-09",
    "contract.renewal_date": "2027-10-09",
}
FITTED = Estimates(retention={"mid_market": Retention(a=1.2, b=8.0)})


def stake(of: Account, estimates: Estimates = FITTED, fx: Fx | None = None, book: Any = BOOK) -> Stake:
    """Return the stake of an account on the day of the tests."""
    terms, assumed = book.value, book.latitude.future_value
    return stake_of(of, terms, assumed, "USD", DAY.date(), fx=fx, estimates=estimates)


def test_the_golden_future_value() -> None:
    """An account with margin, cost and a fitted retention has the future value of the published table."""
    found = stake(account(changes=GOLDEN))
    assert float(found.renewal.amount or 0) == pytest.approx(189_539.44, rel=2e-3)  # seven months and some hours
    assert (found.method, found.hazard_ratio) == ("computed", 1.0)
    assert "prior" not in found.renewal.said and "unknown" not in found.renewal.said
    assert "no model" in found.hazard_said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"crm.gross_margin": None}, "margin unknown: revenue counts in full, an upper bound"),
        ({"contract.renewal_date": None}, "renewal date unknown"),
        ({"contract.start_date": None}, "start unknown"),
    ],
)
def test_what_is_not_known_is_said(changes: dict[str, Any], said: str) -> None:
    """A missing input is supposed on the careful side and named; nothing is filled in silently."""
    whole, less = stake(account(changes=GOLDEN)), stake(account(changes={**GOLDEN, **changes}))
    assert said in less.renewal.said
    if "start" not in said:
        assert (less.renewal.amount or 0) > (whole.renewal.amount or 0)


def test_a_retention_that_nobody_counted_is_marked() -> None:
    """Without an estimate of its segment the prior counts, and its owner is named."""
    assert "prior of Samuel Costa" in stake(account(changes=GOLDEN), Estimates()).renewal.said


@pytest.mark.parametrize(("clv", "method"), [("100.00", "computed"), ("500000.00", "crm"), (None, "computed")])
def test_the_larger_of_given_and_computed_counts(clv: str | None, method: str) -> None:
    """A CLV that the CRM gives serves as the future value, and what is computed where that is more."""
    found = stake(account(changes={**GOLDEN, "crm.clv": money(clv) if clv else None}))
    assert found.method == method
    assert (found.renewal.amount or 0) >= Decimal(clv or 0)


@pytest.mark.parametrize("segment", list(Segment))
def test_nothing_known_counts_as_a_typical_account(segment: Segment) -> None:
    """Where neither CLV nor ARR is known the segment's assumed future value counts, marked as assumed."""
    found = stake(account(changes={"crm.segment": segment.value, "crm.clv": None, "crm.arr": None}))
    assert (found.method, found.renewal.amount) == ("segment assumption", BOOK.latitude.future_value[segment])
    assert "assumed by Samuel Costa" in found.renewal.said
    assert found.relationship.amount == Decimal(repr(BOOK.value.replacement[segment]))


def test_an_account_that_nobody_filed_counts_as_the_largest() -> None:
    """Without a CRM nothing is known, and the dearest assumption counts."""
    found = stake(account(changes={"crm": None}))
    assert found.renewal.amount == BOOK.latitude.future_value[Segment.STRATEGIC]


def test_referrals_without_a_price_stay_unpriced() -> None:
    """Referrals count at the price that somebody assumed, and have none where nobody did or nobody counts them."""
    two = account(changes={"crm.referrals_12m": 2})
    assert stake(two).referral.amount == Decimal(1800)
    assert stake(two, book=playbook()).referral.amount is None
    assert stake(account()).referral.amount is None


def test_money_needs_a_rate() -> None:
    """A value in another currency is converted at the dated rate, and unknown without one."""
    euros = account(changes={"crm.clv": money("40000.00", "EUR"), "crm.arr": None})
    rate = Fx.model_validate({"as_of": "2027-03-08", "rates": {"EURUSD": "1.10"}})
    assert stake(euros, fx=rate).renewal.amount == Decimal(44_000)
    assert stake(euros).method == "segment assumption"


def test_the_price_of_a_replacement_is_not_added() -> None:
    """The total is what renews, grows and refers: whoever replaces the account has its future again."""
    found = stake(account(changes={"crm.referrals_12m": 1, "crm.expected_growth": "0.5"}))
    parts = (found.renewal.amount, found.expansion.amount, found.referral.amount)
    assert found.total == sum(one or Decimal(0) for one in parts)
    assert "not added" in found.relationship.said


def test_growth_adds_up() -> None:
    """Growth of one year alone is that year's growth of every later payment, so it is a share of the future value."""
    of, retention = (
        Holding(arr=48_000, margin=0.78, cost_to_serve=6_000, months_left=7, next_renewal=3),
        FITTED.retention,
    )
    one_year = BOOK.value.model_copy(update={"growth_years": 1})
    found = growth_value(of, retention["mid_market"], 0.2, one_year)
    assert found == pytest.approx(0.2 * 189_539.44, rel=1e-6)
    more = [growth_value(of, retention["mid_market"], rate, BOOK.value) for rate in (-0.5, 0.0, 0.1, 0.5, 1e9)]
    assert more[:2] == [0.0, 0.0]
    assert all(before <= after for before, after in pairwise(more))


def test_the_sensitivity_moves_the_right_way() -> None:
    """Less growth, weaker renewals and a higher discount are worth less; each is shown."""
    found = stake(account(changes={**GOLDEN, "crm.expected_growth": "0.4"}))
    assert [one.supposed for one in found.sensitivity][:2] == ["no growth", "half the growth"]
    assert all(one.amount < found.future_value for one in found.sensitivity)
    assert found.sensitivity[0].amount == found.renewal.amount


def test_health_is_told_beside_the_stake_and_does_not_move_it() -> None:
    """A sick account carries the same future: what it may lose does not fall because it may leave."""
    sick = stake(account(changes=GOLDEN), FITTED._replace(hazards={"A-1": 3.0}))
    assert (sick.hazard_ratio, sick.renewal) == (3.0, stake(account(changes=GOLDEN)).renewal)


@pytest.mark.parametrize(
    ("start", "renewal", "number"),
    [("2026-04-01", "2027-04-01", 1), ("2024-10-25", "2027-10-25", 3), ("2024-11-20", "2027-10-25", 3)],
)
def test_the_number_of_the_next_renewal(start: str, renewal: str, number: int) -> None:
    """The next renewal is the first at the end of the first term, and is counted in whole years."""
    assert next_renewal(date.fromisoformat(start), date.fromisoformat(renewal), DAY.date()) == number
    assert next_renewal(date.fromisoformat(start), None, DAY.date()) == max(1, number)
    assert next_renewal(None, date.fromisoformat(renewal), DAY.date()) == 1


@pytest.mark.parametrize("amount", ["0.00", "9" * 40, "1" + "0" * 400])
def test_absurd_money_has_an_answer(amount: str) -> None:
    """Whatever a source sends, the stake is a finite amount."""
    changes = {"crm.clv": money(amount), "crm.arr": money(amount), "crm.expected_growth": "9" * 30}
    assert stake(account(changes=changes)).total.is_finite()
