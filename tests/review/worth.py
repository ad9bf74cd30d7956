"""Invented months of accounts and colleagues, put on record as loading does, for the pages on worth."""

import contextlib
import contextvars
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from httpx import Response
from requirements.world import DAY, ROOT, account
from starlette.testclient import TestClient

from cxagent.inbox import Inbox
from cxagent.ledger import account_months, renewals
from cxagent.ledger.store import Connection
from cxagent.playbook import Playbook
from cxagent.testing import World
from cxagent.trends.series import month_name, month_number
from cxagent.value.closing import close
from review.conftest import Desk

RUNNING = "2027-03"
"""The month of the scenes' day: it is not over."""
TAG = re.compile(r"<title>.*?</title>|<[^>]+>|\s+")
OWNERS = ("Lena Hartmann", "Oskar Lindqvist", "Priya Nair")
SIZES = (("smb", 9_000.0, 0.84), ("mid_market", 60_000.0, 0.92), ("enterprise", 400_000.0, 0.97))
FADING, QUIET, POOR = "A-3", "A-2", "A-6"
GAP = "2026-08"
"""A month in which nobody sent a survey."""

STANCES = {
    "crm.contacts": [
        {
            "email": "ada@a-3.example",
            "name": "Ada Fern",
            "department": "IT",
            "stance": "for",
            "stance_on": "2027-02-01",
        },
        {"email": "bo@a-3.example", "name": "Bo Lind", "role": "cfo", "stance": "against", "stance_on": "2026-01-01"},
    ],
    "support.promises": [
        {"what": "a review each quarter", "due": "2027-01-15", "kept": True},
        {"what": "a fix of the export", "due": "2027-02-15"},
    ],
}


def put_on_record(
    connection: Connection, playbook: Playbook, months: int, accounts: int = 24, running: bool = True
) -> None:
    """Write so many whole months, and the running one after them, of some accounts; value them and add them up."""
    last = month_number(RUNNING) - (0 if running else 1)
    numbers = range(month_number(RUNNING) - months, last + 1)
    chance = random.Random(3)
    lives = [pair for place in range(accounts) for pair in _life(place, numbers, chance)]
    account_months.put(connection, [row for row, _ in lives])
    renewals.put(connection, [renewal for _, renewal in lives if renewal])
    people = [_colleague(name, month_name(n), chance) for n in numbers for name in OWNERS]
    account_months.put_people(connection, people)
    close(connection, playbook, [month_name(number) for number in numbers])


def _life(place: int, numbers: range, chance: random.Random) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Yield the months of one place: an account that grows or leaves, and then another that follows it."""
    segment, size, stays = SIZES[place % 3]
    life, age, arr = 0, (5 * place) % 24 + 1, size
    for number in numbers:
        name, month = f"A-{place + 1}" + (f"-{life}" if life else ""), month_name(number)
        began = number - numbers[0]
        due = age > 0 and age % 12 == 0
        kept = place < 4 or chance.random() < stays - (0.25 if segment == "smb" and began > 40 else 0)
        more = arr * 0.06 if due and kept and segment == "enterprise" else 0.0
        row = _row(name, month, place, age, arr, began, chance) | {"segment": segment, "expansion": more}
        renewal = None
        if due:
            known = {"account_id": name, "month": month, "segment": segment, "arr": arr, "number": age // 12}
            renewal = {**known, "renewed": int(kept)}
            if not kept:
                row |= {"active": 0}
                life, age, arr = life + 1, -1, size
        yield row, renewal
        age, arr = age + 1, arr + more


def _row(name: str, month: str, place: int, age: int, arr: float, began: int, chance: random.Random) -> dict[str, Any]:
    surveyed = month != GAP
    falls = name == FADING and month >= "2027-01"
    poor = name == POOR
    return {
        **{"account_id": name, "month": month, "root_id": name, "owner": OWNERS[place % 3], "active": 1},
        **{"started": int(age == 0), "arr": arr, "margin": 0.1 if poor else 0.72, "misaligned": int(poor)},
        **{"cost_to_serve": arr * (0.3 if poor else 0.12) * (1 + began / 150), "contraction": 0.0},
        **{"health": min(100.0, max(5.0, 82 - began * 0.35 + chance.gauss(0, 4)))},
        **{"usage": -0.45 if falls else chance.gauss(0.02, 0.08), "next_renewal": age // 12 + 1},
        **{"months_left": 12.0 - age % 12, "tickets": chance.randrange(4), "complaints": int(chance.random() < 0.06)},
        **{"csat_sum": 4.5 if surveyed else None, "csat_count": 1 if surveyed else None, "csat_asked": 2},
        **{"quiet": int(name == QUIET and month >= "2026-12"), "disagreeing": int(chance.random() < 0.02)},
        **{"promises_made": 1, "promises_due": 1, "promises_kept": int(chance.random() < 0.86), "promises_late": 0},
        **{
            "consents_asked": 3,
            "consents_given": 2,
            "owner_changed": 0,
            "sponsor_changed": int(chance.random() < 0.02),
        },
        **{"referrals": int(chance.random() < 0.04), "opportunities": 1, "won": int(chance.random() < 0.4)},
        **{"onboarding": 0.4 + 0.05 * min(10, age), "trust": 0.4 + 0.004 * began + chance.gauss(0, 0.05)},
        **{"sla_breaches": int(chance.random() < 0.03), "outages": 1, "recovery_hours": abs(chance.gauss(5, 2))},
    }


def _colleague(name: str, month: str, chance: random.Random) -> dict[str, Any]:
    return {
        **{"person": name, "month": month, "accounts": 8, "hours": chance.gauss(130, 12), "pulse": 4.0},
        **{"pulse_asked": 1, "pulse_answered": 1, "recognised": chance.randrange(2), "learning_cases": 1},
    }


def text(page: str) -> str:
    """Return the words of a page, without its tags."""
    return " ".join(TAG.sub(" ", page).split())


def room(folder: Path, months: int, **more: bool) -> Desk:
    """Open a desk with so many whole months of invented accounts on record."""
    world = World(ROOT, folder)
    world.now = DAY
    world.accounts = {FADING: account("global", STANCES, id=FADING)}
    made = Desk(world, Inbox(world.agent))
    if months:
        with world.inside(), world.store.write() as connection:
            put_on_record(connection, made.inbox.playbook, months, **more)
    return made


class Looker:
    """Somebody signed in at a desk of their own, each of whose requests happens on the day and ledger of that desk."""

    def __init__(self, desk: Desk, who: str) -> None:
        self.desk, self.context, self.held = desk, contextvars.copy_context(), contextlib.ExitStack()
        self.client: TestClient = self.context.run(self.held.enter_context, desk.client(who))

    def get(self, path: str) -> Response:
        """Ask for something, which is found under its own address."""
        answer: Response = self.context.run(self.client.get, path)
        assert str(answer.url).endswith(path), answer.url
        return answer

    def close(self) -> None:
        """Leave the desk."""
        self.context.run(self.held.close)
        self.desk.world.close()


def page(client: Looker, path: str, status: int = 200) -> str:
    """Return a page, which answers with a status."""
    answer = client.get(path)
    assert answer.status_code == status, answer.text[:400]
    return answer.text
