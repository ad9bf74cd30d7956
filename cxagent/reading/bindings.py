"""The ways in which wordings bind us other than by a date, and a quick search for them by the words that open them."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from cxagent.reading.concessions import PRICE, ROADMAP, TERMS
from cxagent.reading.stances import APPROVAL, ASSURANCE, FAULT, REFUSAL


class Binding(StrEnum):
    """How a sentence binds us."""

    DATE = "date"
    ROADMAP = "roadmap"
    FAULT = "fault"
    TERMS = "terms"
    ASSURANCE = "assurance"
    PRICE = "price"
    REFUSAL = "refusal"
    APPROVAL = "approval"


_READINGS: dict[Binding, tuple[str, re.Pattern[str] | None]] = {
    Binding.ROADMAP: ROADMAP,
    Binding.FAULT: FAULT,
    Binding.TERMS: TERMS,
    Binding.ASSURANCE: ASSURANCE,
    Binding.PRICE: PRICE,
    Binding.REFUSAL: REFUSAL,
    Binding.APPROVAL: APPROVAL,
}


def _openings(tree: Iterable[tuple[Any, Any]]) -> tuple[set[str], set[str]]:
    """Return the letters with which a parsed pattern can begin: whole words, and beginnings that may go on."""
    whole: set[str] = set()
    going = {""}
    for op, value in tree:
        if str(op) == "AT":
            whole |= going - {""}
            going &= {""}
        if not going:
            break
        done, more = _piece(str(op), value)
        whole |= {start + end for start in going for end in done}
        going = {start + end for start in going for end in more}
    return whole, going


def _piece(op: str, value: Any) -> tuple[set[str], set[str]]:
    if op in ("AT", "ASSERT", "ASSERT_NOT"):
        return set(), {""}
    if op == "LITERAL":
        letter = chr(value)
        return (set(), {letter}) if letter.isalpha() or letter == "'" else ({_SIGNS.get(letter, " ")}, set())
    if op == "CATEGORY" and str(value) == "CATEGORY_DIGIT":
        return set("0123456789"), set()
    if op == "SUBPATTERN":
        return _openings(value[3])
    if op in ("BRANCH", "IN"):
        branches = [
            _openings(branch if op == "BRANCH" else [branch]) for branch in (value[1] if op == "BRANCH" else value)
        ]
        return {one for done, _ in branches for one in done}, {one for _, more in branches for one in more}
    if op in ("MAX_REPEAT", "MIN_REPEAT"):
        done, more = _openings(value[2])
        if value[1] != 1:
            done, more = done | {one + "*" for one in more}, set()
        return done, more | ({""} if value[0] == 0 else set())
    return {"*"}, set()


def _alternatives(pattern: str) -> Iterator[str]:
    """Yield the alternatives of a pattern: what its outermost bars part."""
    depth = start = at = 0
    while at < len(pattern):
        letter = pattern[at]
        at += 1 if letter == "\\" else 0
        depth += (letter in "([") - (letter in ")]")
        if letter == "|" and not depth:
            yield pattern[start:at]
            start = at + 1
        at += 1
    yield pattern[start:]


def _index() -> tuple[dict[str, tuple[tuple[Binding, re.Pattern[str]], ...]], dict[Binding, re.Pattern[str]]]:
    """Sort every wording under the words that can open it; those that anything may open stand apart."""
    by_word: dict[str, dict[Binding, list[str]]] = {}
    loose: dict[Binding, list[str]] = {}
    for kind, (says, _) in _READINGS.items():
        for wording in _alternatives(says):
            whole, going = _openings(_parser.parse(wording))
            words = {word.removesuffix(" ") for word in whole}
            if going or "" in words or any("*" in word for word in words):
                loose.setdefault(kind, []).append(wording)
                continue
            for word in words:
                by_word.setdefault(word, {}).setdefault(kind, []).append(wording)
    compiled: dict[str, re.Pattern[str]] = {}
    for kinds in by_word.values():
        for wordings in kinds.values():
            pattern = "|".join(wordings)
            compiled.setdefault(pattern, re.compile(pattern))
    return (
        {
            word: tuple((kind, compiled["|".join(wordings)]) for kind, wordings in kinds.items())
            for word, kinds in by_word.items()
        },
        {kind: re.compile("|".join(wordings)) for kind, wordings in loose.items()},
    )


_SIGNS = {sign: sign for sign in "0123456789$€£§"}
_OPENED, _LOOSE = _index()
_WORD = re.compile(r"(?<![a-z])[a-z]+(?:'[a-z]+)?|\d|[$€£§]")


def bound_by(sentence: str) -> frozenset[Binding]:
    """Return how a lower-case sentence binds us, dates apart."""
    found = {kind for kind, pattern in _LOOSE.items() if pattern.search(sentence)}
    for word in _WORD.finditer(sentence):
        opening = word[0]
        if "'" in opening:
            parts = _parts(opening, word.start())
        elif opening in _OPENED:
            parts = ((opening, word.start()),)
        else:
            continue
        for part, start in parts:
            for kind, pattern in _OPENED.get(part, ()):
                if kind not in found and pattern.match(sentence, start):
                    found.add(kind)
    return frozenset(kind for kind in found if not ((excuse := _READINGS[kind][1]) and excuse.search(sentence)))


def _parts(word: str, start: int) -> tuple[tuple[str, int], ...]:
    """Return a contraction and its parts, with their places: `can't`, `can`, `'t` and `n't`."""
    at = word.index("'")
    return (word, start), (word[:at], start), (word[at:], start + at), (word[at - 1 :], start + at - 1)
