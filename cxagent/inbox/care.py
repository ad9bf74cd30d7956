"""How carefully people review: time on the card, streaks, planted drafts caught, second opinions; for QA alone.

Nothing here decides about anybody: figures come with their intervals and counts, and a reviewer never sees them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from cxagent import clock
from cxagent.domain.value import Value
from cxagent.intervals import Rate, wilson
from cxagent.ledger import planted, reviewed
from cxagent.ledger.store import Connection

QUICK_SECONDS = 10
"""An approval sooner than this after the card was opened is flagged: nobody reads a card in that time."""


class Reviewer(Value):
    """How one person reviewed in some days.

    `quick` are approvals within `QUICK_SECONDS` of opening the card, `unseen` those of a card that was never opened.
    `streak` counts the approvals since their last other verdict. `caught` is the share of planted drafts that they kept
    from the customer.
    """

    name: str
    verdicts: dict[str, int]
    median_seconds: float | None
    quick: int
    unseen: int
    streak: int
    longest_streak: int
    caught: Rate
    planted: int


class Care(Value):
    """How reviewing went in some days.

    `waited_minutes` is the median from draft to verdict, `averted` how many drafts people did not send as they were:
    what the waiting bought. `agreement` is how often two people who audited one decision, neither of whom knew what
    the other said, said the same; `audited_twice` how many such decisions there are. `freed_hours` is what went alone,
    at the median time that people took for a card; None where nobody has yet.
    """

    days: int
    reviewers: tuple[Reviewer, ...]
    caught: Rate
    planted: int
    reasons: dict[str, int]
    severities: dict[str, int]
    waited_minutes: float | None
    waited_p90: float | None
    reviewed: int
    averted: int
    waiting: int
    late: int
    oldest: str | None
    agreement: Rate
    audited_twice: int
    alone: int
    hours_spent: dict[str, float]
    freed_hours: dict[str, float]


def care(connection: Connection, days: int = 30) -> Care:
    """Return how reviewing went in the last days."""
    since = (clock.now() - timedelta(days=days)).isoformat()
    reviews, alone = reviewed.reviews(connection, since), reviewed.alone(connection, since)
    traps = [row for row in planted.all_of_them(connection) if (row["answered_at"] or "") >= since]
    twice, waiting = reviewed.audited_twice(connection, since), reviewed.waiting(connection)
    waited = sorted(_minutes(row["created_at"], row["at"]) for row in reviews)
    names = sorted({row["by"] for row in reviews} | {row["reviewer"] for row in traps})
    return Care(
        days=days,
        reviewers=tuple(_reviewer(name, reviews, traps) for name in names),
        caught=wilson(sum(bool(row["caught"]) for row in traps), len(traps)),
        planted=len(traps),
        reasons=_counted(reviews, "reason"),
        severities=_counted(reviews, "severity"),
        waited_minutes=median(waited) if waited else None,
        waited_p90=waited[int(0.9 * (len(waited) - 1))] if waited else None,
        reviewed=len(reviews),
        averted=sum(row["verdict"] != "approve" for row in reviews),
        waiting=waiting.many,
        late=waiting.late,
        oldest=waiting.oldest,
        agreement=wilson(sum(twice), len(twice)),
        audited_twice=len(twice),
        alone=alone,
        hours_spent=_hours(reviews),
        freed_hours=_freed(reviews, alone),
    )


def _counted(rows: Iterable[dict[str, Any]], name: str) -> dict[str, int]:
    return dict(Counter(row[name] for row in rows if row[name]).most_common())


def _reviewer(name: str, reviews: Sequence[dict[str, Any]], traps: Sequence[dict[str, Any]]) -> Reviewer:
    own = [row for row in reviews if row["by"] == name]
    tried = [row for row in traps if row["reviewer"] == name]
    seconds = [row["seconds"] for row in own if row["seconds"] is not None]
    approved = [row for row in own if row["verdict"] == "approve" and row["via"] == "page"]
    now, longest = _streaks(row["verdict"] == "approve" for row in own)
    return Reviewer(
        name=name,
        verdicts=_counted(own, "verdict"),
        median_seconds=median(seconds) if seconds else None,
        quick=sum(row["seconds"] is not None and row["seconds"] < QUICK_SECONDS for row in approved),
        unseen=sum(row["seconds"] is None for row in approved),
        streak=now,
        longest_streak=longest,
        caught=wilson(sum(bool(row["caught"]) for row in tried), len(tried)),
        planted=len(tried),
    )


def _streaks(approved: Iterable[bool]) -> tuple[int, int]:
    """Return the approvals in a row at the end, and the most in a row."""
    run = longest = 0
    for one in approved:
        run = run + 1 if one else 0
        longest = max(longest, run)
    return run, longest


def _hours(reviews: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return the hours that people spent on cards, by the role that signed."""
    found: Counter[str] = Counter()
    for row in reviews:
        found[row["role"]] += row["seconds"] or 0
    return {role: round(seconds / 3600, 2) for role, seconds in found.most_common()}


def _freed(reviews: Sequence[dict[str, Any]], alone: int) -> dict[str, float]:
    """Return the hours that people did not spend on what went alone, by role: in proportion to what each signed.

    A ticket that went alone counts as the median time that a person had a card open. It is empty while nobody reviewed.
    """
    seconds = [row["seconds"] for row in reviews if row["seconds"] is not None]
    if not seconds:
        return {}
    each, share = median(seconds) / 3600, Counter(row["role"] for row in reviews)
    return {role: round(alone * each * many / len(reviews), 2) for role, many in share.most_common()}


def _minutes(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 60
