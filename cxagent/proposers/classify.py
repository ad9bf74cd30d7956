"""Says which intent a text has, from the examples and typical words in guidance, with a calibrated confidence.

Evidence adds up: every word, word pair, character n-gram and phrase counts for the intents in which it is more common
than elsewhere, and the examples that look most alike count once more. Plain dictionaries; a typing error costs a few
n-grams only.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

_MASKS = (
    (re.compile(r"\S*(?:://|www\.)\S+"), " "),
    (re.compile(r"[\w.+-]+@[\w.-]*"), " somebodymail "),
    (re.compile(r"\binv[- ]?\w*\d\w*", re.I), " invoice number "),
    (re.compile(r"[$€£¥]\s?\d[\d,.]*|\d[\d,.]*\s?[$€£¥]"), " moneysum "),
    (re.compile(r"\d[\d,.]*\s?%|\bper ?cent\b"), " percentage "),
    (re.compile(r"\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b", re.I), " weekday "),
    (re.compile(r"\d[\d,.:]*"), " 0 "),
)
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a about after again all also am an and any are as at be been but by can could did do does for from get
        go got had has have he her here him his how i if in into is it its just know me more my need no not
        now of off on one or our out over please put she should so some tell than that the their them then
        there these they this those to too up us want was we were what when where which who why will with
        would yes you your thanks hi hello dear
        """,
    )
)
_WORD, _PAIR, _GRAM, _PHRASE = 1.0, 0.5, 0.5, 8.0
_PHRASE_CAP = 3.0


@dataclass(frozen=True)
class Lesson:
    """What the classifier learns about one intent; a phrase may hold `..` for up to three words between."""

    intent: str
    examples: tuple[str, ...]
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Guess:
    """What a text probably asks for, how sure that is (0 to 1), and the next best intent."""

    intent: str
    confidence: float
    runner_up: str


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters; numbers, addresses and sums become placeholders."""
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return re.findall(r"[^\W_]+(?:'[^\W_]+)?", text.lower().replace("’", "'"))


def _grams(words: list[str]) -> dict[str, float]:
    """Return every word, word pair, and character 3- to 5-gram inside words, with its weight."""
    grams = {f"w {word}": _WORD for word in words}
    for word in words:
        padded = f"<{word}>"
        for size in (3, 4, 5):
            grams.update((padded[start : start + size], _GRAM / 3) for start in range(len(padded) - size + 1))
    grams.update((f"b {first} {second}", _PAIR) for first, second in pairwise(words))
    return grams


class Classifier:
    """The evidence of every n-gram and phrase for every intent."""

    def __init__(self, lessons: tuple[Lesson, ...]) -> None:
        rows = [(lesson.intent, words_of(text)) for lesson in lessons for text in lesson.examples]
        self._intents = tuple(lesson.intent for lesson in lessons)
        self._evidence = _evidence([(intent, _grams(words)) for intent, words in rows])
        self._phrases = _Phrases(lessons)
        spoken = {word for lesson in lessons for phrase in lesson.phrases for word in words_of(phrase)}
        self._vocabulary = {word for _, words in rows for word in words} | spoken | _FUNCTION_WORDS
        self._nearly = {cut: word for word in sorted(self._vocabulary) if len(word) > 4 for cut in (word, *_cuts(word))}

    def guess(self, text: str) -> Guess:
        """Return the most probable intent of a text."""
        scores = self.scores(text)
        ranked = sorted(self._intents, key=lambda intent: -scores.get(intent, 0.0))[:2]
        best, second = (scores.get(intent, 0.0) for intent in (ranked[0], ranked[-1]))
        return Guess(ranked[0], _confidence(best, second), ranked[-1])

    def scores(self, text: str) -> Mapping[str, float]:
        """Return the evidence for each intent that has any."""
        text = re.sub(r"[^\W\d_]{5,}", lambda found: self._mended(found[0]), text)
        scores: dict[str, float] = defaultdict(float)
        for gram, weight in _grams(words_of(text)).items():
            for intent, odds in self._evidence.get(gram, ()):
                scores[intent] += weight * odds
        for intent, found in self._phrases.found(text).items():
            scores[intent] += _PHRASE * min(found, _PHRASE_CAP)
        return scores

    def reads(self, text: str) -> bool:
        """Say whether enough words of a text are known to take it for the language of the examples."""
        words = [word for word in words_of(text) if not word.isdigit()]
        known = sum(word in self._vocabulary for word in words)
        plain = all(ord(letter) < 0x250 for letter in text if letter.isalpha())
        return plain and bool(words) and known / len(words) >= 0.4

    def _mended(self, word: str) -> str:
        """Return the known word that differs by one letter too many, too few, or by two in the wrong order."""
        lower = word.lower()
        if lower in self._vocabulary or word != lower:
            return word
        return self._nearly.get(lower) or next((self._nearly[cut] for cut in _cuts(lower) if cut in self._nearly), word)


def _cuts(word: str) -> list[str]:
    """Return a word with each letter but the first left out once."""
    return [word[:position] + word[position + 1 :] for position in range(1, len(word))]


def _confidence(best: float, second: float) -> float:
    """Map the evidence and its lead to how often such a guess was right on wordings held out of the examples."""
    lead = (best - second) / best if best > 0 else 0.0
    return round(1 / (1 + math.exp(-(A + B * lead + C * math.log1p(best)))), 4)


A, B, C = -12.1, 9.1, 2.8


def _evidence(rows: list[tuple[str, dict[str, float]]]) -> dict[str, list[tuple[str, float]]]:
    """Return the log odds of each n-gram inside an intent against everywhere, smoothed; only what speaks for it."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for intent, grams in rows:
        for gram in grams:
            counts[gram][intent] += 1
    sizes = Counter(intent for intent, _ in rows)
    evidence = {}
    for gram, by_intent in counts.items():
        usual = by_intent.total() / len(rows)
        inside = {intent: (count + usual) / (sizes[intent] + 1) for intent, count in by_intent.items()}
        evidence[gram] = [(intent, math.log(share / usual)) for intent, share in inside.items() if share > usual]
    return evidence


class _Phrases:
    """Typical phrases by their first two letters; a phrase that several intents share counts less for each."""

    def __init__(self, lessons: tuple[Lesson, ...]) -> None:
        shared = Counter(phrase for lesson in lessons for phrase in set(lesson.phrases))
        self._by_start: dict[str, list[tuple[str, re.Pattern[str], float]]] = defaultdict(list)
        for lesson in lessons:
            for phrase in dict.fromkeys(lesson.phrases):
                weight = (1 + 0.25 * phrase.count(" ")) / shared[phrase]
                self._by_start[phrase[:2].lower()].append((lesson.intent, _pattern(phrase.lower()), weight))

    def found(self, text: str) -> Mapping[str, float]:
        """Return the weight of the different phrases of each intent that a text holds."""
        plain = re.sub(r"\s+", " ", text.lower().replace("’", "'"))
        weights: dict[str, float] = defaultdict(float)
        for intent, _, weight in set(self._hits(plain)):
            weights[intent] += weight
        return weights

    def _hits(self, text: str) -> Iterator[tuple[str, str, float]]:
        for start in re.finditer(r"(?<!\w)\S", text):
            for intent, pattern, weight in self._by_start.get(text[start.start() : start.start() + 2], ()):
                if pattern.match(text, start.start()):
                    yield intent, pattern.pattern, weight


def _pattern(phrase: str) -> re.Pattern[str]:
    """A phrase also matches as the beginning of a longer word, except a short one, which may only get an s."""
    gaps = re.escape(phrase).replace(r"\ \.\.\ ", r"\ (?:\S+\ ){0,3}?")
    last = re.split(r"\W", phrase)[-1]
    return re.compile(gaps if len(last) > 4 or not last else gaps + r"s?(?!\w)")


@lru_cache(maxsize=4)
def fitted(lessons: tuple[Lesson, ...]) -> Classifier:
    """Return the classifier of these lessons; the same lessons are fitted once."""
    return Classifier(lessons)
