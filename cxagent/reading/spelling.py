"""Undo spellings that hide a word: letters set apart, digits for letters, one slip of the pen in a telling word."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

_TELLING = """
    ignore ignoring disregard previous instruction instructions override system assistant developer prompt
    unacceptable disappointed disappointing dissatisfied unsatisfied terrible horrible frustrated complaint complain
    competitor competitors alternative alternatives provider supplier cancelling terminate termination lawyer
    attorney solicitor lawsuit refund insolvent insolvency bankrupt bankruptcy promised guarantee guaranteed
    authorise authorize authorised authorized approved accountant password ridiculous supervisor representative
"""
"""Words worth a second look; a slip inside one of them would else hide a signal."""
_PLAIN_WORDS = "admin your rules you are all role owner approve guidelines restrictions limits credit"
_PLAIN = frozenset(_PLAIN_WORDS.split())
_APART = re.compile(r"(?<![^\W_])(?:[^\W\d_][ .*_-]){3,}[^\W\d_](?![^\W_])")
_SINGLES = re.compile(r"(?:[ .*_-][^\W\d_]){3}(?![^\W_])")
_GAP = re.compile(r"[ .*_-]")
_LEET = str.maketrans("0134578@$", "oieastbas")
_MIXED = re.compile(r"[a-z@$]*(?:[a-z][013457$@]|[013457$@][a-z])[a-z0-9@$]*", re.IGNORECASE)
_DIGIT = re.compile(r"[0134578$@]")
_HAS_MIXED = re.compile(r"[A-Za-z][0134578$@][A-Za-z]|(?<!\w)[013457$@][A-Za-z]{4}")
_SHORTEST, _LONGEST = 6, 16
_REMEMBERED = 16_384


def respelled(text: str) -> str:
    """Return a visible text with letters set apart joined, and digits in telling words replaced by letters."""
    if _SINGLES.search(text):
        text = _APART.sub(lambda run: _GAP.sub("", run[0]), text)
    if _DIGIT.search(text) and _HAS_MIXED.search(text):
        text = _MIXED.sub(_lettered, text)
    return text


def righted(line: str) -> str:
    """Return a plain line with the slips in its telling words put right."""
    words = line.split(" ")
    slips = {word: right for word in words if (right := _righted(word))}
    return " ".join([slips.get(word, word) for word in words]) if slips else line


def _lettered(match: re.Match[str]) -> str:
    """Put letters for the digits of a word, where that makes a telling word."""
    word = match[0].lower().translate(_LEET)
    return word if word in _PLAIN or word in _telling() else match[0]


@lru_cache(_REMEMBERED)
def _righted(word: str) -> str | None:
    """Return the telling word that this one misses by one letter inside it, if there is one."""
    if not (_SHORTEST <= len(word) <= _LONGEST and word.isalpha()) or word in _telling():
        return None
    for short in (word, *_shorter(word)):
        for right in _slips().get(short, ()):
            if right[0] == word[0] and right[-1] == word[-1] and _one_slip(word, right):
                return right
    return None


def _one_slip(word: str, right: str) -> bool:
    """Tell whether two words of about one length differ by one letter, or by two neighbours swapped."""
    if len(word) != len(right):
        return abs(len(word) - len(right)) == 1
    wrong = [place for place, letter in enumerate(word) if letter != right[place]]
    if len(wrong) == 2:
        first, second = wrong
        return second == first + 1 and (word[first], word[second]) == (right[second], right[first])
    return len(wrong) == 1


def _shorter(word: str) -> Iterator[str]:
    """Return the word without each of its inner letters in turn."""
    for place in range(1, len(word) - 1):
        yield word[:place] + word[place + 1 :]


@cache
def _telling() -> frozenset[str]:
    return frozenset(_TELLING.split())


@cache
def _slips() -> dict[str, tuple[str, ...]]:
    """File every telling word under itself and under each spelling that lacks one inner letter."""
    filed: dict[str, tuple[str, ...]] = {}
    for word in sorted(_telling()):
        if len(word) >= _SHORTEST:
            for short in (word, *_shorter(word)):
                filed[short] = (*filed.get(short, ()), word)
    return filed
