"""The monthly report by mail: once a month, every leader is told what it is worth, with the whole report as a file.

Leaders are who owns a metric and who stands at the top of the ladder of signatures. Mail programs drop drawings, so the
mail itself holds text and a plain table, and the page with its charts goes along as a file.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from html import escape
from zoneinfo import ZoneInfo

from cxagent.domain.value import Text, Value
from cxagent.errors import BadInput
from cxagent.home import Home
from cxagent.ledger import absences, deliveries
from cxagent.ledger.store import Connection
from cxagent.metrics.registry import Registry
from cxagent.notifying.mailing import Mailer, Outcome, addressed, send_claimed
from cxagent.playbook import Colleague, Playbook
from cxagent.value.monthly import NEVER_ADDED, NO_LESS_TRUE, Monthly, latest, monthly, plain, trend, unpriced
from cxagent.value.monthly_page import html

FOOT = "The whole report, with its charts and every metric, is attached as a page that opens in any browser."
CELL = "padding:6px 14px 6px 0;border-bottom:1px solid #d9dee6;vertical-align:top;text-align:left"


class Letter(Value):
    """One leader and the month that they are told of; `gap` says why they cannot be told by mail now."""

    person: Text
    email: Text | None
    month: Text
    gap: Text | None = None

    @property
    def key(self) -> str:
        """What is sent once: the report of this month to this person."""
        return f"monthly {self.month} {' '.join(self.person.lower().split())}"


def leaders(playbook: Playbook, registry: Registry) -> tuple[Colleague, ...]:
    """Return who is told: the colleagues who own a metric, and those who sign last; in the order of their names."""
    owners = {found.name for one in registry.metrics if (found := playbook.colleague(one.owner)) is not None}
    told = (one for one in playbook.people if one.name in owners or one.role == playbook.top_role)
    return tuple(sorted(told, key=lambda one: one.name))


def letters(
    connection: Connection, playbook: Playbook, registry: Registry, month: str, now: datetime, to: str | None = None
) -> list[Letter]:
    """Return the letters of a month, to all leaders or one. `BadInput` where that is nobody who leads."""
    told, day = leaders(playbook, registry), now.astimezone(ZoneInfo(playbook.business_hours.timezone)).date()
    if to is not None:
        wanted = playbook.colleague(to)
        if wanted is None or wanted not in told:
            names = ", ".join(one.name for one in told)
            raise BadInput(f"{to!r} owns no metric and does not sign last; who is told: {names}", where="--to")
        told = (wanted,)
    away = {row["person"] for row in absences.today(connection, day)}
    return [Letter(person=one.name, email=one.email, month=month, gap=_gap(one, away)) for one in told]


def _gap(one: Colleague, away: set[str]) -> str | None:
    if one.email is None:
        return "has no mail address in the playbook"
    return "is away today and is told when back" if one.name in away else None


def prepared(home: Home, now: datetime, to: str | None = None) -> tuple[list[Letter], Monthly]:
    """Return the letters of the last whole month, and what they tell."""
    with home.store.read() as connection:
        playbook = home.playbook_on_record(connection)
        told = monthly(connection, playbook, home.metrics, now)
        return letters(connection, playbook, home.metrics, told.month, now, to), told


def send_monthly(
    home: Home, now: datetime, to: str | None = None, mailer: Mailer | None = None
) -> list[tuple[Letter, Outcome]]:
    """Send every leader, or one, the report of the last whole month, once; return who was told.

    `Unreachable` where the mail server does not take one; those sent before count, the rest go out with the next run.
    """
    mailer = mailer or Mailer.of()
    found, told = prepared(home, now.astimezone(UTC), to)
    page = html(told, home.name)
    sent: list[tuple[Letter, Outcome]] = []
    for one in found:
        if one.gap is not None:
            sent.append((one, "not told"))
            continue
        with home.store.write(one.key) as connection:
            mine = deliveries.claim_notice(connection, one.key, one.person, now)
        if mine:
            send_claimed(home.store, one.key, mailer, partial(message, one, told, page, mailer.sender))
        sent.append((one, "sent" if mine else "sent before"))
    return sent


def subject(told: Monthly) -> str:
    """Return the subject of a letter: the month, and nothing of what is in it."""
    return f"What it is worth: {told.title}"


def message(one: Letter, told: Monthly, page: str, sender: str) -> EmailMessage:
    """Return a letter as a mail: plain text, a short body, and the whole report, `page`, as a file."""
    mail = addressed(subject(told), one.person, one.email, sender)
    mail.set_content(f"{plain(told)}\n{FOOT}\n")
    mail.add_alternative(short(told), subtype="html")
    mail.add_attachment(page, subtype="html", filename=f"what-it-is-worth-{told.month}.html")
    return mail


def short(told: Monthly) -> str:
    """Return the body of a letter: the four keys, what must not be missed, and the money, in plain tables."""
    keys = _table(
        ("", "", told.title, "trend", "money"),
        [
            (of.key, one.title, latest(one, told), trend(one, told.say), told.say.priced(one.money, brief=True))
            for of in told.keys
            for one in of.headlines
        ],
    )
    money = _table(("", "", ""), [(one.rule, told.say.priced(one), one.label) for one in told.worth.money])
    heed = "".join(f'<li style="margin:0 0 6px">{escape(one)}</li>' for one in told.not_to_miss)
    heed = f'<h2 style="font-size:16px">Not to be missed</h2><ul>{heed}</ul>' if heed else ""
    title = escape(subject(told))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f'<body style="font:15px/1.5 Helvetica,Arial,sans-serif;color:#1b2430;max-width:760px">'
        f'<h1 style="font-size:21px">{title}</h1>{keys}{heed}'
        f'<h2 style="font-size:16px">As money, over twelve months ({NEVER_ADDED})</h2>{money}'
        f"<p><b>Unpriced.</b> {NO_LESS_TRUE} {escape(', '.join(unpriced(told.worth)))}</p>"
        f"<p><b>{FOOT}</b></p></body></html>"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    named = "".join(f'<th style="{CELL};font-weight:normal;color:#566273">{escape(one)}</th>' for one in head)
    named = f"<tr>{named}</tr>" if any(head) else ""
    told = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    return f'<table style="border-collapse:collapse;font-size:14px">{named}{told}</table>'


def _cells(row: Sequence[str]) -> str:
    return "".join(f'<td style="{CELL}">{escape(cell)}</td>' for cell in row)
