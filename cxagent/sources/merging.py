"""Several documents of one account become one: the first source in order wins, and a difference is a mismatch."""

from collections.abc import Sequence
from typing import Any

from cxagent.domain.account import Account, Mismatch
from cxagent.domain.value import canonical
from cxagent.domain.vocabulary import SourceName

_SHOWN = 200
"""How many characters of a value a mismatch quotes."""

Named = tuple[str, Account]


def merge(documents: Sequence[Named]) -> tuple[Account, tuple[Mismatch, ...]]:
    """Return one document out of several (source name, document), and what they contradict each other on."""
    (first, merged), *others = documents
    given = {section: first for section in SourceName if merged.section(section) is not None}
    changes: dict[str, Any] = {}
    found: list[Mismatch] = []
    for name, other in others:
        held = merged.model_copy(update=changes) if changes else merged
        for section in SourceName:
            new, old = other.section(section), held.section(section)
            if new is None:
                continue
            if old is None:
                changes[section.value], given[section] = new, name
                continue
            found += _differences(merged.id, section.value, (given[section], dict(old)), (name, dict(new)))
        tops = (first, _top(held)), (name, _top(other))
        found += _differences(merged.id, "account", *tops)
        if held.parent_id is None and other.parent_id is not None:
            changes["parent_id"] = other.parent_id
        if held.name == held.id != other.name:
            changes["name"] = other.name
    return (merged.model_copy(update=changes) if changes else merged), tuple(found)


def _top(account: Account) -> dict[str, Any]:
    # A source that knows no name uses the id; that is no contradiction.
    return {"name": account.name if account.name != account.id else None, "parent_id": account.parent_id}


def _differences(
    account_id: str, where: str, left: tuple[str, dict[str, Any]], right: tuple[str, dict[str, Any]]
) -> list[Mismatch]:
    """Return a mismatch for every field that both know and know differently; ages and names may differ freely."""
    found = []
    for field, one in left[1].items():
        other = right[1].get(field)
        if field == "as_of" or one is None or other is None or _same(one, other):
            continue
        found.append(
            Mismatch(
                check=f"{where}.{field}",
                account_id=account_id,
                left=f"{left[0]}: {_shown(one)}",
                right=f"{right[0]}: {_shown(other)}",
                material=(where, field) != ("account", "name"),
            )
        )
    return found


def _same(one: Any, other: Any) -> bool:
    """Whether two values say the same; the order of a list says nothing."""
    if one == other:
        return True
    if isinstance(one, tuple) and isinstance(other, tuple):
        return sorted(map(canonical, one)) == sorted(map(canonical, other))
    return False


def _shown(value: Any) -> str:
    text = canonical(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
