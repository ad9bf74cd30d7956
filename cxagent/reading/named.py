"""A person of ours asked after by name; only the typed text, with its capitals, shows a name."""

import re

_ABSENT = r"back|away|coming|around|these days|on (?:holiday|leave|vacation)|out of (?:the )?office|reachable|returning"
_ASKED_AFTER = re.compile(
    rf"\b(?:[Ww]here(?: is|'s)|[Ii]s|[Ww]hether|[Ww]hen (?:is|will)|[Ww]ill) "
    rf"(?!The |This |That |Our |My |Your |It |There |API |SSO )[A-Z][a-z]+(?: [A-Z][a-z]+)?"
    rf" (?:is |be |not )?(?:{_ABSENT})\b"
    r"|\b(?:[Oo]nly|[Jj]ust) (?:let|ask|have|want|trust) [A-Z][a-z]+ (?!Admin)"
    r"|\b(?:[Ww]e|I) (?:really |already )?(?:miss|only trust) [A-Z][a-z]+\b"
    r"|\b[Ww]here has [A-Z][a-z]+ (?:gone|been)\b|\b[Ii] want [A-Z][a-z]+ to (?:look|do|handle|answer|call)\b"
    r"|\b(?:[Nn]ormally|[Uu]sually) it(?: is|'s) [A-Z][a-z]+\b"
    r"|\b[Cc](?:an|ould) [A-Z][a-z]+ (?:do|look|help|show|call)\b"
)
_CAPITAL = re.compile(r" [A-Z][a-z]")
_LEADING_WORDS = "is where's has whether will let ask have want trust miss can could it's"
_LEADS = tuple(_LEADING_WORDS.split())
_LONGEST_LEAD = 10


def asked_after(text: str) -> str | None:
    """Return the words that ask after somebody by name, or None."""
    led = any(
        text[max(0, name.start() - _LONGEST_LEAD) : name.start()].lower().endswith(_LEADS)
        for name in _CAPITAL.finditer(text)
    )
    hit = _ASKED_AFTER.search(text) if led else None
    return hit[0].strip() if hit else None
