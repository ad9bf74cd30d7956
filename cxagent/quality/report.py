"""The report on decision quality: how often the machine decides as people would, and what it may therefore do."""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cxagent.agreement import agreement
from cxagent.domain.cell import Level
from cxagent.domain.value import Instant, Text, Value
from cxagent.domain.vocabulary import Autonomy
from cxagent.economics import Threshold, certifiable
from cxagent.intervals import pass_k, upper_bound, wilson
from cxagent.latitude import promotion
from cxagent.ledger import cells, match_rates, quality_rows
from cxagent.ledger.cells import Standing
from cxagent.ledger.match_rates import OfCell, Sums
from cxagent.ledger.store import Connection
from cxagent.playbook import Playbook
from cxagent.quality.moving import CATCH_DAYS, limit_of, sensitivity
from cxagent.quality.rates import Matched, matched

DAY, LONG_ENOUGH = 86_400, 60
"""After how many days it can be told how many audits a cell sees in a year."""
ROUTES = ("handoff", "draft", "act")
TOGETHER = 3


class CellReport(Value):
    """Where a cell stands, on what evidence, and what it still needs; `proven` where its test has succeeded.

    `blind` audits of what the machine would do alone, `agreed` and `grave` among them, are of all time; `certified` and
    `lost` are what the running test holds. `needed` is how many more clean audits would carry it one level up; None
    where there is no level above, or no honest number. `beyond_reach` says so, with the arithmetic, where a year brings
    too few audits to certify it at all.
    """

    intent: Text
    segment: Text
    version: Text
    level: Level
    latitude: Autonomy
    halted: bool
    reason: Text
    since: Text
    lease_until: Text | None
    blind: int
    agreed: int
    grave: int
    wrong_at_most: float
    certified: int
    lost: float
    theta: float
    needed: int | None
    threshold: Text
    attempt: int
    proven: bool
    beyond_reach: Text | None


class Unsafe(Value):
    """Grave errors among blind audits of what went out alone, with the one-sided 95 % upper bound of their rate."""

    count: int
    of: int
    upper: float


class Reviewers(Value):
    """How well people look: planted drafts caught, and how far two people want the same without knowing of each other.

    `caught_at_least` is the one-sided 95 % lower bound that the ladder counts with.
    """

    planted: int
    caught: int
    caught_at_least: float | None
    pairs: int
    agreement: float | None
    ac1: float | None


class Month(Value):
    """One month of reliability: how often people agreed, and how often several in a row would all have been right.

    `all_of_three` is the chance that three audited decisions of the month, drawn at random, were all right (pass^3).
    """

    month: Text
    blind: int
    value: float | None
    low: float
    high: float
    all_of_three: float | None
    grave: int
    repairs: int


class Quality(Value):
    """Everything that `cxagent quality` says."""

    as_of: Instant
    match_rate: Matched
    segments: tuple[Matched, ...]
    intents: tuple[Matched, ...]
    months: tuple[Month, ...]
    drafts_as_they_were: Matched
    unsafe: Unsafe
    reviewers: Reviewers
    cells: tuple[CellReport, ...]
    promotions: tuple[dict[str, Any], ...]
    incidents: tuple[dict[str, Any], ...]
    changes: tuple[dict[str, Any], ...]


def report(connection: Connection, playbook: Playbook, version: str, now: datetime) -> Quality:
    """Return how the machine decides, as the record has it; `version` is that of the agent that runs now."""
    of, agreed = match_rates.of_drafts(connection)
    shown = wilson(agreed, of)
    audited = match_rates.of_cells(connection)
    acted = [one for one in audited if one.went == "act"]
    count, alone = sum(one.grave for one in acted), sum(one.blind for one in acted)
    repaired = quality_rows.repaired(connection)
    return Quality(
        as_of=now,
        match_rate=matched(match_rates.whole(connection)),
        segments=tuple(matched(one) for one in match_rates.sums(connection, "segment")),
        intents=tuple(matched(one) for one in match_rates.sums(connection, "intent")),
        months=_months(match_rates.sums(connection, "month"), repaired),
        drafts_as_they_were=Matched(
            name="drafts",
            value=shown.value if of else None,
            low=shown.low,
            high=shown.high,
            n=of,
            agreed=agreed,
            of_groups=0,
            method="Wilson 95 %; reviewers saw the draft, so this certifies nothing",
        ),
        unsafe=Unsafe(count=count, of=alone, upper=upper_bound(count, alone) if alone else 1.0),
        reviewers=reviewers(connection, now),
        cells=standings(connection, playbook, version, audited, now),
        promotions=tuple(_evidence(row) for row in quality_rows.open_promotions(connection)),
        incidents=tuple(dict(row) for row in quality_rows.open_incidents(connection)),
        changes=tuple(_change(row) for row in quality_rows.moves(connection)),
    )


def reviewers(connection: Connection, now: datetime) -> Reviewers:
    """Return how well people look."""
    seen = sensitivity(connection, now)
    pairs = quality_rows.twice(connection, (now - timedelta(days=CATCH_DAYS)).isoformat())
    table = [[sum(p.often for p in pairs if {p.first, p.second} == {a, b}) for b in ROUTES] for a in ROUTES]
    # Each pair of different routes stands in both corners, so that neither person counts as the one who is right.
    for place in range(len(ROUTES)):
        table[place][place] *= 2
    found = agreement(table)
    return Reviewers(
        planted=seen.planted,
        caught=seen.caught,
        caught_at_least=None if seen.at_least is None else round(seen.at_least, 4),
        pairs=sum(pair.often for pair in pairs),
        agreement=found.raw,
        ac1=found.ac1,
    )


def standings(
    connection: Connection, playbook: Playbook, version: str, audited: Sequence[OfCell], now: datetime
) -> tuple[CellReport, ...]:
    """Return where every cell stands: that of the version that runs now, else of the latest one that has a record."""
    blind: dict[tuple[str, str, str], list[OfCell]] = {}
    for looked in audited:
        blind.setdefault((looked.intent, looked.segment, looked.version), []).append(looked)
    current = cells.current(cells.all_of_them(connection), version)
    return tuple(_standing(playbook, one, blind.get(one.key, ()), now) for _, one in sorted(current.items()))


def _standing(playbook: Playbook, one: Standing, audited: Sequence[OfCell], now: datetime) -> CellReport:
    blind, agreed, track = sum(found.blind for found in audited), sum(found.agreed for found in audited), one.track
    limit, terms, level = limit_of(playbook, one.intent, one.segment), playbook.latitude, track.level
    needed = None
    if level < Level.ALONE and not track.halted:
        needed = promotion.still_needed(track.capital, track.theta, terms.risk, track.attempt)
    return CellReport(
        intent=one.intent,
        segment=one.segment,
        version=one.version,
        level=level,
        latitude=level.cap,
        halted=track.halted,
        reason=one.why,
        since=one.since,
        lease_until=one.lease_until,
        blind=blind,
        agreed=agreed,
        grave=sum(found.grave for found in audited),
        wrong_at_most=upper_bound(blind - agreed, blind) if blind else 1.0,
        certified=track.certified,
        lost=round(track.lost, 4),
        theta=round(track.theta, 6),
        needed=needed,
        threshold=limit.said,
        attempt=track.attempt,
        proven=promotion.earned(track.capital, terms.risk, track.attempt),
        beyond_reach=_beyond_reach(blind, one.began_at, now, limit, terms.risk) if level < Level.ALONE else None,
    )


def _beyond_reach(blind: int, began_at: str, now: datetime, limit: Threshold, risk: float) -> str | None:
    """Say that a year brings too few audits for any valid test, where the cell has been seen long enough to tell."""
    days = (now - datetime.fromisoformat(began_at)).total_seconds() / DAY
    if days < LONG_ENOUGH:
        return None
    a_year = blind / days * 365
    if certifiable(limit.theta, risk, a_year):
        return None
    return (
        f"no honest amount of evidence certifies it: that takes {limit.clean:,} clean audits for a loss below "
        f"{limit.theta:.2%}, and a year brings about {a_year:,.0f}"
    )


def _months(sums: Sequence[Sums], repaired: Mapping[str, int]) -> tuple[Month, ...]:
    """Return the months in which anything was audited or repaired, in order."""
    audited = {one.name: one for one in sums}
    return tuple(_month(name, audited.get(name), repaired.get(name, 0)) for name in sorted({*audited, *repaired}))


def _month(name: str, one: Sums | None, repairs: int) -> Month:
    found = matched(one)
    return Month(
        month=name,
        blind=found.n,
        value=found.value,
        low=found.low,
        high=found.high,
        all_of_three=round(pass_k(found.agreed, found.n, TOGETHER), 4) if found.n >= TOGETHER else None,
        grave=one.grave if one else 0,
        repairs=repairs,
    )


def _change(row: Any) -> dict[str, Any]:
    said = {name: row[name] for name in ("intent", "segment", "version", "kind", "why", "by", "at")}
    cases = tuple(row["cases"].split()) if row["cases"] else ()
    return {**said, "before": Level(row["before"]).word, "after": Level(row["after"]).word, "cases": cases}


def _evidence(row: Any) -> dict[str, Any]:
    held = json.loads(row["evidence"])
    # Logarithms are for arithmetic; people read how many times the stake the bets have become.
    held |= {"times": math.exp(held["capital"]), "times_needed": math.exp(held["needed"])}
    return {**row, "evidence": held}


def as_contract(found: Quality) -> dict[str, Any]:
    """Return the report as `cxagent quality --json` prints it."""
    said = found.model_dump(mode="json")
    said["cells"] = [_cell(one) for one in said["cells"]]
    return said


_EVIDENCE: Sequence[str] = (
    *("blind", "agreed", "grave", "wrong_at_most", "certified", "lost", "theta", "needed", "threshold", "attempt"),
    *("proven", "beyond_reach"),
)


def _cell(one: dict[str, Any]) -> dict[str, Any]:
    evidence = {name: one.pop(name) for name in _EVIDENCE}
    return {**one, "level": Level(one["level"]).word, "evidence": evidence}


__all__ = ["CellReport", "Month", "Quality", "Reviewers", "Unsafe", "as_contract", "report", "reviewers"]
