"""Irritation as it is typed: doubled marks, words and sentences in capitals."""

import re

_TYPED = re.compile(
    r"\?\?|\?!|!\?|!!"
    r"|\b(?:AGAIN|STILL|NOT|NEVER|WHY|WHO|NOW|EVERY|WHOLE|ENOUGH|NOTHING|STOP)\b(?=[^\n]{0,200}[a-z])"
    r"|\b[A-Z']{2,}(?: [A-Z']{2,}){2,}\b"
    r"|\b[A-Z]{2,} [A-Z]{3,}[.!]"
)
_LOUD = re.compile(r"[?!]{2}|[A-Z]{3}")


def typed_temper(text: str) -> str | None:
    """Return the first spelling that shows irritation, or None."""
    hit = _TYPED.search(text) if _LOUD.search(text) else None
    return hit[0] if hit else None
