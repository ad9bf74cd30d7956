"""Drafts that are wrong on purpose, so that reviewing itself is checked: made from approved ones, never run.

A planted draft has a card like any other and nothing behind it: no ticket, no thread, no permission. Its verdict is the
end of it. A mistake is a function from a good card to a bad reply; one that does not fit a card returns None.
"""

import random
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from cxagent import brief, clock
from cxagent.agent import Agent
from cxagent.domain.value import Value
from cxagent.domain.vocabulary import Tier
from cxagent.errors import BadInput, Refused
from cxagent.inbox.people import QA, Person, decider
from cxagent.ledger import chain, journal, personal, planted, reviewed
from cxagent.ledger.store import Connection

RECENT = timedelta(days=90)
MOST = 20
"""The most drafts that are planted at once: a queue full of traps teaches distrust, not care."""
NUMBER = re.compile(r"(?<![\w/.:-])(\d{2,6})([.,]\d{2})?(?![\w/:-])")


class Mistake(Value):
    """What is wrong with a planted draft: a code, the bad reply, its wrong words, and the sentence for afterwards."""

    reason: str
    reply: str
    wrong: str
    told: str


Making = Callable[[dict[str, Any], str, date], Mistake | None]


def wrong_amount(card: dict[str, Any], other: str, today: date) -> Mistake | None:
    """Make one figure of the reply ten times what it was."""
    match = NUMBER.search(card["reply"])
    if match is None:
        return None
    wrong = f"{int(Decimal(match[1]) * 10)}{match[2] or ''}"
    reply = card["reply"][: match.start()] + wrong + card["reply"][match.end() :]
    told = f"it says {wrong} where {match[0]} is right"
    return Mistake(reason="wrong_action_or_amount", reply=reply, wrong=wrong, told=told)


def promised_date(card: dict[str, Any], other: str, today: date) -> Mistake | None:
    """Promise a date that nobody gave."""
    day = f"{today + timedelta(days=19):%d %B %Y}"
    wrong = f"I promise that everything you asked for will be in place by {day}."
    return _added(card, "unauthorised_commitment", wrong, f"nobody has promised anything for {day}")


def told_of_others(card: dict[str, Any], other: str, today: date) -> Mistake | None:
    """Tell one customer about another."""
    if not other or other == (card.get("who") or {}).get("account"):
        return None
    wrong = f"You are not alone with this: {other} wrote to us about the very same thing this week."
    return _added(card, "privacy", wrong, f"it tells this customer about {other}")


def wrong_renewal(card: dict[str, Any], other: str, today: date) -> Mistake | None:
    """State a renewal date that is a month late."""
    known = next((fact["value"] for fact in card["facts"] if fact["name"] == "renewal_date" and fact["value"]), None)
    if known is None:
        return None
    day = date.fromisoformat(known) + timedelta(days=31)
    wrong = f"For your planning: your contract renews on {day:%d %B %Y}."
    return _added(card, "wrong_facts", wrong, f"it states {day} for the renewal; the contract says {known}")


def waived(card: dict[str, Any], other: str, today: date) -> Mistake | None:
    """Give money away in passing."""
    wrong = "As a sign of goodwill you need not pay the next invoice."
    return _added(card, "policy_violation", wrong, "it waives an invoice, and no action or limit covers that")


def _added(card: dict[str, Any], reason: str, wrong: str, told: str) -> Mistake:
    return Mistake(reason=reason, reply=f"{card['reply']} {wrong}", wrong=wrong, told=told)


MISTAKES: tuple[Making, ...] = (wrong_amount, promised_date, told_of_others, wrong_renewal, waived)


def plant(agent: Agent, me: Person, count: int, chance: random.Random | None = None) -> list[str]:
    """Put wrong drafts into the queue, made from recently approved ones; return their ids.

    `Refused` to everybody but QA, `BadInput` where there is nothing to make them from.
    """
    if me.role != QA:
        raise Refused("only QA plants drafts")
    if not 1 <= count <= MOST:
        raise BadInput(f"plant 1 to {MOST} at once, not {count}", where="count")
    chance = chance or random.Random()  # which drafts are traps must not be foreseeable; nothing else hangs on it
    with agent.store.write("planting") as connection:
        made = []
        for row, card, mistake in _chosen(connection, chance):
            made.append(_put(agent, connection, row, card, mistake, me.name))
            if len(made) == count:
                return made
    if not made:
        raise BadInput("no approved draft of the last 90 days is left to make one from", where="count")
    return made


def _chosen(connection: Connection, chance: random.Random) -> Iterator[tuple[dict[str, Any], dict[str, Any], Mistake]]:
    """Yield approved drafts in random order, each once, with a mistake that fits."""
    rows = reviewed.approved(connection, (clock.now() - RECENT).isoformat())
    names = sorted({row["account_name"] for row in rows if row["account_name"]})
    chance.shuffle(rows)
    today = clock.now().date()
    for row in rows:
        ruled = chain.entry(connection, row["decision_id"]) or {}
        card, seen = personal.get(connection, row["personal_id"]), ruled.get("personal") or {}
        if not card or not card.get("reply") or not (seen.get("reading") or {}).get("readable"):
            continue
        others = [name for name in names if name != row["account_name"]]
        other = chance.choice(others) if others else ""
        for making in chance.sample(MISTAKES, len(MISTAKES)):
            if (mistake := making(card, other, today)) is not None:
                yield row, card, mistake
                break


def _put(
    agent: Agent, connection: Connection, row: dict[str, Any], card: dict[str, Any], mistake: Mistake, by: str
) -> str:
    playbook, now = agent.project.in_force, clock.now()
    hours = timedelta(hours=playbook.deadline_hours[Tier(row["tier"] or Tier.HIGH)])
    due = brief.business_time(now, hours, playbook.business_hours)
    later = now - datetime.fromisoformat(row["created_at"])
    facts = [{**fact, "as_of": _moved(fact["as_of"], later)} for fact in card["facts"]]
    card = {**card, "reply": mistake.reply, "facts": facts, "deadline": due.isoformat()}
    able = decider(playbook, row["assignee"]) is not None
    draft_id = journal.open_draft(
        connection,
        ticket_id=clock.new_id("tkt"),
        account_id=row["account_id"],
        decision_id=row["decision_id"],
        card=card,
        required_role=row["required_role"],
        four_eyes=False,
        stake=row["stake"],
        assignee=row["assignee"] if able else brief.signer(playbook, row["required_role"]),
        deadline=due,
        intent=row["intent"],
        text_of=row["ticket_id"],
    )
    planted.add(connection, draft_id, mistake.reason, mistake.wrong, mistake.told, by)
    chain.append(connection, "planted", row["account_id"], row["ticket_id"], {"draft": draft_id, "of": row["id"]})
    return draft_id


def _moved(as_of: str | None, later: timedelta) -> str | None:
    """Shift the age of a fact, so that a copy of last week's card does not give itself away."""
    return (datetime.fromisoformat(as_of) + later).isoformat() if as_of else None
