"""The people who carry trust: who holds which accounts, what hangs on one person, and how they fare themselves.

Nobody is ranked, and nothing here counts speed: people stand in the order of their names. What it does to renewals when
a colleague leaves was never published; where the tenant's own renewals do not tell, the range is an assumption.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cxagent.context.handover import same_person
from cxagent.domain.value import Text, Value
from cxagent.errors import BadInput
from cxagent.ledger import account_months, people_months
from cxagent.ledger.store import Connection
from cxagent.lifetime.account import Holding
from cxagent.lifetime.ranges import grouped, portfolio_range
from cxagent.lifetime.spread import Spread, total
from cxagent.playbook import Playbook
from cxagent.value.months import later, month_of
from cxagent.value.valuing import Known, holding_of, latest

YEAR = 12
ASSUMED = (1.0, 2.0)
"""How far a change of the owner may move the odds of leaving where nothing is known of it: an assumption, and wide."""
SHAKY = 50.0
"""A renewal of an account whose health was below this was saved by somebody."""


class Held(Value):
    """An account that somebody holds: what it is worth, and what is at risk with them and without them."""

    account_id: Text
    segment: Text
    arr: float | None
    clv: float | None
    at_risk: float | None


class Holder(Value):
    """One colleague and the accounts whose trust they hold; `share` is of all CLV that anybody holds."""

    person: Text
    accounts: int
    arr: float
    clv: float
    at_risk: float
    share: float


class TrustMap(Value):
    """Who holds the trust of which accounts; `concentration` is the sum of squared shares, 1 where one holds all."""

    holders: tuple[Holder, ...]
    unheld: int
    concentration: float | None


class Colleague(Value):
    """How one colleague fares: load and support, what they overruled and whether that counted, whom they kept.

    The pulse of one person is nobody's business: it stands in the metric of all.
    """

    person: Text
    accounts: int | None
    hours: float | None
    review_hours: float
    overrides: int
    overrides_respected: int
    recognised: int | None
    learning_cases: int | None
    saved: tuple[Text, ...]


def trust_map(rows: Sequence[Any]) -> TrustMap:
    """Return who holds the accounts of a month, in the order of their names."""
    by_person: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if row.owner:
            by_person[row.owner].append(row)
    whole = sum(max(0.0, row.clv or 0.0) for held in by_person.values() for row in held)
    holders = tuple(_holder(person, held, whole) for person, held in sorted(by_person.items()))
    return TrustMap(
        holders=holders,
        unheld=sum(not row.owner for row in rows),
        concentration=sum(one.share**2 for one in holders) if whole else None,
    )


def _holder(person: str, rows: Sequence[Any], whole: float) -> Holder:
    clv = sum(max(0.0, row.clv or 0.0) for row in rows)
    return Holder(
        person=person,
        accounts=len(rows),
        arr=sum(row.arr or 0.0 for row in rows),
        clv=clv,
        at_risk=sum(row.at_risk or 0.0 for row in rows),
        share=clv / whole if whole else 0.0,
    )


def _renewing(rows: Sequence[Any], known: Known, hurt: float) -> Spread:
    """Return the future value that is expected to renew, where the odds of leaving are so many times as high."""
    by_segment: dict[str, list[Holding]] = defaultdict(list)
    for row in rows:
        if (held := holding_of(row)) is not None:
            by_segment[row.segment].append(held.model_copy(update={"hazard_ratio": held.hazard_ratio * hurt}))
    found = []
    for segment, holdings in by_segment.items():
        worth = portfolio_range(grouped(holdings, known.terms.discount), known.of(segment), known.terms.discount)
        whole, lost = worth.future_value.median, worth.at_risk
        found.append(Spread(low=whole - lost.high, median=whole - lost.median, high=whole - lost.low))
    return total(found)


def _leaving(known: Known) -> tuple[tuple[float, float], str]:
    """Return how far the owner's leaving moves the odds, and where that comes from."""
    if any(effect.feature.name == "owner changed" for effect in known.health.effects):
        changed = known.health.hazard_ratio({"owner changed": 1.0})
        stayed = known.health.hazard_ratio({"owner changed": 0.0})
        return (changed.low / stayed.median, changed.high / stayed.median), "from renewals after a change of the owner"
    said = f"assumption: odds of leaving {ASSUMED[0]:g} to {ASSUMED[1]:g} times as high; own renewals do not tell"
    return ASSUMED, said


def held_by(rows: Sequence[Any]) -> tuple[Held, ...]:
    """Return the accounts of one person, the dearest first."""
    mine = sorted(rows, key=lambda row: -(row.clv or 0.0))
    return tuple(
        Held(account_id=row.account_id, segment=row.segment, arr=row.arr, clv=row.clv, at_risk=row.at_risk)
        for row in mine
    )


class Leaving(Value):
    """What if this person leaves: what they hold, the dearest account first.

    `renews_with` and `renews_without` are the future value that is expected to renew while they stay, and if they left.
    """

    holder: Holder
    renews_with: Spread
    renews_without: Spread
    basis: Text
    accounts: tuple[Held, ...]
    concentration: float | None


def leaving(connection: Connection, playbook: Playbook, person: str, now: datetime) -> Leaving:
    """Return what hangs on one person in the latest month. `BadInput` where nobody of that name holds an account."""
    months = account_months.months(connection)
    rows = list(account_months.holdings(connection, months[-1])) if months else []
    found, known = trust_map(rows), latest(connection, playbook.value)
    holder = next((one for one in found.holders if same_person(one.person, person)), None)
    if holder is None:
        names = ", ".join(one.person for one in found.holders) or "nobody is on record"
        raise BadInput(
            f"holds no account in {months[-1] if months else month_of(now)}; who does: {names}", where=person
        )
    (least, most), basis = _leaving(known)
    mine = [row for row in rows if row.owner == holder.person]
    ends = _renewing(mine, known, most), _renewing(mine, known, least)
    return Leaving(
        holder=holder,
        renews_with=_renewing(mine, known, 1.0),
        renews_without=Spread(
            low=ends[0].low, median=_renewing(mine, known, (least * most) ** 0.5).median, high=ends[1].high
        ),
        basis=basis,
        accounts=held_by(mine),
        concentration=found.concentration,
    )


def colleagues(connection: Connection, month: str) -> tuple[Colleague, ...]:
    """Return how the colleagues fared in the last year, in the order of their names."""
    since = later(month, 1 - YEAR)
    told = {row["person"]: row for row in people_months.latest(connection, month)}
    worked = people_months.worked(connection, since)
    saved: dict[str, list[str]] = defaultdict(list)
    for row in people_months.saved(connection, since, SHAKY):
        saved[row["owner"]].append(row["account_id"])
    names = sorted({*told, *worked, *saved})
    return tuple(_colleague(name, told.get(name), worked.get(name, {}), saved.get(name, ())) for name in names)


def _colleague(name: str, told: Mapping[str, Any] | None, worked: Mapping[str, Any], saved: Sequence[str]) -> Colleague:
    def of(column: str) -> Any:
        return told[column] if told else None

    return Colleague(
        person=name,
        accounts=of("accounts"),
        hours=of("hours"),
        review_hours=round(worked.get("seconds", 0) / 3600, 2),
        overrides=worked.get("overrides", 0),
        overrides_respected=worked.get("respected", 0),
        recognised=of("recognised"),
        learning_cases=of("learning_cases"),
        saved=tuple(saved),
    )
