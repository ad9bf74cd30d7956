"""A small language for phrases, and the index that finds them in one pass over the words of a message.

One line is one phrase; its items stand in order:
`a|b*|c_d` one of these (`*` any ending, `_` a space) · `NAME` the words of a class · `..4` up to four words of the
same sentence · `~9` up to nine words, sentences ignored · `!a|b` the next word is none of these · `x?` may be absent ·
`$` end of a sentence · `#` a number, `##` one from ten, `#30` one from thirty · `@` a mail address.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

Match = Callable[[str, int], re.Match[str] | None]

_KEY = 3
_NUMBERS = {
    "#": r"(?:[$€£]?\d[^ ]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|sixty|ninety"
    r"|half|fifty|hundred)",
    "##": r"(?:\d\d[\d,]*|twelve|fifteen|twenty|thirty|forty|fifty|sixty|eighty|ninety|hundred)",
    "#30": r"(?:[3-9]\d|\d{3,}|thirty|forty|fifty|sixty|ninety)",
}
_HOW_TO = re.compile(
    r"(?:(?:hi|hello|hey|thanks|also|and|so|quick question|team|please|tell me) )*"
    r"(?:how (?:do|can|would|could|to) |where |does |do (?:you support|viewers|admins|editors) |is there an? (?:way|setting)"
    r"|can (?:i|we|viewers|users|admins|editors) (?:share|export|invite|add|forward|give|send|set|remove|delete)"
    r"|what (?:does|happens) )"
)


@dataclass(frozen=True)
class _Shelf:
    """All phrases that begin with one word: one pattern that tells whether to look closer, and one per label."""

    screen: Match
    labels: tuple[tuple[str, Match], ...]


class Phrases:
    """Compiled phrases, each filed under the words it can begin with."""

    def __init__(self, table: Mapping[str, str], classes: Mapping[str, str], guarded: frozenset[str]) -> None:
        """Compile one text of phrases per label; a guarded label is not seen in a plain how-to question."""
        self._guarded = guarded
        self._classes = classes
        exact: _Filed = {}
        begun: _Filed = {}
        for label, text in table.items():
            for items in filter(None, map(str.split, text.splitlines())):
                for word, rest in self._beginnings(items):
                    _file(exact, begun, label, word, rest)
        self._words_first = {key: _shelf(by_label) for key, by_label in exact.items()}
        self._stems_first = {key: _shelf(by_label) for key, by_label in begun.items()}

    def find(self, line: str) -> dict[str, str]:
        """Return the first words that show each label, in one pass over a plain line."""
        found: dict[str, str] = {}
        words, stems, start, sentence = self._words_first.get, self._stems_first.get, 0, 0
        for token in line.split(" "):
            after = start + len(token) + 1
            if (shelf := words(token)) and shelf.screen(line, after):
                self._look(shelf, line, after, start, sentence, found)
            if (shelf := stems(token[:_KEY] if token.isalpha() else _kind(token))) and shelf.screen(line, start):
                self._look(shelf, line, start, start, sentence, found)
            if token in _ENDS:
                sentence = after
            start = after
        return found

    def _look(self, shelf: _Shelf, line: str, at: int, start: int, sentence: int, found: dict[str, str]) -> None:
        """Add every label of a shelf whose phrase goes on from here."""
        for label, match in shelf.labels:
            if label not in found and (hit := match(line, at)):
                if label in self._guarded and _HOW_TO.match(line, sentence):
                    continue
                found[label] = line[start : hit.end()].strip(" .?!")

    def _beginnings(self, items: list[str]) -> Iterator[tuple[str, str]]:
        """Return each word a phrase can begin with, and the pattern of what follows it."""
        for place, item in enumerate(items):
            for word in self._words(item.removesuffix("?")):
                yield word, "".join(map(self._item, items[place + 1 :]))
            if not item.endswith("?"):
                return

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


_Filed = dict[str, dict[str, list[str]]]


def _file(exact: _Filed, begun: _Filed, label: str, word: str, rest: str) -> None:
    """File a pattern under its first word, to be matched behind it, or under the beginning of that word."""
    first, _, more = word.partition("_")
    if word in _NUMBERS:
        for name in re.findall("[a-z]{3,}", _NUMBERS[word]):
            exact.setdefault(name, {}).setdefault(label, []).append(rest)
        begun.setdefault("#", {}).setdefault(label, []).append(f"{_spelled(word)} {rest}")
    elif word == "@" or "*" in first:
        key = "@" if word == "@" else first[: first.index("*")][:_KEY]
        begun.setdefault(key, {}).setdefault(label, []).append(f"{_spelled(word)} {rest}")
    else:
        exact.setdefault(first, {}).setdefault(label, []).append(f"{_spelled(more)} {rest}" if more else rest)


def _shelf(by_label: Mapping[str, list[str]]) -> _Shelf:
    labels = tuple((label, re.compile("|".join(patterns)).match) for label, patterns in by_label.items())
    if len(labels) == 1:
        return _Shelf(labels[0][1], labels)
    return _Shelf(re.compile("|".join("|".join(patterns) for patterns in by_label.values())).match, labels)


def _kind(token: str) -> str:
    """Return the key of what is not a word: a number or a mail address."""
    return "@" if "@" in token else "#" if token not in _ENDS else ""


def _spelled(word: str) -> str:
    if word in _NUMBERS:
        return _NUMBERS[word]
    if word == "@":
        return r"[^ @]+@[^ ]+\.[^ ]+"
    return re.escape(word.replace("_", " ")).replace(r"\*", "[^ .?!]*").replace(r"\ ", " ")
