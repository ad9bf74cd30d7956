"""What if retention were higher: a range on the tenant's own accounts, with all that it supposes."""

from typing import NamedTuple

from cxagent.domain.value import Text, Value
from cxagent.errors import BadInput
from cxagent.ledger import account_months
from cxagent.ledger.store import Connection
from cxagent.lifetime.account import CONVENTION
from cxagent.lifetime.conventions import elasticity
from cxagent.lifetime.spread import Spread
from cxagent.playbook import Playbook
from cxagent.value.portfolio import what_if as lifted
from cxagent.value.valuing import latest

MOST_POINTS = 20.0


class Context(NamedTuple):
    """A published figure that is shown beside the result and enters nothing."""

    said: str
    source: str


CONTEXT = (
    Context(
        "25 to 85 % more profit per customer for 5 points of retention, in nine industries; disputed since",
        "Reichheld and Sasser, Harvard Business Review 1990",
    ),
    Context(
        "the value of a customer moves by about 3 to 7 % for each per cent of retention",
        "Gupta, Lehmann and Stuart, Journal of Marketing Research 2004",
    ),
)


class WhatIf(Value):
    """What a rise in retention would be worth: the gain in CLV with its range, and what it supposes."""

    points: float
    accounts: int
    clv_now: float
    gain: Spread
    share: float | None
    elasticity: float | None
    currency: Text
    supposes: tuple[Text, ...]
    context: tuple[tuple[Text, Text], ...]


def what_if(connection: Connection, playbook: Playbook, points: float) -> WhatIf:
    """Return what the accounts on record would be worth more if every renewal rate were so many points higher."""
    if not -MOST_POINTS <= points <= MOST_POINTS or not points:
        raise BadInput(
            f"{points:g} points is no question: between -{MOST_POINTS:g} and {MOST_POINTS:g}, not 0",
            where="--retention",
        )
    months = account_months.months(connection)
    if not months:
        raise BadInput("no month of any account is on record; `cxagent value observe` looks at all accounts")
    known, rows = latest(connection, playbook.value), list(account_months.holdings(connection, months[-1]))
    gain, now = lifted(rows, known, points / 100), sum(row.clv or 0.0 for row in rows)
    loss = [row.p_next for row in rows if row.p_next is not None]
    rate = 1 - sum(loss) / len(loss) if loss else None
    return WhatIf(
        points=points,
        accounts=sum(row.clv is not None for row in rows),
        clv_now=now,
        gain=gain,
        share=gain.median / now if now else None,
        elasticity=elasticity(rate, known.terms.discount) if rate is not None else None,
        currency=playbook.currency,
        supposes=(
            CONVENTION.format(discount=known.terms.discount),
            "every renewal rate of every account is higher by as many points, from the next renewal on",
            "margins, cost to serve and the number of accounts stay as they are",
            "what it costs to get there is not counted",
        ),
        context=CONTEXT,
    )
