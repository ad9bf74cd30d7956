"""What can be seen in the lines themselves: no column rises, no limit grows, the ladder of signatures ascends."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise

from cxagent.domain.vocabulary import Segment, Tier
from cxagent.playbook import BESIDE, FullRow, Limits, Playbook
from cxagent.proof.findings import Finding, error, warning

COLUMNS = tuple(Tier)


def structure(playbook: Playbook, today: date | None) -> Iterator[Finding]:
    """Yield what is out of order in the lines of a playbook."""
    tables: Mapping[str, Mapping[str, FullRow]] = {
        "ceilings": {str(name): row for name, row in playbook.ceilings.items()},
        "matters": playbook.matters,
        "tools": playbook.tools,
        "signals": {str(name): row for name, row in playbook.signals.items()},
    }
    for table, rows in tables.items():
        for name, row in rows.items():
            yield from _columns(f"{table}.{name}", row)
    yield from _windows(playbook)
    yield from _columns("money.per_action", playbook.money.per_action)
    yield from _columns("money.rolling", playbook.money.rolling)
    yield from _both_limits(playbook)
    yield from _tiers(playbook)
    yield from _ladder(playbook)
    yield from _hours(playbook)
    yield from _dates(playbook, today)


def _columns(where: str, line: FullRow | Limits) -> Iterator[Finding]:
    """A higher tier never has more than its neighbour; the at-risk cell must be able to lower something."""
    for left, right in pairwise(COLUMNS):
        before, after = getattr(line, left), getattr(line, right)
        if after > before:
            yield error(f"{where}.{right}", f"{where} allows {after} for {right}, but only {before} for {left}")
    if line.at_risk > line.low_clv:
        yield error(
            f"{where}.at_risk",
            f"{where} writes {line.at_risk} for at_risk above {line.low_clv} for low_clv, so risk could never lower it",
        )
    elif line.at_risk > line.high:
        yield warning(
            f"{where}.at_risk",
            f"{where} lets a small account at risk have {line.at_risk}, a healthy high one {line.high}",
        )


def _windows(playbook: Playbook) -> Iterator[Finding]:
    """A line under `in_window` only lowers; a cell written above its base line would promise what it cannot give."""
    for name, row in playbook.in_window.items():
        base = playbook.matters.get(name) or next(
            (line for key, line in playbook.ceilings.items() if str(key) == name), None
        )
        for column in sorted(row.model_fields_set) if base else ():
            inside, outside = getattr(row, column), getattr(base, column)
            if inside > outside:
                yield error(
                    f"in_window.{name}.{column}",
                    f"in_window.{name} says {inside} for {column} where the line itself allows {outside};"
                    " an open window never gives more",
                )


def _both_limits(playbook: Playbook) -> Iterator[Finding]:
    money = playbook.money
    for column in (*COLUMNS, "at_risk"):
        one, all_ = getattr(money.per_action, column), getattr(money.rolling, column)
        if all_ < one:
            yield error(
                f"money.rolling.{column}",
                f"money.rolling.{column} ({all_}) lies under money.per_action.{column} ({one}), which could never bind",
            )


def _tiers(playbook: Playbook) -> Iterator[Finding]:
    tiers = playbook.tiers
    if tiers.low_clv_up_to > tiers.mid_up_to:
        yield error(
            "tiers.mid_up_to",
            f"mid ends at {tiers.mid_up_to}, below the end of low_clv at {tiers.low_clv_up_to}: nobody would be mid",
        )
    for left, right in pairwise(Segment):
        before, after = tiers.unknown_clv.get(left), tiers.unknown_clv.get(right)
        if before and after and after.rank < before.rank:
            yield error(
                f"tiers.unknown_clv.{right}",
                f"of unknown value, {right} counts as {after}, but the smaller {left} as {before}",
            )
        if left in tiers.always_high_segments and right not in tiers.always_high_segments:
            yield error("tiers.always_high_segments", f"{left} always counts as high, but the larger {right} does not")
        days, more = playbook.renewal_window_days.get(left, 0), playbook.renewal_window_days.get(right, 0)
        if more < days:
            yield warning(
                f"renewal_window_days.{right}",
                f"the window of {right} opens {more} days ahead, later than that of {left} with {days} days",
            )


def _ladder(playbook: Playbook) -> Iterator[Finding]:
    steps, people = playbook.sign_off, playbook.people
    for lower, upper in pairwise(steps):
        if lower.up_to is None or (upper.up_to is not None and upper.up_to <= lower.up_to):
            at = "without limit" if lower.up_to is None else f"up to {lower.up_to}"
            yield error(
                f"sign_off.{upper.role}", f"{lower.role} signs {at}, so {upper.role} after it could never be asked"
            )
    if steps[-1].up_to is not None:
        yield error(
            f"sign_off.{steps[-1].role}",
            f"nobody may sign more than {steps[-1].up_to}: the last step, {steps[-1].role}, must have no limit",
        )
    roles = [step.role for step in steps]
    for role in dict.fromkeys(roles):
        if roles.count(role) > 1:
            yield error(f"sign_off.{role}", f"{role} stands twice on the ladder")
        if not any(one.role == role for one in people):
            yield error(f"sign_off.{role}", f"no one under people is {role}, so nobody could sign")
    for one in people:
        if one.role not in (*roles, *BESIDE):
            beside = ", ".join(BESIDE)
            why = f"{one.name} is {one.role}, which is no step of sign_off and none of the roles beside it ({beside})"
            yield error(f"people.{one.name}", why)
    names = [" ".join(one.name.lower().split()) for one in people]
    for one in people:
        if names.count(" ".join(one.name.lower().split())) > 1:
            yield error(f"people.{one.name}", f"the name {one.name} stands twice under people")
    yield from _four_eyes(playbook)


def _four_eyes(playbook: Playbook) -> Iterator[Finding]:
    """Two signatures need two people whose rank is high enough for the amount."""
    start = playbook.four_eyes_from
    for rank, step in enumerate(playbook.sign_off):
        able = [one.name for one in playbook.people if playbook.rank_of(one.role) >= rank]
        if (step.up_to is None or step.up_to >= start) and len(able) < 2:
            who = f"only {able[0]} may" if able else "nobody may"
            yield warning(
                "four_eyes_from",
                f"what two people must sign as {step.role} can be rejected but never approved: {who} sign there",
            )


def _hours(playbook: Playbook) -> Iterator[Finding]:
    for left, right in pairwise(COLUMNS):
        before, after = playbook.deadline_hours.get(left, 0), playbook.deadline_hours.get(right, 0)
        if after > before:
            yield error(
                f"deadline_hours.{right}", f"a draft for {right} may wait {after} hours, for {left} only {before}"
            )
    for source, age in playbook.freshness.items():
        if age.warn > age.error:
            yield error(f"freshness.{source}", f"warn ({age.warn} days) lies beyond error ({age.error} days)")
    if playbook.confidence_floor == Decimal(0):
        yield warning("confidence_floor", "a floor of 0 never binds: an unsure proposer counts as sure")


def _dates(playbook: Playbook, today: date | None) -> Iterator[Finding]:
    if playbook.review_by <= playbook.effective:
        yield error(
            "review_by", f"the review by {playbook.review_by} does not follow the start on {playbook.effective}"
        )
    if today is None:
        return
    if playbook.effective > today:
        yield error("effective", f"the playbook takes effect on {playbook.effective}, after today, {today}")
    if playbook.review_by < today:
        yield warning("review_by", f"the review was due by {playbook.review_by}, today is {today}")
