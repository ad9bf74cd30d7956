"""Patterns: where people disagree far more often than elsewhere, in plain words, with a change that would help.

A pattern is an intent together with up to two conditions (segment, tier, at risk, in the renewal window, how it went)
in which disagreement is more frequent than in all other cases by an exact one-sided binomial test, corrected for all
combinations that were looked at (Holm 1979). The most telling one is taken first, and what it explains is set aside.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations
from statistics import median
from typing import Any, NamedTuple

from cxagent.domain.money import Money, read_amount
from cxagent.domain.review import amount_of
from cxagent.domain.value import Text, Value
from cxagent.domain.vocabulary import EffectClass
from cxagent.intervals import at_least
from cxagent.ledger import disagreements, match_rates
from cxagent.ledger.disagreements import Instead
from cxagent.ledger.match_rates import OfKind
from cxagent.ledger.store import Connection
from cxagent.playbook import Playbook

DAYS = 180
FEWEST, MOST_PATTERNS, LOOKED_AT = 3, 10, 50
SURE = 0.05
LOWER = {"act": "draft", "draft": "handoff"}
WORDS = {
    "smb": "small business accounts",
    "mid_market": "mid-market accounts",
    "enterprise": "enterprise accounts",
    "strategic": "strategic accounts",
    "low_clv": "of small value",
    "mid": "of mid value",
    "high": "of high value",
    "at_risk": "at risk",
    "in_window": "in the renewal window",
    "act": "answered alone",
    "draft": "drafted for a person",
    "handoff": "handed over",
}


class Pattern(Value):
    """Where people disagree: the conditions, the counts, what is at stake, what they do, and a change that may help.

    `change` are lines of the playbook by path with their new values, empty where no line says it; `advice` says what
    to do then. `chance` is how often so many disagreements would come together by chance, corrected.
    """

    intent: Text
    conditions: tuple[Text, ...]
    said: Text
    against: int
    of: int
    elsewhere: float
    chance: float
    stake: Text
    accounts: int
    does: Text
    reasons: dict[str, int]
    cases: tuple[Text, ...]
    change: dict[str, Text]
    advice: Text


_Kind = tuple[str, frozenset[str]]
"""An intent, and the conditions under which it is looked at."""


class _Candidate(NamedTuple):
    intent: str
    conditions: frozenset[str]
    against: int
    of: int
    elsewhere: float
    chance: float


def patterns(connection: Connection, playbook: Playbook, now: datetime, days: int = DAYS) -> tuple[Pattern, ...]:
    """Return the patterns in the disagreements of the months since some days ago, the most telling first."""
    since = f"{now - timedelta(days=days):%Y-%m}"
    left = match_rates.of_kinds(connection, since)
    found: list[Pattern] = []
    while len(found) < MOST_PATTERNS and (best := _most_telling(left)) is not None:
        found.append(_told(connection, playbook, best, since))
        left = [one for one in left if not _holds(one, best.intent, best.conditions)]
    return tuple(found)


def _facts(one: OfKind) -> frozenset[str]:
    return one.traits | {one.segment, one.went}


def _holds(one: OfKind, intent: str, conditions: frozenset[str]) -> bool:
    return one.intent == intent and conditions <= _facts(one)


def _most_telling(tallies: Sequence[OfKind]) -> _Candidate | None:
    """Return the combination whose disagreements are the least likely to have come together by chance."""
    count, against = sum(one.seen for one in tallies), sum(one.against for one in tallies)
    looked = {kind: sums for kind, sums in _combined(tallies).items() if sums[1]}
    best: _Candidate | None = None
    for (intent, conditions), (of, wrong) in sorted(looked.items(), key=_in_order):
        elsewhere = min(0.5, (against - wrong + 0.5) / (count - of + 1))
        if wrong < FEWEST or wrong <= of * elsewhere:
            continue
        chance = len(looked) * at_least(wrong, of, elsewhere)
        if chance <= SURE and (best is None or (chance, of) < (best.chance, best.of)):
            best = _Candidate(intent, conditions, wrong, of, elsewhere, chance)
    return best


def _combined(tallies: Sequence[OfKind]) -> dict[_Kind, tuple[int, int]]:
    """Return for every intent with up to two conditions how many findings there are, and how many disagree."""
    found: dict[_Kind, tuple[int, int]] = {}
    for one in tallies:
        facts = sorted(_facts(one))
        for kind in ((one.intent, frozenset(some)) for size in range(3) for some in combinations(facts, size)):
            seen, against = found.get(kind, (0, 0))
            found[kind] = (seen + one.seen, against + one.against)
    return found


def _in_order(item: tuple[_Kind, tuple[int, int]]) -> tuple[str, int, list[str]]:
    (intent, conditions), _ = item
    return intent, len(conditions), sorted(conditions)


def _told(connection: Connection, playbook: Playbook, found: _Candidate, since: str) -> Pattern:
    rows = [row for row in disagreements.against(connection, found.intent, since) if _row_holds(row, found.conditions)]
    did = [one for row in rows[:LOOKED_AT] if (one := disagreements.instead(connection, row["decision_id"]))]
    ratio, does = _does(did, rows)
    stakes = {row["root_id"]: amount_of(row["stake"] or "") for row in rows}
    known = [stake for stake in stakes.values() if stake.is_finite()]
    total = Money(amount=sum(known, Decimal(0)), currency=playbook.currency)
    shared = frozenset.intersection(*(frozenset(row["traits"].split()) for row in rows))
    change = change_for(playbook, found.intent, found.conditions | shared, ratio)
    where = " ".join(WORDS.get(one, one.replace("_", " ")) for one in _ordered(found.conditions))
    what = found.intent.replace("_", " ").capitalize()
    said = f"{what}{': ' + where if where else ''}: people {does}, {found.against} of {found.of}, {total} touched"
    return Pattern(
        intent=found.intent,
        conditions=tuple(_ordered(found.conditions)),
        said=said,
        against=found.against,
        of=found.of,
        elsewhere=round(found.elsewhere, 4),
        chance=min(1.0, found.chance),
        stake=str(total),
        accounts=len(stakes),
        does=does,
        reasons=dict(Counter(code for row in rows for code in row["reasons"].split()).most_common()),
        cases=tuple(row["decision_id"] for row in rows[:LOOKED_AT]),
        change=change,
        advice="" if change else f"no limit says this; the guidance for {found.intent.replace('_', ' ')} can",
    )


def _row_holds(row: Mapping[str, Any], conditions: frozenset[str]) -> bool:
    return conditions <= {*row["traits"].split(), row["segment"], row["went"]}


def _ordered(conditions: frozenset[str]) -> list[str]:
    places = list(WORDS)
    return sorted(conditions, key=lambda one: (places.index(one) if one in WORDS else len(places), one))


def _does(did: Sequence[Instead], rows: Sequence[Mapping[str, Any]]) -> tuple[float | None, str]:
    """Return by which factor people change the amount, at the median, and what they do in words."""
    ratios = [ratio for one in did for ratio in _ratios(one)]
    if len(ratios) >= FEWEST and len(ratios) * 2 >= len(did):
        middle = median(ratios)
        if 0.45 <= middle <= 0.55:
            return middle, "halve the amount"
        if middle != 1:
            return middle, f"{'lower' if middle < 1 else 'raise'} the amount to {middle:.0%} of what was proposed"
    verdicts = Counter(one.verdict for one in did)
    verdicts.update(f"wanted {row['wanted']}" for row in rows if row["wanted"] and row["wanted"] != row["went"])
    most = verdicts.most_common(1)
    said = {
        "reject": "do not send it",
        "edit": "change it",
        "respond": "write something else",
        "wanted draft": "want to see it before it goes",
        "wanted handoff": "want to answer it themselves",
        "wanted act": "would let it go alone",
    }
    return None, said.get(most[0][0], "disagree") if most else "disagree"


def _ratios(one: Instead) -> Iterator[float]:
    """Yield by which factor each amount was changed, where the same tool was called with another amount."""
    for ours, theirs in zip(one.proposed, one.done, strict=False):
        if ours["tool"] != theirs["tool"]:
            continue
        for name, value in ours["args"].items():
            before, after = read_amount(value), read_amount(theirs["args"].get(name))
            if before and after is not None and before != after:
                yield float(after / before)


def change_for(
    playbook: Playbook, intent: str, conditions: frozenset[str], ratio: float | None = None
) -> dict[str, str]:
    """Return the narrowest line of the playbook that would have sent these cases to a person, one step lower.

    Where people give less than the machine, and the limit is one of money, the limit is lowered by as much.
    """
    entry = playbook.intents.get(intent)
    tier = next((one for one in ("low_clv", "mid", "high") if one in conditions), None)
    column = "at_risk" if "at_risk" in conditions else tier
    if entry is None or column is None:
        return {}
    limit = getattr(playbook.money.per_action, column)
    if entry.effect == EffectClass.FINANCIAL and ratio is not None and 0 < ratio < 1 and limit > 0:
        return {f"money.per_action.{column}": str(int(limit * Decimal(str(round(ratio, 2)))))}
    lowered = playbook.in_window.get(entry.matter or entry.effect.value)
    if "in_window" in conditions and lowered is not None and column in lowered.model_fields_set:
        now = getattr(lowered, column).value
        return {f"in_window.{entry.matter or entry.effect.value}.{column}": LOWER[now]} if now in LOWER else {}
    table, row = ("matters", entry.matter) if entry.matter else ("ceilings", entry.effect.value)
    now = getattr(getattr(playbook, table)[row], column).value
    return {f"{table}.{row}.{column}": LOWER[now]} if now in LOWER else {}
