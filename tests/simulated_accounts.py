"""Accounts of a simulated market, month by month, with what becomes of each: to measure flags, never to set them.

Every number in here is an assumption of whoever wrote it and proves nothing about real accounts. Nothing of the product
is used: what comes out are plain documents as a CRM, a billing system, a contract base and a helpdesk would hold them.
Time is counted in days before the renewal. Fates:

- steady: usage goes sideways or grows, and the contract is renewed.
- seasonal: usage has a trough each year, and the contract is renewed.
- silent: usage and the champion's visits fade from some day on while every survey is answered with 5; not renewed.
- loud: usage falls a little, complaints come, surveys turn bad; mostly not renewed.
- sudden: nothing shows, and it is not renewed all the same.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, NamedTuple

Fate = Literal["steady", "seasonal", "silent", "loud", "sudden"]
HISTORY, LOOKS = 520, 12
"""How many days are simulated before the renewal, and how many monthly looks are taken in the last year."""


@dataclass(frozen=True)
class Market:
    """What is assumed: the share of each fate (the rest is steady), and how people and usage behave.

    `fade` is the range of the days in which fading usage halves, `away` that of the champion's visits; `onset` is the
    median of days before the renewal at which it begins. `trough` is the range of how deep a season goes. `visits` are
    the champion's a week, the median over accounts; `leave` is the share of champions with a quarter of absence.
    """

    silent: float = 0.15
    seasonal: float = 0.20
    loud: float = 0.05
    sudden: float = 0.05
    onset: float = 180.0
    fade: tuple[float, float] = (30.0, 150.0)
    away: tuple[float, float] = (20.0, 90.0)
    trough: tuple[float, float] = (0.10, 0.50)
    visits: float = 1.5
    leave: float = 0.02
    noise: float = 0.12


CHURNING = Market()
RIVAL = replace(CHURNING, silent=0.0, sudden=CHURNING.silent + CHURNING.sudden)
"""A market in which as many leave, and none of them fades before."""


class Look(NamedTuple):
    """An account as its systems show it on one day."""

    at: datetime
    days_left: int
    document: dict[str, Any]


class Lived(NamedTuple):
    """One account's last year: its fate, whether it renewed, since how many days before the renewal it faded."""

    id: str
    fate: Fate
    renewed: bool
    onset: int | None
    looks: tuple[Look, ...]


def market(what: Market, accounts: int, seed: int) -> Iterator[Lived]:
    """Yield the accounts of a market; the same seed gives the same ones."""
    for number in range(accounts):
        chance = random.Random(f"{seed} {number}")
        yield _live(what, f"S-{number}", chance)


def _fate(what: Market, chance: random.Random) -> Fate:
    shares = {"silent": what.silent, "seasonal": what.seasonal, "loud": what.loud, "sudden": what.sudden}
    drawn = chance.random()
    for fate, share in shares.items():
        if drawn < share:
            return fate  # type: ignore[return-value]
        drawn -= share
    return "steady"


def _live(what: Market, name: str, chance: random.Random) -> Lived:
    fate = _fate(what, chance)
    renewal = date(2030, 1, 1) + timedelta(days=chance.randrange(365))
    onset = None
    if fate == "silent":
        onset = min(HISTORY - 150, max(45, round(what.onset * math.exp(chance.gauss(0, 0.4)))))
    usage, visits = _usage(what, fate, onset, chance), _visits(what, fate, onset, chance)
    answers, complaints = _answers(fate, chance), _complaints(fate, chance)
    stays = {"steady": 1.0, "seasonal": 1.0, "silent": 0.0, "loud": 0.25, "sudden": 0.0}[fate]
    looks = []
    for month in range(LOOKS, 0, -1):
        left = month * 30
        facts = (usage, visits, answers, complaints)
        looks.append(_look(name, renewal, left - chance.randrange(5), facts))
    return Lived(name, fate, chance.random() < stays, onset, tuple(looks))


def _usage(what: Market, fate: Fate, onset: int | None, chance: random.Random) -> dict[int, float]:
    """Return the active people on each day, by days left; fewer on two days of seven."""
    size, growth = 20 * math.exp(chance.gauss(1, 0.8)), chance.gauss(0.05, 0.15) / 365
    half = chance.uniform(*what.fade)
    depth, peak, width = chance.uniform(*what.trough), chance.randrange(365), chance.uniform(40, 80)
    drift, found = 0.0, {}
    for day in range(HISTORY):
        left = HISTORY - day
        drift = 0.97 * drift + chance.gauss(0, what.noise * 0.24)
        level = size * math.exp(growth * day + drift)
        if fate == "seasonal":
            apart = abs((day - peak + 182) % 365 - 182)
            level *= 1 - depth * (0.5 + 0.5 * math.cos(math.pi * min(1.0, apart / width)))
        if onset is not None and left < onset:
            level *= 0.5 ** ((onset - left) / half)
        if fate == "loud" and left < 200:
            level *= 0.8
        found[left] = level * (0.25 if day % 7 > 4 else 1.0) * math.exp(chance.gauss(0, what.noise))
    return found


def _visits(what: Market, fate: Fate, onset: int | None, chance: random.Random) -> list[int]:
    """Return on which days, as days left, the champion came."""
    rate = what.visits / 7 * math.exp(chance.gauss(0, 0.5))
    half = chance.uniform(*what.away)
    off = [(chance.randrange(HISTORY), chance.randrange(10, 28)) for _ in range(2)]
    if chance.random() < what.leave:
        off.append((chance.randrange(HISTORY), 90))
    found = []
    for left in range(HISTORY, 0, -1):
        now = rate * 0.5 ** ((onset - left) / half) if onset is not None and left < onset else rate
        if chance.random() < now and not any(first >= left > first - days for first, days in off):
            found.append(left)
    return found


def _answers(fate: Fate, chance: random.Random) -> list[tuple[int, int]]:
    """Return the answers to surveys as days left and score."""
    found = []
    for left in range(HISTORY, 0, -14):
        if chance.random() < 0.3:
            happy = 5 if fate == "silent" or chance.random() < 0.85 else 4
            found.append((left, chance.choice((1, 2, 3)) if fate == "loud" and left < 200 else happy))
    return found


def _complaints(fate: Fate, chance: random.Random) -> list[int]:
    """Return on which days, as days left, they complained."""
    return [
        left for left in range(HISTORY, 0, -1) if chance.random() < (0.05 if fate == "loud" and left < 200 else 0.001)
    ]


def _look(name: str, renewal: date, left: int, facts: tuple[Any, ...]) -> Look:
    usage, visits, answers, complaints = facts
    at = datetime.combine(renewal - timedelta(days=left), datetime.min.time(), UTC) + timedelta(hours=9)
    now, before = (sum(usage[day] for day in range(since, since + 28)) for since in (left, left + 90))
    seen = next((day for day in reversed(visits) if day > left), None)
    scores = [score for day, score in answers if day > left]
    document = _document(name, at, renewal)
    document["crm"]["usage_change_90d"] = f"{now / before - 1:.2f}"
    document["crm"]["contacts"][1]["last_seen_on"] = str(renewal - timedelta(days=seen)) if seen else None
    document["support"] |= {"csat": scores[-4:], "complaints_90d": sum(left < day <= left + 90 for day in complaints)}
    return Look(at, left, document)


def _document(name: str, at: datetime, renewal: date) -> dict[str, Any]:
    """Return what does not change about an account, read on the day."""
    read, host = {"as_of": at.isoformat()}, f"{name.lower()}.example"
    money = {"currency": "USD"}
    contacts = [
        {"email": f"ada@{host}", "name": "Ada", "role": "admin", "last_seen_on": str(at.date())},
        {"email": f"kim@{host}", "name": "Kim", "role": "champion", "last_seen_on": None},
    ]
    crm = {"segment": "mid_market", "health": 80, "clv": {"amount": "150000", **money}, "contacts": contacts}
    crm |= {"owner": {"name": "Greta Solano", "since": "2028-01-01"}, "arr": {"amount": "40000", **money}}
    contract = {"kind": "annual", "renewal_date": str(renewal), "notice_days": 30, "start_date": "2028-01-01"}
    support = {"open_tickets": [], "open_escalations": [], "sla_breaches_30d": 0, "promises": [], "history": []}
    billing = {"currency": "USD", "terms": "annual", "seats": 50, "credits": [], "invoices": []}
    sections = {"crm": crm, "billing": billing, "contract": contract, "support": support}
    return {"id": name, "name": f"Company {name}", **{key: {**read, **said} for key, said in sections.items()}}
