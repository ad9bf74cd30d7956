"""The people who carry trust: who holds which accounts, what if one of them leaves, and how they fare themselves."""

from starlette.responses import Response

from cxagent import clock
from cxagent.ledger import account_months
from cxagent.review.site import Asked, route
from cxagent.review.value_pages import shared
from cxagent.value import people
from cxagent.value.months import month_of

MOST_ACCOUNTS = 50


def holders(asked: Asked) -> Response:
    """Show who holds the trust of which accounts, how their colleagues fare, and what hangs on the one asked for."""
    book, now, who = asked.inbox.playbook, clock.now(), asked.query("who")
    with asked.inbox.agent.store.read() as connection:
        months = account_months.months(connection)
        rows = list(account_months.holdings(connection, months[-1])) if months else []
        leaving = people.leaving(connection, book, who, now) if who else None
        colleagues = people.colleagues(connection, month_of(now))
    trust = people.trust_map(rows)
    return asked.render(
        "value-people.html",
        **shared(book),
        month=months[-1] if months else None,
        trust=trust,
        as_if=1 / trust.concentration if trust.concentration else None,
        leaving=leaving,
        colleagues=colleagues,
        most=MOST_ACCOUNTS,
    )


ROUTES = [route("/value/people", holders)]
