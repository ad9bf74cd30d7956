"""Two orders from two people about one thing in opposite directions."""

import re
from typing import NamedTuple

from cxagent.reading.stems import stem, stems
from cxagent.reading.wording import excerpt, plain, visible

_AXES = (
    (
        "cancel end terminate close stop drop quit discontinue",
        "keep kept continue renew maintain retain stay extend reinstate",
    ),
    (
        "add invite grant give given create include readmit let make reinstate unlock unblock reactivate allow",
        "remove revoke withdraw deactivate exclude kick drop take taken block lock ban bar deny refuse",
    ),
    (
        "upgrade increase raise add expand double more",
        "downgrade reduce decrease lower lowered cut remove drop shrink fewer less",
    ),
    ("delete erase wipe purge destroy remove", "keep kept retain restore preserve save archive"),
    ("pause suspend freeze hold", "resume unpause unfreeze continue restart reactivate"),
    ("enable activate unlock reactivate unblock allow open", "disable deactivate lock block suspend forbid close"),
    ("approve accept confirm pay sign", "reject decline refuse dispute withhold hold stop"),
    ("reset", "remove revoke withdraw deactivate exclude kick take taken ban"),
    ("migrate move switch transfer", "stay keep remain leave"),
)
_TURNS = {
    stem(verb): tuple(
        (axis, side) for axis, pair in enumerate(_AXES) for side in (0, 1) if verb in pair[side].split()
    )
    for verb in " ".join(side for pair in _AXES for side in pair).split()
}  # fmt: skip
_NEGATIONS = frozenset(["not", "never", "without", "instead", "no"])
_SAME = {
    stem(word): name
    for name, words in {
        "subscription": "subscription plan contract account licence agreement membership service",
        "seats": "seat seats licences licenses",
    }.items()
    for word in words.split()
}
_ROLES = "editor viewer admin member access user role owner colleague person login end month"
_WEAK = frozenset(map(stem, _ROLES.split()))


_REPORTING_WORDS = "request requested ask asked asks want wants wish wishes say says owner tell told order orders"
_REPORTED = frozenset(map(stem, _REPORTING_WORDS.split()))
"""How a summary tells of an order; not what the order is about."""
_TURNED = (
    (r"\bnot (?:want|wish|allow|like|let) ((?:[^ .?!]+ ){1,4}?)to ", r"\1to not "),
    (r"\bno (?:more |further |longer )?(access|login|rights|entry)\b", r"revoke \1"),
    (r"\b(?:keep|kept|leave|left|lock|shut) ((?:[^ .?!]+ ){0,4}?)out\b", r"exclude \1"),
    (r"\b(?:get|gets|have|has|gain|regain) ((?:[^ .?!]+ ){0,2}?)(access|rights|role)\b", r"grant \1\2"),
    (r"\bnot (?:to )?(?:be )?touch(?:ed)?\b", "keep"),
)
"""Ways to say a direction in more than one word, and the one word for it."""
_SUBSCRIPTION = frozenset(["subscription"])
_ASKING_HOW = re.compile(r"\b(?:how (?:do|can|to|would|could)|where (?:do|can|to)) ")


class _Order(NamedTuple):
    turns: frozenset[tuple[str | int, int]]
    objects: frozenset[str]


def opposite_orders(message: str, earlier: str) -> bool:
    """Tell whether one text orders what the other forbids or undoes, for an object both name."""
    here, there = _orders(message), _orders(earlier)
    return any(_opposed(one, other) for one in here for other in there)


def _opposed(one: _Order, other: _Order) -> bool:
    if not any((axis, 1 - side) in other.turns for axis, side in one.turns):
        return False
    strong, others = one.objects - _WEAK, other.objects - _WEAK
    if strong and others:
        return bool(strong & others)
    return not one.objects or not other.objects or bool(one.objects & other.objects)


def _orders(text: str) -> list[_Order]:
    """Return the orders of a text, sentence by sentence; a sentence without an object means the object of the text."""
    line = plain(visible(excerpt(text)))
    for several, one in _TURNED:
        line = re.sub(several, one, line)
    every = _objects(line.split(" "))
    found = []
    for sentence in line.replace("!", ".").replace("?", ".").split(" . "):
        words = sentence.split()
        if not _ASKING_HOW.search(f"{sentence} ") and (turns := _turns(words)):
            found.append(_Order(turns, _objects(words) or every or _implied(turns)))
    return found


def _turns(words: list[str]) -> frozenset[tuple[str | int, int]]:
    """Return each verb's direction on its axes, and the verb itself as an axis, so that a negated verb opposes it."""
    found: set[tuple[str | int, int]] = set()
    for place, word in enumerate(words):
        root = stem(word)
        if root in _TURNS:
            flipped = bool(_NEGATIONS.intersection(words[max(0, place - 3) : place]))
            found |= {(axis, side ^ flipped) for axis, side in _TURNS[root]} | {(root, int(flipped))}
    return frozenset(found)


def _implied(turns: frozenset[tuple[str | int, int]]) -> frozenset[str]:
    """Return what an order without an object is about: who just cancels, or stays, means the subscription."""
    return _SUBSCRIPTION if any(axis == 0 for axis, _ in turns) else frozenset()


def _objects(words: list[str]) -> frozenset[str]:
    """Return what the words are about; a mail address is also about the person whom it names."""
    words = words + [part for word in words if "@" in word for part in re.split(r"[._+-]", word.partition("@")[0])]
    named = {_SAME.get(stem(word), "") for word in words} - {""}
    return frozenset(named) | (stems(words) - _TURNS.keys() - _SAME.keys() - _REPORTED)
