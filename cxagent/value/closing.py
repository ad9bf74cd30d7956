"""Closing months: what was loaded or observed is valued, the month is added up, and the sensors are run."""

from collections.abc import Callable, Sequence

from cxagent.ledger import account_months, renewals
from cxagent.ledger.store import Connection
from cxagent.lifetime.health import HealthModel
from cxagent.playbook import Playbook
from cxagent.trends.series import month_number
from cxagent.value import sensors, valuing, warnings
from cxagent.value.measuring import of_ledger
from cxagent.value.months import later
from cxagent.value.sensors import Raised

LEAD_MONTHS, EVENTS_MONTHS = 3, 6
"""What is known about a renewal is taken from so many months ahead; events count over so many months before that."""
REFIT_MONTHS = 12
"""Over a long history health is fitted anew this often, and always for the last month."""
Told = Callable[[int, int], None]


def close(
    connection: Connection, playbook: Playbook, months: Sequence[str], told: Told = lambda done, of: None
) -> list[Raised]:
    """Value and add up some months, each with what was known before it; return the alarms that are newly up.

    `told` hears how many months are done of how many.
    """
    health: HealthModel | None = None
    for done, month in enumerate(months, start=1):
        renewals.know_ahead(connection, month, later(month, -LEAD_MONTHS), later(month, -LEAD_MONTHS - EVENTS_MONTHS))
        anew = health is None or month == months[-1] or month_number(month) % REFIT_MONTHS == 0
        known = valuing.estimate(connection, playbook.value, month, None if anew else health)
        health = known.health
        valuing.value_month(connection, known, month)
        account_months.sum_up(
            connection, month, [*_renewed(connection, month), *of_ledger(connection, playbook, month)]
        )
        told(done, len(months))
    if not months:
        return []
    found = warnings.backtest(connection, playbook, months[-1])
    renewals.estimate(connection, warnings.KIND, "", months[-1], found.model_dump_json())
    # Old months say nothing of what is up now: the sensors always look at the latest month on record.
    return sensors.sweep(connection, max((months[-1], *account_months.months(connection)[-1:])))


def _renewed(connection: Connection, month: str) -> list[account_months.Measured]:
    found = []
    for row in renewals.by_month(connection, [month]):
        found.append(account_months.Measured("renewals_due", row.segment, month, float(row.came)))
        found.append(account_months.Measured("renewed", row.segment, month, float(row.renewed)))
    return found
