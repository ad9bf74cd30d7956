"""What is supposed of an account where a fact is missing or cannot be: always what makes an error dearer."""

import math
from datetime import date
from decimal import Decimal

from cxagent.domain.account import Account
from cxagent.domain.vocabulary import Segment
from cxagent.lifetime.retention import Retention
from cxagent.lifetime.terms import ValueTerms

YEAR = 365.25
"""Days in a year, on average."""
MOST_TERM = 120.0
"""The most months that a signed term still runs; a date beyond is how some systems write that there is none."""


def believed(margin: Decimal | None) -> float | None:
    """Return a gross margin; one that is no share of the revenue is as good as unknown."""
    return float(margin) if margin is not None and 0 <= margin <= 1 else None


def next_renewal(start: date | None, renewal: date | None, today: date) -> int:
    """Return the number of the next renewal of an annual contract: 1 at the end of the first term."""
    if start is None:
        return 1
    years = round((renewal - start).days / YEAR) if renewal else int((today - start).days / YEAR) + 1
    return max(1, years)


def prior_retention(terms: ValueTerms) -> Retention:
    """Return the median of what is believed of a segment before its own renewals are counted."""
    return Retention(a=math.exp(terms.prior.ln_a), b=math.exp(terms.prior.ln_b))


def filed_as(account: Account) -> Segment:
    """Return the segment on record; an account that nobody filed counts as the largest."""
    return (account.crm.segment if account.crm else None) or Segment.STRATEGIC
