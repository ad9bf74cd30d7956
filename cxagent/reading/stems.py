"""The words that carry meaning, cut to their stems, so that goals and promises are recognised in other forms."""

import re
from collections.abc import Iterable

_IDLE_WORDS = """
    a an the and or but if then than that this these those there here it its is are was were be been being am do
    does did done have has had having will would can could should shall may might must not no nor so as at by for
    from in into of off on onto out over to up with without within under about after before again all any both each
    every few more most other some such only own same too very just also still yet now how what when where which who
    whom why we us our ours you your yours he him his she her they them their i me my mine one ones per via please
    thank thanks hello hi dear get got give given make made take need want like let use used using user users go
    going come put set new old good know see look think say said tell told ask asked try help way thing things lot
    bit able sure well back quick part team people company customer account support work working time day days week
    weeks month months year years end today tomorrow yesterday morning hour hours minute first last next long much
    many right possible available plan deal page step system tool product service app question issue problem request
    answer everyone nothing anything we while because since until during between through down open start stop find
    show send change keep full s ve ll
"""
_IDLE = frozenset(_IDLE_WORDS.split())
_COMMON_WORDS = """
    export import report dashboard data invoice sync api integration feature updat fix project file seat bill credit
    price january february march april june july august september october november december summer spring autumn
    winter monday tuesday wednesday thursday friday saturday sunday call email access
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_LONGEST_FIRST = """
    isations izations isation ization ations ation ements ement ments ment ivity ings ions ing ion ive ies ied ise
    ize ers ed es er ly s e y
"""
_ENDINGS = tuple(_LONGEST_FIRST.split())
_WORDS = re.compile(r"[^\W\d_][\w]*")


def stem(word: str) -> str:
    """Cut the longest known ending off a lower-case word, and one of two equal last letters."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def stems(words: Iterable[str]) -> frozenset[str]:
    """Return the stems of the words that carry meaning; numbers and idle words carry none."""
    return frozenset(stem(word) for word in words if len(word) > 1 and word not in _IDLE and word[0].isalpha())


def text_stems(text: str) -> frozenset[str]:
    """Return the stems of a text of a few words, such as a goal or a promise."""
    return stems(_WORDS.findall(text.lower()))


def touches_goal(message: frozenset[str], goal: str) -> bool:
    """Tell whether a message shares at least two stems with a stated goal."""
    return len(message & text_stems(goal)) >= 2


def names_promise(message: frozenset[str], promise: str) -> bool:
    """Tell whether a message names a promise: one rare stem of it, or every stem where all are common."""
    wanted = text_stems(promise)
    rare = wanted - _COMMON
    return bool(message & rare) if rare else bool(wanted) and wanted <= message
