"""What an edit binds us to in words where the draft did not; an amount that nobody can read off is never guessed."""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from cxagent.domain.proposal import Action
from cxagent.reading.figures import figures
from cxagent.reading.grammar import word_set
from cxagent.reading.reply import TOO_LONG, Binding, Phrase, read_reply

WEIGHTY = frozenset({Binding.PRICE, Binding.TERMS})
"""The ways to bind us that cost something nobody can read off the words. A colleague may say when they will call, and
that something was our mistake, on their own word."""


class Said(NamedTuple):
    """What goes out: the words, and the calls beside them."""

    reply: str
    actions: tuple[Action, ...]


def added(drafted: Said, edit: Said, today: date) -> tuple[Phrase, ...]:
    """Return the sentences of an edit that bind us where the draft's own words did not.

    A sentence of the draft that is only spelled better, or said more kindly, is the same sentence.
    """
    before = tuple(_binding(drafted, today))
    return tuple(one for one in _binding(edit, today) if not any(_same(one, known) for known in before))


def _binding(said: Said, today: date) -> Iterator[Phrase]:
    values = (value for action in said.actions for value in action.args.values())
    backing = [str(one) for value in values for one in (value if isinstance(value, list) else [value])]
    backing = [one for one in backing if one[:1].isdigit()] + [action.tool for action in said.actions]
    for phrase in read_reply(said.reply, today, backing, reports=True):
        if phrase.words == TOO_LONG or (phrase.kind in WEIGHTY and not _decidable(phrase.words, said, today)):
            yield phrase


def _decidable(words: str, said: Said, today: date) -> bool:
    """Say whether every binding clause states a figure, which is signed as one, or gives what an action gives."""
    clauses = [one for one in _CLAUSES.split(words) if one and _costs(one, today)]
    return bool(clauses) and all(_stated(clause, said) for clause in clauses)


def _costs(clause: str, today: date) -> bool:
    found = {phrase.kind for phrase in read_reply(clause, today, reports=True)}
    return not found.isdisjoint(WEIGHTY)


def _stated(clause: str, said: Said) -> bool:
    low = clause.lower()
    if _WIDE.search(low):
        return False
    goods = {part for action in said.actions for part in action.tool.split("_")} & _GOODS
    if any(re.search(rf"\b{good}", low) for good in goods) and not _LETTING_GO.search(low):
        return True
    return bool(figures(clause)) and not _LETTING_GO.search(low)


def _same(one: Phrase, known: Phrase) -> bool:
    if one.kind is not known.kind:
        return False
    left, right = (
        [word for word in _WORD.findall(_SALUTATION.sub("", it.words).lower()) if word not in _KIND]
        for it in (one, known)
    )
    return len(left) == len(right) and all(a == b or _slip(a, b) for a, b in zip(left, right, strict=True))


def _slip(one: str, other: str) -> bool:
    """Say whether two long words are one word, once misspelled; another consonant makes another word."""
    if min(len(one), len(other)) < _LONG or one[0] != other[0] or not (one + other).isalpha():
        return False
    short, long = sorted((one, other), key=len)
    if len(short) < len(long):
        return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
    wrong = [at for at, letter in enumerate(one) if letter != other[at]]
    if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
        return one[wrong[0]] == other[wrong[1]] and one[wrong[1]] == other[wrong[0]]
    return len(wrong) == 1 and {one[wrong[0]], other[wrong[0]]} <= _VOWELS


_CLAUSES = re.compile(r"[,;:()]\s+|\s-+\s|\b(?:and|but|because|so|while|plus|und|aber|sowie)\b")
_SALUTATION = re.compile(r"^(?:dear|hello|hi|hallo|liebe[rs]?|guten tag) [^,:!?\d]{1,40}[,:!]\s*", re.I)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_KIND = word_set("please kindly gladly happily thanks thank dear hello hi bitte gern gerne danke liebe lieber")
_VOWELS = frozenset("aeiouyäöü")
_LONG = 5
_GOODS = frozenset({"credit", "refund", "discount"})
_WIDE = re.compile(
    r"\b(?:all|any|every|each|everything|anything|whole|entire|whatever|whenever|always|ever|future|further|per cent|"
    r"percent|jede[nrsm]?|alle[nrsm]?|immer)\b|%"
)
_LETTING_GO = re.compile(
    r"\b(?:not?|never|nothing|free|waiv\w*|forg\w+|drop\w*|cancel\w*|skip\w*|ignore|disregard|off|without|keep|stays?|"
    r"remains?|old|same|match|notice|contract|nicht|kein\w*|verzicht\w*|erlass\w*|entf\w+)\b|n't\b"
)
"""Words that give something up; no figure beside them says how much."""
