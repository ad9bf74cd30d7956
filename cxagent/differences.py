"""Two playbooks compared by meaning: which line changed, from what to what, and whether that gives the machine more."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from cxagent.playbook import Playbook

Direction = Literal["loosens", "tightens", "changes"]

_NAMED = {"people": "name", "checks": "name", "sign_off": "role", "engagement": "account"}
"""Lists whose entries are told apart by a name, not by their place."""

_RANKS = {"handoff": 0, "draft": 1, "act": 2}
_TIERS = {"low_clv": 0, "mid": 1, "high": 2}
_MORE_IS_LOOSER = (
    *("money.per_action.*", "money.rolling.*", "tiers.low_clv_up_to", "tiers.mid_up_to"),
    *("at_risk.usage_drop", "at_risk.champion_unseen_days", "at_risk.trust_breach_above"),
    *("freshness.*.error", "repeated_from", "checks.*.tolerance", "doubt_ceiling"),
    *("sign_off.*.up_to", "executive_stake_above", "four_eyes_from", "authorization_minutes"),
    *("latitude.risk", "latitude.loss_at_most", "latitude.alarm_at", "latitude.lease_days", "latitude.learning.same_*"),
    *("latitude.learning.any_intent", "latitude.damage.*.minutes", "latitude.minute_costs"),
    *("value.discount", "value.prior.ln_a", "value.loss_budget.*"),
)
_MORE_IS_TIGHTER = (
    *("money.rolling_days", "renewal_window_days.*", "repeated_within_days", "confidence_floor"),
    *("at_risk.health_below", "at_risk.sla_breach_days", "at_risk.sponsor_change_days", "at_risk.trust_half_life_days"),
    *("latitude.audited.*", "latitude.mature_days", "latitude.lease_audits", "latitude.learning.half_life_days"),
    *("latitude.damage.*.leaves", "latitude.damage.*.direct", "latitude.future_value.*", "latitude.surfaced_within"),
    *("value.wrong.*", "value.prior.ln_b", "value.growth_years", "value.hold_out"),
)
_YES_IS_LOOSER = ("public_fact_exemption", "roles.*.*", "not_a_signal.*")
_YES_IS_TIGHTER = (
    *("required_facts.*", "tiers.always_high_segments.*", "tiers.always_high_flags.*", "ai_consents.*"),
    *("not_a_person.*", "checks.*.material", "intents.*.exit_topic", "intents.*.signal"),
    *("engagement.*.effects.*", "engagement.*.tools.*"),
)
_AUTONOMY = ("ceilings.*", "matters.*", "tools.*", "in_window.*", "signals.*", "flags.*", "engagement.*.cap")
_ABSENT_IS_ACT = ("tools.*", "in_window.*", "engagement.*.cap")


class Difference(NamedTuple):
    """One line that differs."""

    path: str
    old: str | None
    new: str | None
    direction: Direction


def differences(old: "Playbook", new: "Playbook") -> tuple[Difference, ...]:
    """Return every line of meaning that differs, in the order of the playbook."""
    before, after = flat(old), flat(new)
    found = []
    for path in dict.fromkeys((*before, *after)):
        absent = "act" if _any(path, _ABSENT_IS_ACT) else None
        was, now = before.get(path, absent), after.get(path, absent)
        if was != now:
            found.append(Difference(path, _text(was), _text(now), _direction(path, was, now)))
    return tuple(found)


def flat(book: "Playbook") -> dict[str, Any]:
    """Return a playbook as paths and plain values; the entries of a list are told apart by name."""
    return dict(_leaves("", book.model_dump(mode="json")))


def _leaves(path: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [leaf for key, item in value.items() for leaf in _leaves(f"{path}.{key}".lstrip("."), item)]
    if isinstance(value, list):
        return [leaf for key, item in _entries(path, value) for leaf in _leaves(f"{path}.{key}", item)]
    return [(path, value)]


def _entries(path: str, value: list[Any]) -> list[tuple[str, Any]]:
    """Return the entries of a list under names; a second entry of a name gets a number, a bare word is a yes."""
    named: dict[str, Any] = {}
    for item in value:
        is_table = isinstance(item, Mapping)
        name = str(item[_NAMED[path]]) if is_table and path in _NAMED else str(item)
        rest = {key: part for key, part in item.items() if key != _NAMED.get(path)} if is_table else True
        count = sum(known.partition("#")[0] == name for known in named)
        named[f"{name}#{count + 1}" if count else name] = rest
    return list(named.items())


def _direction(path: str, was: Any, now: Any) -> Direction:
    for patterns, rank, sign in _SCALES:
        if _any(path, patterns):
            before, after = rank(path, was), rank(path, now)
            if before is None or after is None or before == after:
                return "changes"
            return "loosens" if (after > before) == (sign > 0) else "tightens"
    return "changes"


def _number(path: str, value: Any) -> Decimal | None:
    if value is None:
        # The last step of the ladder has no amount because it has no limit.
        return Decimal("Infinity") if fnmatch(path, "sign_off.*.up_to") else None
    return Decimal(str(value))


def _yes(_path: str, value: Any) -> int:
    return 1 if value else 0


def _autonomy(_path: str, value: Any) -> int | None:
    return _RANKS.get(str(value))


def _tier(_path: str, value: Any) -> int | None:
    return _TIERS.get(str(value))


_SCALES: tuple[tuple[tuple[str, ...], Callable[[str, Any], Any], int], ...] = (
    (_AUTONOMY, _autonomy, 1),
    (_MORE_IS_LOOSER, _number, 1),
    (_MORE_IS_TIGHTER, _number, -1),
    (_YES_IS_LOOSER, _yes, 1),
    (_YES_IS_TIGHTER, _yes, -1),
    (("tiers.unknown_clv.*",), _tier, -1),
)
"""How a line is measured, and whether more of it gives the machine more (+1) or less (-1)."""


def _any(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(path, pattern) for pattern in patterns)


def _text(value: Any) -> str | None:
    return None if value is None else "yes" if value is True else "no" if value is False else str(value)
