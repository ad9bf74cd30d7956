"""What rides on an account: the future that goes if it leaves, in four parts of money, each with where it comes from.

The stake is the loss if the account leaves, not its CLV net of churn: that one falls when an account gets sick, so a
limit keyed on it would give the sick account more autonomy.
"""

import functools
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from cxagent.domain.account import Account
from cxagent.domain.money import Fx, Money, Number
from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import Segment
from cxagent.lifetime.account import Holding, account_value
from cxagent.lifetime.retention import Retention, renewal_rate
from cxagent.lifetime.supposing import MOST_TERM, believed, filed_as, next_renewal, prior_retention
from cxagent.lifetime.terms import ValueTerms

MONTH = 365.25 / 12
"""Days in a month, on average."""
CENT = Decimal("0.01")
WIDER = 0.02
"""By how much more a year's money is discounted in the sensitivity of a stake."""
LOWER = -0.05
"""By how many points every renewal rate is lowered in the sensitivity of a stake."""
MOST, MOST_GROWTH = 1e15, 10.0
"""Money and growth beyond this count as this: no account holds more, and sums stay finite."""
MOST_YEARS, SMALLEST = 2000, 1e-9
"""A sum over years ends here, or with a year that counts for so little."""
Method = Literal["crm", "computed", "segment assumption"]


class Estimates(NamedTuple):
    """What was estimated last: the retention of segments by name, and how far health moves the odds, by account."""

    retention: Mapping[str, Retention] = {}
    hazards: Mapping[str, float] = {}


NO_ESTIMATES = Estimates()


class StakePart(Value):
    """One part of a stake in the playbook's currency, None where it has no price; and where it comes from."""

    amount: Number | None
    said: Text


class Instead(Value):
    """What renewal and expansion together would be under another assumption."""

    supposed: Text
    amount: Number


class Stake(Value):
    """What goes if the account leaves; amounts in `currency`, valued today.

    `renewal` is what follows if it renews (FV), `expansion` what is expected to come on top, `referral` what it brings
    by word of mouth. `relationship` is what winning such an account anew costs: the price of a replacement, which is
    not added, because whoever replaces the account has its future again. `hazard_ratio` is how far health moves the
    odds of leaving at the next renewal; 1 where no model says so. `by_prior` is what would follow by the playbook's
    prior, where a segment's own renewals took its place.
    """

    currency: Text
    renewal: StakePart
    expansion: StakePart
    relationship: StakePart
    referral: StakePart
    method: Method
    hazard_ratio: float = 1.0
    hazard_said: Text
    owner: Text
    by_prior: Number | None = None
    sensitivity: tuple[Instead, ...] = ()

    @property
    def future_value(self) -> Decimal:
        """What follows if the account stays, the growth that is expected included."""
        return (self.renewal.amount or Decimal(0)) + (self.expansion.amount or Decimal(0))

    @property
    def weighed(self) -> Decimal:
        """What an error is weighed by: history that somebody loaded makes none cheaper than the playbook does."""
        return max(self.future_value, self.by_prior or Decimal(0))

    @property
    def total(self) -> Decimal:
        """The future that the account carries: what renews, what grows, whom it brings; avoided loss never enters."""
        return self.future_value + (self.referral.amount or Decimal(0))

    @property
    def lines(self) -> tuple[tuple[str, StakePart], ...]:
        """The four parts by name."""
        names = ("renewal", "expansion", "relationship", "referral")
        return tuple((name, getattr(self, name)) for name in names)

    def priced(self, part: StakePart) -> str:
        """Say what a part amounts to."""
        return "unpriced" if part.amount is None else str(Money(amount=part.amount, currency=self.currency))

    def told(self) -> dict[str, Any]:
        """Return the stake as cards and screens show it, in words and amounts."""
        return {
            "total": str(Money(amount=self.total, currency=self.currency)),
            "method": self.method,
            "parts": [{"name": name, "amount": self.priced(part), "said": part.said} for name, part in self.lines],
            "health": f"{self.hazard_ratio:.2f} times the odds of leaving: {self.hazard_said}",
            "sensitivity": [
                {"supposed": one.supposed, "amount": str(Money(amount=one.amount, currency=self.currency))}
                for one in self.sensitivity
            ],
        }


class _Known(NamedTuple):
    """What is known of an account for its value, and the sentences that say what was supposed where it is not."""

    holding: Holding
    retention: Retention
    supposed: tuple[str, ...]

    @property
    def notes(self) -> str:
        return "".join(f"; {one}" for one in self.supposed)


def stake_of(
    account: Account,
    terms: ValueTerms,
    assumed: Mapping[Segment, float],
    currency: str,
    today: date,
    *,
    fx: Fx | None = None,
    estimates: Estimates = NO_ESTIMATES,
) -> Stake:
    """Return what rides on an account; `assumed` is what a typical account of each segment still brings.

    A CLV that the CRM gives serves as the future value; where both are known the larger one counts.
    """
    segment = filed_as(account)
    known = _known(account, terms, currency, today, fx, estimates)
    hazard, given = estimates.hazards.get(account.id), _amount(account.crm.clv if account.crm else None, currency, fx)
    renewal, method = _renewal(given, known, terms, assumed.get(segment, max(assumed.values(), default=0.0)))
    expansion = _expansion(account, known, terms)
    grows = expansion.amount is not None
    seen = "as it was estimated last" if hazard is not None else "no model says how health moves its odds: taken as 1"
    return Stake(
        currency=currency,
        renewal=renewal,
        expansion=expansion,
        relationship=StakePart(
            amount=_cents(terms.replacement.get(segment)),
            said=f"what winning such an account ({segment.value.replace('_', ' ')}) anew costs, "
            f"assumed by {terms.owner}; not added",
        ),
        referral=_referral(account, segment, terms),
        method=method,
        hazard_ratio=1.0 if hazard is None else hazard,
        hazard_said=seen,
        owner=terms.owner,
        by_prior=_by_prior(known, account, terms),
        sensitivity=tuple(_instead(account, known, terms, given)) if known and (method == "computed" or grows) else (),
    )


def _renewal(given: float | None, known: _Known | None, terms: ValueTerms, assumed: float) -> tuple[StakePart, Method]:
    computed = _future(known, terms.discount) if known else None
    if given is not None and given >= (computed or 0):
        return StakePart(amount=_cents(given), said="the CLV that the CRM gives, taken as what goes"), "crm"
    if computed and known is not None:
        of = known.holding
        said = (
            f"{of.contribution:,.0f} a year from renewal {of.next_renewal} on, in {of.months_left:.0f} months, at "
            f"{terms.discount:.0%} a year{known.notes}"
        )
        return StakePart(amount=_cents(computed), said=said), "computed"
    why = "neither CLV nor ARR is known" if known is None else "by its figures it costs more than it brings"
    said = f"what a typical account of its segment still brings, assumed by {terms.owner}: {why}"
    return StakePart(amount=_cents(assumed), said=said), "segment assumption"


def _expansion(account: Account, known: _Known | None, terms: ValueTerms) -> StakePart:
    growth = account.crm.expected_growth if account.crm else None
    if growth is None:
        return StakePart(amount=None, said="no growth is expected on record")
    if known is None:
        return StakePart(amount=None, said="growth is expected, and what it would grow from is not known")
    said = f"{growth:.0%} a year for {terms.growth_years} years, as the CRM expects{known.notes}"
    return StakePart(amount=_cents(growth_value(known.holding, known.retention, float(growth), terms)), said=said)


def growth_value(of: Holding, retention: Retention, growth: float, terms: ValueTerms, lift: float = 0.0) -> float:
    """Return what expected growth adds to the future value, today, given that the account renews next.

    v * m * sum over k >= 0 of ((1 + g)^min(k + 1, G) - 1) * S_k / (1 + d)^k, with S_k the chance of k more renewals, g
    the growth a year and G the years for which it is expected; our own definition. It is never less than nothing.
    """
    times = _growth_years(retention, of.next_renewal, growth, terms.growth_years, terms.discount, lift)
    return max(0.0, of.yearly(terms.discount) * times)


@functools.lru_cache(maxsize=4096)
def _growth_years(of: Retention, n: int, growth: float, years: int, discount: float, lift: float) -> float:
    growth = min(MOST_GROWTH, max(-1.0, growth))
    whole, stays, place = 0.0, 1.0, n
    for year in range(1, MOST_YEARS):
        whole += ((1 + growth) ** min(year, years) - 1) * stays
        place += 1
        stays *= renewal_rate(of, place, lift) / (1 + discount)
        if stays < SMALLEST:
            break
    return whole


def _referral(account: Account, segment: Segment, terms: ValueTerms) -> StakePart:
    count = account.crm.referrals_12m if account.crm else None
    price = terms.referral.get(segment)
    if count is None:
        return StakePart(amount=None, said="nobody records whom it refers")
    if price is None:
        return StakePart(amount=None, said=f"{count} in 12 months; no price of a referral is assumed for its segment")
    said = f"{count} in 12 months at {price:,.0f} each, assumed by {terms.owner}"
    return StakePart(amount=_cents(count * price), said=said)


def _instead(account: Account, known: _Known, terms: ValueTerms, given: float | None) -> Iterator[Instead]:
    """Yield what the future value would be were one assumption otherwise: what a person looks at before trusting it."""
    growth = float((account.crm.expected_growth if account.crm else None) or 0)

    def worth(supposed: str, rate: float = growth, lift: float = 0.0, discount: float = terms.discount) -> Instead:
        other = terms.model_copy(update={"discount": discount})
        more = growth_value(known.holding, known.retention, rate, other, lift) if rate else 0.0
        base = max(given or 0.0, _future(known, discount, lift))
        return Instead(supposed=supposed, amount=_cents(base + more) or Decimal(0))

    if growth:
        yield worth("no growth", rate=0.0)
        yield worth("half the growth", rate=growth / 2)
    yield worth("every renewal rate 5 points lower", lift=LOWER)
    yield worth("money discounted by 2 points more", discount=terms.discount + WIDER)


def _by_prior(known: _Known | None, account: Account, terms: ValueTerms) -> Decimal | None:
    if known is None or known.retention == (prior := prior_retention(terms)):
        return None
    growth = float((account.crm.expected_growth if account.crm else None) or 0)
    more = growth_value(known.holding, prior, growth, terms)
    return _cents(_future(known._replace(retention=prior), terms.discount) + more)


def _future(known: _Known, discount: float, lift: float = 0.0) -> float:
    return max(0.0, account_value(known.holding, known.retention, discount, lift).future_value)


def _known(
    account: Account, terms: ValueTerms, currency: str, today: date, fx: Fx | None, estimates: Estimates
) -> _Known | None:
    """Return what is known for a computed value; what is supposed where it is not is rather too much."""
    crm, contract = account.crm, account.contract
    arr = _amount(crm.arr if crm else None, currency, fx)
    if crm is None or arr is None:
        return None
    margin, serve = believed(crm.gross_margin), _amount(crm.cost_to_serve, currency, fx)
    renewal, start = (contract.renewal_date, contract.start_date) if contract else (None, None)
    months = max(0.0, (renewal - today).days / MONTH) if renewal else None
    fitted = estimates.retention.get(filed_as(account).value)
    supposed = (
        (margin is None, "margin unknown: revenue counts in full, an upper bound"),
        (months is None, "renewal date unknown: taken as due now"),
        (months is not None and months > MOST_TERM, f"no term runs to {renewal}: the renewal is taken as due now"),
        (start is None, "start unknown: taken as the first term, a lower bound"),
        (fitted is None, f"retention by the prior of {terms.owner}, for nobody counted its segment's renewals yet"),
    )
    holding = Holding(
        arr=arr,
        margin=1.0 if margin is None else margin,
        cost_to_serve=serve or 0.0,
        months_left=months if months is not None and months <= MOST_TERM else 0.0,
        next_renewal=next_renewal(start, renewal, today),
    )
    return _Known(holding, fitted or prior_retention(terms), tuple(said for holds, said in supposed if holds))


def _amount(money: Money | None, currency: str, fx: Fx | None) -> float | None:
    """Return money in the playbook's currency, never below nothing; None where it is unknown or has no rate."""
    there = (fx or Fx.none()).convert(money, currency) if money else None
    return min(MOST, max(0.0, float(there.amount))) if there else None


def _cents(amount: float | None) -> Decimal | None:
    return None if amount is None else Decimal(repr(round(min(amount, MOST), 2))).quantize(CENT)
