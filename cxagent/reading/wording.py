"""Turn raw text into one line of plain lower-case words, so that a phrase has one spelling only."""

import re
import unicodedata
from itertools import product

HEAD, TAIL = 20_000, 5_000
"""How much of a long message is read: its beginning and its end."""

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_TAGS = re.compile("[\U000e0000-\U000e007f]")
_LOOKALIKES = str.maketrans("аеорсухіјѕԁһӏвкмнтгαεοιρντυχκβηζμϲ", "aeopcyxijsdhlbkmhtraeoipvtuxkbnzuc")
_QUOTES = str.maketrans("\u2018\u2019", "''")
_FOREIGN = re.compile(r"[\u0370-\u03ff\u0400-\u052f]")
_WORD = re.compile(r"\w+")
_SHORT = re.compile(
    r"\b(?:(ca|could|wo|sha|do|does|did|is|are|was|were|has|have|had|should|would|must|need|ai)n't"
    r"|(i|you|we|they|he|she|it|that|there|here|who|what|where)'(m|re|ve|ll|d|s)"
    r"|(e)-(mails?)\b)"
)
_FULL = {"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would", "s": "is"}
_STEM = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}
_SPELLED = {
    "dont": "do not", "doesnt": "does not", "didnt": "did not", "cant": "can not", "cannot": "can not",
    "wont": "will not", "isnt": "is not", "arent": "are not", "wasnt": "was not", "havent": "have not",
    "hasnt": "has not", "shouldnt": "should not", "wouldnt": "would not", "couldnt": "could not", "im": "i am",
    "ive": "i have", "youre": "you are", "theyre": "they are", "thats": "that is", "plz": "please", "pls": "please",
    "u": "you", "ur": "your", "wanna": "want to", "gonna": "going to",
}  # fmt: skip
_SPELLED |= {"\n": "."} | {
    "".join(run): "?" if "?" in run else "!" if "!" in run else "."
    for size in (1, 2, 3)
    for run in product(".!?;", repeat=size)
}
_SIMPLE = r"[^\W\d_]+|[.!?;]{1,3}|[$€£]?\d(?:[\w.,:/%]{0,30}[\w%])?%?|'s\b|\n(?=[ \t\r]*\n)"
_TOKEN = re.compile(_SIMPLE)
_ASCII_TOKEN = re.compile(_SIMPLE.replace(r"[^\W\d_]+", "[a-z]+"))
_TOKEN_OR_ADDRESS = re.compile(rf"[\w.+-]{{1,64}}@[\w.-]*|https?://[^\s]{{1,200}}|{_SIMPLE}")


def excerpt(text: str) -> str:
    """Return the part of a text that is read: all of it, or its head and tail."""
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n\n{text[-TAIL:]}"


def visible(text: str) -> str:
    """Return the text as an eye sees it: compatible letters unified, invisible ones gone, disguised ones Latin."""
    if text.isascii():
        return text
    clean = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(_QUOTES)
    return _WORD.sub(_undisguised, clean) if _FOREIGN.search(clean) else clean


def hides(text: str) -> bool:
    """Tell whether the text carries letters that no eye sees but a machine reads."""
    return not text.isascii() and _TAGS.search(text) is not None


def plain(text: str) -> str:
    """Return the words of a visible text: lower case, one space between, sentences ended by ` . `, ` ? ` or ` ! `."""
    text = text.lower()
    if "'" in text or "e-mail" in text:
        text = _SHORT.sub(_expanded, text)
    token = _ASCII_TOKEN if text.isascii() else _TOKEN
    if "@" in text or "://" in text:
        token = _TOKEN_OR_ADDRESS
    return f". {' '.join([_SPELLED.get(word, word) for word in token.findall(text)])} . "


def _expanded(match: re.Match[str]) -> str:
    negated, subject, ending, mail, _ = match.groups()
    if negated:
        return f"{_STEM.get(negated, negated)} not"
    return f"e{match[5]}" if mail else f"{subject} {_FULL[ending]}"


def _undisguised(match: re.Match[str]) -> str:
    """Put Latin letters into a word that mixes alphabets; a word wholly of another alphabet stays as it is."""
    word = match[0]
    if _FOREIGN.search(word) and any("a" <= letter <= "z" for letter in word.lower()):
        return word.lower().translate(_LOOKALIKES)
    return word
