"""Invented contracts with a known truth, drawn account by account and month by month; nothing of `cxagent` is used.

The numbers are made up: they prove that the estimators find what was put in, and nothing about real customers.
"""

import math
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

MONTHS_OF_A_TERM = 12


class Outcome(NamedTuple):
    """One renewal that came out: its number, and whether the account renewed."""

    number: int
    renewed: bool


def contracts(
    rng: Random, a: float, b: float, accounts: int, *, months: int = 66, seen_from: int = 0, joining: int = 24
) -> list[Outcome]:
    """Return the renewals between two months of accounts that joined in two years, each with a chance of its own."""
    seen = []
    for _ in range(accounts):
        leaves = rng.betavariate(a, b)
        joined = rng.randrange(joining)
        for month in range(joined + 1, months):
            if (month - joined) % MONTHS_OF_A_TERM:
                continue
            renewed = rng.random() >= leaves
            if month >= seen_from:
                seen.append(Outcome((month - joined) // MONTHS_OF_A_TERM, renewed))
            if not renewed:
                break
    return seen


def believed(rng: Random) -> tuple[float, float]:
    """Return a pair a, b drawn from the widest belief in use: ln a from N(0, 1.5), ln b from N(1.5, 1.5)."""
    return math.exp(rng.gauss(0, 1.5)), math.exp(rng.gauss(1.5, 1.5))


class Patient(NamedTuple):
    """An account before one renewal: what was recorded and when, its true chance to leave, and what it did."""

    renewal: date
    mood: list[tuple[date, float]]
    usage: list[tuple[date, float]]
    complaints: list[tuple[date, float]]
    chance: float
    left: bool
    dollars: float


RENEWAL = date(2026, 11, 1)
BASE = 0.15


def patients(rng: Random, accounts: int, *, telling: bool = True, unknown_usage: float = 0.0) -> list[Patient]:
    """Return accounts with a year of monthly records; where nothing is `telling`, they leave whatever was recorded.

    What the account does hangs on its state 90 days before the renewal. Afterwards the mood of those who leave falls,
    which is of no use to a forecast and a great help to one that cheats.
    """
    return [_patient(rng, telling, rng.random() < unknown_usage) for _ in range(accounts)]


def _patient(rng: Random, telling: bool, hides_usage: bool) -> Patient:
    days = [RENEWAL - timedelta(days=30 * back) for back in range(12, 0, -1)]
    mood, usage, angry = rng.gauss(70, 12), rng.gauss(0, 0.3), float(rng.random() < 0.2)
    pull = -0.05 * (mood - 70) - 1.2 * usage + 0.9 * (angry - 0.2) if telling else 0.0
    chance = 1 / (1 + math.exp(-(math.log(BASE / (1 - BASE)) + pull - (0.21 if telling else 0.0))))
    left = rng.random() < chance
    late = RENEWAL - timedelta(days=90)
    return Patient(
        renewal=RENEWAL,
        mood=[(day, mood - 40 * (left and day > late)) for day in days],
        usage=[] if hides_usage else [(day, usage) for day in days],
        complaints=[(day, angry) for day in days],
        chance=chance,
        left=left,
        dollars=rng.lognormvariate(10, 1),
    )
