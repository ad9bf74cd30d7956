"""A ladder: something around a request that gets worse step by step, and the rules that look at it."""

from dataclasses import dataclass

from cxagent.proof.scene import Change
from cxagent.rules.submission import Submission


@dataclass(frozen=True)
class Ladder:
    """Something that gets worse step by step; the first step is always the untouched request.

    `rules` are the only rules that may answer to it; without `request` they do so whatever is asked for, without
    `standing` whoever asks. The proof checks these claims.
    """

    name: str
    rules: frozenset[str]
    steps: tuple[tuple[str, Change], ...]
    request: bool = False
    standing: bool = False


def same(sub: Submission) -> Submission:
    """Change nothing."""
    return sub


def ladder(name: str, rules: str, looks: str = "", /, **steps: Change) -> Ladder:
    """Return a ladder of named steps after the untouched one; its rules look at nothing else unless it says so."""
    named = tuple((label.replace("_", " "), change) for label, change in steps.items())
    seen = looks.split()
    return Ladder(name, frozenset(rules.split()), (("untouched", same), *named), "request" in seen, "standing" in seen)
