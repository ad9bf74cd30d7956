"""A small language for phrases, and the index that finds them in one pass over the words of a message.

One line is one phrase; its items stand in order:
`a|b*|c_d` one of these (`*` any ending, `_` a space) · `NAME` the words of a class · `..4` up to four words of the
same sentence · `~9` up to nine words, sentences ignored · `!a|b` the next word is none of these · `x?` may be absent ·
`$` end of a sentence · `#` a number, `##` one from ten, `#30` one from thirty · `@` a mail address.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache

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


class _Spelling:
    """How the items of a phrase are spelled as patterns, and which words they need."""

    def __init__(self, classes: Mapping[str, str]) -> None:
        """Keep the word classes that items may name."""
        self._classes = {name: text.split() for name, text in classes.items()}
        self.keys = lru_cache(None)(self._keys)

    def item(self, item: str) -> str:
        """Return the pattern of one item."""
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

    def words(self, item: str) -> Iterator[str]:
        """Return the words that an item stands for."""
        for word in item.split("|"):
            yield from self._classes[word] if word in self._classes else (word,)

    def _keys(self, item: str) -> frozenset[str]:
        """Return the keys of which a message must hold one for the item to match; none where it may be absent."""
        if item[0] in ".~!$" or item.endswith("?"):
            return frozenset()
        every = [_keys_of_word(word) for word in self.words(item)]
        return frozenset().union(*every) if all(every) else frozenset()

    def _choice(self, item: str) -> str:
        return f"(?:{'|'.join(_spelled(word) for word in self.words(item))}) "


class _Phrase:
    """What a phrase says from its first word on; compiled when a message holds all its words, because few ever do."""

    def __init__(self, label: str, start: str, items: list[str], spelling: _Spelling) -> None:
        """Keep the rest of the first word and the items; nothing is spelled out before a message needs it."""
        self.label = label
        self._start, self._items, self._spelling = start, items, spelling

    @cached_property
    def match(self) -> Match:
        """The pattern of what stands behind the first word, or begins with it."""
        start = f"{_spelled(self._start)} " if self._start else ""
        return re.compile(start + "".join(map(self._spelling.item, self._items))).match

    @cached_property
    def needs(self) -> tuple[frozenset[str], ...]:
        """For each item that must be there, the keys of which a message holds at least one."""
        start = _keys_of_word(self._start) if self._start else frozenset[str]()
        return tuple(keys for keys in (start, *map(self._spelling.keys, self._items)) if keys)


class _Shelf:
    """All phrases that begin with one word, filed by what else they need."""

    def __init__(self) -> None:
        self.phrases: list[_Phrase] = []

    @cached_property
    def _filed(self) -> tuple[list[_Phrase], dict[str, list[_Phrase]]]:
        """The phrases that need nothing more, and the others under each key of their smallest need."""
        free, keyed = [], defaultdict(list)
        for phrase in self.phrases:
            if not phrase.needs:
                free.append(phrase)
                continue
            for key in min(phrase.needs, key=len):
                keyed[key].append(phrase)
        return free, dict(keyed)

    def live(self, held: set[str]) -> list[_Phrase]:
        """Return the phrases all of whose words a message holds somewhere."""
        free, keyed = self._filed
        near = [phrase for key in keyed.keys() & held for phrase in keyed[key]]
        return free + [phrase for phrase in near if not any(map(held.isdisjoint, phrase.needs))] if near else free


class Phrases:
    """Phrases, each filed under the words it can begin with."""

    def __init__(self, table: Mapping[str, str], classes: Mapping[str, str], guarded: frozenset[str]) -> None:
        """File one text of phrases per label; a guarded label is not seen in a plain how-to question."""
        self._guarded = guarded
        self._spelling = _Spelling(classes)
        self._words_first: dict[str, _Shelf] = defaultdict(_Shelf)
        self._stems_first: dict[str, _Shelf] = defaultdict(_Shelf)
        for label, text in table.items():
            for items in filter(None, map(str.split, text.splitlines())):
                self._file(label, items)
        self._shelves_of = lru_cache(_REMEMBERED)(self._shelved)

    def find(self, line: str) -> dict[str, str]:
        """Return the first words that show each label, in one pass over a plain line."""
        tokens = line.split(" ")
        live = self._live(frozenset(tokens))
        found: dict[str, str] = {}
        start, sentence = 0, 0
        for token in tokens:
            after = start + len(token) + 1
            for phrase, behind in live.get(token, ()):
                if phrase.label not in found and (hit := phrase.match(line, after if behind else start)):
                    if phrase.label in self._guarded and _HOW_TO.match(line, sentence):
                        continue
                    found[phrase.label] = line[start : hit.end()].strip(" .?!")
            if token in _ENDS:
                sentence = after
            start = after
        return found

    def _live(self, tokens: Iterable[str]) -> dict[str, list[tuple[_Phrase, bool]]]:
        """Return the phrases that can be tried at each word, because the message holds all that they need."""
        held = set(tokens)
        held.update(map(_class_key, tokens))
        live = {}
        for token in tokens:
            tried = [
                (phrase, behind) for shelf, behind in self._shelves_of(token) for phrase in shelf.live(held)
            ]
            if tried:
                live[token] = tried
        return live

    def _shelved(self, token: str) -> tuple[tuple[_Shelf, bool], ...]:
        """Return the shelves of one word, and whether their patterns follow the word or begin with it."""
        begun = self._stems_first.get(_class_key(token))
        exact = self._words_first.get(token)
        return tuple((shelf, shelf is exact) for shelf in (exact, begun) if shelf)

    def _file(self, label: str, items: list[str]) -> None:
        """File a phrase under every word that it can begin with."""
        for place, item in enumerate(items):
            for word in self._spelling.words(item.removesuffix("?")):
                self._file_under(word, label, items[place + 1 :])
            if not item.endswith("?"):
                return

    def _file_under(self, word: str, label: str, rest: list[str]) -> None:
        """File what follows under the first word, or the whole under the beginning of that word."""
        first, _, more = word.partition("_")
        if word in _NUMBERS:
            for name in re.findall("[a-z]{3,}", _NUMBERS[word]):
                self._words_first[name].phrases.append(_Phrase(label, "", rest, self._spelling))
        if word in _NUMBERS or word == "@" or "*" in first:
            key = word[0] if word in _NUMBERS or word == "@" else _stem_key(first)
            self._stems_first[key].phrases.append(_Phrase(label, word, rest, self._spelling))
        else:
            self._words_first[first].phrases.append(_Phrase(label, more, rest, self._spelling))


_ENDS = frozenset(".?!")


def _class_key(token: str) -> str:
    """Return the key of the words that share a beginning, of numbers, or of mail addresses."""
    return f"{token[:_KEY]}*" if token.isalpha() else "@" if "@" in token else "#" if token not in _ENDS else ""


def _stem_key(word: str) -> str:
    return f"{word[: word.index('*')][:_KEY]}*"


def _keys_of_word(word: str) -> frozenset[str]:
    """Return the keys that a message must hold, one at least, where the word stands in it."""
    if word in _NUMBERS:
        return frozenset({"#", *re.findall("[a-z]{3,}", _NUMBERS[word])})
    if word == "@":
        return frozenset("@")
    part = max(word.split("_"), key=lambda part: len(part.partition("*")[0]))
    if "*" not in part:
        return frozenset([part])
    return frozenset([_stem_key(part)]) if part.index("*") >= _KEY else frozenset()


def _spelled(word: str) -> str:
    if word in _NUMBERS:
        return _NUMBERS[word]
    if word == "@":
        return r"[^ @]+@[^ ]+\.[^ ]+"
    return re.escape(word.replace("_", " ")).replace(r"\*", "[^ .?!]*").replace(r"\ ", " ")
