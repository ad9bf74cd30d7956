"""Say how far a message looks like a plain request and nothing more: a second opinion, learned from examples.

Phrases that are known catch what is said outright. What is said between the lines has no list; but it has a sound, and
that is learned from the texts in `examples/`. The opinion can only lower autonomy.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files

from cxagent.domain.value import Text, Value
from cxagent.reading.wording import HEAD, TAIL, plain, visible

__all__ = ["DOUBTFUL", "Doubt", "doubt", "traits"]

DOUBTFUL = 0.87
"""From this score on a message is not taken for a plain request. Of plain messages that nobody trained on, one to four
in a hundred reach it; of noteworthy ones that the known phrases miss, about every second."""

DAMPER = 100
"""Traits of no weight that are added to every sentence, because a few words prove little."""

_LONGEST_WORD = 24
_QUOTED = re.compile(
    r"^[ \t]*>.*$|^[ \t]*-{2,9}[ \t]*original message\b(?s:.*)|^on .{4,80} wrote:[ \t]*$(?s:.*)", re.I | re.M
)
_GREETING = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|day|afternoon|evening)|greetings|to whom it may concern)"
    r"(?: (?:there|all|team|support|both|everyone|sirs?|madam|or|and|colleagues|folks|(?-i:[A-Z])[\w.-]*))*"
    r"[ \t]*(?:[,!.:]+|$)\s*",
    re.I,
)
_CLOSING = re.compile(
    r"(?:(?:with )?(?:(?:best|kind|kindest|warm|many|all the) )?(?:regards|wishes|greetings|best)|cheers|sincerely|"
    r"yours(?: (?:sincerely|faithfully|truly))?|rgds|sent from my [\w ]{2,20}|--|"
    r"(?:many )?(?:thanks|thank you|thx)(?: (?:so much|very much|a lot|again|in advance|you))?)"
    r"[,.!:)]*(?: ?\b[\w.-]+|(?-i:[ ,]+[A-Z(][\w.()-]*){0,6})[.!]?$",
    re.I,
)
_NAMES = re.compile(r"(?:[A-Z(+\d][\w.()+@-]*(?:[ ,|]+|$)){1,6}$")
_SENTENCE = re.compile(r"(?<=[.?!;])\s+|\n")
_LONGEST_CLOSING = 80


class Doubt(Value):
    """How little a message looks like a plain request, and its sentence that looks least like one."""

    score: float
    words: Text


def doubt(text: str) -> Doubt:
    """Judge each sentence of a message and the whole of it; the highest score counts, 0 is plain and 1 is not.

    A greeting, a signature, a closing line and quoted history say nothing about what is asked. A text too long to be
    read whole is doubtful.
    """
    if len(text) > HEAD + TAIL:
        return Doubt(score=1.0, words="")
    worst, words, count, total, size = -math.inf, "", 0, 0.0, 0
    for sentence in _sentences(visible(text)):
        weight, traits_seen = _weigh(plain(sentence))
        if not traits_seen:
            continue
        count, total, size = count + 1, total + weight, size + traits_seen
        if (value := weight / math.sqrt(traits_seen + DAMPER)) > worst:
            worst, words = value, sentence
    if not count:
        return Doubt(score=0.0, words="")
    return Doubt(score=_chance(max(worst, total / math.sqrt(size + DAMPER))), words=words)


def traits(line: str) -> Iterator[str]:
    """Yield what is learned about a sentence in plain spelling: its words, their pieces, and its pairs of words."""
    before = "^"
    for word in _words(line):
        yield from _pieces(word)
        yield f"{before} {word}"
        before = word
    yield f"{before} $"


def _words(line: str) -> Iterator[str]:
    for token in line.split():
        if token[0].isdigit() or token[-1].isdigit():
            yield "0"
        elif "@" in token:
            yield "@"
        elif token != ".":
            yield token[:_LONGEST_WORD]


def _pieces(word: str) -> Iterator[str]:
    """Yield a word and its runs of three to five letters, so that a stem and a slip of the pen are recognised."""
    yield word
    edged = f"<{word}>"
    for size in (3, 4, 5):
        for start in range(len(edged) - size + 1):
            yield edged[start : start + size]


def _sentences(text: str) -> Iterator[str]:
    """Yield the sentences that the sender wrote to us, without the courtesies around them."""
    closed = False
    for part in _SENTENCE.split(_QUOTED.sub("", text)):
        sentence = part.strip()
        if greeting := _GREETING.match(sentence):
            sentence = sentence[greeting.end() :]
        if len(sentence) <= _LONGEST_CLOSING:
            if _CLOSING.match(sentence):
                closed = True
                continue
            if closed and _NAMES.match(sentence):
                continue
        if " " in sentence:
            yield sentence


def _weigh(line: str) -> tuple[float, int]:
    """Return the summed weight of a sentence and the number of its traits; nothing for fewer than two words."""
    weights = _learned()
    words = list(_words(line))
    if len([word for word in words if word not in "?!"]) < 2:
        return 0.0, 0
    total, size, before = 0.0, len(words) + 1, "^"
    for word in words:
        weight, pieces = _known(word)
        total += weight + weights.get(f"{before} {word}", 0.0)
        size += pieces
        before = word
    return total + weights.get(f"{before} $", 0.0), size


@lru_cache(maxsize=16_384)
def _known(word: str) -> tuple[float, int]:
    weights = _learned()
    pieces = list(_pieces(word))
    return sum(weights.get(piece, 0.0) for piece in pieces), len(pieces)


def _chance(value: float) -> float:
    return round(1 / (1 + math.exp(-max(-30.0, min(30.0, value + _learned()[""])))), 3)


@cache
def _learned() -> Mapping[str, float]:
    """Return the weight of each trait; the empty one is where every message starts."""
    text = files("cxagent.reading").joinpath("plainness.json").read_text(encoding="utf-8")
    return {trait: weight / 100 for trait, weight in json.loads(text).items()}
