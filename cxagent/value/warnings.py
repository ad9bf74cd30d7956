"""Early warnings: accounts that look content while their signals fall, and how far ahead such warnings came before.

The signals are the playbook's own definition of silent churn. The backtest looks at renewals that have come out, with
nothing but what was known months before them.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from cxagent.domain.value import Text, Value
from cxagent.intervals import wilson
from cxagent.ledger import account_months, renewals
from cxagent.ledger.store import Connection
from cxagent.lifetime.calibration import Calibration, evaluate
from cxagent.playbook import Playbook
from cxagent.value.months import later

CONTENT = 4.0
"""A mean survey rating from here on looks content, of 5."""
DAYS_A_MONTH = 365.25 / 12
YEAR, LOOKED_BACK = 12, 24
LEAD = 3
"""A warning counts as early from so many months before the renewal date."""
MOST = 50
KIND = "warnings"
"""Under which kind of estimate a backtest is kept."""


class Fading(Value):
    """An account that rates us well, or complains of nothing, and whose signals fall all the same."""

    account_id: Text
    segment: Text
    owner: Text | None
    rating: float | None
    usage: float | None
    quiet: bool
    clv: float | None
    at_risk: float | None


class Backtest(Value):
    """How warnings turned out on renewals of the last two years: `lead_days` is the median of those that came true.

    `flagged` renewals were warned of at least three months ahead; `lost` of them did not renew. `missed` did not renew
    without a warning. `lift` is how much oftener flagged accounts left than the others. `chances` is how the chances of
    not renewing that were told as long ahead turned out.
    """

    renewals: int
    flagged: int
    lost: int
    missed: int
    precision: tuple[float, float, float] | None
    recall: tuple[float, float, float] | None
    lift: float | None
    lead_days: float | None
    chances: Calibration | None = None


class _Outcome(NamedTuple):
    lead: int | None
    renewed: bool


def fading(rows: Sequence[Any], playbook: Playbook) -> tuple[Fading, ...]:
    """Return the accounts of a month that look content and fade, the dearest first."""
    found = [_fading(row) for row in rows if _content(row) and _falls(row, float(playbook.at_risk.usage_drop))]
    return tuple(sorted(found, key=lambda one: (-(one.at_risk or 0.0), one.account_id))[:MOST])


def quiet(rows: Sequence[Any]) -> tuple[Fading, ...]:
    """Return the accounts of which nobody was seen for a long time, the dearest first."""
    found = [_fading(row) for row in rows if row.quiet]
    return tuple(sorted(found, key=lambda one: (-(one.at_risk or 0.0), one.account_id))[:MOST])


def _content(row: Any) -> bool:
    return not row.csat_count or row.csat_sum / row.csat_count >= CONTENT


def _falls(row: Any, drop: float) -> bool:
    return bool(row.quiet) or (row.usage is not None and row.usage <= -drop)


def _fading(row: Any) -> Fading:
    return Fading(
        account_id=row.account_id,
        segment=row.segment,
        owner=row.owner,
        rating=row.csat_sum / row.csat_count if row.csat_count else None,
        usage=row.usage,
        quiet=bool(row.quiet),
        clv=row.clv,
        at_risk=row.at_risk,
    )


def backtest(connection: Connection, playbook: Playbook, month: str) -> Backtest:
    """Return how far ahead silent churn was warned of, on the renewals of the last two years."""
    drop, found, told = -float(playbook.at_risk.usage_drop), list[_Outcome](), list[Any]()
    for ago in range(LOOKED_BACK):
        due = later(month, -ago)
        first = account_months.first_falling(connection, due, later(due, -YEAR), later(due, -1), drop, CONTENT)
        for row in renewals.of_month(connection, due):
            seen = first.get(row.account_id)
            found.append(_Outcome(None if seen is None else _months(seen, due), bool(row.renewed)))
        told += renewals.told(connection, due, later(due, -LEAD))
    return _judged(found).model_copy(update={"chances": _chances(told)})


def kept(connection: Connection, until: str = renewals.EVER) -> Backtest | None:
    """Return the latest backtest that was kept up to a month."""
    found = renewals.estimates(connection, KIND, until).get("")
    return Backtest.model_validate_json(found) if found else None


def _chances(told: Sequence[Any]) -> Calibration | None:
    if not told:
        return None
    return evaluate([one.p_next for one in told], [not one.renewed for one in told], [one.future_value for one in told])


def _months(first: str, last: str) -> int:
    return (int(last[:4]) - int(first[:4])) * 12 + int(last[5:]) - int(first[5:])


def _judged(found: Sequence[_Outcome]) -> Backtest:
    early = [one for one in found if one.lead is not None and one.lead >= LEAD]
    others = [one for one in found if one.lead is None or one.lead < LEAD]
    lost, missed = [one for one in early if not one.renewed], [one for one in others if not one.renewed]
    leads = sorted(one.lead or 0 for one in lost)
    rates = (len(lost) / len(early), len(missed) / len(others)) if early and others else None
    return Backtest(
        renewals=len(found),
        flagged=len(early),
        lost=len(lost),
        missed=len(missed),
        precision=_share(len(lost), len(early)),
        recall=_share(len(lost), len(lost) + len(missed)),
        lift=rates[0] / rates[1] if rates and rates[1] else None,
        lead_days=round(leads[len(leads) // 2] * DAYS_A_MONTH) if leads else None,
    )


def _share(count: int, of: int) -> tuple[float, float, float] | None:
    if not of:
        return None
    found = wilson(count, of)
    return found.value, found.low, found.high
