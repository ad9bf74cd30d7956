"""Similar cases: how much a message resembles mishandled ones, and what that means for the part that answers it.

A message is a vector: of the stems of its words and of the triples of letters in it, where nothing else is given, or
of whatever a project's own embeddings say. Alike is what points the same way.
"""

import logging
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import mul
from typing import NamedTuple
from zlib import crc32

from cxagent.domain.cell import Kin
from cxagent.latitude.terms import Learning
from cxagent.reading.stems import stem

HALF_LIVES = 4
"""After how many half-lives a lesson is forgotten: a sixteenth of it would be left."""
MOST_NAMED = 3
"""How many of the cases that a message resembles are named."""
MESSAGES = 64
"""How many messages are held: one is ruled on several times on its way."""
LONGEST = 4_000
"""Characters of a message that are looked at: what somebody wants stands at its beginning."""
Vector = Mapping[int, float] | Sequence[float]
log = logging.getLogger("cxagent.latitude")


class Lesson(NamedTuple):
    """A mishandled case: the decision, its kind, and when it was learned."""

    id: str
    decision_id: str
    intent: str
    segment: str
    at: datetime


class Likeness(NamedTuple):
    """A lesson that a message resembles, and how much after what was forgotten."""

    lesson: Lesson
    value: float


def _written_out(text: str) -> str:
    """Return a text in plain letters, without what nobody sees and without what is only quoted."""
    plain = "".join(one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    return "\n".join(line for line in plain.splitlines() if not line.lstrip().startswith(">")) or plain


def vector(text: str) -> Vector:
    """Return a message as a vector of length 1: half of it the stems of its words, half the triples of their letters.

    What carries no meaning is left out, and so are figures and the names of things that hold some: two requests for a
    credit are alike whatever the amount.
    """
    said = _written_out(text)[:LONGEST].lower().replace("\u2019", "'")
    for phrase, word in _PHRASES:
        said = phrase.sub(word, said)
    words = (word.partition("'")[0] for word in _WORDS.findall(said))
    stems = Counter(
        _ALIKE.get(one, one) for one in (stem(word) for word in words if len(word) > 1 and word not in _IDLE)
    )
    if not stems:
        return {}
    # A place that only the very same words share: what is short says little, and resembles less.
    found = {_place("o", " ".join(sorted(stems))): 1 / len(stems)}
    triples = Counter(three for word in stems.elements() for three in _triples(word))
    for kind, counts, share in (("w", stems, WORDS), ("t", triples, 1 - WORDS)):
        weights = {name: 1 + math.log(count) for name, count in counts.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values()))
        for name, weight in weights.items():
            place = _place(kind, name)
            found[place] = found.get(place, 0.0) + math.sqrt(share) * weight / length
    whole = math.sqrt(sum(value * value for value in found.values()))
    return {place: value / whole for place, value in found.items()}


WORDS = 0.6
"""The share of words in the likeness of two messages; the rest are letters, which forgive other endings and slips."""
_WORDS = re.compile(r"(?<![\w-])[^\W\d_]+(?:'[^\W\d_]+)?(?![\w-]*\d)")


def _triples(word: str) -> Iterator[str]:
    padded = f"<{word}>"
    return (padded[place : place + 3] for place in range(len(padded) - 2))


def _place(kind: str, name: str) -> int:
    """Return where a feature stands in every process alike."""
    return crc32(f"{kind} {name}".encode())


def unit(values: Iterable[float]) -> Vector:
    """Return the numbers of an embedding as a vector of length 1."""
    found = tuple(map(float, values))
    whole = math.sqrt(sum(map(mul, found, found)))
    return tuple(value / whole for value in found) if whole > 0 else found


def cosine(one: Vector, other: Vector) -> float:
    """Return how much two vectors of length 1 point the same way; 0 where one says nothing, or is of another kind."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        few, many = (one, other) if len(one) <= len(other) else (other, one)
        return sum((value * many[place] for place, value in few.items() if place in many), 0.0)
    if isinstance(one, Sequence) and isinstance(other, Sequence) and len(one) == len(other):
        return float(sum(map(mul, one, other)))
    return 0.0


def kin(
    lessons: Iterable[tuple[Lesson, Vector]],
    intents: Iterable[str],
    message: Vector,
    terms: Learning,
    family: Callable[[str], object],
    now: datetime,
) -> tuple[Kin, ...]:
    """Return for each intent of a message which mishandled cases it resembles too much for nobody to look.

    The closer the kinds of case are, the less alike the words must be; what was learned fades by half in the terms'
    days. A message of the very kind that went wrong elsewhere needs the least.
    """
    half_life = terms.half_life_days
    faded = [
        Likeness(one, cosine(message, words) * 0.5 ** (max(0.0, (now - one.at).total_seconds()) / 86_400 / half_life))
        for one, words in lessons
    ]
    found = []
    for intent in dict.fromkeys(intents):
        near = [one for one in faded if one.value >= _enough(one.lesson.intent, intent, terms, family)]
        if near:
            near.sort(key=lambda one: (-one.value, one.lesson.id))
            cases = tuple(one.lesson.decision_id for one in near[:MOST_NAMED])
            why = _said(near, half_life)
            found.append(Kin(intent=intent, likeness=min(1.0, near[0].value), cases=cases, why=why))
    return tuple(found)


def _enough(learned: str, intent: str, terms: Learning, family: Callable[[str], object]) -> float:
    if learned == intent:
        return terms.same_intent
    kind = family(intent)
    return terms.same_family if kind is not None and kind == family(learned) else terms.any_intent


def _said(near: Sequence[Likeness], half_life: float) -> str:
    named = ", ".join(f"{one.lesson.decision_id} ({_day(one.lesson.at)})" for one in near[:MOST_NAMED])
    rest = f" and {len(near) - MOST_NAMED} more" if len(near) > MOST_NAMED else ""
    many = "a case" if len(near) == 1 else f"{len(near)} cases"
    return f"resembles {many} that people put right: {named}{rest}; this fades by half in {half_life:g} days"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b}"


Texts = Callable[[list[str]], Mapping[str, str]]
"""Gives the messages behind some lessons, by the id of the lesson; those that were erased are left out."""
Embed = Callable[[list[str]], Sequence[Sequence[float]]]


class Vectors:
    """Lessons and messages as vectors, held while they are asked for: what was forgotten or erased is dropped.

    `embed` is a project's own reading of several messages; where it fails the built-in one reads all of them, since a
    likeness is only told between messages that were read alike.
    """

    def __init__(self, embed: Embed | None = None) -> None:
        self._embed = embed
        self._lessons: dict[bool, dict[str, Vector]] = {}
        self._messages: dict[tuple[bool, int], Vector] = {}

    def read(self, message: str, names: Sequence[str], texts: Texts) -> tuple[Vector, dict[str, Vector]]:
        """Return a message and some lessons as vectors; only the texts of lessons that are new are asked for."""
        if self._embed is not None:
            try:
                return self._read(message, names, texts, own=True)
            except Exception as error:  # whoever serves the embeddings; the gate does not wait for them to come back
                log.warning("the embeddings did not answer, words are compared instead: %s", error)
        return self._read(message, names, texts, own=False)

    def _read(self, message: str, names: Sequence[str], texts: Texts, *, own: bool) -> tuple[Vector, dict[str, Vector]]:
        held, key = self._lessons.get(own, {}), (own, hash(message))
        told = texts([name for name in names if name not in held]) if any(name not in held for name in names) else {}
        said = dict(zip(told, self._vectors(list(told.values()), own), strict=True)) if told else {}
        known = {name: said[name] if name in said else held[name] for name in names if name in said or name in held}
        self._lessons = {**self._lessons, own: known}
        if (mine := self._messages.get(key)) is None:
            mine = self._vectors([message], own)[0]
            self._messages = {**(self._messages if len(self._messages) < MESSAGES else {}), key: mine}
        return mine, known

    def _vectors(self, texts: list[str], own: bool) -> list[Vector]:
        if not own or self._embed is None:
            return [vector(text) for text in texts]
        return [unit(values) for values in self._embed([text[:LONGEST] for text in texts])]


_IDLE_WORDS = """
    a about after again all also an and any anybody are as ask asked asks at be been before but by can cannot could did
    do does done each else every everybody everyone expect expects few for from get gets getting give given go got had
    has have having he hello her here hi his how if in into is it its just kindly know last later let like make many may
    me might more most much must my near need needed needs new next no nobody not now of off on once one only or other
    our ours out over per please put said say see seems send sent she should simply since so some somebody something
    still such take takes than thank thanks that the their them then there these they this those time to today too two
    under until up us use used using very via want wants was we well were what when where which while who why will with
    within would yesterday yet you your yours regards dear best team
"""
_IDLE = frozenset(_IDLE_WORDS.split())
"""Words that carry no meaning."""
_PHRASES = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), word)
    for pattern, word in (
        (r"single[- ]sign[- ]?on", "sso"),
        (r"(?:log|sign|get|gets|let)(?:s|ged|ging|ting)?[- ](?:\w+ )?in(?:to)?", "login"),
        (r"money back", "credit"),
        (r"(?:went|goes|go|was|were|is|are) down", "outage"),
    )
)
"""Words that stand for one thing only together."""
_GROUPS = """
    credit refund reimburse reimbursement compensation compensate
    invoice bill receipt
    outage downtime unavailable
    seat licence license
    copy resend duplicate
    limit quota
    trial pilot
    extend prolong
    delete erase remove
    login logon signin
"""
_ALIKE = {stem(word): stem(group.split()[0]) for group in _GROUPS.strip().splitlines() for word in group.split()}
"""Stems that customers use for the same thing."""
