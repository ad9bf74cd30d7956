"""Accounts by worth: the lists that a person should look at, and one account with all that its value hangs on."""

from typing import Any, Literal, NamedTuple

from starlette.responses import Response

from cxagent import clock
from cxagent.domain.account import Account
from cxagent.errors import BadInput
from cxagent.ledger import account_months
from cxagent.review.site import Asked, route
from cxagent.review.value_pages import shared
from cxagent.trends.programme import Yearly, standing
from cxagent.value.account import STANCE_DAYS, AccountReport, Followed, account_report
from cxagent.value.figures import Figures
from cxagent.value.month_charts import Course, followed
from cxagent.value.report import Point, report
from cxagent.value.valuing import latest

COUNTED = ("made", "due", "kept", "late")


class Line(NamedTuple):
    """One figure of an account: its last known month, its months as picture and rows, a year in money."""

    one: Followed
    last: Point | None
    course: Course | None
    money: Yearly | Literal["unpriced"]


def accounts(asked: Asked) -> Response:
    """List the accounts to look at: by what they bring, to talk about parting from, fading, gone quiet."""
    book = asked.inbox.playbook
    with asked.inbox.agent.store.read() as connection:
        found = report(connection, book, asked.inbox.agent.project.metrics, clock.now())
    return asked.render("value-accounts.html", **shared(book), value=found)


def account(asked: Asked) -> Response:
    """Show what one account is worth and why, how it moves, who stands where in it, and what it was promised."""
    account_id, book = asked.path("account_id"), asked.inbox.playbook
    document, silent = _document(asked, account_id)
    with asked.inbox.agent.store.read() as connection:
        rows = account_months.of_account(connection, account_id)
        known = latest(connection, book.value)
        try:
            found = account_report(connection, known, account_id, clock.now().date(), document)
        except BadInput as error:
            if error.where != account_id:
                raise
            links = [("/value/accounts", "To the accounts")]
            return asked.render("said.html", 404, title="No such account", said=str(error), links=links, changes=())
    asked.inbox.looked(asked.me, "page", "worth", account_id, account_id)
    return asked.render(
        "value-account.html",
        **shared(book),
        found=found,
        name=document.name if document else None,
        lines=_lines(found, Figures(book.currency)),
        promised=_promised(rows),
        silent=silent,
        stance_days=STANCE_DAYS,
    )


def _document(asked: Asked, account_id: str) -> tuple[Account | None, bool]:
    """Return what the sources say of an account now, and whether any of them did not answer."""
    answers = asked.inbox.agent.project.steps.judge.gather.ask("", account_id)
    return next((one for one in answers.accounts if one.id == account_id), None), bool(answers.faults)


def _lines(found: AccountReport, figures: Figures) -> list[Line]:
    lines = []
    for one in found.followed:
        last = next((point for point in reversed(one.series) if point.value is not None), None)
        picture = followed(one.title, one.unit, one.series, one.trend, figures)
        lines.append(Line(one, last, picture, _money(one)))
    return lines


def _money(one: Followed) -> Yearly | Literal["unpriced"]:
    """Return what a year of its trend amounts to where the figure is money; everything else has no price."""
    if one.unit != "money":
        return "unpriced"
    whole = [point.value for point in one.series if not point.partial]
    return standing(one.title, whole, one.direction, price=1.0).money


def _promised(rows: list[Any]) -> dict[str, int | None]:
    """Return how many promises were made, due, kept and late over all months; None where no month says."""
    found: dict[str, int | None] = {}
    for name in COUNTED:
        told = [count for row in rows if (count := getattr(row, f"promises_{name}")) is not None]
        found[name] = sum(told) if told else None
    return found


ROUTES = [route("/value/accounts", accounts), route("/value/accounts/{account_id}", account)]
