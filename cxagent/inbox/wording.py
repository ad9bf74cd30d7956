"""What a reviewer changed in a text, word by word."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal

from cxagent.domain.value import Value

LONGEST = 20_000
"""Characters of a text that are compared; a longer one is shown as replaced in one piece."""
_WORDS = re.compile(r"\s+|[^\s]+")


class Piece(Value):
    """Some words of one text or the other, or of both."""

    kind: Literal["same", "gone", "new"]
    words: str


def diff(before: str, after: str) -> tuple[Piece, ...]:
    """Return the pieces from one text to another: the same ones and the gone ones make up `before`, and so on."""
    if max(len(before), len(after)) > LONGEST:
        return tuple(_pieces(before, after))
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    found: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, added = "".join(old[a:b]), "".join(new[c:d])
        found += [Piece(kind="same", words=gone)] if kind == "equal" else _pieces(gone, added)
    return tuple(_joined(found))


def changed(pieces: tuple[Piece, ...]) -> int:
    """Return how many words were taken out or put in."""
    return sum(len(one.words.split()) for one in pieces if one.kind != "same")


def _pieces(gone: str, new: str) -> Iterator[Piece]:
    if gone:
        yield Piece(kind="gone", words=gone)
    if new:
        yield Piece(kind="new", words=new)


def _joined(found: list[Piece]) -> Iterator[Piece]:
    """Take one blank between two changes into both of them: a reader follows phrases, not a flicker of words."""
    index = 0
    while index < len(found):
        run, at = {"gone": "", "new": ""}, index
        while at < len(found) and (found[at].kind != "same" or (found[at].words.isspace() and at > index)):
            one = found[at]
            last = at + 1 >= len(found) or found[at + 1].kind == "same"
            if one.kind == "same" and last:
                break
            for kind in run:
                run[kind] += one.words if one.kind in (kind, "same") else ""
            at += 1
        if at == index:
            yield found[index]
            index += 1
            continue
        yield from _pieces(run["gone"], run["new"])
        index = at
