"""The lines of a playbook that a business lead may change from a page: path, label, kind and what it says now."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from cxagent.differences import flat
from cxagent.domain.value import Text, Value
from cxagent.errors import BadInput
from cxagent.playbook import Playbook

Kind = Literal["money", "days", "hours", "whole", "share", "number", "autonomy"]
COLUMNS = {"low_clv": "small", "mid": "mid", "high": "high value", "at_risk": "at risk"}
AUTONOMY = {"act": "alone", "draft": "with approval", "handoff": "by a person"}
LONGEST = 20

_TABLES = {
    "ceilings": "What may be done",
    "matters": "Finer than a class",
    "tools": "One tool below its class",
    "signals": "What the wording does",
}
_SHAKY: dict[str, tuple[Kind, str]] = {
    "health_below": ("whole", "health under this counts as at risk"),
    "sla_breach_days": ("days", "an SLA breach counts for this many days"),
    "sponsor_change_days": ("days", "a change of the sponsor counts for this many days"),
    "usage_drop": ("share", "usage fallen by this share in 90 days (0.40 is 40 %)"),
    "champion_unseen_days": ("days", "a champion not seen for this many days"),
    "trust_half_life_days": ("days", "a breach of trust is half forgotten after this many days"),
    "trust_breach_above": ("number", "what is left of a breach counts above this (a fresh major one is 1)"),
}


class Limit(Value):
    """One line that may be changed: where it stands, what it means, how it is written, and what it says now."""

    path: Text
    group: Text
    label: Text
    kind: Kind
    value: Text
    row: Text = ""
    column: Text = ""


def limits(playbook: Playbook) -> tuple[Limit, ...]:
    """Return every line that a page may change, in the order of the playbook; all others are an engineer's."""
    said = flat(playbook)
    found = (*_value(playbook), *_rows(playbook), *_window(playbook), *_moments(playbook), *_people(playbook))
    return tuple(Limit(**line, value=str(said[line["path"]])) for line in found)


Line = dict[str, Any]


def _line(group: str, path: str, kind: Kind, label: str, **more: str) -> Line:
    return {"group": group, "path": path, "kind": kind, "label": label, **more}


def _value(book: Playbook) -> Iterator[Line]:
    money, tiers = "Money given alone", "How value becomes a tier"
    for name, what in (("per_action", "for one action"), ("rolling", f"in {book.money.rolling_days} days, the group")):
        for column, words in COLUMNS.items():
            path = f"money.{name}.{column}"
            yield _line(money, path, "money", f"{what}: {words}", row=what, column=column)
    yield _line(money, "money.rolling_days", "days", "the days over which money adds up")
    yield _line(tiers, "tiers.low_clv_up_to", "money", "an account counts as small up to this value")
    yield _line(tiers, "tiers.mid_up_to", "money", "an account counts as mid up to this value")


def _rows(book: Playbook) -> Iterator[Line]:
    for table, group in _TABLES.items():
        for key in getattr(book, table):
            row = str(key).replace("_", " ")
            for column, words in COLUMNS.items():
                path = f"{table}.{key}.{column}"
                yield _line(group, path, "autonomy", f"{row}: {words}", row=row, column=column)


def _window(book: Playbook) -> Iterator[Line]:
    """Yield what the window lowers, where the file says so: a column that is left out has no value to replace."""
    for key, lowered in book.in_window.items():
        for column, words in COLUMNS.items():
            if column in lowered.model_fields_set:
                row = key.replace("_", " ")
                path = f"in_window.{key}.{column}"
                yield _line("Inside the renewal window", path, "autonomy", f"{row}: {words}", row=row, column=column)


def _moments(book: Playbook) -> Iterator[Line]:
    for segment in book.renewal_window_days:
        label = f"{segment.replace('_', ' ')}: days before the notice deadline"
        yield _line("When the renewal window opens", f"renewal_window_days.{segment}", "days", label)
    for name, (kind, label) in _SHAKY.items():
        yield _line("When an account counts as at risk", f"at_risk.{name}", kind, label)
    for source in book.freshness:
        for name, what in (("warn", "shown as old after"), ("error", "a person looks after")):
            label = f"{source}: {what} (days)"
            yield _line("How old a fact may be", f"freshness.{source}.{name}", "days", label)


def _people(book: Playbook) -> Iterator[Line]:
    sure, who = "How sure the machine must be", "Who signs, by when"
    yield _line(sure, "confidence_floor", "share", "the model must be at least this sure (0 to 1)")
    yield _line(sure, "doubt_ceiling", "share", "a message may look doubtful up to this (0 to 1)")
    for step in book.sign_off:
        if step.up_to is not None:
            label = f"the {step.role.replace('_', ' ')} signs up to"
            yield _line(who, f"sign_off.{step.role}.up_to", "money", label)
    yield _line(who, "executive_stake_above", "money", "the executive signs money or terms above this value at stake")
    yield _line(who, "four_eyes_from", "money", "two people approve from this amount on")
    for tier in book.deadline_hours:
        label = f"{COLUMNS[tier]}: hours until a person has answered"
        yield _line(who, f"deadline_hours.{tier}", "hours", label)


def typed(known: Mapping[str, Limit], changes: Mapping[str, str]) -> dict[str, str]:
    """Return what really changes, as the file writes it; `BadInput` names the line whose value cannot be read."""
    found: dict[str, str] = {}
    for path, raw in changes.items():
        if path not in known:
            raise BadInput("is not a line that can be changed from a page; an engineer changes the file", where=path)
        limit = known[path]
        written = _read(limit, raw.strip())
        if written != limit.value and not _same_number(limit, written):
            found[path] = written
    return found


def _read(limit: Limit, raw: str) -> str:
    where = f"{limit.group}, {limit.label}"
    if limit.kind == "autonomy":
        if raw not in AUTONOMY:
            raise BadInput(f"{raw!r} is none of {', '.join(AUTONOMY)}", where=where)
        return raw
    number = _number(raw, where)
    if limit.kind in ("days", "hours", "whole") and number != number.to_integral_value():
        raise BadInput(f"{raw!r} must be a whole number", where=where)
    if limit.kind == "share" and number > 1:
        raise BadInput(f"{raw!r} must lie between 0 and 1; 40 % is 0.40", where=where)
    return format(number, "f")


def _number(raw: str, where: str) -> Decimal:
    try:
        number = Decimal(raw) if len(raw) <= LONGEST and raw.isascii() and "_" not in raw else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number < 0:
        raise BadInput(
            f"{raw[:LONGEST]!r} is no amount; write it without separators, such as 1500 or 0.40", where=where
        )
    if number.adjusted() > LONGEST or number.adjusted() < -LONGEST:
        raise BadInput(f"{raw!r} is no figure that anybody means", where=where)
    return number


def _same_number(limit: Limit, written: str) -> bool:
    return limit.kind != "autonomy" and Decimal(written) == Decimal(limit.value)
