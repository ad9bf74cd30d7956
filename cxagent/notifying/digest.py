"""The digest: once a day, everybody for whom drafts wait gets a short mail whose links open the cards."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from functools import partial
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from cxagent import brief
from cxagent.agent import Agent
from cxagent.domain.cell import Level
from cxagent.domain.value import Text, Value
from cxagent.errors import BadInput
from cxagent.ledger import absences, cells, deliveries, personal
from cxagent.ledger.store import Connection
from cxagent.notifying.links import PUBLIC_URL, public_url
from cxagent.notifying.mailing import Mailer, Outcome, addressed, send_claimed
from cxagent.playbook import BESIDE, Playbook
from cxagent.rules.submission import spoken

SHOWN = 5
CHANGED = "What the AI may do changed"
DAY = timedelta(days=1)
QA = BESIDE[1]
FOOT = "The links open the card; nothing is decided by opening one. This mail comes once a day at most."


class Waiting(Value):
    """One draft as a digest shows it."""

    draft_id: Text
    account: Text
    until: datetime
    stake: Text
    why: Text
    whose: Text


class Changed(Value):
    """One change of what the AI may do alone, as a digest shows it."""

    what: Text
    before: Text
    after: Text
    why: Text
    at: datetime


class Digest(Value):
    """What one person is told; `gap` says why they cannot be told by mail. `changed` is for who answers for the AI."""

    person: Text
    email: Text | None
    day: date
    count: int
    first: tuple[Waiting, ...]
    zone: Text
    changed: tuple[Changed, ...] = ()
    gap: Text | None = None

    @property
    def key(self) -> str:
        """What is sent once: this person's digest of this day."""
        return f"digest {self.day} {' '.join(self.person.lower().split())}"


def digests(agent: Agent, now: datetime, to: str | None = None) -> list[Digest]:
    """Return what everybody, or one person, would be told now: their own drafts and those of whom they stand in for.

    QA and everybody above the first signature also hear what the AI may do since yesterday, whether or not a draft
    waits for them. Who is away is told nothing. Drafts of somebody whom the playbook does not know go to the first who
    may sign them.
    """
    playbook = agent.project.steps.judge.playbook
    wanted = playbook.colleague(to) if to is not None else None
    if to is not None and wanted is None:
        raise BadInput(f"{to!r} is nobody the playbook knows", where="--to")
    zone = playbook.business_hours.timezone
    day = now.astimezone(ZoneInfo(zone)).date()
    with agent.store.read() as connection:
        away = {row["person"]: row["delegate"] for row in absences.today(connection, day)}
        told: dict[str, list[dict[str, Any]]] = {}
        for row in deliveries.waiting(connection, now):
            told.setdefault(_whose(playbook, away, row), []).append(row)
        changed = tuple(_changed(row) for row in cells.moves(connection, now - DAY))
        hear = {one.name for one in playbook.people if one.role == QA or playbook.rank_of(one.role) >= 1}
        for name in hear if changed else ():
            told.setdefault(name, [])
        found = [
            _digest(connection, playbook, name, day, rows, away, changed if name in hear else ())
            for name, rows in sorted(told.items())
            if wanted is None or wanted.name == name
        ]
    return found


def _whose(playbook: Playbook, away: Mapping[str, str | None], row: Mapping[str, Any]) -> str:
    """Return who is told of a draft: its assignee, or who stands in for them; authority on loan is not lent on."""
    found = playbook.colleague(row["assignee"])
    name = found.name if found else brief.signer(playbook, row["required_role"])
    return away.get(name) or name


def _digest(
    connection: Connection,
    playbook: Playbook,
    name: str,
    day: date,
    rows: list[dict[str, Any]],
    away: Mapping[str, str | None],
    changed: tuple[Changed, ...],
) -> Digest:
    known = playbook.colleague(name)
    email = known.email if known else None
    gap = None if email else "has no mail address in the playbook"
    if name in away:
        gap = "is away today"
    return Digest(
        person=name,
        email=email,
        day=day,
        count=len(rows),
        first=tuple(_waiting(row, personal.get(connection, row["personal_id"]) or {}) for row in rows[:SHOWN]),
        zone=playbook.business_hours.timezone,
        changed=changed,
        gap=gap,
    )


def _changed(row: Any) -> Changed:
    what = f"{spoken(row['intent'])} × {spoken(row['segment'])}"
    before, after = Level(row["before"]).word, Level(row["after"]).word
    return Changed(what=what, before=before, after=after, why=row["why"], at=datetime.fromisoformat(row["at"]))


def _waiting(row: Mapping[str, Any], card: Mapping[str, Any]) -> Waiting:
    return Waiting(
        draft_id=row["id"],
        account=row["account_name"] or row["account_id"],
        until=datetime.fromisoformat(row["deadline"]),
        stake=row["stake"],
        why=next(iter(card.get("why") or ()), "the text was erased"),
        whose=row["assignee"],
    )


def subject(one: Digest) -> str:
    """Return the subject of a digest: how many wait, and nothing about whom."""
    if not one.count and one.changed:
        return CHANGED
    return f"{one.count} drafts wait for you" if one.count != 1 else "1 draft waits for you"


def plain(one: Digest, base: str) -> str:
    """Return a digest as plain text."""
    lines = [f"{subject(one)}.", ""]
    for each in one.first:
        lines += [_headline(one, each), f"  {each.why}", f"  {base}/drafts/{each.draft_id}", ""]
    if one.count > len(one.first):
        lines += [f"And {one.count - len(one.first)} more: {base}/", ""]
    if one.changed:
        lines += [*([f"{CHANGED}:"] if one.count else []), *(_change(one, each) for each in one.changed)]
        lines += [f"{base}/quality", ""]
    return "\n".join([*lines, FOOT, ""])


def _change(one: Digest, each: Changed) -> str:
    at = each.at.astimezone(ZoneInfo(one.zone))
    moved = f"from {each.before} to {each.after}" if each.before != each.after else f"stays at {each.after}"
    return f"- {each.what}: {moved}, {at:%a %d %b %H:%M}: {each.why}"


def _headline(one: Digest, each: Waiting) -> str:
    until = each.until.astimezone(ZoneInfo(one.zone))
    whose = "" if each.whose == one.person else f", for {each.whose}"
    return f"{each.account}: until {until:%a %d %b %H:%M}, {each.stake} at stake{whose}"


def html(one: Digest, base: str) -> str:
    """Return a digest as a simple page without anything remote."""
    rows = "".join(
        f'<li style="margin:0 0 1em"><a href="{escape(base)}/drafts/{escape(each.draft_id)}">'
        f"{escape(_headline(one, each))}</a><br>{escape(each.why)}</li>"
        for each in one.first
    )
    rest = one.count - len(one.first)
    more = f'<p>And {rest} more: <a href="{escape(base)}/">open the queue</a></p>' if rest > 0 else ""
    waits = f"<p>{escape(subject(one))}.</p><ol>{rows}</ol>{more}" if one.count else ""
    changes = "".join(f"<li>{escape(_change(one, each)[2:])}</li>" for each in one.changed)
    if changes:
        changes = f'<p><a href="{escape(base)}/quality">{CHANGED}</a>:</p><ul>{changes}</ul>'
    return (
        f'<!doctype html><html lang="en"><head><title>{escape(subject(one))}</title></head><body>'
        f"{waits}{changes}<p>{escape(FOOT)}</p></body></html>"
    )


def message(one: Digest, sender: str, base: str) -> EmailMessage:
    """Return a digest as a mail in two forms, plain text and HTML."""
    mail = addressed(subject(one), one.person, one.email, sender)
    mail.set_content(plain(one, base))
    mail.add_alternative(html(one, base), subtype="html")
    return mail


def send_digests(
    agent: Agent, now: datetime, to: str | None = None, mailer: Mailer | None = None
) -> list[tuple[Digest, Outcome]]:
    """Send everybody, or one person, their digest of the day, once; return who was told.

    `Unreachable` where the mail server does not take one; those sent before count, the rest go out with the next run.
    """
    mailer, base = mailer or Mailer.of(), public_url()
    if base is None:
        raise BadInput("must be set to the address under which people open the inbox", where=PUBLIC_URL)
    told: list[tuple[Digest, Outcome]] = []
    for one in digests(agent, now, to):
        if one.gap is not None:
            told.append((one, "not told"))
            continue
        with agent.store.write(one.key) as connection:
            mine = deliveries.claim_notice(connection, one.key, one.person, now)
        if mine:
            send_claimed(agent.store, one.key, mailer, partial(message, one, mailer.sender, base))
        told.append((one, "sent" if mine else "sent before"))
    return told
