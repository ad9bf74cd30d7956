"""The portfolio: what all accounts are worth, beside net revenue retention, and where one hides what the other shows.

Revenue that grows at the top outweighs any number of small accounts that leave. So the two are told together, segment
by segment, and a sentence says where they disagree.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cxagent.domain.value import Text, Value
from cxagent.ledger import account_months
from cxagent.ledger.account_months import Measured
from cxagent.ledger.store import Connection
from cxagent.lifetime.account import CONVENTION, Holding
from cxagent.lifetime.ranges import Group, grouped, lifted, portfolio_range
from cxagent.lifetime.spread import Spread, total
from cxagent.value.months import later
from cxagent.value.valuing import Known, holding_of

MOST = 50
YEAR = 12
NOTICED = 0.01
"""A segment's CLV has fallen where it is smaller by more than this share."""


class OfSegment(Value):
    """A segment: how many accounts, what they are worth, what a year did to their revenue, and what left with it.

    `nrr` and `grr` are net and gross revenue retention over the last twelve months, None where no year is on record;
    `clv_lost` is what the accounts that left in them were worth, `clv_before` the segment's CLV twelve months ago.
    `replacement` is what winning its accounts anew would cost, `checking` what the `review_minutes` of that year cost,
    None where no review is on record; `averted` is the modelled loss of what those reviews stopped.
    """

    segment: Text
    accounts: int
    valued: int
    clv: Spread
    at_risk: Spread
    clv_before: float | None
    left: int
    clv_lost: float
    arr: float | None
    nrr: float | None
    grr: float | None
    replacement: float | None
    checking: float | None
    review_minutes: float | None
    averted: float | None
    basis: Text


class Account(Value):
    """One account of a list, with what it is worth and why it stands there."""

    account_id: Text
    segment: Text
    owner: Text | None
    clv: float | None
    at_risk: float | None
    profit: float | None
    review_hours: float
    why: Text


class Portfolio(Value):
    """All accounts of the latest month; `said` is what a leader should not miss, `convention` how value is counted."""

    month: Text
    accounts: int
    clv: Spread
    at_risk: Spread
    nrr: float | None
    segments: tuple[OfSegment, ...]
    said: tuple[Text, ...]
    attention: tuple[Account, ...]
    disengage: tuple[Account, ...]
    dearest: tuple[Account, ...]
    convention: Text


class Counts(NamedTuple):
    """Sums of one measure over months, by segment."""

    of: Mapping[tuple[str, str], Mapping[str, float]]

    def at(self, measure: str, segment: str, month: str) -> float | None:
        """Return a sum of one month, None where nothing is known."""
        return self.of.get((measure, segment), {}).get(month)

    def over(self, measure: str, segment: str, months: Iterable[str]) -> float:
        """Return a sum over months; a month in which nothing is known adds nothing."""
        kept = self.of.get((measure, segment), {})
        return sum(kept.get(month, 0.0) for month in months)


def counts(measured: Iterable[Measured]) -> Counts:
    """Arrange the sums of months by measure and segment."""
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for one in measured:
        found[one.measure, one.segment][one.month] = one.value
    return Counts(found)


def portfolio(
    connection: Connection,
    known: Known,
    rows: Sequence[Any],
    measured: Sequence[Measured],
    month: str,
    hours: Mapping[str, float],
    minute_costs: float,
) -> Portfolio:
    """Return the portfolio of a month from its accounts; `hours` is what reviews took in the last year, by account."""
    sums = counts(measured)
    by_segment: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_segment[row.segment].append(row)
    year = [(later(month, -ago), later(month, -ago - 1)) for ago in range(YEAR)]
    gone: dict[str, list[Any]] = defaultdict(list)
    for row in account_months.gone(connection, year):
        gone[row.segment].append(row)
    segments = [
        _of_segment(name, by_segment[name], gone[name], known, sums, month, minute_costs)
        for name in sorted({*by_segment, *gone}, key=lambda name: -sum(row.arr or 0 for row in by_segment[name]))
    ]
    nrr = _together(sums, [one.segment for one in segments], month)
    return Portfolio(
        month=month,
        accounts=len(rows),
        clv=total(one.clv for one in segments),
        at_risk=total(one.at_risk for one in segments),
        nrr=nrr,
        segments=tuple(segments),
        said=tuple(_said(nrr, segments)),
        **_lists(rows, hours, minute_costs),
        convention=CONVENTION.format(discount=known.terms.discount),
    )


def groups_of(rows: Iterable[Any], known: Known) -> tuple[Group, ...]:
    """Return the accounts of one segment as groups, those of whom enough is known."""
    held = [one for row in rows if (one := holding_of(row)) is not None]
    return grouped(held, known.terms.discount)


def what_if(rows: Iterable[Any], known: Known, lift: float) -> Spread:
    """Return what the portfolio gains if every renewal rate rose by `lift` (0.01 is a point): a what-if, no claim."""
    by_segment: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_segment[row.segment].append(row)
    discount = known.terms.discount
    return total(lifted(groups_of(of, known), known.of(name), discount, lift) for name, of in by_segment.items())


def _of_segment(
    name: str,
    rows: Sequence[Any],
    gone: Sequence[Any],
    known: Known,
    sums: Counts,
    month: str,
    minute_costs: float,
) -> OfSegment:
    groups = groups_of(rows, known)
    worth = portfolio_range(groups, known.of(name), known.terms.discount)
    replacement = known.terms.replacement.get(name)  # type: ignore[call-overload]
    minutes = _over_year(sums, "review_minutes", name, month)
    return OfSegment(
        segment=name,
        accounts=len(rows),
        valued=sum(group.accounts for group in groups),
        clv=worth.clv.around(sum(row.clv or 0.0 for row in rows)),
        at_risk=worth.at_risk.around(sum(row.at_risk or 0.0 for row in rows)),
        clv_before=sums.at("clv", name, later(month, -YEAR)),
        left=len(gone),
        clv_lost=sum(row.clv or 0.0 for row in gone),
        arr=sums.at("arr", name, month),
        nrr=_retained(sums, name, month, grows=True),
        grr=_retained(sums, name, month, grows=False),
        replacement=None if replacement is None else replacement * len(rows),
        checking=None if minutes is None else minutes * minute_costs,
        review_minutes=minutes,
        averted=_over_year(sums, "averted_loss", name, month),
        basis=known.of(name).basis,
    )


def _over_year(sums: Counts, measure: str, segment: str, month: str) -> float | None:
    """Return a sum over the last twelve months, None where not one of them is known."""
    months = [later(month, -ago) for ago in range(YEAR)]
    known = any(sums.at(measure, segment, one) is not None for one in months)
    return sums.over(measure, segment, months) if known else None


def _retained(sums: Counts, segment: str, month: str, *, grows: bool) -> float | None:
    """Return the share of revenue of a year ago that is there now, with what it grew by or without."""
    before = sums.at("arr", segment, later(month, -YEAR))
    if not before:
        return None
    months = [later(month, -ago) for ago in range(YEAR)]
    lost = sums.over("contraction", segment, months) + sums.over("churned_arr", segment, months)
    more = sums.over("expansion", segment, months) if grows else 0.0
    return (before + more - lost) / before


def _together(sums: Counts, segments: Sequence[str], month: str) -> float | None:
    befores = {name: sums.at("arr", name, later(month, -YEAR)) or 0.0 for name in segments}
    if not (before := sum(befores.values())):
        return None
    return sum(befores[name] * (_retained(sums, name, month, grows=True) or 0.0) for name in segments) / before


def _said(nrr: float | None, segments: Sequence[OfSegment]) -> Iterable[str]:
    """Say where net revenue retention looks fine while what accounts are worth falls."""
    for one in segments:
        fell = one.clv_before is not None and one.clv.median < (1 - NOTICED) * one.clv_before
        if nrr is not None and nrr >= 1 and one.left and (fell or (one.nrr is not None and one.nrr < 1)):
            change = (
                f", and its lifetime value changed by {one.clv.median / one.clv_before - 1:+.0%}"
                if fell and one.clv_before
                else ""
            )
            accounts, them = ("account", "it") if one.left == 1 else ("accounts", "them")
            yield (
                f"net revenue retention is {nrr:.0%} over all, yet {one.left:,} {accounts} of "
                f"{one.segment.replace('_', ' ')} left within a year and took {one.clv_lost:,.0f} of future value with "
                f"{them}{change}: growth elsewhere hides it"
            )


def _lists(rows: Sequence[Any], hours: Mapping[str, float], minute_costs: float) -> dict[str, tuple[Account, ...]]:
    """Return the accounts by what they bring after all that they cost, those to talk about, and the dearest at risk."""
    cost = minute_costs * 60
    profits = {row.account_id: _profit(row, hours.get(row.account_id, 0.0) * cost) for row in rows}

    def of(row: Any, why: str) -> Account:
        return Account(
            account_id=row.account_id,
            segment=row.segment,
            owner=row.owner,
            clv=row.clv,
            at_risk=row.at_risk,
            profit=profits[row.account_id],
            review_hours=round(hours.get(row.account_id, 0.0), 2),
            why=why,
        )

    ranked = sorted((r for r in rows if profits[r.account_id] is not None), key=lambda r: -(profits[r.account_id] or 0))
    poor = [row for row in ranked if (profits[row.account_id] or 0) < 0 and row.misaligned]
    dear = sorted((row for row in rows if row.at_risk is not None), key=lambda row: -row.at_risk)
    both = "costs more than it brings and its goals are not ours: a person decides whether and how to part"
    return {
        "attention": tuple(of(row, "what a year brings after the cost of serving it") for row in ranked[:MOST]),
        "disengage": tuple(of(row, both) for row in poor[:MOST]),
        "dearest": tuple(of(row, f"the chance of not renewing is {row.p_next:.0%}") for row in dear[:MOST]),
    }


def _profit(row: Any, review_cost: float) -> float | None:
    if row.arr is None or row.margin is None:
        return None
    held = Holding(arr=row.arr, margin=row.margin, cost_to_serve=row.cost_to_serve or 0.0, months_left=0.0)
    return held.contribution - review_cost
