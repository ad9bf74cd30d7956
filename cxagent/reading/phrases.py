"""A small language for phrases, and the index that finds them in one pass over the words of a message.

One line is one phrase; its items stand in order:
`a|b*|c_d` one of these (`*` any ending, `_` a space) · `NAME` the words of a class · `..4` up to four words of the
same sentence · `~9` up to nine words, sentences ignored · `!a|b` the next word is none of these · `x?` may be absent ·
`$` end of a sentence · `#` a number, `##` one from ten, `#30` one from thirty · `@` a mail address.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple

Match = Callable[[str, int], re.Match[str] | None]

_KEY = 3
_REMEMBERED = 16_384
"""How many words keep their answer: a language has few, and each is looked up in every message."""
_NUMBERS = {
    "#": r"(?:[$€£]?\d[^ ]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|sixty|ninety"
    r"|half|fifty|hundred)",
    "##": r"(?:\d\d[\d,]*|twelve|fifteen|twenty|thirty|forty|fifty|sixty|eighty|ninety|hundred)",
    "#30": r"(?:[3-9]\d|\d{3,}|thirty|forty|fifty|sixty|ninety)",
}
_HOW_TO = re.compile(
    r"(?:(?:hi|hello|hey|thanks|also|and|so|quick question|team|please|tell me) )*"
    r"(?:how (?:do|can|would|could|to) |where |does "
    r"|do (?:you support|viewers|admins|editors) |is there an? (?:way|setting)"
    r"|can (?:i|we|viewers|users|admins|editors) (?:share|export|invite|add|forward|give|send|set|remove|delete)"
    r"|what (?:does|happens) )"
)


class _Shelf:
    """All phrases that begin with one word; compiled when a message first holds that word, because most never do."""

    def __init__(self) -> None:
        self._patterns: dict[str, list[str]] = {}

    def add(self, label: str, pattern: str) -> None:
        """Put one more phrase of a label on the shelf."""
        self._patterns.setdefault(label, []).append(pattern)

    @cached_property
    def screen(self) -> Match:
        """The one pattern that tells whether to look closer."""
        patterns = [pattern for patterns in self._patterns.values() for pattern in patterns]
        return re.compile("|".join(dict.fromkeys(patterns))).match

    @cached_property
    def labels(self) -> tuple[tuple[str, Match], ...]:
        """One pattern per label."""
        return tuple((label, re.compile("|".join(patterns)).match) for label, patterns in self._patterns.items())


class _Place(NamedTuple):
    """Where in a line a pattern is tried, and where its first word and its sentence begin."""

    line: str
    at: int
    word: int
    sentence: int


class Phrases:
    """Phrases, each filed under the words it can begin with."""

    def __init__(self, table: Mapping[str, str], classes: Mapping[str, str], guarded: frozenset[str]) -> None:
        """File one text of phrases per label; a guarded label is not seen in a plain how-to question."""
        self._guarded = guarded
        self._classes = classes
        self._words_first: dict[str, _Shelf] = defaultdict(_Shelf)
        self._stems_first: dict[str, _Shelf] = defaultdict(_Shelf)
        for label, text in table.items():
            for items in filter(None, map(str.split, text.splitlines())):
                self._file(label, items)
        self._shelves_of = lru_cache(_REMEMBERED)(self._shelved)

    def find(self, line: str) -> dict[str, str]:
        """Return the first words that show each label, in one pass over a plain line."""
        found: dict[str, str] = {}
        shelves_of, start, sentence = self._shelves_of, 0, 0
        for token in line.split(" "):
            after = start + len(token) + 1
            for shelf, behind in shelves_of(token):
                if shelf.screen(line, after if behind else start):
                    self._look(shelf, _Place(line, after if behind else start, start, sentence), found)
            if token in _ENDS:
                sentence = after
            start = after
        return found

    def _shelved(self, token: str) -> tuple[tuple[_Shelf, bool], ...]:
        """Return the shelves of one word, and whether their patterns follow the word or begin with it."""
        begun = self._stems_first.get(token[:_KEY] if token.isalpha() else _kind(token))
        exact = self._words_first.get(token)
        return tuple((shelf, shelf is exact) for shelf in (exact, begun) if shelf)

    def _look(self, shelf: _Shelf, place: _Place, found: dict[str, str]) -> None:
        """Add every label of a shelf whose phrase goes on from here."""
        for label, match in shelf.labels:
            if label not in found and (hit := match(place.line, place.at)):
                if label in self._guarded and _HOW_TO.match(place.line, place.sentence):
                    continue
                found[label] = place.line[place.word : hit.end()].strip(" .?!")

    def _file(self, label: str, items: list[str]) -> None:
        """File a phrase under every word that it can begin with."""
        for place, item in enumerate(items):
            rest = "".join(map(self._item, items[place + 1 :]))
            for word in self._words(item.removesuffix("?")):
                self._file_under(word, label, rest)
            if not item.endswith("?"):
                return

    def _file_under(self, word: str, label: str, rest: str) -> None:
        """File a pattern under its first word, to be matched behind it, or under the beginning of that word."""
        first, _, more = word.partition("_")
        if word in _NUMBERS:
            for name in re.findall("[a-z]{3,}", _NUMBERS[word]):
                self._words_first[name].add(label, rest)
            self._stems_first["#"].add(label, f"{_spelled(word)} {rest}")
        elif word == "@" or "*" in first:
            key = "@" if word == "@" else first[: first.index("*")][:_KEY]
            self._stems_first[key].add(label, f"{_spelled(word)} {rest}")
        else:
            self._words_first[first].add(label, f"{_spelled(more)} {rest}" if more else rest)

    def _item(self, item: str) -> str:
        if item.startswith(".."):
            return rf"(?:(?![.?!] )[^ ]+ ){{0,{int(item[2:])}}}?"
        if item.startswith("~"):
            return rf"(?:[^ ]+ ){{0,{int(item[1:])}}}?"
        if item.startswith("!"):
            return f"(?!{self._choice(item[1:])})"
        if item == "$":
            return r"(?=[.?!] )"
        if item.endswith("?"):
            return f"(?:{self._choice(item[:-1])})?"
        return self._choice(item)

    def _choice(self, item: str) -> str:
        return f"(?:{'|'.join(_spelled(word) for word in self._words(item))}) "

    def _words(self, item: str) -> Iterator[str]:
        for word in item.split("|"):
            yield from self._classes[word].split() if word in self._classes else (word,)


_ENDS = frozenset(".?!")


def _kind(token: str) -> str:
    """Return the key of what is not a word: a number or a mail address."""
    return "@" if "@" in token else "#" if token not in _ENDS else ""


def _spelled(word: str) -> str:
    if word in _NUMBERS:
        return _NUMBERS[word]
    if word == "@":
        return r"[^ @]+@[^ ]+\.[^ ]+"
    return re.escape(word.replace("_", " ")).replace(r"\*", "[^ .?!]*").replace(r"\ ", " ")
